// connect/lineshaft/remote.h: stores samples at another Lineshaft server, under tags that have the
// same names there. Blocks; one thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/sample.h"
#include "model/tag.h"
#include "sys/http.h"

namespace lineshaft::connect {

struct RemoteSample {
  const TagSpec* tag;  // as it is to be there
  Sample sample;       // its tag is ours
};

class RemoteServer {
 public:
  // `http` must outlive it.
  RemoteServer(sys::HttpClient& http, std::string token) : http_(http), token_(std::move(token)) {}

  // Success: every sample is durable there, or refused for its content, which goes to `refused`.
  // Tags that do not exist there are made.
  // Errors: the server is not reached, busy, full, or does not know the token: send all of it again
  // later. Storing a sample twice is the same as once.
  using Refused = std::function<void(const Error&)>;
  Status store(std::span<const RemoteSample> samples, const Refused& refused);

 private:
  struct Answer {
    int status = 0;
    std::string body;
  };
  Result<Answer> ask(std::string_view method, const std::string& target, const std::string& type,
                     std::string_view body);
  // Nothing: the tag can never be stored there, and `refused` was told.
  Result<std::optional<TagId>> id_of(const TagSpec& tag, const Refused& refused);
  Result<std::optional<TagId>> find_or_make(const TagSpec& tag, const Refused& refused);
  Status store_some(std::span<const Sample> samples, const Refused& refused);

  sys::HttpClient& http_;
  const std::string token_;
  std::unordered_map<std::string, std::optional<TagId>> ids_;  // by path
};

}  // namespace lineshaft::connect

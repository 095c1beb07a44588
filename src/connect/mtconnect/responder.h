// connect/mtconnect/responder.h: what an agent knows and answers: devices, the newest observations,
// assets; a request in, a document out. No sockets and no clock; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http/message.h"
#include "wire/mtconnect/buffer.h"
#include "wire/mtconnect/document.h"
#include "wire/mtconnect/path.h"

namespace lineshaft::connect {

struct ResponderOptions {
  std::string sender = "lineshaft";
  std::uint64_t instance_id = 1;      // another one whenever the sequence numbers begin anew
  std::size_t buffer_size = 131'072;  // observations
  std::size_t asset_buffer_size = 1024;
};

inline constexpr std::uint32_t kSampleCountMax = 10'000;
inline constexpr std::uint32_t kIntervalMsMax = 3'600'000;

class MtconnectResponder {
 public:
  // Errors: kInvalidArgument: no data item, an id twice, a type with a prefix (it would need a
  // vocabulary of its own), a device without uuid or name.
  static Result<std::unique_ptr<MtconnectResponder>> make(std::vector<mtconnect::Component> devices,
                                                          ResponderOptions options, Timestamp now);

  // Something happened. `seen.data_item_id` says where; category and number are set here.
  // Errors: kNotFound for another data item.
  Status observe(mtconnect::Observation seen);
  // Adds it or replaces the one of its id; the oldest goes when there are too many. Data items
  // ASSET_CHANGED and ASSET_REMOVED of its device tell of it.
  void put_asset(mtconnect::Asset asset);
  bool remove_asset(std::string_view id, Timestamp now);

  const std::vector<mtconnect::Component>& devices() const { return devices_; }
  const mtconnect::ObservationBuffer& buffer() const { return *buffer_; }

  // A stream that a client has asked for.
  struct Stream {
    bool current = false;  // the state again and again; else what happens
    std::vector<bool> wanted;
    std::uint64_t next = 0;
    std::uint32_t count = 100;
    Nanoseconds interval{0};
    Nanoseconds heartbeat = std::chrono::seconds(10);
  };
  struct Answer {
    int status = 200;
    std::string body;
    std::optional<Stream> stream;  // then there is no body
  };
  // A GET for that target.
  Answer answer(std::string_view target, Timestamp now) const;

  struct Part {
    std::string document;
    bool empty = false;    // nothing happened: a sign of life
    bool to_end = true;    // nothing newer is there
    bool is_last = false;  // an error: the stream ends
  };
  // The next document of a stream.
  Part next_part(Stream& stream, Timestamp now) const;

  // The answer to what is no GET, or no request.
  Answer refuse(int status, std::string code, std::string message, std::string uri,
                Timestamp now) const;

 private:
  MtconnectResponder(std::vector<mtconnect::Component> devices, ResponderOptions options,
                     Timestamp now);
  struct Query;  // the parameters of a request, read

  Status check() const;
  void tell_asset(std::string_view event, const mtconnect::Asset& asset);
  mtconnect::Header header(Timestamp now) const;
  Answer fail(mtconnect::DocumentError error, Timestamp now) const;
  const mtconnect::Component* find_device(std::string_view name_or_uuid) const;
  Answer probe(const mtconnect::Component* device, Timestamp now) const;
  Answer current(const Query& query, Timestamp now) const;
  Answer sample(const Query& query, Timestamp now) const;
  Answer assets(const http::Target& target, const std::vector<std::string>& ids,
                const mtconnect::Component* device, const std::string& uri, Timestamp now) const;
  std::string streams(std::vector<mtconnect::Observation> observations, std::uint64_t next,
                      Timestamp now) const;

  std::vector<mtconnect::Component> devices_;
  ResponderOptions options_;
  Timestamp model_change_;
  mtconnect::PathIndex index_;
  std::unique_ptr<mtconnect::ObservationBuffer> buffer_;  // null: there is no data item
  std::deque<mtconnect::Asset> assets_;                   // the newest first
};

}  // namespace lineshaft::connect

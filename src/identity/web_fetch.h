// identity/web_fetch.h: the port through which this room asks web servers outside. Joined in app/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "identity/web_address.h"

namespace lineshaft::identity {

struct WebRequest {
  WebAddress address;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  // Authorities, or the server's certificate, in place of those that the machine trusts.
  std::string trusted_pem = {};
  std::size_t answer_bytes_max = 0;
  Nanoseconds patience{};
};

struct WebAnswer {
  int status = 0;
  std::string body;
};

class WebFetcher {
 public:
  virtual ~WebFetcher() = default;
  // Over HTTPS with the certificate checked; no redirect is followed. Returns within
  // `request.patience`. Threads: any. Errors: kDestinationRefused, kConnectFailed, kTlsFailed,
  // kTimeout, kPeerClosed, kBusy: too many wait already.
  virtual Result<WebAnswer> fetch(const WebRequest& request) = 0;
};

}  // namespace lineshaft::identity

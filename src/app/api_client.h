// app/api_client.h: the command line as a user of the API: which server, which token, which
// certificate; and answers as JSON or as an Error with the server's own number.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/output.h"
#include "sys/http.h"

namespace lineshaft::app {

// Where and as whom. From --server / LINESHAFT_URL, LINESHAFT_TOKEN, LINESHAFT_FINGERPRINT, else
// from the file that `lineshaft login` writes.
struct Access {
  std::string url = "https://127.0.0.1:8443";
  std::string token;        // of a program; secret
  std::string cookie;       // of a person who has signed in; secret
  std::string csrf;         // goes with the cookie
  std::string fingerprint;  // of the server's certificate; "" uses the system's trust store
};

// $XDG_CONFIG_HOME/lineshaft/credentials.json, else ~/.config/lineshaft/credentials.json.
std::string credentials_path();
// What is configured; `url` overrides the server if not empty.
Access load_access(const std::string& url);
// Keeps it in credentials_path(), readable by the owner only.
Status save_access(const Access& access);

// "https://host:port" to its parts. Errors: kUsage.
Result<sys::HttpClientOptions> client_options(const Access& access);

class ApiClient {
 public:
  // `patience`: how long one answer may take. Errors: kUsage for a URL that is none.
  static Result<ApiClient> open(const Access& access,
                                Nanoseconds patience = std::chrono::seconds(30));

  // `path` is below /api/v1. A refused request gives the server's error with its number.
  Result<Json> get(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  Result<Json> put(const std::string& path, const Json& body);
  Result<Json> remove(const std::string& path);
  Result<Json> upload(const std::string& path, const std::string& file,
                      std::function<void(std::uint64_t)> progress);
  Status download(const std::string& path, std::function<Status(std::string_view)> sink);
  // What proves who asks, for connections made elsewhere.
  sys::HttpHeaders credentials() const;
  // The Set-Cookie of the last answer, up to its first ';'.
  const std::string& last_cookie() const { return last_cookie_; }

  const Access& access() const { return access_; }

 private:
  ApiClient(Access access, std::unique_ptr<sys::HttpClient> http);
  Result<Json> send(std::string_view method, const std::string& path, const Json* body);
  Result<Json> read(const sys::HttpResponse& response);

  Access access_;
  std::unique_ptr<sys::HttpClient> http_;
  sys::HttpHeaders headers_;
  std::string last_cookie_;
};

// The server's problem as our Error: same number, same words.
Error problem_error(const Json& problem);

// Percent-encodes a query value.
std::string url_encode(std::string_view text);

}  // namespace lineshaft::app

// api/router.h: from an HTTP request to its route: authenticate, authorise, run, answer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/live.h"
#include "api/route.h"
#include "sys/worker_pool.h"
#include "tenancy/fair_queue.h"

namespace lineshaft::api {

// One file of the console, compressed at build time. Borrowed from the binary for ever.
struct Asset {
  std::string_view path;  // "/assets/index-3f2a.js"
  std::string_view content_type;
  std::string_view encoding;  // "gzip" or ""
  std::string_view etag;
  std::string_view bytes;
  bool immutable = false;  // the name carries a hash of the content
};

struct RouterOptions {
  std::vector<Asset> assets;
  std::function<std::string()> new_upload_path;  // where an upload may be spooled
  std::uint64_t upload_bytes_max = 4ULL << 30;
  std::string request_prefix = "r";  // of the numbers of requests; another one at each start
  // May this organisation ask one more thing now? Null: always. An error is answered at once, so
  // that what is refused costs no worker. Quick; loop's thread.
  std::function<Status(TenantId)> admit;
  tenancy::FairQueueOptions turns;  // of organisations at the workers; who is nobody shares one
  // The token whose rights a client certificate has, by the certificate's fingerprint. Quick.
  std::function<std::optional<identity::TokenId>(const std::string&)> certificate_owner;
  // The answer to /.well-known/security.txt (RFC 9116); "": there is none.
  std::function<std::string()> security_txt;
};

class Router final : public sys::HttpHandler {
 public:
  // The references must outlive the router; `pool` must be stopped before it.
  Router(identity::Identity& identity, sys::WorkerPool& pool, Live& live, RouterOptions options);
  ~Router() override;

  // Before the server starts. Requires: no two routes with the same method and path.
  void add(std::vector<Route> routes);
  const std::vector<Route>& routes() const { return routes_; }

  void handle(sys::HttpRequest request, std::unique_ptr<sys::HttpResponder> responder) override;
  std::variant<sys::WebSocketHandlers, sys::HttpResponse> upgrade(
      const sys::HttpRequest& request) override;
  bool knows(const sys::HttpRequest& head) override;
  std::uint64_t body_bytes_max(const sys::HttpRequest& head) override;
  std::string body_spool_path(const sys::HttpRequest& head) override;
  sys::HttpResponse upload_failed(const Error& why) override;

  // Runs one request to its answer on the calling thread; handle() does this on the pool.
  Reply answer(const sys::HttpRequest& request);

 private:
  struct Match;
  struct Credential;
  static Credential credential_of(const sys::HttpRequest& request);
  Result<identity::Principal> principal_of(const Credential& credential,
                                           identity::Identity::Use use) const;
  Result<identity::Principal> authenticate(const sys::HttpRequest& request) const;
  Result<Match> find(const std::string& method, const std::string& address) const;
  Result<Reply> run(const sys::HttpRequest& request, const std::string& number);
  Result<Reply> handle_known(const Route& route, const Request& input);
  sys::HttpResponse asset_response(const sys::HttpRequest& request) const;

  identity::Identity& identity_;
  tenancy::FairQueue turns_;
  Live& live_;
  RouterOptions options_;
  std::vector<Route> routes_;
  std::atomic<std::uint64_t> requests_ = 0;
};

// A cookie's value in a Cookie header; "" if absent.
std::string cookie_value(const sys::HttpRequest& request, std::string_view name);
std::string session_cookie(const sys::HttpRequest& request);
inline constexpr std::string_view kSessionCookie = "__Host-session";

}  // namespace lineshaft::api

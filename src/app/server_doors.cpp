#include "app/server_doors.h"

#include <utility>

#include "base/log.h"

namespace lineshaft::app {

Status ServerDoors::listen_inside(bool claimed) {
  sys::Endpoint at = config_.listen;
  if (!claimed && !is_loopback(at.host)) at.host = "127.0.0.1";
  auto http = open(at);
  if (!http) return http.error();
  inside_ = *std::move(http);
  const std::lock_guard lock(mutex_);
  listening_.push_back(address());
  return {};
}

void ServerDoors::listen_outside() {
  if (is_loopback(config_.listen.host)) return;
  auto http = open(config_.listen);
  if (!http) {
    log_error("app", http.error().text());
    return;
  }
  outside_ = *std::move(http);
  const std::lock_guard lock(mutex_);
  listening_.push_back(outside_->local().text());
  log_info("app", "now also listening on https://" + outside_->local().text());
}

void ServerDoors::use_certificates() {
  const sys::HttpsIdentity identity = authority_.https();
  for (const auto* server : {&inside_, &outside_}) {
    if (!*server) continue;
    if (Status used = (*server)->use(identity); !used) log_error("app", used.error().text());
  }
}

void ServerDoors::close() {
  outside_.reset();
  inside_.reset();
}

std::vector<std::string> ServerDoors::listening() const {
  const std::lock_guard lock(mutex_);
  return listening_;
}

Result<std::unique_ptr<sys::HttpServer>> ServerDoors::open(const sys::Endpoint& at) {
  sys::HttpServerOptions options;
  options.listen = at;
  options.identity = authority_.https();
  return sys::make_http_server(loop_, handler_, options);
}

}  // namespace lineshaft::app

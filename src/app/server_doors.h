// app/server_doors.h: where the server lets people and programs in over HTTPS, and with which
// certificate.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "identity/authority.h"
#include "sys/http.h"
#include "sys/loop.h"

namespace lineshaft::app {

class ServerDoors {
 public:
  // All must outlive it.
  ServerDoors(const Config& config, identity::Authority& authority, sys::EventLoop& loop,
              sys::HttpHandler& handler)
      : config_(config), authority_(authority), loop_(loop), handler_(handler) {}

  // Loopback at first; the configured address at once if the server has an owner. Before the loop
  // runs. Errors: kAddressInUse, kTlsFailed.
  Status listen_inside(bool claimed);
  // After the claim. Loop thread.
  void listen_outside();
  // New connections see the new certificate; nobody is cut for it. Loop thread.
  void use_certificates();
  // Loop thread.
  void close();

  // "127.0.0.1:8443", of listen_inside(). Requires: it is not closed.
  std::string address() const { return inside_->local().text(); }
  // All of them, also once they are closed. Any thread.
  std::vector<std::string> listening() const;

 private:
  Result<std::unique_ptr<sys::HttpServer>> open(const sys::Endpoint& at);

  const Config& config_;
  identity::Authority& authority_;
  sys::EventLoop& loop_;
  sys::HttpHandler& handler_;
  mutable std::mutex mutex_;
  std::vector<std::string> listening_;  // guarded by mutex_
  std::unique_ptr<sys::HttpServer> inside_;
  std::unique_ptr<sys::HttpServer> outside_;
};

}  // namespace lineshaft::app

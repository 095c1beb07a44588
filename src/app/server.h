// app/server.h: joins the rooms into the running server. The only place that knows them all.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace lineshaft::app {

// What the terminal is told at start.
struct Started {
  std::string address;      // "https://127.0.0.1:8443"
  std::string fingerprint;  // of the certificate in use
  std::string authority;    // its fingerprint; "" if another one has signed the certificate
  std::string claim_code;   // "" once claimed
};

class Server {
 public:
  // Opens the stores, makes a certificate at the first start, listens. Unclaimed, it listens on
  // loopback only, whatever the configuration says; the claim opens the configured address.
  // Errors: kLocked, kAddressInUse, kIoError, kDiskFull, kTlsFailed. Damage is no error: the server
  // starts and tells.
  static Result<std::unique_ptr<Server>> start(Config config);
  virtual ~Server() = default;  // stops polling, makes durable what was taken, closes

  virtual const Started& started() const = 0;
  // Before run(): fill the server from a folder once it runs; what is wrong there goes to the log.
  // Done once for a data directory.
  virtual void provision(const std::string& folder) = 0;
  // Before run(): a line of what arrives on stdout, each second; on a terminal it rewrites itself.
  virtual void show_status_line() = 0;
  // Serves until SIGINT or SIGTERM.
  virtual void run() = 0;
};

// Files of the data directory that others read too.
std::string certificate_path(const std::string& data_directory);

}  // namespace lineshaft::app

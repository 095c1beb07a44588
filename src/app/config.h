// app/config.h: what an administrator sets in lineshaft.toml; docs/reference/configuration.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "historian/disk_watch.h"
#include "sys/destinations.h"
#include "sys/loop.h"

namespace lineshaft::app {

struct Config {
  std::string data_directory = "lineshaft-data";
  sys::Endpoint listen{"127.0.0.1", 8443};  // other than loopback only once the server is claimed
  std::vector<std::string> names;           // further names of this host in its certificate
  std::string tls_certificate_file;         // PEM; both or neither
  std::string tls_key_file;
  sys::Destinations outgoing;    // where the server may connect to
  sys::Destinations plain;       // where anything may go without encryption, out and in
  std::string notice;            // shown to whoever is about to sign in
  std::string security_contact;  // "mailto:..." or "https://..." of /.well-known/security.txt
  std::size_t memtable_mib = 8;  // 1..1024
  int scrub_days = 7;            // 0..365; 0: never
  historian::DiskMark disk_low{.bytes = 10ULL << 30, .percent = 10};
  historian::DiskMark disk_critical{.bytes = 1ULL << 30, .percent = 2};
  std::string master = "file";  // where the master key is: "file", "credential", ...
  std::string master_key_file;  // "": master.key in the data directory
  std::string pkcs11_module;
  std::string pkcs11_token;
  std::string pkcs11_key = "lineshaft";
  bool encryption = false;  // of history, ledger and the queues of flows
  LogLevel log_level = LogLevel::kInfo;
  friend bool operator==(const Config&, const Config&) = default;
};

// One setting as the reference page shows it; `fallback` as TOML, empty if there is none.
struct Setting {
  std::string_view key;  // "history.memtable_mib"
  std::string_view fallback;
  std::string_view allowed;  // follows "must be"
};
std::vector<Setting> all_settings();

// Reads TOML text; `file` is only named in errors.
// Errors: kBadConfig: "lineshaft.toml:7: listen: must be \"address:port\"". An unknown key is one.
Result<Config> parse_config(std::string_view text, const std::string& file);

// Of a file; "": lineshaft.toml, if it lies here, else what holds without one.
// Errors: of the disk, and as parse_config.
Result<Config> load_config(const std::string& file);

// "10 GiB", "512 MiB", "10%", "10 GiB or 10%". Errors: kInvalidArgument.
Result<historian::DiskMark> parse_disk_mark(std::string_view text);

// "127.0.0.1:8443", "[::1]:8443". Errors: kInvalidArgument.
Result<sys::Endpoint> parse_endpoint(std::string_view text);

// What the server may be called by: as this machine, and as the configuration says.
std::vector<std::string> own_names(const Config& config);

// 127.0.0.0/8, ::1 or "localhost".
bool is_loopback(const std::string& host);

}  // namespace lineshaft::app

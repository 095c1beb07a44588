#include "app/doctor.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "app/key_house.h"
#include "app/key_sources.h"
#include "app/server.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/http.h"
#include "sys/process.h"
#include "sys/tls.h"

namespace lineshaft::app {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kOpenFilesWanted = 4096;
// A disk that answers faster than this has not written anything: its cache lies.
constexpr Nanoseconds kSyncImplausible = std::chrono::microseconds(15);
constexpr Nanoseconds kSyncSlow = std::chrono::milliseconds(20);

sys::FileSystem& files() { return sys::real_file_system(); }

Finding good(std::string text) { return {FindingLevel::kGood, std::move(text), ""}; }
Finding warning(std::string text, std::string remedy) {
  return {FindingLevel::kWarning, std::move(text), std::move(remedy)};
}
Finding bad(const Error& error) {
  return {FindingLevel::kBad, error.text(), std::string(error_entry(error.id).remedy)};
}

Finding check_space(const Config& config) {
  const Result<std::uint64_t> free = files().free_bytes(config.data_directory);
  if (!free) return bad(free.error());
  const Result<std::uint64_t> total = files().total_bytes(config.data_directory);
  if (!total) return bad(total.error());
  const std::string text = std::to_string(*free / kMiB) + " MiB are free for data";
  const std::uint64_t critical = config.disk_critical.of(*total);
  if (*free < critical) {
    return bad({ErrorId::kDiskFull,
                text + "; no samples are taken below " + std::to_string(critical / kMiB) + " MiB"});
  }
  if (*free < config.disk_low.of(*total)) {
    return warning(
        text, "Make room: below " + std::to_string(critical / kMiB) + " MiB no samples are taken.");
  }
  return good(text);
}

// Median of a few durable writes of 4 KiB.
Result<Nanoseconds> measure_sync(const std::string& path) {
  auto file = files().open(path, sys::OpenMode::kCreate);
  if (!file) return file.error();
  const Bytes block(4096, 0x5a);
  std::array<Nanoseconds, 9> times{};
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (Status written = (*file)->write_at(i * block.size(), block); !written)
      return written.error();
    const Nanoseconds before = sys::real_clock().monotonic();
    if (Status synced = (*file)->sync(); !synced) return synced.error();
    times[i] = sys::real_clock().monotonic() - before;
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

Finding check_disk(const Config& config) {
  const std::string path = sys::join_path(config.data_directory, "doctor.tmp");
  const Result<Nanoseconds> median = measure_sync(path);
  if (Status removed = files().remove(path); !removed && median) return bad(removed.error());
  if (!median) return bad(median.error());
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "a write is durable after %.2f ms",
                static_cast<double>(median->count()) * 1e-6);
  if (*median < kSyncImplausible) {
    return warning(std::string(text.data()) + ": too fast to be true",
                   "The disk or a layer above it does not flush; a power cut would lose data.");
  }
  if (*median > kSyncSlow) return warning(text.data(), "Use a faster disk for the data directory.");
  return good(text.data());
}

// What recoveries have set aside, anywhere below the data directory.
void find_damaged(const std::string& directory, int depth, std::vector<Finding>& findings) {
  const Result<std::vector<std::string>> names = files().list(directory);
  if (!names || depth == 0) return;
  for (const std::string& name : *names) {
    const std::string path = sys::join_path(directory, name);
    if (name.find(".damaged") != std::string::npos) {
      findings.push_back(warning("damaged data was set aside in " + path,
                                 "Restore it from a backup, or remove the file."));
    } else {
      find_damaged(path, depth - 1, findings);
    }
  }
}

Finding check_certificate(const Config& config) {
  const std::string path = config.tls_certificate_file.empty()
                               ? certificate_path(config.data_directory)
                               : config.tls_certificate_file;
  if (!files().exists(path)) return good("no certificate yet; the first start makes one");
  const Result<Bytes> pem = sys::read_file(files(), path, kMiB);
  if (!pem) return bad(pem.error());
  const auto info = sys::inspect_certificate(std::string(as_text(*pem)));
  if (!info) return bad(info.error());
  const Timestamp now = sys::real_clock().now();
  const std::string until = format_rfc3339(info->not_after);
  if (now > info->not_after) return bad({ErrorId::kTlsFailed, "the certificate ended " + until});
  if (now + std::chrono::hours(24 * 30) > info->not_after) {
    return warning("the certificate ends " + until,
                   "Remove tls/ in the data directory and restart: a new one is made.");
  }
  return good("the certificate is valid until " + until);
}

// Where the master key is, and who else may read it.
Finding check_keys(const Config& config) {
  if (!vault::Vault::exists(files(), config.data_directory)) {
    return good("no keys yet; the first start makes them");
  }
  const std::string place = "secrets are sealed under " + master_place(config);
  if (config.master == "file") {
    const std::string path = master_settings(config).file;
    if (!files().exists(path)) {
      return bad({ErrorId::kBadConfig, "vault.master_key_file: there is no " + path +
                                           ", and nothing that is sealed opens without it"});
    }
    if (const auto others = sys::rights_of_others(path); others && *others != 0) {
      return warning(path + " can be read by others", "Let only its owner read it (chmod 600).");
    }
  }
  const std::string advice = key_advice(config);
  return advice.empty() ? good(place) : warning(place, advice);
}

Finding check_clock() {
  const Timestamp now = sys::real_clock().now();
  const Timestamp released{1'767'225'600'000'000'000};  // 2026-01-01
  const std::string text = "the clock says " + format_rfc3339(now);
  if (now < released)
    return bad({ErrorId::kInvalidArgument, text + ", before this program was made"});
  return good(text);
}

Finding check_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const std::string text = "the process may open " + std::to_string(limit.rlim_cur) + " files";
  if (limit.rlim_cur >= kOpenFilesWanted) return good(text);
  return warning(text, "Raise the limit (ulimit -n 65536) to serve many connections.");
}

// Is the address free, or who answers there?
Finding check_address(const Config& config, bool locked) {
  sys::HttpClientOptions options;
  options.server = config.listen;
  options.destinations = sys::Destinations::anywhere();  // it is our own address
  options.timeout = std::chrono::seconds(3);
  const Result<Bytes> pem = sys::read_file(files(), certificate_path(config.data_directory), kMiB);
  if (pem) {
    const auto fingerprint = sys::certificate_fingerprint(std::string(as_text(*pem)));
    if (fingerprint) options.pinned_fingerprint = *fingerprint;
  }
  const std::string address = "https://" + config.listen.text();
  const auto answer = sys::make_http_client(options)->request("GET", "/healthz", {}, "");
  if (answer && answer->status == 200) return good("the server answers at " + address);
  if (answer) return warning("the server at " + address + " says: " + answer->body, "See its log.");
  if (answer.error().id == ErrorId::kConnectFailed) {
    if (locked)
      return warning("a server runs, but not at " + address, "Check --listen and its log.");
    return good("no server runs; " + address + " is free");
  }
  return warning(address + " is answered by something else: " + answer.error().what,
                 "Choose another port with --listen.");
}

}  // namespace

std::vector<Finding> examine(const Config& config) {
  std::vector<Finding> findings;
  if (!files().exists(config.data_directory)) {
    findings.push_back(
        good("no data directory yet; the first start makes " + config.data_directory));
    findings.push_back(check_clock());
    findings.push_back(check_open_files());
    findings.push_back(check_address(config, false));
    return findings;
  }
  const auto lock = files().lock_directory(config.data_directory);
  const bool locked = !lock && lock.error().id == ErrorId::kLocked;
  if (!lock && !locked) findings.push_back(bad(lock.error()));
  findings.push_back(good(locked
                              ? "a server uses the data directory " + config.data_directory
                              : "the data directory " + config.data_directory + " is not in use"));
  findings.push_back(check_space(config));
  findings.push_back(check_disk(config));
  find_damaged(config.data_directory, 4, findings);
  findings.push_back(check_certificate(config));
  findings.push_back(check_keys(config));
  findings.push_back(check_clock());
  findings.push_back(check_open_files());
  findings.push_back(check_address(config, locked));
  return findings;
}

}  // namespace lineshaft::app

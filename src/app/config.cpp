#include "app/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "sys/file.h"

namespace lineshaft::app {
namespace {

// Takes one node into the config; false if it is not what is allowed.
using Take = bool (*)(const toml::node& node, Config& config);

bool take_string(const toml::node& node, std::string& out) {
  const auto text = node.value_exact<std::string>();
  if (!text || text->empty()) return false;
  out = *text;
  return true;
}

bool take_listen(const toml::node& node, Config& config) {
  std::string text;
  if (!take_string(node, text)) return false;
  Result<sys::Endpoint> endpoint = parse_endpoint(text);
  if (!endpoint) return false;
  config.listen = *std::move(endpoint);
  return true;
}

bool take_names(const toml::node& node, Config& config) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return false;
  for (const toml::node& item : *list) {
    if (!take_string(item, config.names.emplace_back())) return false;
  }
  return true;
}

bool take_log_level(const toml::node& node, Config& config) {
  constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels{
      {{"debug", LogLevel::kDebug},
       {"info", LogLevel::kInfo},
       {"warn", LogLevel::kWarn},
       {"error", LogLevel::kError}}};
  const auto text = node.value_exact<std::string_view>();
  for (const auto& [name, level] : kLevels) {
    if (text && *text == name) {
      config.log_level = level;
      return true;
    }
  }
  return false;
}

bool take_contact(const toml::node& node, Config& config) {
  return take_string(node, config.security_contact) &&
         (config.security_contact.starts_with("mailto:") ||
          config.security_contact.starts_with("https://")) &&
         config.security_contact.find_first_of("\r\n") == std::string::npos;
}

// What a terminal can show as it is.
bool take_notice(const toml::node& node, Config& config) {
  constexpr std::size_t kNoticeBytesMax = 4000;
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 0x7f; };
  return take_string(node, config.notice) && config.notice.size() <= kNoticeBytesMax &&
         std::ranges::none_of(config.notice, is_control);
}

bool take_destinations(const toml::node& node, sys::Destinations& out) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return false;
  std::vector<std::string> entries;
  for (const toml::node& item : *list) {
    if (!take_string(item, entries.emplace_back())) return false;
  }
  auto destinations = sys::Destinations::parse(entries);
  if (!destinations) return false;
  out = *std::move(destinations);
  return true;
}

bool take_memtable(const toml::node& node, Config& config) {
  const auto number = node.value_exact<std::int64_t>();
  if (!number || *number < 1 || *number > 1024) return false;
  config.memtable_mib = static_cast<std::size_t>(*number);
  return true;
}

bool take_scrub_days(const toml::node& node, Config& config) {
  const auto number = node.value_exact<std::int64_t>();
  if (!number || *number < 0 || *number > 365) return false;
  config.scrub_days = static_cast<int>(*number);
  return true;
}

bool take_disk_mark(const toml::node& node, historian::DiskMark& out) {
  std::string text;
  if (!take_string(node, text)) return false;
  const Result<historian::DiskMark> mark = parse_disk_mark(text);
  if (mark) out = *mark;
  return mark.ok();
}

bool take_master(const toml::node& node, Config& config) {
  constexpr std::array<std::string_view, 4> kSources{"file", "credential", "passphrase", "pkcs11"};
  std::string text;
  if (!take_string(node, text)) return false;
  if (std::ranges::find(kSources, text) == kSources.end()) return false;
  config.master = text;
  return true;
}

bool take_encryption(const toml::node& node, Config& config) {
  const auto on = node.value_exact<bool>();
  if (on) config.encryption = *on;
  return on.has_value();
}

struct Key {
  Setting setting;
  Take take;
};

constexpr std::string_view kMark = "an amount as in \"10%\", \"10 GiB\" or \"10 GiB or 10%\"";
constexpr std::string_view kText = "a string with at least one character";
constexpr std::string_view kPlaces =
    "a list of \"loopback\", \"private\", \"link-local\", \"public\", networks as "
    "\"10.20.0.0/16\" and host names, with or without a port as in \"10.20.0.0/16:502-510\"; or "
    "of \"none\" alone";
constexpr Key kKeys[] = {
    {{"data", "\"lineshaft-data\"", kText},
     [](const toml::node& n, Config& c) { return take_string(n, c.data_directory); }},
    {{"listen", "\"127.0.0.1:8443\"",
      "\"address:port\", as in \"127.0.0.1:8443\" or \"[::1]:8443\""},
     take_listen},
    {{"names", "[]", "a list of strings, none of them empty"}, take_names},
    {{"log_level", "\"info\"", "\"debug\", \"info\", \"warn\" or \"error\""}, take_log_level},
    {{"tls.certificate", "", kText},
     [](const toml::node& n, Config& c) { return take_string(n, c.tls_certificate_file); }},
    {{"tls.key", "", kText},
     [](const toml::node& n, Config& c) { return take_string(n, c.tls_key_file); }},
    {{"outgoing.allow", "[\"loopback\", \"private\"]", kPlaces},
     [](const toml::node& n, Config& c) { return take_destinations(n, c.outgoing); }},
    {{"plain.allow", "[\"loopback\", \"private\"]", kPlaces},
     [](const toml::node& n, Config& c) { return take_destinations(n, c.plain); }},
    {{"security.notice", "", "text of at most 4000 bytes; of control characters only line ends"},
     take_notice},
    {{"security.contact", "", "an address that begins with mailto: or https://"}, take_contact},
    {{"history.memtable_mib", "8", "a whole number from 1 to 1024"}, take_memtable},
    {{"history.scrub_days", "7", "a whole number from 0 to 365"}, take_scrub_days},
    {{"history.disk_low", "\"10 GiB or 10%\"", kMark},
     [](const toml::node& n, Config& c) { return take_disk_mark(n, c.disk_low); }},
    {{"history.disk_critical", "\"1 GiB or 2%\"", kMark},
     [](const toml::node& n, Config& c) { return take_disk_mark(n, c.disk_critical); }},
    {{"vault.master", "\"file\"", "\"file\", \"credential\", \"passphrase\" or \"pkcs11\""},
     take_master},
    {{"vault.master_key_file", "", kText},
     [](const toml::node& n, Config& c) { return take_string(n, c.master_key_file); }},
    {{"vault.pkcs11_module", "", kText},
     [](const toml::node& n, Config& c) { return take_string(n, c.pkcs11_module); }},
    {{"vault.pkcs11_token", "", kText},
     [](const toml::node& n, Config& c) { return take_string(n, c.pkcs11_token); }},
    {{"vault.pkcs11_key", "\"lineshaft\"", kText},
     [](const toml::node& n, Config& c) { return take_string(n, c.pkcs11_key); }},
    {{"vault.encryption", "false", "true or false"}, take_encryption},
};

std::string allowed_keys() {
  std::string keys;
  for (const Key& key : kKeys) keys += (keys.empty() ? "" : ", ") + std::string(key.setting.key);
  return keys;
}

Error wrong_at(const std::string& file, const toml::source_region& where, const std::string& key,
               const std::string& problem) {
  return {ErrorId::kBadConfig,
          file + ":" + std::to_string(where.begin.line) + ": " + key + ": " + problem};
}

Status take_table(const toml::table& table, const std::string& prefix, const std::string& file,
                  Config& config) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table(); inner != nullptr && prefix.empty()) {
      if (Status taken = take_table(*inner, key + ".", file, config); !taken) return taken;
      continue;
    }
    const auto* known = std::find_if(std::begin(kKeys), std::end(kKeys),
                                     [&](const Key& entry) { return entry.setting.key == key; });
    if (known == std::end(kKeys)) {
      return wrong_at(file, node.source(), key, "is not a setting; there are " + allowed_keys());
    }
    if (!known->take(node, config)) {
      return wrong_at(file, node.source(), key, "must be " + std::string(known->setting.allowed));
    }
  }
  return {};
}

}  // namespace

std::vector<Setting> all_settings() {
  std::vector<Setting> settings;
  for (const Key& key : kKeys) settings.push_back(key.setting);
  return settings;
}

Result<Config> parse_config(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    return wrong_at(file, parsed.error().source(), "TOML",
                    std::string(parsed.error().description()));
  }
  Config config;
  if (Status taken = take_table(parsed.table(), "", file, config); !taken) return taken.error();
  if (config.tls_certificate_file.empty() != config.tls_key_file.empty()) {
    return Error{ErrorId::kBadConfig, file + ": tls.certificate and tls.key: give both or neither"};
  }
  if (config.master == "pkcs11" && (config.pkcs11_module.empty() || config.pkcs11_token.empty())) {
    return Error{ErrorId::kBadConfig,
                 file + ": vault.master: \"pkcs11\" wants vault.pkcs11_module and pkcs11_token"};
  }
  return config;
}

Result<Config> load_config(const std::string& file) {
  constexpr std::size_t kBytesMax = 1024 * 1024;
  constexpr const char* kUsual = "lineshaft.toml";
  sys::FileSystem& files = sys::real_file_system();
  if (file.empty() && !files.exists(kUsual)) return Config();
  const std::string path = file.empty() ? kUsual : file;
  const Result<Bytes> text = sys::read_file(files, path, kBytesMax);
  if (!text) return text.error();
  return parse_config(as_text(*text), path);
}

Result<historian::DiskMark> parse_disk_mark(std::string_view text) {
  constexpr std::string_view kOr = " or ";
  const Error wrong{ErrorId::kInvalidArgument,
                    "'" + std::string(text.substr(0, 64)) + "' must be " + std::string(kMark)};
  historian::DiskMark mark;
  for (bool more = true; more;) {
    const std::size_t end = std::min(text.find(kOr), text.size());
    const std::string_view part = text.substr(0, end);
    std::uint32_t number = 0;
    const auto [rest, code] = std::from_chars(part.data(), part.data() + part.size(), number);
    const std::string_view unit = part.substr(static_cast<std::size_t>(rest - part.data()));
    if (code != std::errc{}) return wrong;
    if (unit == "%" && number <= 100) {
      mark.percent = number;
    } else if (unit == " MiB" || unit == " GiB") {
      mark.bytes = std::uint64_t{number} << (unit == " MiB" ? 20U : 30U);
    } else {
      return wrong;
    }
    more = end < text.size();
    if (more) text.remove_prefix(end + kOr.size());
  }
  return mark;
}

Result<sys::Endpoint> parse_endpoint(std::string_view text) {
  const Error wrong{ErrorId::kInvalidArgument, "'" + std::string(text.substr(0, 64)) +
                                                   "' must be \"address:port\", as in "
                                                   "\"127.0.0.1:8443\" or \"[::1]:8443\""};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong;
  }
  std::uint16_t port = 0;
  const auto [end, code] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (code != std::errc{} || end != port_text.data() + port_text.size() || host.empty()) {
    return wrong;
  }
  return sys::Endpoint{std::string(host), port};
}

std::vector<std::string> own_names(const Config& config) {
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  names.insert(names.end(), config.names.begin(), config.names.end());
  return names;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace lineshaft::app

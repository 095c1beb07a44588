#include "connect/opcua/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "connect/opcua/browse_path.h"
#include "connect/opcua/node_id.h"
#include "connect/protocol.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr std::array<std::string_view, 4> kModes = {"best", "none", "sign", "sign-and-encrypt"};
constexpr std::array<std::string_view, 3> kUserKinds = {"anonymous", "user-name", "certificate"};

constexpr std::array<Policy, 7> kPolicies = {{
    {"None", "http://opcfoundation.org/UA/SecurityPolicy#None", 0, KeyKind::kRsa},
    {"ECC_nistP256", "http://opcfoundation.org/UA/SecurityPolicy#ECC_nistP256", 1,
     KeyKind::kNistP256},
    {"ECC_nistP256_ChaChaPoly",
     "http://opcfoundation.org/UA/SecurityPolicy#ECC_nistP256_ChaChaPoly", 2, KeyKind::kNistP256},
    {"ECC_nistP256_AesGcm", "http://opcfoundation.org/UA/SecurityPolicy#ECC_nistP256_AesGcm", 3,
     KeyKind::kNistP256},
    {"Basic256Sha256", "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256", 4,
     KeyKind::kRsa},
    {"Aes128_Sha256_RsaOaep", "http://opcfoundation.org/UA/SecurityPolicy#Aes128_Sha256_RsaOaep", 5,
     KeyKind::kRsa},
    {"Aes256_Sha256_RsaPss", "http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss", 6,
     KeyKind::kRsa},
}};

constexpr std::size_t kUrlBytesMax = 4096;  // Part 6, 7.1.2.3
constexpr std::size_t kTextBytesMax = 256;
constexpr std::size_t kMethodNameBytesMax = 128;
constexpr std::size_t kPemBytesMax = 16 * 1024;
constexpr std::uint16_t kDefaultPort = 4840;

Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

template <typename E, std::size_t n>
std::optional<E> find_word(const std::array<std::string_view, n>& words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) return std::nullopt;
  return static_cast<E>(found - words.begin());
}

bool is_text(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && is_utf8(text) && !has_control(text);
}

Status check_user(const Settings& s) {
  if (s.user == UserKind::kUserName) {
    if (s.user_name.empty() || !is_text(s.user_name, kTextBytesMax)) {
      return invalid("settings.user_name: 1 to 256 bytes are needed");
    }
    if (!is_text(s.password, kTextBytesMax)) {
      return invalid("settings.password: at most 256 bytes without control characters");
    }
  }
  if (s.user == UserKind::kCertificate) {
    const bool there = s.user_certificate_pem.starts_with("-----BEGIN CERTIFICATE-----") &&
                       s.user_key_pem.starts_with("-----BEGIN ");
    if (!there || s.user_certificate_pem.size() > kPemBytesMax ||
        s.user_key_pem.size() > kPemBytesMax) {
      return invalid(
          "settings.user_certificate_pem, settings.user_key_pem: a certificate and its key in PEM "
          "form are needed");
    }
  }
  return {};
}

}  // namespace

std::string_view mode_name(Mode mode) { return kModes[static_cast<std::size_t>(mode)]; }
std::optional<Mode> parse_mode(std::string_view name) { return find_word<Mode>(kModes, name); }
std::string_view user_kind_name(UserKind kind) {
  return kUserKinds[static_cast<std::size_t>(kind)];
}
std::optional<UserKind> parse_user_kind(std::string_view name) {
  return find_word<UserKind>(kUserKinds, name);
}

std::span<const Policy> policies() { return kPolicies; }

const Policy* find_policy(std::string_view name_or_uri) {
  for (const Policy& policy : kPolicies) {
    if (policy.name == name_or_uri || policy.uri == name_or_uri) return &policy;
  }
  return nullptr;
}

Result<Address> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "opc.tcp://";
  const Error wrong = invalid("opc.tcp://host:port is needed, for example opc.tcp://plc4:4840");
  if (url.size() > kUrlBytesMax || !is_text(url, kUrlBytesMax) || !url.starts_with(kScheme)) {
    return wrong;
  }
  Address address;
  std::string_view rest = url.substr(kScheme.size());
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    address.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  std::string_view host = rest;
  std::string_view port;
  if (rest.starts_with('[')) {  // IPv6
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return wrong;
    host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong;
  } else if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
    host = rest.substr(0, colon);
    port = rest.substr(colon);
  }
  if (host.empty() || host.size() > 253 || host.find(' ') != std::string_view::npos) return wrong;
  address.endpoint = {std::string(host), kDefaultPort};
  if (port.empty()) return address;
  port.remove_prefix(1);
  const auto [stop, error] =
      std::from_chars(port.data(), port.data() + port.size(), address.endpoint.port);
  if (error != std::errc() || stop != port.data() + port.size() || address.endpoint.port == 0) {
    return wrong;
  }
  return address;
}

Status check(const Settings& s) {
  if (const auto address = parse_url(s.url); !address) {
    return invalid("settings.url: " + address.error().what);
  }
  if (!s.policy.empty()) {
    const Policy* policy = find_policy(s.policy);
    if (policy == nullptr || policy->name != s.policy) {
      std::string allowed;
      for (const Policy& p : kPolicies)
        allowed += (allowed.empty() ? "" : ", ") + std::string(p.name);
      return invalid("settings.policy: one of " + allowed + " is needed, or nothing for the best");
    }
    if ((s.policy == "None") != (s.mode == Mode::kNone)) {
      return invalid("settings.policy: None belongs to mode none, and to no other");
    }
  }
  Status numbers = check_numbers({
      {"settings.timeout_ms", s.timeout_ms, 500, 60'000},
      {"settings.session_timeout_ms", s.session_timeout_ms, 10'000, 3'600'000},
      {"settings.values_kept_per_item", s.values_kept_per_item, 1, 1'000},
      {"settings.nodes_per_request_max", s.nodes_per_request_max, 0, 10'000},
      {"settings.fill_gaps_h", s.fill_gaps_h, 0, 8'760},
  });
  if (!numbers) return numbers;
  if (Status ok = check(s.methods); !ok) return invalid("settings.methods" + ok.error().what);
  return check_user(s);
}

Status check(const std::vector<MethodConfig>& methods) {
  if (methods.size() > kMethodsMax) return invalid(": at most " + std::to_string(kMethodsMax));
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const std::string where = "[" + std::to_string(i) + "].";
    const MethodConfig& method = methods[i];
    if (!is_name(method.name, kMethodNameBytesMax)) {
      return invalid(where + "name: 1 to 128 bytes of text are needed");
    }
    if (!names.insert(method.name).second) return invalid(where + "name: is there twice");
    for (const auto& [field, node] :
         {std::pair{"object", &method.object}, std::pair{"method", &method.method}}) {
      const auto name = parse_node_id(*node);
      if (!name) return invalid(where + field + ": " + name.error().what);
    }
  }
  return {};
}

Status check(const Point& point) {
  const auto name = parse_node_id(point.node);
  if (!name) return Error{name.error().id, "node: " + name.error().what};
  const auto path = parse_browse_path(point.browse_path);
  return path ? Status() : Status(path.error());
}

}  // namespace lineshaft::connect::opcua

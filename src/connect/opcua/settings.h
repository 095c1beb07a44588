// connect/opcua/settings.h: what a connection to an OPC UA server is set to, and where a signal
// lies there. Plain data; the same as the JSON of docs/reference/opcua.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/method.h"
#include "model/value.h"
#include "sys/loop.h"

namespace lineshaft::connect::opcua {

// How the channel is to be protected. kBest takes the strongest that the server offers of what is
// current, and never falls back to none: that has to be asked for.
enum class Mode : std::uint8_t { kBest, kNone, kSign, kSignAndEncrypt };

std::string_view mode_name(Mode mode);  // "best", "none", "sign", "sign-and-encrypt"
std::optional<Mode> parse_mode(std::string_view name);

enum class UserKind : std::uint8_t { kAnonymous, kUserName, kCertificate };

std::string_view user_kind_name(UserKind kind);  // "anonymous", "user-name", "certificate"
std::optional<UserKind> parse_user_kind(std::string_view name);

struct Settings {
  std::string url;  // "opc.tcp://plc4.example:4840/path"; the port may be left out: 4840
  Mode mode = Mode::kBest;
  std::string policy;  // short name as in policies(); "": the best
  UserKind user = UserKind::kAnonymous;
  std::string user_name;
  std::string password;              // secret
  std::string user_certificate_pem;  // for kCertificate
  std::string user_key_pem;          // secret
  // A server that protects neither channel nor password gets the password in clear text only so.
  bool allow_clear_password = false;
  std::uint32_t timeout_ms = 5'000;            // 500..60'000: for one answer, and to connect
  std::uint32_t session_timeout_ms = 120'000;  // 10'000..3'600'000: kept without a connection
  std::uint16_t values_kept_per_item = 10;     // 1..1000: between two publishes, at the server
  std::uint32_t nodes_per_request_max = 0;     // 0: what the server says, 50 if it is silent
  // Reads at the interval of the group instead of subscribing: for servers that do that badly.
  bool poll = false;
  // After an outage the values of up to so many hours are fetched from a server that keeps history.
  std::uint32_t fill_gaps_h = 24;     // 0..8'760; 0: none
  std::vector<MethodConfig> methods;  // that may be called
  friend bool operator==(const Settings&, const Settings&) = default;
};

struct Point {
  std::string node;                      // text form, see node_id.h
  ValueType type = ValueType::kFloat64;  // of the tag; browsing tells it
  // From that node on, see browse_path.h; "": the node itself. In a template the node may be empty:
  // it is that of the machine's object.
  std::string browse_path{};
  friend bool operator==(const Point&, const Point&) = default;
};

// What a certificate's key is, and so which policies it serves.
enum class KeyKind : std::uint8_t { kRsa, kNistP256 };

// A security policy that is still recommended (Part 7, 2024).
struct Policy {
  std::string_view name;  // "Basic256Sha256"
  std::string_view uri;
  int rank;     // the higher, the sooner taken
  KeyKind key;  // of the certificates
};
// By rank; None is the first. Those with elliptic curves are as strong as those with RSA; they come
// behind because it is the RSA certificate that is approved at most devices already.
// Basic128Rsa15 and Basic256 are not among them: their SHA-1 is broken.
std::span<const Policy> policies();
const Policy* find_policy(std::string_view name_or_uri);

struct Address {
  sys::Endpoint endpoint;
  std::string path;  // "/path" or ""
  friend bool operator==(const Address&, const Address&) = default;
};
// Errors: kInvalidArgument.
Result<Address> parse_url(std::string_view url);

// Errors: kInvalidArgument naming the field ("settings.url: ...") and what is allowed.
Status check(const Settings& settings);
Status check(const std::vector<MethodConfig>& methods);
Status check(const Point& point);

}  // namespace lineshaft::connect::opcua

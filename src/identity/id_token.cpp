#include "identity/id_token.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "identity/secrets.h"
#include "identity/strict_json.h"

namespace lineshaft::identity {
namespace {

using nlohmann::json;

constexpr std::size_t kAudiencesMax = 20;
constexpr std::size_t kMethodsMax = 20;
constexpr std::size_t kMethodBytesMax = 64;
constexpr std::size_t kTextBytesMax = 512;
constexpr double kSecondsMax = 9e9;  // the year 2255; nanoseconds still fit

Error refused(const std::string& why) { return {ErrorId::kProviderRefused, "the token: " + why}; }

// RFC 7519, 2: NumericDate, perhaps with a fraction.
std::optional<Timestamp> time_member(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kSecondsMax) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(seconds) * 1'000'000'000};
}

std::string bounded_text(const json& claims, const char* name) {
  std::string text = text_member(claims, name);
  return text.size() <= kTextBytesMax ? text : std::string();
}

Status check_audience(const json& claims, const std::string& client) {
  const auto audience = claims.find("aud");
  if (audience == claims.end()) return refused("aud is missing");
  const auto named = texts_of(*audience, kAudiencesMax, kTextBytesMax);
  if (std::ranges::find(named, client) == named.end()) return refused("aud is another client");
  // Several are trusted only if the provider says that it was made out to us.
  const auto party = claims.find("azp");
  if (party == claims.end()) {
    const bool alone = !audience->is_array() || audience->size() == 1;
    return alone ? Status() : Status(refused("aud has several clients, and azp is missing"));
  }
  if (!party->is_string() || *party != client) return refused("azp is another client");
  return {};
}

Status check_times(const json& claims, const IdTokenRules& rules) {
  const std::optional<Timestamp> expires = time_member(claims, "exp");
  if (!expires) return refused("exp is missing");
  if (rules.now >= *expires + kClockSkew) {
    return refused("exp: it has expired; compare the clocks of both servers");
  }
  const std::optional<Timestamp> issued = time_member(claims, "iat");
  if (!issued) return refused("iat is missing");
  if (*issued > rules.now + kClockSkew) {
    return refused("iat lies in the future; compare the clocks of both servers");
  }
  if (*issued + kClockSkew < rules.asked) return refused("iat is before it was asked for");
  const std::optional<Timestamp> begins = time_member(claims, "nbf");
  if (begins && *begins > rules.now + kClockSkew) return refused("nbf lies in the future");
  return {};
}

// The member of that name, or, for "a.b", b within a.
const json* member_at(const json& claims, std::string_view name) {
  if (const auto whole = claims.find(std::string(name)); whole != claims.end()) return &*whole;
  const std::size_t dot = name.find('.');
  if (dot == name.npos) return nullptr;
  const auto outer = claims.find(std::string(name.substr(0, dot)));
  if (outer == claims.end() || !outer->is_object()) return nullptr;
  return member_at(*outer, name.substr(dot + 1));
}

}  // namespace

std::string half_digest(JwsAlgorithm algorithm, std::string_view text) {
  // RS256 and ES256 go with SHA-256, Ed25519 with SHA-512 (RFC 8032).
  if (algorithm == JwsAlgorithm::kEdDsa) {
    const auto digest = long_digest_of(text);
    return base64url(ByteSpan(digest).first(digest.size() / 2));
  }
  const Digest digest = digest_of(text);
  return base64url(ByteSpan(digest).first(digest.size() / 2));
}

Result<IdTokenClaims> read_id_token(const Jws& jws, const IdTokenRules& rules) {
  const Result<json> parsed = parse_strict_json(as_text(jws.payload));
  if (!parsed) return refused(parsed.error().what);
  const json& claims = *parsed;
  if (text_member(claims, "iss") != rules.issuer) return refused("iss is another provider");
  if (Status ours = check_audience(claims, rules.client_id); !ours) return std::move(ours).error();
  if (Status fresh = check_times(claims, rules); !fresh) return std::move(fresh).error();
  if (rules.nonce.empty() || !equal_secrets(text_member(claims, "nonce"), rules.nonce)) {
    return refused("nonce is not that of this sign-in");
  }
  if (const auto hash = claims.find("at_hash"); hash != claims.end()) {
    if (!hash->is_string() || *hash != half_digest(jws.algorithm, rules.access_token)) {
      return refused("at_hash is not that of the access token");
    }
  }
  IdTokenClaims said;
  said.subject = text_member(claims, "sub");
  if (said.subject.empty() || said.subject.size() > kSubjectBytesMax) {
    return refused("sub is missing or too long");
  }
  said.auth_time = time_member(claims, "auth_time");
  if (rules.must_be_new && (!said.auth_time || *said.auth_time + kClockSkew < rules.asked)) {
    return refused("auth_time does not say that the person signed in just now");
  }
  if (rules.age_max && said.auth_time &&
      *said.auth_time + (*rules.age_max + kClockSkew) < rules.now) {
    return refused("auth_time is longer ago than it may be");
  }
  said.email = bounded_text(claims, "email");
  // A boolean (5.1); the word "true" is not taken for one.
  const auto verified = claims.find("email_verified");
  said.email_verified = verified != claims.end() && verified->is_boolean() && verified->get<bool>();
  said.name = bounded_text(claims, "name");
  said.acr = bounded_text(claims, "acr");
  if (const auto methods = claims.find("amr"); methods != claims.end()) {
    said.amr = texts_of(*methods, kMethodsMax, kMethodBytesMax);
  }
  if (rules.groups_claim.empty()) return said;
  if (const json* groups = member_at(claims, rules.groups_claim); groups != nullptr) {
    said.groups = texts_of(*groups, kGroupsMax, kGroupBytesMax);
  }
  return said;
}

}  // namespace lineshaft::identity

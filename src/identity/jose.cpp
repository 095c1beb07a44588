#include "identity/jose.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "identity/secrets.h"
#include "identity/strict_json.h"
#include "identity/text_rules.h"
#include "sys/signature.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kHeaderBytesMax = 4 * 1024;
constexpr std::size_t kCurveBytes = 32;  // a coordinate of P-256, a key of Ed25519
constexpr std::size_t kExponentBytesMax = 8;

constexpr std::pair<JwsAlgorithm, std::string_view> kNames[] = {{JwsAlgorithm::kRs256, "RS256"},
                                                                {JwsAlgorithm::kEs256, "ES256"},
                                                                {JwsAlgorithm::kEdDsa, "EdDSA"}};

Error refused(const std::string& why) { return {ErrorId::kProviderRefused, why}; }

bool same_word(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

// RFC 8725, 3.11: what was signed for something else is no ID token, whoever signed it.
bool is_kind_of_id_token(std::string_view type) {
  return type.empty() || same_word(type, "JWT") || same_word(type, "application/jwt");
}

// r and s, as many bytes each, to the DER that OpenSSL reads.
Bytes der_of(ByteSpan pair) {
  Bytes body;
  for (const ByteSpan half : {pair.first(kCurveBytes), pair.last(kCurveBytes)}) {
    const auto begin = std::ranges::find_if(half, [](std::uint8_t byte) { return byte != 0; });
    Bytes number(begin, half.end());
    // A leading bit would be a sign.
    if (number.empty() || (number.front() & 0x80U) != 0) number.insert(number.begin(), 0);
    body.push_back(0x02);
    body.push_back(static_cast<std::uint8_t>(number.size()));
    body.insert(body.end(), number.begin(), number.end());
  }
  Bytes der{0x30, static_cast<std::uint8_t>(body.size())};  // At most 70.
  der.insert(der.end(), body.begin(), body.end());
  return der;
}

std::optional<Bytes> bytes_member(const nlohmann::json& object, const char* name) {
  const std::string text = text_member(object, name);
  if (text.empty()) return std::nullopt;
  return base64url_bytes(text);
}

Bytes without_zeros(Bytes number) {
  number.erase(number.begin(),
               std::ranges::find_if(number, [](std::uint8_t byte) { return byte != 0; }));
  return number;
}

// RFC 7518, 6.3: n and e.
std::optional<Jwk> rsa_key(const nlohmann::json& object) {
  std::optional<Bytes> modulus = bytes_member(object, "n");
  std::optional<Bytes> exponent = bytes_member(object, "e");
  if (!modulus || !exponent) return std::nullopt;
  Jwk key{JwsAlgorithm::kRs256,
          {},
          without_zeros(*std::move(modulus)),
          without_zeros(*std::move(exponent))};
  const bool fits = key.first.size() >= kRsaModulusBytesMin &&
                    key.first.size() <= kRsaModulusBytesMax && !key.second.empty() &&
                    key.second.size() <= kExponentBytesMax;
  return fits ? std::optional(std::move(key)) : std::nullopt;
}

// RFC 7518, 6.2 and RFC 8037, 2: x and y of P-256, x of Ed25519.
std::optional<Jwk> curve_key(const nlohmann::json& object, bool edwards) {
  if (text_member(object, "crv") != (edwards ? "Ed25519" : "P-256")) return std::nullopt;
  std::optional<Bytes> x = bytes_member(object, "x");
  if (!x || x->size() != kCurveBytes) return std::nullopt;
  if (edwards) return Jwk{JwsAlgorithm::kEdDsa, {}, *std::move(x), {}};
  std::optional<Bytes> y = bytes_member(object, "y");
  if (!y || y->size() != kCurveBytes) return std::nullopt;
  return Jwk{JwsAlgorithm::kEs256, {}, *std::move(x), *std::move(y)};
}

std::optional<Jwk> key_of(const nlohmann::json& object) {
  if (!object.is_object()) return std::nullopt;
  const std::string use = text_member(object, "use");
  if (!use.empty() && use != "sig") return std::nullopt;
  if (const auto uses = object.find("key_ops"); uses != object.end()) {
    const auto named = texts_of(*uses, kJwksMax, kJwkIdBytesMax);
    if (std::ranges::find(named, "verify") == named.end()) return std::nullopt;
  }
  const std::string kind = text_member(object, "kty");
  std::optional<Jwk> key;
  if (kind == "RSA") key = rsa_key(object);
  if (kind == "EC") key = curve_key(object, false);
  if (kind == "OKP") key = curve_key(object, true);
  if (!key) return std::nullopt;
  const std::string algorithm = text_member(object, "alg");
  if (!algorithm.empty() && jws_algorithm(algorithm) != key->algorithm) return std::nullopt;
  key->key_id = text_member(object, "kid");
  if (key->key_id.size() > kJwkIdBytesMax) return std::nullopt;
  return key;
}

sys::RawPublicKey raw_key(const Jwk& key) {
  sys::SignatureKind kind = sys::SignatureKind::kRsaPkcs1Sha256;
  if (key.algorithm == JwsAlgorithm::kEs256) kind = sys::SignatureKind::kEcdsaP256Sha256;
  if (key.algorithm == JwsAlgorithm::kEdDsa) kind = sys::SignatureKind::kEd25519;
  return {kind, key.first, key.second};
}

}  // namespace

std::string_view jws_algorithm_name(JwsAlgorithm algorithm) {
  for (const auto& [known, name] : kNames) {
    if (known == algorithm) return name;
  }
  return {};
}

std::optional<JwsAlgorithm> jws_algorithm(std::string_view name) {
  for (const auto& [algorithm, known] : kNames) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

Result<Jws> parse_jws(std::string_view compact) {
  if (compact.size() > kJwsBytesMax) return refused("the token is too long");
  const std::size_t first = compact.find('.');
  const std::size_t second = first == compact.npos ? first : compact.find('.', first + 1);
  if (second == compact.npos || compact.find('.', second + 1) != compact.npos) {
    return refused("the token has not three parts");
  }
  const std::optional<Bytes> header = base64url_bytes(compact.substr(0, first));
  std::optional<Bytes> payload = base64url_bytes(compact.substr(first + 1, second - first - 1));
  std::optional<Bytes> signature = base64url_bytes(compact.substr(second + 1));
  if (!header || !payload || !signature || header->size() > kHeaderBytesMax) {
    return refused("a part of the token is no base64url");
  }
  const Result<nlohmann::json> members = parse_strict_json(as_text(*header));
  if (!members) return refused("the header of the token: " + members.error().what);
  const std::string name = text_member(*members, "alg");
  const std::optional<JwsAlgorithm> algorithm = jws_algorithm(name);
  if (!algorithm) {
    return refused("the token is signed by '" + name.substr(0, 16) +
                   "', not by RS256, ES256 or EdDSA");
  }
  if (members->contains("crit")) return refused("the token demands what is not known here");
  if (!is_kind_of_id_token(text_member(*members, "typ"))) {
    return refused("the token is of another kind than an ID token");
  }
  Jws jws{*algorithm, text_member(*members, "kid"), *std::move(payload),
          std::string(compact.substr(0, second)), *std::move(signature)};
  if (jws.key_id.size() > kJwkIdBytesMax) return refused("the name of the token's key is too long");
  return jws;
}

Result<std::vector<Jwk>> parse_jwk_set(std::string_view json) {
  if (json.size() > kJwkSetBytesMax) return refused("the set of keys is too long");
  const Result<nlohmann::json> set = parse_strict_json(json);
  if (!set) return refused("the set of keys: " + set.error().what);
  const auto list = set->find("keys");
  if (list == set->end() || !list->is_array()) return refused("the set of keys has no keys");
  std::vector<Jwk> keys;
  for (const nlohmann::json& object : *list) {
    std::optional<Jwk> key = key_of(object);
    if (key && keys.size() < kJwksMax) keys.push_back(*std::move(key));
  }
  return keys;
}

std::vector<const Jwk*> keys_for(const Jws& jws, const std::vector<Jwk>& set) {
  std::vector<const Jwk*> keys;
  for (const Jwk& key : set) {
    const bool named = jws.key_id.empty() || key.key_id == jws.key_id;
    if (key.algorithm == jws.algorithm && named) keys.push_back(&key);
  }
  return keys;
}

bool verify_jws(const Jws& jws, const Jwk& key) {
  if (key.algorithm != jws.algorithm) return false;
  const ByteSpan message = as_bytes(jws.signed_part);
  if (jws.algorithm != JwsAlgorithm::kEs256) {
    return sys::verify_signature(raw_key(key), message, jws.signature);
  }
  // RFC 7518, 3.4: both numbers in full length.
  if (jws.signature.size() != 2 * kCurveBytes) return false;
  return sys::verify_signature(raw_key(key), message, der_of(jws.signature));
}

}  // namespace lineshaft::identity

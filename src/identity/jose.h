// identity/jose.h: signed texts of identity providers (RFC 7515) and the keys that they are signed
// with (RFC 7517). Pure; threads: any.
//
// Only what an asymmetric key signs is read: "none" and HMAC have no name here, so no token can
// choose them. A key that stands in the token itself, or that it points at, is not looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::identity {

inline constexpr std::size_t kJwsBytesMax = 32 * 1024;
inline constexpr std::size_t kJwkSetBytesMax = 128 * 1024;
inline constexpr std::size_t kJwksMax = 64;              // keys of one set
inline constexpr std::size_t kJwkIdBytesMax = 256;       // of a key's name
inline constexpr std::size_t kRsaModulusBytesMin = 256;  // 2048 bits
inline constexpr std::size_t kRsaModulusBytesMax = 1024;

enum class JwsAlgorithm : std::uint8_t { kRs256, kEs256, kEdDsa };
inline constexpr JwsAlgorithm kJwsAlgorithms[] = {JwsAlgorithm::kRs256, JwsAlgorithm::kEs256,
                                                  JwsAlgorithm::kEdDsa};
std::string_view jws_algorithm_name(JwsAlgorithm algorithm);  // "RS256"
// Nothing for every other name.
std::optional<JwsAlgorithm> jws_algorithm(std::string_view name);

struct Jws {
  JwsAlgorithm algorithm = JwsAlgorithm::kRs256;
  std::string key_id;  // "": it names none
  Bytes payload;
  std::string signed_part;  // header and payload as they were sent
  Bytes signature;
};

struct Jwk {
  JwsAlgorithm algorithm = JwsAlgorithm::kRs256;
  std::string key_id;
  Bytes first;  // as sys::RawPublicKey
  Bytes second;
};

// The compact form: three parts of base64url joined by dots. Says nothing about the signature.
// Errors: kProviderRefused: it is longer than kJwsBytesMax, none of that, demands what is not known
// here (`crit`), is of another kind than an ID token (`typ`), or names another algorithm.
Result<Jws> parse_jws(std::string_view compact);

// The keys that are for signatures of an algorithm above; others are left out.
// Errors: kProviderRefused: it is no set of keys, or one of more than kJwkSetBytesMax.
Result<std::vector<Jwk>> parse_jwk_set(std::string_view json);

// The keys of `set` that may have signed `jws`: of its algorithm, and of its name if it has one.
std::vector<const Jwk*> keys_for(const Jws& jws, const std::vector<Jwk>& set);
// False for a wrong signature, and for a key of another algorithm.
bool verify_jws(const Jws& jws, const Jwk& key);

}  // namespace lineshaft::identity

// wire/webauthn/authenticator_data.h: what an authenticator says and signs (W3C WebAuthn level 2,
// 6.1 and 6.5.4). Pure; threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::wire::webauthn {

inline constexpr std::size_t kCredentialIdBytesMax = 1023;  // WebAuthn, 7.1 step 25

// A key that was made, as the authenticator names it. Borrowed from the input.
struct AttestedCredential {
  std::array<std::uint8_t, 16> model{};  // AAGUID; zeros where the maker does not tell
  ByteSpan id;
  ByteSpan key;  // COSE_Key
};

struct AuthenticatorData {
  std::array<std::uint8_t, 32> rp_id_hash{};  // SHA-256 of the host's name
  bool user_present = false;
  bool user_verified = false;    // by PIN, fingerprint, face
  std::uint32_t sign_count = 0;  // 0 throughout if it does not count
  std::optional<AttestedCredential> credential;
};

// Takes all of `bytes`; extensions are checked for their form and not looked at.
// Errors: kInvalidArgument, kUnsupported (as parse_cose_key).
Result<AuthenticatorData> parse_authenticator_data(ByteSpan bytes);

// The authData member of an attestation object, borrowed. The statement is not looked at: none is
// asked for, and who made an authenticator decides nothing here. Errors: kInvalidArgument.
Result<ByteSpan> authenticator_data_of(ByteSpan attestation_object);

}  // namespace lineshaft::wire::webauthn

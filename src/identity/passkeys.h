// identity/passkeys.h: checks what a browser and an authenticator say about a passkey (W3C WebAuthn
// level 2, 7.1 and 7.2). Pure; threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "identity/factors.h"

namespace lineshaft::identity {

// What the server expects. `challenge`: as it was given, in base64url.
struct PasskeyExpectation {
  std::string challenge;
  PasskeyScope scope;
  bool must_verify_user = false;  // a PIN, a finger or a face, not only a touch
};

struct NewPasskey {
  Bytes credential;
  Bytes key;  // COSE_Key
  std::uint32_t sign_count = 0;
};

// Errors: kPasskeyRefused saying what is wrong.
Result<NewPasskey> verify_registration(const PasskeyExpectation& expected,
                                       const PasskeyAnswer& answer);

struct KnownPasskey {
  ByteSpan key;
  std::uint32_t sign_count = 0;
};

// The new count of signatures. Errors: kPasskeyRefused; when the count went back, which is what a
// copied authenticator does, `went_back` is set.
Result<std::uint32_t> verify_assertion(const PasskeyExpectation& expected,
                                       const PasskeyAnswer& answer, const KnownPasskey& known,
                                       bool& went_back);

// The name that passkeys are bound to at this address ("https://plant.example:8443"), given as the
// browser's Host header. `names`: what the server may be called by. Errors: kPasskeyNoName: an IP
// address, which no passkey can be bound to, or a name that is not the server's.
Result<PasskeyScope> passkey_scope(std::string_view host_header,
                                   const std::vector<std::string>& names);

}  // namespace lineshaft::identity

// sys/pkcs11.h: a token that keeps a key and never gives it away (a security module, a smart card),
// through the library that its maker ships (PKCS#11, loaded at run time).
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/clock.h"

namespace lineshaft::sys {

struct TokenOptions {
  std::string module;     // path of the library
  std::string label;      // of the token
  std::string key_label;  // of the AES key on it
};

// Threads: one at a time. The process may hold one module at a time.
// Errors of every call: kBadConfig with what the token said (CKR_...).
class Token {
 public:
  virtual ~Token() = default;  // signs out
  // Loads the library and signs in. Errors: kBadConfig: the library, the token or the PIN.
  static Result<std::unique_ptr<Token>> open(const TokenOptions& options, const std::string& pin);

  // With AES-256-GCM under the key of that label, which is made on the token if it has none:
  // sensitive, and not to be taken out.
  virtual Result<Bytes> seal(ByteSpan plain, ByteSpan bound, Random& random) = 0;
  virtual Result<Bytes> open_sealed(ByteSpan sealed, ByteSpan bound) = 0;
};

}  // namespace lineshaft::sys

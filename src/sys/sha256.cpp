// The calls that OpenSSL calls deprecated need no memory and no look-up of a provider. Millions of
// hashes of a few bytes each take three times as long through the newer ones.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "sys/sha256.h"

#include <openssl/sha.h>

#include "base/assert.h"

namespace lineshaft::sys {

Sha256 sha256(std::initializer_list<ByteSpan> parts) {
  SHA256_CTX context;
  Sha256 digest{};
  bool done = SHA256_Init(&context) == 1;
  for (const ByteSpan part : parts) {
    if (!part.empty()) done = done && SHA256_Update(&context, part.data(), part.size()) == 1;
  }
  done = done && SHA256_Final(digest.data(), &context) == 1;
  LS_ASSERT(done);  // They fail for no input.
  return digest;
}

}  // namespace lineshaft::sys

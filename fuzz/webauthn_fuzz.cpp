// What an authenticator sends, read before anybody is signed in.
#include <cstdint>

#include "base/assert.h"
#include "wire/webauthn/authenticator_data.h"
#include "wire/webauthn/cose_key.h"

using namespace lineshaft;
using namespace lineshaft::wire::webauthn;

namespace {

bool lies_within(ByteSpan part, ByteSpan whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void look_at(ByteSpan bytes) {
  const auto data = parse_authenticator_data(bytes);
  if (!data || !data->credential) return;
  LS_ASSERT(lies_within(data->credential->id, bytes) && lies_within(data->credential->key, bytes));
  LS_ASSERT(data->credential->id.size() <= kCredentialIdBytesMax);
  LS_ASSERT(parse_cose_key(data->credential->key)->bytes == data->credential->key.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  look_at(bytes);
  if (const auto inner = authenticator_data_of(bytes); inner) {
    LS_ASSERT(lies_within(*inner, bytes));
    look_at(*inner);
  }
  if (const auto key = parse_cose_key(bytes); key) {
    LS_ASSERT(key->bytes <= size && lies_within(key->first, bytes) &&
              lies_within(key->second, bytes));
  }
  return 0;
}

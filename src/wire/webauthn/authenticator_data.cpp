#include "wire/webauthn/authenticator_data.h"

#include <algorithm>

#include "wire/webauthn/cbor.h"
#include "wire/webauthn/cose_key.h"

namespace lineshaft::wire::webauthn {
namespace {

constexpr std::uint8_t kUserPresent = 0x01;
constexpr std::uint8_t kUserVerified = 0x04;
constexpr std::uint8_t kHasCredential = 0x40;
constexpr std::uint8_t kHasExtensions = 0x80;
constexpr std::uint64_t kMembersMax = 8;  // of an attestation object: three are defined

Error broken(const char* what) {
  return {ErrorId::kInvalidArgument, std::string("authenticator data: ") + what};
}

template <std::size_t n>
void read_into(ByteReader& reader, std::array<std::uint8_t, n>& out) {
  const ByteSpan bytes = reader.bytes(n);
  if (bytes.size() == n) std::ranges::copy(bytes, out.begin());
}

Result<AttestedCredential> read_credential(ByteReader& reader, ByteSpan all) {
  AttestedCredential credential;
  read_into(reader, credential.model);
  const std::size_t id_bytes = reader.read_be<std::uint16_t>();
  if (id_bytes == 0 || id_bytes > kCredentialIdBytesMax) return broken("the id has no good length");
  credential.id = reader.bytes(id_bytes);
  if (!reader.ok()) return broken("ends within the credential");
  const Result<CoseKey> key = parse_cose_key(all.subspan(reader.position()));
  if (!key) return key.error();
  credential.key = reader.bytes(key->bytes);
  return credential;
}

}  // namespace

Result<AuthenticatorData> parse_authenticator_data(ByteSpan bytes) {
  ByteReader reader(bytes);
  AuthenticatorData data;
  read_into(reader, data.rp_id_hash);
  const std::uint8_t flags = reader.u8();
  data.user_present = (flags & kUserPresent) != 0;
  data.user_verified = (flags & kUserVerified) != 0;
  data.sign_count = reader.read_be<std::uint32_t>();
  if (!reader.ok()) return broken("too short");
  if ((flags & kHasCredential) != 0) {
    Result<AttestedCredential> credential = read_credential(reader, bytes);
    if (!credential) return std::move(credential).error();
    data.credential = *credential;
  }
  if ((flags & kHasExtensions) != 0) {
    CborReader extensions(bytes.subspan(reader.position()));
    if (Status whole = extensions.skip(); !whole) return std::move(whole).error();
    reader.bytes(extensions.position());
  }
  if (!reader.at_end()) return broken("something stands behind it");
  return data;
}

Result<ByteSpan> authenticator_data_of(ByteSpan attestation_object) {
  CborReader reader(attestation_object);
  const Result<std::uint64_t> members = reader.map();
  if (!members) return members.error();
  if (*members > kMembersMax) return broken("the attestation has too many members");
  std::optional<ByteSpan> data;
  for (std::uint64_t i = 0; i < *members; ++i) {
    const Result<std::string_view> name = reader.text();
    if (!name) return name.error();
    if (*name != "authData") {
      if (Status skipped = reader.skip(); !skipped) return std::move(skipped).error();
      continue;
    }
    const Result<ByteSpan> bytes = reader.bytes();
    if (!bytes) return bytes.error();
    data = *bytes;
  }
  if (!data) return broken("the attestation has none");
  return *data;
}

}  // namespace lineshaft::wire::webauthn

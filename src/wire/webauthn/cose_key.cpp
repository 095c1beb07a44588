#include "wire/webauthn/cose_key.h"

#include <algorithm>
#include <optional>

#include "wire/webauthn/cbor.h"

namespace lineshaft::wire::webauthn {
namespace {

// Labels of RFC 9052 (1, 3) and, by the kind of key, of RFC 9053 and RFC 8230.
constexpr std::int64_t kKindLabel = 1;
constexpr std::int64_t kAlgorithmLabel = 3;
constexpr std::int64_t kCurveOrModulusLabel = -1;
constexpr std::int64_t kXOrExponentLabel = -2;
constexpr std::int64_t kYLabel = -3;

constexpr std::int64_t kOkp = 1;
constexpr std::int64_t kEc2 = 2;
constexpr std::int64_t kRsa = 3;
constexpr std::int64_t kP256 = 1;
constexpr std::int64_t kEd25519 = 6;

constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kModulusBytesMin = 256;
constexpr std::size_t kModulusBytesMax = 512;
constexpr std::size_t kExponentBytesMax = 4;
constexpr std::uint64_t kPairsMax = 16;

struct Members {
  std::optional<std::int64_t> kind;
  std::optional<std::int64_t> algorithm;
  std::optional<std::int64_t> curve;
  std::optional<ByteSpan> modulus;
  std::optional<ByteSpan> second;  // x or the exponent
  std::optional<ByteSpan> third;   // y
};

template <typename T>
Status take(const Result<T>& value, std::optional<T>& out) {
  if (!value) return value.error();
  if (out) return Error{ErrorId::kInvalidArgument, "COSE: a member stands twice"};
  out = *value;
  return {};
}

Status read_member(CborReader& reader, Members& members) {
  const Result<std::int64_t> label = reader.integer();
  if (!label) return label.error();
  switch (*label) {
    case kKindLabel:
      return take(reader.integer(), members.kind);
    case kAlgorithmLabel:
      return take(reader.integer(), members.algorithm);
    case kCurveOrModulusLabel:
      if (members.kind == kRsa) return take(reader.bytes(), members.modulus);
      return take(reader.integer(), members.curve);
    case kXOrExponentLabel:
      return take(reader.bytes(), members.second);
    case kYLabel:
      return take(reader.bytes(), members.third);
    default:
      return reader.skip();
  }
}

bool is_coordinate(const std::optional<ByteSpan>& bytes) {
  return bytes && bytes->size() == kCoordinateBytes;
}

}  // namespace

// The canonical order of CTAP2 puts the kind (1) before everything that depends on it.
Result<CoseKey> parse_cose_key(ByteSpan bytes) {
  CborReader reader(bytes.first(std::min(bytes.size(), kCoseKeyBytesMax)));
  const Result<std::uint64_t> pairs = reader.map();
  if (!pairs) return pairs.error();
  if (*pairs > kPairsMax) return Error{ErrorId::kInvalidArgument, "COSE: too many members"};
  Members key;
  for (std::uint64_t i = 0; i < *pairs; ++i) {
    if (Status read = read_member(reader, key); !read) return std::move(read).error();
  }
  const std::size_t end = reader.position();
  const auto is = [&](std::int64_t kind, CoseAlgorithm algorithm) {
    return key.kind == kind && key.algorithm == static_cast<std::int64_t>(algorithm);
  };
  if (is(kEc2, CoseAlgorithm::kEs256) && key.curve == kP256 && is_coordinate(key.second) &&
      is_coordinate(key.third)) {
    return CoseKey{CoseAlgorithm::kEs256, *key.second, *key.third, end};
  }
  if (is(kOkp, CoseAlgorithm::kEdDsa) && key.curve == kEd25519 && is_coordinate(key.second)) {
    return CoseKey{CoseAlgorithm::kEdDsa, *key.second, {}, end};
  }
  if (is(kRsa, CoseAlgorithm::kRs256) && key.modulus && key.second &&
      key.modulus->size() >= kModulusBytesMin && key.modulus->size() <= kModulusBytesMax &&
      !key.second->empty() && key.second->size() <= kExponentBytesMax) {
    return CoseKey{CoseAlgorithm::kRs256, *key.modulus, *key.second, end};
  }
  return Error{ErrorId::kUnsupported, "the key is neither ES256, EdDSA (Ed25519) nor RS256"};
}

}  // namespace lineshaft::wire::webauthn

// wire/webauthn/cbor.h: reads the CBOR (RFC 8949) that authenticators send: definite lengths only,
// shallow, nothing copied. Pure; threads: any.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::wire::webauthn {

enum class CborKind : std::uint8_t {
  kUnsigned = 0,
  kNegative = 1,
  kBytes = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6,
  kSimple = 7,
};

// The head of one item. `number`: the value, the length in bytes, or the count of what follows.
struct CborHead {
  CborKind kind = CborKind::kSimple;
  std::uint64_t number = 0;

  // -1 - number for a negative one. Requires: an integer whose number is below 2^63.
  std::int64_t integer() const {
    const auto value = static_cast<std::int64_t>(number);
    return kind == CborKind::kNegative ? -1 - value : value;
  }
  bool is_integer() const {
    return (kind == CborKind::kUnsigned || kind == CborKind::kNegative) && number >> 63 == 0;
  }
};

// Errors of all calls: kInvalidArgument, and the reader is then of no more use.
class CborReader {
 public:
  static constexpr int kDepthMax = 4;  // CTAP2, 6: what authenticators may nest

  explicit CborReader(ByteSpan bytes) : in_(bytes) {}

  Result<CborHead> head();
  Result<std::int64_t> integer();
  // How many pairs follow.
  Result<std::uint64_t> map();
  // Borrowed from the input.
  Result<ByteSpan> bytes();
  Result<std::string_view> text();
  // One whole item, whatever it is.
  Status skip() { return skip(kDepthMax); }

  std::size_t position() const { return in_.position(); }
  bool at_end() const { return in_.at_end(); }

 private:
  Result<ByteSpan> string_of(CborKind kind);
  Status skip(int depth_left);

  ByteReader in_;
};

}  // namespace lineshaft::wire::webauthn

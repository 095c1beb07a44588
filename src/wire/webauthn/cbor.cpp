#include "wire/webauthn/cbor.h"

namespace lineshaft::wire::webauthn {
namespace {

constexpr std::uint8_t kShortMax = 23;  // a number up to this stands in the first byte

Error broken(const char* what) { return {ErrorId::kInvalidArgument, std::string("CBOR: ") + what}; }

}  // namespace

Result<CborHead> CborReader::head() {
  const std::uint8_t first = in_.u8();
  CborHead head{static_cast<CborKind>(first >> 5), static_cast<std::uint64_t>(first & 0x1f)};
  if (head.number > kShortMax) {
    switch (head.number) {
      case 24:
        head.number = in_.u8();
        break;
      case 25:
        head.number = in_.read_be<std::uint16_t>();
        break;
      case 26:
        head.number = in_.read_be<std::uint32_t>();
        break;
      case 27:
        head.number = in_.read_be<std::uint64_t>();
        break;
      default:
        return broken("an indefinite length or a reserved head");
    }
  }
  if (!in_.ok()) return broken("ends within a head");
  return head;
}

Result<std::int64_t> CborReader::integer() {
  const Result<CborHead> item = head();
  if (!item) return item.error();
  if (!item->is_integer()) return broken("an integer is missing");
  return item->integer();
}

Result<std::uint64_t> CborReader::map() {
  const Result<CborHead> item = head();
  if (!item) return item.error();
  if (item->kind != CborKind::kMap) return broken("a map is missing");
  return item->number;
}

Result<ByteSpan> CborReader::string_of(CborKind kind) {
  const Result<CborHead> item = head();
  if (!item) return item.error();
  if (item->kind != kind) return broken("a string is missing");
  if (item->number > in_.remaining()) return broken("a string is longer than what is there");
  return in_.bytes(static_cast<std::size_t>(item->number));
}

Result<ByteSpan> CborReader::bytes() { return string_of(CborKind::kBytes); }

Result<std::string_view> CborReader::text() {
  const Result<ByteSpan> text = string_of(CborKind::kText);
  if (!text) return text.error();
  return as_text(*text);
}

Status CborReader::skip(int depth_left) {
  const Result<CborHead> item = head();
  if (!item) return item.error();
  switch (item->kind) {
    case CborKind::kBytes:
    case CborKind::kText:
      if (item->number > in_.remaining()) return broken("a string is longer than what is there");
      in_.bytes(static_cast<std::size_t>(item->number));
      return {};
    case CborKind::kArray:
    case CborKind::kMap:
    case CborKind::kTag: {
      if (depth_left == 0) return broken("nested too deep");
      // Every item has a byte at least, which bounds the loop by the input.
      if (item->number > in_.remaining() && item->kind != CborKind::kTag) {
        return broken("more items than bytes");
      }
      const std::uint64_t items = item->kind == CborKind::kTag   ? 1
                                  : item->kind == CborKind::kMap ? 2 * item->number
                                                                 : item->number;
      for (std::uint64_t i = 0; i < items; ++i) {
        if (Status skipped = skip(depth_left - 1); !skipped) return skipped;
      }
      return {};
    }
    case CborKind::kUnsigned:
    case CborKind::kNegative:
    case CborKind::kSimple:
      break;
  }
  return {};
}

}  // namespace lineshaft::wire::webauthn

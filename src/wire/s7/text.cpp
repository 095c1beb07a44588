#include "wire/s7/text.h"

#include "base/assert.h"

namespace lineshaft::s7 {

namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

void append_utf8(std::uint32_t point, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// The next code point of well-formed UTF-8, taken from the front.
std::uint32_t take_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  LS_ASSERT(bytes <= text.size());
  std::uint32_t point = bytes == 1 ? first : first & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  text.remove_prefix(bytes);
  return point;
}

bool is_high(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

std::string utf8_of_latin1(ByteSpan bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) append_utf8(byte, text);
  return text;
}

Result<Bytes> latin1_of_utf8(std::string_view text) {
  Bytes bytes;
  while (!text.empty()) {
    const std::uint32_t point = take_point(text);
    if (point > 0xFF) {
      return Error{ErrorId::kInvalidArgument,
                   "the text holds a character that a STRING does not have (ISO 8859-1); use a "
                   "WSTRING"};
    }
    bytes.push_back(static_cast<std::uint8_t>(point));
  }
  return bytes;
}

std::string utf8_of_utf16(ByteSpan bytes) {
  std::string text;
  ByteReader reader(bytes);
  while (reader.remaining() >= 2) {
    std::uint32_t point = reader.read_be<std::uint16_t>();
    if (is_low(point)) point = kReplacement;
    if (is_high(point)) {
      ByteReader ahead = reader;
      const std::uint32_t low = ahead.read_be<std::uint16_t>();
      const bool whole = ahead.ok() && is_low(low);
      point = whole ? 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00) : kReplacement;
      if (whole) reader = ahead;
    }
    append_utf8(point, text);
  }
  return text;
}

Result<Bytes> utf16_of_utf8(std::string_view text) {
  Bytes bytes;
  ByteWriter writer(bytes);
  while (!text.empty()) {
    const std::uint32_t point = take_point(text);
    if (point > 0xFFFF) {
      return Error{ErrorId::kInvalidArgument,
                   "the text holds a character that a WSTRING does not have (beyond U+FFFF)"};
    }
    writer.write_be(static_cast<std::uint16_t>(point));
  }
  return bytes;
}

}  // namespace lineshaft::s7

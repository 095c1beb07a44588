#include "connect/opcua/node_id.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/utf8.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Error wrong(std::string_view text, std::string_view problem) {
  const bool readable = is_utf8(text) && !has_control(text);
  const std::string quoted =
      readable ? "node id \"" + std::string(utf8_prefix(text, 100)) + "\": " : "node id: ";
  return {ErrorId::kInvalidArgument,
          quoted + std::string(problem) + "; for example: nsu=urn:maker:plc;s=Line.Speed"};
}

template <typename T>
std::optional<T> number(std::string_view text) {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// %25 and %3B, and nothing else that starts with a percent sign.
std::optional<std::string> unescape_uri(std::string_view text) {
  std::string uri;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      uri += text[i];
      continue;
    }
    const std::string_view code = text.substr(i + 1, 2);
    if (code == "25") {
      uri += '%';
    } else if (code == "3B" || code == "3b") {
      uri += ';';
    } else {
      return std::nullopt;
    }
    i += 2;
  }
  return uri;
}

std::string escape_uri(std::string_view uri) {
  std::string text;
  for (char c : uri) {
    if (c == '%') {
      text += "%25";
    } else if (c == ';') {
      text += "%3B";
    } else {
      text += c;
    }
  }
  return text;
}

// 8-4-4-4-12 hexadecimal digits.
std::optional<Guid> parse_guid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Guid guid;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const auto digit = hex_digit(text[i]);
    if (!digit) return std::nullopt;
    std::uint8_t& byte = guid.bytes[digits / 2];
    byte = static_cast<std::uint8_t>(unsigned{byte} << 4 | *digit);
    digits += 1;
  }
  return guid;
}

std::string guid_text(const Guid& guid) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[guid.bytes[i] >> 4];
    text += kHex[guid.bytes[i] & 15];
  }
  return text;
}

// Whole groups of four; the last may end with one or two '=' over bits that are zero.
std::optional<std::string> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char c : text.substr(0, text.size() - padding)) {
    const std::size_t value = kBase64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xff);
  }
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::string base64_text(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < count ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kBase64[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

// The prefix up to its semicolon, taken from `rest`; nothing if there is none.
std::optional<std::string_view> take_prefix(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return std::nullopt;
  const std::size_t end = rest.find(';');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view value = rest.substr(prefix.size(), end - prefix.size());
  rest.remove_prefix(end + 1);
  return value;
}

}  // namespace

Result<NodeName> parse_node_id(std::string_view text) {
  if (text.size() > kNodeIdBytesMax) return wrong(text, "it is too long");
  if (!is_utf8(text)) return wrong(text, "it is not UTF-8");
  NodeName name;
  std::string_view rest = text;
  if (const auto uri = take_prefix(rest, "nsu=")) {
    const auto plain = unescape_uri(*uri);
    if (!plain || plain->empty()) return wrong(text, "the namespace URI after nsu= is not one");
    name.namespace_uri = *plain;
  } else if (const auto index = take_prefix(rest, "ns=")) {
    const auto value = number<std::uint16_t>(*index);
    if (!value) return wrong(text, "after ns= a number from 0 to 65535 is needed");
    name.namespace_index = *value;
  }
  if (rest.size() < 2 || rest[1] != '=') {
    return wrong(text, "i=, s=, g= or b= is needed, after ns=...; or nsu=...;");
  }
  const std::string_view id = rest.substr(2);
  switch (rest[0]) {
    case 'i': {
      const auto value = number<std::uint32_t>(id);
      if (!value) return wrong(text, "after i= a number from 0 to 4294967295 is needed");
      name.id = *value;
      return name;
    }
    case 's':
      if (id.empty() || id.size() > 4096) return wrong(text, "after s= 1 to 4096 bytes are needed");
      name.id = std::string(id);
      return name;
    case 'g': {
      const auto value = parse_guid(id);
      if (!value) return wrong(text, "after g= a GUID with four hyphens is needed");
      name.id = *value;
      return name;
    }
    case 'b': {
      const auto value = parse_base64(id);
      if (!value || value->size() > 4096) return wrong(text, "after b= base64 is needed");
      name.id = Opaque{*value};
      return name;
    }
    default:
      return wrong(text, "i=, s=, g= or b= is needed, after ns=...; or nsu=...;");
  }
}

std::string node_id_text(const NodeName& name) {
  std::string text;
  if (!name.namespace_uri.empty()) {
    text = "nsu=" + escape_uri(name.namespace_uri) + ";";
  } else if (name.namespace_index != 0) {
    text = "ns=" + std::to_string(name.namespace_index) + ";";
  }
  struct {
    std::string operator()(std::uint32_t number) const { return "i=" + std::to_string(number); }
    std::string operator()(const std::string& string) const { return "s=" + string; }
    std::string operator()(const Guid& guid) const { return "g=" + guid_text(guid); }
    std::string operator()(const Opaque& opaque) const { return "b=" + base64_text(opaque.bytes); }
  } const id_text;
  return text + std::visit(id_text, name.id);
}

}  // namespace lineshaft::connect::opcua

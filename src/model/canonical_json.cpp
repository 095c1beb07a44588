#include "model/canonical_json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/utf8.h"

namespace lineshaft {
namespace {

constexpr std::int64_t kIntegerMax = (std::int64_t{1} << 53) - 1;
constexpr std::size_t kNestingMax = 32;

// What an escape begins with, or is; nothing for a character that stands for itself.
std::string_view short_escape(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return {};
  }
}

// Requires: UTF-8.
std::u16string utf16_of(std::string_view text) {
  std::u16string units;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = bytes == 1 ? lead : lead & (0xFFU >> (bytes + 1));
    for (std::size_t k = 1; k < bytes; ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    }
    if (point >= 0x10000) {
      units += static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10));
      units += static_cast<char16_t>(0xDC00 + (point & 0x3FF));
    } else {
      units += static_cast<char16_t>(point);
    }
    i += bytes;
  }
  return units;
}

class Writer {
 public:
  Status write(const Json& json, std::size_t depth) {
    if (depth > kNestingMax) return refused("nested deeper than 32 levels");
    switch (json.type()) {
      case Json::value_t::object:
        return write_object(json, depth);
      case Json::value_t::array:
        return write_array(json, depth);
      case Json::value_t::string:
        return write_string(json.get_ref<const std::string&>());
      case Json::value_t::null:
        out_ += "null";
        return {};
      case Json::value_t::boolean:
        out_ += json.get<bool>() ? "true" : "false";
        return {};
      case Json::value_t::number_integer:
      case Json::value_t::number_unsigned:
        return write_integer(json);
      default:
        return refused("a number with a fraction: write it as a string");
    }
  }

  std::string take() { return std::move(out_); }

 private:
  Status write_object(const Json& object, std::size_t depth) {
    std::vector<std::pair<std::u16string, Json::const_iterator>> members;
    for (auto member = object.begin(); member != object.end(); ++member) {
      if (!is_utf8(member.key())) return refused("the name of a member is not UTF-8");
      members.emplace_back(utf16_of(member.key()), member);
    }
    std::ranges::sort(
        members, {}, [](const auto& member) -> const auto& { return member.first; });
    char before = '{';
    for (const auto& [units, member] : members) {
      out_ += std::exchange(before, ',');
      append_canonical_string(out_, member.key());
      out_ += ':';
      path_.push_back(member.key());
      if (Status written = write(*member, depth + 1); !written) return written;
      path_.pop_back();
    }
    out_ += members.empty() ? "{}" : "}";
    return {};
  }

  Status write_array(const Json& array, std::size_t depth) {
    char before = '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      out_ += std::exchange(before, ',');
      path_.push_back(std::to_string(i));
      if (Status written = write(array[i], depth + 1); !written) return written;
      path_.pop_back();
    }
    out_ += array.empty() ? "[]" : "]";
    return {};
  }

  Status write_string(std::string_view text) {
    if (!is_utf8(text)) return refused("the text is not UTF-8");
    append_canonical_string(out_, text);
    return {};
  }

  Status write_integer(const Json& number) {
    const bool fits = number.is_number_unsigned()
                          ? number.get<std::uint64_t>() <= std::uint64_t{kIntegerMax}
                          : number.get<std::int64_t>() >= -kIntegerMax &&
                                number.get<std::int64_t>() <= kIntegerMax;
    if (!fits) return refused("an integer beyond 2^53 - 1: write it as a string");
    out_ += std::to_string(number.get<std::int64_t>());
    return {};
  }

  Error refused(const std::string& why) const {
    std::string where;
    for (const std::string& name : path_) where += "/" + name;
    return {ErrorId::kInvalidArgument, (where.empty() ? "the document" : where) + ": " + why};
  }

  std::string out_;
  std::vector<std::string> path_;
};

}  // namespace

void append_canonical_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // where what needs no escape began
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (const std::string_view escape = short_escape(c); !escape.empty()) {
      out += escape;
      continue;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    out += "\\u00";
    out += kHex[static_cast<std::size_t>(c) >> 4];
    out += kHex[static_cast<std::size_t>(c) & 15];
  }
  out.append(text, plain);
  out += '"';
}

Result<std::string> canonical_json(const Json& json) {
  Writer writer;
  if (Status written = writer.write(json, 0); !written) return written.error();
  return writer.take();
}

Result<Json> parse_canonical_json(std::string_view text) {
  Result<Json> json = parse_json(text);
  if (!json) return json;
  const Result<std::string> written = canonical_json(*json);
  if (!written) return written.error();
  if (*written != text) {
    return Error{ErrorId::kInvalidArgument,
                 "the document is not in the canonical form of RFC 8785"};
  }
  return json;
}

}  // namespace lineshaft

#include "intake/plan.h"

#include <utility>

namespace lineshaft::intake {
namespace {

// Names of the values 0, 1, 2... of an enum, in order.
template <typename Enum, std::size_t count>
Result<Enum> parse_name(const char* field, const std::string_view (&names)[count],
                        std::string_view name, std::uint8_t first = 0) {
  std::string allowed;
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == name) return static_cast<Enum>(first + i);
    allowed += (i == 0 ? "" : i + 1 == count ? " or " : ", ") + std::string(names[i]);
  }
  return Error{ErrorId::kInvalidArgument, std::string(field) + ": '" +
                                              std::string(name.substr(0, 64)) +
                                              "' is not known: write " + allowed};
}

constexpr std::string_view kEncodings[] = {"utf-8", "utf-16le", "utf-16be", "gb18030",
                                           "windows-1252"};
constexpr std::string_view kLayouts[] = {"wide", "long", "transposed"};
constexpr std::string_view kUses[] = {"skip", "value",   "time", "time_of_day",
                                      "tag",  "quality", "type"};
constexpr std::string_view kInterpolations[] = {"step", "linear"};

}  // namespace

std::string_view encoding_name(Encoding encoding) {
  return kEncodings[static_cast<std::size_t>(encoding)];
}
std::string_view layout_name(Layout layout) { return kLayouts[static_cast<std::size_t>(layout)]; }
std::string_view use_name(Use use) { return kUses[static_cast<std::size_t>(use)]; }
std::string_view interpolation_name(Interpolation interpolation) {
  return kInterpolations[static_cast<std::size_t>(interpolation) - 1];
}

Result<Encoding> parse_encoding(std::string_view name) {
  return parse_name<Encoding>("encoding", kEncodings, name);
}
Result<Layout> parse_layout(std::string_view name) {
  return parse_name<Layout>("layout", kLayouts, name);
}
Result<Use> parse_use(std::string_view name) { return parse_name<Use>("use", kUses, name); }
Result<Interpolation> parse_interpolation(std::string_view name) {
  return parse_name<Interpolation>("interpolation", kInterpolations, name, 1);
}

}  // namespace lineshaft::intake

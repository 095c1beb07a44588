// identity/strict_json.h: JSON that comes from identity providers. What is read two ways by two
// readers is refused. The library is included by .cpp files only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::identity {

inline constexpr std::size_t kStrictJsonDepthMax = 16;

// An object. Errors: kBadJson: it is none, is nested deeper than kStrictJsonDepthMax, or has a
// member twice, at any depth (RFC 7515, 4 and RFC 7519, 4).
Result<nlohmann::json> parse_strict_json(std::string_view text);

// A member that is a text; "" if there is none of that kind.
std::string text_member(const nlohmann::json& object, const char* name);
// A member that is a list of texts, or one text: those of up to `bytes_max`, `count_max` at most.
std::vector<std::string> texts_of(const nlohmann::json& value, std::size_t count_max,
                                  std::size_t bytes_max);

}  // namespace lineshaft::identity

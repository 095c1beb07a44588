// model/json.h: how values, samples and tags look in JSON (docs/reference/api.md, "Rules"), and
// strict reading of JSON objects. The library is included by .cpp files only.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"
#include "model/tag.h"

namespace lineshaft {

using Json = nlohmann::ordered_json;

// Parses a body. Errors: kBadJson with the byte where it breaks; nesting is limited to 32.
Result<Json> parse_json(std::string_view text);

// Compact UTF-8; bytes that are not UTF-8 (from a device's string) become U+FFFD.
std::string dump(const Json& json);

// int64 beyond 2^53 and NaN or infinity become strings; see the reference.
Json value_json(const Value& value);
// The inverse for a tag's type. Errors: kTypeMismatch.
Result<Value> value_from_json(ValueType type, const Json& json);

Json tag_json(const Tag& tag);
Json enum_set_json(const std::vector<EnumEntry>& entries);
Result<std::vector<EnumEntry>> enum_set_from_json(const Json& list);
Json sample_json(const Sample& sample);  // time, value, quality, quality_code

// --- reading an object's members; every error names the field ---

// The member, or an Error when it is absent or not of the type.
Result<std::string> required_string(const Json& object, const char* field);
Result<std::string> optional_string(const Json& object, const char* field, std::string fallback);
Result<std::int64_t> optional_integer(const Json& object, const char* field, std::int64_t fallback,
                                      std::int64_t min, std::int64_t max);
Result<bool> optional_bool(const Json& object, const char* field, bool fallback);
Result<std::optional<double>> optional_number(const Json& object, const char* field);
// The first member that is not among `known`, as an Error: a misspelt field must not be ignored.
Status only_fields(const Json& object, std::initializer_list<std::string_view> known);

Result<TagSpec> tag_spec_from_json(const Json& object);

}  // namespace lineshaft

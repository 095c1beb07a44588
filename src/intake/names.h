// intake/names.h: what the names in a header say: tag paths, units, the part a column plays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/tag.h"

namespace lineshaft::intake {

// One level of a path from any text: ASCII letters small, blanks and slashes as '_', control
// characters and broken UTF-8 as '_', at most kTagLevelBytesMax bytes, "unnamed" when nothing is
// left.
std::string path_level(std::string_view text);

// "C:\data\Gas Turbine 2011.csv" -> "Gas Turbine 2011".
std::string file_stem(std::string_view file_name);

// Names of a header: trimmed, "column_<n>" for an empty one or one that is no UTF-8, "_2", "_3"
// behind a repeated one.
std::vector<std::string> unique_names(std::vector<std::string> names);

// UNECE Rec 20 code of a unit in brackets at the end ("Temperature [°C]", "p (bar)") or as the last
// word behind '_' or a blank ("Usage_kWh"); empty if none is known. One letter counts only in
// brackets.
std::string unit_in_name(std::string_view name);

// Words that makers of files use, in English, German and Chinese; case does not matter.
bool names_time(std::string_view name);
bool names_tag(std::string_view name);
bool names_value(std::string_view name);
bool names_quality(std::string_view name);

// A four-digit year 1970 to 2099 that stands alone in a text ("gas_turbine_2011", not "ai4i2020");
// 0 if none.
unsigned year_in_name(std::string_view text);

}  // namespace lineshaft::intake

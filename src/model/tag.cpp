#include "model/tag.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/utf8.h"

namespace lineshaft {
namespace {

Error field(std::string_view name, const std::string& problem) {
  return {ErrorId::kInvalidArgument, std::string(name) + ": " + problem};
}

Status check_enum_set(const TagSpec& spec) {
  if (spec.enum_set.empty()) return {};
  if (spec.type != ValueType::kInt64) return field("enum_set", "needs the type int64");
  if (spec.enum_set.size() > 1000) return field("enum_set", "has more than 1000 entries");
  std::set<std::int64_t> seen;
  for (const EnumEntry& entry : spec.enum_set) {
    if (entry.name.empty() || entry.name.size() > kTagLevelBytesMax || !is_utf8(entry.name) ||
        has_control(entry.name)) {
      return field("enum_set", "a name must have 1 to 128 bytes of UTF-8");
    }
    if (!seen.insert(entry.value).second) {
      return field("enum_set", "has the value " + std::to_string(entry.value) + " twice");
    }
  }
  return {};
}

}  // namespace

Status check_tag_path(const std::string& path) {
  if (path.empty() || path.size() > kTagPathBytesMax) {
    return field("path", "must have 1 to " + std::to_string(kTagPathBytesMax) + " bytes");
  }
  if (!is_utf8(path)) return field("path", "is not UTF-8");
  if (has_control(path)) return field("path", "contains a control character");
  std::size_t levels = 0;
  for (std::size_t start = 0; start <= path.size(); ++levels) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (end == start) return field("path", "'" + path + "' has an empty level");
    if (end - start > kTagLevelBytesMax) {
      return field("path",
                   "a level is longer than " + std::to_string(kTagLevelBytesMax) + " bytes");
    }
    start = end + 1;
  }
  if (levels < 2 || levels > kTagPathLevelsMax) {
    return field("path", "'" + path + "' must have 2 to " + std::to_string(kTagPathLevelsMax) +
                             " levels: organisation/site/area/line/machine/signal");
  }
  return {};
}

Status check_tag_spec(const TagSpec& spec) {
  if (Status path = check_tag_path(spec.path); !path) return path;
  if (spec.unit.size() > 8 || has_control(spec.unit) || !is_utf8(spec.unit)) {
    return field("unit", "must be a UNECE Rec 20 code of up to 8 characters");
  }
  if (spec.description.size() > 512 || !is_utf8(spec.description) ||
      has_control(spec.description)) {
    return field("description", "must be one line of up to 512 bytes of UTF-8");
  }
  if (spec.source.size() > 512 || has_control(spec.source)) {
    return field("source", "must be one line of up to 512 bytes");
  }
  for (const auto& bound : {spec.range_low, spec.range_high}) {
    if (bound && !std::isfinite(*bound)) return field("range", "must be finite numbers");
  }
  if (spec.range_low && spec.range_high && *spec.range_low >= *spec.range_high) {
    return field("range", "low must be below high");
  }
  return check_enum_set(spec);
}

std::string unit_symbol(std::string_view code) {
  static constexpr std::pair<std::string_view, std::string_view> kSymbols[] = {
      {"CEL", "°C"},    {"KEL", "K"},     {"P1", "%"},     {"KWH", "kWh"},  {"MWH", "MWh"},
      {"KWT", "kW"},    {"MAW", "MW"},    {"WTT", "W"},    {"KVR", "kvar"}, {"KVA", "kVA"},
      {"MVA", "MVA"},   {"K3", "kvarh"},  {"AMP", "A"},    {"B22", "kA"},   {"VLT", "V"},
      {"KVT", "kV"},    {"HTZ", "Hz"},    {"BAR", "bar"},  {"MBR", "mbar"}, {"PAL", "Pa"},
      {"KPA", "kPa"},   {"MTR", "m"},     {"MMT", "mm"},   {"MTS", "m/s"},  {"2X", "m/min"},
      {"C16", "mm/s"},  {"KGM", "kg"},    {"TNE", "t"},    {"E31", "t/h"},  {"MTQ", "m³"},
      {"MQH", "m³/h"},  {"LTR", "L"},     {"L2", "L/min"}, {"SEC", "s"},    {"MIN", "min"},
      {"HUR", "h"},     {"RPM", "r/min"}, {"NU", "N·m"},   {"B47", "kN"},   {"NEW", "N"},
      {"C62", ""},      {"59", "ppm"},    {"GP", "mg/m³"}, {"Q30", "pH"},   {"D10", "S/m"},
      {"H61", "mS/cm"}, {"DD", "°"},      {"E50", ""},
  };
  for (const auto& [known, symbol] : kSymbols) {
    if (known == code) return std::string(symbol);
  }
  return std::string(code);
}

}  // namespace lineshaft

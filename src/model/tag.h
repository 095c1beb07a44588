// model/tag.h: what is known about a signal: its place in the plant, type, unit, range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/sample.h"

namespace lineshaft {

// Path `organisation/site/area/line/machine/signal` (ISA-95 equipment hierarchy, IEC 62264-1): 2 to
// 12 levels, each 1..128 bytes of UTF-8 without slash or control characters, 512 bytes in all.
inline constexpr std::size_t kTagPathBytesMax = 512;
inline constexpr std::size_t kTagPathLevelsMax = 12;
inline constexpr std::size_t kTagLevelBytesMax = 128;

// How values between two samples are understood and drawn.
enum class Interpolation : std::uint8_t {
  kStep = 1,    // holds until the next sample: states, set points, counters of pieces
  kLinear = 2,  // straight line: temperatures, flows
};

struct EnumEntry {
  std::int64_t value;
  std::string name;
  friend bool operator==(const EnumEntry&, const EnumEntry&) = default;
};

struct TagSpec {
  std::string path;
  ValueType type = ValueType::kFloat64;
  Interpolation interpolation = Interpolation::kLinear;
  std::string unit;         // UNECE Recommendation 20 common code ("CEL", "KWH"); "" if none
  std::string description;  // for people, any language, <= 512 bytes
  std::vector<EnumEntry> enum_set;  // for kInt64 tags whose numbers have names; else empty
  std::optional<double> range_low;  // of the sensor, in the unit
  std::optional<double> range_high;
  bool writable = false;  // actuation also needs its own permission and switch
  std::string source;     // binding, written by connect: "modbus:<connection>/<area>/<address>"
  friend bool operator==(const TagSpec&, const TagSpec&) = default;
};

struct Tag {
  TagId id;
  TagSpec spec;
};

// Errors: kInvalidArgument: what is wrong with the path.
Status check_tag_path(const std::string& path);
// Errors: kInvalidArgument naming the field (path, unit, enum set, range) and what is allowed.
Status check_tag_spec(const TagSpec& spec);

// The symbol people read for a Rec 20 code: "CEL" -> "°C", "KWH" -> "kWh"; the code itself if
// unknown.
std::string unit_symbol(std::string_view code);

// Tags by name, for rooms that write samples. Implemented by the historian.
class TagDirectory {
 public:
  virtual ~TagDirectory() = default;

  // Nothing if the tenant has no tag of that path. Threads: any.
  virtual std::optional<Tag> find_tag(TenantId tenant, std::string_view path) const = 0;

  // Makes every tag that does not exist (durably) and returns the ids in the order of `specs`. A
  // tag whose path exists with the same type is updated with the other fields; an existing path
  // with another type refuses the whole call and changes nothing. Errors: kInvalidArgument,
  // kTypeMismatch (names the path), kDiskFull, kStorePoisoned. Threads: any. Blocks for one commit.
  virtual Result<std::vector<TagId>> ensure_tags(TenantId tenant, std::vector<TagSpec> specs) = 0;
};

}  // namespace lineshaft

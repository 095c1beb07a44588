// wire/sparkplug/payload.h: the payload of Sparkplug B messages as plain data, to and from bytes.
// Pure functions for both sides. Threads: any.
// Layout: sparkplug_b.proto of Sparkplug 3.0.0, section 6.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/sparkplug/value.h"

namespace lineshaft::sparkplug {

struct Property {
  std::string key;
  DataType type = DataType::kUnknown;
  WireValue value;  // monostate: null; Opaque: a set, which is not read
  friend bool operator==(const Property&, const Property&) = default;
};

struct Metric {
  std::optional<std::string> name;  // births, and data without aliases
  std::optional<std::uint64_t> alias;
  std::optional<std::uint64_t> timestamp_ms;  // since 1970 UTC
  std::optional<DataType> datatype;           // births
  bool is_historical = false;                 // from a store; not the present value
  bool is_transient = false;                  // not to be stored
  bool is_null = false;
  std::vector<Property> properties;
  WireValue value;
  friend bool operator==(const Metric&, const Metric&) = default;
};

struct Payload {
  std::optional<std::uint64_t> timestamp_ms;
  std::vector<Metric> metrics;
  std::optional<std::uint64_t> seq;  // 0..255 in what keeps to the standard
  std::optional<std::string> uuid;
  std::optional<Bytes> body;
  friend bool operator==(const Payload&, const Payload&) = default;
};

// A metric takes two bytes on the wire and some two hundred in memory: this bounds the difference.
inline constexpr std::size_t kMetricsMax = 100'000;
inline constexpr std::size_t kPropertiesMax = 100;  // of one metric

// Reads a payload. What the proto does not name, or names with another wire type, is skipped as
// Protocol Buffers want it; of a field given twice the last one stands. Data sets, templates and
// nested property sets become Opaque: their bytes are bounded by the payload and never entered.
// Errors: kInvalidArgument: not Protocol Buffers, a text that is not UTF-8, keys and values of a
// property set that differ in number, more than the limits above.
Result<Payload> decode_payload(ByteSpan bytes);

// Appends it. Requires: no Opaque value.
void encode_payload(const Payload& payload, Bytes& out);

// The number of the property "Quality", if there is one.
std::optional<std::int64_t> quality_property(const Metric& metric);
void set_quality_property(Metric& metric, std::int32_t number);

}  // namespace lineshaft::sparkplug

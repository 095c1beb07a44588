// historian/erasure.h: samples of a tag that are to be there no more.
// Bytes: docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "historian/series.h"

namespace lineshaft::historian {

// Type of the log's record. For ever; the others are in record.h and path_list.h.
inline constexpr std::uint8_t kErasuresRecord = 4;

// What came before it and lies in its range is gone; what comes later stays.
struct Erasure {
  SeriesKey key;
  TimeRange range;  // not empty
  friend bool operator==(const Erasure&, const Erasure&) = default;
};

// In the log.
Bytes encode_erasures(std::span<const Erasure> erasures);
// Errors: kCorrupt.
Result<std::vector<Erasure>> decode_erasures(ByteSpan bytes);

// In a file, one behind the other.
inline constexpr std::size_t kErasureBytes = 24;
void write_erasure(const Erasure& erasure, ByteWriter& writer);
// Anything that the bytes say: whether it is possible is for the caller to check.
Erasure read_erasure(ByteReader& reader);

// By key and time, those of one series that touch each other as one.
std::vector<Erasure> joined(std::vector<Erasure> erasures);

// Those of one series. Requires: they are in order of keys.
std::span<const Erasure> of_series(std::span<const Erasure> erasures, SeriesKey key);

}  // namespace lineshaft::historian

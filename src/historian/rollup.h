// historian/rollup.h: what remains of samples whose time is over: a summary of each minute, later
// of each hour. Bytes: docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "historian/series.h"

namespace lineshaft::historian {

enum class RollupStep : std::uint8_t { kMinute = 1, kHour = 2 };
Nanoseconds length_of(RollupStep step);

inline constexpr std::size_t kRollupsMax = 8192;  // of one block

// Summaries of one series in order of time, each of the points of one minute or hour of UTC.
// Requires: 1..kRollupsMax, each of 1..UINT32_MAX points.
void encode_rollups(std::span<const Summary> rollups, Bytes& out);
// Gives what encode_rollups requires, in order of time, none reaching into another.
// Requires: codec::kSlackBytes readable behind `bytes`. Errors: kCorrupt.
Result<std::vector<Summary>> decode_rollups(ByteSpan bytes);

}  // namespace lineshaft::historian

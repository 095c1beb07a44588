// connect/backfill.h: fetching values that a machine kept while nobody listened. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace lineshaft::connect {

struct BackfillRequest {
  TimeRange range;       // not empty, of at most kBackfillSpanMax
  bool dry_run = false;  // only counts
};

inline constexpr Nanoseconds kBackfillSpanMax = std::chrono::hours(24 * 366);

enum class BackfillState : std::uint8_t { kRunning, kDone, kFailed, kCancelled };
std::string_view backfill_state_name(BackfillState state);  // "running", "done", ...

// What stands in our history of a signal since before a connection was set up (a restart).
struct Standing {
  std::size_t signal = 0;
  Timestamp last;
  bool away = false;  // the sample says that the machine was not there
};

// The fill that runs, or the last one.
struct BackfillStatus {
  BackfillState state = BackfillState::kRunning;
  bool dry_run = false;
  bool after_outage = false;  // began by itself
  TimeRange range;
  std::uint64_t signals = 0;          // asked about
  std::uint64_t signals_done = 0;     // of those, with success or without
  std::uint64_t signals_without = 0;  // of those, without history at the machine
  std::uint64_t values = 0;           // that came, and were handed on unless it is a dry run
  std::optional<std::string> error;   // the first thing that went wrong
};

}  // namespace lineshaft::connect

#include "historian/interpolate.h"

namespace lineshaft::historian {
namespace {

constexpr Bound kNoData{quality::kBadNoData, 0, false};

double distance(Timestamp from, Timestamp to) {
  return static_cast<double>(static_cast<std::uint64_t>(to.ns) -
                             static_cast<std::uint64_t>(from.ns));
}

// Where the line through both samples is at an instant between or after them.
double on_line(Timestamp at, const Seen& a, const Seen& b) {
  return a.number + (b.number - a.number) * (distance(a.time, at) / distance(a.time, b.time));
}

Bound estimate(double number, bool sound) {
  return {sound ? quality::kGood : quality::kUncertainDataSubNormal, number, true};
}

bool same(const std::optional<Seen>& a, const std::optional<Seen>& b) {
  return a.has_value() == b.has_value() && (!a || a->time == b->time);
}

}  // namespace

void Past::pass(const Summary& run) {
  if (run.count == 0) return;
  if (run.usable()) {
    usable = Seen{run.last_usable, Quality{run.last_usable_quality}, run.last, true};
  }
  raw = Seen{run.last_time, Quality{run.last_quality}, run.last, run.ends_usable()};
}

void Future::pass(const Summary& run) {
  if (run.count == 0) return;
  if (run.usable()) {
    usable = Seen{run.first_usable, Quality{run.first_usable_quality}, run.first, true};
  }
  raw = Seen{run.first_time, Quality{run.first_quality}, run.first, run.begins_usable()};
}

Quality Bound::status() const {
  if (!interpolated || !usable()) return quality;
  return {quality.code | history_bits::kDataValue | history_bits::kInterpolated};
}

Bound simple_bound(Timestamp at, const Past& past, const Future& future, bool stepped) {
  if (future.raw && future.raw->time == at) {
    if (!future.raw->usable) return kNoData;
    return {future.raw->quality, future.raw->number, false};
  }
  // After the last sample nothing is known.
  if (!past.raw || !past.raw->usable || !future.raw) return kNoData;
  const bool begins_good = past.raw->quality.good();
  if (stepped) return estimate(past.raw->number, begins_good);
  if (!future.raw->usable) return estimate(past.raw->number, false);
  return estimate(on_line(at, *past.raw, *future.raw), begins_good && future.raw->quality.good());
}

Bound interpolated_bound(Timestamp at, const Past& past, const Future& future, bool stepped,
                         const std::optional<Seen>& slope_from) {
  if (future.usable && future.usable->time == at) {
    return {future.usable->quality, future.usable->number, false};
  }
  if (!past.usable) return kNoData;
  const Seen& before = *past.usable;
  const bool sound = before.quality.good() && same(past.raw, past.usable);
  // A stepped value needs no sample after it, but there must be one for it to be known.
  if (stepped) return estimate(before.number, sound && future.raw.has_value());
  if (future.usable) {
    return estimate(on_line(at, before, *future.usable),
                    sound && future.usable->quality.good() && same(future.raw, future.usable));
  }
  return estimate(slope_from ? on_line(at, *slope_from, before) : before.number, false);
}

std::vector<Past> pasts_of(std::span<const Summary> runs, const Past& before) {
  std::vector<Past> pasts{before};
  pasts.reserve(runs.size() + 1);
  for (const Summary& run : runs) {
    pasts.push_back(pasts.back());
    pasts.back().pass(run);
  }
  return pasts;
}

std::vector<Future> futures_of(std::span<const Summary> runs, const Future& after) {
  std::vector<Future> futures(runs.size() + 1, after);
  for (std::size_t i = runs.size(); i-- > 0;) {
    futures[i] = futures[i + 1];
    futures[i].pass(runs[i]);
  }
  return futures;
}

}  // namespace lineshaft::historian

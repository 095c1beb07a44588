#include "historian/series.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>

#include "base/result.h"

namespace lineshaft::historian {
namespace {

// Of two instants in order; can take all 64 bits.
std::uint64_t ns_between(Timestamp from, Timestamp to) {
  return static_cast<std::uint64_t>(to.ns) - static_cast<std::uint64_t>(from.ns);
}

std::uint32_t severity(std::uint32_t quality) { return std::min(quality >> 30, 2U); }

// What joining runs of n and m numbers with these sums adds to the squares.
double spread(double n, double n_sum, double m, double m_sum) {
  const double distance = n * m_sum - m * n_sum;
  return distance * distance / (n * m * (n + m));
}

// Takes `number` for the extreme if it is `better`. NaN gives way to everything.
template <typename Better>
void extend(double& extreme, Timestamp& time, bool& repeats, double number, Timestamp at,
            bool number_repeats, Better better) {
  if (better(number, extreme) || (std::isnan(extreme) && !std::isnan(number))) {
    extreme = number;
    time = at;
    repeats = number_repeats;
  } else if (number == extreme) {
    repeats = true;
  }
}

// The fields of a summary in the order of their bytes; `Any` is a summary to read or to fill.
template <typename Any>
auto counts_of(Any& s) {
  return std::array{&s.count, &s.bad, &s.uncertain, &s.not_finite, &s.changes};
}
template <typename Any>
auto qualities_of(Any& s) {
  return std::array{&s.first_quality, &s.last_quality, &s.first_usable_quality,
                    &s.last_usable_quality, &s.worst_quality};
}
template <typename Any>
auto flags_of(Any& s) {
  return std::array{&s.worst_repeats, &s.min_repeats, &s.max_repeats};
}
template <typename Any>
auto times_of(Any& s) {
  return std::array{&s.first_time,  &s.last_time, &s.first_usable,
                    &s.last_usable, &s.min_time,  &s.max_time};
}
template <typename Any>
auto numbers_of(Any& s) {
  return std::array{&s.first,  &s.last,           &s.min, &s.max, &s.sum, &s.squares, &s.held,
                    &s.sloped, &s.sloped_over_bad};
}
template <typename Any>
auto durations_of(Any& s) {
  return std::array{&s.usable_ns, &s.unsound_ns, &s.zero_ns};
}

}  // namespace

void Summary::worsen(std::uint32_t quality, bool repeats) {
  if (severity(quality) > severity(worst_quality)) {
    worst_quality = quality;
    worst_repeats = repeats;
  } else if (severity(quality) == severity(worst_quality)) {
    worst_repeats = true;
  }
}

void Summary::add_stretch(Timestamp to, double number, Quality quality, bool is_usable) {
  if (!ends_usable()) return;
  const std::uint64_t ns = ns_between(last_time, to);
  const auto wide = static_cast<double>(ns);
  const bool begins_good = Quality{last_quality}.good();
  held += last * wide;
  sloped += is_usable ? (last / 2 + number / 2) * wide : last * wide;
  usable_ns += ns;
  if (!begins_good || !is_usable || !quality.good()) unsound_ns += ns;
  if (last == 0) zero_ns += ns;
}

void Summary::add_step(Timestamp to, double number) {
  const auto wide = static_cast<double>(ns_between(last_usable, to));
  sloped_over_bad += (last / 2 + number / 2) * wide;
  if (number != last) ++changes;
}

void Summary::add(Timestamp time, Quality quality, double number, bool is_usable) {
  if (count == 0) {
    first_time = time;
    first_quality = worst_quality = quality.code;
  } else {
    add_stretch(time, number, quality, is_usable);
    worsen(quality.code, false);
  }
  if (!is_usable) {
    ++bad;
  } else if (!usable()) {
    first_usable = min_time = max_time = time;
    first_usable_quality = quality.code;
    first = min = max = sum = number;
  } else {
    add_step(time, number);
    const auto n = static_cast<double>(count - bad);
    squares += spread(n, sum, 1, number);
    sum += number;
    extend(min, min_time, min_repeats, number, time, false, std::less());
    extend(max, max_time, max_repeats, number, time, false, std::greater());
  }
  if (is_usable) {
    last_usable = time;
    last_usable_quality = quality.code;
    last = number;
    if (!quality.good()) ++uncertain;
    if (!std::isfinite(number)) ++not_finite;
  }
  ++count;
  last_time = time;
  last_quality = quality.code;
}

void Summary::add(const Summary& later) {
  if (later.count == 0) return;
  if (count == 0) {
    *this = later;
    return;
  }
  add_stretch(later.first_time, later.first, Quality{later.first_quality}, later.begins_usable());
  worsen(later.worst_quality, later.worst_repeats);
  if (later.usable() && !usable()) {
    first_usable = later.first_usable;
    first_usable_quality = later.first_usable_quality;
    first = later.first;
    sum = later.sum;
    squares = later.squares;
    min = later.min;
    min_time = later.min_time;
    min_repeats = later.min_repeats;
    max = later.max;
    max_time = later.max_time;
    max_repeats = later.max_repeats;
  } else if (later.usable()) {
    add_step(later.first_usable, later.first);
    squares += later.squares + spread(static_cast<double>(count - bad), sum,
                                      static_cast<double>(later.count - later.bad), later.sum);
    sum += later.sum;
    extend(min, min_time, min_repeats, later.min, later.min_time, later.min_repeats, std::less());
    extend(max, max_time, max_repeats, later.max, later.max_time, later.max_repeats,
           std::greater());
  }
  if (later.usable()) {
    last_usable = later.last_usable;
    last_usable_quality = later.last_usable_quality;
    last = later.last;
  }
  held += later.held;
  sloped += later.sloped;
  sloped_over_bad += later.sloped_over_bad;
  usable_ns += later.usable_ns;
  unsound_ns += later.unsound_ns;
  zero_ns += later.zero_ns;
  count += later.count;
  bad += later.bad;
  uncertain += later.uncertain;
  not_finite += later.not_finite;
  changes += later.changes;
  last_time = later.last_time;
  last_quality = later.last_quality;
}

void encode_summary(const Summary& summary, ByteWriter& writer) {
  const std::size_t before = writer.size();
  for (const std::uint64_t* count : counts_of(summary)) {
    LS_ASSERT(*count <= UINT32_MAX);
    writer.write_le(static_cast<std::uint32_t>(*count));
  }
  for (const std::uint32_t* quality : qualities_of(summary)) writer.write_le(*quality);
  std::uint32_t flags = 0;
  std::uint32_t bit = 1;
  for (const bool* flag : flags_of(summary)) {
    if (*flag) flags |= bit;
    bit <<= 1;
  }
  writer.write_le(flags);
  for (const Timestamp* time : times_of(summary)) {
    writer.write_le(static_cast<std::uint64_t>(time->ns));
  }
  for (const double* number : numbers_of(summary)) {
    writer.write_le(std::bit_cast<std::uint64_t>(*number));
  }
  for (const std::uint64_t* duration : durations_of(summary)) writer.write_le(*duration);
  LS_ASSERT(writer.size() - before == kSummaryBytes);
}

Summary decode_summary(ByteReader& reader) {
  Summary summary;
  for (std::uint64_t* count : counts_of(summary)) *count = reader.read_le<std::uint32_t>();
  for (std::uint32_t* quality : qualities_of(summary)) *quality = reader.read_le<std::uint32_t>();
  auto flags = reader.read_le<std::uint32_t>();
  for (bool* flag : flags_of(summary)) {
    *flag = (flags & 1) != 0;
    flags >>= 1;
  }
  for (Timestamp* time : times_of(summary)) {
    time->ns = static_cast<std::int64_t>(reader.read_le<std::uint64_t>());
  }
  for (double* number : numbers_of(summary)) {
    *number = std::bit_cast<double>(reader.read_le<std::uint64_t>());
  }
  for (std::uint64_t* duration : durations_of(summary)) {
    *duration = reader.read_le<std::uint64_t>();
  }
  return summary;
}

}  // namespace lineshaft::historian

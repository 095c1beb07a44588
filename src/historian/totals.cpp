#include "historian/totals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

namespace lineshaft::historian {
namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

// What a block is read and decoded into: to make these anew for every block takes as long as
// decoding it does.
struct Buffers {
  Bytes stored;
  std::vector<std::int64_t> times = std::vector<std::int64_t>(kBlockPointsMax);
  std::vector<double> numbers = std::vector<double>(kBlockPointsMax);
};
constexpr std::size_t kStoredBytesKept = 128 * 1024;

Buffers& buffers_of_thread() {
  thread_local Buffers buffers;
  if (buffers.stored.size() > kStoredBytesKept) buffers.stored = Bytes();
  return buffers;
}

// Times of points, in two forms.
struct ListedTimes {
  std::span<const std::int64_t> times;

  Timestamp time(std::size_t i) const { return {times[i]}; }
  std::size_t index_of(Timestamp time, std::size_t from) const {
    return historian::index_of(times, time, from);
  }
};
struct SteppedTimes {
  codec::RegularTimes times;
  std::size_t count = 0;

  Timestamp time(std::size_t i) const {
    return {static_cast<std::int64_t>(static_cast<std::uint64_t>(times.first) + i * times.step)};
  }
  std::size_t index_of(Timestamp time, std::size_t from) const {
    if (time.ns <= times.first) return from;
    const std::uint64_t after =
        static_cast<std::uint64_t>(time.ns) - static_cast<std::uint64_t>(times.first);
    // The step of a single point may be anything.
    if (count == 1) return 1;
    const std::uint64_t index = after / times.step + (after % times.step != 0 ? 1 : 0);
    return std::max(from, static_cast<std::size_t>(std::min<std::uint64_t>(index, count)));
  }
};

// Of points that are all Good.
Totals totals_of(Timestamp first, Timestamp last, std::span<const double> numbers) {
  const codec::Totals found = codec::total_of(numbers);
  Totals totals;
  totals.count = numbers.size();
  totals.first_usable = first;
  totals.last_usable = last;
  totals.first = numbers.front();
  totals.last = numbers.back();
  totals.min = found.numbers > 0 ? found.min : kNotANumber;
  totals.max = found.numbers > 0 ? found.max : kNotANumber;
  totals.sum = found.numbers == numbers.size() ? found.sum : kNotANumber;
  return totals;
}

Totals totals_of(Timestamp time, Quality quality, double number) {
  Totals totals;
  totals.count = 1;
  totals.last_quality = quality;
  if (quality.bad()) {
    totals.bad = 1;
    return totals;
  }
  totals.first_usable = totals.last_usable = time;
  totals.first = totals.last = totals.min = totals.max = totals.sum = number;
  return totals;
}

// As double, in the buffer unless they are that already.
std::span<const double> numbers_of(const Columns& points, std::vector<double>& buffer) {
  if (const auto* numbers = std::get_if<std::vector<double>>(&points.values())) return *numbers;
  buffer.resize(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) buffer[i] = points.number(i);
  return buffer;
}

// Hands the points to the windows they fall into.
class Adder {
 public:
  Adder(const SeriesView& view, const Windows& windows, TotalsFrom from)
      : view_(view), windows_(windows), from_(from), totals_(windows.count()) {}

  // Not read, that is, if nothing overlaps it.
  bool takes(const BlockRef& block) const { return !block.rollup || lies_in_one(block.summary); }

  // Errors: kIoError.
  Status add(const SeriesPiece& piece) {
    for (const Summary& rollup : piece.rollups) add_summary(rollup);
    if (piece.block == nullptr) {
      add_points(piece.points);
      return {};
    }
    const bool may_be_told = piece.block->rollup || from_ == TotalsFrom::kSummaries;
    if (may_be_told && lies_in_one(piece.block->summary)) {
      add_summary(piece.block->summary);
      return {};
    }
    Status added = add_block(*piece.reader, *piece.block);
    if (added || added.error().id != ErrorId::kCorrupt) return added;
    if (view_.damaged) view_.damaged(added.error());
    return {};
  }
  std::vector<Totals> totals() && { return std::move(totals_); }

 private:
  bool lies_in_one(const Summary& summary) const {
    return windows_.holds(summary.first_time, summary.last_time);
  }

  void add_summary(const Summary& summary) {
    totals_[windows_.index(summary.first_time)].add(summary);
  }

  // A block of one tag that nothing overlaps.
  Status add_block(const FileReader& reader, const BlockRef& block) {
    Buffers& buffers = buffers_of_thread();
    const Result<BlockColumns> columns = reader.open_columns(block, buffers.stored);
    if (!columns) return columns.error();
    if (!columns->all_good()) {
      Result<std::vector<SeriesPoints>> series = columns->all();
      if (!series) return series.error();
      Columns& points = series->front().points;
      points.cut_to(windows_.range());
      add_points(points);
      return {};
    }
    const std::span<double> numbers = std::span(buffers.numbers).first(columns->size());
    if (Status decoded = columns->numbers(numbers); !decoded) return decoded;
    const Summary& summary = block.summary;
    if (lies_in_one(summary)) {
      totals_[windows_.index(summary.first_time)].add(
          totals_of(summary.first_time, summary.last_time, numbers));
    } else if (const auto regular = columns->regular_times()) {
      add_good(SteppedTimes{*regular, columns->size()}, numbers);
    } else {
      const std::span<std::int64_t> times = std::span(buffers.times).first(columns->size());
      if (Status decoded = columns->times(times); !decoded) return decoded;
      add_good(ListedTimes{times}, numbers);
    }
    return {};
  }

  void add_points(const Columns& points) {
    if (points.all_good()) {
      std::vector<double> numbers;
      add_good(ListedTimes{points.times()}, numbers_of(points, numbers));
      return;
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Timestamp time = points.time(i);
      totals_[windows_.index(time)].add(totals_of(time, points.quality(i), points.number(i)));
    }
  }

  // Those outside of the range are left out.
  template <typename Times>
  void add_good(const Times& times, std::span<const double> numbers) {
    const std::size_t end = times.index_of(windows_.range().to, 0);
    for (std::size_t from = times.index_of(windows_.range().from, 0); from < end;) {
      const std::uint32_t window = windows_.index(times.time(from));
      const bool is_last = window + 1 == windows_.count();
      const std::size_t to =
          is_last ? end : std::min(end, times.index_of(windows_.start(window + 1), from + 1));
      totals_[window].add(
          totals_of(times.time(from), times.time(to - 1), numbers.subspan(from, to - from)));
      from = to;
    }
  }

  const SeriesView& view_;
  const Windows& windows_;
  const TotalsFrom from_;
  std::vector<Totals> totals_;
};

}  // namespace

void Totals::add(const Totals& later) {
  if (later.count == 0) return;
  if (later.usable()) {
    if (!usable()) {
      first_usable = later.first_usable;
      first = later.first;
      min = later.min;
      max = later.max;
      sum = later.sum;
    } else {
      min = std::fmin(min, later.min);
      max = std::fmax(max, later.max);
      sum += later.sum;
    }
    last_usable = later.last_usable;
    last = later.last;
  }
  count += later.count;
  bad += later.bad;
  last_quality = later.last_quality;
}

void Totals::add(const Summary& later) {
  add(Totals{later.count,
             later.bad,
             {later.last_quality},
             later.first_usable,
             later.last_usable,
             later.first,
             later.last,
             later.min,
             later.max,
             later.sum});
}

Result<std::vector<Totals>> window_totals(const SeriesView& view, const Windows& windows,
                                          TotalsFrom from) {
  Adder adder(view, windows, from);
  Status added;
  const Status read = visit_pieces(
      view, windows.range(), [&](const BlockRef& block) { return adder.takes(block); },
      [&](const SeriesPiece& piece) {
        added = adder.add(piece);
        return added.ok();
      });
  if (!read) return read.error();
  if (!added) return added.error();
  return std::move(adder).totals();
}

}  // namespace lineshaft::historian

#include "historian/files.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "historian/memtable.h"

namespace lineshaft::historian {
namespace {

// One block of the view.
struct Source {
  const FileReader* reader = nullptr;
  const BlockRef* block = nullptr;

  Timestamp first() const { return block->summary.first_time; }
  Timestamp last() const { return block->summary.last_time; }
};

// The blocks of the view that reach into the range, by their first time.
std::vector<Source> sources_of(const SeriesView& view, TimeRange range) {
  std::vector<Source> sources;
  for (const FilePtr& file : view.files) {
    for (const BlockRef& block : file->blocks(view.key)) {
      const Source source{file.get(), &block};
      if (source.first() < range.to && source.last() >= range.from) sources.push_back(source);
    }
  }
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Source& a, const Source& b) { return a.first() < b.first(); });
  return sources;
}

bool earlier(const Point& point, Timestamp time) { return point.time < time; }

void cut_to(TimeRange range, std::vector<Point>& points) {
  const auto from = std::lower_bound(points.begin(), points.end(), range.from, earlier);
  points.erase(points.begin(), from);
  const auto to = std::lower_bound(points.begin(), points.end(), range.to, earlier);
  points.erase(to, points.end());
}

// The block's points inside the range. A damaged block counts as empty and is reported.
Result<std::vector<Point>> read_block(const SeriesView& view, const Source& source,
                                      TimeRange range) {
  Result<std::vector<Point>> points = source.reader->read(*source.block);
  if (!points) {
    if (points.error().id != ErrorId::kCorrupt) return points;
    if (view.damaged) view.damaged(points.error());
    return std::vector<Point>();
  }
  cut_to(range, *points);
  return points;
}

// Points in order of time that were not yet handed over, and how new they are.
struct Run {
  std::vector<Point> points;
  std::uint64_t order = 0;
  std::size_t at = 0;

  bool at_end() const { return at == points.size(); }
};

// What comes next in time: a block that nothing overlaps, not read yet, or points.
struct Piece {
  std::optional<Source> lone;
  std::vector<Point> points;
};

// Goes through a range from its beginning. A block is opened when the time has come to it and given
// up when it is used up, so that only blocks that overlap at one instant are in memory.
class Sweep {
 public:
  Sweep(const SeriesView& view, TimeRange range)
      : view_(view), range_(range), sources_(sources_of(view, range)) {
    Run recent{view.recent, UINT64_MAX};
    cut_to(range, recent.points);
    open_.push_back(std::move(recent));
  }

  // Nothing at the end. Errors: kIoError.
  Result<std::optional<Piece>> next() {
    while (true) {
      std::erase_if(open_, [](const Run& run) { return run.at_end(); });
      const bool more = next_source_ < sources_.size();
      // Nothing that is not open yet lies before this.
      const Timestamp horizon = more ? sources_[next_source_].first() : kTimestampMax;
      std::vector<Point> points = take_before(horizon);
      if (!points.empty()) return std::optional<Piece>({std::nullopt, std::move(points)});
      if (!more) return std::optional<Piece>();
      const Source& source = sources_[next_source_++];
      if (is_lone(source)) return std::optional<Piece>({source, {}});
      Result<std::vector<Point>> block = read_block(view_, source, range_);
      if (!block) return block.error();
      const std::uint64_t order = source.reader->id().order;
      const auto place =
          std::upper_bound(open_.begin(), open_.end(), order,
                           [](std::uint64_t wanted, const Run& run) { return wanted < run.order; });
      open_.insert(place, {*std::move(block), order});
    }
  }

 private:
  // Requires: everything before the source's first time is handed over.
  bool is_lone(const Source& source) const {
    for (const Run& run : open_) {
      if (!run.at_end() && run.points[run.at].time <= source.last()) return false;
    }
    return next_source_ == sources_.size() || sources_[next_source_].first() > source.last();
  }

  // Of the open runs: what is before `horizon`, in order, of several at one time the newest.
  std::vector<Point> take_before(Timestamp horizon) {
    std::vector<Point> taken;
    std::size_t runs = 0;
    for (Run& run : open_) {  // oldest first
      const auto from = run.points.begin() + static_cast<std::ptrdiff_t>(run.at);
      const auto to = std::lower_bound(from, run.points.end(), horizon, earlier);
      if (from == to) continue;
      taken.insert(taken.end(), std::make_move_iterator(from), std::make_move_iterator(to));
      run.at = static_cast<std::size_t>(to - run.points.begin());
      ++runs;
    }
    if (runs > 1) sort_and_dedupe(taken);
    return taken;
  }

  const SeriesView& view_;
  const TimeRange range_;
  const std::vector<Source> sources_;
  std::size_t next_source_ = 0;
  std::vector<Run> open_;  // by order, oldest first
};

// Adds points that follow in time to the summaries of their windows, a run at a time: the sums of
// long windows are then sums of sums, and lose less to rounding.
void add_points(std::span<const Point> points, const Windows& windows, const Opinion& opinion,
                std::vector<Summary>& summaries) {
  Summary run;
  std::uint32_t index = 0;
  Timestamp end = kTimestampMin;  // of the window
  for (const Point& point : points) {
    if (point.time >= end || run.count == kBlockPointsMax) {
      summaries[index].add(run);
      run = {};
      index = windows.index(point.time);
      end = index + 1 < windows.count() ? windows.start(index + 1) : kTimestampMax;
    }
    const double number = as_double(point.value);
    run.add(point.time, point.quality, number, opinion.usable(point.quality, number));
  }
  summaries[index].add(run);
}

}  // namespace

Status visit_points(const SeriesView& view, TimeRange range,
                    const std::function<bool(std::span<const Point>)>& visit) {
  Sweep sweep(view, range);
  while (true) {
    Result<std::optional<Piece>> piece = sweep.next();
    if (!piece) return piece.error();
    if (!*piece) return {};
    Result<std::vector<Point>> points = std::move((*piece)->points);
    if ((*piece)->lone) points = read_block(view, *(*piece)->lone, range);
    if (!points) return points.error();
    for (std::size_t i = 0; i < points->size(); i += kBlockPointsMax) {
      const std::size_t size = std::min(kBlockPointsMax, points->size() - i);
      if (!visit(std::span<const Point>(*points).subspan(i, size))) return {};
    }
  }
}

Result<std::vector<Summary>> fold(const SeriesView& view, const Windows& windows,
                                  const Opinion& opinion) {
  std::vector<Summary> summaries(windows.count());
  Sweep sweep(view, windows.range());
  while (true) {
    Result<std::optional<Piece>> piece = sweep.next();
    if (!piece) return piece.error();
    if (!*piece) return summaries;
    Result<std::vector<Point>> points = std::move((*piece)->points);
    if (const std::optional<Source>& lone = (*piece)->lone) {
      if (windows.holds(lone->first(), lone->last()) && opinion.agrees_with(lone->block->summary)) {
        summaries[windows.index(lone->first())].add(lone->block->summary);
        continue;
      }
      points = read_block(view, *lone, windows.range());
      if (!points) return points.error();
    }
    add_points(*points, windows, opinion, summaries);
  }
}

Result<std::optional<Point>> point_before(const SeriesView& view, Timestamp at) {
  std::optional<Point> best;
  if (!view.recent.empty()) best = view.recent.back();
  // From the newest file: an older one only matters with a later time.
  for (auto file = view.files.rbegin(); file != view.files.rend(); ++file) {
    const std::span<const BlockRef> blocks = (*file)->blocks(view.key);
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      if (block->summary.first_time > at) continue;
      if (best && block->summary.last_time <= best->time) break;
      // No sample has the time kTimestampMax, so nothing is left out by a half-open range.
      const Result<std::vector<Point>> points = read_block(
          view, {file->get(), &*block}, {kTimestampMin, at + std::chrono::nanoseconds(1)});
      if (!points) return points.error();
      if (points->empty()) continue;  // only when the block is damaged
      if (const Point& found = points->back(); !best || found.time > best->time) best = found;
      break;
    }
  }
  return best;
}

Result<std::optional<Point>> point_after(const SeriesView& view, Timestamp at) {
  std::optional<Point> best;
  if (!view.recent.empty()) best = view.recent.front();
  // From the newest file: an older one only matters with an earlier time.
  for (auto file = view.files.rbegin(); file != view.files.rend(); ++file) {
    const std::span<const BlockRef> blocks = (*file)->blocks(view.key);
    auto block = std::partition_point(blocks.begin(), blocks.end(), [&](const BlockRef& other) {
      return other.summary.last_time < at;
    });
    for (; block != blocks.end(); ++block) {
      if (best && block->summary.first_time >= best->time) break;
      const Result<std::vector<Point>> points =
          read_block(view, {file->get(), &*block}, {at, kTimestampMax});
      if (!points) return points.error();
      if (points->empty()) continue;  // only when the block is damaged
      if (const Point& found = points->front(); !best || found.time < best->time) best = found;
      break;
    }
  }
  return best;
}

}  // namespace lineshaft::historian

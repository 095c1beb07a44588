#include "historian/files.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

namespace lineshaft::historian {
namespace {

// One block of the view.
struct Source {
  const FileReader* reader = nullptr;
  const BlockRef* block = nullptr;
  std::vector<TimeRange> hidden = {};  // parts of it, in order of time

  Timestamp first() const {
    const bool begins_hidden =
        !hidden.empty() && hidden.front().contains(block->summary.first_time);
    return begins_hidden ? hidden.front().to : block->summary.first_time;
  }
  Timestamp last() const { return block->summary.last_time; }
};

// Those of a file's blocks of one series that may reach into the range.
void visit_blocks(std::span<const BlockRef> blocks, TimeRange range,
                  const std::function<void(const BlockRef&)>& visit) {
  // A block shared with other tags is the first or the last; the others are in order of time, and
  // what is of this series in the last one comes behind them.
  while (!blocks.empty() && !blocks.front().is_of_one()) {
    visit(blocks.front());
    blocks = blocks.subspan(1);
  }
  auto block = std::partition_point(blocks.begin(), blocks.end(), [&](const BlockRef& one) {
    return one.is_of_one() && one.summary.last_time < range.from;
  });
  for (; block != blocks.end() && block->summary.first_time < range.to; ++block) visit(*block);
}

// The blocks of the view that reach into the range, by their first time.
std::vector<Source> sources_of(const SeriesView& view, TimeRange range) {
  std::vector<Source> sources;
  const Hidden hidden = hidden_of(view);
  for (const FilePtr& file : view.files) {
    visit_blocks(file->blocks(view.key), range, [&](const BlockRef& block) {
      const TimeRange extent = block.extent();
      if (extent.from >= range.to || extent.to <= range.from) return;
      Source source{file.get(), &block, hidden.of(*file, block)};
      // Wholly hidden, it begins behind its end.
      if (source.first() < range.to && source.first() < extent.to) {
        sources.push_back(std::move(source));
      }
    });
  }
  const auto by_first = [](const Source& a, const Source& b) { return a.first() < b.first(); };
  if (!std::is_sorted(sources.begin(), sources.end(), by_first)) {
    std::stable_sort(sources.begin(), sources.end(), by_first);
  }
  return sources;
}

// A damaged block counts as empty, and is reported.
Status pass_over(const SeriesView& view, const Error& error) {
  if (error.id != ErrorId::kCorrupt) return error;
  if (view.damaged) view.damaged(error);
  return {};
}

// The block's points inside the range; none of this series count as empty.
Result<Columns> read_block(const SeriesView& view, const Source& source, TimeRange range) {
  Result<std::optional<Columns>> points = source.reader->read(*source.block, view.key);
  if (!points) {
    if (Status passed = pass_over(view, points.error()); !passed) return passed.error();
    return Columns();
  }
  if (!*points) return Columns();
  (*points)->cut_to(range);
  for (TimeRange hidden : source.hidden) (*points)->cut_out(hidden);
  return **std::move(points);
}

// Those of which the first point lies in the range.
Result<std::vector<Summary>> read_rollups(const SeriesView& view, const Source& source,
                                          TimeRange range) {
  Result<std::vector<Summary>> rollups = source.reader->read_rollups(*source.block);
  if (!rollups) {
    if (Status passed = pass_over(view, rollups.error()); !passed) return passed.error();
    return std::vector<Summary>();
  }
  std::erase_if(*rollups, [&](const Summary& one) { return !range.contains(one.first_time); });
  cut_out(*rollups, source.hidden);
  return rollups;
}

// As a point of a type that can say it exactly.
std::optional<Point> exact_point(ValueType type, Timestamp time, std::uint32_t quality,
                                 double number) {
  constexpr double kExactMax = 9007199254740992.0;  // 2^53
  switch (type) {
    case ValueType::kBool:
      return Point{time, {quality}, number != 0};
    case ValueType::kInt64:
      if (std::abs(number) >= kExactMax) return std::nullopt;
      return Point{time, {quality}, static_cast<std::int64_t>(number)};
    case ValueType::kFloat32:
      return Point{time, {quality}, static_cast<float>(number)};
    case ValueType::kFloat64:
      return Point{time, {quality}, number};
    case ValueType::kString:
      break;
  }
  return std::nullopt;
}

// Points in order of time that were not yet handed over, and how new they are.
struct Run {
  Columns points;
  std::uint64_t order = 0;
  std::size_t at = 0;

  bool at_end() const { return at == points.size(); }
  Timestamp next() const { return points.time(at); }
};

// What comes next in time: a block that nothing overlaps, not read yet, or points.
struct Piece {
  std::optional<Source> lone;
  Columns points;
};

// Goes through a range from its beginning. A block is opened when the time has come to it and given
// up when it is used up, so that only blocks that overlap at one instant are in memory.
class Sweep {
 public:
  Sweep(const SeriesView& view, TimeRange range)
      : view_(view), range_(range), sources_(sources_of(view, range)) {
    if (!view.recent) return;
    Run recent{*view.recent, UINT64_MAX};
    recent.points.cut_to(range);
    open_.push_back(std::move(recent));
  }

  // Nothing at the end. Errors: kIoError.
  Result<std::optional<Piece>> next() {
    while (true) {
      std::erase_if(open_, [](const Run& run) { return run.at_end(); });
      const bool more = next_source_ < sources_.size();
      // Nothing that is not open yet lies before this.
      const Timestamp horizon = more ? sources_[next_source_].first() : kTimestampMax;
      Columns points = take_before(horizon);
      if (!points.empty()) return std::optional<Piece>({std::nullopt, std::move(points)});
      if (!more) return std::optional<Piece>();
      const Source& source = sources_[next_source_++];
      if (is_lone(source)) return std::optional<Piece>({source, Columns()});
      Result<Columns> block = read_block(view_, source, range_);
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
    if (source.block->rollup) return true;  // it hides what it would overlap
    for (const Run& run : open_) {
      if (!run.at_end() && run.next() <= source.last()) return false;
    }
    return next_source_ == sources_.size() || sources_[next_source_].first() > source.last();
  }

  // Of the open runs: what is before `horizon`, in order, of several at one time the newest.
  Columns take_before(Timestamp horizon) {
    Columns taken;
    for (Run& run : open_) {  // oldest first
      const std::size_t to = std::max(run.at, run.points.index_of(horizon));
      if (to == run.at) continue;
      Columns part(run.points.type());
      if (run.at == 0 && to == run.points.size()) {
        std::swap(part, run.points);
        run.at = 0;
      } else {
        part.append(run.points, run.at, to);
        run.at = to;
      }
      taken = overlay(std::move(taken), std::move(part));
    }
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
void add_points(const Columns& points, const Windows& windows, const Opinion& opinion,
                std::vector<Summary>& summaries) {
  Summary run;
  std::uint32_t index = 0;
  Timestamp end = kTimestampMin;  // of the window
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Timestamp time = points.time(i);
    if (time >= end || run.count == kBlockPointsMax) {
      summaries[index].add(run);
      run = {};
      index = windows.index(time);
      end = index + 1 < windows.count() ? windows.start(index + 1) : kTimestampMax;
    }
    const Quality quality = points.quality(i);
    const double number = points.number(i);
    run.add(time, quality, number, opinion.usable(quality, number));
  }
  summaries[index].add(run);
}

}  // namespace

Hidden hidden_of(const SeriesView& view) {
  Hidden hidden(view.key, view.erased);
  for (const FilePtr& file : view.files) hidden.add(*file);
  for (const FilePtr& file : view.newer) hidden.add(*file);
  return hidden;
}

Status visit_pieces(const SeriesView& view, TimeRange range,
                    const std::function<bool(const BlockRef&)>& wanted_whole,
                    const std::function<bool(const SeriesPiece&)>& visit) {
  Sweep sweep(view, range);
  while (true) {
    Result<std::optional<Piece>> piece = sweep.next();
    if (!piece) return piece.error();
    if (!*piece) return {};
    SeriesPiece handed;
    const std::optional<Source>& lone = (*piece)->lone;
    if (lone && lone->block->is_of_one() && lone->hidden.empty() && wanted_whole(*lone->block)) {
      handed.reader = lone->reader;
      handed.block = lone->block;
    } else if (lone && lone->block->rollup) {
      Result<std::vector<Summary>> rollups = read_rollups(view, *lone, range);
      if (!rollups) return rollups.error();
      if (rollups->empty()) continue;
      handed.rollups = *std::move(rollups);
      handed.step = *lone->block->rollup;
    } else {
      Result<Columns> points = std::move((*piece)->points);
      if (lone) points = read_block(view, *lone, range);
      if (!points) return points.error();
      if (points->empty()) continue;
      handed.points = *std::move(points);
    }
    if (!visit(handed)) return {};
  }
}

Status visit_points(const SeriesView& view, TimeRange range,
                    const std::function<bool(const Columns&)>& visit) {
  return visit_pieces(
      view, range, [](const BlockRef&) { return false; },
      [&](const SeriesPiece& piece) { return piece.points.empty() || visit(piece.points); });
}

Result<std::vector<Summary>> fold(const SeriesView& view, const Windows& windows,
                                  const Opinion& opinion) {
  std::vector<Summary> summaries(windows.count());
  const auto is_summed_up = [&](const BlockRef& block) {
    return windows.holds(block.summary.first_time, block.summary.last_time) &&
           (block.rollup || opinion.agrees_with(block.summary));
  };
  const Status read =
      visit_pieces(view, windows.range(), is_summed_up, [&](const SeriesPiece& piece) {
        if (piece.block != nullptr) {
          summaries[windows.index(piece.block->summary.first_time)].add(piece.block->summary);
        } else if (!piece.rollups.empty()) {
          for (const Summary& rollup : piece.rollups) {
            summaries[windows.index(rollup.first_time)].add(rollup);
          }
        } else {
          add_points(piece.points, windows, opinion, summaries);
        }
        return true;
      });
  if (!read) return read.error();
  return summaries;
}

namespace {

// Of a block, the point nearest to one end of a range; nothing if none lies in it.
Result<std::optional<Point>> end_point(const SeriesView& view, const Source& source,
                                       TimeRange range, bool last) {
  if (!source.block->rollup) {
    const Result<Columns> points = read_block(view, source, range);
    if (!points) return points.error();
    if (points->empty()) return std::optional<Point>();
    return std::optional<Point>(points->point(last ? points->size() - 1 : 0));
  }
  const Result<std::vector<Summary>> rollups = read_rollups(view, source, {});
  if (!rollups) return rollups.error();
  std::optional<Point> best;
  const auto consider = [&](Timestamp time, std::uint32_t quality, double number) {
    if (!range.contains(time) || (best && (time < best->time) == last)) return;
    if (auto point = exact_point(view.type, time, quality, number)) best = std::move(point);
  };
  for (const Summary& one : *rollups) {
    if (!one.usable()) continue;
    consider(one.first_usable, one.first_usable_quality, one.first);
    consider(one.last_usable, one.last_usable_quality, one.last);
  }
  return best;
}

}  // namespace

Result<std::optional<Point>> point_before(const SeriesView& view, Timestamp at) {
  std::optional<Point> best;
  if (view.recent && !view.recent->empty()) best = view.recent->point(view.recent->size() - 1);
  // No sample has the time kTimestampMax, so nothing is left out by a half-open range.
  const TimeRange range{kTimestampMin, at + Nanoseconds(1)};
  const Hidden hidden = hidden_of(view);
  // From the newest file: an older one only matters with a later time.
  for (auto file = view.files.rbegin(); file != view.files.rend(); ++file) {
    const std::span<const BlockRef> blocks = (*file)->blocks(view.key);
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      if (block->summary.first_time > at) continue;
      if (best && block->summary.last_time <= best->time) continue;
      auto found = end_point(view, {file->get(), &*block, hidden.of(**file, *block)}, range, true);
      if (!found) return found.error();
      // None when the block is damaged, hidden, or of several tags.
      if (!*found || (best && (*found)->time <= best->time)) continue;
      best = *std::move(found);
      if (block->is_of_one()) break;
    }
  }
  return best;
}

Result<std::optional<Point>> point_after(const SeriesView& view, Timestamp at) {
  std::optional<Point> best;
  if (view.recent && !view.recent->empty()) best = view.recent->point(0);
  const TimeRange range{at, kTimestampMax};
  const Hidden hidden = hidden_of(view);
  // From the newest file: an older one only matters with an earlier time.
  for (auto file = view.files.rbegin(); file != view.files.rend(); ++file) {
    for (const BlockRef& block : (*file)->blocks(view.key)) {
      if (block.summary.last_time < at) continue;
      if (best && block.summary.first_time >= best->time) continue;
      auto found = end_point(view, {file->get(), &block, hidden.of(**file, block)}, range, false);
      if (!found) return found.error();
      // None when the block is damaged, hidden, or of several tags.
      if (!*found || (best && (*found)->time >= best->time)) continue;
      best = *std::move(found);
      if (block.is_of_one()) break;
    }
  }
  return best;
}

}  // namespace lineshaft::historian

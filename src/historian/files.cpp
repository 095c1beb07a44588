#include "historian/files.h"

#include <algorithm>
#include <iterator>
#include <optional>

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

// The block's points inside the range; none of this series count as empty. So does a damaged block,
// which is reported.
Result<Columns> read_block(const SeriesView& view, const Source& source, TimeRange range) {
  Result<std::optional<Columns>> points = source.reader->read(*source.block, view.key);
  if (!points) {
    if (points.error().id != ErrorId::kCorrupt) return points.error();
    if (view.damaged) view.damaged(points.error());
    return Columns();
  }
  if (!*points) return Columns();
  (*points)->cut_to(range);
  return **std::move(points);
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
    if (lone && lone->block->is_of_one() && wanted_whole(*lone->block)) {
      handed.reader = lone->reader;
      handed.block = lone->block;
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
      [&](const SeriesPiece& piece) { return visit(piece.points); });
}

Result<std::vector<Summary>> fold(const SeriesView& view, const Windows& windows,
                                  const Opinion& opinion) {
  std::vector<Summary> summaries(windows.count());
  const auto is_summed_up = [&](const BlockRef& block) {
    return windows.holds(block.summary.first_time, block.summary.last_time) &&
           opinion.agrees_with(block.summary);
  };
  const Status read =
      visit_pieces(view, windows.range(), is_summed_up, [&](const SeriesPiece& piece) {
        if (piece.block != nullptr) {
          summaries[windows.index(piece.block->summary.first_time)].add(piece.block->summary);
        } else {
          add_points(piece.points, windows, opinion, summaries);
        }
        return true;
      });
  if (!read) return read.error();
  return summaries;
}

Result<std::optional<Point>> point_before(const SeriesView& view, Timestamp at) {
  std::optional<Point> best;
  if (view.recent && !view.recent->empty()) best = view.recent->point(view.recent->size() - 1);
  // From the newest file: an older one only matters with a later time.
  for (auto file = view.files.rbegin(); file != view.files.rend(); ++file) {
    const std::span<const BlockRef> blocks = (*file)->blocks(view.key);
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      if (block->summary.first_time > at) continue;
      if (best && block->summary.last_time <= best->time) continue;
      // No sample has the time kTimestampMax, so nothing is left out by a half-open range.
      const Result<Columns> points = read_block(view, {file->get(), &*block},
                                                {kTimestampMin, at + std::chrono::nanoseconds(1)});
      if (!points) return points.error();
      // None when the block is damaged, or of several tags.
      if (points->empty() || (best && points->back() <= best->time)) continue;
      best = points->point(points->size() - 1);
      if (block->is_of_one()) break;
    }
  }
  return best;
}

Result<std::optional<Point>> point_after(const SeriesView& view, Timestamp at) {
  std::optional<Point> best;
  if (view.recent && !view.recent->empty()) best = view.recent->point(0);
  // From the newest file: an older one only matters with an earlier time.
  for (auto file = view.files.rbegin(); file != view.files.rend(); ++file) {
    for (const BlockRef& block : (*file)->blocks(view.key)) {
      if (block.summary.last_time < at) continue;
      if (best && block.summary.first_time >= best->time) continue;
      const Result<Columns> points = read_block(view, {file->get(), &block}, {at, kTimestampMax});
      if (!points) return points.error();
      // None when the block is damaged, or of several tags.
      if (points->empty() || (best && points->front() >= best->time)) continue;
      best = points->point(0);
      if (block.is_of_one()) break;
    }
  }
  return best;
}

}  // namespace lineshaft::historian

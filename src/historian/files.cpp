#include "historian/files.h"

#include <algorithm>

namespace lineshaft::historian {
namespace {

// One block, and how new it is: greater wins at equal times.
struct Source {
  const FileReader* reader = nullptr;
  const BlockRef* block = nullptr;
  std::uint64_t order = 0;
};

bool overlaps(const BlockRef& block, TimeRange range) {
  return block.summary.first_time < range.to && block.summary.last_time >= range.from;
}

// The blocks of the view that reach into the range, by their first time.
std::vector<Source> sources_of(const SeriesView& view, TimeRange range) {
  std::vector<Source> sources;
  for (const OrderedFile& file : view.files) {
    for (const BlockRef& block : file.reader->blocks(view.key)) {
      if (overlaps(block, range)) sources.push_back({file.reader.get(), &block, file.entry.order});
    }
  }
  std::stable_sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
    return a.block->summary.first_time < b.block->summary.first_time;
  });
  return sources;
}

// Reads a block; a damaged one counts as empty and is reported.
Result<std::vector<Point>> read_block(const SeriesView& view, const Source& source) {
  Result<std::vector<Point>> points = source.reader->read(*source.block);
  if (points || points.error().code() == ErrorCode::kIo) return points;
  if (view.damaged) view.damaged(points.error());
  return std::vector<Point>();
}

// Points with how new they are, to be merged.
struct Run {
  std::vector<Point> points;
  std::uint64_t order = 0;
};

// Merges runs that are each in order of time: newest wins. Later runs of equal order win.
std::vector<Point> merge(std::vector<Run> runs, TimeRange range) {
  std::stable_sort(runs.begin(), runs.end(),
                   [](const Run& a, const Run& b) { return a.order < b.order; });
  std::vector<Point> all;
  for (Run& run : runs) {
    for (Point& point : run.points) {
      if (range.contains(point.time)) all.push_back(std::move(point));
    }
  }
  if (runs.size() > 1) {
    std::stable_sort(all.begin(), all.end(),
                     [](const Point& a, const Point& b) { return a.time < b.time; });
    const auto same = [](const Point& a, const Point& b) { return a.time == b.time; };
    // Of equal times the last stands: unique() keeps the first, so it goes backwards.
    const auto kept = std::unique(all.rbegin(), all.rend(), same);
    all.erase(all.begin(), kept.base());
  }
  return all;
}

// A stretch of time in which sources overlap; disjoint from all others.
struct Group {
  std::vector<Source> sources;
  std::vector<Point> recent;
  Timestamp first, last;
};

// Cuts sources and recent points into groups, in order of time. Few groups are large: files of
// different times do not overlap, and late data is rare.
std::vector<Group> group(const SeriesView& view, TimeRange range) {
  std::vector<Group> groups;
  for (const Source& source : sources_of(view, range)) {
    const Summary& s = source.block->summary;
    if (groups.empty() || s.first_time > groups.back().last) {
      groups.push_back({{}, {}, s.first_time, s.last_time});
    }
    groups.back().sources.push_back(source);
    groups.back().last = std::max(groups.back().last, s.last_time);
  }
  const std::size_t stored = groups.size();
  std::vector<Group> loose;  // recent points between the groups of blocks
  std::size_t at = 0;
  for (const Point& point : view.recent) {
    if (!range.contains(point.time)) continue;
    while (at < stored && groups[at].last < point.time) ++at;
    if (at < stored && point.time >= groups[at].first) {
      groups[at].recent.push_back(point);
      continue;
    }
    const bool joins = !loose.empty() && loose.back().last < point.time &&
                       (at == 0 || loose.back().first > groups[at - 1].last) &&
                       loose.back().recent.size() < kBlockPointsMax;
    if (!joins) loose.push_back({{}, {}, point.time, point.time});
    loose.back().recent.push_back(point);
    loose.back().last = point.time;
  }
  groups.insert(groups.end(), std::make_move_iterator(loose.begin()),
                std::make_move_iterator(loose.end()));
  std::sort(groups.begin(), groups.end(),
            [](const Group& a, const Group& b) { return a.first < b.first; });
  return groups;
}

Result<std::vector<Point>> points_of(const SeriesView& view, Group& group, TimeRange range) {
  std::vector<Run> runs;
  for (const Source& source : group.sources) {
    Result<std::vector<Point>> points = read_block(view, source);
    if (!points) return points.error();
    runs.push_back({*std::move(points), source.order});
  }
  if (!group.recent.empty()) runs.push_back({std::move(group.recent), UINT64_MAX});
  return merge(std::move(runs), range);
}

}  // namespace

Status visit_points(const SeriesView& view, TimeRange range,
                    const std::function<bool(std::span<const Point>)>& visit) {
  for (Group& part : group(view, range)) {
    const Result<std::vector<Point>> points = points_of(view, part, range);
    if (!points) return points.error();
    for (std::size_t i = 0; i < points->size(); i += kBlockPointsMax) {
      const std::size_t size = std::min(kBlockPointsMax, points->size() - i);
      if (!visit(std::span(*points).subspan(i, size))) return {};
    }
  }
  return {};
}

Result<std::vector<Summary>> fold(const SeriesView& view, const Windows& windows) {
  std::vector<Summary> summaries(windows.count());
  for (Group& part : group(view, windows.range())) {
    if (part.sources.size() == 1 && part.recent.empty() && windows.holds(part.first, part.last)) {
      summaries[windows.index(part.first)].add(part.sources.front().block->summary);
      continue;
    }
    const Result<std::vector<Point>> points = points_of(view, part, windows.range());
    if (!points) return points.error();
    for (const Point& point : *points) summaries[windows.index(point.time)].add(point);
  }
  return summaries;
}

Result<std::optional<Point>> point_before(const SeriesView& view, Timestamp at) {
  std::optional<Point> best;
  if (!view.recent.empty()) best = view.recent.back();
  // From the newest file: an older one only matters with a later time.
  for (auto file = view.files.rbegin(); file != view.files.rend(); ++file) {
    const std::span<const BlockRef> blocks = file->reader->blocks(view.key);
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      if (block->summary.first_time > at) continue;
      if (best && block->summary.last_time <= best->time) break;
      const Result<std::vector<Point>> points =
          read_block(view, {file->reader.get(), &*block, file->entry.order});
      if (!points) return points.error();
      const auto after =
          std::upper_bound(points->begin(), points->end(), at,
                           [](Timestamp time, const Point& point) { return time < point.time; });
      if (after == points->begin()) continue;  // only when the block is damaged
      if (const Point& found = *(after - 1); !best || found.time > best->time) best = found;
      break;
    }
  }
  return best;
}

}  // namespace lineshaft::historian

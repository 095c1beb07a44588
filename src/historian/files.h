// historian/files.h: the immutable files of a store as one snapshot, and reading across them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "historian/file.h"
#include "historian/fold.h"
#include "historian/hidden.h"

namespace lineshaft::historian {

// What a reader of one series sees: files (by order, oldest first), then points that are newer than
// all of them. Immutable: the store may flush and merge meanwhile.
struct SeriesView {
  SeriesKey key;
  std::vector<FilePtr> files;
  std::optional<Columns> recent;  // newer than the files
  // Called with each block that cannot be read; its points are missing from the answer.
  std::function<void(const Error&)> damaged;
  std::vector<TimeRange> erased = {};    // in all of the files, by what is newer
  ValueType type = ValueType::kFloat64;  // of its points, where only rollups tell of them
  std::vector<FilePtr> newer = {};       // not read, but they may hide what is in the files
};

// Hands over the points of `range` in order of time, one per time (that of the newest source), in
// runs; nothing of what only rollups remain of. Returns early when `visit` returns false.
// Errors: kIoError. Memory: of each file one block at a time, however long the files overlap, and
// what is recent.
Status visit_points(const SeriesView& view, TimeRange range,
                    const std::function<bool(const Columns&)>& visit);

// Either a block of this series alone that nothing overlaps, not read, or points, or rollups.
struct SeriesPiece {
  const FileReader* reader = nullptr;  // null: points or rollups
  const BlockRef* block = nullptr;
  Columns points;
  std::vector<Summary> rollups;
  RollupStep step = RollupStep::kMinute;  // of rollups
};

// The same, and rollups too, except that blocks which are wanted whole are handed over as they are:
// for copying them, or taking what the index tells. They may reach beyond the range. Rollups belong
// to the range that holds their first point. Errors: as above.
Status visit_pieces(const SeriesView& view, TimeRange range,
                    const std::function<bool(const BlockRef&)>& wanted_whole,
                    const std::function<bool(const SeriesPiece&)>& visit);

// The summary of each window; rollups are added to the window that holds their first point,
// whatever the opinion. Whole blocks that nothing overlaps are taken from the index, unless they
// hold points on which the opinion differs.
Result<std::vector<Summary>> fold(const SeriesView& view, const Windows& windows,
                                  const Opinion& opinion = {});

// What of the view's files does not count any more.
Hidden hidden_of(const SeriesView& view);

// The last point at or before `at`, be it one that only a rollup tells of (the first or the last
// usable one of its time). `view.recent` must hold nothing later than that.
Result<std::optional<Point>> point_before(const SeriesView& view, Timestamp at);

// The first point at or after `at`. `view.recent` must hold nothing earlier than that.
Result<std::optional<Point>> point_after(const SeriesView& view, Timestamp at);

}  // namespace lineshaft::historian

// Neighbouring files become one, whose blocks are full; old ones are encoded for size. One merge at
// a time (merge_mutex_); flushes and readers go on meanwhile.
#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "historian/hidden.h"
#include "historian/parity_file.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

constexpr Nanoseconds kExpiryPeriod = std::chrono::minutes(10);
constexpr std::size_t kMergeWidth = 4;
constexpr std::uint64_t kMergedBytesMax = 1ULL << 30;
// A block with fewer points is not taken over as it is, but filled up with what follows.
constexpr std::uint64_t kTakenOverPoints = kBlockPointsMax / 2;
constexpr std::uint32_t kTakenOverRollupBytes = 64 * 1024;

// Whatever keeps an input from being read, the merge must not go on without it.
Error unreadable(const Error& error) { return {ErrorId::kCorrupt, error.what}; }

// Goes through the keys of a file in order.
class KeyCursor {
 public:
  explicit KeyCursor(const FileReader& file) : file_(file) {}

  // False at the end. Errors: kCorrupt.
  Result<bool> next() {
    const std::optional<SeriesKey> before = std::exchange(key_, std::nullopt);
    const std::vector<BlockRef>& blocks = file_.all_blocks();
    for (; block_ < blocks.size(); ++block_, series_ = 0) {
      const BlockRef& block = blocks[block_];
      if (block.is_of_one()) {
        if (before && block.first <= *before) continue;
        key_ = block.first;
        return true;
      }
      const Result<FileReader::Few> few = file_.read_few(block);
      if (!few) return unreadable(few.error());
      for (; series_ < (*few)->size(); ++series_) {
        const SeriesKey key{block.first.tenant, (**few)[series_].tag};
        if (before && key <= *before) continue;
        key_ = key;
        return true;
      }
    }
    return false;
  }
  // Nothing before the first next(), and at the end.
  std::optional<SeriesKey> key() const { return key_; }

 private:
  const FileReader& file_;
  std::size_t block_ = 0;
  std::size_t series_ = 0;  // in a block of several
  std::optional<SeriesKey> key_;
};

// Copies a series out of several files into one.
class SeriesMerger {
 public:
  SeriesMerger(SeriesKey key, codec::Effort effort, FileWriter& writer)
      : key_(key), effort_(effort), writer_(writer) {}

  // Errors: kCorrupt: an input cannot be read; others: of writing.
  Status run(const std::vector<FilePtr>& inputs, const std::vector<FilePtr>& newer) {
    SeriesView view;
    view.key = key_;
    view.files = inputs;
    view.newer = newer;
    view.damaged = [this](const Error& error) { outcome_ = error; };
    const auto is_full = [this](const BlockRef& block) { return is_kept(block); };
    const Status read = visit_pieces(view, {}, is_full, [this](const SeriesPiece& piece) {
      if (outcome_) outcome_ = write(piece);
      return outcome_.ok();
    });
    if (!read) return unreadable(read.error());
    if (outcome_) outcome_ = write_rollups();
    if (outcome_) outcome_ = copy_replaced(view);
    return outcome_;
  }

 private:
  bool is_kept(const BlockRef& block) const {
    if (block.rollup) return block.stored_bytes >= kTakenOverRollupBytes;
    const bool is_small = block.effort == effort_ || block.effort == codec::Effort::kSealed;
    return is_small && block.summary.count >= kTakenOverPoints;
  }

  Status write(const SeriesPiece& piece) {
    if (!piece.rollups.empty() && piece.step == step_) {
      rollups_.insert(rollups_.end(), piece.rollups.begin(), piece.rollups.end());
      return rollups_.size() < kRollupsMax ? Status() : write_rollups();
    }
    if (Status written = write_rollups(); !written) return written;
    if (piece.block != nullptr) return writer_.copy(*piece.reader, *piece.block);
    if (!piece.points.empty()) return writer_.add(key_, piece.points);
    rollups_ = piece.rollups;
    step_ = piece.step;
    return {};
  }

  Status write_rollups() {
    if (rollups_.empty()) return {};
    return writer_.add_rollups(key_, step_, std::exchange(rollups_, {}));
  }

  // As long as the samples that replaced them are there.
  Status copy_replaced(const SeriesView& view) {
    const Hidden hidden = hidden_of(view);
    for (const FilePtr& input : view.files) {
      for (const BlockRef& block : input->replaced(key_)) {
        const std::vector<TimeRange> parts = hidden.of(*input, block);
        Status copied;
        if (parts.empty()) {
          copied = writer_.copy_replaced(*input, block);
        } else {
          const Result<std::optional<Columns>> points = input->read(block, key_);
          if (!points) return unreadable(points.error());
          Columns left = **points;
          for (TimeRange part : parts) left.cut_out(part);
          if (!left.empty()) copied = writer_.add_replaced(key_, left);
        }
        if (!copied) return copied;
      }
    }
    return {};
  }

  const SeriesKey key_;
  const codec::Effort effort_;
  FileWriter& writer_;
  Status outcome_;
  std::vector<Summary> rollups_;  // of one step, not yet written
  RollupStep step_ = RollupStep::kMinute;
};

// What the inputs take away from files that are older than they are.
std::vector<Erasure> erasures_of(const std::vector<FilePtr>& inputs) {
  std::vector<Erasure> all;
  for (const FilePtr& input : inputs) {
    all.insert(all.end(), input->erasures().begin(), input->erasures().end());
  }
  return joined(std::move(all));
}

}  // namespace

// Merging takes long and holds nothing up: what arrives goes on becoming files meanwhile.
void Store::merge_in_background() {
  std::unique_lock lock(wake_mutex_);
  while (!ending_) {
    wake_.wait_for(lock, kExpiryPeriod, [this] { return ending_ || merge_wanted_; });
    if (ending_) return;
    merge_wanted_ = false;
    lock.unlock();
    expire_daily();
    const Status merged = merge_files(kFilesMax, clock_.now() + -options_.seal_after);
    if (!merged && !poisoned_) log_error("historian", merged.error().text());
    lock.lock();
  }
}

Status Store::merge_files(std::size_t files_max, Timestamp seal_before) {
  const std::lock_guard one_at_a_time(merge_mutex_);
  while (!poisoned_ && !giving_up_merges_) {
    const std::vector<FilePtr> inputs = next_inputs(files_max, seal_before);
    if (inputs.empty()) return {};
    const Result<FilePtr> merged = merge(inputs, seal_before);
    if (!merged && merged.error().id == ErrorId::kCorrupt) {
      for (const FilePtr& input : inputs) kept_as_they_are_.insert(input->id().number);
      log_error("historian", "files are left as they are: " + merged.error().what);
      continue;
    }
    Status outcome = merged ? replace(inputs, *merged) : Status(merged.error());
    // Nothing is lost by not merging; it is tried again after the next flush.
    if (!outcome && outcome.error().id == ErrorId::kDiskFull) return {};
    if (!outcome && outcome.error().id == ErrorId::kCancelled) return {};
    if (!outcome) {
      note_outcome(outcome, files_full_);
      return outcome;
    }
  }
  return {};
}

// Errors: kCorrupt: an input cannot be read; nothing of it may be left out for good. Others: of
// writing.
Result<FilePtr> Store::merge(const std::vector<FilePtr>& inputs, Timestamp seal_before) {
  const bool is_old = std::all_of(inputs.begin(), inputs.end(), [&](const FilePtr& input) {
    return input->last_time() < seal_before;
  });
  const codec::Effort effort = is_old ? codec::Effort::kSealed : codec::Effort::kFresh;
  const FileId id{take_number(), inputs.back()->id().order};
  std::vector<FilePtr> newer;  // what they hide need not be copied
  bool is_oldest = false;      // nothing is left that the inputs could hide
  {
    const std::lock_guard lock(files_mutex_);
    is_oldest = inputs.front() == open_files_.front() && unread_.empty();
    const auto hides = [&](const FilePtr& file) {
      return file->id().order > id.order && (file->has_rollups() || !file->erasures().empty());
    };
    std::copy_if(open_files_.begin(), open_files_.end(), std::back_inserter(newer), hides);
  }
  return make_file(id, {effort}, [&](FileWriter& writer) -> Status {
    if (!is_oldest) writer.set_erasures(erasures_of(inputs));
    std::vector<KeyCursor> cursors;
    for (const FilePtr& input : inputs) cursors.emplace_back(*input);
    std::optional<SeriesKey> key;
    do {
      if (giving_up_merges_) return Error{ErrorId::kCancelled, "the server ends"};
      if (key) {
        SeriesMerger merger(*key, effort, writer);
        if (Status done = merger.run(inputs, newer); !done) return done;
      }
      std::optional<SeriesKey> least;
      for (KeyCursor& cursor : cursors) {
        if (cursor.key() == key) {
          if (Result<bool> moved = cursor.next(); !moved) return moved.error();
        }
        if (cursor.key() && (!least || *cursor.key() < *least)) least = cursor.key();
      }
      key = least;
    } while (key);
    return {};
  });
}

// A sealed file that is damaged becomes a whole one: what its parity makes up for is written anew.
// Errors: kCorrupt: something cannot be repaired; kDiskFull; others: of writing.
Status Store::rewrite(const FileId& id) {
  const std::lock_guard one_at_a_time(merge_mutex_);
  const FilePtr file = open_file(id);
  if (poisoned_ || !file) return {};
  if (!has_room_for(file->bytes())) return Error{ErrorId::kDiskFull, "no room to repair a file"};
  const Result<FilePtr> repaired = merge({file}, kTimestampMax);
  if (!repaired) return repaired.error();
  const Status outcome = replace({file}, *repaired);
  if (!outcome && outcome.error().id != ErrorId::kDiskFull) note_outcome(outcome, files_full_);
  return outcome;
}

// The log must not run out of space because of a merge.
bool Store::has_room_for(std::uint64_t bytes) const {
  const Result<std::uint64_t> free = files_.free_bytes(options_.directory);
  return !free || *free >= bytes + 2 * options_.wal_segment_bytes;
}

// The merged file takes the place of its inputs.
Status Store::replace(const std::vector<FilePtr>& inputs, FilePtr merged) {
  {
    const std::lock_guard lock(files_mutex_);
    std::vector<FilePtr> files = open_files_;
    // Only merges take files away, so they are all there, side by side.
    const auto from = std::find(files.begin(), files.end(), inputs.front());
    LS_ASSERT(files.end() - from >= static_cast<std::ptrdiff_t>(inputs.size()));
    const auto place = files.erase(from, from + static_cast<std::ptrdiff_t>(inputs.size()));
    files.insert(place, merged);
    if (Status published = publish(manifest_.covered, std::move(files)); !published) {
      const bool is_unnamed = published.error().id == ErrorId::kDiskFull;
      if (is_unnamed) remove_with_parity(files_, merged->path());
      return published;
    }
  }
  ++merges_;
  for (const FilePtr& input : inputs) remove_unneeded(input->path());
  return {};
}

// What to merge next: neighbours, else a file that is old and not sealed; nothing if there is none.
std::vector<FilePtr> Store::next_inputs(std::size_t files_max, Timestamp seal_before) const {
  const std::lock_guard lock(files_mutex_);
  std::vector<FilePtr> inputs = neighbours_to_merge(files_max);
  if (inputs.empty()) {
    const auto unsealed =
        std::find_if(open_files_.begin(), open_files_.end(), [&](const FilePtr& file) {
          return !file->is_sealed() && file->last_time() < seal_before &&
                 !kept_as_they_are_.contains(file->id().number);
        });
    if (unsealed != open_files_.end()) inputs.push_back(*unsealed);
  }
  std::uint64_t bytes = 0;
  for (const FilePtr& input : inputs) bytes += input->bytes();
  if (!has_room_for(bytes)) inputs.clear();
  return inputs;
}

// The cheapest neighbours worth merging, if there are more files than that: neighbours, so that
// what is newer stays newer. Requires: files_mutex_ is held.
std::vector<FilePtr> Store::neighbours_to_merge(std::size_t files_max) const {
  std::vector<FilePtr> best;
  if (open_files_.size() <= files_max) return best;
  std::uint64_t best_bytes = kMergedBytesMax;
  const std::size_t width = std::min(kMergeWidth, open_files_.size());
  for (std::size_t i = 0; i + width <= open_files_.size(); ++i) {
    const std::span<const FilePtr> files = std::span(open_files_).subspan(i, width);
    const auto is_kept = [&](const FilePtr& file) {
      return kept_as_they_are_.contains(file->id().number);
    };
    const auto lies_between = [&](const FileId& id) {
      return id.order > files.front()->id().order && id.order < files.back()->id().order;
    };
    if (std::any_of(files.begin(), files.end(), is_kept)) continue;
    if (std::any_of(unread_.begin(), unread_.end(), lies_between)) continue;
    std::uint64_t bytes = 0;
    for (const FilePtr& file : files) bytes += file->bytes();
    if (bytes < best_bytes) {
      best.assign(files.begin(), files.end());
      best_bytes = bytes;
    }
  }
  return best;
}

Status Store::compact() {
  if (Status flushed = flush(); !flushed) return flushed;
  return merge_files(1, kTimestampMax);
}

}  // namespace lineshaft::historian

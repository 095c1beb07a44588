// Files are read again to find damage before somebody needs what is damaged, and before parity
// cannot repair it any more: slowly in the background, or at once when asked.
#include <algorithm>

#include "base/log.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

// A small store is read at this rate, and then left alone until the next pass is due.
constexpr double kBytesPerSecondMin = 1024.0 * 1024.0;
constexpr Nanoseconds kLookPeriod = std::chrono::seconds(1);

Error stopped() { return {ErrorId::kCancelled, "the check was stopped"}; }

std::uint64_t bytes_of(const std::vector<FilePtr>& files) {
  std::uint64_t bytes = 0;
  for (const FilePtr& file : files) bytes += file->bytes();
  return bytes;
}

}  // namespace

Result<VerifyReport> Store::verify(const Progress& go_on) {
  const std::lock_guard one_at_a_time(scrub_mutex_);
  const Timestamp started = clock_.now();
  std::vector<FilePtr> files;
  {
    const std::shared_lock lock(mutex_);
    files = open_files_;
  }
  const std::uint64_t total = bytes_of(files);
  VerifyReport report;
  for (const FilePtr& file : files) {
    std::uint64_t read = 0;  // some of it twice
    const Status done = verify_file(
        file,
        [&](std::uint64_t bytes) {
          read = std::min(read + bytes, file->bytes());
          return !giving_up_merges_ && go_on(report.bytes + read, total);
        },
        report);
    if (!done) return done.error();
    report.bytes += file->bytes();
  }
  if (!go_on(total, total)) return stopped();
  const std::lock_guard lock(scrub_record_mutex_);
  scrub_ = {0, started, clock_.now()};
  static_cast<void>(write_scrub_record(files_, options_.directory, scrub_));  // as good as none
  return report;
}

// Errors: kCancelled.
Status Store::verify_file(const FilePtr& file, const Pace& pace, VerifyReport& report) {
  ++report.files;
  // Opened anew: the index is read too.
  const Result<FilePtr> opened = FileReader::open(files_, file->path(), file->id().number);
  if (!opened) {
    if (!open_file(file->id())) return {};  // merged meanwhile
    report.damages.push_back(opened.error().what);
    note_damaged_block(opened.error());
    return {};
  }
  const FileReader& reader = **opened;
  std::uint64_t lost = 0;
  for (const BlockRef* block : reader.every_block()) {
    if (!pace(block->stored_bytes)) return stopped();
    reader.drop_cached(*block);
    ++report.blocks;
    const Result<Bytes> stored = reader.read_stored(*block);
    if (stored) continue;
    ++lost;
    report.damages.push_back(stored.error().what);
    note_damaged_block(stored.error());
  }
  report.damaged_blocks += lost;
  const Result<codec::Damage> damage = find_damage(reader, pace);
  if (!damage) return damage.error();
  if (lost > 0) return {};  // it stays as it is: historian repair does what can be done
  if (reader.needs_repair() || !damage->pages.empty()) {
    if (repair(*opened)) report.repaired_blocks += reader.mended_blocks();
  } else if (damage->parity_pages > 0) {
    if (renew_parity(*opened)) ++report.parity_made;
  }
  return {};
}

// Missing parity counts as damaged, of a file that should have it. Errors: kCancelled.
Result<codec::Damage> Store::find_damage(const FileReader& file, const Pace& pace) const {
  codec::Damage damage;
  if (!file.is_sealed()) return damage;
  const auto parity = ParityFile::open(files_, file.path(), file.id().number);
  damage.parity_pages = 1;
  if (!parity) return damage;
  bool go_on = true;
  damage = (*parity)->find_damage([&](std::uint64_t bytes) {
    go_on = go_on && pace(bytes);
    return go_on;
  });
  if (!go_on) return stopped();
  return damage;
}

Status Store::repair(const FilePtr& file) {
  const Status done = rewrite(file->id());
  if (!done) {
    log_error("historian", file->path() + " is damaged and not repaired: " + done.error().what);
    return done;
  }
  const std::uint64_t blocks = file->mended_blocks();
  repaired_ += blocks;
  const std::string what =
      blocks == 0 ? "what is around its blocks" : std::to_string(blocks) + " of its blocks";
  log_warn("historian", file->path() + " was damaged; " + what + " came from its parity, and it " +
                            "is written anew");
  return done;
}

Status Store::renew_parity(const FilePtr& file) {
  const std::lock_guard no_merge(merge_mutex_);
  if (!open_file(file->id())) return {};
  const Status done = write_parity(files_, *file);
  if (!done) log_error("historian", file->path() + " has no parity: " + done.error().what);
  return done;
}

// Null if it is no part of the store any more.
FilePtr Store::open_file(const FileId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found =
      std::ranges::find_if(open_files_, [&](const FilePtr& file) { return file->id() == id; });
  return found == open_files_.end() ? nullptr : *found;
}

// --- in the background ---

void Store::scrub_in_background() {
  while (!ends_within(kLookPeriod)) {
    repair_what_readers_met();
    if (options_.scrub_period <= Nanoseconds(0)) continue;
    begin_pass_when_due();
    scrub_pass_on();
  }
}

bool Store::ends_within(Nanoseconds time) {
  std::unique_lock lock(wake_mutex_);
  return wake_.wait_for(lock, time, [this] { return ending_; });
}

// Does a file hold damage that readers met and parity made up for? Then it must not wait. Once a
// file: what cannot be repaired now is tried again by the next pass.
void Store::repair_what_readers_met() {
  std::vector<FilePtr> files;
  {
    const std::shared_lock lock(mutex_);
    files = open_files_;
  }
  for (const FilePtr& file : files) {
    if (!file->needs_repair() || !repair_tried_.insert(file->id().number).second) continue;
    const Status done = repair(file);
    if (!done && done.error().id == ErrorId::kDiskFull) repair_tried_.erase(file->id().number);
  }
}

void Store::begin_pass_when_due() {
  const std::lock_guard lock(scrub_record_mutex_);
  const bool under_way = scrub_.started > scrub_.finished;
  // A clock that was set back must not put it off for ever.
  const Timestamp now = clock_.now();
  const bool due = now >= scrub_.started + options_.scrub_period || now < scrub_.started;
  if (!under_way && due) scrub_ = {0, now, scrub_.finished};
}

// One file of the pass that is under way, or its end.
void Store::scrub_pass_on() {
  const std::lock_guard one_at_a_time(scrub_mutex_);
  {
    const std::lock_guard lock(scrub_record_mutex_);
    if (scrub_.started <= scrub_.finished) return;
  }
  const FilePtr file = next_to_scrub();
  if (file) {
    VerifyReport report;
    const Status done = verify_file(
        file, [this](std::uint64_t bytes) { return read_slowly(bytes); }, report);
    if (!done) return;
  }
  const std::lock_guard lock(scrub_record_mutex_);
  if (file) {
    scrub_.position = file->id().number;
  } else {
    // After a clock that was set back this is a complete pass all the same.
    scrub_ = {0, scrub_.started, std::max(clock_.now(), scrub_.started)};
  }
  static_cast<void>(write_scrub_record(files_, options_.directory, scrub_));  // as good as none
}

// In the order of their numbers: what is new comes last.
FilePtr Store::next_to_scrub() const {
  std::uint64_t position = 0;
  {
    const std::lock_guard lock(scrub_record_mutex_);
    position = scrub_.position;
  }
  const std::shared_lock lock(mutex_);
  FilePtr next;
  for (const FilePtr& file : open_files_) {
    const std::uint64_t number = file->id().number;
    if (number > position && (!next || number < next->id().number)) next = file;
  }
  return next;
}

// Waits for as long as so many bytes may take, so that a pass takes the whole period. False: the
// store is closed.
bool Store::read_slowly(std::uint64_t bytes) {
  repair_what_readers_met();
  const std::uint64_t all = [this] {
    const std::shared_lock lock(mutex_);
    return bytes_of(open_files_);
  }();
  const double period_s = std::chrono::duration<double>(options_.scrub_period).count();
  const double rate = std::max(static_cast<double>(all) / period_s, kBytesPerSecondMin);
  const std::chrono::duration<double> wait(static_cast<double>(bytes) / rate);
  return !ends_within(std::chrono::duration_cast<Nanoseconds>(wait));
}

ScrubState Store::scrub_state() const {
  ScrubRecord record;
  {
    const std::lock_guard lock(scrub_record_mutex_);
    record = scrub_;
  }
  ScrubState state{record.started, record.finished};
  const bool under_way = record.started > record.finished;
  const std::shared_lock lock(mutex_);
  state.bytes_total = bytes_of(open_files_);
  for (const FilePtr& file : open_files_) {
    if (!under_way || file->id().number <= record.position) state.bytes_done += file->bytes();
  }
  return state;
}

}  // namespace lineshaft::historian

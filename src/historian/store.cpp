#include "historian/store.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "wal/format.h"

namespace lineshaft::historian {
namespace {

// Appends wait when the disk cannot take memtables away as fast as they fill.
constexpr std::size_t kMemtablesInMemoryMax = 4;

// Of a record of tags, if there are many.
constexpr std::size_t kTagsRecordBytes = 1024 * 1024;

Error poisoned_error() { return {ErrorId::kStorePoisoned, "a sync failed before"}; }
Error no_tag(TagId tag) { return {ErrorId::kNotFound, "tag " + std::to_string(tag.value)}; }

// Which one it is, for whoever sent them.
std::string in_batch(const SampleBatch& batch, const Sample& sample) {
  return " (sample " + std::to_string(&sample - batch.samples.data()) + " of the batch)";
}

constexpr Nanoseconds kClockTolerance = std::chrono::minutes(1);

bool is_of_now(const Sample& sample, Timestamp received) {
  return sample.time >= received + -kClockTolerance && sample.time <= received + kClockTolerance;
}

bool is_to_come(Timestamp time, Timestamp received) { return time > received + kClockTolerance; }

// Whatever it was to the last value, the next one of the same series is too.
bool is_replaced_by_next(const SampleBatch& batch, std::size_t i) {
  if (i + 1 == batch.samples.size()) return false;
  const Sample& next = batch.samples[i + 1];
  return next.tag == batch.samples[i].tag && next.time >= batch.samples[i].time &&
         !is_to_come(next.time, batch.received);
}

}  // namespace

Result<std::unique_ptr<Historian>> Historian::open(sys::FileSystem& files, sys::Clock& clock,
                                                   sys::Random& random, HistorianOptions options) {
  auto store = std::make_unique<Store>(files, clock, std::move(options));
  if (Status opened = store->open(random); !opened) return opened.error();
  return std::unique_ptr<Historian>(std::move(store));
}

Store::Store(sys::FileSystem& files, sys::Clock& clock, HistorianOptions options)
    : files_(files),
      clock_(clock),
      options_(std::move(options)),
      retention_(options_.retention),
      disk_(files, clock, options_.directory, options_.disk_low, options_.disk_critical) {}

Store::~Store() {
  {
    const std::lock_guard lock(wake_mutex_);
    ending_ = true;
  }
  giving_up_merges_ = true;
  wake_.notify_all();
  if (scrubber_.joinable()) scrubber_.join();
  if (merger_.joinable()) merger_.join();
  if (flusher_.joinable()) flusher_.join();  // it uses the log, so it goes first
  log_.reset();                              // commits what is queued
}

// --- tags ---

std::optional<Tag> Store::find_tag(TenantId tenant, TagId id) const {
  const std::shared_lock lock(mutex_);
  return catalogue_.find(tenant, id);
}

std::optional<Tag> Store::find_tag(TenantId tenant, std::string_view path) const {
  const std::shared_lock lock(mutex_);
  return catalogue_.find(tenant, path);
}

TagPage Store::list_tags(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
                         std::uint64_t limit) const {
  const std::shared_lock lock(mutex_);
  return catalogue_.list(tenant, filter, offset, limit);
}

std::vector<TagId> Store::list_tag_ids(TenantId tenant, const TagFilter& filter) const {
  const std::shared_lock lock(mutex_);
  return catalogue_.list_ids(tenant, filter);
}

Result<std::vector<TagId>> Store::ensure_tags(TenantId tenant, std::vector<TagSpec> specs) {
  const std::lock_guard one_at_a_time(tags_mutex_);
  std::vector<TagId> ids;
  std::vector<TagEntry> changes;
  {
    const std::shared_lock lock(mutex_);
    std::uint32_t next = catalogue_.next_id(tenant).value;
    std::map<std::string, Tag, std::less<>> asked;  // a path may stand twice in one call
    for (TagSpec& spec : specs) {
      if (Status checked = check_tag_spec(spec); !checked) return checked.error();
      const auto twice = asked.find(spec.path);
      const std::optional<Tag> known =
          twice != asked.end() ? std::optional(twice->second) : catalogue_.find(tenant, spec.path);
      if (known && known->spec.type != spec.type) {
        return Error{ErrorId::kTypeMismatch,
                     "the tag " + spec.path + " is a " + std::string(type_name(known->spec.type))};
      }
      const TagId id = known ? known->id : TagId{next++};
      ids.push_back(id);
      if (known && known->spec == spec) continue;
      asked[spec.path] = {id, spec};
      changes.push_back({tenant, {id, std::move(spec)}});
    }
  }
  if (Status kept = commit_tags(std::move(changes)); !kept) return kept.error();
  return ids;
}

Status Store::update_tag(TenantId tenant, TagId id, TagSpec spec) {
  if (Status checked = check_tag_spec(spec); !checked) return checked;
  const std::lock_guard one_at_a_time(tags_mutex_);
  {
    const std::shared_lock lock(mutex_);
    const std::optional<ValueType> type = catalogue_.type_of(tenant, id);
    if (!type) return no_tag(id);
    if (*type != spec.type) {
      return Error{ErrorId::kTypeMismatch, "type: the tag is a " + std::string(type_name(*type))};
    }
    const TagId other = catalogue_.id_of(tenant, spec.path);
    if (other != TagId{} && other != id) {
      return Error{ErrorId::kConflict, "path: " + spec.path + " is taken"};
    }
  }
  Status kept = commit_tags({{tenant, {id, std::move(spec)}}});
  ++path_changes_;
  return kept;
}

// In records that stay far below the log's limit: a catalogue of a million tags takes many, and so
// do few tags with large enum sets. Requires: tags_mutex_ is held.
Status Store::commit_tags(std::vector<TagEntry> entries) {
  const std::size_t bytes_max = std::min<std::size_t>(kTagsRecordBytes, record_bytes_max() / 2);
  std::vector<TagEntry> part;
  std::size_t part_bytes = 0;
  for (TagEntry& entry : entries) {
    const std::size_t bytes = encode_tags({entry}).size();
    if (bytes > record_bytes_max()) {
      return Error{ErrorId::kInvalidArgument, entry.tag.spec.path + ": is too large for the log"};
    }
    if (!part.empty() && part_bytes + bytes > bytes_max) {
      if (Status kept = commit_tags_record(std::exchange(part, {})); !kept) return kept;
      part_bytes = 0;
    }
    part_bytes += bytes;
    part.push_back(std::move(entry));
  }
  return part.empty() ? Status() : commit_tags_record(std::move(part));
}

Status Store::commit_tags_record(std::vector<TagEntry> entries) {
  const auto kept = std::make_shared<std::vector<TagEntry>>(std::move(entries));
  return commit_to_catalogue(kTagsRecord, encode_tags(*kept),
                             [this, kept] { catalogue_.put(*kept); });
}

// --- samples ---

Status Store::check_batch(const SampleBatch& batch) const {
  const std::shared_lock lock(mutex_);
  const auto path = [&](const Sample& sample) {
    return catalogue_.find(batch.tenant, sample.tag)->spec.path + in_batch(batch, sample);
  };
  for (const Sample& sample : batch.samples) {
    const std::optional<ValueType> type = catalogue_.type_of(batch.tenant, sample.tag);
    if (!type) {
      const Error none = no_tag(sample.tag);
      return Error{none.id, none.what + in_batch(batch, sample)};
    }
    if (type_of(sample.value) != *type) {
      return Error{ErrorId::kTypeMismatch, path(sample) + " is a " + std::string(type_name(*type)) +
                                               ", not a " +
                                               std::string(type_name(type_of(sample.value)))};
    }
    if (sample.time == kTimestampMax) {
      return Error{ErrorId::kInvalidArgument, path(sample) + ": the time is beyond 2262"};
    }
    const auto* text = std::get_if<std::string>(&sample.value);
    if (text != nullptr && text->size() > kStringValueBytesMax) {
      return Error{ErrorId::kInvalidArgument, path(sample) + ": the text is longer than 64 KiB"};
    }
  }
  return {};
}

// Requires: mutex_ is held, or nobody else is there yet.
bool Store::memtable_is_full() const {
  return active_->bytes() >= active_->bytes_wanted(options_.memtable_bytes_max);
}

Status Store::check_room() const {
  if (disk_.state() == DiskState::kCritical) {
    return Error{ErrorId::kDiskFull, "what is left is kept for everything but samples"};
  }
  const std::shared_lock lock(mutex_);
  const std::size_t wanted = active_->bytes_wanted(options_.memtable_bytes_max);
  if (active_->bytes() < wanted * kMemtablesInMemoryMax) return {};
  if (files_full_) return Error{ErrorId::kDiskFull, "no file can be written"};
  return Error{ErrorId::kQueueFull, "the disk is slower than what arrives"};
}

// A record must fit into a segment.
std::size_t Store::record_bytes_max() const {
  constexpr std::size_t kAround = wal::kSegmentHeaderBytes + wal::record_bytes(0);
  const std::size_t room = options_.wal_segment_bytes - kAround;
  return std::min(wal::kRecordBytesMax, room / wal::kRecordAlignment * wal::kRecordAlignment);
}

void Store::append(SampleBatch batch, Durable durable) {
  Status taken = poisoned_ ? Status(poisoned_error()) : check_batch(batch);
  if (taken) taken = check_room();
  Bytes payload;
  if (taken) {
    payload = encode_batch(batch);
    if (payload.size() > record_bytes_max()) {
      taken = Error{ErrorId::kInvalidArgument, "the batch is larger than 16 MiB; send it in parts"};
    }
  }
  const std::size_t count = batch.samples.size();
  if (!taken) {
    refused_ += count;
    durable(std::move(taken));
    return;
  }
  // std::function must be copyable, so what moves in is shared.
  auto kept = std::make_shared<SampleBatch>(std::move(batch));
  log_->append(
      kSamplesRecord, std::move(payload),
      [this, kept, count, durable = std::move(durable)](const Result<wal::Lsn>& lsn, Bytes) {
        const Status outcome = lsn ? Status() : Status(lsn.error());
        (lsn ? appended_ : refused_) += count;  // before anybody can see the samples
        if (lsn) apply(*kept, *lsn);
        note_outcome(outcome, log_full_);
        durable(outcome);
      });
}

// What the disk said becomes the state that people see; each change is logged once.
void Store::note_outcome(const Status& outcome, std::atomic<bool>& full) {
  if (outcome) {
    full = false;
    return;
  }
  const ErrorId id = outcome.error().id;
  const bool is_full = id == ErrorId::kDiskFull;
  const bool is_dead = id == ErrorId::kIoError || id == ErrorId::kStorePoisoned;
  if (is_full && !full.exchange(true)) log_warn("historian", outcome.error().text());
  if (is_dead && !poisoned_.exchange(true)) log_error("historian", outcome.error().text());
}

// From the indices in memory. Requires: mutex_ is held.
bool Store::stored_later(SeriesKey key, Timestamp time) const {
  for (const FilePtr& file : open_files_) {
    const std::span<const BlockRef> blocks = file->blocks(key);
    if (!blocks.empty() && blocks.back().summary.last_time > time) return true;
  }
  return false;
}

// In order of Lsn: on the commit thread, or during the replay.
void Store::apply(const SampleBatch& batch, wal::Lsn lsn) {
  bool full = false;
  {
    const std::unique_lock lock(mutex_);
    applied_ = lsn;
    const std::uint64_t tick = tick_ + 1;
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const Sample& sample = batch.samples[i];
      const SeriesKey key{batch.tenant, sample.tag};
      if (is_too_late(key, sample.time)) {
        ++too_late_;
        continue;
      }
      active_->add(key, sample.time, sample.quality, sample.value);
      if (is_replaced_by_next(batch, i)) continue;
      KeptLast& last = last_.at(key);
      const bool is_new = !last.in_use();
      // While the clock ran ahead, samples got times that are still to come. Once it is set right,
      // they must not hide for so long what the machine says now.
      const bool of_now = is_of_now(sample, batch.received);
      // A series not seen since the start may have newer points in files: late data must not pass
      // for the newest. Whoever asks then gets it from the files.
      if (is_new && stored_later(key, sample.time) &&
          !(of_now && stored_later(key, batch.received + kClockTolerance))) {
        continue;
      }
      if (is_new || !last.exists || last.sample.time <= sample.time ||
          (of_now && is_to_come(last.sample.time, batch.received))) {
        last = {{sample.tag, sample, batch.received, tick, true}};
      }
    }
    tick_ = tick;
    full = memtable_is_full();
  }
  if (full && options_.background) wake(flush_wanted_);
}

HistorianCounters Store::counters() const {
  HistorianCounters counters;
  counters.samples_appended = appended_;
  counters.samples_refused = refused_;
  counters.samples_too_late = too_late_;
  counters.poisoned = poisoned_;
  counters.disk_state = disk_.state();
  counters.disk_full = log_full_ || files_full_ || counters.disk_state == DiskState::kCritical;
  counters.disk_free_bytes = disk_.free_bytes();
  counters.merges = merges_;
  counters.repaired_blocks = repaired_;
  counters.scrub = scrub_state();
  counters.wal_bytes = wal_bytes_;
  counters.wal_syncs = log_->counters().syncs;
  {
    const std::lock_guard lock(damaged_mutex_);
    counters.damaged_blocks = damaged_blocks_.size();
  }
  const std::shared_lock lock(mutex_);
  counters.tags = catalogue_.size();
  counters.memtable_bytes = active_->bytes() + (frozen_ ? frozen_->bytes() : 0);
  counters.files = open_files_.size();
  for (const FilePtr& file : open_files_) counters.file_bytes += file->bytes();
  return counters;
}

}  // namespace lineshaft::historian

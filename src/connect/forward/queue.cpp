#include "connect/forward/queue.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "connect/forward/backlog.h"
#include "connect/forward/entry_reader.h"

namespace lineshaft::connect::forward {

namespace {

constexpr std::size_t kEntryBytesMax = 64 * 1024;  // samples beyond it make another entry
constexpr std::uint64_t kPieceBytes = 1 << 20;
constexpr std::size_t kPiecesPerSegment = 4;
constexpr wal::GroupCommitOptions kGroup{.queue_bytes_max = 16 << 20};
constexpr std::size_t kRecordOverheadMax = 256;  // of the log, of the entry, and of its parts

std::size_t segment_bytes_of(const QueueOptions& options) {
  if (options.segment_bytes > 0) return options.segment_bytes;
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(options.bytes_max / 16, 1 << 20, 64 << 20));
}

std::string position_path(const QueueOptions& options) {
  return sys::join_path(options.directory, "position");
}

std::optional<Entry> entry_of(EntryNumber number, ByteSpan record) {
  const Result<EntryHead> head = decode_entry_head(record);
  Result<std::vector<Sample>> samples = decode_entry_samples(record);
  if (!head || !samples) return std::nullopt;
  return Entry{number, head->received, head->age, record.size(), *std::move(samples)};
}

// What is known of a queue when it is opened.
struct Start {
  Position position;
  Backlog backlog;
  EntryNumber last;
  std::unique_ptr<wal::Log> log;
  std::vector<std::string> damages;
};

class QueueImpl final : public Queue {
 public:
  QueueImpl(sys::FileSystem& files, sys::Clock& clock, QueueOptions options, Start start,
            std::function<void()> on_entries)
      : files_(files),
        clock_(clock),
        options_(std::move(options)),
        on_entries_(std::move(on_entries)),
        damages_(std::move(start.damages)),
        reader_(files, options_.directory),
        position_(start.position),
        backlog_(std::move(start.backlog)),
        durable_(start.last),
        saved_(start.position),
        last_save_(clock.monotonic()) {
    bytes_on_disk_ = start.log->bytes_on_disk();
    commit_ = options_.start_commit ? options_.start_commit(std::move(start.log))
                                    : wal::GroupCommit::start(std::move(start.log), kGroup);
  }

  ~QueueImpl() override { save_soon(true); }

  std::uint64_t id() const override { return saved_.queue; }
  const std::vector<std::string>& damages() const override { return damages_; }
  void append(Timestamp received, Age age, std::span<const Sample> samples,
              SampleSink::Durable durable) override;
  Position position() const override;
  void read(EntryNumber after, std::size_t bytes_max, ReadDone done) override;
  void confirm(EntryNumber entry, Timestamp received) override;
  void tick() override;
  QueueStatus status() const override;

 private:
  struct Recent {  // an entry in memory
    EntryNumber number;
    Bytes record;
  };
  // The parts of one append, which is answered when the last one is durable.
  struct Parts {
    SampleSink::Durable durable;
    std::size_t left = 0;
    std::optional<Error> error;
  };

  std::vector<Bytes> cut(Timestamp received, Age age, std::span<const Sample> samples) const;
  void on_appended(const Result<wal::Lsn>& lsn, Bytes record, const std::shared_ptr<Parts>& parts);
  void take(EntryNumber number, Bytes record);
  void drop_oldest();
  bool is_over_bounds() const;
  void save_soon(bool now);
  void save(wal::Log& log);
  void read_memory(EntryNumber after, std::size_t bytes_max, std::vector<Entry>& entries) const;
  Result<std::vector<Entry>> read_disk(EntryNumber after, EntryNumber through,
                                       std::size_t bytes_max);

  sys::FileSystem& files_;
  sys::Clock& clock_;
  const QueueOptions options_;
  const std::function<void()> on_entries_;
  const std::vector<std::string> damages_;
  EntryReader reader_;  // commit thread

  mutable std::mutex mutex_;  // guards what follows
  Position position_;
  Backlog backlog_;
  EntryNumber durable_;
  std::deque<Recent> recent_;  // the newest durable entries, without holes
  std::size_t recent_bytes_ = 0;
  Position saved_;  // on the disk, or about to be
  Nanoseconds last_save_;
  std::uint64_t bytes_on_disk_ = 0;
  std::optional<std::string> error_;

  // The last: it goes first, and until then its thread uses all of this, itself included.
  std::unique_ptr<wal::GroupCommit> commit_;
};

// --- taking ---

std::vector<Bytes> QueueImpl::cut(Timestamp received, Age age,
                                  std::span<const Sample> samples) const {
  const std::size_t segment_share = segment_bytes_of(options_) - kRecordOverheadMax;
  const std::size_t bytes_max = std::min(kEntryBytesMax, segment_share);
  std::vector<Bytes> records;
  while (!samples.empty()) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (; count < samples.size() && count < kEntrySamplesMax; ++count) {
      bytes += entry_bytes(samples[count]) + 8;  // a part of its own, at worst
      if (count > 0 && bytes > bytes_max) break;
    }
    records.push_back(encode_entry(received, age, samples.first(count)));
    samples = samples.subspan(count);
  }
  return records;
}

void QueueImpl::append(Timestamp received, Age age, std::span<const Sample> samples,
                       SampleSink::Durable durable) {
  LS_ASSERT(!samples.empty());
  std::vector<Bytes> records = cut(received, age, samples);
  auto parts = std::make_shared<Parts>(Parts{std::move(durable), records.size(), std::nullopt});
  for (Bytes& record : records) {
    commit_->append(kEntryRecordType, std::move(record),
                    [this, parts](Result<wal::Lsn> lsn, Bytes payload) {
                      on_appended(lsn, std::move(payload), parts);
                    });
  }
}

// kQueueFull comes on the thread of the caller, everything else on the commit thread.
void QueueImpl::on_appended(const Result<wal::Lsn>& lsn, Bytes record,
                            const std::shared_ptr<Parts>& parts) {
  if (lsn) take({lsn->value}, std::move(record));
  bool over = false;
  bool last = false;
  std::optional<Error> error;
  {
    const std::lock_guard lock(mutex_);
    if (!lsn) {
      parts->error = lsn.error();
      if (lsn.error().id != ErrorId::kQueueFull) error_ = lsn.error().text();
    } else {
      error_.reset();
    }
    over = is_over_bounds();
    last = --parts->left == 0;
    error = parts->error;
  }
  if (over) drop_oldest();
  if (!last) return;
  on_entries_();
  parts->durable(error ? Status(*error) : Status());
}

void QueueImpl::take(EntryNumber number, Bytes record) {
  const Result<EntryHead> head = decode_entry_head(record);
  LS_ASSERT(head.ok());
  const std::lock_guard lock(mutex_);
  backlog_.add(number, record.size(), *head);
  durable_ = number;
  recent_bytes_ += record.size();
  recent_.push_back({number, std::move(record)});
  while (recent_bytes_ > options_.memory_bytes_max) {
    recent_bytes_ -= recent_.front().record.size();
    recent_.pop_front();
  }
}

// --- bounds ---

// Requires: mutex_ is held.
bool QueueImpl::is_over_bounds() const {
  const auto oldest = backlog_.oldest();
  if (!oldest) return false;
  return backlog_.bytes() > options_.bytes_max || clock_.now() - oldest->newest > options_.age_max;
}

void QueueImpl::drop_oldest() {
  {
    const std::lock_guard lock(mutex_);
    while (is_over_bounds()) {
      const Backlog::Piece piece = *backlog_.oldest();
      position_.samples_dropped += piece.samples;
      position_.dropped = piece.last;
      backlog_.pop();
    }
    while (!recent_.empty() && recent_.front().number <= position_.dropped) {
      recent_bytes_ -= recent_.front().record.size();
      recent_.pop_front();
    }
  }
  save_soon(true);
}

// --- the position ---

Position QueueImpl::position() const {
  const std::lock_guard lock(mutex_);
  return position_;
}

void QueueImpl::confirm(EntryNumber entry, Timestamp received) {
  {
    const std::lock_guard lock(mutex_);
    if (entry <= position_.confirmed) return;
    LS_ASSERT(entry <= durable_);
    position_.confirmed = entry;
    position_.confirmed_time = received;
    position_.dropped = std::max(position_.dropped, entry);
    backlog_.done(entry);
  }
  save_soon(false);
}

void QueueImpl::tick() {
  bool over = false;
  {
    const std::lock_guard lock(mutex_);
    over = is_over_bounds();
  }
  if (over) drop_oldest();
  save_soon(false);
}

void QueueImpl::save_soon(bool now) {
  {
    const std::lock_guard lock(mutex_);
    if (saved_ == position_) return;
    if (!now && clock_.monotonic() - last_save_ < options_.save_interval) return;
    saved_ = position_;
    last_save_ = clock_.monotonic();
  }
  commit_->with_log([this](wal::Log& log) { save(log); });
}

// The position first: a log that is trimmed beyond it would look as if entries were lost.
void QueueImpl::save(wal::Log& log) {
  const Position position = this->position();
  Status done =
      sys::write_file_atomically(files_, position_path(options_), encode_position(position));
  if (done) done = log.trim({position.dropped.value});
  const std::lock_guard lock(mutex_);
  bytes_on_disk_ = log.bytes_on_disk();
  if (done) return;
  error_ = done.error().text();
  saved_ = {};  // tried again
}

// --- giving ---

void QueueImpl::read_memory(EntryNumber after, std::size_t bytes_max,
                            std::vector<Entry>& entries) const {
  std::size_t bytes = 0;
  const auto first = std::ranges::upper_bound(recent_, after, {}, &Recent::number);
  for (auto one = first; one != recent_.end() && bytes < bytes_max; ++one) {
    std::optional<Entry> entry = entry_of(one->number, one->record);
    LS_ASSERT(entry.has_value());  // made by us, and never out of our memory
    entries.push_back(*std::move(entry));
    bytes += one->record.size();
  }
}

void QueueImpl::read(EntryNumber after, std::size_t bytes_max, ReadDone done) {
  std::vector<Entry> entries;
  EntryNumber through;
  {
    const std::lock_guard lock(mutex_);
    after = std::max(after, position_.dropped);
    const bool in_memory = !recent_.empty() && recent_.front().number.value <= after.value + 1;
    if (in_memory || after >= durable_) {
      read_memory(after, bytes_max, entries);
    } else {
      through = recent_.empty() ? durable_ : EntryNumber{recent_.front().number.value - 1};
    }
  }
  if (through == EntryNumber{}) return done(std::move(entries));
  commit_->with_log([this, after, through, bytes_max, done = std::move(done)](wal::Log&) {
    done(read_disk(after, through, bytes_max));
  });
}

Result<std::vector<Entry>> QueueImpl::read_disk(EntryNumber after, EntryNumber through,
                                                std::size_t bytes_max) {
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  const Status read =
      reader_.read({after.value + 1}, {through.value}, [&](wal::Lsn lsn, ByteSpan record) {
        std::optional<Entry> entry = entry_of({lsn.value}, record);
        // Whole as the log says, and yet no entry: as good as damaged.
        if (!entry) return true;
        entries.push_back(*std::move(entry));
        bytes += record.size();
        return bytes < bytes_max;
      });
  const std::lock_guard lock(mutex_);
  if (!read && entries.empty()) {
    error_ = read.error().text();
    return read.error();
  }
  // Everything up to `through` is damaged: what is in memory follows.
  if (entries.empty()) read_memory(through, bytes_max, entries);
  return entries;
}

QueueStatus QueueImpl::status() const {
  const std::lock_guard lock(mutex_);
  QueueStatus status;
  status.bytes = backlog_.bytes();
  status.samples = backlog_.samples();
  status.entries = durable_.value - std::min(durable_, position_.dropped).value;
  if (const auto oldest = backlog_.oldest()) status.oldest = oldest->oldest;
  status.samples_dropped = position_.samples_dropped;
  status.bytes_on_disk = bytes_on_disk_;
  status.error = error_;
  return status;
}

// --- opening ---

// A position that is damaged is set aside: everything in the log is given again, under other ids.
Result<Position> load_position(sys::FileSystem& files, sys::Random& random,
                               const QueueOptions& options, std::vector<std::string>& damages) {
  const std::string path = position_path(options);
  if (files.exists(path)) {
    const Result<Bytes> bytes = sys::read_file(files, path, 1 << 16);
    if (!bytes && bytes.error().id != ErrorId::kInvalidArgument) return bytes.error();
    const Result<Position> position = decode_position(bytes ? ByteSpan(*bytes) : ByteSpan());
    if (position || position.error().id == ErrorId::kFormatTooNew) return position;
    if (Status moved = files.rename(path, path + ".damaged"); !moved) return moved.error();
    damages.push_back(path +
                      " is damaged and set aside: everything that the queue holds is sent again");
  }
  Position fresh;
  while (fresh.queue == 0) fresh.queue = random.next_u64();
  if (Status kept = sys::write_file_atomically(files, path, encode_position(fresh));
      !kept && kept.error().id != ErrorId::kDiskFull) {
    return kept.error();
  }
  return fresh;
}

std::string text_of(const wal::Damage& damage) {
  std::string text = damage.file + " is damaged at byte " + std::to_string(damage.offset);
  if (damage.first_missing < damage.next_present) {
    text += ": entries " + std::to_string(damage.first_missing.value) + " to " +
            std::to_string(damage.next_present.value - 1) + " are lost";
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<Queue>> Queue::open(sys::FileSystem& files, sys::Clock& clock,
                                           sys::Random& random, QueueOptions options,
                                           std::function<void()> on_entries) {
  if (Status made = files.create_directories(options.directory); !made) return made.error();
  std::vector<std::string> damages;
  const Result<Position> position = load_position(files, random, options, damages);
  if (!position) return position.error();
  const std::size_t segment_bytes = segment_bytes_of(options);
  Backlog backlog(std::min<std::uint64_t>(segment_bytes / kPiecesPerSegment, kPieceBytes));
  wal::LogOptions log_options;
  log_options.directory = options.directory;
  log_options.segment_bytes = segment_bytes;
  Result<std::unique_ptr<wal::Log>> log =
      wal::Log::open(files, random, log_options, {position->dropped.value},
                     [&](wal::Lsn lsn, std::uint8_t /*type*/, ByteSpan record) -> Status {
                       const Result<EntryHead> head = decode_entry_head(record);
                       if (head) backlog.add({lsn.value}, record.size(), *head);
                       return {};
                     });
  if (!log) return log.error();
  for (const wal::Damage& damage : (*log)->recovery().damages) damages.push_back(text_of(damage));
  const EntryNumber last{(*log)->last().value};
  return std::unique_ptr<Queue>(std::make_unique<QueueImpl>(
      files, clock, std::move(options),
      Start{*position, std::move(backlog), last, *std::move(log), std::move(damages)},
      std::move(on_entries)));
}

}  // namespace lineshaft::connect::forward

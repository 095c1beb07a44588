// connect/forward/queue.h: samples on their way to a destination that may be away: kept on disk, in
// order, until the destination has confirmed them. Format: docs/formats/queue.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connect/forward/entry.h"
#include "model/sample.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "wal/group_commit.h"

namespace lineshaft::connect::forward {

struct QueueOptions {
  std::string directory;
  // Of the entries that wait. Beyond it the oldest go, a part of a segment at a time. On the disk
  // lie at most two segments more.
  std::uint64_t bytes_max = std::uint64_t{1} << 30;
  Nanoseconds age_max = std::chrono::hours(24 * 7);  // entries that wait longer go
  // The newest entries are kept in memory too, so that a destination that keeps up costs no
  // reading.
  std::size_t memory_bytes_max = 4 << 20;
  // The position is written so often at most; after a crash the receiver gets again what it
  // confirmed since.
  Nanoseconds save_interval = std::chrono::seconds(1);
  std::size_t segment_bytes = 0;  // of the log, for tests; 0: a sixteenth of bytes_max, 1..64 MiB
  // Another thread than that of wal::GroupCommit::start, or none, for tests.
  std::function<std::unique_ptr<wal::GroupCommit>(std::unique_ptr<wal::Log>)> start_commit;
};

struct Entry {
  EntryNumber number;  // one more than that of the entry before, unless entries were lost between
  Timestamp received;
  Age age = Age::kPresent;
  std::size_t bytes = 0;  // of its record
  std::vector<Sample> samples;
};

struct QueueStatus {
  std::uint64_t bytes = 0;            // waiting
  std::uint64_t entries = 0;          // waiting
  std::uint64_t samples = 0;          // waiting
  std::optional<Timestamp> oldest;    // when the first that waits was received, to some seconds
  std::uint64_t samples_dropped = 0;  // by the bounds, since the queue was made
  std::uint64_t bytes_on_disk = 0;
  std::optional<std::string> error;  // why the disk does not take or give entries now
};

// Every entry that was acknowledged is given to the consumer at least once, in order, unless it was
// dropped by a bound or damaged on the disk; both show as a gap in the numbers. After a power loss
// it is the same, and what was confirmed shortly before may come again, under the same numbers.
class Queue {
 public:
  // Opens or makes the queue. `on_entries` is called whenever there is something new to read, from
  // a thread of the queue: post it on. Damage refuses nothing: it is named in damages().
  // Errors: kIoError, kFormatTooNew. Blocks: reads the log.
  static Result<std::unique_ptr<Queue>> open(sys::FileSystem& files, sys::Clock& clock,
                                             sys::Random& random, QueueOptions options,
                                             std::function<void()> on_entries);
  // Makes durable what was taken, and saves the position.
  virtual ~Queue() = default;

  virtual std::uint64_t id() const = 0;
  virtual const std::vector<std::string>& damages() const = 0;

  // As SampleSink::append. `durable` may run on a thread of the queue. An error means that none, or
  // some, of the samples will be given to the consumer.
  // Errors: kQueueFull, kDiskFull, kIoError, kStorePoisoned. Threads: any.
  // Requires: samples are not empty.
  virtual void append(Timestamp received, Age age, std::span<const Sample> samples,
                      SampleSink::Durable durable) = 0;

  // --- the consumer: one thread, one read under way ---

  // The position to go on from: confirmed by the receiver before.
  virtual Position position() const = 0;

  using ReadDone = std::function<void(Result<std::vector<Entry>>)>;
  // The durable entries after `after`, until `bytes_max` are reached; none if there are none. Runs
  // `done` inside the call if they are in memory, else on a thread of the queue.
  // Errors: kIoError: try again later.
  virtual void read(EntryNumber after, std::size_t bytes_max, ReadDone done) = 0;

  // Everything up to `entry`, which was received then, is safe at the receiver. Requires: it was
  // read.
  virtual void confirm(EntryNumber entry, Timestamp received) = 0;

  // Drops what is too old and saves the position, if it is time to. About once a second.
  virtual void tick() = 0;

  virtual QueueStatus status() const = 0;  // Threads: any
};

}  // namespace lineshaft::connect::forward

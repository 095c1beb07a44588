// wal/group_commit.h: one thread that appends what many threads hand in and syncs once for all of
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "wal/log.h"

namespace lineshaft::wal {

struct GroupCommitOptions {
  std::size_t queue_bytes_max = 64 * 1024 * 1024;
  std::size_t group_bytes_max = 4 * 1024 * 1024;  // appended between two syncs at most
};

struct GroupCommitCounters {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t queued_bytes = 0;  // waiting now
};

class GroupCommit {
 public:
  // Runs on the commit thread: `applied` after the record is durable, in order of Lsn; it gets the
  // outcome exactly once, and the payload back.
  using Done = std::function<void(Result<Lsn>, Bytes payload)>;

  // Takes over `log` until destroyed. The destructor commits what is queued, then stops.
  static std::unique_ptr<GroupCommit> start(std::unique_ptr<Log> log, GroupCommitOptions options);
  virtual ~GroupCommit() = default;

  // Queues a record. Errors through `done`: kQueueFull (at once), kDiskFull, kIoError,
  // kStorePoisoned. Threads: any.
  virtual void append(std::uint8_t type, Bytes payload, Done done) = 0;

  // Runs `task` with the log on the commit thread between two groups (for trim). Threads: any.
  virtual void with_log(std::function<void(Log&)> task) = 0;

  virtual GroupCommitCounters counters() const = 0;
};

}  // namespace lineshaft::wal

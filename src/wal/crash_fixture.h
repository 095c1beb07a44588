// wal/crash_fixture.h: a log on a simulated disk, and a notebook of what it promised; for tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sys/sim/disk.h"
#include "sys/sim/loop.h"
#include "wal/log.h"

namespace lineshaft::wal {

struct TestRecord {
  std::uint8_t type = 0;
  std::string payload;
};

// What a log must give back: all records after `after` up to `acknowledged`, and then perhaps some
// more of `records`, without holes.
struct Expectation {
  std::uint64_t after = 0;  // the caller has these in its own files
  std::uint64_t acknowledged = 0;
  std::vector<const TestRecord*> records;  // by Lsn, from 1; borrowed
};

// What was done with a log, and when, counted in operations of its disk.
class Notebook {
 public:
  // An append is about to start.
  void begin(std::size_t operations, TestRecord record);
  // The append failed: its record does not count, and its number goes to the next one.
  void refuse_last() { entries_.pop_back(); }
  void acknowledge(std::size_t operations, std::uint64_t lsn);
  // The records up to `lsn` are about to be trimmed.
  void trim(std::size_t operations, std::uint64_t lsn);

  // Of a disk that crashed after so many operations.
  Expectation at(std::size_t operations) const;
  // Goes on, on a new disk, when a log came back with `last` after such a crash.
  Notebook after_crash(std::size_t operations, std::uint64_t last) const;

  std::uint64_t last() const { return entries_.size(); }

 private:
  struct Entry {
    std::size_t possible_from = 0;  // operations
    std::shared_ptr<const TestRecord> record;
  };
  struct Mark {
    std::size_t operations = 0;
    std::uint64_t lsn = 0;
  };
  static std::uint64_t newest(const std::vector<Mark>& marks, std::size_t operations);

  std::vector<Entry> entries_;  // by Lsn, from 1
  std::vector<Mark> acknowledged_;
  std::vector<Mark> trimmed_;
};

// What lies between a log and its disk; nothing: the disk itself.
using Layer = std::function<std::unique_ptr<sys::FileSystem>(sys::SimDisk& disk)>;

// Opens a log and compares what it gives back, which must include no damage.
struct Opened {
  std::unique_ptr<Log> log;  // null if it did not open
  std::string problem;       // empty if everything is as expected
};
Opened open_and_compare(sys::FileSystem& files, sys::Random& random, const LogOptions& options,
                        const Expectation& expected);

// An open log whose calls are noted.
class NotedLog {
 public:
  NotedLog(sys::SimDisk& disk, LogOptions options, std::uint64_t seed, const Layer& layer = {})
      : disk_(disk),
        layer_(layer ? layer(disk) : nullptr),
        options_(std::move(options)),
        random_(seed) {}

  // Opens the log, again if it is open: as after the end of the process, everything appended must
  // still be there. Empty, or what is wrong.
  std::string open();
  // Opens the log of a disk that crashed after so many operations of another, in whose notebook
  // stands what was promised until then.
  std::string recover(const Notebook& before, std::size_t operations);
  void close() { log_.reset(); }
  Status append(std::size_t bytes);
  Status sync();
  Status trim(std::uint64_t through);
  // `steps` of these, chosen by the seed. Stops at the first that fails, and says so.
  std::string work(int steps);

  Log* log() { return log_.get(); }
  const Notebook& notebook() const { return notebook_; }

 private:
  Status step();
  std::size_t random_size();
  sys::FileSystem& files() { return layer_ ? *layer_ : disk_; }

  sys::SimDisk& disk_;
  const std::unique_ptr<sys::FileSystem> layer_;
  LogOptions options_;
  sys::SimRandom random_;
  Notebook notebook_;
  std::unique_ptr<Log> log_;
};

// Opens the log of a crashed disk, goes on with it, cuts the power again and opens it once more.
// Empty if everything is as expected.
std::string problem_of_crashed(const sys::DiskImage& image, const LogOptions& options,
                               std::uint64_t seed, const Notebook& notebook, std::size_t operations,
                               const Layer& layer = {});

}  // namespace lineshaft::wal

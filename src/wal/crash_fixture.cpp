#include "wal/crash_fixture.h"

#include <algorithm>

#include "base/assert.h"
#include "wal/format.h"

namespace lineshaft::wal {
namespace {

// Compares record after record, as they come.
class Comparison {
 public:
  explicit Comparison(const Expectation& expected)
      : expected_(expected), next_(expected.after + 1) {}

  Status take(Lsn lsn, std::uint8_t type, ByteSpan payload) {
    const std::string name = "record " + std::to_string(lsn.value);
    if (lsn.value != next_) note(name + " comes where " + std::to_string(next_) + " was due");
    next_ = lsn.value + 1;
    if (!is_known(lsn.value, type, payload)) note(name + " is not what was appended");
    return {};
  }

  std::string finish(const Log& log) {
    const std::uint64_t last = next_ - 1;
    if (last < expected_.acknowledged) {
      note("records " + std::to_string(next_) + " to " + std::to_string(expected_.acknowledged) +
           " were acknowledged and are lost");
    }
    for (const Damage& damage : log.recovery().damages) {
      note("damage of " + damage.file + " at " + std::to_string(damage.offset) + " is reported");
    }
    if (log.last().value != last) note("the log goes on after " + std::to_string(log.last().value));
    if (log.durable() != log.last() || log.poisoned()) note("the log is not ready");
    return problem_;
  }

 private:
  bool is_known(std::uint64_t lsn, std::uint8_t type, ByteSpan payload) const {
    if (lsn > expected_.records.size()) return false;
    const TestRecord& record = *expected_.records[lsn - 1];
    return record.type == type && record.payload == as_text(payload);
  }
  void note(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }

  const Expectation& expected_;
  std::uint64_t next_;
  std::string problem_;
};

}  // namespace

void Notebook::begin(std::size_t operations, TestRecord record) {
  entries_.push_back({operations + 1, std::make_shared<const TestRecord>(std::move(record))});
}

void Notebook::acknowledge(std::size_t operations, std::uint64_t lsn) {
  LS_ASSERT(lsn <= last());
  acknowledged_.push_back({operations, lsn});
}

void Notebook::trim(std::size_t operations, std::uint64_t lsn) {
  trimmed_.push_back({operations, lsn});
}

std::uint64_t Notebook::newest(const std::vector<Mark>& marks, std::size_t operations) {
  std::uint64_t lsn = 0;
  for (const Mark& mark : marks) {
    if (mark.operations <= operations) lsn = std::max(lsn, mark.lsn);
  }
  return lsn;
}

Expectation Notebook::at(std::size_t operations) const {
  Expectation expected;
  expected.after = newest(trimmed_, operations);
  expected.acknowledged = newest(acknowledged_, operations);
  for (const Entry& entry : entries_) {
    if (entry.possible_from > operations) break;
    expected.records.push_back(entry.record.get());
  }
  return expected;
}

Notebook Notebook::after_crash(std::size_t operations, std::uint64_t last) const {
  const Expectation before = at(operations);
  LS_ASSERT(last <= before.records.size());
  Notebook now;
  now.entries_.assign(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(last));
  for (Entry& entry : now.entries_) entry.possible_from = 0;
  now.acknowledged_.push_back({0, before.acknowledged});
  now.trimmed_.push_back({0, before.after});
  return now;
}

Opened open_and_compare(sys::FileSystem& files, sys::Random& random, const LogOptions& options,
                        const Expectation& expected) {
  Comparison comparison(expected);
  Result<std::unique_ptr<Log>> log = Log::open(files, random, options, Lsn{expected.after},
                                               [&](Lsn lsn, std::uint8_t type, ByteSpan payload) {
                                                 return comparison.take(lsn, type, payload);
                                               });
  if (!log) return {nullptr, "the log refuses to open: " + log.error().text()};
  std::string problem = comparison.finish(**log);
  return {*std::move(log), std::move(problem)};
}

std::string NotedLog::open() {
  log_.reset();
  Expectation expected = notebook_.at(disk_.operations());
  expected.acknowledged = notebook_.last();
  Opened opened = open_and_compare(files(), random_, options_, expected);
  if (!opened.problem.empty()) return opened.problem;
  log_ = std::move(opened.log);
  notebook_.acknowledge(disk_.operations(), notebook_.last());
  return {};
}

std::string NotedLog::recover(const Notebook& before, std::size_t operations) {
  Opened opened = open_and_compare(files(), random_, options_, before.at(operations));
  if (!opened.problem.empty()) return opened.problem;
  log_ = std::move(opened.log);
  notebook_ = before.after_crash(operations, log_->last().value);
  notebook_.acknowledge(disk_.operations(), notebook_.last());
  return {};
}

Status NotedLog::append(std::size_t bytes) {
  TestRecord record{static_cast<std::uint8_t>(1 + random_.below(255)), std::string(bytes, '\0')};
  random_.fill({reinterpret_cast<std::uint8_t*>(record.payload.data()), bytes});
  const TestRecord appended = record;
  notebook_.begin(disk_.operations(), std::move(record));
  const Result<Lsn> lsn = log_->append(appended.type, as_bytes(appended.payload));
  if (!lsn) {
    notebook_.refuse_last();
    return lsn.error();
  }
  LS_ASSERT(lsn->value == notebook_.last());
  return {};
}

Status NotedLog::sync() {
  const std::uint64_t last = log_->last().value;
  Status synced = log_->sync();
  if (synced) notebook_.acknowledge(disk_.operations(), last);
  return synced;
}

Status NotedLog::trim(std::uint64_t through) {
  notebook_.trim(disk_.operations(), through);
  return log_->trim(Lsn{through});
}

// Mostly small records, some empty, some that fill a segment.
std::size_t NotedLog::random_size() {
  const std::size_t bytes_max = options_.segment_bytes - kSegmentHeaderBytes - kRecordHeaderBytes;
  switch (random_.below(8)) {
    case 0:
      return 0;
    case 1:
      return bytes_max / kRecordAlignment * kRecordAlignment;
    case 2:
    case 3:
      return static_cast<std::size_t>(random_.below(bytes_max / 2));
    default:
      return static_cast<std::size_t>(random_.below(120));
  }
}

Status NotedLog::step() {
  const std::uint64_t choice = random_.below(100);
  if (choice < 60) return append(random_size());
  if (choice < 92) return sync();
  if (choice < 97) {
    // Everything, or up to somewhere: most often inside a segment, whose later records are needed.
    const std::uint64_t durable = log_->durable().value;
    return trim(choice < 94 ? durable : random_.below(durable + 1));
  }
  const std::string problem = open();
  return problem.empty() ? Status() : Error{ErrorId::kInternal, problem};
}

std::string NotedLog::work(int steps) {
  for (int i = 0; i < steps; ++i) {
    if (Status done = step(); !done) return done.error().text();
  }
  return {};
}

std::string problem_of_crashed(const sys::DiskImage& image, const LogOptions& options,
                               std::uint64_t seed, const Notebook& notebook, std::size_t operations,
                               const Layer& layer) {
  sys::SimDisk disk(image);
  NotedLog log(disk, options, seed, layer);
  if (std::string problem = log.recover(notebook, operations); !problem.empty()) return problem;
  // As long as the first record that is lost, so that what lies behind it would follow on neatly.
  const std::vector<const TestRecord*> before = notebook.at(operations).records;
  const std::uint64_t last = log.notebook().last();
  std::vector<std::size_t> sizes = {last < before.size() ? before[last]->payload.size() : 0};
  if (operations % 2 == 0) sizes.push_back(33);
  for (const std::size_t bytes : sizes) {
    if (Status done = log.append(bytes); !done) return "going on: " + done.error().text();
  }
  if (Status done = log.sync(); !done) return "going on: " + done.error().text();
  const Expectation all = log.notebook().at(disk.operations());
  log.close();

  sys::SimDisk after(disk.durable_image());
  sys::SimRandom random(seed);
  const std::unique_ptr<sys::FileSystem> between = layer ? layer(after) : nullptr;
  sys::FileSystem& files = between ? *between : after;
  const std::string problem = open_and_compare(files, random, options, all).problem;
  return problem.empty() ? "" : "after going on: " + problem;
}

}  // namespace lineshaft::wal

#include "intake/commit.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "intake/mapper.h"
#include "intake/table.h"

namespace lineshaft::intake {
namespace {

// About a megabyte: large enough for one fdatasync each, small against the historian's queue.
constexpr std::size_t kBatchSamples = 16'384;
// A batch of long texts is handed over earlier.
constexpr std::size_t kBatchTextBytes = 1024 * 1024;

// How long a full queue is waited for before the import gives up.
constexpr std::chrono::milliseconds kRetryFirst{5};
constexpr std::chrono::milliseconds kRetryLongest{500};
constexpr std::chrono::seconds kRetryTotal{120};

// The store is busy, or the organisation sends more than its quota lets through.
bool is_for_now(const Error& error) {
  return error.id == ErrorId::kQueueFull || error.id == ErrorId::kTooManyAttempts;
}

// The answer of the sink for one batch. Shared with the callback, which may come late and from any
// thread.
struct Answer {
  std::mutex mutex;
  std::condition_variable given;
  std::optional<Status> status;

  void give(Status result) {
    const std::lock_guard lock(mutex);
    status = std::move(result);
    given.notify_all();
  }
  Status wait() {
    std::unique_lock lock(mutex);
    given.wait(lock, [this] { return status.has_value(); });
    return *status;
  }
  // Waits for time to pass, not for the answer.
  void pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    given.wait_for(lock, time);
  }
};

class Committer {
 public:
  explicit Committer(const CommitTask& task) : task_(task), began_(task.ports.clock.monotonic()) {}

  Status run() {
    Result<Mapper> mapper = Mapper::make(task_.plan, task_.zone);
    if (!mapper.ok()) return std::move(mapper).error();
    Result<std::vector<TagId>> ids = make_tags(mapper->tag_specs());
    if (!ids.ok()) return std::move(ids).error();
    Status read = read_rows(*mapper, *ids);
    // Also after an error: the sink's answer must not find us gone, and its batch is kept.
    Status kept = settle();
    if (!read) return read;
    if (!kept) return kept;
    rows_under_way_ = rows_read_;  // the last rows may have had no samples
    report();
    return {};
  }

 private:
  Result<std::vector<TagId>> make_tags(std::vector<TagSpec> specs) {
    for (TagSpec& spec : specs) {
      const std::optional<Tag> known = task_.ports.tags.find_tag(task_.tenant, spec.path);
      if (!known) continue;
      const ValueType type = spec.type;  // a contradiction is for ensure_tags to refuse
      spec = known->spec;
      spec.type = type;
    }
    return task_.ports.tags.ensure_tags(task_.tenant, std::move(specs));
  }

  Status read_rows(Mapper& mapper, const std::vector<TagId>& ids) {
    Status read = for_each_row(task_.ports.files, task_.path, task_.plan, [&](const csv::Row& row) {
      ++rows_read_;
      return take(mapper, ids, row);
    });
    return read ? hand_over() : read;
  }

  Status take(Mapper& mapper, const std::vector<TagId>& ids, const csv::Row& row) {
    const std::size_t before = batch_.size();
    const std::optional<RowProblem> problem = mapper.map(row, ids, batch_);
    if (problem && !task_.plan.skip_refused) {
      return Error{ErrorId::kImportHasRefused,
                   "line " + std::to_string(row.line) + ": " + problem->problem};
    }
    for (std::size_t i = before; i < batch_.size(); ++i) {
      if (const auto* text = std::get_if<std::string>(&batch_[i].value))
        text_bytes_ += text->size();
    }
    if (batch_.size() < kBatchSamples && text_bytes_ < kBatchTextBytes) return {};
    return hand_over();
  }

  // Waits for the batch under way, then sends the one that was read meanwhile. A transposed line
  // may be long, so it goes in parts.
  Status hand_over() {
    text_bytes_ = 0;
    if (batch_.empty()) return {};
    if (batch_.size() <= 2 * kBatchSamples) return send(std::exchange(batch_, {}));
    for (std::size_t at = 0; at < batch_.size(); at += kBatchSamples) {
      const auto from = batch_.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t count = std::min(kBatchSamples, batch_.size() - at);
      Status sent = send({from, from + static_cast<std::ptrdiff_t>(count)});
      if (!sent) return sent;
    }
    batch_.clear();
    return {};
  }

  Status send(std::vector<Sample> samples) {
    if (Status kept = settle(); !kept) return kept;
    if (task_.stop) return Error{ErrorId::kCancelled, "the server stops"};
    under_way_ = std::move(samples);
    rows_under_way_ = rows_read_;
    append();
    return {};
  }

  // A copy goes to the sink, because a refused batch must be sent again.
  void append() {
    answer_ = std::make_shared<Answer>();
    task_.ports.sink.append({task_.tenant, task_.ports.clock.now(), under_way_},
                            [answer = answer_](Status status) { answer->give(std::move(status)); });
  }

  // Until the batch under way is durable.
  Status settle() {
    if (answer_ == nullptr) return {};
    std::chrono::milliseconds pause = kRetryFirst;
    std::chrono::milliseconds waited{0};
    Status status = answer_->wait();
    while (!status && is_for_now(status.error()) && waited < kRetryTotal) {
      if (task_.stop) return Error{ErrorId::kCancelled, "the server stops"};
      answer_->pause(pause);
      waited += pause;
      pause = std::min(2 * pause, kRetryLongest);
      append();
      status = answer_->wait();
    }
    answer_.reset();
    if (!status) return status;
    samples_kept_ += under_way_.size();
    report();
    return {};
  }

  void report() {
    const std::int64_t ns = (task_.ports.clock.monotonic() - began_).count();
    const double seconds = static_cast<double>(std::max<std::int64_t>(ns, 1)) / 1e9;
    const auto per_second =
        static_cast<std::uint64_t>(static_cast<double>(rows_under_way_) / seconds);
    task_.progress({rows_under_way_, samples_kept_, per_second});
  }

  const CommitTask& task_;
  const Nanoseconds began_;
  std::vector<Sample> batch_;
  std::size_t text_bytes_ = 0;
  std::uint64_t rows_read_ = 0;
  std::vector<Sample> under_way_;
  std::uint64_t rows_under_way_ = 0;
  std::uint64_t samples_kept_ = 0;
  std::shared_ptr<Answer> answer_;  // null: nothing under way
};

}  // namespace

Status commit_file(const CommitTask& task) { return Committer(task).run(); }

}  // namespace lineshaft::intake

// Taking journals: whoever comes first does it for all who wait, with one sync.
#include <algorithm>
#include <iterator>

#include "base/assert.h"
#include "ledger/ledger.h"
#include "ledger/source.h"
#include "wal/format.h"

namespace lineshaft::ledger {
namespace {

// Journals taken between two syncs, so that readers are not kept waiting for long.
constexpr std::size_t kGroupMax = 16'384;

}  // namespace

class Ledger::Source final : public Earlier {
 public:
  explicit Source(const Ledger& ledger) : ledger_(ledger), log_(ledger.reader_) {}

  Result<Journal> read(Sequence sequence) const override {
    const std::uint64_t written = ledger_.state_.last().value - ledger_.fresh_.size();
    if (sequence.value <= written) return log_.read(sequence);
    return *ledger_.fresh_[sequence.value - written - 1].journal;
  }

 private:
  const Ledger& ledger_;
  LogEarlier log_;
};

Result<Receipt> Ledger::post(Journal journal) {
  std::vector<Journal> one;
  one.push_back(std::move(journal));
  return std::move(post_each(std::move(one)).front());
}

std::vector<Result<Receipt>> Ledger::post_each(std::vector<Journal> journals) {
  std::vector<Result<Receipt>> answers(journals.size(), Receipt{});
  if (journals.empty()) return answers;
  Request request{journals, answers};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&request);
  while (!request.done) {
    if (committing_) {
      turn_.wait(lock);
      continue;
    }
    committing_ = true;
    std::vector<Request*> group;
    std::size_t count = 0;
    while (!queue_.empty() && (group.empty() || count < kGroupMax)) {
      group.push_back(queue_.front());
      count += queue_.front()->journals.size();
      queue_.erase(queue_.begin());
    }
    lock.unlock();
    commit(group);
    lock.lock();
    for (Request* const served : group) served->done = true;
    committing_ = false;
    turn_.notify_all();
  }
  return answers;
}

void Ledger::commit(const std::vector<Request*>& group) {
  // Held over the sync: nobody sees what is not durable.
  const std::unique_lock lock(mutex_);
  fresh_.clear();
  repeats_.clear();
  group_bytes_.clear();
  const Timestamp now = std::max(clock_.now(), state_.time());
  for (Request* const request : group) {
    for (std::size_t i = 0; i < request->journals.size(); ++i) {
      take(request->journals[i], now, request->answers[i]);
    }
  }
  if (Status written = write_group(); !written) {
    // A repeat of what was not kept is not kept either.
    for (Result<Receipt>* const repeat : repeats_) {
      if ((*repeat)->sequence > state_.last()) *repeat = written.error();
    }
  }
  state_.settle();
  grow_tree();
}

void Ledger::take(Journal& journal, Timestamp now, Result<Receipt>& answer) {
  if (stopped_) {
    answer = *stopped_;
    return;
  }
  journal.recorded = now;
  if (Status good = check_journal(journal); !good) {
    answer = std::move(good).error();
    return;
  }
  const std::size_t begin = group_bytes_.size();
  encode_journal(journal, group_bytes_);
  const std::size_t bytes = group_bytes_.size() - begin;
  if (wal::kSegmentHeaderBytes + wal::record_bytes(bytes) > options_.segment_bytes) {
    group_bytes_.resize(begin);
    answer = Error{ErrorId::kJournalInvalid, "the journal is larger than a segment of the log"};
    return;
  }
  Result<Taken> taken = state_.apply(journal, Source(*this));
  if (!taken || taken->is_repeat) group_bytes_.resize(begin);
  if (!taken) {
    answer = std::move(taken).error();
    return;
  }
  answer = Receipt{taken->sequence, taken->is_repeat};
  if (taken->is_repeat) {
    repeats_.push_back(&answer);
  } else {
    fresh_.push_back({&journal, &answer, group_bytes_.size()});
  }
}

Status Ledger::write_group() {
  if (fresh_.empty()) return {};
  std::vector<ByteSpan> payloads;
  payloads.reserve(fresh_.size());
  std::size_t begin = 0;
  for (const Fresh& one : fresh_) {
    payloads.push_back(ByteSpan(group_bytes_).subspan(begin, one.bytes_end - begin));
    begin = one.bytes_end;
  }
  const std::uint64_t before = state_.last().value - fresh_.size();
  Status written = log_->append_all(kJournalRecord, payloads);
  Status synced = log_->sync();
  if (!synced) {
    // Nobody knows what is on the disk; the next start will. Until then we show what is certain.
    take_back_after(0, synced.error());
    stop(synced.error());
    return synced;
  }
  const std::uint64_t kept = log_->last().value - before;
  if (!written) take_back_after(static_cast<std::size_t>(kept), written.error());
  LS_ASSERT(log_->last().value == state_.last().value);
  return written;
}

void Ledger::take_back_after(std::size_t kept, const Error& why) {
  while (fresh_.size() > kept) {
    state_.take_back(*fresh_.back().journal);
    *fresh_.back().answer = why;
    fresh_.pop_back();
  }
  group_bytes_.resize(fresh_.empty() ? 0 : fresh_.back().bytes_end);
}

void Ledger::grow_tree() {
  made_.clear();
  std::size_t begin = 0;
  for (const Fresh& one : fresh_) {
    peaks_.append(leaf_hash(ByteSpan(group_bytes_).subspan(begin, one.bytes_end - begin)), made_);
    begin = one.bytes_end;
  }
  tree_.append(made_);
  fresh_.clear();
}

}  // namespace lineshaft::ledger

// Erasing samples: a record of the log that hides what came before it, until merges leave it out.
#include <future>

#include "historian/store.h"

namespace lineshaft::historian {

Status Store::erase(TenantId tenant, std::span<const TagId> tags, TimeRange range) {
  if (poisoned_) return Error{ErrorId::kStorePoisoned, "a sync failed before"};
  if (range.empty()) {
    return Error{ErrorId::kInvalidArgument, "the range of time is empty"};
  }
  std::vector<Erasure> erasures;
  for (TagId tag : tags) {
    if (Status known = require_tag(tenant, tag); !known) return known;
    erasures.push_back({{tenant, tag}, range});
  }
  erasures = joined(std::move(erasures));  // a tag may stand there twice
  Bytes record = encode_erasures(erasures);
  if (record.size() > record_bytes_max()) {
    return Error{ErrorId::kInvalidArgument, "too many tags for one step; erase them in parts"};
  }
  if (erasures.empty()) return {};
  const auto kept = std::make_shared<std::vector<Erasure>>(std::move(erasures));
  const auto outcome = std::make_shared<std::promise<Status>>();
  log_->append(kErasuresRecord, std::move(record),
               [this, kept, outcome](const Result<wal::Lsn>& lsn, Bytes) {
                 if (lsn) apply(*kept, *lsn);
                 const Status status = lsn ? Status() : Status(lsn.error());
                 note_outcome(status, log_full_);
                 outcome->set_value(status);
               });
  Status erased = outcome->get_future().get();
  if (erased) renew_last_values(*kept);
  return erased;
}

// In order of Lsn: on the commit thread, or during the replay.
void Store::apply(std::span<const Erasure> erasures, wal::Lsn lsn) {
  bool full = false;
  {
    const std::unique_lock lock(mutex_);
    applied_ = lsn;
    for (const Erasure& erasure : erasures) {
      active_->erase(erasure);
      const KeptLast* last = last_.find(erasure.key);
      if (last != nullptr && erasure.range.contains(last->sample.time)) {
        last_.at(erasure.key) = {};
      }
    }
    full = memtable_is_full();
  }
  if (full && options_.background) wake(flush_wanted_);
}

// What is the last value now is news, for those who watch the tag.
void Store::renew_last_values(std::span<const Erasure> erasures) {
  for (const Erasure& erasure : erasures) {
    const SeriesKey key = erasure.key;
    {
      const std::shared_lock lock(mutex_);
      if (last_.find(key) != nullptr) continue;
    }
    const auto stored = sample_before(key.tenant, key.tag, kTimestampMax);
    const std::unique_lock lock(mutex_);
    KeptLast& last = last_.at(key);
    if (last.in_use()) continue;  // another sample came meanwhile
    last.tag = key.tag;
    last.exists = stored && *stored;
    last.sample =
        last.exists ? **stored : Sample{key.tag, {}, quality::kBadWaitingForInitialData, false};
    last.tick = ++tick_;
  }
}

}  // namespace lineshaft::historian

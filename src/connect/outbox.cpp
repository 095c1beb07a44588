#include "connect/outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lineshaft::connect {

Outbox::Outbox(sys::EventLoop& loop, sys::Clock& clock, SampleSink& sink,
               const ManagerOptions& options, OnDropped on_dropped)
    : clock_(clock),
      sink_(sink),
      options_(options),
      on_dropped_(std::move(on_dropped)),
      mailbox_(std::make_shared<Mailbox>()),
      flush_timer_(loop.make_timer()),
      retry_timer_(loop.make_timer()) {
  mailbox_->loop = &loop;
  mailbox_->outbox = this;
}

Outbox::~Outbox() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->loop = nullptr;
  mailbox_->outbox = nullptr;
}

void Outbox::add(TenantId tenant, Sample sample) {
  std::vector<Sample>& samples = gathering_[tenant];
  if (samples.empty()) gathering_first_[tenant] = added_;
  added_ += 1;
  samples.push_back(std::move(sample));
  if (samples.size() >= options_.batch_samples_max) {
    close_batch(tenant);
    offer();
  } else if (!flush_armed_) {
    flush_armed_ = true;
    flush_timer_->start(options_.flush_interval, [this] { flush(); });
  }
}

void Outbox::flush() {
  flush_armed_ = false;
  flush_timer_->cancel();
  std::vector<TenantId> tenants;
  for (const auto& [tenant, samples] : gathering_) {
    if (!samples.empty()) tenants.push_back(tenant);
  }
  for (TenantId tenant : tenants) close_batch(tenant);
  offer();
}

void Outbox::close_batch(TenantId tenant) {
  auto samples = std::exchange(gathering_[tenant], {});
  const std::uint64_t first = gathering_first_[tenant];
  gathering_first_.erase(tenant);
  kept_ += samples.size();
  Batch* last = batches_.empty() ? nullptr : &batches_.back();
  if (last != nullptr && !last->offered && !last->counted && last->content.tenant == tenant &&
      last->content.samples.size() + samples.size() <= options_.batch_samples_max) {
    // While the sink refuses, small batches grow together instead of becoming many.
    last->content.received = clock_.now();
    std::ranges::move(samples, std::back_inserter(last->content.samples));
  } else {
    batches_.push_back(
        {next_id_++, false, false, false, {tenant, clock_.now(), std::move(samples)}, first});
  }
  make_room();
}

// Offers what may be offered. At most half of what may be kept is with the sink, so that there is
// always something that can be dropped.
void Outbox::offer() {
  if (refusal_) return;  // the retry timer comes back
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    Batch& batch = batches_[i];
    if (batch.offered) continue;
    if (offered_ > 0 && offered_ + batch.content.samples.size() > options_.samples_kept_max / 2) {
      break;
    }
    offer(batch);
  }
}

void Outbox::offer(Batch& batch) {
  batch.offered = true;
  offered_ += batch.content.samples.size();
  if (!batch.counted) counters_.samples_offered += batch.content.samples.size();
  batch.counted = true;
  sink_.append(batch.content, [mailbox = mailbox_, id = batch.id](Status status) {
    const std::lock_guard lock(mailbox->mutex);
    if (mailbox->loop == nullptr) return;
    mailbox->answers.emplace_back(id, std::move(status));
    if (mailbox->answers.size() > 1) return;  // a task is on its way already
    mailbox->loop->post([mailbox] {
      if (mailbox->outbox != nullptr) mailbox->outbox->on_answers();
    });
  });
}

void Outbox::on_answers() {
  std::vector<std::pair<std::uint64_t, Status>> answers;
  {
    const std::lock_guard lock(mailbox_->mutex);
    std::swap(answers, mailbox_->answers);
  }
  for (const auto& [id, status] : answers) on_answer(id, status);
  offer();
  answer_waiting();
}

void Outbox::on_answer(std::uint64_t id, const Status& status) {
  const auto batch = std::ranges::find(batches_, id, &Batch::id);
  if (batch == batches_.end()) return;
  batch->offered = false;
  offered_ -= batch->content.samples.size();
  if (status) return on_durable(batch);
  const Error& why = status.error();
  if (why.id == ErrorId::kNotFound || why.id == ErrorId::kTypeMismatch) {
    return on_wrong_content(batch);
  }
  if (batch->doomed) {
    drop(*batch, true);
    batches_.erase(batch);
  }
  if (!refusal_) {
    retry_timer_->start(options_.refused_retry, [this] {
      refusal_.reset();
      offer();
    });
  }
  refusal_ = why.text();
}

void Outbox::on_durable(std::deque<Batch>::iterator batch) {
  counters_.samples_durable += batch->content.samples.size();
  if (!batch->doomed) kept_ -= batch->content.samples.size();
  batches_.erase(batch);
  // Not while all is full: the markers would push out samples, and those need markers.
  if (!lost_.empty() && kept_ <= options_.samples_kept_max / 2) queue_markers();
}

void Outbox::on_wrong_content(std::deque<Batch>::iterator batch) {
  std::vector<Sample>& samples = batch->content.samples;
  if (samples.size() == 1) {
    drop(*batch, false);
    if (!batch->doomed) kept_ -= 1;
    batches_.erase(batch);
    return;
  }
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  Batch second{next_id_++, false, true, batch->doomed, batch->content, batch->first};
  second.content.samples.assign(middle, samples.end());
  samples.erase(middle, samples.end());
  batch->id = next_id_++;
  batches_.insert(std::next(batch), std::move(second));
}

void Outbox::make_room() {
  for (auto batch = batches_.begin();
       batch != batches_.end() && kept_ > options_.samples_kept_max;) {
    if (batch->doomed) {
      ++batch;
      continue;
    }
    kept_ -= batch->content.samples.size();
    if (batch->offered) {
      batch->doomed = true;
      ++batch;
      continue;
    }
    drop(*batch, true);
    batch = batches_.erase(batch);
  }
}

void Outbox::drop(const Batch& batch, bool mark) {
  counters_.samples_dropped += batch.content.samples.size();
  for (const Sample& sample : batch.content.samples) {
    on_dropped_(batch.content.tenant, sample.tag);
    if (mark) lost_.try_emplace({batch.content.tenant, sample.tag}, sample);
  }
  if (!mark) return;
  for (Waiting& one : waiting_) one.lost = one.lost || batch.first < one.through;
}

void Outbox::when_durable(Kept then) {
  if (batches_.empty() && gathering_first_.empty()) return then({});
  waiting_.push_back({added_, false, std::move(then)});
  flush_armed_ = true;
  flush_timer_->start(Nanoseconds(0), [this] { flush(); });
}

void Outbox::answer_waiting() {
  std::uint64_t oldest = added_;
  for (const Batch& batch : batches_) oldest = std::min(oldest, batch.first);
  for (const auto& [tenant, first] : gathering_first_) oldest = std::min(oldest, first);
  while (!waiting_.empty() && waiting_.front().through <= oldest) {
    const Waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    one.then(one.lost ? Status(Error{ErrorId::kQueueFull, "it was dropped for want of room"})
                      : Status());
  }
}

// The sink takes again: say where each gap began.
void Outbox::queue_markers() {
  for (auto& [key, sample] : lost_) {
    sample.quality = quality::kBadDataLost;
    gathering_first_.try_emplace(key.first, added_);
    gathering_[key.first].push_back(std::move(sample));
  }
  lost_.clear();
  flush();
}

ManagerCounters Outbox::counters() const {
  ManagerCounters counters = counters_;
  for (const Batch& batch : batches_) counters.samples_waiting += batch.content.samples.size();
  for (const auto& [tenant, samples] : gathering_) counters.samples_waiting += samples.size();
  counters.sink_error = refusal_;
  return counters;
}

}  // namespace lineshaft::connect

#include "connect/mqtt/pending_writes.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect {

bool PendingWrites::add(std::size_t signal, std::optional<Value> old_value, Value value,
                        Nanoseconds timeout, Driver::WriteDone done) {
  if (pending_.size() == kUnconfirmedWritesMax) {
    done(Error{ErrorId::kWriteQueueFull, "64 writes wait for machines behind this broker"});
    return false;
  }
  // Of a signal that has never told a value the written one stands for the old.
  Value before = old_value ? *std::move(old_value) : value;
  pending_.push_back({signal, std::move(before), std::move(value), std::nullopt,
                      loop_.now() + timeout, std::move(done)});
  arm();
  return true;
}

void PendingWrites::on_value(std::size_t signal, const Value& value) {
  const auto found = std::ranges::find_if(pending_, [&](const Pending& one) {
    return one.signal == signal && same_bits(one.value, value);
  });
  if (found == pending_.end()) {
    for (Pending& one : pending_) {
      if (one.signal == signal) one.seen = value;
    }
    return;
  }
  Pending done = std::move(*found);
  pending_.erase(found);
  arm();
  done.done(WriteOutcome{std::move(done.old_value), value});
}

void PendingWrites::fail(std::size_t signal, const Error& why) {
  for (std::size_t i = pending_.size(); i-- > 0;) {
    if (pending_[i].signal != signal) continue;
    const Driver::WriteDone done = std::move(pending_[i].done);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    arm();
    return done(why);
  }
}

void PendingWrites::fail_all(const Error& why) {
  timer_->cancel();
  for (Pending& one : std::exchange(pending_, {})) one.done(why);
}

void PendingWrites::arm() {
  if (pending_.empty()) return timer_->cancel();
  const auto first = std::ranges::min_element(pending_, {}, &Pending::deadline);
  timer_->start(first->deadline - loop_.now(), [this] { on_time(); });
}

void PendingWrites::on_time() {
  std::deque<Pending> late;
  for (std::size_t i = 0; i < pending_.size();) {
    if (pending_[i].deadline > loop_.now()) {
      ++i;
      continue;
    }
    late.push_back(std::move(pending_[i]));
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  arm();
  for (Pending& one : late) {
    const std::string seen = one.seen ? "the machine reports " + to_text(*one.seen)
                                      : "the machine has reported no value since";
    one.done(Error{ErrorId::kWriteNotConfirmed,
                   to_text(one.value) + " was sent and " + seen + "; it may still arrive"});
  }
}

}  // namespace lineshaft::connect

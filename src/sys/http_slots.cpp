#include "sys/http_slots.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace lineshaft::sys {

std::unique_ptr<HttpSlots::Slot> HttpSlots::take(const std::string& address,
                                                 std::function<void()> cut) {
  const auto same = strangers_of_address_.find(address);
  const std::size_t of_address = same == strangers_of_address_.end() ? 0 : same->second;
  if (of_address >= limits_.strangers_per_address_max && !evict(&address)) return nullptr;
  const bool full = strangers_ >= limits_.strangers_max || taken() >= limits_.connections_max;
  if (full && !evict(nullptr)) return nullptr;
  return std::make_unique<Slot>(*this, address, std::move(cut));
}

// The oldest that waits, of one address if one is given; false if there is none.
bool HttpSlots::evict(const std::string* address) {
  const auto found = std::ranges::find_if(
      waiting_, [&](const Slot* slot) { return address == nullptr || slot->address_ == *address; });
  if (found == waiting_.end()) return false;
  Slot& oldest = **found;
  oldest.leave_queue();
  oldest.leave_strangers();
  oldest.counted_ = false;
  const std::function<void()> cut = std::move(oldest.cut_);  // which may end the slot
  cut();
  return true;
}

HttpSlots::Slot::Slot(HttpSlots& slots, std::string address, std::function<void()> cut)
    : slots_(slots), address_(std::move(address)), cut_(std::move(cut)) {
  ++slots_.strangers_;
  ++slots_.strangers_of_address_[address_];
  rest();
}

HttpSlots::Slot::~Slot() {
  leave_queue();
  if (!counted_) return;
  if (known_) {
    --slots_.known_;
  } else {
    leave_strangers();
  }
}

void HttpSlots::Slot::become_known() {
  if (known_ || !counted_) return;
  leave_queue();
  leave_strangers();
  known_ = true;
  ++slots_.known_;
}

void HttpSlots::Slot::work() { leave_queue(); }

void HttpSlots::Slot::rest() {
  if (known_ || !counted_) return;
  leave_queue();
  at_ = slots_.waiting_.insert(slots_.waiting_.end(), this);
  queued_ = true;
}

void HttpSlots::Slot::leave_queue() {
  if (!std::exchange(queued_, false)) return;
  slots_.waiting_.erase(at_);
}

void HttpSlots::Slot::leave_strangers() {
  LS_ASSERT(slots_.strangers_ > 0);
  --slots_.strangers_;
  const auto same = slots_.strangers_of_address_.find(address_);
  LS_ASSERT(same != slots_.strangers_of_address_.end());
  if (--same->second == 0) slots_.strangers_of_address_.erase(same);
}

bool TokenBucket::take(Nanoseconds now) {
  const double passed = std::chrono::duration<double>(now - last_).count();
  if (passed > 0) tokens_ = std::min(burst_, tokens_ + passed * per_second_);
  last_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace lineshaft::sys

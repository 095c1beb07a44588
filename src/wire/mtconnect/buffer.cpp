#include "wire/mtconnect/buffer.h"

#include <algorithm>

#include "base/assert.h"

namespace lineshaft::mtconnect {

namespace {

std::string_view code_of(const Observation& seen) {
  return seen.condition_id.empty() ? seen.native_code : seen.condition_id;
}

// A set tells what has changed of it.
void merge_entries(Observation& state, const Observation& seen) {
  std::vector<Entry> entries = std::move(state.entries);
  for (const Entry& change : seen.entries) {
    const auto old = std::ranges::find(entries, change.key, &Entry::key);
    if (change.removed) {
      if (old != entries.end()) entries.erase(old);
    } else if (old == entries.end()) {
      entries.push_back(change);
    } else {
      *old = change;
    }
  }
  state = seen;
  state.entries = std::move(entries);
}

}  // namespace

void apply_condition(std::vector<Observation>& active, const Observation& seen) {
  const bool is_normal = seen.level == Level::kNormal;
  if (seen.level == Level::kUnavailable || (is_normal && code_of(seen).empty())) {
    active.assign(1, seen);
    return;
  }
  std::erase_if(active, [&](const Observation& old) {
    return old.level <= Level::kNormal || code_of(old) == code_of(seen);
  });
  if (is_normal) {
    if (active.empty()) active.push_back(seen);
    return;
  }
  if (active.size() == kActiveConditionsMax) active.erase(active.begin());
  active.push_back(seen);
}

void ItemStates::apply(std::size_t item, const Observation& seen) {
  std::vector<Observation>& state = states_[item];
  if (seen.category == Category::kCondition) return apply_condition(state, seen);
  if (seen.is_set && !state.empty() && !seen.unavailable && seen.reset_triggered.empty() &&
      !state.front().unavailable) {
    return merge_entries(state.front(), seen);
  }
  state.assign(1, seen);
}

ObservationBuffer::ObservationBuffer(std::size_t capacity, std::span<const DataItem* const> items,
                                     Timestamp now)
    : capacity_(capacity), items_(items.size()), before_(items.size()), state_(items.size()) {
  LS_ASSERT(capacity > 0 && !items.empty());
  for (std::size_t i = 0; i < items.size(); ++i) {
    Observation seen;
    seen.data_item_id = items[i]->id;
    seen.category = items[i]->category;
    seen.time = now;
    seen.unavailable = true;
    seen.text = seen.category == Category::kCondition ? "" : kUnavailableText;
    add(i, std::move(seen));
  }
}

std::uint64_t ObservationBuffer::add(std::size_t item, Observation seen) {
  LS_ASSERT(item < items_);
  seen.sequence = next_++;
  state_.apply(item, seen);
  kept_.push_back({item, std::move(seen)});
  if (kept_.size() > capacity_) {
    before_.apply(kept_.front().item, kept_.front().seen);
    kept_.pop_front();
  }
  return last();
}

std::vector<Observation> ObservationBuffer::state(std::uint64_t at,
                                                  const std::vector<bool>& wanted) const {
  LS_ASSERT(first() <= at && at <= last() && wanted.size() == items_);
  std::vector<Observation> found;
  const auto collect = [&](const ItemStates& states) {
    for (std::size_t i = 0; i < items_; ++i) {
      if (!wanted[i]) continue;
      const std::vector<Observation>& all = states.of(i);
      found.insert(found.end(), all.begin(), all.end());
    }
  };
  if (at == last()) {
    collect(state_);
  } else {
    ItemStates then = before_;
    for (std::uint64_t sequence = first(); sequence <= at; ++sequence) {
      const Kept& kept = this->at(sequence);
      if (wanted[kept.item]) then.apply(kept.item, kept.seen);
    }
    collect(then);
  }
  std::ranges::sort(found, {}, &Observation::sequence);
  return found;
}

ObservationBuffer::Range ObservationBuffer::up(std::uint64_t from, std::uint64_t to,
                                               std::size_t count,
                                               const std::vector<bool>& wanted) const {
  LS_ASSERT(first() <= from && from <= next_);
  Range range;
  std::uint64_t sequence = from;
  for (; sequence < next_ && sequence <= to && range.observations.size() < count; ++sequence) {
    const Kept& kept = at(sequence);
    if (wanted[kept.item]) range.observations.push_back(kept.seen);
  }
  range.next = sequence;
  range.to_end = sequence == next_;
  return range;
}

ObservationBuffer::Range ObservationBuffer::down(std::uint64_t from, std::size_t count,
                                                 const std::vector<bool>& wanted) const {
  LS_ASSERT(first() <= from && from < next_);
  Range range;
  std::uint64_t sequence = from + 1;  // the last one looked at
  while (sequence > first() && range.observations.size() < count) {
    const Kept& kept = at(--sequence);
    if (wanted[kept.item]) range.observations.push_back(kept.seen);
  }
  std::ranges::reverse(range.observations);
  range.next = std::max(first(), sequence - 1);
  range.to_end = sequence == first();
  return range;
}

}  // namespace lineshaft::mtconnect

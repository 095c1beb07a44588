// wire/mtconnect/buffer.h: what an agent remembers: the newest observations by sequence number, and
// the state of all data items at any of them. Pure data: no clock; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "wire/mtconnect/model.h"

namespace lineshaft::mtconnect {

inline constexpr std::size_t kActiveConditionsMax = 64;  // of one data item; then the oldest goes

// What holds for data items: one observation each, of a condition every active one.
class ItemStates {
 public:
  explicit ItemStates(std::size_t items) : states_(items) {}

  // Lets `seen` of that item happen.
  void apply(std::size_t item, const Observation& seen);
  const std::vector<Observation>& of(std::size_t item) const { return states_[item]; }

 private:
  std::vector<std::vector<Observation>> states_;
};

// Of a condition the active ones after `seen`: a warning or fault joins them or replaces the one of
// its code, normal with a code ends that one, normal without a code or unavailable ends all.
void apply_condition(std::vector<Observation>& active, const Observation& seen);

class ObservationBuffer {
 public:
  // Every item begins as unavailable. Requires: capacity > 0 and at least one item.
  ObservationBuffer(std::size_t capacity, std::span<const DataItem* const> items, Timestamp now);

  // Gives it the next number. Returns that.
  std::uint64_t add(std::size_t item, Observation seen);

  std::size_t capacity() const { return capacity_; }
  std::uint64_t first() const { return next_ - kept_.size(); }
  std::uint64_t last() const { return next_ - 1; }
  std::uint64_t next() const { return next_; }

  // What holds after the observation `at`, by sequence; of the items whose flag is set.
  // Requires: first() <= at <= last(). Cost: for `at` other than last(): the whole buffer.
  std::vector<Observation> state(std::uint64_t at, const std::vector<bool>& wanted) const;
  const std::vector<Observation>& now(std::size_t item) const { return state_.of(item); }

  struct Range {
    std::vector<Observation> observations;
    std::uint64_t next = 0;  // where to go on
    bool to_end = false;     // nothing newer is there
  };
  // At most `count` from `from` on, upwards, up to and with `to`.
  // Requires: first() <= from <= next().
  Range up(std::uint64_t from, std::uint64_t to, std::size_t count,
           const std::vector<bool>& wanted) const;
  // The same downwards from `from`; told in ascending order. Requires: first() <= from <= last().
  Range down(std::uint64_t from, std::size_t count, const std::vector<bool>& wanted) const;

 private:
  struct Kept {
    std::size_t item;
    Observation seen;
  };
  const Kept& at(std::uint64_t sequence) const { return kept_[sequence - first()]; }

  std::size_t capacity_;
  std::size_t items_;
  std::deque<Kept> kept_;
  ItemStates before_;  // all that is kept
  ItemStates state_;
  std::uint64_t next_ = 1;
};

}  // namespace lineshaft::mtconnect

#include "connect/signal_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace lineshaft::connect {

namespace {

// The device is away, for whichever reason.
bool is_away(Quality q) {
  return q == quality::kBadNotConnected || q == quality::kBadTimeout ||
         q == quality::kBadCommunicationError || q == quality::kBadNoCommunication;
}

bool within(double deadband, const Value& a, const Value& b) {
  return std::abs(as_double(a) - as_double(b)) <= deadband;  // false for not-a-number
}

}  // namespace

SignalTable::SignalTable(const ConnectionConfig& config, std::span<const TagId> tags, Emit emit)
    : store_(config.store), bad_(config.signals.size()), emit_(std::move(emit)) {
  LS_ASSERT(tags.size() == config.signals.size());
  signals_.resize(tags.size());
  for (std::size_t i = 0; i < tags.size(); ++i) {
    State& state = signals_[i];
    const SignalConfig& signal = config.signals[i];
    state.tag = tags[i];
    state.type = value_type(signal);
    state.linear = signal.interpolation == Interpolation::kLinear &&
                   state.type != ValueType::kBool && state.type != ValueType::kString;
    state.deadband = signal.deadband;
  }
}

bool SignalTable::wanted(const State& state, Nanoseconds now, const Value& value,
                         Quality quality) const {
  if (store_ == Store::kAll || state.store_next || !state.stored) return true;
  if (state.stored->quality != quality || now - state.stored_at >= kHeartbeat) return true;
  if (same_bits(state.stored->value, value)) return false;
  return state.deadband == 0 || !within(state.deadband, state.stored->value, value);
}

// The last sample of a run that was not stored: where a line to the next one has to begin.
void SignalTable::emit_held(State& state) {
  if (state.held && state.linear) {
    emit_({state.tag, *state.held, state.stored->quality, *state.usable});
  }
  state.held.reset();
}

void SignalTable::store(State& state, Instant at, Quality quality, const Value& value) {
  state.stored = Sample{state.tag, at.wall, quality, value};
  state.stored_at = at.steady;
  state.store_next = false;
  state.held.reset();
  emit_(*state.stored);
}

Timestamp SignalTable::present_time(std::size_t signal, Timestamp told, Timestamp now) {
  std::optional<Timestamp>& gap = signals_[signal].gap;
  if (!gap || told > *gap) {
    gap.reset();
    return told;
  }
  gap = std::max(*gap, now);
  return *gap;
}

void SignalTable::on_value(std::size_t signal, Instant at, Value value, Quality quality) {
  State& state = signals_[signal];
  LS_ASSERT(type_of(value) == state.type);
  LS_ASSERT(!quality.bad());
  if (state.quality.bad()) bad_ -= 1;
  state.quality = quality;
  if (wanted(state, at.steady, value, quality)) {
    // A heartbeat continues the line; only a change needs the point before it.
    if (state.stored && !same_bits(state.stored->value, value)) emit_held(state);
    store(state, at, quality, value);
  } else {
    state.held = at.wall;
  }
  state.usable = std::move(value);
}

void SignalTable::regrade(std::size_t signal, Instant at, Quality quality) {
  const State& state = signals_[signal];
  if (state.quality.bad() || !state.usable) return;
  Value value = *state.usable;
  on_value(signal, at, std::move(value), quality);
}

void SignalTable::on_past(std::size_t signal, Timestamp time, Value value, Quality quality) {
  const State& state = signals_[signal];
  LS_ASSERT(type_of(value) == state.type);
  emit_({state.tag, time, quality, std::move(value)});
}

void SignalTable::on_bad(std::size_t signal, Instant at, Quality quality) {
  State& state = signals_[signal];
  LS_ASSERT(quality.bad());
  if (!state.quality.bad()) bad_ += 1;
  state.quality = quality;
  const bool told = state.stored && (state.stored->quality == quality ||
                                     (is_away(state.stored->quality) && is_away(quality)));
  if (told && !state.store_next) return;
  emit_held(state);
  state.gap = at.wall;
  store(state, at, quality, state.usable ? *state.usable : zero_of(state.type));
}

void SignalTable::take_over(SignalTable& before, Instant at, Quality gone) {
  std::map<TagId, std::size_t> index;
  for (std::size_t i = 0; i < signals_.size(); ++i) index[signals_[i].tag] = i;
  for (std::size_t i = 0; i < before.signals_.size(); ++i) {
    State& old = before.signals_[i];
    const auto found = index.find(old.tag);
    if (found == index.end() || signals_[found->second].type != old.type) {
      before.on_bad(i, at, gone);
      continue;
    }
    State& mine = signals_[found->second];
    if (!old.quality.bad()) bad_ -= 1;
    mine.quality = old.quality;
    mine.usable = std::move(old.usable);
    mine.stored = std::move(old.stored);
    mine.stored_at = old.stored_at;
    mine.held = old.held;
    mine.store_next = old.store_next;
    mine.gap = old.gap;
  }
}

}  // namespace lineshaft::connect

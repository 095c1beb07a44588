#include "connect/heartbeat.h"

#include <utility>

#include "base/assert.h"

namespace lineshaft::connect {

std::string_view beat_name(Beat direction) {
  return direction == Beat::kExpect ? "expect" : "write";
}

std::optional<Beat> parse_beat(std::string_view name) {
  if (name == "expect") return Beat::kExpect;
  if (name == "write") return Beat::kWrite;
  return std::nullopt;
}

BeatKeeper::BeatKeeper(sys::EventLoop& loop, Heartbeat settings, ValueType type, std::int64_t low,
                       std::int64_t high, Calls calls)
    : settings_(std::move(settings)),
      type_(type),
      low_(low),
      high_(high),
      calls_(std::move(calls)),
      timer_(loop.make_timer()) {
  LS_ASSERT(settings_.direction == Beat::kExpect || type == ValueType::kBool ||
            type == ValueType::kInt64);
  LS_ASSERT(low <= high);
}

void BeatKeeper::arm() {
  timer_->start(std::chrono::milliseconds(settings_.interval_ms), [this] { on_time(); });
}

void BeatKeeper::on_connected() {
  writing_ = false;
  arm();
}

// The connection tells its loss by itself.
void BeatKeeper::on_lost() {
  timer_->cancel();
  missing_ = false;
  last_.reset();
}

void BeatKeeper::on_value(const Value& value) {
  if (settings_.direction == Beat::kWrite || (last_ && same_bits(*last_, value))) return;
  const bool is_first = !last_;  // what stood there before is no beat
  last_ = value;
  if (is_first) return;
  arm();
  if (std::exchange(missing_, false)) calls_.back();
}

void BeatKeeper::on_time() {
  if (settings_.direction == Beat::kExpect) {
    if (!std::exchange(missing_, true)) calls_.missing();
    return;
  }
  arm();
  if (writing_) return;  // a slow machine misses one
  writing_ = true;
  calls_.write(next(), [this](const Status& status) {
    writing_ = false;
    // Programs that take the beat by setting it back leave nothing to read.
    if (status || status.error().id == ErrorId::kWriteNotConfirmed) return;
    calls_.failed(status.error());
  });
}

Value BeatKeeper::next() {
  Value value = type_ == ValueType::kBool ? Value(true) : Value(low_);
  if (last_ && type_ == ValueType::kBool) value = !std::get<bool>(*last_);
  if (last_ && type_ == ValueType::kInt64) {
    const std::int64_t count = std::get<std::int64_t>(*last_);
    value = count < high_ ? count + 1 : low_;
  }
  last_ = value;
  return value;
}

}  // namespace lineshaft::connect

#include "connect/connection_host.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect {

ConnectionHost::ConnectionHost(sys::EventLoop& loop, sys::Clock& clock, TenantId tenant,
                               ConnectionConfig config, std::vector<TagId> tags,
                               MakeDriver make_driver, SignalTable::Emit emit, WhenKept when_kept)
    : loop_(loop),
      clock_(clock),
      tenant_(tenant),
      config_(std::move(config)),
      tags_(std::move(tags)),
      make_driver_(std::move(make_driver)),
      when_kept_(std::move(when_kept)),
      table_(config_, tags_, std::move(emit)),
      told_(tags_.size(), quality::kGood),
      since_(clock.now()) {}

ConnectionHost::~ConnectionHost() = default;

// A heartbeat that has no signal is a mistake of whoever set it: told, and nothing else.
void ConnectionHost::make_beat() {
  beat_.reset();
  beat_signal_.reset();
  if (!config_.heartbeat) return;
  const Heartbeat& beat = *config_.heartbeat;
  const auto signal = std::ranges::find(config_.signals, beat.signal, &SignalConfig::path);
  if (signal == config_.signals.end()) {
    return on_trouble("heartbeat-missing",
                      {ErrorId::kNotFound, "there is no signal '" + beat.signal + "' to beat"});
  }
  beat_signal_ = static_cast<std::size_t>(signal - config_.signals.begin());
  const auto bound = [](const std::optional<double>& rule, const std::optional<double>& range,
                        std::int64_t usual) {
    const std::optional<double> own = rule ? rule : range;
    return own ? static_cast<std::int64_t>(std::clamp(*own, -1e9, 1e9)) : usual;
  };
  const std::int64_t low = bound(signal->write.low, signal->range_low, 0);
  const std::int64_t high = bound(signal->write.high, signal->range_high, low + 32'767);
  BeatKeeper::Calls calls;
  calls.missing = [this, path = beat.signal, ms = beat.interval_ms] {
    on_trouble("heartbeat-missing",
               {ErrorId::kTimeout, "the machine's beat is missing: '" + path +
                                       "' has not changed for " + std::to_string(ms) + " ms"});
    grade_all(true);
  };
  calls.back = [this, path = beat.signal] {
    add_event("heartbeat-back", path);
    end_error("heartbeat-missing");
    grade_all(false);
  };
  calls.write = [this](Value value, BeatKeeper::Calls::Done done) {
    driver_->write(*beat_signal_, std::move(value), [done](const Result<WriteOutcome>& outcome) {
      done(outcome ? Status() : Status(outcome.error()));
    });
  };
  calls.failed = [this](const Error& why) { on_trouble("heartbeat-failed", why); };
  beat_ = std::make_unique<BeatKeeper>(loop_, beat, value_type(*signal), low, std::max(low, high),
                                       std::move(calls));
}

// Everything that a machine without a beat tells may be of long ago.
void ConnectionHost::grade_all(bool is_missing) {
  const Instant at = now();
  for (std::size_t i = 0; i < told_.size(); ++i) {
    table_.regrade(i, at, is_missing ? quality::kUncertainLastUsableValue : told_[i]);
  }
}

Instant ConnectionHost::now() { return {clock_.now(), loop_.now()}; }

void ConnectionHost::start(ConnectionHost* before) {
  LS_ASSERT(driver_ == nullptr);
  if (before != nullptr) {
    table_.take_over(before->table_, now(), quality::kBadOutOfService);
    events_ = std::move(before->events_);
    values_ = before->values_;
    rate_ = before->rate_;
    last_value_time_ = before->last_value_time_;
    add_event("changed", config_.name);
  }
  if (!config_.enabled) {
    enter(ConnectionState::kDisabled);
    for (std::size_t i = 0; i < tags_.size(); ++i) {
      table_.on_bad(i, now(), quality::kBadOutOfService);
    }
    return;
  }
  enter(ConnectionState::kConnecting);
  make_beat();
  driver_ = make_driver_(config_, *this);
}

void ConnectionHost::stop(std::optional<Quality> quality) {
  stands_back_ = false;
  driver_.reset();
  beat_.reset();
  if (!quality) return;
  const Instant at = now();
  for (std::size_t i = 0; i < tags_.size(); ++i) table_.on_bad(i, at, *quality);
}

void ConnectionHost::set_enabled(bool enabled) {
  if (config_.enabled == enabled) return;
  config_.enabled = enabled;
  add_event(enabled ? "enabled" : "disabled", config_.name);
  if (enabled) return start(nullptr);
  end_error(last_error_event_);
  stop(quality::kBadOutOfService);
  enter(ConnectionState::kDisabled);
}

void ConnectionHost::stand_back() {
  LS_ASSERT(connected());
  stop(quality::kBadNotConnected);
  stands_back_ = true;
  enter(ConnectionState::kConnecting);
  add_event("stood-back", "the machine turned a test away; it is asked in the place of this one");
}

void ConnectionHost::resume() {
  if (!std::exchange(stands_back_, false)) return;
  make_beat();
  driver_ = make_driver_(config_, *this);
}

Driver* ConnectionHost::way_in(const ProtocolSettings& settings) const {
  const bool way = connected() && config_.settings.index() == settings.index() &&
                   driver_ != nullptr && driver_->lets_look(settings);
  return way ? driver_.get() : nullptr;
}

void ConnectionHost::write(std::size_t signal, Value value, Driver::WriteDone done) {
  if (driver_ == nullptr) {
    return done(not_there());
  }
  driver_->write(signal, std::move(value), std::move(done));
}

Error ConnectionHost::not_there() const {
  if (stands_back_) {
    return {ErrorId::kMachineNotConnected,
            "the connection " + config_.name + " stands back for a test, for some seconds"};
  }
  return {ErrorId::kMachineNotConnected, "the connection " + config_.name + " is disabled"};
}

void ConnectionHost::methods(Driver::MethodsDone done) {
  if (driver_ == nullptr) return done(not_there());
  driver_->methods(std::move(done));
}

void ConnectionHost::call(const MethodCall& call, Driver::CallDone done) {
  if (driver_ == nullptr) return done(not_there());
  driver_->call(call, std::move(done));
}

Status ConnectionHost::backfill(const BackfillRequest& request) {
  return driver_ != nullptr ? driver_->backfill(request) : Status(not_there());
}

std::optional<BackfillStatus> ConnectionHost::backfill_status() const {
  return driver_ == nullptr ? std::nullopt : driver_->backfill_status();
}

Status ConnectionHost::cancel_backfill() {
  if (driver_ != nullptr) return driver_->cancel_backfill();
  return Error{ErrorId::kNotFound, "nothing is being fetched"};
}

void ConnectionHost::stands(std::vector<Standing> standing) {
  if (driver_ != nullptr) driver_->stands(std::move(standing));
}

void ConnectionHost::on_value(std::size_t signal, Instant at, Value value, Quality quality) {
  values_ += 1;
  rate_.add(at.steady, 1);
  last_value_time_ = at.wall;
  told_[signal] = quality;
  if (beat_ != nullptr) {
    if (signal == beat_signal_) beat_->on_value(value);
    if (beat_->is_missing()) quality = quality::kUncertainLastUsableValue;
  }
  at.wall = table_.present_time(signal, at.wall, now().wall);
  table_.on_value(signal, at, std::move(value), quality);
}

void ConnectionHost::on_past(std::size_t signal, Timestamp time, Value value, Quality quality) {
  values_ += 1;
  rate_.add(loop_.now(), 1);
  table_.on_past(signal, time, std::move(value), quality);
}

void ConnectionHost::on_bad(std::size_t signal, Instant at, Quality quality) {
  table_.on_bad(signal, at, quality);
}

void ConnectionHost::on_connected() {
  enter(ConnectionState::kConnected);
  add_event("connected", config_.name);
  end_error("lost");
  if (beat_ != nullptr) beat_->on_connected();
}

void ConnectionHost::on_lost(const Error& why) {
  if (beat_ != nullptr) beat_->on_lost();
  const bool was_connected = state_ == ConnectionState::kConnected;
  const bool news =
      was_connected || state_ == ConnectionState::kConnecting || last_error_ != why.text();
  note_error("lost", why);
  if (state_ != ConnectionState::kRetrying) enter(ConnectionState::kRetrying);
  // A device that is away all night is one event, not a thousand.
  if (news) add_event(was_connected ? "lost" : "not-reached", why.text());
}

void ConnectionHost::on_trouble(std::string_view event, const Error& what) {
  const bool news = last_error_ != what.text() || last_error_until_;
  note_error(event, what);
  if (news) add_event(event, what.text());
}

void ConnectionHost::on_event(std::string_view event, std::string detail) {
  add_event(event, std::move(detail));
}

void ConnectionHost::enter(ConnectionState state) {
  state_ = state;
  since_ = clock_.now();
}

void ConnectionHost::note_error(std::string_view event, const Error& error) {
  last_error_event_ = event;
  last_error_ = error.text();
  last_error_time_ = clock_.now();
  last_error_until_.reset();
}

void ConnectionHost::end_error(std::string_view event) {
  if (!last_error_ || last_error_until_ || last_error_event_ != event) return;
  last_error_until_ = clock_.now();
}

void ConnectionHost::add_event(std::string_view event, std::string detail) {
  events_.push_back({clock_.now(), std::string(event), std::move(detail)});
  if (events_.size() > kEventsKept) events_.pop_front();
}

ConnectionStatus ConnectionHost::status() const {
  ConnectionStatus status;
  status.state = state_;
  status.since = since_;
  status.last_error = last_error_;
  status.last_error_time = last_error_time_;
  status.last_error_until = last_error_until_;
  status.values_per_second = rate_.per_second(loop_.now());
  status.values = values_;
  status.tags = table_.size();
  status.tags_bad = table_.bad();
  status.last_value_time = last_value_time_;
  if (driver_ != nullptr) driver_->fill(status);
  return status;
}

std::vector<ConnectionEvent> ConnectionHost::events() const {
  return {events_.rbegin(), events_.rend()};
}

}  // namespace lineshaft::connect

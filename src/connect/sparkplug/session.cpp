#include "connect/sparkplug/session.h"

#include <limits>
#include <set>
#include <utility>

#include "connect/mqtt/broker.h"

namespace lineshaft::connect {

namespace {

constexpr std::uint64_t kMillisecondsMax = 9'000'000'000'000;  // the year 2255

std::optional<Timestamp> time_of(std::optional<std::uint64_t> milliseconds) {
  if (!milliseconds || *milliseconds > kMillisecondsMax) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(*milliseconds) * 1'000'000};
}

// A host that wants metrics of certain nodes asks for those that it does not hear of.
sparkplug::HostOptions options_of(const ConnectionConfig& config) {
  auto options = host_options(std::get<SparkplugSettings>(config.settings));
  std::set<sparkplug::NodeId> nodes;
  for (const SignalConfig& signal : config.signals) {
    nodes.insert(metric_of(std::get<SparkplugPoint>(signal.point)).node);
  }
  options.expected.assign(nodes.begin(), nodes.end());
  return options;
}

}  // namespace

sparkplug::HostOptions host_options(const SparkplugSettings& settings) {
  sparkplug::HostOptions options;
  options.host_id = settings.host_id;
  options.groups = settings.groups;
  options.reorder_timeout = std::chrono::milliseconds(settings.reorder_timeout_ms);
  options.rebirth_pause = std::chrono::milliseconds(settings.rebirth_pause_ms);
  return options;
}

sparkplug::MetricId metric_of(const SparkplugPoint& point) {
  return {{point.group, point.node}, point.device, point.metric};
}

mqtt::Publish message_of(sparkplug::Publication publication) {
  mqtt::Publish message;
  message.topic = std::move(publication.topic);
  message.payload = std::move(publication.payload);
  message.qos = static_cast<mqtt::Qos>(publication.qos);
  message.retain = publication.retain;
  return message;
}

SparkplugSession::SparkplugSession(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                                   const ConnectionConfig& config, DriverHost& host)
    : loop_(loop),
      clock_(clock),
      config_(config),
      host_(host),
      states_(config.signals.size()),
      writes_(loop),
      machine_(options_of(config), *this),
      timer_(loop.make_timer()),
      link_(loop, random, std::get<SparkplugSettings>(config.settings).broker,
            client_options(std::get<SparkplugSettings>(config.settings).broker, random), *this) {
  for (std::size_t i = 0; i < config.signals.size(); ++i) {
    const auto id = metric_of(std::get<SparkplugPoint>(config.signals[i].point));
    const auto [handle, is_new] = handles_.emplace(id, signals_.size());
    if (is_new) signals_.emplace_back();
    signals_[handle->second].push_back(i);
  }
}

// An orderly end tells the nodes that wait for us; should the message not get through, the will
// does it.
SparkplugSession::~SparkplugSession() {
  if (link_.connected()) machine_.say_goodbye(now_ms());
}

std::uint64_t SparkplugSession::now_ms() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now().ns / 1'000'000, 0));
}

void SparkplugSession::fill(ConnectionStatus& status) const {
  link_.fill(status);
  const sparkplug::HostCounters& counters = machine_.counters();
  status.errors += counters.broken + counters.gaps;
  status.late_answers = counters.reordered + counters.doubles;
  status.clock_ahead_ms = clock_ahead_ms_;
}

// --- the connection ---

std::optional<mqtt::Will> SparkplugSession::next_will() {
  auto publication = machine_.next_will(now_ms());
  if (!publication) return std::nullopt;
  return mqtt::Will{std::move(publication->topic),
                    std::move(publication->payload),
                    static_cast<mqtt::Qos>(publication->qos),
                    publication->retain,
                    {}};
}

void SparkplugSession::on_session() {
  std::vector<mqtt::Subscription> subscriptions;
  for (sparkplug::SubscriptionWish& wish : machine_.subscriptions()) {
    mqtt::Subscription& one = subscriptions.emplace_back();
    one.filter = std::move(wish.filter);
    one.qos = static_cast<mqtt::Qos>(wish.qos);
  }
  subscribing_ = link_.subscribe(std::move(subscriptions));
}

// Only now is the host online: a node that is born at once would not be heard before.
void SparkplugSession::on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) {
  if (id != subscribing_) return;
  subscribing_.reset();
  for (const mqtt::Reason reason : reasons) {
    if (!is_failure(reason)) continue;
    return link_.lose({ErrorId::kDenied, "the broker refuses the subscription to Sparkplug: " +
                                             mqtt::reason_name(reason)});
  }
  host_.on_connected();
  machine_.on_connected(loop_.now());
  arm();
}

void SparkplugSession::on_message(const mqtt::Publish& message) {
  machine_.on_message(message.topic, message.payload, now_ms(), loop_.now());
  arm();
}

void SparkplugSession::on_down(const Error& why) {
  subscribing_.reset();
  timer_->cancel();
  armed_for_.reset();
  machine_.on_lost();
  host_.on_lost(why);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    host_.on_bad(i, host_.now(), quality::kBadNotConnected);
  }
  writes_.fail_all(why);
}

void SparkplugSession::arm() {
  const auto next = machine_.next_time();
  if (next == armed_for_) return;
  armed_for_ = next;
  if (!next) return timer_->cancel();
  timer_->start(*next - loop_.now(), [this] {
    armed_for_.reset();
    machine_.on_time(now_ms(), loop_.now());
    arm();
  });
}

// --- what the host machine tells ---

void SparkplugSession::publish(sparkplug::Publication publication) {
  if (Status sent = link_.publish(message_of(std::move(publication))); !sent) {
    host_.on_trouble("not-sent", sent.error());
  }
}

sparkplug::Handle SparkplugSession::on_born(const sparkplug::MetricId& id,
                                            sparkplug::DataType type) {
  const auto found = handles_.find(id);
  if (found == handles_.end()) return sparkplug::kIgnored;
  for (const std::size_t signal : signals_[found->second]) {
    const ValueType ours = std::get<SparkplugPoint>(config_.signals[signal].point).type;
    if (sparkplug::tag_type(type).value() == ours) continue;
    host_.on_trouble("wrong-type",
                     {ErrorId::kTypeMismatch,
                      id.node.text() + " " + id.name + " is " + sparkplug::data_type_name(type) +
                          ", the signal is " + std::string(type_name(ours))});
  }
  return found->second;
}

void SparkplugSession::on_reading(sparkplug::Handle handle, const sparkplug::Reading& reading) {
  for (const std::size_t signal : signals_[handle]) take(signal, reading);
}

void SparkplugSession::take(std::size_t signal, const sparkplug::Reading& reading) {
  State& state = states_[signal];
  Instant at = host_.now();
  const ValueType ours = std::get<SparkplugPoint>(config_.signals[signal].point).type;
  if (reading.value && type_of(*reading.value) != ours) {
    return host_.on_bad(signal, at, quality::kBadTypeMismatch);
  }
  const std::optional<Timestamp> told = time_of(reading.timestamp_ms);
  const auto time = reading.historical ? std::nullopt
                    : told             ? state.times.of_value(believed(told, at), at)
                                       : std::optional(at.wall);
  if (!time) {
    if (!reading.value) return;
    return host_.on_past(signal, told.value_or(at.wall), *reading.value, reading.quality);
  }
  at.wall = *time;
  if (!reading.value || reading.quality.bad()) {
    const Quality bad = reading.quality.bad() ? reading.quality : quality::kBadNoData;
    return host_.on_bad(signal, at, bad);
  }
  state.value = reading.value;
  host_.on_value(signal, at, *reading.value, reading.quality);
  writes_.on_value(signal, *reading.value);
}

void SparkplugSession::on_stale(sparkplug::Handle handle) {
  for (const std::size_t signal : signals_[handle]) {
    states_[signal].times.forget();  // a node that comes back may have another clock
    host_.on_bad(signal, host_.now(), quality::kBadNoCommunication);
  }
}

void SparkplugSession::on_node(const sparkplug::NodeId& node, bool online) {
  host_.on_event(online ? "node-online" : "node-offline", node.text());
}

void SparkplugSession::on_told_time(std::uint64_t told_ms, std::uint64_t now_ms) {
  if (told_ms > kMillisecondsMax) return;
  clock_ahead_ms_ = static_cast<std::int64_t>(told_ms) - static_cast<std::int64_t>(now_ms);
}

void SparkplugSession::on_trouble(const sparkplug::NodeId& /*node*/, const Error& what) {
  host_.on_trouble("sparkplug", what);
}

void SparkplugSession::on_rival(const Error& what) { host_.on_trouble("sparkplug", what); }

// --- writes ---

void SparkplugSession::write(std::size_t signal, Value value, WriteDone done) {
  if (!link_.connected()) {
    return done(Error{ErrorId::kMachineNotConnected, "there is no connection to the broker"});
  }
  const auto& settings = std::get<SparkplugSettings>(config_.settings);
  const auto& point = std::get<SparkplugPoint>(config_.signals[signal].point);
  auto command = machine_.command(metric_of(point), value, now_ms());
  if (!command) return done(command.error());
  const auto timeout = std::chrono::milliseconds(settings.broker.timeout_ms);
  if (!writes_.add(signal, states_[signal].value, std::move(value), timeout, std::move(done))) {
    return;
  }
  if (Status sent = link_.publish(message_of(*std::move(command))); !sent) {
    writes_.fail(signal, sent.error());
  }
}

}  // namespace lineshaft::connect

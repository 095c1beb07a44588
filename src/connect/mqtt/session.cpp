#include "connect/mqtt/session.h"

#include <utility>

#include "connect/mqtt/broker.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kFiltersPerPacket = 100;

}  // namespace

mqtt::ClientOptions session_options(const MqttSettings& settings, sys::Random& random) {
  mqtt::ClientOptions options = client_options(settings.broker, random);
  options.connect.clean_start = settings.broker.client_id.empty();
  if (!options.connect.clean_start && options.connect.version == mqtt::Version::k5) {
    options.connect.properties.session_expiry_s = settings.session_expiry_s;
  }
  return options;
}

std::vector<std::vector<mqtt::Subscription>> subscriptions_of(
    const std::vector<std::string>& filters, std::uint8_t qos) {
  std::vector<std::vector<mqtt::Subscription>> packets;
  for (const std::string& filter : filters) {
    if (packets.empty() || packets.back().size() == kFiltersPerPacket) packets.emplace_back();
    mqtt::Subscription subscription;
    subscription.filter = filter;
    subscription.qos = static_cast<mqtt::Qos>(qos);
    packets.back().push_back(std::move(subscription));
  }
  return packets;
}

MqttSession::MqttSession(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
                         DriverHost& host)
    : config_(config),
      settings_(std::get<MqttSettings>(config.settings)),
      host_(host),
      mapping_(config),
      states_(config.signals.size()),
      writes_(loop),
      link_(loop, random, settings_.broker, session_options(settings_, random), *this) {}

void MqttSession::on_session() {
  host_.on_connected();
  for (auto& packet : subscriptions_of(mapping_.filters(), settings_.qos)) {
    std::vector<std::string> filters;
    for (const mqtt::Subscription& one : packet) filters.push_back(one.filter);
    subscribing_[link_.subscribe(std::move(packet))] = std::move(filters);
  }
}

void MqttSession::on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) {
  const std::vector<std::string> filters = std::move(subscribing_[id]);
  subscribing_.erase(id);
  if (reasons.size() != filters.size()) {
    return link_.lose({ErrorId::kInvalidArgument, "the broker answers " +
                                                      std::to_string(reasons.size()) + " of " +
                                                      std::to_string(filters.size()) + " filters"});
  }
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (!is_failure(reasons[i])) continue;
    host_.on_trouble("refused", {ErrorId::kDenied, "the broker refuses " + filters[i] + ": " +
                                                       mqtt::reason_name(reasons[i])});
    for (const std::size_t signal : mapping_.signals_of(filters[i])) {
      host_.on_bad(signal, host_.now(), quality::kBadConfigurationError);
    }
  }
}

void MqttSession::on_message(const mqtt::Publish& message) {
  const Instant at = host_.now();
  for (const MqttReading& reading : mapping_.read(message.topic, message.payload)) {
    // What the broker kept for us says nothing of the clock.
    if (reading.time && !message.retain) {
      clock_ahead_ms_ = (*reading.time - at.wall) / std::chrono::milliseconds(1);
    }
    take(reading, at);
  }
}

// What the broker may forget must be on our disk. If it had to be dropped, the broker gives it
// again on the next connection.
bool MqttSession::acknowledges_later(mqtt::Receipt receipt) {
  host_.when_kept([this, alive = std::weak_ptr<int>(alive_), receipt](const Status& kept) {
    if (alive.expired()) return;
    if (kept) return link_.acknowledge(receipt);
    link_.lose(kept.error());
  });
  return true;
}

void MqttSession::take(const MqttReading& reading, Instant at) {
  State& state = states_[reading.signal];
  if (!reading.value) {
    if (reading.error) host_.on_trouble("unreadable", *reading.error);
    return host_.on_bad(reading.signal, at,
                        reading.error ? quality::kBadTypeMismatch : quality::kBadNoData);
  }
  if (reading.time) {
    const auto time = state.times.of_value(believed(reading.time, at), at);
    if (!time) {
      return host_.on_past(reading.signal, *reading.time, *reading.value, quality::kGood);
    }
    at.wall = *time;
  } else {
    state.times.forget();
  }
  state.value = reading.value;
  host_.on_value(reading.signal, at, *reading.value);
  writes_.on_value(reading.signal, *reading.value);
}

void MqttSession::on_down(const Error& why) {
  subscribing_.clear();
  host_.on_lost(why);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    host_.on_bad(i, host_.now(), quality::kBadNotConnected);
  }
  writes_.fail_all(why);
}

void MqttSession::write(std::size_t signal, Value value, WriteDone done) {
  if (!link_.connected()) {
    return done(Error{ErrorId::kMachineNotConnected, "there is no connection to the broker"});
  }
  const auto& point = std::get<MqttPoint>(config_.signals[signal].point);
  mqtt::Publish message;
  message.topic = point.write_topic;
  const std::string payload = write_payload(point.write_pointer, value);
  message.payload.assign(payload.begin(), payload.end());
  // QoS 0, because a write is of this moment: with QoS 1 one that failed with the connection would
  // be sent again on the next, minutes later. The machine's report confirms it.
  message.retain = point.write_retain;
  const auto timeout = std::chrono::milliseconds(settings_.broker.timeout_ms);
  if (!writes_.add(signal, states_[signal].value, std::move(value), timeout, std::move(done))) {
    return;
  }
  if (Status sent = link_.publish(std::move(message)); !sent) writes_.fail(signal, sent.error());
}

}  // namespace lineshaft::connect

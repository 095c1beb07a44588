#include "connect/sparkplug/listen.h"

#include <utility>

#include "connect/mqtt/broker.h"
#include "connect/sparkplug/session.h"

namespace lineshaft::connect {

namespace {

sparkplug::HostOptions options_of(const BrowseRequest& request) {
  auto options = host_options(std::get<SparkplugSettings>(request.settings));
  options.host_id.clear();
  options.metrics_max = kBrowseEntriesMax;
  return options;
}

std::vector<std::string> levels_of(const sparkplug::MetricId& id) {
  std::vector<std::string> levels = {id.node.group, id.node.node};
  if (!id.device.empty()) levels.push_back(id.device);
  // Metrics are named as folders by a slash: "Axis 1/Speed".
  std::string_view name = id.name;
  for (std::size_t slash; (slash = name.find('/')) != std::string_view::npos;) {
    levels.emplace_back(name.substr(0, slash));
    name.remove_prefix(slash + 1);
  }
  levels.emplace_back(name);
  return levels;
}

// What Sparkplug itself keeps in a node is nothing that a machine measures.
bool is_of_protocol(const sparkplug::MetricId& id) {
  return id.device.empty() && (id.name == "bdSeq" || id.name.starts_with("Node Control/"));
}

BrowseEntry entry_of(const sparkplug::MetricId& id, sparkplug::DataType type) {
  BrowseEntry entry;
  entry.levels = levels_of(id);
  entry.type = sparkplug::data_type_name(type);
  const Result<ValueType> ours = sparkplug::tag_type(type);
  if (!ours) return entry;
  SignalConfig signal;
  signal.path = proposed_path(entry.levels);
  signal.point = SparkplugPoint{id.node.group, id.node.node, id.device, id.name, *ours};
  const bool measured = *ours == ValueType::kFloat32 || *ours == ValueType::kFloat64;
  signal.interpolation = measured ? Interpolation::kLinear : Interpolation::kStep;
  entry.signal = std::move(signal);
  return entry;
}

}  // namespace

SparkplugListen::SparkplugListen(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                                 BrowseRequest request, BrowseDone done)
    : loop_(loop),
      clock_(clock),
      request_(std::move(request)),
      done_(std::move(done)),
      machine_(options_of(request_), *this),
      timer_(loop.make_timer()),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  MqttBroker broker = std::get<SparkplugSettings>(request_.settings).broker;
  broker.client_id.clear();
  link_ = std::make_unique<MqttLink>(loop, random, broker, client_options(broker, random),
                                     static_cast<MqttUser&>(*this));
}

std::uint64_t SparkplugListen::now_ms() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now().ns / 1'000'000, 0));
}

void SparkplugListen::on_session() {
  std::vector<mqtt::Subscription> subscriptions;
  for (sparkplug::SubscriptionWish& wish : machine_.subscriptions()) {
    mqtt::Subscription& one = subscriptions.emplace_back();
    one.filter = std::move(wish.filter);
    one.qos = static_cast<mqtt::Qos>(wish.qos);
  }
  link_->subscribe(std::move(subscriptions));
  limit_->start(std::chrono::milliseconds(request_.listen_ms), [this] { finish({}); });
}

void SparkplugListen::on_subscribed(std::uint16_t /*id*/,
                                    const std::vector<mqtt::Reason>& reasons) {
  for (const mqtt::Reason reason : reasons) {
    if (!is_failure(reason)) continue;
    return finish(Error{ErrorId::kDenied, "the broker refuses the subscription to Sparkplug: " +
                                              mqtt::reason_name(reason)});
  }
  machine_.on_connected(loop_.now());
}

void SparkplugListen::on_message(const mqtt::Publish& message) {
  machine_.on_message(message.topic, message.payload, now_ms(), loop_.now());
  arm();
}

void SparkplugListen::publish(sparkplug::Publication publication) {
  // Should it not go out, the node is not seen; the next listening asks again.
  static_cast<void>(link_->publish(message_of(std::move(publication))));
}

sparkplug::Handle SparkplugListen::on_born(const sparkplug::MetricId& id,
                                           sparkplug::DataType type) {
  if (!is_of_protocol(id)) born_[id] = type;
  return sparkplug::kIgnored;
}

void SparkplugListen::arm() {
  if (const auto next = machine_.next_time()) {
    timer_->start(*next - loop_.now(), [this] {
      machine_.on_time(now_ms(), loop_.now());
      arm();
    });
  }
}

void SparkplugListen::finish(Status status) {
  if (std::exchange(finished_, true)) return;
  timer_->cancel();
  finish_->start(Nanoseconds(0), [this, status = std::move(status)] {
    link_.reset();
    const BrowseDone done = std::move(done_);
    if (!status) return done(status.error());
    BrowseReport report;
    for (const auto& [id, type] : born_) {
      if (report.entries.size() < kBrowseEntriesMax) report.entries.push_back(entry_of(id, type));
    }
    report.cut = born_.size() > report.entries.size();
    done(std::move(report));  // may destroy this
  });
}

}  // namespace lineshaft::connect

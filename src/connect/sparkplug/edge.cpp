#include "connect/sparkplug/edge.h"

#include <algorithm>
#include <utility>

#include "connect/mqtt/broker.h"
#include "connect/sparkplug/session.h"

namespace lineshaft::connect {

namespace {

constexpr std::uint64_t kLeaving = ~std::uint64_t{0};  // a fence of our own

sparkplug::EdgeNodeOptions node_options(const SparkplugEdgeOptions& options) {
  sparkplug::EdgeNodeOptions node = options.node;
  node.has_other_servers = !options.other_brokers.empty();
  return node;
}

}  // namespace

SparkplugEdge::SparkplugEdge(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                             SparkplugEdgeOptions options, SparkplugEdgeUser& user)
    : loop_(loop),
      clock_(clock),
      flush_interval_(options.flush_interval),
      user_(user),
      node_(node_options(options), *this),
      flush_timer_(loop.make_timer()),
      birth_timer_(loop.make_timer()),
      link_(loop, random, options.broker, client_options(options.broker, random), *this,
            options.other_brokers) {}

SparkplugEdge::~SparkplugEdge() {
  if (!link_.connected()) return;
  node_.flush(now_ms());
  node_.say_goodbye(now_ms());
}

std::uint64_t SparkplugEdge::now_ms() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now().ns / 1'000'000, 0));
}

void SparkplugEdge::update(sparkplug::EdgeMetricId metric, sparkplug::EdgeValue value) {
  node_.update(metric, std::move(value));
  if (std::exchange(flush_armed_, true)) return;
  flush_timer_->start(flush_interval_, [this] {
    flush_armed_ = false;
    node_.flush(now_ms());
  });
}

void SparkplugEdge::flush_and_fence(std::uint64_t token) {
  node_.flush(now_ms());
  link_.fence(token);
}

void SparkplugEdge::rebirth() {
  node_.rebirth(now_ms(), loop_.now());
  arm();
}

std::optional<mqtt::Will> SparkplugEdge::next_will() {
  sparkplug::Publication death = node_.next_will(now_ms());
  return mqtt::Will{std::move(death.topic),
                    std::move(death.payload),
                    static_cast<mqtt::Qos>(death.qos),
                    death.retain,
                    {}};
}

void SparkplugEdge::on_session() {
  std::vector<mqtt::Subscription> subscriptions;
  for (sparkplug::SubscriptionWish& wish : node_.subscriptions()) {
    mqtt::Subscription& one = subscriptions.emplace_back();
    one.filter = std::move(wish.filter);
    one.qos = static_cast<mqtt::Qos>(wish.qos);
    one.no_local = wish.no_local;
  }
  link_.subscribe(std::move(subscriptions));
}

// The birth follows the subscription, so that no command falls between them.
void SparkplugEdge::on_subscribed(std::uint16_t /*id*/, const std::vector<mqtt::Reason>& reasons) {
  // The last one is a watch for others of our name: a broker that refuses it does no harm.
  const std::size_t needed = node_.subscriptions().size() - 1;
  for (std::size_t i = 0; i < std::min(needed, reasons.size()); ++i) {
    if (!is_failure(reasons[i])) continue;
    last_error_ = Error{ErrorId::kDenied, "the broker refuses the subscription to commands: " +
                                              mqtt::reason_name(reasons[i])};
  }
  node_.on_connected(now_ms(), loop_.now());
  arm();
}

void SparkplugEdge::on_message(const mqtt::Publish& message) {
  node_.on_message(message.topic, message.payload, now_ms(), loop_.now());
  carry_out();
  arm();
}

// After the node has returned: whoever carries a command out calls update().
void SparkplugEdge::carry_out() {
  for (auto& [metric, value] : std::exchange(commands_, {})) {
    user_.on_command(metric, std::move(value));
  }
}

void SparkplugEdge::arm() {
  const auto next = node_.next_time();
  if (!next) return birth_timer_->cancel();
  birth_timer_->start(*next - loop_.now(), [this] { node_.on_time(now_ms(), loop_.now()); });
}

void SparkplugEdge::on_down(const Error& why) {
  last_error_ = why;
  birth_timer_->cancel();
  node_.on_lost();
  user_.on_lost(why);
}

void SparkplugEdge::publish(sparkplug::Publication publication) {
  const auto topic = sparkplug::parse_topic(publication.topic);
  const Status sent = link_.publish(message_of(std::move(publication)));
  if (sent) return;
  last_error_ = sent.error();
  using enum sparkplug::MessageType;
  user_.on_refused(sent.error(), topic && (topic->type == kNBirth || topic->type == kDBirth));
}

void SparkplugEdge::on_command(sparkplug::EdgeMetricId metric, Value value) {
  commands_.emplace_back(metric, std::move(value));
}

// Not before the broker has the death: what it has not acknowledged would follow us to the next.
void SparkplugEdge::on_host_offline() { link_.fence(kLeaving); }

void SparkplugEdge::on_fenced(std::uint64_t token) {
  if (token != kLeaving) return user_.on_fenced(token);
  if (node_.born()) return;  // the host has come back meanwhile
  link_.disconnect({ErrorId::kPeerClosed, "the primary host is offline"});
}

void SparkplugEdge::on_rival(const Error& what) {
  last_error_ = what;
  user_.on_rival(what);
}

}  // namespace lineshaft::connect

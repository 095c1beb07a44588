#include "connect/mqtt/link.h"

#include <utility>

namespace lineshaft::connect {

namespace {

StreamLinkOptions stream_options(const MqttBroker& broker,
                                 const std::vector<sys::Endpoint>& others) {
  StreamLinkOptions options;
  options.endpoint = {broker.host, broker.port};
  options.others.assign(others.begin(), others.end());
  options.connect_timeout = std::chrono::milliseconds(broker.timeout_ms);
  options.tls = tls_context(broker.tls, sys::TlsSide::kClient);
  return options;
}

}  // namespace

MqttLink::MqttLink(sys::EventLoop& loop, sys::Random& random, const MqttBroker& broker,
                   mqtt::ClientOptions options, MqttUser& user,
                   const std::vector<sys::Endpoint>& others)
    : loop_(loop),
      user_(user),
      client_(std::move(options), *this),
      timer_(loop.make_timer()),
      lose_(loop.make_timer()),
      stream_(loop, random, stream_options(broker, others), *this) {}

void MqttLink::on_up() {
  client_.set_will(user_.next_will());
  client_.start(loop_.now());
  if (Status sent = flush(); !sent) stream_.lose(sent.error());
  arm();
}

Status MqttLink::on_bytes(ByteSpan bytes) {
  Status status = client_.on_bytes(bytes, loop_.now());
  const Status sent = flush();  // even after an error: it may be the DISCONNECT that names it
  arm();
  return status ? sent : status;
}

void MqttLink::on_down(const Error& why, Nanoseconds /*retry_in*/) {
  if (why.id == ErrorId::kTimeout) timeouts_ += 1;
  client_.lost();
  timer_->cancel();
  lose_->cancel();
  armed_for_.reset();
  user_.on_down(why);
}

void MqttLink::on_connected(const mqtt::ConnAck& /*answer*/) {
  stream_.settled();
  user_.on_session();
}

void MqttLink::on_message(const mqtt::Publish& message, mqtt::Receipt receipt) {
  user_.on_message(message);
  if (receipt != 0 && user_.acknowledges_later(receipt)) return;
  client_.acknowledge(receipt, loop_.now());
}

void MqttLink::on_delivered(std::uint64_t token, const Status& status) {
  if (!status) refused_ += 1;
  user_.on_delivered(token, status);
}

void MqttLink::on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) {
  user_.on_subscribed(id, reasons);
}

Status MqttLink::flush() {
  if (client_.output().empty() || !stream_.up()) return {};
  Status sent = stream_.send(client_.output());
  client_.output().clear();
  return sent;
}

// A user that publishes is in the middle of something: it must not hear of the loss before it has
// returned.
void MqttLink::flush_or_lose() {
  Status sent = flush();
  if (sent) return;
  lose_->start(Nanoseconds(0), [this, why = sent.error()] { stream_.lose(why); });
}

Status MqttLink::publish(mqtt::Publish message, std::uint64_t token) {
  if (Status taken = client_.publish(std::move(message), token, loop_.now()); !taken) return taken;
  published_ += 1;
  flush_or_lose();
  return {};
}

std::uint16_t MqttLink::subscribe(std::vector<mqtt::Subscription> subscriptions) {
  const std::uint16_t id = client_.subscribe(std::move(subscriptions), loop_.now());
  flush_or_lose();
  return id;
}

void MqttLink::fence(std::uint64_t token) {
  client_.fence(token, loop_.now());
  flush_or_lose();
  arm();
}

void MqttLink::acknowledge(mqtt::Receipt receipt) {
  client_.acknowledge(receipt, loop_.now());
  flush_or_lose();
}

void MqttLink::disconnect(Error why) {
  client_.disconnect(mqtt::Reason::kSuccess);
  if (Status sent = flush(); !sent) return stream_.lose(sent.error());
  stream_.lose(std::move(why));
}

void MqttLink::arm() {
  const auto next = client_.next_time();
  if (!next) return;
  // The time only moves away while all is well: a timer that is early looks again.
  if (armed_for_ && *armed_for_ <= *next) return;
  armed_for_ = next;
  timer_->start(*next - loop_.now(), [this] {
    armed_for_.reset();
    if (Status alive = client_.on_time(loop_.now()); !alive) return stream_.lose(alive.error());
    if (Status sent = flush(); !sent) return stream_.lose(sent.error());
    arm();
  });
}

void MqttLink::fill(ConnectionStatus& status) const {
  status.requests = published_;
  status.errors = refused_ + timeouts_;
  status.timeouts = timeouts_;
  status.bytes_in = stream_.bytes_in();
  status.bytes_out = stream_.bytes_out();
  status.reconnects = stream_.connects() > 0 ? stream_.connects() - 1 : 0;
  if (const auto retry = stream_.retry_in()) {
    status.retry_in_ms = *retry / std::chrono::milliseconds(1);
  }
}

}  // namespace lineshaft::connect

#include "wire/mqtt/client.h"

#include <algorithm>
#include <utility>

#include "wire/mqtt/topic.h"

namespace lineshaft::mqtt {

namespace {

Error refused(const char* what, Reason reason, const Properties& properties) {
  std::string text = std::string(what) + ": " + reason_name(reason);
  if (properties.reason_string) text += ": " + *properties.reason_string;
  return {ErrorId::kPeerClosed, std::move(text)};
}

constexpr std::size_t kSubscribesMax = 1'000;  // unanswered ones: a few, not one a topic

// What CONNECT says about our limits, where they are not the defaults of the standard.
void tell_limits(const ClientOptions& options, Connect& connect) {
  if (connect.version != Version::k5) return;
  connect.properties.receive_maximum = options.receive_maximum;
  connect.properties.maximum_packet_bytes = static_cast<std::uint32_t>(options.packet_bytes_max);
  connect.properties.topic_alias_maximum = options.topic_alias_maximum;
}

}  // namespace

Client::Client(ClientOptions options, ClientEvents& events)
    : options_(std::move(options)), events_(events), reader_(options_.packet_bytes_max) {
  LS_ASSERT(options_.receive_maximum > 0);
  LS_ASSERT(options_.packet_bytes_max > 0 && options_.packet_bytes_max <= kRemainingLengthMax);
}

// --- the connection ---

void Client::start(Nanoseconds now) {
  lost();
  state_ = State::kConnecting;
  last_received_ = now;
  answer_by_ = now + options_.answer_timeout;
  keep_alive_ = std::chrono::seconds(options_.connect.keep_alive_s);
  Connect connect = options_.connect;
  tell_limits(options_, connect);
  send(connect, now);
}

void Client::lost() {
  state_ = State::kIdle;
  reader_ = FrameReader(options_.packet_bytes_max);
  output_.clear();
  answer_by_.reset();
  pings_.clear();
  for (const std::uint16_t id : subscribing_) ids_in_use_.reset(id);
  subscribing_.clear();
  unanswered_.clear();
  aliases_.clear();
  in_flight_ = 0;
}

void Client::disconnect(Reason reason) {
  if (state_ == State::kIdle) return;
  Disconnect packet;
  packet.reason = reason;
  encode_packet(packet, options_.connect.version, output_);
}

std::optional<Nanoseconds> Client::next_time() const {
  if (state_ == State::kIdle) return std::nullopt;
  if (answer_by_) return answer_by_;
  if (keep_alive_ == Nanoseconds{0}) return std::nullopt;
  // Silence of either side is tested: a dead peer must show even while we keep sending.
  return std::min(last_sent_, last_received_) + keep_alive_;
}

Status Client::on_time(Nanoseconds now) {
  const auto due = next_time();
  if (!due || now < *due) return {};
  if (answer_by_) {
    return Error{ErrorId::kTimeout, state_ == State::kConnecting
                                        ? "the server did not answer CONNECT"
                                        : "the server did not answer PINGREQ"};
  }
  ping(0, now);
  return {};
}

void Client::ping(std::uint64_t token, Nanoseconds now) {
  send(PingReq(), now);
  pings_.push_back(token);
  if (!answer_by_) answer_by_ = now + options_.answer_timeout;
}

void Client::fence(std::uint64_t token, Nanoseconds now) {
  LS_ASSERT(connected() && token != 0);
  ping(token, now);
}

// Answers come in the order of the questions.
void Client::on_pingresp(Nanoseconds now) {
  answer_by_.reset();
  if (pings_.empty()) return;  // one that nobody asked for does no harm
  const std::uint64_t token = pings_.front();
  pings_.pop_front();
  if (!pings_.empty()) answer_by_ = now + options_.answer_timeout;
  if (token != 0) events_.on_fenced(token);
}

void Client::send(const Packet& packet, Nanoseconds now) {
  LS_ASSERT(state_ != State::kIdle);
  encode_packet(packet, options_.connect.version, output_);
  last_sent_ = now;
}

Status Client::on_bytes(ByteSpan bytes, Nanoseconds now) {
  LS_ASSERT(state_ != State::kIdle);
  last_received_ = now;
  // A long message before PINGRESP is a sign of life too.
  if (connected() && answer_by_) answer_by_ = now + options_.answer_timeout;
  while (!bytes.empty()) {
    const auto frame = reader_.next(bytes);
    Status status = !frame ? Status(frame.error()) : *frame ? take(**frame, now) : Status();
    if (status) continue;
    const bool theirs = status.error().id == ErrorId::kPeerClosed;  // they know that they left
    if (!theirs && connected() && options_.connect.version == Version::k5) {
      disconnect(Reason::kProtocolError);
    }
    return status;
  }
  return {};
}

Status Client::take(const Frame& frame, Nanoseconds now) {
  Result<Packet> packet = decode_packet(frame.first_byte, frame.body, options_.connect.version);
  if (!packet) return packet.error();
  return on_packet(*std::move(packet), now);
}

Status Client::on_packet(Packet packet, Nanoseconds now) {
  if (const auto* answer = std::get_if<ConnAck>(&packet)) return on_connack(*answer, now);
  if (state_ != State::kConnected) {
    return broken(packet_name(type_of(packet)) + " before CONNACK");
  }
  if (auto* message = std::get_if<Publish>(&packet)) return on_publish(std::move(*message), now);
  if (const auto* ack = std::get_if<Ack>(&packet)) return on_ack(*ack, now);
  if (const auto* ack = std::get_if<SubAck>(&packet)) return on_suback(*ack);
  if (std::holds_alternative<PingResp>(packet)) {
    on_pingresp(now);
    return {};
  }
  if (const auto* bye = std::get_if<Disconnect>(&packet);
      bye != nullptr && options_.connect.version == Version::k5) {
    return refused("the server closed the connection", bye->reason, bye->properties);
  }
  return broken(packet_name(type_of(packet)) + " from a server that had no reason to send it");
}

Status Client::on_connack(const ConnAck& answer, Nanoseconds now) {
  if (state_ != State::kConnecting) return broken("a second CONNACK");
  if (is_failure(answer.reason)) {
    return refused("the server refused the connection", answer.reason, answer.properties);
  }
  if (answer.session_present && options_.connect.clean_start) {
    return broken("CONNACK with a session although a clean start was asked");
  }
  const Properties& p = answer.properties;
  state_ = State::kConnected;
  answer_by_.reset();
  if (p.server_keep_alive_s) keep_alive_ = std::chrono::seconds(*p.server_keep_alive_s);
  in_flight_max_ = std::min(p.receive_maximum.value_or(kInFlightMax), kInFlightMax);
  server_packet_bytes_max_ = p.maximum_packet_bytes.value_or(kRemainingLengthMax);
  server_qos_max_ = static_cast<Qos>(p.maximum_qos.value_or(2));
  server_retains_ = p.retain_available.value_or(1) == 1;
  resume(answer.session_present, now);
  events_.on_connected(answer);
  return {};
}

// 4.4: on a session that goes on, PUBLISH is repeated with DUP and PUBREL as it is, in the order of
// before. Without one the server knows none of the identifiers: what it had not confirmed is a new
// message to it, and what it had confirmed with PUBREC is delivered.
void Client::resume(bool session_present, Nanoseconds now) {
  if (!session_present) {
    unreleased_.clear();
    ids_in_use_.reset();
    sending_ = true;  // nothing is sent before all is sorted
    for (std::size_t i = 0; i < queue_.size();) {
      const auto one = queue_.begin() + static_cast<std::ptrdiff_t>(i);
      if (one->stage == Stage::kReleased) {
        finish(one, Status());
        continue;
      }
      one->stage = Stage::kWaiting;
      one->message.packet_id = 0;
      ++i;
    }
    sending_ = false;
  }
  send_waiting(now);
}

// --- our messages ---

Status Client::check_against_server(const Publish& message) const {
  if (!server_retains_ && message.retain) {
    return Error{ErrorId::kInvalidArgument, "the server keeps no retained messages"};
  }
  if (message.qos > server_qos_max_) {
    return Error{ErrorId::kInvalidArgument, "the server takes at most QoS " +
                                                std::to_string(static_cast<int>(server_qos_max_))};
  }
  // Only a message near the limit is measured by writing it.
  const std::size_t least = message.topic.size() + message.payload.size();
  if (least + 1024 < server_packet_bytes_max_ && message.properties == Properties()) return {};
  Publish measured = message;
  if (measured.qos != Qos::kAtMostOnce) measured.packet_id = 1;
  Bytes bytes;
  encode_packet(measured, options_.connect.version, bytes);
  if (bytes.size() <= server_packet_bytes_max_) return {};
  return Error{ErrorId::kInvalidArgument, "a message of " + std::to_string(bytes.size()) +
                                              " bytes; the server takes " +
                                              std::to_string(server_packet_bytes_max_)};
}

Status Client::publish(Publish message, std::uint64_t token, Nanoseconds now) {
  if (Status topic = check_topic_name(message.topic); !topic) return topic;
  if (message.topic.size() + message.payload.size() > kRemainingLengthMax / 2) {
    return Error{ErrorId::kInvalidArgument, "the message is longer than MQTT carries"};
  }
  message.dup = false;
  message.packet_id = 0;
  if (connected()) {
    if (Status fits = check_against_server(message); !fits) return fits;
  }
  if (message.qos == Qos::kAtMostOnce) {
    if (!connected()) {
      return Error{ErrorId::kMachineNotConnected, "there is no connection to the broker"};
    }
    send(message, now);
    return {};
  }
  const std::size_t bytes = message.topic.size() + message.payload.size();
  if (queue_bytes_ + bytes > options_.queue_bytes_max) {
    return Error{ErrorId::kQueueFull, std::to_string(queue_bytes_) +
                                          " bytes wait for the broker; allowed are " +
                                          std::to_string(options_.queue_bytes_max)};
  }
  queue_bytes_ += bytes;
  queue_.push_back({std::move(message), token});
  if (connected()) send_waiting(now);
  return {};
}

// Sends what stands behind in_flight_, as far as the server's receive maximum goes. A message that
// this server does not take is given back. on_delivered() may publish more: the loop here takes
// that along instead of being entered again.
void Client::send_waiting(Nanoseconds now) {
  if (sending_) return;
  sending_ = true;
  while (in_flight_ < queue_.size() && in_flight_ < in_flight_max_) {
    const auto one = queue_.begin() + static_cast<std::ptrdiff_t>(in_flight_);
    if (one->stage == Stage::kWaiting) {
      if (Status fits = check_against_server(one->message); !fits) {
        finish(one, fits);
        continue;
      }
      one->message.packet_id = fresh_id();
    }
    if (one->stage == Stage::kReleased) {
      send(Ack{PacketType::kPubRel, one->message.packet_id, Reason::kSuccess, {}}, now);
    } else {
      one->message.dup = one->stage == Stage::kSent;
      one->stage = Stage::kSent;
      send(one->message, now);
    }
    in_flight_ += 1;
  }
  sending_ = false;
}

void Client::finish(std::deque<Outgoing>::iterator which, const Status& status) {
  const std::uint64_t token = which->token;
  if (static_cast<std::size_t>(which - queue_.begin()) < in_flight_) in_flight_ -= 1;
  ids_in_use_.reset(which->message.packet_id);
  queue_bytes_ -= which->bytes();
  queue_.erase(which);
  events_.on_delivered(token, status);
}

std::deque<Client::Outgoing>::iterator Client::find(std::uint16_t packet_id) {
  return std::ranges::find_if(
      queue_, [&](const Outgoing& one) { return one.message.packet_id == packet_id; });
}

std::uint16_t Client::fresh_id() {
  // Half of the identifiers is never used by messages, so the search ends.
  do {
    last_id_ = static_cast<std::uint16_t>(last_id_ == 0xFFFF ? 1 : last_id_ + 1);
  } while (ids_in_use_.test(last_id_));
  ids_in_use_.set(last_id_);
  return last_id_;
}

Status Client::on_ack(const Ack& ack, Nanoseconds now) {
  if (ack.type == PacketType::kPubRel) {
    const bool known = unreleased_.erase(ack.packet_id) > 0;
    const Reason reason = known ? Reason::kSuccess : Reason::kPacketIdentifierNotFound;
    send(Ack{PacketType::kPubComp, ack.packet_id, reason, {}}, now);
    return {};
  }
  const auto which = find(ack.packet_id);
  const bool known = which != queue_.end();
  const bool second = known && which->message.qos == Qos::kExactlyOnce;
  if (ack.type == PacketType::kPubRec) {
    if (known && !second) return broken("PUBREC for a message of QoS 1");
    if (!known) {
      send(Ack{PacketType::kPubRel, ack.packet_id, Reason::kPacketIdentifierNotFound, {}}, now);
      return {};
    }
    if (!is_failure(ack.reason)) {
      which->stage = Stage::kReleased;
      send(Ack{PacketType::kPubRel, ack.packet_id, Reason::kSuccess, {}}, now);
      return {};
    }
  } else if (!known || second != (ack.type == PacketType::kPubComp) ||
             (second && which->stage != Stage::kReleased)) {
    return broken(packet_name(ack.type) + " for packet " + std::to_string(ack.packet_id) +
                  ", which does not wait for it");
  }
  const bool lost = is_failure(ack.reason) && ack.type != PacketType::kPubComp;
  finish(which, lost ? Status(refused("the server refused the message", ack.reason, ack.properties))
                     : Status());
  send_waiting(now);
  return {};
}

std::uint16_t Client::subscribe(std::vector<Subscription> subscriptions, Nanoseconds now) {
  LS_ASSERT(connected() && subscribing_.size() < kSubscribesMax);
  Subscribe packet;
  packet.packet_id = fresh_id();
  packet.subscriptions = std::move(subscriptions);
  subscribing_.insert(packet.packet_id);
  send(packet, now);
  return packet.packet_id;
}

Status Client::on_suback(const SubAck& ack) {
  if (subscribing_.erase(ack.packet_id) == 0) return broken("SUBACK that nobody waits for");
  ids_in_use_.reset(ack.packet_id);
  events_.on_subscribed(ack.packet_id, ack.reasons);
  return {};
}

// --- messages of others ---

Status Client::resolve_alias(Publish& message) {
  if (!message.properties.topic_alias) return {};
  const std::uint16_t alias = *message.properties.topic_alias;
  if (alias > options_.topic_alias_maximum)
    return broken("a topic alias beyond the agreed maximum");
  if (!message.topic.empty()) {
    aliases_[alias] = message.topic;
    return {};
  }
  const auto found = aliases_.find(alias);
  if (found == aliases_.end()) return broken("a topic alias that stands for nothing");
  message.topic = found->second;
  return {};
}

Status Client::on_publish(Publish message, Nanoseconds now) {
  if (Status topic = resolve_alias(message); !topic) return topic;
  if (message.qos == Qos::kAtMostOnce) {
    events_.on_message(message, 0);
    return {};
  }
  if (message.qos == Qos::kExactlyOnce && unreleased_.contains(message.packet_id)) {
    // We had it and said so, but our answer got lost.
    send(Ack{PacketType::kPubRec, message.packet_id, Reason::kSuccess, {}}, now);
    return {};
  }
  if (unanswered_.size() + unreleased_.size() >= options_.receive_maximum &&
      options_.connect.version == Version::k5) {
    return broken("more messages ahead of our acknowledgements than the receive maximum");
  }
  if (unanswered_.size() >= kReceiveMaximumDefault) return broken("too many messages at once");
  last_receipt_ += 1;
  unanswered_.push_back({last_receipt_, message.packet_id, message.qos, std::nullopt});
  events_.on_message(message, last_receipt_);
  return {};
}

void Client::acknowledge(Receipt receipt, Nanoseconds now, Reason reason) {
  // Receipts rise, so the place of one is found by halving.
  const auto which = std::ranges::lower_bound(unanswered_, receipt, {}, &Incoming::receipt);
  if (which == unanswered_.end() || which->receipt != receipt) return;
  which->answer = reason;
  send_answers(now);
}

void Client::send_answers(Nanoseconds now) {
  while (!unanswered_.empty() && unanswered_.front().answer) {
    const Incoming done = unanswered_.front();
    unanswered_.pop_front();
    const bool second = done.qos == Qos::kExactlyOnce;
    if (second && !is_failure(*done.answer)) unreleased_.insert(done.packet_id);
    const PacketType type = second ? PacketType::kPubRec : PacketType::kPubAck;
    send(Ack{type, done.packet_id, *done.answer, {}}, now);
  }
}

}  // namespace lineshaft::mqtt

// wire/mqtt/client.h: the client's side of an MQTT session: what is under way, what has to be sent
// again, when to ping. Bytes and times go in and bytes come out; sockets belong to the caller.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/mqtt/frame.h"
#include "wire/mqtt/packet.h"

namespace lineshaft::mqtt {

// Messages of ours under way at once, if the server takes as many: identifiers must be left over.
inline constexpr std::uint16_t kInFlightMax = 32'768;

struct ClientOptions {
  // What CONNECT says. The limits below are put into its properties.
  Connect connect;
  // CONNACK and PINGRESP that take longer mean that the connection is dead.
  Nanoseconds answer_timeout = std::chrono::seconds(10);
  std::size_t packet_bytes_max = 1024 * 1024;  // of what the server sends
  // Messages of QoS 1 and 2 that the server may send ahead of our acknowledgements.
  std::uint16_t receive_maximum = 1'000;
  // Topics that the server may give numbers to; each costs at most packet_bytes_max.
  std::uint16_t topic_alias_maximum = 32;
  // Of messages that wait for their acknowledgement or for a connection, payloads and topics.
  std::size_t queue_bytes_max = std::size_t{16} * 1024 * 1024;
};

// Names a message that came, until it is acknowledged. 0: needs no acknowledgement (QoS 0).
using Receipt = std::uint64_t;

// What a client tells its owner. None of these may call back into the client, except
// acknowledge(), publish() and subscribe().
class ClientEvents {
 public:
  virtual ~ClientEvents() = default;
  // The server has accepted us. Without a session of before (session_present), subscriptions have
  // to be made anew.
  virtual void on_connected(const ConnAck& answer) = 0;
  // A message; its topic is filled in from its alias. The server keeps a message of QoS 1 and 2
  // until acknowledge(receipt): call that when the message is safe, or to refuse it for good.
  virtual void on_message(const Publish& message, Receipt receipt) = 0;
  // The server has taken the message `token` (QoS 1 and 2), or refuses it.
  virtual void on_delivered(std::uint64_t token, const Status& status) = 0;
  // The server has answered fence(token).
  virtual void on_fenced(std::uint64_t /*token*/) {}
  // One reason for each filter of subscribe(), in order.
  virtual void on_subscribed(std::uint16_t id, const std::vector<Reason>& reasons) = 0;
};

// Delivery, in the order of publish(): QoS 0 at most once. QoS 1 at least once, QoS 2 exactly once,
// over any number of connections, as long as the server keeps the session. When it has lost the
// session, everything that it has not answered is sent anew, so that it may get a message of QoS 2
// twice rather than never. Nothing survives the end of the process: see queue_bytes_max.
//
// Threads: one at a time.
class Client {
 public:
  // `events` must outlive the client.
  Client(ClientOptions options, ClientEvents& events);

  // --- the connection ---

  // A new byte stream stands: forgets the one before and writes CONNECT.
  void start(Nanoseconds now);
  // Changes what the next CONNECT says. Requires: the same version and client identifier.
  void set_will(std::optional<Will> will) { options_.connect.will = std::move(will); }
  // Bytes of the server. Errors: the server breaks the rules, refuses us, or says good-bye
  // (kPeerClosed): send what is in output(), then close the stream and call lost().
  Status on_bytes(ByteSpan bytes, Nanoseconds now);
  // When on_time() has something to do; nothing without a stream.
  std::optional<Nanoseconds> next_time() const;
  // Errors: kTimeout: close the stream and call lost().
  Status on_time(Nanoseconds now);
  // Writes DISCONNECT; close the stream once it is sent.
  void disconnect(Reason reason);
  // The stream is gone. What waits for an acknowledgement is sent again on the next one.
  void lost();
  // What to send; the caller takes it away. Empty most of the time.
  Bytes& output() { return output_; }

  bool connected() const { return state_ == State::kConnected; }
  // Messages of ours that the server has not taken yet.
  std::size_t unacknowledged() const { return queue_.size(); }
  std::size_t queue_bytes() const { return queue_bytes_; }

  // --- messages ---

  // Sends a message. `token` comes back in on_delivered (QoS 1 and 2).
  // Errors: kInvalidArgument: the topic, or what this server does not take (size, QoS, retain);
  // kMachineNotConnected: QoS 0 without a connection; kQueueFull: queue_bytes_max.
  Status publish(Publish message, std::uint64_t token, Nanoseconds now);

  // Asks for a sign (PINGREQ) that comes after all that was sent before it. A server takes the
  // packets of a connection in their order (4.6), so that it has those by then: the only answer
  // there is to messages of QoS 0. Not answered if the stream is lost. Requires: connected(), a
  // token that is not 0.
  void fence(std::uint64_t token, Nanoseconds now);

  // Returns the identifier for on_subscribed. Requires: connected(), well-formed filters,
  // fewer than 1,000 unanswered calls: put many filters into one.
  std::uint16_t subscribe(std::vector<Subscription> subscriptions, Nanoseconds now);

  // The message is safe. Unknown receipts (0, or of a stream that is gone) do nothing: the server
  // sends those messages again. Acknowledgements go out in the order of the messages (4.6).
  void acknowledge(Receipt receipt, Nanoseconds now, Reason reason = Reason::kSuccess);

 private:
  enum class State : std::uint8_t { kIdle, kConnecting, kConnected };
  enum class Stage : std::uint8_t { kWaiting, kSent, kReleased };  // released: PUBREL is out

  struct Outgoing {  // of QoS 1 and 2, until the server has it
    Publish message;
    std::uint64_t token;
    Stage stage = Stage::kWaiting;
    std::size_t bytes() const { return message.topic.size() + message.payload.size(); }
  };
  struct Incoming {  // in the order in which they came
    Receipt receipt;
    std::uint16_t packet_id;
    Qos qos;
    std::optional<Reason> answer;  // decided, but an earlier one is not
  };

  Status take(const Frame& frame, Nanoseconds now);
  Status on_packet(Packet packet, Nanoseconds now);
  Status on_connack(const ConnAck& answer, Nanoseconds now);
  Status on_publish(Publish message, Nanoseconds now);
  Status on_ack(const Ack& ack, Nanoseconds now);
  Status on_suback(const SubAck& ack);
  void on_pingresp(Nanoseconds now);
  void ping(std::uint64_t token, Nanoseconds now);
  Status resolve_alias(Publish& message);
  Status check_against_server(const Publish& message) const;
  void resume(bool session_present, Nanoseconds now);
  void send_waiting(Nanoseconds now);
  void send(const Packet& packet, Nanoseconds now);
  void send_answers(Nanoseconds now);
  void finish(std::deque<Outgoing>::iterator which, const Status& status);
  std::deque<Outgoing>::iterator find(std::uint16_t packet_id);
  std::uint16_t fresh_id();

  ClientOptions options_;
  ClientEvents& events_;
  State state_ = State::kIdle;
  FrameReader reader_;
  Bytes output_;

  Nanoseconds last_sent_{0};
  Nanoseconds last_received_{0};
  std::optional<Nanoseconds> answer_by_;  // CONNACK or PINGRESP
  std::deque<std::uint64_t> pings_;       // unanswered, with the tokens of fences; 0: of keep-alive
  Nanoseconds keep_alive_{0};             // 0: none

  // What the server allows, from CONNACK.
  std::uint16_t in_flight_max_ = kInFlightMax;
  std::size_t server_packet_bytes_max_ = kRemainingLengthMax;
  Qos server_qos_max_ = Qos::kExactlyOnce;
  bool server_retains_ = true;

  std::deque<Outgoing> queue_;  // waiting ones behind the others
  std::size_t queue_bytes_ = 0;
  // So many at the front of queue_ are sent on this stream; behind them stand those of the stream
  // before, which are sent again, then those that wait for the first time.
  std::size_t in_flight_ = 0;
  bool sending_ = false;
  std::bitset<65'536> ids_in_use_;
  std::uint16_t last_id_ = 0;
  std::set<std::uint16_t> subscribing_;

  std::deque<Incoming> unanswered_;
  std::set<std::uint16_t> unreleased_;  // QoS 2: PUBREC is out, PUBREL has not come
  Receipt last_receipt_ = 0;
  std::unordered_map<std::uint16_t, std::string> aliases_;  // of the server
};

}  // namespace lineshaft::mqtt

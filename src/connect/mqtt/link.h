// connect/mqtt/link.h: an MQTT session over a connection that is kept alive: joins the link, which
// knows streams, to the client, which knows MQTT.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "connect/connection.h"
#include "connect/mqtt/settings.h"
#include "connect/stream_link.h"
#include "sys/loop.h"
#include "wire/mqtt/client.h"

namespace lineshaft::connect {

// Called on the loop's thread; may call the link, but must not destroy it.
class MqttUser {
 public:
  virtual ~MqttUser() = default;
  // Before each CONNECT.
  virtual std::optional<mqtt::Will> next_will() { return std::nullopt; }
  // The broker has accepted us. Subscriptions are to be made, whatever it remembers of before.
  virtual void on_session() = 0;
  virtual void on_message(const mqtt::Publish& message) = 0;
  // After on_message, for messages of QoS 1 and 2. True: the user calls MqttLink::acknowledge when
  // the message is safe. False: it is as safe as it gets.
  virtual bool acknowledges_later(mqtt::Receipt /*receipt*/) { return false; }
  virtual void on_delivered(std::uint64_t /*token*/, const Status& /*status*/) {}
  virtual void on_fenced(std::uint64_t /*token*/) {}
  // The answer to subscribe(): one reason for each filter.
  virtual void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) = 0;
  virtual void on_down(const Error& why) = 0;
};

class MqttLink : private StreamUser, private mqtt::ClientEvents {
 public:
  // `options` as client_options() makes them; `others`: brokers to go to after a loss, in turn,
  // with what else `broker` says. `user` must outlive the link.
  MqttLink(sys::EventLoop& loop, sys::Random& random, const MqttBroker& broker,
           mqtt::ClientOptions options, MqttUser& user,
           const std::vector<sys::Endpoint>& others = {});

  bool connected() const { return client_.connected(); }

  // As those of mqtt::Client.
  Status publish(mqtt::Publish message, std::uint64_t token = 0);
  std::uint16_t subscribe(std::vector<mqtt::Subscription> subscriptions);
  void fence(std::uint64_t token);
  void acknowledge(mqtt::Receipt receipt);
  // Says good-bye; the broker then publishes no will. The connection is made anew later.
  void disconnect(Error why);
  // A timeout of the user's own, or whatever else makes the connection useless.
  void lose(Error why) { stream_.lose(std::move(why)); }

  void fill(ConnectionStatus& status) const;
  const sys::Endpoint& server() const { return stream_.endpoint(); }  // now, or the next

 private:
  void on_up() override;
  Status on_bytes(ByteSpan bytes) override;
  void on_down(const Error& why, Nanoseconds retry_in) override;
  void on_connected(const mqtt::ConnAck& answer) override;
  void on_message(const mqtt::Publish& message, mqtt::Receipt receipt) override;
  void on_delivered(std::uint64_t token, const Status& status) override;
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override;
  void on_fenced(std::uint64_t token) override { user_.on_fenced(token); }

  Status flush();  // gives what the client wrote to the stream
  void flush_or_lose();
  void arm();

  sys::EventLoop& loop_;
  MqttUser& user_;
  mqtt::Client client_;
  std::unique_ptr<sys::Timer> timer_;
  std::unique_ptr<sys::Timer> lose_;  // at a turn of its own
  std::optional<Nanoseconds> armed_for_;
  std::uint64_t published_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t timeouts_ = 0;
  StreamLink stream_;  // the last: its callbacks use all others
};

}  // namespace lineshaft::connect

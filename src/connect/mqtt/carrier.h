// connect/mqtt/carrier.h: carries samples to an MQTT broker: a message of QoS 1 for each, on the
// topic that is the name of its tag.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "connect/forward/carrier.h"
#include "connect/mqtt/flow_settings.h"
#include "connect/mqtt/link.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// The payload: {"time":"2026-11-26T15:00:00.25Z","value":21.5,"quality":"Good","unit":"CEL",
// "id":"9f86d081884c7d65-65536"}, without a unit where there is none.
std::string mqtt_payload(const forward::ParcelItem& item);

// Does `config` subscribe at that broker?
bool reads_from_broker(const MqttBroker& broker, const ConnectionConfig& config);

// A broker that refuses a message for a reason that may pass, or acknowledges nothing any more, is
// left, and everything without an acknowledgement is sent again. One that a broker can never take
// (too long) is given up and told.
class MqttCarrier : public forward::Carrier, private MqttUser {
 public:
  MqttCarrier(sys::EventLoop& loop, sys::Random& random, const MqttFlowSettings& settings,
              forward::CarrierUser& user);

  bool ready() const override { return link_ != nullptr && !leaving_ && link_->connected(); }
  void send(const forward::Parcel& parcel) override;
  void fill(OutletStatus& status) const override;

 private:
  struct Sent {
    forward::EntryNumber number;
    std::size_t unanswered = 0;
  };

  void on_session() override;
  void on_message(const mqtt::Publish& /*message*/) override {}
  void on_delivered(std::uint64_t token, const Status& status) override;
  void on_subscribed(std::uint16_t /*id*/, const std::vector<mqtt::Reason>& /*reasons*/) override {}
  void on_down(const Error& why) override;
  void connect();
  void answered(std::uint64_t number);
  void leave(Error why);
  void watch();

  sys::EventLoop& loop_;
  sys::Random& random_;
  const MqttFlowSettings settings_;
  forward::CarrierUser& user_;
  std::unique_ptr<sys::Timer> turn_;   // to leave, and to come back
  std::unique_ptr<sys::Timer> watch_;  // for acknowledgements
  std::deque<Sent> sent_;
  bool leaving_ = false;
  std::optional<std::string> last_error_;
  std::unique_ptr<MqttLink> link_;
};

}  // namespace lineshaft::connect

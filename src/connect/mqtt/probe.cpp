#include "connect/mqtt/probe.h"

#include <utility>

#include "connect/mqtt/broker.h"
#include "connect/mqtt/session.h"

namespace lineshaft::connect {

MqttProbe::MqttProbe(sys::EventLoop& loop, sys::Random& random, ConnectionConfig config, Done done)
    : loop_(loop),
      config_(std::move(config)),
      done_(std::move(done)),
      started_(loop.now()),
      mapping_(config_),
      missing_(config_.signals.size()),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  for (const SignalConfig& signal : config_.signals) {
    const std::string& topic = std::get<MqttPoint>(signal.point).topic;
    report_.test.values.push_back(
        {signal.path,
         std::nullopt,
         {},
         quality::kBadWaitingForInitialData,
         Error{ErrorId::kTimeout, "no message on " + topic + " came during the test"}});
  }
  // Another name than that of the connection under test, whose session must not be disturbed.
  MqttBroker broker = std::get<MqttSettings>(config_.settings).broker;
  broker.client_id.clear();
  link_ = std::make_unique<MqttLink>(loop, random, broker, client_options(broker, random),
                                     static_cast<MqttUser&>(*this));
}

void MqttProbe::on_session() {
  const auto& settings = std::get<MqttSettings>(config_.settings);
  report_.speaks_mqtt = true;
  report_.test.reachable = true;
  report_.test.latency_ms =
      std::chrono::duration<double, std::milli>(loop_.now() - started_).count();
  for (auto& packet : subscriptions_of(mapping_.filters(), 0)) link_->subscribe(std::move(packet));
  if (missing_ == 0) return finish(std::nullopt);
  limit_->start(std::chrono::milliseconds(settings.broker.timeout_ms),
                [this] { finish(std::nullopt); });
}

void MqttProbe::on_message(const mqtt::Publish& message) {
  for (MqttReading& reading : mapping_.read(message.topic, message.payload)) {
    TestValue& value = report_.test.values[reading.signal];
    if (value.quality != quality::kBadWaitingForInitialData) continue;
    value.quality = reading.value   ? quality::kGood
                    : reading.error ? quality::kBadTypeMismatch
                                    : quality::kBadNoData;
    value.value = std::move(reading.value);
    value.error = std::move(reading.error);
    missing_ -= 1;
  }
  if (missing_ == 0) finish(std::nullopt);
}

void MqttProbe::on_subscribed(std::uint16_t /*id*/, const std::vector<mqtt::Reason>& reasons) {
  for (const mqtt::Reason reason : reasons) {
    if (!is_failure(reason) || report_.test.error) continue;
    report_.test.error =
        Error{ErrorId::kDenied, "the broker refuses a subscription: " + mqtt::reason_name(reason)};
  }
}

void MqttProbe::on_down(const Error& why) {
  // A refusal in words is one of MQTT, unless the stream just ended.
  if (why.id == ErrorId::kPeerClosed && why.what.starts_with("the server refused")) {
    report_.speaks_mqtt = true;
  }
  finish(why);
}

void MqttProbe::finish(std::optional<Error> error) {
  if (finished_) return;
  finished_ = true;
  if (error && !report_.test.error) report_.test.error = std::move(error);
  finish_->start(Nanoseconds(0), [this] {
    link_.reset();
    const Done done = std::move(done_);
    done(std::move(report_));  // may destroy this
  });
}

}  // namespace lineshaft::connect

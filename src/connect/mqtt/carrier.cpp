#include "connect/mqtt/carrier.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "connect/mqtt/broker.h"

namespace lineshaft::connect {

namespace {

// Long enough for a broker that writes to a slow disk, short beside the hours that a queue holds.
constexpr Nanoseconds kAcknowledgeTimeout = std::chrono::seconds(60);
// A refusal passes when a person changes the broker's rules.
constexpr Nanoseconds kRefusedPause = std::chrono::seconds(30);

}  // namespace

std::string mqtt_payload(const forward::ParcelItem& item) {
  Json json = Json::object();
  json["time"] = format_rfc3339(item.sample.time);
  json["value"] = value_json(item.sample.value);
  json["quality"] = quality_name(item.sample.quality);
  if (!item.tag->unit.empty()) json["unit"] = item.tag->unit;
  json["id"] = item.id.text();
  return dump(json);
}

bool reads_from_broker(const MqttBroker& broker, const ConnectionConfig& config) {
  const MqttBroker* theirs = nullptr;
  if (const auto* mqtt = std::get_if<MqttSettings>(&config.settings)) theirs = &mqtt->broker;
  if (const auto* host = std::get_if<SparkplugSettings>(&config.settings)) theirs = &host->broker;
  return theirs != nullptr && theirs->host == broker.host && theirs->port == broker.port;
}

MqttCarrier::MqttCarrier(sys::EventLoop& loop, sys::Random& random,
                         const MqttFlowSettings& settings, forward::CarrierUser& user)
    : loop_(loop),
      random_(random),
      settings_(settings),
      user_(user),
      turn_(loop.make_timer()),
      watch_(loop.make_timer()) {
  connect();
}

void MqttCarrier::connect() {
  leaving_ = false;
  link_ = std::make_unique<MqttLink>(loop_, random_, settings_.broker,
                                     client_options(settings_.broker, random_),
                                     static_cast<MqttUser&>(*this));
}

void MqttCarrier::on_session() {
  // Of a broker that takes no message, that it lets us in is no news.
  if (sent_.empty()) last_error_.reset();
  if (!sent_.empty()) watch();  // the link sends again what has no acknowledgement
  user_.on_ready();
}

void MqttCarrier::on_down(const Error& why) {
  if (!leaving_) last_error_ = why.text();
  watch_->cancel();
}

void MqttCarrier::send(const forward::Parcel& parcel) {
  LS_ASSERT(ready());
  // One answer is kept back until all of it is sent, since a refusal answers at once.
  sent_.push_back({parcel.number, parcel.items.size() + 1});
  if (sent_.size() == 1) watch();
  for (const forward::ParcelItem& item : parcel.items) {
    const std::string payload = mqtt_payload(item);
    mqtt::Publish message;
    message.topic = item.tag->path;
    message.payload.assign(payload.begin(), payload.end());
    message.qos = mqtt::Qos::kAtLeastOnce;
    message.retain = settings_.retain;
    if (Status taken = link_->publish(std::move(message), parcel.number.value); !taken) {
      if (taken.error().id != ErrorId::kInvalidArgument) return leave(taken.error());
      user_.on_refused(taken.error());
      answered(parcel.number.value);
    }
  }
  answered(parcel.number.value);
}

void MqttCarrier::on_delivered(std::uint64_t token, const Status& status) {
  if (leaving_) return;
  if (!status && status.error().id != ErrorId::kInvalidArgument) return leave(status.error());
  if (!status) user_.on_refused(status.error());
  answered(token);
}

// Acknowledgements may come in any order; entries are confirmed in theirs.
void MqttCarrier::answered(std::uint64_t number) {
  const auto which = std::ranges::find(sent_, forward::EntryNumber{number}, &Sent::number);
  if (which == sent_.end() || which->unanswered == 0) return;
  which->unanswered -= 1;
  std::optional<forward::EntryNumber> through;
  while (!sent_.empty() && sent_.front().unanswered == 0) {
    through = sent_.front().number;
    sent_.pop_front();
  }
  last_error_.reset();
  watch();
  if (through) user_.on_confirmed(*through);
}

void MqttCarrier::watch() {
  if (sent_.empty()) return watch_->cancel();
  watch_->start(kAcknowledgeTimeout, [this] {
    if (link_ == nullptr) return;
    link_->lose({ErrorId::kTimeout, "the broker has acknowledged nothing for a minute"});
  });
}

// At a turn of its own: the link that tells is the one to go.
void MqttCarrier::leave(Error why) {
  if (std::exchange(leaving_, true)) return;
  last_error_ = why.text();
  watch_->cancel();
  turn_->start(Nanoseconds(0), [this] {
    link_.reset();
    sent_.clear();
    user_.on_lost();
    turn_->start(kRefusedPause, [this] { connect(); });
  });
}

void MqttCarrier::fill(OutletStatus& status) const {
  status.state = ready() ? OutletState::kUp : OutletState::kDown;
  status.at = settings_.broker.host + ":" + std::to_string(settings_.broker.port);
  status.last_error = last_error_;
}

}  // namespace lineshaft::connect

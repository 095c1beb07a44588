// The clock of a device is set while we listen, in every protocol that carries the device's time:
// the present goes on, and how far the clock is off can be seen.
#include <gtest/gtest.h>

#include "connect/iec104/testing.h"
#include "connect/mqtt/testing.h"
#include "connect/mtconnect/testing.h"
#include "connect/opcua/testing.h"
#include "connect/shdr/testing.h"
#include "connect/stand_in_fixture.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

// Counts, and tells each number with the time of its own clock.
class Teller : public StandIn {
 public:
  virtual void tell(std::int64_t n, Timestamp at) = 0;

  std::uint32_t tag = 1;
  // Not every protocol tells the time of the message beside that of the value.
  bool tells_by_message = false;
  // The time of a clock far ahead is kept, and told as it is.
  bool keeps_the_future = false;
};

std::int64_t ms(Timestamp time) { return time.ns / 1'000'000; }

class MqttTeller : public Teller {
 public:
  MqttTeller() {
    stand_in(plant_);
    SignalConfig signal = mqtt_signal("o/s/m/v", "t", "/v");
    std::get<MqttPoint>(signal.point).time_pointer = "/t";
    plant_.put(1, mqtt_connection(1, {signal}), 1);
  }
  void tell(std::int64_t n, Timestamp at) override {
    broker_.say("t", R"({"v":)" + std::to_string(n) + R"(,"t":)" + std::to_string(ms(at)) + "}");
  }

 private:
  Plant plant_;
  TestBroker broker_{plant_.loop, {"broker", 1}};
};

class SparkplugTeller : public Teller {
 public:
  SparkplugTeller() {
    stand_in(plant_);
    tells_by_message = true;
    ConnectionConfig config = CountingNode::connection();
    config.groups = {{"normal", 1000}};
    plant_.put(1, config, 1);
  }
  void tell(std::int64_t n, Timestamp at) override {
    const auto told = static_cast<std::uint64_t>(ms(at));
    if (n == 1) node_.connect(told);
    node_.tell(n, told);
  }

 private:
  Plant plant_;
  CountingNode node_{plant_.loop};
};

class Iec104Teller : public Teller {
 public:
  Iec104Teller() {
    stand_in(plant_);
    ConnectionConfig config = station_config();
    config.signals.resize(1);
    Iec104ServerOptions options;
    options.listen = kStationAt;
    server_ = make_iec104_server(plant_.loop, station_, station_points(), options).value();
    plant_.put(1, config, 1);
  }
  void tell(std::int64_t n, Timestamp at) override {
    server_->set(100, {static_cast<float>(n), quality::kGood}, at);
  }

 private:
  Plant plant_;
  TestPlant station_;
  std::unique_ptr<Iec104Server> server_;
};

class MtconnectTeller : public Teller {
 public:
  MtconnectTeller() {
    stand_in(mill_);
    tells_by_message = true;
    mill_.config.signals.resize(1);
    mill_.start();
  }
  void tell(std::int64_t n, Timestamp at) override {
    auto seen =
        mtconnect::testing::observation("xpos", mtconnect::Category::kSample, 0, std::to_string(n));
    seen.time = at;
    LS_ASSERT(mill_.agent->observe(std::move(seen)).ok());
  }

 private:
  Mill mill_;
};

class ShdrTeller : public Teller {
 public:
  ShdrTeller() {
    stand_in(plant_);
    ConnectionConfig config = adapter_config();
    config.signals.resize(1);
    plant_.put(1, config, 1);
  }
  void tell(std::int64_t n, Timestamp at) override {
    adapter_.say(format_rfc3339(at) + "|x|" + std::to_string(n) + "\n");
  }

 private:
  Plant plant_;
  Adapter adapter_{plant_.loop, ""};
};

class OpcUaTeller : public Teller {
 public:
  OpcUaTeller() {
    stand_in(plant_);
    tag = 101;
    tells_by_message = true;
    keeps_the_future = true;
    plant_.set_all();
    plant_.serve();
    ConnectionConfig config = opcua::testing::Plant::connection();
    config.signals.resize(1);
    plant_.put(config);
  }
  void tell(std::int64_t n, Timestamp at) override {
    plant_.set(1, static_cast<double>(n), quality::kGood, at);
  }

 private:
  opcua::testing::Plant plant_;
};

struct Protocol {
  const char* name;
  std::unique_ptr<Teller> (*make)();
};

template <typename Kind>
std::unique_ptr<Teller> make() {
  return std::make_unique<Kind>();
}

const Protocol kAll[] = {{"Mqtt", make<MqttTeller>},     {"Sparkplug", make<SparkplugTeller>},
                         {"Iec104", make<Iec104Teller>}, {"Mtconnect", make<MtconnectTeller>},
                         {"Shdr", make<ShdrTeller>},     {"OpcUa", make<OpcUaTeller>}};

class DeviceClock : public ::testing::TestWithParam<Protocol> {
 protected:
  std::unique_ptr<Teller> teller = GetParam().make();
  std::int64_t told = 0;

  // Tells a number a second, with a clock that is off by so much.
  void tell_for(std::int64_t seconds, Nanoseconds off) {
    for (std::int64_t i = 0; i < seconds; ++i) {
      told += 1;
      // Whole milliseconds: no protocol here tells less.
      const Timestamp now{ms(teller->clock->now()) * 1'000'000};
      teller->tell(told, now + off);
      teller->loop->run_for(1s);
    }
  }
  // What a person sees: the newest value of those that are not of the future, as the historian
  // takes it.
  std::int64_t present() const {
    const Timestamp now = teller->clock->now() + Nanoseconds(1s);
    const Sample* newest = nullptr;
    for (const Sample& sample : teller->sink->samples) {
      if (sample.tag.value != teller->tag || sample.quality.bad() || sample.time > now) continue;
      if (newest == nullptr || sample.time >= newest->time) newest = &sample;
    }
    return newest == nullptr ? -1 : static_cast<std::int64_t>(as_double(newest->value));
  }
  std::optional<std::int64_t> ahead_s() const {
    const auto ahead = teller->manager->status({1})->clock_ahead_ms;
    return ahead ? std::optional((*ahead + (*ahead < 0 ? -500 : 500)) / 1'000) : std::nullopt;
  }
};

TEST_P(DeviceClock, SetBackByAnHourStopsThePresentForAMinuteAtMost) {
  tell_for(30, 0s);
  ASSERT_EQ(present(), told);
  tell_for(62, -3'600s);
  for (int i = 0; i < 120; ++i) {
    tell_for(1, -3'600s);
    ASSERT_EQ(present(), told);
  }
  EXPECT_EQ(teller->manager->status({1})->tags_bad, 0u);
  // A document of MTConnect and a notification of OPC UA tell the clock of the agent or server,
  // which stayed right here.
  if (!teller->tells_by_message || std::string(GetParam().name) == "Sparkplug") {
    EXPECT_EQ(ahead_s(), -3'600);
  }
  tell_for(5, 0s);
  EXPECT_EQ(present(), told) << "set right again";
}

TEST_P(DeviceClock, SetAheadByADayAndBackDoesNotStopThePresent) {
  tell_for(30, 0s);
  tell_for(30, 86'400s);
  if (!teller->keeps_the_future) {
    EXPECT_EQ(present(), told) << "its time is not believed, its values are";
    for (const Sample& sample : teller->sink->samples) {
      EXPECT_LE(sample.time, teller->clock->now());
    }
  }
  for (int i = 0; i < 30; ++i) {
    tell_for(1, 0s);
    ASSERT_EQ(present(), told) << "at once";
  }
}

INSTANTIATE_TEST_SUITE_P(Protocols, DeviceClock, ::testing::ValuesIn(kAll),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace lineshaft::connect

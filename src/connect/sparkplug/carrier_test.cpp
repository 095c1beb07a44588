// A flow as an edge node at a broker that has good and bad days: hosts understand every message,
// nothing that was acknowledged is missing, and what is not the present says so.
#include "connect/sparkplug/carrier.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "base/torture_fixture.h"
#include "connect/forward/outlet_fixture.h"
#include "connect/mqtt/testing.h"
#include "connect/sparkplug/place.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;
using forward::OutletHouse;
using testing::TestBroker;
using Words = std::vector<std::string>;

const sys::Endpoint kBroker{"broker", 1};

struct Node {
  std::string primary_host;
  std::string other_brokers = {};
  std::unique_ptr<forward::Carrier> operator()(const OutletMeans& means,
                                               forward::CarrierUser& user) const {
    SparkplugFlowSettings settings;
    settings.broker = testing::broker_at(1);
    settings.group_id = "g";
    settings.node_id = "n";
    settings.primary_host = primary_host;
    settings.other_brokers = other_brokers;
    return std::make_unique<SparkplugCarrier>(means, settings, user);
  }
};

struct Told {
  std::string metric;  // "device/metric"
  double value = 0;
  std::uint64_t time_ms = 0;
  bool historical = false;
  bool is_null = false;
  std::int64_t quality = 192;
};

// What a host understands that hears everything from the beginning. Data before its birth, or out
// of sequence, is a failure.
struct Hearing {
  Words outline;  // "NBIRTH", "DDATA works"
  std::vector<Told> births;
  std::vector<Told> data;
  std::map<std::uint64_t, std::string> names;
  std::optional<std::uint64_t> seq;

  explicit Hearing(const std::vector<mqtt::Publish>& messages) {
    for (const mqtt::Publish& message : messages) hear(message);
  }

  void hear(const mqtt::Publish& message) {
    using enum sparkplug::MessageType;
    const auto topic = sparkplug::parse_topic(message.topic);
    if (!topic) return;  // STATE
    const std::string device = topic->device.empty() ? "" : " " + topic->device;
    outline.push_back(std::string(sparkplug::message_name(topic->type)) + device);
    const auto payload = sparkplug::decode_payload(message.payload);
    ASSERT_TRUE(payload.ok());
    if (topic->type == kNDeath) return names.clear();
    EXPECT_EQ(message.qos, mqtt::Qos::kAtMostOnce);
    if (topic->type == kNBirth) {
      names.clear();
      seq.reset();
    }
    EXPECT_EQ(payload->seq, seq ? (*seq + 1) % 256 : 0) << message.topic;
    seq = payload->seq;
    const bool is_birth = topic->type == kNBirth || topic->type == kDBirth;
    for (const sparkplug::Metric& metric : payload->metrics) {
      if (!metric.alias) continue;  // bdSeq and the request for birth
      if (is_birth) names[*metric.alias] = topic->device + "/" + metric.name.value();
      ASSERT_EQ(names.count(*metric.alias), 1u) << "a metric that was not born";
      (is_birth ? births : data).push_back(told(names[*metric.alias], metric));
    }
  }

  static Told told(std::string name, const sparkplug::Metric& metric) {
    const auto* number = std::get_if<double>(&metric.value);
    return {std::move(name),
            number != nullptr ? *number : 0,
            metric.timestamp_ms.value_or(0),
            metric.is_historical,
            metric.is_null,
            sparkplug::quality_property(metric).value_or(192)};
  }

  // In the order in which they came first; what comes again is the same.
  std::vector<int> values_without_doubles() const {
    std::set<int> seen;
    std::vector<int> values;
    for (const Told& one : data) {
      if (one.quality != 192) continue;
      if (seen.insert(static_cast<int>(one.value)).second) {
        values.push_back(static_cast<int>(one.value));
      }
    }
    return values;
  }
};

std::vector<int> one_to(int n) {
  std::vector<int> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 1);
  return values;
}

void say_state(TestBroker& broker, bool online, std::uint64_t time) {
  broker.say(sparkplug::state_topic("boss"), sparkplug::encode_state({online, time}), true);
}

void command(TestBroker& broker, const std::string& topic, sparkplug::Metric metric) {
  sparkplug::Payload payload;
  payload.timestamp_ms = 1;
  payload.metrics.push_back(std::move(metric));
  Bytes bytes;
  sparkplug::encode_payload(payload, bytes);
  broker.route({topic, bytes, mqtt::Qos::kAtMostOnce, false, false, 0, {}});
}

TEST(SparkplugFlow, ANameIsADeviceAndAMetric) {
  const auto place = [](std::string_view name, std::int32_t levels) {
    const SparkplugPlace found = sparkplug_place(name, levels).value();
    return found.device + "|" + found.metric;
  };
  EXPECT_EQ(place("acme/hall/press 4/speed", -1), "acme:hall:press 4|speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", -2), "acme:hall|press 4/speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", 1), "acme|hall/press 4/speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", 0), "|acme/hall/press 4/speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", 9), "acme:hall:press 4|speed") << "a level is left";
  EXPECT_EQ(place("acme/hall/press 4/speed", -9), "|acme/hall/press 4/speed");
  EXPECT_EQ(place("speed", -1), "|speed");
  EXPECT_FALSE(sparkplug_place("press #4/speed", -1).ok());
  EXPECT_TRUE(sparkplug_place("press/#4", -1).ok()) << "metrics may have any name";
  EXPECT_FALSE(sparkplug_place("bdSeq", -1).ok());
}

TEST(SparkplugFlow, IsBornWithItsTagsAndTellsTheirChanges) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(2));
  loop.run_for(10ms);
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.outline, (Words{"NBIRTH", "DBIRTH works", "DDATA works"}));
  ASSERT_EQ(heard.births.size(), 3u);
  EXPECT_TRUE(heard.births[0].is_null) << "it never had a value";
  ASSERT_EQ(heard.data.size(), 1u);
  EXPECT_EQ(heard.data[0].metric, "works/t2");
  EXPECT_EQ(heard.data[0].value, 1.0);
  // 1,795,000,000 s after 1970 the simulated clock starts.
  EXPECT_EQ(heard.data[0].time_ms, 1'795'000'001'000u);
  EXPECT_FALSE(heard.data[0].historical);
  ASSERT_EQ(broker.connects.size(), 1u);
  EXPECT_EQ(broker.connects[0].will->topic, "spBv1.0/g/NDEATH/n");
  const OutletStatus status = house.outlet->status();
  EXPECT_EQ(status.state, OutletState::kUp);
  EXPECT_EQ(status.at, "broker:1 as g/n");
  EXPECT_EQ(status.samples_out, 1u);
  EXPECT_EQ(status.queue->samples, 0u);
}

TEST(SparkplugFlow, CountsAsDeliveredOnlyWhatTheBrokerHasAnsweredFor) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  bool deaf = true;
  broker.intercept = [&](const mqtt::Packet& packet, const auto&, const auto&) {
    return deaf && std::holds_alternative<mqtt::PingReq>(packet);
  };
  OutletHouse house(loop, {}, Node{});
  house.open();
  loop.run_for(500ms);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(house.publish(1));
  loop.run_for(500ms);
  EXPECT_EQ(Hearing(broker.published).data.size(), 5u);
  EXPECT_EQ(house.outlet->status().samples_out, 0u);
  EXPECT_EQ(house.outlet->status().queue->samples, 5u);
  loop.run_for(1s);  // the answer has a second
  EXPECT_TRUE(house.outlet->status().last_error.has_value());
  deaf = false;
  loop.run_for(1min);
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  EXPECT_FALSE(house.outlet->status().last_error.has_value());
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.values_without_doubles(), one_to(5));
  EXPECT_GE(heard.data.size(), 10u) << "all of it again";
}

TEST(SparkplugFlow, TellsWhatCameWhileTheBrokerWasAwayAsHistoryBehindThePresent) {
  sys::SimLoop loop;
  auto broker = std::make_unique<TestBroker>(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  house.options.memory_bytes_max = 2'000;
  house.open();
  loop.run_for(1s);
  broker.reset();
  loop.cut(kBroker);
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(house.publish(1));
    loop.run_for(1s);
  }
  EXPECT_EQ(house.outlet->status().state, OutletState::kDown);
  EXPECT_EQ(house.outlet->status().queue->samples, 600u);
  broker = std::make_unique<TestBroker>(loop, kBroker);
  ASSERT_TRUE(loop.run_until([&] { return !broker->published.empty(); }, 5min));
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  const Hearing heard(broker->published);
  EXPECT_EQ(heard.values_without_doubles(), one_to(601));
  EXPECT_EQ(heard.births[0].value, 600.0) << "the present, before all history";
  for (std::size_t i = 0; i < 600; ++i) EXPECT_TRUE(heard.data[i].historical) << i;
  EXPECT_FALSE(heard.data.back().historical);
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
}

TEST(SparkplugFlow, WaitsForItsPrimaryHostAndDiesWithIt) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{"boss"});
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(10s);
  EXPECT_TRUE(broker.published.empty());
  EXPECT_EQ(house.outlet->status().last_error, "waits for the primary host 'boss'");
  say_state(broker, true, 5);
  loop.run_for(1s);
  EXPECT_EQ(Hearing(broker.published).outline, (Words{"NBIRTH", "DBIRTH works", "DDATA works"}));
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  say_state(broker, false, 6);
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  EXPECT_EQ(Hearing(broker.published).outline.back(), "NDEATH");
  EXPECT_EQ(house.outlet->status().queue->samples, 1u);
  say_state(broker, true, 7);
  loop.run_for(1min);
  EXPECT_EQ(Hearing(broker.published).values_without_doubles(), one_to(2));
}

// Two servers, and a host that is at one of them, at the other, at none, and back.
TEST(SparkplugFlow, WalksToTheServerWhereItsHostIs) {
  sys::SimLoop loop;
  TestBroker one(loop, kBroker);
  TestBroker two(loop, {"other", 2});
  OutletHouse house(loop, {}, Node{"boss", "other:2"});
  std::size_t clients = 0;
  const auto run = [&](Nanoseconds time) {
    const Nanoseconds end = loop.now() + time;
    while (loop.now() < end) {
      loop.run_for(1ms);
      clients = std::max(clients, one.clients() + two.clients());
    }
  };
  say_state(one, true, 5);
  house.open();
  run(1s);
  ASSERT_TRUE(house.publish(1));
  run(1s);
  EXPECT_EQ(house.outlet->status().at, "broker:1 as g/n");
  EXPECT_TRUE(two.connects.empty());

  say_state(two, true, 6);
  say_state(one, false, 7);
  run(5s);
  EXPECT_EQ(Hearing(one.published).outline.back(), "NDEATH");
  EXPECT_EQ(house.outlet->status().at, "other:2 as g/n");
  ASSERT_TRUE(house.publish(1));
  run(1s);
  EXPECT_EQ(Hearing(two.published).outline, (Words{"NBIRTH", "DBIRTH works", "DDATA works"}));

  say_state(two, false, 8);
  run(1min);
  EXPECT_EQ(house.outlet->status().state, OutletState::kDown);
  EXPECT_GE(one.connects.size(), 5u) << "it looks at each in turn";
  EXPECT_LE(one.connects.size(), 8u) << "and gives the host five seconds";
  ASSERT_TRUE(house.publish(1));
  say_state(one, true, 9);
  run(20s);
  EXPECT_EQ(house.outlet->status().at, "broker:1 as g/n");
  EXPECT_EQ(Hearing(one.published).values_without_doubles(), (std::vector<int>{1, 3}));
  EXPECT_EQ(Hearing(two.published).values_without_doubles(), std::vector<int>{2});
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  EXPECT_EQ(clients, 1u) << "never two at a time";
}

TEST(SparkplugFlow, GoesToTheNextServerWhenOneIsLost) {
  sys::SimLoop loop;
  TestBroker two(loop, {"other", 2});  // nobody is at the first
  OutletHouse house(loop, {}, Node{"", "gone:1, other:2"});
  house.open();
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  EXPECT_EQ(house.outlet->status().at, "other:2 as g/n");
  EXPECT_EQ(Hearing(two.published).values_without_doubles(), one_to(1));
}

TEST(SparkplugFlow, OtherBrokersAreAddresses) {
  const auto read = [](std::string text) {
    SparkplugFlowSettings settings;
    settings.other_brokers = std::move(text);
    std::string list;
    const auto brokers = other_brokers(settings);
    if (!brokers) return std::string("refused");
    for (const sys::Endpoint& one : *brokers) list += one.text() + ";";
    return list;
  };
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read(" a.example:1883 ,[fe80::1]:8883"), "a.example:1883;[fe80::1]:8883;");
  for (const char* wrong : {"a", "a:", "a:0", "a:65536", ":1883", "a:1,", "a:1;b:2", "a:1x",
                            "a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1"}) {
    EXPECT_EQ(read(wrong), "refused") << wrong;
  }
}

TEST(SparkplugFlow, SaysThatAnotherNodeHasItsName) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  house.open();
  loop.run_for(1min);
  EXPECT_FALSE(house.host.has("name-taken")) << "the broker repeats its own births";
  sparkplug::Metric metric;
  metric.name = sparkplug::kBdSeq;
  metric.value = sparkplug::LongBits{9};
  command(broker, "spBv1.0/g/NBIRTH/n", metric);
  loop.run_for(1s);
  EXPECT_TRUE(house.host.has("name-taken"));
  EXPECT_EQ(house.outlet->status().state, OutletState::kUp) << "which cannot be helped from here";
}

TEST(SparkplugFlow, IsBornAgainWithThePresentWhenAHostAsks) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  house.open();
  loop.run_for(10s);
  ASSERT_TRUE(house.publish(3));
  loop.run_for(1s);
  broker.published.clear();
  sparkplug::Metric rebirth;
  rebirth.name = sparkplug::kRebirth;
  rebirth.value = true;
  command(broker, "spBv1.0/g/NCMD/n", rebirth);
  loop.run_for(1s);
  const Hearing heard(broker.published);
  ASSERT_EQ(heard.outline, (Words{"NBIRTH", "DBIRTH works"}));
  EXPECT_EQ(heard.births[2].value, 1.0);
}

TEST(SparkplugFlow, CommandsBecomeWrites) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  house.writable = true;
  house.open();
  loop.run_for(1s);
  sparkplug::Metric speed;
  speed.name = "t2";
  speed.value = 42.5;
  command(broker, "spBv1.0/g/DCMD/n/works", speed);
  loop.run_for(1s);
  EXPECT_EQ(house.host.writes, Words{"2=42.5 by Sparkplug host"});
  EXPECT_FALSE(house.host.has("write-refused"));
  house.host.write_answer = Error{ErrorId::kWritesDisabled, "not now"};
  command(broker, "spBv1.0/g/DCMD/n/works", speed);
  loop.run_for(1s);
  EXPECT_TRUE(house.host.has("write-refused"));
}

TEST(SparkplugFlow, WhatIsNotWritableTakesNoCommand) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  house.open();
  loop.run_for(1s);
  sparkplug::Metric speed;
  speed.name = "t2";
  speed.value = 42.5;
  command(broker, "spBv1.0/g/DCMD/n/works", speed);
  loop.run_for(1s);
  EXPECT_TRUE(house.host.writes.empty());
}

TEST(SparkplugFlow, NewTagsAreBornBeforeTheirValues) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  house.open(false);
  house.put({1});
  loop.run_for(1s);
  house.put({2});
  ASSERT_TRUE(house.publish(2));
  loop.run_for(10s);
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.outline,
            (Words{"NBIRTH", "DBIRTH works", "NBIRTH", "DBIRTH works", "DDATA works"}));
  EXPECT_EQ(heard.values_without_doubles(), one_to(1));
  house.outlet->remove(std::vector<TagId>{{1}, {2}});
  loop.run_for(10s);
  EXPECT_EQ(Hearing(broker.published).outline.back(), "NBIRTH") << "without the device";
}

TEST(SparkplugFlow, ABirthThatTheBrokerCannotTakeIsTold) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  broker.answer.properties.maximum_packet_bytes = 150;
  OutletHouse house(loop, {}, Node{});
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  const OutletStatus status = house.outlet->status();
  EXPECT_EQ(status.state, OutletState::kDown);
  ASSERT_TRUE(status.last_error.has_value());
  EXPECT_NE(status.last_error->find("the server takes 150"), std::string::npos);
  EXPECT_EQ(status.queue->samples, 1u);
  broker.answer.properties.maximum_packet_bytes.reset();
  loop.run_for(1min);
  EXPECT_EQ(Hearing(broker.published).values_without_doubles(), one_to(1));
}

TEST(SparkplugFlow, GoesOnAfterAPowerCutInTheMiddleOfTheDelivery) {
  for (int moment = 0; moment < 40; ++moment) {
    sys::SimLoop loop;
    TestBroker broker(loop, kBroker);
    OutletHouse first(loop, {}, Node{});
    first.open();
    loop.run_for(1s);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(first.publish(1));
    loop.run_for(moment * 50us);  // the latency is 100 us
    OutletHouse second(loop, first.disk.durable_image(), Node{}, 2);
    second.host.newest = first.host.newest;
    first.outlet.reset();
    second.published = 20;
    second.open();
    ASSERT_TRUE(second.publish(1));
    loop.run_for(5s);
    EXPECT_EQ(Hearing(broker.published).values_without_doubles(), one_to(21))
        << "moment " << moment;
  }
}

// --- every byte ---

constexpr int kSamples = 12;
constexpr std::uint64_t kCutsInShort = 40;  // of each direction

struct Bad {
  sys::SimSide side;
  std::uint64_t bytes;
};

// Publishes for a while; the connection is cut once.
void run_and_check(Bad cut, std::array<std::uint64_t, 2>* sent = nullptr) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, Node{});
  if (sent == nullptr) loop.cut_once(kBroker, cut.side, cut.bytes);
  house.open();
  for (int i = 0; i < kSamples; ++i) {
    ASSERT_TRUE(house.publish(1 + static_cast<std::uint32_t>(i % 3)));
    loop.run_for(100ms);
  }
  loop.run_for(3min);
  // The cut may fall into the very last sign of life.
  loop.run_until([&] { return house.outlet->status().state == OutletState::kUp; }, 1min);
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.values_without_doubles(), one_to(kSamples));
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  EXPECT_EQ(house.outlet->status().state, OutletState::kUp);
  if (sent == nullptr) return;
  for (const sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
    (*sent)[static_cast<std::size_t>(side)] = loop.bytes_sent(kBroker, side);
  }
}

TEST(SparkplugFlow, LosesNothingWhereverTheConnectionIsCut) {
  std::array<std::uint64_t, 2> sent{};
  run_and_check({}, &sent);
  ASSERT_GT(sent[0], 500u);
  const Torture torture;
  std::uint64_t cuts = 0;
  for (const sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
    const std::uint64_t all = sent[static_cast<std::size_t>(side)] + 1;
    const std::uint64_t step =
        torture.wanted() ? 1 : std::max<std::uint64_t>(all / kCutsInShort, 1);
    for (std::uint64_t at = Torture::seed(0) % step; at < all; at += step) {
      if (torture.wanted() && torture.is_over()) break;
      SCOPED_TRACE((side == sys::SimSide::kConnecting ? "node byte " : "broker byte ") +
                   std::to_string(at));
      run_and_check({side, at});
      if (::testing::Test::HasFailure()) return;
      cuts += 1;
    }
  }
  torture.report({{"cuts", cuts}});
}

}  // namespace
}  // namespace lineshaft::connect

#include "wire/sparkplug/edge_node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "wire/sparkplug/host.h"

namespace lineshaft::sparkplug {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

constexpr std::uint64_t kNow = 1'700'000'000'000;

// A node "g/n" with a metric of its own and a device; the test plays the broker and the hosts.
class SparkplugEdge : public ::testing::Test, public EdgeNodeEvents {
 protected:
  EdgeNodeOptions options;
  std::unique_ptr<EdgeNode> node;
  std::vector<Publication> published;
  Words commands;
  Words trouble;
  int host_offline = 0;
  Nanoseconds now{0};
  EdgeMetricId mine = 0;
  EdgeMetricId speed = 0;
  DeviceId press = 0;

  SparkplugEdge() { options.node = {"g", "n"}; }

  void publish(Publication publication) override { published.push_back(std::move(publication)); }
  void on_command(EdgeMetricId metric, Value value) override {
    commands.push_back(std::to_string(metric) + "=" + to_text(value));
  }
  void on_host_offline() override { host_offline += 1; }
  void on_trouble(const Error& what) override { trouble.push_back(what.what); }
  void on_birth() override { births_told += 1; }
  std::optional<EdgeValue> present(EdgeMetricId metric) override {
    return metric == speed ? known : std::nullopt;
  }
  int births_told = 0;
  std::optional<EdgeValue> known;  // of speed, by the owner

  void make() {
    node = std::make_unique<EdgeNode>(options, *this);
    press = node->add_device("press");
    mine = node->add_metric(kNodeItself, "uptime", DataType::kInt64, false).value();
    speed = node->add_metric(press, "speed", DataType::kFloat, true, "m/s").value();
  }
  void connect() {
    if (node == nullptr) make();
    node->next_will(kNow);
    node->on_connected(kNow, now);
  }
  std::vector<Publication> take() { return std::exchange(published, {}); }
  static Payload payload(const Publication& publication) {
    return decode_payload(publication.payload).value();
  }
  static const Metric* find(const Payload& in, std::string_view name) {
    const auto found =
        std::ranges::find_if(in.metrics, [&](const Metric& one) { return one.name == name; });
    return found == in.metrics.end() ? nullptr : &*found;
  }
  static EdgeValue value(Value v, std::uint64_t time = kNow, Quality q = quality::kGood) {
    return {std::move(v), q, time};
  }
  // "TOPIC-TYPE seq" of each.
  static Words outline(const std::vector<Publication>& publications) {
    Words words;
    for (const Publication& one : publications) {
      const Topic topic = parse_topic(one.topic).value();
      const auto seq = payload(one).seq;
      words.push_back(std::string(message_name(topic.type)) + topic.device + " " +
                      (seq ? std::to_string(*seq) : "-"));
    }
    return words;
  }
  void command(const std::string& topic, Metric metric) {
    Payload sent;
    sent.timestamp_ms = kNow;
    sent.metrics.push_back(std::move(metric));
    Bytes bytes;
    encode_payload(sent, bytes);
    node->on_message(topic, bytes, kNow, now);
  }
  void ask_rebirth() {
    Metric metric;
    metric.name = kRebirth;
    metric.value = true;
    command("spBv1.0/g/NCMD/n", metric);
  }
  void state(const char* host, HostState said) {
    node->on_message(state_topic(host), as_bytes(encode_state(said)), kNow, now);
  }
};

TEST_F(SparkplugEdge, LeavesADeathWithOnlyBdSeqAsItsWill) {
  make();
  const Publication will = node->next_will(kNow);
  EXPECT_EQ(will.topic, "spBv1.0/g/NDEATH/n");
  EXPECT_EQ(will.qos, 1);
  EXPECT_FALSE(will.retain);
  const Payload said = payload(will);
  EXPECT_EQ(said.seq, std::nullopt);
  ASSERT_EQ(said.metrics.size(), 1u);
  EXPECT_EQ(said.metrics[0].name, "bdSeq");
  EXPECT_EQ(said.metrics[0].datatype, DataType::kInt64);
  EXPECT_EQ(said.metrics[0].value, WireValue(LongBits{0}));
  EXPECT_EQ(said.metrics[0].alias, std::nullopt);
}

TEST_F(SparkplugEdge, CountsBdSeqAtEachConnectionOverItsEnd) {
  options.first_bd_seq = 254;
  make();
  for (const std::uint64_t expected : {254u, 255u, 0u, 1u}) {
    const Publication will = node->next_will(kNow);
    EXPECT_EQ(payload(will).metrics.at(0).value, WireValue(LongBits{expected}));
    node->on_connected(kNow, now);
    EXPECT_EQ(find(payload(take().at(0)), kBdSeq)->value, WireValue(LongBits{expected}));
    node->on_lost();
  }
}

TEST_F(SparkplugEdge, SubscribesToItsCommandsAndItsHost) {
  options.primary_host = "h";
  make();
  EXPECT_EQ(node->subscriptions(),
            (std::vector<SubscriptionWish>{{"spBv1.0/g/NCMD/n", 1},
                                           {"spBv1.0/g/DCMD/n/#", 1},
                                           {"spBv1.0/STATE/h", 1},
                                           {"spBv1.0/g/NBIRTH/n", 0, true}}));
}

TEST_F(SparkplugEdge, IsBornWithEverythingThatItHas) {
  make();
  node->update(speed, value(2.5F, kNow - 9));
  connect();
  const auto births = take();
  // The value came while nobody could see it, so it follows as history.
  ASSERT_EQ(outline(births), (Words{"NBIRTH 0", "DBIRTHpress 1", "DDATApress 2"}));
  for (const Publication& one : births) {
    EXPECT_EQ(one.qos, 0);
    EXPECT_FALSE(one.retain);
    EXPECT_EQ(payload(one).timestamp_ms, kNow);
  }
  const Payload birth = payload(births[0]);
  EXPECT_EQ(birth.metrics.size(), 3u);
  const Metric* control = find(birth, kRebirth);
  ASSERT_NE(control, nullptr);
  EXPECT_EQ(control->datatype, DataType::kBoolean);
  EXPECT_EQ(control->value, WireValue(false));
  EXPECT_EQ(control->alias, std::nullopt);
  EXPECT_EQ(find(birth, kBdSeq)->datatype, DataType::kInt64);
  const Metric* uptime = find(birth, "uptime");
  EXPECT_TRUE(uptime->is_null) << "it never had a value";
  EXPECT_EQ(uptime->timestamp_ms, kNow);
  EXPECT_EQ(quality_property(*uptime), 0);
  const Payload device = payload(births[1]);
  ASSERT_EQ(device.metrics.size(), 1u);
  const Metric& born = device.metrics[0];
  EXPECT_EQ(born.name, "speed");
  EXPECT_EQ(born.alias, speed);
  EXPECT_EQ(born.datatype, DataType::kFloat);
  EXPECT_EQ(born.timestamp_ms, kNow - 9);
  EXPECT_EQ(born.value, WireValue(2.5F));
  EXPECT_EQ(quality_property(born), std::nullopt) << "good is the default";
  EXPECT_NE(uptime->alias, born.alias) << "aliases are unique in the node";
}

TEST_F(SparkplugEdge, PublishesChangesByAliasInTheirOrder) {
  connect();
  take();
  node->update(speed, value(1.0F, kNow + 1));
  node->update(speed, value(2.0F, kNow + 2));
  node->update(mine, value(std::int64_t{3}, kNow + 3));
  node->flush(kNow + 4);
  const auto data = take();
  ASSERT_EQ(outline(data), (Words{"DDATApress 2", "NDATA 3"}));
  const Payload first = payload(data[0]);
  ASSERT_EQ(first.metrics.size(), 2u);
  EXPECT_EQ(first.timestamp_ms, kNow + 4);
  EXPECT_EQ(first.metrics[0].timestamp_ms, kNow + 1);
  EXPECT_EQ(first.metrics[0].alias, speed);
  EXPECT_EQ(first.metrics[0].name, std::nullopt);
  EXPECT_EQ(first.metrics[0].datatype, std::nullopt);
  EXPECT_FALSE(first.metrics[0].is_historical);
  EXPECT_EQ(data[0].qos, 0);
  EXPECT_FALSE(data[0].retain);
  node->flush(kNow + 5);
  EXPECT_TRUE(take().empty()) << "nothing changed";
}

TEST_F(SparkplugEdge, CountsTheSequenceOverItsEnd) {
  connect();
  take();
  for (std::uint64_t i = 2; i < 520; ++i) {
    node->update(speed, value(1.0F));
    node->flush(kNow);
    EXPECT_EQ(payload(take().at(0)).seq, i % 256);
  }
}

TEST_F(SparkplugEdge, SplitsWhatIsMoreThanOneMessage) {
  options.metrics_per_message = 2;
  connect();
  take();
  for (int i = 0; i < 5; ++i) node->update(speed, value(1.0F));
  node->flush(kNow);
  EXPECT_EQ(outline(take()), (Words{"DDATApress 2", "DDATApress 3", "DDATApress 4"}));
}

TEST_F(SparkplugEdge, KeepsValuesWhileNobodyCanTakeThemAndMarksThem) {
  connect();
  take();
  node->on_lost();
  node->update(speed, value(1.0F, kNow + 1));
  node->update(speed, value(2.0F, kNow + 2));
  node->flush(kNow);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(node->backlog(), 2u);
  connect();
  const auto all = take();
  ASSERT_EQ(outline(all), (Words{"NBIRTH 0", "DBIRTHpress 1", "DDATApress 2"}));
  EXPECT_EQ(payload(all[1]).metrics[0].value, WireValue(2.0F)) << "births tell the present";
  EXPECT_FALSE(payload(all[1]).metrics[0].is_historical);
  const Payload history = payload(all[2]);
  ASSERT_EQ(history.metrics.size(), 2u);
  EXPECT_TRUE(history.metrics[0].is_historical);
  EXPECT_EQ(history.metrics[0].timestamp_ms, kNow + 1);
  EXPECT_TRUE(history.metrics[1].is_historical);
  EXPECT_EQ(node->backlog(), 0u);
}

TEST_F(SparkplugEdge, MarksWhatComesFromAStoreAndKeepsThePresent) {
  connect();
  take();
  node->update(speed, value(2.0F, kNow + 2));
  EdgeValue old = value(1.0F, kNow + 1);
  old.is_historical = true;
  node->update(speed, old);
  node->flush(kNow);
  const Payload said = payload(take().at(0));
  ASSERT_EQ(said.metrics.size(), 2u);
  EXPECT_FALSE(said.metrics[0].is_historical);
  EXPECT_TRUE(said.metrics[1].is_historical);
  now = 10s;
  ask_rebirth();
  EXPECT_EQ(payload(take().at(1)).metrics.at(0).value, WireValue(2.0F));
}

TEST_F(SparkplugEdge, ABirthAsksTheOwnerForThePresent) {
  connect();
  take();
  known = value(9.0F, kNow + 9);
  now = 10s;
  ask_rebirth();
  EXPECT_EQ(births_told, 2);
  const Payload said = payload(take().at(1));
  EXPECT_EQ(said.metrics.at(0).value, WireValue(9.0F));
  EXPECT_EQ(said.metrics.at(0).timestamp_ms, kNow + 9);
}

TEST_F(SparkplugEdge, AMetricThatIsRemovedIsNeitherBornNorCommanded) {
  connect();
  take();
  node->update(speed, value(2.0F));
  node->remove_metric(speed);
  now = 10s;
  node->rebirth(kNow, now);
  EXPECT_EQ(outline(take()), Words{"NBIRTH 0"}) << "its device has nothing else";
  Metric wish;
  wish.alias = speed;
  wish.value = 3.0F;
  command("spBv1.0/g/DCMD/n/press", wish);
  EXPECT_TRUE(commands.empty());
  ASSERT_EQ(trouble.size(), 1u);
  const EdgeMetricId again = node->add_metric(press, "speed", DataType::kFloat, true).value();
  EXPECT_NE(again, speed) << "an alias never means something else";
}

TEST_F(SparkplugEdge, SplitsLongTextsOverMessages) {
  options.bytes_per_message = 1'000;
  make();
  const EdgeMetricId text = node->add_metric(press, "text", DataType::kString, false).value();
  connect();
  take();
  for (int i = 0; i < 3; ++i) node->update(text, value(std::string(600, 'x')));
  node->flush(kNow);
  EXPECT_EQ(take().size(), 3u);
}

TEST_F(SparkplugEdge, BoundsTheBacklogAndCountsWhatItDrops) {
  options.backlog_max = 3;
  make();
  for (int i = 0; i < 5; ++i) node->update(speed, value(static_cast<float>(i), kNow + 1));
  EXPECT_EQ(node->backlog(), 3u);
  EXPECT_EQ(node->dropped(), 2u);
  connect();
  EXPECT_EQ(payload(take().at(2)).metrics.at(0).value, WireValue(2.0F)) << "the oldest went";
}

TEST_F(SparkplugEdge, TellsBadQualityWithTheLastValue) {
  connect();
  take();
  node->update(speed, value(2.0F, kNow, quality::kBadNotConnected));
  node->update(speed, value(2.0F, kNow, quality::kBadDeviceFailure));
  node->flush(kNow);
  const Payload said = payload(take().at(0));
  EXPECT_EQ(quality_property(said.metrics.at(0)), 500);
  EXPECT_EQ(said.metrics.at(0).value, WireValue(2.0F));
  EXPECT_EQ(quality_property(said.metrics.at(1)), 0);
}

TEST_F(SparkplugEdge, IsBornAgainWhenAskedWithTheSameBdSeq) {
  connect();
  const Payload before = payload(take().at(0));
  node->update(speed, value(1.0F));
  now = 10s;
  ask_rebirth();
  const auto again = take();
  ASSERT_EQ(outline(again), (Words{"DDATApress 2", "NBIRTH 0", "DBIRTHpress 1"}));
  EXPECT_EQ(*find(payload(again[1]), kBdSeq), *find(before, kBdSeq));
}

TEST_F(SparkplugEdge, IsBornAgainAtMostOnceInThePause) {
  connect();
  now = 5s;
  ask_rebirth();
  take();
  now = 6s;
  ask_rebirth();
  ask_rebirth();
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(node->next_time(), 10s);
  now = 10s;
  node->on_time(kNow, now);
  EXPECT_EQ(outline(take()), (Words{"NBIRTH 0", "DBIRTHpress 1"}));
  EXPECT_EQ(node->next_time(), std::nullopt);
}

TEST_F(SparkplugEdge, TellsWhenADeviceGoesAndComesBack) {
  connect();
  take();
  node->set_device_online(press, false, kNow);
  node->update(speed, value(1.0F));
  node->flush(kNow);
  EXPECT_EQ(outline(take()), Words{"DDEATHpress 2"});
  node->set_device_online(press, true, kNow);
  const auto back = take();
  EXPECT_EQ(outline(back), (Words{"DBIRTHpress 3", "DDATApress 4"}));
  EXPECT_TRUE(payload(back[1]).metrics[0].is_historical);
}

TEST_F(SparkplugEdge, DiesBeforeAnOrderlyEnd) {
  connect();
  take();
  node->say_goodbye(kNow);
  const auto bye = take();
  ASSERT_EQ(outline(bye), Words{"NDEATH -"});
  EXPECT_EQ(payload(bye[0]).metrics.at(0).value, WireValue(LongBits{0}));
  node->say_goodbye(kNow);
  EXPECT_TRUE(take().empty());
}

TEST_F(SparkplugEdge, WaitsForItsHost) {
  options.primary_host = "h";
  connect();
  EXPECT_TRUE(take().empty());
  state("other", {true, kNow});
  state("h", {false, kNow});
  EXPECT_TRUE(take().empty());
  state("h", {true, kNow - 1});
  EXPECT_TRUE(take().empty()) << "older than what is known";
  state("h", {true, kNow});
  EXPECT_EQ(outline(take()), (Words{"NBIRTH 0", "DBIRTHpress 1"}));
}

TEST_F(SparkplugEdge, DiesWhenItsHostGoesAndKeepsWhatFollows) {
  options.primary_host = "h";
  connect();
  state("h", {true, kNow});
  take();
  state("h", {false, kNow - 1});
  EXPECT_TRUE(take().empty()) << "an echo of the past";
  state("h", {false, kNow});
  EXPECT_EQ(outline(take()), Words{"NDEATH -"});
  EXPECT_EQ(host_offline, 1);
  node->update(speed, value(1.0F));
  node->flush(kNow);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(node->backlog(), 1u);
}

TEST_F(SparkplugEdge, LeavesAServerWhereItsHostIsNotOnline) {
  options.primary_host = "h";
  options.has_other_servers = true;
  connect();
  state("h", {false, kNow});
  EXPECT_EQ(host_offline, 0) << "it may be about to come";
  ASSERT_EQ(node->next_time(), 5s);
  now = 5s;
  node->on_time(kNow, now);
  EXPECT_EQ(host_offline, 1);
  EXPECT_EQ(node->next_time(), std::nullopt);
  node->on_lost();
  EXPECT_TRUE(take().empty()) << "who was not born does not die";

  connect();  // to another server, which has not heard of the host's end
  EXPECT_EQ(node->next_time(), 10s);
  state("h", {true, kNow - 9});
  EXPECT_EQ(outline(take()), (Words{"NBIRTH 0", "DBIRTHpress 1"}));
  EXPECT_EQ(node->next_time(), std::nullopt);
}

TEST_F(SparkplugEdge, WaitsForItsHostAtItsOnlyServer) {
  options.primary_host = "h";
  connect();
  state("h", {false, kNow});
  EXPECT_EQ(node->next_time(), std::nullopt);
  now = 1h;
  node->on_time(kNow, now);
  EXPECT_EQ(host_offline, 0);
}

TEST_F(SparkplugEdge, NoticesAnotherNodeOfItsName) {
  connect();
  ask_rebirth();
  now = 5s;
  node->on_time(kNow + 5'000, now);
  const auto mine_again = take();
  for (const Publication& one : mine_again) node->on_message(one.topic, one.payload, kNow, now);
  EXPECT_TRUE(trouble.empty()) << "that was this node itself";

  Payload birth;
  birth.timestamp_ms = kNow;
  birth.seq = 0;
  Bytes bytes;
  encode_payload(birth, bytes);
  node->on_message("spBv1.0/g/NBIRTH/other", bytes, kNow, now);
  EXPECT_TRUE(trouble.empty());
  node->on_message("spBv1.0/g/NBIRTH/n", bytes, kNow, now);
  node->on_message("spBv1.0/g/NBIRTH/n", bytes, kNow, now);
  ASSERT_EQ(trouble.size(), 1u) << "told once";
  EXPECT_NE(trouble[0].find("another edge node is g/n"), std::string::npos);
  node->on_lost();
  connect();
  node->on_message("spBv1.0/g/NBIRTH/n", bytes, kNow, now);
  EXPECT_EQ(trouble.size(), 2u) << "and once on the next connection";
}

TEST_F(SparkplugEdge, HasADeviceOfOneNameOnce) {
  make();
  EXPECT_EQ(node->add_device("press"), press);
  const DeviceId saw = node->add_device("saw");
  EXPECT_NE(saw, press);
  EXPECT_EQ(node->add_device("saw"), saw);
  EXPECT_TRUE(node->add_metric(saw, "speed", DataType::kFloat, false).ok());
  connect();
  EXPECT_EQ(outline(take()), (Words{"NBIRTH 0", "DBIRTHpress 1", "DBIRTHsaw 2"}));
}

TEST_F(SparkplugEdge, RefusesNamesThatDifferInCaseOnly) {
  make();
  const auto twin = node->add_metric(press, "Speed", DataType::kFloat, false);
  ASSERT_FALSE(twin.ok());
  EXPECT_EQ(twin.error().id, ErrorId::kConflict);
  EXPECT_EQ(twin.error().what,
            "the metric speed exists already; Speed differs in the case of letters only");
  EXPECT_TRUE(node->add_metric(kNodeItself, "SPEED", DataType::kFloat, false).ok())
      << "of the node, not of the device";
  node->remove_metric(speed);
  EXPECT_TRUE(node->add_metric(press, "Speed", DataType::kFloat, false).ok());
}

// A summer time that begins, and a zone of this computer, change nothing: what goes out counts from
// 1970-01-01T00:00Z. 2026-03-29T01:00Z is 1,774,746,000 s after it: 20,541 days (56 years, 14 leap
// days, 31 + 28 + 28 days of the year) of 86,400 s, and an hour.
TEST_F(SparkplugEdge, TellsTimesInMillisecondsOfUtc) {
  constexpr std::uint64_t kSpring = (20'541ull * 86'400 + 3'600) * 1'000;
  static_assert(kSpring == 1'774'746'000'000);
  make();
  known = value(1.5F, kSpring - 1);
  node->next_will(kSpring);
  node->on_connected(kSpring, now);
  const auto births = take();
  ASSERT_EQ(births.size(), 2u);
  EXPECT_EQ(payload(births[0]).timestamp_ms, kSpring);
  EXPECT_EQ(payload(births[1]).metrics.at(0).timestamp_ms, kSpring - 1);
}

TEST_F(SparkplugEdge, CarriesCommandsToWritableMetricsOnly) {
  connect();
  Metric by_alias;
  by_alias.alias = speed;
  by_alias.value = 4.0F;
  command("spBv1.0/g/DCMD/n/press", by_alias);
  Metric by_name;
  by_name.name = "speed";
  by_name.value = 5.0F;
  command("spBv1.0/g/DCMD/n/press", by_name);
  EXPECT_EQ(commands, (Words{"1=4", "1=5"}));
  EXPECT_TRUE(trouble.empty());
  command("spBv1.0/g/NCMD/n", by_alias);  // an alias of the device, not of the node
  by_name.name = "other";
  command("spBv1.0/g/DCMD/n/press", by_name);
  by_name.name = "speed";
  by_name.value = IntBits{1};
  command("spBv1.0/g/DCMD/n/press", by_name);
  Metric read_only;
  read_only.name = "uptime";
  read_only.value = LongBits{1};
  command("spBv1.0/g/NCMD/n", read_only);
  command("spBv1.0/g/DCMD/n/nobody", by_alias);
  EXPECT_EQ(trouble.size(), 5u);
  command("spBv1.0/g/NCMD/another", read_only);
  EXPECT_EQ(commands.size(), 2u);
  EXPECT_EQ(trouble.size(), 5u);
}

TEST_F(SparkplugEdge, RefusesMetricsThatItCouldNotTell) {
  make();
  EXPECT_FALSE(node->add_metric(press, "speed", DataType::kFloat, false).ok());
  EXPECT_FALSE(node->add_metric(press, "x", DataType::kDataSet, false).ok());
  EXPECT_FALSE(node->add_metric(kNodeItself, "bdSeq", DataType::kInt64, false).ok());
  EXPECT_FALSE(node->add_metric(kNodeItself, std::string(kRebirth), DataType::kBoolean, true).ok());
  EXPECT_TRUE(node->add_metric(press, "bdSeq", DataType::kInt64, false).ok());
}

// A host and a node, joined by a wire that loses every seventh message: after the births that the
// host asks for it holds what the node holds.
class Ears : public HostEvents {
 public:
  std::vector<Publication> out;
  std::map<std::string, std::string> values;
  std::vector<std::string> names;
  void publish(Publication publication) override { out.push_back(std::move(publication)); }
  Handle on_born(const MetricId& id, DataType /*type*/) override {
    names.push_back(id.device + "." + id.name);
    return names.size() - 1;
  }
  void on_reading(Handle handle, const Reading& reading) override {
    if (reading.value && !reading.historical) values[names[handle]] = to_text(*reading.value);
  }
  void on_stale(Handle handle) override { values.erase(names[handle]); }
  void on_node(const NodeId& /*node*/, bool /*online*/) override {}
  void on_trouble(const NodeId& /*node*/, const Error& /*what*/) override {}
};

TEST_F(SparkplugEdge, AHostLearnsAllAgainAfterLosses) {
  Ears ears;
  Host host({}, ears);
  connect();
  std::size_t sent = 0;
  const auto carry = [&](bool lossy) {
    for (int round = 0; round < 4; ++round) {
      for (const Publication& one : take()) {
        if (lossy && ++sent % 7 == 0) continue;
        host.on_message(one.topic, one.payload, kNow, now);
      }
      host.on_time(kNow, now);
      node->on_time(kNow, now);
      for (const Publication& one : std::exchange(ears.out, {})) {
        node->on_message(one.topic, one.payload, kNow, now);
      }
    }
  };
  for (int i = 0; i < 500; ++i) {
    now += 1s;
    node->update(speed, value(static_cast<float>(i)));
    node->update(mine, value(std::int64_t{i}));
    node->flush(kNow);
    carry(true);
  }
  for (int i = 0; i < 40; ++i) {
    now += 1s;
    carry(false);
  }
  EXPECT_EQ(ears.values["press.speed"], "499");
  EXPECT_EQ(ears.values[".uptime"], "499");
  EXPECT_GT(host.counters().gaps, 10u);
  EXPECT_LE(host.counters().rebirths, 500u / 30 + 3) << "at most one in thirty seconds";
}

}  // namespace
}  // namespace lineshaft::sparkplug

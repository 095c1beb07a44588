#include "wire/sparkplug/host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace lineshaft::sparkplug {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

constexpr std::uint64_t kNow = 1'700'000'000'000;

Metric born(std::string name, std::uint64_t alias, std::int64_t value) {
  Metric metric;
  metric.name = std::move(name);
  metric.alias = alias;
  metric.timestamp_ms = kNow;
  metric.datatype = DataType::kInt64;
  metric.value = LongBits{static_cast<std::uint64_t>(value)};
  return metric;
}

Metric told(std::uint64_t alias, std::int64_t value) {
  Metric metric = born("", alias, value);
  metric.name.reset();
  metric.datatype.reset();
  return metric;
}

// A host that listens, and a test that plays the edge nodes. Metrics are told as
// "device.name=value", and what is noteworthy of it behind.
class SparkplugHost : public ::testing::Test, public HostEvents {
 protected:
  HostOptions options;
  std::unique_ptr<Host> host;
  Words seen;
  std::vector<Publication> published;
  std::vector<std::string> names;
  Nanoseconds now{0};

  SparkplugHost() { options.host_id = "lineshaft"; }

  void publish(Publication publication) override { published.push_back(std::move(publication)); }
  Handle on_born(const MetricId& id, DataType /*type*/) override {
    if (id.name == kBdSeq) return kIgnored;
    const std::string name = id.device + "." + id.name;
    const auto known = std::ranges::find(names, name);
    if (known != names.end()) return static_cast<Handle>(known - names.begin());
    names.push_back(name);
    return names.size() - 1;
  }
  void on_reading(Handle handle, const Reading& reading) override {
    std::string text = names.at(handle) + "=";
    text += reading.value ? to_text(*reading.value) : quality_name(reading.quality);
    if (reading.value && !reading.quality.good()) text += " " + quality_name(reading.quality);
    if (reading.historical) text += " historical";
    seen.push_back(text);
  }
  void on_stale(Handle handle) override { seen.push_back(names.at(handle) + " stale"); }
  void on_node(const NodeId& node, bool online) override {
    seen.push_back(node.text() + (online ? " online" : " offline"));
  }
  void on_trouble(const NodeId& node, const Error& what) override {
    trouble.push_back(node.text() + ": " + what.what);
  }
  Words trouble;
  void on_rival(const Error& what) override { rivals.push_back(what.what); }
  Words rivals;

  void SetUp() override {
    host = std::make_unique<Host>(options, *this);
    host->next_will(kNow);
    host->on_connected(now);
    published.clear();
  }
  Words take_seen() { return std::exchange(seen, {}); }
  void send(MessageType type, std::optional<std::uint64_t> seq, std::vector<Metric> metrics,
            const std::string& device = "") {
    Payload payload;
    payload.timestamp_ms = kNow;
    payload.seq = seq;
    payload.metrics = std::move(metrics);
    Bytes bytes;
    encode_payload(payload, bytes);
    host->on_message(Topic{type, {"g", "n"}, device}.text(), bytes, kNow, now);
  }
  // NBIRTH with metric "a" as alias 1.
  void node_birth(std::int64_t bd_seq = 0) {
    Metric session = born(std::string(kBdSeq), 0, bd_seq);
    session.alias.reset();
    send(MessageType::kNBirth, 0, {session, born("a", 1, 10)});
  }
  void node_death(std::int64_t bd_seq) {
    send(MessageType::kNDeath, std::nullopt, {born(std::string(kBdSeq), 0, bd_seq)});
  }
  // What asks for a birth of g/n.
  std::size_t rebirths() const {
    return static_cast<std::size_t>(
        std::ranges::count(published, "spBv1.0/g/NCMD/n", &Publication::topic));
  }
};

TEST_F(SparkplugHost, SaysOnlineWithTheTimeOfItsWill) {
  Host fresh(options, *this);
  const Publication will = fresh.next_will(123).value();
  EXPECT_EQ(will.topic, "spBv1.0/STATE/lineshaft");
  EXPECT_EQ(as_text(will.payload), R"({"online":false,"timestamp":123})");
  EXPECT_EQ(will.qos, 1);
  EXPECT_TRUE(will.retain);
  EXPECT_EQ(fresh.subscriptions(),
            (std::vector<SubscriptionWish>{{"spBv1.0/STATE/lineshaft", 1}, {"spBv1.0/#", 1}}));
  fresh.on_connected(now);
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(published[0].topic, will.topic);
  EXPECT_EQ(as_text(published[0].payload), R"({"online":true,"timestamp":123})");
  EXPECT_EQ(published[0].qos, 1);
  EXPECT_TRUE(published[0].retain);
}

TEST_F(SparkplugHost, SaysOfflineBeforeAnOrderlyEnd) {
  host->say_goodbye(kNow + 5);
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(as_text(published[0].payload), R"({"online":false,"timestamp":1700000000005})");
  EXPECT_TRUE(published[0].retain);
}

TEST_F(SparkplugHost, ContradictsWhoeverSaysThatItIsOffline) {
  const auto state = [&](const char* topic, HostState said) {
    host->on_message(topic, as_bytes(encode_state(said)), kNow, now);
  };
  state("spBv1.0/STATE/other", {false, kNow + 1});
  state("spBv1.0/STATE/lineshaft", {true, kNow});
  EXPECT_TRUE(published.empty());
  state("spBv1.0/STATE/lineshaft", {false, kNow + 1});
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(as_text(published[0].payload), R"({"online":true,"timestamp":1700000000000})");
}

TEST_F(SparkplugHost, NoticesAnotherHostOfItsId) {
  const auto state = [&](const char* topic, HostState said) {
    host->on_message(topic, as_bytes(encode_state(said)), kNow, now);
  };
  state("spBv1.0/STATE/lineshaft", {true, kNow});      // our own, which the broker repeats
  state("spBv1.0/STATE/lineshaft", {true, kNow - 1});  // of before, which it has kept
  state("spBv1.0/STATE/other", {true, kNow + 1});
  EXPECT_TRUE(rivals.empty());
  state("spBv1.0/STATE/lineshaft", {true, kNow + 1});
  state("spBv1.0/STATE/lineshaft", {true, kNow + 2});
  ASSERT_EQ(rivals.size(), 1u) << "told once on a connection";
  EXPECT_NE(rivals[0].find("another host application says that it is lineshaft"),
            std::string::npos);
  EXPECT_TRUE(published.empty()) << "two that contradict each other would never end";
}

TEST_F(SparkplugHost, UnderstandsDataByTheAliasesOfTheBirth) {
  node_birth();
  send(MessageType::kDBirth, 1, {born("t", 2, 20), born("a", 3, 30)}, "d");
  send(MessageType::kDData, 2, {told(2, 21), told(3, 31)}, "d");
  send(MessageType::kNData, 3, {told(1, 11)});
  EXPECT_EQ(take_seen(),
            (Words{"g/n online", ".a=10", "d.t=20", "d.a=30", "d.t=21", "d.a=31", ".a=11"}));
  EXPECT_EQ(rebirths(), 0u);
}

TEST_F(SparkplugHost, UnderstandsDataByNameWhereTheBirthGaveNoAlias) {
  Metric plain = born("p", 0, 1);
  plain.alias.reset();
  send(MessageType::kNBirth, 0, {plain});
  plain.value = LongBits{2};
  plain.datatype.reset();
  send(MessageType::kNData, 1, {plain});
  EXPECT_EQ(take_seen(), (Words{"g/n online", ".p=1", ".p=2"}));
  EXPECT_EQ(trouble.size(), 1u) << "a birth without bdSeq";
}

TEST_F(SparkplugHost, AsksAnExpectedNodeThatIsNotBornByItself) {
  options.expected = {{"g", "n"}};
  Host hopeful(options, *this);
  hopeful.on_connected(1s);
  ASSERT_EQ(hopeful.next_time(), Nanoseconds(4s)) << "three seconds for births that come anyway";
  hopeful.on_time(kNow, 3999ms);
  EXPECT_EQ(rebirths(), 0u);
  hopeful.on_time(kNow, 4s);
  EXPECT_EQ(rebirths(), 1u);
  hopeful.on_time(kNow, 1h);
  EXPECT_EQ(rebirths(), 1u) << "one that is switched off is not asked for ever";
  hopeful.on_lost();
  hopeful.on_connected(2h);
  hopeful.on_time(kNow, 2h + 3s);
  EXPECT_EQ(rebirths(), 2u) << "but once more after the broker was lost";
}

TEST_F(SparkplugHost, DoesNotAskAnExpectedNodeThatWasBorn) {
  options.expected = {{"g", "n"}};
  SetUp();
  node_birth();
  host->on_time(kNow, 1h);
  EXPECT_EQ(rebirths(), 0u);
}

TEST_F(SparkplugHost, AsksForABirthWhenItUnderstandsNothing) {
  send(MessageType::kNData, 7, {told(1, 11)});
  EXPECT_EQ(rebirths(), 1u);
  EXPECT_EQ(take_seen(), Words{});
  const Payload asked = decode_payload(published[0].payload).value();
  ASSERT_EQ(asked.metrics.size(), 1u);
  EXPECT_EQ(asked.metrics[0].name, "Node Control/Rebirth");
  EXPECT_EQ(asked.metrics[0].value, WireValue(true));
  EXPECT_EQ(asked.seq, std::nullopt);
  EXPECT_EQ(asked.timestamp_ms, kNow);
  EXPECT_EQ(published[0].qos, 0);
  EXPECT_FALSE(published[0].retain);
}

TEST_F(SparkplugHost, AsksForBirthsAtMostOnceInThirtySeconds) {
  send(MessageType::kNData, 7, {told(1, 1)});
  now = 1s;
  send(MessageType::kNData, 8, {told(1, 1)});
  host->on_time(kNow, now);
  EXPECT_EQ(rebirths(), 1u);
  EXPECT_EQ(host->next_time(), 30s) << "the second request is owed";
  now = 30s;
  host->on_time(kNow, now);
  EXPECT_EQ(rebirths(), 2u);
  EXPECT_EQ(host->next_time(), std::nullopt);
  now = 60s;
  node_birth();
  host->on_time(kNow, now);
  EXPECT_EQ(rebirths(), 2u);
}

TEST_F(SparkplugHost, AsksWhenOnlyOneAliasOrDeviceIsUnknown) {
  node_birth();
  send(MessageType::kNData, 1, {told(1, 11), told(99, 1)});
  EXPECT_EQ(rebirths(), 1u);
  EXPECT_EQ(take_seen(), (Words{"g/n online", ".a=10", ".a=11"}));
  now = 31s;
  send(MessageType::kDData, 2, {told(1, 12)}, "unborn");
  EXPECT_EQ(rebirths(), 2u);
  EXPECT_EQ(take_seen(), Words{}) << "alias 1 belongs to the node, not to that device";
}

TEST_F(SparkplugHost, CountsTheSequenceOverItsEnd) {
  node_birth();
  for (std::uint64_t seq = 1; seq < 600; ++seq) {
    send(MessageType::kNData, seq % 256, {told(1, static_cast<std::int64_t>(seq))});
  }
  EXPECT_EQ(take_seen().size(), 601u);
  EXPECT_EQ(host->counters().reordered, 0u);
  EXPECT_EQ(rebirths(), 0u);
}

TEST_F(SparkplugHost, PutsMessagesInOrderThatCameInAnother) {
  node_birth();
  take_seen();
  send(MessageType::kNData, 3, {told(1, 3)});
  send(MessageType::kNData, 2, {told(1, 2)});
  EXPECT_EQ(take_seen(), Words{});
  EXPECT_EQ(host->next_time(), 2s);
  send(MessageType::kNData, 1, {told(1, 1)});
  EXPECT_EQ(take_seen(), (Words{".a=1", ".a=2", ".a=3"}));
  now = 2s;
  host->on_time(kNow, now);
  EXPECT_EQ(rebirths(), 0u);
  EXPECT_EQ(host->counters().reordered, 2u);
}

TEST_F(SparkplugHost, GivesAMissingMessageUpAfterTheReorderTimeout) {
  node_birth();
  take_seen();
  send(MessageType::kNData, 4, {told(1, 4)});
  send(MessageType::kNData, 2, {told(1, 2)});
  now = 2s - 1ns;
  host->on_time(kNow, now);
  EXPECT_EQ(take_seen(), Words{});
  now = 2s;
  host->on_time(kNow, now);
  EXPECT_EQ(take_seen(), (Words{".a=2", ".a=4"})) << "what did come is not thrown away";
  EXPECT_EQ(rebirths(), 1u);
  EXPECT_EQ(trouble.size(), 1u);
  send(MessageType::kNData, 5, {told(1, 5)});
  send(MessageType::kNData, 3, {told(1, 3)});  // late after all
  EXPECT_EQ(take_seen(), (Words{".a=5", ".a=3 historical"}));
}

TEST_F(SparkplugHost, NoticesThatABirthGotLost) {
  node_birth();
  for (std::uint64_t seq = 1; seq < 9; ++seq) send(MessageType::kNData, seq, {told(1, 1)});
  take_seen();
  send(MessageType::kNData, 8, {told(1, 2)});
  EXPECT_EQ(take_seen(), Words{}) << "the same message once more";
  EXPECT_EQ(host->counters().doubles, 1u);
  send(MessageType::kNData, 1, {told(1, 3)});  // 0 was a birth with other aliases, perhaps
  EXPECT_EQ(take_seen(), (Words{".a stale", "g/n offline"}));
  EXPECT_EQ(rebirths(), 1u);
  node_birth();
  EXPECT_EQ(take_seen(), (Words{"g/n online", ".a=10"}));
}

TEST_F(SparkplugHost, BoundsWhatWaitsForAMissingMessage) {
  options.held_bytes_max = 100;
  host = std::make_unique<Host>(options, *this);
  node_birth();
  for (std::uint64_t seq = 2; seq < 20; ++seq) send(MessageType::kNData, seq, {told(1, 1)});
  EXPECT_GT(host->counters().gaps, 0u) << "given up before any time has passed";
}

TEST_F(SparkplugHost, MakesEverythingStaleWhenTheNodeDies) {
  node_birth(5);
  send(MessageType::kDBirth, 1, {born("t", 2, 20)}, "d");
  take_seen();
  node_death(4);
  EXPECT_EQ(take_seen(), Words{}) << "the will of an earlier connection";
  node_death(5);
  EXPECT_EQ(take_seen(), (Words{".a stale", "d.t stale", "g/n offline"}));
  node_death(5);
  EXPECT_EQ(take_seen(), Words{});
  send(MessageType::kNData, 2, {told(1, 1)});
  EXPECT_EQ(rebirths(), 1u);
}

TEST_F(SparkplugHost, MakesOneDeviceStaleWhenItDies) {
  node_birth();
  send(MessageType::kDBirth, 1, {born("t", 2, 20)}, "d");
  take_seen();
  send(MessageType::kDDeath, 2, {}, "d");
  send(MessageType::kNData, 3, {told(1, 11)});
  EXPECT_EQ(take_seen(), (Words{"d.t stale", ".a=11"}));
  send(MessageType::kDBirth, 4, {born("t", 2, 22)}, "d");
  EXPECT_EQ(take_seen(), Words{"d.t=22"});
}

TEST_F(SparkplugHost, ANewConnectionOfTheNodeEndsItsDevicesUntilTheyAreBorn) {
  node_birth(1);
  send(MessageType::kDBirth, 1, {born("t", 2, 20)}, "d");
  take_seen();
  node_birth(2);  // its will got lost
  EXPECT_EQ(take_seen(), (Words{"d.t stale", ".a=10"}));
  send(MessageType::kDBirth, 1, {born("t", 2, 21)}, "d");
  EXPECT_EQ(take_seen(), Words{"d.t=21"});
}

TEST_F(SparkplugHost, ABirthThatWasAskedForDisturbsNothing) {
  node_birth(1);
  send(MessageType::kDBirth, 1, {born("t", 2, 20)}, "d");
  take_seen();
  node_birth(1);
  send(MessageType::kDBirth, 1, {born("t", 9, 20), born("u", 2, 1)}, "d");
  send(MessageType::kDData, 2, {told(9, 21), told(2, 2)}, "d");
  EXPECT_EQ(take_seen(), (Words{".a=10", "d.t=20", "d.u=1", "d.t=21", "d.u=2"}));
}

TEST_F(SparkplugHost, MakesStaleWhatABirthNoLongerHas) {
  node_birth(1);
  take_seen();
  send(MessageType::kNBirth, 0, {born(std::string(kBdSeq), 0, 1), born("b", 2, 1)});
  EXPECT_EQ(take_seen(), (Words{".b=1", ".a stale"}));
}

TEST_F(SparkplugHost, MakesEverythingStaleWithoutABroker) {
  node_birth();
  take_seen();
  host->on_lost();
  EXPECT_EQ(take_seen(), (Words{".a stale", "g/n offline"}));
  EXPECT_EQ(host->next_time(), std::nullopt);
}

TEST_F(SparkplugHost, TellsQualityNullAndHistory) {
  node_birth();
  take_seen();
  Metric stale = told(1, 5);
  set_quality_property(stale, 500);
  Metric none = told(1, 0);
  none.is_null = true;
  none.value = std::monostate();
  Metric old = told(1, 6);
  old.is_historical = true;
  Metric wrong = told(1, 0);
  wrong.value = 1.5F;
  send(MessageType::kNData, 1, {stale, none, old, wrong});
  EXPECT_EQ(take_seen(), (Words{".a=5 BadNoCommunication", ".a=BadNoData", ".a=6 historical",
                                ".a=BadTypeMismatch"}));
}

TEST_F(SparkplugHost, RefusesBirthsOfMetricsWithoutNameOrDatatype) {
  Metric nameless = born("x", 5, 1);
  nameless.name.reset();
  Metric typeless = born("y", 6, 1);
  typeless.datatype.reset();
  send(MessageType::kNBirth, 0,
       {born(std::string(kBdSeq), 0, 1), nameless, typeless, born("ok", 7, 1)});
  EXPECT_EQ(take_seen(), (Words{"g/n online", ".ok=1"}));
  EXPECT_EQ(trouble.size(), 2u);
}

TEST_F(SparkplugHost, CountsBytesThatAreNoPayload) {
  host->on_message("spBv1.0/g/NDATA/n", Bytes{0x08}, kNow, now);
  host->on_message("other/topic", Bytes{0x08}, kNow, now);
  host->on_message("spBv1.0/g/NCMD/n", Bytes{0x08}, kNow, now);
  EXPECT_EQ(host->counters().broken, 1u);
  EXPECT_EQ(host->counters().messages, 1u);
}

TEST_F(SparkplugHost, BoundsNodesAndMetrics) {
  options.nodes_max = 1;
  options.metrics_max = 2;
  host = std::make_unique<Host>(options, *this);
  node_birth();
  send(MessageType::kDBirth, 1, {born("t", 2, 20)}, "d");
  EXPECT_EQ(host->metrics(), 2u);
  EXPECT_EQ(trouble.size(), 1u);
  host->on_message("spBv1.0/g/NDATA/other", {}, kNow, now);
  EXPECT_EQ(trouble.size(), 2u);
}

TEST_F(SparkplugHost, CommandsByAliasOrByNameAsTheBirthSays) {
  node_birth();
  Metric plain = born("p", 0, 1);
  plain.alias.reset();
  send(MessageType::kDBirth, 1, {plain}, "d");
  const Publication node =
      host->command({{"g", "n"}, "", "a"}, Value(std::int64_t{-7}), kNow + 1).value();
  EXPECT_EQ(node.topic, "spBv1.0/g/NCMD/n");
  EXPECT_EQ(node.qos, 0);
  EXPECT_FALSE(node.retain);
  const Payload payload = decode_payload(node.payload).value();
  EXPECT_EQ(payload.timestamp_ms, kNow + 1);
  EXPECT_EQ(payload.seq, std::nullopt);
  ASSERT_EQ(payload.metrics.size(), 1u);
  EXPECT_EQ(payload.metrics[0].alias, 1u);
  EXPECT_EQ(payload.metrics[0].name, std::nullopt);
  EXPECT_EQ(to_value(DataType::kInt64, payload.metrics[0].value).value(), Value(std::int64_t{-7}));
  const Publication device =
      host->command({{"g", "n"}, "d", "p"}, Value(std::int64_t{1}), kNow).value();
  EXPECT_EQ(device.topic, "spBv1.0/g/DCMD/n/d");
  EXPECT_EQ(decode_payload(device.payload).value().metrics[0].name, "p");
}

TEST_F(SparkplugHost, RefusesCommandsThatNobodyCouldCarryOut) {
  node_birth(1);
  const MetricId known{{"g", "n"}, "", "a"};
  const auto id_of = [&](const MetricId& id, const Value& value) {
    return host->command(id, value, kNow).error().id;
  };
  EXPECT_EQ(id_of({{"g", "x"}, "", "a"}, std::int64_t{1}), ErrorId::kNotFound);
  EXPECT_EQ(id_of({{"g", "n"}, "d", "a"}, std::int64_t{1}), ErrorId::kNotFound);
  EXPECT_EQ(id_of({{"g", "n"}, "", "b"}, std::int64_t{1}), ErrorId::kNotFound);
  EXPECT_EQ(id_of(known, 1.5), ErrorId::kTypeMismatch);
  node_death(1);
  EXPECT_EQ(id_of(known, std::int64_t{1}), ErrorId::kMachineNotConnected);
}

}  // namespace
}  // namespace lineshaft::sparkplug

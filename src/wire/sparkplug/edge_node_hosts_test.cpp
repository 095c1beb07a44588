// What an edge node does for those who hear it: hosts that ask, command, come and go, and others of
// its name.
#include "wire/sparkplug/edge_node.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/sparkplug/edge_node_fixture.h"
#include "wire/sparkplug/host.h"

namespace lineshaft::sparkplug {
namespace {

using namespace std::chrono_literals;

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

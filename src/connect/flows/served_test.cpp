// What is served is read and written by our own clients of the same protocols, value by value. The
// clients are tested against those of other makers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connect/flows/testing.h"
#include "connect/iec104/flow_kind.h"
#include "connect/modbus/flow_kind.h"
#include "connect/s7/flow_kind.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

constexpr std::uint16_t kPort = 1502;

struct Served : FlowPlant {
  MemorySink sink;
  std::unique_ptr<ConnectionManager> manager =
      std::make_unique<ConnectionManager>(loop, clock, random, sink, ManagerOptions{});
  std::shared_ptr<const FlowPlan> served;

  Served() {
    house.add(1, "acme/a/on", ValueType::kBool);
    house.add(2, "acme/b/count", ValueType::kInt64);
    house.add(3, "acme/c/heat", ValueType::kFloat32);
    house.add(4, "acme/d/force", ValueType::kFloat64);
    house.add(5, "acme/e/order", ValueType::kString);
    for (auto& [id, tag] : house.tags) tag.spec.writable = true;
    set(1, true);
    set(2, std::int64_t{-7});
    set(3, 20.25f);
    set(4, -1234.5);
    set(5, std::string("A-17"));
  }
  void set(std::uint32_t id, Value value) {
    house.values[id] = {{id}, clock.now(), quality::kGood, std::move(value)};
  }
  void serve(FlowSettings settings) {
    FlowConfig config;
    config.name = "served";
    config.settings = std::move(settings);
    config.writes_enabled = true;
    config.rules = {FlowRule{}};
    ASSERT_TRUE(check_flow(config).ok());
    served = plan(config);
    runner = std::make_unique<FlowRunner>(means, kTenant, 1, served);
    loop.run_for(1s);
  }
  // A connection whose signal i is tag i of the plan; its tags are 101, 102...
  template <typename PointOf>
  void connect_to(ProtocolSettings settings, PointOf point_of) {
    ConnectionConfig config;
    config.name = "client";
    config.settings = std::move(settings);
    config.groups = {{"fast", 100}};
    config.writes_enabled = true;
    for (const PlannedTag& tag : served->tags) {
      SignalConfig signal;
      signal.path = "copy/" + tag.tag.path;
      signal.point = point_of(tag.tag);
      signal.writable = true;
      config.signals.push_back(signal);
    }
    const Status put = manager->put({1}, kTenant, config, tags_from(101, config.signals.size()));
    ASSERT_TRUE(put.ok()) << put.error().what;
    loop.run_for(5s);
  }
  Value last(std::uint32_t tag) {
    const auto samples = sink.of(tag);
    return samples.empty() ? Value(std::string("nothing")) : samples.back().value;
  }
  // Whether the house was asked to write that to the tag.
  void write(std::uint32_t copy, Value value) {
    manager->write(kTenant, {copy}, std::move(value), [](const Result<WriteOutcome>&) {});
    loop.run_for(20s);
  }
};

TEST(ServedModbus, GivesEveryTypeToAClient) {
  Served s;
  ModbusServerFlowSettings settings;
  settings.port = kPort;
  settings.first_address = 40;
  settings.byte_order = modbus::ByteOrder::kCDAB;
  s.serve(settings);
  ModbusSettings client;
  client.host = "127.0.0.1";
  client.port = kPort;
  s.connect_to(client, [&](const FlowTag& tag) {
    ModbusPoint point;
    point.address = static_cast<std::uint16_t>(tag.address);
    point.format = served_format(settings, tag.spec.type);
    return point;
  });
  EXPECT_EQ(s.last(101), Value(std::int64_t{1}));  // as a register
  EXPECT_EQ(s.last(102), Value(std::int64_t{-7}));
  EXPECT_EQ(s.last(103), Value(20.25f));
  EXPECT_EQ(s.last(104), Value(-1234.5));
  EXPECT_EQ(s.last(105), Value(std::string("A-17")));
  s.write(104, 3.5);
  ASSERT_EQ(s.house.writes.size(), 1U);
  EXPECT_EQ(s.house.writes[0].tag, TagId{4});
  EXPECT_EQ(s.house.writes[0].value, Value(3.5));
}

TEST(ServedS7, GivesEveryTypeToAClient) {
  Served s;
  S7ServerFlowSettings settings;
  settings.port = kPort;
  settings.db = 7;
  s.serve(settings);
  S7Settings client;
  client.host = "127.0.0.1";
  client.port = kPort;
  s.connect_to(client, [&](const FlowTag& tag) {
    return S7Point{served_format(settings, tag.spec.type, tag.address)};
  });
  EXPECT_EQ(s.last(101), Value(true));
  EXPECT_EQ(s.last(102), Value(std::int64_t{-7}));
  EXPECT_EQ(s.last(103), Value(20.25f));
  EXPECT_EQ(s.last(104), Value(-1234.5));
  EXPECT_EQ(s.last(105), Value(std::string("A-17")));
  const FlowKind& kind = s7_server_flow_kind();
  // BOOL takes a byte, and the next begins at an even one.
  EXPECT_EQ(kind.address_text(settings, s.served->tags[0].tag), "DB7.DBX0.0");
  EXPECT_EQ(kind.address_text(settings, s.served->tags[1].tag), "DB7.DBB2:LINT");
  EXPECT_EQ(kind.address_text(settings, s.served->tags[3].tag), "DB7.DBB14:LREAL");
  s.write(103, 3.5f);
  ASSERT_EQ(s.house.writes.size(), 1U);
  EXPECT_EQ(s.house.writes[0].value, Value(3.5f));
  EXPECT_EQ(s.house.writes[0].user, "S7 client");
}

TEST(ServedS7, TellsQualityInABlockOfItsOwn) {
  Served s;
  S7ServerFlowSettings settings;
  settings.port = kPort;
  s.serve(settings);
  S7Settings client;
  client.host = "127.0.0.1";
  client.port = kPort;
  s.connect_to(client, [&](const FlowTag& tag) {
    S7Point point;
    point.format.address.db = settings.quality_db;
    point.format.address.byte = tag.address;
    point.format.address.type = s7::DataType::kUsint;
    return point;
  });
  EXPECT_EQ(s.last(104), Value(std::int64_t{0}));
  s.sample(4, -1234.5, quality::kUncertainLastUsableValue);
  s.loop.run_for(1s);
  EXPECT_EQ(s.last(104), Value(std::int64_t{1}));
  s.sample(4, -1234.5, quality::kBadNoCommunication);
  s.loop.run_for(1s);
  EXPECT_EQ(s.last(104), Value(std::int64_t{2}));
}

TEST(ServedIec104, TellsPointsToAControlCentreAndTakesItsCommands) {
  Served s;
  Iec104ServerFlowSettings settings;
  settings.port = kPort;
  settings.first_address = 500;
  s.serve(settings);
  ASSERT_EQ(s.served->tags.size(), 4U);  // no texts
  EXPECT_EQ(s.served->left_out[0].why.what, "IEC 60870-5-104 knows no texts");
  Iec104Settings client;
  client.host = "127.0.0.1";
  client.port = kPort;
  s.connect_to(client, [&](const FlowTag& tag) {
    Iec104Point point;
    point.address = tag.address;
    const bool is_bool = tag.spec.type == ValueType::kBool;
    point.format.kind = is_bool ? iec104::PointKind::kSingle : iec104::PointKind::kFloat;
    point.select = true;
    return point;
  });
  EXPECT_EQ(s.last(101), Value(true));
  EXPECT_EQ(s.last(102), Value(-7.0f));
  EXPECT_EQ(s.last(103), Value(20.25f));
  EXPECT_EQ(s.last(104), Value(-1234.5f));
  s.sample(4, 77.5);
  s.loop.run_for(1s);
  EXPECT_EQ(s.last(104), Value(77.5f));
  s.write(102, 12.0f);
  ASSERT_EQ(s.house.writes.size(), 1U);
  EXPECT_EQ(s.house.writes[0].value, Value(std::int64_t{12}));
}

// IEC 62351-3: both sides show who they are; whoever does not gets nothing.
TEST(ServedIec104, IsServedThroughTlsToWhoShowsACertificate) {
  const auto certificate = [](const std::string& name) {
    // OpenSSL looks at the clock of this computer.
    return sys::make_self_signed_certificate({name}, sys::real_clock().now()).value();
  };
  const sys::Certificate own = certificate("station");
  const sys::Certificate centre = certificate("centre");
  Served s;
  Iec104ServerFlowSettings settings;
  settings.port = kPort;
  settings.tls.enabled = true;
  FlowConfig config;
  config.name = "served";
  config.settings = settings;
  config.rules = {FlowRule{}};
  EXPECT_FALSE(check_flow(config).ok()) << "a server needs a certificate";
  settings.tls.certificate = own.certificate_pem;
  settings.tls.key = own.key_pem;
  settings.tls.trusted = centre.certificate_pem;
  s.serve(settings);
  const auto point_of = [](const FlowTag& tag) {
    Iec104Point point;
    point.address = tag.address;
    const bool is_bool = tag.spec.type == ValueType::kBool;
    point.format.kind = is_bool ? iec104::PointKind::kSingle : iec104::PointKind::kFloat;
    point.select = true;
    return point;
  };
  Iec104Settings client;
  client.host = "127.0.0.1";
  client.port = kPort;
  const auto is_refused = [&] {
    const ConnectionStatus status = s.manager->status({1}).value();
    for (std::uint32_t tag = 101; tag <= 104; ++tag) {
      for (const Sample& sample : s.sink.of(tag)) EXPECT_TRUE(sample.quality.bad());
    }
    return status.tags_bad == 4 && status.last_error;
  };
  s.connect_to(client, point_of);
  EXPECT_TRUE(is_refused()) << "in the open";
  client.tls.enabled = true;
  client.tls.fingerprint = sys::certificate_fingerprint(own.certificate_pem).value();
  s.connect_to(client, point_of);
  EXPECT_TRUE(is_refused()) << "without a certificate";
  EXPECT_NE(s.manager->status({1})->last_error->find("it wants a certificate of ours"),
            std::string::npos);
  const sys::Certificate stranger = certificate("stranger");
  client.tls.certificate = stranger.certificate_pem;
  client.tls.key = stranger.key_pem;
  s.connect_to(client, point_of);
  EXPECT_TRUE(is_refused()) << "with that of a stranger";
  client.tls.certificate = centre.certificate_pem;
  client.tls.key = centre.key_pem;
  s.connect_to(client, point_of);
  EXPECT_EQ(s.manager->status({1})->tags_bad, 0u);
  EXPECT_EQ(s.last(104), Value(-1234.5f));
  s.write(102, 12.0f);
  ASSERT_EQ(s.house.writes.size(), 1U);
  EXPECT_EQ(s.house.writes[0].value, Value(std::int64_t{12}));
}

// A station is made anew for other tags; its clients come back by themselves.
TEST(ServedIec104, TellsOfATagThatCameLater) {
  Served s;
  Iec104ServerFlowSettings settings;
  settings.port = kPort;
  s.serve(settings);
  s.house.add(6, "acme/a/first", ValueType::kBool);
  s.set(6, true);
  FlowConfig config = s.served->config;
  s.served = s.plan(config);
  s.runner->set_plan(s.served);
  s.loop.run_for(1s);
  EXPECT_EQ(s.served->find({6})->tag.address, 5U);  // behind the four that were there
  Iec104Settings client;
  client.host = "127.0.0.1";
  client.port = kPort;
  s.connect_to(client, [&](const FlowTag& tag) {
    Iec104Point point;
    point.address = tag.address;
    const bool is_bool = tag.spec.type == ValueType::kBool;
    point.format.kind = is_bool ? iec104::PointKind::kSingle : iec104::PointKind::kFloat;
    return point;
  });
  EXPECT_EQ(s.last(101), Value(true));  // acme/a/first
}

}  // namespace
}  // namespace lineshaft::connect

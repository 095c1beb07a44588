// Machines that tell their values by themselves, with a client of ours on a simulated network.
#include "plant/served_machine.h"

#include <cmath>

#include <gtest/gtest.h>

#include "connect/mqtt/testing.h"
#include "connect/testing.h"
#include "plant/first_client.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::plant {
namespace {

using namespace std::chrono_literals;
using connect::ConnectionState;
using connect::testing::kTenant;
using connect::testing::MemorySink;
using connect::testing::TestBroker;

constexpr std::int64_t kSecond = 1'000'000'000;

Plant whole_plant() {
  PlantOptions options;
  options.has_certificates = true;
  options.broker = sys::Endpoint{"broker", 1883};
  return make_plant(options);
}

const Machine& machine(const Plant& plant, const std::string& name) {
  for (const Machine& one : plant.machines) {
    if (one.name == name) return one;
  }
  LS_ASSERT(false);
  return plant.machines.front();
}

// A certificate is made at the time of this computer; a whole second later than that, so that
// times of milliseconds lose nothing.
Timestamp start_time() {
  const Timestamp later = sys::real_clock().now() + 1h;
  return {later.ns / kSecond * kSecond};
}

struct Collector {
  Collector(sys::SimLoop& loop, sys::Clock& clock, sys::Random& random)
      : trust(connect::opcua::TrustStore::open(disk, clock, "pki", {"gateway"}).value()) {
    connect::ManagerOptions options;
    options.opcua_trust = trust.get();
    manager = std::make_unique<connect::ConnectionManager>(loop, clock, random, sink, options);
  }
  // As connection 1; its tags are 1, 2...
  void connect_to(const Machine& machine) {
    connect::ConnectionConfig config;
    config.name = machine.name;
    config.settings = machine.settings;
    config.groups = {{"normal", 1000}};
    for (const Signal& signal : machine.signals) config.signals.push_back(signal.config);
    const Status put =
        manager->put({1}, kTenant, config, connect::testing::tags_from(1, config.signals.size()));
    LS_ASSERT(put.ok());
  }
  connect::ConnectionStatus status() { return manager->status({1}).value(); }

  sys::SimDisk disk;
  std::unique_ptr<connect::opcua::TrustStore> trust;
  MemorySink sink;
  std::unique_ptr<connect::ConnectionManager> manager;
};

struct Shop {
  sys::SimLoop loop;
  sys::SimClock clock{loop, start_time()};
  sys::SimRandom random{42};
  TestBroker broker{loop, {"broker", 1883}};
  sys::SimDisk disk;
  std::unique_ptr<connect::opcua::TrustStore> trust =
      connect::opcua::TrustStore::open(disk, clock, "pki", {"plant"}).value();
  FirstClient first_client{loop, *trust};
  Hall hall{loop, clock, random, 1, trust.get()};
  const Plant plant = whole_plant();
  std::unique_ptr<ServedMachine> served;
  Collector collector{loop, clock, random};

  const Machine& serve(const std::string& name) {
    const Machine& one = machine(plant, name);
    served = serve_machine(one, hall).value();
    return one;
  }
  bool all_good() {
    return loop.run_until([this] { return collector.status().tags_bad == 0; }, 30s);
  }
};

// Every value that carries the time of a look is the one that the plant has at that time.
void expect_the_values_of_the_plant(const Machine& machine, const MemorySink& sink) {
  std::size_t checked = 0;
  for (std::uint32_t i = 0; i < machine.signals.size(); ++i) {
    const Signal& signal = machine.signals[i];
    for (const Sample& sample : sink.of(i + 1)) {
      if (sample.quality.bad() || sample.time.ns % kSecond != 0) continue;
      checked += 1;
      const Value expected = value_at(signal, sample.time);
      if (std::holds_alternative<double>(expected)) {
        EXPECT_NEAR(std::get<double>(sample.value), std::get<double>(expected),
                    std::abs(signal.coding.scale) * 1e-6)
            << signal.config.path;
      } else {
        EXPECT_EQ(sample.value, expected) << signal.config.path;
      }
    }
  }
  EXPECT_GT(checked, 2 * machine.signals.size());
}

TEST(ServedMachine, TellsTheValuesOfThePlantInEveryProtocol) {
  for (const char* name : {"Teeming crane", "Scrap yard crane 1", "Scrap yard crane 2",
                           "Main substation", "Lime plant", "Slag processing"}) {
    Shop shop;
    const Machine& machine = shop.serve(name);
    EXPECT_FALSE(std::holds_alternative<connect::ModbusSettings>(machine.settings)) << name;
    LS_ASSERT(shop.collector.trust->trust(shop.trust->own().certificate).ok());
    shop.collector.connect_to(machine);
    ASSERT_TRUE(shop.all_good()) << name << ": "
                                 << shop.collector.status().last_error.value_or("no error");
    shop.loop.run_for(10s);
    expect_the_values_of_the_plant(machine, shop.collector.sink);
  }
}

// The edge node keeps what nobody took, and the host puts it into the history.
TEST(ServedMachine, TheSparkplugCraneLosesNothingWhileNoHostIsThere) {
  Shop shop;
  const Machine& machine = shop.serve("Scrap yard crane 2");
  const Timestamp began = shop.clock.now();
  shop.loop.run_for(60s);
  shop.collector.connect_to(machine);
  ASSERT_TRUE(shop.all_good());
  shop.loop.run_for(1s);
  std::size_t power = 0;
  while (name_of(machine.signals[power]) != "active power") power += 1;
  std::size_t from_before = 0;
  for (const Sample& sample : shop.collector.sink.of(static_cast<std::uint32_t>(power + 1))) {
    from_before += sample.time < began + 59s && sample.quality.good() ? 1U : 0U;
  }
  EXPECT_GE(from_before, 58U);  // its power swings with the day: another value every second
}

TEST(FirstClient, IsBelievedAndNobodyAfterIt) {
  Shop shop;
  const Machine& machine = shop.serve("Teeming crane");
  LS_ASSERT(shop.collector.trust->trust(shop.trust->own().certificate).ok());
  shop.collector.connect_to(machine);
  ASSERT_TRUE(shop.all_good());
  Collector second(shop.loop, shop.clock, shop.random);
  LS_ASSERT(second.trust->trust(shop.trust->own().certificate).ok());
  second.connect_to(machine);
  shop.loop.run_for(60s);
  EXPECT_NE(second.status().state, ConnectionState::kConnected);
  EXPECT_NE(second.status().last_error.value_or("").find("refuses our certificate"),
            std::string::npos)
      << second.status().last_error.value_or("");
  EXPECT_EQ(shop.trust->trusted().size(), 1U);
}

}  // namespace
}  // namespace lineshaft::plant

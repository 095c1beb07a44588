#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "plant/device.h"
#include "plant/model.h"
#include "plant/process.h"
#include "plant/run.h"

namespace lineshaft::plant {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Timestamp kNow{1'795'000'000'000'000'000};  // 2026-11-18T11:06:40Z

const Plant& plant() {
  static const Plant made = make_plant({});
  return made;
}

const Signal& signal(const std::string& machine, const std::string& name) {
  for (const Machine& candidate : plant().machines) {
    if (candidate.name != machine) continue;
    for (const Signal& found : candidate.signals) {
      if (found.config.path.ends_with("/" + name)) return found;
    }
  }
  ADD_FAILURE() << machine << " has no " << name;
  return plant().machines.front().signals.front();
}

TEST(Plant, HasAboutTwentyMachinesWithAboutTwoThousandSignals) {
  std::size_t signals = 0;
  for (const Machine& machine : plant().machines) signals += machine.signals.size();
  EXPECT_GE(plant().machines.size(), 18U);
  EXPECT_LE(plant().machines.size(), 24U);
  EXPECT_GE(signals, 1500U);
  EXPECT_LE(signals, 2400U);
}

TEST(Plant, EveryConnectionIsOneThatAServerTakes) {
  std::set<std::string> paths;
  for (const Machine& machine : plant().machines) {
    connect::ConnectionConfig config;
    config.name = machine.name;
    config.settings = machine.settings;
    config.groups = {{"normal", 1000}};
    for (const Signal& found : machine.signals) {
      config.signals.push_back(found.config);
      EXPECT_TRUE(paths.insert(found.config.path).second) << found.config.path;
    }
    const Status checked = connect::check_connection(config);
    EXPECT_TRUE(checked.ok()) << machine.name << ": " << (checked ? "" : checked.error().what);
  }
}

TEST(Plant, TheSameInstantGivesTheSameValuesInAnyOrderOfAsking) {
  const Plant other = make_plant({});
  for (std::size_t m = plant().machines.size(); m-- > 0;) {
    const auto& mine = plant().machines[m].signals;
    const auto& theirs = other.machines[m].signals;
    ASSERT_EQ(mine.size(), theirs.size());
    for (std::size_t i = mine.size(); i-- > 0;) {
      EXPECT_EQ(value_at(mine[i], kNow), value_at(theirs[i], kNow)) << mine[i].config.path;
    }
  }
}

TEST(Plant, CountersNeverRunBackOverAWeek) {
  for (const Machine& machine : plant().machines) {
    for (const Signal& found : machine.signals) {
      const std::string& path = found.config.path;
      const bool counts = path.find("energy") != std::string::npos || path.ends_with("tapped") ||
                          path.ends_with("length cast");
      if (!counts || path.ends_with("heat energy")) continue;
      double before = 0;
      for (int minute = 0; minute < 7 * 24 * 60; minute += 7) {
        const double now = found.number(kNow + minutes(minute));
        ASSERT_GE(now, before) << path;
        before = now;
      }
    }
  }
}

// Over whole heats, the integral of power is the difference of the counter: 1-second trapezoids.
TEST(Plant, PowerIsTheRateOfTheEnergyCounter) {
  for (const char* machine : {"EAF 1", "Ladle furnace", "Caster"}) {
    const Signal& power = signal(machine, "active power");
    const Signal& energy = signal(machine, "active energy");
    double integral_kwh = 0;
    for (int s = 0; s < 4 * 3600; ++s) {
      integral_kwh +=
          (power.number(kNow + seconds(s)) + power.number(kNow + seconds(s + 1))) / 2 / 3600;
    }
    const double counted = energy.number(kNow + hours(4)) - energy.number(kNow);
    EXPECT_NEAR(integral_kwh, counted, counted * 1e-3) << machine;
  }
}

// Electric arc furnaces take 350 to 450 kWh for a tonne of liquid steel.
TEST(Plant, ATonneOfSteelTakesThePlausibleEnergy) {
  for (const char* machine : {"EAF 1", "EAF 2"}) {
    const Signal& energy = signal(machine, "active energy");
    const Signal& steel = signal(machine, "steel tapped");
    const Timestamp later = kNow + hours(24 * 30);
    const double kwh = energy.number(later) - energy.number(kNow);
    const double tonnes = steel.number(later) - steel.number(kNow);
    EXPECT_GT(tonnes, 24 * 30 * 100);
    EXPECT_GT(kwh / tonnes, 350) << machine;
    EXPECT_LT(kwh / tonnes, 450) << machine;
  }
}

TEST(Plant, TheMainMeterIsTheSumOfTheFeedersAndTheLosses) {
  double feeders = 0;
  for (const Machine& machine : plant().machines) {
    for (const Signal& found : machine.signals) {
      const std::string& path = found.config.path;
      if (machine.name == "Main substation" && path.find("feeder") != std::string::npos &&
          path.ends_with("power")) {
        feeders += found.number(kNow);
      }
    }
  }
  const double main = signal("Main substation", "active power").number(kNow);
  EXPECT_NEAR(feeders / main, 0.98, 1e-9);
}

TEST(Furnace, PhasesFollowEachOtherAndAHeatLasts40To56Minutes) {
  const Furnace furnace(7, {});
  HeatPhase before = furnace.at(kNow).phase;
  std::uint64_t heat = furnace.at(kNow).number;
  for (int s = 1; s < 6 * 3600; ++s) {
    const HeatState state = furnace.at(kNow + seconds(s));
    if (state.number != heat) {
      EXPECT_EQ(before, HeatPhase::kTurnaround);
      heat = state.number;
    }
    if (state.phase != before) {
      using P = HeatPhase;
      const std::set<std::pair<P, P>> legal{
          {P::kTurnaround, P::kCharging}, {P::kCharging, P::kMelting},
          {P::kMelting, P::kCharging},    {P::kMelting, P::kRefining},
          {P::kRefining, P::kTapping},    {P::kTapping, P::kTurnaround}};
      EXPECT_TRUE(legal.contains({before, state.phase}))
          << static_cast<int>(before) << " to " << static_cast<int>(state.phase);
      before = state.phase;
    }
    EXPECT_GE(furnace.heat_minutes(state.number), 40);
    EXPECT_LE(furnace.heat_minutes(state.number), 56);
  }
}

// What a client reads is what the model says, in every order and type that the machines use.
TEST(MachineDevice, RegistersCarryTheValues) {
  class FixedClock final : public sys::Clock {
   public:
    Timestamp now() override { return kNow; }
    Nanoseconds monotonic() override { return {}; }
  } clock;
  for (const Machine& machine : plant().machines) {
    MachineDevice device(machine, clock, 1);
    for (const Signal& found : machine.signals) {
      const auto& point = std::get<connect::ModbusPoint>(found.config.point);
      if (modbus::is_bits(point.format.area)) {
        bool bit = false;
        ASSERT_FALSE(device.read_bits(1, point.format.area, point.address, {&bit, 1}));
        EXPECT_EQ(Value(bit), value_at(found, kNow));
        continue;
      }
      std::vector<std::uint16_t> registers(modbus::width(point.format));
      ASSERT_FALSE(device.read_registers(1, point.format.area, point.address, registers))
          << found.config.path;
      const std::optional<Value> value = modbus::decode_value(point.format, registers);
      ASSERT_TRUE(value.has_value()) << found.config.path;
      if (std::holds_alternative<double>(*value)) {
        EXPECT_NEAR(std::get<double>(*value), std::get<double>(value_at(found, kNow)),
                    std::abs(point.format.scale) * 0.51)
            << found.config.path;
      } else {
        EXPECT_EQ(*value, value_at(found, kNow)) << found.config.path;
      }
    }
  }
}

}  // namespace
}  // namespace lineshaft::plant

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <variant>

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

const Machine& machine(const std::string& name) {
  for (const Machine& candidate : plant().machines) {
    if (candidate.name == name) return candidate;
  }
  ADD_FAILURE() << "there is no " << name;
  return plant().machines.front();
}

// Calls `visit` with every signal of every machine whose name ends so.
template <typename Visit>
void for_each_signal(const std::string& ending, Visit visit) {
  for (const Machine& owner : plant().machines) {
    for (const Signal& found : owner.signals) {
      if (found.config.path.ends_with(ending)) visit(owner, found);
    }
  }
}

struct ManualClock final : sys::Clock {
  Timestamp time = kNow;
  Timestamp now() override { return time; }
  Nanoseconds monotonic() override { return {}; }
};

TEST(Plant, HasTwentyMachinesWithAboutTwoThousandSignals) {
  std::size_t signals = 0;
  for (const Machine& machine : plant().machines) signals += machine.signals.size();
  EXPECT_EQ(plant().machines.size(), 20U);
  EXPECT_GE(signals, 1900U);
  EXPECT_LE(signals, 2100U);
}

// With certificates and a broker: all protocols.
const Plant& whole_plant() {
  static const Plant made = [] {
    PlantOptions options;
    options.has_certificates = true;
    options.broker = sys::Endpoint{"127.0.0.1", 1883};
    return make_plant(options);
  }();
  return made;
}

void expect_connections_that_a_server_takes(const Plant& plant) {
  std::set<std::string> paths;
  for (const Machine& machine : plant.machines) {
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

TEST(Plant, EveryConnectionIsOneThatAServerTakes) {
  expect_connections_that_a_server_takes(plant());
  expect_connections_that_a_server_takes(whole_plant());
}

TEST(Plant, SpeaksManyProtocolsWithTheSameSignals) {
  std::set<std::size_t> spoken;
  ASSERT_EQ(plant().machines.size(), whole_plant().machines.size());
  for (std::size_t m = 0; m < plant().machines.size(); ++m) {
    const auto& few = plant().machines[m].signals;
    const auto& all = whole_plant().machines[m].signals;
    spoken.insert(whole_plant().machines[m].settings.index());
    ASSERT_EQ(few.size(), all.size());
    for (std::size_t i = 0; i < few.size(); ++i) {
      EXPECT_EQ(few[i].config.path, all[i].config.path);
      EXPECT_EQ(connect::value_type(few[i].config), connect::value_type(all[i].config));
      EXPECT_EQ(value_at(few[i], kNow), value_at(all[i], kNow)) << few[i].config.path;
    }
  }
  EXPECT_EQ(spoken.size(), std::variant_size_v<connect::ProtocolSettings>) << "all there are";
}

// Counters there are of 32 bits with a sign.
TEST(Plant, TheCountersOfTheSubstationFitIntoTheirProtocolForDecades) {
  const Timestamp later = kNow + hours(24 * 365 * 5);
  for (const Signal& found : machine("Main substation").signals) {
    const auto& format = std::get<connect::Iec104Point>(found.config.point).format;
    if (format.kind != iec104::PointKind::kCounter) continue;
    EXPECT_LT(found.number(later) / format.scale, 2147483647.0) << found.config.path;
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

TEST(Plant, AnotherSeedIsAnotherPlantWithTheSameSignals) {
  const Plant other = make_plant({.seed = 2});
  std::size_t different = 0;
  std::size_t all = 0;
  for (std::size_t m = 0; m < plant().machines.size(); ++m) {
    ASSERT_EQ(plant().machines[m].signals.size(), other.machines[m].signals.size());
    for (std::size_t i = 0; i < plant().machines[m].signals.size(); ++i, ++all) {
      const Signal& mine = plant().machines[m].signals[i];
      const Signal& theirs = other.machines[m].signals[i];
      EXPECT_EQ(mine.config.path, theirs.config.path);
      if (value_at(mine, kNow) != value_at(theirs, kNow)) ++different;
    }
  }
  EXPECT_GT(different, all / 2);
}

// As they are stored: rounded to registers. Minutes of a week, then a year in steps of six hours.
TEST(Plant, CountersNeverRunBack) {
  std::size_t counters = 0;
  for (const char* ending :
       {"energy", "tapped", "length cast", "running hours", "product length"}) {
    for_each_signal(ending, [&](const Machine& owner, const Signal& counter) {
      if (counter.config.path.ends_with("heat energy")) return;
      ++counters;
      double before = 0;
      const auto check = [&](Timestamp time) {
        const double now = as_double(value_at(counter, time));
        ASSERT_GE(now, before) << owner.name << ' ' << counter.config.path;
        before = now;
      };
      const Timestamp year_ago = kNow + -hours(365 * 24);
      for (int step = 0; step < 365 * 4; ++step) check(year_ago + hours(6 * step));
      for (int minute = 0; minute < 7 * 24 * 60; minute += 7) check(kNow + minutes(minute));
      EXPECT_GT(before, 0) << counter.config.path;
    });
  }
  EXPECT_GT(counters, 80U);
}

// The integral of power (1-second trapezoids) is the difference of the counter, at every meter.
TEST(Plant, PowerIsTheRateOfTheEnergyCounter) {
  for (const Machine& owner : plant().machines) {
    const Signal& power = signal(owner.name, "active power");
    const Signal& energy = signal(owner.name, "active energy");
    double integral_kwh = 0;
    double before = power.number(kNow);
    for (int s = 1; s <= 2 * 3600; ++s) {
      const double now = power.number(kNow + seconds(s));
      integral_kwh += (before + now) / 2 / 3600;
      before = now;
    }
    const double counted = energy.number(kNow + hours(2)) - energy.number(kNow);
    EXPECT_NEAR(integral_kwh, counted, counted * 2e-3) << owner.name;
  }
}

// What leaves the main meter arrives at the machines, but for 2 % in cables and transformers.
TEST(Plant, TheEnergyOfTheWorksIsThatOfItsMachinesAndTheLosses) {
  double machines = 0;
  double works = 0;
  for_each_signal("/active energy", [&](const Machine& owner, const Signal& energy) {
    const double day = energy.number(kNow + hours(24)) - energy.number(kNow);
    (owner.name == "Main substation" ? works : machines) += day;
  });
  EXPECT_NEAR(machines / works, 0.98, 1e-6);
}

// Steel is tapped, cast to billets of 200 mm (308 kg/m), rolled to bars of 30 mm (5.44 kg/m). Each
// step loses a few per cent to crops and scale, and none makes steel.
TEST(Plant, TheMassOfSteelCloses) {
  const auto over_a_month = [](const Signal& counter) {
    return counter.number(kNow + hours(24 * 30)) - counter.number(kNow);
  };
  const double tapped =
      over_a_month(signal("EAF 1", "steel tapped")) + over_a_month(signal("EAF 2", "steel tapped"));
  double cast = 0;
  for_each_signal("length cast",
                  [&](const Machine&, const Signal& s) { cast += over_a_month(s) * 0.308; });
  const double rolled = over_a_month(signal("Rolling mill", "product length")) * 0.00544;
  EXPECT_GT(cast / tapped, 0.95);
  EXPECT_LT(cast / tapped, 1.0);
  EXPECT_GT(rolled / cast, 0.95);
  EXPECT_LT(rolled / cast, 1.0);
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

// What a furnace says about itself fits together at every second of an hour.
TEST(Plant, TheStatesOfAFurnaceFitItsPower) {
  const auto at = [](const char* name, Timestamp t) { return signal("EAF 2", name).number(t); };
  for (int s = 0; s < 3600; s += 5) {
    const Timestamp t = kNow + seconds(s);
    const bool on = at("power on", t) != 0;
    EXPECT_EQ(on, at("active power", t) > 0);
    EXPECT_EQ(on, at("electrode 1 current", t) > 0);
    EXPECT_FALSE(on && at("roof closed", t) == 0) << "power with an open roof";
    EXPECT_FALSE(on && at("tilted", t) != 0) << "power while tapping";
    const auto phase = static_cast<HeatPhase>(static_cast<int>(at("phase", t)));
    EXPECT_EQ(on, phase == HeatPhase::kMelting || phase == HeatPhase::kRefining);
  }
}

TEST(Plant, ACompressorIsLoadedAndIdleInTurn) {
  for (int i = 1; i <= 4; ++i) {
    const std::string name = "Compressor " + std::to_string(i);
    std::map<double, std::set<double>> powers;
    int changes = 0;
    double before = signal(name, "state").number(kNow);
    for (int s = 0; s < 6 * 3600; ++s) {
      const double state = signal(name, "state").number(kNow + seconds(s));
      powers[state].insert(signal(name, "active power").number(kNow + seconds(s)));
      changes += state != before ? 1 : 0;
      before = state;
    }
    ASSERT_EQ(powers.size(), 2U) << name;
    EXPECT_EQ(powers[1].size(), 1U);
    EXPECT_LT(*powers[1].rbegin(), *powers[2].begin()) << "idle takes less than loaded";
    EXPECT_GE(changes, 70) << name;  // 36 slots of ten minutes, loaded once in each
  }
}

// What a client reads is what the model says, in every order and type that the machines use.
TEST(MachineDevice, RegistersCarryTheValues) {
  ManualClock clock;
  for (const Machine& owner : plant().machines) {
    if (!std::holds_alternative<connect::ModbusSettings>(owner.settings)) continue;
    MachineDevice device(owner, clock, 1);
    for (const Signal& found : owner.signals) {
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

TEST(S7MachineDevice, MemoryCarriesTheValues) {
  ManualClock clock;
  std::size_t checked = 0;
  for (const Machine& owner : plant().machines) {
    if (!std::holds_alternative<connect::S7Settings>(owner.settings)) continue;
    S7MachineDevice device(owner, clock, 1);
    std::array<Bytes, 3> blocks;  // the whole of each, byte by byte
    for (std::uint16_t db = 1; db < blocks.size(); ++db) {
      std::uint8_t byte = 0;
      while (device.read(s7::Area::kDataBlock, db, static_cast<std::uint32_t>(blocks[db].size()),
                         {&byte, 1}) == s7::ReturnCode::kOk) {
        blocks[db].push_back(byte);
      }
    }
    for (const Signal& found : owner.signals) {
      const auto& format = std::get<connect::S7Point>(found.config.point).format;
      const s7::Address& address = format.address;
      ASSERT_LE(address.byte + s7::width(address), blocks[address.db].size());
      const auto value = s7::decode_value(
          format, ByteSpan(blocks[address.db]).subspan(address.byte, s7::width(address)));
      ASSERT_TRUE(value.has_value()) << found.config.path;
      checked += 1;
      if (std::holds_alternative<double>(*value)) {
        EXPECT_NEAR(std::get<double>(*value), std::get<double>(value_at(found, kNow)),
                    std::abs(format.scale) * 0.51)
            << found.config.path;
      } else {
        EXPECT_EQ(*value, value_at(found, kNow)) << found.config.path;
      }
    }
    std::uint8_t byte = 0;
    EXPECT_EQ(device.read(s7::Area::kMarker, 0, 0, {&byte, 1}), s7::ReturnCode::kDoesNotExist);
    EXPECT_EQ(device.write(s7::Area::kDataBlock, 1, 0, Bytes{1}), s7::ReturnCode::kAccessDenied);
  }
  EXPECT_GT(checked, 100U);
}

// The words of a float32 as IEEE 754 has them, in the order that each quirk announces.
TEST(MachineDevice, SwapsWordsAndBytesAsItsQuirkSays) {
  ManualClock clock;
  const auto words = [&](const std::string& name) {
    MachineDevice device(machine(name), clock, 1);
    const auto& point = std::get<connect::ModbusPoint>(signal(name, "active power").config.point);
    std::array<std::uint16_t, 2> registers{};
    EXPECT_FALSE(device.read_registers(1, point.format.area, point.address, registers));
    return registers;
  };
  const auto bits = [](const std::string& name) {
    return std::bit_cast<std::uint32_t>(
        static_cast<float>(signal(name, "active power").number(kNow)));
  };
  const auto word = [](std::uint32_t value) { return static_cast<std::uint16_t>(value); };
  const auto swapped = [&](std::uint32_t value) {
    return word((value & 0xff) << 8 | (value >> 8 & 0xff));
  };
  using Words = std::array<std::uint16_t, 2>;
  const std::uint32_t a = bits("EAF 1");
  EXPECT_EQ(words("EAF 1"), (Words{word(a >> 16), word(a)}));
  const std::uint32_t b = bits("EAF 2");
  EXPECT_EQ(words("EAF 2"), (Words{word(b), word(b >> 16)}));
  const std::uint32_t c = bits("Reheating furnace");
  EXPECT_EQ(words("Reheating furnace"), (Words{swapped(c >> 16), swapped(c)}));
  const std::uint32_t d = bits("Fume extraction");
  EXPECT_EQ(words("Fume extraction"), (Words{swapped(d), swapped(d >> 16)}));
}

std::optional<modbus::Exception> read(const std::string& name, modbus::Area area,
                                      std::uint16_t address, std::size_t count) {
  static ManualClock clock;
  MachineDevice device(machine(name), clock, 1);
  std::vector<std::uint16_t> out(count);
  return device.read_registers(1, area, address, out);
}

TEST(MachineDevice, GivesNoMoreRegistersThanItsQuirkAllows) {
  EXPECT_EQ(read("Caster", modbus::Area::kHolding, 0, 40), std::nullopt);
  EXPECT_EQ(read("Caster", modbus::Area::kHolding, 0, 41), modbus::Exception::kIllegalDataAddress);
  EXPECT_EQ(read("EAF 1", modbus::Area::kHolding, 0, 125), std::nullopt);
}

TEST(MachineDevice, RefusesGapsWhereItsQuirkSaysSo) {
  // Both have gaps behind the first float32 (registers 0 and 1); only one minds.
  EXPECT_EQ(read("Compressor 1", modbus::Area::kHolding, 0, 2), std::nullopt);
  EXPECT_EQ(read("Compressor 1", modbus::Area::kHolding, 0, 3),
            modbus::Exception::kIllegalDataAddress);
  EXPECT_EQ(read("Rolling mill", modbus::Area::kHolding, 0, 5), std::nullopt);
}

TEST(MachineDevice, WaterTreatmentHasInputRegistersOnly) {
  EXPECT_EQ(read("Water treatment", modbus::Area::kInput, 0, 2), std::nullopt);
  EXPECT_EQ(read("Water treatment", modbus::Area::kHolding, 0, 2),
            modbus::Exception::kIllegalDataAddress);
}

TEST(MachineDevice, IsSlowOrDeadAsItsQuirkSays) {
  ManualClock clock;
  const auto reply = [&](const std::string& name) {
    return MachineDevice(machine(name), clock, 1).reply_to(1, modbus::ReadRegisters{});
  };
  EXPECT_EQ(reply("EAF 1").delay, Nanoseconds(0));
  EXPECT_EQ(reply("Ladle furnace").delay, std::chrono::milliseconds(120));
  EXPECT_TRUE(machine("Compressor 2").quirk.single_connection);
  int dead_minutes = 0;
  for (int minute = 0; minute < 15; ++minute) {
    clock.time = kNow + minutes(minute);
    EXPECT_EQ(reply("Compressor 1").fault, connect::ServerFault::kAnswer);
    dead_minutes += reply("Compressor 3").fault == connect::ServerFault::kSilence ? 1 : 0;
  }
  EXPECT_EQ(dead_minutes, 2);
}

TEST(MachineDevice, RunsFasterThanTheClockFromItsStartOn) {
  ManualClock clock;
  const MachineDevice device(machine("EAF 1"), clock, 60);
  EXPECT_EQ(device.plant_time(), kNow);
  clock.time = kNow + seconds(10);
  EXPECT_EQ(device.plant_time(), kNow + minutes(10));
}

// --- the past ---

class Backfill : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> lines(const std::string& name) const {
    std::ifstream in(folder_ + "/" + name);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  const std::string folder_ = testing::TempDir() + "/lineshaft-backfill";
};

TEST_F(Backfill, HasARowForEveryStepWithTheValuesOfThatInstant) {
  BackfillOptions options{.directory = folder_, .days = 2, .until = kNow};
  ASSERT_TRUE(write_backfill(plant(), options).ok());
  const std::vector<std::string> all = lines("EAF-1.csv");
  ASSERT_EQ(all.size(), 1U + 2 * 24 * 6 + 1);  // a header; every ten minutes; and the odd rest
  EXPECT_TRUE(all[0].starts_with("time,Northfield Steel/Harbour works/"));
  std::vector<const Signal*> keys;
  for (const Signal& found : machine("EAF 1").signals) {
    if (found.key) keys.push_back(&found);
  }
  for (const std::size_t row : {std::size_t{1}, std::size_t{100}, all.size() - 1}) {
    std::istringstream cells(all[row]);
    std::string cell;
    std::getline(cells, cell, ',');
    const Timestamp time = parse_timestamp(cell).value();
    EXPECT_EQ(time.ns % (600 * 1'000'000'000LL), 0);
    for (const Signal* key : keys) {
      ASSERT_TRUE(std::getline(cells, cell, ','));
      EXPECT_EQ(cell, to_text(value_at(*key, time))) << key->config.path;
    }
  }
}

TEST_F(Backfill, RefusesATimeThatCannotBe) {
  for (const int days : {0, -1, 3661}) {
    EXPECT_EQ(
        write_backfill(plant(), {.directory = folder_, .days = days, .until = kNow}).error().id,
        ErrorId::kInvalidArgument);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

}  // namespace
}  // namespace lineshaft::plant

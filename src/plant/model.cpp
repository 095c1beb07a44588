#include "plant/model.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "plant/machines.h"
#include "plant/process.h"

namespace lineshaft::plant {

using modbus::Area;
using modbus::ByteOrder;
using modbus::DataType;

// Each machine is announced with its quirk, then filled.
Plant make_plant(const PlantOptions& options) {
  Plant plant;
  plant.machines.reserve(32);
  std::vector<Load> loads;
  const auto machine = [&](const std::string& name, const std::string& place,
                           const Quirk& quirk) -> Builder {
    Machine& made = plant.machines.emplace_back();
    made.name = name;
    made.quirk = quirk;
    made.port = static_cast<std::uint16_t>(options.first_port + plant.machines.size() - 1);
    connect::ModbusSettings settings;
    settings.host = "127.0.0.1";
    settings.port = made.port;
    settings.registers_per_read_max = quirk.registers_per_read_max;
    settings.single_connection = quirk.single_connection;
    settings.gap_max = quirk.refuses_gaps ? 0 : 8;
    made.settings = settings;
    return {made, place, mix(options.seed, plant.machines.size())};
  };
  const auto s7_machine = [&](const std::string& name, const std::string& place,
                              const Quirk& quirk) -> Builder {
    Builder builder = machine(name, place, quirk);
    Machine& made = plant.machines.back();
    connect::S7Settings settings;
    settings.host = "127.0.0.1";
    settings.port = made.port;
    made.settings = settings;
    return builder;
  };
  const auto load_of = [&](const std::string& name, Number power, Number energy) {
    loads.push_back({name, std::move(power), std::move(energy)});
    return loads.back();
  };
  const auto steady = [&](const std::string& name, double kw) {
    const SteadyLoad load{kw, 0.12, uniform(mix(options.seed, 99), loads.size())};
    return load_of(
        name, [load](Timestamp t) { return load.power_kw(t); },
        [load](Timestamp t) { return std::max(0.0, load.energy_kwh(t)); });
  };
  const auto furnace_load = [&](const std::string& name, const std::shared_ptr<Furnace>& furnace) {
    return load_of(
        name, [furnace](Timestamp t) { return furnace->at(t).power_kw; },
        [furnace](Timestamp t) { return furnace->energy_counter_kwh(t); });
  };
  using std::chrono::milliseconds;
  using std::chrono::minutes;

  for (int i = 1; i <= 2; ++i) {
    const std::string name = "EAF " + std::to_string(i);
    const auto furnace =
        std::make_shared<Furnace>(mix(options.seed, 1000 + static_cast<std::uint64_t>(i)),
                                  Furnace::Design{120, 395, i == 1 ? 0.0 : 1800.0, 1640});
    Quirk quirk{i == 1 ? "none: a well-behaved controller" : "words swapped (CDAB)"};
    Builder b = machine(name, "Melt shop/Melting", quirk);
    if (i == 2) b.order(ByteOrder::kCDAB);
    build_arc_furnace(b, furnace, furnace_load(name, furnace), i == 1 ? "A" : "B");
  }
  {
    const auto ladle =
        std::make_shared<Furnace>(mix(options.seed, 1003), Furnace::Design{118, 35, 900, 1600});
    Quirk quirk{"answers after 120 ms"};
    quirk.answer_delay = milliseconds(120);
    Builder b = machine("Ladle furnace", "Melt shop/Refining", quirk);
    build_ladle_furnace(b, ladle, furnace_load("Ladle furnace", ladle));
  }
  {
    Quirk quirk{"at most 40 registers a request"};
    quirk.registers_per_read_max = 40;
    Builder b = machine("Caster", "Melt shop/Casting", quirk);
    build_caster(b, steady("Caster", 2100));
  }
  {
    Quirk quirk{"gaps of three registers between signals"};
    Builder b = machine("Rolling mill", "Rolling mill/Mill line", quirk);
    build_mill(b.gaps(3), steady("Rolling mill", 8600));
  }
  {
    Quirk quirk{"bytes swapped (BADC)"};
    Builder b = machine("Reheating furnace", "Rolling mill/Heating", quirk);
    build_reheating(b.order(ByteOrder::kBADC), steady("Reheating furnace", 620));
  }
  for (int i = 1; i <= 4; ++i) {
    Quirk quirk{i == 2   ? "serves a single connection"
                : i == 3 ? "dead for two minutes of every fifteen"
                : i == 4 ? "messages (PDU) of 240 bytes, as an S7-300 has them"
                         : "none"};
    if (i == 4) quirk.pdu_bytes_max = 240;
    quirk.single_connection = i == 2;
    if (i == 3) {
      quirk.dead_every = minutes(15);
      quirk.dead_for = minutes(2);
    }
    const std::string name = "Compressor " + std::to_string(i);
    Builder b = i == 4 ? s7_machine(name, "Utilities/Compressed air", quirk)
                       : machine(name, "Utilities/Compressed air", quirk);
    const CyclingLoad cycle{mix(options.seed, 2000 + static_cast<std::uint64_t>(i)), 500.0 + 15 * i,
                            140};
    build_compressor(b, cycle,
                     load_of(
                         name, [cycle](Timestamp t) { return cycle.power_kw(t); },
                         [cycle](Timestamp t) { return cycle.energy_kwh(t); }));
  }
  {
    Quirk quirk{"input registers instead of holding registers"};
    Builder b = machine("Water treatment", "Utilities/Water", quirk);
    build_water(b.area(Area::kInput), steady("Water treatment", 1150));
  }
  {
    Quirk quirk{"all bytes reversed (DCBA)"};
    Builder b = machine("Fume extraction", "Melt shop/Environment", quirk);
    build_fume(b.order(ByteOrder::kDCBA), steady("Fume extraction", 3300));
  }
  struct Utility {
    const char* name;
    const char* place;
    const char* what;
    int points;
    double kw;
    bool is_s7 = false;
  };
  constexpr Utility kUtilities[] = {
      {"Oxygen plant", "Utilities/Gases", "column", 10, 1900, true},
      {"Scrap yard crane 1", "Scrap yard/Handling", "hoist", 6, 180},
      {"Scrap yard crane 2", "Scrap yard/Handling", "hoist", 6, 175},
      {"Teeming crane", "Melt shop/Handling", "hoist", 8, 260},
      {"Vacuum degasser", "Melt shop/Refining", "vessel", 10, 780},
      {"Lime plant", "Utilities/Additives", "silo", 9, 140, true},
      {"Slag processing", "Melt shop/Slag", "crusher", 12, 230},
  };
  for (const Utility& utility : kUtilities) {
    Quirk quirk{utility.is_s7 ? "none" : "refuses to read addresses that it does not have"};
    quirk.refuses_gaps = !utility.is_s7;
    Builder b = utility.is_s7 ? s7_machine(utility.name, utility.place, quirk)
                              : machine(utility.name, utility.place, quirk);
    build_utility(b.gaps(1), steady(utility.name, utility.kw), utility.what, utility.points);
  }
  {
    Quirk quirk{"answers after 40 ms"};
    quirk.answer_delay = milliseconds(40);
    Builder b = machine("Main substation", "Utilities/Power", quirk);
    build_substation(b, loads);
  }
  return plant;
}

Value value_at(const Signal& signal, Timestamp time) {
  if (signal.text) return signal.text(time);
  const double number = signal.number(time);
  const Coding& coding = signal.coding;
  switch (connect::value_type(signal.config)) {
    case ValueType::kBool:
      return number != 0;
    case ValueType::kInt64:
      return static_cast<std::int64_t>(std::llround(number));
    case ValueType::kFloat32:
      return static_cast<float>(number);
    case ValueType::kFloat64: {
      const double raw = std::round((number - coding.offset) / coding.scale);
      const bool is_signed = coding.type == DataType::kInt16;
      const double low = is_signed ? -32768 : 0;
      const double high = is_signed                          ? 32767
                          : coding.type == DataType::kUint16 ? 65535
                                                             : 4294967295.0;
      return std::clamp(raw, low, high) * coding.scale + coding.offset;
    }
    case ValueType::kString:
      break;
  }
  return std::string();
}

}  // namespace lineshaft::plant

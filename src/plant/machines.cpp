#include "plant/machines.h"

#include <algorithm>
#include <cmath>

namespace lineshaft::plant {
namespace {

using modbus::DataType;

constexpr double kMeterLosses = 0.02;  // in cables and transformers, between main meter and loads

std::string numbered(const std::string& name, int number) {
  return name + " " + (number < 10 ? "0" : "") + std::to_string(number);
}

void add_meter(Builder& b, const Load& load, double top_kw) {
  b.add("active power", "KWT", kFloat, 0, top_kw * 1.2, load.power_kw).key = true;
  b.add("active energy", "KWH", kCounter, 0, 4e9, load.energy_kwh).key = true;
  const Number power = load.power_kw;
  const std::uint64_t key = b.next_key();
  const auto factor = [key](Timestamp t) { return 0.93 + 0.02 * noise(key, t); };
  b.add("power factor", "C62", kHundredths, 0, 1, factor);
  b.add("apparent power", "KVA", kFloat, 0, top_kw * 1.3,
        [=](Timestamp t) { return power(t) / factor(t); });
  b.add("reactive power", "KVR", kFloat, 0, top_kw, [=](Timestamp t) {
    const double cosine = factor(t);
    return power(t) * std::sqrt(1 - cosine * cosine) / cosine;
  });
  for (int phase = 1; phase <= 3; ++phase) {
    const std::uint64_t noise_key = b.next_key();
    b.add("voltage L" + std::to_string(phase), "VLT", kTenths, 0, 3000,
          [=](Timestamp t) { return 690 + 6 * noise(noise_key, t); });
    b.add("current L" + std::to_string(phase), "AMP", kFloat, 0, top_kw,
          [=](Timestamp t) { return power(t) / (std::sqrt(3.0) * 0.69 * factor(t)); });
    b.around("current distortion L" + std::to_string(phase), "P1", kHundredths, 4.2, 0.6);
  }
}

// What every drive of a machine says: `count` of them.
void add_drives(Builder& b, const std::string& what, int count, double rpm, double kw) {
  for (int i = 1; i <= count; ++i) {
    const std::string name = numbered(what, i);
    b.around(name + " speed", "RPM", kTenths, rpm, rpm * 0.02);
    b.around(name + " torque", "P1", kTenths, 60, 6);
    b.around(name + " current", "AMP", kFloat, kw * 1.6, kw * 0.1);
    b.around(name + " winding temperature", "CEL", kTenths, 74, 4);
    b.around(name + " vibration", "C16", kHundredths, 2.2, 0.4);
    b.around(name + " drive end bearing temperature", "CEL", kTenths, 58, 3);
    b.around(name + " far end bearing temperature", "CEL", kTenths, 54, 3);
    b.add(name + " running hours", "HUR", kTenthCounter, 0, 4e8,
          [](Timestamp t) { return 0.9 * std::max(0.0, plant_seconds(t)) / 3600; });
    b.bit(name + " running", [](Timestamp) { return 1; });
    b.bit(name + " fault", [](Timestamp) { return 0; });
  }
}

std::vector<EnumEntry> names_of(const std::vector<const char*>& names) {
  std::vector<EnumEntry> set;
  for (std::size_t i = 0; i < names.size(); ++i) {
    set.push_back({static_cast<std::int64_t>(i), names[i]});
  }
  return set;
}

// What a tonne is in metres: billets of 200 mm square and bars of 30 mm round, 7.7 t/m3 hot.
// They tie the caster and the mill to the 240 t/h that the two furnaces tap.
constexpr double kBilletTonnesPerMetre = 0.308;
constexpr double kBarTonnesPerMetre = 0.00544;
constexpr double kTappedTonnesPerHour = 240;
constexpr double kCasterYield = 0.98;
constexpr double kMillYield = 0.97;
constexpr int kStrands = 5;
constexpr double kCastingMetresPerMinute =
    kTappedTonnesPerHour * kCasterYield / kStrands / kBilletTonnesPerMetre / 60;
constexpr double kBarMetresPerSecond =
    kTappedTonnesPerHour * kCasterYield * kMillYield / kBarTonnesPerMetre / 3600;

std::string heat_number(const std::string& prefix, std::uint64_t heat) {
  return prefix + std::to_string(100'000 + heat % 900'000);
}

}  // namespace

void build_arc_furnace(Builder& b, const std::shared_ptr<Furnace>& furnace, const Load& load,
                       const std::string& prefix) {
  const auto state = [furnace](Timestamp t) { return furnace->at(t); };
  b.state("phase", names_of({std::begin(kHeatPhaseNames), std::end(kHeatPhaseNames)}),
          [=](Timestamp t) { return static_cast<double>(state(t).phase); })
      .key = true;
  b.text("heat number", 12, [=](Timestamp t) { return heat_number(prefix, state(t).number); });
  b.text("grade", 12, [=](Timestamp t) {
    constexpr const char* kGrades[] = {"S235JR", "S355J2", "B500B", "C45E"};
    return kGrades[mix(17, state(t).number / 6) % 4];
  });
  b.add("heat energy", "KWH", kFloat, 0, 70'000, [=](Timestamp t) { return state(t).energy_kwh; });
  b.add("steel in furnace", "TNE", kTenths, 0, 140, [=](Timestamp t) { return state(t).steel_t; });
  b.add("steel tapped", "TNE", kTenthCounter, 0, 4e8, [=](Timestamp t) {
     return furnace->steel_counter_t(t);
   }).key = true;
  const std::uint64_t bath = b.next_key();
  b.add("bath temperature", "CEL", kFloat, 0, 1800, [=](Timestamp t) {
     return state(t).bath_celsius + 4 * noise(bath, t);
   }).key = true;
  b.setpoint("transformer tap", "", kWhole, 12, 1);
  add_meter(b, load, 120'000);
  for (int e = 1; e <= 3; ++e) {
    const std::string name = "electrode " + std::to_string(e);
    const std::uint64_t key = b.next_key();
    b.add(name + " current", "B22", kFloat, 0, 120,
          [=](Timestamp t) { return state(t).power_kw / 900.0 * (1 + 0.08 * noise(key, t)); });
    b.add(name + " arc voltage", "VLT", kTenths, 0, 1200,
          [=](Timestamp t) { return state(t).power_kw > 0 ? 620 + 60 * noise(key + 1, t) : 0; });
    b.add(name + " position", "MMT", kWhole, 0, 6000, [=](Timestamp t) {
      const HeatState s = state(t);
      return s.power_kw > 0 ? 1200 + 900 * (1 - s.into_phase) + 40 * noise(key + 2, t) : 5200;
    });
    b.add(name + " regulation output", "P1", kTenths, -100, 100,
          [=](Timestamp t) { return state(t).power_kw > 0 ? 35 * noise(key + 3, t) : 0; });
    b.around(name + " hydraulic pressure", "BAR", kTenths, 118, 3);
    b.around(name + " length", "MMT", kWhole, 2100, 60);
  }
  const struct {
    const char* name;
    const char* unit;
    double mean;
  } flows[] = {{"oxygen flow", "MQH", 2600},
               {"natural gas flow", "MQH", 480},
               {"carbon injection", "E31", 1.6},
               {"lime injection", "E31", 5.2}};
  for (const auto& flow : flows) {
    const std::uint64_t key = b.next_key();
    b.add(flow.name, flow.unit, kTenths, 0, flow.mean * 1.2, [=](Timestamp t) {
      return state(t).power_kw > 0 ? flow.mean * (1 + 0.1 * noise(key, t)) : 0;
    });
  }
  for (int panel = 1; panel <= 48; ++panel) {
    const std::uint64_t key = b.next_key();
    const double lag = 0.6 + 0.4 * uniform(key, 0);
    b.add(numbered("wall panel", panel) + " temperature", "CEL", kTenths, 0, 120, [=](Timestamp t) {
      return 28 + 22 * lag * state(t).power_kw / 90'000 + 1.5 * noise(key, t);
    });
    b.around(numbered("wall panel", panel) + " water flow", "MQH", kTenths, 24, 1.5);
  }
  for (int panel = 1; panel <= 12; ++panel) {
    b.around(numbered("roof panel", panel) + " temperature", "CEL", kTenths, 41, 5);
    b.around(numbered("roof panel", panel) + " water flow", "MQH", kTenths, 38, 2);
  }
  for (const char* gas : {"CO", "CO2", "O2", "H2"}) {
    b.around("off-gas " + std::string(gas), "P1", kTenths, 14, 3);
  }
  b.around("off-gas temperature", "CEL", kFloat, 620, 90);
  add_drives(b, "hydraulic pump", 3, 1480, 90);
  b.bit("power on", [=](Timestamp t) { return state(t).power_kw > 0 ? 1 : 0; });
  // Open while a basket is charged; the slag door while the bath is refined; tilted to tap.
  b.bit("roof closed", [=](Timestamp t) { return state(t).phase != HeatPhase::kCharging ? 1 : 0; });
  b.bit("slag door open",
        [=](Timestamp t) { return state(t).phase == HeatPhase::kRefining ? 1 : 0; });
  b.bit("tilted", [=](Timestamp t) { return state(t).phase == HeatPhase::kTapping ? 1 : 0; });
}

void build_ladle_furnace(Builder& b, const std::shared_ptr<Furnace>& furnace, const Load& load) {
  const auto state = [furnace](Timestamp t) { return furnace->at(t); };
  // The same course as a heat, by the words of this furnace.
  b.state("phase", names_of({"waiting", "alloying", "heating", "stirring", "lifting out"}),
          [=](Timestamp t) { return static_cast<double>(state(t).phase); })
      .key = true;
  b.text("heat number", 12, [=](Timestamp t) { return heat_number("L", state(t).number); });
  const std::uint64_t key = b.next_key();
  b.add("steel temperature", "CEL", kFloat, 0, 1800, [=](Timestamp t) {
     return 1560 + 40 * std::min(1.0, state(t).energy_kwh / 4000) + 3 * noise(key, t);
   }).key = true;
  add_meter(b, load, 20'000);
  for (int e = 1; e <= 3; ++e) {
    const std::string name = "electrode " + std::to_string(e);
    b.add(name + " current", "B22", kFloat, 0, 60,
          [=](Timestamp t) { return state(t).power_kw / 420; });
    b.around(name + " position", "MMT", kWhole, 1500, 120);
    b.around(name + " hydraulic pressure", "BAR", kTenths, 96, 2);
  }
  for (int plug = 1; plug <= 2; ++plug) {
    b.around(numbered("argon plug", plug) + " flow", "L2", kTenths, 280, 40);
    b.around(numbered("argon plug", plug) + " pressure", "BAR", kHundredths, 6.2, 0.4);
  }
  for (int bunker = 1; bunker <= 16; ++bunker) {
    b.around(numbered("alloy bunker", bunker) + " level", "P1", kTenths, 55, 12);
    b.setpoint(numbered("alloy bunker", bunker) + " set weight", "KGM", kTenths, 120, 10);
  }
  for (int i = 1; i <= 12; ++i) {
    b.around(numbered("roof panel", i) + " temperature", "CEL", kTenths, 38, 4);
  }
  add_drives(b, "water pump", 2, 1470, 55);
}

void build_caster(Builder& b, const Load& load) {
  add_meter(b, load, 3000);
  b.around("tundish weight", "TNE", kTenths, 32, 1.5).key = true;
  b.around("tundish temperature", "CEL", kFloat, 1535, 6).key = true;
  for (int strand = 1; strand <= kStrands; ++strand) {
    const std::string name = "strand " + std::to_string(strand);
    b.around(name + " casting speed", "2X", kHundredths, kCastingMetresPerMinute, 0.12).key =
        strand <= 2;
    b.setpoint(name + " casting speed set point", "2X", kHundredths, kCastingMetresPerMinute, 0.05);
    b.around(name + " mould level", "P1", kTenths, 78, 1.2).key = strand <= 2;
    b.around(name + " mould water flow", "L2", kTenths, 1800, 25);
    b.around(name + " mould water heat-up", "KEL", kTenths, 7.2, 0.5);
    b.around(name + " oscillation frequency", "HTZ", kHundredths, 3.1, 0.1);
    b.around(name + " stopper position", "MMT", kTenths, 42, 3);
    b.around(name + " surface temperature", "CEL", kFloat, 980, 15);
    for (int zone = 1; zone <= 6; ++zone) {
      b.around(name + " zone " + std::to_string(zone) + " water flow", "L2", kTenths,
               260 - 25 * zone, 8);
      b.around(name + " zone " + std::to_string(zone) + " water pressure", "BAR", kHundredths, 5,
               0.3);
      b.setpoint(name + " zone " + std::to_string(zone) + " water flow set point", "L2", kTenths,
                 260 - 25 * zone, 4);
    }
    b.add(name + " length cast", "MTR", kTenthCounter, 0, 4e8, [](Timestamp t) {
      return kCastingMetresPerMinute / 60 * std::max(0.0, plant_seconds(t));
    });
    b.bit(name + " casting", [](Timestamp) { return 1; });
    b.bit(name + " breakout alarm", [](Timestamp) { return 0; });
    b.around(name + " withdrawal torque", "P1", kTenths, 48, 5);
  }
  add_drives(b, "withdrawal unit", 5, 620, 30);
}

void build_mill(Builder& b, const Load& load) {
  add_meter(b, load, 12'000);
  for (int stand = 1; stand <= 18; ++stand) {
    const std::string name = numbered("stand", stand);
    b.around(name + " speed", "MTS", kHundredths, 0.4 + 0.9 * stand, 0.05).key = stand % 6 == 0;
    b.setpoint(name + " speed set point", "MTS", kHundredths, 0.4 + 0.9 * stand, 0.02);
    b.around(name + " rolling force", "B47", kTenths, 1900 - 55 * stand, 40);
    b.around(name + " roll gap", "MMT", kHundredths, 95 - 4.6 * stand, 0.4);
    b.around(name + " motor current", "AMP", kFloat, 820, 60);
    b.around(name + " motor torque", "P1", kTenths, 62, 7);
    b.around(name + " bearing temperature", "CEL", kTenths, 58, 3);
    b.around(name + " gearbox vibration", "C16", kHundredths, 2.8, 0.5);
    b.around(name + " motor winding temperature", "CEL", kTenths, 81, 4);
    b.around(name + " roll cooling water flow", "MQH", kTenths, 46, 3);
    b.around(name + " roll cooling water pressure", "BAR", kHundredths, 5.4, 0.2);
    b.around(name + " lubrication oil temperature", "CEL", kTenths, 44, 2);
    b.setpoint(name + " roll gap set point", "MMT", kHundredths, 95 - 4.6 * stand, 0.2);
    b.bit(name + " running", [](Timestamp) { return 1; });
    b.bit(name + " cobble detected", [](Timestamp) { return 0; });
  }
  for (int i = 1; i <= 6; ++i) {
    b.around(numbered("pyrometer", i) + " temperature", "CEL", kFloat, 1080 - 22 * i, 9);
  }
  b.add("product length", "MTR", kCounter, 0, 4e9, [=](Timestamp t) {
     return std::floor(kBarMetresPerSecond * std::max(0.0, plant_seconds(t)));
   }).key = true;
}

void build_reheating(Builder& b, const Load& load) {
  add_meter(b, load, 900);
  for (int zone = 1; zone <= 8; ++zone) {
    const std::string name = numbered("zone", zone);
    b.around(name + " temperature", "CEL", kFloat, 850 + 45 * zone, 6).key = zone % 4 == 0;
    b.setpoint(name + " temperature set point", "CEL", kTenths, 850 + 45 * zone, 5);
    b.around(name + " gas flow", "MQH", kTenths, 420, 25);
    b.around(name + " air flow", "MQH", kTenths, 2050, 90);
    b.around(name + " burner output", "P1", kTenths, 63, 6);
    b.around(name + " thermocouple B", "CEL", kFloat, 848 + 45 * zone, 7);
  }
  b.around("furnace pressure", "PAL", kTenths, 12, 2);
  b.around("flue gas oxygen", "P1", kHundredths, 2.1, 0.3);
  b.around("recuperator air temperature", "CEL", kTenths, 412, 8);
  for (int i = 1; i <= 24; ++i) {
    b.around(numbered("billet", i) + " calculated temperature", "CEL", kTenths, 500 + 28 * i, 4);
  }
}

void build_compressor(Builder& b, const CyclingLoad& cycle, const Load& load) {
  add_meter(b, load, 600);
  b.around("discharge pressure", "BAR", kHundredths, 7.2, 0.15).key = true;
  b.around("discharge temperature", "CEL", kTenths, 82, 3);
  b.around("oil pressure", "BAR", kHundredths, 2.9, 0.1);
  b.around("oil temperature", "CEL", kTenths, 56, 2);
  const std::uint64_t flow = b.next_key();
  b.add("volume flow", "MQH", kFloat, 0, 3600,
        [=](Timestamp t) { return cycle.loaded(t) ? 2900 * (1 + 0.04 * noise(flow, t)) : 0; });
  b.around("dew point", "CEL", kTenths, -38, 2);
  b.add("running hours", "HUR", kTenthCounter, 0, 4e8,
        [](Timestamp t) { return 0.92 * std::max(0.0, plant_seconds(t)) / 3600; });
  for (int stage = 1; stage <= 3; ++stage) {
    b.around(numbered("stage", stage) + " temperature", "CEL", kTenths, 96 + 12 * stage, 4);
    b.around(numbered("stage", stage) + " vibration", "C16", kHundredths, 3, 0.4);
  }
  b.state("state", names_of({"stopped", "idle", "loaded"}),
          [=](Timestamp t) { return cycle.loaded(t) ? 2 : 1; });
  add_drives(b, "main motor", 1, 2980, 400);
}

void build_water(Builder& b, const Load& load) {
  add_meter(b, load, 1500);
  for (int circuit = 1; circuit <= 6; ++circuit) {
    const std::string name = "circuit " + std::to_string(circuit);
    b.around(name + " supply temperature", "CEL", kTenths, 27, 1.2).key = circuit == 1;
    b.around(name + " return temperature", "CEL", kTenths, 36, 1.8);
    b.around(name + " flow", "MQH", kFloat, 850, 20);
    b.around(name + " pressure", "BAR", kHundredths, 4.6, 0.1);
    b.around(name + " conductivity", "H61", kHundredths, 1.4, 0.1);
    b.around(name + " pH", "Q30", kHundredths, 7.8, 0.1);
  }
  for (int tower = 1; tower <= 4; ++tower) {
    b.around(numbered("cooling tower", tower) + " basin level", "P1", kTenths, 72, 3);
    b.around(numbered("cooling tower", tower) + " fan speed", "P1", kTenths, 64, 8);
  }
  add_drives(b, "pump", 8, 1480, 110);
}

void build_fume(Builder& b, const Load& load) {
  add_meter(b, load, 4000);
  for (int chamber = 1; chamber <= 16; ++chamber) {
    b.around(numbered("filter chamber", chamber) + " pressure difference", "PAL", kTenths, 1450,
             90);
  }
  b.around("dust in clean gas", "GP", kHundredths, 2.4, 0.5).key = true;
  b.around("gas flow", "MQH", kFloat, 940'000, 18'000);
  b.around("gas temperature", "CEL", kTenths, 92, 6);
  add_drives(b, "fan", 4, 990, 800);
}

void build_utility(Builder& b, const Load& load, const std::string& what, int points) {
  add_meter(b, load, 2500);
  for (int i = 1; i <= points; ++i) {
    b.around(numbered(what, i) + " pressure", "BAR", kHundredths, 12, 0.5);
    b.around(numbered(what, i) + " temperature", "CEL", kTenths, 34, 3);
    b.around(numbered(what, i) + " level", "P1", kTenths, 61, 7);
  }
  add_drives(b, "drive", 2, 1480, 75);
}

// The meter of the whole works: what all loads draw, and what is lost on the way.
void build_substation(Builder& b, const std::vector<Load>& loads) {
  const Number power = [loads](Timestamp t) {
    double sum = 0;
    for (const Load& load : loads) sum += load.power_kw(t);
    return sum / (1 - kMeterLosses);
  };
  const Number energy = [loads](Timestamp t) {
    double sum = 0;
    for (const Load& load : loads) sum += load.energy_kwh(t);
    return sum / (1 - kMeterLosses);
  };
  add_meter(b, {"main", power, energy}, 300'000);
  for (const Load& load : loads) {
    b.add("feeder " + load.name + " power", "KWT", kFloat, 0, 200'000, load.power_kw);
    b.add("feeder " + load.name + " energy", "KWH", kCounter, 0, 4e9, load.energy_kwh);
  }
  b.around("grid frequency", "HTZ", {DataType::kInt16, 0.001, 50}, 50, 0.02).key = true;
  b.around("transformer oil temperature", "CEL", kTenths, 61, 4);
  for (int harmonic = 3; harmonic <= 13; harmonic += 2) {
    b.around("voltage harmonic " + std::to_string(harmonic), "P1", kHundredths, 1.1, 0.2);
  }
}

}  // namespace lineshaft::plant

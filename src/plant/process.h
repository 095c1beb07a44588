// plant/process.h: what happens in the melt shop: heats, power, energy, mass. Physics and
// bookkeeping, no registers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace lineshaft::plant {

// Numbers without memory: the same for the same question.
std::uint64_t mix(std::uint64_t a, std::uint64_t b);
double uniform(std::uint64_t key, std::uint64_t index);  // [0, 1)
// Noise that changes each second, -1..1, smooth between seconds.
double noise(std::uint64_t key, Timestamp time);

// Seconds since 2020-01-01, when every counter stood at zero.
double plant_seconds(Timestamp time);

enum class HeatPhase : std::uint8_t { kTurnaround, kCharging, kMelting, kRefining, kTapping };
inline constexpr const char* kHeatPhaseNames[] = {"turnaround", "charging", "melting", "refining",
                                                  "tapping"};

// Where a furnace is in its work.
struct HeatState {
  std::uint64_t number = 0;  // of the heat since 2020
  HeatPhase phase = HeatPhase::kTurnaround;
  double into_phase = 0;  // 0..1
  double power_kw = 0;    // electrical
  double energy_kwh = 0;  // of this heat so far
  double steel_t = 0;     // in the furnace
  double bath_celsius = 0;
};

// A furnace that makes one heat an hour: 40 to 56 minutes from charge to tap, then turnaround. The
// energy of a heat is its steel times its specific energy, and power is shaped so that its integral
// over the heat is exactly that.
class Furnace {
 public:
  struct Design {
    double heat_t = 120;              // steel per heat
    double specific_kwh_per_t = 395;  // electrical, mean
    double offset_s = 0;              // against the full hour
    double end_celsius = 1640;
  };
  Furnace(std::uint64_t seed, Design design) : seed_(seed), design_(design) {}

  HeatState at(Timestamp time) const;
  // Never run back. Steel counts when it is tapped.
  double energy_counter_kwh(Timestamp time) const;
  double steel_counter_t(Timestamp time) const;
  double heat_energy_kwh(std::uint64_t heat) const;
  double heat_steel_t(std::uint64_t heat) const;
  double heat_minutes(std::uint64_t heat) const;

 private:
  struct Place {
    std::uint64_t heat;
    double seconds;  // since its start
  };
  Place place(Timestamp time) const;
  // Sums over all heats before `heat`; grows as it is asked for.
  double sum_before(std::uint64_t heat, std::vector<double>& sums,
                    double (Furnace::*of)(std::uint64_t) const) const;

  std::uint64_t seed_;
  Design design_;
  mutable std::vector<double> energy_sums_;
  mutable std::vector<double> steel_sums_;
};

// A load that runs all the time and swings with the day: power and its exact integral.
struct SteadyLoad {
  double mean_kw = 100;
  double swing = 0.1;  // of the mean, over a day
  double phase = 0;    // of the swing, 0..1
  double power_kw(Timestamp time) const;
  double energy_kwh(Timestamp time) const;
};

// A machine that works and idles in turn, as a compressor does on a full receiver: once in every
// slot it is loaded for a fixed share of it, at a place drawn by lot. So its energy has a closed
// form: power is exactly its rate.
struct CyclingLoad {
  std::uint64_t seed = 1;
  double loaded_kw = 400;
  double idle_kw = 110;
  double slot_s = 600;
  double loaded_share = 0.7;
  bool loaded(Timestamp time) const;
  double power_kw(Timestamp time) const;
  double energy_kwh(Timestamp time) const;

 private:
  // Seconds of the slot under way that it was loaded for, and whether it is now.
  struct Place {
    double slot;
    double into_s;
    double loaded_s;
    bool loaded;
  };
  Place place(Timestamp time) const;
};

}  // namespace lineshaft::plant

#include "plant/process.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/assert.h"

namespace lineshaft::plant {
namespace {

constexpr double kHour = 3600;
constexpr double kDay = 86'400;
constexpr std::int64_t kOriginNs = 1'577'836'800'000'000'000;  // 2020-01-01T00:00:00Z

// Phases of a heat as shares of its length, and how hard they draw (mean of the heat = 1).
struct PhaseShape {
  HeatPhase phase;
  double begin;
  double end;
  double draw;
};
constexpr std::array<PhaseShape, 5> kShapes{{{HeatPhase::kCharging, 0.00, 0.08, 0.0},
                                             {HeatPhase::kMelting, 0.08, 0.42, 1.50},
                                             {HeatPhase::kCharging, 0.42, 0.47, 0.0},
                                             {HeatPhase::kMelting, 0.47, 0.75, 1.40},
                                             {HeatPhase::kRefining, 0.75, 0.92, 0.0}}};
// Refining takes what is left so that the draws average to one over the heat; tapping draws
// nothing.
constexpr double kRefiningDraw =
    (1.0 - (0.42 - 0.08) * 1.50 - (0.75 - 0.47) * 1.40) / (0.92 - 0.75);
static_assert(kRefiningDraw > 0.3 && kRefiningDraw < 0.8);

double draw_of(const PhaseShape& shape) {
  return shape.phase == HeatPhase::kRefining ? kRefiningDraw : shape.draw;
}

// An arc is never steady: waves upon the draw, each a whole number of times in a phase, so that
// they add nothing to its energy.
struct Wave {
  double times;
  double depth;  // of the draw; together below 1, so that power never turns negative
};
constexpr std::array<Wave, 3> kWaves{{{7, 0.06}, {31, 0.05}, {173, 0.04}}};
constexpr double kTwoPi = 2 * std::numbers::pi;

// What the waves make of a draw of 1 at the share `u` of a phase, and its integral from 0 to u.
double wavering(double u) {
  double draw = 1;
  for (const Wave& wave : kWaves) draw += wave.depth * std::sin(kTwoPi * wave.times * u);
  return draw;
}
double wavered_until(double u) {
  double sum = u;
  for (const Wave& wave : kWaves) {
    sum += wave.depth * (1 - std::cos(kTwoPi * wave.times * u)) / (kTwoPi * wave.times);
  }
  return sum;
}

// Integral of the draws from 0 to x; 1 at x = 1.
double drawn_until(double x) {
  double sum = 0;
  for (const PhaseShape& shape : kShapes) {
    const double length = shape.end - shape.begin;
    const double into = std::clamp((x - shape.begin) / length, 0.0, 1.0);
    sum += length * wavered_until(into) * draw_of(shape);
  }
  return sum;
}

}  // namespace

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  // SplitMix64's finaliser over both words (Steele, Lea, Flood 2014).
  std::uint64_t z = a + 0x9e3779b97f4a7c15 * (b + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double uniform(std::uint64_t key, std::uint64_t index) {
  return static_cast<double>(mix(key, index) >> 11) * 0x1.0p-53;
}

double noise(std::uint64_t key, Timestamp time) {
  const double seconds = plant_seconds(time);
  const double whole = std::floor(seconds);
  const auto index = static_cast<std::uint64_t>(static_cast<std::int64_t>(whole) + (1LL << 40));
  const double here = uniform(key, index);
  const double next = uniform(key, index + 1);
  return 2 * (here + (next - here) * (seconds - whole)) - 1;
}

double plant_seconds(Timestamp time) { return static_cast<double>(time.ns - kOriginNs) * 1e-9; }

Furnace::Place Furnace::place(Timestamp time) const {
  const double seconds = std::max(0.0, plant_seconds(time) - design_.offset_s);
  const double slot = std::floor(seconds / kHour);
  return {static_cast<std::uint64_t>(slot), seconds - slot * kHour};
}

double Furnace::heat_minutes(std::uint64_t heat) const {
  return 40 + 16 * uniform(mix(seed_, 1), heat);
}
double Furnace::heat_steel_t(std::uint64_t heat) const {
  return design_.heat_t * (0.97 + 0.06 * uniform(mix(seed_, 2), heat));
}
double Furnace::heat_energy_kwh(std::uint64_t heat) const {
  const double specific = design_.specific_kwh_per_t * (0.94 + 0.12 * uniform(mix(seed_, 3), heat));
  return heat_steel_t(heat) * specific;
}

HeatState Furnace::at(Timestamp time) const {
  const Place now = place(time);
  HeatState state;
  state.number = now.heat;
  const double length_s = heat_minutes(now.heat) * 60;
  const double x = now.seconds / length_s;
  const double steel = heat_steel_t(now.heat);
  const double energy = heat_energy_kwh(now.heat);
  if (x >= 1) {
    state.into_phase = (now.seconds - length_s) / (kHour - length_s);
    state.bath_celsius = design_.end_celsius - 700 * std::min(1.0, state.into_phase);
    state.energy_kwh = energy;
    return state;
  }
  state.phase = HeatPhase::kTapping;
  state.into_phase = (x - 0.92) / 0.08;
  for (const PhaseShape& shape : kShapes) {
    if (x < shape.begin || x >= shape.end) continue;
    state.phase = shape.phase;
    state.into_phase = (x - shape.begin) / (shape.end - shape.begin);
    state.power_kw = energy / (length_s / kHour) * draw_of(shape) * wavering(state.into_phase);
  }
  const double done = drawn_until(x);
  state.energy_kwh = energy * done;
  const bool second_basket = x >= 0.42;
  const double charged = second_basket ? 1.0 : 0.55;
  state.steel_t = steel * charged;
  if (state.phase == HeatPhase::kTapping) state.steel_t = steel * (1 - 0.97 * state.into_phase);
  state.bath_celsius = 900 + (design_.end_celsius - 900) * std::min(1.0, done);
  return state;
}

double Furnace::sum_before(std::uint64_t heat, std::vector<double>& sums,
                           double (Furnace::*of)(std::uint64_t) const) const {
  if (sums.empty()) sums.push_back(0);
  while (sums.size() <= heat) sums.push_back(sums.back() + (this->*of)(sums.size() - 1));
  return sums[heat];
}

double Furnace::energy_counter_kwh(Timestamp time) const {
  return sum_before(place(time).heat, energy_sums_, &Furnace::heat_energy_kwh) +
         at(time).energy_kwh;
}

double Furnace::steel_counter_t(Timestamp time) const {
  const Place now = place(time);
  const double before = sum_before(now.heat, steel_sums_, &Furnace::heat_steel_t);
  const bool tapped = now.seconds >= heat_minutes(now.heat) * 60;
  return before + (tapped ? heat_steel_t(now.heat) : 0);
}

double SteadyLoad::power_kw(Timestamp time) const {
  const double angle = 2 * std::numbers::pi * (plant_seconds(time) / kDay + phase);
  return mean_kw * (1 + swing * std::sin(angle));
}

double SteadyLoad::energy_kwh(Timestamp time) const {
  // The integral of power_kw from the origin, in hours.
  const double turns = plant_seconds(time) / kDay;
  const double two_pi = 2 * std::numbers::pi;
  const double swung = (std::cos(two_pi * phase) - std::cos(two_pi * (turns + phase))) / two_pi;
  return mean_kw * 24 * (turns + swing * swung);
}

CyclingLoad::Place CyclingLoad::place(Timestamp time) const {
  const double seconds = std::max(0.0, plant_seconds(time));
  const double slot = std::floor(seconds / slot_s);
  const double into = seconds - slot * slot_s;
  const double length = loaded_share * slot_s;
  // Not at the very beginning or end: two loaded stretches never touch.
  const double free = slot_s - length;
  const double begin = free * (0.1 + 0.8 * uniform(seed, static_cast<std::uint64_t>(slot)));
  const bool loaded = into >= begin && into < begin + length;
  return {slot, into, std::clamp(into - begin, 0.0, length), loaded};
}

bool CyclingLoad::loaded(Timestamp time) const { return place(time).loaded; }

double CyclingLoad::power_kw(Timestamp time) const { return loaded(time) ? loaded_kw : idle_kw; }

double CyclingLoad::energy_kwh(Timestamp time) const {
  const Place now = place(time);
  const double loaded_s = now.slot * loaded_share * slot_s + now.loaded_s;
  const double all_s = now.slot * slot_s + now.into_s;
  return (all_s * idle_kw + loaded_s * (loaded_kw - idle_kw)) / kHour;
}

}  // namespace lineshaft::plant

// plant/machines.h: what each kind of machine measures.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plant/builder.h"
#include "plant/process.h"

namespace lineshaft::plant {

// Power and energy of a machine, for the machine itself and for the meters above it.
struct Load {
  std::string name;
  Number power_kw;
  Number energy_kwh;
};

void build_arc_furnace(Builder& b, const std::shared_ptr<Furnace>& furnace, const Load& load,
                       const std::string& prefix);
void build_ladle_furnace(Builder& b, const std::shared_ptr<Furnace>& furnace, const Load& load);
void build_caster(Builder& b, const Load& load);
void build_mill(Builder& b, const Load& load);
void build_reheating(Builder& b, const Load& load);
void build_compressor(Builder& b, const CyclingLoad& cycle, const Load& load);
void build_water(Builder& b, const Load& load);
void build_fume(Builder& b, const Load& load);
void build_utility(Builder& b, const Load& load, const std::string& what, int points);
void build_substation(Builder& b, const std::vector<Load>& loads);

}  // namespace lineshaft::plant

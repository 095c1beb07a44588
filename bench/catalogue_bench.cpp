// bench/catalogue_bench.cpp: what a million tags cost: making them, memory, opening, finding them
// by id, by path and by what a person types.
//
//   catalogue_bench make DIRECTORY [--tags 1000000] [--numbered]   makes them in a new historian
//   catalogue_bench ask DIRECTORY                                  opens it and asks
//
// --numbered gives every signal a name that no other has, as plants with tag numbers do.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include "historian/catalogue.h"
#include "historian/historian.h"

using namespace lineshaft;

namespace {

constexpr TenantId kTenant{1};
constexpr std::size_t kMachineSignals = 1000;

template <typename Work>
double seconds_of(const Work& work) {
  const Nanoseconds began = sys::real_clock().monotonic();
  work();
  return static_cast<double>((sys::real_clock().monotonic() - began).count()) / 1e9;
}

// "VmRSS" or "VmHWM" of this process.
double resident_mb(const std::string& what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(what)) return std::atof(line.c_str() + what.size() + 1) / 1024;
  }
  return 0;
}

void print(const char* what, double figure, const char* unit) {
  std::printf("%-58s %10.3f %s\n", what, figure, unit);
  std::fflush(stdout);
}

std::unique_ptr<historian::Historian> open(const std::string& directory) {
  historian::HistorianOptions options;
  options.directory = directory;
  auto opened = historian::Historian::open(sys::real_file_system(), sys::real_clock(),
                                           sys::real_random(), options);
  if (!opened) {
    std::cerr << opened.error().text() << "\n";
    std::exit(1);
  }
  return *std::move(opened);
}

// --- a plant ---

constexpr const char* kAreas[] = {"meltshop", "caster", "hot mill", "cold mill", "pickling",
                                  "coating",  "power",  "water",    "air",       "yard"};
constexpr const char* kMachines[] = {"eaf", "ladle_furnace", "stand", "pump_house", "crane"};
constexpr const char* kSystems[] = {"cooling", "hydraulics", "drive", "lubrication", "electrode"};
constexpr const char* kParts[] = {"panel", "pump", "valve", "bearing", "cylinder"};
constexpr const char* kPlaces[] = {"inlet", "outlet"};
struct Quantity {
  const char* name;
  const char* unit;
};
constexpr Quantity kQuantities[] = {
    {"temperature", "CEL"}, {"pressure", "BAR"}, {"flow", "MQH"}, {"current", "AMP"}};

// Machine number `machine`, signal number `i` of its thousand.
TagSpec signal(std::size_t machine, std::size_t i, bool is_numbered) {
  const std::string area = kAreas[machine % std::size(kAreas)];
  const std::string unit = std::string(kMachines[machine / 10 % std::size(kMachines)]) +
                           std::to_string(machine / 10 + 1);
  const std::string system = kSystems[i % 5];
  const std::string part = std::string(kParts[i / 5 % 5]);
  const std::string number = std::to_string(i / 25 / 8 + machine % 3 * 5 + 1);
  const std::string place = kPlaces[i / 25 % 2];
  const Quantity quantity = kQuantities[i / 50 % 4];
  const std::string serial = std::to_string(1'000'000 + machine * kMachineSignals + i);
  TagSpec spec;
  spec.path = "Northfield Steel/" + area + "/" + unit + "/" + system + "/" + part + "_" + number +
              "_" + place + "_" + quantity.name;
  if (is_numbered) spec.path += "_" + serial;
  spec.unit = quantity.unit;
  if (i % 2 == 0) {
    spec.description = place + " " + quantity.name + " of " + system + " " + part + " " + number +
                       " of " + unit + ", " + area;
  }
  spec.source = "modbus:" + area + " " + unit + "/1/holding/" + std::to_string(40'001 + 2 * i);
  if (i % 4 == 0) spec.range_low = 0;
  if (i % 4 == 0) spec.range_high = 100 * static_cast<double>(1 + i % 16);
  return spec;
}

void make(const std::string& directory, std::size_t tags, bool is_numbered) {
  const auto historian = open(directory);
  print("resident before", resident_mb("VmRSS"), "MB");
  std::vector<std::size_t> machines(tags / kMachineSignals);
  for (std::size_t i = 0; i < machines.size(); ++i) machines[i] = i;
  std::shuffle(machines.begin(), machines.end(), std::mt19937(1));
  print("made, a machine of 1,000 a call", seconds_of([&] {
          for (std::size_t machine : machines) {
            std::vector<TagSpec> specs;
            for (std::size_t i = 0; i < kMachineSignals; ++i) {
              specs.push_back(signal(machine, i, is_numbered));
            }
            if (!historian->ensure_tags(kTenant, std::move(specs))) std::abort();
          }
        }),
        "s");
  print("resident with all of them", resident_mb("VmRSS"), "MB");
  print("flush: the catalogue is written", seconds_of([&] {
          if (!historian->flush()) std::abort();
        }),
        "s");
  TagSpec spec = historian->find_tag(kTenant, TagId{1})->spec;
  spec.description = "changed";
  if (!historian->update_tag(kTenant, TagId{1}, spec)) std::abort();
  print("flush after the change of one tag", seconds_of([&] {
          if (!historian->flush()) std::abort();
        }),
        "s");
  print("resident, greatest", resident_mb("VmHWM"), "MB");
}

// --- questions ---

void ask(const char* what, const historian::Historian& historian,
         const historian::TagFilter& filter, std::uint64_t offset = 0) {
  std::vector<double> took;
  std::uint64_t total = 0;
  for (int i = 0; i < 11; ++i) {
    took.push_back(1000 * seconds_of([&] {
                     total = historian.list_tags(kTenant, filter, offset, 100).total;
                   }));
  }
  std::sort(took.begin(), took.end());
  std::printf("%-58s %10.3f ms, greatest %.3f ms; %llu match\n", what, took[took.size() / 2],
              took.back(), static_cast<unsigned long long>(total));
  std::fflush(stdout);
}

void ask_pages(const historian::Historian& historian) {
  ask("page: all", historian, {"", ""});
  ask("page: all, from the 500,000th", historian, {"", ""}, 500'000);
  ask("page: prefix of an area", historian, {"", "Northfield Steel/meltshop"}, 50'000);
  ask("page: word 'temperature'", historian, {"temperature", ""});
  ask("page: words 'cooling panel 11'", historian, {"cooling panel 11", ""});
  ask("page: word that is nowhere", historian, {"tundish", ""});
  ask("page: word 'eaf1/cooling/panel'", historian, {"eaf1/cooling/panel", ""});
  ask("page: */meltshop/**/panel*temperature*", historian,
      {"", "", "*/meltshop/**/panel*temperature*"});
  ask("page: **/panel*temperature*", historian, {"", "", "**/panel*temperature*"});
  ask("page: **/*_outlet_*, word 'cooling', prefix", historian,
      {"cooling", "Northfield Steel/caster", "**/*_outlet_*"});
}

// Each id and path once, in random order.
void ask_one_by_one(const historian::Historian& historian) {
  std::vector<Tag> tags = historian.list_tags(kTenant, {}, 0, historian.counters().tags).tags;
  historian::Catalogue catalogue;
  for (std::size_t i = 0; i < tags.size(); i += 4096) {
    std::vector<historian::TagEntry> entries;
    for (std::size_t k = i; k < std::min(tags.size(), i + 4096); ++k) {
      entries.push_back({kTenant, tags[k]});
    }
    catalogue.put(entries);
  }
  std::shuffle(tags.begin(), tags.end(), std::mt19937(2));
  const double each = 1e9 / static_cast<double>(tags.size());
  std::uint64_t seen = 0;
  print("type by id", each * seconds_of([&] {
                        for (const Tag& tag : tags)
                          seen += catalogue.type_of(kTenant, tag.id) ? 1U : 0U;
                      }),
        "ns");
  print("id by path", each * seconds_of([&] {
                        for (const Tag& tag : tags)
                          seen += catalogue.id_of(kTenant, tag.spec.path).value;
                      }),
        "ns");
  print("whole tag by id", each * seconds_of([&] {
                             for (const Tag& tag : tags)
                               seen += historian.find_tag(kTenant, tag.id)->id.value;
                           }),
        "ns");
  print("whole tag by path", each * seconds_of([&] {
                               for (const Tag& tag : tags)
                                 seen += historian.find_tag(kTenant, tag.spec.path)->id.value;
                             }),
        "ns");
  if (seen == 0) std::abort();
}

void ask(const std::string& directory) {
  print("resident before", resident_mb("VmRSS"), "MB");
  std::unique_ptr<historian::Historian> historian;
  print("open", seconds_of([&] { historian = open(directory); }), "s");
  print("resident", resident_mb("VmRSS"), "MB");
  print("resident, greatest", resident_mb("VmHWM"), "MB");
  ask_pages(*historian);
  print("resident", resident_mb("VmRSS"), "MB");
  ask_one_by_one(*historian);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "ask") {
    ask(words[1]);
    return 0;
  }
  if (words.size() < 2 || words[0] != "make") {
    std::cerr << "catalogue_bench make DIRECTORY [--tags N] [--numbered]\n"
                 "catalogue_bench ask DIRECTORY\n";
    return 2;
  }
  const auto tags = std::find(words.begin(), words.end(), "--tags");
  make(words[1], tags == words.end() ? 1'000'000 : std::stoul(*std::next(tags)),
       std::find(words.begin(), words.end(), "--numbered") != words.end());
  return 0;
}

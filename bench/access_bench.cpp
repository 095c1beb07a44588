// bench/access_bench.cpp: what a decision about a right costs, with one grant and with ten
// thousand.
//
// Half of the paths lie at one of the places and half do not; all have six levels. The hit and the
// miss are timed apart, since a miss looks at every level.
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "identity/access.h"
#include "sys/clock.h"

using namespace lineshaft;

namespace {

constexpr std::size_t kPaths = 10'000;
constexpr int kRounds = 50;

std::string place(std::size_t number) {
  return "Northfield/site" + std::to_string(number % 20) + "/area" +
         std::to_string(number / 20 % 25) + "/line" + std::to_string(number / 500);
}

double nanoseconds_each(const identity::Principal& who, const std::vector<std::string>& paths,
                        std::size_t expected) {
  std::size_t allowed = 0;
  const Nanoseconds began = sys::real_clock().monotonic();
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& path : paths) {
      allowed += identity::authorise(who, identity::Permission::kTagRead, {who.tenant, path}).ok();
    }
  }
  const Nanoseconds took = sys::real_clock().monotonic() - began;
  if (allowed != expected * kRounds) std::printf("WRONG: %zu allowed\n", allowed);
  return static_cast<double>(took.count()) / (kRounds * static_cast<double>(paths.size()));
}

void measure(std::size_t grants) {
  std::vector<identity::Grant> list;
  for (std::size_t i = 0; i < grants; ++i) list.push_back({identity::Role::kViewer, place(i)});
  const identity::Principal who{.kind = identity::PrincipalKind::kUser,
                                .tenant = TenantId{1},
                                .id = 1,
                                .access = identity::Access(std::move(list)),
                                .name = "ann@example.com"};
  std::mt19937 random(7);
  std::vector<std::string> inside, outside;
  for (std::size_t i = 0; i < kPaths; ++i) {
    inside.push_back(place(random() % grants) + "/machine7/temperature");
    outside.push_back("Northfield/elsewhere" + std::to_string(random() % 500) +
                      "/area3/line9/machine7/temperature");
  }
  std::printf("%6zu grants: yes %7.0f ns, no %7.0f ns a decision\n", grants,
              nanoseconds_each(who, inside, kPaths), nanoseconds_each(who, outside, 0));
}

}  // namespace

int main() {
  for (std::size_t grants : {std::size_t{1}, std::size_t{100}, std::size_t{10'000}})
    measure(grants);
}

// bench/settlement_bench.cpp: what a settlement costs, and Shapley's value, on one core.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "settlement/division.h"
#include "settlement/statement.h"

using namespace lineshaft;
using namespace lineshaft::settlement;

namespace {

constexpr std::size_t kLines = 1'000'000;
constexpr std::size_t kAssets = 1'000;
constexpr std::size_t kLayers = 10;
constexpr std::size_t kLicences = 500;
constexpr std::size_t kPayees = 200;
constexpr std::int64_t kDay = 86'400'000'000'000;

template <typename Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void print(const char* what, double figure, const char* unit) {
  std::printf("%-58s %12.3f %s\n", what, figure, unit);
  std::fflush(stdout);
}

double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

template <typename T>
T value_or_exit(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::exit(1);
}

std::string name(const char* kind, std::size_t number) {
  return kind + std::to_string(1'000'000 + number);
}

class Consortium {
 public:
  Run make() {
    Run run;
    run.period = {{0}, {31 * kDay}};
    for (std::size_t i = 0; i < kAssets; ++i) add_asset(run, i);
    for (std::size_t i = 0; i < kLicences; ++i) add_licence(run, i);
    for (std::size_t i = 0; i < kLines; ++i) add_line(run, i);
    return run;
  }

 private:
  std::int64_t below(std::size_t bound) { return static_cast<std::int64_t>(random_() % bound); }
  std::size_t any(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  std::vector<Share> shares() {
    std::vector<Share> shares;
    const std::size_t first = any(kPayees);
    for (std::size_t i = 0; i < 5; ++i) {
      shares.push_back({name("payee-", (first + i * 7) % kPayees), 1 + below(100)});
    }
    return shares;
  }

  // A tenth of the assets changes owners in the middle. Each layer links to two of the next.
  void add_asset(Run& run, std::size_t i) {
    AssetPlan plan;
    plan.id = name("asset-", i);
    const Timestamp change = i % 10 == 0 ? Timestamp{15 * kDay} : kTimestampMax;
    plan.owners = {{{kTimestampMin, change}, shares()}};
    if (i % 10 == 0) plan.owners.push_back({{change, kTimestampMax}, shares()});
    if (i % 4 == 0) plan.award = Award{Ratio::make(1, 2).value(), shares()};
    run.assets.push_back(plan);
    constexpr std::size_t kLayer = kAssets / kLayers;
    if (i / kLayer + 1 == kLayers) return;
    const std::size_t next = (i / kLayer + 1) * kLayer;
    const std::size_t to = any(kLayer);
    for (std::size_t k = 0; k < 2; ++k) {
      run.graph.links.push_back({plan.id, name("asset-", next + (to + k) % kLayer),
                                 Ratio::make(1 + below(20), 100).value(), LinkBase::kNetOfTax});
    }
  }

  void add_licence(Run& run, std::size_t i) {
    Terms terms;
    terms.licence = name("licence-", i);
    terms.version = "1";
    terms.asset = name("asset-", any(kAssets / 2));
    terms.payer = name("firm-", any(50));
    terms.usage = Usage::kQuantity;
    terms.quantity_digits = 3;
    terms.unit_price = Ratio::make(1'234, 1'000).value();
    terms.tiers = {{0, Ratio::make(7, 100).value()}, {1'000'000, Ratio::make(5, 100).value()}};
    terms.vat = Ratio::make(13, 100).value();
    terms.withholding = Ratio::make(10, 100).value();
    run.terms.push_back(terms);
  }

  void add_line(Run& run, std::size_t i) {
    run.lines.push_back({name("line-", i * 7919 % kLines),
                         name("licence-", any(kLicences)),
                         {below(31) * kDay},
                         below(1'000'000),
                         std::string(64, 'e')});
  }

  std::mt19937_64 random_{2026};
};

void settle_a_month() {
  const Run run = Consortium().make();
  Statement statement;
  print("settlement: 1 M lines, 1,000 assets, depth 10, 200 payees",
        seconds_of([&] { statement = value_or_exit(settle(run)); }), "s");
  std::string text;
  print("its canonical form",
        seconds_of([&] { text = value_or_exit(canonical_statement(run, statement)); }), "s");
  print("bytes of that", static_cast<double>(text.size()) / 1e6, "MB");
  Int128 suspense = 0;
  for (const AssetResult& asset : statement.assets) suspense += asset.suspense;
  print("in suspense", static_cast<double>(suspense), "fen");
  print("payees", static_cast<double>(statement.payouts.size()), "");
  print("greatest memory, the run included", resident_mb(), "MB");
}

void divide(unsigned parties) {
  std::mt19937_64 random(parties);
  std::vector<std::int64_t> worth(std::size_t{1} << parties);
  for (std::size_t s = 1; s < worth.size(); ++s) {
    worth[s] = static_cast<std::int64_t>(random() % 1'000'000'000'000);
  }
  const std::string what = "Shapley, exact, of " + std::to_string(parties) + " parties";
  print(what.c_str(), seconds_of([&] { value_or_exit(shapley(worth)); }), "s");
}

}  // namespace

int main() {
  settle_a_month();
  divide(20);
  divide(24);
}

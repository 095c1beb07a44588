// The docket of a million cases: how fast deadlines are found and fees added up, and how long a
// page of the next deadlines takes, with and without a filter.
//
//   docket_bench [CASES]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "docket/deadline_index.h"
#include "docket/fees.h"

using namespace lineshaft;

namespace {

double seconds_of(const std::function<void()>& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Chinese patents, utility models, designs and marks filed over twenty years; most are granted.
docket::Case make_case(std::mt19937& random, std::uint32_t number) {
  const auto below = [&](unsigned end) { return static_cast<int>(random() % end); };
  static constexpr const char* kKinds[] = {"patent", "patent", "utility_model", "design",
                                           "trade_mark"};
  docket::Case item;
  item.id = "case-" + std::to_string(number);
  item.office = "CN";
  item.kind = kKinds[below(5)];
  const Day filed = Day{std::chrono::year{2006} / 1 / 1} + std::chrono::days(below(20 * 365));
  item.events.push_back({"filed", filed, 0});
  if (below(4) != 0) {
    const Day granted = filed + std::chrono::days(300 + below(900));
    const bool is_mark = item.kind == "trade_mark";
    item.events.push_back({is_mark ? "registered" : "granted", granted, 0});
  }
  item.counts = {{"classes", 1 + below(4)}, {"claims", below(20)}};
  return item;
}

struct Times {
  double median_ms;
  double worst_ms;
};
Times pages(const std::function<void()>& page) {
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) times.push_back(seconds_of(page) * 1e3);
  std::ranges::sort(times);
  return {times[times.size() / 2], times.back()};
}

void report(const char* what, const Times& times) {
  std::printf("%-58s median %8.3f ms   worst of 200 %8.3f ms\n", what, times.median_ms,
              times.worst_ms);
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = static_cast<std::uint32_t>(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
  const docket::RuleBook book = docket::RuleBook::read(docket::shipped_packs()).value();
  const Day until = Day{std::chrono::year{2045} / 1 / 1};
  std::mt19937 random(1);
  docket::DeadlineIndex index;
  using Entry = docket::DeadlineIndex::Entry;
  std::vector<Entry> entries;
  double finding = 0;
  double indexing = 0;
  std::size_t found = 0;
  for (std::uint32_t item = 0; item < count; ++item) {
    const docket::Case made = make_case(random, item);
    std::vector<docket::Deadline> deadlines;
    finding += seconds_of([&] { deadlines = docket::deadlines_of(book, made, until).value(); });
    found += deadlines.size();
    entries.clear();
    for (const docket::Deadline& deadline : deadlines) {
      entries.push_back({deadline.due, item, book.number_of(*deadline.pack, *deadline.rule),
                         static_cast<std::uint16_t>(deadline.number)});
    }
    indexing += seconds_of([&] { index.replace(item, entries); });
  }
  std::printf("%u cases, %zu deadlines\n", count, found);
  std::printf("%-58s %10.0f deadlines/s\n", "deadlines from events and rule packs",
              static_cast<double>(found) / finding);
  std::printf("%-58s %10.0f deadlines/s\n", "put into the index, case by case",
              static_cast<double>(found) / indexing);

  const auto some_day = [&] {
    return Day{std::chrono::year{2020} / 1 / 1} + std::chrono::days(random() % (20 * 365));
  };
  std::size_t sum = 0;
  const auto from = [&](Day day) { return Entry{day, 0, 0, 0}; };
  report("a page of 100 from some day on",
         pages([&] { sum += index.page(from(some_day()), kDayMax, 100).entries.size(); }));
  report("the same, of one case in a thousand", pages([&] {
           const auto keep = [](const Entry& entry) { return entry.item % 1000 == 7; };
           sum += index.page(from(some_day()), kDayMax, 100, keep).entries.size();
         }));
  report("the same, of no case: looks at all of them", pages([&] {
           const auto keep = [](const Entry& entry) { return entry.item == 4'000'000'000U; };
           sum += index.page(from(kDayMin), kDayMax, 100, keep).entries.size();
         }));
  report("how many are due on each day of a year", pages([&] {
           const Day day = some_day();
           sum += index.counts({day, day + std::chrono::days(365)}).size();
         }));
  report("one case changed", pages([&] {
           const auto item = static_cast<std::uint32_t>(random() % count);
           entries.assign(10, {some_day(), item, 0, 0});
           for (std::uint16_t i = 0; i < 10; ++i) entries[i].number = i;
           index.replace(item, entries);
           sum += entries.size();
         }));

  const std::uint32_t priced = std::min<std::uint32_t>(count, 100'000);
  std::mt19937 again(1);
  std::vector<docket::Case> cases;
  for (std::uint32_t item = 0; item < priced; ++item) cases.push_back(make_case(again, item));
  const docket::DayRange year{Day{std::chrono::year{2027} / 1 / 1},
                              Day{std::chrono::year{2028} / 1 / 1}};
  std::string total;
  const double pricing = seconds_of([&] {
    for (const Money& money : docket::portfolio_costs(book, cases, year).value().sums) {
      total += " " + money_text(money);
    }
  });
  std::printf("%-58s %8.3f s:%s\n",
              ("what " + std::to_string(priced) + " cases cost in a year").c_str(), pricing,
              total.c_str());
  return sum == 0 ? 1 : 0;
}

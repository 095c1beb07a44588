// Every disk that a power cut may leave of a historian, also one during the recovery from another:
// it opens without a word of damage, what was acknowledged is there to the bit, nothing is
// invented. How the disks are made: sys/sim/crash.h.
#include <gtest/gtest.h>

#include <iostream>
#include <iterator>
#include <random>

#include "base/torture_fixture.h"
#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr ValueType kTypes[] = {ValueType::kFloat64, ValueType::kInt64, ValueType::kString};

HistorianOptions options_of_tests() {
  HistorianOptions options;
  options.directory = "/data/history";
  options.background = false;
  options.memtable_bytes_max = 2 * 1024;
  options.wal_segment_bytes = 4096;
  return options;
}

// What a historian promised, and when, counted in operations of its disk. One record is under way
// at a time, so a crash leaves everything up to the last promise, and perhaps one thing more.
class Promises {
 public:
  Promises() : states_{{0, 0, std::make_shared<const Oracle>()}} {}

  // Something is about to be done that leads to `next`.
  void begin(std::size_t operations, Oracle next) {
    states_.push_back({operations + 1, SIZE_MAX, std::make_shared<const Oracle>(std::move(next))});
  }
  void kept(std::size_t operations) { states_.back().kept_from = operations; }
  const Oracle& newest() const { return *states_.back().content; }

  // Empty if the historian is as it may be after a crash at `operations`. `found`: what it is.
  std::string difference(std::size_t operations, const Historian& historian, Oracle* found) const {
    std::string problem = "nothing is possible";
    for (auto state = states_.rbegin(); state != states_.rend(); ++state) {
      if (state->possible_from > operations) continue;
      problem = state->content->difference(historian);
      if (problem.empty() && found != nullptr) *found = *state->content;
      if (problem.empty() || state->kept_from <= operations) return problem;
    }
    return problem;
  }

 private:
  struct State {
    std::size_t possible_from = 0;
    std::size_t kept_from = 0;
    std::shared_ptr<const Oracle> content;
  };
  std::vector<State> states_;
};

// A historian at work, and what it promised.
class Worker {
 public:
  Worker(sys::SimDisk& disk, std::uint64_t seed) : disk_(disk), store_(disk, seed), random_(seed) {
    store_.options() = options_of_tests();
  }
  explicit Worker(sys::SimDisk& disk, std::uint64_t seed, const Oracle& start)
      : Worker(disk, seed) {
    promises_.begin(0, start);
    promises_.kept(0);
  }

  OnDisk& store() { return store_; }
  const Promises& promises() const { return promises_; }

  Status open() { return store_.open(); }

  Status change_tag(std::uint32_t number) {
    const ValueType type = kTypes[number % 3];
    TagSpec spec = spec_of("works/" + std::to_string(number), type);
    spec.description = std::to_string(random_());
    Oracle next = promises_.newest();
    const std::optional<Tag> known = store_->find_tag(kTenant, spec.path);
    const TagId id = known ? known->id : TagId{static_cast<std::uint32_t>(next.tags().size() + 1)};
    next.put_tag(kTenant, {id, spec});
    promises_.begin(disk_.operations(), std::move(next));
    const auto made = store_->ensure_tags(kTenant, {spec});
    if (!made) return made.error();
    EXPECT_EQ((*made)[0], id);
    promises_.kept(disk_.operations());
    return {};
  }

  // All that lies in one area goes to the other, if there is room for it.
  Status move_tags() {
    const bool back = below(2) == 0;
    const std::string from = back ? "moved" : "works";
    const std::string to = back ? "works" : "moved";
    Oracle next = promises_.newest();
    std::uint64_t moved = 0;
    for (const auto& [key, tag] : promises_.newest().tags()) {
      if (!tag.spec.path.starts_with(from + "/")) continue;
      Tag changed = tag;
      changed.spec.path = to + tag.spec.path.substr(from.size());
      if (store_->find_tag(kTenant, changed.spec.path)) return {};
      next.put_tag(kTenant, changed);
      ++moved;
    }
    if (moved == 0) return {};
    promises_.begin(disk_.operations(), std::move(next));
    const Result<std::uint64_t> done = store_->move_tags(kTenant, from, to);
    if (!done) return done.error();
    EXPECT_EQ(*done, moved);
    promises_.kept(disk_.operations());
    return {};
  }

  Status append_some() {
    SampleBatch batch{kTenant, {now_}, {}};
    for (std::uint64_t i = 1 + below(4); i > 0; --i) {
      const auto tag =
          std::next(promises_.newest().tags().begin(),
                    static_cast<std::ptrdiff_t>(below(promises_.newest().tags().size())));
      const Quality quality = below(4) == 0 ? quality::kBadTimeout : quality::kGood;
      const std::int64_t time = below(3) == 0 ? static_cast<std::int64_t>(below(20)) : ++now_;
      batch.samples.push_back({tag->first.tag, {time}, quality, value_of(tag->second.spec.type)});
    }
    Oracle next = promises_.newest();
    next.append(batch);
    promises_.begin(disk_.operations(), std::move(next));
    Status kept = append(*store_, batch);
    if (kept) promises_.kept(disk_.operations());
    return kept;
  }

  Status erase_some() {
    const auto tag =
        std::next(promises_.newest().tags().begin(),
                  static_cast<std::ptrdiff_t>(below(promises_.newest().tags().size())));
    const std::int64_t from = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(now_)));
    const TimeRange range{{from}, {from + 1 + static_cast<std::int64_t>(below(30))}};
    Oracle next = promises_.newest();
    next.erase(tag->first, range);
    promises_.begin(disk_.operations(), std::move(next));
    const TagId tags[] = {tag->first.tag};
    Status done = store_->erase(kTenant, tags, range);
    if (done) promises_.kept(disk_.operations());
    return done;
  }

  // `steps` of all kinds. Stops at the first that fails.
  Status work(int steps) {
    for (std::uint32_t number = 0; number < 3; ++number) {
      if (Status made = change_tag(number); !made) return made;
    }
    for (int i = 0; i < steps; ++i) {
      const std::uint64_t chance = below(20);
      Status done;
      if (chance < 11) done = append_some();
      if (chance == 11) done = erase_some();
      if (chance == 12) done = move_tags();
      if (chance == 13) done = change_tag(static_cast<std::uint32_t>(below(5)));
      if (chance > 13 && chance < 18) done = store_->flush();
      if (chance == 18) done = store_->compact();
      if (chance == 19) done = open();
      if (!done) return done;
    }
    return {};
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  Value value_of(ValueType type) {
    if (type == ValueType::kInt64) return static_cast<std::int64_t>(random_());
    if (type == ValueType::kString) return std::string(below(300), 's');
    return static_cast<double>(random_());
  }

  sys::SimDisk& disk_;
  OnDisk store_;
  std::mt19937_64 random_;
  Promises promises_;
  std::int64_t now_ = 1000;
};

struct Tried {
  std::uint64_t states = 0;
  std::uint64_t compound = 0;
};

// Opens the disk that a crash left and compares; then goes on with it and compares again.
std::string problem_of(const sys::CrashState& state, const Promises& promises, std::uint64_t seed,
                       Tried& tried) {
  sys::SimDisk disk(state.image);
  OnDisk probe(disk, seed);
  probe.options() = options_of_tests();
  const Status opened = probe.open();
  if (!opened) return "does not open: " + opened.error().text();
  Oracle found;
  std::string problem = promises.difference(state.operations, *probe, &found);
  if (!problem.empty()) return problem;
  if (!probe->recovery().damages.empty()) return probe->recovery().damages[0];
  probe.close();
  if (++tried.states % 128 != 0) return {};

  // The machine was hardly up, and went on, when the power failed again.
  sys::SimDisk again(state.image);
  Worker worker(again, seed + tried.states, found);
  if (Status reopened = worker.open(); !reopened) return reopened.error().text();
  const Status worked = worker.work(3);
  if (!worked) return "does not go on: " + worked.error().text();
  if (Status flushed = worker.store()->flush(); !flushed) return flushed.error().text();
  worker.store().close();
  std::uint64_t number = 0;
  again.for_each_crash_state(0, [&](const sys::CrashState& second) {
    if (++number % 3 != 0) return true;
    sys::SimDisk third(second.image);
    OnDisk last(third, seed);
    last.options() = options_of_tests();
    const Status opened_last = last.open();
    problem = opened_last ? worker.promises().difference(second.operations, *last, nullptr)
                          : opened_last.error().text();
    if (problem.empty() && !last->recovery().damages.empty()) {
      problem = last->recovery().damages[0];
    }
    if (!problem.empty()) {
      problem += ", after a second crash at " + std::to_string(second.operations) + ": " +
                 second.what + "\n" + again.journal();
    }
    ++tried.compound;
    return problem.empty();
  });
  return problem;
}

TEST(HistorianCrash, LosesNothingAndInventsNothing) {
  constexpr std::uint64_t kRounds = 5;
  const Torture torture;
  Tried tried;
  for (std::uint64_t i = 1; !testing::Test::HasFailure(); ++i) {
    if (torture.wanted() ? torture.is_over() : i > kRounds) break;
    const std::uint64_t seed = Torture::seed(i);
    sys::SimDisk disk;
    Worker worker(disk, seed);
    ASSERT_TRUE(worker.open().ok());
    const Status worked = worker.work(60);
    ASSERT_TRUE(worked.ok()) << worked.error().text();
    worker.store().close();
    disk.for_each_crash_state(0, [&](const sys::CrashState& state) {
      const std::string problem = problem_of(state, worker.promises(), seed, tried);
      EXPECT_EQ(problem, "") << "seed " << seed << ", crash after " << state.operations
                             << " operations, on the disk of what is not synced: " << state.what
                             << "\n"
                             << (problem.empty() ? "" : disk.journal());
      return problem.empty() && !(torture.wanted() && torture.is_over());
    });
  }
  torture.report(
      {{"crash_states", tried.states}, {"crash_states_of_a_second_crash", tried.compound}});
  std::cout << "crash states: " << tried.states << ", of a second crash: " << tried.compound
            << "\n";
  RecordProperty("crash_states", std::to_string(tried.states + tried.compound));
  if (!torture.wanted()) {
    EXPECT_GE(tried.states + tried.compound, 40'000u);
  }
}

}  // namespace
}  // namespace lineshaft::historian

// Every disk that a power cut may leave of a ledger, also one during the recovery from another: it
// opens without a word of damage; what was acknowledged is there once and as it was; what was being
// taken is there whole or not at all. How the disks are made: sys/sim/crash.h.
#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "base/torture_fixture.h"
#include "ledger/ledger_fixture.h"

namespace lineshaft::ledger {
namespace {

// What a ledger was asked for and what it promised, counted in operations of its disk.
class Promises {
 public:
  void begin(std::size_t operations, const Journal& journal) {
    asked_[journal.key] = {operations + 1, SIZE_MAX, journal, {}};
  }
  void kept(std::size_t operations, const std::string& key, Sequence sequence) {
    asked_.at(key).kept_from = operations;
    asked_.at(key).sequence = sequence;
  }
  void refused(const std::string& key) { asked_.erase(key); }

  // "" if the ledger holds what it must after a crash at `operations`, and nothing else.
  std::string difference(std::size_t operations, const Ledger& ledger) const {
    std::map<std::string, Sequence> found;
    std::map<std::uint32_t, Int128> sums;
    for (std::uint64_t i = 1; i <= ledger.last().value; ++i) {
      const Result<JournalView> view = ledger.journal({i}, "");
      if (!view) return "journal " + std::to_string(i) + ": " + view.error().text();
      const Journal& journal = view->journal;
      if (!found.emplace(journal.key, Sequence{i}).second) return journal.key + " is there twice";
      const auto asked = asked_.find(journal.key);
      if (asked == asked_.end() || asked->second.possible_from > operations ||
          !is_same_request(asked->second.journal, journal)) {
        return journal.key + " was never asked for";
      }
    }
    for (const auto& [key, promise] : asked_) {
      if (promise.kept_from > operations) continue;
      const auto there = found.find(key);
      if (there == found.end()) return key + " was acknowledged and is lost";
      if (there->second != promise.sequence) return key + " has another number";
    }
    return {};
  }

 private:
  struct Promise {
    std::size_t possible_from = 0;
    std::size_t kept_from = 0;
    Journal journal;
    Sequence sequence;
  };
  std::map<std::string, Promise> asked_;
};

class Worker {
 public:
  Worker(sys::SimDisk& disk, std::uint64_t seed) : disk_(disk), store_(disk, seed), random_(seed) {}

  OnDisk& store() { return store_; }
  const Promises& promises() const { return promises_; }
  void go_on_from(const Promises& promises, std::uint64_t life) {
    promises_ = promises;
    life_ = life;
  }

  std::string work(int steps) {
    for (int i = 0; i < steps; ++i) {
      const std::uint64_t chance = below(14);
      Status done;
      if (chance == 0) {
        done = store_.open();
      } else if (chance == 12) {
        done = store_->save_snapshot();
      } else if (chance == 13) {
        if (const auto note = store_->checkpoint(); !note) done = note.error();
      } else {
        post_some(chance < 7 ? 1 : 1 + below(chance == 11 ? 70 : 6));
      }
      if (!done) return done.error().text();
      if (store_->read_only()) return store_->read_only()->text();
    }
    return {};
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::string key() { return std::to_string(life_) + "." + std::to_string(++keys_); }

  Journal some() {
    const std::uint64_t last = store_->last().value;
    if (last < 2) {
      return open_of("account " + key(), last == 0 ? "acme" : "bolt");
    }
    const auto amount = static_cast<Int128>(1 + below(1000));
    Journal journal = post_of(key(), {{1, amount}, {2, -amount}});
    const std::uint64_t chance = below(10);
    if (chance == 0) journal = pending_of(key(), {{1, amount}, {2, -amount}});
    if (chance == 1) journal = referring(JournalKind::kPostPending, key(), 1 + below(last));
    if (chance == 2) journal = period_of(key(), static_cast<std::int32_t>(last));
    journal.memo = std::string(below(8) == 0 ? below(200) : 3, 'm');
    return journal;
  }

  void post_some(std::uint64_t count) {
    std::vector<Journal> journals;
    for (std::uint64_t i = 0; i < count; ++i) {
      journals.push_back(some());
      promises_.begin(disk_.operations(), journals.back());
    }
    std::vector<std::string> keys;
    for (const Journal& journal : journals) keys.push_back(journal.key);
    const auto answers = store_->post_each(std::move(journals));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i]) {
        promises_.kept(disk_.operations(), keys[i], answers[i]->sequence);
      } else {
        promises_.refused(keys[i]);
      }
    }
  }

  sys::SimDisk& disk_;
  OnDisk store_;
  std::mt19937_64 random_;
  Promises promises_;
  std::uint64_t keys_ = 0;
  std::uint64_t life_ = 1;
};

struct Tried {
  std::uint64_t states = 0;
  std::uint64_t compound = 0;
};

// Opens what a crash left; "" if all is as promised.
std::string problem_of(const sys::DiskImage& image, std::size_t operations,
                       const Promises& promises, std::uint64_t seed) {
  sys::SimDisk disk(image);
  OnDisk store(disk, seed);
  if (const Status opened = store.open(); !opened) return "does not open: " + opened.error().text();
  if (store->read_only()) return store->read_only()->text();
  std::string problem = promises.difference(operations, *store);
  if (!problem.empty()) return problem;
  // The balances are those of the journals: whole journals only, each once.
  const auto rows = store->trial_balance(store->last(), "").value();
  Int128 sum = 0;
  for (const AccountView& row : rows) sum += row.balance.posted() + row.balance.pending();
  if (sum != 0) return "the books do not balance";
  // The file of hashes may be in any state; proofs hold all the same.
  const Sequence last = store->last();
  for (const std::uint64_t i : {std::uint64_t{1}, last.value}) {
    if (i > last.value || i == 0) continue;
    const Result<Proof> proof = store->prove_inclusion({i}, last.value);
    if (!proof) return proof.error().text();
    const Sha256 leaf = store->journal({i}, "")->leaf;
    if (!verify_inclusion(leaf, i - 1, last.value, *proof, store->root())) return "a wrong proof";
  }
  return {};
}

// The machine was hardly up, and went on, when the power failed again.
std::string problem_of_second(const sys::CrashState& first, std::uint64_t seed, Tried& tried) {
  sys::SimDisk disk(first.image);
  Worker worker(disk, seed);
  if (const Status opened = worker.store().open(); !opened) return opened.error().text();
  // What was under way and came back is promised from now on, as all that is there.
  Promises now;
  for (std::uint64_t i = 1; i <= worker.store()->last().value; ++i) {
    const Journal journal = worker.store()->journal({i}, "")->journal;
    now.begin(0, journal);
    now.kept(disk.operations(), journal.key, {i});
  }
  worker.go_on_from(now, tried.states);
  if (std::string problem = worker.work(3); !problem.empty()) return problem;
  worker.store().close();
  std::string problem;
  std::uint64_t number = 0;
  disk.for_each_crash_state(0, [&](const sys::CrashState& second) {
    if (++number % 3 != 0) return true;
    ++tried.compound;
    problem = problem_of(second.image, second.operations, worker.promises(), seed + 1);
    if (problem.empty()) return true;
    problem += ", after a second crash at " + std::to_string(second.operations) + ": " +
               second.what + "\n" + disk.journal();
    return false;
  });
  return problem;
}

TEST(LedgerCrash, LosesNothingDoublesNothingAndInventsNothing) {
  constexpr std::uint64_t kRounds = 5;
  const Torture torture;
  Tried tried;
  for (std::uint64_t i = 1; !testing::Test::HasFailure(); ++i) {
    if (torture.wanted() ? torture.is_over() : i > kRounds) break;
    const std::uint64_t seed = Torture::seed(i);
    sys::SimDisk disk;
    Worker worker(disk, seed);
    ASSERT_TRUE(worker.store().open().ok());
    ASSERT_EQ(worker.work(40), "");
    worker.store().close();
    disk.for_each_crash_state(0, [&](const sys::CrashState& state) {
      std::string problem =
          problem_of(state.image, state.operations, worker.promises(), seed + tried.states);
      if (++tried.states % 128 == 0 && problem.empty()) {
        problem = problem_of_second(state, seed + tried.states, tried);
      }
      EXPECT_EQ(problem, "") << "seed " << seed << ", crash after " << state.operations
                             << " operations, on the disk of what is not synced: " << state.what
                             << "\n"
                             << (problem.empty() ? "" : disk.journal());
      return problem.empty() && !(torture.wanted() && torture.is_over());
    });
  }
  torture.report({{"crash_states_of_the_ledger", tried.states},
                  {"ledger_crash_states_of_a_second_crash", tried.compound}});
  std::cout << "crash states of the ledger: " << tried.states
            << ", of a second crash: " << tried.compound << "\n";
  RecordProperty("crash_states", std::to_string(tried.states + tried.compound));
  if (!torture.wanted()) {
    EXPECT_GE(tried.states + tried.compound, 5'000u);
  }
}

}  // namespace
}  // namespace lineshaft::ledger

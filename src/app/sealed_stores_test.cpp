// History and ledger on enciphered files: every disk that a power cut may leave, as their own crash
// tests try them in the clear; and that nothing opens once the key is destroyed.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "app/one_signal_fixture.h"
#include "historian/historian.h"
#include "ledger/ledger_fixture.h"
#include "vault/sealed_files.h"
#include "vault/vault_fixture.h"

namespace lineshaft::app {
namespace {

constexpr std::uint64_t kWholeBytes = 16;  // vault/sealed_files.h

class SealedStores : public testing::Test {
 protected:
  SealedStores() { EXPECT_TRUE(keys_.open().ok()); }
  std::unique_ptr<vault::SealedFiles> sealed(sys::FileSystem& disk) {
    return std::make_unique<vault::SealedFiles>(disk, *keys_.vault, keys_.random, kTenant,
                                                vault::Cover::kEverything);
  }
  vault::VaultWorld keys_;
};

TEST_F(SealedStores, TheLedgerLosesNothingItAcknowledged) {
  sys::SimDisk disk;
  const auto files = sealed(disk);
  std::map<std::string, std::size_t> kept;  // key -> operations
  const auto open = [&](sys::FileSystem& on, std::uint64_t seed) {
    ledger::LedgerOptions options;
    options.directory = "/data/ledger";
    options.segment_bytes = 4096;
    options.origin = "test/ledger";
    keys_.random = sys::SimRandom(seed);
    return ledger::Ledger::open(on, keys_.random, keys_.clock, options);
  };
  auto ledger = open(*files, 11).value();
  for (int i = 0; i < 25; ++i) {
    ledger::Journal journal = ledger::open_of("account " + std::to_string(i), "acme");
    const std::string key = journal.key;
    ASSERT_TRUE(ledger->post(std::move(journal)).ok());
    kept[key] = disk.operations();
    if (i == 12) {
      ASSERT_TRUE(ledger->save_snapshot().ok());
      ASSERT_TRUE(ledger->checkpoint().ok());
    }
  }
  ledger.reset();
  std::uint64_t states = 0;
  disk.for_each_crash_state(
      0,
      [&](const sys::CrashState& state) {
        states += 1;
        sys::SimDisk left(state.image);
        const auto on = sealed(left);
        const auto again = open(*on, 1000 + states);
        if (!again || (*again)->read_only()) {
          ADD_FAILURE() << state.what << ": "
                        << (again ? (*again)->read_only()->text() : again.error().text());
          return false;
        }
        std::size_t wanted = 0;
        for (const auto& [key, operations] : kept)
          wanted += operations <= state.operations ? 1U : 0U;
        EXPECT_GE((*again)->last().value, wanted) << state.what;
        return !HasFailure();
      },
      kWholeBytes);
  std::cout << "crash states opened and checked: " << states << "\n";
  EXPECT_GT(states, 500u);
}

class History {
 public:
  History(sys::FileSystem& files, std::uint64_t seed) : random_(seed) {
    historian::HistorianOptions options;
    options.directory = "/data/history";
    options.wal_segment_bytes = 16 * 1024;
    auto opened = historian::Historian::open(files, clock_, random_, options);
    if (opened) {
      historian_ = *std::move(opened);
    } else {
      trouble_ = opened.error().text();
    }
  }
  const std::string& trouble() const { return trouble_; }
  bool put(std::int64_t time) { return put_sample(*historian_, time).ok(); }
  std::size_t samples() { return count_samples(*historian_); }

 private:
  sys::SimRandom random_;
  sys::SimLoop loop_;
  sys::SimClock clock_{loop_};
  std::unique_ptr<historian::Historian> historian_;
  std::string trouble_;
};

TEST_F(SealedStores, TheHistoryLosesNothingItAcknowledged) {
  sys::SimDisk disk;
  const auto files = sealed(disk);
  std::vector<std::size_t> kept;  // operations, by sample
  {
    History history(*files, 21);
    ASSERT_EQ(history.trouble(), "");
    for (int i = 1; i <= 12; ++i) {
      ASSERT_TRUE(history.put(i * 1000));
      kept.push_back(disk.operations());
    }
  }
  std::uint64_t states = 0;
  disk.for_each_crash_state(
      0,
      [&](const sys::CrashState& state) {
        states += 1;
        sys::SimDisk left(state.image);
        const auto on = sealed(left);
        History again(*on, 1000 + states);
        EXPECT_EQ(again.trouble(), "") << state.what;
        if (HasFailure()) return false;
        const auto wanted = static_cast<std::size_t>(
            std::ranges::count_if(kept, [&](std::size_t at) { return at <= state.operations; }));
        EXPECT_GE(again.samples(), wanted) << state.what;
        EXPECT_LE(again.samples(), kept.size());
        return !HasFailure();
      },
      kWholeBytes);
  std::cout << "crash states opened and checked: " << states << "\n";
  EXPECT_GT(states, 100u);
}

TEST_F(SealedStores, OpenNoMoreOnceTheKeyIsDestroyed) {
  sys::SimDisk disk;
  const auto files = sealed(disk);
  {
    History history(*files, 31);
    ASSERT_TRUE(history.put(1000));
  }
  ASSERT_TRUE(keys_.vault->destroy(kTenant).ok());
  bool gone = true;
  {
    const auto later = sealed(disk);
    History again(*later, 32);
    gone = !again.trouble().empty() || again.samples() == 0;
  }
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace lineshaft::app

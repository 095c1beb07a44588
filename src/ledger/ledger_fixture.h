// ledger/ledger_fixture.h: a ledger on a simulated disk, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/journal_fixture.h"
#include "ledger/ledger.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::ledger {

class OnDisk {
 public:
  explicit OnDisk(sys::SimDisk& disk, std::uint64_t seed = 1) : disk_(disk), random_(seed) {
    options_.directory = "/data/ledger";
    options_.segment_bytes = 4096;
  }

  // Again, if it is open.
  Status open() {
    ledger_.reset();
    Result<std::unique_ptr<Ledger>> opened = Ledger::open(disk_, random_, clock_, options_);
    if (!opened) return std::move(opened).error();
    ledger_ = *std::move(opened);
    return {};
  }
  void close() { ledger_.reset(); }

  Ledger* operator->() { return ledger_.get(); }
  Ledger& operator*() { return *ledger_; }
  LedgerOptions& options() { return options_; }
  sys::SimLoop& loop() { return loop_; }
  sys::SimClock& clock() { return clock_; }

  // "" or what was said.
  std::string refusal(Journal journal) {
    const Result<Receipt> taken = ledger_->post(std::move(journal));
    return taken ? "" : taken.error().text();
  }
  // The numbers of the two accounts that most tests use: 1 of acme, 2 of bolt.
  void open_accounts() {
    static_cast<void>(ledger_->post(open_of("acme cash", "acme")));
    static_cast<void>(ledger_->post(open_of("bolt cash", "bolt")));
  }
  Int128 posted(std::uint32_t id) { return ledger_->account({id}).value().balance.posted(); }

 private:
  sys::SimDisk& disk_;
  sys::SimRandom random_;
  sys::SimLoop loop_;
  sys::SimClock clock_{loop_};
  LedgerOptions options_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace lineshaft::ledger

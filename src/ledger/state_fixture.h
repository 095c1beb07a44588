// ledger/state_fixture.h: a state whose earlier journals are in memory, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ledger/journal_fixture.h"
#include "ledger/state.h"

namespace lineshaft::ledger {

class Book : public Earlier {
 public:
  Result<Journal> read(Sequence sequence) const override {
    if (sequence.value >= 1 && sequence.value <= journals.size()) {
      return journals[sequence.value - 1];
    }
    return Error{ErrorId::kCorrupt, "there is no journal " + std::to_string(sequence.value)};
  }

  // At the time `now`, which tests move on.
  Result<Taken> take(Journal journal) {
    journal.recorded = now;
    Result<Taken> taken = state.apply(journal, *this);
    if (taken && !taken->is_repeat) journals.push_back(std::move(journal));
    return taken;
  }

  // "" or what was said.
  std::string refusal(Journal journal) {
    const Result<Taken> taken = take(std::move(journal));
    return taken ? "" : taken.error().what;
  }

  State state{KeySeed{1, 2, 3}};
  std::vector<Journal> journals;
  Timestamp now{1'000};
};

}  // namespace lineshaft::ledger

// app/bench_historian.h: measures the historian of this build on this machine: how fast samples get
// durable, how many bytes they take, how long questions take.
#pragma once

#include <string>

#include "app/bench_corpus.h"
#include "app/output.h"

namespace lineshaft::app {

struct HistorianBenchOptions {
  std::string directory;       // for the store; made, and removed at the end
  std::size_t batch = 10'000;  // samples
  std::size_t in_flight = 4;   // batches that wait for their acknowledgement at the same time
};

// Loads every sample of the corpus, as a poll of all tags would bring them, and asks questions.
// Every answer is compared with the corpus. The object it gives has the shape that bench/peers.sh
// prints. Errors: of the historian; kInternal: an answer was wrong.
Result<Json> bench_historian(const BenchCorpus& corpus, const HistorianBenchOptions& options);

}  // namespace lineshaft::app

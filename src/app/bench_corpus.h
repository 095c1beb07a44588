// app/bench_corpus.h: the samples that historians are measured with, the same for every engine.
// Each tag is made by itself and from its number alone, so that a program need not hold them all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/bench_columns.h"
#include "base/result.h"
#include "model/value.h"
#include "sys/file.h"

namespace lineshaft::app {

struct CorpusTag {
  std::string name;  // "t0042"
  ValueType type;    // bool, int64 or float64: the narrowest that holds the values
  std::vector<std::int64_t> times_ns;  // ascending, whole milliseconds: no engine has to round them
  std::vector<double> values;          // of a bool: 0 and 1
};

struct CorpusSize {
  std::size_t tags = 1000;
  std::size_t samples = 10'000;  // of each tag, one a second
};

class BenchCorpus {
 public:
  // Made signals: of 20 tags 6 are random walks with 2 decimals, 6 noisy sines with 3 decimals, 2
  // counters, 3 set points and 3 booleans; every sample is late by 0 to 9 ms, the less the
  // likelier.
  static BenchCorpus synthetic(const CorpusSize& size);

  // Recorded signals: the columns of a folder (see bench_columns.h), tiled. The copies of a column
  // read on where the copy before ended. At its end a column is read backwards and so on, and from
  // then on multiplied by a factor of 0.95 to 1.05 for each passage and rounded to the decimals
  // that the number was written with: else a compressor would be praised for finding the
  // repetition. Samples of odd tags are up to 5 ms early or late, those of even tags on the second.
  static Result<BenchCorpus> recorded(sys::FileSystem& files, const std::string& directory,
                                      const CorpusSize& size);

  const CorpusSize& size() const { return size_; }
  // Requires: index < size().tags. The same on every machine and in every run.
  CorpusTag tag(std::size_t index) const;

 private:
  explicit BenchCorpus(const CorpusSize& size) : size_(size) {}

  CorpusSize size_;
  std::vector<BenchColumn> columns_;  // none: synthetic
};

}  // namespace lineshaft::app

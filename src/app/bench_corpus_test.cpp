#include "app/bench_corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sys/sim/disk.h"

namespace lineshaft::app {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kFirstNs = 1'700'010'000'000'000'000;

TEST(BenchColumns, CountsTheDecimalsThatWereWritten) {
  EXPECT_EQ(decimals_of("17"), 0);
  EXPECT_EQ(decimals_of("-1.50"), 1);
  EXPECT_EQ(decimals_of("3."), 0);
  EXPECT_EQ(decimals_of("100.00"), 0);
  EXPECT_EQ(decimals_of("2.3766000e-01"), 5);  // 0.23766
  EXPECT_EQ(decimals_of("2.7107000e+03"), 1);  // 2710.7
  EXPECT_EQ(decimals_of("12E3"), 0);
}

std::set<std::int64_t> offsets_ms(const CorpusTag& tag) {
  std::set<std::int64_t> offsets;
  for (std::size_t i = 0; i < tag.times_ns.size(); ++i) {
    const std::int64_t off =
        tag.times_ns[i] - kFirstNs - static_cast<std::int64_t>(i) * 1'000'000'000;
    EXPECT_EQ(off % 1'000'000, 0);
    offsets.insert(off / 1'000'000);
  }
  return offsets;
}

TEST(BenchCorpus, MakesTheSameTagFromTheSameNumber) {
  const BenchCorpus corpus = BenchCorpus::synthetic({40, 500});
  EXPECT_EQ(corpus.tag(7).values, BenchCorpus::synthetic({40, 500}).tag(7).values);
  EXPECT_EQ(corpus.tag(7).times_ns, corpus.tag(7).times_ns);
  EXPECT_NE(corpus.tag(7).values, corpus.tag(27).values) << "another tag of the same kind";
  EXPECT_EQ(corpus.tag(7).name, "t0007");
}

TEST(BenchCorpus, MixesTheKindsOfSignalsAsThePageOfFiguresSays) {
  const BenchCorpus corpus = BenchCorpus::synthetic({20, 2'000});
  std::vector<int> kinds(3);
  for (std::size_t i = 0; i < 20; ++i) {
    const CorpusTag tag = corpus.tag(i);
    kinds[tag.type == ValueType::kFloat64 ? 0 : tag.type == ValueType::kInt64 ? 1 : 2] += 1;
    const double scale = i < 6 ? 100 : i < 12 ? 1000 : i < 14 ? 1 : 2;
    for (const double value : tag.values) {
      EXPECT_EQ(std::round(value * scale) / scale, value) << "tag " << i;
    }
  }
  EXPECT_THAT(kinds, ElementsAre(15, 2, 3));
  EXPECT_THAT(offsets_ms(corpus.tag(0)), testing::IsSubsetOf({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

class Recorded : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(disk_.create_directories("/data").ok());
    ASSERT_TRUE(sys::write_file_atomically(disk_, "/data/" + name, as_bytes(text)).ok());
  }

  sys::SimDisk disk_;
};

TEST_F(Recorded, TilesTheColumnsOfNumbersOverTagsAndTime) {
  put("mill.csv",
      "when,part,speed,hot\n2024-01-01 00:00:00,M1,1.25,false\n"
      "2024-01-01 00:00:01,M2,2.5,true\n2024-01-01 00:00:02,M3,4,false\n");
  put("notes.txt", "a,b\n1,2\n");
  const Result<BenchCorpus> corpus = BenchCorpus::recorded(disk_, "/data", {4, 5});
  ASSERT_TRUE(corpus.ok()) << corpus.error().text();
  const CorpusTag speed = corpus->tag(0);
  EXPECT_EQ(speed.type, ValueType::kFloat64);
  // Backwards after the end, times a factor near 1, with the decimals of 4, 2.5 and 1.25.
  EXPECT_THAT(std::vector(speed.values.begin(), speed.values.begin() + 4),
              ElementsAre(1.25, 2.5, 4, 4));
  EXPECT_NEAR(speed.values[4], 2.5, 0.13);
  EXPECT_EQ(std::round(speed.values[4] * 10) / 10, speed.values[4]);

  EXPECT_EQ(corpus->tag(1).type, ValueType::kBool);
  EXPECT_THAT(corpus->tag(1).values, ElementsAre(0, 1, 0, 0, 1));
  // The second copy starts at sample 5: the last one of the way back, then forwards again.
  EXPECT_THAT(corpus->tag(3).values, ElementsAre(0, 0, 1, 0, 0));
}

TEST_F(Recorded, ReadsATransposedTable) {
  std::string lines;
  for (int line = 1; line <= 4; ++line) {
    for (int i = 0; i < 9; ++i) lines += "  " + std::to_string(1000 * line + i) + "e-01";
    lines += "\n";
  }
  put("plant.dat", lines);
  const Result<BenchCorpus> corpus = BenchCorpus::recorded(disk_, "/data", {4, 4});
  ASSERT_TRUE(corpus.ok());
  EXPECT_THAT(corpus->tag(0).values, ElementsAre(100, 100.1, 100.2, 100.3));
  EXPECT_THAT(corpus->tag(3).values, ElementsAre(400, 400.1, 400.2, 400.3));
}

TEST_F(Recorded, JittersTheTimesOfEverySecondTag) {
  put("a.csv", "x\n1\n2\n3\n");
  const Result<BenchCorpus> corpus = BenchCorpus::recorded(disk_, "/data", {2, 1'000});
  ASSERT_TRUE(corpus.ok());
  EXPECT_THAT(offsets_ms(corpus->tag(0)), ElementsAre(0));
  EXPECT_THAT(offsets_ms(corpus->tag(1)), ElementsAre(-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5));
}

TEST_F(Recorded, SaysThatAFolderHasNoTable) {
  put("notes.txt", "a,b\n1,2\n");
  const Result<BenchCorpus> corpus = BenchCorpus::recorded(disk_, "/data", {2, 4});
  ASSERT_FALSE(corpus.ok());
  EXPECT_EQ(corpus.error().what, "/data holds no table with a column of numbers");
}

}  // namespace
}  // namespace lineshaft::app

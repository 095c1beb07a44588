// Random work on a historian, compared with a model that keeps everything in a map.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr ValueType kTypes[] = {ValueType::kFloat64, ValueType::kInt64, ValueType::kFloat32,
                                ValueType::kBool, ValueType::kString};

class Work {
 public:
  explicit Work(std::uint64_t seed) : random_(seed), store_(disk_, seed) {
    store_.options().memtable_bytes_max = 1536;
    store_.options().wal_segment_bytes = 64 * 1024;
    EXPECT_TRUE(store_.open().ok());
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      const std::uint64_t chance = below(100);
      if (chance < 6) {
        change_tags();
      } else if (chance < 70) {
        append_some();
      } else if (chance < 78) {
        EXPECT_TRUE(store_->flush().ok());
      } else if (chance < 80) {
        erase_some();
      } else if (chance < 81) {
        EXPECT_TRUE(store_->compact().ok());
      } else if (chance < 84) {
        EXPECT_TRUE(store_.open().ok());
      } else {
        compare_answers();
      }
      if (i % 50 == 49) {
        EXPECT_EQ(oracle_.difference(*store_), "");
      }
    }
    EXPECT_TRUE(store_.open().ok());
    EXPECT_EQ(oracle_.difference(*store_), "");
    EXPECT_TRUE(store_->recovery().damages.empty());
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void change_tags() {
    const TenantId tenant{static_cast<std::uint32_t>(1 + below(2))};
    const ValueType type = kTypes[below(5)];
    TagSpec spec =
        spec_of("works/line/" + std::string(type_name(type)) + std::to_string(below(3)), type);
    spec.description = std::to_string(below(1000));
    const TagId id = store_->ensure_tags(tenant, {spec}).value()[0];
    oracle_.put_tag(tenant, {id, spec});
  }

  Value value_of(ValueType type) {
    const auto number = static_cast<std::int64_t>(below(2001)) - 1000;
    switch (type) {
      case ValueType::kBool:
        return number > 0;
      case ValueType::kInt64:
        return number;
      case ValueType::kFloat32:  // whole numbers: sums are exact in any order
        return below(50) == 0 ? std::nanf("7") : static_cast<float>(number);
      case ValueType::kFloat64:
        if (below(100) == 0) return number > 0 ? HUGE_VAL : -0.0;
        return static_cast<double>(number);
      case ValueType::kString:
        return std::string(below(40), static_cast<char>('a' + below(26)));
    }
    return false;
  }

  // Mostly the next second; sometimes late, sometimes a time that is there already, sometimes far.
  Timestamp time_of() {
    const std::uint64_t chance = below(100);
    const std::int64_t second = 1'000'000'000;
    if (chance < 70) return {(now_ += second)};
    if (chance < 85) return {now_ - static_cast<std::int64_t>(below(200)) * second};
    if (chance < 95) return {static_cast<std::int64_t>(below(20)) * second * 100};
    if (chance < 98) return {-static_cast<std::int64_t>(below(1ULL << 60))};
    return {INT64_MAX - 1 - static_cast<std::int64_t>(below(3))};
  }

  void append_some() {
    if (oracle_.tags().empty()) return;
    SampleBatch batch;
    batch.tenant = {static_cast<std::uint32_t>(1 + below(2))};
    batch.received = kTimestampMin;  // no sample is "of now": the last value is the latest one
    for (std::uint64_t i = below(30); i > 0; --i) {
      const auto tag = std::next(oracle_.tags().begin(),
                                 static_cast<std::ptrdiff_t>(below(oracle_.tags().size())));
      if (tag->first.tenant != batch.tenant) continue;
      const Quality qualities[] = {quality::kBadTimeout, quality::kUncertain, quality::kGood};
      batch.samples.push_back({tag->first.tag, time_of(),
                               qualities[std::min<std::uint64_t>(below(12), 2)],
                               value_of(tag->second.spec.type)});
    }
    Status kept = append(*store_, batch);
    if (!kept && kept.error().id == ErrorId::kQueueFull) {
      EXPECT_TRUE(store_->flush().ok());
      kept = append(*store_, batch);
    }
    EXPECT_TRUE(kept.ok());
    oracle_.append(batch);
  }

  void erase_some() {
    if (oracle_.tags().empty()) return;
    const auto tag = std::next(oracle_.tags().begin(),
                               static_cast<std::ptrdiff_t>(below(oracle_.tags().size())));
    const TimeRange range = random_range();
    const TagId tags[] = {tag->first.tag};
    EXPECT_TRUE(store_->erase(tag->first.tenant, tags, range).ok());
    oracle_.erase(tag->first, range);
  }

  TimeRange random_range() {
    if (below(10) == 0) return {};
    const Timestamp a = time_of();
    const Timestamp b = time_of();
    return a < b ? TimeRange{a, b} : TimeRange{b, a + Nanoseconds(1)};
  }

  void compare_answers() {
    if (oracle_.tags().empty()) return;
    const auto tag = std::next(oracle_.tags().begin(),
                               static_cast<std::ptrdiff_t>(below(oracle_.tags().size())));
    const SeriesKey key = tag->first;
    const TimeRange range = random_range();
    const auto wanted = oracle_.scan(key, range);
    const auto got = scan_all(*store_, key, range);
    EXPECT_TRUE(std::equal(got.begin(), got.end(), wanted.begin(), wanted.end(), same_sample));
    const Timestamp at = time_of();
    const auto before = store_->sample_before(key.tenant, key.tag, at).value();
    const auto wanted_before = oracle_.before(key, at);
    ASSERT_EQ(before.has_value(), wanted_before.has_value());
    EXPECT_TRUE(!before || same_sample(*before, *wanted_before));
    compare_columns(key, range);
    compare_windows(key, range);
  }

  static bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

  void compare_columns(SeriesKey key, TimeRange range) {
    const auto count = static_cast<std::uint32_t>(1 + below(40));
    const auto got = store_->pixels(key.tenant, key.tag, range, count).value();
    const auto wanted = oracle_.pixels(key, range, count);
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      const PixelColumn& a = got[i];
      const PixelColumn& b = wanted[i];
      EXPECT_TRUE(a.count == b.count && a.bad == b.bad && a.ends_bad == b.ends_bad) << i;
      if (b.count == b.bad) continue;
      EXPECT_TRUE(same_number(a.first, b.first) && same_number(a.last, b.last)) << i;
      EXPECT_TRUE(same_number(a.min, b.min) && same_number(a.max, b.max)) << i;
      EXPECT_TRUE(a.first_time == b.first_time && a.last_time == b.last_time) << i;
    }
  }

  void compare_windows(SeriesKey key, TimeRange range) {
    const auto length =
        static_cast<std::uint64_t>(range.to.ns) - static_cast<std::uint64_t>(range.from.ns);
    const Nanoseconds step(static_cast<std::int64_t>(length / (2 + below(40)) / 2 + 1));
    const auto wanted = oracle_.aggregate(key, range, step);
    compare_windows(store_->aggregate(key.tenant, key.tag, range, step).value(), wanted);
    compare_windows(store_->aggregate_values(key.tenant, key.tag, range, step).value(), wanted);
  }

  static void compare_windows(const std::vector<AggregateWindow>& got,
                              const std::vector<AggregateWindow>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      const AggregateWindow& a = got[i];
      const AggregateWindow& b = wanted[i];
      EXPECT_TRUE(a.from == b.from && a.count == b.count && a.bad_count == b.bad_count) << i;
      if (b.count == 0) continue;
      EXPECT_TRUE(same_number(a.first, b.first) && same_number(a.last, b.last)) << i;
      EXPECT_TRUE(same_number(a.min, b.min) && same_number(a.max, b.max)) << i;
      EXPECT_TRUE(same_number(a.sum, b.sum)) << i;
    }
  }

  std::mt19937_64 random_;
  sys::SimDisk disk_;
  OnDisk store_;
  Oracle oracle_;
  std::int64_t now_ = 1'790'000'000'000'000'000;
};

TEST(Historian, AnswersLikeAMapThatKeepsEverything) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Work(seed).run(400);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace lineshaft::historian

// The summary of a run of points against its definition, computed in the plainest way.
#include "historian/series.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace lineshaft::historian {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Point point(std::int64_t time, double value, Quality quality = quality::kGood) {
  return {{time}, quality, value};
}

Summary summary_of(std::span<const Point> points) {
  Summary summary;
  for (const Point& p : points) summary.add(p);
  return summary;
}

// Sums to fifteen digits of what was summed up, all else exactly.
void expect_near(double got, double wanted, double scale) {
  EXPECT_LE(std::abs(got - wanted), 1e-14 * scale) << got << " instead of " << wanted;
}

class Plain {
 public:
  explicit Plain(std::span<const Point> points) : points_(points) {
    for (const Point& p : points) {
      if (!p.quality.bad()) usable_.push_back(p);
    }
  }

  void compare(const Summary& s) const {
    compare_counts(s);
    compare_ends(s);
    if (usable_.empty()) return;
    compare_extreme(s.min, s.min_time, s.min_repeats, [](double a, double b) { return a < b; });
    compare_extreme(s.max, s.max_time, s.max_repeats, [](double a, double b) { return a > b; });
    compare_sums(s);
    compare_stretches(s);
  }

 private:
  static double number(const Point& p) { return as_double(p.value); }

  void compare_counts(const Summary& s) const {
    std::uint64_t uncertain = 0;
    std::uint64_t changes = 0;
    for (std::size_t i = 0; i < usable_.size(); ++i) {
      if (usable_[i].quality.uncertain()) ++uncertain;
      if (i > 0 && number(usable_[i]) != number(usable_[i - 1])) ++changes;
    }
    EXPECT_EQ(s.count, points_.size());
    EXPECT_EQ(s.bad, points_.size() - usable_.size());
    EXPECT_EQ(s.uncertain, uncertain);
    EXPECT_EQ(s.changes, changes);
    std::uint64_t of_worst = 0;
    std::uint32_t worst = 0;
    for (std::uint32_t severity = 0; severity <= 2; ++severity) {
      std::uint64_t of_this = 0;
      for (auto p = points_.rbegin(); p != points_.rend(); ++p) {
        if (p->quality.code >> 30 != severity) continue;
        worst = p->quality.code;  // the first in time, for we go backwards
        of_worst = ++of_this;
      }
    }
    EXPECT_EQ(s.worst_quality, worst);
    EXPECT_EQ(s.worst_repeats, of_worst > 1);
  }

  void compare_ends(const Summary& s) const {
    if (points_.empty()) return;
    EXPECT_EQ(s.first_time, points_.front().time);
    EXPECT_EQ(s.last_time, points_.back().time);
    EXPECT_EQ(s.first_quality, points_.front().quality.code);
    EXPECT_EQ(s.last_quality, points_.back().quality.code);
    EXPECT_EQ(s.begins_usable(), !points_.front().quality.bad());
    EXPECT_EQ(s.ends_usable(), !points_.back().quality.bad());
    ASSERT_EQ(s.usable(), !usable_.empty());
    if (usable_.empty()) return;
    EXPECT_EQ(s.first, number(usable_.front()));
    EXPECT_EQ(s.last, number(usable_.back()));
    EXPECT_EQ(s.first_usable, usable_.front().time);
    EXPECT_EQ(s.last_usable, usable_.back().time);
    EXPECT_EQ(s.first_usable_quality, usable_.front().quality.code);
    EXPECT_EQ(s.last_usable_quality, usable_.back().quality.code);
  }

  template <typename Better>
  void compare_extreme(double got, Timestamp time, bool repeats, Better better) const {
    const Point* best = &usable_.front();
    for (const Point& p : usable_) {
      if (better(number(p), number(*best))) best = &p;
    }
    int times = 0;
    for (const Point& p : usable_) times += number(p) == number(*best) ? 1 : 0;
    EXPECT_EQ(got, number(*best));
    EXPECT_EQ(time, best->time);
    EXPECT_EQ(repeats, times > 1);
  }

  void compare_sums(const Summary& s) const {
    long double sum = 0;
    long double magnitude = 0;
    for (const Point& p : usable_) {
      sum += number(p);
      magnitude += std::abs(number(p));
    }
    const long double mean = sum / static_cast<long double>(usable_.size());
    long double squares = 0;
    for (const Point& p : usable_) squares += (number(p) - mean) * (number(p) - mean);
    expect_near(s.sum, static_cast<double>(sum), static_cast<double>(magnitude));
    // The mean, of at most 1.001e6, is off by at most 1e-9.
    const auto n = static_cast<double>(usable_.size());
    EXPECT_NEAR(s.squares, static_cast<double>(squares),
                1e-13 * static_cast<double>(squares) +
                    2e-9 * n * std::sqrt(static_cast<double>(squares)) + 1e-18 * n);
  }

  void compare_stretches(const Summary& s) const {
    long double held = 0;
    long double sloped = 0;
    std::uint64_t usable = 0;
    std::uint64_t unsound = 0;
    std::uint64_t zero = 0;
    for (std::size_t i = 0; i + 1 < points_.size(); ++i) {
      const Point& a = points_[i];
      const Point& b = points_[i + 1];
      if (a.quality.bad()) continue;
      const auto ns = static_cast<std::uint64_t>(b.time.ns - a.time.ns);
      held += static_cast<long double>(number(a)) * static_cast<long double>(ns);
      sloped += (b.quality.bad() ? number(a) : (number(a) + number(b)) / 2) *
                static_cast<long double>(ns);
      usable += ns;
      if (!a.quality.good() || !b.quality.good()) unsound += ns;
      if (number(a) == 0) zero += ns;
    }
    EXPECT_EQ(s.usable_ns, usable);
    EXPECT_EQ(s.unsound_ns, unsound);
    EXPECT_EQ(s.zero_ns, zero);
    const double scale = 1001e6 * static_cast<double>(points_.back().time.ns);
    expect_near(s.held, static_cast<double>(held), scale);
    expect_near(s.sloped, static_cast<double>(sloped), scale);
    long double sloped_over = 0;
    for (std::size_t i = 0; i + 1 < usable_.size(); ++i) {
      const auto ns = static_cast<long double>(usable_[i + 1].time.ns - usable_[i].time.ns);
      sloped_over += (number(usable_[i]) + number(usable_[i + 1])) / 2 * ns;
    }
    expect_near(s.sloped_over_bad, static_cast<double>(sloped_over), scale);
  }

  std::span<const Point> points_;
  std::vector<Point> usable_;
};

std::vector<Point> random_points(std::mt19937_64& random) {
  const Quality qualities[] = {quality::kGood,
                               quality::kGood,
                               quality::kGood,
                               quality::kUncertain,
                               quality::kUncertainLastUsableValue,
                               quality::kBad,
                               quality::kBadTimeout};
  const double offset = random() % 3 == 0 ? 1e6 : 0;
  const std::uint64_t kinds = 1 + random() % 7;  // some series are all good
  std::vector<Point> points;
  std::int64_t time = 0;
  for (std::uint64_t i = random() % 12; i > 0; --i) {
    time += 1 + static_cast<std::int64_t>(random() % 1'000'000'000);
    const double value = offset + static_cast<double>(random() % 5) * 250.1 - 500.2;
    points.push_back(point(time, random() % 4 == 0 ? 0 : value, qualities[random() % kinds]));
  }
  return points;
}

TEST(Summary, IsWhatItsDefinitionSaysHoweverThePointsAreCut) {
  for (std::uint64_t seed = 1; seed <= 3000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::vector<Point> points = random_points(random);
    const std::span<const Point> all(points);
    const Plain plain(all);
    plain.compare(summary_of(all));
    for (std::size_t cut = 0; cut <= points.size(); ++cut) {
      const std::size_t second = cut + random() % (points.size() - cut + 1);
      Summary left = summary_of(all.first(cut));
      Summary right = summary_of(all.subspan(cut, second - cut));
      right.add(summary_of(all.subspan(second)));
      left.add(right);
      plain.compare(left);
    }
  }
}

// 4, 7, 13, 16: mean 10, distances 6, 3, 3, 6, squares 90. At this offset the sum of squares minus
// the square of the sum has no correct digit left.
TEST(Summary, KeepsTheSpreadOfValuesFarFromZero) {
  for (const double offset : {0.0, 1e9, -1e12}) {
    Summary parts;
    for (const double value : {4.0, 7.0, 13.0, 16.0}) {
      Summary one;
      one.add(point(static_cast<std::int64_t>(value), offset + value));
      parts.add(one);
    }
    EXPECT_EQ(parts.squares, 90) << offset;
  }
}

// Between the first and the last time that there are lie 2^64 - 1 ns.
TEST(Summary, MeasuresTheLongestStretch) {
  const std::vector<Point> points = {point(INT64_MIN, 0), point(INT64_MAX, 0)};
  EXPECT_EQ(summary_of(points).zero_ns, UINT64_MAX);
}

TEST(Summary, CountsNumbersThatAreNotFinite) {
  const std::vector<Point> points = {point(1, kNan), point(2, 1), point(3, kInfinity),
                                     point(4, kNan, quality::kBad)};
  const Summary s = summary_of(points);
  EXPECT_EQ(s.not_finite, 2u);
  EXPECT_EQ(s.min, 1);
  EXPECT_EQ(s.min_time.ns, 2);
  EXPECT_EQ(s.max, kInfinity);
}

TEST(Summary, TakesAnotherOpinionOnWhatIsUsable) {
  Summary s;
  s.add({1}, quality::kUncertain, 5, false);
  s.add({3}, quality::kGood, 7, true);
  EXPECT_EQ(s.bad, 1u);
  EXPECT_EQ(s.uncertain, 0u);
  EXPECT_EQ(s.worst_quality, quality::kUncertain.code);
  EXPECT_EQ(s.first_quality, quality::kUncertain.code);
  EXPECT_EQ(s.min, 7);
  EXPECT_EQ(s.usable_ns, 0u);
}

TEST(Summary, ComesBackFromItsBytes) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200; ++i) {
    const Summary s = summary_of(random_points(random));
    Bytes bytes;
    ByteWriter writer(bytes);
    encode_summary(s, writer);
    ASSERT_EQ(bytes.size(), kSummaryBytes);
    ByteReader reader(bytes);
    const Summary read = decode_summary(reader);
    EXPECT_TRUE(reader.ok());
    Bytes again;
    ByteWriter second(again);
    encode_summary(read, second);
    EXPECT_EQ(again, bytes);
    EXPECT_EQ(read.count, s.count);
    EXPECT_EQ(read.changes, s.changes);
    EXPECT_EQ(read.worst_quality, s.worst_quality);
    EXPECT_EQ(read.max_repeats, s.max_repeats);
    EXPECT_EQ(read.max_time, s.max_time);
    EXPECT_EQ(read.sloped_over_bad, s.sloped_over_bad);
    EXPECT_EQ(read.zero_ns, s.zero_ns);
  }
}

}  // namespace
}  // namespace lineshaft::historian

#include "historian/totals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "historian/file_format.h"
#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr SeriesKey kKey{{1}, {1}};
constexpr ValueType kTypes[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                                ValueType::kFloat64, ValueType::kString};

// Points of one series in files, in every state that readers have a way of their own for.
class Series {
 public:
  Series(std::uint64_t seed, ValueType type) : random_(seed), type_(type) {
    const std::uint64_t files = 1 + below(3);
    for (std::uint64_t i = 0; i < files; ++i) add_file();
    if (below(2) == 0) add_recent();
  }

  const SeriesView& view() const { return view_; }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  TimeRange random_range() {
    if (below(4) == 0) return {};
    const auto from = static_cast<std::int64_t>(below(4000)) - 500;
    return {{from}, {from + 1 + static_cast<std::int64_t>(below(3000))}};
  }

  // Point by point, in the plainest way. Sums are exact: numbers are eighths.
  std::vector<Totals> expected(const Windows& windows) const {
    std::vector<Totals> totals(windows.count());
    EXPECT_TRUE(visit_points(view_, windows.range(), [&](const Columns& points) {
                  for (const Point& point : points_of(points)) {
                    add(point, totals[windows.index(point.time)]);
                  }
                  return true;
                }).ok());
    return totals;
  }

 private:
  static void add(const Point& point, Totals& totals) {
    const double number = as_double(point.value);
    const bool is_first = !totals.usable();
    ++totals.count;
    totals.last_quality = point.quality;
    if (point.quality.bad()) {
      ++totals.bad;
      return;
    }
    if (is_first) {
      totals.first_usable = point.time;
      totals.first = totals.min = totals.max = number;
      totals.sum = 0;
    }
    totals.last_usable = point.time;
    totals.last = number;
    totals.sum += number;
    if (std::isnan(totals.min) || number < totals.min) totals.min = number;
    if (std::isnan(totals.max) || number > totals.max) totals.max = number;
  }

  Value value() {
    const auto number = static_cast<std::int64_t>(below(2000)) - 1000;
    switch (type_) {
      case ValueType::kBool:
        return number > 0;
      case ValueType::kInt64:
        return number;
      case ValueType::kFloat32:
        return has_nan_ && below(20) == 0 ? std::nanf("") : static_cast<float>(number) / 8;
      case ValueType::kFloat64:
        if (has_nan_ && below(20) == 0) return number > 0 ? std::nan("") : HUGE_VAL;
        return static_cast<double>(number) / 8;
      case ValueType::kString:
        break;
    }
    return std::string("x");
  }

  Columns points(std::int64_t from) {
    const auto step = static_cast<std::int64_t>(1 + below(20));
    const bool is_regular = below(2) == 0;
    const std::uint64_t one_bad_in = below(2) == 0 ? 0 : 1 + below(30);
    has_nan_ = below(3) == 0;
    Columns points(type_);
    const std::uint64_t count = 1 + below(300);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Quality bad = below(2) == 0 ? quality::kBadTimeout : quality::kUncertain;
      const bool is_bad = one_bad_in != 0 && below(one_bad_in) == 0;
      points.add({{from}, is_bad ? bad : quality::kGood, value()});
      from += step;
      if (!is_regular) from += static_cast<std::int64_t>(below(3));
    }
    return points;
  }

  void add_file() {
    const std::uint64_t number = view_.files.size() + 1;
    const std::string path = "/" + std::to_string(number);
    const codec::Effort effort = below(2) == 0 ? codec::Effort::kFresh : codec::Effort::kSealed;
    const std::size_t own_block_points = below(3) == 0 ? 200 : below(3);
    auto writer = FileWriter::create(disk_, path, {number, number},
                                     {effort, 1 + below(120), own_block_points})
                      .value();
    // Between neighbours to share blocks with.
    EXPECT_TRUE(writer->add({kKey.tenant, {0}}, points(0)).ok());
    EXPECT_TRUE(writer->add(kKey, points(static_cast<std::int64_t>(below(2500)))).ok());
    EXPECT_TRUE(writer->add({kKey.tenant, {2}}, points(0)).ok());
    EXPECT_TRUE(writer->finish().ok());
    view_.files.push_back(FileReader::open(disk_, path, number).value());
  }
  void add_recent() { view_.recent = points(static_cast<std::int64_t>(below(3000))); }

  std::mt19937_64 random_;
  ValueType type_;
  bool has_nan_ = false;
  sys::SimDisk disk_;
  SeriesView view_{kKey, {}, std::nullopt, {}};
};

void expect_same(const std::vector<Totals>& got, const std::vector<Totals>& wanted) {
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Totals& a = got[i];
    const Totals& b = wanted[i];
    ASSERT_TRUE(a.count == b.count && a.bad == b.bad) << i;
    ASSERT_EQ(a.last_quality, b.last_quality) << i;
    if (!b.usable()) continue;
    ASSERT_TRUE(a.first_usable == b.first_usable && a.last_usable == b.last_usable) << i;
    ASSERT_TRUE(same(a.first, b.first) && same(a.last, b.last)) << i;
    ASSERT_TRUE(same(a.min, b.min) && same(a.max, b.max)) << i << " " << a.min << " " << b.min;
    ASSERT_TRUE(same(a.sum, b.sum)) << i << " " << a.sum << " " << b.sum;
  }
}

TEST(WindowTotals, AreWhatThePointsAddUpToHoweverTheyAreRead) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Series series(seed, kTypes[seed % 5]);
    for (int question = 0; question < 5; ++question) {
      const TimeRange range = series.random_range();
      const auto count = static_cast<std::uint32_t>(1 + series.below(40));
      const Windows windows = Windows::equal_parts(range, count);
      SCOPED_TRACE("seed " + std::to_string(seed) + ", question " + std::to_string(question));
      const std::vector<Totals> wanted = series.expected(windows);
      expect_same(window_totals(series.view(), windows, TotalsFrom::kValues).value(), wanted);
      expect_same(window_totals(series.view(), windows, TotalsFrom::kSummaries).value(), wanted);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// A file of one block with 100 points, one each 10 ns.
struct OneBlock {
  OneBlock() {
    auto writer = FileWriter::create(disk, "/1", {1, 1}, {codec::Effort::kFresh, 8192, 1}).value();
    Columns points(ValueType::kFloat64);
    for (std::int64_t i = 0; i < 100; ++i) points.add({{i * 10}, {}, static_cast<double>(i)});
    EXPECT_TRUE(writer->add(kKey, points).ok());
    EXPECT_TRUE(writer->finish().ok());
    view.files.push_back(FileReader::open(disk, "/1", 1).value());
  }
  std::uint64_t reads() { return disk.calls(sys::DiskCall::kRead); }

  sys::SimDisk disk;
  SeriesView view{kKey, {}, std::nullopt, {}};
};

TEST(WindowTotals, ReadABlockOnlyIfTheIndexWillNotDo) {
  OneBlock one;
  const Windows whole = Windows::equal_parts({{0}, {1000}}, 1);
  const std::uint64_t before = one.reads();
  EXPECT_EQ(window_totals(one.view, whole, TotalsFrom::kSummaries).value()[0].sum, 4950);
  EXPECT_EQ(one.reads(), before);
  EXPECT_EQ(window_totals(one.view, whole, TotalsFrom::kValues).value()[0].sum, 4950);
  EXPECT_EQ(one.reads(), before + 1);
  const auto halves = window_totals(one.view, Windows::equal_parts({{0}, {1000}}, 2)).value();
  EXPECT_EQ(one.reads(), before + 2);
  EXPECT_EQ(halves[0].sum, 1225);  // 0 + ... + 49
  EXPECT_EQ(halves[1].sum, 3725);
  EXPECT_EQ(halves[1].first_usable, Timestamp{500});
}

TEST(WindowTotals, LeaveOutADamagedBlockAndTell) {
  OneBlock one;
  const std::uint64_t offset = one.view.files[0]->all_blocks()[0].offset + kBlockHeadBytes + 1;
  const auto file = one.disk.open("/1", sys::OpenMode::kReadWrite).value();
  Bytes byte(1);
  ASSERT_TRUE(file->read_at(offset, byte).ok());
  byte[0] ^= 1;
  ASSERT_TRUE(file->write_at(offset, byte).ok());
  std::vector<ErrorId> told;
  one.view.damaged = [&](const Error& error) { told.push_back(error.id); };
  const auto halves = window_totals(one.view, Windows::equal_parts({{0}, {1000}}, 2)).value();
  EXPECT_EQ(halves[0].count + halves[1].count, 0u);
  EXPECT_EQ(told, std::vector{ErrorId::kCorrupt});
}

}  // namespace
}  // namespace lineshaft::historian

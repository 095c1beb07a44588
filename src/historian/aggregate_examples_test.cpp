// The worked examples of OPC UA Part 13 (OPC 10000-13, 1.04), Annex A: its four historians and the
// tables that were at hand. Where a table counts the last sample as known for one millisecond, ours
// is known for a nanosecond, and the figure is that much smaller; such lines are marked.
//
// "12:00:00 BadNoData, first archive entry, point created" of the Annex is no sample: its tables
// count none there and call the intervals before the first value empty.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNoon =
    1'700'000'000 * kSecond / (86400 * kSecond) * (86400 * kSecond) + 12 * 3600 * kSecond;
constexpr Quality kNoCommunicationLastUsable{0x408F0000};

Timestamp noon(std::int64_t seconds) { return {kNoon + seconds * kSecond}; }

std::string status_text(Quality status) {
  std::string text = quality_name({status.code & 0xFFFF0000});
  if ((status.code & history_bits::kInterpolated) != 0) text += ", Interpolated";
  if ((status.code & history_bits::kCalculated) != 0) text += ", Calculated";
  if ((status.code & history_bits::kPartial) != 0) text += ", Partial";
  if ((status.code & history_bits::kMultiValue) != 0) text += ", MultipleValues";
  const bool says_where = (status.code & history_bits::kDataValue) != 0;
  EXPECT_EQ(says_where, (status.code & 0x1F) != 0);
  return text;
}

std::string number_text(double number) { return to_text(Value(std::round(number * 1000) / 1000)); }

// "12:00:16 20 Good, Calculated": three decimals, as the tables have.
std::string row(const AggregateValue& value) {
  const std::string time = format_rfc3339(value.time).substr(11, 8);
  EXPECT_EQ(value.value.has_value(), !value.status.bad());
  return time + " " + (value.value ? number_text(*value.value) + " " : "") +
         status_text(value.status);
}

using Rows = std::vector<std::string>;

class Annex : public testing::Test {
 protected:
  Annex() {
    EXPECT_TRUE(store_.open().ok());
    make(1, ValueType::kFloat64, Interpolation::kLinear);
    make(2, ValueType::kFloat64, Interpolation::kLinear);
    make(3, ValueType::kFloat64, Interpolation::kStep);
    make(4, ValueType::kBool, Interpolation::kStep);
    options_[1].treat_uncertain_as_bad = false;
    options_[3].percent_data_good = options_[3].percent_data_bad = 50;
    SampleBatch batch{{1}, {}, {}};
    for (std::int64_t i = 1; i <= 9; ++i) {
      const Quality quality = i == 4   ? quality::kBad
                              : i == 7 ? quality::kUncertain
                                       : quality::kGood;
      batch.samples.push_back({{1}, noon(10 * i), quality, 10.0 * static_cast<double>(i)});
    }
    const std::int64_t seconds[] = {2, 25, 28, 39, 42, 48, 52, 72, 77, 83, 86, 90};
    const double numbers[] = {10, 20, 25, 30, 0, 40, 50, 60, 70, 70, 80, 90};
    const bool states[] = {true,  false, true, true, false, true,
                           false, false, true, true, false, true};
    for (std::size_t i = 0; i < std::size(seconds); ++i) {
      const Quality quality = seconds[i] == 42   ? quality::kBadDataLost
                              : seconds[i] == 77 ? kNoCommunicationLastUsable
                                                 : quality::kGood;
      batch.samples.push_back({{2}, noon(seconds[i]), quality, numbers[i]});
      batch.samples.push_back({{3}, noon(seconds[i]), quality, numbers[i]});
      batch.samples.push_back({{4}, noon(seconds[i]), quality, states[i]});
    }
    EXPECT_TRUE(append(*store_, batch).ok());
  }

  void make(std::uint32_t id, ValueType type, Interpolation interpolation) {
    TagSpec spec = spec_of("annex/historian" + std::to_string(id), type);
    spec.interpolation = interpolation;
    EXPECT_EQ(store_->ensure_tags({1}, {spec}).value()[0], TagId{id});
  }

  Rows rows(std::uint32_t historian, Aggregate aggregate, std::int64_t step_seconds) {
    const Aggregate wanted[] = {aggregate};
    Rows rows;
    for (const AggregateValue& value :
         store_
             ->aggregates({1}, {historian}, {noon(0), noon(100)},
                          Nanoseconds(step_seconds * kSecond), wanted, options_[historian])
             .value()) {
      rows.push_back(row(value));
    }
    return rows;
  }

  // The same from the memory and from a file.
  void expect(std::uint32_t historian, Aggregate aggregate, std::int64_t step_seconds,
              const Rows& wanted) {
    SCOPED_TRACE(std::string(aggregate_name(aggregate)) + " of historian " +
                 std::to_string(historian));
    EXPECT_EQ(rows(historian, aggregate, step_seconds), wanted);
    EXPECT_TRUE(store_->flush().ok());
    EXPECT_EQ(rows(historian, aggregate, step_seconds), wanted);
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
  AggregateOptions options_[5];
};

TEST_F(Annex, A2Interpolative) {
  expect(1, Aggregate::kInterpolative, 5,
         {"12:00:00 BadNoData",
          "12:00:05 BadNoData",
          "12:00:10 10 Good",
          "12:00:15 15 Good, Interpolated",
          "12:00:20 20 Good",
          "12:00:25 25 Good, Interpolated",
          "12:00:30 30 Good",
          "12:00:35 35 UncertainDataSubNormal, Interpolated",
          "12:00:40 40 UncertainDataSubNormal, Interpolated",
          "12:00:45 45 UncertainDataSubNormal, Interpolated",
          "12:00:50 50 Good",
          "12:00:55 55 Good, Interpolated",
          "12:01:00 60 Good",
          "12:01:05 65 UncertainDataSubNormal, Interpolated",
          "12:01:10 70 Uncertain",
          "12:01:15 75 UncertainDataSubNormal, Interpolated",
          "12:01:20 80 Good",
          "12:01:25 85 Good, Interpolated",
          "12:01:30 90 Good",
          "12:01:35 90 UncertainDataSubNormal, Interpolated"});
  expect(2, Aggregate::kInterpolative, 5,
         {"12:00:00 BadNoData",
          "12:00:05 11.304 Good, Interpolated",
          "12:00:10 13.478 Good, Interpolated",
          "12:00:15 15.652 Good, Interpolated",
          "12:00:20 17.826 Good, Interpolated",
          "12:00:25 20 Good",
          "12:00:30 25.909 Good, Interpolated",
          "12:00:35 28.182 Good, Interpolated",
          "12:00:40 31.111 UncertainDataSubNormal, Interpolated",
          "12:00:45 36.667 UncertainDataSubNormal, Interpolated",
          "12:00:50 45 Good, Interpolated",
          "12:00:55 51.5 Good, Interpolated",
          "12:01:00 54 Good, Interpolated",
          "12:01:05 56.5 Good, Interpolated",
          "12:01:10 59 Good, Interpolated",
          "12:01:15 62.727 UncertainDataSubNormal, Interpolated",
          "12:01:20 67.273 UncertainDataSubNormal, Interpolated",
          "12:01:25 76.667 Good, Interpolated",
          "12:01:30 90 Good",
          "12:01:35 90 UncertainDataSubNormal, Interpolated"});
  expect(3, Aggregate::kInterpolative, 5,
         {"12:00:00 BadNoData",
          "12:00:05 10 Good, Interpolated",
          "12:00:10 10 Good, Interpolated",
          "12:00:15 10 Good, Interpolated",
          "12:00:20 10 Good, Interpolated",
          "12:00:25 20 Good",
          "12:00:30 25 Good, Interpolated",
          "12:00:35 25 Good, Interpolated",
          "12:00:40 30 Good, Interpolated",
          "12:00:45 30 UncertainDataSubNormal, Interpolated",
          "12:00:50 40 Good, Interpolated",
          "12:00:55 50 Good, Interpolated",
          "12:01:00 50 Good, Interpolated",
          "12:01:05 50 Good, Interpolated",
          "12:01:10 50 Good, Interpolated",
          "12:01:15 60 Good, Interpolated",
          "12:01:20 60 UncertainDataSubNormal, Interpolated",
          "12:01:25 70 Good, Interpolated",
          "12:01:30 90 Good",
          "12:01:35 90 UncertainDataSubNormal, Interpolated"});
}

TEST_F(Annex, A3Average) {
  expect(1, Aggregate::kAverage, 5, {"12:00:00 BadNoData",           "12:00:05 BadNoData",
                                     "12:00:10 10 Good, Calculated", "12:00:15 BadNoData",
                                     "12:00:20 20 Good, Calculated", "12:00:25 BadNoData",
                                     "12:00:30 30 Good, Calculated", "12:00:35 BadNoData",
                                     "12:00:40 BadNoData",           "12:00:45 BadNoData",
                                     "12:00:50 50 Good, Calculated", "12:00:55 BadNoData",
                                     "12:01:00 60 Good, Calculated", "12:01:05 BadNoData",
                                     "12:01:10 BadNoData",           "12:01:15 BadNoData",
                                     "12:01:20 80 Good, Calculated", "12:01:25 BadNoData",
                                     "12:01:30 90 Good, Calculated", "12:01:35 BadNoData"});
  for (const std::uint32_t historian : {2U, 3U}) {
    expect(historian, Aggregate::kAverage, 5,
           {"12:00:00 10 Good, Calculated", "12:00:05 BadNoData",
            "12:00:10 BadNoData",           "12:00:15 BadNoData",
            "12:00:20 BadNoData",           "12:00:25 22.5 Good, Calculated",
            "12:00:30 BadNoData",           "12:00:35 30 Good, Calculated",
            "12:00:40 BadNoData",           "12:00:45 40 Good, Calculated",
            "12:00:50 50 Good, Calculated", "12:00:55 BadNoData",
            "12:01:00 BadNoData",           "12:01:05 BadNoData",
            "12:01:10 60 Good, Calculated", "12:01:15 BadNoData",
            "12:01:20 70 Good, Calculated", "12:01:25 80 Good, Calculated",
            "12:01:30 90 Good, Calculated", "12:01:35 BadNoData"});
  }
}

TEST_F(Annex, A4TimeAverage) {
  expect(1, Aggregate::kTimeAverage, 5,
         {"12:00:00 BadNoData",
          "12:00:05 BadNoData",
          "12:00:10 12.5 Good, Calculated",
          "12:00:15 17.5 Good, Calculated",
          "12:00:20 22.5 Good, Calculated",
          "12:00:25 27.5 Good, Calculated",
          "12:00:30 32.5 UncertainDataSubNormal, Calculated",
          "12:00:35 37.5 UncertainDataSubNormal, Calculated",
          "12:00:40 42.5 UncertainDataSubNormal, Calculated",
          "12:00:45 47.5 UncertainDataSubNormal, Calculated",
          "12:00:50 52.5 Good, Calculated",
          "12:00:55 57.5 Good, Calculated",
          "12:01:00 62.5 UncertainDataSubNormal, Calculated",
          "12:01:05 67.5 UncertainDataSubNormal, Calculated",
          "12:01:10 72.5 UncertainDataSubNormal, Calculated",
          "12:01:15 77.5 UncertainDataSubNormal, Calculated",
          "12:01:20 82.5 Good, Calculated",
          "12:01:25 87.5 Good, Calculated",
          "12:01:30 90 UncertainDataSubNormal, Calculated",
          "12:01:35 90 UncertainDataSubNormal, Calculated"});
  // Of historian 2 two lines were at hand.
  const Rows second = rows(2, Aggregate::kTimeAverage, 5);
  EXPECT_EQ(second[0], "12:00:00 10.652 UncertainDataSubNormal, Calculated, Partial");
  EXPECT_EQ(second[9], "12:00:45 40 UncertainDataSubNormal, Calculated");
}

TEST_F(Annex, A5TimeAverage2) {
  expect(1, Aggregate::kTimeAverage2, 5,
         {"12:00:00 BadNoData",
          "12:00:05 BadNoData",
          "12:00:10 12.5 Good, Calculated",
          "12:00:15 17.5 Good, Calculated",
          "12:00:20 22.5 Good, Calculated",
          "12:00:25 27.5 Good, Calculated",
          "12:00:30 30 UncertainDataSubNormal, Calculated",
          "12:00:35 30 UncertainDataSubNormal, Calculated",
          "12:00:40 BadNoData",
          "12:00:45 BadNoData",
          "12:00:50 52.5 Good, Calculated",
          "12:00:55 57.5 Good, Calculated",
          "12:01:00 62.5 UncertainDataSubNormal, Calculated",
          "12:01:05 67.5 UncertainDataSubNormal, Calculated",
          "12:01:10 72.5 UncertainDataSubNormal, Calculated",
          "12:01:15 77.5 UncertainDataSubNormal, Calculated",
          "12:01:20 82.5 Good, Calculated",
          "12:01:25 87.5 Good, Calculated",
          "12:01:30 90 UncertainDataSubNormal, Calculated, Partial",
          "12:01:35 BadNoData"});
  const Rows second = rows(2, Aggregate::kTimeAverage2, 5);
  const Rows known = {"12:00:00 10.652 UncertainDataSubNormal, Calculated, Partial",
                      "12:00:05 12.391 Good, Calculated",
                      "12:00:10 14.565 Good, Calculated",
                      "12:00:15 16.739 Good, Calculated",
                      "12:00:20 18.913 Good, Calculated",
                      "12:00:25 23.682 Good, Calculated",
                      "12:00:30 27.045 Good, Calculated",  // 27.0454...; the table has 27.046
                      "12:00:35 29.273 UncertainDataSubNormal, Calculated",
                      "12:00:40 30 UncertainDataSubNormal, Calculated",
                      "12:00:45 42.5 UncertainDataSubNormal, Calculated",
                      "12:00:50 49.45 Good, Calculated",
                      "12:00:55 52.75 Good, Calculated",
                      "12:01:00 55.25 Good, Calculated",
                      "12:01:05 57.75 Good, Calculated",
                      "12:01:10 59.8 UncertainDataSubNormal, Calculated"};
  EXPECT_EQ(Rows(second.begin(), second.begin() + 15), known);
}

TEST_F(Annex, A8Minimum) {
  expect(1, Aggregate::kMinimum, 16,
         {"12:00:00 10 Good, Calculated, Partial", "12:00:16 20 Good, Calculated",
          "12:00:32 BadNoData", "12:00:48 50 Good, Calculated", "12:01:04 BadNoData",
          "12:01:20 80 Good, Partial", "12:01:36 BadNoData"});
  for (const std::uint32_t historian : {2U, 3U}) {
    expect(historian, Aggregate::kMinimum, 16,
           {"12:00:00 10 Good, Calculated, Partial", "12:00:16 20 Good, Calculated",
            "12:00:32 30 UncertainDataSubNormal, Calculated", "12:00:48 40 Good",
            "12:01:04 60 UncertainDataSubNormal, Calculated",
            "12:01:20 70 Good, Calculated, Partial", "12:01:36 BadNoData"});
  }
}

TEST_F(Annex, A9Maximum) {
  expect(1, Aggregate::kMaximum, 16,
         {"12:00:00 10 Good, Calculated, Partial", "12:00:16 30 Good, Calculated",
          "12:00:32 BadNoData", "12:00:48 60 Good, Calculated", "12:01:04 BadNoData",
          "12:01:20 90 Good, Calculated, Partial", "12:01:36 BadNoData"});
  for (const std::uint32_t historian : {2U, 3U}) {
    expect(historian, Aggregate::kMaximum, 16,
           {"12:00:00 10 Good, Calculated, Partial", "12:00:16 25 Good, Calculated",
            "12:00:32 30 UncertainDataSubNormal, Calculated", "12:00:48 50 Good, Calculated",
            "12:01:04 60 UncertainDataSubNormal, Calculated",
            "12:01:20 90 Good, Calculated, Partial", "12:01:36 BadNoData"});
  }
}

TEST_F(Annex, A10MinimumActualTime) {
  expect(1, Aggregate::kMinimumActualTime, 16,
         {"12:00:10 10 Good, Partial", "12:00:20 20 Good", "12:00:32 BadNoData", "12:00:50 50 Good",
          "12:01:04 BadNoData", "12:01:20 80 Good, Partial", "12:01:36 BadNoData"});
  for (const std::uint32_t historian : {2U, 3U}) {
    expect(historian, Aggregate::kMinimumActualTime, 16,
           {"12:00:02 10 Good, Partial", "12:00:25 20 Good", "12:00:39 30 UncertainDataSubNormal",
            "12:00:48 40 Good", "12:01:12 60 UncertainDataSubNormal", "12:01:23 70 Good, Partial",
            "12:01:36 BadNoData"});
  }
}

TEST_F(Annex, A11MaximumActualTime) {
  expect(1, Aggregate::kMaximumActualTime, 16,
         {"12:00:10 10 Good, Partial", "12:00:30 30 Good", "12:00:32 BadNoData", "12:01:00 60 Good",
          "12:01:04 BadNoData", "12:01:30 90 Good, Partial", "12:01:36 BadNoData"});
  for (const std::uint32_t historian : {2U, 3U}) {
    expect(historian, Aggregate::kMaximumActualTime, 16,
           {"12:00:02 10 Good, Partial", "12:00:28 25 Good", "12:00:39 30 UncertainDataSubNormal",
            "12:00:52 50 Good", "12:01:12 60 UncertainDataSubNormal", "12:01:30 90 Good, Partial",
            "12:01:36 BadNoData"});
  }
}

TEST_F(Annex, A17Count) {
  expect(1, Aggregate::kCount, 16,
         {"12:00:00 1 Good, Calculated, Partial", "12:00:16 2 Good, Calculated", "12:00:32 Bad",
          "12:00:48 2 Good, Calculated", "12:01:04 0 UncertainDataSubNormal, Calculated",
          "12:01:20 2 Good, Calculated, Partial", "12:01:36 BadNoData"});
  expect(2, Aggregate::kCount, 16,
         {"12:00:00 1 Good, Calculated, Partial", "12:00:16 2 Good, Calculated",
          "12:00:32 1 UncertainDataSubNormal, Calculated", "12:00:48 2 Good, Calculated",
          "12:01:04 1 UncertainDataSubNormal, Calculated", "12:01:20 3 Good, Calculated, Partial",
          "12:01:36 BadNoData"});
  EXPECT_EQ(rows(3, Aggregate::kCount, 16)[4], "12:01:04 1 Good, Calculated");
}

TEST_F(Annex, A20And21DurationInState) {
  expect(4, Aggregate::kDurationInStateZero, 16,
         {"12:00:00 0 UncertainDataSubNormal, Calculated, Partial",
          "12:00:16 3000 Good, Calculated", "12:00:32 0 UncertainDataSubNormal, Calculated",
          "12:00:48 12000 Good, Calculated", "12:01:04 13000 UncertainDataSubNormal, Calculated",
          "12:01:20 4000 UncertainDataSubNormal, Calculated, Partial", "12:01:36 BadNoData"});
  expect(4, Aggregate::kDurationInStateNonZero, 16,
         {"12:00:00 14000 UncertainDataSubNormal, Calculated, Partial",
          "12:00:16 13000 Good, Calculated", "12:00:32 10000 UncertainDataSubNormal, Calculated",
          "12:00:48 4000 Good, Calculated", "12:01:04 0 UncertainDataSubNormal, Calculated",
          "12:01:20 3000 UncertainDataSubNormal, Calculated, Partial",  // 3001
          "12:01:36 BadNoData"});
}

TEST_F(Annex, A25StartBound) {
  expect(1, Aggregate::kStartBound, 16,
         {"12:00:00 BadNoData, Partial", "12:00:16 16 Good, Interpolated",
          "12:00:32 30 UncertainDataSubNormal, Interpolated", "12:00:48 BadNoData",
          "12:01:04 64 UncertainDataSubNormal, Interpolated", "12:01:20 80 Good, Partial",
          "12:01:36 BadNoData"});
  expect(2, Aggregate::kStartBound, 16,
         {"12:00:00 BadNoData, Partial", "12:00:16 16.087 Good, Interpolated",
          "12:00:32 26.818 Good, Interpolated", "12:00:48 40 Good",
          "12:01:04 56 Good, Interpolated", "12:01:20 BadNoData, Partial", "12:01:36 BadNoData"});
  expect(3, Aggregate::kStartBound, 16,
         {"12:00:00 BadNoData, Partial", "12:00:16 10 Good, Interpolated",
          "12:00:32 25 Good, Interpolated", "12:00:48 40 Good", "12:01:04 50 Good, Interpolated",
          "12:01:20 BadNoData, Partial", "12:01:36 BadNoData"});
}

TEST_F(Annex, A29And30Durations) {
  expect(1, Aggregate::kDurationGood, 16,
         {"12:00:00 6000 Good, Calculated, Partial", "12:00:16 16000 Good, Calculated",
          "12:00:32 0 Good, Calculated", "12:00:48 14000 Good, Calculated",
          "12:01:04 0 Good, Calculated", "12:01:20 10000 Good, Calculated, Partial",  // 10001
          "12:01:36 BadNoData"});
  expect(1, Aggregate::kDurationBad, 16,
         {"12:00:00 10000 Good, Calculated, Partial", "12:00:16 0 Good, Calculated",
          "12:00:32 8000 Good, Calculated", "12:00:48 2000 Good, Calculated",
          "12:01:04 0 Good, Calculated", "12:01:20 0 Good, Calculated, Partial",
          "12:01:36 BadNoData"});
  for (const std::uint32_t historian : {2U, 3U, 4U}) {
    expect(historian, Aggregate::kDurationGood, 16,
           {"12:00:00 14000 Good, Calculated, Partial", "12:00:16 16000 Good, Calculated",
            "12:00:32 10000 Good, Calculated", "12:00:48 16000 Good, Calculated",
            "12:01:04 13000 Good, Calculated", "12:01:20 7000 Good, Calculated, Partial",  // 7001
            "12:01:36 BadNoData"});
    expect(historian, Aggregate::kDurationBad, 16,
           {"12:00:00 2000 Good, Calculated, Partial", "12:00:16 0 Good, Calculated",
            "12:00:32 6000 Good, Calculated", "12:00:48 0 Good, Calculated",
            "12:01:04 3000 Good, Calculated", "12:01:20 3000 Good, Calculated, Partial",
            "12:01:36 BadNoData"});
  }
}

TEST_F(Annex, A31And32Percents) {
  expect(1, Aggregate::kPercentBad, 16,
         {"12:00:00 62.5 Good, Calculated, Partial", "12:00:16 0 Good, Calculated",
          "12:00:32 50 Good, Calculated", "12:00:48 12.5 Good, Calculated",
          "12:01:04 0 Good, Calculated", "12:01:20 0 Good, Calculated, Partial",
          "12:01:36 BadNoData"});
  for (const std::uint32_t historian : {2U, 3U, 4U}) {
    expect(historian, Aggregate::kPercentGood, 16,
           {"12:00:00 87.5 Good, Calculated, Partial", "12:00:16 100 Good, Calculated",
            "12:00:32 62.5 Good, Calculated", "12:00:48 100 Good, Calculated",
            "12:01:04 81.25 Good, Calculated",
            "12:01:20 70 Good, Calculated, Partial",  // 70.003
            "12:01:36 BadNoData"});
    expect(historian, Aggregate::kPercentBad, 16,
           {"12:00:00 12.5 Good, Calculated, Partial", "12:00:16 0 Good, Calculated",
            "12:00:32 37.5 Good, Calculated", "12:00:48 0 Good, Calculated",
            "12:01:04 18.75 Good, Calculated",
            "12:01:20 30 Good, Calculated, Partial",  // 29.997
            "12:01:36 BadNoData"});
  }
}

TEST_F(Annex, A36VarianceSample) {
  expect(
      1, Aggregate::kVarianceSample, 20,
      {"12:00:00 0 Good, Calculated, Partial", "12:00:20 50 Good, Calculated",
       "12:00:40 0 UncertainDataSubNormal, Calculated",
       "12:01:00 0 UncertainDataSubNormal, Calculated", "12:01:20 50 Good, Calculated, Partial"});
  for (const std::uint32_t historian : {2U, 3U}) {
    expect(historian, Aggregate::kVarianceSample, 20,
           {"12:00:00 0 Good, Calculated, Partial", "12:00:20 25 Good, Calculated",
            "12:00:40 50 UncertainDataSubNormal, Calculated",
            "12:01:00 0 UncertainDataSubNormal, Calculated",
            "12:01:20 100 Good, Calculated, Partial"});
  }
}

// 3.1.6, Table 1: raw values 10 at :00, 20 at :10, 30 at :20.
TEST_F(Annex, Table1InterpolationAndExtrapolation) {
  make(5, ValueType::kFloat64, Interpolation::kLinear);
  make(6, ValueType::kFloat64, Interpolation::kStep);
  SampleBatch batch{{1}, {}, {}};
  for (const std::uint32_t tag : {5U, 6U}) {
    for (std::int64_t i = 0; i < 3; ++i) {
      batch.samples.push_back({{tag}, noon(10 * i), {}, 10.0 * static_cast<double>(i + 1)});
    }
  }
  ASSERT_TRUE(append(*store_, batch).ok());
  const std::vector<Timestamp> times = {noon(27), noon(5), noon(8), noon(15), noon(25), noon(27)};
  const auto values = [&](std::uint32_t tag, bool slope) {
    AggregateOptions options;
    options.use_sloped_extrapolation = slope;
    std::vector<double> found;
    for (const AggregateValue& value : store_->interpolated({1}, {tag}, times, options).value()) {
      found.push_back(value.value.value());
    }
    return found;
  };
  EXPECT_EQ(values(5, true), (std::vector<double>{37, 15, 18, 25, 35, 37}));
  EXPECT_EQ(values(5, false), (std::vector<double>{30, 15, 18, 25, 30, 30}));
  EXPECT_EQ(values(6, true), (std::vector<double>{30, 10, 10, 20, 30, 30}));
}

TEST_F(Annex, TextsHaveNoNumbers) {
  make(5, ValueType::kString, Interpolation::kStep);
  const SampleBatch batch{
      {1},
      {},
      {{{5}, noon(0), {}, std::string("run")}, {{5}, noon(4), quality::kBad, std::string()}}};
  ASSERT_TRUE(append(*store_, batch).ok());
  const auto ask = [&](Aggregate aggregate) {
    return store_->aggregates({1}, {5}, {noon(0), noon(10)}, Nanoseconds(10 * kSecond),
                              std::array{aggregate}, {});
  };
  EXPECT_EQ(ask(Aggregate::kCount).value()[0].value, 1);
  EXPECT_EQ(ask(Aggregate::kDurationGood).value()[0].value, 4000);
  EXPECT_EQ(ask(Aggregate::kDurationBad).value()[0].value, 6000);
  EXPECT_EQ(ask(Aggregate::kMaximum).error().id, ErrorId::kTypeMismatch);
  const std::vector<Timestamp> times = {noon(1)};
  EXPECT_EQ(store_->interpolated({1}, {5}, times, {}).error().id, ErrorId::kTypeMismatch);
}

TEST_F(Annex, RefusesWhatCannotBe) {
  const auto refused = [&](std::uint32_t tag, std::int64_t step, const AggregateOptions& options) {
    const Aggregate wanted[] = {Aggregate::kCount};
    const auto answer =
        store_->aggregates({1}, {tag}, {noon(0), noon(100)}, Nanoseconds(step), wanted, options);
    return answer ? std::optional<ErrorId>() : answer.error().id;
  };
  EXPECT_EQ(refused(1, kSecond / 1000, {}), std::nullopt);  // just 100'000 windows
  EXPECT_EQ(refused(1, kSecond / 1001, {}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused(1, 0, {}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused(77, kSecond, {}), ErrorId::kNotFound);
  EXPECT_EQ(refused(1, kSecond, {true, 101, 100, false}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused(1, kSecond, {true, 40, 59, false}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused(1, kSecond, {true, 40, 60, false}), std::nullopt);
}

}  // namespace
}  // namespace lineshaft::historian

#include "rights/metering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "records/test_directory.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TagId kTag{1};

Timestamp at(std::string_view text) { return parse_timestamp(text).value(); }
Sample sample(std::string_view time, Value value, Quality quality = quality::kGood) {
  return {kTag, at(time), quality, std::move(value)};
}
const TimeRange kTwoDays{at("2026-02-03T00:00:00Z"), at("2026-02-05T00:00:00Z")};

MeterReader::Plan plan(MeterKind kind, unsigned digits, Nanoseconds silence = Nanoseconds(0)) {
  return {"plant/furnace/steel tapped", kind, digits, silence};
}

Result<MeterReading> read(const MeterReader::Plan& how, const std::vector<Sample>& samples,
                          std::optional<Sample> before = {}, std::optional<Timestamp> next = {}) {
  MeterReader reader(how, kTwoDays, before);
  for (const Sample& one : samples) {
    if (const Status taken = reader.add(one); !taken) return taken.error();
  }
  return reader.finish(next);
}

std::vector<int> quantities(const MeterReading& reading) {
  std::vector<int> all;
  for (const MeteredDay& day : reading.days) all.push_back(static_cast<int>(day.quantity));
  return all;
}

std::vector<std::string> texts(const std::vector<TimeRange>& ranges) {
  std::vector<std::string> all;
  for (const TimeRange& range : ranges) {
    all.push_back(format_rfc3339(range.from) + " " + format_rfc3339(range.to));
  }
  return all;
}

// 100.0 before; 104.2 and 110.0 on the first day, 112.5 on the second: 10.0 and 2.5 tonnes.
TEST(Metering, ACounterIsReadByWhatItHasGrownByEachDay) {
  const auto reading =
      read(plan(MeterKind::kCounter, 1),
           {sample("2026-02-03T06:00:00Z", 104.2), sample("2026-02-03T23:59:59Z", 110.0),
            sample("2026-02-04T00:00:00Z", 112.5)},
           sample("2026-02-02T23:00:00Z", 100.0));
  ASSERT_TRUE(reading.ok()) << reading.error().text();
  EXPECT_THAT(quantities(*reading), ElementsAre(100, 25));
  EXPECT_THAT(texts(reading->gaps), IsEmpty());
  EXPECT_EQ(reading->days[0].samples, 2U);
}

TEST(Metering, WhatWasBeforeTheFirstReadingIsAGapAndNotZero) {
  const auto reading =
      read(plan(MeterKind::kCounter, 0), {sample("2026-02-03T06:00:00Z", std::int64_t{500}),
                                          sample("2026-02-03T07:00:00Z", std::int64_t{507})});
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(quantities(*reading), ElementsAre(7, 0));
  EXPECT_THAT(texts(reading->gaps), ElementsAre("2026-02-03T00:00:00Z 2026-02-03T06:00:00Z"));
}

// What it showed before was not good: nobody knows from where it has grown.
TEST(Metering, ABadReadingBeforeThePeriodTellsNothing) {
  const auto reading =
      read(plan(MeterKind::kCounter, 0),
           {sample("2026-02-03T06:00:00Z", 500.0), sample("2026-02-03T07:00:00Z", 507.0)},
           sample("2026-02-02T23:00:00Z", 100.0, quality::kBadTimeout));
  EXPECT_THAT(quantities(*reading), ElementsAre(7, 0));
  EXPECT_THAT(texts(reading->gaps), ElementsAre("2026-02-03T00:00:00Z 2026-02-03T06:00:00Z"));
}

TEST(Metering, ACounterThatWentOnTellsTheSumOfAGap) {
  const auto reading = read(plan(MeterKind::kCounter, 0),
                            {sample("2026-02-03T08:00:00Z", 20.0),
                             sample("2026-02-03T09:00:00Z", 20.0, quality::kBadTimeout),
                             sample("2026-02-04T01:00:00Z", 90.0)},
                            sample("2026-02-02T23:00:00Z", 10.0));
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(quantities(*reading), ElementsAre(10, 70));
  EXPECT_THAT(texts(reading->gaps), IsEmpty());
  EXPECT_THAT(texts(reading->bridged), ElementsAre("2026-02-03T09:00:00Z 2026-02-04T01:00:00Z"));
  EXPECT_EQ(reading->days[0].bad, 1U);
}

// Silent from 23:00 of the day before until 9:00. Counted from there only if it is still owed.
TEST(Metering, ACounterGoesOnOverTheBeginningOnlyWhereThatIsOwed) {
  MeterReader::Plan how = plan(MeterKind::kCounter, 0, std::chrono::hours(5));
  const Sample before = sample("2026-02-02T23:00:00Z", 10.0);
  const std::vector<Sample> samples{sample("2026-02-03T09:00:00Z", 20.0),
                                    sample("2026-02-03T12:00:00Z", 23.0)};
  const auto anew = read(how, samples, before);
  EXPECT_THAT(quantities(*anew), ElementsAre(3, 0));
  EXPECT_THAT(texts(anew->gaps), ElementsAre("2026-02-03T00:00:00Z 2026-02-03T09:00:00Z",
                                             "2026-02-03T12:00:00Z 2026-02-05T00:00:00Z"));
  how.owed_since = before;
  const auto owed = read(how, samples, before);
  EXPECT_THAT(quantities(*owed), ElementsAre(10 + 3, 0));
  EXPECT_THAT(texts(owed->bridged), ElementsAre("2026-02-03T00:00:00Z 2026-02-03T09:00:00Z"));
  // The last sample before is a bad one.
  const auto lost = read(how, samples, sample("2026-02-02T23:30:00Z", 10.0, quality::kBadTimeout));
  EXPECT_THAT(quantities(*lost), ElementsAre(10 + 3, 0));
  EXPECT_THAT(texts(lost->bridged), ElementsAre("2026-02-03T00:00:00Z 2026-02-03T09:00:00Z"));
}

// 10 to 20, then anew: 4 since; in the gap it began anew again: nobody knows what came before
// the 3.
TEST(Metering, ACounterThatBeganAnewInAGapLeavesTheGap) {
  const auto reading =
      read(plan(MeterKind::kCounter, 0),
           {sample("2026-02-03T08:00:00Z", 20.0), sample("2026-02-03T08:01:00Z", 4.0),
            sample("2026-02-03T09:00:00Z", 4.0, quality::kBadTimeout),
            sample("2026-02-03T10:00:00Z", 3.0), sample("2026-02-03T11:00:00Z", 8.0)},
           sample("2026-02-02T23:00:00Z", 10.0));
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(quantities(*reading), ElementsAre(10 + 4 + 5, 0));
  EXPECT_THAT(texts(reading->gaps), ElementsAre("2026-02-03T09:00:00Z 2026-02-03T10:00:00Z"));
  EXPECT_EQ(reading->days[0].resets, 2U);
}

TEST(Metering, SilenceIsAGapFromTheLastSampleOn) {
  const auto how = plan(MeterKind::kSum, 0, std::chrono::hours(12));
  const auto reading =
      read(how, {sample("2026-02-03T02:00:00Z", 5.0), sample("2026-02-03T20:00:00Z", 6.0)},
           sample("2026-02-02T23:00:00Z", 1.0));
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(quantities(*reading), ElementsAre(11, 0));
  EXPECT_THAT(texts(reading->gaps), ElementsAre("2026-02-03T02:00:00Z 2026-02-03T20:00:00Z",
                                                "2026-02-03T20:00:00Z 2026-02-05T00:00:00Z"));
  // Nothing is silent where a sample follows soon enough.
  const auto goes_on =
      read(how,
           {sample("2026-02-03T10:00:00Z", 5.0), sample("2026-02-03T22:00:00Z", 6.0),
            sample("2026-02-04T10:00:00Z", 6.0), sample("2026-02-04T13:00:00Z", 6.0)},
           sample("2026-02-02T23:00:00Z", 1.0), at("2026-02-05T00:30:00Z"));
  EXPECT_THAT(texts(goes_on->gaps), IsEmpty());
}

// On from before until 1:30, and from 23:00 until 2:00 of the next day: 1.5 + 1 and 2 hours; then
// on from 4:00 until it is lost at 4:20, a third of an hour: 2.333 with three digits.
TEST(Metering, HoursAreTheTimeInWhichItIsNotZero) {
  const auto reading =
      read(plan(MeterKind::kHours, 3),
           {sample("2026-02-03T01:30:00Z", false), sample("2026-02-03T23:00:00Z", true),
            sample("2026-02-04T02:00:00Z", false), sample("2026-02-04T04:00:00Z", true),
            sample("2026-02-04T04:20:00Z", true, quality::kBadNotConnected)},
           sample("2026-02-02T12:00:00Z", true));
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(quantities(*reading), ElementsAre(2500, 2333));
  EXPECT_THAT(texts(reading->gaps), ElementsAre("2026-02-04T04:20:00Z 2026-02-05T00:00:00Z"));
}

// Three times twenty minutes are an hour, though each of them by itself is none.
TEST(Metering, HoursAreRoundedOnceForThePeriod) {
  std::vector<Sample> samples;
  for (const char* hour : {"03", "07", "11"}) {
    const std::string day = std::string("2026-02-03T") + hour;
    samples.push_back(sample(day + ":00:00Z", true));
    samples.push_back(sample(day + ":20:00Z", false));
  }
  const auto reading =
      read(plan(MeterKind::kHours, 0), samples, sample("2026-02-02T23:00:00Z", false));
  EXPECT_THAT(quantities(*reading), ElementsAre(1, 0));
}

// Whether it ran while it sent no number, nobody knows.
TEST(Metering, HoursStopWhereTheValueIsNoNumber) {
  const auto reading =
      read(plan(MeterKind::kHours, 0),
           {sample("2026-02-03T02:00:00Z", std::nan("")), sample("2026-02-03T05:00:00Z", 0.0)},
           sample("2026-02-02T23:00:00Z", 1.0));
  EXPECT_THAT(quantities(*reading), ElementsAre(2, 0));
  EXPECT_THAT(texts(reading->gaps), ElementsAre("2026-02-03T02:00:00Z 2026-02-03T05:00:00Z"));
}

// Ten times 10^29.
TEST(Metering, AQuantityOfMoreThanThirtyDigitsIsRefused) {
  std::vector<Sample> samples;
  for (int hour = 0; hour < 10; ++hour) {
    samples.push_back(sample("2026-02-03T0" + std::to_string(hour) + ":00:00Z", 1e29));
  }
  EXPECT_THAT(read(plan(MeterKind::kSum, 0), samples).error().what, HasSubstr("30 digits"));
}

TEST(Metering, WhatIsNoQuantityIsRefusedOrAGap) {
  const auto negative =
      read(plan(MeterKind::kSum, 0), {sample("2026-02-03T01:00:00Z", std::int64_t{-1})});
  EXPECT_THAT(negative.error().what, HasSubstr("2026-02-03T01:00:00Z is negative"));
  const auto text =
      read(plan(MeterKind::kSum, 0), {sample("2026-02-03T01:00:00Z", std::string("7"))});
  EXPECT_EQ(text.error().id, ErrorId::kTypeMismatch);
  const auto not_a_number =
      read(plan(MeterKind::kSum, 0), {sample("2026-02-03T01:00:00Z", std::nan(""))},
           sample("2026-02-02T23:00:00Z", 1.0));
  EXPECT_THAT(texts(not_a_number->gaps), ElementsAre("2026-02-03T01:00:00Z 2026-02-05T00:00:00Z"));
}

// 0.25 is exact in binary: a tie, to the even 2; 0.35 reads back from "0.35": a tie, to 4.
TEST(Metering, ANumberCountsAsTheShortestDecimalThatReadsBack) {
  EXPECT_EQ(quantity_of(0.25, 1).value(), 2);
  EXPECT_EQ(quantity_of(0.35, 1).value(), 4);
  EXPECT_EQ(quantity_of(0.1F, 3).value(), 100);
  EXPECT_EQ(quantity_of(true, 2).value(), 100);
  EXPECT_EQ(quantity_of(1e300, 0).error().id, ErrorId::kInvalidArgument);
}

// The text is spelt out here as the reference page has it; sha256sum is the other implementation.
TEST(Metering, TheEvidenceIsTheHashOfATextThatAnybodyCanWrite) {
  const auto reading = read(plan(MeterKind::kCounter, 1),
                            {sample("2026-02-03T06:00:00Z", 104.2),
                             sample("2026-02-04T06:00:00.250Z", 110.0, quality::kBadTimeout)},
                            sample("2026-02-02T23:00:00Z", 100.0));
  records::TestDirectory directory;
  const auto sha256sum = [&](const std::string& text) {
    const std::string path = directory.file("reading");
    std::ofstream(path) << text;
    FILE* pipe = popen(("sha256sum " + path).c_str(), "r");
    std::array<char, 65> digits{};
    EXPECT_EQ(fread(digits.data(), 1, 64, pipe), 64U);
    pclose(pipe);
    return std::string(digits.data());
  };
  EXPECT_EQ(reading->days[0].evidence,
            sha256sum("lineshaft meter reading\ntag plant/furnace/steel tapped\nkind counter\n"
                      "from 2026-02-03T00:00:00Z\nto 2026-02-04T00:00:00Z\n"
                      "before 2026-02-02T23:00:00Z 100 00000000\n"
                      "2026-02-03T06:00:00Z 104.2 00000000\n"));
  EXPECT_EQ(reading->days[1].evidence,
            sha256sum("lineshaft meter reading\ntag plant/furnace/steel tapped\nkind counter\n"
                      "from 2026-02-04T00:00:00Z\nto 2026-02-05T00:00:00Z\n"
                      "before 2026-02-03T06:00:00Z 104.2 00000000\n"
                      "2026-02-04T06:00:00.250Z 110 800a0000\n"));
}

}  // namespace
}  // namespace lineshaft::rights

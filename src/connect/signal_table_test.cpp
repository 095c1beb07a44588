#include "connect/signal_table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

ConnectionConfig one_float(double deadband, Interpolation interpolation, Store store) {
  ConnectionConfig config = machine(502, 1);
  config.store = store;
  config.signals[0] = holding_signal("org/site/x", 0, modbus::DataType::kFloat64);
  config.signals[0].interpolation = interpolation;
  config.signals[0].deadband = deadband;
  return config;
}

// A table of one float64 signal, fed with {second, value}.
struct Table {
  explicit Table(double deadband = 0, Interpolation interpolation = Interpolation::kLinear,
                 Store store = Store::kChanges)
      : own(one_float(deadband, interpolation, store), tags_from(1, 1),
            [this](Sample sample) { samples.push_back(std::move(sample)); }) {}

  static Instant at(int second) {
    return {Timestamp{} + std::chrono::seconds(second), std::chrono::seconds(second)};
  }
  void feed(std::initializer_list<std::pair<int, double>> values) {
    for (const auto& [second, value] : values) own.on_value(0, at(second), value);
  }
  // What was stored, as seconds and values.
  std::vector<std::pair<int, double>> stored() const {
    std::vector<std::pair<int, double>> pairs;
    for (const Sample& sample : samples) {
      pairs.emplace_back(static_cast<int>(sample.time.ns / 1'000'000'000), as_double(sample.value));
    }
    return pairs;
  }
  std::vector<Sample> samples;
  SignalTable own;
};

using Pairs = std::vector<std::pair<int, double>>;

TEST(SignalTable, StoresBothEndsOfARunOfALinearSignal) {
  Table t;
  t.feed({{1, 10}, {2, 10}, {3, 10}, {4, 11}, {5, 12}, {6, 12}});
  EXPECT_EQ(t.stored(), (Pairs{{1, 10}, {3, 10}, {4, 11}, {5, 12}}));
}

// A device that tells its own times was lost at 10; what it says of a steady signal is from before.
TEST(SignalTable, AValueThatDidNotChangeWhileItsDeviceWasAwayStandsAgainFromNowOn) {
  Table t;
  const auto time = [&](int told, int now) {
    const Timestamp given = t.own.present_time(0, Table::at(told).wall, Table::at(now).wall);
    return static_cast<int>(given.ns / 1'000'000'000);
  };
  EXPECT_EQ(time(5, 5), 5);
  t.feed({{5, 1}});
  EXPECT_EQ(time(4, 9), 4) << "without a loss the device is right";
  t.own.on_bad(0, Table::at(10), quality::kBadNotConnected);
  EXPECT_EQ(time(5, 20), 20) << "told before the loss";
  EXPECT_EQ(time(10, 21), 21) << "told at the loss";
  EXPECT_EQ(time(15, 22), 22) << "its clock is behind: never before what was stored";
  EXPECT_EQ(time(15, 18), 22) << "nor when ours is set back";
  EXPECT_EQ(time(23, 24), 23) << "its times have passed the gap";
  EXPECT_EQ(time(12, 25), 12);
}

TEST(SignalTable, StoresOnlyTheBeginningOfARunOfAStepSignal) {
  Table t(0, Interpolation::kStep);
  t.feed({{1, 10}, {2, 10}, {3, 10}, {4, 11}, {5, 11}});
  EXPECT_EQ(t.stored(), (Pairs{{1, 10}, {4, 11}}));
}

// Goal: "changes" loses nothing. Method: from what is stored, every polled value is found again by
// holding (step) or drawing a line (linear).
TEST(SignalTable, LosesNoPolledValue) {
  sys::SimRandom random(7);
  for (const Interpolation how : {Interpolation::kStep, Interpolation::kLinear}) {
    Table t(0, how);
    std::vector<double> polled;
    for (int second = 0; second < 2000; ++second) {
      const bool moves = random.below(4) == 0;
      polled.push_back(moves || polled.empty() ? static_cast<double>(random.below(5))
                                               : polled.back());
      t.feed({{second, polled.back()}});
    }
    const Pairs stored = t.stored();
    ASSERT_LT(stored.size(), polled.size());
    std::size_t next = 0;
    for (int second = 0; second < stored.back().first; ++second) {
      while (stored[next + 1].first <= second) next += 1;
      const auto [t0, v0] = stored[next];
      const auto [t1, v1] = stored[next + 1];
      const double line = v0 + (v1 - v0) * (second - t0) / (t1 - t0);
      ASSERT_EQ(how == Interpolation::kStep ? v0 : line, polled[static_cast<std::size_t>(second)]);
    }
  }
}

TEST(SignalTable, AppliesTheDeadbandFromTheLastStoredValue) {
  Table t(0.5);
  // 10.3 and 10.5 are within; 10.6 is not, and the one before it begins the line.
  t.feed({{1, 10}, {2, 10.3}, {3, 10.5}, {4, 10.6}, {5, 10.2}});
  EXPECT_EQ(t.stored(), (Pairs{{1, 10}, {3, 10.5}, {4, 10.6}}));
}

TEST(SignalTable, StoresEveryValueIfTold) {
  Table t(5, Interpolation::kLinear, Store::kAll);
  t.feed({{1, 1}, {2, 1}, {3, 1}});
  EXPECT_EQ(t.stored().size(), 3u);
}

TEST(SignalTable, HeartbeatsOnceAMinute) {
  Table t;
  for (int second = 0; second <= 180; ++second) t.feed({{second, 1}});
  EXPECT_EQ(t.stored(), (Pairs{{0, 1}, {60, 1}, {120, 1}, {180, 1}}));
}

TEST(SignalTable, TakesNotANumberForItselfAndZerosApart) {
  Table t(0, Interpolation::kStep);
  t.feed({{1, NAN}, {2, NAN}, {3, 0.0}, {4, -0.0}});
  ASSERT_EQ(t.samples.size(), 3u);
  EXPECT_TRUE(std::signbit(std::get<double>(t.samples[2].value)));
}

TEST(SignalTable, StoresOneSampleWhenADeviceGoesAwayWhateverTheWay) {
  Table t;
  t.feed({{1, 5}, {2, 5}});
  t.own.on_bad(0, Table::at(3), quality::kBadTimeout);
  t.own.on_bad(0, Table::at(4), quality::kBadNotConnected);
  t.own.on_bad(0, Table::at(5), quality::kBadCommunicationError);
  EXPECT_EQ(t.stored(), (Pairs{{1, 5}, {2, 5}, {3, 5}})) << "the line ends where it was last seen";
  EXPECT_EQ(t.samples.back().quality, quality::kBadTimeout);
  t.own.on_bad(0, Table::at(6), quality::kBadConfigurationError);
  EXPECT_EQ(t.samples.back().quality, quality::kBadConfigurationError) << "another reason";
  t.feed({{7, 5}});
  EXPECT_TRUE(t.samples.back().quality.good());
  EXPECT_EQ(t.own.bad(), 0u);
}

TEST(SignalTable, StoresAZeroOfTheTypeOnlyWhenThereNeverWasAValue) {
  Table t;
  t.own.on_bad(0, Table::at(1), quality::kBadNotConnected);
  ASSERT_EQ(t.samples.size(), 1u);
  EXPECT_EQ(t.samples[0].value, Value(0.0));
  EXPECT_TRUE(t.samples[0].quality.bad());
  EXPECT_EQ(t.own.bad(), 1u);
}

TEST(SignalTable, StoresTheNextValueAfterALoss) {
  Table t;
  t.feed({{1, 5}, {2, 5}});
  t.own.store_next(0);
  t.feed({{3, 5}, {4, 5}});
  EXPECT_EQ(t.stored(), (Pairs{{1, 5}, {3, 5}}));
}

TEST(SignalTable, StoresAChangeOfQualityOfTheSameValue) {
  Table t(0, Interpolation::kStep);
  t.feed({{1, 10}, {2, 10}});
  t.own.on_value(0, Table::at(3), 10.0, quality::kUncertainDataSubNormal);
  t.own.on_value(0, Table::at(4), 10.0, quality::kUncertainDataSubNormal);
  t.feed({{5, 10}});
  EXPECT_EQ(t.stored(), (Pairs{{1, 10}, {3, 10}, {5, 10}}));
  EXPECT_EQ(t.samples[1].quality, quality::kUncertainDataSubNormal);
  EXPECT_EQ(t.samples[2].quality, quality::kGood);
}

TEST(SignalTable, StoresWhatADeviceKeptAndGoesOnAsIfItHadNotCome) {
  Table t(0, Interpolation::kStep);
  t.feed({{10, 5}});
  t.own.on_past(0, Table::at(3).wall, 7.0, quality::kGood);
  t.feed({{11, 5}});
  EXPECT_EQ(t.stored(), (Pairs{{10, 5}, {3, 7}}));
}

}  // namespace
}  // namespace lineshaft::connect

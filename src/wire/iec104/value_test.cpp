#include "wire/iec104/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lineshaft::iec104 {
namespace {

PointFormat plain(PointKind kind) { return {kind, 1, 0}; }

Value value_of(const PointFormat& format, const Element& element) {
  const auto reading = read_point(format, element);
  EXPECT_TRUE(reading);
  EXPECT_EQ(type_of(reading->value), value_type(format));
  return reading->value;
}

TEST(Point, GivesTheNarrowestTypeThatHoldsItsValues) {
  EXPECT_EQ(value_of(plain(PointKind::kSingle), SinglePoint{true, {}}), Value(true));
  EXPECT_EQ(value_of(plain(PointKind::kDouble), DoublePoint{DoubleState::kFaulty, {}}),
            Value(std::int64_t{3}));
  EXPECT_EQ(value_of(plain(PointKind::kStep), StepPosition{-64, false, {}}),
            Value(std::int64_t{-64}));
  EXPECT_EQ(value_of(plain(PointKind::kBitstring), Bitstring{0xFFFFFFFF, {}}),
            Value(std::int64_t{4294967295}));
  EXPECT_EQ(value_of(plain(PointKind::kNormalized), Normalized{-32768, {}}), Value(-1.0));
  EXPECT_EQ(value_of(plain(PointKind::kNormalized), Normalized{16384, {}}), Value(0.5));
  EXPECT_EQ(value_of(plain(PointKind::kScaled), Scaled{-32768, {}}), Value(std::int64_t{-32768}));
  EXPECT_EQ(value_of(plain(PointKind::kFloat), ShortFloat{123.5f, {}}), Value(123.5f));
  EXPECT_EQ(value_of(plain(PointKind::kCounter), Counter{INT32_MIN, 0, false, false, false}),
            Value(std::int64_t{INT32_MIN}));
}

TEST(Point, IsScaledInFloat64) {
  EXPECT_EQ(value_of({PointKind::kNormalized, 200, 50}, Normalized{16384, {}}), Value(150.0));
  EXPECT_EQ(value_of({PointKind::kScaled, 0.5, 1}, Scaled{-3, {}}), Value(-0.5));
  EXPECT_EQ(value_of({PointKind::kFloat, 2, 0}, ShortFloat{1.5f, {}}), Value(3.0));
  EXPECT_EQ(value_of({PointKind::kCounter, 0.25, 0}, Counter{3, 0, false, false, false}),
            Value(0.75));
}

TEST(Point, OfAnotherKindThanSetUpIsNotRead) {
  EXPECT_FALSE(read_point(plain(PointKind::kSingle), DoublePoint{}));
  EXPECT_FALSE(read_point(plain(PointKind::kFloat), Scaled{}));
  EXPECT_TRUE(read_point(plain(PointKind::kNormalized), Normalized{}));
}

TEST(Point, FormatsThatMakeNoSenseAreRefused) {
  EXPECT_FALSE(check_format({PointKind::kFloat, 0, 0}).ok());
  EXPECT_FALSE(check_format({PointKind::kFloat, NAN, 0}).ok());
  EXPECT_FALSE(check_format({PointKind::kFloat, 1, INFINITY}).ok());
  EXPECT_FALSE(check_format({PointKind::kSingle, 2, 0}).ok());
  EXPECT_FALSE(check_format({PointKind::kBitstring, 1, 1}).ok());
  EXPECT_TRUE(check_format({PointKind::kCounter, 0.1, 0}).ok());
}

TEST(Quality, TheWorstBitCounts) {
  const auto of = [](QualityBits bits) { return to_quality(bits); };
  EXPECT_EQ(of({}), quality::kGood);
  EXPECT_EQ(of({true, false, false, false, false}), quality::kUncertainEngineeringUnitsExceeded);
  EXPECT_EQ(of({false, true, false, false, false}), quality::kUncertainLastUsableValue);
  EXPECT_EQ(of({false, false, true, false, false}), quality::kUncertainSubstituteValue);
  EXPECT_EQ(of({false, false, false, true, false}), quality::kUncertainLastUsableValue);
  EXPECT_EQ(of({false, false, false, false, true}), quality::kBad);
  EXPECT_EQ(of({true, true, true, true, true}), quality::kBad);
  EXPECT_EQ(of({true, false, true, false, false}), quality::kUncertainSubstituteValue);
}

TEST(Quality, GoesToAStationAndComesBackInItsClass) {
  for (const Quality quality :
       {quality::kGood, quality::kUncertain, quality::kUncertainLastUsableValue, quality::kBad,
        quality::kBadNotConnected, quality::kUncertainSubstituteValue,
        quality::kUncertainEngineeringUnitsExceeded}) {
    EXPECT_EQ(to_quality(to_quality_bits(quality)).code >> 30, quality.code >> 30);
  }
  EXPECT_EQ(to_quality(to_quality_bits(quality::kUncertainSubstituteValue)),
            quality::kUncertainSubstituteValue);
  // A single point has no overflow to tell this with.
  const Element point =
      make_point(plain(PointKind::kSingle), {true, quality::kUncertainEngineeringUnitsExceeded});
  EXPECT_EQ(point, Element(SinglePoint{true, {false, false, false, true, false}}));
}

TEST(Quality, AMovingTapIsUncertainAndAnInvalidCounterBad) {
  EXPECT_EQ(read_point(plain(PointKind::kStep), StepPosition{1, true, {}})->quality,
            quality::kUncertain);
  EXPECT_EQ(read_point(plain(PointKind::kCounter), Counter{1, 0, true, true, false})->quality,
            quality::kGood);
  EXPECT_EQ(read_point(plain(PointKind::kCounter), Counter{1, 0, false, false, true})->quality,
            quality::kBad);
}

// Goal: a server of ours tells what a client of ours understands. Method: all raw numbers.
TEST(Point, EveryRawNumberComesBackAsItWas) {
  for (const PointFormat& format :
       {plain(PointKind::kScaled), PointFormat{PointKind::kScaled, 0.1, -5},
        plain(PointKind::kNormalized), PointFormat{PointKind::kNormalized, 750, 20}}) {
    for (int raw = INT16_MIN; raw <= INT16_MAX; ++raw) {
      const auto number = static_cast<std::int16_t>(raw);
      const Element element = format.kind == PointKind::kScaled ? Element(Scaled{number, {}})
                                                                : Element(Normalized{number, {}});
      ASSERT_EQ(make_point(format, *read_point(format, element)), element);
    }
  }
}

TEST(Point, OutsideItsRangeIsTheNearestOneAndMarked) {
  const auto of = [](PointKind kind, Value value) {
    return make_point(plain(kind), {std::move(value), quality::kGood});
  };
  constexpr QualityBits kOver{true, false, false, false, false};
  constexpr QualityBits kInvalid{false, false, false, false, true};
  EXPECT_EQ(of(PointKind::kScaled, std::int64_t{40'000}), Element(Scaled{32767, kOver}));
  EXPECT_EQ(of(PointKind::kScaled, std::int64_t{-40'000}), Element(Scaled{-32768, kOver}));
  EXPECT_EQ(of(PointKind::kNormalized, 1.0), Element(Normalized{32767, kOver}));
  EXPECT_EQ(of(PointKind::kNormalized, std::nan("")), Element(Normalized{-32768, kOver}));
  EXPECT_EQ(of(PointKind::kStep, std::int64_t{64}), Element(StepPosition{63, false, kOver}));
  EXPECT_EQ(of(PointKind::kDouble, std::int64_t{4}),
            Element(DoublePoint{DoubleState::kFaulty, kInvalid}));
  EXPECT_EQ(of(PointKind::kBitstring, std::int64_t{-1}), Element(Bitstring{0, kInvalid}));
  EXPECT_EQ(of(PointKind::kCounter, INT64_MAX), Element(Counter{INT32_MAX, 0, false, false, true}));
  EXPECT_EQ(make_point({PointKind::kFloat, 1e-300, 0}, {1.0, quality::kGood}),
            Element(ShortFloat{std::numeric_limits<float>::infinity(), kOver}));
}

TEST(Point, TypesAreFoundForEachTime) {
  EXPECT_EQ(monitor_type(PointKind::kFloat, TimeKind::kNone), Type::kShortFloat);
  EXPECT_EQ(monitor_type(PointKind::kFloat, TimeKind::kTime56), Type::kShortFloatTime56);
  EXPECT_EQ(monitor_type(PointKind::kSingle, TimeKind::kTime56), Type::kSinglePointTime56);
  EXPECT_EQ(monitor_type(PointKind::kCounter, TimeKind::kTime56), Type::kCounterTime56);
}

Element command(CommandKind kind, const Value& value, PointFormat format = {}) {
  return make_command(kind, format, value, {3, true}).value();
}

TEST(Command, CarriesTheValueInItsElement) {
  constexpr CommandMode kMode{3, true};
  EXPECT_EQ(command(CommandKind::kSingle, true), Element(SingleCommand{true, kMode}));
  EXPECT_EQ(command(CommandKind::kSingle, std::int64_t{1}), Element(SingleCommand{false, kMode}));
  EXPECT_EQ(command(CommandKind::kDouble, true), Element(DoubleCommand{DoubleState::kOn, kMode}));
  EXPECT_EQ(command(CommandKind::kDouble, false), Element(DoubleCommand{DoubleState::kOff, kMode}));
  EXPECT_EQ(command(CommandKind::kDouble, std::int64_t{2}),
            Element(DoubleCommand{DoubleState::kOn, kMode}));
  EXPECT_EQ(command(CommandKind::kStep, std::int64_t{1}),
            Element(StepCommand{StepDirection::kLower, kMode}));
  EXPECT_EQ(command(CommandKind::kScaled, std::int64_t{-7}), Element(SetScaled{-7, kMode}));
  EXPECT_EQ(command(CommandKind::kScaled, 12.0, {PointKind::kScaled, 0.5, 2}),
            Element(SetScaled{20, kMode}));
  EXPECT_EQ(command(CommandKind::kNormalized, 0.5), Element(SetNormalized{16384, kMode}));
  EXPECT_EQ(command(CommandKind::kFloat, 123.5f), Element(SetShortFloat{123.5f, kMode}));
  EXPECT_EQ(make_command(CommandKind::kBitstring, {}, std::int64_t{4294967295}, {}).value(),
            Element(BitstringCommand{0xFFFFFFFF}));
}

TEST(Command, ThatDoesNotFitIsRefused) {
  const auto refusal = [](CommandKind kind, Value value) {
    return make_command(kind, {}, value, {}).error().id;
  };
  EXPECT_EQ(refusal(CommandKind::kSingle, std::int64_t{3}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(CommandKind::kDouble, std::int64_t{0}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(CommandKind::kStep, std::int64_t{3}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(CommandKind::kDouble, 1.0), ErrorId::kTypeMismatch);
  EXPECT_EQ(refusal(CommandKind::kScaled, std::int64_t{32768}), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(CommandKind::kNormalized, 1.0), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(CommandKind::kScaled, true), ErrorId::kTypeMismatch);
  EXPECT_EQ(refusal(CommandKind::kFloat, std::string("1")), ErrorId::kTypeMismatch);
  EXPECT_EQ(refusal(CommandKind::kFloat, 1e300), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(CommandKind::kFloat, std::nan("")), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(CommandKind::kBitstring, std::int64_t{-1}), ErrorId::kInvalidArgument);
}

TEST(Command, SaysWhatItAsksFor) {
  EXPECT_EQ(command_value(SingleCommand{true, {}}), Value(true));
  EXPECT_EQ(command_value(DoubleCommand{DoubleState::kOff, {}}), Value(std::int64_t{1}));
  EXPECT_FALSE(command_value(DoubleCommand{DoubleState::kFaulty, {}}));
  EXPECT_FALSE(command_value(StepCommand{StepDirection::kNone, {}}));
  EXPECT_EQ(command_value(SetNormalized{16384, {}}), Value(0.5));
  EXPECT_EQ(command_mode(SetScaled{1, {5, true}}), (CommandMode{5, true}));
  EXPECT_FALSE(command_mode(BitstringCommand{1}));
}

TEST(Names, AreReadAsWritten) {
  for (const auto kind : {PointKind::kSingle, PointKind::kCounter}) {
    EXPECT_EQ(parse_point_kind(point_kind_name(kind)), kind);
  }
  EXPECT_EQ(parse_command_kind("bitstring"), CommandKind::kBitstring);
  EXPECT_FALSE(parse_point_kind("analog"));
}

}  // namespace
}  // namespace lineshaft::iec104

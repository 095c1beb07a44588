#include "wire/iec104/asdu.h"

#include <gtest/gtest.h>

#include <bit>

namespace lineshaft::iec104 {
namespace {

Asdu one(Type type, std::uint32_t address, Element element, ObjectTime time = {}) {
  Asdu asdu;
  asdu.head.type = type;
  asdu.objects.push_back({address, element, time});
  return asdu;
}

// 2026-11-26 12:34:56.789, a Thursday: clock_test.cpp has the arithmetic.
const Time56 kTime{56'789, 34, 12, 26, 4, 11, 26, false, false, false};
const Bytes kTimeBytes = {0xD5, 0xDD, 34, 12, 0x9A, 11, 26};

// The bytes of the one object behind its head and address 0x030201.
Bytes object_of(Type type, const Element& element, ObjectTime time = {}) {
  const Bytes bytes = encode_asdu(one(type, 0x030201, element, time));
  EXPECT_EQ(Bytes(bytes.begin() + 6, bytes.begin() + 9), (Bytes{1, 2, 3}));
  EXPECT_EQ(decode_asdu(bytes).value().objects[0].element, element);
  return {bytes.begin() + 9, bytes.end()};
}

Bytes with_time(Bytes bytes) {
  bytes.insert(bytes.end(), kTimeBytes.begin(), kTimeBytes.end());
  return bytes;
}

constexpr QualityBits kAll{true, true, true, true, true};
constexpr QualityBits kUpper{false, true, true, true, true};

TEST(Asdu, HeadLiesInSixBytes) {
  Asdu asdu = one(Type::kShortFloatTime56, 4001, ShortFloat{123.5f, {}}, kTime);
  asdu.head = {Type::kShortFloatTime56, Cause::kSpontaneous, true, true, 7, 0x0A0B};
  // float32 123.5 = 0x42F70000; 4001 = 0x0FA1.
  EXPECT_EQ(encode_asdu(asdu),
            with_time({36, 1, 3 | 0x40 | 0x80, 7, 0x0B, 0x0A, 0xA1, 0x0F, 0, 0, 0, 0xF7, 0x42, 0}));
  EXPECT_EQ(decode_asdu(encode_asdu(asdu)).value(), asdu);
  EXPECT_EQ(decode_head(encode_asdu(asdu)).value(), asdu.head);
}

TEST(Asdu, GeneralInterrogationIsTheOneEverybodyKnows) {
  Asdu asdu = one(Type::kInterrogation, 0, Interrogation{});
  asdu.head.cause = Cause::kActivation;
  EXPECT_EQ(encode_asdu(asdu), (Bytes{0x64, 1, 6, 0, 1, 0, 0, 0, 0, 0x14}));
}

// IEC 60870-5-101, 7.2.6 and 7.3: one line for each element, all its bits.
TEST(Asdu, MonitoredElementsAreThoseOfTheStandard) {
  EXPECT_EQ(object_of(Type::kSinglePoint, SinglePoint{true, {}}), (Bytes{0x01}));
  EXPECT_EQ(object_of(Type::kSinglePoint, SinglePoint{true, kUpper}), (Bytes{0xF1}));
  EXPECT_EQ(object_of(Type::kDoublePoint, DoublePoint{DoubleState::kOn, {}}), (Bytes{0x02}));
  EXPECT_EQ(object_of(Type::kDoublePoint, DoublePoint{DoubleState::kFaulty, kUpper}),
            (Bytes{0xF3}));
  EXPECT_EQ(object_of(Type::kStepPosition, StepPosition{-1, true, kAll}), (Bytes{0xFF, 0xF1}));
  EXPECT_EQ(object_of(Type::kStepPosition, StepPosition{-64, false, {}}), (Bytes{0x40, 0}));
  EXPECT_EQ(object_of(Type::kStepPosition, StepPosition{63, false, {}}), (Bytes{0x3F, 0}));
  EXPECT_EQ(object_of(Type::kBitstring, Bitstring{0x04030201, kAll}), (Bytes{1, 2, 3, 4, 0xF1}));
  EXPECT_EQ(object_of(Type::kNormalized, Normalized{-32768, {}}), (Bytes{0, 0x80, 0}));
  EXPECT_EQ(object_of(Type::kNormalizedBare, Normalized{16384, {}}), (Bytes{0, 0x40}));
  EXPECT_EQ(object_of(Type::kScaled, Scaled{-2, kAll}), (Bytes{0xFE, 0xFF, 0xF1}));
  EXPECT_EQ(object_of(Type::kShortFloat, ShortFloat{-1.0f, {}}), (Bytes{0, 0, 0x80, 0xBF, 0}));
  EXPECT_EQ(object_of(Type::kCounter, Counter{-1, 31, true, true, true}),
            (Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
  EXPECT_EQ(object_of(Type::kCounter, Counter{256, 5, false, false, false}),
            (Bytes{0, 1, 0, 0, 5}));
  EXPECT_EQ(object_of(Type::kPackedSinglePoints, PackedSinglePoints{0x8001, 0x0100, kAll}),
            (Bytes{1, 0x80, 0, 1, 0xF1}));
  EXPECT_EQ(object_of(Type::kEndOfInitialization, EndOfInitialization{0x82}), (Bytes{0x82}));
}

TEST(Asdu, EachQualityBitHasItsPlace) {
  EXPECT_EQ(object_of(Type::kScaled, Scaled{0, {true, false, false, false, false}})[2], 0x01);
  EXPECT_EQ(object_of(Type::kScaled, Scaled{0, {false, true, false, false, false}})[2], 0x10);
  EXPECT_EQ(object_of(Type::kScaled, Scaled{0, {false, false, true, false, false}})[2], 0x20);
  EXPECT_EQ(object_of(Type::kScaled, Scaled{0, {false, false, false, true, false}})[2], 0x40);
  EXPECT_EQ(object_of(Type::kScaled, Scaled{0, {false, false, false, false, true}})[2], 0x80);
}

TEST(Asdu, CommandsAreThoseOfTheStandard) {
  EXPECT_EQ(object_of(Type::kSingleCommand, SingleCommand{true, {0, true}}), (Bytes{0x81}));
  EXPECT_EQ(object_of(Type::kSingleCommand, SingleCommand{false, {31, false}}), (Bytes{0x7C}));
  EXPECT_EQ(object_of(Type::kDoubleCommand, DoubleCommand{DoubleState::kOn, {1, false}}),
            (Bytes{0x06}));
  EXPECT_EQ(object_of(Type::kStepCommand, StepCommand{StepDirection::kHigher, {3, true}}),
            (Bytes{0x8E}));
  EXPECT_EQ(object_of(Type::kSetNormalized, SetNormalized{16384, {0, true}}),
            (Bytes{0, 0x40, 0x80}));
  EXPECT_EQ(object_of(Type::kSetScaled, SetScaled{-1, {127, false}}), (Bytes{0xFF, 0xFF, 0x7F}));
  EXPECT_EQ(object_of(Type::kSetShortFloat, SetShortFloat{123.5f, {0, false}}),
            (Bytes{0, 0, 0xF7, 0x42, 0}));
  EXPECT_EQ(object_of(Type::kBitstringCommand, BitstringCommand{0x80000001}),
            (Bytes{1, 0, 0, 0x80}));
  EXPECT_EQ(object_of(Type::kSingleCommandTime56, SingleCommand{true, {}}, kTime),
            with_time({0x01}));
}

TEST(Asdu, SystemTypesAreThoseOfTheStandard) {
  EXPECT_EQ(object_of(Type::kCounterInterrogation,
                      CounterInterrogation{kAllCounters, CounterFreeze::kFreezeAndReset}),
            (Bytes{0x85}));
  EXPECT_EQ(object_of(Type::kRead, Read{}), (Bytes{}));
  EXPECT_EQ(object_of(Type::kClockSync, ClockSync{}, kTime), kTimeBytes);
  EXPECT_EQ(object_of(Type::kTest, iec104::Test{}), (Bytes{0xAA, 0x55}));
  EXPECT_EQ(object_of(Type::kResetProcess, ResetProcess{2}), (Bytes{2}));
  EXPECT_EQ(object_of(Type::kTestTime56, TestTime{258}, kTime), with_time({2, 1}));
}

TEST(Asdu, Time24StandsBehindTheElementOfItsTypes) {
  EXPECT_EQ(object_of(Type::kScaledTime24, Scaled{7, {}}, Time24{0x0102, 59, true, false}),
            (Bytes{7, 0, 0, 2, 1, 59 | 0x80}));
}

TEST(Asdu, ASequenceHasOneAddress) {
  Asdu asdu;
  asdu.head.type = Type::kSinglePoint;
  asdu.sequence = true;
  for (std::uint32_t i = 0; i < 3; ++i)
    asdu.objects.push_back({100 + i, SinglePoint{i == 1, {}}, {}});
  EXPECT_EQ(encode_asdu(asdu), (Bytes{1, 0x83, 3, 0, 1, 0, 100, 0, 0, 0, 1, 0}));
  EXPECT_EQ(decode_asdu(encode_asdu(asdu)).value(), asdu);
}

TEST(Asdu, HoldsAsManyObjectsAsFitInto249Bytes) {
  // (249 - 6) / (3 + 5), (249 - 6 - 3) / 5, (249 - 6) / (3 + 5 + 7), (249 - 6) / (3 + 1)
  EXPECT_EQ(object_count_max(Type::kShortFloat, false), 30u);
  EXPECT_EQ(object_count_max(Type::kShortFloat, true), 48u);
  EXPECT_EQ(object_count_max(Type::kShortFloatTime56, false), 16u);
  EXPECT_EQ(object_count_max(Type::kSinglePoint, false), 60u);
  EXPECT_EQ(object_count_max(Type::kSinglePoint, true), 127u) << "the VSQ counts no further";
  EXPECT_EQ(object_count_max(Type::kSingleCommand, false), 1u);
}

// Goal: every type, at its greatest count, comes back as it was. Method: all types, both forms.
TEST(Asdu, EveryTypeComesBackAsItWas) {
  int types = 0;
  for (unsigned number = 0; number < 256; ++number) {
    const TypeInfo* info = find_type(static_cast<Type>(number));
    if (info == nullptr) continue;
    types += 1;
    EXPECT_EQ(static_cast<unsigned>(info->type), number);
    for (const bool sequence : {false, true}) {
      if (sequence && info->type_class != TypeClass::kMonitor) continue;
      Bytes zeros(5);
      ByteReader reader(zeros);
      const Element element = read_element(info->element, reader);
      EXPECT_EQ(reader.position(), element_bytes(info->element));
      Asdu asdu;
      asdu.head.type = info->type;
      asdu.sequence = sequence;
      ObjectTime time;
      if (info->time == TimeKind::kTime24) time = Time24{1, 2, false, true};
      if (info->time == TimeKind::kTime56) time = kTime;
      for (std::uint32_t i = 0; i < object_count_max(info->type, sequence); ++i) {
        asdu.objects.push_back({(sequence ? 1 : 3) * i, element, time});
      }
      const Bytes bytes = encode_asdu(asdu);
      EXPECT_LE(bytes.size(), kAsduBytesMax);
      EXPECT_EQ(decode_asdu(bytes).value(), asdu) << info->name;
    }
  }
  EXPECT_EQ(types, 48);
}

TEST(Asdu, IsRefusedWhenCountAndBytesDoNotAgree) {
  Asdu asdu;
  asdu.head.type = Type::kScaledTime56;
  for (std::uint32_t i = 0; i < 5; ++i) asdu.objects.push_back({i, Scaled{}, kTime});
  const Bytes whole = encode_asdu(asdu);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decode_asdu(ByteSpan(whole).first(size)).error().id, ErrorId::kBadAnswer) << size;
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(decode_asdu(longer).ok());
  for (unsigned vsq = 0; vsq < 256; ++vsq) {
    Bytes other = whole;
    other[1] = static_cast<std::uint8_t>(vsq);
    EXPECT_EQ(decode_asdu(other).ok(), vsq == 5) << vsq;
  }
}

TEST(Asdu, ACommandHasExactlyOneObject) {
  EXPECT_TRUE(decode_asdu(Bytes{45, 1, 6, 0, 1, 0, 1, 0, 0, 1}).ok());
  EXPECT_FALSE(decode_asdu(Bytes{45, 0x81, 6, 0, 1, 0, 1, 0, 0, 1}).ok()) << "SQ = 1";
  EXPECT_FALSE(decode_asdu(Bytes{45, 2, 6, 0, 1, 0, 1, 0, 0, 1, 2, 0, 0, 1}).ok());
}

TEST(Asdu, ASequenceDoesNotPassTheLastAddress) {
  EXPECT_TRUE(decode_asdu(Bytes{1, 0x82, 3, 0, 1, 0, 0xFE, 0xFF, 0xFF, 0, 0}).ok());
  EXPECT_FALSE(decode_asdu(Bytes{1, 0x82, 3, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0, 0}).ok());
}

TEST(Asdu, OfAnUnknownTypeHasAHeadNevertheless) {
  const Bytes unknown = {126, 1, 0x43, 9, 2, 0, 1, 0, 0, 0xEE};
  EXPECT_EQ(decode_asdu(unknown).error().id, ErrorId::kUnsupported);
  const AsduHead head = decode_head(unknown).value();
  EXPECT_EQ(head.cause, Cause::kSpontaneous);
  EXPECT_TRUE(head.negative);
  EXPECT_EQ(mirror(unknown, Cause::kUnknownType, true),
            (Bytes{126, 1, 44 | 0x40, 9, 2, 0, 1, 0, 0, 0xEE}));
}

TEST(Asdu, AMirrorKeepsTheTestBitAndTheOriginator) {
  const Bytes asked = {45, 1, 0x86, 5, 1, 0, 1, 0, 0, 1};
  EXPECT_EQ(mirror(asked, Cause::kActivationConfirmed, false),
            (Bytes{45, 1, 0x87, 5, 1, 0, 1, 0, 0, 1}));
}

TEST(Asdu, NamesAreThoseOfTheStandard) {
  EXPECT_EQ(type_name(Type::kShortFloatTime56), "M_ME_TF_1");
  EXPECT_EQ(type_name(static_cast<Type>(126)), "type 126");
  EXPECT_EQ(cause_name(Cause::kUnknownObjectAddress), "unknown information object address (47)");
  EXPECT_EQ(cause_name(static_cast<Cause>(25)), "interrogation (25)");
  EXPECT_EQ(cause_name(static_cast<Cause>(0)), "cause 0");
}

}  // namespace
}  // namespace lineshaft::iec104

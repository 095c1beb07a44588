#include "connect/write_desk.h"

#include <gtest/gtest.h>

#include <limits>

#include "connect/write_rules.h"
#include "sys/sim/loop.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart{1'795'000'000'000'000'000};
constexpr TenantId kTenant{1};
constexpr TagId kTag{5};

struct Desk {
  sys::SimRandom random{7};
  WriteDesk desk{random};
  Timestamp now = kStart;

  PendingWrite ask(Value value, std::string who = "ann", bool second_person = false) {
    PendingWrite wish;
    wish.machine = "Press 4";
    wish.value = std::move(value);
    wish.asked_by = std::move(who);
    wish.second_person = second_person;
    return desk.ask(kTenant, kTag, wish, now).value();
  }
  Result<PendingWrite> confirm(const std::string& token, const Value& value,
                               const std::string& who = "ann",
                               const std::string& machine = "Press 4") {
    return desk.confirm(kTenant, kTag, token, value, machine, who, now);
  }
};

TEST(WriteDesk, GivesTheFirstStepBackToTheSecond) {
  Desk d;
  const PendingWrite asked = d.ask(1200.0);
  EXPECT_EQ(asked.expires, kStart + 60s);
  EXPECT_EQ(d.desk.waiting(kTenant, kTag, d.now)->token, asked.token);
  d.now = kStart + 59s;
  EXPECT_EQ(d.confirm(asked.token, 1200.0)->asked_by, "ann");
  EXPECT_EQ(d.confirm(asked.token, 1200.0).error().id, ErrorId::kConflict) << "once only";
  EXPECT_FALSE(d.desk.waiting(kTenant, kTag, d.now).has_value());
}

TEST(WriteDesk, TakesNothingButTheSameValueForTheSameMachineInTime) {
  Desk d;
  EXPECT_EQ(d.confirm("", 1200.0).error().id, ErrorId::kConflict);
  EXPECT_EQ(d.confirm("made up", 1200.0).error().id, ErrorId::kConflict);
  std::string token = d.ask(1200.0).token;
  EXPECT_EQ(d.confirm(token, 1200.5).error().id, ErrorId::kConflict);
  EXPECT_EQ(d.confirm(token, 1200.0).error().id, ErrorId::kConflict) << "a wrong repeat voids it";
  token = d.ask(1200.0).token;
  EXPECT_EQ(d.confirm(token, 1200.0, "ann", "Press 5").error().id, ErrorId::kConflict);
  token = d.ask(1200.0).token;
  d.now = kStart + 60s;
  EXPECT_FALSE(d.desk.waiting(kTenant, kTag, d.now).has_value());
  EXPECT_EQ(d.confirm(token, 1200.0).error().id, ErrorId::kConflict);
}

TEST(WriteDesk, WantsSomebodyElseWhereTheSignalSaysSo) {
  Desk d;
  const PendingWrite asked = d.ask(true, "ann", true);
  EXPECT_EQ(asked.expires, kStart + 10min);
  EXPECT_EQ(d.confirm(asked.token, true, "ann").error().id, ErrorId::kDenied);
  EXPECT_EQ(d.confirm(asked.token, true, "bob")->asked_by, "ann") << "she has not voided it";
}

TEST(WriteDesk, KeepsOneOfATagAndTenantsApart) {
  Desk d;
  const std::string first = d.ask(1.0).token;
  const std::string second = d.ask(2.0).token;
  EXPECT_NE(first, second);
  EXPECT_EQ(d.confirm(first, 1.0).error().id, ErrorId::kConflict);
  EXPECT_FALSE(d.desk.waiting(TenantId{2}, kTag, d.now).has_value());
  EXPECT_EQ(d.desk.drop(TenantId{2}, kTag).error().id, ErrorId::kNotFound);
  EXPECT_TRUE(d.desk.drop(kTenant, kTag).ok());
  EXPECT_EQ(d.confirm(second, 2.0).error().id, ErrorId::kConflict);
}

TEST(WriteDesk, IsBoundedAndForgetsWhatIsOver) {
  Desk d;
  for (std::uint32_t i = 0; i < kPendingWritesMax; ++i) {
    ASSERT_TRUE(d.desk.ask(kTenant, TagId{i + 100}, {}, d.now).ok());
  }
  EXPECT_EQ(d.desk.ask(kTenant, kTag, {}, d.now).error().id, ErrorId::kBusy);
  EXPECT_TRUE(d.desk.ask(kTenant, TagId{100}, {}, d.now).ok()) << "replaces its own";
  EXPECT_TRUE(d.desk.ask(kTenant, kTag, {}, d.now + 60s).ok());
}

TEST(WriteRules, KeepNumbersInTheirRange) {
  EXPECT_TRUE(check_range(Value(1200.0), 0.0, 1200.0).ok());
  EXPECT_TRUE(check_range(Value(std::int64_t{-7}), std::nullopt, 0.0).ok());
  EXPECT_EQ(check_range(Value(1200.5), 0.0, 1200.0).error().what,
            "value: 1200.5 is outside 0 to 1200, which may be written to this signal");
  EXPECT_FALSE(check_range(Value(-1.0F), 0.0, std::nullopt).ok());
  EXPECT_FALSE(check_range(Value(std::numeric_limits<double>::quiet_NaN()), 0.0, 1.0).ok());
  EXPECT_TRUE(check_range(Value(std::string("x")), 0.0, 1.0).ok());
  EXPECT_TRUE(check_range(Value(true), 5.0, 6.0).ok());
}

TEST(WriteRules, AreCheckedThemselves) {
  EXPECT_TRUE(check_rules({0.0, 1.0, 500, Confirm::kAgain}, ValueType::kFloat64).ok());
  EXPECT_FALSE(check_rules({1.0, 0.0, 0, Confirm::kNone}, ValueType::kFloat64).ok());
  EXPECT_FALSE(check_rules({1.0, {}, 0, Confirm::kNone}, ValueType::kBool).ok());
  EXPECT_FALSE(check_rules({{}, {}, 86'400'001, Confirm::kNone}, ValueType::kBool).ok());
  EXPECT_TRUE(check_rules({{}, {}, 1000, Confirm::kSecondPerson}, ValueType::kString).ok());
}

}  // namespace
}  // namespace lineshaft::connect

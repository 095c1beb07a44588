#include "tenancy/signups.h"

#include "tenancy/tenancy_fixture.h"

namespace lineshaft::tenancy {
namespace {

class SignupsTest : public TenancyFixture {
 protected:
  Status ask(const std::string& email, const std::string& address = "192.0.2.1") {
    Signup signup;
    signup.organisation = "Southport Castings";
    signup.email = email;
    signup.person = "Cleo";
    signup.address = address;
    return signups_->ask(std::move(signup));
  }
  std::unique_ptr<Signups> signups_ = Signups::open(database(), clock_).value();
};

TEST_F(SignupsTest, WaitUntilSomebodyDecides) {
  ASSERT_TRUE(ask("a@b.org").ok());
  const auto waiting = signups_->waiting(1);
  ASSERT_TRUE(waiting.ok());
  EXPECT_EQ(waiting->organisation, "Southport Castings");
  EXPECT_EQ(waiting->asked, clock_.now());
  ASSERT_TRUE(signups_->decide(1, SignupState::kRefused, "unknown", "ann").ok());
  EXPECT_EQ(signups_->waiting(1).error().id, ErrorId::kConflict);
  EXPECT_EQ(signups_->decide(1, SignupState::kApproved, "", "bob").error().id, ErrorId::kConflict)
      << "the first decision stands";
  EXPECT_EQ(signups_->list()->at(0).reason, "unknown");
  EXPECT_EQ(signups_->waiting(7).error().id, ErrorId::kNotFound);
}

TEST_F(SignupsTest, OfOneAddressWaitOnce) {
  ASSERT_TRUE(ask("a@b.org").ok());
  ASSERT_TRUE(ask("a@b.org").ok());
  EXPECT_EQ(signups_->list()->size(), 1U);
  ASSERT_TRUE(signups_->decide(1, SignupState::kRefused, "unknown", "ann").ok());
  ASSERT_TRUE(ask("a@b.org").ok()) << "one may ask again after a refusal";
  EXPECT_EQ(signups_->list()->size(), 2U);
  EXPECT_EQ(signups_->list()->at(0).state, SignupState::kWaiting) << "those that wait come first";
}

TEST_F(SignupsTest, AreTakenFiveTimesAnHourFromOnePeer) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask("a" + std::to_string(i) + "@b.org").ok());
  EXPECT_EQ(ask("z@b.org").error().id, ErrorId::kTooManyAttempts);
  EXPECT_TRUE(ask("z@b.org", "192.0.2.2").ok());
  clock_.pass(std::chrono::hours(1));
  EXPECT_TRUE(ask("z@b.org").ok());
}

TEST_F(SignupsTest, AreBoundedInAll) {
  for (std::size_t i = 0; i < kSignupsWaitingMax; ++i) {
    ASSERT_TRUE(ask("a" + std::to_string(i) + "@b.org", "192.0.2." + std::to_string(i)).ok());
  }
  EXPECT_EQ(ask("z@b.org", "198.51.100.1").error().id, ErrorId::kBusy);
  ASSERT_TRUE(signups_->decide(1, SignupState::kRefused, "unknown", "ann").ok());
  EXPECT_TRUE(ask("z@b.org", "198.51.100.1").ok());
}

TEST_F(SignupsTest, AreForgottenSomeTimeAfterTheDecision) {
  ASSERT_TRUE(ask("a@b.org").ok());
  ASSERT_TRUE(signups_->decide(1, SignupState::kRefused, "unknown", "ann").ok());
  clock_.pass(kSignupsKept + std::chrono::hours(1));
  ASSERT_TRUE(ask("c@b.org").ok());
  ASSERT_TRUE(signups_->decide(2, SignupState::kRefused, "unknown", "ann").ok());
  EXPECT_EQ(signups_->list()->size(), 1U);
}

}  // namespace
}  // namespace lineshaft::tenancy

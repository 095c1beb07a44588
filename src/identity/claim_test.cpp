#include <cctype>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Claim : public IdentityFixture {
 protected:
  ErrorId refusal(const ClaimRequest& request) { return identity_->claim(request).error().id; }
};

TEST_F(Claim, MakesTheOrganisationAndItsAdministratorAndSignsThemIn) {
  EXPECT_FALSE(identity_->claimed());
  EXPECT_FALSE(identity_->first_organisation());
  const NewSession made = claim();
  EXPECT_TRUE(identity_->claimed());
  EXPECT_EQ(identity_->first_organisation()->name, "Northern Steel");
  EXPECT_EQ(made.session.organisation.id, TenantId{1});
  EXPECT_EQ(made.session.user.email, kAnn);
  EXPECT_EQ(made.session.principal.access, Role::kAdministrator);
  EXPECT_TRUE(signed_in(made.cookie));
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword).ok());
}

TEST_F(Claim, LastsOverARestart) {
  const NewSession made = claim();
  reopen();
  EXPECT_TRUE(identity_->claimed());
  EXPECT_EQ(identity_->issue_claim_code().error().id, ErrorId::kAlreadyClaimed);
  EXPECT_TRUE(signed_in(made.cookie));
}

TEST_F(Claim, WorksOnce) {
  const std::string code = identity_->issue_claim_code().value();
  ASSERT_TRUE(identity_->claim(claim_request(code)).ok());
  EXPECT_EQ(refusal(claim_request(code)), ErrorId::kAlreadyClaimed);
}

TEST_F(Claim, TakesTheCodeAsPeopleTypeIt) {
  std::string code = identity_->issue_claim_code().value();
  std::erase(code, '-');
  for (char& c : code) c = static_cast<char>(std::tolower(c));
  EXPECT_TRUE(identity_->claim(claim_request(code)).ok());
}

TEST_F(Claim, RefusesACodeThatWasNeverGiven) {
  EXPECT_EQ(refusal(claim_request("")), ErrorId::kClaimRefused);
  EXPECT_EQ(refusal(claim_request("0000-0000-0000")), ErrorId::kClaimRefused);
  const std::string code = identity_->issue_claim_code().value();
  EXPECT_EQ(refusal(claim_request("")), ErrorId::kClaimRefused);
  EXPECT_FALSE(identity_->claimed());
}

TEST_F(Claim, RefusesACodeAfterFifteenMinutes) {
  const std::string code = identity_->issue_claim_code().value();
  clock_.pass(minutes(15) - Nanoseconds(1));
  // The name is refused, not the code.
  ClaimRequest nameless = claim_request(code);
  nameless.name = "";
  EXPECT_EQ(refusal(nameless), ErrorId::kInvalidArgument);
  clock_.pass(Nanoseconds(1));
  EXPECT_EQ(refusal(claim_request(code)), ErrorId::kClaimRefused);
  EXPECT_TRUE(identity_->claim(claim_request(identity_->issue_claim_code().value())).ok());
}

TEST_F(Claim, IsNotDisturbedByAClockThatIsSetAtTheFirstStart) {
  const std::string code = identity_->issue_claim_code().value();
  clock_.jump(std::chrono::hours(24 * 365 * 56));  // From 1970 to the day.
  EXPECT_TRUE(identity_->claim(claim_request(code)).ok());
}

TEST_F(Claim, CannotBeKeptOpenByAClockThatIsSetBack) {
  const std::string code = identity_->issue_claim_code().value();
  clock_.pass(minutes(16));
  clock_.jump(-minutes(16));
  EXPECT_EQ(refusal(claim_request(code)), ErrorId::kClaimRefused);
}

TEST_F(Claim, VoidsTheCodeAfterTenWrongTries) {
  const std::string code = identity_->issue_claim_code().value();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(refusal(claim_request("0000-0000-0000")), ErrorId::kClaimRefused);
  }
  EXPECT_EQ(refusal(claim_request(code)), ErrorId::kClaimRefused);
}

TEST_F(Claim, LastsNineWrongTries) {
  const std::string code = identity_->issue_claim_code().value();
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(refusal(claim_request("0000-0000-0000")), ErrorId::kClaimRefused);
  }
  EXPECT_TRUE(identity_->claim(claim_request(code)).ok());
}

TEST_F(Claim, KnowsOnlyTheNewestCode) {
  const std::string old = identity_->issue_claim_code().value();
  const std::string code = identity_->issue_claim_code().value();
  EXPECT_EQ(refusal(claim_request(old)), ErrorId::kClaimRefused);
  reopen();
  EXPECT_EQ(refusal(claim_request(code)), ErrorId::kClaimRefused) << "a code ends with its start";
}

TEST_F(Claim, RefusesBadDataAndLeavesTheCodeGood) {
  const std::string code = identity_->issue_claim_code().value();
  const auto with = [&](auto change) {
    ClaimRequest request = claim_request(code);
    change(request);
    return identity_->claim(request).error();
  };
  EXPECT_EQ(with([](auto& r) { r.password = "short"; }).id, ErrorId::kPasswordRefused);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(with([](auto& r) { r.email = "nobody"; }).what, testing::StartsWith("email:"));
    EXPECT_THAT(with([](auto& r) { r.name = ""; }).what, testing::StartsWith("name:"));
    EXPECT_THAT(with([](auto& r) { r.organisation = ""; }).what,
                testing::StartsWith("organisation:"));
  }
  EXPECT_FALSE(identity_->claimed());
  EXPECT_TRUE(identity_->claim(claim_request(code)).ok());
}

TEST_F(Claim, EntersTheAuditTrail) {
  const std::string code = identity_->issue_claim_code().value();
  EXPECT_EQ(refusal(claim_request("0000-0000-0000")), ErrorId::kClaimRefused);
  const NewSession made = identity_->claim(claim_request(code)).value();
  EXPECT_THAT(audited_actions(made.session.principal),
              testing::ElementsAre("server.claim", "claim.refuse"));
}

}  // namespace
}  // namespace lineshaft::identity

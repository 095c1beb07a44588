// Invitations, and the way back in for who lost everything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

using std::chrono::hours;

class Invitations : public IdentityFixture {
 protected:
  Invitations() : ann_(claim()) {}
  NewInvitation invite_bob(Role role = Role::kOperator) {
    return identity_->invite(ann_.session.principal, {.email = kBob, .name = "Bob", .role = role})
        .value();
  }
  Result<NewSession> accept(const std::string& secret, const char* password = kBobPassword) {
    return identity_->accept_invitation(
        {.secret = secret, .name = "", .password = password, .address = kElsewhere, .agent = ""});
  }
  NewSession ann_;
};

TEST_F(Invitations, MakeThePersonWhoAccepts) {
  const NewInvitation made = invite_bob();
  const auto seen = identity_->look_at_invitation(made.secret).value();
  EXPECT_EQ(seen.first.email, kBob);
  EXPECT_EQ(seen.second.name, "Northern Steel");
  const NewSession bob = accept(made.secret).value();
  EXPECT_EQ(bob.session.user.name, "Bob");
  EXPECT_EQ(bob.session.user.access, Access(Role::kOperator));
  EXPECT_TRUE(sign_in(kBob, kBobPassword).ok());
  EXPECT_TRUE(identity_->list_invitations(ann_.session.principal)->empty());
}

TEST_F(Invitations, WorkOnceAndForSevenDays) {
  const NewInvitation made = invite_bob();
  EXPECT_EQ(accept(made.secret, "password1234").error().id, ErrorId::kPasswordRefused);
  reopen();
  ASSERT_TRUE(accept(made.secret).ok()) << "a refused password leaves it good";
  EXPECT_EQ(accept(made.secret).error().id, ErrorId::kInvitationRefused);
  const NewInvitation late =
      identity_->invite(ann_.session.principal, {"eve@example.com", "Eve", Role::kViewer}).value();
  clock_.pass(kInvitationLifetime - hours(1));
  EXPECT_TRUE(identity_->look_at_invitation(late.secret).ok());
  clock_.pass(hours(1));
  EXPECT_EQ(accept(late.secret).error().id, ErrorId::kInvitationRefused);
}

TEST_F(Invitations, AreWithdrawnAndReplaced) {
  const NewInvitation first = invite_bob();
  const NewInvitation second = invite_bob(Role::kEngineer);
  EXPECT_EQ(accept(first.secret).error().id, ErrorId::kInvitationRefused);
  ASSERT_EQ(identity_->list_invitations(ann_.session.principal)->size(), 1U);
  ASSERT_TRUE(identity_->revoke_invitation(ann_.session.principal, second.invitation.id).ok());
  EXPECT_EQ(accept(second.secret).error().id, ErrorId::kInvitationRefused);
  Principal foreign = ann_.session.principal;
  foreign.tenant = TenantId{2};
  EXPECT_EQ(identity_->revoke_invitation(foreign, invite_bob().invitation.id).error().id,
            ErrorId::kNotFound);
}

TEST_F(Invitations, OfAnAdministratorOpenNothingBeforeASecondFactor) {
  const NewSession bob = accept(invite_bob(Role::kAdministrator).secret).value();
  EXPECT_EQ(authorise(bob.session.principal, Permission::kTagRead).error().id,
            ErrorId::kFactorMissing);
}

TEST_F(Invitations, AreRefusedForWhoHasAnAccountAndByWhoMayNot) {
  add_bob(ann_.session.principal);
  EXPECT_EQ(identity_->invite(ann_.session.principal, {kBob, "Bob", Role::kViewer}).error().id,
            ErrorId::kConflict);
  const NewSession bob = sign_in(kBob, kBobPassword).value();
  EXPECT_EQ(
      identity_->invite(bob.session.principal, {"e@example.com", "E", Role::kViewer}).error().id,
      ErrorId::kDenied);
}

TEST_F(Invitations, EndWithWhoMadeThem) {
  const NewSession bob = accept(invite_bob(Role::kAdministrator).secret).value();
  Principal principal = bob.session.principal;
  principal.factor_missing = false;
  const NewInvitation made =
      identity_->invite(principal, {"eve@example.com", "Eve", Role::kViewer}).value();
  ASSERT_TRUE(identity_->remove_user(ann_.session.principal, bob.session.user.id).ok());
  EXPECT_FALSE(signed_in(bob.cookie));
  EXPECT_EQ(accept(made.secret).error().id, ErrorId::kInvitationRefused);
  const AuditPage trail = identity_->list_audit(ann_.session.principal, 0, 100).value();
  EXPECT_TRUE(std::ranges::any_of(trail.entries, [](const AuditEntry& entry) {
    return entry.actor == kBob && entry.action == "invitation.create";
  })) << "the name stays in the trail";
}

// --- recovery ---

class Recovery : public Invitations {
 protected:
  Result<NewSession> recover(const std::string& code, const std::string& email = kAnn) {
    return identity_->recover({.email = email,
                               .code = code,
                               .password = "quiet river lantern nine",
                               .address = kHere,
                               .agent = ""});
  }
};

TEST_F(Recovery, SetsANewPasswordAndAsksForANewFactor) {
  const std::string code = identity_->issue_recovery(kAnn).value();
  reopen();
  const NewSession session = recover(code).value();
  EXPECT_FALSE(signed_in(ann_.cookie));
  EXPECT_TRUE(session.session.principal.factor_missing);
  EXPECT_EQ(sign_in(kAnn, kAnnPassword).error().id, ErrorId::kSignInFailed);
  EXPECT_TRUE(sign_in(kAnn, "quiet river lantern nine").ok());
  EXPECT_EQ(recover(code).error().id, ErrorId::kRecoveryRefused) << "it works once";
  const auto actions = audited_actions(ann_.session.principal);
  EXPECT_THAT(actions, ::testing::Contains("recovery.issue"));
}

TEST_F(Recovery, NeedsTheCodeOfThatPersonWithinTheHour) {
  EXPECT_EQ(recover("7KQM-2F9X-0TBD").error().id, ErrorId::kRecoveryRefused) << "none was issued";
  add_bob(ann_.session.principal, Role::kAdministrator);
  const std::string code = identity_->issue_recovery(kAnn).value();
  EXPECT_EQ(recover(code, kBob).error().id, ErrorId::kRecoveryRefused);
  EXPECT_EQ(recover(code, "nobody@example.com").error().id, ErrorId::kRecoveryRefused);
  clock_.pass(kRecoveryCodeLifetime);
  EXPECT_EQ(recover(code).error().id, ErrorId::kRecoveryRefused);
}

TEST_F(Recovery, IsVoidAfterTenWrongTries) {
  const std::string code = identity_->issue_recovery(kAnn).value();
  for (int i = 0; i < 10; ++i) {
    while (recover("AAAA-AAAA-AAAA").error().id == ErrorId::kTooManyAttempts) {
      clock_.pass(std::chrono::seconds(10));
    }
  }
  clock_.pass(std::chrono::minutes(5));
  EXPECT_EQ(recover(code).error().id, ErrorId::kRecoveryRefused);
}

TEST_F(Recovery, IsForAdministratorsOnly) {
  add_bob(ann_.session.principal);
  EXPECT_EQ(identity_->issue_recovery(kBob).error().id, ErrorId::kNotFound);
  EXPECT_EQ(identity_->issue_recovery("nobody@example.com").error().id, ErrorId::kNotFound);
}

}  // namespace
}  // namespace lineshaft::identity

// The access review: who holds user.read sees who may do what, and why, and changes none of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/provider_fixture.h"

namespace lineshaft::identity {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kAud = "aud@example.com";
constexpr const char* kDora = "dora@example.com";
constexpr const char* kSue = "sue@example.com";

// Something of everything that there is to be reviewed. Bob is to become administrator, which
// waits for a second person.
class AccessReview : public ProviderFixture {
 protected:
  AccessReview() {
    identity_->create_user(ann(), {kSue, "Sue", Role::kSecurity, kBobPassword}).value();
    identity_->create_user(ann(), {kAud, "Aud", Role::kAuditor, kBobPassword}).value();
    const Access melter({{Role::kOperator, "nf/melt"}});
    bob_ = identity_->create_user(ann(), {kBob, "Bob", melter, kBobPassword})->id;
    bobs_cookie_ = sign_in(kBob, kBobPassword, kElsewhere)->cookie;
    feed_ = identity_->create_token(ann(), {"feed", Role::kViewer, {}})->token.id;
    program_ = identity_->create_token(ann(), {"review", Role::kAuditor, {}})->secret;
    dora_ = identity_->invite(ann(), {kDora, "Dora", Role::kViewer})->invitation.id;
    EXPECT_TRUE(identity_->set_rights_policy(ann(), {.two_persons = true}).ok());
    request_ = identity_->set_grants(ann(), bob_, {{Role::kAdministrator, "*"}})->waits->id;
  }
  Principal of(const char* email) { return identity_->find_person(email).value(); }

  // All that is shown, as far as it can be seen to have changed.
  void expect_all_of_it(const Principal& who) {
    std::vector<std::string> people;
    for (const User& user : identity_->list_users(who).value()) {
      people.push_back(user.email + ": " + access_text(user.access));
    }
    EXPECT_THAT(people,
                ElementsAre("ann@example.com: administrator", "aud@example.com: auditor",
                            "bob@example.com: operator@nf/melt", "sue@example.com: security"));
    std::vector<std::string> tokens;
    for (const Token& token : identity_->list_tokens(who).value()) tokens.push_back(token.name);
    EXPECT_THAT(tokens, ElementsAre("feed", "review"));
    std::vector<bool> demanded;  // in the order of the numbers
    for (const auto& [user, standing] : identity_->factor_standings(who).value()) {
      if (user == bob_ || user == ann_.session.user.id) demanded.push_back(standing.demanded);
    }
    EXPECT_THAT(demanded, testing::UnorderedElementsAre(true, false)) << "of Ann, not of Bob";
    const auto sessions = identity_->list_sessions(who, bob_, "").value();
    ASSERT_EQ(sessions.size(), 1U);
    EXPECT_EQ(sessions[0].address, kElsewhere);
    const auto invitations = identity_->list_invitations(who).value();
    ASSERT_EQ(invitations.size(), 1U);
    EXPECT_EQ(invitations[0].email, kDora);
    const auto set = providers().list_providers(who).value();
    ASSERT_EQ(set.size(), 1U);
    EXPECT_EQ(set[0].settings, settings());
    EXPECT_TRUE(identity_->rights_policy(who)->two_persons);
    const auto waiting = identity_->list_rights_requests(who).value();
    ASSERT_EQ(waiting.size(), 1U);
    EXPECT_EQ(waiting[0].user, bob_);
    const auto why = identity_->explain_access(who, bob_, Permission::kTagWrite, "nf/melt/eaf1");
    EXPECT_THAT(why->at(0).because, ElementsAre(Grant{Role::kOperator, "nf/melt"}));
    EXPECT_EQ(identity_->explain_access(who, {}, Permission::kUserRead, "")->size(), 4U);
  }

  // Every change of it, one by one.
  template <typename Each>
  void try_all(const Principal& who, Each each) {
    each("add a person", identity_->create_user(who, {"x@example.com", "X", Role::kViewer, "x"}));
    each("rename", identity_->update_user(who, bob_, {.name = "Robert", .access = {}}));
    each("remove a person", identity_->remove_user(who, bob_));
    each("set a password", identity_->set_password(who, bob_, kAnnPassword));
    each("give roles", identity_->set_grants(who, bob_, {{Role::kViewer, "*"}}));
    each("change the policy", identity_->set_rights_policy(who, {}));
    each("approve", identity_->approve_rights(who, request_));
    each("drop", identity_->drop_rights(who, request_));
    each("end a session",
         identity_->end_session(who, bob_, identity_->list_sessions(ann(), bob_, "")->at(0).id));
    each("end all sessions", identity_->sign_out_everywhere(who, bob_));
    each("take factors away", identity_->reset_factors(who, bob_));
    each("change who must have one", identity_->set_factor_rule(who, FactorRule::kNobody));
    each("invite", identity_->invite(who, {"x@example.com", "X", Role::kViewer}));
    each("withdraw", identity_->revoke_invitation(who, dora_));
    each("make a token", identity_->create_token(who, {"x", Role::kAuditor, {}}));
    each("revoke a token", identity_->revoke_token(who, feed_));
    each("add a provider", providers().create_provider(who, settings(), "x"));
    each("change a provider",
         providers().change_provider(who, provider_.id, settings(), std::nullopt));
    each("ask a provider", providers().check_provider(who, provider_.id));
    each("remove a provider", providers().remove_provider(who, provider_.id));
    each("leave the server", identity_->set_leaving(who, clock_.now()));
  }

  UserId bob_;
  std::string bobs_cookie_;
  TokenId feed_;
  std::string program_;
  InvitationId dora_;
  std::uint64_t request_ = 0;
};

TEST_F(AccessReview, ShowsAnAuditorWhoMayDoWhatAndWhy) { expect_all_of_it(of(kAud)); }

TEST_F(AccessReview, ShowsItToTheProgramOfAnAuditorToo) {
  expect_all_of_it(identity_->find_token(program_).value());
}

TEST_F(AccessReview, ShowsItToWhoKeepsSecurity) { expect_all_of_it(of(kSue)); }

TEST_F(AccessReview, LetsAnAuditorChangeNoneOfIt) {
  int tried = 0;
  try_all(of(kAud), [&](const char* what, const auto& done) {
    ++tried;
    ASSERT_FALSE(done.ok()) << what;
    EXPECT_EQ(done.error().id, ErrorId::kDenied) << what << ": " << done.error().text();
    const bool of_tokens = std::string_view(what).ends_with("a token");
    EXPECT_THAT(done.error().what, HasSubstr(of_tokens ? "token.manage" : "user.manage")) << what;
  });
  EXPECT_EQ(tried, 21);
  expect_all_of_it(ann());
  EXPECT_TRUE(signed_in(bobs_cookie_));
}

TEST_F(AccessReview, IsNotForWhoIsReviewed) {
  const Principal bob = of(kBob);
  std::vector<Error> errors{identity_->list_users(bob).error(),
                            identity_->list_tokens(bob).error(),
                            identity_->factor_standings(bob).error(),
                            identity_->list_sessions(bob, ann_.session.user.id, "").error(),
                            identity_->list_invitations(bob).error(),
                            providers().list_providers(bob).error(),
                            identity_->rights_policy(bob).error(),
                            identity_->list_rights_requests(bob).error(),
                            identity_->explain_access(bob, bob_, Permission::kTagRead, "").error()};
  for (const Error& error : errors) {
    EXPECT_EQ(error.id, ErrorId::kDenied) << error.text();
    EXPECT_THAT(error.what, HasSubstr("user.read"));
  }
}

}  // namespace
}  // namespace lineshaft::identity

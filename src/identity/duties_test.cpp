// Duties that must not lie in one hand, changes of rights that take two people, and the reasons.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

using testing::HasSubstr;

class Duties : public IdentityFixture {
 protected:
  Duties() : ann_(claim().session) {}

  User add(const std::string& name, Access access) {
    return identity_
        ->create_user(ann_.principal, {.email = name + "@example.com",
                                       .name = name,
                                       .access = std::move(access),
                                       .password = kBobPassword})
        .value();
  }
  Principal now(const User& user) { return identity_->find_person(user.email).value(); }
  Principal ann() { return now(ann_.user); }
  void want_two_persons() {
    ASSERT_FALSE(identity_->set_rights_policy(ann(), {.two_persons = true})->waits);
  }

  Session ann_;
};

const std::vector<Grant> kAdministratorGrants{{Role::kAdministrator, "*"}};

TEST_F(Duties, GrantsAreKeptWithTheirPlaces) {
  const User bob = add("bob", Role::kViewer);
  const std::vector<Grant> grants{{Role::kOperator, "nf/melt"}, {Role::kViewer, "nf/rolling"}};
  EXPECT_EQ(identity_->set_grants(ann(), bob.id, grants)->user.access, Access(grants));
  reopen();
  EXPECT_EQ(now(bob).access, Access(grants));
  const auto token = identity_->create_token(ann(), {"feed", Access(grants), {}}).value();
  reopen();
  EXPECT_EQ(identity_->find_token(token.secret)->access, Access(grants));
}

TEST_F(Duties, AccountsOfBeforeThereWereGrantsKeepTheirOneRoleEverywhere) {
  const User bob = add("bob", Role::kViewer);
  identity_.reset();
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open(directory_.file("records.db").c_str(), &file), SQLITE_OK);
  // As version 1 left it: roles in their column, and none of the tables of grants.
  const char* back =
      "DROP TABLE user_grants; DROP TABLE token_grants; DROP TABLE rights_policies; "
      "DROP TABLE rights_requests; UPDATE users SET role = 4 WHERE email = 'ann@example.com'; "
      "UPDATE users SET role = 3 WHERE email = 'bob@example.com'; "
      "DELETE FROM schema_versions WHERE component = 'identity.grants';";
  char* problem = nullptr;
  ASSERT_EQ(sqlite3_exec(file, back, nullptr, nullptr, &problem), SQLITE_OK) << problem;
  sqlite3_close(file);
  reopen();
  EXPECT_EQ(ann().access, Access(Role::kAdministrator));
  EXPECT_EQ(now(bob).access, Access(Role::kEngineer));
}

TEST_F(Duties, SecurityGivesRolesToOthersButNothingToItself) {
  const User sue = add("sue", Role::kSecurity);
  const User bob = add("bob", Role::kViewer);
  EXPECT_TRUE(identity_->set_grants(now(sue), bob.id, {{Role::kOperator, "nf/melt"}}).ok());
  const Error own =
      identity_->set_grants(now(sue), sue.id, {{Role::kSecurity, "*"}, {Role::kOperator, "*"}})
          .error();
  EXPECT_EQ(own.id, ErrorId::kDenied);
  EXPECT_THAT(own.what, HasSubstr("operator"));
  EXPECT_EQ(identity_->create_token(now(sue), {"x", Role::kOperator, {}}).error().id,
            ErrorId::kDenied)
      << "whoever makes a token has it";
  EXPECT_TRUE(identity_->create_token(now(sue), {"x", Role::kSecurity, {}}).ok());
}

TEST_F(Duties, AnAuditorChangesNothing) {
  const User sue = add("sue", Role::kAuditor);
  for (Role role : {Role::kOperator, Role::kEngineer, Role::kSecurity, Role::kSystem,
                    Role::kFinance, Role::kAdministrator}) {
    EXPECT_EQ(identity_->set_grants(ann(), sue.id, {{Role::kAuditor, "*"}, {role, "*"}}).error().id,
              ErrorId::kConflict)
        << role_name(role);
  }
  EXPECT_TRUE(
      identity_->set_grants(ann(), sue.id, {{Role::kAuditor, "*"}, {Role::kViewer, "*"}}).ok());
  EXPECT_TRUE(identity_->list_audit(now(sue), 0, 10).ok());
}

TEST_F(Duties, NobodyMakesThemselvesAuditor) {
  add("sue", Role::kAdministrator);  // so that Ann is not the last
  const auto answer = identity_->set_grants(ann(), ann_.user.id, {{Role::kAuditor, "*"}});
  EXPECT_EQ(answer.error().id, ErrorId::kDenied);
  EXPECT_THAT(answer.error().what, HasSubstr("auditor"));
}

TEST_F(Duties, WhereTheAuditorIsSeparateAdministratorsDoNotReadTheTrail) {
  EXPECT_EQ(identity_->set_rights_policy(ann(), {.separate_auditor = true}).error().id,
            ErrorId::kConflict)
      << "nobody would be left to read it";
  const User sue = add("sue", Role::kAuditor);
  const auto token = identity_->create_token(ann(), {"x", Role::kAdministrator, {}}).value();
  ASSERT_TRUE(identity_->set_rights_policy(ann(), {.separate_auditor = true}).ok());
  EXPECT_EQ(identity_->list_audit(ann(), 0, 1).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->list_audit(*identity_->find_token(token.secret), 0, 1).error().id,
            ErrorId::kDenied);
  EXPECT_TRUE(identity_->list_audit(now(sue), 0, 1).ok());
  reopen();
  EXPECT_EQ(identity_->list_audit(ann(), 0, 1).error().id, ErrorId::kDenied);
  const Explanation why =
      identity_->explain_access(ann(), ann_.user.id, Permission::kAuditRead, "")->at(0);
  EXPECT_FALSE(why.allowed);
  EXPECT_TRUE(why.withheld);
}

TEST_F(Duties, TwoPersonsAreAskedOnlyWhereThereAreTwo) {
  EXPECT_EQ(identity_->set_rights_policy(ann(), {.two_persons = true}).error().id,
            ErrorId::kConflict);
  const User sue = add("sue", Role::kSecurity);
  want_two_persons();
  EXPECT_EQ(identity_->remove_user(ann(), sue.id).error().id, ErrorId::kLastAdministrator);
  EXPECT_EQ(identity_->set_grants(ann(), sue.id, {{Role::kViewer, "*"}}).error().id,
            ErrorId::kLastAdministrator);
}

TEST_F(Duties, MakingAnAdministratorTakesASecondPersonWhoNeitherAskedNorGetsIt) {
  const User sue = add("sue", Role::kSecurity);
  const User bob = add("bob", Role::kViewer);
  want_two_persons();
  EXPECT_FALSE(identity_->set_grants(ann(), bob.id, {{Role::kEngineer, "*"}})->waits)
      << "what is not of security is given by one";
  const auto asked = identity_->set_grants(ann(), bob.id, kAdministratorGrants).value();
  ASSERT_TRUE(asked.waits);
  EXPECT_EQ(now(bob).access, Access(Role::kEngineer)) << "nothing has happened yet";
  reopen();
  ASSERT_EQ(identity_->list_rights_requests(ann())->size(), 1U);
  const std::uint64_t id = asked.waits->id;
  EXPECT_EQ(identity_->approve_rights(ann(), id).error().id, ErrorId::kConflict);
  EXPECT_EQ(identity_->approve_rights(now(bob), id).error().id, ErrorId::kDenied);
  const auto token = identity_->create_token(ann(), {"t", Role::kViewer, {}}).value();
  Principal hand = *identity_->find_token(token.secret);
  hand.access = Role::kAdministrator;
  EXPECT_EQ(identity_->approve_rights(hand, id).error().id, ErrorId::kConflict)
      << "a token is no person";
  ASSERT_TRUE(identity_->approve_rights(now(sue), id).ok());
  EXPECT_EQ(now(bob).access, Access(Role::kAdministrator));
  EXPECT_EQ(identity_->approve_rights(now(sue), id).error().id, ErrorId::kNotFound);
  reopen();
  EXPECT_EQ(now(bob).access, Access(Role::kAdministrator));
  EXPECT_TRUE(identity_->list_rights_requests(ann())->empty());
}

TEST_F(Duties, ThereIsNoWayAroundTheSecondPerson) {
  const User sue = add("sue", Role::kSecurity);
  want_two_persons();
  const NewUser second{"x@example.com", "X", Role::kSecurity, kBobPassword};
  EXPECT_EQ(identity_->create_user(ann(), second).error().id, ErrorId::kConflict);
  EXPECT_EQ(identity_->create_token(ann(), {"x", Role::kSecurity, {}}).error().id,
            ErrorId::kConflict);
  EXPECT_EQ(identity_->set_password(ann(), sue.id, kAnnPassword).error().id, ErrorId::kConflict);
  const User bob = add("bob", Role::kViewer);
  const UserChange change{.name = {}, .access = Access(Role::kAdministrator)};
  EXPECT_EQ(identity_->update_user(ann(), bob.id, change).error().id, ErrorId::kConflict);
  // And the policy itself goes only with two.
  const auto off = identity_->set_rights_policy(ann(), {}).value();
  ASSERT_TRUE(off.waits);
  EXPECT_TRUE(identity_->rights_policy(ann())->two_persons);
  EXPECT_EQ(identity_->approve_rights(ann(), off.waits->id).error().id, ErrorId::kConflict);
  ASSERT_TRUE(identity_->approve_rights(now(sue), off.waits->id).ok());
  EXPECT_FALSE(identity_->rights_policy(ann())->two_persons);
}

TEST_F(Duties, AChangeThatWaitsIsDroppedOrRunsOut) {
  const User sue = add("sue", Role::kSecurity);
  const User bob = add("bob", Role::kViewer);
  want_two_persons();
  ASSERT_TRUE(identity_->set_factor_rule(ann(), FactorRule::kNobody).ok());  // days pass
  const auto first = identity_->set_grants(ann(), bob.id, kAdministratorGrants)->waits;
  ASSERT_TRUE(identity_->drop_rights(now(sue), first->id).ok());
  EXPECT_EQ(identity_->approve_rights(now(sue), first->id).error().id, ErrorId::kNotFound);
  const auto second = identity_->set_grants(ann(), bob.id, kAdministratorGrants)->waits;
  // She would owe a second factor by then, and see nothing.
  ASSERT_TRUE(identity_->set_factor_rule(ann(), FactorRule::kNobody).ok());
  clock_.pass(kRightsRequestLifetime);
  EXPECT_TRUE(identity_->list_rights_requests(ann())->empty());
  EXPECT_EQ(identity_->approve_rights(now(sue), second->id).error().id, ErrorId::kNotFound);
}

TEST_F(Duties, AnApprovalLooksAtWhatIsTrueThen) {
  const User sue = add("sue", Role::kSecurity);
  const User eve = add("eve", Role::kSecurity);
  const User bob = add("bob", Role::kViewer);
  want_two_persons();
  const auto waits = identity_->set_grants(now(eve), bob.id, kAdministratorGrants)->waits;
  ASSERT_TRUE(identity_->set_grants(ann(), eve.id, {{Role::kViewer, "*"}}).ok());
  EXPECT_EQ(identity_->approve_rights(now(sue), waits->id).error().id, ErrorId::kConflict)
      << "who asked may not ask any more";
}

TEST_F(Duties, TheTrailTellsWhoAskedWhoApprovedAndWhatWasBefore) {
  const User sue = add("sue", Role::kSecurity);
  const User bob = add("bob", Role::kViewer);
  ASSERT_TRUE(identity_->set_grants(ann(), bob.id, {{Role::kOperator, "nf/melt"}}).ok());
  EXPECT_EQ(identity_->list_audit(ann(), 0, 1)->entries[0].detail, "viewer -> operator@nf/melt");
  want_two_persons();
  const auto waits = identity_->set_grants(ann(), bob.id, kAdministratorGrants)->waits;
  ASSERT_TRUE(identity_->approve_rights(now(sue), waits->id).ok());
  const auto page = identity_->list_audit(ann(), 0, 2).value();
  EXPECT_EQ(page.entries[0].actor, "sue@example.com");
  EXPECT_EQ(page.entries[0].action, "user.grants");
  EXPECT_EQ(page.entries[0].detail, "administrator, asked for by ann@example.com");
  EXPECT_EQ(page.entries[1].action, "rights.ask");
}

TEST_F(Duties, SaysWhyAndWhatIsMissing) {
  const User bob = add("bob", Access({{Role::kOperator, "nf/melt"}, {Role::kPartner, "*"}}));
  const auto why = [&](Permission what, const char* path) {
    return identity_->explain_access(ann(), bob.id, what, path)->at(0);
  };
  const Explanation yes = why(Permission::kTagRead, "nf/melt/eaf1");
  EXPECT_TRUE(yes.allowed);
  EXPECT_EQ(yes.because, (std::vector<Grant>{{Role::kOperator, "nf/melt"}}));
  const Explanation no = why(Permission::kTagWrite, "nf/rolling/mill");
  EXPECT_FALSE(no.allowed);
  EXPECT_TRUE(no.because.empty());
  EXPECT_EQ(no.missing,
            (std::vector<Role>{Role::kOperator, Role::kEngineer, Role::kAdministrator}));
  EXPECT_EQ(identity_->explain_access(ann(), {}, Permission::kTagRead, "nf/melt")->size(), 2U);
  EXPECT_EQ(identity_->explain_access(ann(), UserId{99}, Permission::kTagRead, "").error().id,
            ErrorId::kNotFound);
  EXPECT_EQ(identity_->explain_access(now(bob), {}, Permission::kTagRead, "").error().id,
            ErrorId::kDenied);
}

TEST_F(Duties, WhoeverKeepsADecisionHearsThatItMayBeAnotherNow) {
  const User bob = add("bob", Role::kViewer);
  const auto token = identity_->create_token(ann(), {"x", Role::kViewer, {}}).value();
  std::uint64_t seen = identity_->access_changes();
  const auto news = [&] {
    const std::uint64_t before = seen;
    seen = identity_->access_changes();
    return seen != before;
  };
  EXPECT_FALSE(news());
  ASSERT_TRUE(identity_->set_grants(ann(), bob.id, {}).ok());
  EXPECT_TRUE(news());
  ASSERT_TRUE(identity_->revoke_token(ann(), token.token.id).ok());
  EXPECT_TRUE(news());
  ASSERT_TRUE(identity_->remove_user(ann(), bob.id).ok());
  EXPECT_TRUE(news());
}

}  // namespace
}  // namespace lineshaft::identity

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class People : public IdentityFixture {
 protected:
  People() : ann_(claim()), admin_(ann_.session.principal) {}

  // The administrator of an organisation that has nothing to do with ours.
  static Principal stranger() {
    return {.kind = PrincipalKind::kUser,
            .tenant = TenantId{2},
            .id = 99,
            .access = Role::kAdministrator,
            .name = "stranger"};
  }
  std::vector<std::string> emails() {
    std::vector<std::string> emails;
    for (const User& user : identity_->list_users(admin_).value()) emails.push_back(user.email);
    return emails;
  }

  NewSession ann_;
  Principal admin_;
};

TEST_F(People, AreAddedListedAndKept) {
  const User bob = add_bob(admin_);
  EXPECT_EQ(bob.access, Role::kOperator);
  EXPECT_EQ(bob.tenant, TenantId{1});
  EXPECT_TRUE(sign_in(kBob, kBobPassword).ok());
  reopen();
  EXPECT_EQ(emails(), (std::vector<std::string>{kAnn, kBob}));
  EXPECT_TRUE(sign_in(kBob, kBobPassword).ok());
}

TEST_F(People, HaveOneAccountForAnAddress) {
  add_bob(admin_);
  const Error again = identity_
                          ->create_user(admin_, {.email = " BOB@example.com",
                                                 .name = "Another",
                                                 .access = Role::kViewer,
                                                 .password = kBobPassword})
                          .error();
  EXPECT_EQ(again.id, ErrorId::kConflict);
  EXPECT_THAT(again.what, testing::HasSubstr(kBob));
}

TEST_F(People, AreRefusedWithTheNameOfTheField) {
  const auto refusal = [&](NewUser user) { return identity_->create_user(admin_, user).error(); };
  EXPECT_THAT(refusal({.email = "x", .name = "X", .access = {}, .password = kBobPassword}).what,
              testing::StartsWith("email:"));
  EXPECT_THAT(refusal({.email = kBob, .name = "", .access = {}, .password = kBobPassword}).what,
              testing::StartsWith("name:"));
  EXPECT_EQ(refusal({.email = kBob, .name = "Bob", .access = {}, .password = "short"}).id,
            ErrorId::kPasswordRefused);
  EXPECT_EQ(emails(), std::vector<std::string>{kAnn});
}

TEST_F(People, AreManagedByAdministratorsOnly) {
  const User bob = add_bob(admin_, Role::kEngineer);
  const Principal engineer = sign_in(kBob, kBobPassword)->session.principal;
  EXPECT_EQ(identity_->list_users(engineer).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->create_user(engineer, {}).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->update_user(engineer, bob.id, {.name = {}, .access = Role::kAdministrator})
                .error()
                .id,
            ErrorId::kDenied);
  EXPECT_EQ(identity_->remove_user(engineer, bob.id).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->set_password(engineer, bob.id, kAnnPassword).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->create_token(engineer, {}).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->list_tokens(engineer).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->revoke_token(engineer, TokenId{1}).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->list_audit(engineer, 0, 10).error().id, ErrorId::kDenied);
}

TEST_F(People, OfOneOrganisationDoNotExistForAnother) {
  const User bob = add_bob(admin_);
  const NewToken token =
      identity_->create_token(admin_, {.name = "feed", .access = {}, .expires = {}}).value();
  EXPECT_TRUE(identity_->list_users(stranger())->empty());
  EXPECT_TRUE(identity_->list_tokens(stranger())->empty());
  EXPECT_EQ(identity_->list_audit(stranger(), 0, 10)->total, 0U);
  EXPECT_EQ(identity_->update_user(stranger(), bob.id, {}).error().id, ErrorId::kNotFound);
  EXPECT_EQ(identity_->remove_user(stranger(), bob.id).error().id, ErrorId::kNotFound);
  EXPECT_EQ(identity_->set_password(stranger(), bob.id, kAnnPassword).error().id,
            ErrorId::kNotFound);
  EXPECT_EQ(identity_->sign_out_everywhere(stranger(), bob.id).error().id, ErrorId::kNotFound);
  EXPECT_EQ(identity_->revoke_token(stranger(), token.token.id).error().id, ErrorId::kNotFound);
}

TEST_F(People, KeepTheLastAdministrator) {
  const User ann = ann_.session.user;
  const UserChange to_viewer{.name = {}, .access = Role::kViewer};
  EXPECT_EQ(identity_->remove_user(admin_, ann.id).error().id, ErrorId::kLastAdministrator);
  EXPECT_EQ(identity_->update_user(admin_, ann.id, to_viewer).error().id,
            ErrorId::kLastAdministrator);
  const User bob = add_bob(admin_, Role::kAdministrator);
  ASSERT_TRUE(identity_->update_user(admin_, ann.id, to_viewer).ok());
  const Principal bob_now = sign_in(kBob, kBobPassword)->session.principal;
  EXPECT_EQ(identity_->remove_user(bob_now, bob.id).error().id, ErrorId::kLastAdministrator);
  ASSERT_TRUE(identity_->remove_user(bob_now, ann.id).ok());
  EXPECT_FALSE(sign_in(kAnn, kAnnPassword).ok());
}

TEST_F(People, AreRenamedWithoutTheRest) {
  const User bob = add_bob(admin_);
  const User renamed =
      identity_->update_user(admin_, bob.id, {.name = " Robert ", .access = {}}).value();
  EXPECT_EQ(renamed.name, "Robert");
  EXPECT_EQ(renamed.access, Role::kOperator);
  reopen();
  EXPECT_EQ(identity_->list_users(admin_)->at(1).name, "Robert");
}

TEST_F(People, LoseTheirSessionsWithAPasswordThatAnotherSet) {
  const User bob = add_bob(admin_);
  const std::string cookie = sign_in(kBob, kBobPassword)->cookie;
  ASSERT_TRUE(identity_->set_password(admin_, bob.id, "harbour nine violet engine").ok());
  EXPECT_FALSE(signed_in(cookie));
  EXPECT_FALSE(sign_in(kBob, kBobPassword).ok());
  EXPECT_TRUE(sign_in(kBob, "harbour nine violet engine").ok());
}

TEST_F(People, LeaveNothingBehindThatOpensADoor) {
  const User bob = add_bob(admin_);
  const std::string cookie = sign_in(kBob, kBobPassword)->cookie;
  ASSERT_TRUE(identity_->remove_user(admin_, bob.id).ok());
  EXPECT_FALSE(signed_in(cookie));
  EXPECT_FALSE(sign_in(kBob, kBobPassword).ok());
  reopen();
  EXPECT_FALSE(signed_in(cookie));
  EXPECT_NE(add_bob(admin_).id, bob.id) << "an id is never given twice";
}

// --- tokens ---

TEST_F(People, GiveTokensToPrograms) {
  const NewToken made =
      identity_->create_token(admin_, {.name = "feed", .access = Role::kEngineer, .expires = {}})
          .value();
  EXPECT_TRUE(made.secret.starts_with("lsh_"));
  const Principal program = identity_->find_token(made.secret).value();
  EXPECT_EQ(program.kind, PrincipalKind::kToken);
  EXPECT_EQ(program.access, Role::kEngineer);
  EXPECT_EQ(program.tenant, TenantId{1});
  EXPECT_EQ(program.name, "token:feed");
  reopen();
  EXPECT_TRUE(identity_->find_token(made.secret).ok());
  std::string changed = made.secret;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  for (const std::string& wrong : {changed, made.secret.substr(4), made.secret + "A",
                                   "LSH_" + made.secret.substr(4), std::string()}) {
    EXPECT_EQ(identity_->find_token(wrong).error().id, ErrorId::kNotSignedIn);
  }
}

TEST_F(People, RevokeTokensAtOnceAndForGood) {
  const NewToken made =
      identity_->create_token(admin_, {.name = "feed", .access = {}, .expires = {}}).value();
  ASSERT_TRUE(identity_->revoke_token(admin_, made.token.id).ok());
  EXPECT_FALSE(identity_->find_token(made.secret).ok());
  EXPECT_EQ(identity_->revoke_token(admin_, made.token.id).error().id, ErrorId::kNotFound);
  reopen();
  EXPECT_FALSE(identity_->find_token(made.secret).ok());
}

TEST_F(People, MakeTokensThatExpire) {
  const Timestamp now = clock_.now();
  EXPECT_EQ(
      identity_->create_token(admin_, {.name = "late", .access = {}, .expires = now}).error().id,
      ErrorId::kInvalidArgument);
  const NewToken made =
      identity_->create_token(admin_, {.name = "feed", .access = {}, .expires = now + hours(1)})
          .value();
  clock_.pass(hours(1) - Nanoseconds(1));
  EXPECT_TRUE(identity_->find_token(made.secret).ok());
  clock_.pass(Nanoseconds(1));
  EXPECT_FALSE(identity_->find_token(made.secret).ok());
  clock_.jump(-hours(48));
  EXPECT_FALSE(identity_->find_token(made.secret).ok()) << "it has lived its hour";
}

TEST_F(People, SeeWhenATokenWasUsedToTheMinute) {
  const NewToken made =
      identity_->create_token(admin_, {.name = "feed", .access = {}, .expires = {}}).value();
  EXPECT_FALSE(identity_->list_tokens(admin_)->at(0).last_used);
  clock_.pass(hours(5));
  ASSERT_TRUE(identity_->find_token(made.secret).ok());
  const Timestamp used = clock_.now();
  EXPECT_EQ(identity_->list_tokens(admin_)->at(0).last_used, used);
  ASSERT_TRUE(identity_->maintain().ok());
  reopen();
  EXPECT_EQ(identity_->list_tokens(admin_)->at(0).last_used, used);
  // Within the minute nothing is written.
  clock_.pass(minutes(1) - Nanoseconds(1));
  ASSERT_TRUE(identity_->find_token(made.secret).ok());
  ASSERT_TRUE(identity_->maintain().ok());
  reopen();
  EXPECT_EQ(identity_->list_tokens(admin_)->at(0).last_used, used);
}

TEST_F(People, GiveNoRoleAboveTheirOwn) {
  // A token may hold an administrator's rights, a lesser one of them may not make a greater.
  Principal lesser = admin_;
  lesser.access = Role::kAdministrator;
  ASSERT_TRUE(
      identity_->create_token(lesser, {.name = "a", .access = Role::kAdministrator, .expires = {}})
          .ok());
  EXPECT_EQ(
      identity_->create_token(lesser, {.name = "a", .access = Role{99}, .expires = {}}).error().id,
      ErrorId::kInvalidArgument);
  EXPECT_EQ(
      identity_->create_token(lesser, {.name = "a", .access = Role{0}, .expires = {}}).error().id,
      ErrorId::kInvalidArgument);
}

// --- audit trail ---

TEST_F(People, LeaveATrailOfWhatTheyChange) {
  const User bob = add_bob(admin_);
  ASSERT_TRUE(identity_->update_user(admin_, bob.id, {.name = "Rob", .access = {}}).ok());
  ASSERT_TRUE(identity_->set_password(admin_, bob.id, "harbour nine violet engine").ok());
  const NewToken token =
      identity_->create_token(admin_, {.name = "feed", .access = {}, .expires = {}}).value();
  ASSERT_TRUE(identity_->revoke_token(admin_, token.token.id).ok());
  ASSERT_TRUE(identity_->remove_user(admin_, bob.id).ok());
  ASSERT_TRUE(identity_->append_audit(admin_, "tag.write", "a/b", "1 -> 2").ok());
  EXPECT_THAT(audited_actions(admin_),
              testing::ElementsAre("tag.write", "user.remove", "token.revoke", "token.create",
                                   "user.password", "user.change", "user.create", "server.claim"));
}

TEST_F(People, ReadTheTrailInPagesNewestFirst) {
  for (int i = 0; i < 25; ++i) {
    clock_.pass(minutes(1));
    ASSERT_TRUE(identity_->append_audit(admin_, "test", std::to_string(i), "").ok());
  }
  reopen();
  const AuditPage page = identity_->list_audit(admin_, 10, 5).value();
  EXPECT_EQ(page.total, 26U);
  ASSERT_EQ(page.entries.size(), 5U);
  EXPECT_EQ(page.entries[0].object, "14");
  EXPECT_EQ(page.entries[4].object, "10");
  EXPECT_EQ(page.entries[0].id, page.entries[4].id + 4);
  EXPECT_EQ(page.entries[0].actor, kAnn);
  EXPECT_EQ(page.entries[0].time - page.entries[4].time, minutes(4));
  EXPECT_TRUE(identity_->list_audit(admin_, UINT64_MAX, 5)->entries.empty());
  EXPECT_EQ(identity_->list_audit(admin_, 0, 1001).error().id, ErrorId::kInvalidArgument);
}

TEST_F(People, CannotFillTheTrailWithOneEntry) {
  std::string enormous;
  for (int i = 0; i < 100'000; ++i) enormous += "轧";
  ASSERT_TRUE(identity_->append_audit(admin_, enormous, enormous, enormous).ok());
  const AuditEntry entry = identity_->list_audit(admin_, 0, 1)->entries.at(0);
  EXPECT_LE(entry.action.size(), 64U);
  EXPECT_LE(entry.object.size(), 600U);
  EXPECT_LE(entry.detail.size(), 4096U);
  EXPECT_TRUE(entry.detail.ends_with("轧..."));
}

}  // namespace
}  // namespace lineshaft::identity

// Several organisations on one server: who lets them in, and what closing the door does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/identity_fixture.h"
#include "identity/operator.h"

namespace lineshaft::identity {
namespace {

using std::chrono::hours;

constexpr const char* kCleo = "cleo@southport.example";
constexpr const char* kCleoPassword = "meadow brass lantern nine";

class Organisations : public IdentityFixture {
 protected:
  Organisations() : admin_(claim().session.principal) {}

  MadeOrganisation add_southport(const std::string& password = kCleoPassword) {
    return identity_
        ->create_organisation(
            admin_,
            {.name = "Southport Castings", .email = kCleo, .person = "Cleo", .password = password})
        .value();
  }

  Principal admin_;
};

TEST_F(Organisations, GetTheirOwnAdministratorWhoSignsInToThem) {
  const MadeOrganisation made = add_southport();
  EXPECT_EQ(made.organisation.id, TenantId{2});
  EXPECT_EQ(made.password, "") << "it was given";
  const NewSession session = sign_in(kCleo, kCleoPassword).value();
  EXPECT_EQ(session.session.organisation.name, "Southport Castings");
  EXPECT_EQ(session.session.principal.tenant, TenantId{2});
  EXPECT_EQ(session.session.user.access.grants().at(0).role, Role::kAdministrator);
  EXPECT_EQ(identity_->list_users(session.session.principal)->size(), 1U) << "nobody of others";
  EXPECT_EQ(identity_->list_users(admin_)->size(), 1U);
  EXPECT_EQ(identity_->organisations().size(), 2U);
  reopen();
  EXPECT_EQ(identity_->organisations().at(1).name, "Southport Castings");
  EXPECT_TRUE(sign_in(kCleo, kCleoPassword).ok());
}

TEST_F(Organisations, GetAFirstPasswordIfNobodyChoosesOne) {
  const MadeOrganisation made = add_southport("");
  EXPECT_EQ(made.password.size(), 43U);
  EXPECT_TRUE(sign_in(kCleo, made.password).ok());
}

TEST_F(Organisations, AreMadeByTheOperatorOnly) {
  add_southport();
  const Principal cleo = sign_in(kCleo, kCleoPassword)->session.principal;
  const NewOrganisation third{
      .name = "Third", .email = "t@example.com", .person = "T", .password = kBobPassword};
  EXPECT_EQ(identity_->create_organisation(cleo, third).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->suspend_organisation(cleo, TenantId{2}, true).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->remove_organisation(cleo, TenantId{2}).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->remove_organisation({}, TenantId{2}).error().id, ErrorId::kDenied);
  const User bob = add_bob(admin_, Role::kEngineer);
  const Principal engineer = sign_in(kBob, kBobPassword)->session.principal;
  EXPECT_EQ(identity_->create_organisation(engineer, third).error().id, ErrorId::kDenied);
  EXPECT_EQ(identity_->organisations().size(), 2U);
}

TEST_F(Organisations, AreMadeWholeOrNotAtAll) {
  add_southport();
  const auto again = identity_->create_organisation(
      admin_, {.name = "Another", .email = kCleo, .person = "Cleo", .password = kCleoPassword});
  EXPECT_EQ(again.error().id, ErrorId::kConflict);
  EXPECT_EQ(identity_->organisations().size(), 2U);
  reopen();
  EXPECT_EQ(identity_->organisations().size(), 2U);
}

TEST_F(Organisations, LetNobodyInWhileSuspended) {
  const TenantId id = add_southport().organisation.id;
  const NewSession session = sign_in(kCleo, kCleoPassword).value();
  const std::string token =
      identity_
          ->create_token(session.session.principal,
                         {.name = "feed", .access = Role::kViewer, .expires = {}})
          ->secret;
  ASSERT_TRUE(identity_->suspend_organisation(admin_, id, true).ok());
  EXPECT_FALSE(signed_in(session.cookie));
  EXPECT_FALSE(identity_->find_token(token).ok());
  EXPECT_FALSE(identity_->find_person(kCleo));
  EXPECT_EQ(sign_in(kCleo, kCleoPassword).error().id, ErrorId::kDenied);
  EXPECT_EQ(sign_in(kCleo, kBobPassword).error().id, ErrorId::kSignInFailed)
      << "who does not know the password learns nothing";
  reopen();
  EXPECT_FALSE(sign_in(kCleo, kCleoPassword).ok());
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword).ok()) << "others go on";
  ASSERT_TRUE(identity_->suspend_organisation(admin_, id, false).ok());
  EXPECT_TRUE(signed_in(session.cookie));
  EXPECT_TRUE(identity_->find_token(token).ok());
}

TEST_F(Organisations, CannotLoseTheOneThatRunsTheServer) {
  EXPECT_EQ(identity_->suspend_organisation(admin_, kOperator, true).error().id,
            ErrorId::kConflict);
  EXPECT_EQ(identity_->set_leaving(admin_, clock_.now()).error().id, ErrorId::kConflict);
  EXPECT_EQ(identity_->remove_organisation(admin_, kOperator).error().id, ErrorId::kConflict);
}

TEST_F(Organisations, LeaveWithAllTheirPeopleAndNeverGiveTheirNumberAway) {
  const TenantId id = add_southport().organisation.id;
  const NewSession session = sign_in(kCleo, kCleoPassword).value();
  ASSERT_TRUE(
      identity_->set_leaving(session.session.principal, clock_.now() + hours(24 * 30)).ok());
  EXPECT_EQ(identity_->remove_organisation({}, id).error().id, ErrorId::kDenied) << "not yet";
  clock_.pass(hours(24 * 30));
  ASSERT_TRUE(identity_->remove_organisation({}, id).ok());
  EXPECT_FALSE(signed_in(session.cookie));
  EXPECT_FALSE(sign_in(kCleo, kCleoPassword).ok());
  EXPECT_EQ(identity_->organisations().size(), 1U);
  EXPECT_EQ(identity_->size_of(id).people, 0U);
  reopen();
  EXPECT_EQ(identity_->organisations().size(), 1U);
  EXPECT_EQ(add_southport().organisation.id, TenantId{3}) << "the address is free, the number not";
}

TEST_F(Organisations, AreEnteredInTheTrailsOfBothSides) {
  const TenantId id = add_southport().organisation.id;
  ASSERT_TRUE(identity_->suspend_organisation(admin_, id, true).ok());
  ASSERT_TRUE(identity_->suspend_organisation(admin_, id, false).ok());
  EXPECT_THAT(audited_actions(admin_),
              testing::ElementsAre("organisation.resume", "organisation.suspend",
                                   "organisation.create", "server.claim"));
  const Principal cleo = sign_in(kCleo, kCleoPassword)->session.principal;
  EXPECT_THAT(audited_actions(cleo),
              testing::ElementsAre("session.begin", "organisation.resume", "organisation.suspend",
                                   "organisation.create"));
}

TEST_F(Organisations, MayBeRefusedRoomForPeopleAndTokens) {
  identity_->ask_for_room([](TenantId, Identity::Kind kind, std::size_t have) -> Status {
    const std::size_t most = kind == Identity::Kind::kPerson ? 2 : 1;
    if (have < most) return {};
    return Error{ErrorId::kConflict, "no room"};
  });
  add_bob(admin_);
  EXPECT_EQ(identity_
                ->create_user(admin_, {.email = "c@example.com",
                                       .name = "C",
                                       .access = Role::kViewer,
                                       .password = kBobPassword})
                .error()
                .what,
            "no room");
  EXPECT_TRUE(identity_->create_token(admin_, {.name = "a", .access = {}, .expires = {}}).ok());
  EXPECT_FALSE(identity_->create_token(admin_, {.name = "b", .access = {}, .expires = {}}).ok());
}

}  // namespace
}  // namespace lineshaft::identity

// Which person an account of a provider is, and with which rights.
#include <gtest/gtest.h>

#include <algorithm>

#include "identity/provider_fixture.h"
#include "identity/totp.h"

namespace lineshaft::identity {
namespace {

// RFC 4648, 6.
Bytes from_base32(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    bits = bits << 5 | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
    held += 5;
    if (held >= 8) bytes.push_back(static_cast<std::uint8_t>(bits >> (held -= 8)));
  }
  return bytes;
}

const Grant kMelter{Role::kOperator, "Northfield/Melt shop"};

TEST_F(ProviderFixture, APersonIsTheSubjectWhateverTheAddress) {
  const UserId carl = session_of(come_in(person())).user.id;
  json who = person();
  who["email"] = "renamed@example.com";
  who["email_verified"] = false;
  const auto again = come_in(who);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(session_of(again).user.id, carl);
  EXPECT_EQ(session_of(again).user.email, "carl@example.com");

  // Another account with the same address is another person, who does not get the first one's.
  who = person();
  who["sub"] = "u-2";
  EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderStranger);
  EXPECT_EQ(identity_->list_users(ann())->size(), 2U);
}

TEST_F(ProviderFixture, AnAddressAloneOpensNothing) {
  json who = person();
  who["email"] = kAnn;
  EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderStranger) << "not trusted for any domain";
  change([](ProviderSettings& settings) { settings.email_domains = {"example.com"}; });
  who["email_verified"] = false;
  EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderStranger) << "not verified";
  who["email_verified"] = true;
  who["email"] = "ann@elsewhere.example";
  who["groups"] = {"admins"};
  ASSERT_TRUE(come_in(who).ok()) << "somebody new";
  who["sub"] = "u-3";
  who["email"] = "ANN@Example.com";
  const auto linked = come_in(who);
  ASSERT_TRUE(linked.ok()) << linked.error().text();
  EXPECT_EQ(session_of(linked).user.email, kAnn);
  EXPECT_TRUE(std::ranges::count(audited_actions(ann()), "provider.link"));

  who["sub"] = "u-4";
  EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderStranger) << "the address was given on";
}

TEST_F(ProviderFixture, WhoIsNewMustBeInvitedUnlessTheProviderMakesPeople) {
  change([](ProviderSettings& settings) {
    settings.makes_people = false;
    settings.unmapped = Unmapped::kOwn;
  });
  EXPECT_EQ(come_in(person()).error().id, ErrorId::kProviderStranger);
  const NewInvitation invitation =
      identity_->invite(ann(), {"dora@example.com", "Dora", Role::kViewer}).value();
  ProviderBeginning beginning;
  beginning.purpose = ProviderPurpose::kInvitation;
  beginning.invitation = invitation.secret;
  const ProviderAway away = begin(beginning).value();
  json who = person();
  who.erase("email");  // whoever has the secret is the one who was invited
  const auto arrival = providers().finish_provider(sign_in_there(away, who, idp_));
  ASSERT_TRUE(arrival.ok()) << arrival.error().text();
  const User dora = session_of(arrival).user;
  EXPECT_EQ(dora.email, "dora@example.com");
  EXPECT_EQ(dora.access.grants(), (std::vector<Grant>{{Role::kViewer, "*"}, kMelter}));
  EXPECT_TRUE(identity_->list_invitations(ann())->empty()) << "used up";
  EXPECT_EQ(begin(beginning).error().id, ErrorId::kInvitationRefused);

  // By the address that the provider is trusted for, without the link.
  change([](ProviderSettings& settings) { settings.email_domains = {"example.com"}; });
  ASSERT_TRUE(identity_->invite(ann(), {"carl@example.com", "Carl", Role::kViewer}).ok());
  who = person();
  who["sub"] = "u-5";
  ASSERT_TRUE(come_in(who).ok());
  EXPECT_TRUE(identity_->list_invitations(ann())->empty());
}

TEST_F(ProviderFixture, SomebodyNewNeedsAVerifiedAddress) {
  for (const json& verified : {json(false), json("true"), json()}) {
    json who = person();
    who["email_verified"] = verified;
    EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderStranger);
    clock_.pass(std::chrono::hours(2));
  }
  json who = person();
  who.erase("email");
  EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderStranger);
}

TEST_F(ProviderFixture, RolesComeAndGoWithTheGroups) {
  User carl = session_of(come_in(person())).user;
  ASSERT_EQ(carl.access.grants(), std::vector<Grant>{kMelter});
  // By hand as well: that is nobody else's to take away.
  ASSERT_TRUE(identity_->set_grants(ann(), carl.id, {kMelter, {Role::kQuality, "*"}}).ok());
  json who = person();
  who["groups"] = {"melters", "admins", "unknown"};
  carl = session_of(come_in(who)).user;
  EXPECT_EQ(carl.access.grants().size(), 3U);
  EXPECT_TRUE(carl.access.everywhere(Permission::kUserManage));

  who["groups"] = {"admins"};
  carl = session_of(come_in(who)).user;
  EXPECT_FALSE(carl.access.has_role(Role::kOperator));
  EXPECT_TRUE(carl.access.has_role(Role::kQuality));

  // In no group any more: out, and what the groups brought is gone at once, in other sessions too.
  const auto open = come_in(who);
  who["groups"] = json::array();
  EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderStranger);
  const auto session = identity_->find_session(std::get<NewSession>(open->outcome).cookie);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(session->user.access.grants(), (std::vector<Grant>{{Role::kQuality, "*"}}));

  change([](ProviderSettings& settings) { settings.unmapped = Unmapped::kOwn; });
  EXPECT_TRUE(come_in(who).ok()) << "with the role that was given by hand";
  change([](ProviderSettings& settings) { settings.unmapped = Unmapped::kFallback; });
  EXPECT_TRUE(session_of(come_in(who)).user.access.has_role(Role::kViewer));
  restart();
  who["groups"] = {"melters"};
  EXPECT_FALSE(session_of(come_in(who)).user.access.has_role(Role::kViewer))
      << "what the groups brought is known after a restart";
}

TEST_F(ProviderFixture, TheLastAdministratorIsNotTakenAwayByAGroup) {
  json who = person();
  who["groups"] = {"admins"};
  ASSERT_TRUE(come_in(who).ok());
  const UserId ann_id = ann_.session.user.id;
  ASSERT_TRUE(identity_->set_grants(ann(), ann_id, {{Role::kViewer, "*"}}).ok());
  who["groups"] = {"melters"};
  EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderRefused);
  who["groups"] = {"admins"};
  EXPECT_TRUE(come_in(who).ok());
}

TEST_F(ProviderFixture, WhoWasRemovedDoesNotComeBackThroughTheProvider) {
  const auto arrival = come_in(person());
  const User carl = session_of(arrival).user;
  ASSERT_TRUE(identity_->remove_user(ann(), carl.id).ok());
  EXPECT_FALSE(signed_in(std::get<NewSession>(arrival->outcome).cookie));
  EXPECT_EQ(come_in(person()).error().id, ErrorId::kProviderStranger);
  restart();
  EXPECT_EQ(come_in(person()).error().id, ErrorId::kProviderStranger);
  json renamed = person();
  renamed["email"] = "other@example.com";
  EXPECT_EQ(come_in(renamed).error().id, ErrorId::kProviderStranger) << "the subject is ended";

  // An administrator may have them back.
  ProviderBeginning beginning;
  beginning.purpose = ProviderPurpose::kInvitation;
  beginning.invitation =
      identity_->invite(ann(), {"carl@example.com", "Carl", Role::kViewer})->secret;
  const ProviderAway away = begin(beginning).value();
  EXPECT_TRUE(providers().finish_provider(sign_in_there(away, person(), idp_)).ok());
}

TEST_F(ProviderFixture, OurSecondStepIsAskedForUnlessTheProviderAskedForOne) {
  json who = person();
  who["groups"] = {"admins"};
  const auto first = come_in(who);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(session_of(first).principal.factor_missing) << "an administrator who is new owes one";
  who["amr"] = {"pwd", "mfa"};
  const auto strong = come_in(who);
  EXPECT_EQ(strength_name(session_of(strong).strength), "provider-mfa");
  EXPECT_FALSE(session_of(strong).principal.factor_missing);
  EXPECT_FALSE(session_of(strong).factors.due.has_value());
  EXPECT_TRUE(session_of(first).principal.factor_missing &&
              identity_->find_session(std::get<NewSession>(first->outcome).cookie)
                  ->principal.factor_missing)
      << "in the other session it is missing still";

  // With a factor of our own the answer is not a session.
  const std::string cookie = std::get<NewSession>(strong->outcome).cookie;
  const TotpEnrolment enrolment = identity_->begin_totp(cookie).value();
  const Bytes secret = from_base32(enrolment.secret);
  const auto code = [&] { return totp_code(secret, totp_step(clock_.now())); };
  ASSERT_TRUE(identity_->confirm_totp(cookie, enrolment.enrolment, code(), "Phone").ok());
  who.erase("amr");
  clock_.pass(std::chrono::seconds(60));
  const auto half = come_in(who);
  ASSERT_TRUE(half.ok());
  const auto* step = std::get_if<PendingSignIn>(&half->outcome);
  ASSERT_NE(step, nullptr);
  EXPECT_TRUE(step->totp);
  FactorAnswer wrong;
  wrong.code = "000000";
  EXPECT_EQ(identity_->finish_sign_in(step->pending, wrong).error().id, ErrorId::kFactorRefused);
  FactorAnswer right;
  right.code = code();
  const auto whole = identity_->finish_sign_in(step->pending, right);
  ASSERT_TRUE(whole.ok()) << whole.error().text();
  EXPECT_EQ(strength_name(whole->session.strength), "provider-totp");
  EXPECT_EQ(whole->session.provider->name, "Northern ID");

  who["acr"] = "urn:two";
  ASSERT_TRUE(std::holds_alternative<PendingSignIn>(come_in(who)->outcome));
  change([](ProviderSettings& settings) { settings.strong_acr = {"urn:two"}; });
  EXPECT_TRUE(std::holds_alternative<NewSession>(come_in(who)->outcome));
}

TEST_F(ProviderFixture, ASessionIsFreshWhenThePersonSignedInThereLately) {
  const auto fresh = [&](const json& who) {
    const std::string cookie = std::get<NewSession>(come_in(who)->outcome).cookie;
    return identity_->show_password(cookie, "", kHere).ok();
  };
  json who = person();
  EXPECT_FALSE(fresh(who)) << "it does not say when";
  const std::int64_t now = clock_.now().ns / 1'000'000'000;
  who["auth_time"] = now - 11 * 60;
  EXPECT_FALSE(fresh(who)) << "sent back without a word";
  who["auth_time"] = now - 9 * 60;
  EXPECT_TRUE(fresh(who));

  const std::string cookie = std::get<NewSession>(come_in(who)->outcome).cookie;
  clock_.pass(std::chrono::minutes(1));
  EXPECT_EQ(identity_->show_password(cookie, "", kHere).error().id, ErrorId::kPasswordNeeded);
  EXPECT_EQ(identity_->show_password(cookie, "!", kHere).error().id, ErrorId::kSignInFailed)
      << "there is no password";

  // Proved once more, at the provider.
  ProviderBeginning beginning;
  beginning.purpose = ProviderPurpose::kConfirm;
  beginning.cookie = cookie;
  const auto confirm = [&](json said, const std::string& with) {
    const ProviderAway away = begin(beginning).value();
    EXPECT_EQ(parameter(away, "max_age"), "0");
    EXPECT_EQ(parameter(away, "prompt"), "login");
    ProviderReturn back = sign_in_there(away, said, idp_);
    back.cookie = with;
    return providers().finish_provider(back);
  };
  EXPECT_FALSE(confirm(who, cookie).ok()) << "auth_time is of before";
  who["auth_time"] = clock_.now().ns / 1'000'000'000;
  json other = who;
  other["sub"] = "u-9";
  EXPECT_EQ(confirm(other, cookie).error().id, ErrorId::kProviderRefused) << "somebody else";
  EXPECT_EQ(confirm(who, ann_.cookie).error().id, ErrorId::kNotSignedIn) << "another session";
  ASSERT_TRUE(confirm(who, cookie).ok());
  EXPECT_TRUE(identity_->show_password(cookie, "", kHere).ok());
  clock_.pass(kFreshSession);
  EXPECT_FALSE(identity_->show_password(cookie, "", kHere).ok());
}

TEST_F(ProviderFixture, ASignedInPersonLinksAnAccountAndTakesItAway) {
  ProviderBeginning beginning;
  beginning.purpose = ProviderPurpose::kLink;
  beginning.cookie = ann_.cookie;
  const auto link = [&](const json& who, const std::string& cookie) {
    ProviderReturn back = sign_in_there(begin(beginning).value(), who, idp_);
    back.cookie = cookie;
    return providers().finish_provider(back);
  };
  EXPECT_EQ(link(person(), "").error().id, ErrorId::kNotSignedIn);
  const auto done = link(person(), ann_.cookie);
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_TRUE(std::holds_alternative<ProviderDone>(done->outcome));
  EXPECT_EQ(providers().own_links(ann_.cookie)->front().name, "Northern ID");
  json second = person();
  second["sub"] = "u-2";
  EXPECT_EQ(link(second, ann_.cookie).error().id, ErrorId::kConflict);

  change([](ProviderSettings& settings) { settings.unmapped = Unmapped::kOwn; });
  const auto arrival = come_in(person());
  ASSERT_TRUE(arrival.ok()) << arrival.error().text();
  EXPECT_EQ(session_of(arrival).user.email, kAnn);
  EXPECT_TRUE(session_of(arrival).user.access.has_role(Role::kOperator));

  ASSERT_TRUE(providers().unlink_provider(ann_.cookie, idp_.issuer).ok());
  EXPECT_FALSE(identity_->find_session(ann_.cookie)->user.access.has_role(Role::kOperator));
  EXPECT_EQ(providers().unlink_provider(ann_.cookie, idp_.issuer).error().id, ErrorId::kNotFound);
  // Who has no password keeps the only way in.
  const auto carl = come_in(person());
  ASSERT_TRUE(carl.ok());
  const std::string cookie = std::get<NewSession>(carl->outcome).cookie;
  EXPECT_EQ(providers().unlink_provider(cookie, idp_.issuer).error().id, ErrorId::kConflict);
}

}  // namespace
}  // namespace lineshaft::identity

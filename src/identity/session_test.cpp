#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Use = Identity::Use;

class Sessions : public IdentityFixture {
 protected:
  Sessions() : ann_(claim()) {}
  Result<Session> use(const std::string& cookie) {
    return identity_->find_session(cookie, Use::kTouch);
  }
  NewSession ann_;
};

TEST_F(Sessions, BelongToWhoSignedIn) {
  const Session session = use(ann_.cookie).value();
  EXPECT_EQ(session.user.email, kAnn);
  EXPECT_EQ(session.principal.name, kAnn);
  EXPECT_EQ(session.principal.tenant, TenantId{1});
  EXPECT_EQ(session.principal.kind, PrincipalKind::kUser);
  EXPECT_EQ(session.organisation.name, "Northern Steel");
}

TEST_F(Sessions, AreNotFoundForAnyOtherCookie) {
  std::string changed = ann_.cookie;
  changed[7] = changed[7] == 'A' ? 'B' : 'A';
  for (const std::string& cookie :
       {std::string(), changed, ann_.cookie + "A", ann_.cookie.substr(1), std::string(1 << 20, 'A'),
        std::string(43, '\0')}) {
    EXPECT_EQ(use(cookie).error().id, ErrorId::kNotSignedIn);
  }
}

TEST_F(Sessions, GetANewIdAtEverySignIn) {
  std::set<std::string> cookies{ann_.cookie};
  for (int i = 0; i < 3; ++i) {
    cookies.insert(sign_in(kAnn, kAnnPassword)->cookie);
  }
  EXPECT_EQ(cookies.size(), 4U);
}

// Session fixation: an attacker plants a cookie in the victim's browser before the sign-in.
TEST_F(Sessions, DoNotTakeOverAnIdThatTheBrowserBrought) {
  const std::string planted(43, 'x');
  const NewSession made = identity_
                              ->sign_in({.email = kAnn,
                                         .password = kAnnPassword,
                                         .address = kHere,
                                         .previous_cookie = planted})
                              .value();
  EXPECT_NE(made.cookie, planted);
  EXPECT_FALSE(signed_in(planted));
}

TEST_F(Sessions, EndWhenTheSameBrowserSignsInAgain) {
  const NewSession again = identity_
                               ->sign_in({.email = kAnn,
                                          .password = kAnnPassword,
                                          .address = kHere,
                                          .previous_cookie = ann_.cookie})
                               .value();
  EXPECT_FALSE(signed_in(ann_.cookie));
  EXPECT_TRUE(signed_in(again.cookie));
  reopen();
  EXPECT_FALSE(signed_in(ann_.cookie));
  EXPECT_TRUE(signed_in(again.cookie));
}

TEST_F(Sessions, EndAtSignOutAlsoOverARestart) {
  ASSERT_TRUE(identity_->sign_out(ann_.cookie).ok());
  EXPECT_FALSE(signed_in(ann_.cookie));
  EXPECT_TRUE(identity_->sign_out(ann_.cookie).ok()) << "again is no error";
  reopen();
  EXPECT_FALSE(signed_in(ann_.cookie));
}

TEST_F(Sessions, EndAfterTwelveHoursWithoutUse) {
  for (int i = 0; i < 3; ++i) {
    clock_.pass(hours(12) - seconds(1));
    EXPECT_TRUE(use(ann_.cookie).ok());
  }
  clock_.pass(hours(12));
  EXPECT_FALSE(use(ann_.cookie).ok());
}

TEST_F(Sessions, AreNotKeptAliveByLooking) {
  for (int hour = 1; hour <= 12; ++hour) {
    EXPECT_TRUE(signed_in(ann_.cookie)) << hour;
    clock_.pass(hours(1));
  }
  EXPECT_FALSE(signed_in(ann_.cookie));
}

TEST_F(Sessions, EndAfterSevenDaysHoweverBusy) {
  for (int hour = 1; hour < 7 * 24; ++hour) {
    clock_.pass(hours(1));
    ASSERT_TRUE(use(ann_.cookie).ok()) << hour;
  }
  clock_.pass(hours(1));
  EXPECT_FALSE(use(ann_.cookie).ok());
}

TEST_F(Sessions, KeepTheirLimitsOverRestarts) {
  for (int hour = 1; hour < 7 * 24; ++hour) {
    clock_.pass(hours(1));
    ASSERT_TRUE(use(ann_.cookie).ok()) << hour;
    if (hour % 16 != 0) continue;
    ASSERT_TRUE(identity_->maintain().ok());
    reopen();
  }
  clock_.pass(hours(1));
  EXPECT_FALSE(use(ann_.cookie).ok());
}

TEST_F(Sessions, CountTheTimeThatTheServerWasOff) {
  clock_.pass_switched_off(hours(12));
  reopen();
  EXPECT_FALSE(use(ann_.cookie).ok());
}

// A clock that is set back every hour must not keep a session open for ever.
TEST_F(Sessions, EndInTimeWhenTheClockIsSetBackAgainAndAgain) {
  int hours_open = 0;
  for (; use(ann_.cookie).ok() && hours_open < 1000; ++hours_open) {
    clock_.pass(hours(1));
    clock_.jump(-hours(1));
    if (hours_open % 10 != 0) continue;
    ASSERT_TRUE(identity_->maintain().ok());
    clock_.pass_switched_off(hours(0));
    reopen();
  }
  EXPECT_EQ(hours_open, 7 * 24);
}

TEST_F(Sessions, CanBeHadAgainAfterTheClockJumpedAhead) {
  clock_.jump(hours(24 * 365 * 100));
  EXPECT_FALSE(use(ann_.cookie).ok()) << "the clock says that a century passed";
  const NewSession again = sign_in(kAnn, kAnnPassword).value();
  clock_.jump(-hours(24 * 365 * 100));
  EXPECT_TRUE(use(again.cookie).ok());
  clock_.pass(hours(11));
  EXPECT_TRUE(use(again.cookie).ok());
  ASSERT_TRUE(identity_->maintain().ok());
  clock_.pass_switched_off(hours(1));
  reopen();
  EXPECT_TRUE(use(again.cookie).ok());
  clock_.pass(hours(12));
  EXPECT_FALSE(use(again.cookie).ok());
}

TEST_F(Sessions, AreAtMostTwentyForAUserAndTheIdleOneGivesWay) {
  std::vector<std::string> cookies{ann_.cookie};
  for (int i = 1; i < 20; ++i) {
    clock_.pass(seconds(1));
    cookies.push_back(sign_in(kAnn, kAnnPassword)->cookie);
  }
  clock_.pass(seconds(1));
  ASSERT_TRUE(use(cookies[0]).ok());
  cookies.push_back(sign_in(kAnn, kAnnPassword)->cookie);
  for (std::size_t i = 0; i < cookies.size(); ++i) EXPECT_EQ(signed_in(cookies[i]), i != 1) << i;
  reopen();
  for (std::size_t i = 0; i < cookies.size(); ++i) EXPECT_EQ(signed_in(cookies[i]), i != 1) << i;
}

TEST_F(Sessions, HaveACsrfTokenOfTheirOwn) {
  const NewSession other = sign_in(kAnn, kAnnPassword).value();
  EXPECT_NE(other.session.csrf_token, ann_.session.csrf_token);
  EXPECT_EQ(use(ann_.cookie)->csrf_token, ann_.session.csrf_token) << "the same all the time";
  EXPECT_TRUE(identity_->check_csrf(ann_.cookie, ann_.session.csrf_token).ok());
  for (const std::string& wrong : {std::string(), other.session.csrf_token, ann_.cookie}) {
    EXPECT_EQ(identity_->check_csrf(ann_.cookie, wrong).error().id, ErrorId::kCsrfRefused);
  }
}

TEST_F(Sessions, AreNowhereOnTheDiskAsTheCookie) {
  const auto holds = [&](const std::string& text) {
    for (const char* part : {"records.db", "records.db-wal"}) {
      // Read with the C library: the file belongs to the database.
      FILE* file = std::fopen(directory_.file(part).c_str(), "rb");
      if (file == nullptr) continue;
      std::string content(4 << 20, '\0');
      content.resize(std::fread(content.data(), 1, content.size(), file));
      std::fclose(file);
      if (content.find(text) != std::string::npos) return true;
    }
    return false;
  };
  const NewToken token =
      identity_->create_token(ann_.session.principal, {.name = "feed", .access = {}, .expires = {}})
          .value();
  ASSERT_TRUE(identity_->maintain().ok());
  identity_.reset();  // closes: the log moves into the file
  EXPECT_TRUE(holds(kAnn)) << "this looks at the right file";
  EXPECT_FALSE(holds(ann_.cookie));
  EXPECT_FALSE(holds(ann_.session.csrf_token));
  EXPECT_FALSE(holds(token.secret));
  EXPECT_FALSE(holds(token.secret.substr(4)));
  EXPECT_FALSE(holds(kAnnPassword));
}

TEST_F(Sessions, OfAUserEndAllAtOnce) {
  const User bob = add_bob(ann_.session.principal);
  const NewSession first = sign_in(kBob, kBobPassword).value();
  const NewSession second = sign_in(kBob, kBobPassword).value();
  EXPECT_EQ(
      identity_->sign_out_everywhere(first.session.principal, ann_.session.user.id).error().id,
      ErrorId::kDenied);
  ASSERT_TRUE(identity_->sign_out_everywhere(first.session.principal, bob.id).ok()) << "one's own";
  EXPECT_FALSE(signed_in(first.cookie) || signed_in(second.cookie));
  const NewSession third = sign_in(kBob, kBobPassword).value();
  ASSERT_TRUE(identity_->sign_out_everywhere(ann_.session.principal, bob.id).ok());
  EXPECT_FALSE(signed_in(third.cookie));
  EXPECT_TRUE(signed_in(ann_.cookie));
}

TEST_F(Sessions, FollowTheRoleOfTheUserAtOnce) {
  const User bob = add_bob(ann_.session.principal, Role::kViewer);
  const std::string cookie = sign_in(kBob, kBobPassword)->cookie;
  ASSERT_TRUE(identity_
                  ->update_user(ann_.session.principal, bob.id,
                                {.name = std::nullopt, .access = Role::kEngineer})
                  .ok());
  EXPECT_EQ(use(cookie)->principal.access, Role::kEngineer);
  ASSERT_TRUE(identity_->remove_user(ann_.session.principal, bob.id).ok());
  EXPECT_FALSE(use(cookie).ok());
}

// --- signing in ---

TEST_F(Sessions, AreRefusedInTheSameWordsForUnknownAccountAndWrongPassword) {
  const Error unknown = sign_in("nobody@example.com", kAnnPassword).error();
  const Error wrong = sign_in(kAnn, "wrong copper window").error();
  EXPECT_EQ(unknown.id, ErrorId::kSignInFailed);
  EXPECT_EQ(unknown.text(), wrong.text());
  EXPECT_EQ(sign_in("not an address", kAnnPassword).error().text(), wrong.text());
  EXPECT_EQ(sign_in(kAnn, std::string(1 << 20, 'x')).error().text(), wrong.text());
}

TEST_F(Sessions, TakeTheAddressInAnyCase) {
  EXPECT_TRUE(sign_in(" ANN@Example.com ", kAnnPassword).ok());
}

TEST_F(Sessions, SlowGuessingDownAndSayHowLong) {
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(sign_in(kAnn, "wrong copper window", kElsewhere).error().id, ErrorId::kSignInFailed);
  }
  const Error refused = sign_in(kAnn, kAnnPassword, kElsewhere).error();
  EXPECT_EQ(refused.id, ErrorId::kTooManyAttempts) << "also for the right password";
  EXPECT_THAT(refused.what, testing::HasSubstr("1 s"));
  EXPECT_EQ(identity_->sign_in_delay("Ann@example.com", kElsewhere), seconds(1));
  clock_.pass(seconds(1));
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword, kElsewhere).ok());
}

TEST_F(Sessions, SlowGuessingAtAccountsThatDoNotExistInTheSameWay) {
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(sign_in("nobody@example.com", "wrong copper window", kElsewhere).error().id,
              ErrorId::kSignInFailed);
  }
  EXPECT_EQ(sign_in("nobody@example.com", kAnnPassword, kElsewhere).error().id,
            ErrorId::kTooManyAttempts);
}

TEST_F(Sessions, CannotBeBarredForEverByAClockThatJumps) {
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(sign_in(kAnn, "wrong copper window", kElsewhere).ok());
  }
  clock_.jump(-hours(24 * 365));
  clock_.pass(seconds(1));
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword, kElsewhere).ok());
}

TEST_F(Sessions, EnterTheAuditTrailWithRefusals) {
  EXPECT_FALSE(sign_in(kAnn, "wrong copper window", kElsewhere).ok());
  EXPECT_FALSE(sign_in("my secret password", "x", kElsewhere).ok());
  const NewSession again = sign_in(kAnn, kAnnPassword).value();
  ASSERT_TRUE(identity_->sign_out(again.cookie).ok());
  const AuditPage page = identity_->list_audit(ann_.session.principal, 0, 100).value();
  ASSERT_EQ(page.total, 5U);
  EXPECT_EQ(page.entries[0].action, "session.end");
  EXPECT_EQ(page.entries[1].action, "session.begin");
  EXPECT_EQ(page.entries[2].action, "session.refuse");
  EXPECT_EQ(page.entries[2].actor, "unknown") << "people type passwords into the wrong field";
  EXPECT_EQ(page.entries[3].actor, kAnn);
  EXPECT_THAT(page.entries[3].detail, testing::HasSubstr(kElsewhere));
}

TEST_F(Sessions, AreNotListedOneByOneWhenSomebodyFloodsTheTrail) {
  for (int i = 0; i < 70; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_FALSE(sign_in("user" + number + "@example.com", "x", "10.0.0." + number).ok());
  }
  EXPECT_EQ(identity_->list_audit(ann_.session.principal, 0, 1)->total, 1U + 60U);
  clock_.pass(minutes(1));
  EXPECT_FALSE(sign_in("last@example.com", "x", kElsewhere).ok());
  const AuditPage page = identity_->list_audit(ann_.session.principal, 0, 1).value();
  EXPECT_EQ(page.total, 62U);
  EXPECT_THAT(page.entries[0].detail, testing::HasSubstr("10 more"));
}

// --- passwords ---

TEST_F(Sessions, OtherThanTheOwnEndWhenAPasswordIsChanged) {
  const std::string other = sign_in(kAnn, kAnnPassword)->cookie;
  const std::string fresh = "harbour nine violet engine";
  EXPECT_EQ(identity_->change_password(ann_.cookie, "wrong copper window", fresh, kHere).error().id,
            ErrorId::kSignInFailed);
  EXPECT_EQ(identity_->change_password(ann_.cookie, kAnnPassword, "short", kHere).error().id,
            ErrorId::kPasswordRefused);
  EXPECT_TRUE(signed_in(other));
  ASSERT_TRUE(identity_->change_password(ann_.cookie, kAnnPassword, fresh, kHere).ok());
  EXPECT_TRUE(signed_in(ann_.cookie));
  EXPECT_FALSE(signed_in(other));
  EXPECT_FALSE(sign_in(kAnn, kAnnPassword).ok());
  EXPECT_TRUE(sign_in(kAnn, fresh).ok());
  reopen();
  EXPECT_TRUE(sign_in(kAnn, fresh).ok());
  EXPECT_FALSE(signed_in(other));
}

TEST_F(Sessions, DoNotLetAThiefGuessThePasswordByChangingIt) {
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(
        identity_->change_password(ann_.cookie, "wrong copper window", "x", kElsewhere).ok());
  }
  EXPECT_EQ(
      identity_
          ->change_password(ann_.cookie, kAnnPassword, "harbour nine violet engine", kElsewhere)
          .error()
          .id,
      ErrorId::kTooManyAttempts);
}

}  // namespace
}  // namespace lineshaft::identity

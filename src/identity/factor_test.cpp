#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "identity/identity_fixture.h"
#include "identity/seal_fixture.h"
#include "identity/totp.h"

namespace lineshaft::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kStep = seconds(kTotpStepSeconds);

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

class Factors : public IdentityFixture {
 protected:
  Factors() : ann_(claim()) {}

  std::string code(const Bytes& secret) { return totp_code(secret, totp_step(clock_.now())); }

  // The app's secret; the recovery codes go to codes_.
  Bytes enrol(const std::string& cookie) {
    const TotpEnrolment enrolment = identity_->begin_totp(cookie).value();
    const Bytes secret = from_base32(enrolment.secret);
    Enrolled enrolled =
        identity_->confirm_totp(cookie, enrolment.enrolment, code(secret), "Phone").value();
    codes_ = enrolled.recovery_codes;
    clock_.pass(kStep);  // The code of this step is used up.
    return secret;
  }
  PendingSignIn begin(const std::string& email = kAnn, const std::string& password = kAnnPassword) {
    auto step = identity_->begin_sign_in(
        {.email = email, .password = password, .address = kHere, .previous_cookie = ""});
    return std::get<PendingSignIn>(std::move(step).value());
  }
  Result<NewSession> finish(const PendingSignIn& step, const std::string& typed) {
    FactorAnswer answer;
    answer.code = typed;
    return identity_->finish_sign_in(step.pending, answer);
  }
  Result<NewSession> finish_with_recovery(const PendingSignIn& step, const std::string& typed) {
    FactorAnswer answer;
    answer.recovery_code = typed;
    return identity_->finish_sign_in(step.pending, answer);
  }
  bool may_do_something(const std::string& cookie) {
    const Session session = identity_->find_session(cookie).value();
    return authorise(session.principal, Permission::kTagRead).ok();
  }

  NewSession ann_;
  std::vector<std::string> codes_;
};

TEST_F(Factors, AreAskedForAfterThePassword) {
  const Bytes secret = enrol(ann_.cookie);
  EXPECT_EQ(sign_in(kAnn, kAnnPassword).error().id, ErrorId::kFactorRequired);
  const PendingSignIn step = begin();
  EXPECT_TRUE(step.totp);
  EXPECT_TRUE(step.recovery_codes);
  EXPECT_FALSE(step.passkey);
  const NewSession session = finish(step, code(secret)).value();
  EXPECT_EQ(session.session.user.email, kAnn);
  EXPECT_EQ(session.session.strength, Strength::kPasswordAndCode);
  EXPECT_TRUE(may_do_something(session.cookie));
}

TEST_F(Factors, SurviveARestart) {
  const Bytes secret = enrol(ann_.cookie);
  reopen();
  EXPECT_TRUE(finish(begin(), code(secret)).ok());
  EXPECT_EQ(identity_->recovery_codes_left(ann_.session.user.id), kRecoveryCodes);
}

TEST_F(Factors, TakeNoCodeTwiceAlsoOverARestart) {
  const Bytes secret = enrol(ann_.cookie);
  const std::string typed = code(secret);
  ASSERT_TRUE(finish(begin(), typed).ok());
  EXPECT_EQ(finish(begin(), typed).error().id, ErrorId::kFactorRefused);
  reopen();
  EXPECT_EQ(finish(begin(), typed).error().id, ErrorId::kFactorRefused);
  clock_.pass(kStep);
  EXPECT_TRUE(finish(begin(), code(secret)).ok());
}

TEST_F(Factors, TakeNotEvenTheCodeThatEnrolledThem) {
  const TotpEnrolment enrolment = identity_->begin_totp(ann_.cookie).value();
  const Bytes secret = from_base32(enrolment.secret);
  const std::string typed = code(secret);
  ASSERT_TRUE(identity_->confirm_totp(ann_.cookie, enrolment.enrolment, typed, "Phone").ok());
  EXPECT_EQ(finish(begin(), typed).error().id, ErrorId::kFactorRefused);
}

// Found and kept: a phone whose clock has gone wrong signs its owner in with the second of two
// codes, and from then on with the first.
TEST_F(Factors, LearnTheClockOfThePhoneFromTwoCodesInARow) {
  const Bytes secret = enrol(ann_.cookie);
  const auto on_the_phone = [&] {  // 25 s behind
    return totp_code(secret, totp_step(clock_.now() + seconds(-25)));
  };
  clock_.pass(kStep * 10);
  // To where the phone shows the code of the step before, whose time is over.
  while (clock_.now().ns / 1'000'000'000 % 30 != 10) clock_.pass(seconds(1));
  const PendingSignIn step = begin();
  EXPECT_EQ(finish(step, on_the_phone()).error().id, ErrorId::kFactorRefused);
  clock_.pass(kStep);
  ASSERT_TRUE(finish(step, on_the_phone()).ok());
  clock_.pass(kStep);
  EXPECT_TRUE(finish(begin(), on_the_phone()).ok());
  reopen();
  clock_.pass(kStep);
  EXPECT_TRUE(finish(begin(), on_the_phone()).ok()) << "the clock was not kept";
}

TEST_F(Factors, AreNotEnrolledByAWrongCodeAndNotByAnotherPerson) {
  const TotpEnrolment enrolment = identity_->begin_totp(ann_.cookie).value();
  EXPECT_EQ(identity_->confirm_totp(ann_.cookie, enrolment.enrolment, "000000", "Phone").error().id,
            ErrorId::kFactorRefused);
  add_bob(ann_.session.principal);
  const NewSession bob = sign_in(kBob, kBobPassword).value();
  const std::string typed = code(from_base32(enrolment.secret));
  EXPECT_EQ(identity_->confirm_totp(bob.cookie, enrolment.enrolment, typed, "Mine").error().id,
            ErrorId::kPendingOver);
  EXPECT_TRUE(identity_->own_factors(ann_.cookie)->empty());
  clock_.pass(kEnrolmentLifetime);
  EXPECT_EQ(identity_
                ->confirm_totp(ann_.cookie, enrolment.enrolment,
                               code(from_base32(enrolment.secret)), "Phone")
                .error()
                .id,
            ErrorId::kPendingOver);
}

TEST_F(Factors, LeaveFiveMinutesAndFiveTries) {
  const Bytes secret = enrol(ann_.cookie);
  PendingSignIn step = begin();
  clock_.pass(kPendingLifetime);
  EXPECT_EQ(finish(step, code(secret)).error().id, ErrorId::kPendingOver);
  step = begin();
  for (int i = 0; i < kFactorTries; ++i) {
    EXPECT_EQ(finish(step, "000000").error().id, ErrorId::kFactorRefused) << i;
  }
  EXPECT_EQ(finish(step, code(secret)).error().id, ErrorId::kPendingOver);
}

TEST_F(Factors, AreGoodForOneSignIn) {
  const Bytes secret = enrol(ann_.cookie);
  const PendingSignIn step = begin();
  ASSERT_TRUE(finish(step, code(secret)).ok());
  clock_.pass(kStep);
  EXPECT_EQ(finish(step, code(secret)).error().id, ErrorId::kPendingOver);
}

// Somebody who has the password must not get new tries with every time it is typed.
TEST_F(Factors, AreLimitedOverSignInsLikePasswords) {
  enrol(ann_.cookie);
  int tries = 0;
  Error last = Error{ErrorId::kInternal, ""};
  for (; tries < 40; ++tries) {
    last = finish(begin(), "000000").error();
    if (last.id == ErrorId::kTooManyAttempts) break;
    ASSERT_EQ(last.id, ErrorId::kFactorRefused);
  }
  EXPECT_EQ(last.id, ErrorId::kTooManyAttempts);
  EXPECT_LE(tries, 7);
  // A day of trying as fast as it lets: fewer than 200 of a million codes, one of which fits.
  int in_a_day = 0;
  for (Nanoseconds passed{}; passed < hours(24); passed += minutes(1)) {
    clock_.pass(minutes(1));
    if (finish(begin(), "000000").error().id == ErrorId::kFactorRefused) ++in_a_day;
  }
  EXPECT_LT(in_a_day, 200);
}

TEST_F(Factors, AreAskedForOnlyWithThePasswordOfThatMoment) {
  const Bytes secret = enrol(ann_.cookie);
  const PendingSignIn step = begin();
  ASSERT_TRUE(
      identity_->change_password(ann_.cookie, kAnnPassword, "another fine pass phrase", kHere)
          .ok());
  EXPECT_EQ(finish(step, code(secret)).error().id, ErrorId::kPendingOver);
}

TEST_F(Factors, EndAllOtherSessionsWhenTheyAreAdded) {
  const NewSession other = sign_in(kAnn, kAnnPassword).value();
  enrol(ann_.cookie);
  EXPECT_FALSE(signed_in(other.cookie));
  EXPECT_TRUE(signed_in(ann_.cookie));
}

TEST_F(Factors, NeedThePasswordAgainWhenTheSessionIsOld) {
  EXPECT_TRUE(identity_->show_password(ann_.cookie, "", kHere).ok());
  clock_.pass(kFreshSession);
  EXPECT_EQ(identity_->show_password(ann_.cookie, "", kHere).error().id, ErrorId::kPasswordNeeded);
  EXPECT_EQ(identity_->show_password(ann_.cookie, "wrong wrong wrong", kHere).error().id,
            ErrorId::kSignInFailed);
  EXPECT_TRUE(identity_->show_password(ann_.cookie, kAnnPassword, kHere).ok());
}

// --- at rest ---

class SealedFactors : public Factors {
 protected:
  void reopen_with(SecretSeal* seal) {
    identity_.reset();
    IdentityOptions options;
    options.seal = seal;
    identity_ = Identity::open(records::Database::open(sys::real_file_system(),
                                                       {.path = directory_.file("records.db")})
                                   .value(),
                               clock_, random_, options)
                    .value();
  }
  std::string kept() {
    const auto database = records::Database::open(
        sys::real_file_system(), {.path = directory_.file("records.db"), .check = false});
    auto row = (*database)->prepare("SELECT secret FROM factors").value();
    row.bind();
    EXPECT_TRUE(row.step().value());
    return std::string(as_text(row.blob(0)));
  }
  NamedSeal seal_;
};

TEST_F(SealedFactors, KeepTheSecretOfTheAppSealed) {
  reopen_with(&seal_);
  const Bytes secret = enrol(ann_.cookie);
  EXPECT_TRUE(kept().starts_with("sealed under 1 of 1 user/1/totp:"));
  EXPECT_EQ(kept().find(as_text(secret)), std::string::npos);
  reopen_with(&seal_);
  EXPECT_TRUE(finish(begin(), code(secret)).ok());
}

TEST_F(SealedFactors, AreSealedAnewAfterARotationAndWhereTheyWereInTheClear) {
  const Bytes secret = enrol(ann_.cookie);
  EXPECT_EQ(kept(), as_text(secret)) << "without a seal";
  reopen_with(&seal_);
  ASSERT_TRUE(identity_->seal_stale_factors().ok());
  EXPECT_TRUE(kept().starts_with("sealed under 1 "));
  seal_.key = 2;
  ASSERT_TRUE(identity_->seal_stale_factors().ok());
  EXPECT_TRUE(kept().starts_with("sealed under 2 "));
  reopen_with(&seal_);
  EXPECT_TRUE(finish(begin(), code(secret)).ok());
}

// An empty key would make codes that everybody can compute.
TEST_F(SealedFactors, TakeNoCodeWhenTheSecretDoesNotOpen) {
  reopen_with(&seal_);
  enrol(ann_.cookie);
  const std::vector<std::string> codes = codes_;
  reopen_with(nullptr);
  EXPECT_EQ(finish(begin(), code({})).error().id, ErrorId::kFactorRefused);
  EXPECT_TRUE(finish_with_recovery(begin(), codes[0]).ok());
}

// --- recovery codes ---

TEST_F(Factors, ComeWithTenRecoveryCodesEachGoodOnce) {
  enrol(ann_.cookie);
  ASSERT_EQ(codes_.size(), 10U);
  EXPECT_EQ(std::set<std::string>(codes_.begin(), codes_.end()).size(), 10U);
  const NewSession session = finish_with_recovery(begin(), codes_[3]).value();
  EXPECT_EQ(session.session.strength, Strength::kRecoveryCode);
  EXPECT_EQ(identity_->recovery_codes_left(ann_.session.user.id), 9U);
  EXPECT_EQ(finish_with_recovery(begin(), codes_[3]).error().id, ErrorId::kFactorRefused);
  reopen();
  EXPECT_EQ(finish_with_recovery(begin(), codes_[3]).error().id, ErrorId::kFactorRefused);
  EXPECT_TRUE(finish_with_recovery(begin(), codes_[4]).ok());
}

TEST_F(Factors, HaveRecoveryCodesThatAreVoidWhenMadeAnew) {
  enrol(ann_.cookie);
  const std::vector<std::string> fresh = identity_->renew_recovery_codes(ann_.cookie).value();
  EXPECT_EQ(finish_with_recovery(begin(), codes_[0]).error().id, ErrorId::kFactorRefused);
  EXPECT_TRUE(finish_with_recovery(begin(), fresh[0]).ok());
}

TEST_F(Factors, HaveRecoveryCodesOfOnePersonOnly) {
  enrol(ann_.cookie);
  const std::string of_ann = codes_[0];
  add_bob(ann_.session.principal);
  enrol(sign_in(kBob, kBobPassword)->cookie);
  EXPECT_EQ(finish_with_recovery(begin(kBob, kBobPassword), of_ann).error().id,
            ErrorId::kFactorRefused);
}

// --- who must have one ---

TEST_F(Factors, AreDemandedOfAnAdministratorAfterADayOfGrace) {
  EXPECT_TRUE(may_do_something(ann_.cookie));
  const FactorState state = identity_->find_session(ann_.cookie)->factors;
  EXPECT_TRUE(state.demanded);
  EXPECT_EQ(state.due, clock_.now() + kFactorGrace);
  clock_.pass(hours(11));
  ASSERT_TRUE(may_do_something(ann_.cookie));
  clock_.pass(hours(11));
  ASSERT_TRUE(may_do_something(ann_.cookie));
  clock_.pass(hours(2));
  const Session session = identity_->find_session(ann_.cookie).value();
  EXPECT_TRUE(usable(session.principal).empty());
  EXPECT_EQ(authorise(session.principal, Permission::kTagRead).error().id, ErrorId::kFactorMissing);
  EXPECT_EQ(identity_->list_users(session.principal).error().id, ErrorId::kFactorMissing);
  // A new session, and a restart, change nothing about it.
  reopen();
  const std::string again = sign_in(kAnn, kAnnPassword)->cookie;
  EXPECT_FALSE(may_do_something(again));
  // What is left is to enrol.
  enrol(again);
  EXPECT_TRUE(may_do_something(again));
}

TEST_F(Factors, AreNotDemandedOfAnOperatorUnlessOfEveryone) {
  add_bob(ann_.session.principal);
  EXPECT_FALSE(sign_in(kBob, kBobPassword)->session.factors.demanded);
  EXPECT_EQ(identity_->set_factor_rule(ann_.session.principal, FactorRule::kEveryone).error().id,
            ErrorId::kFactorMissing)
      << "who demands one of everyone must have one";
  enrol(ann_.cookie);
  ASSERT_TRUE(identity_->set_factor_rule(ann_.session.principal, FactorRule::kEveryone).ok());
  const NewSession bob = sign_in(kBob, kBobPassword).value();
  EXPECT_TRUE(bob.session.factors.demanded);
  EXPECT_TRUE(may_do_something(bob.cookie));
  clock_.pass(kFactorGrace);
  EXPECT_FALSE(may_do_something(sign_in(kBob, kBobPassword)->cookie));
  reopen();
  EXPECT_EQ(identity_->factor_rule(TenantId{1}), FactorRule::kEveryone);
}

TEST_F(Factors, AreNotDemandedWhenTheRuleSaysSo) {
  ASSERT_TRUE(identity_->set_factor_rule(ann_.session.principal, FactorRule::kNobody).ok());
  clock_.pass(kFactorGrace + hours(1));
  EXPECT_TRUE(may_do_something(sign_in(kAnn, kAnnPassword)->cookie));
  EXPECT_THAT(audited_actions(ann_.session.principal), ::testing::Contains("factor.rule"));
}

TEST_F(Factors, CannotBeTakenAwayWhileTheyAreDemandedAndTheLast) {
  enrol(ann_.cookie);
  const FactorId first = identity_->own_factors(ann_.cookie)->front().id;
  EXPECT_EQ(identity_->remove_factor(ann_.cookie, first).error().id, ErrorId::kConflict);
  enrol(ann_.cookie);
  EXPECT_TRUE(codes_.empty()) << "recovery codes come with the first";
  EXPECT_TRUE(identity_->remove_factor(ann_.cookie, first).ok());
  EXPECT_EQ(identity_->own_factors(ann_.cookie)->size(), 1U);
  ASSERT_TRUE(identity_->set_factor_rule(ann_.session.principal, FactorRule::kNobody).ok());
  const FactorId last = identity_->own_factors(ann_.cookie)->front().id;
  EXPECT_TRUE(identity_->remove_factor(ann_.cookie, last).ok());
  EXPECT_EQ(identity_->recovery_codes_left(ann_.session.user.id), 0U);
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword).ok());
}

// --- other doors ---

TEST_F(Factors, CloseTheDoorsThatKnowPasswordsOnly) {
  const SignInRequest request{
      .email = kAnn, .password = kAnnPassword, .address = kHere, .previous_cookie = ""};
  EXPECT_TRUE(identity_->verify_person(request).ok());
  enrol(ann_.cookie);
  EXPECT_EQ(identity_->verify_person(request).error().id, ErrorId::kFactorRequired);
}

// --- reset by an administrator ---

class Reset : public Factors {
 protected:
  Reset() : bob_(add_bob(ann_.session.principal, Role::kAdministrator)) {}
  User bob_;
};

TEST_F(Reset, EndsSessionsAndTellsThePersonOnce) {
  const NewSession session = sign_in(kBob, kBobPassword).value();
  enrol(session.cookie);
  ASSERT_TRUE(identity_->reset_factors(ann_.session.principal, bob_.id).ok());
  EXPECT_FALSE(signed_in(session.cookie));
  const NewSession again = sign_in(kBob, kBobPassword).value();
  EXPECT_THAT(again.session.factors.notice, ::testing::HasSubstr(kAnn));
  EXPECT_FALSE(may_do_something(again.cookie)) << "first a new factor";
  EXPECT_EQ(identity_->find_session(again.cookie)->factors.notice, again.session.factors.notice);
  EXPECT_EQ(sign_in(kBob, kBobPassword)->session.factors.notice, "");
  EXPECT_THAT(audited_actions(ann_.session.principal), ::testing::Contains("factor.reset"));
}

TEST_F(Reset, IsOfOthersAndNobodyAbove) {
  EXPECT_EQ(identity_->reset_factors(ann_.session.principal, ann_.session.user.id).error().id,
            ErrorId::kDenied);
  Principal token = ann_.session.principal;
  token.kind = PrincipalKind::kToken;
  token.access = Access(Role::kEngineer);
  EXPECT_EQ(identity_->reset_factors(token, bob_.id).error().id, ErrorId::kDenied);
  Principal foreign = ann_.session.principal;
  foreign.tenant = TenantId{2};
  EXPECT_EQ(identity_->reset_factors(foreign, bob_.id).error().id, ErrorId::kNotFound);
}

// --- sessions ---

TEST_F(Factors, SessionsAreListedWithWhereTheyCameFrom) {
  const NewSession phone = identity_
                               ->sign_in({.email = kAnn,
                                          .password = kAnnPassword,
                                          .address = kElsewhere,
                                          .previous_cookie = "",
                                          .agent = "Mozilla/5.0 (Android)"})
                               .value();
  reopen();
  const Principal& ann = ann_.session.principal;
  const auto open = identity_->list_sessions(ann, ann_.session.user.id, ann_.cookie).value();
  ASSERT_EQ(open.size(), 2U);
  const auto& other = open[0].own ? open[1] : open[0];
  EXPECT_EQ(other.address, kElsewhere);
  EXPECT_EQ(other.agent, "Mozilla/5.0 (Android)");
  EXPECT_NE(open[0].own, open[1].own);
  EXPECT_EQ(other.ends, clock_.now() + kSessionIdleMax);
  EXPECT_FALSE(signed_in(other.id)) << "the name of a session opens nothing";
  ASSERT_TRUE(identity_->end_session(ann, ann_.session.user.id, other.id).ok());
  EXPECT_FALSE(signed_in(phone.cookie));
  EXPECT_TRUE(signed_in(ann_.cookie));
  EXPECT_EQ(identity_->end_session(ann, ann_.session.user.id, other.id).error().id,
            ErrorId::kNotFound);
}

TEST_F(Factors, SessionsOfOthersAreForAdministrators) {
  const User bob = add_bob(ann_.session.principal);
  const NewSession session = sign_in(kBob, kBobPassword).value();
  const Principal& of_bob = session.session.principal;
  EXPECT_EQ(identity_->list_sessions(of_bob, ann_.session.user.id, "").error().id,
            ErrorId::kDenied);
  EXPECT_EQ(identity_->list_sessions(of_bob, bob.id, session.cookie)->size(), 1U);
  const auto seen = identity_->list_sessions(ann_.session.principal, bob.id, "").value();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(identity_->end_session(ann_.session.principal, bob.id, seen[0].id).ok());
  EXPECT_FALSE(signed_in(session.cookie));
}

TEST_F(Factors, OtherSessionsEndAtOnce) {
  const NewSession other = sign_in(kAnn, kAnnPassword).value();
  ASSERT_TRUE(identity_->end_other_sessions(ann_.cookie).ok());
  EXPECT_FALSE(signed_in(other.cookie));
  EXPECT_TRUE(signed_in(ann_.cookie));
  reopen();
  EXPECT_FALSE(signed_in(other.cookie));
}

}  // namespace
}  // namespace lineshaft::identity

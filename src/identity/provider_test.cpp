// To an identity provider and back: what is sent, and what is refused of what comes back.
#include <gtest/gtest.h>

#include <algorithm>

#include "identity/provider_client.h"
#include "identity/provider_fixture.h"
#include "identity/sign_in_limiter.h"

namespace lineshaft::identity {
namespace {

TEST_F(ProviderFixture, TheBrowserIsSentWithSecretsOfItsOwn) {
  const ProviderAway away = begin().value();
  EXPECT_TRUE(away.address.starts_with("https://id.example/plant/authorize?")) << away.address;
  EXPECT_EQ(parameter(away, "response_type"), "code");
  EXPECT_EQ(parameter(away, "client_id"), "lineshaft");
  EXPECT_EQ(parameter(away, "redirect_uri"), kBack);
  EXPECT_EQ(parameter(away, "scope"), "openid email profile");
  EXPECT_EQ(parameter(away, "code_challenge_method"), "S256");
  EXPECT_EQ(parameter(away, "max_age"), "43200");
  const ProviderAway again = begin().value();
  for (const char* secret : {"state", "nonce", "code_challenge"}) {
    EXPECT_EQ(parameter(away, secret).size(), 43U) << secret << ": 256 bits";
    EXPECT_NE(parameter(away, secret), parameter(again, secret)) << secret;
  }
  EXPECT_EQ(away.browser.size(), 43U);
  EXPECT_NE(away.browser, again.browser);
  EXPECT_EQ(away.address.find(away.browser), std::string::npos);
}

TEST_F(ProviderFixture, SomebodyNewComesInWithTheRolesOfTheGroups) {
  const auto arrival = come_in(person());
  ASSERT_TRUE(arrival.ok()) << arrival.error().text();
  EXPECT_EQ(arrival->return_to, "/trends");
  const Session& session = session_of(arrival);
  EXPECT_EQ(session.user.email, "carl@example.com");
  EXPECT_EQ(session.user.name, "Carl");
  EXPECT_EQ(session.user.access.grants(),
            (std::vector<Grant>{{Role::kOperator, "Northfield/Melt shop"}}));
  EXPECT_EQ(strength_name(session.strength), "provider");
  EXPECT_EQ(session.provider->name, "Northern ID");
  EXPECT_EQ(session.provider->sign_out, "https://id.example/plant/end?client_id=lineshaft");
  // The secret went in the header, once, with the code.
  EXPECT_EQ(idp_.times("/token"), 1U);
  EXPECT_EQ(idp_.last.address.target, "/plant/keys");
  const auto actions = audited_actions(ann());
  for (const char* action : {"user.create", "session.begin", "provider.create"}) {
    EXPECT_TRUE(std::ranges::count(actions, action)) << action;
  }
}

TEST_F(ProviderFixture, TheClientsSecretGoesAsTheProviderTakesIt) {
  ASSERT_TRUE(come_in(person()).ok());
  idp_.keys.clear();  // so that the code is the last thing that is asked for
  idp_.sign = [](const json& claims) { return SigningKey("first").token(claims); };
  ASSERT_TRUE(come_in(person()).ok());
  const auto authorisation = [&]() -> std::string {
    for (const auto& [name, value] : idp_.last.headers) {
      if (name == "authorization") return value;
    }
    return {};
  };
  // RFC 6749, 2.3.1; base64 of "lineshaft:very%20secret".
  EXPECT_EQ(authorisation(), "Basic bGluZXNoYWZ0OnZlcnklMjBzZWNyZXQ=");
  EXPECT_EQ(idp_.last.body.find("secret"), std::string::npos);

  idp_.more["token_endpoint_auth_methods_supported"] = {"client_secret_post"};
  clock_.pass(kProviderDocumentLifetime);
  idp_.keys.emplace_back("first");
  ASSERT_TRUE(come_in(person()).ok());
  idp_.keys.clear();
  ASSERT_TRUE(come_in(person()).ok());
  EXPECT_EQ(authorisation(), "");
  EXPECT_NE(idp_.last.body.find("client_secret=very%20secret"), std::string::npos);
}

TEST_F(ProviderFixture, AnAnswerIsTakenOnceFromTheBrowserThatWasSent) {
  const ProviderReturn back = there_and_back(person());
  ASSERT_TRUE(providers().finish_provider(back).ok());
  EXPECT_EQ(providers().finish_provider(back).error().id, ErrorId::kPendingOver) << "replayed";

  ProviderReturn other = there_and_back(person());
  other.browser = begin()->browser;
  EXPECT_EQ(providers().finish_provider(other).error().id, ErrorId::kProviderRefused);
  EXPECT_EQ(idp_.times("/token"), 1U) << "its code was not used";
  other = there_and_back(person());
  other.browser.clear();
  EXPECT_FALSE(providers().finish_provider(other).ok());
  other = there_and_back(person());
  other.state = std::string(kSecretCharacters, 'A');
  EXPECT_EQ(providers().finish_provider(other).error().id, ErrorId::kPendingOver);
  other = there_and_back(person());
  clock_.pass(kProviderFlowLifetime);
  EXPECT_EQ(providers().finish_provider(other).error().id, ErrorId::kPendingOver) << "too late";
}

TEST_F(ProviderFixture, ACodeIsGoodForTheVerifierThatBelongsToIt) {
  // The code of one sign-in in the answer of another: what an attacker would inject.
  const ProviderReturn theirs = there_and_back(person());
  ProviderReturn ours = there_and_back(person());
  ours.code = theirs.code;
  EXPECT_EQ(providers().finish_provider(ours).error().id, ErrorId::kProviderRefused);
  EXPECT_NE(why_refused().find("did not take its own code"), std::string::npos) << why_refused();
}

TEST_F(ProviderFixture, ATokenOfSomethingElseIsRefused) {
  const std::int64_t now = clock_.now().ns / 1'000'000'000;
  const std::pair<const char*, json> wrong[] = {{"nonce", "another"},
                                                {"aud", "another"},
                                                {"iss", "https://evil.example"},
                                                {"exp", now - 61},
                                                {"iat", now + 120},
                                                {"sub", ""},
                                                {"at_hash", "AAAAAAAAAAAAAA"},
                                                {"azp", "another"},
                                                {"auth_time", now - 13 * 3600}};
  for (const auto& [claim, value] : wrong) {
    json who = person();
    who[claim] = value;
    const auto refused = come_in(who);
    ASSERT_FALSE(refused.ok()) << claim;
    EXPECT_EQ(refused.error().id, ErrorId::kProviderRefused) << claim;
    EXPECT_NE(why_refused().find(claim), std::string::npos) << claim << ": " << why_refused();
    clock_.pass(std::chrono::hours(2));  // the limit on attempts has forgotten
    ann_ = sign_in(kAnn, kAnnPassword).value();
  }
  EXPECT_EQ(identity_->list_users(ann())->size(), 1U) << "nobody was made";
}

TEST_F(ProviderFixture, ATokenThatAnotherKeySignedIsRefused) {
  const SigningKey thief("thief");
  SigningKey posing("thief");
  posing.id = "first";
  const std::function<std::string(const json&)> forgeries[] = {
      [&](const json& claims) { return thief.token(claims); },
      [&](const json& claims) { return posing.token(claims); },
      [&](const json& claims) {
        return posing.token(claims, {{"alg", "EdDSA"}});
      },
      [&](const json& claims) {
        return encoded(R"({"alg":"none"})") + "." + encoded(claims.dump()) + ".";
      },
      // The key that everybody knows as a secret for HMAC.
      [&](const json& claims) {
        return idp_.keys[0].token(claims, {{"alg", "HS256"}, {"kid", "first"}});
      },
      [&](const json& claims) {
        return thief.token(claims, {{"alg", "EdDSA"}, {"jwk", thief.jwk()}});
      },
      [&](const json& claims) {
        const std::string token = idp_.keys[0].token(claims);
        json changed = claims;
        changed["groups"] = {"admins"};
        const std::size_t first = token.find('.');
        return token.substr(0, first + 1) + encoded(changed.dump()) +
               token.substr(token.find('.', first + 1));
      }};
  for (const auto& forged : forgeries) {
    idp_.sign = forged;
    const auto refused = come_in(person());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().id, ErrorId::kProviderRefused) << refused.error().text();
    clock_.pass(std::chrono::hours(2));
  }
}

TEST_F(ProviderFixture, OnlyWhatTheDocumentNamesIsTakenForASignature) {
  idp_.more["id_token_signing_alg_values_supported"] = {"RS256"};
  const auto refused = come_in(person());
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("EdDSA"), std::string::npos) << refused.error().what;
}

// RFC 9700, 4.4: the answer of one provider brought as if it were of another.
TEST_F(ProviderFixture, ProvidersAreNotMixedUp) {
  ProviderSettings other = settings();
  other.name = "Other";
  other.issuer = other_idp_.issuer;
  const Provider evil = providers().create_provider(ann(), other, "another secret").value();
  ASSERT_NE(evil.handle, provider_.handle);

  ProviderReturn back = there_and_back(person());
  back.issuer = other_idp_.issuer;
  EXPECT_EQ(providers().finish_provider(back).error().id, ErrorId::kProviderRefused);
  EXPECT_TRUE(other_idp_.asked.empty()) << "our code went nowhere";
  EXPECT_EQ(idp_.times("/token"), 0U);

  // The other one answers with a code of the good one: it is redeemed where the flow was begun.
  ProviderBeginning beginning;
  beginning.handle = evil.handle;
  const ProviderAway away = begin(beginning).value();
  back = sign_in_there(away, person(), idp_);
  EXPECT_FALSE(providers().finish_provider(back).ok());
  EXPECT_EQ(idp_.times("/token"), 0U);
  EXPECT_EQ(other_idp_.times("/token"), 1U);

  idp_.more["authorization_response_iss_parameter_supported"] = true;
  clock_.pass(kProviderDocumentLifetime);
  back = there_and_back(person());
  EXPECT_FALSE(providers().finish_provider(back).ok()) << "it always says who it is";
  back = there_and_back(person());
  back.issuer = idp_.issuer;
  EXPECT_TRUE(providers().finish_provider(back).ok());
}

TEST_F(ProviderFixture, WhatTheProviderRefusesIsToldInItsWord) {
  ProviderReturn back = there_and_back(person());
  back.code.clear();
  back.error = "access_denied";
  const auto refused = providers().finish_provider(back);
  EXPECT_EQ(refused.error().what, "the provider says access_denied");
  back = there_and_back(person());
  back.error = "<script>";
  EXPECT_EQ(providers().finish_provider(back).error().what, "the provider says something else");
}

TEST_F(ProviderFixture, WhatIsKnownOfAProviderIsKeptForAWhile) {
  ASSERT_TRUE(come_in(person()).ok());
  ASSERT_TRUE(come_in(person()).ok());
  EXPECT_EQ(idp_.times("configuration"), 1U);
  EXPECT_EQ(idp_.times("/keys"), 1U);
  clock_.pass(kProviderDocumentLifetime);
  ASSERT_TRUE(come_in(person()).ok());
  EXPECT_EQ(idp_.times("configuration"), 2U);
  EXPECT_EQ(idp_.times("/keys"), 2U);
}

TEST_F(ProviderFixture, AKeyThatIsNewIsFetchedButNotForEverybodyWhoNamesOne) {
  ASSERT_TRUE(come_in(person()).ok());
  clock_.pass(kProviderKeysPause);
  idp_.keys.insert(idp_.keys.begin(), SigningKey("second"));
  EXPECT_TRUE(come_in(person()).ok()) << "the provider changed its key";
  EXPECT_EQ(idp_.times("/keys"), 2U);
  const SigningKey unknown("third");
  idp_.sign = [&](const json& claims) { return unknown.token(claims); };
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(come_in(person()).ok());
  EXPECT_EQ(idp_.times("/keys"), 2U) << "asked again at most once a minute";
  clock_.pass(kProviderKeysPause);
  EXPECT_FALSE(come_in(person()).ok());
  EXPECT_EQ(idp_.times("/keys"), 3U);
}

TEST_F(ProviderFixture, AProviderThatIsDownIsLeftAloneAndPasswordsGoOn) {
  idp_.down = Error{ErrorId::kTimeout, "id.example:443"};
  const auto refused = begin();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kProviderDown);
  EXPECT_FALSE(begin().ok());
  EXPECT_EQ(idp_.asked.size(), 1U) << "not asked again at once";
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword).ok());
  clock_.pass(kProviderTroublePause);
  idp_.down.reset();
  EXPECT_TRUE(begin().ok());

  // Between the two halves of a sign-in.
  const ProviderReturn back = there_and_back(person());
  idp_.down = Error{ErrorId::kConnectFailed, "id.example:443"};
  EXPECT_EQ(providers().finish_provider(back).error().id, ErrorId::kProviderDown);
  idp_.down.reset();
  EXPECT_TRUE(come_in(person()).ok()) << "it counts as nobody's failure";
}

TEST_F(ProviderFixture, FewWaitForProvidersAtATime) {
  ProviderClient client(&web_, clock_);
  {
    const auto first = client.enter();
    const auto second = client.enter();
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(client.enter().error().id, ErrorId::kSignInBusy);
    // What a turn has left is what a question may take.
    ASSERT_TRUE(client.document(*first, {1, 1, idp_.issuer, "", false}).ok());
    EXPECT_EQ(idp_.last.patience, kProviderFetchPatience);
    clock_.pass(kProviderPatience - std::chrono::seconds(1));
    ASSERT_TRUE(client.document(*second, {2, 1, idp_.issuer, "pem", false}).ok());
    EXPECT_EQ(idp_.last.patience, Nanoseconds(std::chrono::seconds(1)));
    EXPECT_EQ(idp_.last.trusted_pem, "pem");
    EXPECT_EQ(idp_.last.answer_bytes_max, kProviderDocumentBytesMax);
    clock_.pass(std::chrono::seconds(1));
    EXPECT_EQ(client.document(*second, {3, 1, idp_.issuer, "", false}).error().id,
              ErrorId::kProviderDown);
  }
  EXPECT_TRUE(client.enter().ok());
}

TEST_F(ProviderFixture, WhoeverKeepsFailingWaits) {
  for (std::uint32_t i = 0; i <= SignInLimiter::kAccountFailuresFree; ++i) {
    json who = person();
    who["nonce"] = "guessed";
    EXPECT_EQ(come_in(who).error().id, ErrorId::kProviderRefused);
  }
  EXPECT_EQ(come_in(person()).error().id, ErrorId::kTooManyAttempts);
  ProviderBeginning elsewhere;
  elsewhere.handle = provider_.handle;
  elsewhere.redirect_uri = kBack;
  elsewhere.from.address = kElsewhere;
  const ProviderAway away = providers().begin_provider(elsewhere).value();
  EXPECT_TRUE(providers().finish_provider(sign_in_there(away, person(), idp_)).ok())
      << "others do not wait for it";
}

TEST_F(ProviderFixture, AfterTheSignInTheBrowserStaysHere) {
  ProviderBeginning beginning;
  beginning.return_to = "https://evil.example/";
  const ProviderAway away = begin(beginning).value();
  EXPECT_EQ(providers().finish_provider(sign_in_there(away, person(), idp_))->return_to, "/");
}

TEST_F(ProviderFixture, ASwitchedOffProviderLetsNobodyIn) {
  const ProviderReturn back = there_and_back(person());
  change([](ProviderSettings& settings) { settings.enabled = false; });
  EXPECT_EQ(providers().finish_provider(back).error().id, ErrorId::kPendingOver);
  EXPECT_EQ(begin().error().id, ErrorId::kNotFound);
  EXPECT_TRUE(providers().provider_buttons("").empty());
  EXPECT_TRUE(providers().provider_buttons(provider_.handle).empty());
}

}  // namespace
}  // namespace lineshaft::identity

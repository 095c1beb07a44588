#include "identity/passkeys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include "identity/identity_fixture.h"
#include "identity/secrets.h"
#include "wire/webauthn/authenticator_data.h"
#include "wire/webauthn/vectors.h"

namespace lineshaft::identity {
namespace {

using wire::webauthn::vectors::from_hex;
namespace vectors = wire::webauthn::vectors;

const PasskeyScope kW3c{"example.org", "https://example.org"};

PasskeyExpectation expectation(const char* challenge, bool verify_user = false) {
  return {base64url(from_hex(challenge)), kW3c, verify_user};
}

struct Vector {
  const char* name;
  const char* attestation;
  const char* challenge;
  const char* data;
  const char* client;
  const char* signature;
};
const Vector kVectors[] = {
    {"ES256", vectors::kEsAttestation, vectors::kEsChallenge, vectors::kEsAuthenticatorData,
     vectors::kEsClientData, vectors::kEsSignature},
    {"EdDSA", vectors::kEdAttestation, vectors::kEdChallenge, vectors::kEdAuthenticatorData,
     vectors::kEdClientData, vectors::kEdSignature},
    {"RS256", vectors::kRsAttestation, vectors::kRsChallenge, vectors::kRsAuthenticatorData,
     vectors::kRsClientData, vectors::kRsSignature}};

PasskeyAnswer registration() {
  PasskeyAnswer answer;
  answer.client_data = from_hex(vectors::kEsRegistrationClientData);
  answer.attestation = from_hex(vectors::kEsAttestation);
  return answer;
}

TEST(Passkey, RegistersAsInTheVectorOfTheW3c) {
  const NewPasskey made =
      verify_registration(expectation(vectors::kEsRegistrationChallenge), registration()).value();
  EXPECT_EQ(made.credential,
            from_hex("f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4"));
  EXPECT_EQ(made.key.size(), 77U);
}

TEST(Passkey, RegistersForNoOtherChallengePageOrHost) {
  EXPECT_FALSE(verify_registration(expectation(vectors::kEsChallenge), registration()).ok());
  PasskeyExpectation other = expectation(vectors::kEsRegistrationChallenge);
  other.scope.origin = "https://example.org:8443";
  EXPECT_FALSE(verify_registration(other, registration()).ok());
  other.scope = {"example.com", "https://example.org"};
  EXPECT_FALSE(verify_registration(other, registration()).ok());
  EXPECT_FALSE(
      verify_registration(expectation(vectors::kEsRegistrationChallenge, true), registration())
          .ok())
      << "nobody verified the user";
  PasskeyAnswer crossed = registration();
  std::string text(as_text(crossed.client_data));
  text.replace(text.find("\"crossOrigin\":false"), 19, "\"crossOrigin\":true ");
  crossed.client_data.assign(text.begin(), text.end());
  EXPECT_FALSE(verify_registration(expectation(vectors::kEsRegistrationChallenge), crossed).ok());
}

PasskeyAnswer assertion(const Vector& vector) {
  PasskeyAnswer answer;
  answer.authenticator_data = from_hex(vector.data);
  answer.client_data = from_hex(vector.client);
  answer.signature = from_hex(vector.signature);
  return answer;
}

Bytes key_of(const Vector& vector) {
  const Bytes attestation = from_hex(vector.attestation);
  const auto data = wire::webauthn::parse_authenticator_data(
      wire::webauthn::authenticator_data_of(attestation).value());
  const ByteSpan key = data->credential->key;
  return {key.begin(), key.end()};
}

Result<std::uint32_t> verify(const Vector& vector, const PasskeyAnswer& answer,
                             bool verify_user = false) {
  bool went_back = false;
  const Bytes key = key_of(vector);
  return verify_assertion(expectation(vector.challenge, verify_user), answer, {key, 0}, went_back);
}

TEST(Passkey, SignsInAsInTheVectorsOfTheW3cWithAllThreeAlgorithms) {
  for (const Vector& vector : kVectors) {
    const auto verified = verify(vector, assertion(vector));
    EXPECT_TRUE(verified.ok()) << vector.name << (verified ? "" : verified.error().what);
  }
}

TEST(Passkey, SignsInWithNoBitChanged) {
  for (const Vector& vector : kVectors) {
    for (Bytes PasskeyAnswer::*member : {&PasskeyAnswer::authenticator_data,
                                         &PasskeyAnswer::client_data, &PasskeyAnswer::signature}) {
      PasskeyAnswer answer = assertion(vector);
      const std::size_t size = (answer.*member).size();
      for (std::size_t i = 0; i < size; i += 3) {
        (answer.*member)[i] ^= 0x04;
        EXPECT_FALSE(verify(vector, answer).ok()) << vector.name << " byte " << i;
        (answer.*member)[i] ^= 0x04;
      }
    }
    EXPECT_FALSE(verify(vector, PasskeyAnswer{}).ok());
  }
}

TEST(Passkey, SignsInAloneOnlyWhenTheUserWasVerified) {
  EXPECT_FALSE(verify(kVectors[0], assertion(kVectors[0]), true).ok());
}

TEST(PasskeyScope, IsOneOfTheNamesOfTheServerAndNeverAnAddress) {
  const std::vector<std::string> names{"localhost", "127.0.0.1", "::1", "plant.example"};
  EXPECT_EQ(passkey_scope("Plant.Example:8443", names)->rp_id, "plant.example");
  EXPECT_EQ(passkey_scope("plant.example:8443", names)->origin, "https://plant.example:8443");
  EXPECT_EQ(passkey_scope("localhost", names)->origin, "https://localhost");
  for (const char* host : {"127.0.0.1:8443", "[::1]:8443", "evil.example", "example", "",
                           "plant.example.evil.example", "notplant.example", "10.0.0.1"}) {
    EXPECT_EQ(passkey_scope(host, names).error().id, ErrorId::kPasskeyNoName) << host;
  }
}

// --- the whole way, with an authenticator of our own: Ed25519 by libsodium ---

class Authenticator {
 public:
  Authenticator() { crypto_sign_keypair(public_.data(), secret_.data()); }

  PasskeyAnswer make(const PasskeyChallenge& challenge) {
    handle_ = base64url_bytes(challenge.user_handle).value();
    Bytes data = head(challenge.rp_id, 0x45);
    data.insert(data.end(), 16, 0);  // AAGUID
    data.insert(data.end(), {0, 4, 'k', 'e', 'y', '1'});
    // {1: 1, 3: -8, -1: 6, -2: x}
    data.insert(data.end(), {0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20});
    data.insert(data.end(), public_.begin(), public_.end());
    PasskeyAnswer answer;
    answer.credential = kId;
    answer.client_data = client_data("webauthn.create", challenge);
    // {"fmt": "none", "attStmt": {}, "authData": bytes}
    answer.attestation = from_hex("a363666d74646e6f6e656761747453746d74a0686175746844617461");
    answer.attestation.push_back(0x58);
    answer.attestation.push_back(static_cast<std::uint8_t>(data.size()));
    answer.attestation.insert(answer.attestation.end(), data.begin(), data.end());
    return answer;
  }

  PasskeyAnswer use(const PasskeyChallenge& challenge, std::uint8_t flags = 0x05) {
    PasskeyAnswer answer;
    answer.credential = kId;
    answer.user_handle = handle_;
    answer.authenticator_data = head(challenge.rp_id, flags);
    answer.client_data = client_data("webauthn.get", challenge);
    Bytes message = answer.authenticator_data;
    const Digest digest = digest_of(as_text(answer.client_data));
    message.insert(message.end(), digest.begin(), digest.end());
    answer.signature.resize(crypto_sign_BYTES);
    crypto_sign_detached(answer.signature.data(), nullptr, message.data(), message.size(),
                         secret_.data());
    return answer;
  }

  std::uint8_t count = 0;

 private:
  Bytes head(const std::string& rp_id, std::uint8_t flags) {
    const Digest hash = digest_of(rp_id);
    Bytes data(hash.begin(), hash.end());
    data.insert(data.end(), {flags, 0, 0, 0, ++count});
    return data;
  }
  static Bytes client_data(const std::string& type, const PasskeyChallenge& challenge) {
    const std::string text = R"({"type":")" + type + R"(","challenge":")" + challenge.challenge +
                             R"(","origin":"https://plant.example:8443","crossOrigin":false})";
    return {text.begin(), text.end()};
  }

  static inline const Bytes kId{'k', 'e', 'y', '1'};
  Bytes handle_;
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret_{};
};

class Passkeys : public IdentityFixture {
 protected:
  Passkeys() : ann_(claim()) {
    const PasskeyChallenge challenge = identity_->begin_passkey(ann_.cookie, kScope).value();
    const auto made = identity_->confirm_passkey(ann_.cookie, challenge.pending,
                                                 key_.make(challenge), "Key on the ring");
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error().what);
    EXPECT_EQ(made->recovery_codes.size(), kRecoveryCodes);
  }
  SignInRequest request() {
    return {.email = kAnn,
            .password = kAnnPassword,
            .address = kHere,
            .previous_cookie = "",
            .agent = "",
            .passkeys = kScope};
  }
  PendingSignIn begin() {
    return std::get<PendingSignIn>(identity_->begin_sign_in(request()).value());
  }
  Result<NewSession> finish(const PendingSignIn& step, const PasskeyAnswer& answer) {
    FactorAnswer second;
    second.passkey = answer;
    return identity_->finish_sign_in(step.pending, second);
  }

  const PasskeyScope kScope{"plant.example", "https://plant.example:8443"};
  Authenticator key_;
  NewSession ann_;
};

TEST_F(Passkeys, AreASecondFactor) {
  reopen();
  const PendingSignIn step = begin();
  ASSERT_TRUE(step.passkey);
  EXPECT_FALSE(step.totp);
  const NewSession session = finish(step, key_.use(*step.passkey, 0x01)).value();
  EXPECT_EQ(session.session.strength, Strength::kPasswordAndPasskey);
}

TEST_F(Passkeys, SignInWithoutAPassword) {
  reopen();
  const PasskeyChallenge challenge = identity_->begin_passkey_sign_in(request()).value();
  EXPECT_TRUE(challenge.credentials.empty()) << "nobody is told which passkeys there are";
  const NewSession session =
      identity_->finish_passkey_sign_in(challenge.pending, key_.use(challenge)).value();
  EXPECT_EQ(session.session.user.email, kAnn);
  EXPECT_EQ(session.session.strength, Strength::kPasskey);
}

TEST_F(Passkeys, SignInAloneOnlyWithVerifiedUserAndTheirOwnHandle) {
  PasskeyChallenge challenge = identity_->begin_passkey_sign_in(request()).value();
  EXPECT_EQ(
      identity_->finish_passkey_sign_in(challenge.pending, key_.use(challenge, 0x01)).error().id,
      ErrorId::kPasskeyRefused);
  challenge = identity_->begin_passkey_sign_in(request()).value();
  PasskeyAnswer answer = key_.use(challenge);
  answer.user_handle.back() ^= 1;
  EXPECT_EQ(identity_->finish_passkey_sign_in(challenge.pending, answer).error().id,
            ErrorId::kPasskeyRefused);
}

TEST_F(Passkeys, AnswerEachChallengeOnceAndWithinFiveMinutes) {
  PasskeyChallenge challenge = identity_->begin_passkey_sign_in(request()).value();
  const PasskeyAnswer answer = key_.use(challenge);
  ASSERT_TRUE(identity_->finish_passkey_sign_in(challenge.pending, answer).ok());
  EXPECT_EQ(identity_->finish_passkey_sign_in(challenge.pending, answer).error().id,
            ErrorId::kPendingOver);
  challenge = identity_->begin_passkey_sign_in(request()).value();
  clock_.pass(kPendingLifetime);
  EXPECT_EQ(identity_->finish_passkey_sign_in(challenge.pending, key_.use(challenge)).error().id,
            ErrorId::kPendingOver);
  const PendingSignIn step = begin();
  PasskeyAnswer wrong = key_.use(*step.passkey);
  wrong.signature[0] ^= 1;
  EXPECT_EQ(finish(step, wrong).error().id, ErrorId::kPasskeyRefused);
  EXPECT_EQ(finish(step, key_.use(*step.passkey)).error().id, ErrorId::kPendingOver);
}

TEST_F(Passkeys, AreRefusedAndListedWhenTheirCountGoesBack) {
  key_.count = 10;
  PasskeyChallenge challenge = identity_->begin_passkey_sign_in(request()).value();
  ASSERT_TRUE(identity_->finish_passkey_sign_in(challenge.pending, key_.use(challenge)).ok());
  key_.count = 5;
  reopen();
  challenge = identity_->begin_passkey_sign_in(request()).value();
  EXPECT_EQ(identity_->finish_passkey_sign_in(challenge.pending, key_.use(challenge)).error().id,
            ErrorId::kPasskeyRefused);
  EXPECT_THAT(audited_actions(ann_.session.principal), ::testing::Contains("factor.suspect"));
}

TEST_F(Passkeys, AreOfferedOnlyAtTheHostTheyAreBoundTo) {
  SignInRequest elsewhere = request();
  elsewhere.passkeys = {"localhost", "https://localhost:8443"};
  const auto step = std::get<PendingSignIn>(identity_->begin_sign_in(elsewhere).value());
  EXPECT_FALSE(step.passkey);
  EXPECT_TRUE(step.recovery_codes);
}

TEST_F(Passkeys, AreNotMadeTwice) {
  const PasskeyChallenge challenge = identity_->begin_passkey(ann_.cookie, kScope).value();
  EXPECT_EQ(challenge.credentials.size(), 1U) << "the browser is told to leave it out";
  EXPECT_EQ(
      identity_->confirm_passkey(ann_.cookie, challenge.pending, key_.make(challenge), "Again")
          .error()
          .id,
      ErrorId::kConflict);
}

// A flood of challenges must neither grow without bound nor crowd others out.
TEST_F(Passkeys, KeepFewChallengesOfOneAddress) {
  const PasskeyChallenge mine = identity_->begin_passkey_sign_in(request()).value();
  SignInRequest flood = request();
  flood.address = kElsewhere;
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(identity_->begin_passkey_sign_in(flood).ok());
  EXPECT_TRUE(identity_->finish_passkey_sign_in(mine.pending, key_.use(mine)).ok());
}

}  // namespace
}  // namespace lineshaft::identity

#include "identity/authority.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

using std::chrono::hours;

constexpr TenantId kOurs{1};
constexpr TenantId kTheirs{2};

class AuthorityTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(directory_.file("tls")); }
  std::unique_ptr<Authority> open(std::vector<std::string> names = {"localhost", "127.0.0.1"}) {
    auto database =
        records::Database::open(sys::real_file_system(), {.path = directory_.file("records.db")});
    auto opened = Authority::open(*std::move(database), sys::real_file_system(), clock_,
                                  {directory_.file("tls"), std::move(names), configured_});
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    return *std::move(opened);
  }
  std::string fingerprint(const Authority& authority) { return authority.server()->info.sha256; }
  static IssueRequest client(TenantId tenant, std::optional<TokenId> token) {
    IssueRequest request;
    request.tenant = tenant;
    request.name = "press 4";
    request.client = true;
    request.token = token;
    return request;
  }

  records::TestDirectory directory_;
  ManualClock clock_;
  std::optional<sys::Certificate> configured_;
};

TEST_F(AuthorityTest, TheServersCertificateIsRenewedAtTwoThirdsOfItsLife) {
  auto authority = open();
  const std::string first = fingerprint(*authority);
  EXPECT_EQ(authority->server()->source, CertificateSource::kAuthority);
  EXPECT_EQ(fingerprint(*open()), first) << "a restart changes nothing";
  // 397 days, of which 264 2/3 are two thirds.
  clock_.pass(hours(24 * 264));
  EXPECT_FALSE(*authority->maintain());
  clock_.pass(hours(24));
  EXPECT_TRUE(*authority->maintain());
  EXPECT_NE(fingerprint(*authority), first);
  EXPECT_FALSE(*authority->maintain());
  EXPECT_EQ(fingerprint(*open()), fingerprint(*authority));
}

TEST_F(AuthorityTest, ANameThatIsAddedGetsIntoTheCertificate) {
  const std::string root = open()->certificate_pem();
  auto authority = open({"localhost", "127.0.0.1", "plant.example"});
  EXPECT_TRUE(*authority->maintain());
  EXPECT_EQ(authority->server()->info.dns_names,
            (std::vector<std::string>{"localhost", "plant.example"}));
  EXPECT_EQ(authority->certificate_pem(), root) << "the authority stays";
}

TEST_F(AuthorityTest, AClientCertificateHasTheRightsOfItsTokenUntilItIsRevokedOrEnds) {
  auto authority = open();
  EXPECT_EQ(authority->https().clients_pem, "") << "nobody is asked while there is none";
  const auto one = authority->issue(client(kOurs, TokenId{7})).value();
  const auto two = authority->issue(client(kOurs, TokenId{8})).value();
  EXPECT_NE(authority->https().clients_pem, "");
  EXPECT_EQ(authority->token_of(one.issued.fingerprint), TokenId{7});
  EXPECT_EQ(authority->token_of("00:11"), std::nullopt);
  EXPECT_EQ(open()->token_of(two.issued.fingerprint), TokenId{8}) << "after a restart";
  ASSERT_TRUE(authority->revoke(kOurs, one.issued.id).ok());
  EXPECT_EQ(authority->token_of(one.issued.fingerprint), std::nullopt);
  EXPECT_EQ(open()->token_of(one.issued.fingerprint), std::nullopt);
  clock_.pass(hours(24 * 397 + 1));
  EXPECT_EQ(authority->token_of(two.issued.fingerprint), std::nullopt);
}

TEST_F(AuthorityTest, AServersCertificateOpensNoDoor) {
  auto authority = open();
  IssueRequest request = client(kOurs, TokenId{7});
  request.client = false;
  request.server = true;
  EXPECT_EQ(authority->token_of(authority->issue(request)->issued.fingerprint), std::nullopt);
}

TEST_F(AuthorityTest, AnOrganisationSeesAndRevokesItsOwnOnly) {
  auto authority = open();
  const auto ours = authority->issue(client(kOurs, std::nullopt)).value();
  static_cast<void>(authority->issue(client(kTheirs, std::nullopt)));
  EXPECT_EQ(authority->list(kOurs).size(), 1U);
  const Status refused = authority->revoke(kTheirs, ours.issued.id);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kNotFound);
  EXPECT_FALSE(authority->list(kOurs).front().revoked.has_value());
}

TEST_F(AuthorityTest, AnImportedCertificateStaysUntilItIsReplaced) {
  auto authority = open();
  const Timestamp begins = clock_.now() + -hours(1);
  const auto company = sys::make_authority("Company", begins, begins + hours(24 * 800)).value();
  sys::CertificateContent content;
  content.common_name = "plant.example";
  content.names = {"plant.example"};
  content.server = true;
  content.not_before = begins;
  content.not_after = begins + hours(24 * 90);
  auto own = sys::issue_certificate(company, content, sys::KeyKind::kEcP256).value();
  const std::string print = sys::inspect_pem(own.certificate_pem)->sha256;
  EXPECT_FALSE(authority->import_server({own.certificate_pem, company.key_pem}).ok());
  EXPECT_NE(fingerprint(*authority), print) << "nothing of a refused import is kept";
  ASSERT_TRUE(authority->import_server(own).ok());
  EXPECT_EQ(authority->server()->source, CertificateSource::kImported);
  EXPECT_EQ(authority->server()->renews, std::nullopt);
  clock_.pass(hours(24 * 80));
  EXPECT_FALSE(*authority->maintain());
  EXPECT_EQ(fingerprint(*open()), print);
  ASSERT_TRUE(authority->renew_server().ok());
  EXPECT_EQ(authority->server()->source, CertificateSource::kAuthority);
}

TEST_F(AuthorityTest, AConfiguredCertificateIsNobodyElsesToChange) {
  const auto old = sys::make_self_signed_certificate({"localhost"}, clock_.now()).value();
  configured_ = old;
  auto authority = open();
  EXPECT_EQ(authority->server()->source, CertificateSource::kConfigured);
  EXPECT_EQ(authority->renew_server().error().id, ErrorId::kConflict);
  EXPECT_EQ(authority->import_server(old).error().id, ErrorId::kConflict);
}

// The files of before there was an authority.
TEST_F(AuthorityTest, ASelfSignedCertificateOfBeforeIsKeptAndThenReplaced) {
  auto& files = sys::real_file_system();
  const auto old = sys::make_self_signed_certificate({"localhost"}, clock_.now()).value();
  const std::string tls = directory_.file("tls");
  ASSERT_TRUE(files.create_directories(tls).ok());
  ASSERT_TRUE(sys::write_file_atomically(files, tls + "/key.pem", as_bytes(old.key_pem)).ok());
  ASSERT_TRUE(
      sys::write_file_atomically(files, tls + "/certificate.pem", as_bytes(old.certificate_pem))
          .ok());
  auto authority = open();
  EXPECT_EQ(authority->server()->source, CertificateSource::kSelfSigned);
  clock_.pass(hours(24 * 551));  // 825 days; two thirds are 550
  EXPECT_TRUE(*authority->maintain());
  EXPECT_EQ(authority->server()->source, CertificateSource::kAuthority);
}

TEST_F(AuthorityTest, ADamagedPairIsReplacedInsteadOfKeepingTheServerDown) {
  auto& files = sys::real_file_system();
  const std::string first = fingerprint(*open());
  const std::string tls = directory_.file("tls");
  ASSERT_TRUE(sys::write_file_atomically(files, tls + "/key.pem", as_bytes("half a k")).ok());
  auto authority = open();
  EXPECT_NE(fingerprint(*authority), first);
  EXPECT_TRUE(sys::check_server_certificate(authority->https().certificate, clock_.now()).ok());
  ASSERT_TRUE(sys::write_file_atomically(files, tls + "/authority-key.pem", as_bytes("x")).ok());
  EXPECT_NE(open()->certificate_pem(), authority->certificate_pem());
}

TEST_F(AuthorityTest, RefusesWhatItWouldNotStandFor) {
  auto authority = open();
  IssueRequest request = client(kOurs, std::nullopt);
  request.days = 826;
  EXPECT_FALSE(authority->issue(request).ok());
  request.days = 0;
  EXPECT_FALSE(authority->issue(request).ok());
  request = client(kOurs, std::nullopt);
  request.client = false;
  EXPECT_FALSE(authority->issue(request).ok());
  EXPECT_TRUE(authority->list(kOurs).empty());
}

TEST_F(AuthorityTest, TheListIsMadeAnewAfterARevocation) {
  auto authority = open();
  const auto one = authority->issue(client(kOurs, std::nullopt)).value();
  const Bytes before = authority->revoked_list().value();
  EXPECT_EQ(*authority->revoked_list(), before) << "not signed for everybody who asks";
  ASSERT_TRUE(authority->revoke(kOurs, one.issued.id).ok());
  EXPECT_GT(authority->revoked_list()->size(), before.size());
}

}  // namespace
}  // namespace lineshaft::identity

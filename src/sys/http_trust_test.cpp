// Whom a client takes for its server, and whom the server takes for a client.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <string>

#include "base/assert.h"
#include "base/time.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/http.h"
#include "sys/http_fixture.h"
#include "sys/tls.h"
#include "sys/x509_issue.h"

namespace lineshaft::sys {
namespace {

using std::chrono::seconds;

TEST_F(Http, APinnedClientRefusesAnotherCertificate) {
  start();
  HttpClientOptions options = client_options();
  options.pinned_fingerprint[0] = options.pinned_fingerprint[0] == 'A' ? 'B' : 'A';
  const auto refused = make_http_client(options)->request("GET", "/", {}, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kTlsFailed);
  options.pinned_fingerprint.clear();  // the system does not trust it either
  EXPECT_FALSE(make_http_client(options)->request("GET", "/", {}, "").ok());
}

// Makes this computer trust one certificate.
class Trusted {
 public:
  explicit Trusted(const Certificate& certificate)
      : file_(testing::TempDir() + "lineshaft-trusted.pem") {
    LS_ASSERT(
        write_file_atomically(real_file_system(), file_, as_bytes(certificate.certificate_pem))
            .ok());
    setenv("SSL_CERT_FILE", file_.c_str(), 1);
  }
  ~Trusted() {
    unsetenv("SSL_CERT_FILE");
    static_cast<void>(real_file_system().remove(file_));
  }

 private:
  std::string file_;
};

TEST_F(Http, AClientWithoutAPinTakesWhatTheSystemTrusts) {
  start();
  const Trusted trusted(certificate_);
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  const auto answer = make_http_client(options)->request("GET", "/", {}, "");
  EXPECT_TRUE(answer.ok()) << answer.error().text();
}

TEST_F(Http, AClientWithoutAPinRefusesATrustedCertificateOfAnotherHost) {
  certificate_ = *make_self_signed_certificate({"elsewhere.example"}, real_clock().now());
  start();
  const Trusted trusted(certificate_);
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  const auto refused = make_http_client(options)->request("GET", "/", {}, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kTlsFailed);
}

TEST_F(Http, AClientTakesWhomItIsToldToTrustAndNobodyElse) {
  start();
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  options.trusted_pem = certificate_.certificate_pem;
  const auto answer = make_http_client(options)->request("GET", "/", {}, "");
  EXPECT_TRUE(answer.ok()) << answer.error().text();

  const Trusted trusted(certificate_);  // by the system, which then does not count
  const Certificate other = *make_self_signed_certificate({"127.0.0.1"}, real_clock().now());
  for (const std::string& pem : {other.certificate_pem, std::string("nothing")}) {
    options.trusted_pem = pem;
    const auto refused = make_http_client(options)->request("GET", "/", {}, "");
    ASSERT_FALSE(refused.ok()) << pem;
    EXPECT_EQ(refused.error().id, ErrorId::kTlsFailed);
  }
}

TEST_F(Http, AClientThatTrustsACertificateAsksWhoseItIs) {
  certificate_ = *make_self_signed_certificate({"elsewhere.example"}, real_clock().now());
  start();
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  options.trusted_pem = certificate_.certificate_pem;
  EXPECT_FALSE(make_http_client(options)->request("GET", "/", {}, "").ok());
}

TEST_F(Http, AClientProvesWhoItIsByACertificateOfTheAuthorityAndOfNoOther) {
  const Timestamp now = real_clock().now();
  const Timestamp later = now + std::chrono::hours(1);
  const auto authority = make_authority("Ours", now + -seconds(60), later).value();
  const auto other = make_authority("Ours", now + -seconds(60), later).value();
  clients_pem = authority.certificate_pem;
  start();
  CertificateContent content{.common_name = "press 4",
                             .names = {},
                             .uris = {},
                             .server = false,
                             .client = true,
                             .not_before = now + -seconds(60),
                             .not_after = later};
  const auto shown = [&](const Certificate& own) {
    HttpClientOptions options = client_options();
    options.own = own;
    const auto answer = make_http_client(options)->request("GET", "/", {}, "");
    if (!answer) return std::string("refused");
    for (const auto& [name, value] : answer->headers) {
      if (name == "x-certificate") return value;
    }
    return std::string("?");
  };
  const auto own = issue_certificate(authority, content, KeyKind::kEcP256).value();
  EXPECT_EQ(shown(own), *certificate_fingerprint(own.certificate_pem));
  EXPECT_EQ(shown({}), "");
  EXPECT_EQ(shown(issue_certificate(other, content, KeyKind::kEcP256).value()), "refused");
  EXPECT_EQ(shown(test_certificate()), "refused");
  content.not_after = now + -seconds(1);
  EXPECT_EQ(shown(issue_certificate(authority, content, KeyKind::kEcP256).value()), "refused");
  content.not_after = later;
  content.client = false;
  content.server = true;
  EXPECT_EQ(shown(issue_certificate(authority, content, KeyKind::kEcP256).value()), "refused");
}

TEST_F(Http, ANewCertificateIsShownWithoutARestartAndThePinOfItsAuthorityHolds) {
  start();
  EXPECT_EQ(request("GET", "/").status, 200);
  const Timestamp now = real_clock().now();
  const auto authority = make_authority("Ours", now + -seconds(60), now + seconds(3600)).value();
  const auto with_name = [&](const char* name) {
    CertificateContent content{.common_name = "Lineshaft",
                               .names = {name},
                               .uris = {},
                               .server = true,
                               .client = false,
                               .not_before = now + -seconds(60),
                               .not_after = now + seconds(3600)};
    Certificate made = issue_certificate(authority, content, KeyKind::kEcP256).value();
    made.certificate_pem += authority.certificate_pem;
    return made;
  };
  const auto use = [&](const Certificate& certificate) {
    std::promise<bool> done;
    loop_->post([&] { done.set_value(server_->use({certificate, ""}).ok()); });
    return done.get_future().get();
  };
  ASSERT_TRUE(use(with_name("127.0.0.1")));
  EXPECT_EQ(request("GET", "/").status, 200) << "the open connection stays";
  EXPECT_FALSE(make_http_client(client_options())->request("GET", "/", {}, "").ok());
  HttpClientOptions options = client_options();
  options.pinned_fingerprint = *certificate_fingerprint(authority.certificate_pem);
  EXPECT_TRUE(make_http_client(options)->request("GET", "/", {}, "").ok());
  ASSERT_TRUE(use(with_name("elsewhere.example")));
  EXPECT_FALSE(make_http_client(options)->request("GET", "/", {}, "").ok()) << "another host's";
  EXPECT_FALSE(use({"nonsense", "nonsense"}));
  ASSERT_TRUE(use(with_name("127.0.0.1")));
  EXPECT_TRUE(make_http_client(options)->request("GET", "/", {}, "").ok());
}

}  // namespace
}  // namespace lineshaft::sys

#include "sys/x509_issue.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sys/clock.h"

namespace lineshaft::sys {
namespace {

using std::chrono::hours;

const Timestamp kNow = real_clock().now();

const Certificate& authority() {
  static const Certificate made =
      make_authority("Test authority", kNow + -hours(1), kNow + hours(24 * 3652)).value();
  return made;
}

CertificateContent content(const std::string& name) {
  CertificateContent made;
  made.common_name = name;
  made.names = {"plc.example", "192.0.2.7", "2001:db8::1"};
  made.uris = {"urn:plc:1"};
  made.server = made.client = true;
  made.not_before = kNow + -hours(1);
  made.not_after = kNow + hours(24 * 397);
  return made;
}

// Files for the independent witness: OpenSSL's own programs.
struct Bench {
  Bench() : path(testing::TempDir() + "lineshaft-x509-XXXXXX") {
    LS_ASSERT(mkdtemp(path.data()) != nullptr);
    write("ca.pem", authority().certificate_pem);
  }
  ~Bench() { std::filesystem::remove_all(path); }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path + "/" + name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool openssl(const std::string& arguments) const {
    const std::string line =
        "cd " + path + " && openssl " + arguments + " >out.txt 2>err.txt </dev/null";
    return std::system(line.c_str()) == 0;
  }
  std::string path;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

TEST(X509Issue, OpensslVerifiesWhatTheAuthorityIssuesAndReadsWhatItSays) {
  const Bench bench;
  for (const KeyKind kind : {KeyKind::kEcP256, KeyKind::kRsa3072}) {
    const Certificate made = issue_certificate(authority(), content("press 4"), kind).value();
    bench.write("leaf.pem", made.certificate_pem);
    EXPECT_TRUE(bench.openssl("verify -x509_strict -CAfile ca.pem -purpose sslserver leaf.pem"))
        << bench.read("err.txt");
    EXPECT_TRUE(
        bench.openssl("verify -CAfile ca.pem -purpose sslclient -verify_ip 192.0.2.7 leaf.pem"));
    EXPECT_FALSE(bench.openssl("verify -CAfile ca.pem -verify_hostname other.example leaf.pem"));
    ASSERT_TRUE(bench.openssl("x509 -in leaf.pem -noout -text"));
    const std::string text = bench.read("out.txt");
    for (const char* part : {"CN = press 4", "DNS:plc.example", "IP Address:192.0.2.7",
                             "URI:urn:plc:1", "CA:FALSE", "TLS Web Server Authentication"}) {
      EXPECT_TRUE(contains(text, part)) << part << "\n" << text;
    }
    EXPECT_TRUE(is_signed_by(made.certificate_pem, authority().certificate_pem));
  }
  const auto other = make_authority("Test authority", kNow, kNow + hours(1)).value();
  bench.write("ca.pem", other.certificate_pem);
  EXPECT_FALSE(bench.openssl("verify -CAfile ca.pem leaf.pem"));
  EXPECT_FALSE(is_signed_by(bench.read("leaf.pem"), other.certificate_pem));
}

TEST(X509Issue, AnAuthorityMaySignForNoOtherAuthority) {
  const Bench bench;
  ASSERT_TRUE(bench.openssl("x509 -in ca.pem -noout -text"));
  EXPECT_TRUE(contains(bench.read("out.txt"), "CA:TRUE, pathlen:0"));
  EXPECT_TRUE(contains(bench.read("out.txt"), "Certificate Sign, CRL Sign"));
}

TEST(X509Issue, SignsARequestOfOpensslAndTakesNothingButItsKey) {
  const Bench bench;
  ASSERT_TRUE(bench.openssl(
      "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out req.pem "
      "-subj /CN=robot -addext subjectAltName=DNS:robot.example,URI:urn:robot "
      "-addext basicConstraints=CA:TRUE"));
  const auto asked = inspect_request(bench.read("req.pem"));
  ASSERT_TRUE(asked.ok()) << asked.error().text();
  EXPECT_EQ(asked->common_name, "robot");
  EXPECT_EQ(asked->names, (std::vector<std::string>{"robot.example"}));
  EXPECT_EQ(asked->uris, (std::vector<std::string>{"urn:robot"}));
  CertificateContent ours = content("ours");
  ours.names = {"ours.example"};
  ours.server = false;
  const auto made = sign_request(authority(), bench.read("req.pem"), ours);
  ASSERT_TRUE(made.ok()) << made.error().text();
  bench.write("leaf.pem", *made);
  EXPECT_TRUE(bench.openssl("verify -CAfile ca.pem -purpose sslclient leaf.pem"));
  EXPECT_FALSE(bench.openssl("verify -CAfile ca.pem -purpose sslserver leaf.pem"));
  ASSERT_TRUE(bench.openssl("x509 -in leaf.pem -noout -text"));
  EXPECT_FALSE(contains(bench.read("out.txt"), "robot"));
  EXPECT_TRUE(contains(bench.read("out.txt"), "CA:FALSE"));
  ASSERT_TRUE(bench.openssl("x509 -in leaf.pem -noout -pubkey") &&
              bench.openssl("pkey -in key.pem -pubout -out public.pem"));
}

TEST(X509Issue, RefusesRequestsThatProveNothingOrAreWeak) {
  const Bench bench;
  EXPECT_FALSE(inspect_request("nonsense").ok());
  ASSERT_TRUE(
      bench.openssl("req -new -newkey rsa:1024 -nodes -keyout k.pem -out weak.pem -subj /CN=a"));
  const auto weak = inspect_request(bench.read("weak.pem"));
  ASSERT_FALSE(weak.ok());
  EXPECT_TRUE(contains(weak.error().what, "1024 bits")) << weak.error().what;
  ASSERT_TRUE(
      bench.openssl("req -new -newkey rsa:2048 -nodes -keyout k.pem -outform DER -out good.der "
                    "-subj /CN=a"));
  std::string der = bench.read("good.der");
  der.back() = static_cast<char>(der.back() ^ 1);  // a bit of the signature
  bench.write("broken.der", der);
  ASSERT_TRUE(bench.openssl("req -inform DER -in broken.der -out broken.pem"));
  const auto broken = inspect_request(bench.read("broken.pem"));
  ASSERT_FALSE(broken.ok());
  EXPECT_TRUE(contains(broken.error().what, "not signed with its own key")) << broken.error().what;
}

TEST(X509Issue, OpensslRefusesWhatTheListRevokes) {
  const Bench bench;
  const Certificate made = issue_certificate(authority(), content("a"), KeyKind::kEcP256).value();
  bench.write("leaf.pem", made.certificate_pem);
  const auto list = [&](const std::vector<RevokedCertificate>& revoked) {
    const Bytes der = make_crl(authority(), revoked, 7, kNow, kNow + hours(24)).value();
    bench.write("list.der", as_text(der));
    return bench.openssl("crl -inform DER -in list.der -out list.pem") &&
           bench.openssl("verify -crl_check -CAfile ca.pem -CRLfile list.pem leaf.pem");
  };
  EXPECT_TRUE(list({}));
  const std::string serial = inspect_pem(made.certificate_pem)->serial;
  EXPECT_TRUE(list({{"0123456789ABCDEF", kNow}}));
  EXPECT_FALSE(list({{"0123456789ABCDEF", kNow}, {serial, kNow}}));
  EXPECT_TRUE(contains(bench.read("err.txt"), "certificate revoked")) << bench.read("err.txt");
}

TEST(X509Issue, OpensslOpensThePkcs12FileWithItsPasswordOnly) {
  const Bench bench;
  const Certificate made = issue_certificate(authority(), content("a"), KeyKind::kEcP256).value();
  const Bytes file =
      make_pkcs12(made, authority().certificate_pem, "four words of brass", "press 4").value();
  bench.write("own.p12", as_text(file));
  EXPECT_TRUE(
      bench.openssl("pkcs12 -in own.p12 -nodes -passin 'pass:four words of brass' -out all.pem"));
  EXPECT_EQ(inspect_pem(bench.read("all.pem"))->sha256, inspect_pem(made.certificate_pem)->sha256);
  EXPECT_FALSE(bench.openssl("pkcs12 -in own.p12 -nodes -passin pass:other"));
}

TEST(X509Issue, SaysWhatDoesNotFitInAServersCertificate) {
  CertificateContent server = content("s");
  const auto why = [](const Certificate& own) {
    const auto checked = check_server_certificate(own, kNow);
    return checked ? std::string("fits") : checked.error().what;
  };
  const Certificate good = issue_certificate(authority(), server, KeyKind::kEcP256).value();
  const Certificate other = issue_certificate(authority(), server, KeyKind::kEcP256).value();
  EXPECT_EQ(why(good), "fits");
  EXPECT_EQ(why({good.certificate_pem + authority().certificate_pem, good.key_pem}), "fits");
  EXPECT_TRUE(contains(why({good.certificate_pem, other.key_pem}), "does not belong"));
  EXPECT_TRUE(contains(why({good.certificate_pem + other.certificate_pem, good.key_pem}),
                       "not signed by the one that follows"));
  EXPECT_TRUE(contains(why({"", good.key_pem}), "no certificate"));
  EXPECT_TRUE(contains(why({good.certificate_pem, ""}), "no private key"));
  server.not_after = kNow + -hours(0);
  server.not_before = kNow + -hours(2);
  EXPECT_TRUE(
      contains(why(issue_certificate(authority(), server, KeyKind::kEcP256).value()), "it ended"));
  server = content("s");
  server.not_before = kNow + hours(2);
  EXPECT_TRUE(contains(why(issue_certificate(authority(), server, KeyKind::kEcP256).value()),
                       "begins only"));
  server = content("s");
  server.server = false;
  EXPECT_TRUE(contains(why(issue_certificate(authority(), server, KeyKind::kEcP256).value()),
                       "may not be used"));
  server = content("s");
  server.names.clear();
  EXPECT_TRUE(contains(why(issue_certificate(authority(), server, KeyKind::kEcP256).value()),
                       "names no host"));
}

TEST(X509Issue, RefusesNamesThatCouldSayMoreThanTheyShow) {
  for (const char* name : {"a,IP:1.2.3.4", "a b", "", "a\n", "a,URI:x", "dirName:x/"}) {
    CertificateContent wanted = content("x");
    wanted.names = {name};
    EXPECT_FALSE(issue_certificate(authority(), wanted, KeyKind::kEcP256).ok()) << name;
  }
  for (const char* uri : {"a:b,IP:1.2.3.4", "a: b", "", "a:\n", "a,URI:x", "without-a-scheme"}) {
    CertificateContent wanted = content("x");
    wanted.uris = {uri};
    EXPECT_FALSE(issue_certificate(authority(), wanted, KeyKind::kEcP256).ok()) << uri;
  }
  EXPECT_FALSE(issue_certificate(authority(), content(""), KeyKind::kEcP256).ok());
  EXPECT_FALSE(
      issue_certificate(authority(), content(std::string(65, 'x')), KeyKind::kEcP256).ok());
}

}  // namespace
}  // namespace lineshaft::sys

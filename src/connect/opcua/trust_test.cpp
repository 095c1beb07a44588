#include "connect/opcua/trust.h"

#include <gtest/gtest.h>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::make_store;
using namespace std::chrono_literals;

struct Stores {
  sys::SimLoop loop;
  sys::SimClock clock{loop, sys::real_clock().now() + 1h};
  sys::SimDisk disk;
  sys::SimDisk other_disk;
  std::unique_ptr<TrustStore> store = make_store(disk, clock, "gateway");
  std::unique_ptr<TrustStore> other = make_store(other_disk, clock, "plc");
  std::string thumbprint = other->own_info()->sha1;

  Status judge(std::string_view uri = {}) { return store->verify(other->own().certificate, uri); }
  void reopen() { store = make_store(disk, clock, "gateway"); }
};

TEST(OpcUaTrust, OurOwnCertificateIsWhatTheStandardAsksFor) {
  Stores s;
  const auto info = s.store->own_info();
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->uris, std::vector<std::string>{"urn:gateway:lineshaft"});
  EXPECT_EQ(info->dns_names, std::vector<std::string>{"gateway"});
  EXPECT_EQ(info->key_bits, 2048u);
  EXPECT_FALSE(info->authority);
  EXPECT_EQ(s.store->own().application_uri, info->uris.front());
}

// Part 12: an application has a certificate for each kind of key, all of one ApplicationUri.
TEST(OpcUaTrust, TheCertificateOnACurveIsOfTheSameApplication) {
  Stores s;
  const auto info = s.store->own_info(KeyKind::kNistP256);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->uris, std::vector<std::string>{"urn:gateway:lineshaft"});
  EXPECT_EQ(info->dns_names, std::vector<std::string>{"gateway"});
  EXPECT_EQ(info->key_bits, 256u);
  EXPECT_NE(info->sha1, s.store->own_info()->sha1);
}

TEST(OpcUaTrust, TheSameCertificatesAreThereAfterARestart) {
  Stores s;
  const Bytes before = s.store->own().certificate;
  const Bytes on_curve = s.store->own(KeyKind::kNistP256)->certificate;
  s.reopen();
  EXPECT_EQ(s.store->own().certificate, before);
  EXPECT_EQ(s.store->own(KeyKind::kNistP256)->certificate, on_curve);
}

TEST(OpcUaTrust, GoesOnWithoutACertificateOnACurveThatIsUnusable) {
  Stores s;
  const std::string file = "pki/own/ecc-certificate.der";
  for (const Bytes& wrong : {Bytes{1, 2, 3}, s.other->own(KeyKind::kNistP256)->certificate}) {
    ASSERT_TRUE(sys::write_file_atomically(s.disk, file, wrong).ok());
    s.reopen();
    EXPECT_EQ(s.store->own(KeyKind::kNistP256), nullptr);
    EXPECT_EQ(s.store->own_info(KeyKind::kNistP256).error().id, ErrorId::kNotFound);
    EXPECT_TRUE(s.store->own_info().ok());
  }
  ASSERT_TRUE(s.disk.remove(file).ok());
  s.reopen();
  EXPECT_NE(s.store->own(KeyKind::kNistP256), nullptr) << "a fresh one";
}

TEST(OpcUaTrust, AStrangerIsRefusedKeptAndTrustedAfterApproval) {
  Stores s;
  const Status refused = s.judge();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find(s.thumbprint), std::string::npos);
  s.reopen();
  ASSERT_EQ(s.store->rejected().size(), 1u);
  EXPECT_EQ(s.store->rejected()[0].info.sha1, s.thumbprint);
  EXPECT_NE(s.store->rejected()[0].why.find("approve"), std::string::npos);

  ASSERT_TRUE(s.store->approve(s.thumbprint).ok());
  EXPECT_TRUE(s.judge().ok());
  EXPECT_TRUE(s.store->rejected().empty());
  s.reopen();
  EXPECT_TRUE(s.judge().ok()) << "after a restart too";

  ASSERT_TRUE(s.store->distrust(s.thumbprint).ok());
  EXPECT_FALSE(s.judge().ok());
  ASSERT_TRUE(s.store->forget(s.thumbprint).ok());
  EXPECT_TRUE(s.store->rejected().empty());
}

TEST(OpcUaTrust, NamesWhatIsWrongWithATrustedCertificate) {
  Stores s;
  ASSERT_TRUE(s.store->trust(s.other->own().certificate).ok());
  EXPECT_TRUE(s.judge("urn:plc:lineshaft").ok());
  EXPECT_NE(s.judge("urn:plc:other").error().what.find("was renamed"), std::string::npos);
  s.clock.jump(-std::chrono::hours(48));
  EXPECT_NE(s.judge().error().what.find("valid only from"), std::string::npos);
  s.clock.jump(std::chrono::hours(24) * 365 * 6);
  EXPECT_NE(s.judge().error().what.find("expired on"), std::string::npos);
}

TEST(OpcUaTrust, BytesThatAreNoCertificateAreRefusedAndNotKept) {
  Stores s;
  for (const Bytes& bytes :
       {Bytes{}, Bytes{0x30}, Bytes(300, 0x30), Bytes{0x30, 0x82, 0xff, 0xff, 0}}) {
    EXPECT_FALSE(s.store->verify(bytes, {}).ok());
  }
  EXPECT_TRUE(s.store->rejected().empty());
}

TEST(OpcUaTrust, AChangedCertificateIsAnotherOne) {
  Stores s;
  ASSERT_TRUE(s.store->trust(s.other->own().certificate).ok());
  Bytes changed = s.other->own().certificate;
  changed.back() ^= 1;  // in the signature
  EXPECT_FALSE(s.store->verify(changed, {}).ok());
}

TEST(OpcUaTrust, ApprovingWhatIsNotThereIsAnError) {
  Stores s;
  EXPECT_EQ(s.store->approve("00").error().id, ErrorId::kNotFound);
  EXPECT_EQ(s.store->distrust("00").error().id, ErrorId::kNotFound);
  EXPECT_EQ(s.store->forget("00").error().id, ErrorId::kNotFound);
}

}  // namespace
}  // namespace lineshaft::connect::opcua

#include "sys/tls_stream.h"

#include <gtest/gtest.h>

#include <optional>

#include "sys/clock.h"
#include "sys/sim/loop.h"

namespace lineshaft::sys {
namespace {

using namespace std::chrono_literals;

const Endpoint kAt{"broker", 8883};
Certificate certificate_for(const std::string& name) {
  // OpenSSL looks at the clock of the machine.
  return make_self_signed_certificate({name}, real_clock().now()).value();
}

// One end of a connection: shakes hands, then reads all that comes.
struct End {
  void start(SimLoop& loop, std::unique_ptr<TcpStream> raw,
             const std::shared_ptr<const TlsContext>& context, const std::string& name) {
    connecting = start_tls(loop, std::move(raw), context, name, 5s,
                           [this](Result<std::unique_ptr<TcpStream>> made) {
                             outcome = made ? Status() : Status(made.error());
                             if (!made) return;
                             stream = *std::move(made);
                             read();
                           });
  }
  void read() {
    stream->read_some(in, [this](Result<std::size_t> count) {
      if (!count) {
        ended = count.error();
        return;
      }
      got.insert(got.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(*count));
      read();
    });
  }
  std::unique_ptr<Connecting> connecting;
  std::optional<Status> outcome;
  std::unique_ptr<TcpStream> stream;
  std::array<std::uint8_t, 4096> in{};
  Bytes got;
  std::optional<Error> ended;
};

struct TlsTest : ::testing::Test {
  // Both ends, each with its options, after a second for the handshake.
  void connect(const TlsOptions& server_options, const TlsOptions& client_options,
               const std::string& name = "broker") {
    const auto server_context = make_tls_context(TlsSide::kServer, server_options).value();
    const auto client_context = make_tls_context(TlsSide::kClient, client_options).value();
    listener.reset();
    listener = loop.listen(kAt,
                           [this, server_context](std::unique_ptr<TcpStream> raw) {
                             server.start(loop, std::move(raw), server_context, "");
                           })
                   .value();
    attempt = loop.connect(kAt, 1s, [=, this](Result<std::unique_ptr<TcpStream>> raw) {
      client.start(loop, std::move(raw).value(), client_context, name);
    });
    loop.run_for(1s);
  }
  TlsOptions shows(const Certificate& own) { return {own.certificate_pem, own.key_pem, "", ""}; }

  SimLoop loop;
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<Connecting> attempt;
  End server;
  End client;
};

TEST_F(TlsTest, CarriesWhatIsSentBothWays) {
  const Certificate own = certificate_for("broker");
  connect(shows(own), {"", "", own.certificate_pem, ""});
  ASSERT_TRUE(client.stream && server.stream);
  Bytes large(1'000'000);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::uint8_t>(i * 31);
  const Bytes small = {1, 2, 3};
  bool large_sent = false;
  client.stream->write_all(large, [&](const Status& s) { large_sent = s.ok(); });
  server.stream->write_all(small, [](const Status&) {});
  loop.run_for(10s);
  EXPECT_TRUE(large_sent);
  EXPECT_EQ(server.got, large);
  EXPECT_EQ(client.got, small);
}

TEST_F(TlsTest, PutsTogetherWhatArrivesByteByByte) {
  loop.set_read_max(1);
  const Certificate own = certificate_for("broker");
  connect(shows(own), {"", "", own.certificate_pem, ""});
  ASSERT_TRUE(client.stream && server.stream);
  const Bytes text = {'h', 'e', 'l', 'l', 'o'};
  client.stream->write_all(text, [](const Status&) {});
  loop.run_for(1s);
  EXPECT_EQ(server.got, text);
}

TEST_F(TlsTest, RefusesACertificateThatNobodyVouchesFor) {
  connect(shows(certificate_for("broker")),
          {"", "", certificate_for("broker").certificate_pem, ""});
  ASSERT_TRUE(client.outcome);
  ASSERT_FALSE(*client.outcome);
  EXPECT_EQ(client.outcome->error().id, ErrorId::kTlsFailed);
  EXPECT_NE(client.outcome->error().what.find("certificate is refused"), std::string::npos);
  EXPECT_FALSE(server.stream && server.got.empty() && !server.ended);
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
  const Certificate own = certificate_for("elsewhere");
  connect(shows(own), {"", "", own.certificate_pem, ""});
  ASSERT_TRUE(client.outcome);
  ASSERT_FALSE(*client.outcome);
  EXPECT_NE(client.outcome->error().what.find("ostname mismatch"), std::string::npos)
      << client.outcome->error().what;
}

TEST_F(TlsTest, TakesAPinnedCertificateOfAnyNameAndNoOther) {
  const Certificate own = certificate_for("elsewhere");
  TlsOptions pinned;
  pinned.fingerprint = certificate_fingerprint(own.certificate_pem).value();
  connect(shows(own), pinned);
  EXPECT_TRUE(client.stream);

  End first_server = std::exchange(server, {});
  End first_client = std::exchange(client, {});
  connect(shows(certificate_for("elsewhere")), pinned);
  ASSERT_TRUE(client.outcome);
  ASSERT_FALSE(*client.outcome);
  EXPECT_NE(client.outcome->error().what.find("fingerprint"), std::string::npos);
}

TEST_F(TlsTest, AServerThatTrustsSomeDemandsACertificateOfItsClients) {
  const Certificate own = certificate_for("broker");
  const Certificate machine = certificate_for("machine");
  TlsOptions server_options = shows(own);
  server_options.trusted_pem = machine.certificate_pem;
  connect(server_options, {machine.certificate_pem, machine.key_pem, own.certificate_pem, ""});
  EXPECT_TRUE(server.stream);
  EXPECT_TRUE(client.stream);

  End first_server = std::exchange(server, {});
  End first_client = std::exchange(client, {});
  connect(server_options, {"", "", own.certificate_pem, ""});
  ASSERT_TRUE(server.outcome);
  EXPECT_FALSE(*server.outcome);
  EXPECT_FALSE(client.stream && !client.ended) << "the client hears of it";
}

// Whoever looks at a connection that does not come up must see whose certificate is refused by
// whom: also where the peer's own is vouched for by a fingerprint.
TEST_F(TlsTest, SaysThatThePeerRefusesOurCertificateOrWantsOne) {
  const Certificate own = certificate_for("broker");
  const Certificate machine = certificate_for("machine");
  const Certificate stranger = certificate_for("stranger");
  TlsOptions server_options = shows(own);
  server_options.trusted_pem = machine.certificate_pem;
  TlsOptions pinned;
  pinned.fingerprint = certificate_fingerprint(own.certificate_pem).value();
  TlsOptions trusting;
  trusting.trusted_pem = own.certificate_pem;
  for (const TlsOptions& how : {pinned, trusting}) {
    for (const bool shows_one : {false, true}) {
      TlsOptions options = how;
      if (shows_one) {
        options.certificate_pem = stranger.certificate_pem;
        options.key_pem = stranger.key_pem;
      }
      End first_server = std::exchange(server, {});
      End first_client = std::exchange(client, {});
      connect(server_options, options);
      ASSERT_TRUE(client.outcome);
      ASSERT_TRUE(client.ended || !*client.outcome);
      const Error& told = *client.outcome ? *client.ended : client.outcome->error();
      EXPECT_EQ(told.id, ErrorId::kTlsFailed);
      EXPECT_NE(told.what.find(shows_one ? "it refuses our certificate" : "it wants a certificate"),
                std::string::npos)
          << told.what;
    }
  }
}

TEST_F(TlsTest, EndsWithWhatSpeaksNoTlsAndWithWhatIsSilent) {
  std::unique_ptr<TcpStream> peer;
  listener =
      loop.listen(kAt, [&](std::unique_ptr<TcpStream> raw) { peer = std::move(raw); }).value();
  const auto context = make_tls_context(TlsSide::kClient, {}).value();
  const auto call = [&] {
    attempt = loop.connect(kAt, 1s, [&](Result<std::unique_ptr<TcpStream>> raw) {
      client.start(loop, std::move(raw).value(), context, "broker");
    });
    loop.run_for(1s);
  };
  call();
  EXPECT_FALSE(client.outcome);
  loop.run_for(5s);
  ASSERT_TRUE(client.outcome);
  EXPECT_EQ(client.outcome->error().id, ErrorId::kTimeout);

  client = {};
  call();
  const Bytes garbage(100, 'x');
  peer->write_all(garbage, [](const Status&) {});
  loop.run_for(1s);
  ASSERT_TRUE(client.outcome);
  EXPECT_EQ(client.outcome->error().id, ErrorId::kTlsFailed);
}

TEST_F(TlsTest, NothingCallsBackAfterTheEnd) {
  const Certificate own = certificate_for("broker");
  connect(shows(own), {"", "", own.certificate_pem, ""});
  ASSERT_TRUE(client.stream && server.stream);
  const Bytes text = {'h', 'i'};
  bool called = false;
  server.stream->write_all(text, [&](const Status&) { called = true; });
  server.stream.reset();
  loop.run_for(1s);
  EXPECT_FALSE(called);
  EXPECT_TRUE(client.ended);
}

TEST(TlsOptionsTest, AreRefusedByField) {
  const Certificate own = certificate_for("x");
  const auto wrong = [](TlsSide side, const TlsOptions& options) {
    return make_tls_context(side, options).error().what;
  };
  EXPECT_EQ(wrong(TlsSide::kServer, {}), "certificate_pem: a server needs one");
  EXPECT_EQ(wrong(TlsSide::kClient, {"no", "", "", ""}),
            "certificate_pem: is not a certificate in PEM");
  EXPECT_EQ(wrong(TlsSide::kClient, {own.certificate_pem, certificate_for("y").key_pem, "", ""}),
            "key_pem: is not the private key of the certificate in PEM");
  EXPECT_EQ(wrong(TlsSide::kClient, {"", "", "no", ""}),
            "trusted_pem: holds no certificate in PEM");
}

}  // namespace
}  // namespace lineshaft::sys

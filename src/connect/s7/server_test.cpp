// The server side: what clients of others may send, and what they get.
#include <gtest/gtest.h>

#include "connect/s7/testing.h"
#include "wire/s7/transport.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

// A client that sends bytes as told and keeps what comes.
struct RawClient {
  RawClient(sys::SimLoop& l, std::uint16_t port) : loop(l) {
    connecting = loop.connect({"plc", port}, 1s, [this](Result<std::unique_ptr<sys::TcpStream>> s) {
      stream = std::move(*s);
      read();
    });
    loop.run_for(1ms);
  }
  void read() {
    stream->read_some(in, [this](Result<std::size_t> count) {
      closed = !count.ok();
      if (closed) return;
      received.insert(received.end(), in.begin(), in.begin() + static_cast<long>(*count));
      read();
    });
  }
  // Sends, and returns what comes within 10 ms.
  Bytes ask(const Bytes& bytes) {
    received.clear();
    out = bytes;
    stream->write_all(out, [](const Status&) {});
    loop.run_for(10ms);
    return received;
  }
  Bytes connect(std::uint16_t tsap = 0x0102) {
    Bytes bytes;
    s7::append_connect_request({1, 10, s7::tsap_bytes(0x0100), s7::tsap_bytes(tsap)}, bytes);
    return ask(bytes);
  }
  // The answer to a job, taken out of its packet.
  Bytes job(const s7::Request& request) {
    Bytes pdu;
    s7::encode_request(7, request, pdu);
    return job_bytes(pdu);
  }
  Bytes job_bytes(const Bytes& pdu) {
    Bytes bytes;
    s7::append_data(pdu, 1024, bytes);
    const Bytes answer = ask(bytes);
    if (answer.size() < 7) return {};
    s7::TransportReader reader(1000);
    ByteSpan left(answer);
    const auto tpdu = reader.next(left).value();
    const auto& data = std::get<s7::Data>(*tpdu);
    return {data.pdu.begin(), data.pdu.end()};
  }
  s7::SetupCommunication setup(std::uint16_t pdu_bytes = 480) {
    const Bytes pdu = job(s7::SetupCommunication{4, 4, pdu_bytes});
    const auto response =
        s7::decode_response(s7::decode_message(pdu).value(), s7::SetupCommunication{});
    return std::get<s7::SetupCommunication>(*response);
  }

  sys::SimLoop& loop;
  std::unique_ptr<sys::Connecting> connecting;
  std::unique_ptr<sys::TcpStream> stream;
  std::array<std::uint8_t, 4096> in{};
  Bytes out;
  Bytes received;
  bool closed = false;
};

struct Bench : Plant {
  NotingCpu device;
  std::unique_ptr<S7Server> server;
  RawClient client;
  explicit Bench(S7ServerOptions options = s7_at(102))
      : server(serve_s7(*this, device, options)), client(loop, 102) {}
};

s7::ReadVar read_of(const s7::Item& item) { return {{item}}; }

TEST(S7Server, ConfirmsTheConnectionAndNegotiates) {
  Bench bench;
  const Bytes confirm = bench.client.connect();
  EXPECT_EQ(confirm, (Bytes{3,    0, 0,  0x16, 0x11, 0xD0, 0, 1,    0x44, 0x31, 0,
                            0xC0, 1, 10, 0xC1, 2,    1,    0, 0xC2, 2,    1,    2}));
  EXPECT_EQ(bench.client.setup(960), (s7::SetupCommunication{4, 4, 480}));
  EXPECT_EQ(bench.client.setup(20), (s7::SetupCommunication{4, 4, 112}));
}

TEST(S7Server, RefusesAnotherTransportAddress) {
  S7ServerOptions options = s7_at(102);
  options.tsap = 0x0102;
  Bench bench(options);
  EXPECT_EQ(bench.client.connect(0x0103), (Bytes{3, 0, 0, 11, 6, 0x80, 0, 1, 0, 0, 3}));
  EXPECT_TRUE(bench.client.closed);
  EXPECT_EQ(bench.server->counters().refused, 1u);
}

TEST(S7Server, AnswersEachElementInItsForm) {
  Bench bench;
  bench.client.connect();
  bench.client.setup();
  bench.device.db()[3] = 0x20;
  const auto data_of = [&](const s7::Item& item) {
    const Bytes pdu = bench.client.job(read_of(item));
    return Bytes(pdu.begin() + 14, pdu.end());
  };
  using s7::Area;
  using s7::Element;
  EXPECT_EQ(data_of({Area::kDataBlock, 1, Element::kBit, 29, 1}), (Bytes{0xFF, 3, 0, 1, 1}));
  EXPECT_EQ(data_of({Area::kDataBlock, 1, Element::kByte, 24, 1}), (Bytes{0xFF, 4, 0, 8, 0x20}));
  EXPECT_EQ(data_of({Area::kDataBlock, 1, Element::kInt, 24, 1}), (Bytes{0xFF, 5, 0, 16, 0x20, 0}));
  EXPECT_EQ(data_of({Area::kDataBlock, 1, Element::kReal, 24, 1}),
            (Bytes{0xFF, 7, 0, 4, 0x20, 0, 0, 0}));
  EXPECT_EQ(data_of({Area::kDataBlock, 2, Element::kByte, 0, 1}), (Bytes{0x0A, 0, 0, 0}));
  EXPECT_EQ(data_of({Area::kDataBlock, 1, Element::kByte, 8000, 1}), (Bytes{0x05, 0, 0, 0}));
  EXPECT_EQ(data_of({Area::kDataBlock, 1, Element::kByte, 25, 1}), (Bytes{0x05, 0, 0, 0}));
  EXPECT_EQ(data_of({Area::kDataBlock, 1, Element::kBit, 0, 2}), (Bytes{0x06, 0, 0, 0}));
  EXPECT_EQ(data_of({Area::kMarker, 0, Element::kTimer, 0, 1}), (Bytes{0x06, 0, 0, 0}));
  EXPECT_EQ(data_of({Area::kMarker, 0, static_cast<Element>(0x55), 0, 1}), (Bytes{0x06, 0, 0, 0}));
}

TEST(S7Server, RefusesAnAnswerThatWouldBeLongerThanAgreed) {
  Bench bench;
  bench.client.connect();
  bench.client.setup(240);
  const s7::Item fits{s7::Area::kDataBlock, 1, s7::Element::kByte, 0, 222};
  EXPECT_EQ(bench.client.job(read_of(fits)).size(), 240u);
  s7::Item longer = fits;
  longer.count = 223;
  EXPECT_EQ(bench.client.job(read_of(longer)), (Bytes{0x32, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0x85, 0}));
  longer.count = 65535;
  EXPECT_EQ(bench.client.job(read_of(longer)).size(), 12u);
}

TEST(S7Server, RefusesJobsBeforeTheNegotiation) {
  Bench bench;
  bench.client.connect();
  const s7::Item item{s7::Area::kDataBlock, 1, s7::Element::kByte, 0, 1};
  EXPECT_EQ(bench.client.job(read_of(item)), (Bytes{0x32, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0x80, 1}));
}

TEST(S7Server, RefusesFunctionsThatItDoesNotHave) {
  Bench bench;
  bench.client.connect();
  bench.client.setup();
  const Bytes stop = {0x32, 1, 0, 0, 0, 9, 0, 1, 0, 0, 0x29};
  EXPECT_EQ(bench.client.job_bytes(stop), (Bytes{0x32, 2, 0, 0, 0, 9, 0, 0, 0, 0, 0x81, 4}));
  EXPECT_FALSE(bench.client.closed);
  EXPECT_EQ(bench.server->counters().refusals, 1u);
}

TEST(S7Server, ClosesWhatSpeaksNoS7) {
  for (const Bytes& bytes :
       {Bytes{'G', 'E', 'T', ' ', '/'},
        Bytes{3, 0, 0, 7, 2, 0xF0, 0x80, 3, 0, 0, 8, 2, 0xF0, 0x80, 0}, Bytes{3, 0, 0xFF, 0xFF}}) {
    Bench bench;
    bench.client.ask(bytes);
    EXPECT_TRUE(bench.client.closed);
    EXPECT_EQ(bench.server->counters().broken, 1u);
    EXPECT_EQ(bench.server->counters().connections, 0u);
  }
}

TEST(S7Server, EndsAConnectionThatDripsOrSleeps) {
  Bench drip;
  drip.client.connect();
  drip.client.setup();
  drip.client.ask({3});
  drip.loop.run_for(4s);
  drip.client.ask({0});
  EXPECT_FALSE(drip.client.closed);
  drip.loop.run_for(2s);
  EXPECT_TRUE(drip.client.closed) << "a packet must be complete within 5 s";
  Bench idle;
  idle.client.connect();
  idle.client.setup();
  idle.loop.run_for(299s);
  EXPECT_FALSE(idle.client.closed);
  idle.loop.run_for(2s);
  EXPECT_TRUE(idle.client.closed);
  Bench silent;
  silent.loop.run_for(6s);
  EXPECT_TRUE(silent.client.closed) << "so must the negotiation";
}

TEST(S7Server, ServesSeveralClientsAndClosesTheOneTooMany) {
  S7ServerOptions options = s7_at(102);
  options.connections_max = 2;
  Bench bench(options);
  RawClient second(bench.loop, 102);
  RawClient third(bench.loop, 102);
  EXPECT_FALSE(bench.client.connect().empty());
  EXPECT_FALSE(second.connect().empty());
  bench.loop.run_for(1ms);
  EXPECT_TRUE(third.closed);
  EXPECT_EQ(bench.server->counters().refused, 1u);
  bench.server->drop_connections();
  bench.loop.run_for(1ms);
  EXPECT_TRUE(bench.client.closed && second.closed);
}

// Goal: no byte of a client brings the server down or is lost. Method: a session cut at every byte.
TEST(S7Server, SurvivesAClientThatLeavesAtAnyByte) {
  Bytes session;
  s7::append_connect_request({1, 10, s7::tsap_bytes(0x0100), s7::tsap_bytes(0x0102)}, session);
  for (const s7::Request& request :
       {s7::Request(s7::SetupCommunication{1, 1, 240}),
        s7::Request(read_of({s7::Area::kDataBlock, 1, s7::Element::kByte, 0, 8})),
        s7::Request(s7::ReadSzl{0x11, 0, {}})}) {
    Bytes pdu;
    s7::encode_request(2, request, pdu);
    s7::append_data(pdu, 16, session);
  }
  for (std::size_t cut = 0; cut <= session.size(); ++cut) {
    Bench bench;
    bench.client.ask(Bytes(session.begin(), session.begin() + static_cast<long>(cut)));
    bench.client.stream.reset();
    bench.loop.run_for(1s);
    EXPECT_EQ(bench.server->counters().connections, 0u);
    RawClient next(bench.loop, 102);
    EXPECT_EQ(next.connect().size(), 22u);
  }
}

}  // namespace
}  // namespace lineshaft::connect

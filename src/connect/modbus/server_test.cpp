#include "connect/modbus/server.h"

#include <gtest/gtest.h>

#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

const sys::Endpoint kAt{"plc", 502};

// A client of raw bytes.
class Client {
 public:
  Client(sys::SimLoop& loop, const sys::Endpoint& to) : loop_(loop) {
    connecting_ = loop.connect(to, 1s, [this](Result<std::unique_ptr<sys::TcpStream>> stream) {
      if (!stream) return;
      stream_ = std::move(*stream);
      read();
    });
    loop.run_for(1ms);
  }
  void send(Bytes bytes) {
    out_ = std::move(bytes);
    stream_->write_all(out_, [](const Status&) {});
    loop_.run_for(10ms);
  }
  Bytes got;
  bool closed = false;
  bool connected() const { return stream_ != nullptr; }

 private:
  void read() {
    stream_->read_some(in_, [this](Result<std::size_t> count) {
      closed = !count.ok();
      if (closed) return;
      got.insert(got.end(), in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(*count));
      read();
    });
  }
  sys::SimLoop& loop_;
  std::unique_ptr<sys::Connecting> connecting_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::array<std::uint8_t, 512> in_{};
  Bytes out_;
};

struct Served {
  explicit Served(ModbusServerOptions options = {}) {
    options.listen = kAt;
    server = make_modbus_server(loop, device, options).value();
  }
  // The PDU of the answer to one request PDU, on a connection of its own; empty: none.
  Bytes ask(const Bytes& pdu, std::uint8_t unit = 1) {
    Client client(loop, kAt);
    Bytes frame;
    modbus::append_frame({0x1234, unit}, pdu, frame);
    client.send(frame);
    if (client.got.size() < modbus::kHeaderBytes) return {};
    EXPECT_EQ(client.got[0], 0x12);
    EXPECT_EQ(client.got[1], 0x34);
    EXPECT_EQ(client.got[6], unit);
    return Bytes(client.got.begin() + 7, client.got.end());
  }
  sys::SimLoop loop;
  MapDevice device;
  std::unique_ptr<ModbusServer> server;
};

TEST(ModbusServer, ServesEveryFunction) {
  Served s;
  s.device.holding[1][100] = 0x0012;
  s.device.input[1][8] = 0x000A;
  s.device.coils[1][3] = true;
  s.device.discretes[1][9] = true;
  EXPECT_EQ(s.ask({1, 0, 0, 0, 4}), (Bytes{1, 1, 0x08}));
  EXPECT_EQ(s.ask({2, 0, 8, 0, 2}), (Bytes{2, 1, 0x02}));
  EXPECT_EQ(s.ask({3, 0, 100, 0, 1}), (Bytes{3, 2, 0, 0x12}));
  EXPECT_EQ(s.ask({4, 0, 8, 0, 1}), (Bytes{4, 2, 0, 0x0A}));
  EXPECT_EQ(s.ask({5, 0, 7, 0xFF, 0}), (Bytes{5, 0, 7, 0xFF, 0}));
  EXPECT_TRUE(s.device.coils[1][7]);
  EXPECT_EQ(s.ask({6, 0, 1, 0, 3}), (Bytes{6, 0, 1, 0, 3}));
  EXPECT_EQ(s.device.holding[1][1], 3);
  EXPECT_EQ(s.ask({15, 0, 20, 0, 2, 1, 3}), (Bytes{15, 0, 20, 0, 2}));
  EXPECT_TRUE(s.device.coils[1][21]);
  EXPECT_EQ(s.ask({16, 0, 2, 0, 2, 4, 0, 5, 0, 6}), (Bytes{16, 0, 2, 0, 2}));
  EXPECT_EQ(s.device.holding[1][3], 6);
  // The standard's example: 0x12 AND 0xF2 OR (0x25 AND NOT 0xF2) = 0x17.
  EXPECT_EQ(s.ask({22, 0, 100, 0, 0xF2, 0, 0x25}), (Bytes{22, 0, 100, 0, 0xF2, 0, 0x25}));
  EXPECT_EQ(s.device.holding[1][100], 0x17);
  EXPECT_EQ(s.ask({23, 0, 50, 0, 1, 0, 50, 0, 1, 2, 0, 77}), (Bytes{23, 2, 0, 77}))
      << "writes before it reads";
  EXPECT_EQ(s.ask({43, 14, 4, 1}), (Bytes{43, 14, 4, 0x83, 0, 0, 1, 1, 3, 'M', '-', '1'}));
}

TEST(ModbusServer, AnswersWithExceptions) {
  Served s;
  EXPECT_EQ(s.ask({3, 0x03, 0xE8, 0, 1}), (Bytes{0x83, 2})) << "the device has 1000";
  EXPECT_EQ(s.ask({3, 0, 0, 0, 126}), (Bytes{0x83, 3}));
  EXPECT_EQ(s.ask({99}), (Bytes{0xE3, 1}));
  EXPECT_EQ(s.ask({3, 0, 0, 0, 1}, 5), (Bytes{0x83, 0x0B})) << "no such unit";
  s.device.plate.clear();
  EXPECT_EQ(s.ask({43, 14, 1, 0}), (Bytes{0xAB, 1}));
  EXPECT_EQ(s.server->counters().exceptions, 5u);
}

TEST(ModbusServer, AnswersRequestsSentAheadInOrder) {
  Served s;
  s.loop.set_read_max(5);  // frames torn apart
  Client client(s.loop, kAt);
  Bytes frames;
  for (std::uint16_t i = 0; i < 20; ++i) {
    s.device.holding[1][i] = i;
    modbus::append_frame({i, 1}, Bytes{3, 0, static_cast<std::uint8_t>(i), 0, 1}, frames);
  }
  client.send(frames);
  s.loop.run_for(1s);
  ASSERT_EQ(client.got.size(), 20u * 11);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(client.got[i * 11 + 1], i);
    EXPECT_EQ(client.got[i * 11 + 10], i);
  }
}

TEST(ModbusServer, DropsAClientThatSendsNoModbus) {
  Served s;
  Client client(s.loop, kAt);
  client.send({'G', 'E', 'T', ' ', '/', ' '});
  EXPECT_TRUE(client.closed);
  EXPECT_EQ(s.server->counters().broken, 1u);
  EXPECT_EQ(s.server->counters().connections, 0u);
}

TEST(ModbusServer, DropsAClientThatDripsOneRequest) {
  ModbusServerOptions options;
  options.frame_timeout = 5s;
  Served s(options);
  Client client(s.loop, kAt);
  for (std::uint8_t byte : Bytes{0, 1, 0, 0, 0}) {
    client.send({byte});
    s.loop.run_for(1s);
  }
  EXPECT_TRUE(client.closed) << "no byte moves the deadline of the frame";
}

TEST(ModbusServer, DropsAnIdleClient) {
  ModbusServerOptions options;
  options.idle_timeout = 60s;
  Served s(options);
  Client client(s.loop, kAt);
  s.loop.run_for(59s);
  EXPECT_FALSE(client.closed);
  s.loop.run_for(2s);
  EXPECT_TRUE(client.closed);
  EXPECT_EQ(s.server->counters().broken, 0u);
}

TEST(ModbusServer, RefusesMoreClientsThanAllowed) {
  ModbusServerOptions options;
  options.connections_max = 1;
  Served s(options);
  Client first(s.loop, kAt);
  Client second(s.loop, kAt);
  s.loop.run_for(10ms);
  EXPECT_FALSE(first.closed);
  EXPECT_TRUE(second.closed);
  EXPECT_EQ(s.server->counters().refused, 1u);
  s.server->drop_connections();
  s.loop.run_for(10ms);
  EXPECT_TRUE(first.closed);
}

TEST(ModbusServer, MisbehavesAsTold) {
  Served s;
  ServerReply reply;
  s.device.reply = [&](std::uint8_t, const modbus::Request&) { return reply; };
  const auto bytes = [&](ServerFault fault) {
    reply.fault = fault;
    Client client(s.loop, kAt);
    client.send({0, 9, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1});
    return std::pair(client.got, client.closed);
  };
  const Bytes right = {0, 9, 0, 0, 0, 5, 1, 3, 2, 0, 0};
  EXPECT_EQ(bytes(ServerFault::kAnswer), std::pair(right, false));
  EXPECT_EQ(bytes(ServerFault::kSilence), std::pair(Bytes{}, false));
  EXPECT_EQ(bytes(ServerFault::kClose), std::pair(Bytes{}, true));
  EXPECT_EQ(bytes(ServerFault::kCloseMidway),
            std::pair(Bytes(right.begin(), right.begin() + 5), true));
  EXPECT_EQ(bytes(ServerFault::kGarbage), std::pair(Bytes(11, 0xA5), false));
  EXPECT_EQ(bytes(ServerFault::kWrongTransaction).first[1], 10);
  EXPECT_EQ(bytes(ServerFault::kWrongUnit).first[6], 2);
  EXPECT_EQ(bytes(ServerFault::kTwice).first.size(), 22u);
  reply = ServerReply{200ms};
  Client client(s.loop, kAt);
  client.send({0, 9, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1});
  EXPECT_TRUE(client.got.empty());
  s.loop.run_for(200ms);
  EXPECT_EQ(client.got, right);
}

TEST(ModbusServer, GoesOnAfterSilence) {
  Served s;
  bool silent = true;
  s.device.reply = [&](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, silent ? ServerFault::kSilence : ServerFault::kAnswer};
  };
  Client client(s.loop, kAt);
  client.send({0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1});
  silent = false;
  client.send({0, 2, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1});
  EXPECT_EQ(client.got, (Bytes{0, 2, 0, 0, 0, 5, 1, 3, 2, 0, 0}));
}

}  // namespace
}  // namespace lineshaft::connect

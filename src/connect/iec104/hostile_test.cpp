// Stations that break, lie, drag and die: the signals go bad once, a healthy neighbour keeps its
// rate, and all comes back by itself.
#include <gtest/gtest.h>

#include "connect/iec104/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;
using iec104::Cause;
using iec104::UFunction;

Bytes confirmation(const iec104::IFrame& asked, bool negative = false) {
  return iec104::mirror(asked.asdu, Cause::kActivationConfirmed, negative);
}

// A station in the hands of the test, beside a healthy Modbus machine (connection 9).
struct Hostile : Plant {
  MapDevice healthy;
  std::unique_ptr<ModbusServer> healthy_server = serve(healthy, 502);
  std::unique_ptr<sys::TcpListener> listener;
  std::list<std::unique_ptr<RawEnd>> ends;
  std::function<void(RawEnd&, const iec104::Frame&)> on_frame;
  ConnectionConfig config = station_config();

  Hostile() {
    put(9, machine(502, 3), 900);
    listener = loop.listen(kStationAt,
                           [this](std::unique_ptr<sys::TcpStream> stream) {
                             ends.push_back(std::make_unique<RawEnd>(std::move(stream)));
                             ends.back()->on_frame = on_frame;
                           })
                   .value();
  }
  void run(Nanoseconds time) {
    put(1, config, 1);
    loop.run_for(time);
  }
  void expect_healthy() {
    EXPECT_EQ(status(9).errors, 0u);
    EXPECT_EQ(status(9).cycles_missed, 0u);
  }
  std::string error() { return status(1).last_error.value_or(""); }
};

// Confirms the start of data transfer; what then comes is the test's.
auto started(std::function<void(RawEnd&, const iec104::IFrame&)> on_data) {
  return [on_data = std::move(on_data)](RawEnd& end, const iec104::Frame& frame) {
    if (const auto* u = std::get_if<iec104::UFrame>(&frame)) {
      if (u->function == UFunction::kStartActivation) {
        end.send_function(UFunction::kStartConfirmation);
      }
      if (u->function == UFunction::kTestActivation) {
        end.send_function(UFunction::kTestConfirmation);
      }
    }
    if (const auto* data = std::get_if<iec104::IFrame>(&frame)) on_data(end, *data);
  };
}

TEST(Iec104Hostile, AStationThatHangsIsFoundOutByT1) {
  Hostile h;
  h.run(14s);
  EXPECT_NE(h.status(1).state, ConnectionState::kConnected);
  h.loop.run_for(2s);
  EXPECT_NE(h.error().find("t1 = 15 s"), std::string::npos) << h.error();
  EXPECT_EQ(h.last(1).quality, quality::kBadTimeout);
  h.loop.run_for(300s);
  for (std::uint32_t tag = 1; tag <= 4; ++tag) EXPECT_EQ(h.bad_samples(tag), 1u);
  EXPECT_GT(h.loop.connections_made(kStationAt), 5u);
  h.expect_healthy();
}

TEST(Iec104Hostile, AStationThatAcknowledgesNothingIsLeft) {
  Hostile h;
  h.on_frame = started([](RawEnd&, const iec104::IFrame&) {});
  h.run(17s);
  EXPECT_NE(h.error().find("acknowledgement"), std::string::npos) << h.error();
  h.expect_healthy();
}

TEST(Iec104Hostile, AnInterrogationThatNeverEndsIsSaidAndTheConnectionStays) {
  Hostile h;
  h.on_frame = started(
      [](RawEnd& end, const iec104::IFrame& data) { end.send_asdu(ByteSpan(confirmation(data))); });
  h.run(40s);
  EXPECT_EQ(h.status(1).state, ConnectionState::kConnected);
  EXPECT_NE(h.error().find("does not end its answer"), std::string::npos) << h.error();
  h.expect_healthy();
}

TEST(Iec104Hostile, GarbageEndsTheConnectionAtOnce) {
  Hostile h;
  h.on_frame = [](RawEnd& end, const iec104::Frame&) { end.send(ByteSpan(Bytes(40, 0xA5))); };
  h.run(100ms);
  EXPECT_EQ(h.status(1).state, ConnectionState::kRetrying) << "no waiting for a timeout";
  EXPECT_EQ(h.last(1).quality, quality::kBadCommunicationError);
  h.loop.run_for(120s);
  EXPECT_EQ(h.bad_samples(1), 1u);
  h.expect_healthy();
}

TEST(Iec104Hostile, NumbersOutOfOrderEndTheConnection) {
  const Bytes value = {13, 1, 3, 0, 1, 0, 100, 0, 0, 0, 0, 0xF7, 0x42, 0};
  for (const iec104::IFrame& wrong : {iec104::IFrame{5, 0, value}, iec104::IFrame{0, 9, value}}) {
    Hostile h;
    h.on_frame = [&](RawEnd& end, const iec104::Frame&) {
      end.send_function(UFunction::kStartConfirmation);
      end.send(wrong);
    };
    h.run(100ms);
    EXPECT_EQ(h.status(1).state, ConnectionState::kRetrying);
    EXPECT_EQ(h.last(1).quality, quality::kBadCommunicationError) << "nothing was taken from it";
    h.expect_healthy();
  }
}

TEST(Iec104Hostile, DataBeforeTheStartIsConfirmedEndsTheConnection) {
  Hostile h;
  h.on_frame = [](RawEnd& end, const iec104::Frame&) {
    end.send_asdu(ByteSpan(Bytes{1, 1, 3, 0, 1, 0, 101, 0, 0, 1}));
  };
  h.run(100ms);
  EXPECT_EQ(h.status(1).state, ConnectionState::kRetrying);
}

// Goal: what cannot be understood costs only itself. Method: lies in whole frames, then a value.
TEST(Iec104Hostile, UnreadableDataUnitsAreCountedAndTheNextIsTaken) {
  const std::vector<Bytes> lies = {
      {1},                                              // no head
      {13, 127, 3, 0, 1, 0, 100, 0, 0, 0, 0, 0, 0, 0},  // 127 objects in the bytes of one
      {13, 0x81, 3, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0, 0},   // too short
      {120, 1, 13, 0, 1, 0, 0, 0, 0, 0},                // file transfer
      {255, 255, 255, 255, 255, 255},                   // the highest of everything
      Bytes(249, 0),
  };
  Hostile h;
  h.on_frame = started([&](RawEnd& end, const iec104::IFrame& data) {
    if (data.send != 0) return;
    for (const Bytes& lie : lies) end.send_asdu(ByteSpan(lie));
    end.send_asdu(ByteSpan(Bytes{13, 1, 3, 0, 1, 0, 100, 0, 0, 0, 0, 0xF7, 0x42, 0}));
  });
  h.run(5s);
  EXPECT_EQ(h.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(h.last(1).value, Value(123.5f));
  EXPECT_EQ(h.status(1).errors - h.status(1).timeouts, lies.size());
  h.expect_healthy();
}

TEST(Iec104Hostile, AnswersOfAnotherStationAreNobodys) {
  Hostile h;
  h.on_frame = started([](RawEnd& end, const iec104::IFrame& data) {
    Bytes other = confirmation(data);
    other[4] = 77;
    end.send_asdu(ByteSpan(other));
    end.send_asdu(ByteSpan(Bytes{13, 1, 3, 0, 77, 0, 100, 0, 0, 0, 0, 0xF7, 0x42, 0}));
  });
  h.run(5s);
  EXPECT_GT(h.status(1).late_answers, 0u);
  EXPECT_EQ(h.status(1).tags_bad, 4u) << "a value of station 77 is not one of station 1";
  EXPECT_GT(h.status(1).timeouts, 0u);
}

TEST(Iec104Hostile, ALateConfirmationIsNotTakenForTheNextCommand) {
  Hostile h;
  h.config.signals[1].writable = true;
  Bytes first;
  h.on_frame = started([&](RawEnd& end, const iec104::IFrame& data) {
    end.acknowledge();
    if (data.asdu[0] != 45) return;
    if (first.empty()) {
      first = confirmation(data);  // kept back
    } else {
      end.send_asdu(ByteSpan(first));
    }
  });
  h.run(30s);
  std::vector<Result<WriteOutcome>> outcomes;
  const auto note = [&](Result<WriteOutcome> outcome) { outcomes.push_back(std::move(outcome)); };
  h.manager->write(kTenant, {2}, true, note);
  h.loop.run_for(3s);
  h.manager->write(kTenant, {2}, false, note);
  h.loop.run_for(10s);
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].error().id, ErrorId::kTimeout);
  EXPECT_NE(outcomes[0].error().what.find("may or may not"), std::string::npos);
  EXPECT_EQ(outcomes[1].error().id, ErrorId::kTimeout) << "the late answer confirmed another value";
  EXPECT_EQ(h.status(1).late_answers, 1u);
}

TEST(Iec104Hostile, AStationThatSaysItRestartedIsAskedAgain) {
  Hostile h;
  int interrogations = 0;
  h.on_frame = started([&](RawEnd& end, const iec104::IFrame& data) {
    if (data.asdu[0] != 100) return end.acknowledge();
    interrogations += 1;
    end.send_asdu(ByteSpan(confirmation(data)));
    end.send_asdu(ByteSpan(iec104::mirror(data.asdu, Cause::kActivationTerminated, false)));
    if (interrogations == 1) {
      end.send_asdu(ByteSpan(Bytes{70, 1, 4, 0, 1, 0, 0, 0, 0, 2}));
    }
  });
  h.run(5s);
  EXPECT_EQ(interrogations, 2);
  std::vector<std::string> events;
  for (const auto& event : h.manager->events({1})) events.push_back(event.event);
  EXPECT_EQ(std::ranges::count(events, "restarted"), 1);
}

TEST(Iec104Hostile, ValuesSentDuringATestAreNotUsed) {
  Hostile h;
  h.on_frame = started([](RawEnd& end, const iec104::IFrame&) {
    end.send_asdu(ByteSpan(Bytes{13, 1, 3 | 0x80, 0, 1, 0, 100, 0, 0, 0, 0, 0xF7, 0x42, 0}));
  });
  h.run(1s);
  EXPECT_EQ(h.status(1).tags_bad, 4u);
}

struct Pair : Plant {  // our client and our server
  TestPlant plant;
  std::unique_ptr<Iec104Server> server;
  Pair() {
    Iec104ServerOptions options;
    options.listen = kStationAt;
    server = make_iec104_server(loop, plant, station_points(), options).value();
  }
};

// Goal: wherever the stream of the station is cut, no value is invented and the connection comes
// back. Method: every offset of a whole session.
TEST(Iec104Hostile, AConnectionCutAtAnyByteComesBack) {
  for (std::uint64_t offset = 0; offset <= 150; ++offset) {
    SCOPED_TRACE(offset);
    Pair p;
    p.loop.cut_after(kStationAt, offset);
    p.put(1, station_config(), 1);
    p.loop.run_for(25s);
    p.loop.cut_after(kStationAt, std::nullopt);
    p.loop.cut(kStationAt);
    p.loop.run_for(31s);
    ASSERT_EQ(p.status(1).state, ConnectionState::kConnected);
    ASSERT_EQ(p.status(1).tags_bad, 0u);
    for (const Sample& sample : p.sink.of(1)) {
      ASSERT_TRUE(sample.value == Value(12.5f) ||
                  (sample.quality.bad() && sample.value == Value(0.0f)));
    }
  }
}

// Goal: an event that the station got rid of was stored. Method: cuts at many offsets while events
// run; each carries its number.
TEST(Iec104Hostile, NoEventIsLostWhereverTheConnectionIsCut) {
  for (std::uint64_t offset = 140; offset <= 400; offset += 7) {
    SCOPED_TRACE(offset);
    Pair p;
    p.loop.cut_after(kStationAt, offset);
    p.put(1, station_config(), 1);
    std::vector<Value> sent;
    for (int i = 0; i < 40; ++i) {
      p.loop.run_for(500ms);
      sent.emplace_back(static_cast<float>(1000 + i));
      p.server->set(100, {sent.back(), quality::kGood}, p.clock.now());
    }
    p.loop.cut_after(kStationAt, std::nullopt);
    p.loop.cut(kStationAt);
    p.loop.run_for(60s);
    const auto stored = p.sink.of(1);
    for (const Value& value : sent) {
      const auto same = [&](const Sample& sample) {
        return sample.quality.good() && sample.value == value;
      };
      ASSERT_TRUE(std::ranges::any_of(stored, same)) << to_text(value);
    }
  }
}

}  // namespace
}  // namespace lineshaft::connect

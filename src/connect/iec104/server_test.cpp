// The controlled station of ours, asked by a client in the hands of the test.
#include <gtest/gtest.h>

#include "connect/iec104/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;
using iec104::Cause;
using iec104::Type;
using iec104::UFunction;

using Heard = std::vector<std::string>;

struct Centre : Plant {
  TestPlant plant;
  Iec104ServerOptions options;
  std::vector<Iec104ServedPoint> points = station_points();
  std::unique_ptr<Iec104Server> server;
  std::list<std::unique_ptr<RawEnd>> ends;
  std::vector<std::unique_ptr<sys::Connecting>> connecting;

  Centre() {
    options.listen = kStationAt;
    points[1].command = iec104::CommandKind::kSingle;
  }
  void serve() { server = make_iec104_server(loop, plant, points, options).value(); }
  RawEnd& connect() {
    if (server == nullptr) serve();
    connecting.push_back(loop.connect(kStationAt, 1s, [this](auto stream) {
      ends.push_back(std::make_unique<RawEnd>(*std::move(stream)));
    }));
    loop.run_for(10ms);
    return *ends.back();
  }
  RawEnd& start() {
    RawEnd& end = connect();
    end.send_function(UFunction::kStartActivation);
    loop.run_for(10ms);
    EXPECT_EQ(end.heard.at(0), "U 11");
    end.heard.clear();
    return end;
  }
  Heard ask(RawEnd& end, const Bytes& asdu) {
    end.heard.clear();
    end.asdus.clear();
    end.send_asdu(ByteSpan(asdu));
    loop.run_for(100ms);
    end.acknowledge();
    loop.run_for(100ms);
    return end.heard;
  }
};

const Bytes kInterrogation = {100, 1, 6, 5, 1, 0, 0, 0, 0, 20};

TEST(Iec104Server, AnswersAnInterrogationWithoutTimesAndWithCause20) {
  Centre c;
  RawEnd& end = c.start();
  EXPECT_EQ(c.ask(end, kInterrogation),
            (Heard{"C_IC_NA_1 activation confirmation (7)", "M_ME_NC_1 interrogation (20)",
                   "M_SP_NA_1 interrogation (20)", "M_ME_NB_1 interrogation (20)",
                   "C_IC_NA_1 activation termination (10)"}));
  EXPECT_EQ(end.asdus[1].head.originator, 5);
  EXPECT_EQ(end.asdus[1].objects[0].element, iec104::Element(iec104::ShortFloat{12.5f, {}}));
}

TEST(Iec104Server, CountersHaveTheirOwnInterrogation) {
  Centre c;
  RawEnd& end = c.start();
  EXPECT_EQ(c.ask(end, {101, 1, 6, 0, 1, 0, 0, 0, 0, 5}),
            (Heard{"C_CI_NA_1 activation confirmation (7)", "M_IT_NA_1 counter interrogation (37)",
                   "C_CI_NA_1 activation termination (10)"}));
}

TEST(Iec104Server, KeepsToTheWindowInALongAnswer) {
  Centre c;
  c.points.clear();
  for (std::uint32_t i = 1; i <= 2000; ++i) {
    Iec104ServedPoint point;
    point.address = i;
    point.format.kind = iec104::PointKind::kFloat;
    point.reading = {static_cast<float>(i), quality::kGood};
    c.points.push_back(point);
  }
  RawEnd& end = c.start();
  end.send_asdu(ByteSpan(kInterrogation));
  c.loop.run_for(1s);
  EXPECT_EQ(end.heard.size(), 12u) << "k = 12, none acknowledged";
  for (int i = 0; i < 10; ++i) {
    end.acknowledge();
    c.loop.run_for(100ms);
  }
  std::size_t told = 0;
  for (const auto& asdu : end.asdus)
    told += asdu.head.type == Type::kShortFloat ? asdu.objects.size() : 0;
  EXPECT_EQ(told, 2000u);
  EXPECT_EQ(end.heard.back(), "C_IC_NA_1 activation termination (10)");
}

TEST(Iec104Server, RefusesWithTheReasonOfTheStandard) {
  Centre c;
  RawEnd& end = c.start();
  EXPECT_EQ(c.ask(end, {126, 1, 6, 0, 1, 0, 0, 0, 0, 1}),
            (Heard{"-type 126 unknown type identification (44)"}));
  EXPECT_EQ(c.ask(end, {100, 1, 3, 0, 1, 0, 0, 0, 0, 20}),
            (Heard{"-C_IC_NA_1 unknown cause of transmission (45)"}));
  EXPECT_EQ(c.ask(end, {100, 1, 6, 0, 2, 0, 0, 0, 0, 20}),
            (Heard{"-C_IC_NA_1 unknown common address (46)"}));
  EXPECT_EQ(c.ask(end, {102, 1, 5, 0, 1, 0, 9, 9, 9}),
            (Heard{"-C_RD_NA_1 unknown information object address (47)"}));
  EXPECT_EQ(c.ask(end, {45, 1, 6, 0, 1, 0, 100, 0, 0, 1}),
            (Heard{"-C_SC_NA_1 unknown information object address (47)"}))
      << "takes no command";
  EXPECT_EQ(c.ask(end, {46, 1, 6, 0, 1, 0, 101, 0, 0, 2}),
            (Heard{"-C_DC_NA_1 unknown type identification (44)"}));
  EXPECT_EQ(c.ask(end, {1, 1, 3, 0, 1, 0, 101, 0, 0, 1}),
            (Heard{"-M_SP_NA_1 unknown type identification (44)"}))
      << "a client sends no values";
  EXPECT_EQ(c.ask(end, {100, 1, 6, 0, 1, 0, 0, 0, 0, 33}),
            (Heard{"-C_IC_NA_1 activation confirmation (7)"}))
      << "there are no groups";
  EXPECT_TRUE(c.plant.commands.empty());
  EXPECT_EQ(c.server->counters().negative, 8u);
}

TEST(Iec104Server, ReadsOnePointOnRequest) {
  Centre c;
  EXPECT_EQ(c.ask(c.start(), {102, 1, 5, 0, 1, 0, 102, 0, 0}), (Heard{"M_ME_NB_1 requested (5)"}));
}

TEST(Iec104Server, CarriesOutACommandConfirmsTerminatesAndShowsIt) {
  Centre c;
  c.plant.carry_out = [&](std::uint32_t address, const Value& value) {
    c.server->set(address, {value, quality::kGood}, c.clock.now(), Cause::kReturnRemote);
    return true;
  };
  EXPECT_EQ(c.ask(c.start(), {45, 1, 6, 0, 1, 0, 101, 0, 0, 0}),
            (Heard{"C_SC_NA_1 activation confirmation (7)", "C_SC_NA_1 activation termination (10)",
                   "M_SP_TB_1 return information of a remote command (11)"}));
}

TEST(Iec104Server, ACommandSentAsATestIsConfirmedAndNotCarriedOut) {
  Centre c;
  EXPECT_EQ(c.ask(c.start(), {45, 1, 0x86, 0, 1, 0, 101, 0, 0, 0}).size(), 2u);
  EXPECT_TRUE(c.plant.commands.empty());
}

TEST(Iec104Server, ASelectionHoldsForItsCommandAndItsTime) {
  Centre c;
  c.points[1].select_required = true;
  RawEnd& end = c.start();
  const Bytes select = {45, 1, 6, 0, 1, 0, 101, 0, 0, 0x81};
  const Bytes execute = {45, 1, 6, 0, 1, 0, 101, 0, 0, 0x01};
  const Bytes other = {45, 1, 6, 0, 1, 0, 101, 0, 0, 0x00};
  const Bytes cancel = {45, 1, 8, 0, 1, 0, 101, 0, 0, 0x01};
  const Heard refused = {"-C_SC_NA_1 activation confirmation (7)"};
  EXPECT_EQ(c.ask(end, execute), refused) << "not selected";
  EXPECT_EQ(c.ask(end, select).size(), 1u);
  EXPECT_EQ(c.ask(end, other), refused) << "another value than selected";
  EXPECT_EQ(c.ask(end, execute), refused) << "that used the selection up";
  c.ask(end, select);
  EXPECT_EQ(c.ask(end, cancel), (Heard{"C_SC_NA_1 deactivation confirmation (9)"}));
  EXPECT_EQ(c.ask(end, execute), refused) << "taken back";
  c.ask(end, select);
  end.on_frame = [](RawEnd& e, const iec104::Frame& f) {
    const auto* u = std::get_if<iec104::UFrame>(&f);
    if (u != nullptr) e.send_function(UFunction::kTestConfirmation);
  };
  c.loop.run_for(31s);
  EXPECT_EQ(c.ask(end, execute).back(), refused[0]) << "too late";
  c.ask(end, select);
  EXPECT_EQ(c.ask(end, execute).size(), 2u);
  EXPECT_EQ(c.plant.commands.size(), 1u);
}

TEST(Iec104Server, BuffersEventsWhileNobodyListensAndDropsTheOldest) {
  Centre c;
  c.options.events_max = 3;
  c.serve();
  for (int i = 0; i < 5; ++i) {
    c.server->set(100, {static_cast<float>(i), quality::kGood}, c.clock.now());
  }
  EXPECT_EQ(c.server->counters().events_dropped, 2u);
  RawEnd& end = c.connect();
  c.loop.run_for(1s);
  EXPECT_TRUE(end.heard.empty()) << "not before it is started";
  end.send_function(UFunction::kStartActivation);
  c.loop.run_for(1s);
  ASSERT_EQ(end.asdus.size(), 3u);
  EXPECT_EQ(end.asdus[0].objects[0].element, iec104::Element(iec104::ShortFloat{2.0f, {}}));
  EXPECT_EQ(end.asdus[0].head.type, Type::kShortFloatTime56);
}

TEST(Iec104Server, WhatWasNotAcknowledgedIsSentAgain) {
  Centre c;
  RawEnd& end = c.start();
  c.server->set(100, {1.0f, quality::kGood}, c.clock.now());
  c.loop.run_for(10ms);
  EXPECT_EQ(end.asdus.size(), 1u);
  end.close();
  c.loop.run_for(10ms);
  RawEnd& second = c.start();
  EXPECT_EQ(second.asdus.size(), 1u);
  second.acknowledge();
  c.loop.run_for(10ms);
  second.close();
  c.loop.run_for(10ms);
  EXPECT_TRUE(c.start().asdus.empty()) << "acknowledged is delivered";
}

TEST(Iec104Server, OneConnectionOfAGroupIsStartedAtATime) {
  Centre c;
  RawEnd& first = c.start();
  RawEnd& standby = c.connect();
  c.loop.run_for(1s);
  EXPECT_FALSE(first.closed);
  standby.send_function(UFunction::kStartActivation);
  c.loop.run_for(10ms);
  EXPECT_TRUE(first.closed);
  c.server->set(100, {1.0f, quality::kGood}, c.clock.now());
  c.loop.run_for(10ms);
  EXPECT_EQ(standby.asdus.size(), 1u);
}

TEST(Iec104Server, RefusesAConnectionTooMany) {
  Centre c;
  c.options.connections_max = 1;
  c.connect();
  EXPECT_TRUE(c.connect().closed);
  EXPECT_EQ(c.server->counters().refused, 1u);
}

TEST(Iec104Server, ASilentClientIsTestedAndLeft) {
  Centre c;
  RawEnd& end = c.start();
  c.loop.run_for(21s);
  EXPECT_EQ(end.heard, (Heard{"U 67"}));
  c.loop.run_for(15s);
  EXPECT_TRUE(end.closed);
  EXPECT_EQ(c.server->counters().broken, 1u);
}

TEST(Iec104Server, AClientThatBreaksTheRulesIsLeft) {
  for (const Bytes& bytes : {Bytes{0x69}, Bytes{0x68, 3},
                             Bytes{0x68, 14, 2, 0, 0, 0, 100, 1, 6, 0, 1, 0, 0, 0, 0, 20}}) {
    Centre c;
    RawEnd& end = c.start();
    end.send(ByteSpan(bytes));
    c.loop.run_for(10ms);
    EXPECT_TRUE(end.closed);
    EXPECT_EQ(c.server->counters().broken, 1u);
  }
  Centre c;
  RawEnd& end = c.start();
  end.send_asdu(
      ByteSpan(Bytes{45, 2, 6, 0, 1, 0, 101, 0, 0, 0}));  // two objects in the room of one
  c.loop.run_for(10ms);
  EXPECT_TRUE(end.closed);
}

TEST(Iec104Server, AClientThatAsksAndDoesNotTakeTheAnswersIsLeft) {
  Centre c;
  RawEnd& end = c.start();
  for (int i = 0; i < 400; ++i)
    end.send_asdu(ByteSpan(Bytes{104, 1, 6, 0, 1, 0, 0, 0, 0, 0xAA, 0x55}));
  c.loop.run_for(1s);
  EXPECT_TRUE(end.closed);
  EXPECT_EQ(end.asdus.size(), 12u) << "k of them; none was acknowledged";
}

TEST(Iec104Server, AClientThatDripsBytesIsLeft) {
  Centre c;
  RawEnd& end = c.start();
  for (int i = 0; i < 60 && !end.closed; ++i) {
    end.send(ByteSpan(Bytes{static_cast<std::uint8_t>(i == 0 ? 0x68 : i == 1 ? 250 : 0)}));
    c.loop.run_for(1s);
  }
  EXPECT_TRUE(end.closed) << "t3 and t1 count whole frames";
}

TEST(Iec104Server, IsFoundByAKnockThatChangesNothing) {
  Centre c;
  RawEnd& end = c.start();
  ScanRequest request;
  request.hosts = {kStationAt.host};
  for (int beside : {0, 1}) {  // nobody is there
    const auto port = static_cast<std::uint16_t>(kStationAt.port + beside);
    request.doors.push_back({Protocol::kIec104, {port, false}});
  }
  std::optional<std::vector<ScanHit>> hits;
  c.manager->scan(std::move(request), [&](auto found) { hits = found.value().hits; });
  c.loop.run_for(5s);
  ASSERT_TRUE(hits.has_value());
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ(hits->front().host, kStationAt.host);
  EXPECT_FALSE(end.closed);
}

}  // namespace
}  // namespace lineshaft::connect

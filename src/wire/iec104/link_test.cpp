#include "wire/iec104/link.h"

#include <gtest/gtest.h>

namespace lineshaft::iec104 {
namespace {

using namespace std::chrono_literals;
using Event = Received::Event;

const Bytes kAsdu = {0x64, 1, 6, 0, 1, 0, 0, 0, 0, 0x14};

// The frames a link put out, taken away; each as text: "I 3/5", "S 5", "U 07".
std::vector<std::string> said(Link& link) {
  std::vector<std::string> frames;
  FrameReader reader;
  const Bytes bytes = std::exchange(link.output(), {});
  ByteSpan input = bytes;
  while (!input.empty()) {
    const Frame frame = **reader.next(input);
    if (const auto* i = std::get_if<IFrame>(&frame)) {
      frames.push_back("I " + std::to_string(i->send) + "/" + std::to_string(i->receive));
    } else if (const auto* s = std::get_if<SFrame>(&frame)) {
      frames.push_back("S " + std::to_string(s->receive));
    } else {
      frames.push_back("U " + std::to_string(static_cast<int>(std::get<UFrame>(frame).function)));
    }
  }
  return frames;
}

using Said = std::vector<std::string>;

IFrame data(std::uint16_t send, std::uint16_t receive) { return {send, receive, kAsdu}; }
UFrame function(UFunction f) { return {f}; }

Link client(LinkSettings settings = {}) {
  Link link(Role::kControlling, settings, 0s);
  link.request_start(0s);
  link.output().clear();
  EXPECT_EQ(link.take(function(UFunction::kStartConfirmation), 0s)->event, Event::kStarted);
  return link;
}

Link server(LinkSettings settings = {}) {
  Link link(Role::kControlled, settings, 0s);
  EXPECT_EQ(link.take(function(UFunction::kStartActivation), 0s)->event, Event::kStarted);
  EXPECT_EQ(said(link), (Said{"U 11"}));
  return link;
}

TEST(Link, DefaultsAreThoseOfTheStandard) {
  const LinkSettings settings;
  EXPECT_EQ(settings.k, 12);
  EXPECT_EQ(settings.w, 8);
  EXPECT_EQ(settings.t1, 15s);
  EXPECT_EQ(settings.t2, 10s);
  EXPECT_EQ(settings.t3, 20s);
  EXPECT_TRUE(check_link_settings(settings).ok());
}

TEST(Link, SettingsThatCannotWorkAreRefused) {
  EXPECT_FALSE(check_link_settings({0, 8, 15s, 10s, 20s}).ok());
  EXPECT_FALSE(check_link_settings({32768, 8, 15s, 10s, 20s}).ok());
  EXPECT_FALSE(check_link_settings({12, 0, 15s, 10s, 20s}).ok());
  EXPECT_FALSE(check_link_settings({12, 13, 15s, 10s, 20s}).ok());
  EXPECT_FALSE(check_link_settings({12, 8, 10s, 10s, 20s}).ok());
  EXPECT_FALSE(check_link_settings({12, 8, 15s, 0s, 20s}).ok());
  EXPECT_FALSE(check_link_settings({12, 8, 15s, 10s, 0s}).ok());
  EXPECT_TRUE(check_link_settings({1, 1, 2s, 1s, 1s}).ok());
}

TEST(Link, StartsAndStopsOnRequest) {
  Link link(Role::kControlling, {}, 0s);
  EXPECT_TRUE(link.stopped());
  EXPECT_FALSE(link.can_send());
  link.request_start(0s);
  EXPECT_EQ(said(link), (Said{"U 7"}));
  EXPECT_FALSE(link.can_send());
  EXPECT_EQ(link.take(function(UFunction::kStartConfirmation), 1s)->event, Event::kStarted);
  EXPECT_TRUE(link.can_send());
  link.request_stop(2s);
  EXPECT_EQ(said(link), (Said{"U 19"}));
  EXPECT_FALSE(link.can_send());
  EXPECT_EQ(link.take(data(0, 0), 2s)->event, Event::kAsdu) << "was on its way";
  EXPECT_EQ(link.take(function(UFunction::kStopConfirmation), 3s)->event, Event::kStopped);
  EXPECT_FALSE(link.take(data(1, 0), 3s).ok());
}

TEST(Link, AConfirmationNobodyAskedForSaysNothing) {
  Link link(Role::kControlling, {}, 0s);
  EXPECT_EQ(link.take(function(UFunction::kStartConfirmation), 0s)->event, Event::kNothing);
  EXPECT_TRUE(link.stopped());
}

TEST(Link, StartAndStopBelongToTheControllingStation) {
  Link c = client();
  EXPECT_EQ(c.take(function(UFunction::kStartActivation), 0s).error().id, ErrorId::kBadAnswer);
  Link s = server();
  EXPECT_EQ(s.take(function(UFunction::kStopConfirmation), 0s).error().id, ErrorId::kBadAnswer);
}

TEST(Link, AStationConfirmsTheStopWhenAllItSentIsAcknowledged) {
  Link link = server();
  link.send(kAsdu, 0s);
  link.send(kAsdu, 0s);
  EXPECT_EQ(link.take(data(0, 0), 1s)->event, Event::kAsdu);
  said(link);
  EXPECT_EQ(link.take(function(UFunction::kStopActivation), 1s)->event, Event::kNothing);
  EXPECT_FALSE(link.can_send());
  EXPECT_EQ(said(link), (Said{}));
  EXPECT_EQ(link.take(SFrame{1}, 1s)->event, Event::kNothing);
  EXPECT_EQ(link.take(SFrame{2}, 1s)->event, Event::kStopped);
  EXPECT_EQ(said(link), (Said{"S 1", "U 35"}));
  EXPECT_EQ(link.take(function(UFunction::kStopActivation), 1s)->event, Event::kNothing);
  EXPECT_EQ(said(link), (Said{"U 35"})) << "asked again, told again";
}

TEST(Link, SendsNoMoreThanKWithoutAnAcknowledgement) {
  Link link = client();
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(link.can_send());
    link.send(kAsdu, 0s);
  }
  EXPECT_FALSE(link.can_send());
  EXPECT_EQ(link.unacknowledged(), 12u);
  EXPECT_TRUE(link.take(SFrame{5}, 0s).ok());
  EXPECT_EQ(link.unacknowledged(), 7u);
  EXPECT_TRUE(link.can_send());
  EXPECT_TRUE(link.take(data(0, 12), 0s).ok()) << "data acknowledges too";
  EXPECT_EQ(link.unacknowledged(), 0u);
}

TEST(Link, AcknowledgesAfterWFrames) {
  Link link = client();
  for (std::uint16_t i = 0; i < 7; ++i) EXPECT_TRUE(link.take(data(i, 0), 0s).ok());
  EXPECT_EQ(said(link), (Said{}));
  EXPECT_TRUE(link.take(data(7, 0), 0s).ok());
  EXPECT_EQ(said(link), (Said{"S 8"}));
}

TEST(Link, AcknowledgesAfterT2AndNotBefore) {
  Link link = client();
  EXPECT_TRUE(link.take(data(0, 0), 1s).ok());
  EXPECT_TRUE(link.take(data(1, 0), 9s).ok());
  EXPECT_EQ(link.next_time(), 11s) << "ten seconds from the first, not the last";
  EXPECT_TRUE(link.on_time(10s).ok());
  EXPECT_EQ(said(link), (Said{}));
  EXPECT_TRUE(link.on_time(11s).ok());
  EXPECT_EQ(said(link), (Said{"S 2"}));
  EXPECT_EQ(link.next_time(), 29s) << "t3 from the last frame";
}

TEST(Link, DataCarriesTheAcknowledgement) {
  Link link = client();
  EXPECT_TRUE(link.take(data(0, 0), 0s).ok());
  link.send(kAsdu, 1s);
  EXPECT_EQ(said(link), (Said{"I 0/1"}));
  EXPECT_TRUE(link.on_time(11s).ok());
  EXPECT_EQ(said(link), (Said{})) << "nothing is left to acknowledge";
}

TEST(Link, TestsASilentConnectionAfterT3AndGivesUpAfterT1) {
  Link link = client();
  EXPECT_EQ(link.next_time(), 20s);
  EXPECT_TRUE(link.on_time(20s).ok());
  EXPECT_EQ(said(link), (Said{"U 67"}));
  EXPECT_EQ(link.next_time(), 35s);
  EXPECT_TRUE(link.on_time(34s).ok());
  EXPECT_EQ(said(link), (Said{})) << "one test at a time";
  EXPECT_EQ(link.on_time(35s).error().id, ErrorId::kTimeout);
}

TEST(Link, ATestThatIsAnsweredCountsAsLife) {
  Link link = client();
  EXPECT_TRUE(link.on_time(20s).ok());
  EXPECT_TRUE(link.take(function(UFunction::kTestConfirmation), 21s).ok());
  EXPECT_EQ(link.next_time(), 41s);
  EXPECT_TRUE(link.take(function(UFunction::kTestActivation), 30s).ok());
  EXPECT_EQ(link.next_time(), 50s);
  said(link);
}

TEST(Link, AnswersATestInEveryState) {
  Link stopped(Role::kControlled, {}, 0s);
  EXPECT_TRUE(stopped.take(function(UFunction::kTestActivation), 0s).ok());
  EXPECT_EQ(said(stopped), (Said{"U 131"}));
}

TEST(Link, GivesUpWhenStartIsNotConfirmed) {
  Link link(Role::kControlling, {}, 0s);
  link.request_start(3s);
  EXPECT_EQ(link.next_time(), 18s);
  EXPECT_TRUE(link.take(function(UFunction::kTestActivation), 10s).ok());
  EXPECT_EQ(link.on_time(18s).error().id, ErrorId::kTimeout);
}

// Symptom elsewhere: a partial acknowledgement left the clock of the first frame running, so that a
// busy connection was closed although every frame was acknowledged in time.
TEST(Link, T1CountsFromTheOldestFrameThatIsStillWaiting) {
  Link link = client();
  link.send(kAsdu, 0s);
  link.send(kAsdu, 10s);
  EXPECT_EQ(link.next_time(), 15s);
  EXPECT_TRUE(link.take(SFrame{1}, 14s).ok());
  EXPECT_TRUE(link.on_time(15s).ok());
  EXPECT_EQ(link.next_time(), 25s);
  EXPECT_EQ(link.on_time(25s).error().id, ErrorId::kTimeout);
}

TEST(Link, NumbersOutOfOrderAreRefused) {
  EXPECT_FALSE(client().take(data(1, 0), 0s).ok()) << "one is missing";
  Link twice = client();
  EXPECT_TRUE(twice.take(data(0, 0), 0s).ok());
  EXPECT_FALSE(twice.take(data(0, 0), 0s).ok()) << "one came twice";
  EXPECT_FALSE(client().take(SFrame{1}, 0s).ok()) << "nothing was sent";
  Link back = client();
  back.send(kAsdu, 0s);
  back.send(kAsdu, 0s);
  EXPECT_TRUE(back.take(SFrame{2}, 0s).ok());
  EXPECT_FALSE(back.take(SFrame{1}, 0s).ok()) << "an acknowledgement taken back";
}

TEST(Link, DataWhileStoppedIsRefused) {
  Link s(Role::kControlled, {}, 0s);
  EXPECT_FALSE(s.take(data(0, 0), 0s).ok());
  Link c(Role::kControlling, {}, 0s);
  c.request_start(0s);
  EXPECT_FALSE(c.take(data(0, 0), 0s).ok()) << "the confirmation comes first";
}

// Goal: numbers wrap without a trace. Method: both ends, more than twice 32768 frames each way.
TEST(Link, RunsAcrossTheWrapOfTheNumbers) {
  Link c = client();
  Link s = server();
  const auto carry = [](Link& from, Link& to) {
    FrameReader reader;
    const Bytes bytes = std::exchange(from.output(), {});
    ByteSpan input = bytes;
    std::size_t data_frames = 0;
    while (!input.empty()) {
      const auto received = to.take(**reader.next(input), 0s);
      EXPECT_TRUE(received.ok()) << received.error().what;
      if (received->event == Event::kAsdu) data_frames += 1;
    }
    return data_frames;
  };
  std::size_t to_server = 0;
  std::size_t to_client = 0;
  for (int round = 0; round < 7100; ++round) {
    while (s.can_send()) s.send(kAsdu, 0s);
    to_client += carry(s, c);
    if (round % 3 == 0) c.send(kAsdu, 0s);
    to_server += carry(c, s);
  }
  EXPECT_GT(to_client, 65'536u);
  EXPECT_EQ(to_server, 2367u) << "every third round of 7100";
}

}  // namespace
}  // namespace lineshaft::iec104

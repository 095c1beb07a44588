// Agents that break, lie and drag; clients that do so to ours.
#include <gtest/gtest.h>

#include "connect/mtconnect/testing.h"
#include "wire/mtconnect/multipart.h"

namespace lineshaft::connect {
namespace {

using namespace testing;
using mtconnect::testing::observation;

mtconnect::Header header(std::uint64_t first, std::uint64_t next, std::uint64_t instance = 42) {
  mtconnect::Header header = mtconnect::testing::header();
  header.instance_id = instance;
  header.first_sequence = first;
  header.last_sequence = next - 1;
  header.next_sequence = next;
  return header;
}

std::string devices_text(std::uint64_t instance = 42) {
  return mtconnect::write_devices({header(1, 10, instance), mtconnect::testing::mill()});
}

std::string streams(const mtconnect::Header& header, const std::string& x, std::uint64_t sequence) {
  return mtconnect::write_streams(
      {header, {observation("xpos", mtconnect::Category::kSample, sequence, x)}},
      mtconnect::testing::mill());
}

// A stream whose documents follow each other, then hang.
std::string stream_answer(const std::vector<std::string>& documents) {
  std::string bytes = http::write_head(
      200, {{"Content-Type", "multipart/x-mixed-replace;boundary=sep"}}, std::nullopt);
  for (const std::string& document : documents) bytes += mtconnect::write_part("sep", document);
  return bytes;
}

// Probe and current as they should be; the sample as told.
struct Strange : Mill {
  std::function<RawAgent::Reply(const http::Request&)> sample;
  std::string current = http_answer(streams(header(1, 10), "1", 9));
  RawAgent raw{loop, kAgentAt, [this](const http::Request& request) -> RawAgent::Reply {
                 if (request.target.starts_with("/probe")) return {http_answer(devices_text())};
                 if (request.target.starts_with("/current")) return {current};
                 return sample(request);
               }};
  void run(Nanoseconds time = 30s) {
    put(1, config, 1);
    loop.run_for(time);
  }
  // Signals are bad or hold a value that was told; nothing hangs: it is tried again.
  void expect_retried() {
    EXPECT_GE(raw.targets.size(), 4u);
    EXPECT_TRUE(status(1).last_error.has_value());
  }
};

TEST(MtconnectHostile, GarbageInsteadOfAStreamIsTriedAgain) {
  for (const std::string& bytes :
       {std::string("SSH-2.0\r\n"), http_answer("not XML"), http_answer("<html/>"),
        http_answer(devices_text()), std::string(),
        http::write_head(200, {{"Content-Type", "multipart/x-mixed-replace"}}, std::nullopt) + "x",
        stream_answer({"<MTConnectStreams/>"}), stream_answer({devices_text()}),
        http::write_head(200, {{"Content-Type", "multipart/x-mixed-replace;boundary=a"}},
                         std::nullopt) +
            "--b\r\n\r\n<x/>"}) {
    Strange s;
    s.sample = [&](const http::Request&) { return RawAgent::Reply{bytes}; };
    s.run();
    s.expect_retried();
    EXPECT_EQ(s.last(1).value, Value(1.0)) << "the last usable value stands";
  }
}

TEST(MtconnectHostile, AnEntityBombIsRefused) {
  Strange s;
  s.sample = [](const http::Request&) {
    return RawAgent::Reply{stream_answer(
        {"<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;</a>"})};
  };
  s.run();
  EXPECT_NE(s.status(1).last_error->find("document type"), std::string::npos);
}

TEST(MtconnectHostile, AStreamCutAtEveryByteLosesNothing) {
  const std::string whole =
      stream_answer({streams(header(1, 11), "2", 10), streams(header(1, 12), "3", 11)});
  for (std::size_t cut = 0; cut < whole.size(); cut += 7) {
    Strange s;
    bool first = true;
    s.sample = [&](const http::Request& request) -> RawAgent::Reply {
      if (std::exchange(first, false)) return {whole.substr(0, cut)};
      // What was acknowledged by the next number is not sent again.
      std::vector<std::string> rest;
      if (request.target.find("from=10&") != std::string::npos) {
        rest.push_back(streams(header(1, 11), "2", 10));
      }
      if (request.target.find("from=12&") == std::string::npos) {
        rest.push_back(streams(header(1, 12), "3", 11));
      }
      return {stream_answer(rest), true};
    };
    // The agent's state as it is after all that.
    s.run(100ms);
    s.current = http_answer(streams(header(1, 12), "3", 11));
    s.loop.run_for(5s);
    std::vector<double> good;
    for (const Sample& sample : s.sink.of(1)) {
      if (sample.quality.good()) good.push_back(std::get<double>(sample.value));
    }
    // Once more at the end if it held over the loss.
    ASSERT_GE(good.size(), 3u) << cut;
    EXPECT_EQ((std::vector<double>{good[0], good[1], good[2]}), (std::vector<double>{1, 2, 3}))
        << cut;
    for (std::size_t i = 3; i < good.size(); ++i) EXPECT_EQ(good[i], 3) << cut;
    EXPECT_EQ(s.events("gap"), 0u) << cut;
  }
}

TEST(MtconnectHostile, AnAgentThatFallsSilentIsLostAfterItsHeartbeats) {
  Strange s;
  s.sample = [](const http::Request&) {
    return RawAgent::Reply{stream_answer({streams(header(1, 11), "2", 10)}), true};
  };
  s.run(3500ms);
  EXPECT_EQ(s.status(1).state, ConnectionState::kConnected);
  s.loop.run_for(1s);  // two heartbeats of a second and the timeout of two
  EXPECT_EQ(s.last(1).quality, quality::kBadTimeout);
  EXPECT_EQ(s.last(1).value, Value(2.0));
}

TEST(MtconnectHostile, ADocumentThatNeverEndsIsGivenUp) {
  Strange s;
  s.sample = [](const http::Request&) {
    return RawAgent::Reply{
        http::write_head(200, {{"Content-Type", "multipart/x-mixed-replace;boundary=sep"}},
                         std::nullopt) +
            "--sep\r\n\r\n" + std::string(17 << 20, ' '),
        true};
  };
  s.run(0s);
  s.loop.run_until([&] { return s.status(1).last_error.has_value(); }, 10s);
  ASSERT_TRUE(s.status(1).last_error.has_value());
  EXPECT_NE(s.status(1).last_error->find("LS-1301"), std::string::npos) << *s.status(1).last_error;
}

TEST(MtconnectHostile, NumbersThatRunBackwardsOrTwiceGiveNoValueTwice) {
  Strange s;
  s.sample = [](const http::Request&) {
    return RawAgent::Reply{
        stream_answer({streams(header(1, 11), "2", 10), streams(header(1, 11), "9", 10),
                       streams(header(1, 5), "9", 4)}),
        true};
  };
  s.run(40ms);
  EXPECT_EQ(s.status(1).late_answers, 1u);
  for (const Sample& sample : s.sink.of(1)) EXPECT_NE(sample.value, Value(9.0));
  EXPECT_NE(s.status(1).last_error->find("backwards"), std::string::npos);
}

// An agent that is always another one must not keep us running in circles.
TEST(MtconnectHostile, AnAgentThatAlwaysStartsAnewIsAskedWithPauses) {
  Mill m;
  std::uint64_t instance = 1;
  RawAgent raw(m.loop, kAgentAt, [&](const http::Request& request) -> RawAgent::Reply {
    ++instance;
    if (request.target.starts_with("/probe")) return {http_answer(devices_text(instance))};
    return {http_answer(streams(header(1, 10, instance), "1", 9))};
  });
  m.put(1, m.config, 1);
  m.loop.run_for(60s);
  EXPECT_LE(raw.targets.size(), 130u) << "two requests a second";
  EXPECT_GE(raw.targets.size(), 50u);
}

TEST(MtconnectHostile, AnAgentThatDoesNotStreamIsPolled) {
  Strange s;
  std::uint64_t next = 10;
  s.sample = [&](const http::Request&) {
    ++next;
    return RawAgent::Reply{
        http_answer(streams(header(1, next), std::to_string(next - 1), next - 1))};
  };
  s.run(1s);
  EXPECT_EQ(s.status(1).state, ConnectionState::kConnected);
  EXPECT_GE(s.sink.of(1).size(), 8u);
  EXPECT_LE(s.raw.targets.size(), 13u);
}

TEST(MtconnectHostile, AnOutOfRangeIsAGapAndNoChase) {
  Strange s;
  const std::string error = mtconnect::write_errors(
      {header(1, 10), {{"OUT_OF_RANGE", "'from' is gone", "/sample", "from", "10"}}});
  s.sample = [&](const http::Request&) {
    return RawAgent::Reply{http::write_head(404, {{"Content-Type", "text/xml"}}, error.size()) +
                           error};
  };
  s.run(20s);
  EXPECT_GE(s.events("gap"), 1u);
  EXPECT_LE(s.raw.targets.size(), 45u) << "a pause of a second each time";
}

}  // namespace
}  // namespace lineshaft::connect

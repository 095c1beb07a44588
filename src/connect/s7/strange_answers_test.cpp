// CPUs that negotiate wrongly and answer nonsense, byte by byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "connect/s7/hostile_fixture.h"
#include "wire/s7/transport.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

// A listener that answers every read with the same bytes.
class RawCpu {
 public:
  RawCpu(sys::SimLoop& loop, std::vector<Bytes> answers) : answers_(std::move(answers)) {
    listener_ = loop.listen(kBadCpuAt,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              peers_.push_back(std::make_unique<Peer>(answers_, std::move(stream)));
                              peers_.back()->read();
                            })
                    .value();
  }

 private:
  struct Peer {
    Peer(const std::vector<Bytes>& a, std::unique_ptr<sys::TcpStream> s)
        : answers(a), stream(std::move(s)) {}
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) return;
        const std::size_t step = std::min(next++, answers.size() - 1);
        stream->write_all(answers[step], [this](const Status& written) {
          if (written) read();
        });
      });
    }
    const std::vector<Bytes>& answers;
    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 4096> in{};
    std::size_t next = 0;
  };
  std::vector<Bytes> answers_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<sys::TcpListener> listener_;
};

Bytes packet(const Bytes& pdu) {
  Bytes bytes;
  s7::append_data(pdu, 1024, bytes);
  return bytes;
}

Bytes confirm_packet() {
  Bytes bytes;
  s7::append_connect_confirm({1, 9, 10, {}, {}}, bytes);
  return bytes;
}

const Bytes kSetupAnswer = {0x32, 3, 0,    0, 0xFF, 0xFF, 0, 8, 0, 0,
                            0,    0, 0xF0, 0, 0,    1,    0, 1, 1, 0xE0};

TEST(S7Hostile, ConnectionsThatNegotiateWronglyAreRefusedWithTheReason) {
  const Bytes cc = confirm_packet();
  Bytes other = cc;
  other[7] = 9;  // the confirmation of somebody else's request
  Bytes huge = kSetupAnswer;
  huge[18] = 0x7F;
  Bytes tiny = kSetupAnswer;
  tiny[18] = 0;
  tiny[19] = 20;
  Bytes foreign = kSetupAnswer;
  foreign[4] = 0;
  const std::pair<std::vector<Bytes>, std::string_view> cases[] = {
      {{packet({0x32, 3})}, "bytes announces"},
      {{packet(kSetupAnswer)}, "before the connection was confirmed"},
      {{other}, "nobody asked for"},
      {{{3, 0, 0, 11, 6, 0x80, 0, 1, 0, 0, 3}}, "rack, slot"},
      {{{3, 0, 0xFF, 0xFF}}, "length 65535"},
      {{cc, cc}, "nobody asked for"},
      {{cc, packet(huge)}, "PDUs of"},
      {{cc, packet(tiny)}, "PDUs of 20"},
      {{cc, packet(foreign)}, "another reference"},
      {{cc, packet({0x32, 2, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0x83, 4})}, "close other connections"},
      {{cc, packet({0x72, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})}, "protocol id"},
      {{cc, {3, 0, 0, 11, 6, 0xE0, 0, 0, 0, 9, 0}}, "wants to connect"},
      {{cc, packet({0x32, 1, 0, 0, 0, 1, 0, 0, 0, 0})}, "asks instead of answering"},
  };
  for (const auto& [answers, words] : cases) {
    S7Neighbours n(false);
    RawCpu device(n.loop, answers);
    n.put(2, cpu(666, 3), 11);
    n.loop.run_for(10s);
    EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying) << words;
    EXPECT_NE(n.status(2).last_error->find(words), std::string::npos) << *n.status(2).last_error;
    EXPECT_EQ(n.bad_samples(11), 1u);
    n.expect_healthy_rate();
  }
}

TEST(S7Hostile, ACpuThatNeverNegotiatesIsGivenUp) {
  for (const std::vector<Bytes>& answers : {std::vector<Bytes>{{}}, {confirm_packet(), {}}}) {
    S7Neighbours n(false);
    RawCpu device(n.loop, answers);
    n.put(2, cpu(666, 3), 11);
    n.loop.run_for(600ms);
    EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
    EXPECT_EQ(n.last(11).quality, quality::kBadTimeout);
    n.expect_healthy_rate();
  }
}

TEST(S7Hostile, AnswersThatDoNotFitTheQuestionAreRefused) {
  const Bytes right = {0x32, 3, 0, 0, 0, 1, 0, 2, 0, 6, 0, 0, 4, 1, 0xFF, 4, 0, 16, 0, 7};
  for (const auto& [at, byte] : std::vector<std::pair<std::size_t, std::uint8_t>>{
           {12, 5}, {13, 2}, {15, 9}, {17, 8}, {17, 24}, {15, 1}}) {
    Bytes wrong = right;
    wrong[at] = byte;
    S7Neighbours n(false);
    RawCpu device(n.loop, {confirm_packet(), packet(kSetupAnswer), packet(wrong)});
    n.put(2, cpu(666, 1), 11);
    n.loop.run_for(900ms);
    EXPECT_EQ(n.last(11).quality, quality::kBadCommunicationError) << at;
    EXPECT_EQ(n.status(2).last_error->substr(0, 7), "LS-1301");
    EXPECT_EQ(n.bad_samples(11), 1u);
    n.expect_healthy_rate();
  }
  S7Neighbours n(false);
  RawCpu device(n.loop, {confirm_packet(), packet(kSetupAnswer), packet(right)});
  n.put(2, cpu(666, 1), 11);
  n.loop.run_for(500ms);
  EXPECT_EQ(n.last(11).value, Value(std::int64_t{7})) << "the same answer unchanged";
}

TEST(S7Hostile, AFloodOfUnaskedAnswersEndsTheConnection) {
  S7Neighbours n(false);
  Bytes flood;
  for (int i = 0; i < 2000; ++i)
    s7::append_data(Bytes{0x32, 3, 0, 0, 0x77, 7, 0, 0, 0, 0, 0, 0}, 64, flood);
  RawCpu device(n.loop, {confirm_packet(), packet(kSetupAnswer), flood});
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(60s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_NE(n.status(2).last_error->find("nobody asked"), std::string::npos);
  n.expect_healthy_rate();
}

TEST(S7Hostile, AnAnswerThatStopsInTheMiddleEndsTheConnection) {
  S7Neighbours n(false);
  RawCpu device(n.loop,
                {confirm_packet(), packet(kSetupAnswer), {3, 0, 0, 27, 2, 0xF0, 0x80, 0x32}});
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(600ms);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_NE(n.status(2).last_error->find("stopped in the middle"), std::string::npos);
}

}  // namespace
}  // namespace lineshaft::connect

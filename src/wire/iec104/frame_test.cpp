#include "wire/iec104/frame.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace lineshaft::iec104 {
namespace {

Bytes bytes_of(const Frame& frame) {
  Bytes out;
  append_frame(frame, out);
  return out;
}

// Every frame of `stream`, written anew, fed in pieces; nothing when the reader gives up.
std::optional<std::vector<Bytes>> feed(FrameReader& reader, ByteSpan stream, std::size_t piece) {
  std::vector<Bytes> seen;
  while (!stream.empty()) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty()) {
      const auto frame = reader.next(part);
      if (!frame) return std::nullopt;
      if (*frame) seen.push_back(bytes_of(**frame));
    }
  }
  return seen;
}

// IEC 60870-5-104, figure 8: the six functions are one bit each above the two low ones.
TEST(Frame, WritesTheControlFieldsOfTheStandard) {
  EXPECT_EQ(bytes_of(UFrame{UFunction::kStartActivation}), (Bytes{0x68, 4, 0x07, 0, 0, 0}));
  EXPECT_EQ(bytes_of(UFrame{UFunction::kStartConfirmation}), (Bytes{0x68, 4, 0x0B, 0, 0, 0}));
  EXPECT_EQ(bytes_of(UFrame{UFunction::kStopActivation}), (Bytes{0x68, 4, 0x13, 0, 0, 0}));
  EXPECT_EQ(bytes_of(UFrame{UFunction::kStopConfirmation}), (Bytes{0x68, 4, 0x23, 0, 0, 0}));
  EXPECT_EQ(bytes_of(UFrame{UFunction::kTestActivation}), (Bytes{0x68, 4, 0x43, 0, 0, 0}));
  EXPECT_EQ(bytes_of(UFrame{UFunction::kTestConfirmation}), (Bytes{0x68, 4, 0x83, 0, 0, 0}));
  // 0x1234 << 1 = 0x2468, low byte first.
  EXPECT_EQ(bytes_of(SFrame{0x1234}), (Bytes{0x68, 4, 0x01, 0, 0x68, 0x24}));
  const Bytes asdu = {0x64, 1, 6, 0, 1, 0, 0, 0, 0, 20};
  EXPECT_EQ(bytes_of(IFrame{3, 0x7FFF, asdu}),
            (Bytes{0x68, 14, 6, 0, 0xFE, 0xFF, 0x64, 1, 6, 0, 1, 0, 0, 0, 0, 20}));
}

TEST(Frame, ReadsEverySequenceNumber) {
  for (std::uint32_t number = 0; number <= kSequenceMask; ++number) {
    const auto n = static_cast<std::uint16_t>(number);
    const Bytes asdu = {1};
    const Bytes written = bytes_of(IFrame{n, sequence_after(n, 5), asdu});
    FrameReader reader;
    ByteSpan input = written;
    const Frame frame = **reader.next(input);
    ASSERT_EQ(std::get<IFrame>(frame).send, n);
    ASSERT_EQ(std::get<IFrame>(frame).receive, (n + 5) % 32768);
  }
}

TEST(Frame, SequenceNumbersWrapAtFifteenBits) {
  EXPECT_EQ(sequence_after(32767), 0);
  EXPECT_EQ(sequence_distance(32767, 0), 1);
  EXPECT_EQ(sequence_distance(0, 32767), 32767);
  EXPECT_EQ(sequence_distance(5, 5), 0);
}

TEST(Frame, FindsTheSameFramesHoweverTheStreamIsCut) {
  Bytes stream;
  std::vector<Bytes> sent;
  for (std::size_t size : {1u, 6u, 10u, 248u, 249u, 7u}) {
    sent.push_back(bytes_of(IFrame{static_cast<std::uint16_t>(size), 9, Bytes(size, 0x68)}));
    sent.push_back(bytes_of(SFrame{static_cast<std::uint16_t>(size * 100)}));
    sent.push_back(bytes_of(UFrame{UFunction::kTestActivation}));
  }
  for (const Bytes& frame : sent) stream.insert(stream.end(), frame.begin(), frame.end());
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    ASSERT_EQ(feed(reader, stream, piece), sent) << "pieces of " << piece;
    EXPECT_EQ(reader.pending_bytes(), 0u);
  }
}

TEST(Frame, CountsTheBytesOfAFrameThatIsNotComplete) {
  FrameReader reader;
  EXPECT_TRUE(feed(reader, Bytes{0x68, 14, 0, 0, 0}, 8));
  EXPECT_EQ(reader.pending_bytes(), 5u);
}

TEST(Frame, GivesUpForEverAtWhatIsNoFrame) {
  for (const Bytes& bad : {
           Bytes{0x67},     // another start
           Bytes{0x68, 3},  // shorter than its control field
           Bytes{0x68, 254},
           Bytes{0x68, 255},               // longer than allowed
           Bytes{0x68, 4, 0, 0, 0, 0},     // an I frame without ASDU
           Bytes{0x68, 5, 0, 0, 1, 0, 7},  // low bit of N(R)
           Bytes{0x68, 5, 1, 0, 0, 0, 7},  // an S frame with more
           Bytes{0x68, 4, 5, 0, 0, 0},     // an S frame with another bit
           Bytes{0x68, 4, 1, 1, 0, 0},     // the same
           Bytes{0x68, 4, 1, 0, 1, 0},     // low bit of N(R)
           Bytes{0x68, 4, 3, 0, 0, 0},     // no function
           Bytes{0x68, 4, 0x0F, 0, 0, 0},  // two functions
           Bytes{0x68, 4, 7, 0, 0, 1},     // a number in a U frame
           Bytes{0x68, 5, 7, 0, 0, 0, 1},  // a U frame with more
           Bytes{'G', 'E', 'T', ' ', '/', ' '},
       }) {
    FrameReader reader;
    EXPECT_FALSE(feed(reader, bad, 1)) << "as soon as the bytes are there";
    EXPECT_FALSE(feed(reader, Bytes(70'000, 0xEE), 70'000)) << "and after";
    EXPECT_FALSE(feed(reader, bytes_of(UFrame{}), 6)) << "whatever follows";
  }
}

}  // namespace
}  // namespace lineshaft::iec104

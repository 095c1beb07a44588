#include "wire/modbus/frame.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace lineshaft::modbus {
namespace {

struct Seen {
  FrameHead head;
  Bytes pdu;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// Feeds `stream` in pieces of `piece` bytes; false when the reader gives up.
bool feed(FrameReader& reader, ByteSpan stream, std::size_t piece, std::vector<Seen>& seen) {
  while (!stream.empty()) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty()) {
      const auto frame = reader.next(part);
      if (!frame) return false;
      if (*frame)
        seen.push_back({(*frame)->head, Bytes((*frame)->pdu.begin(), (*frame)->pdu.end())});
    }
  }
  return true;
}

// MODBUS Messaging on TCP/IP V1.0b, 4.4.2.1: transaction 0x1501, unit 0xFF, read register 5.
TEST(Frame, WritesTheHeaderOfTheStandard) {
  Bytes out;
  append_frame({0x1501, 0xFF}, Bytes{0x03, 0x00, 0x04, 0x00, 0x01}, out);
  EXPECT_EQ(out, (Bytes{0x15, 0x01, 0, 0, 0, 6, 0xFF, 0x03, 0x00, 0x04, 0x00, 0x01}));
}

TEST(Frame, FindsTheSameFramesHoweverTheStreamIsCut) {
  Bytes stream;
  std::vector<Seen> sent;
  for (std::size_t size : {1u, 2u, 5u, 252u, 253u, 3u}) {
    const Seen frame{{static_cast<std::uint16_t>(size * 257), static_cast<std::uint8_t>(size)},
                     Bytes(size, static_cast<std::uint8_t>(size))};
    append_frame(frame.head, frame.pdu, stream);
    sent.push_back(frame);
  }
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::vector<Seen> seen;
    ASSERT_TRUE(feed(reader, stream, piece, seen));
    ASSERT_EQ(seen, sent) << "pieces of " << piece;
    EXPECT_EQ(reader.pending_bytes(), 0u);
  }
}

TEST(Frame, CountsTheBytesOfAFrameThatIsNotComplete) {
  FrameReader reader;
  std::vector<Seen> seen;
  ASSERT_TRUE(feed(reader, Bytes{0, 1, 0, 0, 0, 4, 1, 3}, 8, seen));
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(reader.pending_bytes(), 8u);
}

TEST(Frame, GivesUpForEverAtAWrongProtocolOrLength) {
  for (const Bytes& head :
       {Bytes{0, 1, 0, 1}, Bytes{0, 1, 1, 0}, Bytes{0, 1, 0, 0, 0, 0}, Bytes{0, 1, 0, 0, 0, 1},
        Bytes{0, 1, 0, 0, 0, 255}, Bytes{0, 1, 0, 0, 0xFF, 0xFF}, Bytes{'H', 'T', 'T', 'P'}}) {
    FrameReader reader;
    std::vector<Seen> seen;
    EXPECT_FALSE(feed(reader, head, 1, seen)) << "as soon as the bytes are there";
    const Bytes flood(70'000, 0xEE);
    EXPECT_FALSE(feed(reader, flood, flood.size(), seen)) << "and after";
    EXPECT_TRUE(seen.empty());
  }
}

}  // namespace
}  // namespace lineshaft::modbus

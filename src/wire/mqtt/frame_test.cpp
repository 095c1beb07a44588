#include "wire/mqtt/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "wire/mqtt/property.h"

namespace lineshaft::mqtt {
namespace {

Bytes packet(std::uint8_t first, std::size_t body_bytes) {
  Bytes out = {first};
  encode_variable_integer(body_bytes, out);
  out.insert(out.end(), body_bytes, static_cast<std::uint8_t>(body_bytes));
  return out;
}

// Feeds `stream` in pieces; false when the reader gives up.
bool feed(FrameReader& reader, ByteSpan stream, std::size_t piece, std::vector<Bytes>& seen) {
  while (!stream.empty()) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty()) {
      const auto frame = reader.next(part);
      if (!frame) return false;
      if (!*frame) continue;
      Bytes whole = {(*frame)->first_byte};
      whole.insert(whole.end(), (*frame)->body.begin(), (*frame)->body.end());
      seen.push_back(whole);
    }
  }
  return true;
}

// Table 1-1 of the standard.
TEST(Frame, WritesLengthsAsTheTableOfTheStandard) {
  const std::pair<std::size_t, Bytes> cases[] = {
      {0, {0x00}},
      {127, {0x7F}},
      {128, {0x80, 0x01}},
      {16'383, {0xFF, 0x7F}},
      {16'384, {0x80, 0x80, 0x01}},
      {2'097'151, {0xFF, 0xFF, 0x7F}},
      {2'097'152, {0x80, 0x80, 0x80, 0x01}},
      {268'435'455, {0xFF, 0xFF, 0xFF, 0x7F}},
  };
  for (const auto& [value, bytes] : cases) {
    Bytes out;
    encode_variable_integer(value, out);
    EXPECT_EQ(out, bytes);
    ByteReader reader(bytes);
    EXPECT_EQ(decode_variable_integer(reader).value(), value);
  }
}

TEST(Frame, FindsTheSamePacketsHoweverTheStreamIsCut) {
  Bytes stream;
  std::vector<Bytes> sent;
  for (std::size_t size : {0u, 1u, 127u, 128u, 300u, 0u}) {
    const Bytes one = packet(0x30, size);
    stream.insert(stream.end(), one.begin(), one.end());
    Bytes whole = {0x30};
    whole.insert(whole.end(), size, static_cast<std::uint8_t>(size));
    sent.push_back(whole);
  }
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader(1000);
    std::vector<Bytes> seen;
    ASSERT_TRUE(feed(reader, stream, piece, seen));
    ASSERT_EQ(seen, sent) << "pieces of " << piece;
    EXPECT_EQ(reader.pending_bytes(), 0u);
  }
}

TEST(Frame, TakesAPacketOfTheLimitAndNoneAbove) {
  for (std::size_t piece : {1u, 500u}) {
    std::vector<Bytes> seen;
    FrameReader fits(300);
    EXPECT_TRUE(feed(fits, packet(0x30, 297), piece, seen));  // 1 + 2 + 297
    EXPECT_EQ(seen.size(), 1u);
    FrameReader above(299);
    EXPECT_FALSE(feed(above, packet(0x30, 297), piece, seen));
  }
}

TEST(Frame, GivesUpForEverAtAWrongLengthAsSoonAsItIsThere) {
  for (const Bytes& head : {Bytes{0x30, 0xFF, 0xFF, 0xFF, 0x80}, Bytes{0x30, 0xFF, 0xFF, 0x7F},
                            Bytes{'H', 'T', 'T', 'P', '/', '1'}}) {
    FrameReader reader(80);
    std::vector<Bytes> seen;
    EXPECT_FALSE(feed(reader, head, 1, seen));
    EXPECT_FALSE(feed(reader, Bytes(70'000, 0xC0), 70'000, seen)) << "and after";
    EXPECT_LE(reader.pending_bytes(), 80u);
    EXPECT_TRUE(seen.empty());
  }
}

}  // namespace
}  // namespace lineshaft::mqtt

#include "wire/modbus/rtu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/hex.h"
#include "wire/modbus/message.h"

namespace lineshaft::modbus {
namespace {

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      i += 1;
      continue;
    }
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
    i += 2;
  }
  return bytes;
}

struct Found {
  std::vector<std::string> frames;  // unit and PDU in hex
  std::size_t pending = 0;
};

// The frames of a stream that comes in pieces of that size, and then ends in silence or goes on.
Found read(RtuSide side, const Bytes& stream, std::size_t piece = SIZE_MAX, bool silence = false) {
  RtuReader reader(side);
  Found found;
  const auto take = [&](ByteSpan bytes) {
    while (auto frame = reader.next(bytes)) {
      Bytes whole = {frame->head.unit};
      whole.insert(whole.end(), frame->pdu.begin(), frame->pdu.end());
      found.frames.push_back(hex_text(whole));
    }
  };
  for (std::size_t at = 0; at < stream.size(); at += std::min(piece, stream.size() - at)) {
    take(ByteSpan(stream).subspan(at, std::min(piece, stream.size() - at)));
  }
  if (silence) {
    reader.silence();
    take({});
  }
  found.pending = reader.pending_bytes();
  return found;
}

// The check value of CRC-16/MODBUS (reveng.sourceforge.io: check 0x4B37 over "123456789"), and the
// example of MODBUS over Serial Line V1.02, appendix B: 02 07 has the CRC 1241, sent 41 12.
TEST(RtuCrc, IsThatOfTheStandard) {
  EXPECT_EQ(rtu_crc(as_bytes("123456789")), 0x4B37);
  EXPECT_EQ(rtu_crc(hex("02 07")), 0x1241);
  Bytes frame;
  append_rtu_frame(2, hex("07"), frame);
  EXPECT_EQ(frame, hex("02 07 41 12"));
}

TEST(RtuReader, FindsFramesInPiecesOfAnySize) {
  Bytes requests;
  std::vector<std::string> expected;
  for (const char* pdu : {"03 0000 0001", "10 0001 0002 04 000A 0102", "16 0004 00F2 0025",
                          "0F 0013 000A 02 CD01", "17 0003 0006 000E 0003 06 00FF 00FF 00FF",
                          "2B 0E 01 00", "05 00AC FF00", "11", "08 0000 A537"}) {
    append_rtu_frame(17, hex(pdu), requests);
    Bytes whole = hex(pdu);
    whole.insert(whole.begin(), 17);
    expected.push_back(hex_text(whole));
  }
  for (std::size_t piece = 1; piece < 20; ++piece) {
    EXPECT_EQ(read(RtuSide::kRequests, requests, piece).frames, expected) << piece;
  }
}

TEST(RtuReader, FindsAnswersOfEveryFunction) {
  for (const char* pdu : {"01 02 CD01", "02 01 35", "03 04 0001 0002", "04 02 000A", "05 00AC FF00",
                          "06 0001 0003", "0F 0013 000A", "10 0001 0002", "16 0004 00F2 0025",
                          "17 04 00FE 0ACD", "83 02", "2B 0E 01 01 00 00 02 00 02 4D4D 01 01 58"}) {
    Bytes stream;
    append_rtu_frame(1, hex(pdu), stream);
    Bytes whole = hex(pdu);
    whole.insert(whole.begin(), 1);
    for (std::size_t piece : {std::size_t{1}, stream.size()}) {
      const Found found = read(RtuSide::kAnswers, stream, piece);
      EXPECT_EQ(found.frames, std::vector<std::string>{hex_text(whole)}) << pdu;
      EXPECT_EQ(found.pending, 0u);
    }
  }
}

// What is heard before an answer: noise of the line being turned round, the echo of what was sent,
// another unit. All of it is passed over.
TEST(RtuReader, PassesOverWhatIsNoFrame) {
  Bytes answer;
  append_rtu_frame(1, hex("03 02 002A"), answer);
  Bytes echo;
  append_rtu_frame(1, hex("03 0000 0001"), echo);
  for (const Bytes& before :
       {hex("00"), hex("FF"), hex("00 00 00"), hex("01"), hex("01 03"), echo, hex("83 A5 17")}) {
    Bytes stream = before;
    stream.insert(stream.end(), answer.begin(), answer.end());
    const Found found = read(RtuSide::kAnswers, stream, 3, true);
    ASSERT_EQ(found.frames.size(), 1u) << hex_text(before);
    EXPECT_EQ(found.frames[0], "010302002a");
  }
}

TEST(RtuReader, TakesNoFrameWithOneBitTurnedOver) {
  Bytes answer;
  append_rtu_frame(1, hex("03 06 0001 0002 0003"), answer);
  for (std::size_t bit = 0; bit < answer.size() * 8; ++bit) {
    Bytes broken = answer;
    broken[bit / 8] = static_cast<std::uint8_t>(broken[bit / 8] ^ 1u << bit % 8);
    EXPECT_TRUE(read(RtuSide::kAnswers, broken, SIZE_MAX, true).frames.empty()) << bit;
  }
}

// A glitch before a request to unit 16 reads as function 16 with a count of bytes that never come.
TEST(RtuReader, LooksBehindAFrameThatSilenceEnded) {
  Bytes stream = {0x00};
  append_rtu_frame(0x10, hex("03 0000 0010"), stream);
  EXPECT_TRUE(read(RtuSide::kRequests, stream).frames.empty());
  const Found found = read(RtuSide::kRequests, stream, SIZE_MAX, true);
  EXPECT_EQ(found.frames, std::vector<std::string>{"100300000010"});
  EXPECT_EQ(found.pending, 0u);
}

// On a line with several units each hears the answers of the others between the requests.
TEST(RtuReader, FindsTheNextRequestAfterTheAnswerOfAnotherUnit) {
  Bytes line;
  append_rtu_frame(2, hex("03 0000 0002"), line);
  append_rtu_frame(2, hex("03 04 0010 0203"), line);
  append_rtu_frame(1, hex("06 0001 0007"), line);
  const auto frames = read(RtuSide::kRequests, line, 5, true).frames;
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.front(), "020300000002");
  EXPECT_EQ(frames.back(), "010600010007");
}

TEST(RtuReader, HoldsAtMostAFrameOfTheLongestKind) {
  RtuReader reader(RtuSide::kAnswers);
  Bytes stream = hex("01 03 FA");
  stream.resize(5000, 0x03);
  ByteSpan input(stream);
  while (reader.next(input)) {
  }
  EXPECT_TRUE(input.empty());
  EXPECT_LE(reader.pending_bytes(), kRtuBytesMax);
}

}  // namespace
}  // namespace lineshaft::modbus

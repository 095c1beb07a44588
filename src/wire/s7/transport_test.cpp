#include "wire/s7/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace lineshaft::s7 {
namespace {

// What was read, kept beyond the reader's next call.
struct Seen {
  std::vector<std::string> kinds;
  std::vector<Bytes> pdus;
  std::optional<std::string> error;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// Feeds `stream` in pieces of `piece` bytes, until its end or an error.
Seen feed(TransportReader& reader, ByteSpan stream, std::size_t piece) {
  Seen seen;
  while (!stream.empty() && !seen.error) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty() && !seen.error) {
      const auto tpdu = reader.next(part);
      if (!tpdu) seen.error = tpdu.error().what;
      if (!tpdu || !*tpdu) continue;
      seen.kinds.push_back(std::to_string((*tpdu)->index()));
      if (const auto* data = std::get_if<Data>(&**tpdu)) {
        seen.pdus.emplace_back(data->pdu.begin(), data->pdu.end());
      }
    }
  }
  return seen;
}

Tpdu only(ByteSpan bytes) {
  TransportReader reader(kPduBytesMax);
  auto tpdu = reader.next(bytes);
  EXPECT_TRUE(tpdu.ok() && tpdu->has_value() && bytes.empty());
  return tpdu.ok() && *tpdu ? **tpdu : Tpdu{};
}

std::string problem(const Bytes& bytes, std::size_t pdu_bytes_max = 240) {
  TransportReader reader(pdu_bytes_max);
  return feed(reader, bytes, 1).error.value_or("none");
}

// The connection request that S7 clients have sent for decades, byte by byte:
//   03 00 0016        TPKT: version 3, 22 bytes
//   11 E0             17 bytes follow; connection request
//   0000 0001 00      no destination yet, our reference 1, class 0
//   C0 01 0A          TPDU size 2^10 = 1024
//   C1 02 0100        calling TSAP
//   C2 02 0102        called TSAP: a PG, rack 0, slot 2
const Bytes kConnect = {0x03, 0x00, 0x00, 0x16, 0x11, 0xE0, 0x00, 0x00, 0x00, 0x01, 0x00,
                        0xC0, 0x01, 0x0A, 0xC1, 0x02, 0x01, 0x00, 0xC2, 0x02, 0x01, 0x02};

TEST(S7Transport, WritesAndReadsTheConnectionRequest) {
  ConnectRequest request;
  request.tpdu_exponent = kTpduExponentAsked;
  request.calling = tsap_bytes(0x0100);
  request.called = tsap_bytes(tsap_of(ConnectionType::kPg, 0, 2));
  Bytes out;
  append_connect_request(request, out);
  EXPECT_EQ(out, kConnect);
  EXPECT_EQ(std::get<ConnectRequest>(only(out)), request);
}

TEST(S7Transport, TakesTheParametersInAnyOrder) {
  // As python-snap7 3.3.0 sends them.
  const Bytes other = {0x03, 0x00, 0x00, 0x16, 0x11, 0xE0, 0x00, 0x00, 0x00, 0x01, 0x00,
                       0xC1, 0x02, 0x01, 0x00, 0xC2, 0x02, 0x01, 0x02, 0xC0, 0x01, 0x0A};
  EXPECT_EQ(std::get<ConnectRequest>(only(other)), std::get<ConnectRequest>(only(kConnect)));
}

TEST(S7Transport, NamesRackSlotAndKindInTheAddress) {
  EXPECT_EQ(tsap_of(ConnectionType::kPg, 0, 1), 0x0101);
  EXPECT_EQ(tsap_of(ConnectionType::kOp, 0, 2), 0x0202);
  EXPECT_EQ(tsap_of(ConnectionType::kBasic, 3, 17), 0x0371);  // 3 * 32 + 17 = 0x71
}

TEST(S7Transport, WritesAnAddressAsEngineersDo) {
  EXPECT_EQ(tsap_text(0x4D57), "4D.57");
  EXPECT_EQ(parse_tsap("4d.57"), 0x4D57);
  EXPECT_EQ(parse_tsap("03.01"), 0x0301);
  for (const char* wrong : {"", "3.01", "03.0", "03,01", "0x.01", "03.01 ", "-1.01", "03.1g"}) {
    EXPECT_EQ(parse_tsap(wrong), std::nullopt) << wrong;
  }
}

TEST(S7Transport, ReadsBackConfirmAndDisconnect) {
  const ConnectConfirm confirm{1, 0x4431, 9, tsap_bytes(0x0100), tsap_bytes(0x0102)};
  Bytes out;
  append_connect_confirm(confirm, out);
  EXPECT_EQ(std::get<ConnectConfirm>(only(out)), confirm);
  out.clear();
  append_disconnect({1, 0x4431, 3}, out);
  EXPECT_EQ(std::get<Disconnect>(only(out)), (Disconnect{1, 0x4431, 3}));
  EXPECT_EQ(disconnect_text(3), "the transport address (rack, slot) is not known (3)");
}

TEST(S7Transport, FindsTheSameTpdusHoweverTheStreamIsCut) {
  Bytes stream = kConnect;
  Seen whole;
  whole.kinds.push_back("0");
  for (const std::size_t size : {1u, 2u, 128u, 129u, 239u, 240u, 3u}) {
    const Bytes pdu(size, static_cast<std::uint8_t>(size));
    append_data(pdu, size % 2 == 0 ? 1024 : 100, stream);
    whole.kinds.push_back("3");
    whole.pdus.push_back(pdu);
  }
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    TransportReader reader(240);
    ASSERT_EQ(feed(reader, stream, piece), whole) << "pieces of " << piece;
    EXPECT_EQ(reader.pending_bytes(), 0u);
  }
}

TEST(S7Transport, DividesAPduByTheSizeOfTheTpdu) {
  Bytes out;
  append_data(Bytes{1, 2, 3}, 2, out);
  EXPECT_EQ(out, (Bytes{3, 0, 0, 9, 2, 0xF0, 0x00, 1, 2, 3, 0, 0, 8, 2, 0xF0, 0x80, 3}));
}

TEST(S7Transport, PassesOverTheEmptyTpdusThatKeepAConnectionAlive) {
  Bytes stream = {3, 0, 0, 7, 2, 0xF0, 0x80, 3, 0, 0, 7, 2, 0xF0, 0x00};
  append_data(Bytes{9}, 128, stream);
  TransportReader reader(240);
  EXPECT_EQ(feed(reader, stream, 5).pdus, (std::vector<Bytes>{{9}}));
}

TEST(S7Transport, GivesUpAtWhatIsNoTransport) {
  EXPECT_THAT(problem({'H'}), testing::HasSubstr("72 instead of 3"));
  EXPECT_THAT(problem({3, 0, 0, 6}), testing::HasSubstr("length 6"));
  EXPECT_THAT(problem({3, 0, 0xFF, 0xFF}), testing::HasSubstr("allowed are 7 to 259"));
  EXPECT_THAT(problem({3, 0, 0, 7, 9, 0xF0, 0x80}), testing::HasSubstr("wrong length"));
  EXPECT_THAT(problem({3, 0, 0, 8, 3, 0xF0, 0x80, 0}), testing::HasSubstr("class 0"));
  EXPECT_THAT(problem({3, 0, 0, 11, 6, 0xE0, 0, 0, 0, 1, 0x40}), testing::HasSubstr("class"));
  EXPECT_THAT(problem({3, 0, 0, 11, 6, 0x20, 0, 0, 0, 1, 0}), testing::HasSubstr("unknown type"));
  EXPECT_THAT(problem({3, 0, 0, 9, 4, 0xE0, 0, 0, 0}), testing::HasSubstr("too early"));
  EXPECT_THAT(problem({3, 0, 0, 9, 4, 0x70, 0, 1, 2}), testing::HasSubstr("protocol error"));
  EXPECT_THAT(problem({3, 0, 0, 14, 9, 0xE0, 0, 0, 0, 1, 0, 0xC0, 1, 14}),
              testing::HasSubstr("TPDU size"));
  EXPECT_THAT(problem({3, 0, 0, 13, 8, 0xE0, 0, 0, 0, 1, 0, 0xC1, 9}),
              testing::HasSubstr("past its end"));
}

TEST(S7Transport, StaysFailedWhateverFollows) {
  TransportReader reader(240);
  EXPECT_TRUE(feed(reader, Bytes{4}, 1).error);
  EXPECT_TRUE(feed(reader, kConnect, 99).error);
  EXPECT_TRUE(feed(reader, Bytes(70'000, 0xEE), 70'000).error);
}

TEST(S7Transport, PutsNoPduTogetherThatIsLongerThanAgreed) {
  Bytes fits;
  append_data(Bytes(240), 16, fits);
  EXPECT_EQ(problem(fits), "none");
  Bytes longer;
  append_data(Bytes(241), 16, longer);
  EXPECT_THAT(problem(longer), testing::HasSubstr("more than 240 bytes"));
}

TEST(S7Transport, WantsNothingElseAmongThePartsOfAPdu) {
  Bytes stream = {3, 0, 0, 8, 2, 0xF0, 0x00, 1};
  stream.insert(stream.end(), kConnect.begin(), kConnect.end());
  EXPECT_THAT(problem(stream), testing::HasSubstr("among the parts"));
}

TEST(S7Transport, CountsTheBytesThatWait) {
  TransportReader reader(240);
  feed(reader, Bytes{3, 0, 0, 9, 2, 0xF0, 0x00, 1, 2, 3, 0}, 99);
  EXPECT_EQ(reader.pending_bytes(), 4u);  // two of the PDU, two of the next packet
}

}  // namespace
}  // namespace lineshaft::s7

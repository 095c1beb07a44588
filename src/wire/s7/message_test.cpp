#include "wire/s7/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lineshaft::s7 {
namespace {

Bytes encoded(std::uint16_t reference, const Request& request) {
  Bytes out;
  encode_request(reference, request, out);
  return out;
}

Request decoded(const Bytes& pdu) {
  const auto request = decode_request(decode_message(pdu).value());
  EXPECT_TRUE(std::holds_alternative<Request>(request));
  return std::get<Request>(request);
}

Response answer(const Bytes& pdu, const Request& asked) {
  return decode_response(decode_message(pdu).value(), asked).value();
}

std::string problem(const Bytes& pdu, const Request& asked) {
  const auto message = decode_message(pdu);
  if (!message) return message.error().what;
  const auto response = decode_response(*message, asked);
  return response ? "none" : response.error().what;
}

Bytes bytes_of(ByteSpan span) { return {span.begin(), span.end()}; }

Item bytes_at(Area area, std::uint16_t db, std::uint32_t byte, std::uint16_t count) {
  return {area, db, Element::kByte, byte * 8, count};
}

const ReadVar kReadThree{{bytes_at(Area::kDataBlock, 1, 4, 4), bytes_at(Area::kMarker, 0, 10, 2),
                          bytes_at(Area::kInput, 0, 0, 1)}};

// The PDUs of requests below are what python-snap7 3.3.0 sends for them.

//   32 01 0000 0001   protocol id, job, reference 1
//   0008 0000         8 bytes of parameters, no data
//   F0 00             setup communication
//   0001 0001 01E0    one job under way each way, PDUs of 480 bytes
const Bytes kSetup = {0x32, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0x00,
                      0x00, 0xF0, 0x00, 0x00, 0x01, 0x00, 0x01, 0x01, 0xE0};

TEST(S7Message, AsksForTheSetup) {
  const SetupCommunication setup{1, 1, 480};
  EXPECT_EQ(encoded(1, setup), kSetup);
  EXPECT_EQ(std::get<SetupCommunication>(decoded(kSetup)), setup);
}

//   32 01 0000 0003 0026 0000   38 bytes of parameters
//   04 03                       read, three items; each:
//   12 0A 10 02                 address of 10 bytes, S7-Any, in bytes
//   0004 0001 84 000020         4 of them in data block 1 from bit 0x20 = byte 4 on
const Bytes kRead = {0x32, 0x01, 0x00, 0x00, 0x00, 0x03, 0x00, 0x26, 0x00, 0x00, 0x04, 0x03,
                     0x12, 0x0A, 0x10, 0x02, 0x00, 0x04, 0x00, 0x01, 0x84, 0x00, 0x00, 0x20,
                     0x12, 0x0A, 0x10, 0x02, 0x00, 0x02, 0x00, 0x00, 0x83, 0x00, 0x00, 0x50,
                     0x12, 0x0A, 0x10, 0x02, 0x00, 0x01, 0x00, 0x00, 0x81, 0x00, 0x00, 0x00};

TEST(S7Message, AsksForSeveralVariablesAtOnce) {
  EXPECT_EQ(encoded(3, kReadThree), kRead);
  EXPECT_EQ(std::get<ReadVar>(decoded(kRead)), kReadThree);
  EXPECT_EQ(request_bytes(kReadThree), kRead.size());
}

TEST(S7Message, NamesTimersByNumber) {
  const Bytes pdu = {0x32, 0x01, 0x00, 0x00, 0x00, 0x04, 0x00, 0x0E, 0x00, 0x00, 0x04, 0x01,
                     0x12, 0x0A, 0x10, 0x1D, 0x00, 0x02, 0x00, 0x00, 0x1D, 0x00, 0x00, 0x05};
  EXPECT_EQ(encoded(4, ReadVar{{{Area::kTimer, 0, Element::kTimer, 5, 2}}}), pdu);
}

TEST(S7Message, WritesOneBit) {
  const Bytes pdu = {0x32, 0x01, 0x00, 0x00, 0x00, 0x05, 0x00, 0x0E, 0x00, 0x05,
                     0x05, 0x01, 0x12, 0x0A, 0x10, 0x01, 0x00, 0x01, 0x00, 0x01,
                     0x84, 0x00, 0x00, 0x03, 0x00, 0x03, 0x00, 0x01, 0x01};
  const Bytes on = {1};
  const Item item{Area::kDataBlock, 1, Element::kBit, 3, 1};
  EXPECT_EQ(encoded(5, WriteVar{{{item, on}}}), pdu);
  const auto back = std::get<WriteVar>(decoded(pdu));
  ASSERT_EQ(back.items.size(), 1u);
  EXPECT_EQ(back.items[0].item, item);
  EXPECT_EQ(bytes_of(back.items[0].data), on);
}

TEST(S7Message, WritesBytesAndFillsUpAllOddItemsButTheLast) {
  const Bytes three = {1, 2, 3};
  const Item item = bytes_at(Area::kMarker, 0, 10, 3);
  EXPECT_EQ(encoded(6, WriteVar{{{item, three}}}),
            (Bytes{0x32, 0x01, 0x00, 0x00, 0x00, 0x06, 0x00, 0x0E, 0x00, 0x07, 0x05,
                   0x01, 0x12, 0x0A, 0x10, 0x02, 0x00, 0x03, 0x00, 0x00, 0x83, 0x00,
                   0x00, 0x50, 0x00, 0x04, 0x00, 0x18, 0x01, 0x02, 0x03}));
  const Bytes two = encoded(6, WriteVar{{{item, three}, {item, three}}});
  EXPECT_EQ(bytes_of(decode_message(two)->data),
            (Bytes{0, 4, 0, 0x18, 1, 2, 3, 0, 0, 4, 0, 0x18, 1, 2, 3}));
  const auto back = std::get<WriteVar>(decoded(two));
  ASSERT_EQ(back.items.size(), 2u);
  EXPECT_EQ(bytes_of(back.items[1].data), three);
}

TEST(S7Message, AsksForASystemStatusList) {
  const Bytes pdu = {0x32, 0x07, 0x00, 0x00, 0x00, 0x07, 0x00, 0x08, 0x00, 0x08, 0x00, 0x01, 0x12,
                     0x04, 0x11, 0x44, 0x01, 0x00, 0xFF, 0x09, 0x00, 0x04, 0x00, 0x1C, 0x00, 0x00};
  EXPECT_EQ(encoded(7, ReadSzl{0x001C, 0, {}}), pdu);
  EXPECT_EQ(std::get<ReadSzl>(decoded(pdu)), (ReadSzl{0x001C, 0, {}}));
  const ReadSzl next{0, 0, 5};
  EXPECT_EQ(std::get<ReadSzl>(decoded(encoded(8, next))), next);
}

// An answer to kRead: 4 bytes, an object that does not exist, 1 byte; the code of the second one
// stands alone.
const Bytes kReadAnswer = {0x32, 0x03, 0x00, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x11, 0x00,
                           0x00, 0x04, 0x03, 0xFF, 0x04, 0x00, 0x20, 0x42, 0xF6, 0xE9, 0x79,
                           0x0A, 0x00, 0x00, 0x00, 0xFF, 0x04, 0x00, 0x08, 0xA5};

TEST(S7Message, TakesEachItemOfAnAnswerForItself) {
  const auto done = std::get<ReadDone>(answer(kReadAnswer, kReadThree));
  ASSERT_EQ(done.items.size(), 3u);
  EXPECT_EQ(bytes_of(done.items[0].data), (Bytes{0x42, 0xF6, 0xE9, 0x79}));
  EXPECT_EQ(done.items[1].code, ReturnCode::kDoesNotExist);
  EXPECT_EQ(bytes_of(done.items[2].data), (Bytes{0xA5}));
  Bytes out;
  encode_response(3, kReadThree, done, out);
  EXPECT_EQ(out, kReadAnswer);
}

TEST(S7Message, KnowsHowLongAnAnswerMayBecome) {
  // 12 head, 2 function and count, then heads of 4 and 4, 2 and 1 bytes.
  EXPECT_EQ(answer_bytes(kReadThree), 14u + 4 + 4 + 4 + 2 + 4 + 1);
  // One item in a PDU of 240 bytes has 222 at most: 240 - 18.
  EXPECT_EQ(answer_bytes(ReadVar{{bytes_at(Area::kDataBlock, 1, 0, 222)}}), 240u);
}

TEST(S7Message, TakesAnAnswerWhoseLastItemIsFilledUp) {
  Bytes pdu = kReadAnswer;
  pdu.push_back(0);
  pdu[9] += 1;
  EXPECT_EQ(problem(pdu, kReadThree), "none");
}

TEST(S7Message, RefusesAnAnswerThatDoesNotFitTheQuestion) {
  const auto changed = [](std::size_t at, std::uint8_t to) {
    Bytes pdu = kReadAnswer;
    pdu[at] = to;
    return pdu;
  };
  EXPECT_THAT(problem(changed(0, 0x72), kReadThree), testing::HasSubstr("protocol id"));
  EXPECT_THAT(problem(changed(1, 9), kReadThree), testing::HasSubstr("unknown kind"));
  EXPECT_THAT(problem(changed(9, 0x10), kReadThree), testing::HasSubstr("announces"));
  EXPECT_THAT(problem(changed(12, 5), kReadThree), testing::HasSubstr("another function"));
  EXPECT_THAT(problem(changed(13, 2), kReadThree), testing::HasSubstr("number of items"));
  EXPECT_THAT(problem(changed(15, 0x0B), kReadThree), testing::HasSubstr("unknown kind"));
  EXPECT_THAT(problem(changed(17, 0x28), kReadThree), testing::HasSubstr("item 1"));
  EXPECT_THAT(problem(changed(29, 0x10), kReadThree), testing::HasSubstr("item 3"));
  for (std::size_t size = 0; size < kReadAnswer.size(); ++size) {
    EXPECT_NE(problem(Bytes(kReadAnswer.begin(), kReadAnswer.begin() + static_cast<long>(size)),
                      kReadThree),
              "none");
  }
}

TEST(S7Message, ReadsTheCodesOfAWrite) {
  const Bytes one = {1};
  const WriteVar asked{
      {{bytes_at(Area::kMarker, 0, 0, 1), one}, {bytes_at(Area::kMarker, 0, 9, 1), one}}};
  const WriteDone done{{ReturnCode::kOk, ReturnCode::kAccessDenied}};
  Bytes out;
  encode_response(9, asked, done, out);
  EXPECT_EQ(out, (Bytes{0x32, 3, 0, 0, 0, 9, 0, 2, 0, 2, 0, 0, 5, 2, 0xFF, 3}));
  EXPECT_EQ(std::get<WriteDone>(answer(out, asked)), done);
  out.pop_back();
  out[9] = 1;
  EXPECT_THAT(problem(out, asked), testing::HasSubstr("1 codes"));
}

// A refusal has error class and code in the head and nothing behind it.
TEST(S7Message, ReadsARefusalOfTheWholeRequest) {
  const Bytes pdu = {0x32, 0x02, 0, 0, 0, 3, 0, 0, 0, 0, 0x81, 0x04};
  EXPECT_EQ(std::get<Refusal>(answer(pdu, kReadThree)), kRefusedFunction);
  Bytes out;
  encode_response(3, kReadThree, kRefusedFunction, out);
  EXPECT_EQ(out, pdu);
  EXPECT_EQ(refusal_text(kRefusedFunction), "the device does not have this function (8104)");
  EXPECT_EQ(refusal_text({0x8999}), "a code that is not known (8999)");
  EXPECT_EQ(refusal_text({0x8399}), "not enough resources (8399)");
}

TEST(S7Message, RefusesASystemRequestInItsOwnForm) {
  const ReadSzl asked{0x0011, 0, {}};
  Bytes out;
  encode_response(4, asked, kRefusedSzl, out);
  EXPECT_EQ(std::get<Refusal>(answer(out, asked)), kRefusedSzl);
  // A request of the clock (group 7), which our server does not have.
  const Bytes clock = {0x32, 7,    0, 0,    0,    4, 0, 8,    0, 4, 0,
                       1,    0x12, 4, 0x11, 0x47, 1, 0, 0x0A, 0, 0, 0};
  const auto message = decode_message(clock).value();
  EXPECT_FALSE(message.is_answer());
  EXPECT_EQ(std::get<Refusal>(decode_request(message)), kRefusedFunction);
  out.clear();
  encode_refusal(message, kRefusedFunction, out);
  const auto refused = decode_message(out).value();
  EXPECT_TRUE(refused.is_answer());
  EXPECT_EQ(refused.parameters[5], 0x87);
}

TEST(S7Message, RefusesRequestsThatAreNotWhole) {
  const Bytes two = {1, 2};
  const Bytes write = encoded(1, WriteVar{{{bytes_at(Area::kMarker, 0, 0, 2), two}}});
  for (const Bytes& whole : {kSetup, kRead, write}) {
    for (std::size_t cut = 1; cut + 10 <= whole.size(); ++cut) {
      Bytes pdu(whole.begin(), whole.end() - static_cast<long>(cut));
      const std::size_t data = decode_message(whole)->data.size();
      const std::size_t left = data > cut ? data - cut : 0;
      pdu[9] = static_cast<std::uint8_t>(left);
      pdu[7] = static_cast<std::uint8_t>(pdu.size() - 10 - left);
      EXPECT_TRUE(std::holds_alternative<Refusal>(decode_request(decode_message(pdu).value())));
    }
  }
}

TEST(S7Message, RefusesMoreThanTwentyItemsAndOtherAddresses) {
  ReadVar read;
  read.items.assign(20, bytes_at(Area::kMarker, 0, 0, 1));
  Bytes pdu = encoded(1, read);
  EXPECT_EQ(std::get<ReadVar>(decoded(pdu)), read);
  pdu.insert(pdu.end(), pdu.end() - 12, pdu.end());
  pdu[7] += 12;
  pdu[11] = 21;
  EXPECT_TRUE(std::holds_alternative<Refusal>(decode_request(decode_message(pdu).value())));
  Bytes symbolic = kRead;
  symbolic[14] = 0xB2;  // the addressing of an S7-1200 by symbol
  EXPECT_TRUE(std::holds_alternative<Refusal>(decode_request(decode_message(symbolic).value())));
}

TEST(S7Message, SaysInWordsWhatACodeMeans) {
  EXPECT_EQ(return_code_text(ReturnCode::kAddressOutOfRange),
            "the address lies outside of the area or data block (05)");
  EXPECT_THAT(return_code_text(ReturnCode::kAccessDenied), testing::HasSubstr("PUT/GET"));
  EXPECT_THAT(return_code_text(ReturnCode::kDoesNotExist), testing::HasSubstr("optimized access"));
  EXPECT_EQ(return_code_text(static_cast<ReturnCode>(0x42)), "a code that is not known (42)");
}

}  // namespace
}  // namespace lineshaft::s7

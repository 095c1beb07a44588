#include "wire/modbus/message.h"

#include <gtest/gtest.h>

#include <string_view>

namespace lineshaft::modbus {
namespace {

// "03 00 6B" -> bytes.
Bytes hex(std::string_view text) {
  Bytes bytes;
  int digits = 0;
  unsigned value = 0;
  for (char c : text) {
    if (c == ' ') continue;
    value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'A' + 10);
    if (++digits % 2 == 0) {
      bytes.push_back(static_cast<std::uint8_t>(value));
      value = 0;
    }
  }
  return bytes;
}

Bytes encoded(const Request& request) {
  Bytes out;
  EXPECT_TRUE(encode_request(request, out).ok());
  return out;
}

Bytes encoded(const Request& asked, const Response& response) {
  Bytes out;
  encode_response(asked, response, out);
  return out;
}

Exception refusal(std::string_view text) { return std::get<Exception>(decode_request(hex(text))); }

struct Example {
  const char* what;
  Request request;
  std::string_view request_bytes;
  Response response;
  std::string_view response_bytes;
};

// The worked examples of the MODBUS Application Protocol Specification V1.1b3, section 6.
const Example kExamples[] = {
    {"6.1 read coils 20-38", ReadBits{Area::kCoil, 0x13, 0x13}, "01 00 13 00 13",
     Bits{{true, false, true, true, false, false, true, true, true, true, false, true, false, true,
           true, false, true, false, true}},
     "01 03 CD 6B 05"},
    {"6.2 read discrete inputs 197-218", ReadBits{Area::kDiscrete, 0xC4, 0x16}, "02 00 C4 00 16",
     Bits{{false, false, true,  true, false, true, false, true, true,  true, false,
           true,  true,  false, true, true,  true, false, true, false, true, true}},
     "02 03 AC DB 35"},
    {"6.3 read holding registers 108-110", ReadRegisters{Area::kHolding, 0x6B, 3}, "03 00 6B 00 03",
     Registers{{0x022B, 0x0000, 0x0064}}, "03 06 02 2B 00 00 00 64"},
    {"6.4 read input register 9", ReadRegisters{Area::kInput, 8, 1}, "04 00 08 00 01",
     Registers{{0x000A}}, "04 02 00 0A"},
    {"6.5 write coil 173 on", WriteCoil{0xAC, true}, "05 00 AC FF 00", Done{}, "05 00 AC FF 00"},
    {"6.6 write register 2 to 3", WriteRegister{1, 3}, "06 00 01 00 03", Done{}, "06 00 01 00 03"},
    {"6.11 write 10 coils from 20",
     WriteCoils{0x13, {true, false, true, true, false, false, true, true, true, false}},
     "0F 00 13 00 0A 02 CD 01", Done{}, "0F 00 13 00 0A"},
    {"6.12 write 2 registers from 2", WriteRegisters{1, {0x000A, 0x0102}},
     "10 00 01 00 02 04 00 0A 01 02", Done{}, "10 00 01 00 02"},
    {"6.16 mask write register 5", MaskWriteRegister{4, 0x00F2, 0x0025}, "16 00 04 00 F2 00 25",
     Done{}, "16 00 04 00 F2 00 25"},
    {"6.17 read 6 from 4, write 3 from 15", ReadWriteRegisters{3, 6, 14, {0xFF, 0xFF, 0xFF}},
     "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF",
     Registers{{0x00FE, 0x0ACD, 0x0001, 0x0003, 0x000D, 0x00FF}},
     "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF"},
    {"6.21 device identification, basic", ReadDeviceId{DeviceIdLevel::kBasic, 0}, "2B 0E 01 00",
     DeviceIdPart{
         0x01, false, 0, {{0, "Company identification"}, {1, "Product code XX"}, {2, "V2.11"}}},
     "2B 0E 01 01 00 00 03 00 16 43 6F 6D 70 61 6E 79 20 69 64 65 6E 74 69 66 69 63 61 74 69 6F 6E "
     "01 0F 50 72 6F 64 75 63 74 20 63 6F 64 65 20 58 58 02 05 56 32 2E 31 31"},
};

TEST(Message, EncodesTheExamplesOfTheStandard) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.what);
    EXPECT_EQ(encoded(example.request), hex(example.request_bytes));
    EXPECT_EQ(encoded(example.request, example.response), hex(example.response_bytes));
  }
}

TEST(Message, DecodesTheExamplesOfTheStandard) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.what);
    EXPECT_EQ(std::get<Request>(decode_request(hex(example.request_bytes))), example.request);
    EXPECT_EQ(decode_response(hex(example.response_bytes), example.request).value(),
              example.response);
  }
}

TEST(Message, RefusesARequestCutAtAnyByteOrWithAByteTooMany) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.what);
    Bytes bytes = hex(example.request_bytes);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      const auto decoded = decode_request(ByteSpan(bytes).first(cut));
      ASSERT_TRUE(std::holds_alternative<Exception>(decoded)) << cut;
    }
    bytes.push_back(0);
    EXPECT_EQ(std::get<Exception>(decode_request(bytes)), Exception::kIllegalDataValue);
  }
}

TEST(Message, RefusesAnAnswerCutAtAnyByteOrWithAByteTooMany) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.what);
    Bytes bytes = hex(example.response_bytes);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      const auto decoded = decode_response(ByteSpan(bytes).first(cut), example.request);
      ASSERT_FALSE(decoded.ok()) << cut;
      EXPECT_EQ(decoded.error().id, ErrorId::kBadAnswer);
    }
    bytes.push_back(0);
    EXPECT_FALSE(decode_response(bytes, example.request).ok());
  }
}

TEST(Message, TakesTheAnswerToOneFunctionForNoOther) {
  for (const Example& asked : kExamples) {
    for (const Example& answered : kExamples) {
      if (&asked == &answered) continue;
      EXPECT_FALSE(decode_response(hex(answered.response_bytes), asked.request).ok())
          << asked.what << " / " << answered.what;
    }
  }
}

TEST(Message, TakesAnExceptionAsTheAnswerOfTheDevice) {
  const Request asked = ReadRegisters{Area::kHolding, 0, 1};
  EXPECT_EQ(decode_response(hex("83 02"), asked).value(), Response(Exception::kIllegalDataAddress));
  EXPECT_EQ(decode_response(hex("83 5F"), asked).value(), Response(static_cast<Exception>(0x5F)));
  EXPECT_FALSE(decode_response(hex("83"), asked).ok());
  EXPECT_FALSE(decode_response(hex("83 02 00"), asked).ok());
  EXPECT_FALSE(decode_response(hex("84 02"), asked).ok()) << "of another function";
}

TEST(Message, ChecksTheByteCountOfAReadAgainstWhatWasAsked) {
  const Request two = ReadRegisters{Area::kHolding, 0, 2};
  EXPECT_TRUE(decode_response(hex("03 04 00 01 00 02"), two).ok());
  EXPECT_FALSE(decode_response(hex("03 02 00 01"), two).ok()) << "fewer";
  EXPECT_FALSE(decode_response(hex("03 06 00 01 00 02 00 03"), two).ok()) << "more";
  EXPECT_FALSE(decode_response(hex("03 06 00 01 00 02"), two).ok()) << "announced more";
  EXPECT_FALSE(decode_response(hex("03 FF 00 01 00 02"), two).ok());
}

TEST(Message, ChecksTheEchoOfAWrite) {
  EXPECT_FALSE(decode_response(hex("06 00 01 00 04"), WriteRegister{1, 3}).ok());
  EXPECT_FALSE(decode_response(hex("05 00 AC 00 00"), WriteCoil{0xAC, true}).ok());
  EXPECT_FALSE(decode_response(hex("10 00 01 00 03"), WriteRegisters{1, {1, 2}}).ok());
  EXPECT_FALSE(decode_response(hex("16 00 04 00 F2 00 24"), MaskWriteRegister{4, 0xF2, 0x25}).ok());
}

TEST(Message, AnswersIllegalCountsWithException03) {
  for (const char* text :
       {"01 00 00 00 00", "01 00 00 07 D1", "02 00 00 07 D1", "03 00 00 00 7E", "03 00 00 00 00",
        "04 00 00 FF FF", "05 00 00 12 34", "0F 00 00 00 00 00", "0F 00 00 00 09 01 FF",
        "10 00 00 00 00 00", "10 00 00 00 02 02 00 01", "10 00 00 00 01 02 00 01 00",
        "17 00 00 00 7E 00 00 00 01 02 00 00", "2B 0E 00 00", "2B 0E 05 00"}) {
    EXPECT_EQ(refusal(text), Exception::kIllegalDataValue) << text;
  }
}

TEST(Message, AnswersRangesPastTheEndWithException02) {
  for (const char* text :
       {"01 FF FF 00 02", "03 FF FF 00 02", "04 FF 84 00 7D", "0F FF FF 00 02 01 03",
        "10 FF FF 00 02 04 00 00 00 00", "17 FF FF 00 02 00 00 00 01 02 00 00"}) {
    EXPECT_EQ(refusal(text), Exception::kIllegalDataAddress) << text;
  }
  EXPECT_TRUE(std::holds_alternative<Request>(decode_request(hex("03 FF FF 00 01"))));
}

TEST(Message, AnswersUnknownFunctionsWithException01) {
  for (const char* text :
       {"00", "07", "08 00 00 A5 37", "14 07", "2B 0D 00", "63", "80", "83 02"}) {
    EXPECT_EQ(refusal(text), Exception::kIllegalFunction) << text;
  }
}

TEST(Message, HoldsTheLimitsOfTheStandardAndNothingBeyond) {
  Bytes out;
  EXPECT_TRUE(encode_request(ReadBits{Area::kCoil, 0, 2000}, out).ok());
  EXPECT_TRUE(encode_request(ReadRegisters{Area::kInput, 0, 125}, out).ok());
  out.clear();
  EXPECT_TRUE(encode_request(WriteCoils{0, std::vector<bool>(1968)}, out).ok());
  EXPECT_EQ(out.size(), 252u);
  out.clear();
  EXPECT_TRUE(encode_request(WriteRegisters{0, std::vector<std::uint16_t>(123)}, out).ok());
  EXPECT_EQ(out.size(), 252u);
  out.clear();
  EXPECT_TRUE(
      encode_request(ReadWriteRegisters{0, 125, 0, std::vector<std::uint16_t>(121)}, out).ok());
  EXPECT_EQ(out.size(), 252u);
  out.clear();
  EXPECT_FALSE(encode_request(ReadBits{Area::kCoil, 0, 2001}, out).ok());
  EXPECT_FALSE(encode_request(ReadRegisters{Area::kInput, 0, 126}, out).ok());
  EXPECT_FALSE(encode_request(ReadRegisters{Area::kInput, 0, 0}, out).ok());
  EXPECT_FALSE(encode_request(ReadRegisters{Area::kInput, 65535, 2}, out).ok());
  EXPECT_FALSE(encode_request(WriteCoils{0, std::vector<bool>(1969)}, out).ok());
  EXPECT_FALSE(encode_request(WriteRegisters{0, std::vector<std::uint16_t>(124)}, out).ok());
  EXPECT_FALSE(
      encode_request(ReadWriteRegisters{0, 126, 0, std::vector<std::uint16_t>(1)}, out).ok());
  EXPECT_FALSE(
      encode_request(ReadWriteRegisters{0, 1, 0, std::vector<std::uint16_t>(122)}, out).ok());
  EXPECT_TRUE(out.empty());
}

TEST(Message, RefusesAnIdentificationWhoseObjectsPassTheEnd) {
  const Request asked = ReadDeviceId{DeviceIdLevel::kBasic, 0};
  EXPECT_TRUE(decode_response(hex("2B 0E 01 01 00 00 01 00 01 41"), asked).ok());
  EXPECT_FALSE(decode_response(hex("2B 0E 01 01 00 00 01 00 02 41"), asked).ok()) << "text length";
  EXPECT_FALSE(decode_response(hex("2B 0E 01 01 00 00 FF 00 01 41"), asked).ok()) << "count";
  EXPECT_FALSE(decode_response(hex("2B 0D 01 01 00 00 01 00 01 41"), asked).ok()) << "MEI type";
  EXPECT_FALSE(decode_response(hex("2B 0E 02 01 00 00 01 00 01 41"), asked).ok()) << "level";
  EXPECT_FALSE(decode_response(hex("2B 0E 01 01 77 00 01 00 01 41"), asked).ok()) << "more";
}

TEST(Message, NamesExceptionsInWords) {
  EXPECT_EQ(exception_name(Exception::kIllegalDataAddress), "illegal data address (02)");
  EXPECT_EQ(exception_name(static_cast<Exception>(0x5F)), "not in the standard (5F)");
}

}  // namespace
}  // namespace lineshaft::modbus

#include "wire/sparkplug/payload.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace lineshaft::sparkplug {
namespace {

constexpr std::uint64_t kTime = 1'700'000'000'000;

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Payloads written by sparkplug-payload 1.0.3 (npm), the implementation of the authors of the
// standard: one metric of each data type; properties and flags; a data set and a template.
constexpr std::string_view kTypes =
    "0880d095ffbc3112190a066d2f496e743810011880d095ffbc31200150ffffffff0f121a0a076d2f496e"
    "74313610021881d095ffbc31200250d4fdffff0f121a0a076d2f496e74333210031882d095ffbc312003"
    "5090ddfbff0f121f0a076d2f496e74363410041883d095ffbc31200458809ce8afedffffffff0112170a"
    "076d2f55496e743810051884d095ffbc31200550ff0112190a086d2f55496e74313610061885d095ffbc"
    "31200650ffff03121b0a086d2f55496e74333210071886d095ffbc31200758ffffffff0f121f0a086d2f"
    "55496e74363410081887d095ffbc31200858ffffffffffffffff7f12190a076d2f466c6f617410091888"
    "d095ffbc312009650000c03f121e0a086d2f446f75626c65100a1889d095ffbc31200a699a9999999999"
    "b9bf12180a096d2f426f6f6c65616e100b188ad095ffbc31200b700112190a086d2f537472696e67100c"
    "188bd095ffbc31200c7a02c3a9121e0a0a6d2f4461746554696d65100d188cd095ffbc31200d5880d095"
    "ffbc3112160a066d2f54657874100e188dd095ffbc31200e7a017812180a066d2f55554944100f188ed0"
    "95ffbc31200f7a03612d6212190a076d2f42797465731010188fd095ffbc312011820102010218ff01";
constexpr std::string_view kQuality =
    "0880d095ffbc3112320a01711880d095ffbc3120034a220a075175616c6974790a07656e67556e697412"
    "05080318f4031207080c420343454c500712120a01681880d095ffbc31200b280130017000120e0a016e"
    "1880d095ffbc31200938011800";
constexpr std::string_view kSets =
    "0880d095ffbc3112220a01641880d095ffbc3120108a01130801120161180322040a02080122040a0208"
    "0212260a01741880d095ffbc3120139201170a013112070a0178200350011a070a017010031801280112"
    "0e0a01611880d095ffbc31200350011801";

Metric metric(std::string name, DataType type, WireValue value) {
  Metric made;
  made.name = std::move(name);
  made.timestamp_ms = kTime;
  made.datatype = type;
  made.value = std::move(value);
  return made;
}

struct TypeCase {
  DataType type;
  Value value;
};
const std::vector<TypeCase> kCases = {
    {DataType::kInt8, std::int64_t{-1}},
    {DataType::kInt16, std::int64_t{-300}},
    {DataType::kInt32, std::int64_t{-70000}},
    {DataType::kInt64, std::int64_t{-5'000'000'000}},
    {DataType::kUInt8, std::int64_t{255}},
    {DataType::kUInt16, std::int64_t{65535}},
    {DataType::kUInt32, std::int64_t{4'294'967'295}},
    {DataType::kUInt64, std::numeric_limits<std::int64_t>::max()},
    {DataType::kFloat, 1.5F},
    {DataType::kDouble, -0.1},
    {DataType::kBoolean, true},
    {DataType::kString, std::string("\xC3\xA9")},
    {DataType::kDateTime, std::int64_t{kTime}},
    {DataType::kText, std::string("x")},
    {DataType::kUuid, std::string("a-b")},
};

TEST(Payload, ReadsAndWritesEveryDataTypeAsTheReferenceDoes) {
  const Payload payload = decode_payload(hex(kTypes)).value();
  EXPECT_EQ(payload.timestamp_ms, kTime);
  EXPECT_EQ(payload.seq, 255u);
  ASSERT_EQ(payload.metrics.size(), kCases.size() + 1);  // Bytes have no tag
  Payload made;
  made.timestamp_ms = kTime;
  made.seq = 255;
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    const auto& [type, value] = kCases[i];
    EXPECT_EQ(payload.metrics[i].name, "m/" + data_type_name(type));
    EXPECT_EQ(payload.metrics[i].alias, i + 1);
    EXPECT_EQ(payload.metrics[i].datatype, type);
    EXPECT_EQ(to_value(type, payload.metrics[i].value).value(), value) << data_type_name(type);
    Metric one = metric("m/" + data_type_name(type), type, to_wire(type, value).value());
    one.alias = i + 1;
    one.timestamp_ms = kTime + i;
    made.metrics.push_back(one);
  }
  Metric bytes = metric("m/Bytes", DataType::kBytes, Bytes{1, 2});
  bytes.alias = 16;
  bytes.timestamp_ms = kTime + 15;
  made.metrics.push_back(bytes);
  EXPECT_EQ(payload, made);
  Bytes out;
  encode_payload(made, out);
  EXPECT_EQ(out, hex(kTypes));
}

TEST(Payload, ReadsAndWritesPropertiesAndFlagsAsTheReferenceDoes) {
  Payload made;
  made.timestamp_ms = kTime;
  made.seq = 0;
  made.metrics = {metric("q", DataType::kInt32, IntBits{7}), metric("h", DataType::kBoolean, false),
                  metric("n", DataType::kFloat, {})};
  set_quality_property(made.metrics[0], 500);
  made.metrics[0].properties.push_back({"engUnit", DataType::kString, std::string("CEL")});
  made.metrics[1].is_historical = true;
  made.metrics[1].is_transient = true;
  made.metrics[2].is_null = true;
  EXPECT_EQ(decode_payload(hex(kQuality)).value(), made);
  Bytes out;
  encode_payload(made, out);
  EXPECT_EQ(out, hex(kQuality));
  EXPECT_EQ(quality_property(made.metrics[0]), 500);
  EXPECT_EQ(quality_property(made.metrics[1]), std::nullopt);
}

TEST(Payload, PassesOverDataSetsAndTemplates) {
  const Payload payload = decode_payload(hex(kSets)).value();
  ASSERT_EQ(payload.metrics.size(), 3u);
  EXPECT_EQ(payload.metrics[0].value, WireValue(Opaque{}));
  EXPECT_EQ(payload.metrics[1].value, WireValue(Opaque{}));
  EXPECT_EQ(payload.metrics[2].value, WireValue(IntBits{1}));
  EXPECT_FALSE(to_value(DataType::kDataSet, payload.metrics[0].value).ok());
}

// Field 99 as varint, 64 bits, bytes and 32 bits, in the payload and in a metric; a known number
// with another wire type; a field given twice.
TEST(Payload, PassesOverWhatItDoesNotKnow) {
  const std::string unknown =
      "980605"
      "99060102030405060708"
      "9a0603616263"
      "9d0601020304";
  // The metric: 30 bytes of unknown fields, name "a", name "b", int_value 1.
  ASSERT_EQ(unknown.size() / 2, 25u);
  const Bytes bytes =
      hex(unknown + "0a01ff" + "1221" + unknown + "0a0161" + "0a0162" + "5001" + "1801" + "1802");
  const Payload payload = decode_payload(bytes).value();
  EXPECT_EQ(payload.timestamp_ms, std::nullopt);
  EXPECT_EQ(payload.seq, 2u);
  ASSERT_EQ(payload.metrics.size(), 1u);
  EXPECT_EQ(payload.metrics[0].name, "b");
  EXPECT_EQ(payload.metrics[0].value, WireValue(IntBits{1}));
}

TEST(Payload, RefusesWhatIsNotProtocolBuffers) {
  for (const char* bytes : {"08", "0880", "12", "1205", "120101", "0b", "0c", "0e", "0000",
                            "08ffffffffffffffffffff01", "12ffffffffffffffffff01",
                            "12030a01ff",  // a name that is not UTF-8
                            "12074a050a01611200"
                            "00",                 // cut in the outer message
                            "12054a030a0161"}) {  // a key without a value
    EXPECT_FALSE(decode_payload(hex(bytes)).ok()) << bytes;
  }
  EXPECT_EQ(decode_payload({}).value(), Payload());
}

TEST(Payload, RefusesEveryBeginningThatCutsAMetric) {
  const Bytes whole = hex(kQuality);
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (decode_payload(ByteSpan(whole).first(size)).ok()) accepted += 1;
  }
  // Nothing; the time; and the time with one, two or three metrics are payloads of their own.
  EXPECT_EQ(accepted, 5u);
}

TEST(Payload, BoundsMetricsAndProperties) {
  Bytes bytes;
  for (std::size_t i = 0; i <= kMetricsMax; ++i) bytes.insert(bytes.end(), {0x12, 0x00});
  EXPECT_FALSE(decode_payload(bytes).ok());
  bytes.resize(2 * kMetricsMax);
  EXPECT_TRUE(decode_payload(bytes).ok());
  Payload payload;
  payload.metrics.emplace_back();
  for (std::size_t i = 0; i < kPropertiesMax; ++i) {
    payload.metrics[0].properties.push_back({"k", DataType::kBoolean, true});
  }
  Bytes most;
  encode_payload(payload, most);
  EXPECT_EQ(decode_payload(most).value(), payload);
  payload.metrics[0].properties.resize(kPropertiesMax + 2);
  Bytes more;
  encode_payload(payload, more);
  EXPECT_FALSE(decode_payload(more).ok());
}

}  // namespace
}  // namespace lineshaft::sparkplug

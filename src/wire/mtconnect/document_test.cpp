#include "wire/mtconnect/document.h"

#include <gtest/gtest.h>

#include "wire/mtconnect/testing.h"

namespace lineshaft::mtconnect {
namespace {

using namespace testing;

// Written by hand after MTConnect Part 2 and 3, in the form of version 1.3.
constexpr std::string_view kStreams = R"(<?xml version="1.0" encoding="UTF-8"?>
<MTConnectStreams xmlns:m="urn:mtconnect.org:MTConnectStreams:1.3"
    xmlns="urn:mtconnect.org:MTConnectStreams:1.3">
  <Header creationTime="2026-11-26T15:00:00Z" sender="s" instanceId="1369244391" version="1.3.0"
      bufferSize="131072" nextSequence="205" firstSequence="1" lastSequence="204"/>
  <Streams><DeviceStream name="VMC" uuid="000">
    <ComponentStream component="Linear" name="X" componentId="x1">
      <Samples>
        <Position dataItemId="x2" timestamp="2026-11-26T14:59:59.250Z" sequence="204" subType="ACTUAL">10.5</Position>
        <PositionTimeSeries dataItemId="x3" timestamp="2026-11-26T14:59:59Z" sequence="200" sampleCount="3" sampleRate="50">1 2 3</PositionTimeSeries>
      </Samples>
      <Events><Execution dataItemId="e" timestamp="2026-11-26T14:59:58Z" sequence="203">UNAVAILABLE</Execution>
        <VariableDataSet dataItemId="v" timestamp="2026-11-26T14:59:58Z" sequence="199" count="2"><Entry key="a">1</Entry><Entry key="b" removed="true"/></VariableDataSet></Events>
      <Condition><Fault dataItemId="c" timestamp="2026-11-26T14:59:58Z" sequence="202" type="TEMPERATURE" nativeCode="404" nativeSeverity="9" qualifier="HIGH">Too hot</Fault>
        <Normal dataItemId="d" timestamp="2026-11-26T14:59:58Z" sequence="201" type="LOAD"/></Condition>
    </ComponentStream></DeviceStream></Streams>
</MTConnectStreams>)";

TEST(MtconnectDocument, ReadsStreamsInTheOrderOfTheirNumbers) {
  const auto document = read_document(kStreams);
  ASSERT_TRUE(document.ok()) << document.error().what;
  const auto& streams = std::get<StreamsDocument>(*document);
  EXPECT_EQ(streams.header.instance_id, 1369244391u);
  EXPECT_EQ(streams.header.next_sequence, 205u);
  EXPECT_EQ(streams.header.first_sequence, 1u);
  ASSERT_EQ(streams.observations.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(streams.observations[i].sequence, 199 + i);
  const auto& set = streams.observations[0];
  EXPECT_TRUE(set.is_set);
  EXPECT_EQ(set.entries, (std::vector<Entry>{{"a", "1", false, {}}, {"b", "", true, {}}}));
  const auto& series = streams.observations[1];
  EXPECT_EQ(series.sample_rate, 50);
  EXPECT_EQ(series.text, "1 2 3");
  EXPECT_EQ(streams.observations[2].level, Level::kNormal);
  const auto& fault = streams.observations[3];
  EXPECT_EQ(fault.level, Level::kFault);
  EXPECT_EQ(fault.native_code + fault.native_severity + fault.qualifier + fault.text,
            "4049HIGHToo hot");
  EXPECT_TRUE(streams.observations[4].unavailable);
  // 2026-11-26T14:59:59.250Z: 20783 days after 1970-01-01 and 53999.25 s.
  EXPECT_EQ(streams.observations[5].time.ns,
            (20783LL * 86400 + 53999) * 1'000'000'000 + 250'000'000);
}

TEST(MtconnectDocument, IsRefusedWhereverItIsCut) {
  for (std::size_t cut = 0; cut + 1 < kStreams.size(); ++cut) {
    ASSERT_FALSE(read_document(kStreams.substr(0, cut)).ok()) << cut;
  }
}

TEST(MtconnectDocument, RefusesWhatIsMissing) {
  const auto without = [](std::string_view part, std::string_view instead = "") {
    std::string text(kStreams);
    text.replace(text.find(part), part.size(), instead);
    return !read_document(text).ok();
  };
  EXPECT_TRUE(without("dataItemId=\"x2\""));
  EXPECT_TRUE(without("sequence=\"204\""));
  EXPECT_TRUE(without("sequence=\"204\"", "sequence=\"-1\""));
  EXPECT_TRUE(without("timestamp=\"2026-11-26T14:59:59.250Z\""));
  EXPECT_TRUE(without("<Normal", "<Nrmal"));
  EXPECT_FALSE(read_document("<html/>").ok());
  EXPECT_FALSE(read_document("<MTConnectStreams/>").ok());
  EXPECT_FALSE(read_document("<MTConnectDevices><Header/></MTConnectDevices>").ok());
}

TEST(MtconnectDocument, DevicesReadBackAsTheyWereWritten) {
  const std::string text = write_devices({header(), mill()});
  const auto document = read_document(text);
  ASSERT_TRUE(document.ok()) << document.error().what;
  const auto& devices = std::get<DevicesDocument>(*document);
  EXPECT_EQ(devices.devices, mill());
  EXPECT_EQ(devices.header.asset_buffer_size, 8u);
}

TEST(MtconnectDocument, StreamsReadBackAsTheyWereWritten) {
  StreamsDocument streams;
  streams.header = header();
  Observation series = observation("series", Category::kSample, 4, "1 2 3");
  series.sample_rate = 100;
  Observation set = observation("vars", Category::kEvent, 5, "");
  set.is_set = true;
  set.entries = {{"a", "1", false, {}}, {"b", "", true, {}}};
  Observation message = observation("msg", Category::kEvent, 6, "Tool worn");
  Observation fault = condition("xcond", 7, Level::kFault, "404", "Too hot");
  fault.qualifier = "HIGH";
  fault.condition_id = "heat";
  streams.observations = {observation("avail", Category::kEvent, 1, "AVAILABLE"),
                          observation("xpos", Category::kSample, 2, "10.5"),
                          observation("exec", Category::kEvent, 3, "UNAVAILABLE"),
                          series,
                          set,
                          message,
                          fault,
                          condition("xcond", 8, Level::kNormal)};
  const auto document = read_document(write_streams(streams, mill()));
  ASSERT_TRUE(document.ok()) << document.error().what;
  EXPECT_EQ(std::get<StreamsDocument>(*document).observations, streams.observations);
}

TEST(MtconnectDocument, ErrorsOfOldAndNewAgentsAreRead) {
  const auto old = read_document(
      "<MTConnectError><Header/><Errors><Error errorCode='OUT_OF_RANGE'>too far</Error></Errors>"
      "</MTConnectError>");
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(std::get<ErrorDocument>(*old).errors[0].code, "OUT_OF_RANGE");
  EXPECT_EQ(std::get<ErrorDocument>(*old).errors[0].message, "too far");

  const std::vector<DocumentError> errors = {
      {"OUT_OF_RANGE", "'from' is too large", "/sample?from=9", "from", "9"},
      {"ASSET_NOT_FOUND", "no such asset", "/asset/T1", "", "T1"},
      {"INVALID_XPATH", "the path", "/current?path=x", "", ""}};
  const auto read = read_document(write_errors({header(), errors}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(std::get<ErrorDocument>(*read).errors, errors);
}

TEST(MtconnectDocument, AssetsAreKeptAsTheyCame) {
  const auto asset =
      read_asset("<CuttingTool toolId='7'><Description>x</Description></CuttingTool>", "T1",
                 Timestamp{1'795'000'000'000'000'000}, "uuid-1");
  ASSERT_TRUE(asset.ok());
  EXPECT_EQ(asset->type, "CuttingTool");
  const auto read = read_document(write_assets({header(), {*asset}}));
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_EQ(std::get<AssetsDocument>(*read).assets, (std::vector<Asset>{*asset}));
  EXPECT_FALSE(read_asset("<CuttingTool", "T1", {}, "").ok());
  EXPECT_FALSE(read_asset("<CuttingTool/>", "", {}, "").ok());
}

// Names of elements in the schemas of the standard.
TEST(MtconnectDocument, ElementsAreNamedAsTheStandardDoes) {
  using enum Representation;
  EXPECT_EQ(element_name("PATH_FEEDRATE", kValue), "PathFeedrate");
  EXPECT_EQ(element_name("VARIABLE", kDataSet), "VariableDataSet");
  EXPECT_EQ(element_name("VOLTAGE_AC", kTimeSeries), "VoltageACTimeSeries");
  EXPECT_EQ(element_name("PH", kValue), "PH");
  EXPECT_EQ(element_name("X_DIMENSION", kValue), "XDimension");
  EXPECT_EQ(element_name("ADAPTER_URI", kValue), "AdapterURI");
  EXPECT_EQ(element_name("MTCONNECT_VERSION", kValue), "MTConnectVersion");
  EXPECT_EQ(element_name("MESSAGE", kDiscrete), "MessageDiscrete");
  EXPECT_EQ(element_name("x:OWN_TYPE", kValue), "x:OwnType");
  EXPECT_EQ(unit_code("CELSIUS"), "CEL");
  EXPECT_EQ(unit_code("MILLIMETER_3D"), "MMT");
  EXPECT_EQ(unit_code("KELVIN_PER_BUSHEL"), "");
}

}  // namespace
}  // namespace lineshaft::mtconnect

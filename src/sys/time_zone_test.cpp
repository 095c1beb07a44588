#include "sys/time_zone.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace lineshaft::sys {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::int64_t seconds(std::string_view text) {
  return parse_timestamp(text).value().ns / kNsPerSecond;
}

// "first second" of a wall-clock reading, as UTC; "none" in a gap.
std::string at_local(const TimeZone& zone, std::string_view local) {
  const TimeZone::Instants instants = zone.at_local(seconds(local));
  if (!instants.first) return "none";
  std::string shown = format_rfc3339({*instants.first * kNsPerSecond});
  if (instants.second) shown += " " + format_rfc3339({*instants.second * kNsPerSecond});
  return shown;
}

// A version 2 file: transitions to type 0 (+1 h) or 1 (+2 h), and the rule of Berlin.
Bytes zone_file(const std::vector<std::int64_t>& times, const std::vector<std::uint8_t>& types,
                std::string_view footer) {
  Bytes file;
  ByteWriter writer(file);
  const auto header = [&](std::uint32_t time_count) {
    writer.bytes(as_bytes("TZif2"));
    for (int i = 0; i < 15; ++i) writer.u8(0);
    for (const std::uint32_t count : {0U, 0U, 0U, time_count, 2U, 9U}) writer.write_be(count);
  };
  const auto body_of_types = [&] {
    writer.write_be<std::uint32_t>(3600);
    writer.bytes(Bytes{0, 0});
    writer.write_be<std::uint32_t>(7200);
    writer.bytes(Bytes{1, 4});
    writer.bytes(as_bytes(std::string_view("CET\0CEST\0", 9)));
  };
  header(0);
  body_of_types();
  header(static_cast<std::uint32_t>(times.size()));
  for (const std::int64_t time : times) writer.write_be(static_cast<std::uint64_t>(time));
  writer.bytes(types);
  body_of_types();
  writer.bytes(as_bytes("\n" + std::string(footer) + "\n"));
  return file;
}

TEST(TimeZone, ReadsTransitionsAndTheRuleBehindThem) {
  // One summer by transitions (1996), all later ones by the rule.
  const Bytes file = zone_file({seconds("1996-03-31T01:00:00Z"), seconds("1996-10-27T01:00:00Z")},
                               {1, 0}, "CET-1CEST,M3.5.0,M10.5.0/3");
  const TimeZone zone = TimeZone::decode(file).value();
  EXPECT_EQ(at_local(zone, "1990-07-01T12:00:00Z"), "1990-07-01T11:00:00Z");
  EXPECT_EQ(at_local(zone, "1996-07-01T12:00:00Z"), "1996-07-01T10:00:00Z");
  EXPECT_EQ(at_local(zone, "2018-01-01T00:00:00Z"), "2017-12-31T23:00:00Z");
  EXPECT_EQ(at_local(zone, "2018-03-25T01:59:59Z"), "2018-03-25T00:59:59Z");
  EXPECT_EQ(at_local(zone, "2018-03-25T02:00:00Z"), "none");
  EXPECT_EQ(at_local(zone, "2018-03-25T02:59:59Z"), "none");
  EXPECT_EQ(at_local(zone, "2018-03-25T03:00:00Z"), "2018-03-25T01:00:00Z");
  EXPECT_EQ(at_local(zone, "2018-10-28T01:59:59Z"), "2018-10-27T23:59:59Z");
  EXPECT_EQ(at_local(zone, "2018-10-28T02:30:00Z"), "2018-10-28T00:30:00Z 2018-10-28T01:30:00Z");
  EXPECT_EQ(at_local(zone, "2018-10-28T03:00:00Z"), "2018-10-28T02:00:00Z");
}

TEST(TimeZone, RefusesDamagedFilesAtEveryLength) {
  const Bytes file = zone_file({0, 100}, {1, 0}, "CET-1CEST,M3.5.0,M10.5.0/3");
  for (std::size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(TimeZone::decode(ByteSpan(file).first(length)).ok()) << length;
  }
  EXPECT_FALSE(TimeZone::decode(zone_file({100, 100}, {1, 0}, "")).ok());
  EXPECT_FALSE(TimeZone::decode(zone_file({100}, {2}, "")).ok());
  for (const char* footer : {"CET", "-1", "CET-1CEST", "CET-1CEST,M13.5.0,M10.5.0", "CET-1,M3.5.0",
                             "CET-1CEST,M3.5.0,M10.5.0/3x"}) {
    EXPECT_FALSE(TimeZone::decode(zone_file({}, {}, footer)).ok()) << footer;
  }
}

TEST(TimeZone, ARuleMayKeepDaylightTimeAllYear) {
  // RFC 8536, 3.3.1, errata: daylight time all year.
  const TimeZone zone = TimeZone::decode(zone_file({}, {}, "XXX3EDT4,0/0,J365/23")).value();
  for (const char* text :
       {"2018-01-01T04:00:00Z", "2018-07-01T00:00:00Z", "2018-12-31T23:30:00Z"}) {
    EXPECT_EQ(zone.offset_at(seconds(text)), -4 * 3600) << text;
  }
}

// Expected instants from `TZ=... date -u -d` of coreutils and from zdump -v.
TEST(TimeZone, ReadsTheZonesOfTheSystem) {
  const auto zone = [](std::string_view name) {
    return load_time_zone(real_file_system(), "/usr/share/zoneinfo", name);
  };
  if (!real_file_system().exists("/usr/share/zoneinfo/Europe/Berlin")) {
    GTEST_SKIP() << "no time zones below /usr/share/zoneinfo";
  }
  EXPECT_EQ(at_local(*zone("Asia/Shanghai"), "2018-01-01T08:00:00Z"), "2018-01-01T00:00:00Z");
  EXPECT_EQ(at_local(*zone("Asia/Shanghai"), "1988-07-01T09:00:00Z"), "1988-07-01T00:00:00Z");
  EXPECT_EQ(at_local(*zone("Asia/Kolkata"), "2018-01-01T05:30:00Z"), "2018-01-01T00:00:00Z");
  EXPECT_EQ(at_local(*zone("America/New_York"), "2018-11-04T01:30:00Z"),
            "2018-11-04T05:30:00Z 2018-11-04T06:30:00Z");
  EXPECT_EQ(at_local(*zone("America/New_York"), "2050-03-13T02:30:00Z"), "none");
  EXPECT_EQ(at_local(*zone("America/New_York"), "2050-07-01T12:00:00Z"), "2050-07-01T16:00:00Z");
  // Clocks of Lord Howe Island change by half an hour; those of Apia skipped a whole day.
  EXPECT_EQ(at_local(*zone("Australia/Lord_Howe"), "2018-04-01T01:45:00Z"),
            "2018-03-31T14:45:00Z 2018-03-31T15:15:00Z");
  EXPECT_EQ(at_local(*zone("Pacific/Apia"), "2011-12-30T12:00:00Z"), "none");
}

TEST(TimeZone, TakesFixedOffsetsAndRefusesWhatIsNoZone) {
  const auto offset = [](std::string_view name) -> std::string {
    const Result<TimeZone> zone = load_time_zone(real_file_system(), "/usr/share/zoneinfo", name);
    return zone.ok() ? std::to_string(zone->offset_at(0)) : "refused";
  };
  EXPECT_EQ(offset("UTC"), "0");
  EXPECT_EQ(offset("+08:00"), "28800");
  EXPECT_EQ(offset("-0330"), "-12600");
  EXPECT_EQ(offset("+8"), "28800");
  for (const char* name : {"", "../../../etc/passwd", "/etc/passwd", "Europe", "Europe/Nowhere",
                           "zone.tab", "+25:00", "+08:0", "+08:60", "+", "CET-1"}) {
    EXPECT_EQ(offset(name), "refused") << name;
  }
}

}  // namespace
}  // namespace lineshaft::sys

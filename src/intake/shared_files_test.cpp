// Real files of industry as they were published, dirt and all. They are no part of the repository:
// LINESHAFT_SHARED names their folder, else ../shared beside the sources; absent, this is skipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "intake/import_fixture.h"

namespace lineshaft::intake {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

fs::path data_folder() {
  const char* const given = std::getenv("LINESHAFT_SHARED");
  return fs::path(given != nullptr ? given : LINESHAFT_SHARED_DIR) / "data";
}

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Lines that hold anything, counted without the reader that is tested.
std::uint64_t lines_in(const std::string& text) {
  std::uint64_t lines = 0;
  bool any = false;
  for (const char c : text) {
    if (c == '\n' && std::exchange(any, false)) ++lines;
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') any = true;
  }
  return lines + (any ? 1 : 0);
}

// Values in a text where blanks or commas part them.
std::uint64_t words_in(const std::string& text) {
  std::uint64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank && !std::exchange(inside, true)) ++words;
    if (blank) inside = false;
  }
  return words;
}

// What the publishers say of each file (the folder's README), and counting by hand.
struct Facts {
  std::size_t columns;  // of the table; transposed: lines
  std::size_t signals;
  Layout layout = Layout::kWide;
  bool header = true;
  bool bom = false;
  const char* time_column = "";
  const char* first_time = nullptr;  // null: the file says nothing about time
  const char* last_time = nullptr;
};

const std::map<std::string, Facts> kFacts{
    // Hourly from 1 January: 7,411 rows end in hour 7,410, 308 days and 18 h later.
    {"gas_turbine_2011.csv",
     {11, 11, Layout::kWide, true, false, "", "2011-01-01T00:00:00Z", "2011-11-05T18:00:00Z"}},
    // 7,628 rows: 317 days and 19 h; 2012 is a leap year.
    {"gas_turbine_2012.csv",
     {11, 11, Layout::kWide, true, false, "", "2012-01-01T00:00:00Z", "2012-11-13T19:00:00Z"}},
    {"machine_temperature.csv",
     {2, 1, Layout::kWide, true, false, "timestamp", "2013-12-02T21:15:00Z",
      "2014-02-19T15:25:00Z"}},
    {"milling_ai4i2020.csv", {14, 14, Layout::kWide, true, true, ""}},
    // Quarters of an hour of 2018 by their ends: the last one is the midnight that ends the year.
    {"steel_plant_energy.csv",
     {11, 10, Layout::kWide, true, true, "date", "2018-01-01T00:15:00Z", "2019-01-01T00:00:00Z"}},
    {"tennessee_eastman_d00.dat", {52, 52, Layout::kTransposed, false}},
    {"tennessee_eastman_d01.dat", {52, 52, Layout::kWide, false}},
    {"tennessee_eastman_d01_te.dat", {52, 52, Layout::kWide, false}},
    {"tennessee_eastman_d05.dat", {52, 52, Layout::kWide, false}},
};

class SharedFilesTest : public ImportFixture {
 protected:
  void SetUp() override {
    if (!fs::is_directory(data_folder())) {
      GTEST_SKIP() << "no folder " << data_folder() << ": set LINESHAFT_SHARED";
    }
    ImportFixture::SetUp();
  }
  Import look_at(const std::string& name) {
    const Result<Import> import = upload(content(data_folder() / name), name);
    EXPECT_TRUE(import.ok()) << name << ": " << import.error().text();
    return import.ok() ? *import : Import{};
  }
};

std::string shown(const std::optional<Timestamp>& time) {
  return time ? format_rfc3339(*time) : "none";
}

TEST_F(SharedFilesTest, EveryFileIsReadAsItIs) {
  std::set<std::string> seen;
  for (const auto& entry : fs::directory_iterator(data_folder())) {
    const std::string name = entry.path().filename();
    const std::string ending = entry.path().extension();
    const bool is_table =
        ending == ".csv" || ending == ".dat" || (ending == ".txt" && !name.starts_with("LICENSE"));
    if (!is_table) continue;
    SCOPED_TRACE(name);
    seen.insert(name);
    const std::string text = content(entry.path());
    const Import import = look_at(name);
    ASSERT_NE(import.id, 0u);
    EXPECT_EQ(import.report.rows_refused, 0u)
        << (import.report.refused.empty() ? "" : import.report.refused[0].problem);
    EXPECT_EQ(import.report.rows_good, import.report.rows);
    EXPECT_EQ(import.report.rows, lines_in(text) - (import.plan.header ? 1 : 0));

    const auto facts = kFacts.find(name);
    if (facts == kFacts.end()) continue;  // a file that was added: read whole is enough
    const Facts& is = facts->second;
    EXPECT_EQ(import.plan.columns.size(), is.columns);
    EXPECT_EQ(std::count_if(import.plan.columns.begin(), import.plan.columns.end(),
                            [](const ColumnPlan& column) { return column.use == Use::kValue; }),
              static_cast<std::ptrdiff_t>(is.signals));
    EXPECT_EQ(import.plan.layout, is.layout);
    EXPECT_EQ(import.plan.header, is.header);
    EXPECT_EQ(import.plan.bom, is.bom);
    EXPECT_EQ(import.plan.time.column, is.time_column);
    const std::uint64_t values =
        name.ends_with(".dat") ? words_in(text) : import.report.rows * is.signals;
    EXPECT_EQ(import.report.samples, values);
    if (is.first_time != nullptr) {
      EXPECT_EQ(shown(import.report.first_time), is.first_time);
      EXPECT_EQ(shown(import.report.last_time), is.last_time);
      EXPECT_TRUE(import.report.needs.empty());
    } else {
      EXPECT_EQ(import.report.needs, std::vector<std::string>{"time.start"});
    }
  }
  for (const auto& [name, facts] : kFacts) EXPECT_EQ(seen.count(name), 1u) << name;
}

// The values of one tag, by time.
std::vector<Sample> history(const historian::Historian& historian, const std::string& path) {
  std::vector<Sample> all;
  const std::optional<Tag> tag = historian.find_tag(kTenant, path);
  if (!tag) return all;
  const Status read =
      historian.scan(kTenant, tag->id, TimeRange{}, [&](std::span<const Sample> run) {
        all.insert(all.end(), run.begin(), run.end());
        return true;
      });
  EXPECT_TRUE(read.ok());
  return all;
}

TEST_F(SharedFilesTest, EveryFileIsTakenWithAllItsSamples) {
  for (const auto& [name, facts] : kFacts) {
    SCOPED_TRACE(name);
    Import import = look_at(name);
    PlanChange change;
    if (facts.first_time == nullptr) {
      change.time_start = parse_timestamp("2026-01-01T00:00:00Z").value();
      change.step_ms = 180'000;
    }
    import = taken(changed(import, change));
    ASSERT_EQ(import.state, ImportState::kDone) << (import.error ? import.error->text() : "");
    EXPECT_EQ(import.progress->samples, import.report.samples);
    std::uint64_t stored = 0;
    for (const ColumnPlan& column : import.plan.columns) {
      if (column.use == Use::kValue) stored += history(*historian_, column.path).size();
    }
    EXPECT_EQ(stored, import.report.samples - import.report.duplicates);
  }
}

// Read here by other means: the later line of an instant counts.
TEST_F(SharedFilesTest, TheMachinesTemperatureComesBackToTheLastDigit) {
  std::map<std::string, double> expected;
  std::ifstream in(data_folder() / "machine_temperature.csv");
  std::string line;
  std::getline(in, line);
  std::uint64_t lines = 0;
  for (; std::getline(in, line); ++lines) {
    // 2013-12-02 21:15:00,73.96732207
    expected[line.substr(0, 10) + "T" + line.substr(11, 8) + "Z"] =
        std::strtod(line.c_str() + 20, nullptr);
  }
  const Import import = taken(look_at("machine_temperature.csv"));
  EXPECT_EQ(import.report.duplicates, lines - expected.size());
  const auto samples = history(*historian_, "mill/north/machine_temperature/value");
  ASSERT_EQ(samples.size(), expected.size());
  auto next = expected.begin();
  for (const Sample& sample : samples) {
    ASSERT_EQ(format_rfc3339(sample.time), next->first);
    ASSERT_EQ(std::get<double>(sample.value), next->second) << next->first;
    ++next;
  }
}

// The publisher: 35,040 quarters of an hour of one year, none missing. Only so when midnights are
// those that end the day.
TEST_F(SharedFilesTest, TheSteelPlantsYearHasEveryQuarterOfAnHour) {
  taken(look_at("steel_plant_energy.csv"));
  const auto samples = history(*historian_, "mill/north/steel_plant_energy/usage_kwh");
  ASSERT_EQ(samples.size(), 35'040u);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto quarter = static_cast<std::int64_t>(i + 1);
    ASSERT_EQ(samples[i].time.ns, (1'514'764'800 + quarter * 900) * 1'000'000'000);  // 2018-01-01
  }
  EXPECT_EQ(historian_->find_tag(kTenant, "mill/north/steel_plant_energy/usage_kwh")->spec.unit,
            "KWH");
}

}  // namespace
}  // namespace lineshaft::intake

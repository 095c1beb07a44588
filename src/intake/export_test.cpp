#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <limits>

#include "intake/export.h"
#include "intake/import_fixture.h"

namespace lineshaft::intake {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Timestamp at(const char* text) { return parse_timestamp(text).value(); }

class ExportTest : public ImportFixture {
 protected:
  TagId tag(const std::string& path, ValueType type) {
    TagSpec spec;
    spec.path = path;
    spec.type = type;
    return historian_->ensure_tags(kTenant, {spec}).value().front();
  }
  void store(std::vector<Sample> samples) {
    std::promise<Status> answer;
    historian_->append({kTenant, clock_.now(), std::move(samples)},
                       [&](Status status) { answer.set_value(std::move(status)); });
    const Status kept = answer.get_future().get();
    ASSERT_TRUE(kept.ok()) << kept.error().text();
  }
  std::string text_of(Result<CsvSource> source) {
    EXPECT_TRUE(source.ok()) << source.error().text();
    std::string text;
    for (;;) {
      const Result<std::string> piece = (*source)();
      EXPECT_TRUE(piece.ok());
      if (!piece.ok() || piece->empty()) return text;
      pieces_max_ = std::max(pieces_max_, piece->size());
      text += *piece;
    }
  }
  std::string exported(std::vector<TagId> tags, ExportOptions options, TimeRange range = {}) {
    return text_of(make_csv_export(*historian_, kTenant, std::move(tags), range, options));
  }
  std::size_t pieces_max_ = 0;
};

// One tag of every type, with every value that is hard to write.
class AllTypes : public ExportTest {
 protected:
  void SetUp() override {
    ExportTest::SetUp();
    const TagId on = tag("mill/north/on", ValueType::kBool);
    const TagId count = tag("mill/north/count", ValueType::kInt64);
    const TagId narrow = tag("mill/north/narrow", ValueType::kFloat32);
    const TagId wide = tag("mill/north/wide", ValueType::kFloat64);
    const TagId text = tag("mill/north/text, \"quoted\"", ValueType::kString);
    tags_ = {on, count, narrow, wide, text};
    const Timestamp a = at("2026-03-01T10:00:00Z");
    const Timestamp b = at("2026-03-01T10:00:00.000000001Z");
    const Timestamp c = at("2026-03-01T10:00:01.5Z");
    const Timestamp d = at("1969-12-31T23:59:59.999Z");
    const double inf = std::numeric_limits<double>::infinity();
    store({{on, a, quality::kGood, true},
           {on, c, quality::kBadTimeout, false},
           {count, a, quality::kGood, std::numeric_limits<std::int64_t>::max()},
           {count, b, quality::kUncertain, std::numeric_limits<std::int64_t>::min()},
           {narrow, a, quality::kGood, 0.1F},
           {narrow, b, quality::kGood, std::numeric_limits<float>::denorm_min()},
           {narrow, c, Quality{0x80AB0000}, -0.0F},
           {wide, a, quality::kGood, 0.1},
           {wide, b, quality::kGood, 1e308},
           {wide, c, quality::kGood, -inf},
           {wide, d, quality::kGood, std::nan("")},
           {text, a, quality::kGood, std::string()},
           {text, b, quality::kBad, std::string(" NA, \"x\"\r\nnext line ")},
           {text, c, quality::kGood, std::string("null")},
           {text, d, quality::kGood, std::string("=1+2 ;温度")}});
    for (const TagId id : tags_) paths_.push_back(historian_->find_tag(kTenant, id)->spec.path);
    for (const std::string& path : paths_) before_.push_back(samples(path));
  }

  // Takes the text into an empty server and compares all that is there afterwards.
  void expect_same_after_import(const std::string& text) {
    service_.reset();
    historian_.reset();
    std::filesystem::remove_all(root_ + "/historian");
    start();
    ASSERT_EQ(historian_->counters().tags, 0u);
    const Import import = uploaded(text, "export.csv");
    EXPECT_EQ(import.report.rows_refused, 0u)
        << (import.report.refused.empty() ? "" : import.report.refused[0].problem);
    ASSERT_EQ(taken(import).state, ImportState::kDone);
    EXPECT_EQ(historian_->counters().tags, paths_.size());
    const ValueType types[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                               ValueType::kFloat64, ValueType::kString};
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      EXPECT_EQ(samples(paths_[i]), before_[i]) << paths_[i];
      EXPECT_EQ(type_of(paths_[i]), types[i]) << paths_[i];
    }
  }

  std::vector<TagId> tags_;
  std::vector<std::string> paths_;
  std::vector<std::vector<std::string>> before_;
};

TEST_F(AllTypes, ComeBackTheSameFromALongExport) {
  expect_same_after_import(exported(tags_, {Layout::kLong, true}));
}

TEST_F(AllTypes, ComeBackTheSameFromAWideExport) {
  expect_same_after_import(exported(tags_, {Layout::kWide, true}));
}

TEST_F(ExportTest, WritesALongTable) {
  const TagId speed = tag("mill/a/speed", ValueType::kFloat32);
  const TagId mode = tag("mill/a/mode", ValueType::kString);
  store({{speed, at("2026-03-01T10:00:00Z"), quality::kGood, 0.5F},
         {speed, at("2026-03-01T10:00:00.25Z"), quality::kBadTimeout, 0.5F},
         {mode, at("2026-03-01T09:00:00Z"), quality::kGood, std::string("a,b")}});
  EXPECT_EQ(exported({speed, mode}, {Layout::kLong, true}),
            "tag,time,value,quality,type\r\n"
            "mill/a/speed,2026-03-01T10:00:00Z,0.5,Good,float32\r\n"
            "mill/a/speed,2026-03-01T10:00:00.250Z,0.5,BadTimeout,float32\r\n"
            "mill/a/mode,2026-03-01T09:00:00Z,\"a,b\",Good,string\r\n");
  EXPECT_EQ(exported({mode}, {Layout::kLong, false}),
            "tag,time,value,quality\r\n"
            "mill/a/mode,2026-03-01T09:00:00Z,\"a,b\",Good\r\n");
}

TEST_F(ExportTest, MergesTheTagsOfAWideTableByTime) {
  const TagId a = tag("mill/a", ValueType::kInt64);
  const TagId b = tag("mill/b", ValueType::kInt64);
  store({{a, at("2026-03-01T10:00:00Z"), quality::kGood, std::int64_t{1}},
         {a, at("2026-03-01T10:00:02Z"), quality::kBad, std::int64_t{2}},
         {b, at("2026-03-01T10:00:01Z"), quality::kGood, std::int64_t{3}},
         {b, at("2026-03-01T10:00:02Z"), quality::kGood, std::int64_t{4}}});
  EXPECT_EQ(exported({a, b}, {Layout::kWide, true}),
            "time,mill/a#int64,mill/a#quality,mill/b#int64,mill/b#quality\r\n"
            "2026-03-01T10:00:00Z,1,,,\r\n"
            "2026-03-01T10:00:01Z,,,3,\r\n"
            "2026-03-01T10:00:02Z,2,Bad,4,\r\n");
  EXPECT_EQ(exported({b, a}, {Layout::kWide, false}),
            "time,mill/b,mill/a\r\n"
            "2026-03-01T10:00:00Z,,1\r\n"
            "2026-03-01T10:00:01Z,3,\r\n"
            "2026-03-01T10:00:02Z,4,\r\n");
}

TEST_F(ExportTest, TakesTheRangeWithoutItsEnd) {
  const TagId a = tag("mill/a", ValueType::kInt64);
  store({{a, at("2026-03-01T10:00:00Z"), quality::kGood, std::int64_t{1}},
         {a, at("2026-03-01T10:00:01Z"), quality::kGood, std::int64_t{2}},
         {a, at("2026-03-01T10:00:02Z"), quality::kGood, std::int64_t{3}}});
  const TimeRange range{at("2026-03-01T10:00:01Z"), at("2026-03-01T10:00:02Z")};
  EXPECT_EQ(exported({a}, {Layout::kWide, false}, range),
            "time,mill/a\r\n2026-03-01T10:00:01Z,2\r\n");
}

// More samples than a cursor holds, so that it has to read on in the middle of a tag.
TEST_F(ExportTest, WritesLongHistoriesInSmallPieces) {
  const TagId a = tag("mill/a", ValueType::kInt64);
  const TagId b = tag("mill/b", ValueType::kInt64);
  constexpr std::int64_t kCount = 20'000;
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < kCount; ++i) {
    samples.push_back({a, Timestamp{i * 1'000'000'000}, quality::kGood, i});
    samples.push_back({b, Timestamp{i * 1'000'000'000 + 1}, quality::kGood, -i});
  }
  store(std::move(samples));
  for (const Layout layout : {Layout::kLong, Layout::kWide}) {
    const std::string text = exported({a, b, a}, {layout, false});
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 * kCount + 1);
    EXPECT_THAT(text, HasSubstr("1970-01-01T05:33:19Z"));            // the last of a: 19,999 s
    EXPECT_THAT(text, HasSubstr("1970-01-01T05:33:19.000000001Z"));  // of b
    EXPECT_LT(pieces_max_, 300u * 1024);
  }
}

TEST_F(ExportTest, RefusesWhatItCannotWrite) {
  const TagId a = tag("mill/a", ValueType::kInt64);
  const auto error = [&](std::vector<TagId> tags, Layout layout, TenantId tenant = kTenant) {
    return make_csv_export(*historian_, tenant, std::move(tags), {}, {layout, true}).error().id;
  };
  EXPECT_EQ(error({}, Layout::kLong), ErrorId::kInvalidArgument);
  EXPECT_EQ(error({a}, Layout::kTransposed), ErrorId::kInvalidArgument);
  EXPECT_EQ(error({a, TagId{99}}, Layout::kLong), ErrorId::kNotFound);
  EXPECT_EQ(error({a}, Layout::kLong, TenantId{8}), ErrorId::kNotFound);
  EXPECT_EQ(error(std::vector<TagId>(1'001, a), Layout::kWide), ErrorId::kInvalidArgument);
}

}  // namespace
}  // namespace lineshaft::intake

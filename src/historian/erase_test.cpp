// Samples that are taken away, through every way in which they may be kept.
#include <gtest/gtest.h>

#include "base/format_page_fixture.h"
#include "historian/erasure.h"
#include "historian/oracle_fixture.h"
#include "historian/verify.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};

class EraseTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.open().ok());
    tag_ = store_->ensure_tags(kTenant, {spec_of("works/level")}).value()[0];
    other_ = store_->ensure_tags(kTenant, {spec_of("works/other")}).value()[0];
  }
  void put(std::int64_t time, double value) {
    ASSERT_TRUE(append(*store_, {kTenant,
                                 {500},
                                 {{tag_, {time}, quality::kGood, value},
                                  {other_, {time}, quality::kGood, value}}})
                    .ok());
  }
  Status erase(TimeRange range) { return store_->erase(kTenant, std::vector{tag_}, range); }
  std::string text_of(TagId tag) {
    std::string text;
    for (const Sample& sample : scan_all(*store_, {kTenant, tag})) {
      text +=
          (text.empty() ? "" : " ") + std::to_string(sample.time.ns) + "=" + to_text(sample.value);
    }
    return text;
  }
  LastValue last() { return store_->last_values(kTenant, std::vector{tag_})[0]; }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
  TagId tag_, other_;
};

// The ways that samples and their erasure go: not written yet, in a file, merged, opened again.
TEST_F(EraseTest, TakesAwayWhatCameBefore) {
  for (int way = 0; way < 16; ++way) {
    SCOPED_TRACE(way);
    ASSERT_TRUE(erase({}).ok());
    ASSERT_TRUE(store_->erase(kTenant, std::vector{other_}, {}).ok());
    for (std::int64_t time = 1; time <= 5; ++time) put(time * 10, static_cast<double>(time));
    if ((way & 1) != 0) {
      ASSERT_TRUE(store_->flush().ok());
    }
    ASSERT_TRUE(erase({{20}, {40}}).ok());
    EXPECT_EQ(text_of(tag_), "10=1 40=4 50=5");
    if ((way & 2) != 0) {
      ASSERT_TRUE(store_->flush().ok());
    }
    put(30, 7);
    if ((way & 4) != 0) {
      ASSERT_TRUE(store_.open().ok());
    }
    if ((way & 8) != 0) {
      ASSERT_TRUE(store_->compact().ok());
    }
    EXPECT_EQ(text_of(tag_), "10=1 30=7 40=4 50=5") << "what comes later stays";
    EXPECT_EQ(text_of(other_), "10=1 20=2 30=7 40=4 50=5");
    const auto window = store_->aggregate(kTenant, tag_, {{0}, {100}}, Nanoseconds(100)).value()[0];
    EXPECT_EQ(window.count, 4u);
    EXPECT_EQ(window.sum, 1 + 7 + 4 + 5);
    EXPECT_EQ(store_->sample_before(kTenant, tag_, {29}).value()->time.ns, 10);
    const auto between = store_->pixels(kTenant, tag_, {{11}, {30}}, 1).value()[0];
    EXPECT_EQ(between.count, 0u);
  }
}

TEST_F(EraseTest, ShowsTheLastValueThatIsLeft) {
  put(10, 1);
  put(20, 2);
  const std::uint64_t before = store_->tick(kTenant);
  ASSERT_TRUE(erase({{15}, {30}}).ok());
  EXPECT_EQ(last().sample.time.ns, 10);
  EXPECT_GT(last().tick, before) << "it is news for those who watch";
  ASSERT_TRUE(erase({}).ok());
  EXPECT_EQ(last().sample.quality, quality::kBadWaitingForInitialData);
  EXPECT_FALSE(last().exists);
  put(-5, 3);
  EXPECT_EQ(last().sample.time.ns, -5);
  EXPECT_TRUE(last().exists);
}

TEST_F(EraseTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(store_->erase(kTenant, std::vector{TagId{99}}, {}).error().id, ErrorId::kNotFound);
  EXPECT_EQ(erase({{5}, {5}}).error().id, ErrorId::kInvalidArgument);
  EXPECT_TRUE(store_->erase(kTenant, {}, {}).ok());
}

// Gone from the disk too, once merges have passed over it, and the mark that took it away with it.
TEST_F(EraseTest, GivesTheSpaceBack) {
  for (std::int64_t time = 0; time < 9000; ++time) put(time, static_cast<double>(time * time));
  ASSERT_TRUE(store_->compact().ok());
  const std::uint64_t full = store_->counters().file_bytes;
  ASSERT_TRUE(erase({}).ok());
  ASSERT_TRUE(store_->erase(kTenant, std::vector{other_}, {}).ok());
  ASSERT_TRUE(store_->compact().ok());
  EXPECT_LT(store_->counters().file_bytes, 200u);  // header and footer: 24 + 56 bytes
  EXPECT_GT(full, 1000u);
  store_.close();
  for (const FileFinding& file : verify_store(disk_, "/data/history").value()) {
    EXPECT_EQ(file.state, FileState::kWhole) << file.name;
  }
}

// Without a whole merge, a file of which much is gone is written anew by itself.
TEST_F(EraseTest, RetentionRewritesFilesOfWhichMuchIsGone) {
  for (std::int64_t time = 0; time < 9000; ++time) put(time, static_cast<double>(time * time));
  ASSERT_TRUE(store_->flush().ok());
  const std::uint64_t full = store_->counters().file_bytes;
  ASSERT_TRUE(erase({}).ok());
  ASSERT_TRUE(store_->flush().ok());
  const auto report = store_->apply_retention();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->files_rewritten, 1u);
  EXPECT_LT(store_->counters().file_bytes, full * 3 / 4);
  EXPECT_EQ(text_of(tag_), "");
  EXPECT_EQ(scan_all(*store_, {kTenant, other_}).size(), 9000u);
  EXPECT_EQ(store_->apply_retention()->files_rewritten, 0u);
}

TEST(Erasures, ThatTouchAreOne) {
  const SeriesKey a{{1}, {1}};
  const SeriesKey b{{1}, {2}};
  const std::vector<Erasure> all = {
      {b, {{5}, {9}}}, {a, {{10}, {20}}}, {a, {{1}, {4}}}, {a, {{4}, {6}}}, {a, {{12}, {15}}}};
  const std::vector<Erasure> expected = {{a, {{1}, {6}}}, {a, {{10}, {20}}}, {b, {{5}, {9}}}};
  EXPECT_EQ(joined(all), expected);
  EXPECT_EQ(of_series(expected, a).size(), 2u);
  EXPECT_EQ(of_series(expected, b).size(), 1u);
  EXPECT_TRUE(of_series(expected, {{1}, {3}}).empty());
}

TEST(Erasures, HaveTheBytesOfTheFormatPage) {
  const std::vector<Erasure> one = {{{{1}, {2}}, {{-1}, {256}}}};
  const Bytes expected = {1,                                               // count
                          1,    0,    0,    0,                             // tenant
                          2,    0,    0,    0,                             // tag
                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // from -1
                          0,    1,    0,    0,    0,    0,    0,    0};    // to 256
  EXPECT_EQ(hex_of_page("historian.md", "A record of erasures"), expected);
  EXPECT_EQ(encode_erasures(one), expected);
  EXPECT_EQ(decode_erasures(expected).value(), one);
  EXPECT_FALSE(decode_erasures(ByteSpan(expected).first(24)).ok());
  EXPECT_FALSE(decode_erasures(Bytes{0xff, 0xff, 0xff, 0xff, 0x0f}).ok());
}

}  // namespace
}  // namespace lineshaft::historian

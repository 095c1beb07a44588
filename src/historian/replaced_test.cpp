// Samples that others of the same time replaced stay beside them, where a rule says so.
#include <gtest/gtest.h>

#include "historian/oracle_fixture.h"
#include "historian/verify.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};

class ReplacedTest : public testing::Test {
 protected:
  void SetUp() override {
    RetentionRule rule;
    rule.pattern = "works/audited/*";
    rule.keep_replaced = true;
    store_.options().retention[kTenant] = {rule};
    open();
    tag_ = store_->ensure_tags(kTenant, {spec_of("works/audited/dose")}).value()[0];
    other_ = store_->ensure_tags(kTenant, {spec_of("works/other/dose")}).value()[0];
  }
  void open() { ASSERT_TRUE(store_.open().ok()); }
  void put(std::int64_t time, double value, Quality quality = quality::kGood) {
    for (TagId tag : {tag_, other_}) {
      ASSERT_TRUE(append(*store_, {kTenant, {500}, {{tag, {time}, quality, value}}}).ok());
    }
  }
  static std::string text(const std::vector<Sample>& samples) {
    std::string all;
    for (const Sample& sample : samples) {
      all +=
          (all.empty() ? "" : " ") + std::to_string(sample.time.ns) + "=" + to_text(sample.value);
    }
    return all;
  }
  std::string now() { return text(scan_all(*store_, {kTenant, tag_})); }
  std::string replaced(TimeRange range = TimeRange{}) {
    return text(store_->replaced(kTenant, tag_, range).value());
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
  TagId tag_, other_;
};

// Wherever the one and the other are when they meet.
TEST_F(ReplacedTest, StayBesideWhatCounts) {
  for (int way = 0; way < 32; ++way) {
    SCOPED_TRACE(way);
    ASSERT_TRUE(store_->erase(kTenant, std::vector{tag_, other_}, {}).ok());
    EXPECT_EQ(replaced(), "") << "what is erased is gone, from here too";
    for (std::int64_t time = 1; time <= 4; ++time) put(time * 10, static_cast<double>(time));
    if ((way & 1) != 0) {
      ASSERT_TRUE(store_->flush().ok());
    }
    put(20, 7);
    if ((way & 2) != 0) {
      ASSERT_TRUE(store_->flush().ok());
    }
    put(20, 8);
    put(30, 3);  // the same again
    put(40, 4, quality::kUncertain);
    if ((way & 4) != 0) {
      open();
    }
    if ((way & 8) != 0) {
      ASSERT_TRUE(store_->flush().ok());
    }
    if ((way & 16) != 0) {
      ASSERT_TRUE(store_->compact().ok());
    }
    EXPECT_EQ(now(), "10=1 20=8 30=3 40=4");
    EXPECT_EQ(replaced(), "20=2 20=7 40=4");
    EXPECT_EQ(replaced({{30}, {50}}), "40=4");
    EXPECT_EQ(text(store_->replaced(kTenant, other_, {}).value()), "") << "no rule says so";
  }
  store_.close();
  for (const FileFinding& file : verify_store(disk_, "/data/history").value()) {
    EXPECT_EQ(file.state, FileState::kWhole) << file.name;
  }
}

TEST_F(ReplacedTest, GoWithTheSamplesThatReplacedThem) {
  put(10, 1);
  put(10, 2);
  put(20, 3);
  put(20, 4);
  ASSERT_TRUE(store_->compact().ok());
  ASSERT_TRUE(store_->erase(kTenant, std::vector{tag_}, {{5}, {15}}).ok());
  EXPECT_EQ(replaced(), "20=3");
  ASSERT_TRUE(store_->compact().ok());
  EXPECT_EQ(now(), "20=4");
  EXPECT_EQ(replaced(), "20=3");
}

TEST_F(ReplacedTest, TextsToo) {
  const TagId text_tag =
      store_->ensure_tags(kTenant, {spec_of("works/audited/batch", ValueType::kString)}).value()[0];
  for (const char* batch : {"A1", "A2", "A2", "A3"}) {
    ASSERT_TRUE(
        append(*store_, {kTenant, {500}, {{text_tag, {7}, quality::kGood, std::string(batch)}}})
            .ok());
    ASSERT_TRUE(store_->flush().ok());
  }
  EXPECT_EQ(text(store_->replaced(kTenant, text_tag, {}).value()), "7=A1 7=A2");
  EXPECT_EQ(store_->replaced(kTenant, {99}, {}).error().id, ErrorId::kNotFound);
}

}  // namespace
}  // namespace lineshaft::historian

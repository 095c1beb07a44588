#include "retention/keeper.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <future>

#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::retention {
namespace {

constexpr TenantId kTenant{1};
constexpr std::array kTenants{kTenant};

// The real clock, in which a caller can be held up.
class HeldClock final : public sys::Clock {
 public:
  Timestamp now() override {
    if (held_.load()) {
      entered_.set_value();
      released_.get_future().wait();
    }
    return sys::real_clock().now();
  }
  Nanoseconds monotonic() override { return sys::real_clock().monotonic(); }

  void hold_next() { held_ = true; }
  void wait_until_entered() {
    entered_.get_future().wait();
    held_ = false;
  }
  void release() { released_.set_value(); }

 private:
  std::atomic<bool> held_ = false;
  std::promise<void> entered_;
  std::promise<void> released_;
};

class KeeperTest : public testing::Test {
 protected:
  KeeperTest() {
    LS_ASSERT(mkdtemp(folder_.data()) != nullptr);
    open();
  }
  ~KeeperTest() override {
    close();
    std::filesystem::remove_all(folder_);
  }

  void open() {
    auto& files = sys::real_file_system();
    historian::HistorianOptions options;
    options.directory = folder_ + "/history";
    options.background = false;
    historian_ = historian::Historian::open(files, clock_, sys::real_random(), options).value();
    documents_ = records::Documents::open(
                     records::Database::open(files, {.path = folder_ + "/records.db"}).value())
                     .value();
    keeper_ = Keeper::open(*historian_, *documents_, kTenants).value();
  }
  void close() {
    keeper_.reset();
    documents_.reset();
    historian_.reset();
  }

  TagId make_tag(const std::string& path) {
    TagSpec spec;
    spec.path = path;
    return historian_->ensure_tags(kTenant, {spec}).value().front();
  }

  void append(TagId tag, int days_ago, double value) {
    const Timestamp now = sys::real_clock().now();
    const Timestamp time = now + -std::chrono::days(days_ago);
    std::promise<Status> done;
    historian_->append({kTenant, now, {{tag, time, quality::kGood, value}}},
                       [&](Status status) { done.set_value(std::move(status)); });
    EXPECT_TRUE(done.get_future().get());
  }

  std::size_t samples_of(TagId tag) {
    std::size_t count = 0;
    EXPECT_TRUE(historian_->scan(kTenant, tag, {}, [&](std::span<const Sample> samples) {
      count += samples.size();
      return true;
    }));
    return count;
  }

  std::string folder_ = testing::TempDir() + "lineshaft-retention-XXXXXX";
  HeldClock clock_;
  std::unique_ptr<historian::Historian> historian_;
  std::unique_ptr<records::Documents> documents_;
  std::unique_ptr<Keeper> keeper_;
};

TEST_F(KeeperTest, RulesComeBackAfterARestartAndCountAgain) {
  const TagId tag = make_tag("works/line/speed");
  append(tag, 10, 1);
  append(tag, 0, 2);
  EXPECT_EQ(keeper_->get(kTenant).version, 0);
  const std::vector<RetentionRule> rules{{"works/**", 5, 0, RetentionRule::kForEver}};
  EXPECT_EQ(keeper_->put(kTenant, rules, 0).value().version, 1);
  close();
  open();
  EXPECT_EQ(keeper_->get(kTenant).rules, rules);
  EXPECT_EQ(keeper_->get(kTenant).version, 1);
  EXPECT_EQ(samples_of(tag), 2u);
  const auto report = keeper_->apply().value();
  EXPECT_EQ(report.tags, 1u);
  EXPECT_EQ(report.rollups, 1u);
  EXPECT_EQ(samples_of(tag), 1u) << "the old one is summed up";
}

TEST_F(KeeperTest, ASecondPersonsChangeIsNotOverwritten) {
  EXPECT_EQ(keeper_->put(kTenant, {{"a/**", 5, 0, 0}}, 7).error().id, ErrorId::kConflict);
  ASSERT_TRUE(keeper_->put(kTenant, {{"a/**", 5, 0, 0}}, 0));
  EXPECT_EQ(keeper_->put(kTenant, {{"b/**", 5, 0, 0}}, 0).error().id, ErrorId::kConflict);
  EXPECT_EQ(keeper_->put(kTenant, {{"c/**", 5, 0, 0}}, 1).value().version, 2);
  EXPECT_EQ(keeper_->put(kTenant, {{"", 5, 0, 0}}, 2).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(keeper_->get(kTenant).rules.front().pattern, "c/**");
}

TEST_F(KeeperTest, ATagCountsForTheFirstRuleThatMatchesIt) {
  for (const char* path : {"works/melt/a", "works/melt/b", "works/mill/a", "office/door"}) {
    make_tag(path);
  }
  const std::vector<RetentionRule> rules{
      {"works/melt/a", 1, 0, 0}, {"works/melt/*", 2, 0, 0}, {"**/a", 3, 0, 0}};
  const Coverage coverage = keeper_->coverage(kTenant, rules);
  EXPECT_EQ(coverage.tags, (std::vector<std::uint64_t>{1, 1, 1}));
  EXPECT_EQ(coverage.tags_total, 4u);
  EXPECT_EQ(coverage.tags_without_rule, 1u);

  ASSERT_TRUE(keeper_->put(kTenant, rules, 0));
  const auto number = [&](const char* path) -> int {
    const auto rule = keeper_->rule_of(kTenant, historian_->find_tag(kTenant, path).value());
    return rule ? static_cast<int>(rule->second.samples_days) : 0;
  };
  EXPECT_EQ(number("works/melt/a"), 1);
  EXPECT_EQ(number("works/melt/b"), 2);
  EXPECT_EQ(number("works/mill/a"), 3);
  EXPECT_EQ(number("office/door"), 0);
  EXPECT_EQ(keeper_->coverage(TenantId{2}, rules).tags_total, 0u);
}

TEST_F(KeeperTest, RulesThatCannotBeReadTakeNothingAndCanBeReplaced) {
  const TagId tag = make_tag("works/line/speed");
  append(tag, 10, 1);
  append(tag, 0, 2);
  ASSERT_TRUE(documents_->put(kTenant, "retention", 1,
                              R"({"rules":[{"pattern":"**","samples_days":5,"seconds":1}]})", 0));
  close();
  open();
  EXPECT_TRUE(keeper_->get(kTenant).rules.empty());
  EXPECT_EQ(keeper_->apply().value().tags, 0u);
  EXPECT_EQ(samples_of(tag), 2u);
  EXPECT_EQ(keeper_->put(kTenant, {{"**", 5, 0, 0}}, 1).value().version, 2);
  EXPECT_EQ(keeper_->apply().value().tags, 1u);
  EXPECT_EQ(samples_of(tag), 1u);
}

TEST_F(KeeperTest, RulesAreAppliedByOneAtATime) {
  clock_.hold_next();
  auto first = std::async(std::launch::async, [this] { return keeper_->apply(); });
  clock_.wait_until_entered();
  EXPECT_EQ(keeper_->apply().error().id, ErrorId::kConflict);
  clock_.release();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(keeper_->apply());
}

}  // namespace
}  // namespace lineshaft::retention

// Tags that move together, with what they have measured.
#include <gtest/gtest.h>

#include "base/format_page_fixture.h"
#include "historian/oracle_fixture.h"
#include "historian/path_list.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};

class MoveTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.open().ok()); }

  TagId make(const std::string& path) {
    return store_->ensure_tags(kTenant, {spec_of(path)}).value()[0];
  }
  std::string paths() {
    std::string text;
    for (const Tag& tag : store_->list_tags(kTenant, {}, 0, 100).tags) {
      text += (text.empty() ? "" : " ") + tag.spec.path;
    }
    return text;
  }
  ErrorId refused(const std::string& from, const std::string& to) {
    const auto moved = store_->move_tags(kTenant, from, to);
    return moved ? ErrorId::kInternal : moved.error().id;
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
};

TEST_F(MoveTest, ASubtreeMovesWithItsHistory) {
  const TagId temperature = make("works/eaf1/cooling/temperature");
  make("works/eaf1/power");
  make("works/eaf10/power");
  ASSERT_TRUE(append(*store_, {kTenant, {5}, {{temperature, {10}, quality::kGood, 1.5}}}).ok());
  EXPECT_EQ(store_->move_tags(kTenant, "works/eaf1", "old/east/eaf").value(), 2u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(paths(), "old/east/eaf/cooling/temperature old/east/eaf/power works/eaf10/power");
    EXPECT_EQ(store_->find_tag(kTenant, "old/east/eaf/cooling/temperature")->id, temperature);
    EXPECT_FALSE(store_->find_tag(kTenant, "works/eaf1/power").has_value());
    EXPECT_EQ(scan_all(*store_, {kTenant, temperature}).size(), 1u);
    if (i == 1) {
      ASSERT_TRUE(store_->flush().ok());
    }
    ASSERT_TRUE(store_.open().ok());  // from the log, then from a catalogue
  }
}

TEST_F(MoveTest, WhoKeepsIdsByPathIsToldToLookAgain) {
  const TagId tag = make("a/b");
  const std::uint64_t before = store_->path_changes();
  make("a/c");
  EXPECT_EQ(store_->path_changes(), before) << "a new tag changes no path";
  ASSERT_TRUE(store_->move_tags(kTenant, "a/b", "a/d").ok());
  const std::uint64_t moved = store_->path_changes();
  EXPECT_GT(moved, before);
  ASSERT_TRUE(store_->update_tag(kTenant, tag, spec_of("a/e")).ok());
  EXPECT_GT(store_->path_changes(), moved);
}

TEST_F(MoveTest, ATagThatIsALevelTooMovesWithWhatIsBelow) {
  make("a/b");
  make("a/b/c");
  make("a/bc");
  EXPECT_EQ(store_->move_tags(kTenant, "a/b", "a/d").value(), 2u);
  EXPECT_EQ(paths(), "a/bc a/d a/d/c");
  EXPECT_EQ(store_->move_tags(kTenant, "a/bc", "a/e").value(), 1u);
  EXPECT_EQ(store_->move_tags(kTenant, "a/e", "a/e").value(), 1u) << "to where it is";
}

TEST_F(MoveTest, TagsMayMoveBelowThemselvesAndBack) {
  make("a/x");
  make("a/x/x");
  EXPECT_EQ(store_->move_tags(kTenant, "a/x", "a/x/x").value(), 2u);
  EXPECT_EQ(paths(), "a/x/x a/x/x/x");
  EXPECT_EQ(store_->move_tags(kTenant, "a/x", "a").value(), 2u);
  EXPECT_EQ(paths(), "a/x a/x/x");
  ASSERT_TRUE(store_.open().ok());
  EXPECT_EQ(paths(), "a/x a/x/x");
}

TEST_F(MoveTest, WhatIsRefusedChangesNothing) {
  make("a/b/1");
  make("a/b/2");
  make("a/c/2");
  EXPECT_EQ(refused("a/b", "a/c"), ErrorId::kConflict);
  EXPECT_EQ(refused("a/d", "a/e"), ErrorId::kNotFound);
  EXPECT_EQ(refused("", "x"), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused("a/b/", "x"), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused("a/b", ""), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused("a/b", "x/"), ErrorId::kInvalidArgument);
  EXPECT_EQ(refused("a/b", "1/2/3/4/5/6/7/8/9/10/11/12"), ErrorId::kInvalidArgument);
  EXPECT_EQ(store_->move_tags({2}, "a/b", "a/e").error().id, ErrorId::kNotFound);
  EXPECT_EQ(paths(), "a/b/1 a/b/2 a/c/2");
}

// A record of the log is limited, and a move is one record.
TEST_F(MoveTest, RefusesMoreTagsThanOneRecordHolds) {
  std::vector<TagSpec> specs;
  for (int i = 0; i < 3000; ++i) specs.push_back(spec_of("a/b/" + std::to_string(i * 7919)));
  ASSERT_TRUE(store_->ensure_tags(kTenant, specs).ok());
  EXPECT_EQ(refused("a/b", "a/c"), ErrorId::kInvalidArgument);  // through segments of 16 KiB
  EXPECT_TRUE(store_->find_tag(kTenant, "a/b/0").has_value());
}

TEST(PathList, HasTheBytesOfTheFormatPage) {
  PathList list({1});
  list.add({2}, "a/c");
  list.add({300}, "a/de");
  const Bytes page = hex_of_page("historian.md", "A record of paths");
  EXPECT_EQ(list.record(), page);
  std::string text;
  const PathList read = PathList::read(page).value();
  read.for_each([&](TagId tag, const std::string& path) {
    text += std::to_string(tag.value) + "=" + path + " ";
  });
  EXPECT_EQ(text, "2=a/c 300=a/de ");
  EXPECT_EQ(read.tenant(), TenantId{1});
  for (std::size_t size = 0; size < page.size(); ++size) {
    EXPECT_FALSE(PathList::read(ByteSpan(page).first(size)).ok()) << size;
  }
}

}  // namespace
}  // namespace lineshaft::historian

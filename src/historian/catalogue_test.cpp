#include "historian/catalogue.h"

#include <gtest/gtest.h>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};

class CatalogueTest : public testing::Test {
 protected:
  void put(std::uint32_t id, const std::string& path, const std::string& description = "",
           TenantId tenant = kTenant) {
    TagSpec spec = spec_of(path);
    spec.description = description;
    catalogue_.put(std::vector<TagEntry>{{tenant, {{id}, spec}}});
  }
  std::uint32_t id_of(const std::string& path, TenantId tenant = kTenant) {
    return catalogue_.id_of(tenant, path).value;
  }
  // The paths of a page, separated by spaces, and the total.
  std::string list(const TagFilter& filter, std::uint64_t offset = 0, std::uint64_t limit = 100) {
    const TagPage page = catalogue_.list(kTenant, filter, offset, limit);
    std::string text;
    for (const Tag& tag : page.tags) text += tag.spec.path + " ";
    return text + "of " + std::to_string(page.total);
  }

  Catalogue catalogue_;
};

TEST_F(CatalogueTest, FindsATagByIdAndByPathInsideItsTenant) {
  put(1, "a/b");
  put(1, "a/c", "", TenantId{2});
  EXPECT_EQ(catalogue_.find(kTenant, TagId{1})->spec.path, "a/b");
  EXPECT_EQ(catalogue_.find(TenantId{2}, TagId{1})->spec.path, "a/c");
  EXPECT_EQ(catalogue_.type_of(kTenant, TagId{1}), ValueType::kFloat64);
  for (const SeriesKey& none : {SeriesKey{{3}, {1}}, {kTenant, {0}}, {kTenant, {2}}}) {
    EXPECT_FALSE(catalogue_.find(none.tenant, none.tag).has_value());
    EXPECT_FALSE(catalogue_.type_of(none.tenant, none.tag).has_value());
  }
  EXPECT_EQ(id_of("a/c"), 0u);
  EXPECT_EQ(id_of("a/c", TenantId{2}), 1u);
  EXPECT_EQ(catalogue_.size(), 2u);
}

TEST_F(CatalogueTest, ForgetsThePathThatATagHadBefore) {
  put(1, "a/b");
  put(1, "a/c");
  EXPECT_EQ(id_of("a/b"), 0u);
  EXPECT_EQ(id_of("a/c"), 1u);
  EXPECT_EQ(catalogue_.size(), 1u);
}

// A catalogue may be newer than the records that are replayed over it, so that two tags have one
// path for a while. In the end everything is as it was.
TEST_F(CatalogueTest, LetsPathsChangeHands) {
  put(1, "a/new");
  put(2, "a/old");
  put(1, "a/old");  // the replay begins
  put(1, "a/new");
  put(2, "a/old");
  EXPECT_EQ(id_of("a/old"), 2u);
  EXPECT_EQ(id_of("a/new"), 1u);
  EXPECT_EQ(list({}), "a/new a/old of 2");
}

TEST_F(CatalogueTest, GivesOutIdsAboveAllItKnowsAndAllThatAreReserved) {
  EXPECT_EQ(catalogue_.next_id(kTenant), TagId{1});
  put(7, "a/b");
  EXPECT_EQ(catalogue_.next_id(kTenant), TagId{8});
  catalogue_.reserve(kTenant, TagId{20});
  catalogue_.reserve(kTenant, TagId{3});
  EXPECT_EQ(catalogue_.next_id(kTenant), TagId{21});
  EXPECT_EQ(catalogue_.next_id(TenantId{2}), TagId{1});
  EXPECT_EQ(catalogue_.size(), 1u);
}

TEST_F(CatalogueTest, TakesIdsFarApartInLittleMemory) {
  put(UINT32_MAX - 1, "a/b");
  EXPECT_EQ(id_of("a/b"), UINT32_MAX - 1);
}

TEST_F(CatalogueTest, ListsByPathInPages) {
  for (std::uint32_t i = 5; i > 0; --i) put(i, "a/" + std::to_string(i));
  EXPECT_EQ(list({}, 0, 2), "a/1 a/2 of 5");
  EXPECT_EQ(list({}, 4, 2), "a/5 of 5");
  EXPECT_EQ(list({}, 9, 2), "of 5");
  EXPECT_EQ(list({}, 0, 0), "of 5");
}

TEST_F(CatalogueTest, FiltersByWordsOfPathAndDescription) {
  put(1, "works/furnace/temperature", "Bath, thermocouple B");
  put(2, "works/furnace/state", "On or off");
  put(3, "works/caster/temperature", "Mould");
  EXPECT_EQ(list({"TEMPERATURE", ""}), "works/caster/temperature works/furnace/temperature of 2");
  EXPECT_EQ(list({"  furnace  bath ", ""}), "works/furnace/temperature of 1");
  EXPECT_EQ(list({"furnace mould", ""}), "of 0");
  EXPECT_EQ(list({"temperature", "works/caster"}), "works/caster/temperature of 1");
}

TEST_F(CatalogueTest, APrefixEndsAtALevel) {
  for (const char* path : {"a/b", "a/b/c", "a/b!", "a/bc", "a/bc/d", "b/a"}) {
    put(catalogue_.next_id(kTenant).value, path);
  }
  EXPECT_EQ(list({"", "a/b"}), "a/b a/b/c of 2");
  EXPECT_EQ(list({"", "a/b/"}), "a/b/c of 1");
  EXPECT_EQ(list({"", "a"}), "a/b a/b/c a/b! a/bc a/bc/d of 5") << "a subtree stays together";
  EXPECT_EQ(list({"", "c"}), "of 0");
}

TEST_F(CatalogueTest, NamesTagsInOrderOfTenantAndId) {
  put(3, "a/3");
  put(1, "a/1");
  put(2, "b/2", "", TenantId{2});
  const auto after = [&](SeriesKey last, std::size_t limit) {
    std::string text;
    for (const TagEntry& entry : catalogue_.after(last, limit)) text += entry.tag.spec.path + " ";
    return text;
  };
  EXPECT_EQ(after({}, 9), "a/1 a/3 b/2 ");
  EXPECT_EQ(after({}, 2), "a/1 a/3 ");
  EXPECT_EQ(after({kTenant, {1}}, 1), "a/3 ");
  EXPECT_EQ(after({kTenant, {3}}, 9), "b/2 ");
  EXPECT_EQ(after({{2}, {2}}, 9), "");
}

}  // namespace
}  // namespace lineshaft::historian

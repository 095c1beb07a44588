#include "intake/lines.h"

#include <gtest/gtest.h>

#include <map>

#include "intake/text_ids.h"

namespace lineshaft::intake {
namespace {

// Tags in memory, as the historian has them; counts how often it is asked for a path.
class Tags final : public TagDirectory {
 public:
  std::optional<Tag> find_tag(TenantId tenant, std::string_view path) const override {
    ++asked;
    const auto found = tags_.find({tenant, std::string(path)});
    return found == tags_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<TagId>> ensure_tags(TenantId tenant, std::vector<TagSpec> specs) override {
    std::vector<TagId> ids;
    for (TagSpec& spec : specs) {
      if (Status allowed = check_tag_spec(spec); !allowed) return allowed.error();
      const TagId next{static_cast<std::uint32_t>(tags_.size() + 1)};
      ids.push_back(tags_.try_emplace({tenant, spec.path}, Tag{next, spec}).first->second.id);
    }
    return ids;
  }
  void move(TenantId tenant, const std::string& from, const std::string& to) {
    auto node = tags_.extract({tenant, from});
    node.key().second = node.mapped().spec.path = to;
    tags_.insert(std::move(node));
    ++path_changes;
  }
  std::vector<std::string> paths(TenantId tenant = {1}) const {
    std::vector<std::string> all;
    for (const auto& [key, tag] : tags_) {
      if (key.first == tenant) all.push_back(key.second);
    }
    return all;
  }
  Tag tag(const std::string& path) const { return tags_.at({TenantId{1}, path}); }

  mutable int asked = 0;
  std::uint64_t path_changes = 0;

 private:
  std::map<std::pair<TenantId, std::string>, Tag> tags_;
};

class Lines : public testing::Test {
 protected:
  // Reads and makes the tags; the samples, or what is wrong.
  std::vector<Sample> store(std::string_view text) {
    auto samples = lines_.read(request_, text);
    problem_ = samples ? "" : samples.error().what;
    if (!samples) return {};
    EXPECT_TRUE(lines_.make_tags(*samples).ok());
    return samples->batch.samples;
  }
  std::string problem(std::string_view text) {
    EXPECT_TRUE(store(text).empty());
    return problem_;
  }

  Tags tags_;
  LineTags lines_{tags_, [this] { return tags_.path_changes; }};
  LineRequest request_{TenantId{1}, "", 1, {777}};
  std::string problem_;
};

using Paths = std::vector<std::string>;

TEST_F(Lines, GiveEachFieldATagThatIsNamedAfterAllItsNames) {
  request_.prefix = "works/east";
  const auto samples = store("cpu,host=plc1,cpu=cpu0 idle=99.5,n=3i,on=true,mode=\"auto\" 1000");
  EXPECT_EQ(
      tags_.paths(),
      (Paths{"works/east/cpu/cpu=cpu0/host=plc1/idle", "works/east/cpu/cpu=cpu0/host=plc1/mode",
             "works/east/cpu/cpu=cpu0/host=plc1/n", "works/east/cpu/cpu=cpu0/host=plc1/on"}));
  ASSERT_EQ(samples.size(), 4U);
  for (const Sample& sample : samples) {
    EXPECT_EQ(sample.time.ns, 1000);
    EXPECT_EQ(sample.quality, quality::kGood);
  }
  EXPECT_EQ(samples[0].value, Value(99.5));
  EXPECT_EQ(samples[1].value, Value(std::int64_t{3}));
  EXPECT_EQ(samples[2].value, Value(true));
  EXPECT_EQ(samples[3].value, Value(std::string("auto")));
  const Tag idle = tags_.tag("works/east/cpu/cpu=cpu0/host=plc1/idle");
  EXPECT_EQ(samples[0].tag, idle.id);
  EXPECT_EQ(idle.spec.type, ValueType::kFloat64);
  EXPECT_EQ(idle.spec.interpolation, Interpolation::kLinear);
  EXPECT_EQ(tags_.tag("works/east/cpu/cpu=cpu0/host=plc1/n").spec.interpolation,
            Interpolation::kStep);
}

TEST_F(Lines, AreTheSameTagInWhateverOrderTheirNamesStand) {
  const auto samples = store("m,a=1,b=2 f=1\nm,b=2,a=1 f=2\n");
  EXPECT_EQ(tags_.paths(), (Paths{"m/a=1/b=2/f"}));
  EXPECT_EQ(samples[0].tag, samples[1].tag);
}

TEST_F(Lines, NeverPutTwoNamesIntoOnePath) {
  store(
      "disk,path=/var/log used%=1\n"
      "a,b\\=c=d f=1\na,b=c\\=d f=1\n"
      "a,b=%2F f=1\na,b=/ f=1\n");
  EXPECT_EQ(tags_.paths(), (Paths{"a/b%3Dc=d/f", "a/b=%252F/f", "a/b=%2F/f", "a/b=c=d/f",
                                  "disk/path=%2Fvar%2Flog/used%25"}));
}

TEST_F(Lines, CountTimeInTheirUnitAndTakeNowWhereThereIsNone) {
  request_.unit_ns = 1'000'000;
  const auto samples = store("m f=1 1700000000000\nm f=1\nm f=1 -1");
  EXPECT_EQ(samples[0].time.ns, 1'700'000'000'000'000'000);
  EXPECT_EQ(samples[1].time.ns, 777);
  EXPECT_EQ(samples[2].time.ns, -1'000'000);
  const std::string refused = "has a time outside 1677 to 2262: see the parameter precision";
  EXPECT_EQ(problem("m f=1 1\nm f=1 9223372036855"), "line 2: " + refused);
  request_.unit_ns = 1;
  EXPECT_EQ(problem("m f=1 9223372036854775807"), "line 1: " + refused);
}

TEST_F(Lines, ThatComeAgainAskForNoPath) {
  const std::string text = "m,a=1 f=1,g=2i 5\nm,a=2 f=1 5\n";
  store(text);
  const auto first = store(text);
  const int asked = tags_.asked;
  const auto second = store(text);
  EXPECT_EQ(tags_.asked, asked);
  ASSERT_EQ(second.size(), 3U);
  for (std::size_t i = 0; i < second.size(); ++i) EXPECT_EQ(second[i].tag, first[i].tag);
  EXPECT_NE(second[0].tag, second[1].tag);
  EXPECT_NE(second[0].tag, second[2].tag);
}

TEST_F(Lines, AreNotThoseOfAnotherTenantOrPrefix) {
  store("m f=1");
  store("m f=1");
  request_.tenant = TenantId{2};
  store("m f=1");
  EXPECT_EQ(tags_.paths(TenantId{2}), (Paths{"m/f"}));
  request_.tenant = TenantId{1};
  request_.prefix = "p";
  store("m f=1");
  EXPECT_EQ(tags_.paths(), (Paths{"m/f", "p/m/f"}));
}

TEST_F(Lines, LookAgainWhenATagWasMoved) {
  store("m f=1");
  const TagId tag = store("m f=1")[0].tag;
  tags_.move(TenantId{1}, "m/f", "m/g");
  EXPECT_NE(store("m f=1")[0].tag, tag) << "the name belongs to a new tag now";
  EXPECT_EQ(store("m g=1")[0].tag, tag);
  EXPECT_EQ(tags_.paths(), (Paths{"m/f", "m/g"}));
}

TEST_F(Lines, AreRefusedTogetherAndMakeNoTag) {
  EXPECT_EQ(problem("m f=1\nm g=\n"), "line 2: has a field without a value");
  EXPECT_EQ(problem("m f=1\nm,a=1,a=2 f=1\n"), "line 2: has a tag twice");
  EXPECT_EQ(problem("m f=1\nm f=1i\n"), "line 2: the field f is int64, its tag is float64");
  EXPECT_EQ(problem("m f=1\nm \xff=1\n"), "line 2: path: is not UTF-8");
  EXPECT_EQ(problem("m f=1\nm g=\"\xff\"\n"), "line 2: has a text that is not UTF-8");
  EXPECT_EQ(problem("m,a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1 f=1"),
            "line 1: path: 'm/a=1/b=1/c=1/d=1/e=1/f=1/g=1/h=1/i=1/j=1/k=1/f' must have 2 to 12 "
            "levels: organisation/site/area/line/machine/signal");
  EXPECT_EQ(problem("m g=\"" + std::string(65'537, 'x') + "\""),
            "line 1: has a text longer than 64 KiB");
  EXPECT_TRUE(tags_.paths().empty());
}

TEST_F(Lines, AreRefusedForTheTypeOfATagThatIsKnownOrExists) {
  store("m f=1");
  const std::string refused = "line 1: the field f is bool, its tag is float64";
  EXPECT_EQ(problem("m f=true"), refused);
  store("m f=1");  // remembered from here on
  EXPECT_EQ(problem("m f=true"), refused);
}

TEST(TextIds, FindsEachOfManyTextsInItsScope) {
  TextIds ids;
  EXPECT_FALSE(ids.find(0, "").has_value());
  for (std::uint32_t i = 0; i < 5000; ++i) ids.add(i % 7, "text " + std::to_string(i / 7), i);
  ids.add(3, "", 99'999);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(ids.find(i % 7, "text " + std::to_string(i / 7)), i);
  }
  EXPECT_EQ(ids.find(3, ""), 99'999U);
  EXPECT_FALSE(ids.find(2, "").has_value());
  EXPECT_FALSE(ids.find(0, "text").has_value());
  ids.clear();
  EXPECT_FALSE(ids.find(0, "text 0").has_value());
}

}  // namespace
}  // namespace lineshaft::intake

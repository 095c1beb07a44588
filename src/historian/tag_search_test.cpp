#include "historian/tag_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "historian/catalogue.h"
#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};

class TagSearchTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& description = "") {
    TagSpec spec = spec_of(path);
    spec.description = description;
    catalogue_.put(std::vector<TagEntry>{{kTenant, {catalogue_.next_id(kTenant), spec}}});
  }
  // The paths that match, separated by spaces.
  std::string find(const TagFilter& filter) {
    EXPECT_TRUE(check_tag_filter(filter).ok());
    const TagPage page = catalogue_.list(kTenant, filter, 0, 100);
    EXPECT_EQ(page.total, page.tags.size());
    std::string text;
    for (const Tag& tag : page.tags) text += (text.empty() ? "" : " ") + tag.spec.path;
    return text;
  }
  std::string match(const std::string& pattern) { return find({"", "", pattern}); }

  Catalogue catalogue_;
};

TEST_F(TagSearchTest, AStarIsAnyPartOfOneLevel) {
  for (const char* path : {"w/eaf1/temp", "w/eaf1/temp_2", "w/eaf2/temp", "w/x/eaf1/temp"}) {
    put(path);
  }
  EXPECT_EQ(match("w/eaf1/temp"), "w/eaf1/temp");
  EXPECT_EQ(match("w/eaf1/temp*"), "w/eaf1/temp w/eaf1/temp_2");
  EXPECT_EQ(match("w/*/temp"), "w/eaf1/temp w/eaf2/temp");
  EXPECT_EQ(match("w/e*f*/*_2"), "w/eaf1/temp_2");
  EXPECT_EQ(match("*/*/*/*"), "w/x/eaf1/temp");
  EXPECT_EQ(match("W/*1/T*P"), "w/eaf1/temp") << "the case is ignored";
  EXPECT_EQ(match("w/*"), "");
  EXPECT_EQ(match("w/eaf1"), "");
}

TEST_F(TagSearchTest, TwoStarsAreAnyLevelsOrNone) {
  for (const char* path :
       {"n/meltshop/eaf1/cooling/temperature_1", "n/meltshop/temperature", "n/rolling/temperature",
        "n/meltshop/eaf1/power", "meltshop/temperature"}) {
    put(path);
  }
  EXPECT_EQ(match("*/meltshop/**/temperature*"),
            "n/meltshop/eaf1/cooling/temperature_1 n/meltshop/temperature");
  EXPECT_EQ(match("**/temperature"),
            "meltshop/temperature n/meltshop/temperature n/rolling/temperature");
  EXPECT_EQ(match("n/meltshop/**"),
            "n/meltshop/eaf1/cooling/temperature_1 n/meltshop/eaf1/power n/meltshop/temperature");
  EXPECT_EQ(match("**/eaf1/**"), "n/meltshop/eaf1/cooling/temperature_1 n/meltshop/eaf1/power");
  EXPECT_EQ(match("**/**/power"), "n/meltshop/eaf1/power");
  EXPECT_EQ(match("n/meltshop/eaf1/power/**"), "n/meltshop/eaf1/power");
  EXPECT_EQ(match("n/m**p/temperature"), "n/meltshop/temperature")
      << "inside a level like one star";
}

TEST_F(TagSearchTest, AllThreeMustHold) {
  put("w/eaf1/temp", "Bath");
  put("w/eaf1/power", "Bath");
  put("w/eaf2/temp", "Roof");
  put("v/eaf1/temp", "Bath");
  EXPECT_EQ(find({"bath", "w", "**/temp"}), "w/eaf1/temp");
  EXPECT_EQ(find({"bath", "w/", "*/eaf1/*"}), "w/eaf1/power w/eaf1/temp");
  EXPECT_EQ(find({"", "w/eaf1/temp", "**"}), "w/eaf1/temp");
  EXPECT_EQ(find({"", "w/eaf1/temp/", ""}), "");
  EXPECT_EQ(find({"", "w/eaf", "**"}), "");
}

TEST_F(TagSearchTest, AWordMayGoOverLevels) {
  put("works/eaf1/cooling/temp", "On/Off");
  put("works/eaf1/coolingtemp");
  EXPECT_EQ(find({"f1/cooling/t", ""}), "works/eaf1/cooling/temp");
  EXPECT_EQ(find({"EAF1/COOLING", ""}), "works/eaf1/cooling/temp works/eaf1/coolingtemp");
  EXPECT_EQ(find({"/temp", ""}), "works/eaf1/cooling/temp");
  EXPECT_EQ(find({"/works", ""}), "") << "no slash stands before the first level";
  EXPECT_EQ(find({"cooling/", ""}), "works/eaf1/cooling/temp");
  EXPECT_EQ(find({"on/off", ""}), "works/eaf1/cooling/temp");
  EXPECT_EQ(find({"f1/ol/t", ""}), "") << "what is between slashes is a whole level";
  EXPECT_EQ(find({"//", ""}), "");
  EXPECT_EQ(find({"/ works/ /eaf1/", ""}), "works/eaf1/cooling/temp works/eaf1/coolingtemp");
}

TEST_F(TagSearchTest, AStarAmongWordsIsAStar) {
  put("w/a*b");
  put("w/acb");
  EXPECT_EQ(find({"a*b", ""}), "w/a*b");
  EXPECT_EQ(find({"w/a*", ""}), "w/a*b");
  EXPECT_EQ(match("w/a*b"), "w/a*b w/acb");
}

TEST_F(TagSearchTest, RefusesMoreThanItLooksForAtOnce) {
  put("w/a");
  std::string words;
  for (int i = 0; i < 60; ++i) words += " w";
  EXPECT_EQ(find({words, ""}), "w/a");
  for (int i = 0; i < 10; ++i) words += " w";
  EXPECT_EQ(check_tag_filter({words, ""}).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(catalogue_.list(kTenant, {words, ""}, 0, 10).total, 0u);
}

// --- against a map ---

std::vector<std::string> levels_of(const std::string& path) {
  std::vector<std::string> levels;
  std::size_t start = 0;
  for (std::size_t end = 0; end < path.size(); start = end + 1) {
    end = std::min(path.find('/', start), path.size());
    levels.push_back(path.substr(start, end - start));
  }
  return levels;
}

// By trying everything.
template <typename Sequence, typename Same, typename IsStar>
bool fits(const Sequence& pattern, std::size_t p, const Sequence& text, std::size_t t,
          const Same& same, const IsStar& is_star) {
  if (p == pattern.size()) return t == text.size();
  if (is_star(pattern[p])) {
    return fits(pattern, p + 1, text, t, same, is_star) ||
           (t < text.size() && fits(pattern, p, text, t + 1, same, is_star));
  }
  return t < text.size() && same(pattern[p], text[t]) &&
         fits(pattern, p + 1, text, t + 1, same, is_star);
}

bool fits_pattern(const std::string& pattern, const std::string& path) {
  const auto same_level = [](const std::string& a, const std::string& b) {
    return fits(
        lower_ascii(a), 0, lower_ascii(b), 0, [](char x, char y) { return x == y; },
        [](char c) { return c == '*'; });
  };
  return fits(levels_of(pattern), 0, levels_of(path), 0, same_level,
              [](const std::string& level) { return level == "**"; });
}

struct ByLevels {
  bool operator()(const std::string& a, const std::string& b) const {
    return levels_of(a) < levels_of(b);
  }
};

// A catalogue and a map of paths; both are changed alike.
class Twins {
 public:
  explicit Twins(std::uint32_t seed) : random_(seed) {}

  void change() {
    std::vector<TagEntry> entries;
    for (std::size_t i = 1 + below(6); i > 0; --i) {
      const bool is_new = ids_.empty() || below(3) == 0;
      const std::uint32_t id =
          is_new ? ++highest_ : 1 + static_cast<std::uint32_t>(below(highest_));
      std::string path = some_path();
      const auto owner = by_path_.find(path);
      if (owner != by_path_.end() && owner->second.id.value != id) {
        if (is_new) --highest_;
        continue;
      }
      if (const auto before = ids_.find(id); before != ids_.end()) by_path_.erase(before->second);
      TagSpec spec = spec_of(path, below(2) == 0 ? ValueType::kInt64 : ValueType::kString);
      spec.description = below(2) == 0 ? some_text(6) : "";
      spec.unit = below(2) == 0 ? "CEL" : "";
      spec.source = below(2) == 0 ? "modbus:a/" + some_text(4) : some_text(3);
      if (below(3) == 0) spec.range_low = static_cast<double>(below(3));
      ids_[id] = path;
      by_path_[path] = {{id}, spec};
      entries.push_back({kTenant, {{id}, spec}});
    }
    catalogue_.put(entries);
  }

  // Some tags take each other's paths or new ones, all at once.
  void rename() {
    std::vector<std::uint32_t> moving;
    std::vector<std::string> paths;
    for (const auto& [id, path] : ids_) {
      if (below(3) != 0) continue;
      moving.push_back(id);
      paths.push_back(path);
    }
    for (std::string& path : paths) {
      std::string other = some_path();
      const bool is_free = by_path_.find(other) == by_path_.end() &&
                           std::find(paths.begin(), paths.end(), other) == paths.end();
      if (below(2) == 0 && is_free) path = std::move(other);
    }
    std::shuffle(paths.begin(), paths.end(), random_);
    PathList list(kTenant);
    std::vector<Tag> tags;
    for (std::size_t i = 0; i < moving.size(); ++i) {
      const auto before = by_path_.find(ids_[moving[i]]);
      tags.push_back(before->second);
      tags.back().spec.path = ids_[moving[i]] = paths[i];
      by_path_.erase(before);
      list.add({moving[i]}, paths[i]);
    }
    list.add({highest_ + 1}, "nobody/knows/it");
    for (const Tag& tag : tags) by_path_[tag.spec.path] = tag;
    catalogue_.rename(PathList::read(list.record()).value());
  }

  void compare() {
    TagFilter filter;
    if (below(2) == 0) filter.text = some_text(5);
    if (below(3) == 0) filter.prefix = some_path().substr(0, below(6));
    if (below(2) == 0) filter.pattern = some_pattern();
    if (below(2) == 0) filter.within = some_places();
    SCOPED_TRACE("text '" + filter.text + "' prefix '" + filter.prefix + "' pattern '" +
                 filter.pattern + "' within " + std::to_string(filter.within.size()) + " places");
    std::vector<Tag> wanted;
    for (const auto& [path, tag] : by_path_) {
      if (lets_through(filter, tag.spec)) wanted.push_back(tag);
    }
    const std::size_t offset = below(2) == 0 ? 0 : below(wanted.size() + 2);
    const std::size_t limit = below(wanted.size() + 2);
    const TagPage page = catalogue_.list(kTenant, filter, offset, limit);
    ASSERT_EQ(page.total, wanted.size());
    const std::size_t end = std::min(wanted.size(), offset + limit);
    ASSERT_EQ(page.tags.size(), end - std::min(offset, end));
    for (std::size_t i = 0; i < page.tags.size(); ++i) {
      ASSERT_EQ(page.tags[i].id, wanted[offset + i].id);
      ASSERT_EQ(page.tags[i].spec, wanted[offset + i].spec);
    }
    const std::string path = some_path();
    const auto owner = by_path_.find(path);
    ASSERT_EQ(catalogue_.id_of(kTenant, path),
              owner == by_path_.end() ? TagId{} : owner->second.id);
    ASSERT_EQ(catalogue_.size(), by_path_.size());
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string some_text(std::size_t size_max) {
    std::string text(below(size_max + 1), ' ');
    for (char& c : text) c = "abA/ *"[below(6)];
    return text;
  }
  std::string some_level() {
    std::string level(1 + below(2), ' ');
    for (char& c : level) c = "abA!"[below(4)];
    return level;
  }
  std::string some_path() {
    std::string path = some_level();
    for (std::size_t more = 1 + below(4); more > 0; --more) path += "/" + some_level();
    return path;
  }
  // Some that are not below each other, in any order.
  std::vector<std::string> some_places() {
    std::vector<std::string> places;
    for (std::size_t more = 1 + below(3); more > 0; --more) {
      std::string place = below(2) == 0 ? some_level() : some_path();
      const auto nested = [&](const std::string& other) {
        return is_under(place, other) || is_under(other, place);
      };
      if (std::ranges::none_of(places, nested)) places.push_back(std::move(place));
    }
    return places;
  }
  static bool is_under(const std::string& path, const std::string& place) {
    return (path + "/").starts_with(place + "/");
  }
  std::string some_pattern() {
    std::string pattern;
    for (std::size_t more = 1 + below(5); more > 0; --more) {
      const char* const stars[] = {"**", "*", "a*", "*a*b", "**"};
      const std::size_t which = below(8);
      pattern += (pattern.empty() ? "" : "/") + (which < 5 ? stars[which] : some_level());
    }
    return pattern;
  }

  static bool lets_through(const TagFilter& filter, const TagSpec& spec) {
    const std::string text = lower_ascii(spec.path + "\n" + spec.description);
    std::size_t start = 0;
    for (std::size_t end = 0; end < filter.text.size(); start = end + 1) {
      end = std::min(filter.text.find(' ', start), filter.text.size());
      const std::string word = lower_ascii(filter.text.substr(start, end - start));
      if (text.find(word) == std::string::npos) return false;
    }
    const std::string& prefix = filter.prefix;
    const bool under = prefix.empty() || spec.path == prefix ||
                       spec.path.starts_with(prefix.ends_with('/') ? prefix : prefix + "/");
    const auto holds = [&](const std::string& place) { return is_under(spec.path, place); };
    if (!filter.within.empty() && std::ranges::none_of(filter.within, holds)) return false;
    return under && (filter.pattern.empty() || fits_pattern(filter.pattern, spec.path));
  }

  std::mt19937 random_;
  Catalogue catalogue_;
  std::map<std::string, Tag, ByLevels> by_path_;
  std::map<std::uint32_t, std::string> ids_;
  std::uint32_t highest_ = 0;
};

TEST(Catalogue, FindsWhatAMapOfPathsFinds) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Twins twins(seed);
    for (int step = 0; step < 300 && !testing::Test::HasFatalFailure(); ++step) {
      step % 5 == 4 ? twins.rename() : twins.change();
      twins.compare();
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace lineshaft::historian

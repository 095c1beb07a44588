#include "historian/texts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>

namespace lineshaft::historian {
namespace {

// The texts found, joined by commas, sorted.
std::string found(const Texts& texts, std::string_view word) {
  std::multiset<std::string> all;
  texts.search(word, [&](TextId id) { all.emplace(texts.text(id)); });
  std::string joined;
  for (const std::string& text : all) joined += (joined.empty() ? "" : ",") + text;
  return joined;
}

TEST(Texts, KeepsEachTextOnceUnderOneId) {
  Texts texts;
  const TextId a = texts.take("valve");
  const TextId b = texts.take("pump");
  EXPECT_EQ(texts.take("valve"), a);
  EXPECT_NE(a, b);
  EXPECT_EQ(texts.text(a), "valve");
  EXPECT_EQ(texts.find("pump"), b);
  EXPECT_EQ(texts.find("Pump"), 0u);
  EXPECT_EQ(texts.take(""), 0u);
  EXPECT_EQ(texts.text(0), "");
}

TEST(Texts, ForgetsATextWithItsLastUse) {
  Texts texts;
  const TextId a = texts.take("valve");
  texts.take("valve");
  texts.drop(a);
  EXPECT_EQ(found(texts, "valve"), "valve");
  texts.drop(a);
  EXPECT_EQ(texts.find("valve"), 0u);
  EXPECT_EQ(found(texts, "valve"), "");
  EXPECT_EQ(texts.take("pump"), a) << "ids are used again";
}

TEST(Texts, FindsAPartWhateverTheCase) {
  Texts texts;
  for (const char* text : {"Outlet Temperature", "temp", "tem", "pressure_TEMP_2", "e"}) {
    texts.take(text);
  }
  EXPECT_EQ(found(texts, "temp"), "Outlet Temperature,pressure_TEMP_2,temp");
  EXPECT_EQ(found(texts, "temperatures"), "");
  EXPECT_EQ(found(texts, "_2"), "pressure_TEMP_2");
  EXPECT_EQ(found(texts, "e"), "Outlet Temperature,e,pressure_TEMP_2,tem,temp");
}

// Letters differ from their capitals in one bit; "@" and "`" do too, but are no letters.
TEST(Texts, OnlyLettersHaveACase) {
  Texts texts;
  texts.take("a@b");
  texts.take("a`b");
  texts.take("1");
  EXPECT_EQ(found(texts, "@"), "a@b");
  EXPECT_EQ(found(texts, "a`b"), "a`b");
  EXPECT_EQ(found(texts, "\x11"), "");
}

// Texts lie side by side; their sizes and ids between them are no letters.
TEST(Texts, FindsNothingAcrossTwoTexts) {
  Texts texts;
  texts.take(std::string(8, 'a'));
  texts.take(std::string(8, 'a') + "b");
  EXPECT_EQ(found(texts, std::string(9, 'a')), "");
  std::string size_of_first("\x08\0\0\0", 4);
  EXPECT_EQ(found(texts, size_of_first), "");
}

// Method: a map of what must be there, random takes and drops, searches compared with std::search.
TEST(Texts, IsLikeAMapThroughTakesAndDrops) {
  constexpr unsigned kSeed = 7;
  std::mt19937 random(kSeed);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  Texts texts;
  std::map<std::string, std::pair<TextId, int>> uses;
  for (int step = 0; step < 10'000; ++step) {
    if (uses.empty() || below(10) < (step < 5'000 ? 7U : 4U)) {
      std::string text(1 + below(70), ' ');
      for (char& c : text) c = "abAB/ \x80"[below(7)];
      auto& [id, count] = uses[text];
      id = texts.take(text);
      ++count;
    } else {
      const auto one = std::next(uses.begin(), static_cast<std::ptrdiff_t>(below(uses.size())));
      texts.drop(one->second.first);
      if (--one->second.second == 0) uses.erase(one);
    }
    if (step % 500 != 0) continue;
    std::string word(1 + below(4), ' ');
    for (char& c : word) c = "ab/ \x80"[below(5)];
    std::string wanted;
    std::multiset<std::string> fitting;
    for (const auto& [text, use] : uses) {
      ASSERT_EQ(texts.find(text), use.first);
      ASSERT_EQ(texts.text(use.first), text);
      if (lower_ascii(text).find(word) != std::string::npos) fitting.insert(text);
    }
    for (const std::string& text : fitting) wanted += (wanted.empty() ? "" : ",") + text;
    ASSERT_EQ(found(texts, word), wanted);
  }
}

}  // namespace
}  // namespace lineshaft::historian

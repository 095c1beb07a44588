#include <gtest/gtest.h>

#include <string>

#include "base/format_page_fixture.h"
#include "codec/column_fixture.h"

namespace lineshaft::codec {
namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t kTextBytesMax = 1 << 20;

Bytes encoded(const Texts& texts, Effort effort = Effort::kFresh) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  Bytes bytes;
  encode_strings(views, effort, bytes);
  return bytes;
}

Result<Texts> decoded(ByteSpan bytes, std::size_t count, std::size_t max = kTextBytesMax) {
  const Slacked slacked(bytes);
  std::vector<std::uint32_t> ends = {77};
  std::string text = "of another column";
  if (Status read = decode_strings(slacked.span(), count, max, ends, text); !read) {
    return read.error();
  }
  Texts texts;
  std::size_t begin = 0;
  for (const std::uint32_t end : ends) {
    texts.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  EXPECT_EQ(begin, text.size());
  return texts;
}

Texts messages(std::size_t count, std::uint32_t seed) {
  std::mt19937_64 random(seed);
  Texts texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back("Furnace " + std::to_string(random() % 4) + ": step " +
                    std::to_string(random() % 30) + " finished");
  }
  return texts;
}

TEST(Strings, GivesBackEveryByteOfEveryText) {
  const std::vector<Texts> columns = {
      {""},
      {"", "", "a", ""},
      {std::string("\0x\xff\xfe", 4), "öffnen 开", "\r\n\t"},
      {std::string(65'536, 'z'), std::string(65'536, 'y'), "z"},
      Texts(kValuesMax, "held"),
      Texts(kValuesMax, ""),
      messages(1, 1),
      messages(1000, 2),
      messages(kValuesMax, 3),
  };
  for (const Texts& texts : columns) {
    for (const Effort effort : {Effort::kFresh, Effort::kSealed}) {
      EXPECT_EQ(decoded(encoded(texts, effort), texts.size()).value(), texts) << texts.size();
    }
  }
}

TEST(Strings, GivesBackTextsThatCannotBePacked) {
  std::mt19937_64 random(4);
  Texts texts(500);
  for (std::string& text : texts) {
    text.resize(random() % 100);
    for (char& letter : text) letter = static_cast<char>(random());
  }
  EXPECT_EQ(decoded(encoded(texts), texts.size()).value(), texts);
}

// A text that is held costs nothing more; few texts that change cost a rank, not themselves.
TEST(Strings, StoresATextOnce) {
  EXPECT_LT(encoded(Texts(kValuesMax, "running")).size(), 30U);
  const Texts texts = messages(kValuesMax, 5);  // 120 different ones: 7 bits
  EXPECT_LT(encoded(texts).size(), kValuesMax * 7 / 8 + 1500);
  EXPECT_LE(encoded(texts, Effort::kSealed).size(), encoded(texts).size());
}

// Every text once, but all alike: serial numbers. 21 bytes each as they are.
TEST(Strings, PacksTextsThatAreAlike) {
  Texts texts;
  for (int i = 0; i < 8000; ++i) texts.push_back("PLANT-7/LOT-" + std::to_string(100'000'000 + i));
  EXPECT_LT(encoded(texts).size(), 8000U * 5);
}

TEST(Strings, RefusesMoreTextThanAllowed) {
  const Texts texts = messages(100, 6);
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  const Bytes good = encoded(texts);
  EXPECT_TRUE(decoded(good, texts.size(), bytes).ok());
  EXPECT_FALSE(decoded(good, texts.size(), bytes - 1).ok());
  EXPECT_FALSE(decoded(encoded(Texts(kValuesMax, std::string(1000, 'x'))), kValuesMax).ok());
}

TEST(Strings, RefusesWhatIsCutOffAndSurvivesTheRest) {
  for (const Texts& texts : {messages(60, 7), Texts{"a", "b", "a"}, Texts{"only one"}}) {
    const Bytes good = encoded(texts, Effort::kSealed);
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(decoded(ByteSpan(good).first(size), texts.size()).ok()) << size;
    }
    for (std::size_t i = 0; i < 8 * good.size(); ++i) {
      Bytes flipped = good;
      flipped[i / 8] = static_cast<std::uint8_t>(flipped[i / 8] ^ (1U << (i % 8)));
      const Result<Texts> read = decoded(flipped, texts.size());
      EXPECT_TRUE(!read || read->size() == texts.size());
    }
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(decoded(longer, texts.size()).ok());
  }
}

TEST(Strings, HasTheBytesOfTheFormatPage) {
  const Bytes page = hex_of_page("codec.md", "Texts, an example");
  const Texts texts = {"auto", "hand", "auto", "auto"};
  EXPECT_EQ(encoded(texts), page);
  EXPECT_EQ(decoded(page, 4).value(), texts);
}

}  // namespace
}  // namespace lineshaft::codec

#include "docket/rule_pack.h"

#include <gtest/gtest.h>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

// Lines 1 to 9; what a test adds begins at line 10.
const std::string kHead =
    "id = \"x\"\ntitle = \"X\"\noffice = \"XX\"\nkinds = [\"patent\"]\nas_of = 2026-01-01\n"
    "currency = \"CNY\"\ncalendar = \"weekends\"\nevents.a = \"A\"\nevents.b = \"B\"\n";
const std::string kFee = "[[fee]]\nid = \"f\"\ntitle = \"F\"\nsource = \"S\"\n";
const std::string kRule =
    "[[rule]]\nid = \"r\"\ntitle = \"R\"\nsource = \"S\"\nfrom = [\"a\"]\nafter = \"1 month\"\n";

std::string refusal(const std::string& text) {
  const Result<RulePack> read = read_rule_pack("x.toml", text);
  if (read.ok()) return "";
  EXPECT_EQ(read.error().id, ErrorId::kBadRulePack);
  return read.error().what;
}

TEST(RulePack, IsReadWhole) {
  ASSERT_EQ(refusal(kHead + kRule), "");
  const RulePack pack = read_rule_pack("x.toml", kHead + kRule).value();
  EXPECT_EQ(pack.as_of, "2026-01-01");
  ASSERT_EQ(pack.rules.size(), 1U);
  EXPECT_EQ(pack.rules[0].after, (Offset{1, 0}));
  EXPECT_EQ(pack.rules[0].calendar, "weekends");
}

struct Wrong {
  std::string text;
  std::string what;
};

TEST(RulePack, ThatIsWrongIsRefusedWithItsLine) {
  const std::vector<Wrong> wrongs = {
      {kHead, ":1: there is no [[rule]]"},
      {"id = ", "x.toml:1: "},
      {kHead + "[?]\n" + kRule, "x.toml:10: a table's name must follow its bracket"},
      {kHead + " [[ ?\n" + kRule, "x.toml:10: a table's name must follow its bracket"},
      {kHead + "[", "x.toml:10: a table's name must follow its bracket"},
      {kHead + "[[[a]]]\n" + kRule, "x.toml:10: a table's name must follow its bracket"},
      {kHead + "[年\"\n" + kRule, "x.toml:10: a table's name must follow its bracket"},
      {kHead + "colour = 1\n" + kRule, ":10: 'colour' is not known here"},
      {kHead + kRule + "fee = \"f\"\n", ":16: 'fee' is not known here"},
      {kHead + kRule + "fees = [\"f\"]\n", ":10: 'fees': there is no [[fee]] 'f'"},
      {kHead + kRule + "needs = [\"c\"]\n", ":10: 'needs': the event 'c' is not among [events]"},
      {kHead + kRule + "not_before = \"c\"\n", "'not_before': the event is not among [events]"},
      {kHead + kRule + "kind = \"wish\"\n", "'kind' must be"},
      {kHead + kRule + "every = \"0 months\"\n", "'every' must lead forward"},
      {kHead + kRule + "every = \"-1 month\"\n", "'every' must lead forward"},
      {kHead + kRule + "first = 2\n", "'first' and 'last' need 'every'"},
      {kHead + kRule + "every = \"1 month\"\nfirst = 3\nlast = 2\n",
       ":18: 'last' must be from 3 to 200"},
      {kHead + kRule + "or_from = [\"b\"]\n", "'or_from' and 'or_after' go together"},
      {kHead + kRule + "grace = \"-1 day\"\n", "must not be negative"},
      {kHead + kRule + "surcharge = {rate = \"5 %\"}\n", "'surcharge' needs 'grace'"},
      {kHead + kRule + "grace = \"1 month\"\nsurcharge = {}\n", ":17: the surcharge needs either"},
      {kHead + kRule + "grace = \"1 month\"\nsurcharge = {rate = \"105 %\"}\n",
       ":17: 'rate' must be from"},
      {kHead + kRule + "use_from = 2021-06-01\nuse_before = 2021-06-01\n",
       "'use_before' must be later"},
      {kHead + kRule + "use_from = 2021-06-31\n", "x.toml:16: "},
      {kHead + kRule + "remind = [1, -1]\n", ":16: 'remind' must be"},
      {kHead + kRule + kRule, ":16: two versions of the rule 'r' hold on the same day"},
      {kHead + kFee + kRule, ":10: the fee needs 'amount', 'by_year' or 'each'"},
      {kHead + kFee + "amount = 900\n" + kRule, ":14: 'amount' must be a text"},
      {kHead + kFee + "amount = \"-1\"\n" + kRule, ":14: 'amount' is not an amount"},
      {kHead + kFee + "amount = \"1.005\"\n" + kRule, ":14: 'amount' is not an amount"},
      {kHead + kFee + "amount = \"99999999999999\"\n" + kRule, ":14: 'amount' is not an amount"},
      {kHead + kFee + "amount = \"1\"\nper = \"claims\"\n" + kRule, "'per' and 'each' go together"},
      {kHead + kFee + "currency = \"CNX\"\namount = \"1\"\n" + kRule, "'currency' must be a code"},
      {kHead + kFee + "amount = \"1\"\n" + kFee + "amount = \"2\"\n" + kRule,
       ":15: two versions of the fee 'f' hold on the same day"},
      {kHead + kFee +
           "by_year = [{first = 1, last = 3, amount = \"1\"}, {first = 3, amount = \"1\"}]\n" +
           kRule,
       ":14: 'first' must be from 4 to 100"},
      {"id = \"X\"\n" + kHead, "x.toml:2: "},
      {kHead + "id2 = \"\x01\"\n" + kRule, "x.toml:10: "},
      {std::string(kPackBytesMax + 1, '#'), "x.toml: larger than"},
  };
  for (const Wrong& wrong : wrongs) {
    const std::string what = refusal(wrong.text);
    EXPECT_NE(what.find(wrong.what), std::string::npos)
        << what << "\nshould say " << wrong.what << "\nof\n"
        << wrong.text.substr(0, 600);
  }
}

TEST(RulePack, MayHaveVersionsThatFollowEachOther) {
  EXPECT_EQ(refusal(kHead + kFee + "amount = \"1\"\nbefore = 2021-06-01\n" + kFee +
                    "amount = \"2\"\nfrom = 2021-06-01\n" + kRule + "use_before = 2021-06-01\n" +
                    kRule + "use_from = 2021-06-01\n"),
            "");
}

TEST(RuleBook, RefusesTwoOfOneNameAndCalendarsThatAreNotThere) {
  const std::string pack = kHead + kRule;
  const PackFile x{"x.toml", pack};
  const PackFile y{"y.toml", pack};
  const PackFile weekends{"calendar-w.toml", "id = \"weekends\"\ntitle = \"W\"\n"};
  EXPECT_TRUE(RuleBook::read(std::vector<PackFile>{x, weekends}).ok());
  const auto what = [](std::vector<PackFile> files) {
    const Result<RuleBook> book = RuleBook::read(files);
    return book.ok() ? "" : book.error().what;
  };
  EXPECT_EQ(what({x, weekends, y}), "y.toml: there is a pack 'x' already");
  EXPECT_EQ(what({weekends, weekends}), "calendar-w.toml: there is a calendar 'weekends' already");
  EXPECT_EQ(what({x}),
            "the rule 'r' of the pack 'x' names the calendar 'weekends', which no file has");
}

TEST(RuleBook, NumbersItsRules) {
  for (const RulePack& pack : shipped().packs()) {
    for (const Rule& rule : pack.rules) {
      const RuleBook::Found found = shipped().rule_of(shipped().number_of(pack, rule));
      EXPECT_EQ(found.pack, &pack);
      EXPECT_EQ(found.rule, &rule);
    }
  }
}

}  // namespace
}  // namespace lineshaft::docket

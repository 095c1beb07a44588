#include "wire/wipo/xml_tree.h"

#include <gtest/gtest.h>

namespace lineshaft::wipo {
namespace {

bool is_a(std::string_view name) { return name == "a"; }

struct Outcome {
  std::vector<XmlNode> parts;
  std::string problem;
};

Outcome read(std::string_view text, const XmlLimits& limits = {}) {
  Outcome outcome;
  const auto take = [&](const XmlNode& part) -> Status {
    outcome.parts.push_back(part);
    return {};
  };
  const Status read = read_xml(text, is_a, take, limits);
  if (!read.ok()) outcome.problem = read.error().what;
  return outcome;
}

TEST(XmlTree, HandsOverTheOutermostPartsWithLinesAndAttributes) {
  const Outcome outcome = read(
      "<?xml version='1.0'?>\n<root xmlns:n='urn:x'>\n <a n:id='7' p='q'>\n  <b>one</b>\n  <n:c/>\n"
      "  <a>inner</a></a>\n <b/>\n <n:a>two</n:a></root>");
  EXPECT_EQ(outcome.problem, "");
  ASSERT_EQ(outcome.parts.size(), 2U);
  const XmlNode& first = outcome.parts[0];
  EXPECT_EQ(first.line, 3U);
  EXPECT_EQ(first.attribute("id"), "7");
  EXPECT_EQ(first.attribute("p"), "q");
  EXPECT_EQ(first.attribute("r"), "");
  ASSERT_NE(first.child("b"), nullptr);
  EXPECT_EQ(first.child("b")->content(), "one");
  EXPECT_NE(first.child("c"), nullptr);
  EXPECT_EQ(first.path({"a"})->content(), "inner");
  EXPECT_EQ(first.child("d"), nullptr);
  EXPECT_EQ(outcome.parts[1].content(), "two");
}

TEST(XmlTree, ReadsMixedTextInOrderWithSingleBlanks) {
  const Outcome outcome =
      read("<a>\n  Steel <sub>2</sub>O<i> and</i>\t\tiron &amp; &#x94a2;<![CDATA[ <x> ]]>\n</a>");
  ASSERT_EQ(outcome.parts.size(), 1U);
  EXPECT_EQ(outcome.parts[0].content(), "Steel 2O and iron & 钢 <x>");
}

TEST(XmlTree, ReadsOtherEncodingsThatItKnows) {
  std::string utf16 = "\xFF\xFE";
  for (const char c : std::string("<a>x</a>")) {
    utf16 += c;
    utf16 += '\0';
  }
  EXPECT_EQ(read(utf16).parts.at(0).content(), "x");
  EXPECT_EQ(read("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>").parts.at(0).content(),
            "é");
  EXPECT_NE(read("<?xml version='1.0' encoding='GBK'?><a>\xB8\xD6</a>").problem, "");
  EXPECT_NE(read("<a>\xB8\xD6</a>").problem, "");
}

TEST(XmlTree, RefusesBrokenDocumentsWithTheLine) {
  EXPECT_EQ(read("").problem, "line 1: no element found");
  EXPECT_EQ(read("<a>\n<b>\n</a>").problem, "line 3: <b>: mismatched tag");
  EXPECT_EQ(read("<a/>\n<a/>").problem, "line 2: <a>: junk after document element");
  EXPECT_EQ(read("<a x='1' x='2'/>").problem, "line 1: duplicate attribute");
  EXPECT_EQ(read("<a><n:b/></a>").problem, "line 1: <a>: unbound prefix");
}

// A document type is common in ST.36; what it could bring in is not.
TEST(XmlTree, TakesADocumentTypeButNoEntities) {
  EXPECT_EQ(read("<!DOCTYPE a SYSTEM \"file:///etc/passwd\" [ ]>\n<a>x</a>").problem, "");
  EXPECT_EQ(read("<!DOCTYPE a SYSTEM \"http://127.0.0.1/x.dtd\">\n<a>x</a>").parts.at(0).content(),
            "x");
  for (const char* text :
       {"<!DOCTYPE a [<!ENTITY e 'x'>]>\n<a>&e;</a>", "<!DOCTYPE a [<!ENTITY e 'x'>]>\n<a/>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>\n<a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]>\n<a/>",
        "<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;&x;'>]>\n<a>&y;</a>"}) {
    const Outcome outcome = read(text);
    EXPECT_EQ(outcome.problem, "line 1: it defines an entity, which is not read") << text;
    EXPECT_TRUE(outcome.parts.empty());
  }
  EXPECT_EQ(read("<!DOCTYPE a SYSTEM 'x.dtd'>\n<a>\n&eacute;</a>").problem,
            "line 3: <a>: the entity 'eacute' is not known");
  EXPECT_NE(read("<a>&eacute;</a>").problem, "");
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "<a>";
  for (std::size_t i = 0; i < depth; ++i) text += "</a>";
  return text;
}

TEST(XmlTree, KeepsItsBounds) {
  XmlLimits limits;
  limits.depth_max = 5;
  EXPECT_EQ(read(nested(5), limits).problem, "");
  EXPECT_EQ(read(nested(6), limits).problem, "line 1: <a>: elements nested deeper than 5");
  limits.attributes_max = 2;
  EXPECT_EQ(read("<a b='' c=''/>", limits).problem, "");
  EXPECT_NE(read("<a b='' c='' d=''/>", limits).problem.find("attributes"), std::string::npos);
  limits.attribute_bytes_max = 5;
  EXPECT_EQ(read("<a b='1234'/>", limits).problem, "");
  EXPECT_NE(read("<a b='12345'/>", limits).problem.find("attributes"), std::string::npos);
  limits.part_nodes_max = 3;  // a, b and its text
  EXPECT_EQ(read("<r><a><b>x</b></a><a><b>x</b></a></r>", limits).problem, "");
  EXPECT_NE(read("<a><b>x</b><b/></a>", limits).problem.find("larger than"), std::string::npos);
  limits.part_bytes_max = 10;
  EXPECT_EQ(read("<a>123456789</a>", limits).problem, "");
  EXPECT_NE(read("<a>1234567890</a>", limits).problem.find("larger than"), std::string::npos);
  limits.parts_max = 2;
  EXPECT_NE(read("<r><a/><a/><a/></r>", limits).problem.find("more than 2 records"),
            std::string::npos);
  limits.bytes_max = 4;
  EXPECT_EQ(read("<a/>", limits).problem, "");
  EXPECT_EQ(read("<a />", limits).problem, "line 1: larger than 4 bytes");
}

TEST(XmlTree, StopsAtTheFirstErrorOfTheTaker) {
  int taken = 0;
  const auto take = [&](const XmlNode& part) -> Status {
    ++taken;
    return error_at(part, "no");
  };
  const Status read = read_xml("<r>\n<a/>\n<a/></r>", is_a, take);
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(read.error().what, "line 2: <a>: no");
}

}  // namespace
}  // namespace lineshaft::wipo

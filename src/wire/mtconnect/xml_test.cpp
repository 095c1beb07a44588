#include "wire/mtconnect/xml.h"

#include <gtest/gtest.h>

namespace lineshaft::mtconnect {
namespace {

TEST(Xml, ReadsElementsWithoutTheirNamespaces) {
  const auto root = read_xml(
      "<m:A xmlns:m='urn:x' b='1'><m:B> x &amp; y </m:B><C xmlns:x='urn:y' x:d='2'/></m:A>");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->name, "A");
  EXPECT_EQ(root->attribute("b"), "1");
  EXPECT_EQ(root->child("B")->text, "x & y");
  EXPECT_EQ(root->child("C")->attribute("d"), "2");
  EXPECT_EQ(root->child("D"), nullptr);
}

// Entities, whether they grow, loop or read files, need a document type: none is read.
TEST(Xml, RefusesEveryDocumentType) {
  const std::string bomb =
      "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 "
      "\"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">]><lolz>&lol2;</lolz>";
  for (const std::string& text :
       {bomb, std::string("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"),
        std::string("<!DOCTYPE a><a/>")}) {
    const auto root = read_xml(text);
    ASSERT_FALSE(root.ok()) << text;
    EXPECT_NE(root.error().what.find("document type"), std::string::npos);
  }
  EXPECT_FALSE(read_xml("<a>&unknown;</a>").ok());
}

TEST(Xml, KeepsItsBounds) {
  XmlLimits limits;
  limits.bytes_max = 100;
  limits.depth_max = 3;
  limits.elements_max = 5;
  limits.attributes_max = 2;
  limits.text_bytes_max = 10;
  EXPECT_TRUE(read_xml("<a><b><c/></b></a>", limits).ok());
  EXPECT_FALSE(read_xml("<a><b><c><d/></c></b></a>", limits).ok());
  EXPECT_TRUE(read_xml("<a><b/><b/><b/><b/></a>", limits).ok());
  EXPECT_FALSE(read_xml("<a><b/><b/><b/><b/><b/></a>", limits).ok());
  EXPECT_FALSE(read_xml("<a b='' c='' d=''/>", limits).ok());
  EXPECT_TRUE(read_xml("<a>1234567890</a>", limits).ok());
  EXPECT_FALSE(read_xml("<a>12345678901</a>", limits).ok());
  EXPECT_FALSE(read_xml("<a b='1234567890'/>", limits).ok());
  EXPECT_FALSE(read_xml("<a>" + std::string(100, ' ') + "</a>", limits).ok());
}

TEST(Xml, IsRefusedWhereverItIsCut) {
  const std::string whole = "<?xml version=\"1.0\"?><a b=\"c\"><d>e</d></a>";
  ASSERT_TRUE(read_xml(whole).ok());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(read_xml(whole.substr(0, cut)).ok()) << cut;
  }
}

TEST(Xml, WhatIsWrittenReadsBack) {
  XmlWriter writer;
  writer.open("a").attribute("b", "<&>\"'\n\t").open("c").text("x]]>&amp;炉").close();
  writer.open("d").attribute("e", std::uint64_t{7}).optional("f", "").close().close();
  const auto root = read_xml(writer.take());
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->attribute("b"), "<&>\"'\n\t");
  EXPECT_EQ(root->child("c")->text, "x]]>&amp;炉");
  EXPECT_EQ(root->child("d")->attributes.size(), 1u);
}

TEST(Xml, WhatItCannotCarryBecomesAQuestionMark) {
  for (const std::string text : {"a\x01"
                                 "b",
                                 "a\xFF"
                                 "b"}) {
    XmlWriter writer;
    writer.open("a").text(text).close();
    EXPECT_EQ(read_xml(writer.take())->text, "a?b");
  }
}

}  // namespace
}  // namespace lineshaft::mtconnect

// Documents of ST.36 in the dialects of four offices, written for these tests after the published
// document types.
#include <gtest/gtest.h>

#include "wire/wipo/decode.h"
#include "wire/wipo/reading_fixture.h"

namespace lineshaft::wipo {
namespace {

std::string refusal(std::string_view text) {
  const Result<std::vector<FoundRecord>> read = read_document(text);
  if (read.ok()) return "";
  EXPECT_EQ(read.error().id, ErrorId::kBadRegisterDocument);
  return read.error().what;
}

TEST(St36, ReadsTheExchangeFormatOfTheEuropeanOffice) {
  const std::vector<RegisterRecord> found = records(R"(<?xml version="1.0" encoding="UTF-8"?>
<ops:world-patent-data xmlns="http://www.epo.org/exchange" xmlns:ops="http://ops.epo.org">
 <exchange-documents>
  <exchange-document system="ops.epo.org" family-id="1" country="CN" doc-number="101000001" kind="A">
   <bibliographic-data>
    <publication-reference>
     <document-id document-id-type="epodoc"><doc-number>CN101000001</doc-number></document-id>
     <document-id document-id-type="docdb">
      <country>CN</country><doc-number>101000001</doc-number><kind>A</kind><date>20240119</date>
     </document-id>
    </publication-reference>
    <classifications-ipcr>
     <classification-ipcr sequence="1"><text>B22D  11/  16            A I                    </text></classification-ipcr>
     <classification-ipcr sequence="2"><text>G01N  29/14    20060101A I20240119CN</text></classification-ipcr>
    </classifications-ipcr>
    <application-reference doc-id="5">
     <document-id document-id-type="docdb">
      <country>CN</country><doc-number>202210800001</doc-number><kind>A</kind><date>20220715</date>
     </document-id>
     <document-id document-id-type="original"><doc-number>202210800001.X</doc-number></document-id>
    </application-reference>
    <priority-claims>
     <priority-claim sequence="1" kind="national">
      <document-id document-id-type="epodoc"><doc-number>CN202110799999</doc-number><date>20210715</date></document-id>
      <document-id document-id-type="docdb">
       <country>CN</country><doc-number>202110799999</doc-number><date>20210715</date></document-id>
     </priority-claim>
    </priority-claims>
    <parties>
     <applicants>
      <applicant sequence="1" data-format="epodoc"><applicant-name><name>STEEL CENTRE [CN]</name></applicant-name></applicant>
      <applicant sequence="1" data-format="original"><applicant-name><name>STEEL CENTRE CO LTD</name></applicant-name></applicant>
     </applicants>
     <inventors>
      <inventor sequence="1" data-format="epodoc"><inventor-name><name>LI NA [CN]</name></inventor-name></inventor>
      <inventor sequence="1" data-format="original"><inventor-name><name>LI NA</name></inventor-name></inventor>
      <inventor sequence="2" data-format="original"><inventor-name><name>WANG WEI</name></inventor-name></inventor>
     </inventors>
    </parties>
    <invention-title lang="zh">一种连铸结晶器漏钢预报方法</invention-title>
    <invention-title lang="en">Method for predicting breakouts &amp; cracks of a CO<sub>2</sub>-cooled mould</invention-title>
   </bibliographic-data>
   <abstract lang="en"><p>Not read.</p></abstract>
  </exchange-document>
 </exchange-documents>
</ops:world-patent-data>)");
  ASSERT_EQ(found.size(), 1U);
  RegisterRecord wanted;
  wanted.office = "CN";
  wanted.application_number = "202210800001";
  wanted.filed = day("2022-07-15");
  wanted.publication_number = "101000001";
  wanted.publication_kind = "A";
  wanted.published = day("2024-01-19");
  wanted.priorities = {{"CN", "202110799999", day("2021-07-15")}};
  wanted.titles = {{"zh", "一种连铸结晶器漏钢预报方法"},
                   {"en", "Method for predicting breakouts & cracks of a CO2-cooled mould"}};
  wanted.applicants = {"STEEL CENTRE CO LTD"};
  wanted.inventors = {"LI NA", "WANG WEI"};
  wanted.classes = {"B22D 11/16", "G01N 29/14"};
  EXPECT_EQ(found[0], wanted);
}

TEST(St36, ReadsAGrantOfTheAmericanOffice) {
  const std::vector<RegisterRecord> found = records(R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v47-2022-02-17.dtd" [ ]>
<us-patent-grant lang="EN" dtd-version="v4.7" country="US" date-publ="20240102">
<us-bibliographic-data-grant>
<publication-reference><document-id><country>US</country><doc-number>11999991</doc-number><kind>B2</kind><date>20240102</date></document-id></publication-reference>
<application-reference appl-type="utility"><document-id><country>US</country><doc-number>17123456</doc-number><date>20210310</date></document-id></application-reference>
<priority-claims><priority-claim sequence="01" kind="national"><country>DE</country><doc-number>10 2020 000 001.5</doc-number><date>20200311</date></priority-claim></priority-claims>
<classifications-ipcr><classification-ipcr><ipc-version-indicator><date>20060101</date></ipc-version-indicator><section>C</section><class>21</class><subclass>C</subclass><main-group>5</main-group><subgroup>52</subgroup></classification-ipcr></classifications-ipcr>
<invention-title id="d2e43">Electric arc furnace</invention-title>
<us-parties>
<us-applicants><us-applicant sequence="001" app-type="applicant"><addressbook><orgname>Furnace Works GmbH</orgname><address><city>Essen</city></address></addressbook></us-applicant></us-applicants>
<inventors><inventor sequence="001" designation="us-only"><addressbook><last-name>M&#xFC;ller</last-name><first-name>Anna</first-name><middle-name>B.</middle-name></addressbook></inventor></inventors>
</us-parties>
</us-bibliographic-data-grant>
</us-patent-grant>)");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].grant_number, "11999991");
  EXPECT_EQ(found[0].granted, day("2024-01-02"));
  EXPECT_EQ(found[0].priorities,
            (std::vector<PriorityClaim>{{"DE", "10 2020 000 001.5", day("2020-03-11")}}));
  EXPECT_EQ(found[0].classes, std::vector<std::string>{"C21C 5/52"});
  EXPECT_EQ(found[0].titles, (std::vector<Title>{{"", "Electric arc furnace"}}));
  EXPECT_EQ(found[0].applicants, std::vector<std::string>{"Furnace Works GmbH"});
  EXPECT_EQ(found[0].inventors, std::vector<std::string>{"Müller, Anna B."});
}

TEST(St36, ReadsAChineseUtilityModelAsGranted) {
  const std::vector<RegisterRecord> found = records(R"(<cn-patent-document>
<cn-bibliographic-data>
 <publication-reference><document-id><country>CN</country><doc-number>220000002</doc-number><kind>U</kind><date>20231201</date></document-id></publication-reference>
 <application-reference><document-id><country>CN</country><doc-number>202321000002.4</doc-number><date>20230427</date></document-id></application-reference>
 <classification-ipc><main-classification>F27D 3/15</main-classification><further-classification>F27D3/00</further-classification></classification-ipc>
 <invention-title lang="ZH">出钢口</invention-title>
 <cn-parties><cn-applicants><cn-applicant><addressbook><name>武汉钢铁研究院</name></addressbook></cn-applicant></cn-applicants></cn-parties>
 <date-of-revocation><date>20250101</date></date-of-revocation>
</cn-bibliographic-data></cn-patent-document>)");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, RightKind::kUtilityModel);
  EXPECT_EQ(found[0].granted, day("2023-12-01"));
  EXPECT_EQ(found[0].grant_number, "220000002");
  EXPECT_EQ(found[0].titles, (std::vector<Title>{{"zh", "出钢口"}}));
  EXPECT_EQ(found[0].applicants, std::vector<std::string>{"武汉钢铁研究院"});
  EXPECT_EQ(found[0].classes, (std::vector<std::string>{"F27D 3/15", "F27D 3/00"}));
  EXPECT_EQ(found[0].status, "revoked");
}

std::string with(std::string_view inside) {
  return "<r>\n<bibliographic-data>\n<application-reference><document-id><country>CN</country>"
         "<doc-number>1</doc-number></document-id></application-reference>\n" +
         std::string(inside) + "\n</bibliographic-data>\n</r>";
}

TEST(St36, RefusesTheWholeDocumentWithLineAndElement) {
  EXPECT_EQ(refusal(with("")), "");
  EXPECT_EQ(refusal(with(
                "<priority-claims><priority-claim><country>CN</country>\n<doc-number>1</doc-number>"
                "<date>20230231</date></priority-claim></priority-claims>")),
            "line 5: <date>: '20230231' is not a day such as 2015-01-20");
  EXPECT_EQ(refusal(with("<priority-claims>\n<priority-claim/></priority-claims>")),
            "line 5: <priority-claim>: the priority has no number");
  EXPECT_EQ(refusal(with("<invention-title lang='?'>x</invention-title>")),
            "line 4: <invention-title>: its language is no code of two letters");
  EXPECT_EQ(refusal(with("<invention-title>" + std::string(2001, 'x') + "</invention-title>")),
            "line 4: <invention-title>: longer than 2000 bytes");
  std::string names;
  for (int i = 0; i <= 1000; ++i) {
    names +=
        "<applicant><addressbook><name>" + std::to_string(i) + "</name></addressbook></applicant>";
  }
  EXPECT_EQ(refusal(with("<parties><applicants>" + names + "</applicants></parties>")),
            "line 4: <addressbook>: more than 1000 of them");
  EXPECT_EQ(refusal("<r>\n<bibliographic-data/>\n</r>"),
            "line 2: <bibliographic-data>: the record has neither an application nor a publication "
            "number");
  EXPECT_EQ(
      refusal("<bibliographic-data><application-reference><document-id><doc-number>1</doc-number>"
              "</document-id></application-reference></bibliographic-data>"),
      "line 1: <bibliographic-data>: the record names no office");
  EXPECT_NE(refusal("<r/>").find("the document holds no record"), std::string::npos);
  // The first is good, the second is not: nothing is returned.
  EXPECT_EQ(
      refusal("<r>" + with("") + with("<invention-title lang='?'>x</invention-title>") + "</r>"),
      "line 9: <invention-title>: its language is no code of two letters");
}

TEST(St36, TakesAnUnknownDayForNone) {
  const std::string text = with(
      "<priority-claims><priority-claim><country>CN</country><doc-number>1</doc-number>"
      "<date>00000000</date></priority-claim></priority-claims>");
  EXPECT_FALSE(records(text).at(0).priorities.at(0).day);
}

TEST(IpcSymbol, IsFoundInItsWrittenForms) {
  EXPECT_EQ(ipc_symbol("H01L  21/30    20060101AFI20150120BHUS"), "H01L 21/30");
  EXPECT_EQ(ipc_symbol("A61B   5/00        20060101A I20051008RMEP"), "A61B 5/00");
  EXPECT_EQ(ipc_symbol("H01L 21/ 30 A I"), "H01L 21/30");
  EXPECT_EQ(ipc_symbol("H01L21/302"), "H01L 21/302");
  EXPECT_EQ(ipc_symbol("H01L"), "H01L");
  EXPECT_EQ(ipc_symbol("H01L 21"), "H01L");
  EXPECT_EQ(ipc_symbol("07-01"), "07-01");
  EXPECT_EQ(ipc_symbol(""), "");
}

}  // namespace
}  // namespace lineshaft::wipo

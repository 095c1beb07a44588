// Documents of ST.96, written for these tests after its schema and example instances, and what is
// written read back.
#include <gtest/gtest.h>

#include "wire/wipo/decode.h"
#include "wire/wipo/reading_fixture.h"

namespace lineshaft::wipo {
namespace {

std::string refusal(std::string_view text) {
  const Result<std::vector<FoundRecord>> read = read_document(text);
  return read.ok() ? "" : read.error().what;
}

constexpr std::string_view kNames =
    " xmlns:com=\"http://www.wipo.int/standards/XMLSchema/ST96/Common\""
    " xmlns:pat=\"http://www.wipo.int/standards/XMLSchema/ST96/Patent\""
    " xmlns:tmk=\"http://www.wipo.int/standards/XMLSchema/ST96/Trademark\""
    " xmlns:dgn=\"http://www.wipo.int/standards/XMLSchema/ST96/Design\"";

std::string in_root(std::string_view root, std::string_view inside) {
  return "<" + std::string(root) + std::string(kNames) + ">\n" + std::string(inside) + "</" +
         std::string(root) + ">";
}

TEST(St96, ReadsAPatentPublication) {
  const std::vector<RegisterRecord> found = records(in_root("pat:PatentPublication", R"(
 <com:IPOfficeCode>CN</com:IPOfficeCode>
 <pat:BibliographicData com:st96Version="V6_0">
  <pat:PatentPublicationIdentification>
   <com:IPOfficeCode>CN</com:IPOfficeCode>
   <pat:PublicationNumber>110000003</pat:PublicationNumber>
   <com:PatentDocumentKindCode>B</com:PatentDocumentKindCode>
   <com:PublicationDate>2023-06-06</com:PublicationDate>
  </pat:PatentPublicationIdentification>
  <pat:ApplicationIdentification>
   <com:IPOfficeCode>CN</com:IPOfficeCode>
   <com:ApplicationNumber><com:ApplicationNumberText>202110000003.7</com:ApplicationNumberText></com:ApplicationNumber>
   <pat:FilingDate>2021-01-04+08:00</pat:FilingDate>
  </pat:ApplicationIdentification>
  <pat:PatentGrantIdentification>
   <com:IPOfficeCode>CN</com:IPOfficeCode>
   <pat:PatentNumber>ZL202110000003.7</pat:PatentNumber>
   <pat:GrantDate>2023-06-06</pat:GrantDate>
  </pat:PatentGrantIdentification>
  <pat:PriorityClaimBag>
   <pat:PriorityClaim com:sequenceNumber="1">
    <com:IPOfficeCode>JP</com:IPOfficeCode>
    <com:ApplicationNumber><com:ApplicationNumberText>2020-000001</com:ApplicationNumberText></com:ApplicationNumber>
    <pat:FilingDate>2020-01-06</pat:FilingDate>
   </pat:PriorityClaim>
  </pat:PriorityClaimBag>
  <pat:PatentClassificationBag>
   <pat:IPCRClassificationBag>
    <pat:IPCRClassification com:sequenceNumber="1">
     <pat:Section>C</pat:Section><pat:Class>21</pat:Class><pat:Subclass>B</pat:Subclass>
     <pat:MainGroup>13</pat:MainGroup><pat:Subgroup>00</pat:Subgroup>
    </pat:IPCRClassification>
   </pat:IPCRClassificationBag>
   <pat:CPCClassificationBag><pat:MainCPC/></pat:CPCClassificationBag>
  </pat:PatentClassificationBag>
  <pat:InventionTitleBag>
   <pat:InventionTitle com:languageCode="zh">氢基竖炉</pat:InventionTitle>
   <pat:InventionTitle com:languageCode="en">Hydrogen shaft furnace</pat:InventionTitle>
  </pat:InventionTitleBag>
  <pat:PartyBag>
   <pat:ApplicantBag>
    <pat:Applicant com:sequenceNumber="1"><com:PublicationContact><com:Name><com:OrganizationName>
     <com:OrganizationStandardName>Steel Centre</com:OrganizationStandardName></com:OrganizationName></com:Name>
     </com:PublicationContact></pat:Applicant>
   </pat:ApplicantBag>
   <pat:InventorBag>
    <pat:Inventor com:sequenceNumber="1"><com:Contact><com:Name><com:PersonName><com:PersonStructuredName>
     <com:FirstName>Na</com:FirstName><com:LastName>Li</com:LastName></com:PersonStructuredName></com:PersonName>
     </com:Name></com:Contact></pat:Inventor>
    <pat:Inventor com:sequenceNumber="2"><com:Contact><com:Name><com:PersonName>
     <com:PersonFullName>王伟</com:PersonFullName></com:PersonName></com:Name></com:Contact></pat:Inventor>
   </pat:InventorBag>
  </pat:PartyBag>
 </pat:BibliographicData>)"));
  ASSERT_EQ(found.size(), 1U);
  RegisterRecord wanted;
  wanted.office = "CN";
  wanted.application_number = "202110000003.7";
  wanted.filed = day("2021-01-04");
  wanted.publication_number = "110000003";
  wanted.publication_kind = "B";
  wanted.published = day("2023-06-06");
  wanted.grant_number = "ZL202110000003.7";
  wanted.granted = day("2023-06-06");
  wanted.priorities = {{"JP", "2020-000001", day("2020-01-06")}};
  wanted.titles = {{"zh", "氢基竖炉"}, {"en", "Hydrogen shaft furnace"}};
  wanted.applicants = {"Steel Centre"};
  wanted.inventors = {"Li, Na", "王伟"};
  wanted.classes = {"C21B 13/00"};
  EXPECT_EQ(found[0], wanted);
}

TEST(St96, ReadsEveryMarkOfABag) {
  const std::vector<RegisterRecord> found = records(in_root("tmk:TrademarkApplication", R"(
 <tmk:TrademarkBag>
  <tmk:Trademark>
   <com:RegistrationOfficeCode>CN</com:RegistrationOfficeCode>
   <com:ApplicationNumber><com:IPOfficeCode>CN</com:IPOfficeCode><com:ApplicationNumberText>60000001</com:ApplicationNumberText></com:ApplicationNumber>
   <com:RegistrationNumber>60000001</com:RegistrationNumber>
   <com:ApplicationDate>2021-09-01</com:ApplicationDate>
   <com:RegistrationDate>2022-07-14</com:RegistrationDate>
   <tmk:MarkCurrentStatusCode>REGISTERED</tmk:MarkCurrentStatusCode>
   <tmk:MarkRepresentation><tmk:MarkReproduction><tmk:WordMarkSpecification>
    <tmk:MarkVerbalElementText>天轴</tmk:MarkVerbalElementText>
   </tmk:WordMarkSpecification></tmk:MarkReproduction></tmk:MarkRepresentation>
   <tmk:GoodsServicesBag><tmk:GoodsServices>
    <tmk:GoodsServicesClassificationBag>
     <tmk:GoodsServicesClassification><tmk:ClassificationKindCode>Nice</tmk:ClassificationKindCode><tmk:ClassNumber>009</tmk:ClassNumber></tmk:GoodsServicesClassification>
     <tmk:GoodsServicesClassification><tmk:ClassificationKindCode>Domestic</tmk:ClassificationKindCode><tmk:ClassNumber>21</tmk:ClassNumber></tmk:GoodsServicesClassification>
    </tmk:GoodsServicesClassificationBag>
    <tmk:ClassDescriptionBag><tmk:ClassDescription><tmk:ClassNumber>42</tmk:ClassNumber></tmk:ClassDescription></tmk:ClassDescriptionBag>
   </tmk:GoodsServices></tmk:GoodsServicesBag>
   <tmk:PublicationBag><tmk:Publication><com:PublicationDate>2022-04-13</com:PublicationDate></tmk:Publication></tmk:PublicationBag>
   <tmk:ApplicantBag><tmk:Applicant><com:LegalEntityName>COMPANY</com:LegalEntityName>
    <com:Contact><com:Name><com:EntityName>Steel Centre</com:EntityName></com:Name></com:Contact></tmk:Applicant></tmk:ApplicantBag>
  </tmk:Trademark>
  <tmk:Trademark>
   <com:ApplicationNumber><com:IPOfficeCode>EM</com:IPOfficeCode><com:ApplicationNumberText>018000001</com:ApplicationNumberText></com:ApplicationNumber>
  </tmk:Trademark>
 </tmk:TrademarkBag>)"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, RightKind::kTradeMark);
  EXPECT_EQ(found[0].office, "CN");
  EXPECT_EQ(found[0].filed, day("2021-09-01"));
  EXPECT_EQ(found[0].grant_number, "60000001");
  EXPECT_EQ(found[0].granted, day("2022-07-14"));
  EXPECT_EQ(found[0].published, day("2022-04-13"));
  EXPECT_EQ(found[0].titles, (std::vector<Title>{{"", "天轴"}}));
  EXPECT_EQ(found[0].classes, (std::vector<std::string>{"9", "42"}));
  EXPECT_EQ(found[0].applicants, std::vector<std::string>{"Steel Centre"});
  EXPECT_EQ(found[0].status, "REGISTERED");
  EXPECT_EQ(found[1].office, "EM");
}

TEST(St96, ReadsEveryDesignOfAnApplication) {
  const std::vector<RegisterRecord> found = records(in_root("dgn:DesignApplication", R"(
 <com:RegistrationOfficeCode>CN</com:RegistrationOfficeCode>
 <com:ApplicationNumber><com:ApplicationNumberText>202330000004.1</com:ApplicationNumberText></com:ApplicationNumber>
 <dgn:DesignBag>
  <dgn:Design>
   <com:RegistrationNumber>308000001</com:RegistrationNumber>
   <com:RegistrationDate>2023-08-29</com:RegistrationDate>
   <dgn:DesignTitleText com:languageCode="en">Ladle</dgn:DesignTitleText>
   <dgn:DesignCurrentStatusCategory>Registered</dgn:DesignCurrentStatusCategory>
   <com:DesignClassificationBag><com:LocarnoClassificationBag>
    <com:LocarnoClassificationEdition>13</com:LocarnoClassificationEdition>
    <com:LocarnoClassificationText>15-09</com:LocarnoClassificationText>
   </com:LocarnoClassificationBag></com:DesignClassificationBag>
   <dgn:PriorityBag><dgn:Priority><com:PriorityCountryCode>WO</com:PriorityCountryCode>
    <com:ApplicationNumber><com:ApplicationNumberText>DM/000001</com:ApplicationNumberText></com:ApplicationNumber>
    <com:PriorityApplicationFilingDate>2022-12-31</com:PriorityApplicationFilingDate></dgn:Priority></dgn:PriorityBag>
   <dgn:DesignerBag><dgn:Designer><com:Contact><com:Name><com:EntityName>Li Na</com:EntityName></com:Name></com:Contact></dgn:Designer></dgn:DesignerBag>
  </dgn:Design>
  <dgn:Design><dgn:DesignTitleText>Tundish</dgn:DesignTitleText></dgn:Design>
 </dgn:DesignBag>
 <dgn:ApplicantBag><dgn:Applicant><com:Contact><com:Name><com:EntityName>Steel Centre</com:EntityName></com:Name></com:Contact></dgn:Applicant></dgn:ApplicantBag>)"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, RightKind::kDesign);
  EXPECT_EQ(found[0].application_number, "202330000004.1");
  EXPECT_EQ(found[0].granted, day("2023-08-29"));
  EXPECT_EQ(found[0].titles, (std::vector<Title>{{"en", "Ladle"}}));
  EXPECT_EQ(found[0].classes, std::vector<std::string>{"15-09"});
  EXPECT_EQ(found[0].priorities,
            (std::vector<PriorityClaim>{{"WO", "DM/000001", day("2022-12-31")}}));
  EXPECT_EQ(found[0].inventors, std::vector<std::string>{"Li Na"});
  EXPECT_EQ(found[0].applicants, std::vector<std::string>{"Steel Centre"});
  EXPECT_EQ(found[0].status, "Registered");
  EXPECT_EQ(found[1].titles, (std::vector<Title>{{"", "Tundish"}}));
}

TEST(St96, RefusesTheWholeDocumentWithLineAndElement) {
  EXPECT_EQ(refusal(in_root("dgn:DesignApplication", "")),
            "line 1: <DesignApplication>: it holds no DesignBag");
  EXPECT_EQ(refusal(in_root("tmk:Trademark",
                            "<com:ApplicationNumber><com:ApplicationNumberText>1"
                            "</com:ApplicationNumberText></com:ApplicationNumber>")),
            "line 1: <Trademark>: the record names no office");
  EXPECT_EQ(
      refusal(in_root("tmk:Trademark", "<com:RegistrationDate>yesterday</com:RegistrationDate>")),
      "line 2: <RegistrationDate>: 'yesterday' is not a day such as 2015-01-20");
}

RegisterRecord full(RightKind kind) {
  RegisterRecord record;
  record.kind = kind;
  record.office = "CN";
  record.application_number = "2021<1>&\"'";
  record.filed = day("2021-01-04");
  record.published = day("2023-06-06");
  record.grant_number = "ZL2021";
  record.granted = day("2023-06-06");
  record.priorities = {{"JP", "2020-1", day("2020-01-06")}, {"US", "63/000,001", std::nullopt}};
  record.titles = {{"zh", "氢基竖炉；连铸"}, {"en", "A & B <C>"}, {"", "]]>"}};
  record.applicants = {"钢铁创新中心", "A; B\\C"};
  record.classes = {"C21B 13/00", "B22D 11/16"};
  return record;
}

TEST(St96, IsReadAsItWasWritten) {
  RegisterRecord patent = full(RightKind::kPatent);
  patent.publication_number = "110000003";
  patent.publication_kind = "B";
  patent.inventors = {"Li, Na", "王伟"};
  RegisterRecord utility_model = patent;
  utility_model.kind = RightKind::kUtilityModel;
  utility_model.publication_kind = "U";
  RegisterRecord mark = full(RightKind::kTradeMark);
  mark.classes = {"9", "42"};
  mark.status = "REGISTERED";
  RegisterRecord design = full(RightKind::kDesign);
  design.inventors = {"Li, Na"};
  design.classes = {"15-09"};
  design.status = "Registered";
  RegisterRecord small;
  small.office = "WO";
  small.application_number = "PCT/CN2024/000001";
  for (const RegisterRecord& record : {patent, utility_model, mark, design, small}) {
    const std::string text = write_st96(record);
    const std::vector<RegisterRecord> found = records(text);
    ASSERT_EQ(found.size(), 1U) << text;
    EXPECT_EQ(found[0], record) << text;
  }
}

TEST(St96, IsWrittenInTheOrderOfTheSchema) {
  RegisterRecord record = full(RightKind::kPatent);
  record.publication_number = "1";
  record.inventors = {"x"};
  const std::string text = write_st96(record);
  std::size_t last = 0;
  for (const char* element :
       {"<pat:PatentPublication ", "<pat:BibliographicData ",
        "<pat:PatentPublicationIdentification>", "<pat:ApplicationIdentification>",
        "<pat:PatentGrantIdentification>", "<pat:PriorityClaimBag>",
        "<pat:PatentClassificationBag>", "<pat:InventionTitleBag>", "<pat:PartyBag>",
        "<pat:ApplicantBag>", "<pat:InventorBag>"}) {
    const std::size_t at = text.find(element);
    ASSERT_NE(at, std::string::npos) << element;
    EXPECT_GE(at, last) << element;
    last = at;
  }
}

TEST(St96, NeverWritesWhatXmlCannotHold) {
  RegisterRecord record = full(RightKind::kTradeMark);
  record.titles = {{"",
                    "a\x01"
                    "b\nc\xEF\xBF\xBF"
                    "d"}};
  EXPECT_EQ(records(write_st96(record)).at(0).titles.at(0).text, "a b cd");
}

}  // namespace
}  // namespace lineshaft::wipo

// Documents of offices into the register, and back.
#include "rights/register_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "records/test_directory.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TenantId kOurs{1};
const View kAll{kOurs, {}};

Day day(std::string_view text) { return parse_day(text).value(); }
const Day kToday = day("2026-11-26");

// An application and its grant, as an office publishes them one after the other.
constexpr std::string_view kApplication = R"(<?xml version="1.0" encoding="UTF-8"?>
<gazette>
<cn-bibliographic-data lang="zh" country="CN">
  <publication-reference><document-id><country>CN</country><doc-number>116000001</doc-number>
    <kind>A</kind><date>20231110</date></document-id></publication-reference>
  <application-reference><document-id><country>CN</country><doc-number>202310000001.X</doc-number>
    <date>20230516</date></document-id></application-reference>
  <invention-title lang="zh">电弧炉电极调节</invention-title>
  <cn-parties><cn-applicants><cn-applicant><addressbook><name>Hunhe Robotics</name></addressbook>
    </cn-applicant></cn-applicants></cn-parties>
</cn-bibliographic-data>
</gazette>)";

class RegisterFileTest : public testing::Test {
 protected:
  RegisterFileTest() {
    register_ = Register::open(records::Database::open(sys::real_file_system(),
                                                       {.path = directory_.file("records.db")})
                                   .value(),
                               sys::real_clock())
                    .value();
  }

  Result<std::vector<ImportItem>> plan(std::string_view file) {
    const auto records = read_register_file(file);
    if (!records) return records.error();
    return plan_import(*register_, kOurs, *records, kToday);
  }
  // "new CN-1, change x" of a file, which is then taken.
  std::string take(std::string_view file) {
    Result<std::vector<ImportItem>> items = plan(file);
    if (!items) return items.error().what;
    std::string text;
    for (const ImportItem& item : *items) {
      text += (text.empty() ? "" : ", ") + std::string(name_of(item.action)) + " " +
              item.addition.asset.id;
    }
    const Status taken = register_->take(kOurs, additions_of(*std::move(items)), "ann");
    return taken ? text : taken.error().what;
  }
  // "filed 2023-05-16, ..." in order of entry.
  std::string events(const std::string& asset) {
    std::string text;
    for (const Event& event : register_->list_events(kAll, asset).value()) {
      text += (text.empty() ? "" : ", ") + std::string(name_of(event.kind)) + " " +
              day_text(event.date);
    }
    return text;
  }
  void party(const std::string& id, const std::string& name) {
    ASSERT_TRUE(register_->put_party(kOurs, {id, PartyKind::kOrganisation, name, "", "", "", 0}));
  }
  std::size_t assets() { return register_->list_assets(kAll, {}, 0, 9)->total; }

  records::TestDirectory directory_;
  std::unique_ptr<Register> register_;
};

TEST_F(RegisterFileTest, ADocumentMakesAnAssetWithItsEventsAndItsOneOwner) {
  party("hunhe", "Hunhe Robotics");
  EXPECT_EQ(take(kApplication), "new CN-202310000001.X");
  const Asset asset = register_->get_asset(kAll, "CN-202310000001.X").value();
  EXPECT_EQ(asset.title, "电弧炉电极调节");
  EXPECT_EQ(asset.number, "202310000001.X");
  EXPECT_EQ(asset.status, AssetStatus::kPending);
  EXPECT_EQ(events(asset.id), "filed 2023-05-16, published 2023-11-10");
  EXPECT_EQ(register_->list_events(kAll, asset.id)->back().note, "116000001 A");
  EXPECT_THAT(register_->shares_on(kOurs, asset.id, kToday).value(),
              ElementsAre(Share{"hunhe", 1}));
}

TEST_F(RegisterFileTest, TheSameDocumentTwiceChangesNothing) {
  take(kApplication);
  EXPECT_EQ(take(kApplication), "same CN-202310000001.X");
  EXPECT_EQ(events("CN-202310000001.X"), "filed 2023-05-16, published 2023-11-10");
  EXPECT_EQ(register_->get_asset(kAll, "CN-202310000001.X")->version, 1);
  // However the number is written, it is the same.
  EXPECT_EQ(take("kind,office,application_number,filed,granted\r\n"
                 "patent,CN,CN 2023 10000001X,2023-05-16,2025-08-05\r\n"),
            "change CN-202310000001.X");
  EXPECT_EQ(events("CN-202310000001.X"),
            "filed 2023-05-16, published 2023-11-10, granted 2025-08-05");
  EXPECT_EQ(register_->get_asset(kAll, "CN-202310000001.X")->title, "电弧炉电极调节");
  EXPECT_EQ(assets(), 1U);
}

TEST_F(RegisterFileTest, RecordsOfOneRightAreOneAsset) {
  EXPECT_EQ(take("kind,office,application_number,filed,published,granted,titles\n"
                 "patent,CN,1.0,2020-01-02,2020-09-01,,Mould\n"
                 "patent,CN,1.0,2020-01-02,,2022-03-04,Mould\n"
                 "trade_mark,CN,77,2021-01-02,,,MOULDEX\n"),
            "new CN-1.0, new CN-77");
  EXPECT_EQ(events("CN-1.0"), "filed 2020-01-02, published 2020-09-01, granted 2022-03-04");
}

TEST_F(RegisterFileTest, APriorityLeadsToTheParent) {
  EXPECT_EQ(take("kind,office,application_number,filed,priorities\n"
                 "patent,CN,10.1,2023-05-16,\n"
                 "patent,WO,PCT/CN2024/000001,2024-05-13,CN 10.1 2023-05-16; US 9/9 2023-07-01\n"),
            "new CN-10.1, new WO-PCT-CN2024-000001");
  const Asset world = register_->get_asset(kAll, "WO-PCT-CN2024-000001").value();
  EXPECT_EQ(world.parent, "CN-10.1");
  EXPECT_EQ(events(world.id), "priority 2023-05-16, filed 2024-05-13");
}

TEST_F(RegisterFileTest, WhatIsWrongIsRefusedWholeWithItsLine) {
  take(kApplication);
  const std::string head =
      "kind,office,application_number,filed,granted\n"
      "patent,CN,5,2020-01-01,\n";
  for (const auto& [row, words] : std::vector<std::pair<std::string, std::string>>{
           {"patent,CN,202310000001.X,2023-05-17,\n",
            "line 3: filed: it says 2023-05-17, but 'CN-202310000001.X' has 2023-05-16"},
           {"design,CN,202310000001.X,2023-05-16,\n",
            "line 3: it is a design, but 'CN-202310000001.X' is a patent"},
           {"patent,CN,6,2020-01-01,2026-11-27\n", "line 3: granted: 2026-11-27 has not come yet"},
           {"patent,CN,6,2020-02-30,\n", "line 3: filed: "},
           {"song,CN,6,2020-02-20,\n", "line 3: kind: "},
           {"patent,CN,,2020-02-20,\n", "line 3"},
           {"patent,CN,(5,2020-02-20,\n", "line 3: filed: it says 2020-02-20, but 'CN-5' has"},
           {"patent,CN,\"6,2020-02-20,\n", "line 3"}}) {
    EXPECT_THAT(take(head + row), HasSubstr(words));
    EXPECT_EQ(assets(), 1U) << row;
  }
  EXPECT_THAT(take(""), HasSubstr("line 1: there is no record"));
  EXPECT_THAT(take("kind,office,colour\n"), HasSubstr("colour"));
  EXPECT_THAT(take("<a><b></a>"), HasSubstr("line 1"));
  EXPECT_THAT(take("<a><cn-bibliographic-data>\n</cn-bibliographic-data></a>"),
              HasSubstr("line 1: <cn-bibliographic-data>"));
  const std::string title(501, 'x');
  EXPECT_THAT(take("kind,office,application_number,titles\npatent,CN,7," + title + "\n"),
              HasSubstr("line 2: title: has more than 500 characters"));
}

TEST_F(RegisterFileTest, WhatWasWrittenIsTheSameRegisterSomewhereElse) {
  party("hunhe", "Hunhe Robotics");
  take(kApplication);
  take(
      "kind,office,application_number,filed,published,granted,priorities,titles,classes\n"
      "utility_model,CN,20.2,2023-06-01,,2023-12-05,,Gripper,\n"
      "patent,WO,PCT/1,2024-05-13,2024-11-21,,CN 202310000001.X 2023-05-16,Electrodes,\n"
      "design,CN,30.3,2022-06-08,,2022-12-13,,\"Arm, long\",\n"
      "trade_mark,CN,77,2021-02-22,2021-09-06,2021-12-07,,LATTIX,7; 9; 42\n");
  Asset secret;
  secret.id = "know-how";
  secret.kind = AssetKind::kKnowHow;
  secret.title = "Not of an office";
  ASSERT_TRUE(register_->put_asset(kOurs, secret));
  const auto records = export_records(*register_, kAll, {.on = kToday}).value();
  ASSERT_EQ(records.size(), 5U);
  EXPECT_EQ(records[1].application_number, "202310000001.X");  // after CN-20.2
  EXPECT_THAT(records[1].applicants, ElementsAre("Hunhe Robotics"));
  for (const std::string& file : {csv_of(records), st96_of(records)}) {
    // Here nothing is new; the mark's classes are not exported, and are kept.
    const auto planned = plan(file);
    ASSERT_TRUE(planned) << planned.error().what << "\n" << file;
    for (const ImportItem& item : *planned) {
      EXPECT_EQ(item.action, ImportAction::kSame) << item.addition.asset.id << "\n" << file;
    }
    records::TestDirectory directory;
    const auto other =
        Register::open(
            records::Database::open(sys::real_file_system(), {.path = directory.file("records.db")})
                .value(),
            sys::real_clock())
            .value();
    other->put_party(kOurs, {"hr", PartyKind::kOrganisation, "Hunhe Robotics", "", "", "", 0})
        .value();
    const auto read = read_register_file(file).value();
    auto items = plan_import(*other, kOurs, read, kToday).value();
    ASSERT_TRUE(other->take(kOurs, additions_of(std::move(items)), "bo"));
    auto again = export_records(*other, kAll, {.on = kToday}).value();
    EXPECT_EQ(csv_of(again), csv_of(records));
  }
}

TEST_F(RegisterFileTest, AViewWritesWhatItShows) {
  party("hunhe", "Hunhe Robotics");
  party("other", "Other");
  take(kApplication);
  EXPECT_EQ(export_records(*register_, {kOurs, "hunhe"}, {.on = kToday})->size(), 1U);
  EXPECT_THAT(export_records(*register_, {kOurs, "other"}, {.on = kToday}).value(), IsEmpty());
}

}  // namespace
}  // namespace lineshaft::rights

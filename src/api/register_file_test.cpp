// The register from and to files, as the API has it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"

namespace lineshaft::api {
namespace {

using testing::HasSubstr;

constexpr const char* kTable =
    "kind,office,application_number,filed,granted,titles,applicants\r\n"
    "patent,CN,1.0,2020-01-02,2022-03-04,Mould,Firm One\r\n"
    "design,CN,2.0,2021-01-04,,Handle,Firm One; Firm Two\r\n";

class RegisterFileApi : public Api {
 protected:
  RegisterFileApi() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
    for (const auto& [id, name] : {std::pair{"one", "Firm One"}, std::pair{"two", "Firm Two"}}) {
      ask("PUT", "/rights/parties", {{"id", id}, {"kind", "organisation"}, {"name", name}},
          administrator_);
    }
  }
  Reply give(const std::string& address, const std::string& body, sys::HttpHeaders headers) {
    sys::HttpRequest request;
    request.method = "POST";
    const std::size_t mark = std::min(address.find('?'), address.size());
    request.path = "/api/v1" + address.substr(0, mark);
    request.query = address.substr(std::min(mark + 1, address.size()));
    request.headers = std::move(headers);
    request.body = body;
    return router_->answer(request);
  }
  Json take(const std::string& address, const std::string& body) {
    const Reply reply = give(address, body, administrator_);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  }
  std::uint64_t assets() {
    return Json::parse(ask("GET", "/rights/assets", {}, administrator_).body)["total"];
  }
  std::uint64_t audited() { return identity_->list_audit(administrator_principal(), 0, 1)->total; }

  sys::HttpHeaders administrator_;
};

TEST_F(RegisterFileApi, APreviewSaysWhatWouldBeMadeAndKeepsNothing) {
  const std::uint64_t before = audited();
  const Json seen = take("/rights/import?dry_run=true", kTable);
  EXPECT_EQ(seen["dry_run"], true);
  EXPECT_EQ(seen["new"], 2);
  EXPECT_EQ(seen["items"][0]["line"], 2);
  EXPECT_EQ(seen["items"][0]["action"], "new");
  EXPECT_EQ(seen["items"][0]["asset"]["id"], "CN-1.0");
  EXPECT_EQ(seen["items"][0]["events"][1]["kind"], "granted");
  EXPECT_EQ(seen["items"][0]["owner"], "one");
  EXPECT_EQ(seen["items"][1]["owner"], "");  // in which shares, no document says
  EXPECT_EQ(seen["items"][1]["applicants"], Json({"Firm One", "Firm Two"}));
  EXPECT_EQ(assets(), 0U);
  EXPECT_EQ(audited(), before);
}

TEST_F(RegisterFileApi, TheSameFileTwiceIsTheSameRegister) {
  EXPECT_EQ(take("/rights/import", kTable)["new"], 2);
  EXPECT_EQ(identity_->list_audit(administrator_principal(), 0, 1)->entries[0].action,
            "register.import");
  const Json again = take("/rights/import", kTable);
  EXPECT_EQ(again["same"], 2);
  EXPECT_EQ(again["items"], Json::array());
  EXPECT_EQ(assets(), 2U);
  const Json events =
      Json::parse(ask("GET", "/rights/assets/CN-1.0/events", {}, administrator_).body);
  EXPECT_EQ(events["total"], 2);
  EXPECT_EQ(events["items"][0]["recorded_by"], "token:test");
  // The deadlines are there at once: the last annual fee is that of the twentieth year.
  const Json last = Json::parse(
      ask("GET", "/deadlines?asset=CN-1.0&state=all&from=2039-01-01", {}, administrator_).body);
  EXPECT_EQ(last["items"][0]["number"], 20);
}

TEST_F(RegisterFileApi, AMistakeRefusesTheWholeFileWithItsLine) {
  const Reply refused = give(
      "/rights/import", std::string(kTable) + "design,CN,3.0,2021-13-04,,x,\r\n", administrator_);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(Json::parse(refused.body)["detail"].get<std::string>(), HasSubstr("line 4: filed"));
  EXPECT_EQ(Json::parse(refused.body)["id"], "LS-1902");
  EXPECT_EQ(assets(), 0U);
  EXPECT_EQ(give("/rights/import?dry_run=perhaps", kTable, administrator_).status, 400);
  take("/rights/import", kTable);
  const Reply other =
      give("/rights/import", "kind,office,application_number,filed\npatent,CN,1.0,2020-01-03\n",
           administrator_);
  EXPECT_EQ(other.status, 409);
}

TEST_F(RegisterFileApi, OnlyWhoManagesTakesAndEveryoneGetsWhatTheySee) {
  take("/rights/import", kTable);
  const sys::HttpHeaders ann = speaker("one");
  EXPECT_EQ(give("/rights/import", kTable, ann).status, 403);
  const Reply table = ask("GET", "/rights/export", {}, ann);
  EXPECT_EQ(table.content_type, "text/csv; charset=utf-8");
  EXPECT_THAT(table.body, HasSubstr("patent,CN,1.0,2020-01-02"));
  EXPECT_EQ(table.body.find("Handle"), std::string::npos);  // nobody owns it yet
  const Reply document = ask("GET", "/rights/export?format=st96&kind=design", {}, administrator_);
  EXPECT_EQ(document.content_type, "application/xml");
  EXPECT_THAT(document.body, HasSubstr("Handle"));
  EXPECT_EQ(take("/rights/import", document.body)["same"], 1);
  EXPECT_EQ(ask("GET", "/rights/export?format=pdf", {}, administrator_).status, 400);
}

}  // namespace
}  // namespace lineshaft::api

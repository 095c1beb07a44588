// Licences, as the API has them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"

namespace lineshaft::api {
namespace {

class LicenceApi : public Api {
 protected:
  LicenceApi() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
    for (const char* id : {"owner", "firm", "rival"}) {
      put("/rights/parties", {{"id", id}, {"kind", "organisation"}, {"name", id}});
      speakers_[id] = speaker(id);
    }
    put("/rights/assets", {{"id", "p-1"}, {"kind", "patent"}, {"title", "Nozzle"}});
    EXPECT_EQ(ask("POST", "/rights/assets/p-1/ownership",
                  {{"from", "2020-01-01"},
                   {"basis", "invention"},
                   {"shares", {{{"party", "owner"}, {"weight", 1}}}}},
                  administrator_)
                  .status,
              201);
  }

  void put(const char* path, const Json& body) {
    const Reply reply = ask("PUT", path, body, administrator_);
    EXPECT_EQ(reply.status, 201) << reply.body;
  }
  void draft(const char* id, const char* kind, const char* licensee) {
    put("/rights/licences", {{"id", id},
                             {"kind", kind},
                             {"licensors", {"owner"}},
                             {"licensees", {licensee}},
                             {"assets", {"p-1"}},
                             {"from", "2026-01-01"}});
  }
  Reply approve(const std::string& id, const char* party) {
    const std::string path = "/rights/licences/" + id;
    const Json now = Json::parse(ask("GET", path, {}, administrator_).body);
    return ask("POST", path + "/approve", {{"digest", now["digest"]}}, speakers_[party]);
  }

  sys::HttpHeaders administrator_;
  std::map<std::string, sys::HttpHeaders> speakers_;
};

TEST_F(LicenceApi, BothSidesApproveAndAConflictingGrantIsNamedBeforeItIsSigned) {
  draft("l-1", "exclusive", "firm");
  EXPECT_EQ(approve("l-1", "owner").status, 200);
  const Reply last = approve("l-1", "firm");
  ASSERT_EQ(last.status, 200) << last.body;
  const Json signed_one = Json::parse(last.body);
  EXPECT_EQ(signed_one["status"], "signed");
  EXPECT_EQ(signed_one["approvals"][1]["by"], "firm@example.com");

  draft("l-2", "ordinary", "rival");
  const Json conflicts =
      Json::parse(ask("GET", "/rights/licences/l-2/conflicts", {}, speakers_["owner"]).body);
  ASSERT_EQ(conflicts["total"], 1);
  EXPECT_EQ(conflicts["items"][0]["kind"], "granted_twice");
  EXPECT_EQ(conflicts["items"][0]["licence"], "l-1");
  EXPECT_EQ(approve("l-2", "owner").status, 200);
  const Reply refused = approve("l-2", "rival");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("exclusive licence 'l-1'"), std::string::npos) << refused.body;

  EXPECT_EQ(ask("POST", "/rights/licences/l-1/end", {{"on", "2026-01-01"}}, administrator_).status,
            200);
  EXPECT_EQ(approve("l-2", "rival").status, 200);
}

TEST_F(LicenceApi, NobodyApprovesForAnotherOrSeesALicenceOfOthers) {
  draft("l-1", "ordinary", "firm");
  EXPECT_EQ(approve("l-1", "rival").status, 404);
  EXPECT_EQ(ask("GET", "/rights/licences/l-1", {}, speakers_["rival"]).status, 404);
  EXPECT_EQ(ask("GET", "/rights/licences/l-1/conflicts", {}, speakers_["rival"]).status, 404);
  EXPECT_EQ(Json::parse(ask("GET", "/rights/licences", {}, speakers_["rival"]).body)["total"], 0);
  EXPECT_EQ(Json::parse(ask("GET", "/rights/licences", {}, speakers_["firm"]).body)["total"], 1);
  const Json digest = Json::parse(ask("GET", "/rights/licences/l-1", {}, administrator_).body);
  const Reply program =
      ask("POST", "/rights/licences/l-1/approve", {{"digest", digest["digest"]}}, administrator_);
  EXPECT_EQ(program.status, 403) << "a program speaks for no party";
  EXPECT_EQ(ask("PUT", "/rights/licences", digest, speakers_["owner"]).status, 403);
}

TEST_F(LicenceApi, AWrongFieldIsNamed) {
  const Reply reply = ask("PUT", "/rights/licences",
                          {{"id", "l-1"},
                           {"kind", "open"},
                           {"licensors", {"owner"}},
                           {"licensees", {"firm"}},
                           {"assets", {"p-1"}},
                           {"from", "2026-01-01"}},
                          administrator_);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(Json::parse(reply.body)["detail"],
            "licensees: an open licence is for everybody who takes its terms");
}

}  // namespace
}  // namespace lineshaft::api

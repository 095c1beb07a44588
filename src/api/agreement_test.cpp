// Projects, agreements, keys and consent, as the API has them.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "api/router_fixture.h"
#include "rights/agreement_json.h"

namespace lineshaft::api {
namespace {

class AgreementApi : public Api {
 protected:
  AgreementApi() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
    for (const char* id : {"hub", "firm", "mill"}) {
      must("PUT", "/rights/parties",
           {{"id", id},
            {"kind", id == std::string("hub") ? "centre" : "organisation"},
            {"name", id}},
           administrator_, 201);
      speakers_[id] = speaker(id);
    }
    must("PUT", "/projects",
         {{"id", "casting"},
          {"title", "Casting without cracks"},
          {"lead", "hub"},
          {"from", "2026-01-01"},
          {"parties", {"hub", "firm"}}},
         speakers_["hub"], 201);
  }

  Json must(const std::string& method, const std::string& path, const Json& body,
            const sys::HttpHeaders& who, int status) {
    const Reply reply = ask(method, path, body, who);
    EXPECT_EQ(reply.status, status) << method << " " << path << ": " << reply.body;
    return reply.body.empty() ? Json() : Json::parse(reply.body);
  }
  std::string detail(const std::string& method, const std::string& path, const Json& body,
                     const sys::HttpHeaders& who, int status) {
    return must(method, path, body, who, status)["detail"].get<std::string>();
  }
  Json draft(int version = 0) {
    return {{"id", "a-1"},
            {"version", version},
            {"project", "casting"},
            {"title", "Results"},
            {"from", "2026-01-01"},
            {"sides", {{{"party", "hub"}, {"weight", 3}}, {{"party", "firm"}, {"weight", 1}}}},
            {"terms", {{"results", {{"owner", "centre"}, {"centre", "hub"}}}}}};
  }
  // A key of the person who speaks for `party`, registered.
  std::string register_key(const std::string& party) {
    keys_.emplace(party, rights::PrivateKey::make(sys::real_random()));
    const Json key = must("POST", "/keys",
                          {{"public_key", keys_.at(party).public_key().pem()}, {"label", "test"}},
                          speakers_[party], 201);
    return key["id"];
  }
  Reply sign(const std::string& party, const std::string& key_id) {
    const Json now = Json::parse(ask("GET", "/agreements/a-1", {}, speakers_[party]).body);
    const auto signature = keys_.at(party).sign(
        rights::signed_message(party, now["text"].get_ref<const std::string&>()));
    return ask("POST", "/agreements/a-1/sign",
               {{"key", key_id}, {"signature", rights::signature_text(signature)}},
               speakers_[party]);
  }
  void bring_into_force() {
    must("POST", "/projects/casting/answer", {{"accept", true}}, speakers_["firm"], 200);
    const Json kept = must("PUT", "/agreements", draft(), speakers_["hub"], 201);
    for (const char* party : {"hub", "firm"}) {
      must("POST", "/agreements/a-1/approve", {{"digest", kept["digest"]}}, speakers_[party], 200);
    }
    for (const char* party : {"hub", "firm"}) {
      const Reply reply = sign(party, register_key(party));
      ASSERT_EQ(reply.status, 200) << reply.body;
    }
  }

  sys::HttpHeaders administrator_;
  std::map<std::string, sys::HttpHeaders> speakers_;
  std::map<std::string, rights::PrivateKey> keys_;
};

TEST_F(AgreementApi, FromTheInvitationToADocumentThatAnybodyCanCheck) {
  EXPECT_EQ(must("GET", "/projects/casting", {}, speakers_["firm"], 200)["answers"][0]["answer"],
            "invited");
  bring_into_force();
  const Json kept = must("GET", "/agreements/a-1", {}, speakers_["firm"], 200);
  EXPECT_TRUE(kept["in_force"].is_string());
  EXPECT_EQ(kept["signatures"][1]["by"], "firm@example.com");
  const Reply document = ask("GET", "/agreements/a-1/document", {}, speakers_["firm"]);
  const auto checked = rights::check_document_text(document.body);
  ASSERT_TRUE(checked.ok()) << checked.error().what;
  EXPECT_EQ(checked->signed_by.size(), 2U);
  const Json second = draft(1);
  must("PUT", "/agreements", second, speakers_["firm"], 200);
  EXPECT_EQ(must("GET", "/agreements/a-1/versions", {}, speakers_["hub"], 200)["total"], 2);
  const Json difference =
      must("GET", "/agreements/a-1/difference?from=1&to=2", {}, speakers_["hub"], 200);
  EXPECT_EQ(difference["total"], 9);
  EXPECT_EQ(difference["items"][0]["change"], "same");
  EXPECT_EQ(must("GET", "/agreement-models", {}, speakers_["hub"], 200)["total"], 3);
}

TEST_F(AgreementApi, NobodyAnswersApprovesOrSignsForAnother) {
  EXPECT_EQ(ask("POST", "/projects/casting/answer", {{"accept", true}}, administrator_).status, 403)
      << "a program speaks for no party";
  must("POST", "/projects/casting/answer", {{"accept", true}}, speakers_["mill"], 404);
  must("GET", "/projects/casting", {}, speakers_["mill"], 404);
  EXPECT_EQ(must("GET", "/projects", {}, speakers_["mill"], 200)["total"], 0);
  bring_into_force();
  const sys::HttpHeaders nobody = speaker("");
  for (const auto& who : {speakers_["mill"], nobody}) {
    for (const char* path : {"", "/versions", "/document", "/difference?from=1&to=1", "/shares"}) {
      must("GET", std::string("/agreements/a-1") + path, {}, who, 404);
    }
    EXPECT_EQ(must("GET", "/agreements", {}, who, 200)["total"], 0);
    EXPECT_EQ(must("GET", "/keys", {}, who, 200)["total"], 0);
  }
  must("PUT", "/projects",
       {{"id", "x"},
        {"title", "X"},
        {"lead", "hub"},
        {"from", "2026-01-01"},
        {"parties", {"hub", "firm"}}},
       nobody, 403);
  must("PUT", "/agreements", draft(1), speakers_["mill"], 404);
  must("POST", "/agreements/a-1/approve", {{"digest", ""}}, speakers_["mill"], 404);
  // The key of the firm in the hands of another account.
  const std::string key_of_firm = keys_.at("firm").public_key().id();
  EXPECT_EQ(
      ask("POST", "/keys", {{"public_key", keys_.at("firm").public_key().pem()}}, speakers_["mill"])
          .status,
      409);
  must("POST", "/keys/" + key_of_firm + "/revoke", {}, speakers_["mill"], 404);
  EXPECT_EQ(must("GET", "/keys", {}, administrator_, 200)["total"], 2);
  const std::string pem = rights::PrivateKey::make(sys::real_random()).public_key().pem();
  EXPECT_EQ(ask("POST", "/keys", {{"public_key", pem}}, administrator_).status, 403) << "a program";
}

TEST_F(AgreementApi, ARevokedKeySignsNoMore) {
  must("POST", "/projects/casting/answer", {{"accept", true}}, speakers_["firm"], 200);
  const Json kept = must("PUT", "/agreements", draft(), speakers_["hub"], 201);
  for (const char* party : {"hub", "firm"}) {
    must("POST", "/agreements/a-1/approve", {{"digest", kept["digest"]}}, speakers_[party], 200);
  }
  const std::string key = register_key("firm");
  must("POST", "/keys/" + key + "/revoke", {}, speakers_["firm"], 204);
  const Reply refused = sign("firm", key);
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("is revoked"), std::string::npos);
}

TEST_F(AgreementApi, AChangeOfSharesWaitsForConsent) {
  must("PUT", "/rights/assets", {{"id", "p-1"}, {"kind", "patent"}, {"title", "Nozzle"}},
       administrator_, 201);
  const auto own = [&](const char* from, const char* owner, int status) {
    return must(
        "POST", "/rights/assets/p-1/ownership",
        {{"from", from}, {"basis", "agreement"}, {"shares", {{{"party", owner}, {"weight", 1}}}}},
        administrator_, status);
  };
  own("2026-02-01", "hub", 201);
  bring_into_force();
  must("POST", "/projects/casting/entries",
       {{"kind", "result"}, {"party", "hub"}, {"asset", "p-1"}}, speakers_["hub"], 201);
  const Json refused = own("2026-06-01", "firm", 409);
  EXPECT_NE(refused["detail"].get<std::string>().find("Not consented: 'firm', 'hub'"),
            std::string::npos)
      << refused["detail"];
  const Json change = must(
      "POST", "/agreements/a-1/shares",
      {{"asset", "p-1"}, {"from", "2026-06-01"}, {"shares", {{{"party", "firm"}, {"weight", 1}}}}},
      speakers_["firm"], 201);
  const std::string path = "/agreements/a-1/shares/1/consent";
  must("POST", path, {{"digest", change["digest"]}}, speakers_["mill"], 404);
  must("POST", path, {{"digest", change["digest"]}}, speakers_["firm"], 200);
  EXPECT_NE(
      own("2026-06-01", "firm", 409)["detail"].get<std::string>().find("'hub' has not consented"),
      std::string::npos);
  EXPECT_EQ(must("POST", path, {{"digest", change["digest"]}}, speakers_["hub"], 200)["missing"],
            Json::array());
  own("2026-06-01", "firm", 201);
  EXPECT_EQ(must("GET", "/agreements/a-1/shares", {}, speakers_["hub"], 200)["total"], 1);
}

TEST_F(AgreementApi, ContributedDataAreHashedAndAChangeOfThemIsSeen) {
  TagSpec spec;
  spec.path = "works/melt/tonnes";
  spec.type = ValueType::kInt64;
  const auto define = [&] {
    return must("POST", "/tags", {{"path", spec.path}, {"type", "int64"}}, administrator_, 201);
  };
  const Json tag = define();
  const TagId id{tag["id"].get<std::uint32_t>()};
  const auto append = [&](std::int64_t seconds, std::int64_t value) {
    const Timestamp time{seconds * 1'000'000'000};
    ASSERT_TRUE(append_and_wait(*historian_, {TenantId{1}, time, {{id, time, {}, value}}}).ok());
  };
  append(1'764'115'200, 7);  // 2025-11-26
  append(1'764'115'260, 8);
  const Json entry = {
      {"kind", "contribution"},
      {"party", "hub"},
      {"contribution", "data"},
      {"data",
       {{"tag", spec.path}, {"from", "2025-11-26T00:00:00Z"}, {"to", "2025-11-27T00:00:00Z"}}}};
  const Json kept = must("POST", "/projects/casting/entries", entry, speakers_["hub"], 201);
  EXPECT_EQ(kept["data"]["samples"], 2);
  // printf '1764115200000000000 int64 7 00000000\n1764115260000000000 int64 8 00000000\n' |
  // sha256sum
  EXPECT_EQ(kept["data"]["sha256"],
            "38d807ed3f550f5420d37aaacb997583b5532e0752006290140ded2cefc1988d");
  const std::string check = "/projects/casting/entries/1/evidence";
  EXPECT_EQ(must("GET", check, {}, speakers_["hub"], 200)["same"], true);
  append(1'764'115'260, 9);
  EXPECT_EQ(must("GET", check, {}, speakers_["hub"], 200)["same"], false);
  must("GET", check, {}, speakers_["mill"], 404);
  must("POST", "/projects/casting/entries", entry, speakers_["firm"], 403);
}

}  // namespace
}  // namespace lineshaft::api

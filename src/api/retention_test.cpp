// Rules of retention and erasing, as the API has them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"

namespace lineshaft::api {
namespace {

TEST_F(Api, RulesOfRetentionAreKeptWithTheirVersionAndTheAuditTrailHasBoth) {
  claim_and_keep();
  const sys::HttpHeaders bearer{{"authorization", token(Role::kAdministrator)}};
  for (const char* path : {"plant/line/speed", "plant/line/torque", "office/door"}) {
    ASSERT_EQ(ask("POST", "/tags", {{"path", path}, {"type", "float64"}}, bearer).status, 201);
  }
  Json rules = Json::parse(ask("GET", "/historian/retention", {}, bearer).body);
  EXPECT_EQ(rules["version"], 0);
  EXPECT_EQ(rules["tags_without_rule"], 3);
  rules["rules"] = Json::array({{{"pattern", "plant/**"}, {"samples_days", 30}}});
  const Reply preview = ask("POST", "/historian/retention/preview", rules, bearer);
  EXPECT_EQ(Json::parse(preview.body)["rules"][0]["tags"], 2) << preview.body;
  const Reply kept = ask("PUT", "/historian/retention", rules, bearer);
  ASSERT_EQ(kept.status, 200) << kept.body;
  EXPECT_EQ(ask("PUT", "/historian/retention", rules, bearer).status, 409) << "of version 0";
  rules = Json::parse(kept.body);  // what an answer says can be sent back
  rules["rules"][0]["samples_days"] = 60;
  ASSERT_EQ(ask("PUT", "/historian/retention", rules, bearer).status, 200);
  const auto page = identity_->list_audit(administrator_principal(), 0, 1);
  EXPECT_EQ(page->entries.at(0).action, "retention.change");
  EXPECT_EQ(page->entries.at(0).detail,
            "before: plant/**: samples for 30 days, then nothing\n"
            "after: plant/**: samples for 60 days, then nothing");
  const Json of_tag = Json::parse(ask("GET", "/tags/2/retention", {}, bearer).body);
  EXPECT_EQ(of_tag["rule"], 1);
  EXPECT_EQ(of_tag["samples_days"], 60);
  EXPECT_EQ(Json::parse(ask("GET", "/tags/3/retention", {}, bearer).body),
            Json({{"rule", nullptr}}));
  rules.erase("version");
  EXPECT_EQ(ask("PUT", "/historian/retention", rules, bearer).status, 400);
}

TEST_F(Api, ErasesSamplesForAReason) {
  claim_and_keep();
  const sys::HttpHeaders bearer{{"authorization", token(Role::kAdministrator)}};
  Json samples = Json::array();
  for (const char* path : {"plant/line/a", "plant/line/b", "plant/line/c"}) {
    ASSERT_EQ(ask("POST", "/tags", {{"path", path}, {"type", "string"}}, bearer).status, 201);
    if (std::string_view(path).ends_with('c')) continue;
    for (const char* minute : {"00", "01", "02"}) {
      samples.push_back({{"path", path},
                         {"time", "2026-01-02T03:" + std::string(minute) + ":00Z"},
                         {"value", "x"}});
    }
  }
  ASSERT_LT(ask("POST", "/values", {{"samples", samples}}, bearer).status, 300);
  Json body = {{"pattern", "plant/**"},
               {"from", "2026-01-02T03:01:00Z"},
               {"to", "2026-01-03T00:00:00Z"},
               {"dry_run", true}};
  const auto erase = [&] { return ask("POST", "/values/erase", body, bearer); };
  EXPECT_EQ(Json::parse(erase().body), Json({{"tags", 2}, {"samples", 4}, {"dry_run", true}}));
  body["dry_run"] = false;
  EXPECT_EQ(erase().status, 400) << "without a reason";
  body["reason"] = "a calibration run";
  EXPECT_EQ(Json::parse(erase().body), Json({{"tags", 2}, {"samples", 4}, {"dry_run", false}}));
  const auto page = identity_->list_audit(administrator_principal(), 0, 1);
  EXPECT_EQ(page->entries.at(0).action, "values.erase");
  EXPECT_EQ(page->entries.at(0).object, "plant/**");
  EXPECT_EQ(page->entries.at(0).detail,
            "2026-01-02T03:01:00Z to 2026-01-03T00:00:00Z, 4 samples of 2 tags, reason: a "
            "calibration run");
  body["dry_run"] = true;
  EXPECT_EQ(Json::parse(erase().body)["samples"], 0);
  body["from"] = "2026-01-02T00:00:00Z";
  EXPECT_EQ(Json::parse(erase().body)["samples"], 2) << "what is not in the range stays";
}

}  // namespace
}  // namespace lineshaft::api

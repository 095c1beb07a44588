// Deadlines and their costs, as the API has them. The days of the tests are counted from today,
// because the server's clock is the real one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/rights_view.h"
#include "api/router_fixture.h"
#include "docket/months.h"
#include "ledger/note.h"

namespace lineshaft::api {
namespace {

using testing::HasSubstr;

class DocketApi : public Api {
 protected:
  DocketApi() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
  }

  std::string in_months(int months) {
    return day_text(docket::add_months(today(*services_), months));
  }
  void ok(const Reply& reply, int status) { EXPECT_EQ(reply.status, status) << reply.body; }
  void event(const std::string& asset, Json event) {
    ok(ask("POST", "/rights/assets/" + asset + "/events", std::move(event), administrator_), 201);
  }
  // A Chinese patent whose annual fee of the fifth year, 1,200.00 CNY, is due in about two months;
  // those before are paid.
  void patent(const std::string& id) {
    ok(ask("PUT", "/rights/assets",
           {{"id", id}, {"kind", "patent"}, {"title", "Title of " + id}, {"office", "CN"}},
           administrator_),
       201);
    event(id, {{"kind", "filed"}, {"date", in_months(-46)}});
    event(id, {{"kind", "granted"}, {"date", in_months(-36)}});
    for (int year = 2; year <= 4; ++year) {
      event(id, {{"kind", "renewed"}, {"date", in_months(-1)}, {"number", year}});
    }
  }
  void own(const std::string& asset, const std::string& party) {
    ask("PUT", "/rights/parties", {{"id", party}, {"kind", "organisation"}, {"name", party}},
        administrator_);
    ok(ask("POST", "/rights/assets/" + asset + "/ownership",
           {{"from", in_months(-46)},
            {"shares", {{{"party", party}, {"weight", 1}}}},
            {"basis", "own work"}},
           administrator_),
       201);
  }
  Json get(const std::string& address, const sys::HttpHeaders& who) {
    const Reply reply = ask("GET", address, {}, who);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  }
  std::string next_year() { return "?from=" + in_months(0) + "&to=" + in_months(12); }
  static Json fifth_year(const std::string& asset) {
    return {{"asset", asset}, {"pack", "cn-patent"}, {"rule", "annual-fee"}, {"number", 5}};
  }

  sys::HttpHeaders administrator_;
};

TEST_F(DocketApi, ADeadlineIsListedWithItsCostUntilItIsMarked) {
  patent("p-1");
  const Json page = get("/deadlines" + next_year(), administrator_);
  ASSERT_EQ(page["total"], 1) << page;
  const Json& due = page["items"][0];
  EXPECT_EQ(due["asset"], "p-1");
  EXPECT_EQ(due["rule"], "annual-fee");
  EXPECT_EQ(due["number"], 5);
  EXPECT_EQ(due["state"], "open");
  EXPECT_EQ(due["cost"], Json::array({{{"amount", "1200.00"}, {"currency", "CNY"}}}));
  EXPECT_EQ(get("/deadlines/days" + next_year(), administrator_)["items"][0]["day"], due["due"]);
  EXPECT_EQ(get("/deadlines?state=overdue", administrator_)["total"], 0);

  Json mark = fifth_year("p-1");
  mark["on"] = in_months(0);
  mark["note"] = "bank 17";
  const Reply marked = ask("POST", "/deadlines/mark", mark, administrator_);
  ok(marked, 201);
  EXPECT_EQ(Json::parse(marked.body)["number"], 5);
  EXPECT_EQ(get("/deadlines" + next_year(), administrator_)["total"], 0);
  ok(ask("POST", "/deadlines/mark", mark, administrator_), 409);
  const Json events = get("/rights/assets/p-1/events", administrator_)["items"];
  EXPECT_EQ(events.back()["kind"], "renewed");
  EXPECT_EQ(events.back()["note"], "bank 17");
  EXPECT_EQ(get("/deadlines?asset=p-1&state=all&from=" + in_months(0) + "&to=" + in_months(4),
                administrator_)["items"][0]["state"],
            "done");
  const auto audit = identity_->list_audit(administrator_principal(), 0, 10);
  ASSERT_TRUE(audit.ok());
  EXPECT_EQ(audit->entries.front().action, "deadline.mark");
  EXPECT_EQ(audit->entries.front().object, "p-1");
}

TEST_F(DocketApi, APersonSeesTheDeadlinesOfTheirPartyAndMarksNone) {
  patent("p-a");
  patent("p-b");
  own("p-a", "a");
  own("p-b", "b");
  const sys::HttpHeaders ann = speaker("a");
  const Json page = get("/deadlines" + next_year(), ann);
  ASSERT_EQ(page["total"], 1);
  EXPECT_EQ(page["items"][0]["asset"], "p-a");
  ok(ask("GET", "/deadlines?asset=p-b", {}, ann), 404);
  EXPECT_EQ(get("/deadlines/days" + next_year(), ann)["items"][0]["deadlines"], 1);
  const Json costs = get("/deadlines/costs", ann);
  EXPECT_EQ(costs["assets"].size(), 1U);
  EXPECT_EQ(costs["owners"][0]["party"], "a");
  const Reply feed = ask("GET", "/deadlines.ics", {}, ann);
  EXPECT_THAT(feed.body, HasSubstr("SUMMARY:p-a"));
  EXPECT_EQ(feed.body.find("p-b"), std::string::npos);
  Json mark = fifth_year("p-a");
  mark["on"] = in_months(0);
  ok(ask("POST", "/deadlines/mark", mark, ann), 403);
  EXPECT_EQ(get("/deadlines" + next_year(), speaker(""))["total"], 0);
}

TEST_F(DocketApi, CostsAreThoseOfTheNextTwelveMonths) {
  patent("p-1");
  patent("p-2");
  own("p-1", "a");
  const Json costs = get("/deadlines/costs", administrator_);
  EXPECT_EQ(costs["from"], in_months(0));
  EXPECT_EQ(costs["to"], in_months(12));
  EXPECT_EQ(costs["deadlines"], 2);
  EXPECT_EQ(costs["incomplete"], 0);
  EXPECT_EQ(costs["sums"][0]["amount"], "2400.00");
  EXPECT_EQ(costs["owners"].size(), 2U);  // nobody, and a
  EXPECT_EQ(costs["owners"][1]["sums"][0]["amount"], "1200.00");
  EXPECT_EQ(get("/deadlines/costs?party=a", administrator_)["sums"][0]["amount"], "1200.00");
  // What the office takes off for one small applicant: 85 % in the ten years from the grant on.
  Json asset = get("/rights/assets/p-1", administrator_);
  asset["reductions"] = {"one-small-applicant"};
  ok(ask("PUT", "/rights/assets", asset, administrator_), 200);
  EXPECT_EQ(get("/deadlines/costs?party=a", administrator_)["sums"][0]["amount"], "180.00");
}

TEST_F(DocketApi, ACalendarTakesATokenAsThePasswordOfHttpBasic) {
  patent("p-1");
  const std::string secret = token(Role::kAdministrator).substr(std::string("Bearer ").size());
  const auto basic = [](const std::string& pair) -> sys::HttpHeaders {
    return {{"authorization", "Basic " + ledger::base64_text(as_bytes(pair))},
            {"host", "plant.example:8443"}};
  };
  const Reply feed = ask("GET", "/deadlines.ics?lang=zh", {}, basic("calendar:" + secret));
  ok(feed, 200);
  EXPECT_EQ(feed.content_type, "text/calendar; charset=utf-8");
  EXPECT_THAT(feed.body, HasSubstr("BEGIN:VCALENDAR\r\n"));
  EXPECT_THAT(feed.body, HasSubstr("SUMMARY:p-1: 缴纳年费 (5)\r\n"));
  EXPECT_THAT(feed.body, HasSubstr("@plant.example\r\n"));

  const Reply asked = ask("GET", "/deadlines.ics");
  ok(asked, 401);
  EXPECT_THAT(header(asked, "www-authenticate"), HasSubstr("Basic realm="));
  ok(ask("GET", "/deadlines.ics", {}, basic("calendar:wrong")), 401);
  ok(ask("GET", "/deadlines.ics", {}, basic(secret)), 401);  // no colon, no password
  // Nowhere else: what a browser was told once it sends along with every request.
  const Reply elsewhere = ask("GET", "/deadlines", {}, basic("calendar:" + secret));
  ok(elsewhere, 401);
  EXPECT_EQ(header(elsewhere, "www-authenticate"), "Bearer");
  ok(ask("POST", "/deadlines/mark", Json::object(), basic("calendar:" + secret)), 401);
}

TEST_F(DocketApi, WhatIsAskedWronglyIsNamed) {
  patent("p-1");
  const auto refusal = [&](const std::string& address) {
    const Reply reply = ask("GET", address, {}, administrator_);
    EXPECT_EQ(reply.status, 400) << address << reply.body;
    return Json::parse(reply.body)["detail"].get<std::string>();
  };
  EXPECT_THAT(refusal("/deadlines?from=soon"), HasSubstr("from: "));
  EXPECT_EQ(refusal("/deadlines?from=2027-01-01&to=2027-01-01"), "to: must be after from");
  EXPECT_EQ(refusal("/deadlines?state=late"), "state: must be open, overdue or all");
  EXPECT_THAT(refusal("/deadlines?state=all"), HasSubstr("of one asset only"));
  EXPECT_EQ(refusal("/deadlines.ics?lang=de"), "lang: must be en or zh");
  ok(ask("GET", "/deadlines?asset=p-9", {}, administrator_), 404);
  const auto post = [&](const char* address, const Json& body) {
    return Json::parse(ask("POST", address, body, administrator_).body)["detail"];
  };
  const std::string events = "/rights/assets/p-1/events";
  EXPECT_EQ(post(events.c_str(), {{"kind", "act"}, {"act", "grnted"}, {"date", in_months(-1)}}),
            "act: no rule pack knows 'grnted'");
  EXPECT_EQ(post(events.c_str(), {{"kind", "filed"}, {"act", "x"}, {"date", in_months(-1)}}),
            "act: only an event of the kind act has one");
  event("p-1", {{"kind", "act"}, {"act", "office_action"}, {"number", 2}, {"date", in_months(-1)}});
  EXPECT_EQ(get("/deadlines" + next_year(), administrator_)["items"][0]["rule"], "response");
}

}  // namespace
}  // namespace lineshaft::api

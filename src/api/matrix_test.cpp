// Every route x every role x {one's own, outside of one's place, of another organisation}: what a
// stranger asks for is answered as what does not exist, byte for byte.
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "api/matrix_fixture.h"
#include "api/scope.h"

namespace lineshaft::api {
namespace {

#include "api/matrix_table.inc"

std::string name_of(const Route& route) { return std::string(route.method) + " " + route.path; }

bool is_open_to(const Route& route, Role role, bool at_place) {
  const auto permission = route.rule.permission();
  if (!permission) return true;
  const identity::PermissionSet all = identity::permissions_of(role);
  if (!at_place) return all.has(*permission);
  return route.rule.is_placed() && all.within(identity::kOfPlaces).has(*permission);
}

TEST_F(Matrix, KnowsEveryRoute) {
  std::set<std::string> routes;
  for (const Route& route : router_->routes()) routes.insert(name_of(route));
  std::set<std::string> known(std::begin(kNoThing), std::end(kNoThing));
  for (const Probe& probe : kProbes) {
    EXPECT_TRUE(routes.contains(probe.route)) << probe.route << " is no route any more";
    EXPECT_TRUE(things_.contains(probe.thing)) << probe.thing;
    EXPECT_FALSE(std::ranges::count(kNoThing, std::string_view(probe.route))) << probe.route;
    known.insert(probe.route);
  }
  for (const char* route : kNoThing) EXPECT_TRUE(routes.contains(route)) << route;
  for (const std::string& route : routes) {
    EXPECT_TRUE(known.contains(route))
        << route << " has no entry in matrix_table.inc: say which thing it takes, or that it takes "
        << "none";
    if (route.find('{') == route.npos) continue;
    EXPECT_FALSE(std::ranges::count(kNoThing, std::string_view(route)))
        << route << " takes a thing: it needs a probe";
  }
}

// 403 exactly where the declared rule says so, for a role everywhere and for the same at a place.
TEST_F(Matrix, EveryRoleIsRefusedWhatItMayNotDo) {
  for (const bool at_place : {false, true}) {
    for (const Role role : identity::kRoles) {
      if (at_place && identity::permissions_of(identity::Grant{role, kHere}).empty()) continue;
      const sys::HttpHeaders who = of_role(role, at_place ? kHere : "*");
      for (const Route& route : router_->routes()) {
        const std::string name = name_of(route);
        if (route.rule.is_open()) continue;
        // With a number that nothing has: nothing is changed by those who may.
        const bool has_thing = name.find('{') != name.npos;
        const Probe probe{name.c_str(), "", has_thing ? "" : route.path, "{}"};
        const std::string reply = answer(probe, "987654", who);
        const bool by_rule = reply.find("\"this needs the permission") != reply.npos &&
                             reply.find(" at '") == reply.npos;
        EXPECT_EQ(reply.starts_with("403") && by_rule, !is_open_to(route, role, at_place))
            << name << " as " << identity::role_name(role) << (at_place ? " at a place: " : ": ")
            << reply.substr(0, 300);
      }
    }
  }
}

TEST_F(Matrix, WhatAnotherOrganisationHasIsAnsweredAsWhatDoesNotExist) {
  for (const Role role : identity::kRoles) {
    const sys::HttpHeaders rival = of_rival(role);
    for (const Probe& probe : kProbes) {
      const std::string& ours = things_.at(probe.thing);
      const std::string foreign = answer(probe, ours, rival);
      EXPECT_EQ(foreign, answer(probe, absent(ours), rival))
          << probe.route << " as their " << identity::role_name(role);
      EXPECT_FALSE(foreign.starts_with("5")) << probe.route << ": " << foreign;
      EXPECT_EQ(foreign.find(kOurs), foreign.npos) << probe.route << ": " << foreign;
    }
  }
  everything_is_still_there();
}

TEST_F(Matrix, ListsShowNothingOfAnotherOrganisation) {
  for (const Role role : identity::kRoles) {
    const sys::HttpHeaders rival = of_rival(role);
    for (const Route& route : router_->routes()) {
      const std::string name = name_of(route);
      if (route.rule.is_open() || !name.starts_with("GET ") || name.find('{') != name.npos)
        continue;
      const Reply reply = ask("GET", route.path, {}, rival);
      std::string text = reply.body;
      EXPECT_EQ(text.find(kOurs), text.npos)
          << name << " as their " << identity::role_name(role) << ": " << text.substr(0, 400);
    }
  }
}

TEST_F(Matrix, WhatStandsElsewhereIsAnsweredAsWhatDoesNotExist) {
  for (const Role role : identity::kRoles) {
    if (identity::permissions_of(identity::Grant{role, kHere}).empty()) continue;
    const sys::HttpHeaders who = of_role(role, kHere);
    for (const Probe& probe : kProbes) {
      const auto outside = things_outside_.find(probe.thing);
      if (outside == things_outside_.end()) continue;
      EXPECT_EQ(answer(probe, outside->second, who), answer(probe, absent(outside->second), who))
          << probe.route << " as " << identity::role_name(role) << " at a place";
    }
  }
  everything_is_still_there();
}

TEST_F(Matrix, ListsShowNothingOfWhatStandsElsewhere) {
  for (const Role role : identity::kRoles) {
    if (identity::permissions_of(identity::Grant{role, kHere}).empty()) continue;
    const sys::HttpHeaders who = of_role(role, kHere);
    for (const Route& route : router_->routes()) {
      const std::string name = name_of(route);
      if (route.rule.is_open() || !name.starts_with("GET ") || name.find('{') != name.npos)
        continue;
      const std::string text = ask("GET", route.path, {}, who).body;
      EXPECT_EQ(text.find(kOutside), text.npos)
          << name << " as " << identity::role_name(role) << ": " << text.substr(0, 400);
    }
  }
}

// What is named by its path is judged by the path, whether it exists or not.
TEST_F(Matrix, APathElsewhereIsRefusedWithoutALook) {
  const sys::HttpHeaders who = of_role(Role::kAdministrator, kHere);
  const auto status = [&](const std::string& method, const std::string& address, const Json& body) {
    return ask(method, address, body, who).status;
  };
  const Json tag = {{"type", "float64"}, {"interpolation", "linear"}};
  for (const char* last : {"mill/speed", "mill/nothing"}) {
    const std::string elsewhere = std::string("Northfield/rollmill/") + last;
    Json wanted = tag;
    wanted["path"] = elsewhere;
    EXPECT_EQ(status("POST", "/tags", wanted), 403) << elsewhere;
    EXPECT_EQ(status("PUT", "/tags/" + things_["tag"], wanted), 403) << elsewhere;
    EXPECT_EQ(status("POST", "/tags/move", {{"from", elsewhere}, {"to", "Northfield/melt/x"}}),
              403);
    EXPECT_EQ(status("POST", "/tags/move", {{"from", "Northfield/melt/eaf1"}, {"to", elsewhere}}),
              403);
  }
  Json here = tag;
  here["path"] = "Northfield/melt/eaf2/power";
  EXPECT_EQ(status("POST", "/tags", here), 201);
  EXPECT_EQ(status("POST", "/values/erase",
                   {{"pattern", "**"},
                    {"from", "2026-01-01T00:00:00Z"},
                    {"to", "2026-02-01T00:00:00Z"},
                    {"reason", "a test"}}),
            200);
  const TagId outside{static_cast<std::uint32_t>(std::stoul(things_outside_["tag"]))};
  EXPECT_EQ(count_samples(*services_, TenantId{1}, outside, {{0}, {INT64_MAX}}).value(), 1U)
      << "** is all that one may erase";
}

// A socket that keeps what it is sent.
class Heard final : public sys::WebSocket {
 public:
  bool send_text(std::string text) override {
    messages.push_back(Json::parse(text));
    if (on_message) on_message();
    return true;
  }
  void close(std::uint16_t code, std::string_view) override {
    closed = code;
    if (on_message) on_message();
  }
  std::size_t queued_bytes() const override { return 0; }

  std::vector<Json> messages;
  std::uint16_t closed = 0;
  std::function<void()> on_message;
};

class LiveTopics : public Matrix {
 protected:
  // On the loop, where the router and the sockets live.
  template <typename Do>
  void on_loop(Do what) {
    std::promise<void> done;
    loop_->post([&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }
  sys::WebSocketHandlers open(const sys::HttpHeaders& who) {
    sys::HttpRequest request;
    request.method = "GET";
    request.path = "/api/v1/live";
    request.headers = who;
    return std::get<sys::WebSocketHandlers>(router_->upgrade(request));
  }
  std::string watch_both() {
    return R"({"watch":[)" + things_["tag"] + "," + things_outside_["tag"] + ",987654]}";
  }
};

TEST_F(LiveTopics, ShowWhatOneMayReadAndLeaveTheRestOut) {
  const auto socket = std::make_shared<Heard>();
  on_loop([&] {
    const auto handlers = open(of_role(Role::kViewer, kHere));
    handlers.on_open(socket);
    handlers.on_text(watch_both());
    ASSERT_EQ(socket->messages.size(), 1U);
    ASSERT_EQ(socket->messages[0]["values"].size(), 1U) << socket->messages[0];
    EXPECT_EQ(std::to_string(socket->messages[0]["values"][0][0].get<int>()), things_["tag"]);
    handlers.on_close();
  });
  const auto stranger = std::make_shared<Heard>();
  on_loop([&] {
    const auto handlers = open(of_rival(Role::kAdministrator));
    handlers.on_open(stranger);
    handlers.on_text(watch_both());
    Json values = stranger->messages.at(0)["values"];
    for (Json& value : values) {
      value.erase(0);  // the number that was asked for
      EXPECT_EQ(value, values.at(0)) << "a tag of others and none at all look alike";
    }
    handlers.on_close();
  });
}

TEST_F(LiveTopics, ARightThatIsTakenAwayEndsWhatWasOpen) {
  const auto user = identity_
                        ->create_user(administrator_principal(),
                                      {"w@example.com", "Wim",
                                       identity::Access({{Role::kViewer, kHere}}), kPassword})
                        .value();
  const auto session = identity_->sign_in({"w@example.com", kPassword, "127.0.0.1", ""}).value();
  const sys::HttpHeaders who{{"cookie", std::string(kSessionCookie) + "=" + session.cookie}};
  const auto socket = std::make_shared<Heard>();
  sys::WebSocketHandlers handlers;
  on_loop([&] {
    handlers = open(who);
    handlers.on_open(socket);
    handlers.on_text(watch_both());
  });
  ASSERT_EQ(socket->messages.size(), 1U);
  std::promise<void> told;
  bool is_told = false;
  on_loop([&] {
    socket->on_message = [&] {
      if (!std::exchange(is_told, true)) told.set_value();
    };
  });
  ASSERT_TRUE(identity_->set_grants(administrator_principal(), user.id, {}).ok());
  // With the next look at what changed; no message of values comes before.
  ASSERT_EQ(told.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  on_loop([&] {
    EXPECT_EQ(socket->closed, 1008);
    handlers.on_close();
  });
}

}  // namespace
}  // namespace lineshaft::api

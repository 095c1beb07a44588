// api/matrix_fixture.h: one server with things of two organisations, and every way to ask for a
// thing by its name. The table is the test's memory: a route that is not in it fails
// (matrix_test.cpp).
#pragma once

#include <cctype>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "api/router_fixture.h"
#include "base/bytes.h"
#include "identity/providers.h"
#include "identity/store.h"
#include "rights/agreement_json.h"
#include "wire/batch/batch.h"

namespace lineshaft::api {

// How to ask a route for a thing: `@` stands for what names it, in the address and in the body.
struct Probe {
  const char* route;    // "GET /tags/{id}"
  const char* thing;    // which of Matrix::things_
  const char* address;  // "" : as the route, with `@` for its first parameter
  const char* body = "";
};

class Matrix : public Api {
 protected:
  static constexpr TenantId kRival{2};
  static constexpr const char* kHere = "Northfield/melt";
  // In every name of our things, so that a list that shows any of them is found out.
  static constexpr std::string_view kOurs = "Northfield";
  static constexpr std::string_view kOutside = "rollmill";

  Matrix() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
    make_rival();
    make_plant();
    make_rights();
    make_people();
  }
  static sys::HttpHeaders bearer(const std::string& secret) {
    return {{"authorization", "Bearer " + secret}};
  }
  sys::HttpHeaders of_role(Role role, std::string_view place = "*") {
    const identity::Access access({{role, std::string(place)}});
    return bearer(
        identity_->create_token(administrator_principal(), {"m", access, {}}).value().secret);
  }
  sys::HttpHeaders of_rival(Role role) {
    return bearer(identity_->create_token(rival_, {"r", role, {}}).value().secret);
  }

  // The answer, with what was asked for taken out: it may be in the refusal.
  std::string answer(const Probe& probe, const std::string& name, const sys::HttpHeaders& who) {
    const std::string_view route = probe.route;
    const std::size_t space = route.find(' ');
    std::string address = probe.address;
    if (address.empty()) {
      address = std::string(route.substr(space + 1));
      const std::size_t open = address.find('{');
      address.replace(open, address.find('}') - open + 1, "@");
      for (std::size_t at = address.find('{'); at != address.npos; at = address.find('{')) {
        address.replace(at, address.find('}') - at + 1, "1");
      }
    }
    sys::HttpRequest request;
    request.method = std::string(route.substr(0, space));
    address = with(address, name);
    const std::size_t mark = std::min(address.find('?'), address.size());
    request.path = "/api/v1" + address.substr(0, mark);
    request.query = address.substr(std::min(mark + 1, address.size()));
    request.peer.host = "127.0.0.1";
    request.headers = who;
    request.body =
        probe.body == std::string_view("BATCH") ? batch_for(name) : with(probe.body, name);
    const Reply reply = router_->answer(request);
    std::string text = std::to_string(reply.status) + " " + reply.body;
    // Whole words only: the 1 of LS-1002 was not asked for.
    const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
      const std::size_t end = at + name.size();
      const bool begins = at == 0 || !(is_part(text[at - 1]) || text[at - 1] == '-');
      if (begins && (end == text.size() || !is_part(text[end]))) text.replace(at, name.size(), "@");
    }
    return text;
  }

  // Where a thing is found: below an address, or in a list.
  inline static const std::map<std::string, std::string> kPageOf{
      {"tag", "/tags/"},
      {"connection", "/connections/"},
      {"flow", "/flows/"},
      {"import", "/imports/"},
      {"party", "/rights/parties/"},
      {"asset", "/rights/assets/"},
      {"licence", "/rights/licences/"},
      {"project", "/projects/"},
      {"agreement", "/agreements/"},
      {"user", "/users"},
      {"token", "/tokens"},
      {"invitation", "/invitations"},
      {"provider", "/identity-providers"},
      {"template", "/templates"},
      {"key", "/keys"},
      {"request", "/access/requests"}};

  // A name that nothing has, of the same form.
  static std::string absent(const std::string& name) {
    if (name.find_first_not_of("0123456789") == name.npos) return "987654";
    return std::string(name.size(), name.size() == 40 ? '0' : 'q');
  }

  // After strangers have tried everything.
  void everything_is_still_there() {
    for (const char* page : {"/users", "/tokens", "/templates", "/keys", "/access/requests",
                             "/invitations", "/identity-providers"}) {
      const std::string text = ask("GET", page, {}, administrator_).body;
      for (const char* thing :
           {"user", "token", "template", "key", "request", "invitation", "provider"}) {
        if (std::string_view(kPageOf.at(thing)) != page) continue;
        EXPECT_NE(text.find(things_.at(thing)), text.npos) << thing << " in " << text;
      }
    }
    for (const auto* things : {&things_, &things_outside_}) {
      for (const auto& [thing, name] : *things) {
        const auto page = kPageOf.find(thing);
        if (page == kPageOf.end() || !page->second.ends_with('/')) continue;
        EXPECT_EQ(ask("GET", page->second + name, {}, administrator_).status, 200) << thing;
      }
    }
  }

  sys::HttpHeaders administrator_;
  identity::Principal rival_;
  std::map<std::string, std::string> things_;          // of us: what names it
  std::map<std::string, std::string> things_outside_;  // of us, but not below kHere

 private:
  static std::string with(std::string text, const std::string& name) {
    for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at + name.size())) {
      text.replace(at, 1, name);
    }
    return text;
  }
  static std::string batch_for(const std::string& tag) {
    const TagId id{static_cast<std::uint32_t>(std::stoul(tag))};
    return std::string(
        as_text(batch::encode(std::vector{Sample{id, {1'000}, quality::kGood, Value(1.0)}})));
  }

  // A change of rights that waits for a second person, in an organisation that asks for one no
  // more.
  void make_request() {
    const identity::Principal ann = administrator_principal();
    ASSERT_TRUE(identity_->create_user(
        ann, {"sue@northfield.example", "Northfield Sue", Role::kSecurity, kPassword}));
    const identity::Principal sue = identity_->find_person("sue@northfield.example").value();
    ASSERT_TRUE(identity_->set_rights_policy(ann, {.two_persons = true}));
    const identity::UserId carl{std::stoull(things_.at("user"))};
    const auto asked = identity_->set_grants(ann, carl, {{Role::kAdministrator, "*"}});
    things_["request"] = std::to_string(asked.value().waits.value().id);
    const auto off = identity_->set_rights_policy(ann, {});
    ASSERT_TRUE(identity_->approve_rights(sue, off.value().waits.value().id));
  }

  Json must(const std::string& method, const std::string& path, const Json& body,
            const sys::HttpHeaders& who) {
    const Reply reply = ask(method, path, body, who);
    EXPECT_LT(reply.status, 300) << method << " " << path << ": " << reply.body;
    return reply.body.empty() ? Json() : Json::parse(reply.body);
  }

  void make_rival() {
    const auto made = identity_->create_organisation(
        administrator_principal(), {"Rival", "rival@example.com", "Rival", kPassword});
    ASSERT_TRUE(made.ok()) << made.error().text();
    ASSERT_EQ(made->organisation.id, kRival);
    rival_ = {.kind = identity::PrincipalKind::kUser,
              .tenant = kRival,
              .id = 1'000,
              .access = Role::kAdministrator,
              .name = "rival"};
  }

  std::string make_tag(const std::string& path) {
    return std::to_string(must("POST", "/tags",
                               {{"path", path}, {"type", "float64"}, {"interpolation", "linear"}},
                               administrator_)["id"]
                              .get<std::uint64_t>());
  }
  std::string make_connection(const std::string& name, const std::string& path) {
    return std::to_string(
        must("POST", "/connections",
             {{"name", "Northfield " + name},
              {"protocol", "modbus-tcp"},
              {"enabled", false},
              {"settings", {{"host", "192.0.2.1"}, {"port", 502}, {"unit_id", 1}}},
              {"signals",
               {{{"path", path}, {"area", "holding"}, {"address", 0}, {"type", "uint16"}}}}},
             administrator_)["id"]
            .get<std::uint64_t>());
  }
  std::string make_import(const std::string& prefix) {
    const std::string path = imports_->new_upload_path();
    std::ofstream(path) << "time,a\n2026-01-01 00:00:00,1\n2026-01-01 00:00:01,2\n";
    const auto made = imports_->create({TenantId{1}, prefix + ".csv", prefix, path});
    return std::to_string(made.value().id);
  }
  void make_plant() {
    things_["tag"] = make_tag("Northfield/melt/eaf1/power");
    things_outside_["tag"] = make_tag("Northfield/rollmill/mill/speed");
    things_["connection"] = make_connection("inside", "Northfield/melt/eaf1/count");
    things_outside_["connection"] = make_connection("rollmill", "Northfield/rollmill/mill/count");
    things_["flow"] = std::to_string(must("POST", "/flows",
                                          {{"name", "Northfield flow"},
                                           {"kind", "modbus-server"},
                                           {"enabled", false},
                                           {"settings", {{"port", 15502}}}},
                                          administrator_)["id"]
                                         .get<std::uint64_t>());
    must("POST", "/templates",
         {{"name", "NorthfieldKind"}, {"connection", std::stoi(things_["connection"])}},
         administrator_);
    things_["template"] = "NorthfieldKind";
    things_["import"] = make_import("Northfield/melt/eaf1");
    things_outside_["import"] = make_import("Northfield/rollmill/mill");
    SampleBatch samples{TenantId{1}, {1}, {}};
    for (const auto* things : {&things_, &things_outside_}) {
      const TagId id{static_cast<std::uint32_t>(std::stoul(things->at("tag")))};
      samples.samples.push_back({id, {1'767'225'600'000'000'000}, quality::kGood, Value(1.5)});
    }
    ASSERT_TRUE(append_and_wait(*historian_, std::move(samples)).ok());
  }

  void make_rights() {
    std::map<std::string, sys::HttpHeaders> speakers;
    for (const char* id : {"Northfield-hub", "Northfield-firm"}) {
      const char* kind = id == std::string("Northfield-hub") ? "centre" : "organisation";
      must("PUT", "/rights/parties", {{"id", id}, {"kind", kind}, {"name", id}}, administrator_);
      speakers[id] = speaker(id);
    }
    const sys::HttpHeaders& hub = speakers["Northfield-hub"];
    must("PUT", "/rights/assets",
         {{"id", "Northfield-p1"}, {"kind", "patent"}, {"title", "Northfield nozzle"}},
         administrator_);
    must("POST", "/rights/assets/Northfield-p1/ownership",
         {{"from", "2020-01-01"},
          {"basis", "invention"},
          {"shares", {{{"party", "Northfield-hub"}, {"weight", 1}}}}},
         administrator_);
    must("PUT", "/rights/licences",
         {{"id", "Northfield-l1"},
          {"kind", "exclusive"},
          {"licensors", {"Northfield-hub"}},
          {"licensees", {"Northfield-firm"}},
          {"assets", {"Northfield-p1"}},
          {"from", "2026-01-01"}},
         administrator_);
    must("PUT", "/projects",
         {{"id", "Northfield-c1"},
          {"title", "Northfield casting"},
          {"lead", "Northfield-hub"},
          {"from", "2026-01-01"},
          {"parties", {"Northfield-hub", "Northfield-firm"}}},
         hub);
    must("POST", "/projects/Northfield-c1/answer", {{"accept", true}}, speakers["Northfield-firm"]);
    must("PUT", "/agreements",
         {{"id", "Northfield-a1"},
          {"version", 0},
          {"project", "Northfield-c1"},
          {"title", "Northfield results"},
          {"from", "2026-01-01"},
          {"sides",
           {{{"party", "Northfield-hub"}, {"weight", 3}},
            {{"party", "Northfield-firm"}, {"weight", 1}}}},
          {"terms", {{"results", {{"owner", "joint"}}}}}},
         hub);
    const auto key = rights::PrivateKey::make(sys::real_random());
    things_["key"] =
        must("POST", "/keys", {{"public_key", key.public_key().pem()}, {"label", "Northfield key"}},
             hub)["id"];
    things_["party"] = "Northfield-hub";
    things_["asset"] = "Northfield-p1";
    things_["licence"] = "Northfield-l1";
    things_["project"] = "Northfield-c1";
    things_["agreement"] = "Northfield-a1";
    // Of the server as a whole, or of whom settles: a stranger gets 403 whatever they name.
    things_["run"] = "Northfield-r1";
    things_["account"] = things_["journal"] = "1";
    things_["witness"] = "northfield.example";
    things_["certificate"] = std::string(40, 'a');
  }

  void make_people() {
    const auto id = [&](const Json& made) { return std::to_string(made["id"].get<int>()); };
    things_["user"] = id(must("POST", "/users",
                              {{"email", "carl@northfield.example"},
                               {"name", "Northfield Carl"},
                               {"role", "viewer"},
                               {"password", kPassword}},
                              administrator_));
    const auto invited = identity_->invite(
        administrator_principal(), {"dora@northfield.example", "Northfield Dora", Role::kViewer});
    things_["invitation"] = std::to_string(invited.value().invitation.id.value);
    const auto carl = identity_->sign_in({"carl@northfield.example", kPassword, "127.0.0.1", ""});
    ASSERT_TRUE(carl.ok());
    things_["session"] =
        identity_->list_sessions(carl->session.principal, carl->session.user.id, "")->front().id;
    make_request();
    identity::ProviderSettings provider;
    provider.name = "Northfield ID";
    provider.issuer = "https://id.northfield.example";
    provider.client_id = "lineshaft";
    const auto made = identity_->providers().create_provider(administrator_principal(), provider,
                                                             "Northfield secret");
    things_["provider"] = std::to_string(made.value().id.value);
    things_["organisation"] = "1";
    things_["signup"] = "1";
    things_["token"] = id(
        must("POST", "/tokens", {{"name", "Northfield feed"}, {"role", "viewer"}}, administrator_));
  }
};

}  // namespace lineshaft::api

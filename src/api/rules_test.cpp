// The rule of every route, compared with a table of its own: the matrix asks whether rules are
// kept, this whether they are the right ones.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "api/router_fixture.h"

namespace lineshaft::api {
namespace {

#include "api/rules_table.inc"

// As in the table.
std::string text_of(const Rule& rule) {
  if (rule.is_open()) return "anyone";
  const auto permission = rule.permission();
  if (!permission) return "session";
  return std::string(identity::permission_name(*permission)) + (rule.is_placed() ? "@" : "");
}

class Rules : public Api {};

TEST_F(Rules, OfEveryRouteAreThoseOfTheTable) {
  std::map<std::string, std::string> wanted;
  for (const auto& [route, rule] : kRules) {
    EXPECT_TRUE(wanted.emplace(route, rule).second) << route << " stands there twice";
  }
  for (const Route& route : router_->routes()) {
    const std::string name = std::string(route.method) + " " + route.path;
    const std::string rule = text_of(route.rule);
    const auto found = wanted.find(name);
    if (found == wanted.end()) {
      ADD_FAILURE() << "if that is right, add to rules_table.inc: {\"" << name << "\", \"" << rule
                    << "\"},";
      continue;
    }
    EXPECT_EQ(rule, found->second) << name;
    wanted.erase(found);
  }
  for (const auto& [route, rule] : wanted) ADD_FAILURE() << route << " is no route any more";
}

}  // namespace
}  // namespace lineshaft::api

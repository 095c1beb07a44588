// What each party adds to a common result: Shapley's value, and Owen's for centres with members.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "settlement/division.h"

namespace lineshaft::api {
namespace {

using settlement::Coalition;
using settlement::Division;

// Explicit worths of 2^n coalitions: a body of a megabyte. More parties are for programs that link
// the function.
constexpr std::size_t kPartiesInRequestMax = 16;

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

struct Game {
  std::vector<std::string> parties;
  std::vector<std::int64_t> worth;  // by coalition
  std::vector<Coalition> centres;   // none: Shapley
};

Result<std::vector<std::string>> names_of(const Json& list, const char* field) {
  if (!list.is_array() || !std::ranges::all_of(list, &Json::is_string)) {
    return bad(std::string(field) + ": must be a list of texts");
  }
  std::vector<std::string> names;
  for (const Json& name : list) names.push_back(name.get<std::string>());
  return names;
}

Result<Coalition> coalition_of(const Json& list, const std::vector<std::string>& parties,
                               const char* field) {
  const auto names = names_of(list, field);
  if (!names) return names.error();
  Coalition coalition = 0;
  for (const std::string& name : *names) {
    const auto party = std::ranges::find(parties, name);
    if (party == parties.end())
      return bad(std::string(field) + ": there is no party '" + name + "'");
    const Coalition bit = Coalition{1} << (party - parties.begin());
    if ((coalition & bit) != 0) return bad(std::string(field) + ": '" + name + "' is there twice");
    coalition |= bit;
  }
  return coalition;
}

Status read_worths(const Json& list, Game& game) {
  if (!list.is_array()) return bad("worth: must be a list of {parties, worth}");
  std::vector<bool> known(std::size_t{1} << game.parties.size());
  game.worth.assign(known.size(), 0);
  for (const Json& item : list) {
    if (!item.is_object()) return bad("worth: must be a list of {parties, worth}");
    if (Status fields = only_fields(item, {"parties", "worth"}); !fields) return fields;
    const auto coalition =
        coalition_of(item.value("parties", Json()), game.parties, "worth: parties");
    if (!coalition) return coalition.error();
    if (!item.contains("worth") || !item["worth"].is_number_integer()) {
      return bad("worth: worth: must be a whole number, such as of cents");
    }
    if (known[*coalition]) return bad("worth: a coalition is there twice");
    known[*coalition] = true;
    game.worth[*coalition] = item["worth"].get<std::int64_t>();
  }
  for (std::size_t coalition = 1; coalition < known.size(); ++coalition) {
    if (known[coalition]) continue;
    std::string missing;
    for (std::size_t i = 0; i < game.parties.size(); ++i) {
      if ((coalition >> i & 1U) != 0) missing += (missing.empty() ? "" : ", ") + game.parties[i];
    }
    return bad("worth: nothing is said of " + missing);
  }
  return {};
}

Result<Game> game_from_json(const Json& body) {
  if (Status known = only_fields(body, {"parties", "worth", "centres"}); !known) {
    return known.error();
  }
  Game game;
  auto parties = names_of(body.value("parties", Json()), "parties");
  if (!parties) return parties.error();
  if (parties->empty() || parties->size() > kPartiesInRequestMax) {
    return bad("parties: must be 1 to " + std::to_string(kPartiesInRequestMax));
  }
  game.parties = *std::move(parties);
  if (const auto twice = coalition_of(body["parties"], game.parties, "parties"); !twice) {
    return twice.error();
  }
  if (Status read = read_worths(body.value("worth", Json()), game); !read) return read.error();
  if (!body.contains("centres")) return game;
  if (!body["centres"].is_array()) return bad("centres: must be a list of lists of parties");
  for (const Json& centre : body["centres"]) {
    const auto members = coalition_of(centre, game.parties, "centres");
    if (!members) return members.error();
    game.centres.push_back(*members);
  }
  return game;
}

Result<Division> divided(const Game& game) {
  if (game.centres.empty()) return settlement::shapley(game.worth);
  return settlement::owen(game.centres, [&](Coalition coalition) { return game.worth[coalition]; });
}

// What it adds to coalitions of 0, 1, 2... others, in the mean: a fraction each.
Json means_of(const std::vector<Int128>& contributions) {
  Json means = Json::array();
  const std::size_t others = contributions.size() - 1;
  std::int64_t coalitions = 1;  // C(others, size): at most 6,435
  for (std::size_t size = 0; size < contributions.size(); ++size) {
    const auto mean = Ratio::make(contributions[size], coalitions);
    means.push_back(mean ? Json(mean->text()) : Json());
    coalitions =
        coalitions * static_cast<std::int64_t>(others - size) / static_cast<std::int64_t>(size + 1);
  }
  return means;
}

Result<Reply> divide(const Services&, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto game = game_from_json(*body);
  if (!game) return game.error();
  const auto division = divided(*game);
  if (!division) return division.error();
  const std::vector<Int128> units = settlement::in_units(*division);
  Json items = Json::array();
  for (std::size_t i = 0; i < game->parties.size(); ++i) {
    const auto value = Ratio::make(division->numerators[i], division->denominator);
    Json item = {{"party", game->parties[i]},
                 {"value", value ? Json(value->text()) : Json()},
                 {"units", int128_text(units[i])}};
    if (!division->contributions.empty()) item["adds"] = means_of(division->contributions[i]);
    items.push_back(std::move(item));
  }
  return Reply::json({{"method", game->centres.empty() ? "shapley" : "owen"},
                      {"worth", game->worth.back()},
                      {"items", std::move(items)}});
}

}  // namespace

std::vector<Route> division_routes(const Services& services) {
  const Rule read = Rule::needs(identity::Permission::kRightsRead);
  return {
      {"POST", "/royalty/division", read,
       "What each party adds to a common result, and its part of it; nothing is kept",
       "DivisionRequest", "Division", bind(services, divide)},
  };
}

}  // namespace lineshaft::api

// asset list | show | put | event | own | import | export, party list | put | join | leave |
// organisation.
#include <iostream>
#include <map>

#include "app/cli.h"
#include "app/commands/put.h"
#include "app/commands/register_files.h"
#include "app/commands/shares.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kAssetColumns{
    {"id", "/id"},         {"kind", "/kind"},     {"title", "/title"},  {"office", "/office"},
    {"number", "/number"}, {"status", "/status"}, {"owners", "/owners"}};
const std::vector<Column> kFactColumns{
    {"id", "/id"},         {"kind", "/kind"},      {"title", "/title"},   {"family", "/family"},
    {"parent", "/parent"}, {"office", "/office"},  {"number", "/number"}, {"status", "/status"},
    {"owners", "/owners"}, {"version", "/version"}};
const std::vector<Column> kEventColumns{
    {"sequence", "/sequence"}, {"date", "/date"}, {"event", "/kind"},    {"act", "/act"},
    {"number", "/number"},     {"note", "/note"}, {"by", "/recorded_by"}};
const std::vector<Column> kOwnershipColumns{{"sequence", "/sequence"}, {"from", "/from"},
                                            {"shares", "/shares"},     {"basis", "/basis"},
                                            {"corrects", "/corrects"}, {"by", "/recorded_by"}};
const std::vector<Column> kPartyColumns{
    {"id", "/id"},           {"kind", "/kind"},     {"name", "/name"},      {"field", "/field"},
    {"country", "/country"}, {"region", "/region"}, {"centres", "/centres"}};

constexpr std::uint64_t kPageRows = 1'000;

// Parameters of the query by name; "" for all.
using AssetFilter = std::map<std::string, std::string>;

int list_assets(ApiClient& api, Format format, const AssetFilter& filter) {
  std::string query;
  for (const auto& [name, value] : filter) {
    if (!value.empty()) query += "&" + name + "=" + url_encode(value);
  }
  Json rows = Json::array();
  for (std::uint64_t total = 1; rows.size() < total;) {
    const Result<Json> page = api.get("/rights/assets?limit=" + std::to_string(kPageRows) +
                                      "&offset=" + std::to_string(rows.size()) + query);
    if (!page) return print_error(page.error());
    const Json& items = (*page)["items"];
    total = items.empty() ? 0 : (*page)["total"].get<std::uint64_t>();
    for (Json item : items) {
      if (!is_as_said(format)) item["owners"] = shares_text(item["owners"]);
      rows.push_back(std::move(item));
    }
  }
  print_rows(format, kAssetColumns, rows);
  return kExitOk;
}

// JSON is one object with the asset, its events and its ownership; the table shows them in turn.
int show_asset(ApiClient& api, Format format, const std::string& id) {
  const std::string path = "/rights/assets/" + url_encode(id);
  Result<Json> asset = api.get(path);
  if (!asset) return print_error(asset.error());
  const Result<Json> events = api.get(path + "/events");
  if (!events) return print_error(events.error());
  Result<Json> entries = api.get(path + "/ownership");
  if (!entries) return print_error(entries.error());
  if (is_as_said(format)) {
    (*asset)["events"] = (*events)["items"];
    (*asset)["ownership"] = (*entries)["items"];
    std::cout << asset->dump(format == Format::kJson ? 2 : -1) << std::endl;
    return kExitOk;
  }
  (*asset)["owners"] = shares_text((*asset)["owners"]);
  for (Json& entry : (*entries)["items"]) entry["shares"] = shares_text(entry["shares"]);
  print_object(format, kFactColumns, *asset);
  std::cout << std::endl;
  print_rows(format, kEventColumns, (*events)["items"]);
  std::cout << std::endl;
  print_rows(format, kOwnershipColumns, (*entries)["items"]);
  return kExitOk;
}

struct EventOptions {
  std::string asset;
  std::string kind;
  std::string date;
  std::string note;
  std::string document;
  std::string act;
  std::int64_t number = 0;
};

int add_event(ApiClient& api, Format format, const EventOptions& options) {
  const Result<Json> kept = api.post("/rights/assets/" + url_encode(options.asset) + "/events",
                                     {{"kind", options.kind},
                                      {"date", options.date},
                                      {"note", options.note},
                                      {"document", options.document},
                                      {"act", options.act},
                                      {"number", options.number}});
  if (!kept) return print_error(kept.error());
  print_object(format, kEventColumns, *kept);
  return kExitOk;
}

struct OwnOptions {
  std::string asset;
  std::string from;
  std::vector<std::string> shares;
  std::int64_t of = 0;
  std::string basis;
  std::string document;
  std::int64_t corrects = 0;
};

int add_ownership(ApiClient& api, Format format, const OwnOptions& options) {
  Json body = {{"from", options.from},
               {"shares", Json::array()},
               {"basis", options.basis},
               {"document", options.document},
               {"corrects", options.corrects}};
  if (options.of != 0) body["of"] = options.of;
  for (const std::string& text : options.shares) {
    const Result<Json> share = share_of(text);
    if (!share) return print_error(share.error());
    body["shares"].push_back(*share);
  }
  Result<Json> kept = api.post("/rights/assets/" + url_encode(options.asset) + "/ownership", body);
  if (!kept) return print_error(kept.error());
  if (!is_as_said(format)) (*kept)["shares"] = shares_text((*kept)["shares"]);
  print_object(format, kOwnershipColumns, *kept);
  return kExitOk;
}

// "hub (founder), other" of the centres that a party belongs to and has not left.
std::string centres_text(const Json& memberships, const Json& party) {
  std::string text;
  for (const Json& one : memberships) {
    if (one["member"] != party || !one["to"].is_null()) continue;
    const std::string tier = one["tier"].get<std::string>();
    text += (text.empty() ? "" : ", ") + one["centre"].get<std::string>() +
            (tier.empty() ? "" : " (" + tier + ")");
  }
  return text;
}

int list_parties(ApiClient& api, Format format, const std::string& kind) {
  const Result<Json> parties = api.get("/rights/parties");
  if (!parties) return print_error(parties.error());
  const Result<Json> memberships = api.get("/rights/memberships");
  if (!memberships) return print_error(memberships.error());
  Json rows = Json::array();
  for (Json party : (*parties)["items"]) {
    if (!kind.empty() && party["kind"] != kind) continue;
    if (!is_as_said(format)) party["centres"] = centres_text((*memberships)["items"], party["id"]);
    rows.push_back(std::move(party));
  }
  print_rows(format, kPartyColumns, rows);
  return kExitOk;
}

struct MembershipOptions {
  std::string centre;
  std::string member;
  std::string tier;
  std::string day;
};

int join_centre(ApiClient& api, const MembershipOptions& options) {
  const Result<Json> kept = api.post("/rights/memberships", {{"centre", options.centre},
                                                             {"member", options.member},
                                                             {"tier", options.tier},
                                                             {"from", options.day}});
  if (!kept) return print_error(kept.error());
  print_note(options.member + " belongs to " + options.centre + " from " + options.day + " on");
  return kExitOk;
}

int leave_centre(ApiClient& api, const MembershipOptions& options) {
  const Result<Json> ended =
      api.post("/rights/memberships/end",
               {{"centre", options.centre}, {"member", options.member}, {"on", options.day}});
  if (!ended) return print_error(ended.error());
  print_note(options.member + " belongs to " + options.centre + " until the day before " +
             options.day);
  return kExitOk;
}

void add_asset_list(Cli& cli, CLI::App* asset) {
  auto filter = std::make_shared<AssetFilter>();
  CLI::App* list = asset->add_subcommand("list", "List assets with their owners");
  list->add_option("search", (*filter)["search"], "Part of an id, a title or a number");
  list->add_option("--kind", (*filter)["kind"],
                   "patent, utility_model, design, trade_mark, software, data_set or know_how");
  list->add_option("--status", (*filter)["status"], "draft, pending, in_force or ended");
  list->add_option("--office", (*filter)["office"], "Two letters: CN, US, EP, WO");
  list->add_option("--family", (*filter)["family"], "Name of a family");
  list->add_option("--owner", (*filter)["owner"], "Party that owns a share");
  list->add_option("--on", (*filter)["on"], "Day of the owners, 2026-11-26; today");
  cli.on_data(list,
              [&cli, filter](ApiClient& api) { return list_assets(api, cli.format(), *filter); });
}

void add_asset_event(Cli& cli, CLI::App* asset) {
  auto options = std::make_shared<EventOptions>();
  CLI::App* event = asset->add_subcommand("event", "Add what happened; the status follows");
  event->add_option("id", options->asset, "The asset")->required();
  event->add_option("kind", options->kind, "filed, published, granted, renewed, lapsed, act...")
      ->required();
  event->add_option("date", options->date, "Day, 2026-11-26; not in the future")->required();
  event->add_option("--note", options->note, "What is worth knowing of it");
  event->add_option("--document", options->document, "SHA-256 of the paper behind it");
  event->add_option("--act", options->act, "Of an act: first_office_action, validated...");
  event->add_option("--number", options->number, "Of a renewal: which year was paid; the next");
  cli.on_data(event,
              [&cli, options](ApiClient& api) { return add_event(api, cli.format(), *options); });
}

void add_asset_own(Cli& cli, CLI::App* asset) {
  auto options = std::make_shared<OwnOptions>();
  CLI::App* own = asset->add_subcommand("own", "Add who owns an asset from a day on");
  own->add_option("id", options->asset, "The asset")->required();
  own->add_option("shares", options->shares, "PARTY=WEIGHT, whole numbers in any proportion")
      ->required();
  own->add_option("--from", options->from, "First day, 2026-11-26")->required();
  own->add_option("--of", options->of, "What the weights must add up to, such as 100");
  own->add_option("--basis", options->basis, "The contract or decision it rests on")->required();
  own->add_option("--document", options->document, "SHA-256 of the paper behind it");
  own->add_option("--corrects", options->corrects,
                  "Number of the entry of the same day that this one replaces");
  cli.on_data(
      own, [&cli, options](ApiClient& api) { return add_ownership(api, cli.format(), *options); });
}

void add_party_membership(Cli& cli, CLI::App* party) {
  auto options = std::make_shared<MembershipOptions>();
  CLI::App* join = party->add_subcommand("join", "A party joins a centre");
  join->add_option("member", options->member, "The party")->required();
  join->add_option("centre", options->centre, "The centre")->required();
  join->add_option("--from", options->day, "First day, 2026-11-26")->required();
  join->add_option("--tier", options->tier, "Tier of the membership");
  cli.on_api(join, [options](ApiClient& api) { return join_centre(api, *options); });
  CLI::App* leave = party->add_subcommand("leave", "A party leaves a centre");
  leave->add_option("member", options->member, "The party")->required();
  leave->add_option("centre", options->centre, "The centre")->required();
  leave->add_option("--on", options->day, "First day it does not belong to it")->required();
  cli.on_api(leave, [options](ApiClient& api) { return leave_centre(api, *options); });
}

void add_party_organisation(Cli& cli, CLI::App* party) {
  auto id = std::make_shared<std::string>();
  auto organisation = std::make_shared<std::uint32_t>(0);
  CLI::App* link = party->add_subcommand(
      "organisation",
      "Say which organisation of the server a party is; it names who speaks for it");
  link->add_option("party", *id, "The party")->required();
  link->add_option("organisation", *organisation, "Number, see organisation ls; 0 for none")
      ->required();
  cli.on_api(link, [id, organisation](ApiClient& api) {
    const auto kept = api.put("/rights/parties/" + url_encode(*id) + "/organisation",
                              {{"organisation", *organisation}});
    if (!kept) return print_error(kept.error());
    print_note(*organisation == 0 ? *id + " is no organisation of this server"
                                  : *id + " is organisation " + std::to_string(*organisation));
    return kExitOk;
  });
}

}  // namespace

void add_rights_commands(Cli& cli) {
  CLI::App* asset = cli.root.add_subcommand("asset", "Intellectual property and who owns it");
  asset->require_subcommand(1);
  add_asset_list(cli, asset);
  auto id = std::make_shared<std::string>();
  CLI::App* show = asset->add_subcommand("show", "One asset, its events and its owners over time");
  show->add_option("id", *id, "The asset")->required();
  cli.on_data(show, [&cli, id](ApiClient& api) { return show_asset(api, cli.format(), *id); });
  add_put(cli, asset, "an asset", "/rights/assets", kFactColumns);
  add_asset_event(cli, asset);
  add_asset_own(cli, asset);
  add_asset_files(cli, asset);

  CLI::App* party = cli.root.add_subcommand("party", "Centres, organisations and persons");
  party->require_subcommand(1);
  auto kind = std::make_shared<std::string>();
  CLI::App* list = party->add_subcommand("list", "List parties with the centres they belong to");
  list->add_option("--kind", *kind, "centre, organisation or person");
  cli.on_data(list,
              [&cli, kind](ApiClient& api) { return list_parties(api, cli.format(), *kind); });
  add_put(cli, party, "a party", "/rights/parties", kPartyColumns);
  add_party_membership(cli, party);
  add_party_organisation(cli, party);
}

}  // namespace lineshaft::app

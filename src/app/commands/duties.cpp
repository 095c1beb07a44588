// access: what people may do and where, why, and changes of rights that take two people.
#include <iostream>

#include "app/commands/grants.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kRoleColumns{{"role", "/role"}, {"permissions", "/permissions"}};
const std::vector<Column> kWhyColumns{
    {"email", "/email"}, {"allowed", "/allowed"}, {"by", "/roles"}, {"missing", "/missing"}};
const std::vector<Column> kRequestColumns{
    {"id", "/id"},          {"user", "/user"},         {"roles", "/roles"},
    {"policy", "/policy"},  {"asked by", "/asked_by"}, {"asked", "/asked"},
    {"expires", "/expires"}};
const std::vector<Column> kPolicyColumns{{"two persons", "/two_persons"},
                                         {"separate auditor", "/separate_auditor"}};

struct DutyOptions {
  std::uint64_t id = 0;
  std::vector<std::string> grants;
  std::string permission = "tag.read";
  std::string path;
  std::string two_persons;
  std::string separate_auditor;
};
using Options = std::shared_ptr<DutyOptions>;

void note_waiting(const Json& answer) {
  if (answer["waits"].is_null()) return;
  print_note("waits for a second person: lineshaft access approve " + answer["waits"]["id"].dump());
}

// A list of words as one text for tables.
std::string joined(const Json& words) {
  std::string text;
  for (const Json& word : words) text += (text.empty() ? "" : ", ") + word.get<std::string>();
  return text;
}

bool is_for_reading(Format format) { return format == Format::kTable || format == Format::kCsv; }

int print_list(Cli& cli, ApiClient& api, const std::string& path,
               const std::vector<Column>& columns) {
  Result<Json> answer = api.get(path);
  if (!answer) return print_error(answer.error());
  Json items = with_roles(cli.format(), (*answer)["items"]);
  if (is_for_reading(cli.format())) {
    for (Json& item : items) {
      for (const char* list : {"permissions", "missing"}) {
        if (item.contains(list)) item[list] = joined(item[list]);
      }
    }
  }
  print_rows(cli.format(), columns, items);
  return kExitOk;
}

void add_grant_command(Cli& cli, CLI::App* access, const Options& options) {
  CLI::App* grant = access->add_subcommand("grant", "Set what a person may do, and where");
  grant->add_option("id", options->id, "Number of the person, see user ls")->required();
  grant->add_option("--grant", options->grants,
                    "A role, or role@place for a part of the plant; again for more. None: nothing");
  cli.on_api(grant, [options](ApiClient& api) {
    Json body = options->grants.empty() ? Json{{"grants", Json::array()}}
                                        : grants_body("", options->grants);
    const Result<Json> answer = api.put("/users/" + std::to_string(options->id) + "/grants", body);
    if (!answer) return print_error(answer.error());
    note_waiting(*answer);
    return kExitOk;
  });
}

void add_why_command(Cli& cli, CLI::App* access, const Options& options) {
  CLI::App* why = access->add_subcommand("why", "Why people may or may not do something");
  why->add_option("--user", options->id, "Number of the person; all of them without it");
  why->add_option("--permission", options->permission, "What, as in the table of permissions")
      ->capture_default_str();
  why->add_option("--path", options->path, "Where; without it in the whole organisation");
  cli.on_data(why, [&cli, options](ApiClient& api) {
    std::string query = "?permission=" + url_encode(options->permission);
    if (options->id != 0) query += "&user=" + std::to_string(options->id);
    if (!options->path.empty()) query += "&path=" + url_encode(options->path);
    return print_list(cli, api, "/access/explain" + query, kWhyColumns);
  });
}

void add_policy_command(Cli& cli, CLI::App* access, const Options& options) {
  CLI::App* policy = access->add_subcommand("policy", "What changes of rights ask for; set it");
  const auto on_or_off = CLI::IsMember({"on", "off"});
  policy
      ->add_option("--two-persons", options->two_persons,
                   "Giving administrative rights takes a second person")
      ->check(on_or_off);
  policy
      ->add_option("--separate-auditor", options->separate_auditor,
                   "Auditors alone read the audit trail")
      ->check(on_or_off);
  cli.on_data(policy, [&cli, options](ApiClient& api) {
    Json change = Json::object();
    if (!options->two_persons.empty()) change["two_persons"] = options->two_persons == "on";
    if (!options->separate_auditor.empty()) {
      change["separate_auditor"] = options->separate_auditor == "on";
    }
    const Result<Json> answer =
        change.empty() ? api.get("/access/policy") : api.put("/access/policy", change);
    if (!answer) return print_error(answer.error());
    note_waiting(*answer);
    print_object(cli.format(), kPolicyColumns, (*answer)["policy"]);
    return kExitOk;
  });
}

void add_request_commands(Cli& cli, CLI::App* access, const Options& options) {
  cli.on_data(
      access->add_subcommand("requests", "Changes of rights that wait for a second person"),
      [&cli](ApiClient& api) { return print_list(cli, api, "/access/requests", kRequestColumns); });
  CLI::App* approve = access->add_subcommand("approve", "Let happen what another person asked for");
  approve->add_option("id", options->id, "Number of the change, see access requests")->required();
  cli.on_api(approve, [options](ApiClient& api) {
    const Result<Json> done =
        api.post("/access/requests/" + std::to_string(options->id) + "/approve", Json::object());
    return done ? kExitOk : print_error(done.error());
  });
  CLI::App* drop = access->add_subcommand("drop", "Drop a change of rights that waits");
  drop->add_option("id", options->id, "Number of the change, see access requests")->required();
  cli.on_api(drop, [options](ApiClient& api) {
    const Result<Json> done = api.remove("/access/requests/" + std::to_string(options->id));
    return done ? kExitOk : print_error(done.error());
  });
}

}  // namespace

void add_grant_options(CLI::App* command, std::string& role, std::vector<std::string>& grants) {
  command->add_option("--role", role, "A role in the whole organisation, see access roles")
      ->capture_default_str();
  command->add_option("--grant", grants,
                      "In place of --role: role@place for a part of the plant; again for more");
}

Json grants_body(const std::string& role, const std::vector<std::string>& grants) {
  if (grants.empty()) return {{"role", role}};
  Json list = Json::array();
  for (const std::string& grant : grants) {
    const std::size_t at = grant.find('@');
    list.push_back(
        {{"role", grant.substr(0, at)}, {"place", at == grant.npos ? "*" : grant.substr(at + 1)}});
  }
  return {{"grants", std::move(list)}};
}

std::string grants_text(const Json& grants) {
  std::string text;
  for (const Json& grant : grants) {
    const auto place = grant["place"].get<std::string>();
    text += (text.empty() ? "" : ", ") + grant["role"].get<std::string>() +
            (place == "*" ? "" : "@" + place);
  }
  return text;
}

Json with_roles(Format format, Json items) {
  if (!is_for_reading(format)) return items;
  for (Json& item : items) {
    for (const char* list : {"grants", "because"}) {
      if (item.contains(list)) item["roles"] = grants_text(item[list]);
    }
  }
  return items;
}

void add_duty_commands(Cli& cli) {
  const auto options = std::make_shared<DutyOptions>();
  CLI::App* access = cli.root.add_subcommand("access", "Who may do what, where, and why");
  access->require_subcommand(1);
  cli.on_data(access->add_subcommand("roles", "What each role holds"), [&cli](ApiClient& api) {
    return print_list(cli, api, "/access/roles", kRoleColumns);
  });
  add_grant_command(cli, access, options);
  add_why_command(cli, access, options);
  add_policy_command(cli, access, options);
  add_request_commands(cli, access, options);
}

}  // namespace lineshaft::app

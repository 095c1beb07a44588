// How long samples are kept.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "retention/rules.h"

namespace lineshaft::api {
namespace {

using retention::Coverage;
using retention::KeptRules;
using retention::RetentionRule;

// The audit trail keeps 4096 bytes: half of them for what was, half for what is.
constexpr std::size_t kWordsBytesMax = 2000;

Json to_json(const Services& services, TenantId tenant, const KeptRules& kept) {
  const Coverage coverage = services.retention->coverage(tenant, kept.rules);
  Json rules = Json::array();
  for (std::size_t i = 0; i < kept.rules.size(); ++i) {
    Json rule = retention::rule_json(kept.rules[i]);
    rule["tags"] = coverage.tags[i];
    rules.push_back(std::move(rule));
  }
  return {{"version", kept.version},
          {"rules", std::move(rules)},
          {"tags_total", coverage.tags_total},
          {"tags_without_rule", coverage.tags_without_rule}};
}

// The rules of a body as GET gives it, perhaps changed.
Result<std::vector<RetentionRule>> rules_of(const Json& body) {
  if (Status known = only_fields(body, {"version", "rules", "tags_total", "tags_without_rule"});
      !known) {
    return known.error();
  }
  if (!body.contains("rules")) return Error{ErrorId::kInvalidArgument, "rules: is missing"};
  return retention::rules_from_json(body["rules"]);
}

Result<Reply> show(const Services& services, const Request& request) {
  const KeptRules kept = services.retention->get(request.tenant());
  return Reply::json(to_json(services, request.tenant(), kept));
}

Result<Reply> preview(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<std::vector<RetentionRule>> rules = rules_of(*body);
  if (!rules) return rules.error();
  const KeptRules wanted{services.retention->get(request.tenant()).version, *std::move(rules)};
  return Reply::json(to_json(services, request.tenant(), wanted));
}

Result<Reply> change(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<std::vector<RetentionRule>> rules = rules_of(*body);
  if (!rules) return rules.error();
  if (!body->contains("version")) return Error{ErrorId::kInvalidArgument, "version: is missing"};
  const Result<std::int64_t> version = optional_integer(*body, "version", 0, 0, INT64_MAX);
  if (!version) return version.error();
  const KeptRules before = services.retention->get(request.tenant());
  const std::string detail = "before: " + retention::in_words(before.rules, kWordsBytesMax) +
                             "\nafter: " + retention::in_words(*rules, kWordsBytesMax);
  const auto rules_json = [](const std::vector<RetentionRule>& of) {
    Json list = Json::array();
    for (const RetentionRule& rule : of) list.push_back(retention::rule_json(rule));
    return Json{{"rules", std::move(list)}};
  };
  if (Status noted = audit_change(services, request, "retention.change", "retention",
                                  rules_json(before.rules), rules_json(*rules), detail);
      !noted) {
    return noted.error();
  }
  const auto kept = services.retention->put(request.tenant(), *std::move(rules), *version);
  if (!kept) return kept.error();
  return Reply::json(to_json(services, request.tenant(), *kept));
}

Result<Reply> apply(const Services& services, const Request& request) {
  if (Status noted = audit(services, request, "retention.apply", "retention"); !noted) {
    return noted.error();
  }
  const auto report = services.retention->apply();
  if (!report) return report.error();
  return Reply::json({{"tags", report->tags},
                      {"rollups", report->rollups},
                      {"erasures", report->erasures},
                      {"files_rewritten", report->files_rewritten}});
}

// The rule that counts for one tag, with its number from 1.
Result<Reply> of_tag(const Services& services, const Request& request) {
  const Result<Tag> tag = path_tag(services, request);
  if (!tag) return tag.error();
  const auto found = services.retention->rule_of(request.tenant(), *tag);
  Json answer = {{"rule", nullptr}};
  if (found) {
    answer["rule"] = found->first + 1;
    answer.update(retention::rule_json(found->second));
  }
  return Reply::json(answer);
}

}  // namespace

std::vector<Route> retention_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kTagRead);
  const Rule manage = Rule::needs(Permission::kRetentionManage);
  return {
      {"GET", "/historian/retention", read,
       "How long samples are kept, and for how many tags each rule counts", "", "Retention",
       bind(services, show)},
      {"PUT", "/historian/retention", manage, "Replace the rules; what they say is done at once",
       "NewRetention", "Retention", bind(services, change)},
      {"POST", "/historian/retention/preview", manage,
       "For how many tags each of these rules would count; nothing is kept", "NewRetention",
       "Retention", bind(services, preview)},
      // For every organisation of the server.
      {"POST", "/historian/retention/apply", Rule::needs(Permission::kStorageMaintain),
       "Do what the rules say, and answer when it is done", "", "RetentionReport",
       bind(services, apply)},
      {"GET", "/tags/{id}/retention", Rule::needs_at(Permission::kTagRead),
       "The rule that counts for a tag", "", "TagRetention", bind(services, of_tag)},
  };
}

}  // namespace lineshaft::api

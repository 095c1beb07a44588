#include "retention/keeper.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "retention/rules.h"

namespace lineshaft::retention {
namespace {

constexpr std::string_view kKind = "retention";
constexpr std::int64_t kDocument = 1;  // the only one of its kind in an organisation

std::string document_text(const std::vector<RetentionRule>& rules) {
  Json list = Json::array();
  for (const RetentionRule& rule : rules) list.push_back(rule_json(rule));
  return dump({{"rules", std::move(list)}});
}

Result<std::vector<RetentionRule>> rules_of(const records::Document& document) {
  const Result<Json> json = parse_json(document.json);
  if (!json) return json.error();
  if (!json->is_object() || !json->contains("rules")) {
    return Error{ErrorId::kCorrupt, "there are no rules in it"};
  }
  return rules_from_json((*json)["rules"]);
}

Result<KeptRules> load(records::Documents& documents, TenantId tenant) {
  const Result<records::Document> document = documents.get(tenant, kKind, kDocument);
  if (!document && document.error().id == ErrorId::kNotFound) return KeptRules{};
  if (!document) return document.error();
  Result<std::vector<RetentionRule>> rules = rules_of(*document);
  if (rules) return KeptRules{document->version, *std::move(rules)};
  log_error("retention", "the rules are left out, everything stays: " + rules.error().text());
  return KeptRules{document->version, {}};
}

}  // namespace

Result<std::map<TenantId, std::vector<RetentionRule>>> stored_rules(
    records::Documents& documents, std::span<const TenantId> tenants) {
  std::map<TenantId, std::vector<RetentionRule>> rules;
  for (TenantId tenant : tenants) {
    Result<KeptRules> kept = load(documents, tenant);
    if (!kept) return kept.error();
    rules[tenant] = std::move(kept->rules);
  }
  return rules;
}

Result<std::unique_ptr<Keeper>> Keeper::open(historian::Historian& historian,
                                             records::Documents& documents,
                                             std::span<const TenantId> tenants) {
  std::unique_ptr<Keeper> keeper(new Keeper(historian, documents));
  for (TenantId tenant : tenants) {
    Result<KeptRules> kept = load(documents, tenant);
    if (!kept) return kept.error();
    if (Status set = historian.set_retention(tenant, kept->rules); !set) return set.error();
    keeper->kept_[tenant] = *std::move(kept);
  }
  return keeper;
}

KeptRules Keeper::get(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(tenant);
  return found == kept_.end() ? KeptRules{} : found->second;
}

Result<KeptRules> Keeper::put(TenantId tenant, std::vector<RetentionRule> rules,
                              std::int64_t version) {
  if (Status sound = historian::check_retention(rules); !sound) return sound.error();
  const std::lock_guard lock(mutex_);
  const auto document = documents_.put(tenant, kKind, kDocument, document_text(rules), version);
  // With a version of which there is no document the store says that there is none.
  if (!document && document.error().id == ErrorId::kNotFound) {
    return Error{ErrorId::kConflict, "there are no rules of version " + std::to_string(version)};
  }
  if (!document) return document.error();
  KeptRules& kept = kept_[tenant];
  kept = {document->version, std::move(rules)};
  if (Status set = historian_.set_retention(tenant, kept.rules); !set) return set.error();
  return kept;
}

Coverage Keeper::coverage(TenantId tenant, const std::vector<RetentionRule>& rules) const {
  Coverage coverage;
  const std::vector<TagId> all = historian_.list_tag_ids(tenant, {});
  coverage.tags_total = coverage.tags_without_rule = all.size();
  coverage.tags.assign(rules.size(), 0);
  if (all.empty()) return coverage;
  // Ids are dense in an organisation.
  std::vector<bool> is_open(std::size_t{std::ranges::max(all).value} + 1);
  for (TagId id : all) is_open[id.value] = true;
  for (std::size_t i = 0; i < rules.size() && coverage.tags_without_rule > 0; ++i) {
    for (TagId id : historian_.list_tag_ids(tenant, {"", "", rules[i].pattern})) {
      if (id.value >= is_open.size() || !is_open[id.value]) continue;  // made since, or taken
      is_open[id.value] = false;
      ++coverage.tags[i];
      --coverage.tags_without_rule;
    }
  }
  return coverage;
}

std::optional<std::pair<std::size_t, RetentionRule>> Keeper::rule_of(TenantId tenant,
                                                                     const Tag& tag) const {
  const std::vector<RetentionRule> rules = get(tenant).rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    // Of the tag and what is below it.
    const auto ids = historian_.list_tag_ids(tenant, {"", tag.spec.path, rules[i].pattern});
    if (std::ranges::find(ids, tag.id) != ids.end()) return std::pair(i, rules[i]);
  }
  return std::nullopt;
}

Result<historian::RetentionReport> Keeper::apply() {
  const std::unique_lock one_at_a_time(applying_, std::try_to_lock);
  if (!one_at_a_time.owns_lock()) {
    return Error{ErrorId::kConflict, "the rules are being applied at this moment"};
  }
  return historian_.apply_retention();
}

}  // namespace lineshaft::retention

// retention/keeper.h: the rules of how long samples are kept, of every organisation: stored as a
// document, and set into the historian at the start and with every change.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "historian/historian.h"
#include "historian/retention.h"
#include "records/documents.h"

namespace lineshaft::retention {

using historian::RetentionRule;

struct KeptRules {
  std::int64_t version = 0;  // 0: none were ever kept
  std::vector<RetentionRule> rules;
};

// How many tags each rule is the first to match.
struct Coverage {
  std::vector<std::uint64_t> tags;  // of the rules, in their order
  std::uint64_t tags_total = 0;
  std::uint64_t tags_without_rule = 0;  // of these everything stays
};

// What is stored, for HistorianOptions: a start that writes files has to know. Rules that this
// version cannot read are named in the log and left out: everything stays. Errors: of the store.
Result<std::map<TenantId, std::vector<RetentionRule>>> stored_rules(
    records::Documents& documents, std::span<const TenantId> tenants);

// Threads: any.
class Keeper {
 public:
  // Sets the stored rules. Those that this version cannot read are left out, as above, but can be
  // replaced. What is borrowed must outlive the keeper. Errors: of the store.
  static Result<std::unique_ptr<Keeper>> open(historian::Historian& historian,
                                              records::Documents& documents,
                                              std::span<const TenantId> tenants);

  KeptRules get(TenantId tenant) const;
  // Replaces the rules if they still have that version; the historian begins to do what they say.
  // Errors: of check_retention; kConflict: they have another version; of the store. Then nothing is
  // changed.
  Result<KeptRules> put(TenantId tenant, std::vector<RetentionRule> rules, std::int64_t version);

  // Requires: check_retention took the rules. Cost: rules times tags at worst.
  Coverage coverage(TenantId tenant, const std::vector<RetentionRule>& rules) const;
  // The rule that counts for a tag, and its index.
  std::optional<std::pair<std::size_t, RetentionRule>> rule_of(TenantId tenant,
                                                               const Tag& tag) const;

  // Does what the rules of all organisations say, instead of once a day. Blocks for long.
  // Errors: kConflict: one runs; of Historian::apply_retention.
  Result<historian::RetentionReport> apply();

 private:
  Keeper(historian::Historian& historian, records::Documents& documents)
      : historian_(historian), documents_(documents) {}

  historian::Historian& historian_;
  records::Documents& documents_;
  mutable std::mutex mutex_;  // guards kept_, and orders changes
  std::map<TenantId, KeptRules> kept_;
  std::mutex applying_;
};

}  // namespace lineshaft::retention

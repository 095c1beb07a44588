#include "rights/project.h"

#include <algorithm>
#include <set>

#include "model/money.h"
#include "rights/register.h"
#include "rights/schema.h"
#include "rights/word_list.h"

namespace lineshaft::rights {
namespace {

constexpr std::size_t kAmountCharactersMax = 100;

constexpr Word<ProjectAnswer> kAnswers[] = {{ProjectAnswer::kInvited, "invited"},
                                            {ProjectAnswer::kAccepted, "accepted"},
                                            {ProjectAnswer::kDeclined, "declined"}};
constexpr Word<EntryKind> kEntryKinds[] = {{EntryKind::kBackground, "background"},
                                           {EntryKind::kResult, "result"},
                                           {EntryKind::kContribution, "contribution"}};
constexpr Word<ContributionKind> kContributions[] = {{ContributionKind::kPeople, "people"},
                                                     {ContributionKind::kMoney, "money"},
                                                     {ContributionKind::kEquipment, "equipment"},
                                                     {ContributionKind::kData, "data"}};

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

Status check_contribution(const ProjectEntry& entry) {
  if (entry.contribution == ContributionKind::kData) {
    if (!entry.data) return bad("tag, from, to: say which data were given");
    if (entry.data->to <= entry.data->from) return bad("to: is not after from");
    return {};
  }
  if (entry.data) return bad("tag: only a contribution of data has one");
  if (entry.text.empty()) return bad("text: say what was given");
  if (entry.contribution == ContributionKind::kMoney) {
    if (const auto money = parse_money(entry.amount); !money) {
      return bad("amount: " + money.error().what);
    }
  }
  return check_text("amount", entry.amount, kAmountCharactersMax);
}

}  // namespace

std::string_view name_of(ProjectAnswer answer) { return name_in<ProjectAnswer>(kAnswers, answer); }
std::string_view name_of(EntryKind kind) { return name_in<EntryKind>(kEntryKinds, kind); }
std::string_view name_of(ContributionKind kind) {
  return name_in<ContributionKind>(kContributions, kind);
}
Result<EntryKind> parse_entry_kind(std::string_view word) {
  return parse_in<EntryKind>(kEntryKinds, word, "kind of entry");
}
Result<ContributionKind> parse_contribution_kind(std::string_view word) {
  return parse_in<ContributionKind>(kContributions, word, "kind of contribution");
}

Status check_project(const Project& project) {
  if (Status sound = check_id("id", project.id); !sound) return sound;
  if (Status sound = check_text("title", project.title, kTitleCharactersMax, true); !sound) {
    return sound;
  }
  if (project.to && *project.to <= project.from) return bad("to: is not after from");
  if (project.parties.size() > kProjectPartiesMax) {
    return bad("parties: more than " + std::to_string(kProjectPartiesMax));
  }
  std::set<std::string_view> seen;
  for (const std::string& party : project.parties) {
    if (Status sound = check_id("parties", party); !sound) return sound;
    if (!seen.insert(party).second) return bad("parties: '" + party + "' is there twice");
  }
  if (seen.size() < 2) return bad("parties: a joint project has two or more");
  if (!seen.contains(project.lead)) return bad("lead: is not among the parties");
  return {};
}

Status check_entry(const ProjectEntry& entry) {
  if (Status sound = check_text("text", entry.text, kNoteCharactersMax); !sound) return sound;
  if (Status sound = check_text("restrictions", entry.restrictions, kNoteCharactersMax); !sound) {
    return sound;
  }
  if (Status sound = check_document("document", entry.document); !sound) return sound;
  if (entry.kind == EntryKind::kContribution) {
    if (!entry.asset.empty()) return bad("asset: a contribution has none");
    return check_contribution(entry);
  }
  if (entry.data || !entry.amount.empty()) return bad("tag, amount: are for a contribution");
  if (entry.kind == EntryKind::kResult) {
    if (entry.asset.empty()) return bad("asset: a result is an asset of the register");
    return {};
  }
  if (entry.asset.empty() && entry.text.empty()) {
    return bad("asset, text: say what is brought along");
  }
  return {};
}

}  // namespace lineshaft::rights

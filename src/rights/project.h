// rights/project.h: a joint project of centres and firms: who is invited, what each brings along,
// what each gives, and what comes of it. Plain data and its checks; threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::rights {

inline constexpr std::size_t kProjectPartiesMax = 200;
inline constexpr std::int64_t kProjectEntriesMax = 100'000;

// The numbers of these kinds are stored: only append.
enum class ProjectAnswer : std::uint8_t { kInvited, kAccepted, kDeclined };
enum class EntryKind : std::uint8_t {
  kBackground,    // what a party had before or beside the project, and how it may be used
  kResult,        // an asset that came of the project
  kContribution,  // what a party gave
};
enum class ContributionKind : std::uint8_t { kPeople, kMoney, kEquipment, kData };

std::string_view name_of(ProjectAnswer answer);
std::string_view name_of(EntryKind kind);
std::string_view name_of(ContributionKind kind);
// Errors: kInvalidArgument naming the word and those that are allowed.
Result<EntryKind> parse_entry_kind(std::string_view word);
Result<ContributionKind> parse_contribution_kind(std::string_view word);

struct Project {
  std::string id;
  std::string title;
  std::string lead;  // the party that runs it
  Day from;
  std::optional<Day> to;             // not included
  std::vector<std::string> parties;  // the lead and all that are invited
  std::int64_t version = 0;
};

struct ProjectParty {
  std::string party;
  ProjectAnswer answer = ProjectAnswer::kInvited;
  std::optional<Timestamp> answered;
  std::string answered_by;
};

// Samples of the historian that a party gave to the project, so that anybody who has them can tell
// whether they are the same (docs/reference/agreements.md has the text that is hashed).
struct DataEvidence {
  std::string tag;  // its path
  Timestamp from;
  Timestamp to;  // not included
  std::int64_t samples = 0;
  std::string sha256;
  friend bool operator==(const DataEvidence&, const DataEvidence&) = default;
};

struct ProjectEntry {
  std::int64_t sequence = 0;  // from 1 in its project
  EntryKind kind = EntryKind::kBackground;
  std::string party;
  std::string asset;         // of a result; of background "" if it is only described
  std::string text;          // what it is
  std::string restrictions;  // of background: how it may not be used
  ContributionKind contribution = ContributionKind::kPeople;  // of a contribution
  std::string amount;    // of a contribution: "1000.00 CNY" if money, else in its own words
  std::string document;  // SHA-256 of a paper, or ""
  std::optional<DataEvidence> data;  // of a contribution of data
  Timestamp recorded;
  std::string recorded_by;
  std::optional<Timestamp> withdrawn;
  std::string withdrawn_by;
};

struct KeptProject {
  Project project;
  std::vector<ProjectParty> parties;  // in order of party
  // In order of sequence. Nothing for who looks from a party that has not accepted.
  std::vector<ProjectEntry> entries;
};

// Errors: kInvalidArgument naming the field.
Status check_project(const Project& project);
Status check_entry(const ProjectEntry& entry);

}  // namespace lineshaft::rights

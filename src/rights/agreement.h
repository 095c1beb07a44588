// rights/agreement.h: what the sides of a joint project agree on: standard clauses with terms that
// the register knows and keeps, whose sentences follow from the terms, and clauses of their own.
// Pure functions; threads: any. docs/reference/agreements.md explains each clause.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/ratio.h"
#include "base/result.h"
#include "rights/register.h"

namespace lineshaft::rights {

inline constexpr std::size_t kSidesMax = 100;
inline constexpr std::size_t kClausesMax = 100;
inline constexpr std::size_t kClauseCharactersMax = 20'000;
inline constexpr std::int64_t kDaysMax = 3'650;  // of a delay or a notice

enum class Language : std::uint8_t { kEnglish, kChinese };
enum class ResultsOwner : std::uint8_t {
  kContributor,  // whose people made it
  kJoint,        // all sides, by the weights of the agreement
  kCentre,       // one side, which may have to license the others
};
enum class LicenceBack : std::uint8_t { kNone, kOrdinary, kExclusive };
enum class BackgroundAccess : std::uint8_t { kNone, kFair, kRoyaltyFree };
enum class ConsentRule : std::uint8_t { kAll, kMajority };

std::string_view name_of(Language language);
std::string_view name_of(ResultsOwner owner);
std::string_view name_of(LicenceBack licence);
std::string_view name_of(BackgroundAccess access);
std::string_view name_of(ConsentRule rule);
// Errors: kInvalidArgument naming the word and those that are allowed.
Result<Language> parse_language(std::string_view word);
Result<ResultsOwner> parse_results_owner(std::string_view word);
Result<LicenceBack> parse_licence_back(std::string_view word);
Result<BackgroundAccess> parse_background_access(std::string_view word);
Result<ConsentRule> parse_consent_rule(std::string_view word);

struct Side {
  std::string party;
  std::string name;         // as the register had it when the version was made
  std::int64_t weight = 1;  // 1..kWeightMax; counts for joint results and for a majority
  friend bool operator==(const Side&, const Side&) = default;
};

// What the register can keep.
struct AgreementTerms {
  ResultsOwner owner = ResultsOwner::kContributor;
  std::string centre;  // the side that owns, if the owner is kCentre
  LicenceBack licence_back = LicenceBack::kNone;
  std::vector<std::string> fields;  // of use, of that licence; none: every field
  BackgroundAccess for_project = BackgroundAccess::kRoyaltyFree;
  BackgroundAccess for_use = BackgroundAccess::kFair;
  std::int64_t publication_days = 0;
  std::int64_t exit_days = 0;
  bool exit_keeps_access = true;
  ConsentRule consent = ConsentRule::kAll;
  Ratio more_than;  // of all weights, for a majority: 1/2 up to below 1
  std::string currency = "CNY";
  std::string law = "CN";  // ISO 3166-1 alpha-2
  std::string forum;       // where disputes go, or ""
};

struct Clause {
  std::string id;  // stays the same from version to version
  std::string title;
  std::string text;
  friend bool operator==(const Clause&, const Clause&) = default;
};

// One version. Made once, never changed.
struct Agreement {
  std::string id;
  std::int64_t version = 0;
  std::string project;
  std::string title;
  Language language = Language::kEnglish;
  std::string model;        // the rule template it was made from, or ""
  std::vector<Side> sides;  // in order of party
  Day from;
  std::optional<Day> to;  // not included
  AgreementTerms terms;
  // All in order: the standard ones first; of what a person sends only the own ones.
  std::vector<Clause> clauses;
};

// Errors: kInvalidArgument naming the field: what is missing, too long, twice or out of form.
Status check_agreement(const Agreement& agreement);

// The ids of the standard clauses, in their order.
std::span<const std::string_view> standard_clauses();

// Writes the standard clauses, in the words that follow from sides and terms, in front of the own
// ones. Once is enough: a text that was signed keeps its words. Requires: check_agreement, and that
// none of them is there.
void write_standard_clauses(Agreement& agreement);

// Ready terms to start from; docs/reference/agreements.md says where they come from.
struct AgreementModel {
  std::string_view id;
  std::string_view name_english;
  std::string_view name_chinese;
  AgreementTerms terms;
};
std::vector<AgreementModel> agreement_models();

enum class ClauseChange : std::uint8_t { kSame, kChanged, kAdded, kRemoved };
std::string_view name_of(ClauseChange change);

struct ClauseDifference {
  ClauseChange change = ClauseChange::kSame;
  Clause before;  // empty if it was added
  Clause after;   // empty if it was removed
};

// Clause by clause, by id: in the order of `after`, those that were removed behind the clause they
// stood behind.
std::vector<ClauseDifference> difference_of(const std::vector<Clause>& before,
                                            const std::vector<Clause>& after);

// Whether these shares are those that the agreement itself gives a result: then nobody has to
// consent to them.
bool are_agreed_shares(const Agreement& agreement, const std::vector<Share>& shares);

// The sides whose consent is still missing; none if `consented` are enough.
std::vector<std::string> missing_consents(const Agreement& agreement,
                                          const std::vector<std::string>& consented);

}  // namespace lineshaft::rights

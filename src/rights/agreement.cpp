#include "rights/agreement.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/utf8.h"
#include "model/money.h"
#include "rights/schema.h"
#include "rights/word_list.h"

namespace lineshaft::rights {
namespace {

constexpr std::size_t kForumCharactersMax = 200;
constexpr std::size_t kFieldsMax = 100;

constexpr Word<Language> kLanguages[] = {{Language::kEnglish, "en"}, {Language::kChinese, "zh"}};
constexpr Word<ResultsOwner> kOwners[] = {{ResultsOwner::kContributor, "contributor"},
                                          {ResultsOwner::kJoint, "joint"},
                                          {ResultsOwner::kCentre, "centre"}};
constexpr Word<LicenceBack> kLicences[] = {{LicenceBack::kNone, "none"},
                                           {LicenceBack::kOrdinary, "ordinary"},
                                           {LicenceBack::kExclusive, "exclusive"}};
constexpr Word<BackgroundAccess> kAccesses[] = {{BackgroundAccess::kNone, "none"},
                                                {BackgroundAccess::kFair, "fair"},
                                                {BackgroundAccess::kRoyaltyFree, "royalty_free"}};
constexpr Word<ConsentRule> kConsents[] = {{ConsentRule::kAll, "all"},
                                           {ConsentRule::kMajority, "majority"}};
constexpr Word<ClauseChange> kChanges[] = {{ClauseChange::kSame, "same"},
                                           {ClauseChange::kChanged, "changed"},
                                           {ClauseChange::kAdded, "added"},
                                           {ClauseChange::kRemoved, "removed"}};

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

Status check_sides(const Agreement& agreement) {
  if (agreement.sides.size() < 2) return bad("sides: an agreement has two or more");
  if (agreement.sides.size() > kSidesMax) {
    return bad("sides: more than " + std::to_string(kSidesMax));
  }
  for (std::size_t i = 0; i < agreement.sides.size(); ++i) {
    const Side& side = agreement.sides[i];
    if (Status sound = check_id("sides", side.party); !sound) return sound;
    if (side.weight < 1 || side.weight > kWeightMax) {
      return bad("sides: the weight of '" + side.party + "' is not within 1.." +
                 std::to_string(kWeightMax));
    }
    if (i > 0 && agreement.sides[i - 1].party >= side.party) {
      return bad("sides: '" + side.party + "' is there twice");
    }
  }
  return {};
}

Status check_results(const Agreement& agreement) {
  const AgreementTerms& terms = agreement.terms;
  const bool is_centre = terms.owner == ResultsOwner::kCentre;
  if (is_centre &&
      std::ranges::find(agreement.sides, terms.centre, &Side::party) == agreement.sides.end()) {
    return bad("results.centre: is no side of the agreement");
  }
  if (!is_centre && (!terms.centre.empty() || terms.licence_back != LicenceBack::kNone)) {
    return bad("results: only a centre that owns gives a licence back");
  }
  if (terms.licence_back == LicenceBack::kNone && !terms.fields.empty()) {
    return bad("results.fields: there is no licence that they would limit");
  }
  if (terms.fields.size() > kFieldsMax) return bad("results.fields: too many");
  for (const std::string& field : terms.fields) {
    if (Status sound = check_text("results.fields", field, kForumCharactersMax, true); !sound) {
      return sound;
    }
  }
  return {};
}

Status check_terms(const Agreement& agreement) {
  const AgreementTerms& terms = agreement.terms;
  if (Status sound = check_results(agreement); !sound) return sound;
  for (const std::int64_t days : {terms.publication_days, terms.exit_days}) {
    if (days < 0 || days > kDaysMax) {
      return bad("publication, exit: days are within 0.." + std::to_string(kDaysMax));
    }
  }
  const Ratio half = Ratio::make(1, 2).value();
  const Ratio whole = Ratio::make(1, 1).value();
  const bool is_majority = terms.consent == ConsentRule::kMajority;
  if (is_majority && (terms.more_than < half || terms.more_than >= whole)) {
    return bad("consent.more_than: is from 1/2 to below 1");
  }
  if (!is_majority && !terms.more_than.is_zero()) {
    return bad("consent.more_than: is for a majority only");
  }
  if (const auto known = Currency::parse(terms.currency); !known) {
    return bad("money.currency: " + known.error().what);
  }
  const bool capitals = std::ranges::all_of(terms.law, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (terms.law.size() != 2 || !capitals) {
    return bad("law.country: is no code of two capital letters, like CN");
  }
  return check_text("law.forum", terms.forum, kForumCharactersMax);
}

Status check_clauses(const Agreement& agreement) {
  if (agreement.clauses.size() > kClausesMax) {
    return bad("clauses: more than " + std::to_string(kClausesMax));
  }
  std::set<std::string_view> seen;
  for (const Clause& clause : agreement.clauses) {
    if (Status sound = check_id("clauses", clause.id); !sound) return sound;
    if (!seen.insert(clause.id).second) return bad("clauses: '" + clause.id + "' is there twice");
    if (Status sound = check_text("clauses", clause.title, kTitleCharactersMax, true); !sound) {
      return sound;
    }
    std::string lines = clause.text;
    std::ranges::replace(lines, '\n', ' ');
    if (Status sound = check_text("clauses", lines, kClauseCharactersMax, true); !sound) {
      return sound;
    }
  }
  return {};
}

}  // namespace

std::string_view name_of(Language language) { return name_in<Language>(kLanguages, language); }
std::string_view name_of(ResultsOwner owner) { return name_in<ResultsOwner>(kOwners, owner); }
std::string_view name_of(LicenceBack licence) { return name_in<LicenceBack>(kLicences, licence); }
std::string_view name_of(BackgroundAccess access) {
  return name_in<BackgroundAccess>(kAccesses, access);
}
std::string_view name_of(ConsentRule rule) { return name_in<ConsentRule>(kConsents, rule); }
std::string_view name_of(ClauseChange change) { return name_in<ClauseChange>(kChanges, change); }

Result<Language> parse_language(std::string_view word) {
  return parse_in<Language>(kLanguages, word, "language");
}
Result<ResultsOwner> parse_results_owner(std::string_view word) {
  return parse_in<ResultsOwner>(kOwners, word, "owner of results");
}
Result<LicenceBack> parse_licence_back(std::string_view word) {
  return parse_in<LicenceBack>(kLicences, word, "licence back");
}
Result<BackgroundAccess> parse_background_access(std::string_view word) {
  return parse_in<BackgroundAccess>(kAccesses, word, "access to background");
}
Result<ConsentRule> parse_consent_rule(std::string_view word) {
  return parse_in<ConsentRule>(kConsents, word, "rule of consent");
}

Status check_agreement(const Agreement& agreement) {
  if (Status sound = check_id("id", agreement.id); !sound) return sound;
  if (Status sound = check_id("project", agreement.project); !sound) return sound;
  if (Status sound = check_text("title", agreement.title, kTitleCharactersMax, true); !sound) {
    return sound;
  }
  if (!agreement.model.empty()) {
    if (Status sound = check_id("model", agreement.model); !sound) return sound;
  }
  if (agreement.to && *agreement.to <= agreement.from) return bad("to: is not after from");
  if (Status sound = check_sides(agreement); !sound) return sound;
  if (Status sound = check_terms(agreement); !sound) return sound;
  return check_clauses(agreement);
}

std::vector<ClauseDifference> difference_of(const std::vector<Clause>& before,
                                            const std::vector<Clause>& after) {
  const auto find = [](const std::vector<Clause>& list, const std::string& id) {
    return std::ranges::find(list, id, &Clause::id);
  };
  std::vector<ClauseDifference> differences;
  const auto add_removed = [&](auto from) {
    for (; from != before.end() && find(after, from->id) == after.end(); ++from) {
      differences.push_back({ClauseChange::kRemoved, *from, {}});
    }
  };
  add_removed(before.begin());
  for (const Clause& clause : after) {
    const auto old = find(before, clause.id);
    if (old == before.end()) {
      differences.push_back({ClauseChange::kAdded, {}, clause});
      continue;
    }
    differences.push_back(
        {*old == clause ? ClauseChange::kSame : ClauseChange::kChanged, *old, clause});
    add_removed(old + 1);
  }
  return differences;
}

bool are_agreed_shares(const Agreement& agreement, const std::vector<Share>& shares) {
  switch (agreement.terms.owner) {
    case ResultsOwner::kContributor:
      return false;
    case ResultsOwner::kCentre:
      return shares.size() == 1 && shares.front().party == agreement.terms.centre;
    case ResultsOwner::kJoint:
      break;
  }
  if (shares.size() != agreement.sides.size()) return false;
  for (const Side& side : agreement.sides) {
    const auto share = std::ranges::find(shares, side.party, &Share::party);
    if (share == shares.end()) return false;
    // In the same proportion: 1 : 1 and 50 : 50 own alike.
    const Side& first = agreement.sides.front();
    const auto whole = std::ranges::find(shares, first.party, &Share::party);
    if (whole == shares.end()) return false;
    if (Int128{share->weight} * first.weight != Int128{whole->weight} * side.weight) return false;
  }
  return true;
}

std::vector<std::string> missing_consents(const Agreement& agreement,
                                          const std::vector<std::string>& consented) {
  std::vector<std::string> missing;
  std::int64_t have = 0;  // at most kSidesMax * kWeightMax, as `all`
  std::int64_t all = 0;
  for (const Side& side : agreement.sides) {
    all += side.weight;
    if (std::ranges::find(consented, side.party) == consented.end()) {
      missing.push_back(side.party);
    } else {
      have += side.weight;
    }
  }
  const Ratio& needed = agreement.terms.more_than;
  if (agreement.terms.consent == ConsentRule::kMajority &&
      Int128{have} * needed.denominator() > Int128{all} * needed.numerator()) {
    return {};
  }
  return missing;
}

}  // namespace lineshaft::rights

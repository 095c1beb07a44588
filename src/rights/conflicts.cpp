// What stands against signing a licence.
#include <algorithm>

#include "rights/licence.h"
#include "rights/word_list.h"

namespace lineshaft::rights {
namespace {

constexpr Word<ConflictKind> kKinds[] = {{ConflictKind::kGrantedTwice, "granted_twice"},
                                         {ConflictKind::kOpenBeside, "open_beside"},
                                         {ConflictKind::kNotOwner, "not_owner"},
                                         {ConflictKind::kOwnersMissing, "owners_missing"},
                                         {ConflictKind::kAssetEnded, "asset_ended"},
                                         {ConflictKind::kBeyondParent, "beyond_parent"}};

bool contains(const std::vector<std::string>& list, std::string_view entry) {
  return std::ranges::find(list, entry) != list.end();
}

bool keeps_others_out(LicenceKind kind) {
  return kind == LicenceKind::kExclusive || kind == LicenceKind::kSole;
}

std::string in_words(const Overlap& overlap) {
  std::string words = "'" + overlap.asset + "' for " +
                      (overlap.field.empty() ? "every field of use" : overlap.field) + " in " +
                      (overlap.territory.empty() ? "the whole world" : overlap.territory) +
                      " from " + day_text(overlap.from);
  if (overlap.to) words += " to " + day_text(*overlap.to);
  return words;
}

// A licence and its sublicence share a scope on purpose, at any distance.
bool is_below(const Licence& licence, const Licence& above, std::span<const Licence> others) {
  const Licence* step = &licence;
  for (std::size_t i = 0; i <= others.size() && !step->parent.empty(); ++i) {
    if (step->parent == above.id) return true;
    const auto next = std::ranges::find(others, step->parent, &Licence::id);
    if (next == others.end()) return false;
    step = &*next;
  }
  return false;
}

// Own use of an owner stands beside a sole licence, and not beside an exclusive one.
bool is_own_use_beside_sole(const Licence& a, const Licence& b) {
  return (a.kind == LicenceKind::kInternal && b.kind == LicenceKind::kSole) ||
         (b.kind == LicenceKind::kInternal && a.kind == LicenceKind::kSole);
}

std::optional<Conflict> meet(const Licence& licence, const Licence& other,
                             std::span<const Licence> others) {
  if (!keeps_others_out(licence.kind) && !keeps_others_out(other.kind)) return std::nullopt;
  if (is_own_use_beside_sole(licence, other)) return std::nullopt;
  if (is_below(licence, other, others) || is_below(other, licence, others)) return std::nullopt;
  const std::optional<Overlap> overlap = overlap_of(licence, other);
  if (!overlap) return std::nullopt;
  const bool is_open = licence.kind == LicenceKind::kOpen || other.kind == LicenceKind::kOpen;
  return Conflict{is_open ? ConflictKind::kOpenBeside : ConflictKind::kGrantedTwice, overlap->asset,
                  other.id,
                  "the " + std::string(name_of(other.kind)) + " licence '" + other.id +
                      "' grants " + in_words(*overlap) + " already; a " +
                      std::string(name_of(licence.kind)) + " licence cannot stand beside it"};
}

// The entries that count on some day of the licence.
std::vector<const Ownership*> entries_during(const AssetStanding& standing,
                                             const Licence& licence) {
  std::vector<const Ownership*> during;
  for (std::size_t i = 0; i < standing.ownership.size(); ++i) {
    const bool is_over =
        i + 1 < standing.ownership.size() && standing.ownership[i + 1].from <= licence.from;
    const bool is_later = licence.to && standing.ownership[i].from >= *licence.to;
    if (!is_over && !is_later) during.push_back(&standing.ownership[i]);
  }
  return during;
}

// Any co-owner may grant an ordinary licence; what keeps others out, or opens the right to all,
// needs every one of them.
bool needs_every_owner(LicenceKind kind) {
  return keeps_others_out(kind) || kind == LicenceKind::kOpen || kind == LicenceKind::kPool;
}

void check_owners(const Licence& licence, const AssetStanding& standing,
                  std::vector<Conflict>& conflicts) {
  const std::string& asset = standing.asset.id;
  const auto during = entries_during(standing, licence);
  if (during.empty() || during.front()->from > licence.from) {
    conflicts.push_back(
        {ConflictKind::kNotOwner, asset, "",
         "nobody is entered as owner of '" + asset + "' on " + day_text(licence.from)});
  }
  for (const Ownership* entry : during) {
    const std::string since = " from " + day_text(std::max(entry->from, licence.from));
    for (const std::string& licensor : licence.licensors) {
      if (std::ranges::find(entry->shares, licensor, &Share::party) != entry->shares.end())
        continue;
      conflicts.push_back({ConflictKind::kNotOwner, asset, "",
                           "'" + licensor + "' owns nothing of '" + asset + "'" + since});
    }
    if (!needs_every_owner(licence.kind) || !licence.consent.empty()) continue;
    for (const Share& share : entry->shares) {
      if (contains(licence.licensors, share.party)) continue;
      conflicts.push_back({ConflictKind::kOwnersMissing, asset, "",
                           "'" + share.party + "' owns a share of '" + asset + "'" + since +
                               " and neither grants this " + std::string(name_of(licence.kind)) +
                               " licence nor consents to it"});
    }
  }
}

void check_parent(const Licence& licence, std::span<const Licence> others,
                  std::vector<Conflict>& conflicts) {
  const auto refuse = [&](const std::string& why) {
    conflicts.push_back({ConflictKind::kBeyondParent, licence.assets.front(), licence.parent, why});
  };
  const auto parent = std::ranges::find(others, licence.parent, &Licence::id);
  if (parent == others.end() || parent->status != LicenceStatus::kSigned) {
    return refuse("the licence '" + licence.parent +
                  "' is not signed, so nothing can be passed on");
  }
  if (!parent->sublicensable) {
    return refuse("the licence '" + parent->id + "' may not be passed on");
  }
  for (const std::string& licensor : licence.licensors) {
    if (contains(parent->licensees, licensor)) continue;
    refuse("'" + licensor + "' is no licensee of '" + parent->id + "'");
  }
  if (!is_within(licence, *parent)) {
    refuse("it grants more than '" + parent->id + "': assets, fields, territories and time must " +
           "lie within it");
  }
  if (keeps_others_out(licence.kind) && !keeps_others_out(parent->kind)) {
    refuse("'" + parent->id + "' keeps nobody out, so its sublicence cannot be " +
           std::string(name_of(licence.kind)));
  }
}

}  // namespace

std::string_view name_of(ConflictKind kind) { return name_in<ConflictKind>(kKinds, kind); }

std::vector<Conflict> find_conflicts(const Licence& licence,
                                     std::span<const AssetStanding> standings,
                                     std::span<const Licence> others) {
  std::vector<Conflict> conflicts;
  for (const std::string& id : licence.assets) {
    const auto standing = std::ranges::find_if(
        standings, [&](const AssetStanding& one) { return one.asset.id == id; });
    LS_ASSERT(standing != standings.end());
    if (standing->asset.status == AssetStatus::kEnded) {
      conflicts.push_back({ConflictKind::kAssetEnded, id, "",
                           "the right in '" + id + "' has ended; there is nothing to license"});
    }
    if (licence.parent.empty()) check_owners(licence, *standing, conflicts);
  }
  if (!licence.parent.empty()) check_parent(licence, others, conflicts);
  for (const Licence& other : others) {
    if (other.id == licence.id || other.status != LicenceStatus::kSigned) continue;
    if (auto conflict = meet(licence, other, others)) conflicts.push_back(*std::move(conflict));
  }
  return conflicts;
}

}  // namespace lineshaft::rights

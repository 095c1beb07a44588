// rights/licence.h: what a licence grants, and whether two grants can stand beside each other. Pure
// functions; threads: any. docs/reference/licences.md has the rules with their sources.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "rights/register.h"

namespace lineshaft::rights {

inline constexpr std::size_t kLicenceAssetsMax = 1'000;
inline constexpr std::size_t kLicencePartiesMax = 100;
inline constexpr std::size_t kScopeEntriesMax = 250;

// The numbers are stored: only append.
enum class LicenceKind : std::uint8_t {
  kExclusive,  // the licensee alone; the owners themselves stay out too
  kSole,       // the licensee and the owners, nobody else
  kOrdinary,
  kOpen,      // to everybody who takes the published terms; there is no licensee
  kCross,     // each side grants the other: an ordinary licence that stands for another
  kPool,      // into a pool, which may grant ordinary licences to its members
  kInternal,  // within the owner's own organisation
};
enum class LicenceStatus : std::uint8_t { kDraft, kSigned };

std::string_view name_of(LicenceKind kind);
std::string_view name_of(LicenceStatus status);
Result<LicenceKind> parse_licence_kind(std::string_view word);
Result<LicenceStatus> parse_licence_status(std::string_view word);

struct Licence {
  std::string id;
  LicenceKind kind = LicenceKind::kOrdinary;
  LicenceStatus status = LicenceStatus::kDraft;
  std::vector<std::string> licensors;  // parties
  std::vector<std::string> licensees;  // none for an open licence
  std::vector<std::string> assets;
  // Fields of use as paths, "steel/casting"; one covers everything below it. None: every field.
  std::vector<std::string> fields;
  // ISO 3166-1 alpha-2. None: the whole world.
  std::vector<std::string> territories;
  Day from;
  std::optional<Day> to;  // not included; nothing: as long as the rights last
  bool sublicensable = false;
  bool audit_right = false;
  bool most_favoured = false;
  std::string parent;  // the licence that this one is a sublicence of, or ""
  // The document by which co-owners who are no licensors consent, as SHA-256, or "".
  std::string consent;
  std::string terms;  // of payment, as JSON (docs/reference/settlement.md), or ""
  std::int64_t version = 0;
  // A signed licence that was ended before its time: the day is not included. No part of the text.
  std::optional<Day> ended_on;
};

// Errors: kInvalidArgument naming the field: what is missing, too long, twice or out of form; an
// open licence with licensees, another one without.
Status check_licence(const Licence& licence);

// What of two grants is granted twice, in words for a person; nothing if they do not meet.
struct Overlap {
  std::string asset;
  std::string field;      // "" for every field
  std::string territory;  // "" for the whole world
  Day from;
  std::optional<Day> to;
  friend bool operator==(const Overlap&, const Overlap&) = default;
};
std::optional<Overlap> overlap_of(const Licence& a, const Licence& b);

// Everything that `narrow` grants, `wide` grants too: assets, fields, territories and time.
bool is_within(const Licence& narrow, const Licence& wide);

enum class ConflictKind : std::uint8_t {
  kGrantedTwice,   // an exclusive or sole grant meets another one
  kOpenBeside,     // an open licence meets an exclusive or sole one
  kNotOwner,       // a licensor owns nothing of the asset in a part of the time
  kOwnersMissing,  // co-owners who would have to grant too have not, and there is no consent
  kAssetEnded,     // the right has ended
  kBeyondParent,   // a sublicence of more than its parent grants, or may be passed on
};
std::string_view name_of(ConflictKind kind);

struct Conflict {
  ConflictKind kind = ConflictKind::kGrantedTwice;
  std::string asset;
  std::string other;  // the licence that this one cannot stand beside, or ""
  std::string why;    // a sentence
};

// Who owns an asset since when, and what became of it.
struct AssetStanding {
  Asset asset;
  std::vector<Ownership> ownership;  // the entries that count, by `from`
};

// Everything that stands against signing `licence`, given what is known of its assets (one standing
// of each, in any order) and `others`: the signed licences of the same assets, and its parent.
// Requires: check_licence(licence).
std::vector<Conflict> find_conflicts(const Licence& licence,
                                     std::span<const AssetStanding> standings,
                                     std::span<const Licence> others);

}  // namespace lineshaft::rights

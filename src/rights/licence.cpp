#include "rights/licence.h"

#include <algorithm>
#include <array>
#include <set>

#include "rights/schema.h"
#include "rights/word_list.h"

namespace lineshaft::rights {
namespace {

constexpr std::size_t kFieldCharactersMax = 200;
constexpr std::size_t kTermsBytesMax = 256 * 1024;

constexpr Word<LicenceKind> kKinds[] = {
    {LicenceKind::kExclusive, "exclusive"}, {LicenceKind::kSole, "sole"},
    {LicenceKind::kOrdinary, "ordinary"},   {LicenceKind::kOpen, "open"},
    {LicenceKind::kCross, "cross"},         {LicenceKind::kPool, "pool"},
    {LicenceKind::kInternal, "internal"}};
constexpr Word<LicenceStatus> kStatuses[] = {{LicenceStatus::kDraft, "draft"},
                                             {LicenceStatus::kSigned, "signed"}};

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

// Each is an id, none is there twice, and there are not too many.
Status check_ids(std::string_view field, const std::vector<std::string>& ids, std::size_t max) {
  if (ids.size() > max) {
    return bad(std::string(field) + ": more than " + std::to_string(max));
  }
  std::set<std::string_view> seen;
  for (const std::string& id : ids) {
    if (Status sound = check_id(field, id); !sound) return sound;
    if (!seen.insert(id).second) return bad(std::string(field) + ": '" + id + "' is there twice");
  }
  return {};
}

Status check_parties(const Licence& licence) {
  if (Status sound = check_ids("licensors", licence.licensors, kLicencePartiesMax); !sound) {
    return sound;
  }
  if (licence.licensors.empty()) return bad("licensors: somebody must grant it");
  if (Status sound = check_ids("licensees", licence.licensees, kLicencePartiesMax); !sound) {
    return sound;
  }
  const bool is_open = licence.kind == LicenceKind::kOpen;
  if (is_open && !licence.licensees.empty()) {
    return bad("licensees: an open licence is for everybody who takes its terms");
  }
  if (!is_open && licence.licensees.empty()) return bad("licensees: nobody is given anything");
  if (licence.kind == LicenceKind::kInternal) return {};
  for (const std::string& party : licence.licensees) {
    if (std::ranges::find(licence.licensors, party) != licence.licensors.end()) {
      return bad("licensees: '" + party + "' grants it; only an internal licence goes to oneself");
    }
  }
  return {};
}

// A path of parts, none of them empty.
Status check_field(const std::string& field) {
  if (Status sound = check_text("fields", field, kFieldCharactersMax, true); !sound) return sound;
  if (field.starts_with('/') || field.ends_with('/') || field.find("//") != std::string::npos) {
    return bad("fields: '" + field + "' has an empty part");
  }
  return {};
}

Status check_scope(const Licence& licence) {
  if (licence.fields.size() > kScopeEntriesMax || licence.territories.size() > kScopeEntriesMax) {
    return bad("fields, territories: more than " + std::to_string(kScopeEntriesMax));
  }
  for (const std::string& field : licence.fields) {
    if (Status sound = check_field(field); !sound) return sound;
  }
  for (const std::string& territory : licence.territories) {
    const bool capitals =
        std::ranges::all_of(territory, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (territory.size() != 2 || !capitals) {
      return bad("territories: '" + territory + "' is no country of two capital letters, like CN");
    }
  }
  if (licence.to && *licence.to <= licence.from) return bad("to: is not after from");
  return {};
}

bool covers_field(std::string_view wide, std::string_view narrow) {
  return wide.empty() || narrow == wide || (narrow.starts_with(wide) && narrow[wide.size()] == '/');
}

// Where two lists meet, none meaning everything: the narrower of the first pair that does.
template <typename Covers>
std::optional<std::string> meeting(const std::vector<std::string>& a,
                                   const std::vector<std::string>& b, Covers covers) {
  const std::vector<std::string> everything{""};
  for (const std::string& one : a.empty() ? everything : a) {
    for (const std::string& other : b.empty() ? everything : b) {
      if (covers(one, other)) return other;
      if (covers(other, one)) return one;
    }
  }
  return std::nullopt;
}

bool covers_territory(std::string_view wide, std::string_view narrow) {
  return wide.empty() || wide == narrow;
}

// Every entry of `narrow` lies in one of `wide`.
template <typename Covers>
bool lies_within(const std::vector<std::string>& narrow, const std::vector<std::string>& wide,
                 Covers covers) {
  if (wide.empty()) return true;
  return !narrow.empty() && std::ranges::all_of(narrow, [&](const std::string& entry) {
    return std::ranges::any_of(wide, [&](const std::string& w) { return covers(w, entry); });
  });
}

Day end_of(const Licence& licence) {
  return std::min(licence.to.value_or(kDayMax), licence.ended_on.value_or(kDayMax));
}

}  // namespace

std::string_view name_of(LicenceKind kind) { return name_in<LicenceKind>(kKinds, kind); }
std::string_view name_of(LicenceStatus status) { return name_in<LicenceStatus>(kStatuses, status); }
Result<LicenceKind> parse_licence_kind(std::string_view word) {
  return parse_in<LicenceKind>(kKinds, word, "kind of licence");
}
Result<LicenceStatus> parse_licence_status(std::string_view word) {
  return parse_in<LicenceStatus>(kStatuses, word, "status of a licence");
}

Status check_licence(const Licence& licence) {
  if (Status sound = check_id("id", licence.id); !sound) return sound;
  if (Status sound = check_parties(licence); !sound) return sound;
  if (licence.assets.empty()) return bad("assets: nothing is licensed");
  if (Status sound = check_ids("assets", licence.assets, kLicenceAssetsMax); !sound) return sound;
  if (Status sound = check_scope(licence); !sound) return sound;
  if (!licence.parent.empty()) {
    if (Status sound = check_id("parent", licence.parent); !sound) return sound;
    if (licence.parent == licence.id) return bad("parent: a licence is no sublicence of itself");
  }
  if (licence.terms.size() > kTermsBytesMax) return bad("terms: are too long");
  return check_document("consent", licence.consent);
}

std::optional<Overlap> overlap_of(const Licence& a, const Licence& b) {
  const Day from = std::max(a.from, b.from);
  const Day to = std::min(end_of(a), end_of(b));
  if (from >= to) return std::nullopt;
  const auto asset = std::ranges::find_first_of(a.assets, b.assets);
  if (asset == a.assets.end()) return std::nullopt;
  const auto field = meeting(a.fields, b.fields, covers_field);
  const auto territory = meeting(a.territories, b.territories, covers_territory);
  if (!field || !territory) return std::nullopt;
  Overlap overlap{*asset, *field, *territory, from, {}};
  if (to != kDayMax) overlap.to = to;
  return overlap;
}

bool is_within(const Licence& narrow, const Licence& wide) {
  return narrow.from >= wide.from && end_of(narrow) <= end_of(wide) &&
         lies_within(narrow.fields, wide.fields, covers_field) &&
         lies_within(narrow.territories, wide.territories, covers_territory) &&
         std::ranges::all_of(narrow.assets, [&](const std::string& asset) {
           return std::ranges::find(wide.assets, asset) != wide.assets.end();
         });
}

}  // namespace lineshaft::rights

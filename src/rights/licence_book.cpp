#include "rights/licence_book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "rights/licence_json.h"
#include "rights/royalty_json.h"
#include "rights/schema.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

// A chain of sublicences is a handful of steps; more is a mistake, and bounds the walk up.
constexpr int kParentsMax = 20;

struct Row {
  LicenceStatus status = LicenceStatus::kDraft;
  std::int64_t version = 0;
  std::string json;
  std::optional<std::int64_t> ended_on;
};

Result<Licence> licence_of(const Row& row) {
  const Result<Json> json = parse_json(row.json);
  if (!json) return Error{ErrorId::kCorrupt, "a licence of the register is no JSON"};
  Result<Licence> licence = licence_from_json(*json);
  if (!licence) return Error{ErrorId::kCorrupt, "a licence: " + licence.error().what};
  licence->status = row.status;
  licence->version = row.version;
  if (row.ended_on) licence->ended_on = day_of(*row.ended_on);
  return licence;
}

Row row_of(records::Statement& row) {
  return {static_cast<LicenceStatus>(row.int64(0)), row.int64(1), std::string(row.text(2)),
          row.optional_int64(3)};
}

Error no_licence(std::string_view id) {
  return {ErrorId::kNotFound, "there is no licence '" + std::string(id) + "'"};
}

Result<std::string> digest_of(const Licence& licence) {
  const Result<std::string> text = licence_text(licence);
  if (!text) return text.error();
  return hex_text(sys::sha256(as_bytes(*text)));
}

bool contains(const std::vector<std::string>& list, std::string_view entry) {
  return std::ranges::find(list, entry) != list.end();
}

}  // namespace

std::vector<std::string> sides_of(const Licence& licence) {
  std::vector<std::string> sides = licence.licensors;
  sides.insert(sides.end(), licence.licensees.begin(), licence.licensees.end());
  std::ranges::sort(sides);
  sides.erase(std::unique(sides.begin(), sides.end()), sides.end());
  return sides;
}

Result<std::unique_ptr<LicenceBook>> LicenceBook::open(std::unique_ptr<records::Database> database,
                                                       Register& assets, sys::Clock& clock) {
  if (Status ready = database->migrate("rights", register_steps()); !ready) return ready.error();
  return std::unique_ptr<LicenceBook>(new LicenceBook(std::move(database), assets, clock));
}

Result<KeptLicence> LicenceBook::read(TenantId tenant, std::string_view id) {
  const auto rows = query<Row>(
      *database_,
      "SELECT status, version, json, ended_on FROM rights_licences WHERE tenant = ?1 AND id = ?2",
      row_of, std::int64_t{tenant.value}, id);
  if (!rows) return rows.error();
  if (rows->empty()) return no_licence(id);
  Result<Licence> licence = licence_of(rows->front());
  if (!licence) return licence.error();
  Result<std::string> digest = digest_of(*licence);
  if (!digest) return digest.error();
  auto approvals = query<Approval>(
      *database_,
      "SELECT party, digest, time, approved_by FROM rights_approvals "
      "WHERE tenant = ?1 AND licence = ?2 AND digest = ?3 ORDER BY time, party",
      [](records::Statement& row) {
        return Approval{std::string(row.text(0)), std::string(row.text(1)), Timestamp{row.int64(2)},
                        std::string(row.text(3))};
      },
      std::int64_t{tenant.value}, id, *digest);
  if (!approvals) return approvals.error();
  return KeptLicence{*std::move(licence), *std::move(digest), *std::move(approvals)};
}

Result<std::vector<KeptLicence>> LicenceBook::list(const View& view, const LicenceFilter& filter) {
  const std::lock_guard lock(mutex_);
  const auto ids = query<std::string>(
      *database_,
      "SELECT l.id FROM rights_licences AS l WHERE l.tenant = ?1 "
      "AND (?2 = '' OR EXISTS (SELECT 1 FROM rights_licence_assets AS a "
      "  WHERE a.tenant = ?1 AND a.licence = l.id AND a.asset = ?2)) "
      "AND (?3 = '' OR EXISTS (SELECT 1 FROM rights_licence_parties AS p "
      "  WHERE p.tenant = ?1 AND p.licence = l.id AND p.party = ?3)) "
      "AND (?4 = 0 OR EXISTS (SELECT 1 FROM rights_licence_parties AS p "
      "  WHERE p.tenant = ?1 AND p.licence = l.id AND p.party = ?5)) ORDER BY l.id",
      [](records::Statement& row) { return std::string(row.text(0)); },
      std::int64_t{view.tenant.value}, filter.asset, filter.party,
      std::int64_t{view.party.has_value()}, view.party.value_or(""));
  if (!ids) return ids.error();
  std::vector<KeptLicence> licences;
  for (const std::string& id : *ids) {
    Result<KeptLicence> kept = read(view.tenant, id);
    if (!kept) return kept.error();
    if (filter.status && kept->licence.status != *filter.status) continue;
    licences.push_back(*std::move(kept));
  }
  return licences;
}

Result<KeptLicence> LicenceBook::get(const View& view, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Result<KeptLicence> kept = read(view.tenant, id);
  if (kept && view.party && !contains(sides_of(kept->licence), *view.party)) return no_licence(id);
  return kept;
}

Status LicenceBook::check_references(TenantId tenant, const Licence& licence) {
  const View whole{tenant, {}};
  for (const std::string& asset : licence.assets) {
    if (const Result<Asset> known = register_.get_asset(whole, asset); !known) {
      return Error{known.error().id, "assets: " + known.error().what};
    }
  }
  for (const std::string& side : sides_of(licence)) {
    if (const Result<Party> known = register_.get_party(whole, side); !known) {
      return Error{known.error().id, "licensors, licensees: " + known.error().what};
    }
  }
  if (licence.parent.empty()) return {};
  if (const auto parent = read(tenant, licence.parent); !parent) {
    return Error{parent.error().id, "parent: " + parent.error().what};
  }
  return {};
}

Status LicenceBook::write(TenantId tenant, const Licence& licence) {
  const std::int64_t number = tenant.value;
  std::optional<std::int64_t> ended_on;
  if (licence.ended_on) ended_on = number_of(*licence.ended_on);
  const Status kept =
      database_->run("INSERT OR REPLACE INTO rights_licences VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     number, licence.id, static_cast<std::int64_t>(licence.status), licence.version,
                     dump(licence_json(licence)), ended_on);
  if (!kept) return kept;
  for (const char* table : {"rights_licence_assets", "rights_licence_parties"}) {
    const Status cleared =
        database_->run("DELETE FROM " + std::string(table) + " WHERE tenant = ?1 AND licence = ?2",
                       number, licence.id);
    if (!cleared) return cleared;
  }
  for (const std::string& asset : licence.assets) {
    const Status added = database_->run("INSERT INTO rights_licence_assets VALUES (?1, ?2, ?3)",
                                        number, licence.id, asset);
    if (!added) return added;
  }
  for (const std::string& side : sides_of(licence)) {
    const Status added = database_->run("INSERT INTO rights_licence_parties VALUES (?1, ?2, ?3)",
                                        number, licence.id, side);
    if (!added) return added;
  }
  return {};
}

Result<KeptLicence> LicenceBook::put(TenantId tenant, Licence licence) {
  if (Status sound = check_licence(licence); !sound) return sound.error();
  const std::lock_guard lock(mutex_);
  if (Status known = check_references(tenant, licence); !known) return known.error();
  if (const auto terms = terms_of(licence); !terms) return terms.error();
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const Result<KeptLicence> present = read(tenant, licence.id);
  if (!present && (present.error().id != ErrorId::kNotFound || licence.version != 0)) {
    return present.error();
  }
  if (present && present->licence.status != LicenceStatus::kDraft) {
    return Error{ErrorId::kConflict,
                 "licence '" + licence.id + "' was signed and stays as it is; draft another one"};
  }
  if (present && present->licence.version != licence.version) {
    return Error{ErrorId::kConflict, "licence '" + licence.id + "' is there with version " +
                                         std::to_string(present->licence.version)};
  }
  licence.status = LicenceStatus::kDraft;
  ++licence.version;
  if (Status written = write(tenant, licence); !written) return written.error();
  // Also if the old text comes back: who approved it has seen another one since.
  const Status cleared =
      database_->run("DELETE FROM rights_approvals WHERE tenant = ?1 AND licence = ?2",
                     std::int64_t{tenant.value}, licence.id);
  if (!cleared) return cleared.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return read(tenant, licence.id);
}

// The signed licences of the same assets, and the parents of `licence`.
Result<std::vector<Conflict>> LicenceBook::find(TenantId tenant, const Licence& licence) {
  const View whole{tenant, {}};
  std::vector<AssetStanding> standings;
  std::vector<Licence> others;
  const auto add = [&](std::string_view id) -> Result<std::string> {
    const Result<KeptLicence> kept = read(tenant, id);
    if (!kept) return kept.error();
    if (std::ranges::find(others, kept->licence.id, &Licence::id) == others.end()) {
      others.push_back(kept->licence);
    }
    return kept->licence.parent;
  };
  for (const std::string& asset : licence.assets) {
    const auto known = register_.get_asset(whole, asset);
    if (!known) return known.error();
    auto ownership = register_.standing_ownership(tenant, asset);
    if (!ownership) return ownership.error();
    standings.push_back({*known, *std::move(ownership)});
    const auto ids = query<std::string>(
        *database_, "SELECT licence FROM rights_licence_assets WHERE tenant = ?1 AND asset = ?2",
        [](records::Statement& row) { return std::string(row.text(0)); },
        std::int64_t{tenant.value}, asset);
    if (!ids) return ids.error();
    for (const std::string& id : *ids) {
      if (const auto added = add(id); !added) return added.error();
    }
  }
  std::string above = licence.parent;
  for (int step = 0; !above.empty() && step < kParentsMax; ++step) {
    const Result<std::string> next = add(above);
    if (!next) return next.error();
    above = *next;
  }
  return find_conflicts(licence, standings, others);
}

Result<std::vector<Conflict>> LicenceBook::conflicts(const View& view, std::string_view id) {
  const Result<KeptLicence> kept = get(view, id);
  if (!kept) return kept.error();
  const std::lock_guard lock(mutex_);
  return find(view.tenant, kept->licence);
}

Result<KeptLicence> LicenceBook::approve(TenantId tenant, std::string_view id,
                                         std::string_view party, std::string_view digest,
                                         std::string_view by) {
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  Result<KeptLicence> kept = read(tenant, id);
  if (!kept) return kept;
  Licence& licence = kept->licence;
  const std::vector<std::string> sides = sides_of(licence);
  if (!contains(sides, party)) {
    return Error{ErrorId::kDenied, "'" + std::string(party) + "' is no side of this licence"};
  }
  if (licence.status != LicenceStatus::kDraft) {
    return Error{ErrorId::kConflict, "licence '" + licence.id + "' was signed already"};
  }
  if (kept->digest != digest) {
    return Error{ErrorId::kConflict,
                 "the text of '" + licence.id + "' is another one by now; read it again"};
  }
  const Status noted =
      database_->run("INSERT OR IGNORE INTO rights_approvals VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     std::int64_t{tenant.value}, id, digest, party, clock_.now(), by);
  if (!noted) return noted.error();
  kept = read(tenant, id);
  if (!kept) return kept;
  if (kept->approvals.size() == sides.size()) {
    const auto conflicts = find(tenant, kept->licence);
    if (!conflicts) return conflicts.error();
    if (!conflicts->empty()) return Error{ErrorId::kConflict, conflicts->front().why};
    kept->licence.status = LicenceStatus::kSigned;
    if (Status written = write(tenant, kept->licence); !written) return written.error();
  }
  if (Status done = transaction->commit(); !done) return done.error();
  return kept;
}

Result<KeptLicence> LicenceBook::end(TenantId tenant, std::string_view id, Day on) {
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  Result<KeptLicence> kept = read(tenant, id);
  if (!kept) return kept;
  Licence& licence = kept->licence;
  if (licence.status != LicenceStatus::kSigned) {
    return Error{ErrorId::kConflict, "licence '" + licence.id + "' is not signed"};
  }
  const Day last = std::min(licence.to.value_or(kDayMax), licence.ended_on.value_or(kDayMax));
  if (on < licence.from || on >= last) {
    return Error{ErrorId::kConflict, "licence '" + licence.id + "' runs from " +
                                         day_text(licence.from) + " to " + day_text(last) +
                                         ", so it cannot end on " + day_text(on)};
  }
  licence.ended_on = on;
  if (Status written = write(tenant, licence); !written) return written.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return kept;
}

}  // namespace lineshaft::rights

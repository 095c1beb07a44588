// The parties of the register: who they are, which centre they belong to, and who speaks for them.
#include <algorithm>

#include "rights/schema.h"

namespace lineshaft::rights {
namespace {

constexpr std::size_t kShortCharactersMax = 100;

Status check_party(const Party& party) {
  if (Status sound = check_id("id", party.id); !sound) return sound;
  if (Status sound = check_text("name", party.name, kTitleCharactersMax, true); !sound) {
    return sound;
  }
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!party.country.empty() &&
      (party.country.size() != 2 || !std::ranges::all_of(party.country, is_capital))) {
    return Error{ErrorId::kInvalidArgument, "country: is no code of two capital letters, like CN"};
  }
  if (Status sound = check_text("region", party.region, kShortCharactersMax); !sound) return sound;
  return check_text("field", party.field, kShortCharactersMax);
}

Party party_row(records::Statement& row) {
  return {std::string(row.text(0)),
          static_cast<PartyKind>(row.int64(1)),
          std::string(row.text(2)),
          std::string(row.text(3)),
          std::string(row.text(4)),
          std::string(row.text(5)),
          row.int64(6)};
}

Membership membership_row(records::Statement& row) {
  Membership membership{std::string(row.text(0)),
                        std::string(row.text(1)),
                        std::string(row.text(2)),
                        day_of(row.int64(3)),
                        {}};
  if (const auto to = row.optional_int64(4)) membership.to = day_of(*to);
  return membership;
}

// ?2 is the party that looks: itself, who shares an asset with it now or ever, who is in a centre
// with it, and who is in a project with it (2: has declined).
constexpr std::string_view kPartiesSeen =
    "SELECT id, kind, name, country, region, field, version FROM rights_parties "
    "WHERE tenant = ?1 AND (id = ?2 "
    "OR id IN (SELECT other.party FROM rights_standing_shares AS own JOIN rights_standing_shares "
    "AS other "
    "  ON other.tenant = own.tenant AND other.asset = own.asset "
    "  WHERE own.tenant = ?1 AND own.party = ?2) "
    "OR id IN (SELECT centre FROM rights_memberships WHERE tenant = ?1 AND member = ?2) "
    "OR id IN (SELECT member FROM rights_memberships WHERE tenant = ?1 AND (centre = ?2 OR "
    "  centre IN (SELECT centre FROM rights_memberships WHERE tenant = ?1 AND member = ?2))) "
    "OR id IN (SELECT other.party FROM rights_project_parties AS own JOIN rights_project_parties "
    "AS "
    "other "
    "  ON other.tenant = own.tenant AND other.project = own.project "
    "  WHERE own.tenant = ?1 AND own.party = ?2 AND own.answer <> 2 AND other.answer <> 2)) "
    "ORDER BY id";

}  // namespace

Result<std::vector<Party>> Register::list_parties(const View& view) {
  const std::lock_guard lock(mutex_);
  const std::int64_t tenant = view.tenant.value;
  if (view.party) return query<Party>(*database_, kPartiesSeen, party_row, tenant, *view.party);
  return query<Party>(*database_,
                      "SELECT id, kind, name, country, region, field, version FROM rights_parties "
                      "WHERE tenant = ?1 ORDER BY id",
                      party_row, tenant);
}

Result<Party> Register::get_party(const View& view, std::string_view id) {
  const Result<std::vector<Party>> seen = list_parties(view);
  if (!seen) return seen.error();
  const auto found = std::ranges::find(*seen, id, &Party::id);
  if (found != seen->end()) return *found;
  return Error{ErrorId::kNotFound, "there is no party '" + std::string(id) + "'"};
}

Result<Party> Register::read_party(TenantId tenant, std::string_view id) {
  const auto rows = query<Party>(*database_,
                                 "SELECT id, kind, name, country, region, field, version "
                                 "FROM rights_parties WHERE tenant = ?1 AND id = ?2",
                                 party_row, std::int64_t{tenant.value}, id);
  if (!rows) return rows.error();
  if (!rows->empty()) return rows->front();
  return Error{ErrorId::kNotFound, "there is no party '" + std::string(id) + "'"};
}

Result<Party> Register::put_party(TenantId tenant, Party party) {
  if (Status sound = check_party(party); !sound) return sound.error();
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const Result<Party> present = read_party(tenant, party.id);
  if (!present && present.error().id != ErrorId::kNotFound) return present.error();
  if (!present && party.version != 0) return present.error();
  if (present && present->version != party.version) {
    return Error{ErrorId::kConflict, "party '" + party.id + "' is there with version " +
                                         std::to_string(present->version)};
  }
  ++party.version;
  const Status kept = database_->run(
      "INSERT OR REPLACE INTO rights_parties VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      std::int64_t{tenant.value}, party.id, static_cast<std::int64_t>(party.kind), party.name,
      party.country, party.region, party.field, party.version);
  if (!kept) return kept.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return party;
}

Result<std::vector<Membership>> Register::list_memberships(const View& view) {
  const std::lock_guard lock(mutex_);
  const std::int64_t tenant = view.tenant.value;
  if (view.party) {
    return query<Membership>(
        *database_,
        "SELECT centre, member, tier, from_day, to_day FROM rights_memberships WHERE tenant = ?1 "
        "AND (centre = ?2 OR member = ?2 OR centre IN "
        "  (SELECT centre FROM rights_memberships WHERE tenant = ?1 AND member = ?2)) "
        "ORDER BY centre, member, from_day",
        membership_row, tenant, *view.party);
  }
  return query<Membership>(*database_,
                           "SELECT centre, member, tier, from_day, to_day FROM rights_memberships "
                           "WHERE tenant = ?1 ORDER BY centre, member, from_day",
                           membership_row, tenant);
}

Status Register::add_membership(TenantId tenant, const Membership& membership) {
  if (Status sound = check_text("tier", membership.tier, kShortCharactersMax); !sound) return sound;
  if (membership.centre == membership.member) {
    return Error{ErrorId::kInvalidArgument, "member: a centre is no member of itself"};
  }
  if (membership.to && *membership.to <= membership.from) {
    return Error{ErrorId::kInvalidArgument, "to: is not after from"};
  }
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const Result<Party> centre = read_party(tenant, membership.centre);
  if (!centre) return centre.error();
  if (centre->kind != PartyKind::kCentre) {
    return Error{ErrorId::kInvalidArgument, "centre: '" + centre->id + "' is no centre"};
  }
  if (const Result<Party> member = read_party(tenant, membership.member); !member) {
    return member.error();
  }
  const std::int64_t to = number_of(membership.to.value_or(kDayMax));
  const Result<std::int64_t> overlapping = query_number(
      *database_,
      "SELECT count(*) FROM rights_memberships WHERE tenant = ?1 AND centre = ?2 AND member = ?3 "
      "AND from_day < ?5 AND (to_day IS NULL OR to_day > ?4)",
      std::int64_t{tenant.value}, membership.centre, membership.member, number_of(membership.from),
      to);
  if (!overlapping) return overlapping.error();
  if (*overlapping != 0) {
    return Error{ErrorId::kConflict, "'" + membership.member + "' belongs to '" +
                                         membership.centre + "' in a part of that time already"};
  }
  std::optional<std::int64_t> end;
  if (membership.to) end = number_of(*membership.to);
  const Status kept = database_->run(
      "INSERT INTO rights_memberships VALUES (?1, ?2, ?3, ?4, ?5, ?6)", std::int64_t{tenant.value},
      membership.centre, membership.member, membership.tier, number_of(membership.from), end);
  if (!kept) return kept;
  return transaction->commit();
}

Status Register::end_membership(TenantId tenant, std::string_view centre, std::string_view member,
                                Day on) {
  const std::lock_guard lock(mutex_);
  const Status ended = database_->run(
      "UPDATE rights_memberships SET to_day = ?4 WHERE tenant = ?1 AND centre = ?2 AND "
      "member = ?3 AND from_day < ?4 AND (to_day IS NULL OR to_day > ?4)",
      std::int64_t{tenant.value}, centre, member, number_of(on));
  if (!ended) return ended;
  if (database_->changed_rows() == 1) return {};
  return Error{ErrorId::kNotFound, "'" + std::string(member) + "' does not belong to '" +
                                       std::string(centre) + "' before " + day_text(on)};
}

Status Register::set_speaker(TenantId tenant, std::uint64_t user, std::string_view party) {
  const std::lock_guard lock(mutex_);
  if (const Result<Party> known = read_party(tenant, party); !known) return known.error();
  return database_->run("INSERT OR REPLACE INTO rights_speakers VALUES (?1, ?2, ?3)",
                        std::int64_t{tenant.value}, static_cast<std::int64_t>(user), party);
}

Status Register::remove_speaker(TenantId tenant, std::uint64_t user) {
  const std::lock_guard lock(mutex_);
  return database_->run("DELETE FROM rights_speakers WHERE tenant = ?1 AND user = ?2",
                        std::int64_t{tenant.value}, static_cast<std::int64_t>(user));
}

Result<std::optional<std::string>> Register::party_of(TenantId tenant, std::uint64_t user) {
  const std::lock_guard lock(mutex_);
  const auto rows = query<std::string>(
      *database_, "SELECT party FROM rights_speakers WHERE tenant = ?1 AND user = ?2",
      [](records::Statement& row) { return std::string(row.text(0)); }, std::int64_t{tenant.value},
      static_cast<std::int64_t>(user));
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<std::string>();
  return std::optional(rows->front());
}

Result<std::vector<std::pair<std::uint64_t, std::string>>> Register::speakers(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  return query<std::pair<std::uint64_t, std::string>>(
      *database_, "SELECT user, party FROM rights_speakers WHERE tenant = ?1 ORDER BY user",
      [](records::Statement& row) {
        return std::pair(static_cast<std::uint64_t>(row.int64(0)), std::string(row.text(1)));
      },
      std::int64_t{tenant.value});
}

}  // namespace lineshaft::rights

// Who owns an asset, in which shares, since when.
#include <algorithm>

#include "rights/agreement_store.h"
#include "rights/schema.h"

namespace lineshaft::rights {
namespace {

Status check_weights(const std::vector<Share>& shares) {
  if (shares.empty()) {
    return Error{ErrorId::kInvalidArgument, "shares: an asset needs an owner"};
  }
  if (shares.size() > kOwnersMax) {
    return Error{ErrorId::kInvalidArgument,
                 "shares: more than " + std::to_string(kOwnersMax) + " owners"};
  }
  for (const Share& share : shares) {
    if (share.weight >= 1 && share.weight <= kWeightMax) continue;
    return Error{ErrorId::kInvalidArgument, "shares: the weight " + std::to_string(share.weight) +
                                                " of '" + share.party + "' is not within 1.." +
                                                std::to_string(kWeightMax)};
  }
  return {};
}

// In order of party. Errors: a party that is there twice.
Status put_in_order(std::vector<Share>& shares) {
  std::ranges::sort(shares, {}, &Share::party);
  const auto twice = std::ranges::adjacent_find(shares, {}, &Share::party);
  if (twice == shares.end()) return {};
  return Error{ErrorId::kInvalidArgument, "shares: '" + twice->party + "' is there twice"};
}

Ownership ownership_row(records::Statement& row) {
  Ownership entry;
  entry.sequence = row.int64(0);
  entry.from = day_of(row.int64(1));
  entry.basis = row.text(2);
  entry.document = row.text(3);
  entry.corrects = row.int64(4);
  entry.recorded = Timestamp{row.int64(5)};
  entry.recorded_by = row.text(6);
  return entry;
}

}  // namespace

Status check_shares(std::vector<Share>& shares) {
  if (Status sound = check_weights(shares); !sound) return sound;
  return put_in_order(shares);
}

Result<std::vector<Share>> Register::shares_of(TenantId tenant, std::string_view asset,
                                               std::int64_t sequence) {
  return query<Share>(
      *database_,
      "SELECT party, weight FROM rights_shares WHERE tenant = ?1 AND asset = ?2 AND sequence = ?3 "
      "ORDER BY party",
      [](records::Statement& row) {
        return Share{std::string(row.text(0)), row.int64(1)};
      },
      std::int64_t{tenant.value}, asset, sequence);
}

// The sequence of the entry that counts on a day; 0 before the first.
Result<std::int64_t> Register::current_entry(TenantId tenant, std::string_view asset, Day on) {
  return query_number(*database_,
                      "SELECT sequence FROM rights_ownership WHERE tenant = ?1 AND asset = ?2 "
                      "AND corrected = 0 AND from_day <= ?3 ORDER BY from_day DESC LIMIT 1",
                      std::int64_t{tenant.value}, asset, number_of(on));
}

Result<std::vector<Share>> Register::shares_on(TenantId tenant, std::string_view asset, Day on) {
  const std::lock_guard lock(mutex_);
  if (const Result<Asset> known = read_asset(tenant, asset); !known) return known.error();
  const Result<std::int64_t> entry = current_entry(tenant, asset, on);
  if (!entry) return entry.error();
  return shares_of(tenant, asset, *entry);
}

Result<std::vector<Ownership>> Register::list_ownership(const View& view, std::string_view asset) {
  const std::lock_guard lock(mutex_);
  if (Status shown = must_show(view, asset); !shown) return shown.error();
  auto entries = query<Ownership>(
      *database_,
      "SELECT sequence, from_day, basis, document, corrects, recorded, recorded_by "
      "FROM rights_ownership WHERE tenant = ?1 AND asset = ?2 ORDER BY sequence",
      ownership_row, std::int64_t{view.tenant.value}, asset);
  if (!entries) return entries;
  for (Ownership& entry : *entries) {
    Result<std::vector<Share>> shares = shares_of(view.tenant, asset, entry.sequence);
    if (!shares) return std::move(shares).error();
    entry.shares = *std::move(shares);
  }
  return entries;
}

Result<std::vector<Ownership>> Register::standing_ownership(TenantId tenant,
                                                            std::string_view asset) {
  Result<std::vector<Ownership>> entries = list_ownership({tenant, {}}, asset);
  if (!entries) return entries;
  std::vector<std::int64_t> corrected;
  for (const Ownership& entry : *entries) corrected.push_back(entry.corrects);
  std::erase_if(*entries, [&](const Ownership& entry) {
    return std::ranges::find(corrected, entry.sequence) != corrected.end();
  });
  std::ranges::sort(*entries, {}, &Ownership::from);
  return entries;
}

// One entry counts from each day. Another for the same day must say which one it corrects, and that
// one must be the one that counts.
Status Register::check_correction(TenantId tenant, std::string_view asset,
                                  const Ownership& ownership) {
  const Result<std::int64_t> present = query_number(
      *database_,
      "SELECT sequence FROM rights_ownership WHERE tenant = ?1 AND asset = ?2 AND from_day = ?3 "
      "AND corrected = 0",
      std::int64_t{tenant.value}, asset, number_of(ownership.from));
  if (!present) return present.error();
  if (*present == ownership.corrects) return {};
  if (*present == 0) {
    return Error{ErrorId::kConflict, "corrects: no entry " + std::to_string(ownership.corrects) +
                                         " counts from " + day_text(ownership.from)};
  }
  return Error{ErrorId::kConflict, "from: entry " + std::to_string(*present) + " counts from " +
                                       day_text(ownership.from) +
                                       " already; a correction names it in corrects"};
}

// What the agreements of its projects say to other shares than those that count on that day.
Status Register::check_agreed(TenantId tenant, std::string_view asset, const Ownership& ownership) {
  const Result<std::int64_t> entry = current_entry(tenant, asset, ownership.from);
  if (!entry) return entry.error();
  const Result<std::vector<Share>> before = shares_of(tenant, asset, *entry);
  if (!before) return before.error();
  const Day today = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<Nanoseconds>(Nanoseconds(clock_.now().ns)));
  return check_consent(*database_, tenant, asset, *before, ownership, today);
}

Result<Ownership> Register::add_ownership(TenantId tenant, std::string_view asset,
                                          Ownership ownership, std::string_view by) {
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  if (const Result<Asset> known = read_asset(tenant, asset); !known) return known.error();
  Result<Ownership> kept = keep_ownership(tenant, asset, std::move(ownership), by);
  if (!kept) return kept;
  if (Status done = transaction->commit(); !done) return done.error();
  return kept;
}

Result<Ownership> Register::keep_ownership(TenantId tenant, std::string_view asset,
                                           Ownership ownership, std::string_view by) {
  if (Status sound = check_shares(ownership.shares); !sound) return sound.error();
  if (Status sound = check_text("basis", ownership.basis, kNoteCharactersMax, true); !sound) {
    return sound.error();
  }
  if (Status sound = check_document("document", ownership.document); !sound) return sound.error();
  for (const Share& share : ownership.shares) {
    if (const Result<Party> known = read_party(tenant, share.party); !known) {
      return Error{known.error().id, "shares: " + known.error().what};
    }
  }
  if (Status sound = check_correction(tenant, asset, ownership); !sound) return sound.error();
  if (Status agreed = check_agreed(tenant, asset, ownership); !agreed) return agreed.error();
  const Result<std::int64_t> sequence = next_sequence("rights_ownership", tenant, asset);
  if (!sequence) return sequence.error();
  ownership.sequence = *sequence;
  ownership.recorded = clock_.now();
  ownership.recorded_by = by;
  const std::int64_t tenant_number = tenant.value;
  if (ownership.corrects != 0) {
    const Status marked = database_->run(
        "UPDATE rights_ownership SET corrected = 1 WHERE tenant = ?1 AND asset = ?2 AND "
        "sequence = ?3",
        tenant_number, asset, ownership.corrects);
    if (!marked) return marked.error();
  }
  const Status kept = database_->run(
      "INSERT INTO rights_ownership VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)", tenant_number,
      asset, ownership.sequence, number_of(ownership.from), ownership.basis, ownership.document,
      ownership.corrects, ownership.recorded, ownership.recorded_by);
  if (!kept) return kept.error();
  for (const Share& share : ownership.shares) {
    const Status written =
        database_->run("INSERT INTO rights_shares VALUES (?1, ?2, ?3, ?4, ?5)", tenant_number,
                       asset, ownership.sequence, share.party, share.weight);
    if (!written) return written.error();
  }
  return ownership;
}

}  // namespace lineshaft::rights

#include "rights/agreement_store.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "rights/agreement_json.h"
#include "rights/project.h"
#include "rights/register_json.h"
#include "rights/schema.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "'" : ", '") + id + "'";
  return text;
}

struct Row {
  std::int64_t version = 0;
  KeptAgreement kept;
};

Result<std::vector<Row>> version_rows(records::Database& database, TenantId tenant,
                                      std::string_view id) {
  return query<Row>(
      database,
      "SELECT version, text, digest, made, made_by, in_force FROM rights_agreement_versions "
      "WHERE tenant = ?1 AND id = ?2 ORDER BY version",
      [](records::Statement& row) {
        Row read;
        read.version = row.int64(0);
        read.kept.text = row.text(1);
        read.kept.digest = row.text(2);
        read.kept.made = Timestamp{row.int64(3)};
        read.kept.made_by = row.text(4);
        if (const auto since = row.optional_int64(5)) read.kept.in_force = Timestamp{*since};
        return read;
      },
      std::int64_t{tenant.value}, id);
}

Status read_words(records::Database& database, TenantId tenant, std::string_view id, Row& row) {
  const std::int64_t number = tenant.value;
  auto approvals = query<AgreementApproval>(
      database,
      "SELECT party, time, approved_by FROM rights_agreement_approvals WHERE tenant = ?1 "
      "AND id = ?2 AND version = ?3 ORDER BY time, party",
      [](records::Statement& word) {
        return AgreementApproval{std::string(word.text(0)), Timestamp{word.int64(1)},
                                 std::string(word.text(2))};
      },
      number, id, row.version);
  if (!approvals) return approvals.error();
  row.kept.approvals = *std::move(approvals);
  auto signatures = query<AgreementSignature>(
      database,
      "SELECT party, time, signed_by, key, signature FROM rights_agreement_signatures "
      "WHERE tenant = ?1 AND id = ?2 AND version = ?3 ORDER BY time, party",
      [](records::Statement& word) {
        AgreementSignature signature;
        signature.party = word.text(0);
        signature.time = Timestamp{word.int64(1)};
        signature.by = word.text(2);
        const ByteSpan key = word.blob(3);
        std::copy_n(key.begin(), std::min(key.size(), signature.key.bytes.size()),
                    signature.key.bytes.begin());
        const ByteSpan bytes = word.blob(4);
        std::copy_n(bytes.begin(), std::min(bytes.size(), signature.signature.size()),
                    signature.signature.begin());
        return signature;
      },
      number, id, row.version);
  if (!signatures) return signatures.error();
  row.kept.signatures = *std::move(signatures);
  return {};
}

std::vector<std::string> sides_of(const Agreement& agreement) {
  std::vector<std::string> sides;
  for (const Side& side : agreement.sides) sides.push_back(side.party);
  return sides;
}

// Who signs a version: its sides, and those of the version that it takes the place of.
void set_signers(std::vector<KeptAgreement>& versions) {
  const KeptAgreement* current = nullptr;
  for (KeptAgreement& kept : versions) {
    kept.signers = sides_of(kept.agreement);
    if (current != nullptr) {
      const auto before = sides_of(current->agreement);
      kept.signers.insert(kept.signers.end(), before.begin(), before.end());
      std::ranges::sort(kept.signers);
      kept.signers.erase(std::unique(kept.signers.begin(), kept.signers.end()), kept.signers.end());
    }
    if (kept.in_force) current = &kept;
  }
  for (KeptAgreement& kept : versions) kept.is_current = &kept == current;
  if (!versions.empty()) versions.back().is_newest = true;
}

struct ChangeRow {
  ShareChange change;
  std::string text;
};

Result<std::vector<Consent>> read_consents(records::Database& database, TenantId tenant,
                                           const ShareChange& change) {
  return query<Consent>(
      database,
      "SELECT party, time, consented_by FROM rights_share_consents WHERE tenant = ?1 "
      "AND agreement = ?2 AND sequence = ?3 ORDER BY time, party",
      [](records::Statement& row) {
        return Consent{std::string(row.text(0)), Timestamp{row.int64(1)}, std::string(row.text(2))};
      },
      std::int64_t{tenant.value}, change.agreement, change.sequence);
}

Status read_change_text(ChangeRow& row) {
  const Error damaged{ErrorId::kCorrupt, "a change of shares of the register is damaged"};
  Result<Json> json = parse_json(row.text);
  if (!json || !json->is_object()) return damaged;
  json->erase("format");
  json->erase("agreement");
  const Result<ShareChange> read = share_change_from_json(*json);
  if (!read) return damaged;
  row.change.asset = read->asset;
  row.change.from = read->from;
  row.change.shares = read->shares;
  return {};
}

// The agreements in force whose project names the asset as a result.
Result<std::vector<std::string>> agreements_of(records::Database& database, TenantId tenant,
                                               std::string_view asset) {
  return query<std::string>(
      database,
      "SELECT DISTINCT v.id FROM rights_agreement_versions AS v JOIN rights_project_entries AS e "
      "  ON e.tenant = v.tenant AND e.project = v.project "
      "WHERE v.tenant = ?1 AND v.in_force IS NOT NULL AND e.asset = ?2 AND e.kind = ?3 "
      "  AND e.withdrawn IS NULL ORDER BY v.id",
      [](records::Statement& row) { return std::string(row.text(0)); }, std::int64_t{tenant.value},
      asset, static_cast<std::int64_t>(EntryKind::kResult));
}

Status check_one(records::Database& database, TenantId tenant, const Agreement& agreement,
                 std::string_view asset, const Ownership& next) {
  if (are_agreed_shares(agreement, next.shares)) return {};
  const auto changes = read_share_changes(database, tenant, agreement);
  if (!changes) return changes.error();
  const auto proposed = std::ranges::find_if(*changes, [&](const ShareChange& change) {
    return change.asset == asset && change.from == next.from && change.shares == next.shares;
  });
  const std::string what =
      "'" + std::string(asset) + "' is a result of project '" + agreement.project +
      "', and agreement '" + agreement.id + "' lets " +
      (agreement.terms.consent == ConsentRule::kAll
           ? "all its parties"
           : "more than " + agreement.terms.more_than.text() + " of its weights") +
      " decide on its shares: ";
  const std::string from = " from " + day_text(next.from) + " on";
  if (proposed == changes->end()) {
    return Error{ErrorId::kConflict, what + "nobody has been asked about these shares" + from +
                                         "; propose them under the agreement. Not consented: " +
                                         joined(missing_consents(agreement, {}))};
  }
  if (proposed->missing.empty()) return {};
  return Error{ErrorId::kConflict, what + joined(proposed->missing) +
                                       (proposed->missing.size() == 1 ? " has" : " have") +
                                       " not consented to these" + from};
}

}  // namespace

Result<std::vector<KeptAgreement>> read_versions(records::Database& database, TenantId tenant,
                                                 std::string_view id) {
  auto rows = version_rows(database, tenant, id);
  if (!rows) return rows.error();
  std::vector<KeptAgreement> versions;
  for (Row& row : *rows) {
    if (Status read = read_words(database, tenant, id, row); !read) return read.error();
    Result<Agreement> agreement = agreement_from_text(row.kept.text);
    if (!agreement || hex_text(sys::sha256(as_bytes(row.kept.text))) != row.kept.digest) {
      return Error{ErrorId::kCorrupt, "agreement '" + std::string(id) + "', version " +
                                          std::to_string(row.version) + ": its text was changed"};
    }
    row.kept.agreement = *std::move(agreement);
    versions.push_back(std::move(row.kept));
  }
  set_signers(versions);
  return versions;
}

Result<std::vector<ShareChange>> read_share_changes(records::Database& database, TenantId tenant,
                                                    const Agreement& current) {
  auto rows = query<ChangeRow>(
      database,
      "SELECT sequence, text, digest, proposed, proposed_by FROM rights_share_changes "
      "WHERE tenant = ?1 AND agreement = ?2 ORDER BY sequence",
      [](records::Statement& row) {
        ChangeRow read;
        read.change.sequence = row.int64(0);
        read.text = row.text(1);
        read.change.digest = row.text(2);
        read.change.proposed = Timestamp{row.int64(3)};
        read.change.proposed_by = row.text(4);
        return read;
      },
      std::int64_t{tenant.value}, current.id);
  if (!rows) return rows.error();
  std::vector<ShareChange> changes;
  for (ChangeRow& row : *rows) {
    row.change.agreement = current.id;
    if (Status read = read_change_text(row); !read) return read.error();
    auto consents = read_consents(database, tenant, row.change);
    if (!consents) return consents.error();
    row.change.consents = *std::move(consents);
    std::vector<std::string> parties;
    for (const Consent& consent : row.change.consents) parties.push_back(consent.party);
    row.change.missing = missing_consents(current, parties);
    changes.push_back(std::move(row.change));
  }
  return changes;
}

Status check_consent(records::Database& database, TenantId tenant, std::string_view asset,
                     const std::vector<Share>& before, const Ownership& next, Day today) {
  if (next.shares == before) return {};
  const auto agreements = agreements_of(database, tenant, asset);
  if (!agreements) return agreements.error();
  for (const std::string& id : *agreements) {
    const auto versions = read_versions(database, tenant, id);
    if (!versions) return versions.error();
    const auto current = std::ranges::find_if(*versions, &KeptAgreement::is_current);
    if (current == versions->end()) continue;
    const Agreement& agreement = current->agreement;
    if (agreement.to && today >= *agreement.to) continue;
    // The first owners of what each party made itself: nobody's share changes.
    if (before.empty() && agreement.terms.owner == ResultsOwner::kContributor) continue;
    if (Status free = check_one(database, tenant, agreement, asset, next); !free) return free;
  }
  return {};
}

}  // namespace lineshaft::rights

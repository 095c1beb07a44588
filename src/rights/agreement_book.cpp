#include "rights/agreement_book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "rights/agreement_json.h"
#include "rights/agreement_schema.h"
#include "rights/agreement_store.h"
#include "rights/project.h"
#include "rights/schema.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

Error no_agreement(std::string_view id) {
  return {ErrorId::kNotFound, "there is no agreement '" + std::string(id) + "'"};
}

bool contains(const std::vector<std::string>& list, std::string_view entry) {
  return std::ranges::find(list, entry) != list.end();
}

template <typename Word>
bool has_word_of(const std::vector<Word>& words, std::string_view party) {
  return std::ranges::find(words, party, &Word::party) != words.end();
}

// The one that stands for the whole: the newest that the list has.
const KeptAgreement* newest_of(const std::vector<KeptAgreement>& versions) {
  return versions.empty() ? nullptr : &versions.back();
}

const KeptAgreement* current_of(const std::vector<KeptAgreement>& versions) {
  const auto found = std::ranges::find_if(versions, &KeptAgreement::is_current);
  return found == versions.end() ? nullptr : &*found;
}

Result<std::optional<ProjectAnswer>> answer_of(records::Database& database, TenantId tenant,
                                               std::string_view project, std::string_view party) {
  const auto rows = query<std::int64_t>(
      database,
      "SELECT answer FROM rights_project_parties WHERE tenant = ?1 AND project = ?2 AND party = ?3",
      [](records::Statement& row) { return row.int64(0); }, std::int64_t{tenant.value}, project,
      party);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<ProjectAnswer>();
  return std::optional(static_cast<ProjectAnswer>(rows->front()));
}

}  // namespace

Result<std::unique_ptr<AgreementBook>> AgreementBook::open(
    std::unique_ptr<records::Database> database, Register& parties, sys::Clock& clock) {
  if (Status ready = database->migrate(kAgreementTables, agreement_steps()); !ready) {
    return ready.error();
  }
  return std::unique_ptr<AgreementBook>(new AgreementBook(std::move(database), parties, clock));
}

Result<std::vector<KeptAgreement>> AgreementBook::list(const View& view, std::string_view project) {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    auto found = query<std::string>(
        *database_,
        "SELECT DISTINCT id FROM rights_agreement_versions WHERE tenant = ?1 "
        "AND (?2 = '' OR project = ?2) ORDER BY id",
        [](records::Statement& row) { return std::string(row.text(0)); },
        std::int64_t{view.tenant.value}, project);
    if (!found) return found.error();
    ids = *std::move(found);
  }
  std::vector<KeptAgreement> agreements;
  for (const std::string& id : ids) {
    Result<KeptAgreement> newest = get(view, id, 0);
    if (!newest && newest.error().id == ErrorId::kNotFound) continue;
    if (!newest) return newest.error();
    agreements.push_back(*std::move(newest));
  }
  return agreements;
}

Result<std::vector<KeptAgreement>> AgreementBook::versions(const View& view, std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto all = read_versions(*database_, view.tenant, id);
  if (!all) return all;
  if (view.party) {
    std::erase_if(*all,
                  [&](const KeptAgreement& kept) { return !contains(kept.signers, *view.party); });
  }
  if (all->empty()) return no_agreement(id);
  return all;
}

Result<KeptAgreement> AgreementBook::get(const View& view, std::string_view id,
                                         std::int64_t version) {
  auto all = versions(view, id);
  if (!all) return all.error();
  if (version == 0) return *newest_of(*all);
  for (KeptAgreement& kept : *all) {
    if (kept.agreement.version == version) return std::move(kept);
  }
  return Error{ErrorId::kNotFound, "there is no version " + std::to_string(version) +
                                       " of agreement '" + std::string(id) + "'"};
}

// Every side is in the register, and its name is written down as it is now.
Status AgreementBook::check_parties(TenantId tenant, Agreement& agreement) {
  for (Side& side : agreement.sides) {
    const Result<Party> known = register_.get_party({tenant, {}}, side.party);
    if (!known) return Error{known.error().id, "sides: " + known.error().what};
    side.name = known->name;
  }
  return {};
}

Status AgreementBook::check_project(const View& view, const Agreement& agreement) {
  const Error unknown{ErrorId::kNotFound, "there is no project '" + agreement.project + "'"};
  if (view.party) {
    const auto own = answer_of(*database_, view.tenant, agreement.project, *view.party);
    if (!own) return own.error();
    if (!*own) return unknown;
    if (**own != ProjectAnswer::kAccepted) {
      return Error{ErrorId::kDenied,
                   "'" + *view.party + "' has not accepted project '" + agreement.project + "'"};
    }
  }
  for (const Side& side : agreement.sides) {
    const auto answer = answer_of(*database_, view.tenant, agreement.project, side.party);
    if (!answer) return answer.error();
    if (*answer && **answer != ProjectAnswer::kDeclined) continue;
    const auto there = query_number(
        *database_, "SELECT count(*) FROM rights_projects WHERE tenant = ?1 AND id = ?2",
        std::int64_t{view.tenant.value}, agreement.project);
    if (!there) return there.error();
    if (*there == 0) return unknown;
    return Error{ErrorId::kConflict, "sides: '" + side.party + "' " +
                                         (*answer ? "has declined" : "is not invited to") +
                                         " project '" + agreement.project + "'"};
  }
  return {};
}

// Makes the next version of it.
Status AgreementBook::write(TenantId tenant, Agreement& agreement, std::string_view by) {
  ++agreement.version;
  write_standard_clauses(agreement);
  const Result<std::string> text = agreement_text(agreement);
  if (!text) return text.error();
  return database_->run(
      "INSERT INTO rights_agreement_versions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)",
      std::int64_t{tenant.value}, agreement.id, agreement.version, agreement.project, *text,
      hex_text(sys::sha256(as_bytes(*text))), clock_.now(), by);
}

Result<KeptAgreement> AgreementBook::put(const View& view, Agreement agreement,
                                         std::string_view by) {
  if (Status sound = check_agreement(agreement); !sound) return sound.error();
  if (Status known = check_parties(view.tenant, agreement); !known) return known.error();
  {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    if (Status open = check_project(view, agreement); !open) return open.error();
    const auto all = read_versions(*database_, view.tenant, agreement.id);
    if (!all) return all.error();
    const KeptAgreement* last = newest_of(*all);
    // Who does not sign it puts no other text in its place, and does not hear that it is there.
    const bool is_strange = last != nullptr && view.party && !contains(last->signers, *view.party);
    if (is_strange && agreement.version != 0) return no_agreement(agreement.id);
    const std::int64_t have = last == nullptr ? 0 : last->agreement.version;
    if (have != agreement.version) {
      return Error{ErrorId::kConflict, "agreement '" + agreement.id + "' is there with version " +
                                           std::to_string(have)};
    }
    if (last != nullptr && last->agreement.project != agreement.project) {
      return Error{ErrorId::kConflict, "project: agreement '" + agreement.id + "' is one of '" +
                                           last->agreement.project + "'"};
    }
    if (Status written = write(view.tenant, agreement, by); !written) return written.error();
    if (Status done = transaction->commit(); !done) return done.error();
  }
  return get({view.tenant, {}}, agreement.id, agreement.version);
}

// The newest version, if `party` may give its word for the text with `digest` now.
Result<KeptAgreement> AgreementBook::approved_by(TenantId tenant, std::string_view id,
                                                 std::string_view party, std::string_view digest) {
  auto all = read_versions(*database_, tenant, id);
  if (!all) return all.error();
  const KeptAgreement* newest = newest_of(*all);
  if (newest == nullptr) return no_agreement(id);
  if (!contains(newest->signers, party)) {
    return Error{ErrorId::kDenied, "'" + std::string(party) + "' is no side of this agreement"};
  }
  if (newest->digest != digest) {
    return Error{ErrorId::kConflict, "agreement '" + std::string(id) + "' has version " +
                                         std::to_string(newest->agreement.version) +
                                         " with another text by now; read that one"};
  }
  const auto answer = answer_of(*database_, tenant, newest->agreement.project, party);
  if (!answer) return answer.error();
  if (*answer && **answer == ProjectAnswer::kAccepted) return *newest;
  return Error{ErrorId::kConflict, "'" + std::string(party) + "' has not accepted project '" +
                                       newest->agreement.project + "' yet"};
}

Result<KeptAgreement> AgreementBook::approve(TenantId tenant, std::string_view id,
                                             std::string_view party, std::string_view digest,
                                             std::string_view by) {
  {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    const auto newest = approved_by(tenant, id, party, digest);
    if (!newest) return newest.error();
    const Status noted = database_->run(
        "INSERT OR IGNORE INTO rights_agreement_approvals VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        std::int64_t{tenant.value}, id, newest->agreement.version, party, clock_.now(), by);
    if (!noted) return noted.error();
    if (Status done = transaction->commit(); !done) return done.error();
  }
  return get({tenant, {}}, id, 0);
}

Result<KeptAgreement> AgreementBook::sign(TenantId tenant, std::string_view id,
                                          std::string_view party, const PublicKey& key,
                                          const Signature& signature, std::string_view by) {
  {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    const auto all = read_versions(*database_, tenant, id);
    if (!all) return all.error();
    if (all->empty()) return no_agreement(id);
    const auto newest = approved_by(tenant, id, party, all->back().digest);
    if (!newest) return newest.error();
    for (const std::string& signer : newest->signers) {
      if (has_word_of(newest->approvals, signer)) continue;
      return Error{ErrorId::kConflict, "'" + signer + "' has not approved version " +
                                           std::to_string(newest->agreement.version) +
                                           " yet; it is signed when all have approved it"};
    }
    if (!is_signed(key, signature, signed_message(party, newest->text))) {
      return Error{ErrorId::kInvalidArgument, "signature: is not one by this key of version " +
                                                  std::to_string(newest->agreement.version) +
                                                  " for '" + std::string(party) + "'"};
    }
    if (has_word_of(newest->signatures, party)) {
      return Error{ErrorId::kConflict, "'" + std::string(party) + "' has signed this version"};
    }
    const std::int64_t number = tenant.value;
    const Timestamp now = clock_.now();
    const Status noted = database_->run(
        "INSERT INTO rights_agreement_signatures VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", number,
        id, newest->agreement.version, party, now, by, ByteSpan(key.bytes), ByteSpan(signature));
    if (!noted) return noted.error();
    if (newest->signatures.size() + 1 == newest->signers.size()) {
      const Status forced = database_->run(
          "UPDATE rights_agreement_versions SET in_force = ?4 "
          "WHERE tenant = ?1 AND id = ?2 AND version = ?3",
          number, id, newest->agreement.version, now);
      if (!forced) return forced.error();
    }
    if (Status done = transaction->commit(); !done) return done.error();
  }
  return get({tenant, {}}, id, 0);
}

Result<ShareChange> AgreementBook::read_change(TenantId tenant, std::string_view id,
                                               std::int64_t sequence) {
  const auto all = read_versions(*database_, tenant, id);
  if (!all) return all.error();
  const KeptAgreement* current = current_of(*all);
  if (current == nullptr) return no_agreement(id);
  auto changes = read_share_changes(*database_, tenant, current->agreement);
  if (!changes) return changes.error();
  for (ShareChange& change : *changes) {
    if (change.sequence == sequence) return std::move(change);
  }
  return Error{ErrorId::kNotFound, "agreement '" + std::string(id) + "' has no change of shares " +
                                       std::to_string(sequence)};
}

Result<ShareChange> AgreementBook::propose(const View& view, ShareChange change,
                                           std::string_view by) {
  if (Status sound = check_shares(change.shares); !sound) return sound.error();
  for (const Share& share : change.shares) {
    const Result<Party> known = register_.get_party({view.tenant, {}}, share.party);
    if (!known) return Error{known.error().id, "shares: " + known.error().what};
  }
  const auto seen = versions(view, change.agreement);
  if (!seen) return seen.error();
  const KeptAgreement* current = current_of(*seen);
  if (current == nullptr) {
    return Error{ErrorId::kConflict, "agreement '" + change.agreement + "' is not in force"};
  }
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const std::int64_t number = view.tenant.value;
  const auto results =
      query_number(*database_,
                   "SELECT count(*) FROM rights_project_entries WHERE tenant = ?1 AND project = ?2 "
                   "AND asset = ?3 AND kind = ?4 AND withdrawn IS NULL",
                   number, current->agreement.project, change.asset,
                   static_cast<std::int64_t>(EntryKind::kResult));
  if (!results) return results.error();
  if (*results == 0) {
    return Error{ErrorId::kConflict, "asset: '" + change.asset + "' is no result of project '" +
                                         current->agreement.project + "'"};
  }
  const Result<std::string> text = share_change_text(change);
  if (!text) return text.error();
  const auto last = query_number(*database_,
                                 "SELECT coalesce(max(sequence), 0) FROM rights_share_changes "
                                 "WHERE tenant = ?1 AND agreement = ?2",
                                 number, change.agreement);
  if (!last) return last.error();
  change.sequence = *last + 1;
  const Status kept =
      database_->run("INSERT INTO rights_share_changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     number, change.agreement, change.sequence, change.asset, *text,
                     hex_text(sys::sha256(as_bytes(*text))), clock_.now(), by);
  if (!kept && kept.error().id == ErrorId::kConflict) {
    return Error{ErrorId::kConflict, "the same change of shares was proposed before"};
  }
  if (!kept) return kept.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return read_change(view.tenant, change.agreement, change.sequence);
}

Result<std::vector<ShareChange>> AgreementBook::share_changes(const View& view,
                                                              std::string_view id) {
  const auto seen = versions(view, id);
  if (!seen) return seen.error();
  const KeptAgreement* current = current_of(*seen);
  if (current == nullptr) return std::vector<ShareChange>();
  const std::lock_guard lock(mutex_);
  return read_share_changes(*database_, view.tenant, current->agreement);
}

Result<ShareChange> AgreementBook::consent(TenantId tenant, std::string_view id,
                                           std::int64_t sequence, std::string_view party,
                                           std::string_view digest, std::string_view by) {
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const Result<ShareChange> change = read_change(tenant, id, sequence);
  if (!change) return change;
  const auto all = read_versions(*database_, tenant, id);
  if (!all) return all.error();
  const Agreement& agreement = current_of(*all)->agreement;  // read_change found it
  if (std::ranges::find(agreement.sides, party, &Side::party) == agreement.sides.end()) {
    return Error{ErrorId::kDenied, "'" + std::string(party) + "' is no side of this agreement"};
  }
  if (change->digest != digest) {
    return Error{ErrorId::kConflict, "digest: is not that of change " + std::to_string(sequence)};
  }
  const Status noted =
      database_->run("INSERT OR IGNORE INTO rights_share_consents VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     std::int64_t{tenant.value}, id, sequence, party, clock_.now(), by);
  if (!noted) return noted.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return read_change(tenant, id, sequence);
}

}  // namespace lineshaft::rights

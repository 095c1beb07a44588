#include "rights/project_book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rights/agreement_schema.h"
#include "rights/project_json.h"
#include "rights/schema.h"

namespace lineshaft::rights {
namespace {

Error no_project(std::string_view id) {
  return {ErrorId::kNotFound, "there is no project '" + std::string(id) + "'"};
}

const ProjectParty* party_of(const KeptProject& kept, std::string_view party) {
  const auto found = std::ranges::find(kept.parties, party, &ProjectParty::party);
  return found == kept.parties.end() ? nullptr : &*found;
}

bool has_accepted(const KeptProject& kept, std::string_view party) {
  const ProjectParty* found = party_of(kept, party);
  return found != nullptr && found->answer == ProjectAnswer::kAccepted;
}

Result<ProjectEntry> entry_of(records::Statement& row) {
  const Result<Json> json = parse_json(row.text(4));
  Result<ProjectEntry> entry =
      json ? stored_entry_from_json(*json) : Result<ProjectEntry>(json.error());
  if (!entry) return Error{ErrorId::kCorrupt, "an entry of a project: " + entry.error().what};
  entry->sequence = row.int64(0);
  entry->kind = static_cast<EntryKind>(row.int64(1));
  entry->party = row.text(2);
  entry->asset = row.text(3);
  entry->recorded = Timestamp{row.int64(5)};
  entry->recorded_by = row.text(6);
  if (const auto withdrawn = row.optional_int64(7)) entry->withdrawn = Timestamp{*withdrawn};
  entry->withdrawn_by = row.text(8);
  return entry;
}

}  // namespace

Result<std::unique_ptr<ProjectBook>> ProjectBook::open(std::unique_ptr<records::Database> database,
                                                       Register& assets, sys::Clock& clock) {
  if (Status ready = database->migrate(kAgreementTables, agreement_steps()); !ready) {
    return ready.error();
  }
  return std::unique_ptr<ProjectBook>(new ProjectBook(std::move(database), assets, clock));
}

Result<std::vector<ProjectParty>> ProjectBook::read_parties(TenantId tenant, std::string_view id) {
  return query<ProjectParty>(
      *database_,
      "SELECT party, answer, answered, answered_by FROM rights_project_parties "
      "WHERE tenant = ?1 AND project = ?2 ORDER BY party",
      [](records::Statement& row) {
        ProjectParty party{std::string(row.text(0)),
                           static_cast<ProjectAnswer>(row.int64(1)),
                           {},
                           std::string(row.text(3))};
        if (const auto time = row.optional_int64(2)) party.answered = Timestamp{*time};
        return party;
      },
      std::int64_t{tenant.value}, id);
}

Result<std::vector<ProjectEntry>> ProjectBook::read_entries(TenantId tenant, std::string_view id) {
  auto rows = query<Result<ProjectEntry>>(
      *database_,
      "SELECT sequence, kind, party, asset, json, recorded, recorded_by, withdrawn, withdrawn_by "
      "FROM rights_project_entries WHERE tenant = ?1 AND project = ?2 ORDER BY sequence",
      entry_of, std::int64_t{tenant.value}, id);
  if (!rows) return rows.error();
  std::vector<ProjectEntry> entries;
  for (Result<ProjectEntry>& row : *rows) {
    if (!row) return row.error();
    entries.push_back(*std::move(row));
  }
  return entries;
}

// Those that the view shows, without entries; `id` "" for all.
Result<std::vector<KeptProject>> ProjectBook::read(const View& view, std::string_view id) {
  auto rows = query<KeptProject>(
      *database_,
      "SELECT id, title, lead, from_day, to_day, version FROM rights_projects AS p "
      "WHERE tenant = ?1 AND (?2 = '' OR id = ?2) AND (?3 = 0 OR EXISTS (SELECT 1 "
      "  FROM rights_project_parties AS q WHERE q.tenant = ?1 AND q.project = p.id "
      "  AND q.party = ?4 AND q.answer <> ?5)) ORDER BY id",
      [](records::Statement& row) {
        KeptProject kept;
        kept.project.id = row.text(0);
        kept.project.title = row.text(1);
        kept.project.lead = row.text(2);
        kept.project.from = day_of(row.int64(3));
        if (const auto to = row.optional_int64(4)) kept.project.to = day_of(*to);
        kept.project.version = row.int64(5);
        return kept;
      },
      std::int64_t{view.tenant.value}, id, std::int64_t{view.party.has_value()},
      view.party.value_or(""), static_cast<std::int64_t>(ProjectAnswer::kDeclined));
  if (!rows) return rows;
  for (KeptProject& kept : *rows) {
    auto parties = read_parties(view.tenant, kept.project.id);
    if (!parties) return parties.error();
    kept.parties = *std::move(parties);
    for (const ProjectParty& party : kept.parties) kept.project.parties.push_back(party.party);
  }
  return rows;
}

Result<KeptProject> ProjectBook::read_one(const View& view, std::string_view id) {
  if (id.empty()) return no_project(id);
  auto found = read(view, id);
  if (!found) return found.error();
  if (found->empty()) return no_project(id);
  return std::move(found->front());
}

Result<std::vector<KeptProject>> ProjectBook::list(const View& view) {
  const std::lock_guard lock(mutex_);
  return read(view, "");
}

Result<KeptProject> ProjectBook::get(const View& view, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Result<KeptProject> kept = read_one(view, id);
  if (!kept || (view.party && !has_accepted(*kept, *view.party))) return kept;
  auto entries = read_entries(view.tenant, id);
  if (!entries) return entries.error();
  kept->entries = *std::move(entries);
  return kept;
}

Status ProjectBook::check_change(const View& view, const Project& project) {
  const bool names_itself =
      !view.party || std::ranges::find(project.parties, *view.party) != project.parties.end();
  if (!names_itself) {
    return Error{ErrorId::kDenied, "parties: '" + *view.party + "' makes projects for itself only"};
  }
  const Result<KeptProject> present = read_one({view.tenant, {}}, project.id);
  if (!present && (present.error().id != ErrorId::kNotFound || project.version != 0)) {
    return present.error();
  }
  if (!present) return {};
  if (view.party && *view.party != present->project.lead) {
    // Whether it is there is told to its parties only.
    if (party_of(*present, *view.party) == nullptr && project.version != 0) {
      return no_project(project.id);
    }
    if (project.version != 0) {
      return Error{ErrorId::kDenied, "project '" + project.id + "' is changed by its lead, '" +
                                         present->project.lead + "'"};
    }
  }
  if (present->project.version != project.version) {
    return Error{ErrorId::kConflict, "project '" + project.id + "' is there with version " +
                                         std::to_string(present->project.version)};
  }
  for (const ProjectParty& party : present->parties) {
    const bool stays = std::ranges::find(project.parties, party.party) != project.parties.end();
    if (stays || party.answer != ProjectAnswer::kAccepted) continue;
    return Error{ErrorId::kConflict, "parties: '" + party.party + "' has accepted and stays"};
  }
  return {};
}

Status ProjectBook::write(const View& view, const Project& project, std::string_view by) {
  const std::int64_t number = view.tenant.value;
  std::optional<std::int64_t> to;
  if (project.to) to = number_of(*project.to);
  Status done = database_->run(
      "INSERT OR REPLACE INTO rights_projects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", number,
      project.id, project.title, project.lead, number_of(project.from), to, project.version + 1);
  if (!done) return done;
  // Who has accepted stays as it is; all others are invited anew.
  done = database_->run(
      "DELETE FROM rights_project_parties WHERE tenant = ?1 AND project = ?2 AND answer <> ?3",
      number, project.id, static_cast<std::int64_t>(ProjectAnswer::kAccepted));
  for (const std::string& party : project.parties) {
    if (!done) return done;
    const bool acts = view.party && party == *view.party;
    const auto answer = acts ? ProjectAnswer::kAccepted : ProjectAnswer::kInvited;
    done = database_->run(
        "INSERT OR IGNORE INTO rights_project_parties VALUES (?1, ?2, ?3, ?4, ?5, ?6)", number,
        project.id, party, static_cast<std::int64_t>(answer),
        acts ? std::optional(clock_.now().ns) : std::nullopt, acts ? by : std::string_view());
  }
  return done;
}

Result<KeptProject> ProjectBook::put(const View& view, const Project& project,
                                     std::string_view by) {
  if (Status sound = check_project(project); !sound) return sound.error();
  for (const std::string& party : project.parties) {
    const Result<Party> known = register_.get_party({view.tenant, {}}, party);
    if (!known) return Error{known.error().id, "parties: " + known.error().what};
  }
  {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    if (Status open = check_change(view, project); !open) return open.error();
    if (Status written = write(view, project, by); !written) return written.error();
    if (Status done = transaction->commit(); !done) return done.error();
  }
  return get({view.tenant, {}}, project.id);
}

Result<KeptProject> ProjectBook::answer(TenantId tenant, std::string_view id,
                                        std::string_view party, bool accepts, std::string_view by) {
  {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    const Result<KeptProject> kept = read_one({tenant, std::string(party)}, id);
    if (!kept) return kept;
    if (has_accepted(*kept, party)) {
      if (accepts) return kept;
      return Error{ErrorId::kConflict, "'" + std::string(party) + "' has accepted project '" +
                                           std::string(id) + "'; it leaves as the agreement says"};
    }
    const auto answer = accepts ? ProjectAnswer::kAccepted : ProjectAnswer::kDeclined;
    const Status noted = database_->run(
        "UPDATE rights_project_parties SET answer = ?4, answered = ?5, answered_by = ?6 "
        "WHERE tenant = ?1 AND project = ?2 AND party = ?3",
        std::int64_t{tenant.value}, id, party, static_cast<std::int64_t>(answer), clock_.now(), by);
    if (!noted) return noted.error();
    if (Status done = transaction->commit(); !done) return done.error();
  }
  return get({tenant, {}}, id);
}

// A party enters assets that it sees. Nobody outside the project may find his share bound by it.
Status ProjectBook::check_asset(const View& view, const ProjectEntry& entry,
                                const KeptProject& kept) {
  if (entry.asset.empty()) return {};
  if (const auto seen = register_.get_asset(view, entry.asset); !seen) {
    return Error{seen.error().id, "asset: " + seen.error().what};
  }
  if (entry.kind != EntryKind::kResult) return {};
  const Day today = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<Nanoseconds>(Nanoseconds(clock_.now().ns)));
  const auto owners = register_.shares_on(view.tenant, entry.asset, today);
  if (!owners) return owners.error();
  for (const Share& owner : *owners) {
    if (has_accepted(kept, owner.party)) continue;
    return Error{ErrorId::kConflict, "asset: '" + owner.party + "' owns a share of '" +
                                         entry.asset + "' and has not accepted the project"};
  }
  return {};
}

Result<ProjectEntry> ProjectBook::add_entry(const View& view, std::string_view id,
                                            ProjectEntry entry, std::string_view by) {
  if (Status sound = check_entry(entry); !sound) return sound.error();
  const Result<KeptProject> kept = get(view, id);
  if (!kept) return kept.error();
  if (!has_accepted(*kept, entry.party)) {
    return Error{ErrorId::kDenied,
                 "'" + entry.party + "' has not accepted project '" + std::string(id) + "'"};
  }
  if (view.party && entry.party != *view.party) {
    return Error{ErrorId::kDenied, "party: '" + *view.party + "' enters for itself only"};
  }
  if (Status open = check_asset(view, entry, *kept); !open) return open.error();
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const std::int64_t number = view.tenant.value;
  const auto last = query_number(*database_,
                                 "SELECT coalesce(max(sequence), 0) FROM rights_project_entries "
                                 "WHERE tenant = ?1 AND project = ?2",
                                 number, id);
  if (!last) return last.error();
  if (*last >= kProjectEntriesMax) {
    return Error{ErrorId::kConflict,
                 "a project has no more than " + std::to_string(kProjectEntriesMax) + " entries"};
  }
  entry.sequence = *last + 1;
  entry.recorded = clock_.now();
  entry.recorded_by = by;
  const Status written = database_->run(
      "INSERT INTO rights_project_entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL, '')",
      number, id, entry.sequence, static_cast<std::int64_t>(entry.kind), entry.party, entry.asset,
      dump(stored_entry_json(entry)), entry.recorded, entry.recorded_by);
  if (!written) return written.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return entry;
}

Status ProjectBook::withdraw(const View& view, std::string_view id, std::int64_t sequence,
                             std::string_view by) {
  const Result<KeptProject> kept = get(view, id);
  if (!kept) return kept.error();
  const auto entry = std::ranges::find(kept->entries, sequence, &ProjectEntry::sequence);
  if (entry == kept->entries.end()) {
    return Error{ErrorId::kNotFound,
                 "project '" + std::string(id) + "' has no entry " + std::to_string(sequence)};
  }
  if (view.party && entry->party != *view.party) {
    return Error{ErrorId::kDenied,
                 "entry " + std::to_string(sequence) + " is one of '" + entry->party + "'"};
  }
  if (entry->withdrawn) {
    return Error{ErrorId::kConflict, "entry " + std::to_string(sequence) + " was withdrawn before"};
  }
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const auto bound = query_number(
      *database_,
      "SELECT count(*) FROM rights_agreement_versions WHERE tenant = ?1 AND project = ?2 "
      "AND in_force IS NOT NULL",
      std::int64_t{view.tenant.value}, id);
  if (!bound) return bound.error();
  if (entry->kind == EntryKind::kResult && *bound > 0) {
    return Error{ErrorId::kConflict,
                 "an agreement of the project is in force, and its results stay under it"};
  }
  const Status done = database_->run(
      "UPDATE rights_project_entries SET withdrawn = ?4, withdrawn_by = ?5 "
      "WHERE tenant = ?1 AND project = ?2 AND sequence = ?3 AND withdrawn IS NULL",
      std::int64_t{view.tenant.value}, id, sequence, clock_.now(), by);
  if (!done) return done;
  return transaction->commit();
}

}  // namespace lineshaft::rights

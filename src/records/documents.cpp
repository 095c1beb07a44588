#include "records/documents.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lineshaft::records {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    // 1: `document_ids` remembers the last id of each kind, so that none is given twice.
    R"(CREATE TABLE documents (
         tenant INTEGER NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL,
         version INTEGER NOT NULL, json TEXT NOT NULL,
         PRIMARY KEY (tenant, kind, id)) STRICT;
       CREATE TABLE document_ids (
         tenant INTEGER NOT NULL, kind TEXT NOT NULL, last_id INTEGER NOT NULL,
         PRIMARY KEY (tenant, kind)) STRICT, WITHOUT ROWID;)",
};

Status check_kind(std::string_view kind) {
  const bool known = std::ranges::all_of(kind, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
  if (known && !kind.empty() && kind.size() <= kDocumentKindBytesMax) return {};
  return Error{ErrorId::kInvalidArgument, "kind: 1 to 64 of a-z, 0-9, '.', '_' and '-'"};
}

Status check_document(std::string_view kind, std::string_view json) {
  if (json.size() > kDocumentBytesMax) {
    return Error{ErrorId::kInvalidArgument, "json: " + std::to_string(json.size()) +
                                                " bytes are more than the " +
                                                std::to_string(kDocumentBytesMax) + " allowed"};
  }
  return check_kind(kind);
}

Status check_json(Database& database, std::string_view json) {
  Result<Statement> check = database.prepare("SELECT json_valid(?1)");
  if (!check) return std::move(check).error();
  check->bind(json);
  Result<bool> row = check->step();
  if (!row) return std::move(row).error();
  if (*row && check->int64(0) == 1) return {};
  return Error{ErrorId::kInvalidArgument, "json: is not valid JSON"};
}

Error no_document(std::string_view kind, std::int64_t id) {
  return {ErrorId::kNotFound, "there is no " + std::string(kind) + " " + std::to_string(id)};
}

Result<Document> read(Database& database, TenantId tenant, std::string_view kind, std::int64_t id) {
  Result<Statement> select = database.prepare(
      "SELECT version, json FROM documents WHERE tenant = ?1 AND kind = ?2 AND id = ?3");
  if (!select) return std::move(select).error();
  select->bind(std::int64_t{tenant.value}, kind, id);
  Result<bool> row = select->step();
  if (!row) return std::move(row).error();
  if (!*row) return no_document(kind, id);
  Document document{id, select->int64(0), std::string(select->text(1))};
  if (Status read = select->finish(); !read) return std::move(read).error();
  return document;
}

// Requires: inside a transaction, so that the answer still holds when the change is made.
Status check_version(Database& database, TenantId tenant, std::string_view kind, std::int64_t id,
                     std::int64_t expected) {
  Result<Document> present = read(database, tenant, kind, id);
  if (!present) return std::move(present).error();
  if (present->version == expected) return {};
  return Error{ErrorId::kConflict, std::string(kind) + " " + std::to_string(id) + " has version " +
                                       std::to_string(present->version) + ", not " +
                                       std::to_string(expected)};
}

Status insert(Database& database, TenantId tenant, std::string_view kind, std::int64_t id,
              std::string_view json) {
  Status noted = database.run(
      "INSERT INTO document_ids (tenant, kind, last_id) VALUES (?1, ?2, ?3) "
      "ON CONFLICT DO UPDATE SET last_id = max(last_id, excluded.last_id)",
      std::int64_t{tenant.value}, kind, id);
  if (!noted) return noted;
  return database.run(
      "INSERT INTO documents (tenant, kind, id, version, json) VALUES (?1, ?2, ?3, 1, ?4)",
      std::int64_t{tenant.value}, kind, id, json);
}

Result<std::int64_t> next_id(Database& database, TenantId tenant, std::string_view kind) {
  Result<Statement> select =
      database.prepare("SELECT last_id FROM document_ids WHERE tenant = ?1 AND kind = ?2");
  if (!select) return std::move(select).error();
  select->bind(std::int64_t{tenant.value}, kind);
  Result<bool> row = select->step();
  if (!row) return std::move(row).error();
  return *row ? select->int64(0) + 1 : std::int64_t{1};
}

}  // namespace

Result<std::unique_ptr<Documents>> Documents::open(std::unique_ptr<Database> database,
                                                   DocumentSeal* seal) {
  if (Status ready = database->migrate("documents", kSteps); !ready) {
    return std::move(ready).error();
  }
  return std::unique_ptr<Documents>(new Documents(std::move(database), seal));
}

std::string Documents::opened(TenantId tenant, std::string_view kind, std::int64_t id,
                              std::string_view stored) const {
  return seal_ != nullptr ? seal_->open(tenant, kind, id, stored) : std::string(stored);
}

Result<std::string> Documents::sealed(TenantId tenant, std::string_view kind, std::int64_t id,
                                      std::string_view json) const {
  if (seal_ != nullptr) return seal_->seal(tenant, kind, id, json);
  return std::string(json);
}

Result<std::vector<Document>> Documents::list(TenantId tenant, std::string_view kind) {
  if (Status checked = check_kind(kind); !checked) return std::move(checked).error();
  const std::lock_guard lock(mutex_);
  Result<Statement> select = database_->prepare(
      "SELECT id, version, json FROM documents WHERE tenant = ?1 AND kind = ?2 ORDER BY id");
  if (!select) return std::move(select).error();
  select->bind(std::int64_t{tenant.value}, kind);
  std::vector<Document> documents;
  for (;;) {
    Result<bool> row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return documents;
    const std::int64_t id = select->int64(0);
    documents.push_back({id, select->int64(1), opened(tenant, kind, id, select->text(2))});
  }
}

Result<Document> Documents::get(TenantId tenant, std::string_view kind, std::int64_t id) {
  if (Status checked = check_kind(kind); !checked) return std::move(checked).error();
  const std::lock_guard lock(mutex_);
  Result<Document> document = read(*database_, tenant, kind, id);
  if (document) document->json = opened(tenant, kind, id, document->json);
  return document;
}

Result<Document> Documents::create(TenantId tenant, std::string_view kind, std::string_view json) {
  if (Status checked = check_document(kind, json); !checked) return std::move(checked).error();
  const std::lock_guard lock(mutex_);
  if (Status valid = check_json(*database_, json); !valid) return std::move(valid).error();
  Result<Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  Result<std::int64_t> id = next_id(*database_, tenant, kind);
  if (!id) return std::move(id).error();
  const Result<std::string> stored = sealed(tenant, kind, *id, json);
  if (!stored) return stored.error();
  if (Status made = insert(*database_, tenant, kind, *id, *stored); !made) {
    return std::move(made).error();
  }
  if (Status kept = transaction->commit(); !kept) return std::move(kept).error();
  return Document{*id, 1, std::string(json)};
}

Result<Document> Documents::put(TenantId tenant, std::string_view kind, std::int64_t id,
                                std::string_view json, std::int64_t expected_version) {
  if (Status checked = check_document(kind, json); !checked) return std::move(checked).error();
  if (id < 1) return Error{ErrorId::kInvalidArgument, "id: must be 1 or more"};
  const std::lock_guard lock(mutex_);
  if (Status valid = check_json(*database_, json); !valid) return std::move(valid).error();
  const Result<std::string> stored = sealed(tenant, kind, id, json);
  if (!stored) return stored.error();
  Result<Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  if (expected_version == 0) {
    if (Status made = insert(*database_, tenant, kind, id, *stored); !made) {
      return std::move(made).error();
    }
  } else {
    if (Status same = check_version(*database_, tenant, kind, id, expected_version); !same) {
      return std::move(same).error();
    }
    Status replaced = database_->run(
        "UPDATE documents SET version = version + 1, json = ?4 "
        "WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
        std::int64_t{tenant.value}, kind, id, *stored);
    if (!replaced) return std::move(replaced).error();
  }
  if (Status kept = transaction->commit(); !kept) return std::move(kept).error();
  return Document{id, expected_version + 1, std::string(json)};
}

// Requires: inside a transaction; checked.
Result<Document> Documents::change_one(TenantId tenant, const DocumentChange& change) {
  Database& database = *database_;
  const std::int64_t owner{tenant.value};
  if (change.expected_version != 0) {
    Status same = check_version(database, tenant, change.kind, change.id, change.expected_version);
    if (!same) return std::move(same).error();
  }
  if (!change.json) {
    if (change.expected_version == 0) return no_document(change.kind, change.id);
    Status removed =
        database.run("DELETE FROM documents WHERE tenant = ?1 AND kind = ?2 AND id = ?3", owner,
                     change.kind, change.id);
    if (!removed) return std::move(removed).error();
    return Document{change.id, change.expected_version, ""};
  }
  Result<std::int64_t> id = change.id;
  if (change.id == 0) id = next_id(database, tenant, change.kind);
  if (!id) return std::move(id).error();
  const Result<std::string> stored = sealed(tenant, change.kind, *id, *change.json);
  if (!stored) return stored.error();
  if (change.expected_version != 0) {
    Status replaced = database.run(
        "UPDATE documents SET version = version + 1, json = ?4 "
        "WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
        owner, change.kind, change.id, *stored);
    if (!replaced) return std::move(replaced).error();
    return Document{change.id, change.expected_version + 1, *change.json};
  }
  Status made = insert(database, tenant, change.kind, *id, *stored);
  if (!made) return std::move(made).error();
  return Document{*id, 1, *change.json};
}

Result<std::vector<Document>> Documents::change(TenantId tenant,
                                                std::span<const DocumentChange> changes) {
  for (const DocumentChange& one : changes) {
    const Status checked = one.json ? check_document(one.kind, *one.json) : check_kind(one.kind);
    if (!checked) return checked.error();
    if (one.id < 0) return Error{ErrorId::kInvalidArgument, "id: must not be negative"};
  }
  const std::lock_guard lock(mutex_);
  for (const DocumentChange& one : changes) {
    if (!one.json) continue;
    if (Status valid = check_json(*database_, *one.json); !valid) return std::move(valid).error();
  }
  Result<Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  std::vector<Document> documents;
  for (const DocumentChange& one : changes) {
    Result<Document> made = change_one(tenant, one);
    if (!made) return std::move(made).error();
    documents.push_back(*std::move(made));
  }
  if (Status kept = transaction->commit(); !kept) return std::move(kept).error();
  return documents;
}

Status Documents::remove_all(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  for (const std::string_view sql :
       {"DELETE FROM documents WHERE tenant = ?1", "DELETE FROM document_ids WHERE tenant = ?1"}) {
    if (Status gone = database_->run(sql, std::int64_t{tenant.value}); !gone) return gone;
  }
  return transaction->commit();
}

Status Documents::remove(TenantId tenant, std::string_view kind, std::int64_t id,
                         std::int64_t expected_version) {
  if (Status checked = check_kind(kind); !checked) return checked;
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  if (Status same = check_version(*database_, tenant, kind, id, expected_version); !same)
    return same;
  Status removed =
      database_->run("DELETE FROM documents WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
                     std::int64_t{tenant.value}, kind, id);
  if (!removed) return removed;
  return transaction->commit();
}

// The first stale document behind `row_id`, which becomes its number. False: there is none.
Result<bool> Documents::seal_next(std::int64_t& row_id) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  Result<Statement> select = database_->prepare(
      "SELECT rowid, tenant, kind, id, json FROM documents WHERE rowid > ?1 ORDER BY rowid");
  if (!select) return std::move(select).error();
  select->bind(row_id);
  for (;;) {
    Result<bool> row = select->step();
    if (!row || !*row) return row;
    row_id = select->int64(0);
    const TenantId tenant{static_cast<std::uint32_t>(select->int64(1))};
    const std::string kind(select->text(2));
    const std::int64_t id = select->int64(3);
    const std::string stored(select->text(4));
    if (!seal_->is_stale(tenant, kind, id, stored)) continue;
    const Result<std::string> anew = sealed(tenant, kind, id, opened(tenant, kind, id, stored));
    if (!anew) return anew.error();
    if (Status ended = select->finish(); !ended) return std::move(ended).error();
    Status kept = database_->run("UPDATE documents SET json = ?2 WHERE rowid = ?1", row_id, *anew);
    if (kept) kept = transaction->commit();
    if (!kept) return std::move(kept).error();
    return true;
  }
}

// secure_delete has overwritten the pages that are free; the log still has those of before.
Status Documents::shed_old_pages() {
  const std::lock_guard lock(mutex_);
  if (Status done = database_->run("VACUUM"); !done) return done;
  return database_->run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<std::size_t> Documents::seal_stale() {
  if (seal_ == nullptr) return std::size_t{0};
  std::size_t changed = 0;
  for (std::int64_t row_id = 0;; ++changed) {
    const Result<bool> found = seal_next(row_id);
    if (!found) return found.error();
    if (!*found) break;
  }
  if (changed > 0) {
    if (Status shed = shed_old_pages(); !shed) return shed.error();
  }
  return changed;
}

}  // namespace lineshaft::records

#include "identity/audit_rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace lineshaft::identity {
namespace {

using records::Database;
using records::Statement;

constexpr std::array<std::string_view, 1> kSteps{
    // 1: more of an entry, and what proves it. Entries of before keep their form: the new fields of
    // theirs are empty. `nodes`: the hashes of the tree that the entry completes.
    R"(ALTER TABLE audit ADD COLUMN actor_kind TEXT NOT NULL DEFAULT '';
       ALTER TABLE audit ADD COLUMN actor_id INTEGER NOT NULL DEFAULT 0;
       ALTER TABLE audit ADD COLUMN door TEXT NOT NULL DEFAULT '';
       ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
       ALTER TABLE audit ADD COLUMN request TEXT NOT NULL DEFAULT '';
       ALTER TABLE audit ADD COLUMN before TEXT NOT NULL DEFAULT '';
       ALTER TABLE audit ADD COLUMN after TEXT NOT NULL DEFAULT '';
       ALTER TABLE audit ADD COLUMN result TEXT NOT NULL DEFAULT '';
       CREATE TABLE audit_seals (
         id INTEGER PRIMARY KEY, nodes BLOB NOT NULL, signature BLOB NOT NULL) STRICT;
       CREATE TABLE audit_settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
       CREATE TABLE audit_feeds (
         id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, kind TEXT NOT NULL,
         host TEXT NOT NULL, port INTEGER NOT NULL, path TEXT NOT NULL,
         trusted_pem TEXT NOT NULL, fingerprint TEXT NOT NULL,
         position INTEGER NOT NULL) STRICT;)",
};

#define LS_AUDIT_COLUMNS                                                                   \
  "id, tenant, time, actor, action, object, detail, actor_kind, actor_id, door, address, " \
  "request, before, after, result"

AuditEntry entry_of(Statement& row) {
  return {.id = static_cast<std::uint64_t>(row.int64(0)),
          .tenant = TenantId{static_cast<std::uint32_t>(row.int64(1))},
          .time = Timestamp{row.int64(2)},
          .actor = std::string(row.text(3)),
          .action = std::string(row.text(4)),
          .object = std::string(row.text(5)),
          .detail = std::string(row.text(6)),
          .actor_kind = std::string(row.text(7)),
          .actor_id = static_cast<std::uint64_t>(row.int64(8)),
          .door = std::string(row.text(9)),
          .address = std::string(row.text(10)),
          .request = std::string(row.text(11)),
          .before = std::string(row.text(12)),
          .after = std::string(row.text(13)),
          .result = std::string(row.text(14))};
}

Result<std::vector<AuditEntry>> all_of(Statement& select) {
  std::vector<AuditEntry> entries;
  for (;;) {
    Result<bool> row = select.step();
    if (!row) return std::move(row).error();
    if (!*row) return entries;
    entries.push_back(entry_of(select));
  }
}

// A pattern of LIKE that finds the text anywhere; "" for "".
std::string anywhere(std::string_view text) {
  if (text.empty()) return {};
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

// "user" -> "user.%"
std::string below(const std::string& action) {
  std::string pattern = anywhere(action);
  return pattern.empty() ? pattern : pattern.substr(1, pattern.size() - 2) + ".%";
}

constexpr std::string_view kFind =
    "SELECT " LS_AUDIT_COLUMNS
    " FROM audit WHERE tenant = ?1 AND id > ?2 AND id < ?3 AND time >= ?4 AND time < ?5"
    " AND (?6 = '' OR actor LIKE ?6 ESCAPE '\\')"
    " AND (?7 = '' OR action = ?7 OR action LIKE ?8 ESCAPE '\\')"
    " AND (?9 = '' OR object LIKE ?9 ESCAPE '\\') AND (?10 = '' OR result = ?10)"
    " AND (?11 = '' OR actor LIKE ?11 ESCAPE '\\' OR action LIKE ?11 ESCAPE '\\'"
    " OR object LIKE ?11 ESCAPE '\\' OR detail LIKE ?11 ESCAPE '\\'"
    " OR before LIKE ?11 ESCAPE '\\' OR after LIKE ?11 ESCAPE '\\'"
    " OR address LIKE ?11 ESCAPE '\\' OR request LIKE ?11 ESCAPE '\\')";

Result<std::int64_t> one_number(Database& database, std::string_view sql, std::int64_t parameter) {
  Result<Statement> select = database.prepare(sql);
  if (!select) return std::move(select).error();
  select->bind(parameter);
  Result<bool> row = select->step();
  if (!row) return std::move(row).error();
  return *row ? select->int64(0) : 0;
}

}  // namespace

Status migrate_audit(Database& database) { return database.migrate("identity.audit", kSteps); }

Status insert_entry(Database& database, const AuditEntry& entry) {
  return database.run("INSERT INTO audit (" LS_AUDIT_COLUMNS
                      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                      static_cast<std::int64_t>(entry.id), std::int64_t{entry.tenant.value},
                      entry.time, entry.actor, entry.action, entry.object, entry.detail,
                      entry.actor_kind, static_cast<std::int64_t>(entry.actor_id), entry.door,
                      entry.address, entry.request, entry.before, entry.after, entry.result);
}

Result<std::vector<AuditEntry>> find_entries(Database& database, TenantId tenant,
                                             const AuditFilter& filter, const AuditSpan& span) {
  const std::string sql =
      std::string(kFind) +
      (span.order == AuditOrder::kNewestFirst ? " ORDER BY id DESC" : " ORDER BY id") +
      " LIMIT ?12";
  Result<Statement> select = database.prepare(sql);
  if (!select) return std::move(select).error();
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const bool has_end = span.before != 0 && span.before < static_cast<std::uint64_t>(kEnd);
  select->bind(std::int64_t{tenant.value},
               static_cast<std::int64_t>(std::min<std::uint64_t>(span.after, kEnd)),
               has_end ? static_cast<std::int64_t>(span.before) : kEnd,
               filter.from ? filter.from->ns : std::numeric_limits<std::int64_t>::min(),
               filter.to ? filter.to->ns : kEnd, anywhere(filter.actor), filter.action,
               below(filter.action), anywhere(filter.object), filter.result, anywhere(filter.text),
               static_cast<std::int64_t>(span.limit));
  return all_of(*select);
}

Result<std::vector<AuditEntry>> entries_behind(Database& database, std::uint64_t after,
                                               std::uint64_t limit) {
  Result<Statement> select =
      database.prepare("SELECT " LS_AUDIT_COLUMNS " FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2");
  if (!select) return std::move(select).error();
  select->bind(static_cast<std::int64_t>(after), static_cast<std::int64_t>(limit));
  return all_of(*select);
}

Result<std::uint64_t> count_entries(Database& database, TenantId tenant) {
  const auto count = one_number(database, "SELECT count(*) FROM audit WHERE tenant = ?1",
                                std::int64_t{tenant.value});
  if (!count) return count.error();
  return static_cast<std::uint64_t>(*count);
}

Result<std::uint64_t> last_entry_id(Database& database) {
  const auto id = one_number(database, "SELECT coalesce(max(id), 0) FROM audit WHERE id > ?1", 0);
  if (!id) return id.error();
  return static_cast<std::uint64_t>(*id);
}

Result<std::uint64_t> removed_through(Database& database) {
  Result<Statement> select = database.prepare(
      "SELECT object FROM audit WHERE action = ?1 AND actor_kind = 'server' "
      "ORDER BY id DESC LIMIT 1");
  if (!select) return std::move(select).error();
  select->bind(kAuditRemoveAction);
  Result<bool> row = select->step();
  if (!row) return std::move(row).error();
  std::uint64_t through = 0;
  if (!*row) return through;
  const std::string_view digits = select->text(0);
  std::from_chars(digits.data(), digits.data() + digits.size(), through);
  return through;
}

Result<std::uint64_t> last_before(Database& database, Timestamp time) {
  const auto first_kept =
      one_number(database, "SELECT coalesce(min(id), 0) FROM audit WHERE time >= ?1", time.ns);
  if (!first_kept) return first_kept.error();
  // With a clock that was set right later, an old entry may stand behind a newer one: it stays.
  return *first_kept > 0 ? static_cast<std::uint64_t>(*first_kept) - 1 : std::uint64_t{0};
}

Status delete_through(Database& database, std::uint64_t id) {
  return database.run("DELETE FROM audit WHERE id <= ?1", static_cast<std::int64_t>(id));
}

Result<std::optional<std::int64_t>> audit_setting(Database& database, std::string_view name) {
  Result<Statement> select = database.prepare("SELECT value FROM audit_settings WHERE name = ?1");
  if (!select) return std::move(select).error();
  select->bind(name);
  Result<bool> row = select->step();
  if (!row) return std::move(row).error();
  return *row ? std::optional(select->int64(0)) : std::nullopt;
}

Status set_audit_setting(Database& database, std::string_view name, std::int64_t value) {
  return database.run(
      "INSERT INTO audit_settings (name, value) VALUES (?1, ?2) "
      "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name, value);
}

}  // namespace lineshaft::identity

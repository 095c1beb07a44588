// identity/audit_rows.h: the table of entries: what it looks like, and reading it.
#pragma once

#include <optional>
#include <vector>

#include "identity/audit.h"
#include "records/database.h"

namespace lineshaft::identity {

// Requires: migrate_store() ran before: the table began there.
Status migrate_audit(records::Database& database);

Status insert_entry(records::Database& database, const AuditEntry& entry);

enum class AuditOrder : std::uint8_t { kNewestFirst, kOldestFirst };

struct AuditSpan {
  std::uint64_t after = 0;   // not included
  std::uint64_t before = 0;  // not included; 0: no end
  AuditOrder order = AuditOrder::kNewestFirst;
  std::uint64_t limit = kAuditPageMax;
};

// Those of one organisation that pass.
Result<std::vector<AuditEntry>> find_entries(records::Database& database, TenantId tenant,
                                             const AuditFilter& filter, const AuditSpan& span);
// Of all organisations, the oldest first.
Result<std::vector<AuditEntry>> entries_behind(records::Database& database, std::uint64_t after,
                                               std::uint64_t limit);
Result<std::uint64_t> count_entries(records::Database& database, TenantId tenant);
Result<std::uint64_t> last_entry_id(records::Database& database);

// --- what is too old ---
inline constexpr std::string_view kAuditRemoveAction = "audit.remove";  // its object: the last one
// Up to which entry they may be missing, as the newest entry of that action says.
Result<std::uint64_t> removed_through(records::Database& database);
// The last of the unbroken run of entries from the oldest on that are older.
Result<std::uint64_t> last_before(records::Database& database, Timestamp time);
Status delete_through(records::Database& database, std::uint64_t id);

// --- settings --- nothing if it was never set.
Result<std::optional<std::int64_t>> audit_setting(records::Database& database,
                                                  std::string_view name);
Status set_audit_setting(records::Database& database, std::string_view name, std::int64_t value);

}  // namespace lineshaft::identity

// The places outside to which entries go, and how far each got. The sending: app/audit_sender.h.
#include <algorithm>

#include "identity/audit_entry.h"
#include "identity/audit_trail.h"

namespace lineshaft::identity {
namespace {

using records::Database;

constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kPathBytesMax = 1'000;
constexpr std::size_t kPemBytesMax = 64 * 1024;

#define LS_FEED_COLUMNS "id, tenant, kind, host, port, path, trusted_pem, fingerprint, position"

Result<std::vector<std::pair<TenantId, AuditFeed>>> feeds_of(Database& database,
                                                             std::int64_t tenant) {
  Result<records::Statement> select = database.prepare(
      "SELECT " LS_FEED_COLUMNS " FROM audit_feeds WHERE ?1 = 0 OR tenant = ?1 ORDER BY id");
  if (!select) return std::move(select).error();
  select->bind(tenant);
  std::vector<std::pair<TenantId, AuditFeed>> feeds;
  for (;;) {
    Result<bool> row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return feeds;
    AuditFeed feed{.id = static_cast<std::uint64_t>(select->int64(0)),
                   .kind = std::string(select->text(2)),
                   .host = std::string(select->text(3)),
                   .port = static_cast<std::uint16_t>(select->int64(4)),
                   .path = std::string(select->text(5)),
                   .trusted_pem = std::string(select->text(6)),
                   .fingerprint = std::string(select->text(7)),
                   .position = static_cast<std::uint64_t>(select->int64(8))};
    feeds.emplace_back(TenantId{static_cast<std::uint32_t>(select->int64(1))}, std::move(feed));
  }
}

bool has_blank(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

Status check_feed(const AuditFeed& feed) {
  const auto wrong = [](const char* what) { return Error{ErrorId::kInvalidArgument, what}; };
  const bool https = feed.kind == "https";
  if (!https && feed.kind != "syslog-tls" && feed.kind != "syslog-tcp") {
    return wrong("kind: must be syslog-tls, syslog-tcp or https");
  }
  if (feed.host.empty() || feed.host.size() > kHostBytesMax || has_blank(feed.host)) {
    return wrong("host: must be a name or an address");
  }
  if (feed.port == 0) return wrong("port: from 1 to 65535");
  if (https && (!feed.path.starts_with('/') || has_blank(feed.path))) {
    return wrong("path: must begin with a slash");
  }
  if (!https && !feed.path.empty()) return wrong("path: is for https only");
  if (feed.path.size() > kPathBytesMax) return wrong("path: too long");
  if (feed.trusted_pem.size() > kPemBytesMax) return wrong("trusted_pem: too long");
  // The client for HTTPS knows a fingerprint or the authorities of the machine.
  if (https && !feed.trusted_pem.empty()) return wrong("trusted_pem: is for syslog-tls only");
  if (feed.kind == "syslog-tcp" && !(feed.trusted_pem.empty() && feed.fingerprint.empty())) {
    return wrong("fingerprint: syslog-tcp proves nothing; use syslog-tls");
  }
  return {};
}

AuditRow feed_row(const Principal& actor, std::string_view action, const AuditFeed& feed,
                  Timestamp now) {
  return {.tenant = actor.tenant,
          .time = now,
          .actor = actor.name,
          .action = std::string(action),
          .object = feed.kind + " " + feed.host + ":" + std::to_string(feed.port) + feed.path,
          .detail = "",
          .actor_kind = std::string(kind_word(actor)),
          .actor_id = actor.id,
          .door = std::string(door_word(actor.origin.door)),
          .address = actor.origin.address,
          .request = actor.origin.request,
          .before = "",
          .after = "",
          .result = "done"};
}

}  // namespace

Result<std::vector<std::pair<TenantId, AuditFeed>>> Trail::all_feeds() {
  const std::lock_guard lock(reading_mutex_);
  return feeds_of(*reading_, 0);
}

Result<std::vector<AuditFeed>> Trail::list_feeds(const Principal& actor) {
  if (Status may = authorise(actor, Permission::kAuditRead); !may) return std::move(may).error();
  const std::lock_guard lock(reading_mutex_);
  auto found = feeds_of(*reading_, std::int64_t{actor.tenant.value});
  if (!found) return std::move(found).error();
  std::vector<AuditFeed> feeds;
  for (auto& [tenant, feed] : *found) feeds.push_back(std::move(feed));
  return feeds;
}

// A new one begins with the entry that tells of it.
Result<AuditFeed> Trail::add_feed(const Principal& actor, AuditFeed feed) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  if (Status good = check_feed(feed); !good) return std::move(good).error();
  const std::lock_guard lock(writer_.mutex);
  Database& database = writer_.database;
  const std::int64_t tenant{actor.tenant.value};
  const auto known = feeds_of(database, tenant);
  if (!known) return known.error();
  if (known->size() >= kAuditFeedsMax) {
    return Error{ErrorId::kConflict, "there are " + std::to_string(kAuditFeedsMax) + " already"};
  }
  Result<records::Transaction> transaction = database.begin();
  if (!transaction) return std::move(transaction).error();
  const Result<std::uint64_t> position = last_entry_id(database);
  if (!position) return position.error();
  feed.position = *position;
  Status added = database.run(
      "INSERT INTO audit_feeds (tenant, kind, host, port, path, trusted_pem, fingerprint, position)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      tenant, feed.kind, feed.host, std::int64_t{feed.port}, feed.path, feed.trusted_pem,
      feed.fingerprint, static_cast<std::int64_t>(feed.position));
  if (!added) return std::move(added).error();
  feed.id = static_cast<std::uint64_t>(database.last_insert_id());
  const AuditRow row = feed_row(actor, "audit.feed.add", feed, clock_.now());
  if (Status noted = writer_.log.write(row); !noted) return std::move(noted).error();
  if (Status kept = transaction->commit(); !kept) return std::move(kept).error();
  return feed;
}

Status Trail::remove_feed(const Principal& actor, std::uint64_t id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  const std::lock_guard lock(writer_.mutex);
  Database& database = writer_.database;
  const auto known = feeds_of(database, std::int64_t{actor.tenant.value});
  if (!known) return known.error();
  const auto found =
      std::ranges::find_if(*known, [&](const auto& each) { return each.second.id == id; });
  if (found == known->end()) {
    return Error{ErrorId::kNotFound, "there is no feed " + std::to_string(id)};
  }
  Result<records::Transaction> transaction = database.begin();
  if (!transaction) return std::move(transaction).error();
  const AuditRow row = feed_row(actor, "audit.feed.remove", found->second, clock_.now());
  if (Status noted = writer_.log.write(row); !noted) return noted;
  Status gone =
      database.run("DELETE FROM audit_feeds WHERE id = ?1", static_cast<std::int64_t>(id));
  if (!gone) return gone;
  return transaction->commit();
}

Result<std::vector<AuditEntry>> Trail::entries_to_send(TenantId tenant, std::uint64_t after,
                                                       std::uint64_t limit) {
  return find(tenant, {},
              {.after = after, .before = 0, .order = AuditOrder::kOldestFirst, .limit = limit});
}

Status Trail::keep_position(std::uint64_t feed, std::uint64_t position) {
  const std::lock_guard lock(writer_.mutex);
  return writer_.database.run("UPDATE audit_feeds SET position = ?2 WHERE id = ?1",
                              static_cast<std::int64_t>(feed), static_cast<std::int64_t>(position));
}

}  // namespace lineshaft::identity

#include "identity/service.h"

#include <algorithm>
#include <utility>

#include "identity/audit_entry.h"
#include "identity/grant_store.h"
#include "identity/organisation_store.h"

namespace lineshaft::identity {
namespace {

// A session that is in use anyway is written once a minute; one that only grows older, once an
// hour.
constexpr Nanoseconds kAgeWrittenEvery = std::chrono::hours(1);
constexpr Nanoseconds kUseWrittenEvery = std::chrono::minutes(1);

bool far_apart(Timestamp a, Timestamp b, Nanoseconds limit) {
  return std::max(a, b) - std::min(a, b) >= limit;
}

}  // namespace

struct Service::Unwritten {
  std::vector<Digest> ended;
  std::vector<SessionRow> sessions;
  std::vector<TokenRow> tokens;
  bool empty() const { return ended.empty() && sessions.empty() && tokens.empty(); }
};

Result<std::unique_ptr<Identity>> Identity::open(std::unique_ptr<records::Database> database,
                                                 sys::Clock& clock, sys::Random& random,
                                                 IdentityOptions options) {
  if (Status ready = prepare_secrets(); !ready) return std::move(ready).error();
  auto service = std::make_unique<Service>(std::move(database), clock, random, options);
  if (Status loaded = service->load(); !loaded) return std::move(loaded).error();
  return std::unique_ptr<Identity>(std::move(service));
}

Service::Service(std::unique_ptr<records::Database> database, sys::Clock& clock,
                 sys::Random& random, IdentityOptions options)
    : clock_(clock),
      seal_(options.seal),
      // The records are on the real disk, whatever else is simulated.
      audit_files_(options.audit_files != nullptr ? *options.audit_files : sys::real_file_system()),
      gate_(options.hashes_at_once_max, options.hashes_waiting_max),
      provider_client_(options.web, clock),
      random_(random),
      database_(std::move(database)),
      audit_(*database_) {}

Status Service::load() {
  Result<std::string> nobody = hash_password(new_secret());
  if (!nobody) return std::move(nobody).error();
  nobody_hash_ = std::move(nobody).value();

  const std::scoped_lock lock(database_mutex_, state_mutex_);
  if (Status ready = migrate_store(*database_); !ready) return ready;
  if (Status ready = migrate_organisations(*database_); !ready) return ready;
  if (Status ready = open_audit(); !ready) return ready;
  if (Status ready = migrate_factors(*database_); !ready) return ready;
  if (Status ready = migrate_providers(*database_); !ready) return ready;
  auto organisations = load_all_organisations(*database_);
  if (!organisations) return std::move(organisations).error();
  for (Organisation& each : *organisations) state_.organisations[each.id] = std::move(each);
  auto policies = load_policies(*database_);
  if (!policies) return std::move(policies).error();
  state_.policies = *std::move(policies);
  auto requests = load_requests(*database_);
  if (!requests) return std::move(requests).error();
  state_.requests = *std::move(requests);
  auto users = load_users(*database_);
  if (!users) return std::move(users).error();
  for (User& each : *users) {
    each.access = Access(each.access.grants(), withheld_in(each.tenant));
    state_.users[each.id] = std::move(each);
  }

  auto sessions = load_sessions(*database_);
  if (!sessions) return std::move(sessions).error();
  for (const SessionRow& row : *sessions) {
    const LiveSession session{.user = row.user,
                              .age = Stopwatch::resume(row.created, row.age, clock_),
                              .idle = Stopwatch::resume(row.used, row.idle, clock_),
                              .used_on_disk = row.used,
                              .age_on_disk = row.age};
    state_.sessions.insert_or_assign(row.digest, session);
  }
  auto tokens = load_tokens(*database_);
  if (!tokens) return std::move(tokens).error();
  for (TokenRow& row : *tokens) {
    const Stopwatch age = Stopwatch::resume(row.token.created, row.age, clock_);
    const std::optional<Timestamp> use = row.token.last_used;
    row.token.access = Access(row.token.access.grants(), withheld_in(row.token.tenant));
    state_.tokens.insert_or_assign(row.digest,
                                   LiveToken{std::move(row.token), row.digest, age, use});
  }
  Status factors = load_factor_tables();
  return factors ? load_provider_tables() : factors;
}

// Requires: database_mutex_ held.
Status Service::open_audit() {
  sys::FileSystem& files = audit_files_;
  if (Status ready = audit_.open(files, random_, clock_.now()); !ready) return ready;
  auto reading = records::Database::open(files, {.path = database_->path(), .check = false});
  if (!reading) return std::move(reading).error();
  trail_ = std::make_unique<Trail>(Trail::Writer{database_mutex_, *database_, audit_},
                                   *std::move(reading), files, clock_);
  return {};
}

std::string Service::new_secret() {
  const std::lock_guard lock(random_mutex_);
  return random_secret(random_);
}

Bytes Service::random_bytes(std::size_t count) {
  Bytes bytes(count);
  const std::lock_guard lock(random_mutex_);
  random_.fill(bytes);
  return bytes;
}

AuditRow Service::audit_row(const Principal& actor, std::string_view action, std::string object,
                            std::string detail, std::string before, std::string after) const {
  return {.tenant = actor.tenant,
          .time = clock_.now(),
          .actor = actor.name,
          .action = std::string(action),
          .object = std::move(object),
          .detail = std::move(detail),
          .actor_kind = std::string(kind_word(actor)),
          .actor_id = actor.id,
          .door = std::string(door_word(actor.origin.door)),
          .address = actor.origin.address,
          .request = actor.origin.request,
          .before = std::move(before),
          .after = std::move(after)};
}

Result<std::string> Service::hash_at_gate(std::string_view password) {
  Result<HashGate::Pass> pass = gate_.enter();
  if (!pass) return std::move(pass).error();
  return hash_password(password);
}

Result<bool> Service::verify_at_gate(const std::string& hash, std::string_view password) {
  Result<HashGate::Pass> pass = gate_.enter();
  if (!pass) return std::move(pass).error();
  return verify_password(hash, password);
}

Status Service::append_audit(const Principal& actor, std::string_view action,
                             std::string_view object, std::string_view detail) {
  const std::lock_guard lock(database_mutex_);
  return audit_.append(audit_row(actor, action, std::string(object), std::string(detail)));
}

Result<AuditPage> Service::list_audit(const Principal& actor, std::uint64_t offset,
                                      std::uint64_t limit) {
  if (Status may = authorise(actor, Permission::kAuditRead); !may) return std::move(may).error();
  if (limit > kAuditPageMax) {
    return Error{ErrorId::kInvalidArgument, "limit: at most " + std::to_string(kAuditPageMax)};
  }
  const std::lock_guard lock(database_mutex_);
  return audit_.list(actor.tenant, offset, limit);
}

Service::Unwritten Service::collect_unwritten() {
  std::vector<Digest> over;
  for (const auto& [digest, session] : state_.sessions) {
    if (expired(session)) over.push_back(digest);
  }
  end_sessions(over);

  Unwritten unwritten{.ended = state_.ended, .sessions = {}, .tokens = {}};
  for (const auto& [digest, session] : state_.sessions) {
    const Nanoseconds age = session.age.elapsed(clock_);
    const bool used = session.used_on_disk != session.idle.started();
    if (!used && age - session.age_on_disk < kAgeWrittenEvery) continue;
    unwritten.sessions.push_back({.digest = digest,
                                  .user = session.user,
                                  .created = session.age.started(),
                                  .age = age,
                                  .used = session.idle.started(),
                                  .idle = session.idle.elapsed(clock_)});
  }
  for (const auto& [digest, token] : state_.tokens) {
    const std::optional<Timestamp>& used = token.token.last_used;
    if (!used) continue;
    if (token.use_on_disk && !far_apart(*used, *token.use_on_disk, kUseWrittenEvery)) continue;
    unwritten.tokens.push_back({token.token, digest, token.age.elapsed(clock_)});
  }
  return unwritten;
}

Status Service::write_unwritten(const Unwritten& unwritten) {
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  for (const Digest& digest : unwritten.ended) {
    if (Status done = delete_session(*database_, digest); !done) return done;
  }
  for (const SessionRow& row : unwritten.sessions) {
    if (Status done = put_session(*database_, row); !done) return done;
  }
  for (const TokenRow& row : unwritten.tokens) {
    if (Status done = update_token_use(*database_, row); !done) return done;
  }
  return transaction->commit();
}

Status Service::maintain() {
  if (Status written = write_waiting(); !written) return written;
  return trail_->maintain();
}

Status Service::write_waiting() {
  const std::lock_guard database_lock(database_mutex_);
  Unwritten unwritten;
  {
    const std::lock_guard lock(state_mutex_);
    unwritten = collect_unwritten();
  }
  if (!unwritten.empty()) {
    if (Status written = write_unwritten(unwritten); !written) return written;
    const std::lock_guard lock(state_mutex_);
    // Sessions may have ended meanwhile, but only by find_session: they stand behind the others.
    state_.ended.erase(state_.ended.begin(),
                       state_.ended.begin() + static_cast<std::ptrdiff_t>(unwritten.ended.size()));
    for (const SessionRow& row : unwritten.sessions) {
      const auto found = state_.sessions.find(row.digest);
      if (found == state_.sessions.end()) continue;
      found->second.used_on_disk = row.used;
      found->second.age_on_disk = row.age;
    }
    for (const TokenRow& row : unwritten.tokens) {
      const auto found = state_.tokens.find(row.digest);
      if (found != state_.tokens.end()) found->second.use_on_disk = row.token.last_used;
    }
  }
  return audit_.write_waiting();
}

}  // namespace lineshaft::identity

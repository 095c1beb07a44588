#include "rights/key_book.h"

#include <algorithm>

#include "rights/agreement_schema.h"
#include "rights/schema.h"

namespace lineshaft::rights {
namespace {

constexpr std::size_t kLabelCharactersMax = 100;

RegisteredKey key_row(records::Statement& row) {
  RegisteredKey key;
  const ByteSpan bytes = row.blob(0);
  std::copy_n(bytes.begin(), std::min(bytes.size(), key.key.bytes.size()), key.key.bytes.begin());
  key.user = static_cast<std::uint64_t>(row.int64(1));
  key.owner = row.text(2);
  key.label = row.text(3);
  key.registered = Timestamp{row.int64(4)};
  if (const auto revoked = row.optional_int64(5)) key.revoked = Timestamp{*revoked};
  return key;
}

Error no_key(std::string_view id) {
  return {ErrorId::kNotFound, "there is no key '" + std::string(id) + "' of this account"};
}

}  // namespace

Result<std::unique_ptr<KeyBook>> KeyBook::open(std::unique_ptr<records::Database> database,
                                               sys::Clock& clock) {
  if (Status ready = database->migrate(kAgreementTables, agreement_steps()); !ready) {
    return ready.error();
  }
  return std::unique_ptr<KeyBook>(new KeyBook(std::move(database), clock));
}

Result<std::vector<RegisteredKey>> KeyBook::list(TenantId tenant,
                                                 std::optional<std::uint64_t> user) {
  const std::lock_guard lock(mutex_);
  return query<RegisteredKey>(
      *database_,
      "SELECT key, user, owner, label, registered, revoked FROM rights_keys WHERE tenant = ?1 "
      "AND (?2 = 0 OR user = ?3) ORDER BY registered, id",
      key_row, std::int64_t{tenant.value}, std::int64_t{user.has_value()},
      static_cast<std::int64_t>(user.value_or(0)));
}

Result<RegisteredKey> KeyBook::add(TenantId tenant, RegisteredKey key) {
  if (Status sound = check_text("label", key.label, kLabelCharactersMax); !sound) {
    return sound.error();
  }
  const std::lock_guard lock(mutex_);
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const std::int64_t number = tenant.value;
  const auto user = static_cast<std::int64_t>(key.user);
  const auto have = query_number(
      *database_, "SELECT count(*) FROM rights_keys WHERE tenant = ?1 AND user = ?2", number, user);
  if (!have) return have.error();
  if (*have >= kKeysOfAccountMax) {
    return Error{ErrorId::kConflict,
                 "the account has " + std::to_string(kKeysOfAccountMax) + " keys; use one of them"};
  }
  key.registered = clock_.now();
  key.revoked.reset();
  const Status kept = database_->run(
      "INSERT INTO rights_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)", number, key.key.id(),
      ByteSpan(key.key.bytes), user, key.owner, key.label, key.registered);
  if (!kept && kept.error().id == ErrorId::kConflict) {
    return Error{ErrorId::kConflict, "this key is registered already"};
  }
  if (!kept) return kept.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return key;
}

Status KeyBook::revoke(TenantId tenant, std::optional<std::uint64_t> user, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Status done = database_->run(
      "UPDATE rights_keys SET revoked = coalesce(revoked, ?4) WHERE tenant = ?1 AND id = ?2 "
      "AND (?3 IS NULL OR user = ?3)",
      std::int64_t{tenant.value}, id,
      user ? std::optional(static_cast<std::int64_t>(*user)) : std::nullopt, clock_.now());
  if (done && database_->changed_rows() == 0) return no_key(id);
  return done;
}

Result<PublicKey> KeyBook::usable(TenantId tenant, std::uint64_t user, std::string_view id) {
  const auto keys = list(tenant, user);
  if (!keys) return keys.error();
  for (const RegisteredKey& key : *keys) {
    if (key.key.id() != id) continue;
    if (!key.revoked) return key.key;
    return Error{ErrorId::kConflict, "key '" + std::string(id) + "' is revoked"};
  }
  return no_key(id);
}

}  // namespace lineshaft::rights

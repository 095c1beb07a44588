// rights/key_book.h: which public keys belong to which account. The private ones never come here.
//
// Threads: any; calls wait for each other. Every call blocks for the disk.
// Errors of every call besides those named: as records::Statement::step.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "records/database.h"
#include "rights/register.h"
#include "rights/signing_key.h"

namespace lineshaft::rights {

inline constexpr std::int64_t kKeysOfAccountMax = 20;

struct RegisteredKey {
  PublicKey key;
  std::uint64_t user = 0;
  std::string owner;  // the account's name when the key was registered
  std::string label;
  Timestamp registered;
  std::optional<Timestamp> revoked;
};

class KeyBook {
 public:
  // Takes the database for itself; the clock must outlive the book. Errors: as Database::migrate.
  static Result<std::unique_ptr<KeyBook>> open(std::unique_ptr<records::Database> database,
                                               sys::Clock& clock);

  // Of one account, or all; in order of time. Revoked ones stay.
  Result<std::vector<RegisteredKey>> list(TenantId tenant, std::optional<std::uint64_t> user);
  // Errors: kInvalidArgument: the label; kConflict: the key is registered, or there are
  // kKeysOfAccountMax of this account.
  Result<RegisteredKey> add(TenantId tenant, RegisteredKey key);
  // What it has signed stays signed. Errors: kNotFound: no such key of this account.
  Status revoke(TenantId tenant, std::optional<std::uint64_t> user, std::string_view id);
  // The key with which an account may sign. Errors: kNotFound: it has no such key; kConflict: it
  // is revoked.
  Result<PublicKey> usable(TenantId tenant, std::uint64_t user, std::string_view id);

 private:
  KeyBook(std::unique_ptr<records::Database> database, sys::Clock& clock)
      : database_(std::move(database)), clock_(clock) {}

  std::mutex mutex_;
  std::unique_ptr<records::Database> database_;  // guarded by mutex_
  sys::Clock& clock_;
};

}  // namespace lineshaft::rights

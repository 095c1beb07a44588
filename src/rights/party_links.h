// rights/party_links.h: which organisation of the server each party of the register is, so that its
// administrator can name who speaks for it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "model/sample.h"
#include "records/database.h"

namespace lineshaft::rights {

// Threads: any; calls wait for each other and block for the disk. A party without a link is of the
// organisation that keeps the register.
class PartyLinks {
 public:
  // Takes the database for itself. Errors: as Database::migrate.
  static Result<std::unique_ptr<PartyLinks>> open(std::unique_ptr<records::Database> database);

  // Replaces what was; the tenant 0 takes it away. Requires: the party exists.
  Status set(const std::string& party, TenantId tenant);
  Result<std::map<std::string, TenantId>> all();
  Status forget(TenantId tenant);

 private:
  explicit PartyLinks(std::unique_ptr<records::Database> database)
      : database_(std::move(database)) {}

  std::mutex mutex_;
  std::unique_ptr<records::Database> database_;
};

}  // namespace lineshaft::rights

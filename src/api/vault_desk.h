// api/vault_desk.h: the keys of the server, as the API sees them: never the keys themselves.
// Joined in app/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"

namespace lineshaft::api {

struct VaultKey {
  TenantId owner;  // 0: the server
  std::uint32_t number = 0;
  Timestamp made;
  std::string state;  // "active", "retired", "destroyed"
};

struct VaultView {
  std::string id;
  std::string master;  // "file", "credential", "passphrase", "pkcs11"
  Timestamp master_since;
  std::string master_place;  // in words
  std::string advice;        // what to mend; "" if nothing
  bool encryption = false;   // of what is written
  std::uint64_t files_sealed = 0, files_clear = 0, files_old_keys = 0;
  bool rotating = false;
  std::string trouble;  // of the last rotation; "" if there was none
  std::vector<VaultKey> keys;
};

// Threads: any.
class VaultDesk {
 public:
  virtual ~VaultDesk() = default;
  virtual Result<VaultView> view() = 0;
  // New keys, and everything sealed under them in the background.
  // Errors: kConflict: one is running; of the disk.
  virtual Status rotate() = 0;
};

}  // namespace lineshaft::api

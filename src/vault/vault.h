// vault/vault.h: the keys of the server and of each organisation, sealed under one master key; what
// seals with them and opens again. docs/explanation/secrets.md, docs/formats/vault.md.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vault/key_file.h"
#include "vault/master_key.h"

namespace lineshaft::vault {

struct VaultPlace {
  sys::FileSystem& files;
  sys::Clock& clock;
  sys::Random& random;
  std::string directory;  // of keys.json
};

struct KeyInfo {
  TenantId owner;
  std::uint32_t number = 0;
  Timestamp made;
  KeyState state = KeyState::kActive;
};

// One key, as files are enciphered under it.
struct FileKey {
  std::uint32_t number = 0;
  SecretBytes key;
};

// Threads: any. Everything borrowed must outlive the vault.
class Vault {
 public:
  // Opens the keys of the directory, or makes the first ones.
  // Errors: kBadConfig: the master key is not there, or another one; kCorrupt: both copies of the
  // keys are damaged; kFormatTooNew; of the disk.
  static Result<std::unique_ptr<Vault>> open(const VaultPlace& place, MasterSettings settings);
  static bool exists(sys::FileSystem& files, const std::string& directory);

  // A text for a document or a table. `bound`: what it is and whose ("connection/12/password");
  // opening has to name the same. Errors: kCorrupt: the keys of the owner are destroyed; of the
  // disk (the first key of an owner is made).
  Result<std::string> seal(TenantId owner, std::string_view bound, std::string_view plain);
  // Errors: kCorrupt: changed, moved, or its key is not there any more.
  Result<std::string> unseal(TenantId owner, std::string_view bound, std::string_view sealed) const;
  // Is it sealed under the newest key of its owner?
  bool is_current(TenantId owner, std::string_view sealed) const;

  // For files: the newest key (made if there is none), or one by its number. Errors: kCorrupt.
  Result<FileKey> file_key(TenantId owner);
  Result<FileKey> file_key(TenantId owner, std::uint32_t number) const;

  // A new key for every owner that has one; the former ones open from now on what they sealed.
  Status rotate();
  // Forgets the retired keys of an owner: nothing may be sealed under them any more.
  Status drop_retired(TenantId owner);
  // Seals the keys anew under another master key; what they seal stays as it is.
  Status change_master(const MasterSettings& settings);
  // The keys of the owner are no more: whatever they sealed, in whatever copy, does not open again
  // here. The owner gets no new ones. What backups hold of keys.json still has them, under the
  // master key of that time: change_master() and the loss of the former one end that too.
  Status destroy(TenantId owner);

  std::string id() const;
  MasterNote master() const;
  std::vector<KeyInfo> keys() const;

 private:
  using KeyName = std::pair<TenantId, std::uint32_t>;

  Vault(const VaultPlace& place, MasterSettings settings)
      : place_(place), settings_(std::move(settings)) {}
  Status make_first();
  Status load(const std::vector<std::string>& texts);
  // All of these require that mutex_ is held.
  Status unseal_keys();
  Status add_key(KeyFile& next, TenantId owner, std::map<KeyName, SecretBytes>& made);
  Status keep(KeyFile next, std::map<KeyName, SecretBytes> made);
  Result<std::uint32_t> active(TenantId owner);
  Result<const SecretBytes*> find(TenantId owner, std::uint32_t number) const;

  const VaultPlace place_;
  MasterSettings settings_;
  mutable std::mutex mutex_;  // guards what follows
  KeyFile file_;
  SecretBytes master_;
  std::map<KeyName, SecretBytes> keys_;
};

}  // namespace lineshaft::vault

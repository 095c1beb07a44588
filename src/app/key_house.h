// app/key_house.h: the keys of the server and what stands on them: sealed documents, sealed files.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/vault_desk.h"
#include "app/config.h"
#include "app/document_seal.h"
#include "identity/factors.h"
#include "vault/sealed_files.h"

namespace lineshaft::app {

class KeyHouse {
 public:
  // Requires: the data directory is locked. Before any store is opened: files that lie in the
  // clear and should not, or under retired keys, are sealed first.
  // Errors: as Vault::open; of the disk.
  static Result<std::unique_ptr<KeyHouse>> open(const Config& config);

  vault::Vault& vault() { return *vault_; }
  // Of the stores: with encryption everything is sealed, without it the private keys are.
  sys::FileSystem& files() { return *files_; }
  // Of tls/ and opcua/, whose certificates others read: only private keys are sealed.
  sys::FileSystem& key_files() { return *key_files_; }
  records::DocumentSeal& seal() { return *seal_; }
  const Config& config() const { return config_; }

  // What else seals under the keys of the house: done with every settle().
  void also_settle(std::function<Status()> reseal) { also_.push_back(std::move(reseal)); }
  identity::SecretSeal& factor_seal() { return *factor_seal_; }
  // Seals documents that are in the clear or under retired keys. At start and after a rotation.
  Status settle(records::Documents& documents);
  // New keys, and documents and key files under them. What stores have open follows at the next
  // start. Long work.
  Status rotate(records::Documents& documents);
  Result<vault::SealedFiles::Tally> tally();

 private:
  explicit KeyHouse(Config config) : config_(std::move(config)) {}
  Status seal_files(bool stores);
  Status drop_unused();
  std::string path(std::string_view name) const {
    return sys::join_path(config_.data_directory, name);
  }

  const Config config_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<vault::SealedFiles> files_;
  std::unique_ptr<vault::SealedFiles> key_files_;
  std::unique_ptr<SealedMembers> seal_;
  std::unique_ptr<identity::SecretSeal> factor_seal_;
  std::vector<std::function<Status()>> also_;
};

// Runs one rotation at a time on a thread of its own. The destructor waits for it.
class KeyDesk final : public api::VaultDesk {
 public:
  KeyDesk(KeyHouse& house, records::Documents& documents) : house_(house), documents_(documents) {}
  ~KeyDesk() override;
  Result<api::VaultView> view() override;
  Status rotate() override;

 private:
  KeyHouse& house_;
  records::Documents& documents_;
  std::mutex start_mutex_;  // guards thread_
  std::thread thread_;
  std::atomic<bool> rotating_ = false;
  std::mutex mutex_;
  std::string trouble_;  // guarded by mutex_
};

// What to mend about the place of the master key; "" if nothing.
std::string key_advice(const Config& config);

}  // namespace lineshaft::app

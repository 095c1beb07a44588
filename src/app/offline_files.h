// app/offline_files.h: the files of a data directory, or of a backup, that no server uses; with its
// keys where they are needed.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "vault/sealed_files.h"

namespace lineshaft::app {

class OfflineFiles {
 public:
  // `config` says where the master key is. That it does not open the keys is no error as long as
  // history and ledger are in the clear: trouble() says it then.
  // Errors: kBadConfig: they are enciphered; of the disk.
  static Result<OfflineFiles> open(const std::string& data, Config config);
  // With lineshaft.toml, if it lies here.
  static Result<OfflineFiles> open(const std::string& data);

  // Reads and writes as the server there does.
  sys::FileSystem& files() const {
    return sealed_ ? static_cast<sys::FileSystem&>(*sealed_) : sys::real_file_system();
  }
  bool has_keys() const { return vault_ != nullptr; }
  const std::string& trouble() const { return trouble_; }

 private:
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<vault::SealedFiles> sealed_;
  std::string trouble_;
};

}  // namespace lineshaft::app

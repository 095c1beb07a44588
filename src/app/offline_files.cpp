#include "app/offline_files.h"

#include <utility>

#include "app/key_sources.h"
#include "sys/clock.h"

namespace lineshaft::app {
namespace {

Result<bool> is_enciphered(sys::FileSystem& files, const std::string& data) {
  for (const char* store : {"history", "ledger/log"}) {
    const Result<bool> sealed = vault::any_sealed(files, sys::join_path(data, store));
    if (!sealed || *sealed) return sealed;
  }
  return false;
}

}  // namespace

Result<OfflineFiles> OfflineFiles::open(const std::string& data, Config config) {
  sys::FileSystem& real = sys::real_file_system();
  OfflineFiles made;
  if (!vault::Vault::exists(real, data)) return made;
  const Result<bool> enciphered = is_enciphered(real, data);
  if (!enciphered) return enciphered.error();
  config.data_directory = data;
  auto opened = vault::Vault::open({real, sys::real_clock(), sys::real_random(), data},
                                   master_settings(config));
  if (!opened) {
    made.trouble_ = opened.error().what;
    if (!*enciphered) return made;
    return Error{ErrorId::kBadConfig, data + " is enciphered: " + made.trouble_};
  }
  made.vault_ = *std::move(opened);
  made.sealed_ = std::make_unique<vault::SealedFiles>(
      real, *made.vault_, sys::real_random(), vault::kServer,
      *enciphered ? vault::Cover::kEverything : vault::Cover::kKeyFiles);
  return made;
}

Result<OfflineFiles> OfflineFiles::open(const std::string& data) {
  Result<Config> config = load_config("");
  if (!config) return config.error();
  return open(data, *std::move(config));
}

}  // namespace lineshaft::app

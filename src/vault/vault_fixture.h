// vault/vault_fixture.h: a vault on a simulated disk, for tests.
#pragma once

#include <memory>
#include <string>

#include "sys/sim/disk.h"
#include "sys/sim/loop.h"
#include "vault/vault.h"

namespace lineshaft::vault {

inline MasterSettings file_settings(const std::string& path = "/data/master.key") {
  MasterSettings settings;
  settings.file = path;
  return settings;
}

inline MasterSettings passphrase_settings(std::string passphrase) {
  MasterSettings settings;
  settings.source = "passphrase";
  settings.ask = [text = std::move(passphrase)](const char*) -> Result<std::string> {
    return text;
  };
  settings.passes = 1;  // the least that the library takes: tests are to be quick
  settings.memory_bytes = 8192;
  return settings;
}

// Everything a vault stands on. The disk is given: it may have crashed before.
struct VaultWorld {
  explicit VaultWorld(sys::DiskImage start = {}, std::uint64_t seed = 1)
      : disk(std::move(start)), random(seed) {
    static_cast<void>(disk.create_directories("/data"));
  }
  Status open(MasterSettings settings = file_settings()) {
    vault.reset();
    auto opened = Vault::open({disk, clock, random, "/data"}, std::move(settings));
    if (!opened) return opened.error();
    vault = *std::move(opened);
    return {};
  }

  sys::SimDisk disk;
  sys::SimRandom random;
  sys::SimLoop loop;
  sys::SimClock clock{loop};
  std::unique_ptr<Vault> vault;
};

}  // namespace lineshaft::vault

// app/key_sources.h: where the configuration says that the master key is.
#pragma once

#include <string>

#include "app/config.h"
#include "vault/master_key.h"

namespace lineshaft::app {

// What is asked for ("master-key", "passphrase", "pin") is looked for in the credential
// lineshaft-<what> of systemd (LoadCredential=), in LINESHAFT_MASTER_KEY, LINESHAFT_PASSPHRASE or
// LINESHAFT_PIN, and, but for the key, on the terminal.
vault::MasterSettings master_settings(const Config& config);

// In words, for people; never the key.
std::string master_place(const Config& config);

}  // namespace lineshaft::app

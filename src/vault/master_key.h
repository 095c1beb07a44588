// vault/master_key.h: where the master key comes from: a file, a credential that the system hands
// us, a passphrase, or a token (PKCS#11) that never gives its own key away.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "vault/key_file.h"
#include "vault/secret_bytes.h"

namespace lineshaft::vault {

struct MasterSettings {
  std::string source = "file";  // "file", "credential", "passphrase" or "pkcs11"
  std::string file;             // of "file"
  // Of "credential" (64 hexadecimal digits or 43 characters of base64), "passphrase" and the PIN of
  // "pkcs11": answers with the text for "master-key", "passphrase" or "pin".
  // Errors: kBadConfig, saying where it was looked for.
  std::function<Result<std::string>(const char* what)> ask;
  std::string module;  // of "pkcs11": path of the library
  std::string token;   // its label
  std::string key_label = "lineshaft";
  // Argon2id: half a second and 256 MiB, once a start.
  std::uint64_t passes = 3;
  std::uint64_t memory_bytes = std::uint64_t{256} << 20U;
};

struct Master {
  SecretBytes key;
  MasterNote note;
};

// The first one takes a `file` that somebody has put there, else makes it. A next one is always
// fresh: its file is written as `file`.new, and settle_master() gives it the name once the keys are
// sealed under it. Errors: kBadConfig; of the disk; kInternal.
enum class MasterTurn : std::uint8_t { kFirst, kNext };
Result<Master> make_master(sys::FileSystem& files, sys::Clock& clock, sys::Random& random,
                           const MasterSettings& settings, MasterTurn turn);
Status settle_master(sys::FileSystem& files, const MasterSettings& settings);

// That of `note`. `is_it` recognises it: of two files the one that fits is taken.
// Errors: kBadConfig, naming what is missing or does not fit.
Result<SecretBytes> get_master(sys::FileSystem& files, const MasterSettings& settings,
                               const MasterNote& note,
                               const std::function<Status(const SecretBytes&)>& is_it);

}  // namespace lineshaft::vault

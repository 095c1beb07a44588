// vault/key_file.h: the file of sealed keys, docs/formats/vault.md. Two copies lie in the data
// directory: without the keys everything that is sealed is lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"
#include "sys/file.h"
#include "vault/secret_bytes.h"

namespace lineshaft::vault {

inline constexpr const char* kKeyFile = "keys.json";
inline constexpr const char* kKeyFileCopy = "keys.json.copy";
inline constexpr std::size_t kKeyFileBytesMax = std::size_t{64} * 1024 * 1024;

// Whose keys: an organisation's, or (0) those of the server itself.
inline constexpr TenantId kServer{0};

enum class KeyState : std::uint8_t {
  kActive,     // seals and opens
  kRetired,    // only opens
  kDestroyed,  // is no more; the number stays, so that errors can say so
};

struct SealedKey {
  TenantId owner;
  std::uint32_t number = 0;  // from 1, in the order of making
  Timestamp made;
  KeyState state = KeyState::kActive;
  Bytes sealed;  // under the master key; empty when destroyed
};

// How the master key is got again; which of these counts depends on the source.
struct MasterNote {
  std::string source;  // "file", "credential", "passphrase", "pkcs11"
  Bytes salt;          // passphrase
  std::uint64_t passes = 0;
  std::uint64_t memory_bytes = 0;
  Bytes token_sealed;  // pkcs11: the master key under the key of the token
  Timestamp since;
};

struct KeyFile {
  std::uint64_t generation = 0;  // one more with every change: tells which of two copies is newer
  std::string id;                // 32 hex digits, of this vault for ever
  MasterNote master;
  std::vector<SealedKey> keys;  // in the order of owner and number
};

// What a sealed key is bound to, as seal() takes it.
std::string bound_of(const KeyFile& file, const SealedKey& key);

// `master`: makes the check, by which a changed file and another master key are found.
std::string key_file_text(const KeyFile& file, const SecretBytes& master);
// Errors: kCorrupt; kFormatTooNew.
Result<KeyFile> parse_key_file(std::string_view text);
// Errors: kBadConfig: another master key, or the file was changed by hand.
Status check_key_file(std::string_view text, const SecretBytes& master);

// Both copies, one after the other; a crash leaves at least one whole, the old or the new.
Status write_key_file(sys::FileSystem& files, const std::string& directory,
                      const std::string& text);
// The copies that can be read, the newest first: a damaged one may only be found by the check.
// Errors: kFileMissing: there is none at all; kCorrupt, kFormatTooNew, kIoError: none can be read.
Result<std::vector<std::string>> read_key_files(sys::FileSystem& files,
                                                const std::string& directory);

}  // namespace lineshaft::vault

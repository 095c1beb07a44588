// ledger/verify.h: checks a ledger without its server: each entry's form, that it follows from
// those before it, its hash, and the signed checkpoint over all of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/checkpoint.h"
#include "ledger/state.h"
#include "sys/file.h"

namespace lineshaft::ledger {

struct VerifyOptions {
  // The ledger's key as the reader got it from elsewhere. Without it the file's own word is taken
  // for it, and a ledger that was written anew from its first entry on passes.
  std::optional<NoteKey> key;
  // A checkpoint that the reader kept: the ledger must continue it.
  std::optional<SignedNote> kept;
  // Who must have cosigned the checkpoint besides.
  std::vector<NoteKey> witnesses;
  // Bytes or entries, of how many; may be empty.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct Verified {
  std::uint64_t entries = 0;
  Sha256 root{};
  std::string key;                       // text of the key that signed
  std::optional<Checkpoint> checkpoint;  // nothing for a directory whose ledger never signed one
  std::vector<AccountView> accounts;
};

// Errors of both: kVerificationFailed, naming the first entry that is wrong; kFileMissing,
// kIoError, kFormatTooNew. Cost: about 1.5 us an entry.
Result<Verified> verify_export(sys::FileSystem& files, const std::string& path,
                               const VerifyOptions& options);
// Of the directory of a ledger that is not open. Reads only.
Result<Verified> verify_directory(sys::FileSystem& files, const std::string& directory,
                                  const VerifyOptions& options);

}  // namespace lineshaft::ledger

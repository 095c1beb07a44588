// ledger/file_names.h: the files in the directory of a ledger, docs/formats/ledger.md.
#pragma once

namespace lineshaft::ledger {

inline constexpr const char* kLogDirectory = "log";
inline constexpr const char* kTreeFile = "tree";
inline constexpr const char* kSnapshotFile = "snapshot";
inline constexpr const char* kSigningKeyFile = "signing.key";
inline constexpr const char* kVerifierKeyFile = "verifier.key";
inline constexpr const char* kCheckpointFile = "checkpoint";

}  // namespace lineshaft::ledger

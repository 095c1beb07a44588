// ledger/file_names.h: the files in the directory of a ledger, docs/formats/ledger.md.
#pragma once

#include <array>

namespace lineshaft::ledger {

inline constexpr const char* kLogDirectory = "log";
inline constexpr const char* kTreeFile = "tree";
inline constexpr const char* kSnapshotFile = "snapshot";
inline constexpr const char* kSigningKeyFile = "signing.key";
inline constexpr const char* kVerifierKeyFile = "verifier.key";
inline constexpr const char* kCheckpointFile = "checkpoint";
inline constexpr const char* kWitnessDirectory = "witnesses";

// What a backup holds besides the log; the rest is made of that.
inline constexpr std::array kKeptFiles = {kSigningKeyFile, kVerifierKeyFile, kCheckpointFile};

}  // namespace lineshaft::ledger

// ledger/snapshot.h: the state and the tree's peaks after some journal, so that a start need not
// read all journals. Only ever a shortcut: what is damaged or missing is made of the log again.
#pragma once

#include <optional>
#include <string>

#include "ledger/merkle.h"
#include "ledger/state.h"
#include "sys/file.h"

namespace lineshaft::ledger {

struct Snapshot {
  State state;
  Peaks peaks;
};

// Requires: state.settle() was called after the last journal.
Bytes encode_snapshot(const State& state, const Peaks& peaks);
// Nothing if these are not the bytes of a snapshot of this version.
std::optional<Snapshot> decode_snapshot(ByteSpan bytes);

// Nothing if there is none, or it is damaged, or cannot be read.
std::optional<Snapshot> load_snapshot(sys::FileSystem& files, const std::string& path);

}  // namespace lineshaft::ledger

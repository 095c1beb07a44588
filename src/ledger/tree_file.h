// ledger/tree_file.h: the hashes of the Merkle tree on disk, so that ten million entries do not sit
// in memory. Derived from the log: never synced for a journal's sake, made anew when it is wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/merkle.h"
#include "sys/file.h"

namespace lineshaft::ledger {

// The file is 32 bytes a hash, at node_position() (merkle.h), and nothing else. One thread changes
// it, or any number read it.
class TreeFile {
 public:
  TreeFile(sys::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  // Goes on behind the first `kept` hashes that the file holds; false if it does not hold as many.
  // What stands behind them is written over.
  bool open(std::uint64_t kept);
  // Goes on with none.
  void restart();

  // Never fails for the caller: the journals are safe in the log. After trouble with the file
  // read() says so, until restart().
  void append(std::span<const Sha256> hashes);
  // Hands everything to the file; for sync_tree().
  Status flush();

  std::uint64_t size() const { return written_ + buffer_.size(); }
  // Errors: kIoError; kCorrupt: the file is shorter than it was. A wrong hash is not noticed here:
  // who makes a proof of hashes checks it.
  Result<Sha256> read(std::uint64_t position) const;

 private:
  sys::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<sys::File> file_;
  std::uint64_t written_ = 0;   // hashes
  std::vector<Sha256> buffer_;  // behind them
  std::optional<Error> trouble_;
};

// What was flushed so far is on the disk when this returns success. Threads: any.
Status sync_tree(sys::FileSystem& files, const std::string& path);

}  // namespace lineshaft::ledger

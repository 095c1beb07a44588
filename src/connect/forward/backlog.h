// connect/forward/backlog.h: what waits in a queue, in coarse pieces: how much, since when, and
// what goes first when it becomes too much.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "connect/forward/entry.h"

namespace lineshaft::connect::forward {

// One thread at a time. Cost: some 50 bytes for each `piece_bytes` that wait.
class Backlog {
 public:
  explicit Backlog(std::uint64_t piece_bytes) : piece_bytes_(piece_bytes) {}

  struct Piece {  // of consecutive entries
    EntryNumber first;
    EntryNumber last;
    std::uint64_t bytes = 0;
    std::uint64_t samples = 0;
    Timestamp oldest;
    Timestamp newest;
  };

  // Requires: `entry` follows all others.
  void add(EntryNumber entry, std::uint64_t bytes, const EntryHead& head) {
    const bool fresh = pieces_.empty() || pieces_.back().bytes >= piece_bytes_;
    if (fresh) pieces_.push_back({entry, entry, 0, 0, head.received, head.received});
    Piece& piece = pieces_.back();
    piece.last = entry;
    piece.bytes += bytes;
    piece.samples += head.samples;
    piece.oldest = std::min(piece.oldest, head.received);
    piece.newest = std::max(piece.newest, head.received);
    bytes_ += bytes;
    samples_ += head.samples;
  }

  // The entries up to `through` wait no more. Of a piece that is begun, all counts until all is
  // done: `bytes()` is never less than what waits.
  void done(EntryNumber through) {
    while (!pieces_.empty() && pieces_.front().last <= through) pop();
  }

  // The oldest piece, for dropping. Nothing if none waits.
  std::optional<Piece> oldest() const {
    return pieces_.empty() ? std::nullopt : std::optional(pieces_.front());
  }
  void pop() {
    bytes_ -= pieces_.front().bytes;
    samples_ -= pieces_.front().samples;
    pieces_.pop_front();
  }

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t samples() const { return samples_; }

 private:
  const std::uint64_t piece_bytes_;
  std::deque<Piece> pieces_;
  std::uint64_t bytes_ = 0;
  std::uint64_t samples_ = 0;
};

}  // namespace lineshaft::connect::forward

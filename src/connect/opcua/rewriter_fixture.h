// connect/opcua/rewriter_fixture.h: for a relay (relay_fixture.h) in front of an OPC UA server:
// sees whole messages of channels without security, and writes what it likes in their place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace lineshaft::connect::opcua::testing {

// OPC UA Part 6, 6.7.2: where these lie in a message chunk.
inline constexpr std::size_t kSizeAt = 4;
inline constexpr std::size_t kSequenceAt = 16;
inline constexpr std::size_t kRequestAt = 20;
inline constexpr std::size_t kTypeAt = 24;  // of the answer, as a node of four bytes

inline std::uint32_t number_at(const Bytes& chunk, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 4; i-- > 0;) number = number << 8 | chunk[at + i];
  return number;
}

inline void put_number(Bytes& chunk, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) chunk[at + i] = static_cast<std::uint8_t>(number >> 8 * i);
}

// Gets whole messages, and gives what is sent in their place. What it adds is numbered as the
// channel wants it, and so is all that comes behind.
class Rewriter {
 public:
  using Rewrite = std::function<std::vector<Bytes>(Bytes)>;
  explicit Rewriter(Rewrite rewrite) : rewrite_(std::move(rewrite)) {}

  Bytes operator()(ByteSpan piece) {
    came_.insert(came_.end(), piece.begin(), piece.end());
    Bytes said;
    while (came_.size() >= 8 && came_.size() >= number_at(came_, kSizeAt)) {
      const auto end = came_.begin() + static_cast<std::ptrdiff_t>(number_at(came_, kSizeAt));
      const Bytes chunk(came_.begin(), end);
      came_.erase(came_.begin(), end);
      const bool whole =
          chunk.size() > kTypeAt && std::equal(kWhole.begin(), kWhole.end(), chunk.begin());
      std::vector<Bytes> sent = whole ? rewrite_(chunk) : std::vector<Bytes>{chunk};
      for (std::size_t i = 0; i < sent.size(); ++i) {
        if (whole) {
          put_number(sent[i], kSequenceAt,
                     number_at(chunk, kSequenceAt) + added_ + static_cast<std::uint32_t>(i));
        }
        said.insert(said.end(), sent[i].begin(), sent[i].end());
      }
      added_ += static_cast<std::uint32_t>(sent.size() - 1);
    }
    return said;
  }

 private:
  static constexpr std::string_view kWhole = "MSGF";
  Rewrite rewrite_;
  Bytes came_;
  std::uint32_t added_ = 0;
};

}  // namespace lineshaft::connect::opcua::testing

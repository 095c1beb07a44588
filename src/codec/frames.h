// codec/frames.h: whole numbers in groups of 128, each stored as its distance above the group's
// base in as many bits as the group needs; single large ones have their high bits stored apart.
// The same over the differences of neighbours makes "steps". All arithmetic is modulo 2^64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/codec.h"
#include "codec/kernels.h"

namespace lineshaft::codec {

inline constexpr std::size_t kGroupValues = 128;
inline constexpr std::size_t kGroupsMax = kValuesMax / kGroupValues;
inline constexpr std::size_t kPatchesMax = 32;  // of one group

constexpr std::size_t groups_of(std::size_t count) {
  return (count + kGroupValues - 1) / kGroupValues;
}

// How a column would be stored, and the exact size of that.
struct FramesPlan {
  struct Group {
    std::int64_t base = 0;
    std::uint8_t width = 0;
    std::uint8_t patches = 0;
    std::uint8_t patch_width = 0;
  };
  std::array<Group, kGroupsMax> groups;
  std::int64_t floor = 0;    // the least value
  std::int64_t ceiling = 0;  // the greatest
  std::uint8_t base_width = 0;
  std::size_t bytes = 0;
};

// Requires: 1..kValuesMax values.
FramesPlan plan_frames(std::span<const std::int64_t> values);

// Appends plan.bytes bytes. Requires: the plan of these values.
void write_frames(const FramesPlan& plan, std::span<const std::int64_t> values, Bytes& out);

// A column of frames or steps as kernels take it, checked against the bytes that are there. Points
// into those bytes and into itself: it stays where it is.
class FramesReader {
 public:
  FramesReader() = default;
  FramesReader(const FramesReader&) = delete;
  FramesReader& operator=(const FramesReader&) = delete;

  // Takes all that `reader` has left. For steps (`running`): `start`, then frames of the
  // differences, the first of them to `start`. Requires: 1..kValuesMax values.
  Status read(ByteReader& reader, std::size_t count, bool running);

  // Requires: read() went well.
  const Frames& column() const { return column_; }

 private:
  Status read_groups(ByteReader& reader, std::size_t count);
  Status read_patches(ByteReader& reader, std::size_t count);

  std::array<Group, kGroupsMax> groups_;
  Frames column_;
};

}  // namespace lineshaft::codec

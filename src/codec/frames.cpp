#include "codec/frames.h"

#include <algorithm>

#include "base/assert.h"
#include "codec/bitpack.h"
#include "codec/encode_kernels.h"
#include "codec/layout.h"

namespace lineshaft::codec {

namespace {

// In the byte of a group's width.
constexpr std::uint8_t kPatched = 0x80;
constexpr unsigned kWidthBits = 0x7F;

std::uint64_t above(std::int64_t value, std::int64_t base) {
  return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
}

std::span<const std::int64_t> group_of(std::span<const std::int64_t> values, std::size_t group) {
  const std::size_t begin = group * kGroupValues;
  return values.subspan(begin, std::min(kGroupValues, values.size() - begin));
}

std::size_t patch_bytes(std::size_t patches, unsigned width) {
  return patches == 0 ? 0 : 2 + patches + packed_bytes(patches, width);
}

// Chooses the width of a group and returns what its numbers take.
std::size_t plan_group(std::span<const std::int64_t> values, const Range& range,
                       FramesPlan::Group& group) {
  group.base = range.least;
  const auto bits = static_cast<unsigned>(std::bit_width(above(range.greatest, range.least)));
  group.width = static_cast<std::uint8_t>(bits > kPackedWidthMax ? 64 : bits);
  std::size_t best = packed_bytes(values.size(), group.width);
  for (unsigned width = std::min(bits, kPackedWidthMax + 1); width-- > 0;) {
    const std::size_t patches = count_wide(values, group.base, width);
    if (patches > kPatchesMax) break;
    const unsigned patch_width = width_of(~std::uint64_t{0} >> (64 - (bits - width)));
    const std::size_t bytes =
        packed_bytes(values.size(), width) + patch_bytes(patches, patch_width);
    if (bytes >= best) continue;
    best = bytes;
    group.width = static_cast<std::uint8_t>(width);
    group.patches = static_cast<std::uint8_t>(patches);
    group.patch_width = static_cast<std::uint8_t>(patch_width);
  }
  return best;
}

std::uint64_t low_bits(std::uint64_t value, unsigned width) {
  return width == 64 ? value : value & ((std::uint64_t{1} << width) - 1);
}

// Takes the bits above the group's width out of its numbers and appends them as patches.
void move_patches(const FramesPlan::Group& group, std::span<std::uint64_t> numbers, Bytes& out) {
  std::array<std::uint64_t, kPatchesMax> high{};
  std::size_t found = 0;
  ByteWriter writer(out);
  writer.u8(group.patches);
  writer.u8(group.patch_width);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::uint64_t low = low_bits(numbers[i], group.width);
    if (low == numbers[i]) continue;
    LS_ASSERT(found < group.patches);
    writer.u8(static_cast<std::uint8_t>(i));
    high[found++] = numbers[i] >> group.width;
    numbers[i] = low;
  }
  pack(std::span(high).first(found), group.patch_width, out);
}

}  // namespace

FramesPlan plan_frames(std::span<const std::int64_t> values) {
  LS_ASSERT(!values.empty() && values.size() <= kValuesMax);
  FramesPlan plan;
  std::array<Range, kGroupsMax> ranges;
  find_ranges(values, ranges.data());
  const std::size_t groups = groups_of(values.size());
  std::int64_t greatest_base = INT64_MIN;
  plan.floor = INT64_MAX;
  plan.ceiling = INT64_MIN;
  for (std::size_t i = 0; i < groups; ++i) {
    plan.bytes += plan_group(group_of(values, i), ranges[i], plan.groups[i]);
    plan.floor = std::min(plan.floor, ranges[i].least);
    plan.ceiling = std::max(plan.ceiling, ranges[i].greatest);
    greatest_base = std::max(greatest_base, plan.groups[i].base);
  }
  plan.base_width = static_cast<std::uint8_t>(width_of(above(greatest_base, plan.floor)));
  plan.bytes +=
      varint_bytes(zigzag(plan.floor)) + 1 + packed_bytes(groups, plan.base_width) + groups;
  return plan;
}

void write_frames(const FramesPlan& plan, std::span<const std::int64_t> values, Bytes& out) {
  const std::size_t begin = out.size();
  const std::span groups(plan.groups.data(), groups_of(values.size()));
  ByteWriter writer(out);
  writer.varint(zigzag(plan.floor));
  writer.u8(plan.base_width);
  std::array<std::uint64_t, kGroupsMax> bases;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    bases[i] = above(groups[i].base, plan.floor);
    writer.u8(static_cast<std::uint8_t>(groups[i].width | (groups[i].patches > 0 ? kPatched : 0)));
  }
  pack(std::span(bases).first(groups.size()), plan.base_width, out);

  Bytes patches;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const FramesPlan::Group& group = groups[i];
    const std::span<const std::int64_t> part = group_of(values, i);
    std::array<std::uint64_t, kGroupValues> low;
    for (std::size_t k = 0; k < part.size(); ++k) low[k] = above(part[k], group.base);
    if (group.patches > 0) move_patches(group, std::span(low).first(part.size()), patches);
    pack(std::span(low).first(part.size()), group.width, out);
  }
  writer.bytes(patches);
  LS_ASSERT(out.size() - begin == plan.bytes);
}

Status FramesReader::read(ByteReader& reader, std::size_t count, bool running) {
  LS_ASSERT(count > 0 && count <= kValuesMax);
  column_ = {};
  column_.count = count;
  column_.running = running;
  if (running) column_.start = static_cast<std::uint64_t>(unzigzag(reader.varint()));
  if (Status read = read_groups(reader, count); !read) return read;
  if (Status read = read_patches(reader, count); !read) return read;
  if (!reader.at_end()) return corrupt("bytes behind a column of frames");
  column_.groups = std::span<const Group>(groups_).first(groups_of(count));
  return {};
}

Status FramesReader::read_groups(ByteReader& reader, std::size_t count) {
  const std::size_t groups = groups_of(count);
  const std::int64_t floor = unzigzag(reader.varint());
  const unsigned base_width = reader.u8();
  if (!is_width(base_width)) return corrupt("a width of bases that does not exist");
  const ByteSpan widths = reader.bytes(groups);
  const ByteSpan bases = reader.bytes(packed_bytes(groups, base_width));
  if (!reader.ok()) return corrupt("a column of frames that is cut short");
  for (std::size_t i = 0; i < groups; ++i) {
    Group& group = groups_[i];
    group = {};
    group.width = widths[i] & kWidthBits;
    if (!is_width(group.width)) return corrupt("a width of numbers that does not exist");
    group.base = static_cast<std::uint64_t>(floor) + unpack_one(bases.data(), base_width, i);
    const std::size_t values = std::min(kGroupValues, count - i * kGroupValues);
    group.numbers = reader.bytes(packed_bytes(values, group.width)).data();
    // How many patches follows behind all numbers; that there are some is known here.
    group.patches = (widths[i] & kPatched) != 0 ? 1 : 0;
  }
  if (!reader.ok()) return corrupt("a column of frames that is cut short");
  return {};
}

Status FramesReader::read_patches(ByteReader& reader, std::size_t count) {
  for (std::size_t i = 0; i < groups_of(count); ++i) {
    Group& group = groups_[i];
    if (group.patches == 0) continue;
    group.patches = reader.u8();
    group.patch_width = reader.u8();
    if (group.patches > kPatchesMax || !is_width(group.patch_width) || group.width == 64) {
      return corrupt("patches that do not fit their group");
    }
    const ByteSpan positions = reader.bytes(group.patches);
    group.patch_positions = positions.data();
    group.patch_bits = reader.bytes(packed_bytes(group.patches, group.patch_width)).data();
    if (!reader.ok()) return corrupt("patches that are cut short");
    const std::size_t values = std::min(kGroupValues, count - i * kGroupValues);
    for (const std::uint8_t position : positions) {
      if (position >= values) return corrupt("a patch outside of its group");
    }
  }
  return {};
}

}  // namespace lineshaft::codec

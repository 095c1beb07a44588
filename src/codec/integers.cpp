#include "codec/integers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "base/assert.h"
#include "codec/bitpack.h"
#include "codec/codec.h"
#include "codec/dictionary.h"
#include "codec/encode_kernels.h"
#include "codec/frames.h"
#include "codec/layout.h"
#include "codec/seal.h"

namespace lineshaft::codec {

namespace {

using Column = std::span<const std::int64_t>;

// Differences of neighbours. The first is made like the second, so that it costs no bits; `start`
// makes up for it.
struct Steps {
  std::array<std::int64_t, kValuesMax> differences;
  std::int64_t start = 0;
  std::size_t runs = 1;
};

void find_steps(Column values, Steps& steps) {
  steps.runs = 1 + find_differences(values, steps.differences.data());
  steps.differences[0] = values.size() > 1 ? steps.differences[1] : 0;
  steps.start = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[0]) -
                                          static_cast<std::uint64_t>(steps.differences[0]));
}

void put_layout(Layout layout, Bytes& out) { out.push_back(static_cast<std::uint8_t>(layout)); }

void encode_runs(Column values, Bytes& out) {
  std::vector<std::int64_t> heads;
  std::vector<std::int64_t> lengths;  // less one
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i] == values[i - 1]) {
      ++lengths.back();
    } else {
      heads.push_back(values[i]);
      lengths.push_back(0);
    }
  }
  put_layout(Layout::kRuns, out);
  ByteWriter(out).varint(heads.size());
  encode_sized_integers(heads, out);
  encode_integers(lengths, out, Nesting::kSimple);
}

Status decode_runs(ByteReader& reader, std::span<std::int64_t> out) {
  const std::uint64_t runs = reader.varint();
  if (runs == 0 || runs > out.size()) return corrupt("a number of runs that cannot be");
  std::vector<std::int64_t> heads(static_cast<std::size_t>(runs));
  std::vector<std::int64_t> lengths(heads.size());
  if (Status read = decode_sized_integers(reader, heads); !read) return read;
  if (Status read = decode_integers(reader.bytes(reader.remaining()), lengths, Nesting::kSimple);
      !read) {
    return read;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto more = static_cast<std::uint64_t>(lengths[i]);  // less one
    if (more >= out.size() - at) return corrupt("runs longer than the column");
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), more + 1, heads[i]);
    at += static_cast<std::size_t>(more) + 1;
  }
  if (at != out.size()) return corrupt("runs shorter than the column");
  return {};
}

Status decode_frames(ByteReader& reader, bool running, std::span<std::int64_t> out) {
  FramesReader frames;
  if (Status read = frames.read(reader, out.size(), running); !read) return read;
  decode_column(frames.column(), out.data());
  return {};
}

Status decode_plain(ByteReader& reader, std::span<std::int64_t> out) {
  if (reader.remaining() != out.size_bytes()) return corrupt("a plain column of another size");
  for (std::int64_t& value : out)
    value = static_cast<std::int64_t>(reader.read_le<std::uint64_t>());
  return {};
}

// Of frames, steps and plain the one with the fewest bytes.
struct SimplePlan {
  FramesPlan frames;
  FramesPlan stepped;
  std::size_t bytes = 0;  // with the layout byte
  Layout layout = Layout::kPlain;
};

void plan_simple(Column values, const Steps& steps, SimplePlan& plan) {
  plan.frames = plan_frames(values);
  plan.stepped = plan_frames(Column(steps.differences.data(), values.size()));
  const std::size_t stepped_bytes = plan.stepped.bytes + varint_bytes(zigzag(steps.start));
  plan.layout = plan.frames.bytes <= stepped_bytes ? Layout::kFrames : Layout::kSteps;
  plan.bytes = 1 + std::min(plan.frames.bytes, stepped_bytes);
  if (plan.bytes > values.size_bytes()) {
    plan.layout = Layout::kPlain;
    plan.bytes = 1 + values.size_bytes();
  }
}

void write_simple(Column values, const Steps& steps, const SimplePlan& plan, Bytes& out) {
  put_layout(plan.layout, out);
  if (plan.layout == Layout::kFrames) {
    write_frames(plan.frames, values, out);
  } else if (plan.layout == Layout::kSteps) {
    ByteWriter(out).varint(zigzag(steps.start));
    write_frames(plan.stepped, Column(steps.differences.data(), values.size()), out);
  } else {
    ByteWriter writer(out);
    for (const std::int64_t value : values) writer.write_le(static_cast<std::uint64_t>(value));
  }
}

}  // namespace

void encode_integers(Column values, Bytes& out, Nesting nesting) {
  LS_ASSERT(!values.empty() && values.size() <= kValuesMax);
  Steps steps;
  find_steps(values, steps);
  if (steps.runs == 1) {
    put_layout(Layout::kConstant, out);
    ByteWriter(out).varint(zigzag(values[0]));
    return;
  }
  SimplePlan plan;
  plan_simple(values, steps, plan);
  Bytes best;
  if (nesting <= Nesting::kRuns && steps.runs * 2 < values.size()) encode_runs(values, best);
  if (nesting == Nesting::kAny) {
    Bytes other;
    if (encode_dictionary(values, {plan.frames.floor, plan.frames.ceiling}, other) &&
        (best.empty() || other.size() < best.size())) {
      best = std::move(other);
    }
  }
  if (best.empty() || plan.bytes <= best.size()) {
    write_simple(values, steps, plan, out);
  } else {
    ByteWriter(out).bytes(best);
  }
}

void encode_sized_integers(Column values, Bytes& out, Nesting nesting) {
  Bytes column;
  encode_integers(values, column, nesting);
  ByteWriter writer(out);
  writer.varint(column.size());
  writer.bytes(column);
}

Status decode_integers(ByteSpan bytes, std::span<std::int64_t> out, Nesting nesting) {
  LS_ASSERT(!out.empty() && out.size() <= kValuesMax);
  ByteReader reader(bytes);
  const auto layout = static_cast<Layout>(reader.u8());
  switch (layout) {
    case Layout::kConstant:
      std::fill(out.begin(), out.end(), unzigzag(reader.varint()));
      if (!reader.ok() || !reader.at_end()) return corrupt("a constant column of another size");
      return {};
    case Layout::kFrames:
    case Layout::kSteps:
      return decode_frames(reader, layout == Layout::kSteps, out);
    case Layout::kPlain:
      return decode_plain(reader, out);
    case Layout::kRuns:
      if (nesting > Nesting::kRuns) break;
      return decode_runs(reader, out);
    case Layout::kDictionary:
      if (nesting > Nesting::kAny) break;
      return decode_dictionary(reader, out);
    case Layout::kCoded:
    case Layout::kPacked:
      return decode_sealed(layout, reader, out);
    default:
      break;
  }
  return corrupt("whole numbers in a layout that is not known here");
}

Status decode_sized_integers(ByteReader& reader, std::span<std::int64_t> out, Nesting nesting) {
  const std::uint64_t size = reader.varint();
  if (!reader.ok() || size > reader.remaining()) return corrupt("a column that is cut short");
  return decode_integers(reader.bytes(static_cast<std::size_t>(size)), out, nesting);
}

}  // namespace lineshaft::codec

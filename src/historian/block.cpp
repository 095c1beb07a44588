#include "historian/block.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

using Types = BlockColumns::CountOfType;

Error corrupt(const char* what) { return {ErrorId::kCorrupt, what}; }

// A stream of bytes behind its size.
void write_stream(const Bytes& stream, ByteWriter& writer) {
  writer.varint(stream.size());
  writer.bytes(stream);
}

template <typename T, typename Encode>
void write_values(std::span<const SeriesPoints> series, Encode encode, ByteWriter& writer) {
  std::vector<T> gathered;
  Bytes stream;
  const std::vector<T>* single = nullptr;
  std::size_t sources = 0;
  for (const SeriesPoints& one : series) {
    const auto* values = std::get_if<std::vector<T>>(&one.points.values());
    if (values == nullptr) continue;
    single = values;
    ++sources;
  }
  if (sources != 1) {
    for (const SeriesPoints& one : series) {
      const auto* values = std::get_if<std::vector<T>>(&one.points.values());
      if (values != nullptr) gathered.insert(gathered.end(), values->begin(), values->end());
    }
    single = &gathered;
  }
  encode(std::span<const T>(*single), stream);
  write_stream(stream, writer);
}

void write_values_of(ValueType type, std::span<const SeriesPoints> series, codec::Effort effort,
                     ByteWriter& writer) {
  const auto with = [effort](auto encode) {
    return [effort, encode](auto values, Bytes& out) { encode(values, effort, out); };
  };
  switch (type) {
    case ValueType::kBool:
      return write_values<std::uint8_t>(series, with(codec::encode_bools), writer);
    case ValueType::kInt64:
      return write_values<std::int64_t>(series, with(codec::encode_int64), writer);
    case ValueType::kFloat32:
      return write_values<float>(series, with(codec::encode_float32), writer);
    case ValueType::kFloat64:
      return write_values<double>(series, with(codec::encode_float64), writer);
    case ValueType::kString:
      return write_values<std::string>(
          series,
          [effort](std::span<const std::string> texts, Bytes& out) {
            const std::vector<std::string_view> views(texts.begin(), texts.end());
            codec::encode_strings(views, effort, out);
          },
          writer);
  }
}

void write_times(std::span<const SeriesPoints> series, codec::Effort effort, ByteWriter& writer) {
  Bytes stream;
  if (series.size() == 1) {
    codec::encode_times(series.front().points.times(), effort, stream);
  } else {
    // Of many tags: hardly ever in order, often the same few times.
    std::vector<std::int64_t> times;
    for (const SeriesPoints& one : series) {
      times.insert(times.end(), one.points.times().begin(), one.points.times().end());
    }
    codec::encode_int64(times, effort, stream);
  }
  write_stream(stream, writer);
}

void write_qualities(std::span<const SeriesPoints> series, codec::Effort effort,
                     ByteWriter& writer) {
  std::vector<std::uint32_t> codes;
  for (const SeriesPoints& one : series) {
    for (std::size_t i = 0; i < one.points.size(); ++i) {
      codes.push_back(one.points.quality(i).code);
    }
  }
  Bytes stream;
  codec::encode_qualities(codes, effort, stream);
  write_stream(stream, writer);
}

// --- reading ---

Result<std::vector<BlockPart>> read_parts(ByteReader& reader) {
  const std::uint64_t count = reader.varint();
  if (count == 0 || count > kBlockPointsMax || count > reader.remaining()) {
    return corrupt("a block has an impossible count of tags");
  }
  std::vector<BlockPart> parts;
  Types of_type{};
  std::uint64_t tag = 0;
  std::size_t points = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = reader.varint();
    const std::uint64_t of_part = reader.varint();
    const std::uint8_t type = reader.u8();
    const bool possible = step <= UINT32_MAX && (i == 0 || step > 0) && of_part >= 1 &&
                          of_part <= kBlockPointsMax && type >= 1 && type <= 5;
    tag += step;
    if (!possible || tag > UINT32_MAX || points + of_part > kBlockPointsMax) {
      return corrupt("a block has an impossible tag or count");
    }
    BlockPart part{{static_cast<std::uint32_t>(tag)}, static_cast<ValueType>(type)};
    part.count = static_cast<std::size_t>(of_part);
    part.at = points;
    part.at_of_type = of_type[type];
    points += part.count;
    of_type[type] += part.count;
    parts.push_back(part);
  }
  return parts;
}

ByteSpan read_stream(ByteReader& reader) {
  const std::uint64_t bytes = reader.varint();
  if (bytes > reader.remaining()) {
    reader.bytes(reader.remaining() + 1);  // fails the reader
    return {};
  }
  return reader.bytes(static_cast<std::size_t>(bytes));
}

Result<std::vector<std::string>> decode_texts(ByteSpan stream, std::size_t count) {
  std::vector<std::uint32_t> ends;
  std::string text;
  const Status decoded =
      codec::decode_strings(stream, count, kBlockTextBytesMax + kStringValueBytesMax, ends, text);
  if (!decoded) return decoded.error();
  std::vector<std::string> texts;
  texts.reserve(count);
  std::size_t from = 0;
  for (std::uint32_t end : ends) {
    texts.push_back(text.substr(from, end - from));
    from = end;
  }
  return texts;
}

// Values of another type than float64, as numbers.
template <typename T>
Status decode_numbers(ByteSpan stream, Status (*decode)(ByteSpan, std::span<T>),
                      std::span<double> out) {
  std::array<T, kBlockPointsMax> values;
  if (Status done = decode(stream, std::span(values).first(out.size())); !done) return done;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(values[i]);
  return {};
}

// The part [from, from + count) of a column.
template <typename T>
std::vector<T> part_of(const std::vector<T>& column, std::size_t from, std::size_t count) {
  const auto first = column.begin() + static_cast<std::ptrdiff_t>(from);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

bool grow(std::span<const std::int64_t> times) {
  std::size_t growing = 1;  // counted to the end: faster than to ask each whether to go on
  for (std::size_t i = 1; i < times.size(); ++i) growing += std::size_t{times[i - 1] < times[i]};
  return growing == times.size();
}

}  // namespace

Result<BlockColumns> BlockColumns::open(ByteSpan bytes) {
  ByteReader reader(bytes);
  Result<std::vector<BlockPart>> parts = read_parts(reader);
  if (!parts) return parts.error();
  BlockColumns columns;
  columns.parts_ = *std::move(parts);
  for (const BlockPart& part : columns.parts_) {
    columns.count_[static_cast<std::size_t>(part.type)] += part.count;
  }
  columns.times_ = read_stream(reader);
  columns.qualities_ = read_stream(reader);
  for (std::size_t type = 1; type < columns.count_.size(); ++type) {
    if (columns.count_[type] > 0) columns.values_[type] = read_stream(reader);
  }
  if (!reader.ok() || !reader.at_end()) return corrupt("a block's content does not fit its size");
  return columns;
}

Status BlockColumns::times(std::span<std::int64_t> out) const {
  LS_ASSERT(out.size() == size());
  const auto decode = parts_.size() == 1 ? codec::decode_times : codec::decode_int64;
  if (Status done = decode(times_, out); !done) return done;
  for (const BlockPart& part : parts_) {
    if (!grow(out.subspan(part.at, part.count))) {
      return corrupt("a block's times are not in order");
    }
  }
  return {};
}

std::optional<codec::RegularTimes> BlockColumns::regular_times() const {
  LS_ASSERT(parts_.size() == 1);
  const std::optional<codec::RegularTimes> times = codec::regular_times(times_);
  // Others do not grow: times() says so.
  const std::size_t steps = size() - 1;
  if (!times || (steps > 0 && times->step == 0)) return std::nullopt;
  const std::uint64_t room =
      static_cast<std::uint64_t>(INT64_MAX) - static_cast<std::uint64_t>(times->first);
  if (steps > 0 && times->step > room / steps) return std::nullopt;
  return times;
}

Result<std::vector<Quality>> BlockColumns::qualities() const {
  std::vector<Quality> qualities;
  if (all_good()) return qualities;
  std::vector<std::uint32_t> codes(size());
  if (Status done = codec::decode_qualities(qualities_, codes); !done) return done.error();
  qualities.reserve(codes.size());
  for (std::uint32_t code : codes) qualities.push_back({code});
  return qualities;
}

Result<Columns::Values> BlockColumns::values(ValueType type) const {
  const ByteSpan stream = values_[static_cast<std::size_t>(type)];
  const std::size_t count = count_[static_cast<std::size_t>(type)];
  const auto decoded = [&](auto values, auto decode) -> Result<Columns::Values> {
    values.resize(count);
    if (Status done = decode(stream, std::span(values)); !done) return done.error();
    return Columns::Values(std::move(values));
  };
  switch (type) {
    case ValueType::kBool:
      return decoded(std::vector<std::uint8_t>(), codec::decode_bools);
    case ValueType::kInt64:
      return decoded(std::vector<std::int64_t>(), codec::decode_int64);
    case ValueType::kFloat32:
      return decoded(std::vector<float>(), codec::decode_float32);
    case ValueType::kFloat64:
      return decoded(std::vector<double>(), codec::decode_float64);
    case ValueType::kString:
      break;
  }
  Result<std::vector<std::string>> texts = decode_texts(stream, count);
  if (!texts) return texts.error();
  return Columns::Values(*std::move(texts));
}

Status BlockColumns::numbers(std::span<double> out) const {
  LS_ASSERT(parts_.size() == 1);
  LS_ASSERT(out.size() == size());
  const ByteSpan stream = values_[static_cast<std::size_t>(parts_.front().type)];
  switch (parts_.front().type) {
    case ValueType::kBool:
      return decode_numbers<std::uint8_t>(stream, codec::decode_bools, out);
    case ValueType::kInt64:
      return decode_numbers<std::int64_t>(stream, codec::decode_int64, out);
    case ValueType::kFloat32:
      return decode_numbers<float>(stream, codec::decode_float32, out);
    case ValueType::kFloat64:
      return codec::decode_float64(stream, out);
    case ValueType::kString:
      break;
  }
  std::fill(out.begin(), out.end(), std::numeric_limits<double>::quiet_NaN());
  return {};
}

Result<std::vector<SeriesPoints>> BlockColumns::all() const {
  std::vector<std::int64_t> times(size());
  if (Status done = this->times(times); !done) return done.error();
  Result<std::vector<Quality>> qualities = this->qualities();
  if (!qualities) return qualities.error();
  std::array<Columns::Values, std::tuple_size_v<Types>> values;
  for (std::size_t type = 1; type < count_.size(); ++type) {
    if (count_[type] == 0) continue;
    auto decoded = this->values(static_cast<ValueType>(type));
    if (!decoded) return decoded.error();
    values[type] = *std::move(decoded);
  }
  std::vector<SeriesPoints> series;
  if (parts_.size() == 1) {
    Columns::Values& only = values[static_cast<std::size_t>(parts_.front().type)];
    series.push_back({parts_.front().tag,
                      Columns::of(std::move(times), *std::move(qualities), std::move(only))});
    return series;
  }
  for (const BlockPart& part : parts_) {
    std::vector<Quality> of_part;
    if (!qualities->empty()) of_part = part_of(*qualities, part.at, part.count);
    Columns::Values taken = std::visit(
        [&](const auto& of_all) {
          return Columns::Values(part_of(of_all, part.at_of_type, part.count));
        },
        values[static_cast<std::size_t>(part.type)]);
    series.push_back({part.tag, Columns::of(part_of(times, part.at, part.count), std::move(of_part),
                                            std::move(taken))});
  }
  return series;
}

void encode_block(std::span<const SeriesPoints> series, codec::Effort effort, Bytes& out) {
  LS_ASSERT(!series.empty());
  ByteWriter writer(out);
  writer.varint(series.size());
  Types of_type{};
  std::size_t count = 0;
  std::uint32_t tag_before = 0;
  for (const SeriesPoints& one : series) {
    LS_ASSERT(&one == &series.front() || tag_before < one.tag.value);
    LS_ASSERT(!one.points.empty());
    writer.varint(one.tag.value - tag_before);
    tag_before = one.tag.value;
    writer.varint(one.points.size());
    writer.u8(static_cast<std::uint8_t>(one.points.type()));
    of_type[static_cast<std::size_t>(one.points.type())] += one.points.size();
    count += one.points.size();
  }
  LS_ASSERT(count <= kBlockPointsMax);
  write_times(series, effort, writer);
  write_qualities(series, effort, writer);
  for (std::size_t type = 1; type < of_type.size(); ++type) {
    if (of_type[type] > 0) write_values_of(static_cast<ValueType>(type), series, effort, writer);
  }
}

}  // namespace lineshaft::historian

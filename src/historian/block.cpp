#include "historian/block.h"

#include <array>
#include <string_view>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

using Types = std::array<std::size_t, 6>;  // points by ValueType

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

struct Entry {
  TagId tag;
  ValueType type = ValueType::kBool;
  std::size_t count = 0;
};

Result<std::vector<Entry>> read_entries(ByteReader& reader) {
  const std::uint64_t series = reader.varint();
  if (series == 0 || series > kBlockPointsMax || series > reader.remaining()) {
    return corrupt("a block has an impossible count of tags");
  }
  std::vector<Entry> entries;
  std::uint64_t tag = 0;
  std::uint64_t points = 0;
  for (std::uint64_t i = 0; i < series; ++i) {
    const std::uint64_t step = reader.varint();
    const std::uint64_t count = reader.varint();
    const std::uint8_t type = reader.u8();
    const bool possible = step <= UINT32_MAX && (i == 0 || step > 0) && count >= 1 &&
                          count <= kBlockPointsMax && type >= 1 && type <= 5;
    tag += step;
    points += count;
    if (!possible || tag > UINT32_MAX || points > kBlockPointsMax) {
      return corrupt("a block has an impossible tag or count");
    }
    entries.push_back({{static_cast<std::uint32_t>(tag)},
                       static_cast<ValueType>(type),
                       static_cast<std::size_t>(count)});
  }
  return entries;
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

Result<Columns::Values> decode_values(ValueType type, ByteSpan stream, std::size_t count) {
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

struct Decoded {
  std::vector<std::int64_t> times;
  std::vector<Quality> qualities;         // none: all are Good
  std::array<Columns::Values, 6> values;  // by ValueType
};

Result<Decoded> decode_streams(ByteReader& reader, const std::vector<Entry>& entries) {
  Types of_type{};
  std::size_t count = 0;
  for (const Entry& entry : entries) {
    of_type[static_cast<std::size_t>(entry.type)] += entry.count;
    count += entry.count;
  }
  Decoded decoded;
  decoded.times.resize(count);
  const auto decode_times = entries.size() == 1 ? codec::decode_times : codec::decode_int64;
  if (Status done = decode_times(read_stream(reader), decoded.times); !done) return done.error();
  if (const ByteSpan stream = read_stream(reader); !stream.empty()) {
    std::vector<std::uint32_t> codes(count);
    if (Status done = codec::decode_qualities(stream, codes); !done) return done.error();
    decoded.qualities.reserve(count);
    for (std::uint32_t code : codes) decoded.qualities.push_back({code});
  }
  for (std::size_t type = 1; type < of_type.size(); ++type) {
    if (of_type[type] == 0) continue;
    auto values = decode_values(static_cast<ValueType>(type), read_stream(reader), of_type[type]);
    if (!values) return values.error();
    decoded.values[type] = *std::move(values);
  }
  if (!reader.ok() || !reader.at_end()) return corrupt("a block's content does not fit its size");
  return decoded;
}

// The points of one tag out of the columns of all.
Columns take_part(const Decoded& decoded, const Entry& entry, std::size_t at,
                  std::size_t at_of_type) {
  const auto part = [](const auto& of, std::size_t from, std::size_t count) {
    const auto first = of.begin() + static_cast<std::ptrdiff_t>(from);
    return std::decay_t<decltype(of)>(first, first + static_cast<std::ptrdiff_t>(count));
  };
  std::vector<Quality> qualities;
  if (!decoded.qualities.empty()) qualities = part(decoded.qualities, at, entry.count);
  Columns::Values values = std::visit(
      [&](const auto& all) { return Columns::Values(part(all, at_of_type, entry.count)); },
      decoded.values[static_cast<std::size_t>(entry.type)]);
  return Columns::of(part(decoded.times, at, entry.count), std::move(qualities), std::move(values));
}

bool grow(std::span<const std::int64_t> times) {
  bool growing = true;
  for (std::size_t i = 1; i < times.size(); ++i) growing = growing && times[i - 1] < times[i];
  return growing;
}

}  // namespace

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

Result<std::vector<SeriesPoints>> decode_block(ByteSpan bytes) {
  ByteReader reader(bytes);
  const Result<std::vector<Entry>> entries = read_entries(reader);
  if (!entries) return entries.error();
  Result<Decoded> decoded = decode_streams(reader, *entries);
  if (!decoded) return decoded.error();
  std::vector<SeriesPoints> series;
  if (entries->size() == 1) {
    const Entry& only = entries->front();
    series.push_back(
        {only.tag, Columns::of(std::move(decoded->times), std::move(decoded->qualities),
                               std::move(decoded->values[static_cast<std::size_t>(only.type)]))});
  } else {
    std::size_t at = 0;
    Types at_of_type{};
    for (const Entry& entry : *entries) {
      const auto type = static_cast<std::size_t>(entry.type);
      series.push_back({entry.tag, take_part(*decoded, entry, at, at_of_type[type])});
      at += entry.count;
      at_of_type[type] += entry.count;
    }
  }
  for (const SeriesPoints& one : series) {
    if (!grow(one.points.times())) return corrupt("a block's times are not in order");
  }
  return series;
}

}  // namespace lineshaft::historian

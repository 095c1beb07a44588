#include "historian/record.h"

#include <array>
#include <bit>

namespace lineshaft::historian {
namespace {

Error corrupt(const char* what) { return {ErrorId::kCorrupt, what}; }

constexpr std::size_t kVarintBytesMax = 10;
constexpr std::size_t kSampleBytesMin = 5;  // tag, time, quality, type, value: a byte each at least

// LEB128 to memory with room for kVarintBytesMax. Returns the place behind it.
std::uint8_t* put_varint(std::uint8_t* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<std::uint8_t>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<std::uint8_t>(value);
  return at;
}

void fail(ByteReader& reader) { reader.bytes(reader.remaining() + 1); }

// Any other byte than 0 or 1 is not what we wrote.
bool read_flag(ByteReader& reader) {
  const std::uint8_t byte = reader.u8();
  if (byte > 1) fail(reader);
  return byte == 1;
}

void write_string(ByteWriter& writer, std::string_view text) {
  writer.varint(text.size());
  writer.bytes(as_bytes(text));
}

std::string read_string(ByteReader& reader) {
  const std::uint64_t size = reader.varint();
  if (size > reader.remaining()) {
    fail(reader);
    return {};
  }
  return std::string(as_text(reader.bytes(static_cast<std::size_t>(size))));
}

void write_value(ByteWriter& writer, const Value& value) {
  switch (type_of(value)) {
    case ValueType::kBool:
      writer.u8(std::get<bool>(value) ? 1 : 0);
      break;
    case ValueType::kInt64:
      writer.varint(zigzag(std::get<std::int64_t>(value)));
      break;
    case ValueType::kFloat32:
      writer.write_le(std::bit_cast<std::uint32_t>(std::get<float>(value)));
      break;
    case ValueType::kFloat64:
      writer.write_le(std::bit_cast<std::uint64_t>(std::get<double>(value)));
      break;
    case ValueType::kString:
      write_string(writer, std::get<std::string>(value));
      break;
  }
}

Value read_value(ByteReader& reader, ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return read_flag(reader);
    case ValueType::kInt64:
      return unzigzag(reader.varint());
    case ValueType::kFloat32:
      return std::bit_cast<float>(reader.read_le<std::uint32_t>());
    case ValueType::kFloat64:
      return std::bit_cast<double>(reader.read_le<std::uint64_t>());
    case ValueType::kString:
      return read_string(reader);
  }
  return false;
}

std::optional<ValueType> read_type(ByteReader& reader) {
  const std::uint8_t number = reader.u8();
  if (number < 1 || number > 5) return std::nullopt;
  return static_cast<ValueType>(number);
}

// Differences wrap: the distance between the ends of the range does not fit into 64 bits.
std::uint64_t time_delta(Timestamp from, Timestamp to) {
  return zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(to.ns) -
                                          static_cast<std::uint64_t>(from.ns)));
}
Timestamp time_after(Timestamp from, std::uint64_t delta) {
  return {static_cast<std::int64_t>(static_cast<std::uint64_t>(from.ns) +
                                    static_cast<std::uint64_t>(unzigzag(delta)))};
}

void write_optional(ByteWriter& writer, const std::optional<double>& number) {
  writer.u8(number ? 1 : 0);
  if (number) writer.write_le(std::bit_cast<std::uint64_t>(*number));
}
std::optional<double> read_optional(ByteReader& reader) {
  if (!read_flag(reader)) return std::nullopt;
  return std::bit_cast<double>(reader.read_le<std::uint64_t>());
}

void write_spec(ByteWriter& writer, const TagSpec& spec) {
  write_string(writer, spec.path);
  writer.u8(static_cast<std::uint8_t>(spec.type));
  writer.u8(static_cast<std::uint8_t>(spec.interpolation));
  write_string(writer, spec.unit);
  write_string(writer, spec.description);
  writer.varint(spec.enum_set.size());
  for (const EnumEntry& entry : spec.enum_set) {
    writer.varint(zigzag(entry.value));
    write_string(writer, entry.name);
  }
  write_optional(writer, spec.range_low);
  write_optional(writer, spec.range_high);
  writer.u8(spec.writable ? 1 : 0);
  write_string(writer, spec.source);
}

bool read_spec(ByteReader& reader, TagSpec& spec) {
  spec.path = read_string(reader);
  const std::optional<ValueType> type = read_type(reader);
  const std::uint8_t interpolation = reader.u8();
  if (!type || interpolation < 1 || interpolation > 2) return false;
  spec.type = *type;
  spec.interpolation = static_cast<Interpolation>(interpolation);
  spec.unit = read_string(reader);
  spec.description = read_string(reader);
  const std::uint64_t entries = reader.varint();
  if (entries > reader.remaining()) return false;  // each takes two bytes at least
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::int64_t value = unzigzag(reader.varint());
    spec.enum_set.push_back({value, read_string(reader)});
  }
  spec.range_low = read_optional(reader);
  spec.range_high = read_optional(reader);
  spec.writable = read_flag(reader);
  spec.source = read_string(reader);
  return reader.ok();
}

}  // namespace

Bytes encode_batch(const SampleBatch& batch) {
  Bytes out;
  out.reserve(32 + batch.samples.size() * 20);
  ByteWriter writer(out);
  writer.write_le(batch.tenant.value);
  writer.write_le(static_cast<std::uint64_t>(batch.received.ns));
  writer.varint(batch.samples.size());
  Timestamp before = batch.received;
  std::uint32_t tag_before = 0;
  for (const Sample& sample : batch.samples) {
    // Put together here and appended at once: this is done for every sample that arrives.
    std::array<std::uint8_t, 3 * kVarintBytesMax + 1> head;
    // Samples of a poll stand in order of tags: differences are small.
    std::uint8_t* end =
        put_varint(head.data(), zigzag(std::int64_t{sample.tag.value} - std::int64_t{tag_before}));
    tag_before = sample.tag.value;
    end = put_varint(end, time_delta(before, sample.time));
    before = sample.time;
    end = put_varint(end, sample.quality.code);
    *end++ = static_cast<std::uint8_t>(type_of(sample.value));
    writer.bytes(ByteSpan(head.data(), end));
    write_value(writer, sample.value);
  }
  return out;
}

Result<SampleBatch> decode_batch(ByteSpan bytes) {
  ByteReader reader(bytes);
  SampleBatch batch;
  batch.tenant = {reader.read_le<std::uint32_t>()};
  batch.received = {static_cast<std::int64_t>(reader.read_le<std::uint64_t>())};
  const std::uint64_t count = reader.varint();
  if (count > reader.remaining() / kSampleBytesMin) {
    return corrupt("a batch has an impossible count");
  }
  batch.samples.reserve(static_cast<std::size_t>(count));
  Timestamp before = batch.received;
  std::int64_t tag_before = 0;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    Sample& sample = batch.samples.emplace_back();
    tag_before = static_cast<std::int64_t>(static_cast<std::uint64_t>(tag_before) +
                                           static_cast<std::uint64_t>(unzigzag(reader.varint())));
    if (tag_before < 0 || tag_before > UINT32_MAX)
      return corrupt("a batch names an impossible tag");
    sample.tag = {static_cast<std::uint32_t>(tag_before)};
    sample.time = before = time_after(before, reader.varint());
    const std::uint64_t quality = reader.varint();
    if (quality > UINT32_MAX) return corrupt("a batch has an impossible quality");
    sample.quality = {static_cast<std::uint32_t>(quality)};
    const std::optional<ValueType> type = read_type(reader);
    if (!type) return corrupt("a batch has an unknown type");
    sample.value = read_value(reader, *type);
  }
  if (!reader.ok() || !reader.at_end()) return corrupt("a batch's content does not fit its size");
  return batch;
}

Bytes encode_tags(const std::vector<TagEntry>& tags) {
  Bytes out;
  ByteWriter writer(out);
  writer.varint(tags.size());
  for (const TagEntry& entry : tags) {
    writer.write_le(entry.tenant.value);
    writer.write_le(entry.tag.id.value);
    write_spec(writer, entry.tag.spec);
  }
  return out;
}

Result<std::vector<TagEntry>> decode_tags(ByteSpan bytes) {
  ByteReader reader(bytes);
  const std::uint64_t count = reader.varint();
  if (count > reader.remaining()) return corrupt("a list of tags has an impossible count");
  std::vector<TagEntry> tags;
  for (std::uint64_t i = 0; i < count; ++i) {
    TagEntry entry;
    entry.tenant = {reader.read_le<std::uint32_t>()};
    entry.tag.id = {reader.read_le<std::uint32_t>()};
    if (!read_spec(reader, entry.tag.spec) || entry.tag.id.value == 0) {
      return corrupt("a tag cannot be read");
    }
    tags.push_back(std::move(entry));
  }
  if (!reader.ok() || !reader.at_end()) return corrupt("a list of tags does not fit its size");
  return tags;
}

}  // namespace lineshaft::historian

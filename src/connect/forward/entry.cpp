#include "connect/forward/entry.h"

#include <array>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/hex.h"
#include "wire/batch/batch.h"

namespace lineshaft::connect::forward {

namespace {

constexpr std::size_t kHeadBytes = 16;
constexpr std::uint32_t kPastFlag = 1;
constexpr std::string_view kMagic("LSQUE\r\n\0", 8);
constexpr std::uint32_t kVersion = 1;

Error bad_entry(const char* problem) {
  return {ErrorId::kInvalidArgument, std::string("the record is no entry of a queue: ") + problem};
}

}  // namespace

std::string SampleId::text() const {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(queue >> (56 - 8 * i));
  }
  return hex_text(bytes) + "-" + std::to_string(number);
}

SampleId sample_id(std::uint64_t queue, EntryNumber entry, std::size_t index) {
  LS_ASSERT(index < kEntrySamplesMax);
  return {queue, entry.value * kEntrySamplesMax + index};
}

Bytes encode_entry(Timestamp received, Age age, std::span<const Sample> samples) {
  LS_ASSERT(!samples.empty() && samples.size() <= kEntrySamplesMax);
  Bytes record;
  ByteWriter writer(record);
  writer.write_le(static_cast<std::uint64_t>(received.ns));
  writer.write_le(static_cast<std::uint32_t>(samples.size()));
  writer.write_le(age == Age::kPast ? kPastFlag : std::uint32_t{0});
  writer.bytes(batch::encode(samples));
  return record;
}

Result<EntryHead> decode_entry_head(ByteSpan record) {
  ByteReader reader(record);
  EntryHead head;
  head.received.ns = static_cast<std::int64_t>(reader.read_le<std::uint64_t>());
  head.samples = reader.read_le<std::uint32_t>();
  const auto flags = reader.read_le<std::uint32_t>();
  if (!reader.ok()) return bad_entry("it is cut off");
  if (head.samples == 0 || head.samples > kEntrySamplesMax) {
    return bad_entry("its count of samples is not allowed");
  }
  if (flags > kPastFlag) return bad_entry("it has flags of a newer version");
  head.age = flags == kPastFlag ? Age::kPast : Age::kPresent;
  return head;
}

Result<std::vector<Sample>> decode_entry_samples(ByteSpan record) {
  const Result<EntryHead> head = decode_entry_head(record);
  if (!head) return head.error();
  Result<std::vector<Sample>> samples = batch::decode(record.subspan(kHeadBytes));
  if (samples && samples->size() != head->samples) {
    return bad_entry("its samples are not as many as it says");
  }
  return samples;
}

std::size_t entry_bytes(const Sample& sample) {
  constexpr std::size_t kNumbers = 4 + 8 + 4 + 8;  // tag, time, quality, value or length
  const auto* text = std::get_if<std::string>(&sample.value);
  return kNumbers + (text == nullptr ? 0 : text->size());
}

Bytes encode_position(const Position& position) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.bytes(as_bytes(kMagic));
  writer.write_le(kVersion);
  writer.write_le(std::uint32_t{0});
  writer.write_le(position.queue);
  writer.write_le(position.confirmed.value);
  writer.write_le(static_cast<std::uint64_t>(position.confirmed_time.ns));
  writer.write_le(position.dropped.value);
  writer.write_le(position.samples_dropped);
  writer.write_le(std::uint32_t{0});
  writer.write_le(crc32c(bytes));
  LS_ASSERT(bytes.size() == kPositionBytes);
  return bytes;
}

Result<Position> decode_position(ByteSpan bytes) {
  const Error damaged{ErrorId::kCorrupt, "the position of the queue is not what was written"};
  if (bytes.size() != kPositionBytes) return damaged;
  ByteReader reader(bytes);
  if (as_text(reader.bytes(kMagic.size())) != kMagic) return damaged;
  const auto version = reader.read_le<std::uint32_t>();
  reader.bytes(4);
  Position position;
  position.queue = reader.read_le<std::uint64_t>();
  position.confirmed.value = reader.read_le<std::uint64_t>();
  position.confirmed_time.ns = static_cast<std::int64_t>(reader.read_le<std::uint64_t>());
  position.dropped.value = reader.read_le<std::uint64_t>();
  position.samples_dropped = reader.read_le<std::uint64_t>();
  reader.bytes(4);
  if (reader.read_le<std::uint32_t>() != crc32c(bytes.first(kPositionBytes - 4))) return damaged;
  if (version > kVersion) {
    return Error{ErrorId::kFormatTooNew,
                 "the position of the queue has version " + std::to_string(version)};
  }
  if (position.queue == 0 || position.dropped < position.confirmed) return damaged;
  return position;
}

}  // namespace lineshaft::connect::forward

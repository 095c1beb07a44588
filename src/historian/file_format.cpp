#include "historian/file_format.h"

#include <bit>

#include "base/crc32c.h"

namespace lineshaft::historian {
namespace {

void write_double(ByteWriter& writer, double number) {
  writer.write_le(std::bit_cast<std::uint64_t>(number));
}
double read_double(ByteReader& reader) {
  return std::bit_cast<double>(reader.read_le<std::uint64_t>());
}
void write_time(ByteWriter& writer, Timestamp time) {
  writer.write_le(static_cast<std::uint64_t>(time.ns));
}
Timestamp read_time(ByteReader& reader) {
  return {static_cast<std::int64_t>(reader.read_le<std::uint64_t>())};
}

}  // namespace

void write_entry(ByteWriter& writer, const BlockRef& block) {
  const Summary& s = block.summary;
  writer.write_le(block.key.tenant.value);
  writer.write_le(block.key.tag.value);
  writer.write_le(block.offset);
  writer.write_le(block.stored_bytes);
  writer.write_le(block.raw_bytes);
  writer.write_le(static_cast<std::uint32_t>(s.count));
  writer.write_le(static_cast<std::uint32_t>(s.bad));
  writer.write_le(s.last_quality);
  for (Timestamp time : {s.first_time, s.last_time, s.first_usable, s.last_usable}) {
    write_time(writer, time);
  }
  for (double number : {s.first, s.last, s.min, s.max, s.sum}) write_double(writer, number);
  writer.write_le(std::uint64_t{0});
}

BlockRef read_entry(ByteReader& reader) {
  BlockRef block;
  Summary& s = block.summary;
  block.key.tenant = {reader.read_le<std::uint32_t>()};
  block.key.tag = {reader.read_le<std::uint32_t>()};
  block.offset = reader.read_le<std::uint64_t>();
  block.stored_bytes = reader.read_le<std::uint32_t>();
  block.raw_bytes = reader.read_le<std::uint32_t>();
  s.count = reader.read_le<std::uint32_t>();
  s.bad = reader.read_le<std::uint32_t>();
  s.last_quality = reader.read_le<std::uint32_t>();
  for (Timestamp* time : {&s.first_time, &s.last_time, &s.first_usable, &s.last_usable}) {
    *time = read_time(reader);
  }
  for (double* number : {&s.first, &s.last, &s.min, &s.max, &s.sum}) {
    *number = read_double(reader);
  }
  reader.read_le<std::uint64_t>();
  return block;
}

Bytes head_of(const BlockRef& block) {
  Bytes head;
  ByteWriter writer(head);
  writer.write_le(block.key.tenant.value);
  writer.write_le(block.key.tag.value);
  writer.write_le(block.stored_bytes);
  writer.write_le(block.raw_bytes);
  return head;
}

std::uint32_t block_crc(std::uint64_t number, const BlockRef& block, ByteSpan stored) {
  Bytes address;
  ByteWriter writer(address);
  writer.write_le(number);
  writer.write_le(block.offset);
  return crc32c(stored, crc32c(head_of(block), crc32c(address)));
}

}  // namespace lineshaft::historian

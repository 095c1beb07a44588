// The bytes of the format page: its worked example is read from the page itself, so that page and
// program cannot part. The checksums there come from another program.
#include "wal/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sys/file.h"

namespace lineshaft::wal {
namespace {

// The blocks of hexadecimal bytes that are indented in docs/formats/wal.md, in order.
std::vector<Bytes> examples_of_the_page() {
  const Result<Bytes> page =
      sys::read_file(sys::real_file_system(), LINESHAFT_SOURCE_DIR "/docs/formats/wal.md", 1 << 20);
  EXPECT_TRUE(page.ok()) << page.error().text();
  std::vector<Bytes> examples;
  bool in_block = false;
  std::string_view text = page ? as_text(*page) : std::string_view();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    const bool is_hex = line.starts_with("    ") &&
                        line.find_first_not_of(" 0123456789abcdef") == std::string::npos;
    if (is_hex && !in_block) examples.emplace_back();
    in_block = is_hex;
    for (std::size_t at = 0; is_hex && at + 1 < line.size(); ++at) {
      if (line[at] == ' ') continue;
      examples.back().push_back(
          static_cast<std::uint8_t>(std::stoi(line.substr(at, 2), nullptr, 16)));
      ++at;
    }
  }
  return examples;
}

SegmentHeader example_segment() {
  SegmentHeader header;
  header.id = 0x0123456789abcdef;
  header.sequence = 12;
  header.first = Lsn{1000};
  header.bytes = kSegmentBytes;
  return header;
}

RecordHeader example_record() {
  RecordHeader record;
  record.segment_id = 0x0123456789abcdef;
  record.lsn = Lsn{1000};
  record.durable = Lsn{999};
  record.life = 1;
  record.type = 1;
  return record;
}

TEST(WalFormat, WritesWhatThePageShows) {
  const std::vector<Bytes> examples = examples_of_the_page();
  ASSERT_EQ(examples.size(), 2u);
  EXPECT_EQ(encode_segment_header(example_segment()), examples[0]);
  Bytes record;
  encode_record(example_record(), as_bytes("on"), record);
  EXPECT_EQ(record, examples[1]);
}

TEST(WalFormat, ReadsWhatThePageShows) {
  const std::vector<Bytes> examples = examples_of_the_page();
  ASSERT_EQ(examples.size(), 2u);
  const auto header = decode_segment_header(examples[0]);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->version, 1u);
  EXPECT_EQ(header->id, 0x0123456789abcdefu);
  EXPECT_EQ(header->sequence, 12u);
  EXPECT_EQ(header->first, Lsn{1000});
  EXPECT_EQ(header->bytes, 64u * 1024 * 1024);

  ASSERT_EQ(examples[1].size(), record_bytes(2));
  EXPECT_TRUE(record_is_intact(examples[1]));
  const RecordHeader record = parse_record_header(examples[1]);
  EXPECT_EQ(record.payload_bytes, 2u);
  EXPECT_EQ(record.segment_id, 0x0123456789abcdefu);
  EXPECT_EQ(record.lsn, Lsn{1000});
  EXPECT_EQ(record.durable, Lsn{999});
  EXPECT_EQ(record.life, 1u);
  EXPECT_EQ(record.type, 1u);
  EXPECT_EQ(as_text(ByteSpan(examples[1]).subspan(kRecordHeaderBytes, 2)), "on");
}

TEST(WalFormat, RefusesEveryHeaderAndRecordWithOneBitTurned) {
  const auto flip = [](Bytes bytes, std::size_t bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    return bytes;
  };
  const Bytes header = encode_segment_header(example_segment());
  for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
    EXPECT_FALSE(decode_segment_header(flip(header, bit)).has_value()) << bit;
  }
  Bytes record;
  encode_record(example_record(), as_bytes("on"), record);
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    EXPECT_FALSE(record_is_intact(flip(record, bit))) << bit;
  }
}

}  // namespace
}  // namespace lineshaft::wal

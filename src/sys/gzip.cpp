#include "sys/gzip.h"

#include <algorithm>
#include <array>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <cstdint>

#include "base/bytes.h"

namespace lineshaft::sys {
namespace {

namespace zlib = boost::beast::zlib;

constexpr std::size_t kPieceBytes = 256 * 1024;

Error bad(const char* problem) {
  return {ErrorId::kInvalidArgument, std::string("the gzip body ") + problem};
}

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    table[i] = crc;
  }
  return table;
}

// The checksum of RFC 1952, 8.
std::uint32_t crc32(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_crc_table();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

// Takes the header of a member away. False if there is none.
bool skip_header(ByteReader& reader) {
  constexpr std::uint8_t kHeaderChecksum = 2, kExtra = 4, kName = 8, kComment = 16,
                         kReserved = 0xE0;
  if (reader.u8() != 0x1f || reader.u8() != 0x8b || reader.u8() != 8) return false;
  const std::uint8_t flags = reader.u8();
  reader.bytes(6);  // time, how well, on what
  if ((flags & kReserved) != 0) return false;
  if ((flags & kExtra) != 0) reader.bytes(reader.read_le<std::uint16_t>());
  for (const std::uint8_t text : {kName, kComment}) {
    if ((flags & text) == 0) continue;
    while (reader.ok() && reader.u8() != 0) {
    }
  }
  if ((flags & kHeaderChecksum) != 0) reader.bytes(2);
  return reader.ok();
}

// Appends what one deflate stream holds and takes it away from the front of `compressed`.
Status inflate(std::string_view& compressed, std::size_t bytes_max, std::string& out) {
  zlib::inflate_stream stream;
  zlib::z_params params{};
  params.next_in = compressed.data();
  params.avail_in = compressed.size();
  for (;;) {
    const std::size_t have = out.size();
    const std::size_t room = std::min(kPieceBytes, bytes_max + 1 - have);
    out.resize(have + room);
    params.next_out = out.data() + have;
    params.avail_out = room;
    boost::beast::error_code code;
    stream.write(params, zlib::Flush::sync, code);
    out.resize(have + (room - params.avail_out));
    if (out.size() > bytes_max) return bad("is too large when it is unpacked");
    if (code == zlib::error::end_of_stream) break;
    if (code && code != zlib::error::need_buffers) return bad("is damaged");
    if (params.avail_out > 0) return bad("is cut off");
  }
  compressed.remove_prefix(compressed.size() - params.avail_in);
  return {};
}

}  // namespace

Result<std::string> gunzip(std::string_view compressed, std::size_t bytes_max) {
  std::string out;
  do {
    ByteReader header(as_bytes(compressed));
    if (!skip_header(header)) return bad("does not begin as gzip does");
    compressed.remove_prefix(header.position());
    const std::size_t from = out.size();
    if (Status inflated = inflate(compressed, bytes_max, out); !inflated) return inflated.error();
    const std::string_view member = std::string_view(out).substr(from);
    ByteReader trailer(as_bytes(compressed));
    const auto checksum = trailer.read_le<std::uint32_t>();
    const auto size = trailer.read_le<std::uint32_t>();
    if (!trailer.ok()) return bad("is cut off");
    if (checksum != crc32(member) || size != static_cast<std::uint32_t>(member.size())) {
      return bad("does not fit its checksum");
    }
    compressed.remove_prefix(trailer.position());
  } while (!compressed.empty());
  return out;
}

}  // namespace lineshaft::sys

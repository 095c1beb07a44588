// Lines are the same whole or in pieces; a line is understood or refused, and what a field holds
// comes back from a line of ours. Input: size of the pieces, lines.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "wire/shdr/shdr.h"

using namespace lineshaft;

namespace {

shdr::Kind kind_of(std::string_view key) {
  return static_cast<shdr::Kind>(key.empty() ? 0 : static_cast<unsigned char>(key[0]) % 6);
}

std::vector<shdr::Line> read(ByteSpan stream, std::size_t piece) {
  shdr::LineReader reader;
  std::vector<shdr::Line> lines;
  while (!stream.empty()) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty()) {
      auto line = reader.next(part);
      if (!line) return lines;
      if (*line) lines.push_back(**std::move(line));
    }
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const ByteSpan stream = ByteSpan(data, size).subspan(1);
  const auto lines = read(stream, stream.size() + 1);
  LS_ASSERT(lines == read(stream, std::size_t{1} + data[0]));
  for (const shdr::Line& line : lines) {
    (void)shdr::parse_command(line.text);
    (void)shdr::parse_asset(line);
    const auto readings = shdr::parse_readings(line.text, kind_of);
    LS_ASSERT(readings.ok() || readings.error().id == ErrorId::kBadAnswer);
    if (!readings) continue;
    for (const shdr::Reading& reading : readings->readings) {
      LS_ASSERT(reading.kind != shdr::Kind::kUnknown);
    }
  }
  return 0;
}

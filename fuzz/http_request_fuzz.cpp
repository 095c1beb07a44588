// Requests are the same whole or in pieces; a target that can be read is decoded text. Input: size
// of the pieces, requests.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "base/utf8.h"
#include "wire/http/message.h"

using namespace lineshaft;

namespace {

struct Seen {
  std::string targets;
  std::size_t count = 0;
  bool failed = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen read(ByteSpan stream, std::size_t piece) {
  http::RequestReader reader;
  Seen seen;
  while (!stream.empty() && !seen.failed) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty() && !seen.failed) {
      const auto request = reader.next(part);
      seen.failed = !request.ok();
      if (!request || !*request) continue;
      seen.targets += (*request)->method + (*request)->target + "\n";
      seen.count += 1;
      const auto target = http::parse_target((*request)->target);
      if (!target) continue;
      for (const std::string& level : target->levels) LS_ASSERT(is_utf8(level));
      for (const auto& [name, value] : target->query) LS_ASSERT(is_utf8(name) && is_utf8(value));
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const ByteSpan stream = ByteSpan(data, size).subspan(1);
  LS_ASSERT(read(stream, std::size_t{1} + data[0]) == read(stream, stream.size() + 1));
  return 0;
}

// An answer gives the same whole or in pieces, and never more than its bound. Input: size of the
// pieces, answer.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "wire/http/message.h"

using namespace lineshaft;

namespace {

constexpr std::size_t kBodyMax = 2000;

struct Seen {
  std::string body;
  int status = 0;
  bool failed = false;
  bool whole = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen read(ByteSpan answer, std::size_t piece) {
  http::ResponseReader reader(kBodyMax);
  Seen seen;
  while (!answer.empty() && !seen.failed) {
    const ByteSpan part = answer.first(std::min(piece, answer.size()));
    answer = answer.subspan(part.size());
    seen.failed = !reader.take(part).ok();
    LS_ASSERT(seen.failed || reader.body().size() <= kBodyMax);
  }
  if (seen.failed) return {"", 0, true, false};  // how far it came depends on the pieces
  seen.body = reader.body();
  if (reader.head()) seen.status = reader.head()->status;
  seen.whole = reader.close().ok();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const ByteSpan answer = ByteSpan(data, size).subspan(1);
  LS_ASSERT(read(answer, std::size_t{1} + data[0]) == read(answer, answer.size() + 1));
  return 0;
}

// A stream gives the same documents whole or in pieces. Input: size of the pieces, stream with the
// boundary "sep".
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "wire/mtconnect/multipart.h"

using namespace lineshaft;

namespace {

constexpr std::size_t kPartMax = 1000;

std::vector<std::string> read(std::string_view stream, std::size_t piece) {
  auto reader = mtconnect::MultipartReader::make("sep", kPartMax);
  std::string buffer;
  std::vector<std::string> documents;
  while (!stream.empty()) {
    buffer += stream.substr(0, piece);
    stream.remove_prefix(std::min(piece, stream.size()));
    while (true) {
      auto document = reader->next(buffer);
      if (!document) return documents;
      if (!*document) break;
      documents.push_back(**std::move(document));
    }
  }
  return documents;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(stream, stream.size() + 1);
  const auto pieces = read(stream, std::size_t{1} + data[0]);
  // In pieces a document without an end is given up earlier; what was given is the same.
  LS_ASSERT(pieces.size() <= whole.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) LS_ASSERT(pieces[i] == whole[i]);
  if (!whole.empty()) {
    const std::string part = mtconnect::write_part("sep", whole[0]);
    const auto again = read(part, 7);
    LS_ASSERT(whole[0].size() > kPartMax || (again.size() == 1 && again[0] == whole[0]));
  }
  return 0;
}

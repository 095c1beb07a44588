// A file and damage to it and to its parity: what is given back as repaired is what was there.
//
// Input: size of the file (2 bytes, in units of 64 bytes and one), then up to 16 times: a
// place (2), a length (2), a byte to change the bytes there by. Places go on from the file into the
// parity.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "codec/parity.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::codec;

ReadAt reader_of(const Bytes& bytes) {
  return [&bytes](std::uint64_t offset, std::span<std::uint8_t> out) -> Status {
    if (offset > bytes.size() || out.size() > bytes.size() - offset) {
      return Error{ErrorId::kIoError, "behind the end"};
    }
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  };
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kFile = 12;
  constexpr std::size_t kUnit = 64;
  constexpr int kDamagesMax = 16;  // a second of work
  ByteReader input({data, size});
  const std::size_t file_bytes = 1 + kUnit * (input.read_le<std::uint16_t>() % 2048);
  Bytes original(file_bytes);
  for (std::size_t i = 0; i < file_bytes; ++i) {
    original[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  }
  Bytes parity = make_parity(kFile, file_bytes, reader_of(original)).value();
  Bytes damaged = original;
  for (int i = 0; i < kDamagesMax && !input.at_end(); ++i) {
    const std::size_t place = kUnit * input.read_le<std::uint16_t>();
    const std::size_t length = 1 + input.read_le<std::uint16_t>();
    const std::uint8_t change = input.u8();
    for (std::size_t at = place; at < place + length; ++at) {
      if (at < file_bytes) {
        damaged[at] ^= change;
      } else if (at - file_bytes < parity.size()) {
        parity[at - file_bytes] ^= change;
      }
    }
  }
  const ProtectedFile file{kFile, file_bytes, reader_of(damaged), reader_of(parity)};
  const Result<Bytes> repaired = read_repaired(file, 0, file_bytes);
  LS_ASSERT(!repaired || *repaired == original);
  const Damage damage = find_damage(file);
  LS_ASSERT(!damage.pages.empty() || damage.unknown_pages > 0 || damaged == original);
  for (const std::uint64_t page : damage.pages) static_cast<void>(repaired_page(file, page));
  return 0;
}

#include "api/tar.h"

#include <array>
#include <cstdio>

#include "base/assert.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytesMax = 100;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kChecksumBytes = 8;

// As octal digits with a NUL behind them.
void put_octal(std::string& header, std::size_t at, std::size_t bytes, std::uint64_t number) {
  std::array<char, 24> digits{};
  const int width = static_cast<int>(bytes) - 1;
  std::snprintf(digits.data(), digits.size(), "%0*llo", width,
                static_cast<unsigned long long>(number));
  header.replace(at, bytes - 1, digits.data(), bytes - 1);
}

}  // namespace

std::string tar_entry(std::string_view name, std::string_view bytes, Timestamp modified) {
  LS_ASSERT(!name.empty() && name.size() <= kNameBytesMax);
  std::string entry(kBlock, '\0');
  entry.replace(0, name.size(), name);
  put_octal(entry, 100, 8, 0600);  // mode
  put_octal(entry, 108, 8, 0);     // owner
  put_octal(entry, 116, 8, 0);     // group
  put_octal(entry, 124, 12, bytes.size());
  put_octal(entry, 136, 12, static_cast<std::uint64_t>(modified.ns / 1'000'000'000));
  entry[156] = '0';  // a regular file
  entry.replace(257, 5, "ustar");
  entry.replace(263, 2, "00");
  // The sum of all bytes, as if its own eight were blanks.
  entry.replace(kChecksumAt, kChecksumBytes, kChecksumBytes, ' ');
  std::uint64_t sum = 0;
  for (const char c : entry) sum += static_cast<unsigned char>(c);
  put_octal(entry, kChecksumAt, 7, sum);
  entry[kChecksumAt + 6] = '\0';
  entry += bytes;
  entry.resize((entry.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return entry;
}

std::string tar_end() { return std::string(2 * kBlock, '\0'); }

}  // namespace lineshaft::api

#include "codec/fold.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.h"

namespace lineshaft::codec {

namespace {

constexpr std::array<std::uint64_t, 20> kTens = [] {
  std::array<std::uint64_t, 20> tens{1};
  for (std::size_t i = 1; i < tens.size(); ++i) tens[i] = tens[i - 1] * 10;
  return tens;
}();

std::uint64_t magnitude(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}
std::int64_t with_sign(std::uint64_t size, std::int64_t of) {
  return static_cast<std::int64_t>(of < 0 ? 0 - size : size);
}

// Of numbers below 10^19, from 1.
unsigned digits_of(std::uint64_t number) {
  // 1233 / 4096 is log10(2), a little rounded: right but for one digit more.
  const unsigned digits = (static_cast<unsigned>(std::bit_width(number | 1)) * 1233) >> 12;
  return digits + (number >= kTens[digits] ? 1 : 0);
}

// Without the zeros at the end, as long as there are more than `at_least`.
unsigned significant_digits(std::uint64_t number, unsigned digits, unsigned at_least) {
  for (; digits > at_least && number % 10 == 0; --digits) number /= 10;
  return digits;
}

}  // namespace

FoldShape find_fold(std::span<const std::int64_t> numbers) {
  unsigned significant = kFoldDigitsMin;
  std::uint64_t greatest = 0;
  for (const std::int64_t number : numbers) {
    const std::uint64_t size = magnitude(number);
    greatest = std::max(greatest, size);
    if (size < kTens[significant]) continue;
    const unsigned digits = digits_of(size);
    if (size % kTens[digits - significant] == 0) continue;
    significant = significant_digits(size, digits, significant);
    if (significant > kFoldDigitsMax) return {};
  }
  const unsigned digits = digits_of(greatest);
  if (digits <= significant || digits - significant > kFoldDecadesMax) return {};
  return {static_cast<std::uint8_t>(significant), static_cast<std::uint8_t>(digits - significant)};
}

void fold(const FoldShape& shape, std::span<std::int64_t> numbers) {
  LS_ASSERT(shape.digits >= kFoldDigitsMin && shape.digits <= kFoldDigitsMax);
  for (std::int64_t& number : numbers) {
    std::uint64_t size = magnitude(number);
    if (size < kTens[shape.digits]) continue;
    const unsigned decade = digits_of(size) - shape.digits;
    size = size / kTens[decade] + decade * 9 * kTens[shape.digits - 1];
    number = with_sign(size, number);
  }
}

void unfold(const FoldShape& shape, std::span<std::int64_t> numbers) {
  const std::uint64_t decade_numbers = 9 * kTens[shape.digits - 1U];
  for (std::int64_t& number : numbers) {
    std::uint64_t size = magnitude(number);
    if (size < kTens[shape.digits]) continue;
    const std::uint64_t decade =
        std::min<std::uint64_t>((size - kTens[shape.digits]) / decade_numbers + 1, shape.decades);
    size = (size - decade * decade_numbers) * kTens[decade];
    number = with_sign(size, number);
  }
}

}  // namespace lineshaft::codec

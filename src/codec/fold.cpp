#include "codec/fold.h"

#include <algorithm>
#include <array>

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

unsigned digits_of(std::uint64_t number) {
  unsigned digits = 1;
  while (digits < kTens.size() && number >= kTens[digits]) ++digits;
  return digits;
}

// Significant digits: without the zeros at the end, beyond the first kFoldDigitsMin digits.
unsigned significant_digits(std::uint64_t number, unsigned at_least) {
  unsigned digits = digits_of(number);
  while (digits > at_least && number % 10 == 0) {
    number /= 10;
    --digits;
  }
  return digits;
}

}  // namespace

FoldShape find_fold(std::span<const std::int64_t> numbers) {
  unsigned significant = kFoldDigitsMin;
  std::uint64_t greatest = 0;
  for (const std::int64_t number : numbers) {
    const std::uint64_t size = magnitude(number);
    greatest = std::max(greatest, size);
    // A multiple of 10^(digits - significant) already asks for no more.
    if (size >= kTens[significant]) significant = significant_digits(size, significant);
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

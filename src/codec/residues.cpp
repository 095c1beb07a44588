#include "codec/residues.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "codec/layout.h"

namespace lineshaft::codec {
namespace {

constexpr std::uint8_t kDifferencesMask = 0x03;
constexpr std::uint8_t kPlainResidues = 0x04;
constexpr unsigned kMarkShift = 4;

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::int64_t number(std::uint64_t bits) { return static_cast<std::int64_t>(bits); }

std::int64_t sampled_median(std::span<const std::uint64_t> values) {
  constexpr std::size_t kSample = 63;
  std::array<std::int64_t, kSample> sample{};
  const std::size_t count = std::min(values.size(), sample.size());
  for (std::size_t i = 0; i < count; ++i) sample[i] = number(values[i * values.size() / count]);
  const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(sample.begin(), middle, sample.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

}  // namespace

Residues to_residues(std::span<const std::int64_t> values, unsigned differences,
                     std::span<std::uint64_t> residues) {
  LS_ASSERT(!values.empty() && residues.size() == values.size());
  LS_ASSERT(differences <= kDifferencesMax);
  Residues how;
  how.differences = static_cast<std::uint8_t>(std::min<std::size_t>(differences, values.size()));
  std::transform(values.begin(), values.end(), residues.begin(), bits);
  for (std::size_t level = 1; level <= how.differences; ++level) {
    for (std::size_t i = residues.size(); i-- > level;) residues[i] -= residues[i - 1];
  }
  const std::span<const std::uint64_t> rest =
      residues.subspan(std::min<std::size_t>(how.differences, residues.size() - 1));
  how.middle = sampled_median(rest);
  const std::uint64_t middle = bits(how.middle);
  if (how.differences == 1) how.start = number(residues[0] - middle);
  if (how.differences == 2) {
    how.slope = number(residues[1] - 2 * middle);
    how.start = number(residues[0] - middle - bits(how.slope));
  }
  for (std::size_t i = 0; i < how.differences; ++i) residues[i] = middle;
  for (std::uint64_t& residue : residues) residue = zigzag(number(residue - middle));
  return how;
}

Residues to_plain_residues(std::span<const std::int64_t> values,
                           std::span<std::uint64_t> residues) {
  LS_ASSERT(!values.empty() && residues.size() == values.size());
  Residues how;
  how.plain = true;
  how.middle = *std::min_element(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i) residues[i] = bits(values[i]) - bits(how.middle);
  return how;
}

void write_residues_head(const Residues& how, std::uint8_t mark, Bytes& out) {
  LS_ASSERT(mark < 16);
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(how.differences | (how.plain ? kPlainResidues : 0) |
                                      mark << kMarkShift));
  writer.varint(zigzag(how.middle));
  if (how.differences >= 1) writer.varint(zigzag(how.start));
  if (how.differences >= 2) writer.varint(zigzag(how.slope));
}

Result<ResiduesHead> read_residues_head(ByteReader& reader) {
  ResiduesHead head;
  const std::uint8_t flags = reader.u8();
  head.mark = static_cast<std::uint8_t>(flags >> kMarkShift);
  head.how.differences = flags & kDifferencesMask;
  head.how.plain = (flags & kPlainResidues) != 0;
  if ((flags & 0x08) != 0 || head.how.differences > kDifferencesMax ||
      (head.how.plain && head.how.differences > 0)) {
    return corrupt("residues of a kind that is not known here");
  }
  head.how.middle = unzigzag(reader.varint());
  if (head.how.differences >= 1) head.how.start = unzigzag(reader.varint());
  if (head.how.differences >= 2) head.how.slope = unzigzag(reader.varint());
  if (!reader.ok()) return corrupt("a column of residues that is cut short");
  return head;
}

}  // namespace lineshaft::codec

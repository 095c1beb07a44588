#include "codec/dictionary.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/integers.h"
#include "codec/layout.h"

namespace lineshaft::codec {

namespace {

// The distinct values and where each stands, by open addressing with at most half of the slots
// used.
class Distinct {
 public:
  Distinct() { slots_.fill(kFree); }

  // The number of the value in the order of their first appearance, or nothing if there are too
  // many.
  std::optional<std::uint16_t> add(std::int64_t value, std::size_t most) {
    std::size_t slot = static_cast<std::size_t>(
        (static_cast<std::uint64_t>(value) * 0x9E3779B97F4A7C15) >> (64 - kSlotBits));
    while (slots_[slot] != kFree) {
      if (values_[slots_[slot]] == value) return slots_[slot];
      slot = (slot + 1) % slots_.size();
    }
    if (count_ == most) return std::nullopt;
    values_[count_] = value;
    slots_[slot] = static_cast<std::uint16_t>(count_);
    return static_cast<std::uint16_t>(count_++);
  }

  std::span<const std::int64_t> values() const { return std::span(values_).first(count_); }

 private:
  static constexpr unsigned kSlotBits = 12;
  static constexpr std::uint16_t kFree = 0xFFFF;
  std::array<std::int64_t, kDictionaryMax> values_;
  std::array<std::uint16_t, std::size_t{1} << kSlotBits> slots_;
  std::size_t count_ = 0;
};

// In a range this small, a table of all numbers of the range is the fastest way.
constexpr std::uint64_t kDenseRange = 1U << 14;

bool rank_dense(std::span<const std::int64_t> values, const Range& range, std::size_t most,
                Dictionary& dictionary) {
  std::array<std::uint16_t, kDenseRange> rank_of{};
  const auto offset = [&](std::int64_t value) {
    return static_cast<std::size_t>(value - range.least);
  };
  std::size_t distinct = 0;
  for (const std::int64_t value : values) {
    std::uint16_t& seen = rank_of[offset(value)];
    if (seen == 0 && ++distinct > most) return false;
    seen = 1;
  }
  for (std::size_t i = 0; i <= offset(range.greatest); ++i) {
    if (rank_of[i] == 0) continue;
    rank_of[i] = static_cast<std::uint16_t>(dictionary.table.size());
    dictionary.table.push_back(range.least + static_cast<std::int64_t>(i));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    dictionary.ranks[i] = rank_of[offset(values[i])];
  }
  return true;
}

bool rank_sparse(std::span<const std::int64_t> values, std::size_t most, Dictionary& dictionary) {
  Distinct distinct;
  std::array<std::uint16_t, kValuesMax> numbers;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::optional<std::uint16_t> number = distinct.add(values[i], most);
    if (!number) return false;
    numbers[i] = *number;
  }
  dictionary.table.assign(distinct.values().begin(), distinct.values().end());
  const std::vector<std::int64_t>& table = dictionary.table;
  std::sort(dictionary.table.begin(), dictionary.table.end());
  std::vector<std::int64_t> rank_of(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    rank_of[i] = std::lower_bound(table.begin(), table.end(), distinct.values()[i]) - table.begin();
  }
  for (std::size_t i = 0; i < values.size(); ++i) dictionary.ranks[i] = rank_of[numbers[i]];
  return true;
}

std::uint64_t gap_of(const Range& range) {
  return static_cast<std::uint64_t>(range.greatest) - static_cast<std::uint64_t>(range.least);
}

bool rank(std::span<const std::int64_t> values, const Range& range, std::size_t most,
          Dictionary& dictionary) {
  LS_ASSERT(most <= kDictionaryMax && values.size() <= kValuesMax);
  dictionary.table.clear();
  dictionary.ranks.resize(values.size());
  return gap_of(range) < kDenseRange ? rank_dense(values, range, most, dictionary)
                                     : rank_sparse(values, most, dictionary);
}

// A dictionary takes out the gaps between values. Where there are few, it gains less than half a
// bit a value, and where most values are different, less than the table costs.
bool is_worth_it(std::uint64_t gap, std::size_t distinct, std::size_t values) {
  return distinct * 2 <= values && gap / 3 * 2 >= distinct;
}

}  // namespace

bool to_dictionary(std::span<const std::int64_t> values, std::size_t most, Dictionary& dictionary) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return rank(values, {*least, *greatest}, most, dictionary);
}

bool encode_dictionary(std::span<const std::int64_t> values, const Range& range, Bytes& out) {
  Dictionary dictionary;
  if (!rank(values, range, kFreshDictionaryMax, dictionary)) return false;
  if (!is_worth_it(gap_of(range), dictionary.table.size(), values.size())) return false;
  out.push_back(static_cast<std::uint8_t>(Layout::kDictionary));
  ByteWriter(out).varint(dictionary.table.size());
  encode_sized_integers(dictionary.table, out);
  encode_integers(dictionary.ranks, out, Nesting::kRuns);
  return true;
}

Status decode_dictionary(ByteReader& reader, std::span<std::int64_t> out) {
  const std::uint64_t size = reader.varint();
  if (size == 0 || size > kDictionaryMax) return corrupt("a dictionary of a size that cannot be");
  std::array<std::int64_t, kDictionaryMax> table{};
  if (Status read =
          decode_sized_integers(reader, std::span(table).first(static_cast<std::size_t>(size)));
      !read) {
    return read;
  }
  if (Status read = decode_integers(reader.bytes(reader.remaining()), out, Nesting::kRuns); !read) {
    return read;
  }
  std::uint64_t greatest = 0;
  for (std::int64_t& value : out) {
    const auto rank = static_cast<std::uint64_t>(value);
    greatest = std::max(greatest, rank);
    value = table[rank % kDictionaryMax];
  }
  if (greatest >= size) return corrupt("a rank outside of its dictionary");
  return {};
}

}  // namespace lineshaft::codec

#include "codec/seal.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/dictionary.h"
#include "codec/entropy.h"
#include "codec/integers.h"
#include "codec/packed.h"
#include "codec/residues.h"

namespace lineshaft::codec {
namespace {

static_assert(kEntropyValuesMax >= kValuesMax);

using Column = std::span<const std::int64_t>;
using Buffer = std::array<std::uint64_t, kValuesMax>;

// zstd is the slowest to read: it has to save this much.
constexpr double kPackedShare = 0.97;
// Bits of a dictionary entry that no dictionary stays below in earnest; spares the look at ranks
// where the numbers take less than their table would.
constexpr double kEntryBits = 1;

// The best of what was offered, with its residues.
class Choice {
 public:
  explicit Choice(std::size_t count) : count_(count) {}

  void offer_differences(Column values, unsigned differences) {
    const Residues how = to_residues(values, differences, trial());
    SymbolCounts counts;
    for (const std::uint64_t residue : trial()) counts.add_token_of(residue);
    take(how, counts.bits() + 8.0 * (2 + differences));
  }
  // Few distinct values: each a symbol of its own.
  void offer_plain(Column values) {
    const Residues how = to_plain_residues(values, trial());
    SymbolCounts counts;
    for (const std::uint64_t residue : trial()) {
      if (residue >= kTokenCount) return;
      counts.add(static_cast<std::uint8_t>(residue), 0);
    }
    take(how, counts.bits() + 8.0 * 2);
  }

  double bits() const { return bits_; }
  const Residues& how() const { return how_; }
  std::span<const std::uint64_t> residues() const {
    return std::span(buffers_[best_]).first(count_);
  }

 private:
  std::span<std::uint64_t> trial() { return std::span(buffers_[1 - best_]).first(count_); }
  void take(const Residues& how, double bits) {
    if (bits >= bits_) return;
    bits_ = bits;
    how_ = how;
    best_ = 1 - best_;
  }

  std::array<Buffer, 2> buffers_;
  std::size_t best_ = 0;
  std::size_t count_;
  double bits_ = 1e300;
  Residues how_;
};

void put_layout(Layout layout, Bytes& out) { out.push_back(static_cast<std::uint8_t>(layout)); }

void offer_numbers(Column values, Choice& choice) {
  for (unsigned differences = 0; differences <= kDifferencesMax; ++differences) {
    choice.offer_differences(values, differences);
  }
  choice.offer_plain(values);
}

// Second differences of ranks mean nothing.
void offer_ranks(Column ranks, Choice& choice) {
  choice.offer_differences(ranks, 0);
  choice.offer_differences(ranks, 1);
  choice.offer_plain(ranks);
}

void write_coded(const Choice& choice, Bytes& out) {
  put_layout(Layout::kCoded, out);
  write_residues_head(choice.how(), 0, out);
  encode_entropy(choice.residues(), choice.how().plain ? Alphabet::kPlain : Alphabet::kTokens, out);
}

// A table: growing numbers.
Bytes sealed_table(Column table) {
  Bytes fresh;
  encode_integers(table, fresh, Nesting::kSimple);
  Choice choice(table.size());
  choice.offer_differences(table, 1);
  if (choice.bits() >= 8.0 * static_cast<double>(fresh.size())) return fresh;
  Bytes coded;
  write_coded(choice, coded);
  return coded.size() < fresh.size() ? coded : fresh;
}

// The column as ranks, if that may take less than `bits`. Appends all but the ranks.
struct Ranked {
  Dictionary dictionary;
  Bytes head;
};
std::optional<Ranked> ranked(Column values, double bits) {
  const auto most = static_cast<std::size_t>(std::min<double>(kDictionaryMax, bits / kEntryBits));
  Ranked ranked;
  if (!to_dictionary(values, std::min(most, values.size() / 2), ranked.dictionary)) {
    return std::nullopt;
  }
  put_layout(Layout::kDictionary, ranked.head);
  const Bytes table = sealed_table(ranked.dictionary.table);
  ByteWriter writer(ranked.head);
  writer.varint(ranked.dictionary.table.size());
  writer.varint(table.size());
  writer.bytes(table);
  return ranked;
}

void keep_smaller(Bytes& best, Bytes& other) {
  if (other.size() < best.size()) best.swap(other);
}

void try_coded(Column values, Bytes& best) {
  Choice choice(values.size());
  offer_numbers(values, choice);
  Choice choice_of_ranks(values.size());
  const std::optional<Ranked> as_ranks = ranked(values, choice.bits());
  if (as_ranks) offer_ranks(as_ranks->dictionary.ranks, choice_of_ranks);
  Bytes coded;
  if (as_ranks &&
      choice_of_ranks.bits() + 8.0 * static_cast<double>(as_ranks->head.size()) < choice.bits()) {
    coded = as_ranks->head;
    write_coded(choice_of_ranks, coded);
  } else {
    write_coded(choice, coded);
  }
  keep_smaller(best, coded);
}

void try_packed(Column values, Bytes& best) {
  Buffer buffer;
  const std::span<std::uint64_t> residues = std::span(buffer).first(values.size());
  for (const bool plain : {true, false}) {
    const Residues how =
        plain ? to_plain_residues(values, residues) : to_residues(values, 1, residues);
    const unsigned width = bytes_of_each(residues);
    Bytes packed;
    put_layout(Layout::kPacked, packed);
    write_residues_head(how, static_cast<std::uint8_t>(width), packed);
    append_packed(residues, width, packed);
    if (static_cast<double>(packed.size()) < kPackedShare * static_cast<double>(best.size())) {
      best.swap(packed);
    }
  }
}

}  // namespace

double sealed_bits(Column values) {
  Choice choice(values.size());
  offer_numbers(values, choice);
  return choice.bits();
}

void seal_integers(Column values, Bytes& out) {
  LS_ASSERT(!values.empty() && values.size() <= kValuesMax);
  Bytes best;
  encode_integers(values, best);
  if (static_cast<Layout>(best[0]) != Layout::kConstant) {
    try_coded(values, best);
    try_packed(values, best);
  }
  ByteWriter(out).bytes(best);
}

void encode_sized_column(Column values, Effort effort, Bytes& out) {
  Bytes column;
  encode_int64(values, effort, column);
  ByteWriter writer(out);
  writer.varint(column.size());
  writer.bytes(column);
}

Status decode_sealed(Layout layout, ByteReader& reader, std::span<std::int64_t> out) {
  LS_ASSERT(out.size() <= kValuesMax);
  const Result<ResiduesHead> head = read_residues_head(reader);
  if (!head) return head.error();
  const ByteSpan rest = reader.bytes(reader.remaining());
  Buffer buffer;
  const std::span<std::uint64_t> residues = std::span(buffer).first(out.size());
  Status read;
  if (layout == Layout::kPacked) {
    if (head->mark == 0 || head->mark > 8) return corrupt("packed numbers of no width");
    read = read_packed(rest, head->mark, residues);
  } else {
    if (head->mark != 0) return corrupt("coded numbers with a width");
    read = decode_entropy(rest, residues);
  }
  if (!read) return read;
  from_residues(head->how, residues, out);
  return {};
}

}  // namespace lineshaft::codec

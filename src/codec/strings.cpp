#include <iterator>
#include <string_view>
#include <unordered_map>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/integers.h"
#include "codec/layout.h"
#include "codec/seal.h"
#include "codec/zstd_frame.h"

namespace lineshaft::codec {
namespace {

constexpr int kFreshLevel = 1;
constexpr int kSealedLevel = 9;

// Each text once, in the order of its first appearance, and which one each value is.
struct Distinct {
  std::vector<std::int64_t> sizes;
  std::string text;
  std::vector<std::int64_t> numbers;
};

Distinct distinct_of(std::span<const std::string_view> texts) {
  Distinct distinct;
  std::unordered_map<std::string_view, std::int64_t> known;
  for (std::string_view text : texts) {
    const auto [at, is_new] = known.try_emplace(text, std::ssize(distinct.sizes));
    distinct.numbers.push_back(at->second);
    if (!is_new) continue;
    distinct.sizes.push_back(std::ssize(text));
    distinct.text += text;
  }
  return distinct;
}

// Where each distinct text is in what follows.
struct Table {
  std::vector<std::size_t> begins;
  std::string text;

  std::string_view at(std::size_t i) const {
    return std::string_view(text).substr(begins[i], begins[i + 1] - begins[i]);
  }
};

// The sizes, which together are at most `text_bytes_max`.
Status read_sizes(ByteReader& reader, std::size_t size, std::size_t text_bytes_max, Table& table) {
  std::vector<std::int64_t> sizes(size);
  if (Status read = decode_sized_integers(reader, sizes, Nesting::kAny); !read) return read;
  table.begins.push_back(0);
  for (const std::int64_t bytes : sizes) {
    const auto of = static_cast<std::uint64_t>(bytes);
    if (of > text_bytes_max - table.begins.back()) return corrupt("texts longer than allowed");
    table.begins.push_back(table.begins.back() + static_cast<std::size_t>(of));
  }
  return {};
}

// What is left of the stream: the text as it is, or packed if that is shorter.
Status read_text(ByteSpan stored, Table& table) {
  const std::size_t size = table.begins.back();
  if (stored.size() > size) return corrupt("texts with bytes behind them");
  if (stored.size() == size) {
    table.text = as_text(stored);
    return {};
  }
  table.text.resize(size);
  return read_zstd(stored, {reinterpret_cast<std::uint8_t*>(table.text.data()), size});
}

}  // namespace

void encode_strings(std::span<const std::string_view> texts, Effort effort, Bytes& out) {
  LS_ASSERT(!texts.empty() && texts.size() <= kValuesMax);
  const Distinct distinct = distinct_of(texts);
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(Layout::kTexts));
  writer.varint(distinct.sizes.size());
  encode_sized_column(distinct.sizes, effort, out);
  encode_sized_column(distinct.numbers, effort, out);
  Bytes packed;
  append_zstd(as_bytes(distinct.text), effort == Effort::kFresh ? kFreshLevel : kSealedLevel,
              packed);
  writer.bytes(packed.size() < distinct.text.size() ? ByteSpan(packed) : as_bytes(distinct.text));
}

Status decode_strings(ByteSpan bytes, std::size_t count, std::size_t text_bytes_max,
                      std::vector<std::uint32_t>& ends, std::string& text) {
  LS_ASSERT(count > 0 && count <= kValuesMax && text_bytes_max <= UINT32_MAX);
  ByteReader reader(bytes);
  if (static_cast<Layout>(reader.u8()) != Layout::kTexts) {
    return corrupt("texts in a layout that is not known here");
  }
  const std::uint64_t size = reader.varint();
  if (size == 0 || size > count) return corrupt("a number of texts that cannot be");
  Table table;
  if (Status read = read_sizes(reader, static_cast<std::size_t>(size), text_bytes_max, table);
      !read) {
    return read;
  }
  std::vector<std::int64_t> numbers(count);
  if (Status read = decode_sized_integers(reader, numbers, Nesting::kAny); !read) return read;
  if (Status read = read_text(reader.bytes(reader.remaining()), table); !read) return read;

  ends.clear();
  text.clear();
  for (const std::int64_t number : numbers) {
    if (static_cast<std::uint64_t>(number) >= size) return corrupt("a text that is not there");
    const std::string_view next = table.at(static_cast<std::size_t>(number));
    if (next.size() > text_bytes_max - text.size()) return corrupt("texts longer than allowed");
    text += next;
    ends.push_back(static_cast<std::uint32_t>(text.size()));
  }
  return {};
}

}  // namespace lineshaft::codec

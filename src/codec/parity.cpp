#include "codec/parity.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/crc32c.h"

namespace lineshaft::codec {
namespace {

constexpr std::uint64_t kPagesPerStripe = 64;  // 1.56 % of parity
constexpr std::uint64_t kBurstPages = 17;      // 64 KiB at any offset touch no more
constexpr std::uint32_t kVersion = 1;

// A table page: magic, version, file's number and size; checksums; the checksum of all before.
constexpr std::string_view kMagic = "LSPR";
constexpr std::size_t kTableHeadBytes = 24;
constexpr std::size_t kSumsPerTable = (kPageBytes - kTableHeadBytes - 4) / 4;

using Page = std::array<std::uint8_t, kPageBytes>;

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

// Where what is. Pages of parity are numbered on behind those of the file, and belong to stripes by
// the same rule: so damage across the border of the two costs each stripe one page too.
struct Shape {
  std::uint64_t data_bytes;
  std::uint64_t pages = divide_up(data_bytes, kPageBytes);
  std::uint64_t stripes = std::max(divide_up(pages, kPagesPerStripe), std::min(pages, kBurstPages));
  std::uint64_t all = pages + stripes;
  std::uint64_t tables = divide_up(all, kSumsPerTable);

  std::uint64_t stripe_of(std::uint64_t page) const { return page % stripes; }
  // The page of parity that belongs to a stripe.
  std::uint64_t parity_page(std::uint64_t stripe) const {
    return pages + (stripe + stripes - pages % stripes) % stripes;
  }
  std::uint64_t table_offset(std::uint64_t table) const {
    return stripes * kPageBytes + table * kPageBytes;
  }
  std::size_t sums_of(std::uint64_t table) const {
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(kSumsPerTable, all - table * kSumsPerTable));
  }
};

std::size_t table_bytes(std::size_t sums) { return kTableHeadBytes + 4 * sums + 4; }

// A page of the file or of the parity.
Status read_page(const ProtectedFile& file, const Shape& shape, std::uint64_t number, Page& page) {
  if (number >= shape.pages) return file.parity((number - shape.pages) * kPageBytes, page);
  const std::uint64_t offset = number * kPageBytes;
  const auto there =
      static_cast<std::size_t>(std::min<std::uint64_t>(kPageBytes, shape.data_bytes - offset));
  std::fill(page.begin() + static_cast<std::ptrdiff_t>(there), page.end(), std::uint8_t{0});
  return file.data(offset, std::span(page).first(there));
}

void exclusive_or(std::uint8_t* into, const Page& page) {
  for (std::size_t i = 0; i < kPageBytes; ++i) {
    into[i] = static_cast<std::uint8_t>(into[i] ^ page[i]);
  }
}

// Of one table page.
using Sums = std::vector<std::uint32_t>;

// Over the number too: a page written to another place does not pass.
std::uint32_t numbered_sum(std::uint64_t number, ByteSpan bytes) {
  Bytes address;
  ByteWriter(address).write_le(number);
  return crc32c(bytes, crc32c(address));
}

void write_table(std::uint64_t file, const Shape& shape, std::uint64_t table,
                 std::span<const std::uint32_t> sums, Bytes& out) {
  const std::size_t begin = out.size();
  ByteWriter writer(out);
  writer.bytes(as_bytes(kMagic));
  writer.write_le(kVersion);
  writer.write_le(file);
  writer.write_le(shape.data_bytes);
  for (std::uint32_t sum : sums) writer.write_le(sum);
  writer.write_le(numbered_sum(table, ByteSpan(out).subspan(begin)));
}

Result<Sums> read_table(const ProtectedFile& file, const Shape& shape, std::uint64_t table) {
  const std::size_t count = shape.sums_of(table);
  Bytes bytes(table_bytes(count));
  if (Status read = file.parity(shape.table_offset(table), bytes); !read) return read.error();
  ByteReader reader(bytes);
  const bool known = as_text(reader.bytes(kMagic.size())) == kMagic &&
                     reader.read_le<std::uint32_t>() == kVersion &&
                     reader.read_le<std::uint64_t>() == file.file &&
                     reader.read_le<std::uint64_t>() == shape.data_bytes;
  Sums sums(count);
  for (std::uint32_t& sum : sums) sum = reader.read_le<std::uint32_t>();
  const std::uint32_t expected = numbered_sum(table, ByteSpan(bytes).first(bytes.size() - 4));
  if (!known || reader.read_le<std::uint32_t>() != expected) {
    return Error{ErrorId::kCorrupt, "table " + std::to_string(table) + " of the parity is damaged"};
  }
  return sums;
}

bool is_whole(const ProtectedFile& file, const Shape& shape, std::uint64_t number,
              std::uint32_t sum, Page& page) {
  return read_page(file, shape, number, page).ok() && numbered_sum(number, page) == sum;
}

// The exclusive or of all pages of the stripe but `number`.
Status rebuild(const ProtectedFile& file, const Shape& shape, std::uint64_t number, Page& page) {
  page.fill(0);
  Page other;
  for (std::uint64_t n = shape.stripe_of(number); n < shape.all; n += shape.stripes) {
    if (n == number) continue;
    if (Status read = read_page(file, shape, n, other); !read) return read;
    exclusive_or(page.data(), other);
  }
  return {};
}

}  // namespace

std::uint64_t parity_bytes(std::uint64_t data_bytes) {
  const Shape shape{data_bytes};
  if (shape.pages == 0) return 0;
  return shape.table_offset(shape.tables - 1) + table_bytes(shape.sums_of(shape.tables - 1));
}

Result<Bytes> make_parity(std::uint64_t file, std::uint64_t data_bytes, const ReadAt& data) {
  LS_ASSERT(data_bytes > 0);
  const Shape shape{data_bytes};
  const ProtectedFile source{file, data_bytes, data, {}};
  Bytes out(static_cast<std::size_t>(shape.stripes) * kPageBytes);
  out.reserve(static_cast<std::size_t>(parity_bytes(data_bytes)));
  Sums sums;
  sums.reserve(static_cast<std::size_t>(shape.all));
  const auto parity_at = [&](std::uint64_t number) {
    return out.data() + (number - shape.pages) * kPageBytes;
  };
  Page page;
  for (std::uint64_t n = 0; n < shape.pages; ++n) {
    if (Status read = read_page(source, shape, n, page); !read) return read.error();
    sums.push_back(numbered_sum(n, page));
    exclusive_or(parity_at(shape.parity_page(shape.stripe_of(n))), page);
  }
  for (std::uint64_t n = shape.pages; n < shape.all; ++n) {
    sums.push_back(numbered_sum(n, {parity_at(n), kPageBytes}));
  }
  for (std::uint64_t table = 0; table < shape.tables; ++table) {
    const auto first = static_cast<std::size_t>(table) * kSumsPerTable;
    write_table(file, shape, table, std::span(sums).subspan(first, shape.sums_of(table)), out);
  }
  LS_ASSERT(out.size() == parity_bytes(data_bytes));
  return out;
}

Result<std::uint64_t> protected_bytes(std::uint64_t file, std::uint64_t parity_bytes,
                                      const ReadAt& parity) {
  // The last table, and those before it, begin at whole pages.
  for (std::uint64_t pages = divide_up(parity_bytes, kPageBytes); pages > 0; --pages) {
    Bytes head(kTableHeadBytes);
    if (!parity((pages - 1) * kPageBytes, head)) continue;
    ByteReader reader(head);
    if (as_text(reader.bytes(kMagic.size())) != kMagic) continue;
    reader.read_le<std::uint32_t>();
    reader.read_le<std::uint64_t>();
    const Shape shape{reader.read_le<std::uint64_t>()};
    if (shape.pages == 0 || shape.data_bytes > parity_bytes * kPagesPerStripe) continue;
    if (lineshaft::codec::parity_bytes(shape.data_bytes) != parity_bytes) continue;
    const std::uint64_t table = pages - 1 - shape.stripes;
    if (pages - 1 < shape.stripes || table >= shape.tables) continue;
    // Its checksum covers the size.
    if (read_table({file, shape.data_bytes, {}, parity}, shape, table)) return shape.data_bytes;
  }
  return Error{ErrorId::kCorrupt, "nothing of its tables is left"};
}

Damage find_damage(const ProtectedFile& file) {
  LS_ASSERT(file.data_bytes > 0);
  const Shape shape{file.data_bytes};
  Damage damage;
  Page page;
  for (std::uint64_t table = 0; table < shape.tables; ++table) {
    const std::uint64_t first = table * kSumsPerTable;
    const std::uint64_t end = first + shape.sums_of(table);
    const Result<Sums> sums = read_table(file, shape, table);
    if (!sums) {
      ++damage.parity_pages;
      damage.unknown_pages += std::min(end, shape.pages) - std::min(first, shape.pages);
      continue;
    }
    for (std::uint64_t n = first; n < end; ++n) {
      if (is_whole(file, shape, n, (*sums)[static_cast<std::size_t>(n - first)], page)) continue;
      if (n < shape.pages) {
        damage.pages.push_back(n);
      } else {
        ++damage.parity_pages;
      }
    }
  }
  return damage;
}

Result<Bytes> repaired_page(const ProtectedFile& file, std::uint64_t page) {
  const Shape shape{file.data_bytes};
  LS_ASSERT(page < shape.pages);
  const Result<Sums> sums = read_table(file, shape, page / kSumsPerTable);
  if (!sums) return sums.error();
  const std::uint32_t sum = (*sums)[static_cast<std::size_t>(page % kSumsPerTable)];
  Page content;
  if (!is_whole(file, shape, page, sum, content)) {
    const Status rebuilt = rebuild(file, shape, page, content);
    if (!rebuilt || numbered_sum(page, content) != sum) {
      return Error{ErrorId::kCorrupt,
                   "page " + std::to_string(page) + " and another of its stripe are damaged"};
    }
  }
  const auto there = static_cast<std::ptrdiff_t>(
      std::min<std::uint64_t>(kPageBytes, file.data_bytes - page * kPageBytes));
  return Bytes(content.begin(), content.begin() + there);
}

Result<Bytes> read_repaired(const ProtectedFile& file, std::uint64_t offset, std::size_t count) {
  LS_ASSERT(offset <= file.data_bytes && count <= file.data_bytes - offset);
  Bytes out;
  while (out.size() < count) {
    const std::uint64_t at = offset + out.size();
    const Result<Bytes> page = repaired_page(file, at / kPageBytes);
    if (!page) return page.error();
    const auto skip = static_cast<std::size_t>(at % kPageBytes);
    const std::size_t take = std::min(count - out.size(), page->size() - skip);
    const ByteSpan part = ByteSpan(*page).subspan(skip, take);
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

}  // namespace lineshaft::codec

// codec/parity.h: parity that repairs a file which no longer changes, when a sector, a page or a
// row of pages of it is damaged. Pure functions over readers; threads: any. Format:
// docs/formats/parity.md.
//
// The file is seen as pages of 4 KiB, the last one filled up with zeros. Page i belongs to stripe
// i mod S; a parity page is the exclusive or of all pages of a stripe. Neighbours are in different
// stripes, so a row of up to S damaged pages costs each stripe one page, which its others give
// back. Two damaged pages of one stripe cannot be repaired.
//
// S is pages / 64, but at least 17 (or as many as there are pages): 64 KiB touch at most 17 pages,
// so damage of 64 KiB anywhere is repaired in any file, of more in a larger one (1/64 of it). Cost
// on disk: 1.7 % of a file of 4.4 MB or more; 70 KiB of a smaller one, at most as much as it has.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

inline constexpr std::size_t kPageBytes = 4096;

// Fills `out` with the bytes from `offset` on. An error means that these bytes are lost.
using ReadAt = std::function<Status(std::uint64_t offset, std::span<std::uint8_t> out)>;

// How large the parity of a file of `data_bytes` is.
std::uint64_t parity_bytes(std::uint64_t data_bytes);

// The parity of a file, to be stored beside it or behind it. `file` is its number: the parity of
// one file does not pass for that of another. Requires: data_bytes > 0. Errors: those of `data`.
// Cost: reads the file once; memory: the parity.
Result<Bytes> make_parity(std::uint64_t file, std::uint64_t data_bytes, const ReadAt& data);

// How large the file was when its parity was made, as its tables tell: it may have been cut
// short since. Errors: kCorrupt: no table of this file is left, and nothing can be repaired.
Result<std::uint64_t> protected_bytes(std::uint64_t file, std::uint64_t parity_bytes,
                                      const ReadAt& parity);

// A file and its parity, as they are found later.
struct ProtectedFile {
  std::uint64_t file = 0;
  std::uint64_t data_bytes = 0;
  ReadAt data;
  ReadAt parity;  // from its first byte, wherever that is stored
};

struct Damage {
  std::vector<std::uint64_t> pages;  // of the file, that are not what they were
  std::uint64_t parity_pages = 0;    // damaged pages of the parity: it should be made again
  std::uint64_t unknown_pages = 0;   // of the file: no checksum for them is left
};

// Reads everything once. Memory: constant, but for the result.
Damage find_damage(const ProtectedFile& file);

// The bytes of a page as they were: its own if they are still right, else made from the rest of its
// stripe; shorter than a page at the end of the file. The result has been checked.
// Errors: kCorrupt: another page of the stripe is damaged too, or the page's checksum is lost.
// Cost: reads 64 pages and a table of checksums.
Result<Bytes> repaired_page(const ProtectedFile& file, std::uint64_t page);

// `count` bytes of the file as they were, with damaged pages repaired.
// Requires: offset + count <= data_bytes. Errors: as repaired_page.
Result<Bytes> read_repaired(const ProtectedFile& file, std::uint64_t offset, std::size_t count);

}  // namespace lineshaft::codec

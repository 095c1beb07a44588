#include "vault/sealed_file.h"

#include <algorithm>

#include "base/assert.h"

namespace lineshaft::vault {
namespace {

constexpr std::uint64_t kBlock = sys::kXtsBlockBytes;
constexpr std::uint64_t kUnit = sys::kXtsUnitBytes;

std::uint64_t down(std::uint64_t at, std::uint64_t to) { return at - at % to; }
std::uint64_t up(std::uint64_t at, std::uint64_t to) { return down(at + to - 1, to); }

std::uint64_t bytes_below(std::uint64_t size) {
  return kHeadBytes + (size == 0 ? 0 : size + kSlackBytes);
}

}  // namespace

Result<std::uint64_t> SealedFile::content_size() {
  const Result<std::uint64_t> below = below_->size();
  if (!below) return below;
  // Less than that is a size that a crash has left of a first write.
  return *below > kHeadBytes + kSlackBytes ? *below - kHeadBytes - kSlackBytes : std::uint64_t{0};
}

// The content from `first_byte`, which begins a unit, up to `end`, which ends a block; less at the
// end of the file below.
Result<Bytes> SealedFile::read_blocks(std::uint64_t first_byte, std::uint64_t end) {
  LS_ASSERT(first_byte % kUnit == 0 && end % kBlock == 0);
  Bytes blocks(static_cast<std::size_t>(end - first_byte));
  const Result<std::size_t> count = below_->read_at(kHeadBytes + first_byte, blocks);
  if (!count) return count.error();
  blocks.resize(down(*count, kBlock));
  const auto is_zero = [&](std::size_t at) {
    return std::all_of(blocks.begin() + static_cast<std::ptrdiff_t>(at),
                       blocks.begin() + static_cast<std::ptrdiff_t>(at + kBlock),
                       [](std::uint8_t byte) { return byte == 0; });
  };
  std::vector<std::size_t> zeros;
  for (std::size_t at = 0; at < blocks.size(); at += kBlock) {
    if (is_zero(at)) zeros.push_back(at);
  }
  if (Status done = sys::xts_decrypt(cipher_->xts(), first_byte / kUnit, blocks); !done) {
    return done.error();
  }
  for (const std::size_t at : zeros) {
    std::fill_n(blocks.begin() + static_cast<std::ptrdiff_t>(at), kBlock, std::uint8_t{0});
  }
  return blocks;
}

// One block; what lies behind the end of the content is zero.
Status SealedFile::load_block(std::uint64_t at, std::uint64_t size, std::span<std::uint8_t> out) {
  std::ranges::fill(out, std::uint8_t{0});
  if (at >= size) return {};
  const std::uint64_t unit = down(at, kUnit);
  const Result<Bytes> blocks = read_blocks(unit, at + kBlock);
  if (!blocks) return blocks.error();
  const std::uint64_t valid = std::min(size - at, kBlock);
  if (blocks->size() < at - unit + valid) return {};  // cut meanwhile
  std::copy_n(blocks->begin() + static_cast<std::ptrdiff_t>(at - unit), valid, out.begin());
  return {};
}

// Before the file grows without its end being written: what a former write or a cut has left in
// the last block and behind it would come to light as content.
Status SealedFile::clear_slack(std::uint64_t size) {
  if (size == 0) return {};
  const std::uint64_t last = down(size - 1, kBlock);
  const std::uint64_t unit = down(last, kUnit);
  Bytes buffer(static_cast<std::size_t>(last - unit + kBlock));
  const auto block = std::span(buffer).last(kBlock);
  if (Status loaded = load_block(last, size, block); !loaded) return loaded;
  if (Status done = sys::xts_encrypt(cipher_->xts(), unit / kUnit, buffer); !done) return done;
  Bytes tail(block.begin(), block.end());
  tail.resize(static_cast<std::size_t>(size + kSlackBytes - last));
  return below_->write_at(kHeadBytes + last, tail);
}

Result<std::size_t> SealedFile::read_at(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (!cipher_) return below_->read_at(offset, out);
  const std::shared_lock lock(cipher_->mutex);
  const Result<std::uint64_t> size = content_size();
  if (!size) return size.error();
  if (offset >= *size || out.empty()) return std::size_t{0};
  const std::uint64_t end = std::min<std::uint64_t>(*size, offset + out.size());
  const std::uint64_t unit = down(offset, kUnit);
  const Result<Bytes> blocks = read_blocks(unit, up(end, kBlock));
  if (!blocks) return blocks.error();
  const std::uint64_t there = std::min<std::uint64_t>(end, unit + blocks->size());
  if (there <= offset) return std::size_t{0};
  const auto count = static_cast<std::size_t>(there - offset);
  std::copy_n(blocks->begin() + static_cast<std::ptrdiff_t>(offset - unit), count, out.begin());
  return count;
}

Status SealedFile::write_at(std::uint64_t offset, ByteSpan data) {
  if (!cipher_) return below_->write_at(offset, data);
  if (data.empty()) return {};
  const std::unique_lock lock(cipher_->mutex);
  const Result<std::uint64_t> size = content_size();
  if (!size) return size.error();
  if (offset > *size) {
    if (Status cleared = clear_slack(*size); !cleared) return cleared;
  }
  const std::uint64_t end = offset + data.size();
  const std::uint64_t first = down(offset, kBlock);
  const std::uint64_t unit = down(offset, kUnit);
  const std::uint64_t last = down(end - 1, kBlock);
  // From the beginning of the unit, since the cipher counts from there; what is in front of the
  // first block is thrown away again.
  Bytes buffer(static_cast<std::size_t>(last + kBlock - unit));
  const auto block = [&](std::uint64_t at) {
    return std::span(buffer).subspan(static_cast<std::size_t>(at - unit), kBlock);
  };
  if (first < offset) {
    if (Status loaded = load_block(first, *size, block(first)); !loaded) return loaded;
  }
  if (end < last + kBlock && (last != first || first == offset)) {
    if (Status loaded = load_block(last, *size, block(last)); !loaded) return loaded;
  }
  std::ranges::copy(data, buffer.begin() + static_cast<std::ptrdiff_t>(offset - unit));
  if (Status done = sys::xts_encrypt(cipher_->xts(), unit / kUnit, buffer); !done) return done;
  if (end > *size) buffer.resize(static_cast<std::size_t>(end + kSlackBytes - unit));
  return below_->write_at(kHeadBytes + first,
                          ByteSpan(buffer).subspan(static_cast<std::size_t>(first - unit)));
}

Result<std::uint64_t> SealedFile::size() {
  if (!cipher_) return below_->size();
  const std::shared_lock lock(cipher_->mutex);
  return content_size();
}

Status SealedFile::truncate(std::uint64_t wanted) {
  if (!cipher_) {
    if (wanted > 0 || !make_head_) return below_->truncate(wanted);
    if (Status cut = below_->truncate(0); !cut) return cut;
    Result<std::shared_ptr<FileCipher>> made = make_head_(*below_);
    if (!made) return made.error();
    cipher_ = *std::move(made);
    return {};
  }
  const std::unique_lock lock(cipher_->mutex);
  const Result<std::uint64_t> size = content_size();
  if (!size) return size.error();
  if (wanted > *size) {
    if (Status cleared = clear_slack(*size); !cleared) return cleared;
  }
  return below_->truncate(bytes_below(wanted));
}

void SealedFile::drop_cached(std::uint64_t offset, std::uint64_t bytes) {
  below_->drop_cached(cipher_ ? kHeadBytes + offset : offset, bytes);
}

Status SealedFile::allocate(std::uint64_t wanted) {
  if (!cipher_) return below_->allocate(wanted);
  const std::unique_lock lock(cipher_->mutex);
  const Result<std::uint64_t> size = content_size();
  if (!size) return size.error();
  if (wanted <= *size) return {};
  if (Status cleared = clear_slack(*size); !cleared) return cleared;
  return below_->allocate(bytes_below(wanted));
}

}  // namespace lineshaft::vault

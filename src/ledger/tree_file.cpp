#include "ledger/tree_file.h"

namespace lineshaft::ledger {
namespace {

constexpr std::size_t kHashBytes = sizeof(Sha256);
// Written at once: 256 KiB.
constexpr std::size_t kBufferHashes = 8192;

static_assert(sizeof(Sha256[2]) == 2 * kHashBytes);

ByteSpan bytes_of(std::span<const Sha256> hashes) {
  return hashes.empty() ? ByteSpan() : ByteSpan(hashes.front().data(), hashes.size() * kHashBytes);
}

}  // namespace

bool TreeFile::open(std::uint64_t kept) {
  restart();
  if (trouble_) return false;
  const Result<std::uint64_t> size = file_->size();
  if (!size || *size / kHashBytes < kept) return false;
  written_ = kept;
  return true;
}

void TreeFile::restart() {
  buffer_.clear();
  written_ = 0;
  trouble_.reset();
  file_.reset();
  Result<std::unique_ptr<sys::File>> file = files_.open(path_, sys::OpenMode::kCreate);
  if (file) {
    file_ = std::move(*file);
  } else {
    trouble_ = std::move(file).error();
  }
}

void TreeFile::append(std::span<const Sha256> hashes) {
  if (trouble_) return;
  buffer_.insert(buffer_.end(), hashes.begin(), hashes.end());
  if (buffer_.size() < kBufferHashes) return;
  static_cast<void>(flush());
}

Status TreeFile::flush() {
  if (trouble_) return *trouble_;
  if (buffer_.empty()) return {};
  Status written = file_->write_at(written_ * kHashBytes, bytes_of(buffer_));
  if (written) {
    written_ += buffer_.size();
  } else {
    trouble_ = written.error();
  }
  buffer_.clear();
  return written;
}

Status sync_tree(sys::FileSystem& files, const std::string& path) {
  // By a file of its own: a sync of the first takes seconds, and others read and write it
  // meanwhile.
  Result<std::unique_ptr<sys::File>> file = files.open(path, sys::OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  return (*file)->sync();
}

Result<Sha256> TreeFile::read(std::uint64_t position) const {
  if (trouble_) return *trouble_;
  if (position >= written_ && position - written_ < buffer_.size()) {
    return buffer_[static_cast<std::size_t>(position - written_)];
  }
  Sha256 hash{};
  Result<std::size_t> count = file_->read_at(position * kHashBytes, hash);
  if (!count) return std::move(count).error();
  if (position >= written_ || *count != kHashBytes) {
    return Error{ErrorId::kCorrupt, path_ + " does not hold hash " + std::to_string(position)};
  }
  return hash;
}

}  // namespace lineshaft::ledger

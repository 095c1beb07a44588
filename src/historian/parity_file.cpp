#include "historian/parity_file.h"

#include "historian/file.h"
#include "historian/file_names.h"

namespace lineshaft::historian {
namespace {

// All of `out`, or an error: parity takes both for damage.
Status fill(sys::File& file, std::uint64_t offset, std::span<std::uint8_t> out) {
  const Result<std::size_t> got = file.read_at(offset, out);
  if (!got) return got.error();
  if (*got == out.size()) return {};
  return Error{ErrorId::kCorrupt, "the file became shorter"};
}

codec::ReadAt reader_of(sys::File& file) {
  return [&file](std::uint64_t offset, std::span<std::uint8_t> out) {
    return fill(file, offset, out);
  };
}

}  // namespace

std::string parity_path(std::string samples_path) {
  for (const std::string_view suffix : {kDamagedSuffix, kSamplesSuffix}) {
    if (!samples_path.ends_with(suffix)) continue;
    samples_path.resize(samples_path.size() - suffix.size());
  }
  return samples_path + std::string(kParitySuffix);
}

void remove_with_parity(sys::FileSystem& files, const std::string& samples_path) {
  static_cast<void>(files.remove(samples_path));
  // After the samples: what a crash leaves over has its parity, or is none.
  const std::string parity = parity_path(samples_path);
  if (files.exists(parity)) static_cast<void>(files.remove(parity));
}

Status write_parity(sys::FileSystem& files, const FileReader& samples) {
  for (const BlockRef* block : samples.every_block()) {
    if (Status whole = samples.check_block(*block); !whole) return whole;
  }
  const auto file = files.open(samples.path(), sys::OpenMode::kRead);
  if (!file) return file.error();
  const Result<Bytes> parity =
      codec::make_parity(samples.id().number, samples.bytes(), reader_of(**file));
  if (!parity) return parity.error();
  return sys::write_file_atomically(files, parity_path(samples.path()), *parity);
}

Result<std::unique_ptr<ParityFile>> ParityFile::open(sys::FileSystem& files,
                                                     const std::string& samples_path,
                                                     std::uint64_t number) {
  std::unique_ptr<ParityFile> opened(new ParityFile());
  auto parity = files.open(parity_path(samples_path), sys::OpenMode::kRead);
  if (!parity) return parity.error();
  opened->parity_ = *std::move(parity);
  auto samples = files.open(samples_path, sys::OpenMode::kRead);
  if (!samples) return samples.error();
  opened->samples_ = *std::move(samples);
  const Result<std::uint64_t> parity_bytes = opened->parity_->size();
  const Result<std::uint64_t> samples_bytes = opened->samples_->size();
  if (!parity_bytes) return parity_bytes.error();
  if (!samples_bytes) return samples_bytes.error();
  codec::ProtectedFile& both = opened->protected_;
  both.file = number;
  both.data = reader_of(*opened->samples_);
  both.parity = reader_of(*opened->parity_);
  const Result<std::uint64_t> data_bytes =
      codec::protected_bytes(number, *parity_bytes, both.parity);
  if (!data_bytes) {
    return Error{ErrorId::kCorrupt, parity_path(samples_path) + ": " + data_bytes.error().what};
  }
  both.data_bytes = *data_bytes;
  opened->same_size_ = *data_bytes == *samples_bytes;
  return opened;
}

Result<Bytes> ParityFile::read(std::uint64_t offset, std::size_t count) const {
  if (offset > data_bytes() || count > data_bytes() - offset) {
    return Error{ErrorId::kCorrupt, "the parity is of a shorter file"};
  }
  return codec::read_repaired(protected_, offset, count);
}

Result<Bytes> ParityFile::page(std::uint64_t number) const {
  return codec::repaired_page(protected_, number);
}

codec::Damage ParityFile::find_damage(const std::function<bool(std::uint64_t bytes)>& read) const {
  bool stopped = false;
  const auto from_disk = [&](sys::File& file) -> codec::ReadAt {
    return [&](std::uint64_t offset, std::span<std::uint8_t> out) -> Status {
      stopped = stopped || !read(out.size());
      if (stopped) return Error{ErrorId::kCancelled, "the check was stopped"};
      file.drop_cached(offset, out.size());
      return fill(file, offset, out);
    };
  };
  codec::ProtectedFile both = protected_;
  both.data = from_disk(*samples_);
  both.parity = from_disk(*parity_);
  return codec::find_damage(both);
}

}  // namespace lineshaft::historian

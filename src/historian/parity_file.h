// historian/parity_file.h: the parity of a file of samples, in a file of its own beside it.
// What it repairs: codec/parity.h.
#pragma once

#include <memory>
#include <string>

#include "codec/parity.h"
#include "sys/file.h"

namespace lineshaft::historian {

class FileReader;

// "a/000012.lsh", and the same set aside, -> "a/000012.parity".
std::string parity_path(std::string samples_path);

// Both of them, as far as they are there.
void remove_with_parity(sys::FileSystem& files, const std::string& samples_path);

// Makes the parity of a file, or makes it anew, durably. Every block is read before, as it is on
// the disk: damage must not be taken for what was written. Errors: kCorrupt, kIoError: the file is
// damaged; kDiskFull: nothing is changed.
Status write_parity(sys::FileSystem& files, const FileReader& samples);

// A file of samples and its parity, as they are found. Threads: any, at once.
class ParityFile {
 public:
  // Errors: kFileMissing; kCorrupt: it is of another file, or says nothing any more.
  static Result<std::unique_ptr<ParityFile>> open(sys::FileSystem& files,
                                                  const std::string& samples_path,
                                                  std::uint64_t number);

  std::uint64_t data_bytes() const { return protected_.data_bytes; }  // when it was made
  bool same_size() const { return same_size_; }                       // the file has it still
  // As the file was. Errors: kCorrupt: it cannot be repaired there.
  Result<Bytes> read(std::uint64_t offset, std::size_t count) const;
  Result<Bytes> page(std::uint64_t number) const;

  // What of both is not as it was, on the disk and not in memory. `read` is told of each part that
  // is read, and returns false to stop: then the result says nothing.
  codec::Damage find_damage(const std::function<bool(std::uint64_t bytes)>& read) const;

 private:
  ParityFile() = default;

  std::unique_ptr<sys::File> samples_;
  std::unique_ptr<sys::File> parity_;
  codec::ProtectedFile protected_;
  bool same_size_ = true;
};

}  // namespace lineshaft::historian

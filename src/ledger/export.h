// ledger/export.h: a ledger in one file, for others: every entry with its hash, and the signed
// checkpoint over all of them (docs/formats/ledger.md, "Export").
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ledger/merkle.h"
#include "ledger/state.h"
#include "sys/file.h"

namespace lineshaft::ledger {

// The parts of an export in order, each behind `out`: the beginning, entries from 1 on, the end.
void append_export_begin(Bytes& out);
void append_export_entry(ByteSpan bytes, const Sha256& hash, Bytes& out);
// `key` is the text of the ledger's verifier key, `note` its signed checkpoint.
void append_export_end(std::string_view key, std::string_view note, Bytes& out);

// Reads an export. Trusts nothing in it. One thread.
class ExportReader : public Earlier {
 public:
  struct Entry {
    Sequence sequence;
    Sha256 hash{};   // as it stands in the file
    ByteSpan bytes;  // borrowed for the call
  };
  struct End {
    std::string key;
    std::string note;
  };

  // Errors: kFileMissing, kIoError; kVerificationFailed: not an export; kFormatTooNew.
  static Result<std::unique_ptr<ExportReader>> open(sys::FileSystem& files,
                                                    const std::string& path);

  // All entries in order, then what stands at the end. Can be called again.
  // Errors: kVerificationFailed, naming the entry at which the file is not an export any more; of
  // `visit`.
  Result<End> read_all(const std::function<Status(const Entry&)>& visit);

  // An entry that read_all has passed. Errors: kCorrupt.
  Result<Journal> read(Sequence sequence) const override;

  std::uint64_t bytes() const { return size_; }
  std::uint64_t position() const { return offset_; }

 private:
  ExportReader(std::unique_ptr<sys::File> file, std::uint64_t size)
      : file_(std::move(file)), size_(size) {}
  // So many bytes at offset_, which moves on; empty if the file ends before.
  Result<ByteSpan> take(std::size_t count);
  Result<std::string> take_text(const char* what);

  std::unique_ptr<sys::File> file_;
  std::uint64_t size_;
  std::uint64_t offset_ = 0;
  std::uint64_t window_offset_ = 0;
  Bytes window_;
  std::vector<std::uint64_t> offsets_;  // of the entries 1, 1025, 2049...
};

}  // namespace lineshaft::ledger

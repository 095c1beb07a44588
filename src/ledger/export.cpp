#include "ledger/export.h"

#include <algorithm>
#include <array>

namespace lineshaft::ledger {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'L', 'S', 'L', 'E', 'D', 'G', 'E', 'R'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = kMagic.size() + sizeof kVersion;
constexpr std::size_t kFrameBytes = 4 + sizeof(Sha256);  // of an entry, before its bytes
// 10,000 legs of at most 20 bytes, and the rest of a journal.
constexpr std::uint32_t kEntryBytesMax = 256 * 1024;
constexpr std::uint32_t kTextBytesMax = 64 * 1024;
constexpr std::size_t kBufferBytes = 1024 * 1024;
constexpr std::uint64_t kRemembered = 1024;

Error broken(std::string what) { return {ErrorId::kVerificationFailed, std::move(what)}; }

}  // namespace

// --- writing ---

void append_export_begin(Bytes& out) {
  ByteWriter writer(out);
  writer.bytes(kMagic);
  writer.write_le(kVersion);
}

void append_export_entry(ByteSpan bytes, const Sha256& hash, Bytes& out) {
  ByteWriter writer(out);
  writer.write_le(static_cast<std::uint32_t>(bytes.size()));
  writer.bytes(hash);
  writer.bytes(bytes);
}

void append_export_end(std::string_view key, std::string_view note, Bytes& out) {
  ByteWriter writer(out);
  writer.write_le(std::uint32_t{0});
  for (const std::string_view text : {key, note}) {
    writer.write_le(static_cast<std::uint32_t>(text.size()));
    writer.bytes(as_bytes(text));
  }
}

// --- reading ---

Result<std::unique_ptr<ExportReader>> ExportReader::open(sys::FileSystem& files,
                                                         const std::string& path) {
  Result<std::unique_ptr<sys::File>> file = files.open(path, sys::OpenMode::kRead);
  if (!file) return std::move(file).error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  std::unique_ptr<ExportReader> reader(new ExportReader(*std::move(file), *size));
  const Result<ByteSpan> head = reader->take(kHeaderBytes);
  if (!head) return head.error();
  if (head->size() < kHeaderBytes || !std::equal(kMagic.begin(), kMagic.end(), head->begin())) {
    return broken(path + " is no export of a ledger");
  }
  const auto version = ByteReader(head->subspan(kMagic.size())).read_le<std::uint32_t>();
  if (version != kVersion) {
    return Error{version > kVersion ? ErrorId::kFormatTooNew : ErrorId::kVerificationFailed,
                 path + " has version " + std::to_string(version) + ", known is 1"};
  }
  return reader;
}

Result<ByteSpan> ExportReader::take(std::size_t count) {
  if (count > size_ - offset_) return ByteSpan{};
  if (offset_ < window_offset_ || offset_ + count > window_offset_ + window_.size()) {
    window_.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(size_ - offset_, std::max(count, kBufferBytes))));
    window_offset_ = offset_;
    const Result<std::size_t> read = file_->read_at(offset_, window_);
    if (!read) {
      window_.clear();
      return read.error();
    }
    if (*read != window_.size()) {
      window_.clear();
      return Error{ErrorId::kIoError, "the file became shorter"};
    }
  }
  const ByteSpan taken =
      ByteSpan(window_).subspan(static_cast<std::size_t>(offset_ - window_offset_), count);
  offset_ += count;
  return taken;
}

Result<std::string> ExportReader::take_text(const char* what) {
  const Result<ByteSpan> head = take(4);
  if (!head) return head.error();
  const std::uint32_t size = head->empty() ? 0 : ByteReader(*head).read_le<std::uint32_t>();
  const Error missing = broken(std::string("the ") + what + " at the end of the file is not there");
  if (size == 0 || size > kTextBytesMax) return missing;
  const Result<ByteSpan> text = take(size);
  if (!text) return text.error();
  if (text->empty()) return missing;
  return std::string(as_text(*text));
}

Result<ExportReader::End> ExportReader::read_all(const std::function<Status(const Entry&)>& visit) {
  offset_ = kHeaderBytes;
  for (std::uint64_t sequence = 1;; ++sequence) {
    const std::string name = "entry " + std::to_string(sequence);
    const std::uint64_t begin = offset_;
    Result<ByteSpan> length = take(4);
    if (!length) return std::move(length).error();
    if (length->empty()) return broken(name + ": the file ends before it");
    const auto size = ByteReader(*length).read_le<std::uint32_t>();
    if (size == 0) break;
    if (size > kEntryBytesMax) return broken(name + ": its length is not that of an entry");
    Result<ByteSpan> frame = take(sizeof(Sha256) + size);
    if (!frame) return std::move(frame).error();
    if (frame->empty()) return broken(name + ": the file ends inside it");
    if (sequence % kRemembered == 1 && offsets_.size() == sequence / kRemembered) {
      offsets_.push_back(begin);
    }
    Entry entry{{sequence}, {}, frame->subspan(sizeof(Sha256))};
    std::copy(frame->begin(), frame->begin() + sizeof(Sha256), entry.hash.begin());
    if (Status seen = visit(entry); !seen) return std::move(seen).error();
  }
  Result<std::string> key = take_text("key");
  if (!key) return std::move(key).error();
  Result<std::string> note = take_text("checkpoint");
  if (!note) return std::move(note).error();
  if (offset_ != size_) return broken("there are bytes behind the end of the export");
  return End{*std::move(key), *std::move(note)};
}

Result<Journal> ExportReader::read(Sequence sequence) const {
  const Error missing{ErrorId::kCorrupt, "entry " + std::to_string(sequence.value) + " is missing"};
  const std::uint64_t index = sequence.value - 1;
  if (sequence.value == 0 || index / kRemembered >= offsets_.size()) return missing;
  std::uint64_t at = offsets_[static_cast<std::size_t>(index / kRemembered)];
  Bytes bytes;
  for (std::uint64_t left = index % kRemembered + 1; left > 0; --left) {
    std::array<std::uint8_t, 4> length{};
    const Result<std::size_t> read = file_->read_at(at, length);
    if (!read) return read.error();
    const auto size = ByteReader(length).read_le<std::uint32_t>();
    if (*read != length.size() || size == 0 || size > kEntryBytesMax) return missing;
    bytes.resize(size);
    at += kFrameBytes + size;
  }
  const Result<std::size_t> read = file_->read_at(at - bytes.size(), bytes);
  if (!read) return read.error();
  Journal journal;
  if (*read != bytes.size()) return missing;
  if (Status decoded = decode_journal(bytes, journal); !decoded) return std::move(decoded).error();
  return journal;
}

}  // namespace lineshaft::ledger

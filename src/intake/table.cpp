#include "intake/table.h"

#include <algorithm>

#include "wire/csv/shape.h"

namespace lineshaft::intake {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

std::string charset_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "UTF-8";
    case Encoding::kUtf16Le:
      return "UTF-16LE";
    case Encoding::kUtf16Be:
      return "UTF-16BE";
    case Encoding::kGb18030:
      return "GB18030";
    case Encoding::kWindows1252:
      return "WINDOWS-1252";
  }
  return "";
}

// How many bytes of a byte-order mark of this encoding stand in front.
std::size_t mark_bytes(Encoding encoding, std::string_view head) {
  const csv::EncodingGuess guess = csv::guess_encoding(head);
  return guess.encoding == encoding ? guess.mark_bytes : 0;
}

Error unreadable(std::string what) { return {ErrorId::kImportUnreadable, std::move(what)}; }

Status check_is_text(std::string_view head) {
  if (head.empty()) return unreadable("the file is empty");
  if (head.starts_with("PK\x03\x04")) {
    return unreadable("the file is a workbook or an archive: save the sheet as CSV");
  }
  if (head.starts_with("\x1f\x8b") || head.starts_with("\x28\xb5\x2f\xfd")) {
    return unreadable("the file is compressed: unpack it first");
  }
  if (head.starts_with("\xd0\xcf\x11\xe0")) {
    return unreadable("the file is an old workbook: save the sheet as CSV");
  }
  return {};
}

}  // namespace

Result<Head> read_head(sys::FileSystem& files, const std::string& path,
                       std::optional<Encoding> encoding) {
  Result<std::unique_ptr<sys::File>> file = files.open(path, sys::OpenMode::kRead);
  if (!file.ok()) return std::move(file).error();
  Bytes bytes(csv::kHeadBytes);
  const Result<std::size_t> read = (*file)->read_at(0, bytes);
  if (!read.ok()) return read.error();
  const std::string_view raw = as_text(ByteSpan(bytes).first(*read));
  if (Status text = check_is_text(raw); !text) return std::move(text).error();
  Head head;
  head.complete = *read < bytes.size();
  head.encoding = encoding.value_or(csv::guess_encoding(raw).encoding);
  const std::size_t mark = mark_bytes(head.encoding, raw);
  head.bom = mark > 0;
  if (head.encoding == Encoding::kUtf8) {
    head.text = raw.substr(mark);
  } else {
    Result<std::unique_ptr<sys::TextDecoder>> decoder =
        sys::make_text_decoder(charset_name(head.encoding));
    if (!decoder.ok()) return std::move(decoder).error();
    (*decoder)->decode(raw.substr(mark), head.text);
  }
  if (head.text.find('\0') != std::string::npos) {
    return unreadable("the file is not text: it holds zero bytes");
  }
  return head;
}

Result<Table> Table::open(sys::FileSystem& files, const std::string& path, const Plan& plan) {
  Result<std::unique_ptr<sys::File>> file = files.open(path, sys::OpenMode::kRead);
  if (!file.ok()) return std::move(file).error();
  Table table(std::move(file).value(), plan.delimiter);
  table.skip_lines_ = plan.skip_lines;
  table.piece_.resize(kPieceBytes);
  Bytes start(4);
  const Result<std::size_t> read = table.file_->read_at(0, start);
  if (!read.ok()) return read.error();
  table.offset_ = mark_bytes(plan.encoding, as_text(ByteSpan(start).first(*read)));
  if (plan.encoding != Encoding::kUtf8) {
    Result<std::unique_ptr<sys::TextDecoder>> decoder =
        sys::make_text_decoder(charset_name(plan.encoding));
    if (!decoder.ok()) return std::move(decoder).error();
    table.decoder_ = std::move(decoder).value();
  }
  return table;
}

Result<bool> Table::next(csv::Row& row) {
  for (;;) {
    while (reader_.next(row)) {
      if (row.line > skip_lines_) return true;
    }
    if (at_end_) return false;
    if (Status fed = feed(); !fed) return std::move(fed).error();
  }
}

Status Table::feed() {
  const Result<std::size_t> read = file_->read_at(offset_, piece_);
  if (!read.ok()) return read.error();
  offset_ += *read;
  const std::string_view bytes = as_text(ByteSpan(piece_).first(*read));
  at_end_ = *read < piece_.size();
  if (decoder_ == nullptr) {
    reader_.feed(bytes);
  } else {
    decoded_.clear();
    decoder_->decode(bytes, decoded_);
    if (at_end_) decoder_->finish(decoded_);
    reader_.feed(decoded_);
  }
  if (at_end_) reader_.finish();
  return {};
}

Status for_each_row(sys::FileSystem& files, const std::string& path, const Plan& plan,
                    const std::function<Status(const csv::Row&)>& take) {
  Result<Table> table = Table::open(files, path, plan);
  if (!table.ok()) return std::move(table).error();
  csv::Row row;
  bool names_to_come = plan.header && plan.layout != Layout::kTransposed;
  for (;;) {
    const Result<bool> more = table->next(row);
    if (!more.ok()) return more.error();
    if (!*more) return {};
    if (names_to_come && row.problem.empty()) {
      names_to_come = false;
      continue;
    }
    if (Status taken = take(row); !taken) return taken;
  }
}

}  // namespace lineshaft::intake

#include "wire/csv/reader.h"

#include "base/assert.h"

namespace lineshaft::csv {
namespace {

constexpr std::string_view kTooLong = "the row is too long, or a quote is never closed";

}  // namespace

Reader::Reader(char delimiter, ReaderLimits limits) : delimiter_(delimiter), limits_(limits) {
  LS_ASSERT(delimiter != '"' && delimiter != '\r' && delimiter != '\n');
  kinds_[static_cast<unsigned char>(delimiter)] = kDelimiter;
  if (delimiter == kBlanks) kinds_['\t'] = kDelimiter;
  kinds_['\r'] = kLineEnd;
  kinds_['\n'] = kLineEnd;
}

void Reader::feed(std::string_view chunk) {
  LS_ASSERT(!finished_);
  buffer_.erase(0, position_);
  bytes_dropped_ += position_;
  position_ = 0;
  buffer_.append(chunk);
}

bool Reader::next(Row& row) {
  for (;;) {
    row.fields.clear();
    row.problem = {};
    if (skipping_ && !skip_line()) return false;
    if (position_ == buffer_.size()) return false;
    row.line = line_;
    switch (scan_row()) {
      case Scan::kRow:
        if (row_end_ - position_ > limits_.row_bytes_max) return refuse(row, kTooLong);
        if (!is_empty_row()) {
          hand_over(row);
          return true;
        }
        position_ = row_end_;
        line_ += lines_in_row_;
        break;
      case Scan::kIncomplete:
        if (buffer_.size() - position_ <= limits_.row_bytes_max) return false;
        return refuse(row, kTooLong);
      case Scan::kUnclosed:
        return refuse(row, "a quote is opened and never closed");
      case Scan::kStray:
        return refuse(row, "there is text behind a closing quote");
      case Scan::kTooManyFields:
        return refuse(row, "the row has too many fields");
    }
  }
}

// Only the row's first line is dropped, so that an open quote cannot swallow the lines after it.
bool Reader::refuse(Row& row, std::string_view problem) {
  row.problem = problem;
  skipping_ = true;
  skip_line();
  return true;
}

bool Reader::skip_line() {
  std::size_t at = buffer_.find_first_of("\r\n", position_);
  if (at == std::string::npos) at = buffer_.size();
  if (take_line_end(at)) {
    ++line_;
    skipping_ = false;
  } else {
    skipping_ = !finished_;
  }
  position_ = at;
  return !skipping_;
}

// Moves past LF, CRLF or CR. False at the end of the bytes, or at a CR whose LF may still come.
bool Reader::take_line_end(std::size_t& at) {
  if (at == buffer_.size()) return false;
  if (buffer_[at] == '\n') {
    ++at;
    return true;
  }
  if (at + 1 == buffer_.size() && !finished_) return false;
  at += at + 1 < buffer_.size() && buffer_[at + 1] == '\n' ? 2U : 1U;
  return true;
}

std::size_t Reader::skip_blanks(std::size_t at) const {
  while (at < buffer_.size() && is_blank(at)) ++at;
  return at;
}

// Finds the pieces of the row at position_ without changing anything: with kIncomplete the same
// row is scanned again from its start when there are more bytes.
Reader::Scan Reader::scan_row() {
  pieces_.clear();
  lines_in_row_ = 0;
  std::size_t at = position_;
  for (;;) {
    if (delimiter_ == kBlanks) {
      at = skip_blanks(at);
      if (at == buffer_.size() && !finished_) return Scan::kIncomplete;
    }
    const bool blank_tail = delimiter_ == kBlanks && (at == buffer_.size() || kind(at) == kLineEnd);
    if (!blank_tail) {
      Piece piece{at, at, false, false};
      if (const Scan scan = scan_field(at, piece); scan != Scan::kRow) return scan;
      if (pieces_.size() == limits_.fields_max) return Scan::kTooManyFields;
      pieces_.push_back(piece);
    }
    if (at < buffer_.size() && kind(at) == kDelimiter) {
      ++at;
      continue;
    }
    if (at < buffer_.size()) {
      if (!take_line_end(at)) return Scan::kIncomplete;
    }
    ++lines_in_row_;
    row_end_ = at;
    return Scan::kRow;
  }
}

// Leaves `at` on the delimiter or line end after the field, or on the end of finished bytes.
Reader::Scan Reader::scan_field(std::size_t& at, Piece& piece) {
  std::size_t start = at;
  if (delimiter_ != kBlanks) {
    while (start < buffer_.size() && is_blank(start) && kind(start) == kOrdinary) ++start;
  }
  if (start < buffer_.size() && buffer_[start] == '"') {
    at = start;
    return scan_quoted(at, piece);
  }
  const char* const bytes = buffer_.data();
  const std::size_t size = buffer_.size();
  while (at < size && kinds_[static_cast<unsigned char>(bytes[at])] == kOrdinary) ++at;
  if (!at_end_of_field(at)) return Scan::kIncomplete;
  piece.end = at;
  return Scan::kRow;
}

Reader::Scan Reader::scan_quoted(std::size_t& at, Piece& piece) {
  piece.quoted = true;
  piece.begin = ++at;
  for (;; ++at) {
    at = buffer_.find_first_of("\"\r\n", at);
    if (at == std::string::npos) return finished_ ? Scan::kUnclosed : Scan::kIncomplete;
    if (buffer_[at] != '"') {
      if (!take_line_end(at)) return finished_ ? Scan::kUnclosed : Scan::kIncomplete;
      ++lines_in_row_;
      --at;
      continue;
    }
    if (at + 1 == buffer_.size() && !finished_) return Scan::kIncomplete;
    if (at + 1 == buffer_.size() || buffer_[at + 1] != '"') break;
    piece.doubled = true;
    ++at;
  }
  piece.end = at++;
  while (at < buffer_.size() && is_blank(at) && kind(at) == kOrdinary) ++at;
  if (at_end_of_field(at)) return Scan::kRow;
  return at == buffer_.size() ? Scan::kIncomplete : Scan::kStray;
}

bool Reader::is_empty_row() const {
  if (pieces_.empty()) return true;
  if (pieces_.size() > 1 || pieces_[0].quoted) return false;
  return skip_blanks(pieces_[0].begin) >= pieces_[0].end;
}

// Undoing "" only shortens a field, so it happens in place: these bytes are not read again.
void Reader::hand_over(Row& row) {
  for (const Piece& piece : pieces_) {
    std::size_t end = piece.end;
    if (piece.doubled) {
      end = piece.begin;
      for (std::size_t from = piece.begin; from < piece.end; ++from) {
        buffer_[end++] = buffer_[from];
        if (buffer_[from] == '"') ++from;
      }
    }
    row.fields.push_back(
        {std::string_view(buffer_).substr(piece.begin, end - piece.begin), piece.quoted});
  }
  position_ = row_end_;
  line_ += lines_in_row_;
}

}  // namespace lineshaft::csv

// wire/csv/reader.h: rows of a delimited text (RFC 4180 and its relatives) from chunks of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::csv {

// A delimiter of ' ' stands for runs of blanks (spaces and tabs), with blanks at both ends ignored,
// as in .dat files of simulators.
inline constexpr char kBlanks = ' ';

struct ReaderLimits {
  // A longer row is refused as a whole; it also bounds the memory of the reader.
  std::size_t row_bytes_max = 16 * 1024 * 1024;
  std::size_t fields_max = 1'000'000;
};

struct Field {
  std::string_view text;  // without quotes, "" undone
  bool quoted = false;    // tells an empty text ("") from no value
  friend bool operator==(const Field&, const Field&) = default;
};

struct Row {
  std::uint64_t line = 0;     // of its first character, from 1
  std::vector<Field> fields;  // borrowed from the reader until its next call
  std::string_view problem;   // not empty: the row is malformed, for this reason; no fields
};

// Differences from RFC 4180, all towards taking what exists: LF, CRLF and CR end a line; lines with
// nothing but blanks are skipped; a quote inside an unquoted field is an ordinary character; blanks
// may stand around a quoted field. A quoted field that is never closed costs its first line only:
// reading goes on with the line after it. Bytes are not looked at as text: see encoding.h.
//
//   reader.feed(chunk);             // any size
//   while (reader.next(row)) ...    // then feed again, or finish() and drain once more
class Reader {
 public:
  // Requires: delimiter is not a quote or a line end.
  explicit Reader(char delimiter, ReaderLimits limits = {});

  // Requires: next() has returned false since the last feed; finish() was not called.
  void feed(std::string_view chunk);
  void finish() { finished_ = true; }

  // False: needs more bytes, or the end after finish().
  bool next(Row& row);

  // Bytes handed over in rows so far (or skipped): for progress.
  std::uint64_t bytes_consumed() const { return bytes_dropped_ + position_; }

 private:
  enum class Scan : std::uint8_t { kRow, kIncomplete, kUnclosed, kStray, kTooManyFields };
  struct Piece {
    std::size_t begin;
    std::size_t end;
    bool quoted;
    bool doubled;  // holds "" to be undone
  };
  enum Kind : std::uint8_t { kOrdinary, kDelimiter, kLineEnd };

  Kind kind(std::size_t at) const { return kinds_[static_cast<unsigned char>(buffer_[at])]; }
  bool is_blank(std::size_t at) const { return buffer_[at] == ' ' || buffer_[at] == '\t'; }
  std::size_t skip_blanks(std::size_t at) const;
  bool at_end_of_field(std::size_t at) const {
    return at == buffer_.size() ? finished_ : kind(at) != kOrdinary;
  }

  Scan scan_row();
  Scan scan_field(std::size_t& at, Piece& piece);
  Scan scan_quoted(std::size_t& at, Piece& piece);
  bool take_line_end(std::size_t& at);
  void hand_over(Row& row);
  bool refuse(Row& row, std::string_view problem);
  bool skip_line();
  bool is_empty_row() const;

  std::array<Kind, 256> kinds_{};
  char delimiter_;
  ReaderLimits limits_;
  std::string buffer_;
  std::size_t position_ = 0;  // start of the next row
  std::size_t row_end_ = 0;   // set by scan_row: first byte after the row's line end
  std::uint64_t line_ = 1;    // of position_
  std::uint64_t lines_in_row_ = 0;
  std::uint64_t bytes_dropped_ = 0;
  bool finished_ = false;
  bool skipping_ = false;  // the rest of a refused line
  std::vector<Piece> pieces_;
};

}  // namespace lineshaft::csv

// intake/table.h: the rows of a table in a file, decoded to UTF-8 and cut as a plan says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "intake/plan.h"
#include "sys/file.h"
#include "sys/text_decoder.h"
#include "wire/csv/reader.h"

namespace lineshaft::intake {

// The beginning of a file, for the guesses of wire/csv.
struct Head {
  Encoding encoding = Encoding::kUtf8;
  bool bom = false;
  std::string text;       // UTF-8 without a mark
  bool complete = false;  // the whole file
};
// Errors: kImportUnreadable for an empty file and for what is clearly no text (workbook, archive,
// zero bytes), saying what it looks like; kIoError.
Result<Head> read_head(sys::FileSystem& files, const std::string& path,
                       std::optional<Encoding> encoding);

// Memory: a piece of the file and the longest row, at most csv::ReaderLimits.
class Table {
 public:
  // Rows whose line is at most `plan.skip_lines` are left out; the header is a row like others.
  // Errors: kIoError, kUnsupported.
  static Result<Table> open(sys::FileSystem& files, const std::string& path, const Plan& plan);

  // True: `row` is the next one, valid until the next call. False: the end. Errors: kIoError.
  Result<bool> next(csv::Row& row);

 private:
  Table(std::unique_ptr<sys::File> file, char delimiter)
      : file_(std::move(file)), reader_(delimiter) {}
  Status feed();

  std::unique_ptr<sys::File> file_;
  std::unique_ptr<sys::TextDecoder> decoder_;  // null: UTF-8
  csv::Reader reader_;
  Bytes piece_;
  std::string decoded_;
  std::uint64_t offset_ = 0;
  std::uint32_t skip_lines_ = 0;
  bool at_end_ = false;
};

// Reads a file to its end: `take` gets every row but the header, and stops it by an error. Errors:
// of Table, and what `take` says.
Status for_each_row(sys::FileSystem& files, const std::string& path, const Plan& plan,
                    const std::function<Status(const csv::Row&)>& take);

}  // namespace lineshaft::intake

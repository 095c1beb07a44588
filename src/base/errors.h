// base/errors.h: the catalogue of errors (errors.def): a number for people, a code for programs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lineshaft {

// What a caller can do about it: ten codes, each mapped to one exit code and one HTTP status.
enum class ErrorCode : std::uint8_t {
  kInvalid,      // the request is wrong: correct it               (exit 1, HTTP 400)
  kMissing,      // it does not exist                              (exit 3, HTTP 404)
  kConflict,     // it exists, changed, or is in use               (exit 4, HTTP 409)
  kDenied,       // not permitted                                  (exit 5, HTTP 403)
  kUnreachable,  // a peer cannot be reached or went away          (exit 6, HTTP 502)
  kTimeout,      // a peer did not answer in time                  (exit 6, HTTP 504)
  kFull,         // a bound is reached: disk, queue, quota         (exit 1, HTTP 503)
  kIo,           // the disk failed                                (exit 1, HTTP 500)
  kCorrupt,      // stored data is damaged                         (exit 7, HTTP 500)
  kInternal,     // a bug of ours                                  (exit 1, HTTP 500)
};

enum class ErrorId : std::uint16_t {
#define LS_ERROR(number, name, code, title, remedy) name = number,
#include "base/errors.def"
#undef LS_ERROR
};

struct ErrorEntry {
  ErrorId id;
  std::string_view name;  // as in the source, without the k: "DiskFull"
  ErrorCode code;
  std::string_view title;   // what it means, one clause, sentence case
  std::string_view remedy;  // what to do, one or two sentences
};

// Every entry, in the order of errors.def.
std::span<const ErrorEntry> error_catalogue();

// The entry of one id. Requires: id came from the enum.
const ErrorEntry& error_entry(ErrorId id);

// "LS-1102".
std::string error_number(ErrorId id);

}  // namespace lineshaft

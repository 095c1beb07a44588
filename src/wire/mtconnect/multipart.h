// wire/mtconnect/multipart.h: documents one behind the other in one endless answer
// (multipart/x-mixed-replace, RFC 2046), as agents stream them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::mtconnect {

inline constexpr std::size_t kBoundaryBytesMax = 128;  // RFC 2046 allows 70
inline constexpr std::size_t kPartHeadBytesMax = 4096;

class MultipartReader {
 public:
  // `boundary`: as the header of the answer says it. `part_bytes_max`: of one document.
  // Errors: kBadAnswer for a boundary that is none.
  static Result<MultipartReader> make(std::string_view boundary, std::size_t part_bytes_max);

  // Takes the next document from the front of `buffer`; nothing while it is not complete. A
  // document whose length is told is complete with its last byte, another one when the next
  // boundary comes. Errors: kBadAnswer: another boundary, a head or document above the bounds;
  // kPeerClosed behind the last part.
  Result<std::optional<std::string>> next(std::string& buffer);

 private:
  MultipartReader(std::string boundary, std::size_t part_bytes_max)
      : delimiter_("--" + std::move(boundary)), part_bytes_max_(part_bytes_max) {}

  // True once the delimiter and the head of a part were taken.
  Result<bool> take_head(std::string& buffer);
  Result<std::optional<std::string>> take_until_delimiter(std::string& buffer);

  std::string delimiter_;
  std::size_t part_bytes_max_;
  bool in_part_ = false;
  std::optional<std::size_t> length_;  // of the part under way
  std::size_t searched_ = 0;           // bytes of the buffer without a delimiter
};

// One document as a part; the answer has the content type `multipart/x-mixed-replace;boundary=...`.
std::string write_part(std::string_view boundary, std::string_view document);

}  // namespace lineshaft::mtconnect

// wire/pdf/document.h: pages of text and rules as a PDF file. The same calls give the same bytes:
// no clock, no random number. The form is that of ISO 32000-1, version 1.4 of PDF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/pdf/font.h"

namespace lineshaft::pdf {

// A4.
inline constexpr Length kPageWidth = 59'500;
inline constexpr Length kPageHeight = 84'200;

class Document {
 public:
  // Requires: `title` is UTF-8.
  explicit Document(std::string title) : title_(std::move(title)) {}

  // A new last page, on which the calls that follow write.
  void add_page() {
    pages_.emplace_back();
    page_ = pages_.size() - 1;
  }
  // Writes on that page from now on. Requires: page < page_count().
  void go_to(std::size_t page) { page_ = page; }
  std::size_t page_count() const { return pages_.size(); }

  // Text that begins at `x`, its base line at `y`, both from the upper left corner. Requires: there
  // is a page; `text` is UTF-8.
  void text(Length x, Length y, Font font, std::string_view text);
  // A thin line to the right.
  void rule(Length x, Length y, Length width);

  // The file.
  std::string bytes() const;

 private:
  std::string title_;
  std::vector<std::string> pages_;  // what is drawn on each
  std::size_t page_ = 0;
};

}  // namespace lineshaft::pdf

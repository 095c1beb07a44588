// wire/pdf/flow.h: headings, facts and tables one below the other, over as many pages as it takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/pdf/document.h"

namespace lineshaft::pdf {

struct TableColumn {
  std::string title;
  int parts = 1;  // of the width, beside the parts of the other columns
  bool is_right = false;
};

// All texts are UTF-8.
class Flow {
 public:
  explicit Flow(const std::string& title);

  void title(std::string_view text);
  // Never the last thing on a page.
  void heading(std::string_view text);
  void paragraph(std::string_view text, Font font = {});
  // What is asked and what it is, in two columns.
  void fact(std::string_view name, std::string_view value, bool is_bold = false);
  // Titles are repeated on every page. Requires: every row has a cell for each column, and is not
  // higher than a page.
  void table(const std::vector<TableColumn>& columns,
             const std::vector<std::vector<std::string>>& rows, Length size = 800);

  // The file; `foot(page, pages)` stands below each page.
  template <typename Foot>
  std::string finish(const Foot& foot) {
    for (std::size_t page = 0; page < document_.page_count(); ++page) {
      document_.go_to(page);
      foot_line(foot(page + 1, document_.page_count()));
    }
    return document_.bytes();
  }

 private:
  // Goes on to a new page if less than `height` is left.
  bool need(Length height);
  void row(const std::vector<TableColumn>& columns,
           const std::vector<std::vector<std::string>>& cells, Font font);
  void foot_line(std::string_view text);

  Document document_;
  Length y_ = 0;  // below which the page is empty
};

}  // namespace lineshaft::pdf

// wire/wipo/reading_fixture.h: what a register document says, in few words, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/date.h"
#include "wire/wipo/decode.h"

namespace lineshaft::wipo {

inline Day day(std::string_view text) { return parse_day(text).value(); }

inline std::vector<RegisterRecord> records(std::string_view text) {
  std::vector<RegisterRecord> found;
  Result<std::vector<FoundRecord>> read = read_document(text);
  EXPECT_TRUE(read.ok()) << read.error().what;
  if (read) {
    for (FoundRecord& one : *read) found.push_back(std::move(one.record));
  }
  return found;
}

}  // namespace lineshaft::wipo

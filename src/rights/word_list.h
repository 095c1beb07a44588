// rights/word_list.h: the words by which the API knows the values of an enumeration.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lineshaft::rights {

template <typename Kind>
using Word = std::pair<Kind, std::string_view>;

// Requires: `kind` is among the words.
template <typename Kind>
std::string_view name_in(std::span<const Word<Kind>> words, Kind kind) {
  const auto found = std::ranges::find(words, kind, &Word<Kind>::first);
  LS_ASSERT(found != words.end());
  return found->second;
}

// Errors: kInvalidArgument naming the word and those that are allowed; `what`: "kind of party".
template <typename Kind>
Result<Kind> parse_in(std::span<const Word<Kind>> words, std::string_view word,
                      std::string_view what) {
  const auto found = std::ranges::find(words, word, &Word<Kind>::second);
  if (found != words.end()) return found->first;
  std::string message =
      "'" + std::string(word.substr(0, 64)) + "' is no " + std::string(what) + "; there are";
  for (std::size_t i = 0; i < words.size(); ++i) {
    message += (i == 0 ? " " : ", ") + std::string(words[i].second);
  }
  return Error{ErrorId::kInvalidArgument, message};
}

}  // namespace lineshaft::rights

#include "identity/chosen_passwords.h"

#include <algorithm>

namespace lineshaft::identity {
namespace {

// Words in the order of their bytes, a blank or the end of a line between two.
constexpr std::string_view kAnyLength =
#include "identity/common_passwords.inc"
    ;
constexpr std::string_view kLong[] = {
#include "identity/long_passwords.inc"
};
constexpr std::string_view kBetween = " \n";

// Halves `words` until the one in the middle is the word, or nothing is left.
bool holds(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t before = words.find_last_of(kBetween, words.size() / 2);
    const std::size_t start = before == words.npos ? 0 : before + 1;
    const std::size_t end = std::min(words.find_first_of(kBetween, start), words.size());
    const std::string_view middle = words.substr(start, end - start);
    if (middle == word) return true;
    words = word < middle ? words.substr(0, start == 0 ? 0 : start - 1)
                          : words.substr(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

bool is_chosen_password(std::string_view word) {
  // What has a separator in it is no word of the lists.
  if (word.empty() || word.find_first_of(kBetween) != word.npos) return false;
  return holds(kAnyLength, word) ||
         std::ranges::any_of(kLong, [word](std::string_view part) { return holds(part, word); });
}

}  // namespace lineshaft::identity

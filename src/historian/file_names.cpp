#include "historian/file_names.h"

#include <algorithm>
#include <charconv>

namespace lineshaft::historian {

constexpr std::size_t kDigitsMin = 6;

std::string numbered_name(std::uint64_t number, std::string_view suffix) {
  const std::string digits = std::to_string(number);
  const std::size_t zeros = kDigitsMin - std::min(kDigitsMin, digits.size());
  return std::string(zeros, '0') + digits + std::string(suffix);
}

std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

Result<std::vector<std::uint64_t>> numbers_in(sys::FileSystem& files, const std::string& directory,
                                              std::string_view suffix) {
  std::vector<std::uint64_t> numbers;
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (const auto number = number_of(name, suffix)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace lineshaft::historian

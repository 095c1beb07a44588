#include "identity/claim_code.h"

#include <cstdint>

namespace lineshaft::identity {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static_assert(kAlphabet.size() == 32);
constexpr std::size_t kCharacters = 12;
constexpr std::size_t kGroup = 4;
constexpr unsigned kBitsEach = 5;

char folded(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  if (c == 'I' || c == 'L') return '1';
  return c;
}

}  // namespace

std::string make_claim_code(sys::Random& random) {
  std::uint64_t bits = random.next_u64();
  std::string code;
  for (std::size_t i = 0; i < kCharacters; ++i) {
    if (i > 0 && i % kGroup == 0) code += '-';
    code += kAlphabet[bits % kAlphabet.size()];
    bits >>= kBitsEach;
  }
  return code;
}

std::string normalise_claim_code(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c == ' ' || c == '-' || c == '\t') continue;
    c = folded(c);
    if (kAlphabet.find(c) == std::string_view::npos || code.size() == kCharacters) return {};
    code += c;
  }
  return code.size() == kCharacters ? code : std::string();
}

}  // namespace lineshaft::identity

#include "identity/claim_code.h"

#include <cstdint>

namespace lineshaft::identity {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static_assert(kAlphabet.size() == 32);
constexpr std::size_t kClaimCharacters = 12;
constexpr std::size_t kRecoveryCharacters = 24;
constexpr std::size_t kGroup = 4;
constexpr unsigned kBitsEach = 5;
constexpr std::size_t kCharactersOfADraw = 12;  // of 64 bits

char folded(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  if (c == 'I' || c == 'L') return '1';
  return c;
}

std::string make_code(sys::Random& random, std::size_t characters) {
  std::uint64_t bits = 0;
  std::string code;
  for (std::size_t i = 0; i < characters; ++i) {
    if (i % kCharactersOfADraw == 0) bits = random.next_u64();
    if (i > 0 && i % kGroup == 0) code += '-';
    code += kAlphabet[bits % kAlphabet.size()];
    bits >>= kBitsEach;
  }
  return code;
}

std::string normalise_code(std::string_view typed, std::size_t characters) {
  std::string code;
  for (char c : typed) {
    if (c == ' ' || c == '-' || c == '\t') continue;
    c = folded(c);
    if (kAlphabet.find(c) == std::string_view::npos || code.size() == characters) return {};
    code += c;
  }
  return code.size() == characters ? code : std::string();
}

}  // namespace

std::string make_claim_code(sys::Random& random) { return make_code(random, kClaimCharacters); }
std::string make_recovery_code(sys::Random& random) {
  return make_code(random, kRecoveryCharacters);
}

std::string normalise_claim_code(std::string_view typed) {
  return normalise_code(typed, kClaimCharacters);
}
std::string normalise_recovery_code(std::string_view typed) {
  return normalise_code(typed, kRecoveryCharacters);
}

}  // namespace lineshaft::identity

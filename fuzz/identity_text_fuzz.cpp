// Everything that identity reads before it knows who speaks: addresses, codes, passwords, sources.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "identity/claim_code.h"
#include "identity/sign_in_limiter.h"
#include "identity/text_rules.h"

using namespace lineshaft;
using namespace lineshaft::identity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  const std::string_view text(reinterpret_cast<const char*>(data), bytes);

  if (const auto email = normalise_email(text); email) {
    LS_ASSERT(is_utf8(*email) && !has_control(*email));
    LS_ASSERT(normalise_email(*email).value() == *email);  // normal is normal
  }
  if (const auto name = normalise_name("name", text); name) {
    LS_ASSERT(utf8_length(*name) >= 1 && utf8_length(*name) <= 128);
    LS_ASSERT(normalise_name("name", *name).value() == *name);
  }
  const std::string code = normalise_claim_code(text);
  LS_ASSERT(code.empty() || code.size() == 12);
  LS_ASSERT(normalise_claim_code(code) == code);

  const std::size_t half = bytes / 2;
  if (check_password(text.substr(half), text.substr(0, half))) {
    LS_ASSERT(is_utf8(text.substr(half)));
    LS_ASSERT(utf8_length(text.substr(half)) >= kPasswordCharactersMin);
  }
  LS_ASSERT(source_of(text).size() <= 64);
  return 0;
}

// identity/chosen_passwords.h: the passwords that people choose most, as breaches showed
// (tools/common-passwords). Pure; threads: any.
#pragma once

#include <string_view>

namespace lineshaft::identity {

// Is `word`, in lower case, one of them? Cost: a few dozen comparisons.
bool is_chosen_password(std::string_view word);

}  // namespace lineshaft::identity

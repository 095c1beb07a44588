// identity/text_rules.h: what names, e-mail addresses and passwords must be like. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::identity {

inline constexpr std::size_t kPasswordCharactersMin = 12;
inline constexpr std::size_t kPasswordCharactersMax = 128;
inline constexpr std::size_t kPasswordBytesMax = 4 * kPasswordCharactersMax;

// ASCII letters in lower case; all else as it is.
std::string lower(std::string_view text);

// Trimmed, ASCII letters in lower case: the form that is kept and compared. What stands before the
// last @ may be anything visible of 1..64 bytes, what follows is labels joined by dots.
// Errors: kInvalidArgument.
Result<std::string> normalise_email(std::string_view email);

// Trimmed. `field` names it in the error ("name", "organisation"). Errors: kInvalidArgument: not
// 1..128 characters of UTF-8 on one line.
Result<std::string> normalise_name(std::string_view field, std::string_view name);

// 12..128 characters of UTF-8, any of them; not among the most common, no simple run or repetition,
// not containing the address or the part before its @. The text is taken as it is: nothing trimmed,
// nothing folded. Errors: kPasswordRefused saying why, without the password.
Status check_password(std::string_view password, std::string_view normalised_email,
                      std::string_view organisation = {});

}  // namespace lineshaft::identity

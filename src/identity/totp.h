// identity/totp.h: one-time codes by time (RFC 6238 with SHA-1, 30 s, six digits, which every
// authenticator app knows). Pure; threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace lineshaft::identity {

inline constexpr std::int64_t kTotpStepSeconds = 30;
inline constexpr int kTotpDigits = 6;
inline constexpr std::size_t kTotpSecretBytes = 20;  // RFC 4226, 4: 160 bits recommended
inline constexpr std::int64_t kTotpStepsOff = 1;     // a clock may be wrong by one step either way

// Steps since 1970.
std::int64_t totp_step(Timestamp time);
// `digits`: 1..9; RFC 6238 has its examples with eight.
std::string totp_code(ByteSpan secret, std::int64_t step, int digits = kTotpDigits);

// The step whose code was typed (blanks do not matter), if it is near `now` and after `last`, the
// step of the code taken before: no code works twice. Looks at every step of the window, so the
// time it takes tells nothing.
std::optional<std::int64_t> match_totp(ByteSpan secret, std::string_view typed, Timestamp now,
                                       std::int64_t last);

// RFC 4648 without padding, as apps want secrets typed.
std::string base32(ByteSpan bytes);

// "otpauth://totp/Northfield%20Steel:ann%40example.com?secret=...&issuer=Northfield%20Steel".
std::string totp_uri(std::string_view issuer, std::string_view account, ByteSpan secret);

}  // namespace lineshaft::identity

// identity/totp.h: one-time codes by time (RFC 6238 with SHA-1, 30 s, six digits, which every
// authenticator app knows). Pure; threads: any.
//
// Each code is taken for 30 seconds and no longer. People need some seconds to type it, and clocks
// of devices are wrong: so these 30 seconds do not begin with the step of our clock, but as much
// later, or earlier, as is known of the device (TotpDevice::late). It is learned from the code that
// sets the device up. A code that comes at another time is refused; when the next one says the
// same of the device's clock, that one is taken, and the clock is known anew (RFC 6238, 6; two
// codes in a row as RFC 4226, 7.4 has it).
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
// Between the look at the device and the arrival of what was typed, until more is known.
inline constexpr Nanoseconds kTotpTyping = std::chrono::seconds(3);

// Steps since 1970.
std::int64_t totp_step(Timestamp time);
// `digits`: 1..9; RFC 6238 has its examples with eight.
std::string totp_code(ByteSpan secret, std::int64_t step, int digits = kTotpDigits);

// What is known of a device that shows codes.
struct TotpDevice {
  std::int64_t step = 0;           // of the last code that was taken: none up to it is taken again
  Nanoseconds late = kTotpTyping;  // the code of a step is taken from so long after its beginning
  friend bool operator==(const TotpDevice&, const TotpDevice&) = default;
};

// A code that was right at the wrong time.
struct TotpSeen {
  std::int64_t step = 0;
  Timestamp at;
};

struct TotpTry {
  std::optional<TotpDevice> taken;  // what is known of the device after it
  std::optional<TotpSeen> seen;     // not taken; the next try brings it along
};

// `typed`: blanks do not matter. Looks at every step that may be, so the time it takes tells
// nothing.
TotpTry try_totp(ByteSpan secret, std::string_view typed, Timestamp now, const TotpDevice& device,
                 const std::optional<TotpSeen>& before);

// The first code of a device, shown beside its secret: any of the steps near `now`.
std::optional<TotpDevice> meet_totp(ByteSpan secret, std::string_view typed, Timestamp now);

// RFC 4648 without padding, as apps want secrets typed.
std::string base32(ByteSpan bytes);

// "otpauth://totp/Northfield%20Steel:ann%40example.com?secret=...&issuer=Northfield%20Steel".
std::string totp_uri(std::string_view issuer, std::string_view account, ByteSpan secret);

}  // namespace lineshaft::identity

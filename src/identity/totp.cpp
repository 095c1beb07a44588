#include "identity/totp.h"

#include <algorithm>
#include <array>

#include "identity/secrets.h"
#include "sys/signature.h"

namespace lineshaft::identity {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::string without_blanks(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c == ' ' || c == '\t') continue;
    if (code.size() == kTotpDigits) return {};
    code += c;
  }
  return code;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

constexpr Nanoseconds kStep = std::chrono::seconds(kTotpStepSeconds);

// The step whose code was typed, if it is near `now` and after `last`.
std::optional<std::int64_t> match(ByteSpan secret, std::string_view typed, Timestamp now,
                                  std::int64_t last) {
  const std::string code = without_blanks(typed);
  const std::int64_t here = totp_step(now);
  std::optional<std::int64_t> found;
  for (std::int64_t step = here - kTotpStepsOff; step <= here + kTotpStepsOff; ++step) {
    if (equal_secrets(totp_code(secret, step), code) && step > last) found = step;
  }
  return found;
}

// How long after the beginning of its step, by our clock, the code came.
Nanoseconds age_of(const TotpSeen& code) {
  return code.at - Timestamp{code.step * kTotpStepSeconds * kNsPerSecond};
}

// The TotpDevice::late next to `late` with which the code is within its 30 seconds.
Nanoseconds nearest_late(Nanoseconds late, const TotpSeen& code) {
  const Nanoseconds age = age_of(code);
  return std::clamp(late, age - kStep + Nanoseconds(1), age);
}

// Is there one with which both are?
bool same_clock(const TotpSeen& a, const TotpSeen& b) {
  const Nanoseconds apart = age_of(a) - age_of(b);
  return -kStep < apart && apart < kStep;
}

}  // namespace

std::int64_t totp_step(Timestamp time) { return time.ns / kNsPerSecond / kTotpStepSeconds; }

std::string totp_code(ByteSpan secret, std::int64_t step, int digits) {
  std::array<std::uint8_t, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i) {
    counter[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(step) >>
                                           (8 * (counter.size() - 1 - i)));
  }
  const std::array<std::uint8_t, 20> hash = sys::hmac_sha1(secret, counter);
  // RFC 4226, 5.3: the last nibble says where the 31 bits stand.
  const std::size_t at = hash.back() & 0x0fU;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | hash[at + i];
  number &= 0x7fffffffU;
  std::string code(static_cast<std::size_t>(digits), '0');
  for (std::size_t i = code.size(); i-- > 0; number /= 10) {
    code[i] = static_cast<char>('0' + number % 10);
  }
  return code;
}

TotpTry try_totp(ByteSpan secret, std::string_view typed, Timestamp now, const TotpDevice& device,
                 const std::optional<TotpSeen>& before) {
  const auto step = match(secret, typed, now, device.step);
  if (!step) return {};
  const TotpSeen seen{*step, now};
  if (nearest_late(device.late, seen) == device.late) {
    return {.taken = TotpDevice{*step, device.late}, .seen = std::nullopt};
  }
  const bool agree = before && before->step < *step && same_clock(*before, seen);
  if (!agree) return {.taken = std::nullopt, .seen = seen};
  const Nanoseconds late = nearest_late(nearest_late(device.late, *before), seen);
  return {.taken = TotpDevice{*step, late}, .seen = std::nullopt};
}

std::optional<TotpDevice> meet_totp(ByteSpan secret, std::string_view typed, Timestamp now) {
  const auto step = match(secret, typed, now, 0);
  if (!step) return std::nullopt;
  return TotpDevice{*step, nearest_late(kTotpTyping, {*step, now})};
}

std::string base32(ByteSpan bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0xffffU;
    for (held += 8; held >= 5; held -= 5) text += kBase32[bits >> (held - 5) & 0x1fU];
  }
  if (held > 0) text += kBase32[bits << (5 - held) & 0x1fU];
  return text;
}

std::string totp_uri(std::string_view issuer, std::string_view account, ByteSpan secret) {
  const std::string name = percent_encoded(issuer);
  return "otpauth://totp/" + name + ":" + percent_encoded(account) + "?secret=" + base32(secret) +
         "&issuer=" + name;
}

}  // namespace lineshaft::identity

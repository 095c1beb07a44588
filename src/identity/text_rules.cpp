#include "identity/text_rules.h"

#include <algorithm>
#include <set>

#include "base/utf8.h"
#include "identity/chosen_passwords.h"
#include "identity/identity.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kLocalPartBytesMax = 64;  // RFC 5321, 4.5.3.1.1
constexpr std::size_t kLabelBytesMax = 63;      // RFC 1035, 2.3.4
constexpr std::size_t kDistinctCharactersMin = 5;
// A shorter part before the @ ("jo") occurs in good passwords by chance.
constexpr std::size_t kTellingPartMin = 4;

// The most used ones of at least 12 characters (shorter ones are refused anyway).
constexpr std::string_view kCommon[] = {
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "q1w2e3r4t5y6",
    "zaq12wsxcde3",
    "qazwsxedcrfv",
    "123qweasdzxc",
    "qweasdzxc123",
    "qwertyuiop[]",
    "asdfghjkl;'\\",
    "qwertyasdfgh",
    "abc123abc123",
    "a1b2c3d4e5f6",
    "aa1234567890",
    "qwe123qwe123",
    "1234qwerasdf",
    "123456qwerty",
    "unbelievable",
    "manchesterunited",
    "trustno1trustno1",
    "correcthorsebatterystaple",
    "correct horse battery staple",
};
// With nothing but digits and marks around them, or twice in a row, these are common as well.
constexpr std::string_view kCommonWords[] = {
    "password",   "passwort",  "passw0rd", "p@ssw0rd",  "p@ssword", "admin",    "administrator",
    "root",       "user",      "welcome",  "letmein",   "changeme", "qwerty",   "qwertyuiop",
    "asdfgh",     "asdfghjkl", "iloveyou", "sunshine",  "princess", "football", "baseball",
    "basketball", "superman",  "dragon",   "monkey",    "master",   "shadow",   "secret",
    "login",      "test",      "default",  "lineshaft", "operator", "engineer", "viewer",
    "woaini",     "scada",     "plc",      "machine",   "company",  "summer",   "winter",
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }

// "123Word!!" -> "word", given lower case.
std::string_view bare_word(std::string_view text) {
  while (!text.empty() && !is_letter(text.front()) && text.front() != '@') text.remove_prefix(1);
  while (!text.empty() && !is_letter(text.back())) text.remove_suffix(1);
  return text;
}

bool is_chosen_word(std::string_view word) {
  return is_chosen_password(word) ||
         std::ranges::find(kCommonWords, word) != std::end(kCommonWords);
}

// A common one with digits and marks after it or before it: "abc123!!!!!!", "2024-monkey".
bool is_chosen_with_more(std::string_view text) {
  for (std::string_view rest = text; !rest.empty(); rest.remove_suffix(1)) {
    if (is_chosen_word(rest)) return true;
    if (is_letter(rest.back())) break;
  }
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(1)) {
    if (is_chosen_word(rest)) return true;
    if (is_letter(rest.front())) break;
  }
  return is_chosen_word(bare_word(text));
}

bool is_common(std::string_view text) {
  if (std::ranges::find(kCommon, text) != std::end(kCommon)) return true;
  if (is_chosen_with_more(text)) return true;
  std::string_view word = bare_word(text);
  const std::string_view half = word.substr(0, word.size() / 2);
  return !half.empty() && word.size() % 2 == 0 && word.substr(half.size()) == half &&
         is_chosen_word(half);
}

// Given lower case. "northernsteel-2026" has "northern steel" in it.
bool contains_name(std::string_view text, std::string name) {
  if (name.size() < kTellingPartMin) return false;
  if (text.find(name) != text.npos) return true;
  std::erase(name, ' ');
  return text.find(name) != text.npos;
}

// "abcdefghijkl", "987654321098": every step up or down by one; 9 and 0 are neighbours.
bool is_run(std::string_view text) {
  const auto runs = [text](int step) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      const bool wraps =
          step == 1 ? text[i - 1] == '9' && text[i] == '0' : text[i - 1] == '0' && text[i] == '9';
      if (text[i] - text[i - 1] != step && !wraps) return false;
    }
    return true;
  };
  return runs(1) || runs(-1);
}

bool is_domain(std::string_view domain) {
  if (domain.empty()) return false;
  for (std::size_t start = 0; start <= domain.size();) {
    const std::size_t end = std::min(domain.find('.', start), domain.size());
    if (end == start || end - start > kLabelBytesMax) return false;
    start = end + 1;
  }
  return std::ranges::none_of(domain, [](char c) {
    const bool letter_or_digit = is_letter(c) || (c >= '0' && c <= '9');
    return !letter_or_digit && c != '-' && c != '.';
  });
}

Error refused(const std::string& why) { return {ErrorId::kPasswordRefused, "password: " + why}; }

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

Result<std::string> normalise_email(std::string_view email) {
  std::string text = lower(trimmed(email));
  const std::size_t at = text.rfind('@');
  const bool fits = text.size() <= kEmailBytesMax && is_utf8(text) && !has_control(text) &&
                    text.find(' ') == std::string::npos && at != std::string::npos && at >= 1 &&
                    at <= kLocalPartBytesMax && is_domain(std::string_view(text).substr(at + 1));
  if (!fits) {
    return Error{ErrorId::kInvalidArgument, "email: must be an address like ann@example.com"};
  }
  return text;
}

Result<std::string> normalise_name(std::string_view field, std::string_view name) {
  const std::string_view text = trimmed(name);
  // The bytes are looked at first, so that an enormous text costs nothing.
  if (text.empty() || text.size() > 4 * kNameCharactersMax || !is_utf8(text) || has_control(text) ||
      utf8_length(text) > kNameCharactersMax) {
    return Error{ErrorId::kInvalidArgument, std::string(field) + ": must be one line of 1 to " +
                                                std::to_string(kNameCharactersMax) + " characters"};
  }
  return std::string(text);
}

Status check_password(std::string_view password, std::string_view normalised_email,
                      std::string_view organisation) {
  const bool bounded = password.size() <= kPasswordBytesMax;
  const std::size_t characters = bounded ? utf8_length(password) : kPasswordCharactersMax + 1;
  if (characters < kPasswordCharactersMin || characters > kPasswordCharactersMax) {
    return refused("must have " + std::to_string(kPasswordCharactersMin) + " to " +
                   std::to_string(kPasswordCharactersMax) + " characters, better 15 or more");
  }
  if (!is_utf8(password) || password.find('\0') != std::string_view::npos) {
    return refused("must be text (UTF-8)");
  }
  const std::string text = lower(password);
  if (std::set<char>(text.begin(), text.end()).size() < kDistinctCharactersMin) {
    return refused("repeats too few different characters");
  }
  if (is_run(text) || is_common(text)) return refused("is one of those tried first");
  const std::string_view local = normalised_email.substr(0, normalised_email.rfind('@'));
  if (local.size() >= kTellingPartMin && text.find(local) != std::string::npos) {
    return refused("must not contain the e-mail address");
  }
  if (contains_name(text, lower(organisation))) {
    return refused("must not contain the name of the organisation");
  }
  return {};
}

}  // namespace lineshaft::identity

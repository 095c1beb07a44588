// wire/wipo/record.h: what a register document says of one right, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"

namespace lineshaft::wipo {

enum class RightKind : std::uint8_t { kPatent, kUtilityModel, kDesign, kTradeMark };

// "patent", "utility_model", "design", "trade_mark".
std::string_view name_of(RightKind kind);
// Errors: kInvalidArgument naming the word.
Result<RightKind> parse_right_kind(std::string_view word);

struct PriorityClaim {
  std::string office;  // WIPO ST.3 code
  std::string number;
  std::optional<Day> day;
  friend bool operator==(const PriorityClaim&, const PriorityClaim&) = default;
};

struct Title {
  std::string language;  // ISO 639-1, small letters; "" when the document does not say
  std::string text;
  friend bool operator==(const Title&, const Title&) = default;
};

// Texts are UTF-8 without control characters; blanks at their ends are gone, runs of them are one.
struct RegisterRecord {
  RightKind kind = RightKind::kPatent;
  std::string office;  // WIPO ST.3 code
  std::string application_number;
  std::optional<Day> filed;
  std::string publication_number;
  std::string publication_kind;  // WIPO ST.16 code: "A1", "B2", "U"
  std::optional<Day> published;
  std::string grant_number;  // of a mark or design: the registration's
  std::optional<Day> granted;
  std::vector<PriorityClaim> priorities;
  std::vector<Title> titles;  // of a mark: its words
  std::vector<std::string> applicants;
  std::vector<std::string> inventors;  // of a design: designers
  std::vector<std::string> classes;    // IPC "H01L 21/30", Locarno "06-01", Nice "9"
  std::string status;                  // in the words of the document
  friend bool operator==(const RegisterRecord&, const RegisterRecord&) = default;
};

}  // namespace lineshaft::wipo

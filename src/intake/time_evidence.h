// intake/time_evidence.h: settles how a column of times is to be read, from all of its cells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/csv/time_format.h"

namespace lineshaft::intake {

struct TimeFinding {
  csv::TimeFormat format;
  bool midnight_ends_day = false;
  bool offsets = false;            // some cells carry their own offset (or are epochs)
  std::vector<std::string> notes;  // how it was settled
};

// Feed every cell (and clock cell) in the order of the file, then ask. Memory: constant.
//
// Formats: of those that the first cells allow, the one that reads most cells; then the one under
// which time runs back least often; then day before month.
// Midnight: rows at 00:00 that step back in time, but with a day added fit between their
// neighbours, carry the date of the day that ends. It is taken as the rule of the file when ten
// times as many midnights need it as stand in order as they are.
class TimeEvidence {
 public:
  // `given` fixes the format. `column` is named in the notes.
  TimeEvidence(std::string column, std::optional<csv::TimeFormat> given);

  void add(std::string_view text, std::string_view clock_text, std::uint64_t line);

  // Nothing when no cell could be read.
  std::optional<TimeFinding> finding() const;

 private:
  struct Candidate {
    csv::TimeFormat format;
    std::uint64_t read = 0;
    std::uint64_t backwards = 0;
    std::uint64_t with_offset = 0;
    std::uint64_t decided_at_line = 0;  // the first line that only this one of a pair reads
    std::string decided_by = {};
    // Midnights, between runs of equal times.
    std::optional<std::int64_t> before = {};  // the time before `last`
    std::optional<std::int64_t> last = {};
    std::uint64_t midnights_in_order = 0;
    std::uint64_t midnights_of_day_before = 0;

    void see(std::int64_t time);
    void judge_midnight(std::optional<std::int64_t> next);
  };

  const Candidate& best() const;
  void explain(const Candidate& chosen, TimeFinding& found) const;

  std::string column_;
  bool given_ = false;
  std::vector<Candidate> candidates_;
};

}  // namespace lineshaft::intake

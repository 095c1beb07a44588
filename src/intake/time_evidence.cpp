#include "intake/time_evidence.h"

#include <algorithm>
#include <utility>

#include "wire/csv/cell.h"

namespace lineshaft::intake {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

bool is_midnight(std::int64_t time) { return time % kSecondsPerDay == 0; }

}  // namespace

TimeEvidence::TimeEvidence(std::string column, std::optional<csv::TimeFormat> given)
    : column_(std::move(column)), given_(given.has_value()) {
  if (given) candidates_.push_back({std::move(*given)});
}

void TimeEvidence::add(std::string_view text, std::string_view clock_text, std::uint64_t line) {
  if (candidates_.empty()) {
    for (csv::TimeFormat& format : csv::TimeFormat::candidates(text)) {
      candidates_.push_back({std::move(format)});
    }
  }
  std::size_t readers = 0;
  Candidate* reader = nullptr;
  for (Candidate& candidate : candidates_) {
    csv::WallTime wall;
    if (!candidate.format.read(text, wall)) continue;
    csv::WallTime clock;
    if (!clock_text.empty() && csv::read_clock(clock_text, clock)) wall.seconds += clock.seconds;
    ++readers;
    reader = &candidate;
    ++candidate.read;
    candidate.with_offset += wall.offset_s || clock.offset_s ? 1U : 0U;
    candidate.see(wall.seconds);
  }
  if (readers == 1 && candidates_.size() > 1 && reader->decided_at_line == 0) {
    reader->decided_at_line = line;
    reader->decided_by = std::string(csv::trimmed(text).substr(0, 64));
  }
}

void TimeEvidence::Candidate::see(std::int64_t time) {
  if (last && *last == time) return;
  if (last) {
    judge_midnight(time);
    backwards += time < *last ? 1U : 0U;
  }
  before = last;
  last = time;
}

// Judges `last`, which stands between `before` and `next`.
void TimeEvidence::Candidate::judge_midnight(std::optional<std::int64_t> next) {
  if (!last || !is_midnight(*last)) return;
  const std::int64_t end_of_day = *last + kSecondsPerDay;
  const bool fits_behind = before && *last < *before && *before < end_of_day;
  const bool fits_before = !next || end_of_day <= *next;
  const bool day_before = fits_behind && fits_before;
  ++(day_before ? midnights_of_day_before : midnights_in_order);
}

const TimeEvidence::Candidate& TimeEvidence::best() const {
  return *std::min_element(candidates_.begin(), candidates_.end(),
                           [](const Candidate& a, const Candidate& b) {
                             if (a.read != b.read) return a.read > b.read;
                             return a.backwards < b.backwards;
                           });
}

std::optional<TimeFinding> TimeEvidence::finding() const {
  if (candidates_.empty() || best().read == 0) return std::nullopt;
  Candidate chosen = best();
  chosen.judge_midnight(std::nullopt);
  TimeFinding found{chosen.format, false, chosen.with_offset > 0, {}};
  found.midnight_ends_day = chosen.midnights_of_day_before > 0 &&
                            chosen.midnights_of_day_before >= 10 * chosen.midnights_in_order;
  if (!given_) explain(chosen, found);
  if (found.midnight_ends_day) {
    found.notes.push_back(
        "'" + column_ + "': " + std::to_string(chosen.midnights_of_day_before) +
        " rows at 00:00 carry the date of the day that ends there; they are taken as 00:00 of the "
        "next day. Set time.midnight_ends_day to false to take them as written.");
  }
  return found;
}

void TimeEvidence::explain(const Candidate& chosen, TimeFinding& found) const {
  const Candidate* other = nullptr;
  for (const Candidate& candidate : candidates_) {
    const bool swapped =
        chosen.format.day_first() ? candidate.format.month_first() : candidate.format.day_first();
    if (swapped && (chosen.format.day_first() || chosen.format.month_first())) other = &candidate;
  }
  if (other == nullptr) return;
  const std::string order = chosen.format.day_first() ? "day first" : "month first";
  std::string note = "'" + column_ + "' is read as " + chosen.format.name() + " (" + order + ")";
  if (chosen.read > other->read) {
    note += ": '" + chosen.decided_by + "' in line " + std::to_string(chosen.decided_at_line) +
            " allows nothing else.";
  } else if (chosen.backwards < other->backwards) {
    note += ": otherwise time would run backwards " + std::to_string(other->backwards) +
            " times instead of " + std::to_string(chosen.backwards) + ".";
  } else {
    note +=
        ", but nothing in the file tells day from month. Check the preview; set time.format if "
        "it is wrong.";
  }
  found.notes.push_back(std::move(note));
}

}  // namespace lineshaft::intake

// intake/mapper.h: rows of a table into samples, as a plan says; the one place where it is decided
// what a row means, for the dry run and for the commit alike.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "intake/plan.h"
#include "model/sample.h"
#include "sys/time_zone.h"
#include "wire/csv/cell.h"
#include "wire/csv/reader.h"
#include "wire/csv/time_format.h"

namespace lineshaft::intake {

struct RowProblem {
  std::string column;  // empty: the row as a whole
  std::string problem;
};

struct MapperCounters {
  std::uint64_t ambiguous_times = 0;  // local times that a clock going back shows twice
  std::uint64_t rounded_cells = 0;    // floats that do not give back all digits of their text
};

class Mapper {
 public:
  // Times without a start count from 1970. Errors: kInvalidArgument naming the field of the plan:
  // an unknown format, a column twice, a path that is no path or stands twice, no signal at all.
  static Result<Mapper> make(const Plan& plan, sys::TimeZone zone);

  // The signals of the plan, in the order of their numbers 0, 1, 2... below.
  std::vector<TagSpec> tag_specs() const;

  // Appends the samples of a row and says what is wrong with it, if anything; then `out` is as
  // before: a row counts whole or not at all. The header must not be given. Sample::tag is
  // ids[number], or number + 1 while `ids` is empty. Rows must come in the order of the file: rows
  // without times count, and of a local time that a clock shows twice the second instant is taken
  // when the first one lies before the row above.
  std::optional<RowProblem> map(const csv::Row& row, std::span<const TagId> ids,
                                std::vector<Sample>& out);

  const MapperCounters& counters() const { return counters_; }

 private:
  struct Signal {
    std::uint32_t number;
    std::size_t column;
    std::size_t quality_column;  // npos: none
    ValueType type;
    std::string name;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  Mapper(const Plan& plan, sys::TimeZone zone) : plan_(plan), zone_(std::move(zone)) {}
  Status prepare();
  Status prepare_columns();
  Status check_paths() const;
  std::size_t find(Use use) const;

  std::optional<RowProblem> map_row(const csv::Row& row, std::span<const TagId> ids,
                                    std::vector<Sample>& out);
  std::optional<RowProblem> map_wide(const csv::Row& row, Timestamp time,
                                     std::span<const TagId> ids, std::vector<Sample>& out);
  std::optional<RowProblem> map_long(const csv::Row& row, Timestamp time,
                                     std::span<const TagId> ids, std::vector<Sample>& out);
  std::optional<RowProblem> map_line(const csv::Row& row, std::span<const TagId> ids,
                                     std::vector<Sample>& out);
  std::optional<RowProblem> read_times(const csv::Row& row);
  std::optional<std::string> time_of_row(const csv::Row& row, Timestamp& out);
  std::optional<std::string> read_time(std::string_view text, std::string_view clock_text,
                                       Timestamp& out);
  std::optional<std::string> to_instant(const csv::WallTime& wall, Timestamp& out);
  std::optional<std::string> counted_time(std::uint64_t index, Timestamp& out) const;
  std::optional<std::string> add_sample(const Signal& signal, const csv::Field& cell,
                                        const csv::Field* quality, Timestamp time,
                                        std::span<const TagId> ids, std::vector<Sample>& out);

  Plan plan_;
  sys::TimeZone zone_;
  std::optional<csv::TimeFormat> format_;
  std::vector<Signal> signals_;
  std::size_t time_column_ = npos, clock_column_ = npos;
  std::size_t tag_column_ = npos, value_column_ = npos, quality_column_ = npos;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> signal_of_name_;
  std::vector<std::size_t> signal_of_line_;  // transposed; npos: skipped
  std::vector<Timestamp> line_times_;        // transposed, with a line of times
  std::uint64_t rows_ = 0;
  std::optional<std::int64_t> last_instant_s_;
  MapperCounters counters_;
};

}  // namespace lineshaft::intake

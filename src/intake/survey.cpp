#include "intake/survey.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "base/utf8.h"
#include "intake/names.h"
#include "intake/roles.h"
#include "intake/table.h"
#include "intake/time_evidence.h"
#include "wire/csv/cell.h"
#include "wire/csv/shape.h"

namespace lineshaft::intake {
namespace {

constexpr std::size_t kFirstRows = 200;
constexpr std::size_t kFirstRowsBytes = 4 * 1024 * 1024;

struct SignalStats {
  csv::ColumnStats cells;
  bool only_flags = true;  // nothing but 0 and 1
  std::optional<ValueType> declared;

  void add(const csv::Field& field, char decimal) {
    const csv::CellShape shape = csv::look_at_cell(field, decimal);
    cells.add(shape);
    if (shape.kind != csv::CellKind::kEmpty) only_flags &= field.text == "0" || field.text == "1";
  }
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

Error unreadable(std::string what) { return {ErrorId::kImportUnreadable, std::move(what)}; }

class Surveyor {
 public:
  explicit Surveyor(const SurveyTask& task) : task_(task) {}

  Result<Survey> run() {
    if (Status shaped = find_shape(); !shaped) return std::move(shaped).error();
    Status done = result_.plan.layout == Layout::kTransposed ? survey_lines() : survey_columns();
    if (!done) return std::move(done).error();
    if (result_.plan.time.column.empty()) propose_start();
    return std::move(result_);
  }

 private:
  Plan& plan() { return result_.plan; }
  void note(std::string text) { result_.notes.push_back(std::move(text)); }

  // --- how the text is cut ---

  Status find_shape() {
    const SurveyHints& hints = task_.hints;
    Result<Head> head = read_head(task_.files, task_.path, hints.encoding);
    if (!head.ok()) return std::move(head).error();
    csv::ShapeHints known;
    known.delimiter = hints.delimiter;
    known.decimal = hints.decimal;
    known.header = hints.header;
    known.skip_lines = hints.skip_lines;
    if (hints.layout) known.transposed = hints.layout == Layout::kTransposed;
    csv::Shape shape = csv::guess_shape(head->text, head->complete, known);
    const bool too_wide = shape.fields > kSignalsMax && !shape.transposed && !hints.layout;
    if (too_wide) {
      known.transposed = true;
      shape = csv::guess_shape(head->text, head->complete, known);
      note("A line has more than " + std::to_string(kSignalsMax) +
           " fields: each line is read as one signal.");
    }
    if (shape.fields == 0) return unreadable("the file has no rows");
    plan().encoding = head->encoding;
    plan().bom = head->bom;
    plan().delimiter = shape.delimiter;
    plan().decimal = shape.decimal;
    plan().skip_lines = shape.skip_lines;
    plan().layout = shape.transposed ? Layout::kTransposed : Layout::kWide;
    plan().header = shape.transposed ? shape.names_in_front : shape.header;
    fields_ = shape.fields;
    if (shape.skip_lines > 0 && !hints.skip_lines) {
      note("The first " + std::to_string(shape.skip_lines) +
           " lines have another form than the rest and are skipped.");
    }
    if (shape.transposed && !hints.layout && !too_wide) {
      note(
          "The numbers are alike along the lines, not down the columns: each line is read as one "
          "signal.");
    }
    return {};
  }

  // --- columns are signals, or rows are samples ---

  Result<FirstRows> read_first_rows() {
    FirstRows first;
    Result<Table> table = Table::open(task_.files, task_.path, plan());
    if (!table.ok()) return std::move(table).error();
    csv::Row row;
    std::size_t bytes = 0;
    bool names_to_come = plan().header;
    while (first.rows.size() < kFirstRows && bytes < kFirstRowsBytes) {
      const Result<bool> more = table->next(row);
      if (!more.ok()) return more.error();
      if (!*more) break;
      if (!row.problem.empty()) continue;
      std::vector<std::string> texts;
      for (const csv::Field& field : row.fields) {
        texts.emplace_back(field.text);
        bytes += field.text.size();
      }
      if (names_to_come) {
        first.names = std::move(texts);
        names_to_come = false;
      } else {
        first.rows.push_back(std::move(texts));
      }
    }
    while (first.names.size() > fields_ && csv::trimmed(first.names.back()).empty()) {
      first.names.pop_back();
    }
    first.names.resize(std::max(first.names.size(), fields_));
    if (first.names.size() > kSignalsMax) {
      return unreadable("the table has " + std::to_string(first.names.size()) + " columns; up to " +
                        std::to_string(kSignalsMax) +
                        " are possible, or give the layout transposed");
    }
    first.names = unique_names(std::move(first.names));
    for (auto& texts : first.rows) texts.resize(first.names.size());
    return first;
  }

  Status survey_columns() {
    Result<FirstRows> first = read_first_rows();
    if (!first.ok()) return std::move(first).error();
    Result<Roles> roles = guess_roles(*first, task_.hints);
    if (!roles.ok()) return std::move(roles).error();
    roles_ = std::move(roles).value();
    plan().layout = roles_.layout;
    names_ = std::move(first->names);
    stats_.resize(names_.size());
    const std::size_t time = roles_.find(Use::kTime);
    if (Status begun = begin_time(time == Roles::npos ? "" : names_[time]); !begun) return begun;
    if (Status read = read_all_rows(); !read) return read;
    if (Status settled = settle_time(); !settled) return settled;
    for (std::size_t i = 0; i < names_.size(); ++i) add_column(i);
    if (plan().layout == Layout::kLong) add_tags();
    return {};
  }

  Status begin_time(std::string column) {
    if (column.empty()) return {};
    plan().time.column = column;
    std::optional<csv::TimeFormat> given;
    if (task_.hints.time_format && !task_.hints.time_format->empty()) {
      Result<csv::TimeFormat> format = csv::TimeFormat::parse(*task_.hints.time_format);
      if (!format.ok()) return std::move(format).error();
      given = std::move(format).value();
    }
    evidence_.emplace(std::move(column), std::move(given));
    return {};
  }

  Status read_all_rows() {
    Result<Table> table = Table::open(task_.files, task_.path, plan());
    if (!table.ok()) return std::move(table).error();
    csv::Row row;
    bool names_to_come = plan().header;
    for (;;) {
      const Result<bool> more = table->next(row);
      if (!more.ok()) return more.error();
      if (!*more) break;
      if (!row.problem.empty()) {
        ++rows_;
        continue;
      }
      if (std::exchange(names_to_come, false)) continue;
      ++rows_;
      if (row.fields.size() != names_.size()) continue;
      if (Status seen = see(row); !seen) return seen;
    }
    return rows_ == 0 ? Status(unreadable("the file has no rows but its header")) : Status();
  }

  Status see(const csv::Row& row) {
    const std::size_t time = roles_.find(Use::kTime);
    if (time != Roles::npos) {
      const std::size_t clock = roles_.find(Use::kTimeOfDay);
      evidence_->add(row.fields[time].text,
                     clock == Roles::npos ? std::string_view() : row.fields[clock].text, row.line);
    }
    if (plan().layout == Layout::kLong) return see_sample(row);
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
      if (roles_.uses[i] == Use::kValue) stats_[i].add(row.fields[i], plan().decimal);
    }
    return {};
  }

  Status see_sample(const csv::Row& row) {
    const std::string_view name = csv::trimmed(row.fields[roles_.find(Use::kTag)].text);
    if (name.empty() || !is_utf8(name)) return {};  // such rows are refused later
    auto found = tag_index_.find(name);
    if (found == tag_index_.end()) {
      if (tag_index_.size() == kSignalsMax) {
        return unreadable("the column '" + names_[roles_.find(Use::kTag)] + "' names more than " +
                          std::to_string(kSignalsMax) + " tags");
      }
      found = tag_index_.emplace(std::string(name), tag_stats_.size()).first;
      tag_stats_.emplace_back();
      tag_names_.emplace_back(name);
    }
    SignalStats& stats = tag_stats_[found->second];
    stats.add(row.fields[roles_.find(Use::kValue)], plan().decimal);
    if (const std::size_t type = roles_.find(Use::kType); type != Roles::npos && !stats.declared) {
      const Result<ValueType> declared = parse_type(csv::trimmed(row.fields[type].text));
      if (declared.ok()) stats.declared = *declared;
    }
    return {};
  }

  Status settle_time() {
    if (!evidence_) return {};
    const std::optional<TimeFinding> found = evidence_->finding();
    if (!found) {
      return Error{
          ErrorId::kInvalidArgument,
          "time.column: no cell of '" + plan().time.column + "' can be read as a time" +
              (task_.hints.time_format ? " of the format " + *task_.hints.time_format : "")};
    }
    plan().time.format = found->format.name();
    plan().time.midnight_ends_day = found->midnight_ends_day;
    for (const std::string& text : found->notes) note(text);
    if (!found->offsets) {
      note(
          "The times carry no zone: they are read as UTC. Set time.zone to the zone of the clock "
          "that wrote them, such as Asia/Shanghai.");
    }
    return {};
  }

  void add_column(std::size_t index) {
    ColumnPlan column;
    column.index = static_cast<std::uint32_t>(index);
    column.name = names_[index];
    column.use = roles_.uses[index];
    if (plan().layout == Layout::kWide && column.use == Use::kValue) {
      const ExportName exported = split_export_name(column.name);
      SignalStats& stats = stats_[index];
      // A column of qualities that somebody wants for values declares no type.
      const Result<ValueType> declared = parse_type(exported.suffix);
      if (declared.ok()) stats.declared = *declared;
      describe(column, stats, exported.path, !exported.suffix.empty() || is_path(exported.path));
    }
    plan().columns.push_back(std::move(column));
  }

  // With one slash it may be a unit ("m/s"), unless there is such a tag.
  bool is_path(const std::string& name) const {
    return std::count(name.begin(), name.end(), '/') >= 2 ||
           (task_.type_of_tag && task_.type_of_tag(name));
  }

  void add_tags() {
    for (std::size_t i = 0; i < tag_names_.size(); ++i) {
      ColumnPlan tag;
      tag.index = static_cast<std::uint32_t>(i);
      tag.name = tag_names_[i];
      describe(tag, tag_stats_[i], tag.name, tag.name.find('/') != std::string::npos);
      plan().tags.push_back(std::move(tag));
    }
  }

  // --- lines are signals ---

  Status survey_lines() {
    Result<Table> table = Table::open(task_.files, task_.path, plan());
    if (!table.ok()) return std::move(table).error();
    csv::Row row;
    for (;;) {
      const Result<bool> more = table->next(row);
      if (!more.ok()) return more.error();
      if (!*more) break;
      if (lines_.size() == kSignalsMax) {
        return unreadable("a transposed table has up to " + std::to_string(kSignalsMax) + " lines");
      }
      if (Status seen = see_line(row); !seen) return seen;
    }
    if (Status settled = settle_time(); !settled) return settled;
    std::vector<std::string> names;
    for (const Line& line : lines_) names.push_back(line.name);
    names = unique_names(std::move(names));
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      ColumnPlan column;
      column.index = static_cast<std::uint32_t>(i);
      column.name = names[i];
      column.use = lines_[i].time ? Use::kTime : Use::kValue;
      if (lines_[i].time) plan().time.column = names[i];
      if (!lines_[i].time) describe(column, lines_[i].stats, names[i], false);
      plan().columns.push_back(std::move(column));
    }
    return {};
  }

  Status see_line(const csv::Row& row) {
    Line& line = lines_.emplace_back();
    if (row.fields.empty()) return {};
    const std::size_t first = plan().header ? 1 : 0;
    if (plan().header) line.name = csv::trimmed(row.fields[0].text);
    const auto is_time = [&](const csv::Field& field) {
      const auto found = csv::TimeFormat::candidates(field.text);
      return !found.empty() && (plan().header || !found.front().is_digits());
    };
    const bool times = lines_.size() == 1 && row.fields.size() > first + 1 &&
                       is_time(row.fields[first]) && is_time(row.fields.back());
    line.time = task_.hints.time_column
                    ? !line.name.empty() && line.name == *task_.hints.time_column
                    : times;
    rows_ = std::max<std::uint64_t>(rows_, row.fields.size() - first);
    if (line.time && lines_.size() > 1) {
      return Error{ErrorId::kInvalidArgument,
                   "time.column: in a transposed table the times stand in the first line"};
    }
    if (line.time) {
      if (Status begun = begin_time(line.name.empty() ? "column_1" : line.name); !begun)
        return begun;
    }
    for (std::size_t i = first; i < row.fields.size(); ++i) {
      if (line.time) {
        evidence_->add(row.fields[i].text, {}, row.line);
      } else {
        line.stats.add(row.fields[i], plan().decimal);
      }
    }
    return {};
  }

  // --- signals ---

  // Path, type, unit and interpolation of a signal. `is_path`: its name is a whole path already.
  void describe(ColumnPlan& signal, const SignalStats& stats, const std::string& name,
                bool is_path) {
    signal.type = stats.declared.value_or(stats.cells.type());
    signal.unit = unit_in_name(name);
    TagSpec spec;
    spec.path = name;
    if (is_path && check_tag_spec(spec).ok()) {
      signal.path = name;
    } else {
      signal.path =
          task_.prefix + "/" + path_level(file_stem(task_.file_name)) + "/" + path_level(name);
    }
    make_unique(signal.path);
    const csv::ColumnStats& cells = stats.cells;
    if (cells.bools + cells.integers + cells.reals + cells.non_finite + cells.texts == 0 &&
        !stats.declared) {
      signal.use = Use::kSkip;
      note("'" + signal.name + "' holds no value and is skipped.");
    }
    explain_type(signal, stats);
    take_type_of_tag(signal);
    const bool steps = signal.type == ValueType::kString || signal.type == ValueType::kBool ||
                       (signal.type == ValueType::kInt64 && stats.only_flags);
    signal.interpolation = steps ? Interpolation::kStep : Interpolation::kLinear;
  }

  void make_unique(std::string& path) {
    const std::string base = path;
    for (unsigned n = 2; !paths_.insert(path).second; ++n) path = base + "_" + std::to_string(n);
  }

  void explain_type(const ColumnPlan& signal, const SignalStats& stats) {
    if (stats.declared) return;
    const csv::ColumnStats& cells = stats.cells;
    const std::string name = "'" + signal.name + "'";
    if (cells.string_for_digits()) {
      note(name + ": " + std::to_string(cells.too_many_digits) +
           " numbers have more digits than a float64 keeps, so it is read as text. Set its type to "
           "float64 to round them.");
    } else if (cells.type() == ValueType::kString && cells.leading_zeros > 0 && cells.texts == 0) {
      note(name + ": numbers with leading zeros are read as text, to keep the zeros.");
    } else if (cells.misfits() > 0) {
      note(name + ": " + std::to_string(cells.misfits()) + " cells are no " +
           std::string(type_name(cells.type())) +
           "; their rows are refused. Set its type to string to keep them all.");
    }
    if (cells.markers > 0 && cells.type() != ValueType::kString) {
      note(name + ": " + std::to_string(cells.markers) +
           " cells hold a mark for no value (such as NA or -) and make no sample.");
    }
  }

  void take_type_of_tag(ColumnPlan& signal) {
    if (!task_.type_of_tag) return;
    const std::optional<ValueType> existing = task_.type_of_tag(signal.path);
    if (!existing || *existing == signal.type) return;
    note("'" + signal.name + "': the tag " + signal.path + " exists as " +
         std::string(type_name(*existing)) + ", so the column is read as that instead of " +
         std::string(type_name(signal.type)) + ".");
    signal.type = *existing;
  }

  // --- tables without times ---

  // The start of a year in the file's name, and the longest usual step that keeps within the year.
  void propose_start() {
    plan().time.step_ms = 1'000;
    const unsigned year = year_in_name(file_stem(task_.file_name));
    if (year == 0) {
      note(
          "The file holds no times. Give time.start and time.step_ms; until then the rows count "
          "from 1970-01-01T00:00:00Z in steps of 1 s.");
      return;
    }
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    const std::int64_t start_s = days_from_civil(year, 1, 1) * 86'400;
    const std::int64_t year_s = days_from_civil(year + 1, 1, 1) * 86'400 - start_s;
    for (const std::int64_t step_s : {86'400, 3'600, 1'800, 900, 600, 300, 60, 30, 10, 1}) {
      if (rows_ > static_cast<std::uint64_t>(year_s / step_s)) continue;
      plan().time.start = Timestamp{start_s * kNsPerSecond};
      plan().time.step_ms = step_s * 1'000;
      note("The file holds no times. Its name holds the year " + std::to_string(year) +
           ", so the rows are taken to begin with it, one every " + std::to_string(step_s) +
           " s. Correct time.start and time.step_ms if that is wrong.");
      return;
    }
    note(
        "The file holds no times, and its rows do not fit into the year of its name. Give "
        "time.start and time.step_ms.");
  }

  struct Line {
    std::string name;
    bool time = false;
    SignalStats stats;
  };

  const SurveyTask& task_;
  Survey result_;
  std::size_t fields_ = 0;
  std::uint64_t rows_ = 0;
  Roles roles_;
  std::vector<std::string> names_;
  std::vector<SignalStats> stats_;
  std::optional<TimeEvidence> evidence_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> tag_index_;
  std::vector<SignalStats> tag_stats_;
  std::vector<std::string> tag_names_;
  std::vector<Line> lines_;
  std::set<std::string> paths_;
};

}  // namespace

Result<Survey> survey(const SurveyTask& task) { return Surveyor(task).run(); }

}  // namespace lineshaft::intake

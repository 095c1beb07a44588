#include "intake/dry_run.h"

#include <algorithm>

#include "base/utf8.h"
#include "intake/mapper.h"
#include "intake/repeats.h"
#include "intake/table.h"

namespace lineshaft::intake {
namespace {

constexpr std::size_t kPreviewColumns = 100;
constexpr std::size_t kPreviewCellBytes = 200;

std::string preview_text(std::string_view text) {
  if (!is_utf8(text)) return "?";
  return std::string(utf8_prefix(text, kPreviewCellBytes));
}

class DryRun {
 public:
  DryRun(const Plan& plan, Mapper mapper) : plan_(plan), mapper_(std::move(mapper)) {
    repeats_.resize(plan.layout == Layout::kLong ? plan.tags.size() : 1);
    begin_preview();
  }

  void row(const csv::Row& row) {
    ++report_.rows;
    samples_.clear();
    if (std::optional<RowProblem> problem = mapper_.map(row, {}, samples_)) {
      ++report_.rows_refused;
      if (report_.refused.size() < kRefusedListed) {
        report_.refused.push_back(
            {row.line, std::move(problem->column), std::move(problem->problem)});
      }
      return;
    }
    ++report_.rows_good;
    report_.samples += samples_.size();
    for (const Sample& sample : samples_) {
      if (!report_.first_time || sample.time < *report_.first_time) {
        report_.first_time = sample.time;
      }
      if (!report_.last_time || sample.time > *report_.last_time) report_.last_time = sample.time;
    }
    count_order();
    count_duplicates();
    plan_.layout == Layout::kTransposed ? preview_line() : preview_row(row);
  }

  Report finish() {
    const MapperCounters& counters = mapper_.counters();
    note_if(counters.ambiguous_times,
            " times stand for two instants, because clocks went back: the first is taken, unless "
            "the row before is already later than it.");
    note_if(counters.rounded_cells,
            " cells have more digits than the type of their signal keeps and are rounded.");
    note_if(backwards_, " rows are earlier than the row before them; samples are sorted by time.");
    note_if(report_.duplicates,
            " samples stand at a time that an earlier row gave already; the later row wins.");
    if (budget_.exhausted) {
      report_.notes.push_back("The times are so irregular that not all duplicates were counted.");
    }
    if (plan_.time.column.empty() && !plan_.time.start) report_.needs.push_back("time.start");
    return std::move(report_);
  }

 private:
  void note_if(std::uint64_t count, const char* text) {
    if (count > 0) report_.notes.push_back(std::to_string(count) + text);
  }

  void count_order() {
    if (plan_.layout != Layout::kWide || samples_.empty()) return;
    const Timestamp time = samples_.front().time;
    if (before_ && time < *before_) ++backwards_;
    before_ = time;
  }

  // Wide: the time of a row counts for all its samples. Long: each tag has its own times.
  // Transposed: instants repeat the same way in every line, so only the first line is counted and
  // the others add as much.
  void count_duplicates() {
    if (samples_.empty()) return;
    if (plan_.layout == Layout::kWide) {
      if (repeats_[0].add(samples_[0].time.ns, budget_)) report_.duplicates += samples_.size();
      return;
    }
    if (plan_.layout == Layout::kLong) {
      const Sample& sample = samples_[0];
      if (repeats_[sample.tag.value - 1].add(sample.time.ns, budget_)) ++report_.duplicates;
      return;
    }
    if (plan_.time.column.empty()) return;  // counted times differ
    RepeatCounter line;
    for (const Sample& sample : samples_) {
      if (line.add(sample.time.ns, budget_)) ++report_.duplicates;
    }
  }

  void begin_preview() {
    std::vector<std::string>& names = report_.preview.emplace_back();
    names.push_back("time");
    for (const ColumnPlan& column : plan_.columns) {
      if (names.size() > kPreviewColumns) break;
      if (plan_.layout == Layout::kTransposed && column.use != Use::kValue) continue;
      names.push_back(preview_text(column.name));
    }
  }

  void preview_row(const csv::Row& row) {
    if (report_.preview.size() > kPreviewRows) return;
    std::vector<std::string>& cells = report_.preview.emplace_back();
    cells.push_back(samples_.empty() ? "" : format_rfc3339(samples_[0].time));
    for (const csv::Field& field : row.fields) {
      if (cells.size() > kPreviewColumns) break;
      cells.push_back(preview_text(field.text));
    }
  }

  // A line adds its first cells to the columns of the preview.
  void preview_line() {
    if (samples_.empty() || lines_shown_ == kPreviewColumns) return;
    ++lines_shown_;
    for (std::size_t i = 0; i < std::min(samples_.size(), kPreviewRows); ++i) {
      if (report_.preview.size() <= i + 1) {
        report_.preview.push_back({format_rfc3339(samples_[i].time)});
      }
      std::vector<std::string>& cells = report_.preview[i + 1];
      cells.resize(lines_shown_);
      cells.push_back(preview_text(to_text(samples_[i].value)));
    }
  }

  const Plan& plan_;
  Mapper mapper_;
  Report report_;
  RepeatBudget budget_;
  std::vector<RepeatCounter> repeats_;
  std::vector<Sample> samples_;
  std::optional<Timestamp> before_;
  std::uint64_t backwards_ = 0;
  std::size_t lines_shown_ = 0;
};

}  // namespace

Result<Report> dry_run(sys::FileSystem& files, const std::string& path, const Plan& plan,
                       const sys::TimeZone& zone) {
  Result<Mapper> mapper = Mapper::make(plan, zone);
  if (!mapper.ok()) return std::move(mapper).error();
  DryRun run(plan, std::move(mapper).value());
  Status read = for_each_row(files, path, plan, [&](const csv::Row& row) {
    run.row(row);
    return Status();
  });
  if (!read) return std::move(read).error();
  return run.finish();
}

}  // namespace lineshaft::intake

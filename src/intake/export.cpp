#include "intake/export.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "wire/csv/writer.h"

namespace lineshaft::intake {
namespace {

constexpr std::size_t kWideTagsMax = 1'000;
constexpr std::size_t kPieceBytes = 192 * 1024;
// Samples in memory of all tags together, and the least of one.
constexpr std::size_t kSamplesHeld = 1'000'000;
constexpr std::size_t kSamplesOfTagMin = 1'024;
constexpr std::size_t kSamplesOfTagMax = 8'192;

// The samples of one tag, one after another.
class Cursor {
 public:
  Cursor(const historian::Historian& historian, TenantId tenant, TagId tag, TimeRange range,
         std::size_t held)
      : historian_(&historian), tenant_(tenant), tag_(tag), rest_(range), held_(held) {}

  // The next sample, or null at the end; the same one until step().
  Result<const Sample*> peek() {
    if (at_ == samples_.size() && !rest_.empty()) {
      if (Status filled = fill(); !filled) return std::move(filled).error();
    }
    return at_ < samples_.size() ? &samples_[at_] : nullptr;
  }
  void step() { ++at_; }
  // Frees the memory of a cursor that is at its end.
  void let_go() {
    samples_ = {};
    at_ = 0;
  }

 private:
  Status fill() {
    samples_.clear();
    at_ = 0;
    const auto visit = [this](std::span<const Sample> run) {
      const std::size_t count = std::min(run.size(), held_ - samples_.size());
      samples_.insert(samples_.end(), run.begin(),
                      run.begin() + static_cast<std::ptrdiff_t>(count));
      return samples_.size() < held_;
    };
    if (Status read = historian_->scan(tenant_, tag_, rest_, visit); !read) return read;
    rest_.from = samples_.size() < held_ ? rest_.to : samples_.back().time + Nanoseconds(1);
    return {};
  }

  const historian::Historian* historian_;
  TenantId tenant_;
  TagId tag_;
  TimeRange rest_;  // not read yet
  std::size_t held_;
  std::vector<Sample> samples_;
  std::size_t at_ = 0;
};

void append_value(std::string& out, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    csv::append_text(out, *text);
  } else {
    out += to_text(value);
  }
}

class Exporter {
 public:
  Exporter(ExportOptions options, std::vector<Tag> tags, std::vector<Cursor> cursors)
      : options_(options), tags_(std::move(tags)), cursors_(std::move(cursors)) {}

  Result<std::string> next() {
    std::string out;
    if (!std::exchange(begun_, true)) begin(out);
    while (out.size() < kPieceBytes) {
      const Result<bool> more = options_.layout == Layout::kLong ? long_row(out) : wide_row(out);
      if (!more.ok()) return more.error();
      if (!*more) break;
    }
    return out;
  }

 private:
  void begin(std::string& out) const {
    if (options_.layout == Layout::kLong) {
      out += options_.exact ? "tag,time,value,quality,type" : "tag,time,value,quality";
    } else {
      out += "time";
      for (const Tag& tag : tags_) wide_names(tag, out);
    }
    csv::end_row(out);
  }

  void wide_names(const Tag& tag, std::string& out) const {
    out += ',';
    if (!options_.exact) return csv::append_text(out, tag.spec.path);
    csv::append_text(out, tag.spec.path + "#" + std::string(type_name(tag.spec.type)));
    out += ',';
    csv::append_text(out, tag.spec.path + "#quality");
  }

  // False: no rows are left.
  Result<bool> long_row(std::string& out) {
    for (; current_ < tags_.size(); ++current_) {
      Result<const Sample*> sample = cursors_[current_].peek();
      if (!sample.ok()) return std::move(sample).error();
      if (*sample == nullptr) {
        cursors_[current_].let_go();
        continue;
      }
      const TagSpec& spec = tags_[current_].spec;
      csv::append_text(out, spec.path);
      out += ',' + format_rfc3339((*sample)->time) + ',';
      append_value(out, (*sample)->value);
      out += ',' + quality_name((*sample)->quality);
      if (options_.exact) (out += ',') += type_name(spec.type);
      csv::end_row(out);
      cursors_[current_].step();
      return true;
    }
    return false;
  }

  Result<bool> wide_row(std::string& out) {
    std::optional<Timestamp> time;
    for (Cursor& cursor : cursors_) {
      const Result<const Sample*> sample = cursor.peek();
      if (!sample.ok()) return sample.error();
      if (*sample != nullptr) time = std::min((*sample)->time, time.value_or(kTimestampMax));
    }
    if (!time) return false;
    out += format_rfc3339(*time);
    for (Cursor& cursor : cursors_) {
      const Sample* const sample = cursor.peek().value();  // held already
      const bool now = sample != nullptr && sample->time == *time;
      wide_cells(now ? sample : nullptr, out);
      if (now) cursor.step();
    }
    csv::end_row(out);
    return true;
  }

  void wide_cells(const Sample* sample, std::string& out) const {
    out += ',';
    if (sample != nullptr && (options_.exact || !sample->quality.bad())) {
      append_value(out, sample->value);
    }
    if (!options_.exact) return;
    out += ',';
    if (sample != nullptr && sample->quality != quality::kGood) {
      out += quality_name(sample->quality);
    }
  }

  ExportOptions options_;
  std::vector<Tag> tags_;
  std::vector<Cursor> cursors_;  // one a tag
  std::size_t current_ = 0;      // long: the tag whose rows are written
  bool begun_ = false;
};

Status check(const std::vector<TagId>& tags, ExportOptions options) {
  if (options.layout == Layout::kTransposed) {
    return Error{ErrorId::kInvalidArgument, "layout: an export is long or wide"};
  }
  if (tags.empty()) return Error{ErrorId::kInvalidArgument, "tags: give at least one"};
  const std::size_t most = options.layout == Layout::kWide ? kWideTagsMax : kSignalsMax;
  if (tags.size() <= most) return {};
  return Error{ErrorId::kInvalidArgument,
               "tags: at most " + std::to_string(most) + " in this layout"};
}

}  // namespace

Result<CsvSource> make_csv_export(const historian::Historian& historian, TenantId tenant,
                                  std::vector<TagId> tags, TimeRange range, ExportOptions options) {
  if (Status good = check(tags, options); !good) return std::move(good).error();
  const bool wide = options.layout == Layout::kWide;
  const std::size_t held =
      wide ? std::clamp(kSamplesHeld / tags.size(), kSamplesOfTagMin, kSamplesOfTagMax)
           : kSamplesOfTagMax;
  std::vector<Tag> found;
  std::vector<Cursor> cursors;
  std::set<TagId> seen;
  for (const TagId id : tags) {
    if (!seen.insert(id).second) continue;  // named twice, written once
    std::optional<Tag> tag = historian.find_tag(tenant, id);
    if (!tag) return Error{ErrorId::kNotFound, "tag " + std::to_string(id.value)};
    cursors.emplace_back(historian, tenant, id, range, held);
    found.push_back(*std::move(tag));
  }
  // Shared, because std::function wants to be copied; the copies read on from one another.
  const auto exporter = std::make_shared<Exporter>(options, std::move(found), std::move(cursors));
  return CsvSource([exporter] { return exporter->next(); });
}

}  // namespace lineshaft::intake

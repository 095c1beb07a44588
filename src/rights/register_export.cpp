// The register as records of offices.
#include <algorithm>
#include <optional>

#include "rights/register_file.h"
#include "wire/csv/writer.h"
#include "wire/wipo/row.h"

namespace lineshaft::rights {
namespace {

using wipo::RegisterRecord;

constexpr std::uint64_t kRowsAtOnce = 1'000;

std::optional<wipo::RightKind> kind_of(AssetKind kind) {
  const Result<wipo::RightKind> found = wipo::parse_right_kind(name_of(kind));
  return found ? std::optional(*found) : std::nullopt;
}

std::optional<Day> earliest(const std::vector<Event>& events, EventKind kind) {
  std::optional<Day> day;
  for (const Event& event : events) {
    if (event.kind == kind && (!day || event.date < *day)) day = event.date;
  }
  return day;
}

class Exporter {
 public:
  Exporter(Register& assets, const View& view) : register_(assets), view_(view) {}

  Status read_parties() {
    Result<std::vector<Party>> parties = register_.list_parties(view_);
    if (!parties) return std::move(parties).error();
    parties_ = *std::move(parties);
    return {};
  }

  Result<RegisterRecord> record_of(const AssetRow& row, wipo::RightKind kind) {
    const Result<AssetHistory> history = register_.get_history(view_, row.asset.id);
    if (!history) return history.error();
    const Asset& asset = history->asset;
    const std::vector<Event>& events = history->events;
    RegisterRecord record;
    record.kind = kind;
    record.office = asset.office;
    record.application_number = asset.number;
    record.filed = earliest(events, EventKind::kFiled);
    record.published = earliest(events, EventKind::kPublished);
    const bool is_mark = kind == wipo::RightKind::kTradeMark;
    record.granted = earliest(events, is_mark ? EventKind::kRegistered : EventKind::kGranted);
    // Only its kind tells a document of a utility model from one of a patent.
    if (kind == wipo::RightKind::kUtilityModel) record.publication_kind = "U";
    record.titles = {{"", asset.title}};
    for (const Share& share : row.owners) record.applicants.push_back(name_of_party(share.party));
    record.status = name_of(asset.status);
    if (Status added = add_priority(asset, events, record); !added) return std::move(added).error();
    return record;
  }

 private:
  std::string name_of_party(const std::string& id) const {
    const auto found = std::ranges::find(parties_, id, &Party::id);
    return found == parties_.end() ? id : found->name;
  }

  // The register has the day of the first priority; office and number are those of the asset that
  // this one stems from, over some steps.
  Status add_priority(const Asset& asset, const std::vector<Event>& events,
                      RegisterRecord& record) {
    const std::optional<Day> day = earliest(events, EventKind::kPriority);
    if (!day) return {};
    std::string above = asset.parent;
    while (!above.empty()) {
      // Lineages have an end (put_asset); what the view does not show is left out.
      const Result<AssetHistory> parent = register_.get_history(view_, above);
      if (!parent) return parent.error().id == ErrorId::kNotFound ? Status() : parent.error();
      if (earliest(parent->events, EventKind::kFiled) == *day && !parent->asset.number.empty()) {
        record.priorities.push_back({parent->asset.office, parent->asset.number, day});
        return {};
      }
      above = parent->asset.parent;
    }
    return {};
  }

  Register& register_;
  const View& view_;
  std::vector<Party> parties_;
};

}  // namespace

Result<std::vector<RegisterRecord>> export_records(Register& assets, const View& view,
                                                   const AssetFilter& filter) {
  Exporter exporter(assets, view);
  if (Status read = exporter.read_parties(); !read) return std::move(read).error();
  std::vector<RegisterRecord> records;
  for (std::uint64_t offset = 0;; offset += kRowsAtOnce) {
    const Result<AssetPage> page = assets.list_assets(view, filter, offset, kRowsAtOnce);
    if (!page) return page.error();
    if (page->total > wipo::kRecordsMax) {
      return Error{ErrorId::kInvalidArgument,
                   "more than 100,000 assets; ask for those of one office or owner"};
    }
    for (const AssetRow& row : page->rows) {
      const std::optional<wipo::RightKind> kind = kind_of(row.asset.kind);
      if (!kind || row.asset.office.empty() || row.asset.number.empty()) continue;
      Result<RegisterRecord> record = exporter.record_of(row, *kind);
      if (!record) return std::move(record).error();
      records.push_back(*std::move(record));
    }
    if (page->rows.size() < kRowsAtOnce) return records;
  }
}

std::string csv_of(const std::vector<RegisterRecord>& records) {
  std::string out;
  for (std::size_t i = 0; i < wipo::kColumns.size(); ++i) {
    if (i > 0) out += ',';
    csv::append_text(out, wipo::kColumns[i]);
  }
  csv::end_row(out);
  for (const RegisterRecord& record : records) {
    bool is_first = true;
    for (const std::string& cell : wipo::cells_of(record)) {
      if (!is_first) out += ',';
      is_first = false;
      if (!cell.empty()) csv::append_text(out, cell);
    }
    csv::end_row(out);
  }
  return out;
}

std::string st96_of(const std::vector<RegisterRecord>& records) {
  if (records.size() == 1) return wipo::write_st96(records.front());
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<RegisterRecords>\n";
  for (const RegisterRecord& record : records) {
    const std::string document = wipo::write_st96(record);
    out += document.substr(document.find('\n') + 1);  // one declaration is enough
  }
  return out + "</RegisterRecords>\n";
}

}  // namespace lineshaft::rights

// From records of offices to what they add to the register.
#include <algorithm>
#include <unordered_map>

#include "rights/asset_rows.h"
#include "rights/register_file.h"
#include "rights/word_list.h"
#include "wire/csv/reader.h"
#include "wire/wipo/row.h"

namespace lineshaft::rights {
namespace {

using wipo::RegisterRecord;

constexpr Word<ImportAction> kActions[] = {
    {ImportAction::kNew, "new"}, {ImportAction::kChange, "change"}, {ImportAction::kSame, "same"}};
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kBasis = "Named as the applicant in the imported document";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "CN 2023/1000.X" of CN and "20231000X" are one number.
std::string key_of(std::string_view office, std::string_view number) {
  std::string key;
  for (const char c : number) {
    if (is_alphanumeric(c)) key += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  if (key.starts_with(office)) key.erase(0, office.size());
  return std::string(office) + " " + key;
}

std::string number_of(const RegisterRecord& record) {
  if (!record.application_number.empty()) return record.application_number;
  return record.grant_number.empty() ? record.publication_number : record.grant_number;
}

// "CN-202310000001.X": what an id may hold.
std::string id_of(std::string_view office, std::string_view number) {
  std::string id = std::string(office) + "-";
  for (const char c : number) {
    const bool fits = is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
    id += fits ? c : '-';
  }
  return id.substr(0, kIdBytesMax);
}

AssetKind kind_of(wipo::RightKind kind) {
  switch (kind) {
    case wipo::RightKind::kPatent:
      return AssetKind::kPatent;
    case wipo::RightKind::kUtilityModel:
      return AssetKind::kUtilityModel;
    case wipo::RightKind::kDesign:
      return AssetKind::kDesign;
    case wipo::RightKind::kTradeMark:
      return AssetKind::kTradeMark;
  }
  LS_ASSERT(false);
  return AssetKind::kPatent;
}

// The claim that was filed first; nothing if none has a day.
const wipo::PriorityClaim* first_priority(const RegisterRecord& record) {
  const wipo::PriorityClaim* first = nullptr;
  for (const wipo::PriorityClaim& claim : record.priorities) {
    if (claim.day && (first == nullptr || *claim.day < *first->day)) first = &claim;
  }
  return first;
}

std::string joined(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + " " + second;
}

// What a record says happened, in order of the life of a right.
std::vector<Event> events_of(const RegisterRecord& record) {
  std::vector<Event> events;
  const auto add = [&](EventKind kind, const std::optional<Day>& day, const std::string& note) {
    if (!day) return;
    Event event;
    event.kind = kind;
    event.date = *day;
    event.note = note;
    events.push_back(std::move(event));
  };
  if (const wipo::PriorityClaim* first = first_priority(record)) {
    add(EventKind::kPriority, first->day, "of " + joined(first->office, first->number));
  }
  add(EventKind::kFiled, record.filed, "");
  // The day of a grant is that of its publication.
  if (record.published != record.granted) {
    add(EventKind::kPublished, record.published,
        joined(record.publication_number, record.publication_kind));
  }
  const bool is_mark = record.kind == wipo::RightKind::kTradeMark;
  add(is_mark ? EventKind::kRegistered : EventKind::kGranted, record.granted, record.grant_number);
  return events;
}

// Happens once in the life of a right, or is the earliest of its kind.
bool is_single(EventKind kind) { return kind != EventKind::kPublished; }

class Planner {
 public:
  Planner(Register& assets, TenantId tenant, Day today)
      : register_(assets), tenant_(tenant), today_(today) {}

  Status read_register() {
    const Result<std::vector<Party>> parties = register_.list_parties({tenant_, {}});
    if (!parties) return parties.error();
    for (const Party& party : *parties) {
      party_of_[party.name].push_back(party.id);
      if (party.name != party.id) party_of_[party.id].push_back(party.id);
    }
    return register_.each_history(tenant_, [&](AssetHistory history) -> Status {
      const Asset& asset = history.asset;
      ids_.emplace(asset.id, asset.family);
      if (!asset.number.empty()) id_of_key_.emplace(key_of(asset.office, asset.number), asset.id);
      return {};
    });
  }

  Status take(const wipo::FoundRecord& found) {
    Result<ImportItem*> item = item_of(found);
    if (!item) return std::move(item).error();
    for (const Event& event : events_of(found.record)) {
      if (Status added = add_event(**item, event, found.line); !added) return added;
    }
    add_classes(**item, found.record);
    for (const std::string& name : found.record.applicants) {
      std::vector<std::string>& names = (*item)->applicants;
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return {};
  }

  Result<std::vector<ImportItem>> done() {
    for (ImportItem& item : items_) {
      add_owner(item);
      const bool adds = item.addition.is_put || !item.addition.events.empty();
      if (item.action == ImportAction::kSame && adds) item.action = ImportAction::kChange;
      if (Status sound = check_asset(item.addition.asset); !sound) {
        return at(item.line, sound.error());
      }
      for (const Event& event : item.addition.events) {
        if (Status sound = check_event(event); !sound) return at(item.line, sound.error());
      }
    }
    return std::move(items_);
  }

 private:
  static Error at(std::size_t line, const Error& why) {
    return {why.id, "line " + std::to_string(line) + ": " + why.what};
  }

  Result<ImportItem*> item_of(const wipo::FoundRecord& found) {
    const RegisterRecord& record = found.record;
    const std::string number = number_of(record);
    const std::string key = key_of(record.office, number);
    if (const auto seen = item_of_key_.find(key); seen != item_of_key_.end()) {
      return check_kind(&items_[seen->second], found);
    }
    ImportItem item;
    item.line = found.line;
    if (const auto known = id_of_key_.find(key); known != id_of_key_.end()) {
      Result<AssetHistory> history = register_.get_history({tenant_, {}}, known->second);
      if (!history) return std::move(history).error();
      item.addition.asset = std::move(history->asset);
      known_events_.push_back(std::move(history->events));
    } else {
      Result<Asset> asset = new_asset(found, number);
      if (!asset) return std::move(asset).error();
      item.action = ImportAction::kNew;
      item.addition.asset = *std::move(asset);
      item.addition.is_put = true;
      ids_.emplace(item.addition.asset.id, item.addition.asset.family);
      id_of_key_.emplace(key, item.addition.asset.id);
      known_events_.emplace_back();
    }
    item_of_key_.emplace(key, items_.size());
    items_.push_back(std::move(item));
    return check_kind(&items_.back(), found);
  }

  static Result<ImportItem*> check_kind(ImportItem* item, const wipo::FoundRecord& found) {
    const Asset& asset = item->addition.asset;
    if (asset.kind == kind_of(found.record.kind)) return item;
    return at(found.line, {ErrorId::kConflict,
                           "it is a " + std::string(wipo::name_of(found.record.kind)) + ", but '" +
                               asset.id + "' is a " + std::string(name_of(asset.kind))});
  }

  Result<Asset> new_asset(const wipo::FoundRecord& found, const std::string& number) {
    const RegisterRecord& record = found.record;
    Asset asset;
    asset.id = id_of(record.office, number);
    asset.kind = kind_of(record.kind);
    asset.title = record.titles.empty() ? number : record.titles.front().text;
    asset.office = record.office;
    asset.number = number;
    if (ids_.contains(asset.id)) {
      return at(found.line, {ErrorId::kConflict, "the id '" + asset.id + "' is taken by another"});
    }
    if (const wipo::PriorityClaim* first = first_priority(record)) {
      const auto parent = id_of_key_.find(key_of(first->office, first->number));
      if (parent != id_of_key_.end()) {
        asset.parent = parent->second;
        asset.family = ids_.at(parent->second);
      }
    }
    return asset;
  }

  Status add_event(ImportItem& item, const Event& event, std::size_t line) {
    if (event.date > today_) {
      return at(line, {ErrorId::kInvalidArgument, std::string(name_of(event.kind)) + ": " +
                                                      day_text(event.date) + " has not come yet"});
    }
    std::vector<Event>& known = known_events_[static_cast<std::size_t>(&item - items_.data())];
    const Event* other = nullptr;
    for (const Event& one : known) {
      if (one.kind != event.kind) continue;
      if (one.date == event.date) return {};
      if (other == nullptr || one.date < other->date) other = &one;
    }
    if (other != nullptr && is_single(event.kind)) {
      return at(line, {ErrorId::kConflict, std::string(name_of(event.kind)) + ": it says " +
                                               day_text(event.date) + ", but '" +
                                               item.addition.asset.id + "' has " +
                                               day_text(other->date) + "; correct one of them"});
    }
    known.push_back(event);
    item.addition.events.push_back(event);
    return {};
  }

  // The fees of a mark are for each class.
  static void add_classes(ImportItem& item, const RegisterRecord& record) {
    Asset& asset = item.addition.asset;
    if (record.kind != wipo::RightKind::kTradeMark || record.classes.empty()) return;
    if (std::ranges::count(asset.counts, "classes", &FeeCount::of) > 0) return;
    asset.counts.push_back({"classes", static_cast<std::int64_t>(record.classes.size())});
    item.addition.is_put = true;
  }

  void add_owner(ImportItem& item) const {
    if (item.action != ImportAction::kNew || item.applicants.size() != 1) return;
    const auto found = party_of_.find(item.applicants.front());
    if (found == party_of_.end() || found->second.size() != 1) return;
    const std::vector<Event>& events = item.addition.events;
    if (events.empty()) return;
    Ownership ownership;
    ownership.from = std::ranges::min(events, {}, &Event::date).date;
    for (const Event& event : events) {
      if (event.kind == EventKind::kFiled) ownership.from = event.date;
    }
    ownership.shares = {{found->second.front(), 1}};
    ownership.basis = kBasis;
    item.addition.ownership = std::move(ownership);
  }

  Register& register_;
  TenantId tenant_;
  Day today_;
  std::unordered_map<std::string, std::string> ids_;        // of assets, to their families
  std::unordered_map<std::string, std::string> id_of_key_;  // of office and number
  std::unordered_map<std::string, std::size_t> item_of_key_;
  std::unordered_map<std::string, std::vector<std::string>> party_of_;  // by name or id
  std::vector<ImportItem> items_;
  std::vector<std::vector<Event>> known_events_;  // of each item: had, and to be added
};

Result<std::vector<wipo::FoundRecord>> read_table(std::string_view bytes) {
  csv::Reader reader(',');
  reader.feed(bytes);
  reader.finish();
  std::vector<wipo::FoundRecord> records;
  std::optional<wipo::RowReader> columns;
  std::vector<std::string_view> cells;
  for (csv::Row row; reader.next(row);) {
    const auto line = static_cast<std::size_t>(row.line);
    const auto refuse = [&](const std::string& why) {
      return Error{ErrorId::kBadRegisterDocument, "line " + std::to_string(line) + ": " + why};
    };
    if (!row.problem.empty()) return refuse(std::string(row.problem));
    cells.clear();
    for (const csv::Field& field : row.fields) cells.push_back(field.text);
    if (!columns) {
      Result<wipo::RowReader> made = wipo::RowReader::make(cells);
      if (!made) return std::move(made).error();
      columns = *std::move(made);
      continue;
    }
    if (records.size() == wipo::kRecordsMax) return refuse("more than 100,000 rows");
    Result<RegisterRecord> record = columns->read(cells, line);
    if (!record) return std::move(record).error();
    records.push_back({*std::move(record), line});
  }
  if (records.empty()) {
    return Error{ErrorId::kBadRegisterDocument,
                 "line 1: there is no record; a table has its columns in the first line and a row "
                 "for each right"};
  }
  return records;
}

}  // namespace

std::string_view name_of(ImportAction action) { return name_in<ImportAction>(kActions, action); }

Result<std::vector<wipo::FoundRecord>> read_register_file(std::string_view bytes) {
  // UTF-16 begins with one of its marks; a table is UTF-8.
  if (bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) {
    return wipo::read_document(bytes);
  }
  std::string_view text = bytes;
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && text[first] == '<') return wipo::read_document(bytes);
  return read_table(text);
}

Result<std::vector<ImportItem>> plan_import(Register& assets, TenantId tenant,
                                            std::span<const wipo::FoundRecord> records, Day today) {
  Planner planner(assets, tenant, today);
  if (Status read = planner.read_register(); !read) return std::move(read).error();
  for (const wipo::FoundRecord& found : records) {
    if (Status taken = planner.take(found); !taken) return std::move(taken).error();
  }
  return planner.done();
}

std::vector<Addition> additions_of(std::vector<ImportItem> items) {
  std::vector<Addition> additions;
  for (ImportItem& item : items) {
    if (item.action != ImportAction::kSame) additions.push_back(std::move(item.addition));
  }
  return additions;
}

}  // namespace lineshaft::rights

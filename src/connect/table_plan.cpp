// Reads the table and compares it with what there is.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "connect/connection_json.h"
#include "connect/table.h"
#include "connect/table_cell.h"
#include "wire/csv/reader.h"

namespace lineshaft::connect {

namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";  // of UTF-8, as some spreadsheets write it
constexpr std::string_view kSettings = "settings.";
constexpr const char* kHidden = "•••";

struct TableRow {
  std::uint64_t line = 0;
  std::map<std::string, std::string> cells;  // by column, empty ones too
  const std::string& cell(const std::string& column) const {
    static const std::string none;
    const auto found = cells.find(column);
    return found == cells.end() ? none : found->second;
  }
};

// A connection while it is put together from its rows.
struct Draft {
  std::uint32_t id = 0;
  std::uint64_t line = 0;  // of its own row, else of its first signal
  bool fresh = false;
  Protocol protocol = Protocol::kModbusTcp;
  Json json;  // without signals
  std::vector<SignalConfig> signals;
  std::map<std::string, std::size_t> by_path;
  std::map<std::string, std::uint64_t> lines;  // of signals that the table names, by path
};

char delimiter_of(std::string_view text) {
  const std::string_view head = text.substr(0, text.find('\n'));
  char best = ',';
  for (const char c : {',', ';', '\t'}) {
    if (std::ranges::count(head, c) > std::ranges::count(head, best)) best = c;
  }
  return best;
}

// Fields of an object that differ, as "settings.port: 502 -> 5020".
void compare(const std::string& front, const Json& before, const Json& after,
             const std::vector<FieldSpec>& columns, std::vector<std::string>& fields) {
  for (const FieldSpec& column : columns) {
    const Json old = before.value(column.name, Json());
    const Json now = after.value(column.name, Json());
    if (old == now) continue;
    const bool secret = column.kind == FieldSpec::Kind::kSecret;
    const auto text = [&](const Json& value) {
      const std::string cell = write_cell(column, value);
      return cell.empty() ? std::string("-") : secret ? std::string(kHidden) : cell;
    };
    fields.push_back(front + column.name + ": " + text(old) + " -> " + text(now));
  }
}

class Planner {
 public:
  Planner(const std::map<std::uint32_t, ConnectionConfig>& before, const TableOptions& options)
      : before_(before), options_(options) {
    for (const auto& [id, config] : before) by_name_[config.name] = id;
  }

  TablePlan plan(std::string_view text) {
    if (read_rows(text)) {
      for (const TableRow& row : rows_) {
        if (row.cell("row") == "connection") take_connection(row);
      }
      for (const TableRow& row : rows_) {
        if (row.cell("row") != "connection") take_signal(row);
      }
      finish();
    }
    if (!plan_.errors.empty()) {
      std::ranges::stable_sort(plan_.errors, {}, &TableError::line);
      plan_.changes.clear();
      plan_.difference = {};
    }
    return std::move(plan_);
  }

 private:
  void fail(std::uint64_t line, std::string field, std::string what) {
    if (plan_.errors.size() >= kTableErrorsMax) return;
    plan_.errors.push_back({line, std::move(field), std::move(what)});
  }
  // "name: what is wrong" of a check, apart.
  void fail(std::uint64_t line, std::string what) {
    if (what.starts_with("settings: ")) what.replace(8, 2, ".");
    const std::size_t colon = what.find(": ");
    const bool named = colon != std::string::npos && what.find(' ') > colon;
    fail(line, named ? what.substr(0, colon) : "", named ? what.substr(colon + 2) : what);
  }

  bool read_rows(std::string_view text) {
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    if (text.size() > kTableBytesMax || !is_utf8(text)) {
      fail(0, "", "the table must be UTF-8 text of at most 16 MiB");
      return false;
    }
    csv::Reader reader(delimiter_of(text));
    reader.feed(text);
    reader.finish();
    csv::Row row;
    while (reader.next(row)) {
      if (!row.problem.empty()) {
        fail(row.line, "", std::string(row.problem));
      } else if (head_.empty()) {
        for (const csv::Field& field : row.fields) head_.emplace_back(field.text);
      } else {
        take_row(row);
      }
    }
    for (const char* column : {"row", "connection"}) {
      if (std::ranges::find(head_, column) == head_.end())
        fail(1, column, "this column is missing");
    }
    std::set<std::string> seen;
    for (const std::string& column : head_) {
      if (!column.empty() && !seen.insert(column).second) fail(1, column, "there are two of it");
    }
    return plan_.errors.empty();
  }

  void take_row(const csv::Row& row) {
    TableRow taken;
    taken.line = row.line;
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
      if (i < head_.size() && !head_[i].empty()) {
        taken.cells[head_[i]] = row.fields[i].text;
      } else if (!row.fields[i].text.empty()) {
        return fail(row.line, "", "there is a cell without a head");
      }
    }
    const std::string& kind = taken.cell("row");
    if (kind != "connection" && kind != "signal") {
      return fail(row.line, "row", "must be connection or signal");
    }
    if (taken.cell("connection").empty()) {
      return fail(row.line, "connection", "the name of the connection is missing");
    }
    rows_.push_back(std::move(taken));
  }

  // The connection of that name, made from what there is. Null: there is none.
  Draft* draft_of(const std::string& name, std::uint64_t line) {
    if (const auto found = drafts_.find(name); found != drafts_.end()) return &found->second;
    const auto known = by_name_.find(name);
    if (known == by_name_.end()) return nullptr;
    const ConnectionConfig& config = before_.at(known->second);
    Draft& draft = drafts_[name];
    order_.push_back(name);
    draft.id = known->second;
    draft.line = line;
    draft.protocol = config.protocol();
    draft.json = config_json(config, Secrets::kShown);
    draft.signals = config.signals;
    for (std::size_t i = 0; i < draft.signals.size(); ++i) {
      draft.by_path[draft.signals[i].path] = i;
    }
    return &draft;
  }

  // Puts the cells of `columns` into `object`; tells which columns it took.
  void take_cells(const TableRow& row, const std::vector<FieldSpec>& columns,
                  const std::string& front, Json& object, std::set<std::string>& taken) {
    for (const FieldSpec& column : columns) {
      const auto cell = row.cells.find(front + column.name);
      if (cell == row.cells.end()) continue;
      taken.insert(cell->first);
      if (cell->second.empty()) {
        // A secret is never written out, so an empty cell is not one that was taken away.
        if (column.kind != FieldSpec::Kind::kSecret) object.erase(column.name);
        continue;
      }
      Result<Json> value = read_cell(column, cell->second);
      if (!value) {
        fail(row.line, cell->first, value.error().what);
      } else {
        object[column.name] = *std::move(value);
      }
    }
  }

  void refuse_others(const TableRow& row, const std::set<std::string>& taken,
                     const std::string& of_what) {
    for (const auto& [column, text] : row.cells) {
      const bool fine =
          text.empty() || column == "row" || column == "connection" || taken.contains(column);
      if (!fine) fail(row.line, column, "is not a field of " + of_what);
    }
  }

  void take_connection(const TableRow& row) {
    const std::string& name = row.cell("connection");
    if (!named_.insert(name).second) {
      return fail(row.line, "connection", "'" + name + "' has a row above already");
    }
    const std::string& protocol_text = row.cell("protocol");
    const auto protocol = parse_protocol(protocol_text);
    Draft* draft = draft_of(name, row.line);
    if (draft != nullptr && !protocol_text.empty() && protocol != draft->protocol) {
      return fail(row.line, "protocol",
                  "stays as it is (" + std::string(protocol_name(draft->protocol)) +
                      "); make a new connection for another one");
    }
    if (draft == nullptr) {
      if (!protocol) return fail(row.line, "protocol", "must be " + protocol_names());
      draft = &drafts_[name];
      order_.push_back(name);
      draft->fresh = true;
      draft->protocol = *protocol;
      draft->json = {{"settings", Json::object()}};
    }
    draft->line = row.line;
    std::set<std::string> taken;
    take_cells(row, connection_columns(), "", draft->json, taken);
    take_cells(row, settings_columns(draft->protocol), std::string(kSettings),
               draft->json["settings"], taken);
    draft->json["name"] = name;
    draft->json["protocol"] = protocol_name(draft->protocol);
    refuse_others(row, taken, "a connection of " + std::string(protocol_name(draft->protocol)));
  }

  void take_signal(const TableRow& row) {
    Draft* draft = draft_of(row.cell("connection"), row.line);
    if (draft == nullptr) {
      if (!named_.contains(row.cell("connection"))) {  // else its own row is wrong
        fail(row.line, "connection",
             "there is no connection '" + row.cell("connection") + "', here or in the table");
      }
      return;
    }
    const std::string& path = row.cell("path");
    if (path.empty()) return fail(row.line, "path", "is missing");
    const auto [first, is_new] = draft->lines.emplace(path, row.line);
    if (!is_new) {
      return fail(row.line, "path", "the same as in line " + std::to_string(first->second));
    }
    const auto known = draft->by_path.find(path);
    Json json =
        known == draft->by_path.end() ? Json::object() : signal_json(draft->signals[known->second]);
    std::set<std::string> taken;
    take_cells(row, signal_columns(draft->protocol), "", json, taken);
    refuse_others(row, taken, "a signal of " + std::string(protocol_name(draft->protocol)));
    Result<std::vector<SignalConfig>> read =
        signals_from_json(draft->protocol, Json::array({json}));
    if (!read) {
      const std::string what = read.error().what;
      return fail(row.line, what.substr(std::min(what.size(), std::string("signals[0]: ").size())));
    }
    if (known != draft->by_path.end()) {
      draft->signals[known->second] = std::move(read->front());
    } else {
      draft->by_path[path] = draft->signals.size();
      draft->signals.push_back(std::move(read->front()));
    }
  }

  void finish() {
    for (const std::string& name : order_) {
      if (drafts_.contains(name)) finish_draft(name, drafts_[name]);
    }
    if (options_.remove_missing) {
      for (const auto& [id, config] : before_) {
        if (!drafts_.contains(config.name)) remove(id, config);
      }
    }
    check_paths();
  }

  void finish_draft(const std::string& name, Draft& draft) {
    if (options_.remove_missing) {
      std::erase_if(draft.signals,
                    [&](const SignalConfig& signal) { return !draft.lines.contains(signal.path); });
    }
    Result<ConnectionConfig> config = config_from_json(draft.json);
    if (!config) return fail(draft.line, config.error().what);
    config->signals = std::move(draft.signals);
    if (Status fine = check_connection(*config); !fine) {
      return fail_signal(*config, draft, fine.error().what);
    }
    const ConnectionConfig* before = draft.fresh ? nullptr : &before_.at(draft.id);
    final_[name] = *config;
    if (before != nullptr && *before == *config) return;
    note_difference(before, *config);
    plan_.changes.push_back({draft.id, *std::move(config), ""});
  }

  // "signals[12].address: ..." to the line of that signal.
  void fail_signal(const ConnectionConfig& config, const Draft& draft, const std::string& what) {
    constexpr std::string_view kFront = "signals[";
    const std::size_t end = what.find(']');
    if (!what.starts_with(kFront) || end == std::string::npos) return fail(draft.line, what);
    std::size_t index = 0;
    for (std::size_t i = kFront.size(); i < end; ++i) {
      index = index * 10 + static_cast<std::size_t>(what[i] - '0');
    }
    const auto line = draft.lines.find(config.signals[index].path);
    fail(line == draft.lines.end() ? draft.line : line->second, what.substr(end + 2));
  }

  void note_difference(const ConnectionConfig* before, const ConnectionConfig& after) {
    TableDifference& difference = plan_.difference;
    if (before == nullptr) {
      difference.connections_added.push_back({after.name, {}});
    } else {
      std::vector<std::string> fields;
      const Json old = config_json(*before, Secrets::kShown);
      const Json now = config_json(after, Secrets::kShown);
      compare("", old, now, connection_columns(), fields);
      compare(std::string(kSettings), old["settings"], now["settings"],
              settings_columns(after.protocol()), fields);
      if (!fields.empty()) difference.connections_changed.push_back({after.name, fields});
    }
    std::map<std::string_view, const SignalConfig*> old_signals;
    if (before != nullptr) {
      for (const SignalConfig& signal : before->signals) old_signals[signal.path] = &signal;
    }
    for (const SignalConfig& signal : after.signals) {
      const auto old = old_signals.find(signal.path);
      if (old == old_signals.end()) {
        difference.signals_added.push_back({signal.path, {}});
        continue;
      }
      if (!(*old->second == signal)) {
        std::vector<std::string> fields;
        compare("", signal_json(*old->second), signal_json(signal),
                signal_columns(after.protocol()), fields);
        difference.signals_changed.push_back({signal.path, fields});
      }
      old_signals.erase(old);
    }
    for (const auto& [path, signal] : old_signals) {
      difference.signals_removed.push_back({std::string(path), {}});
    }
  }

  void remove(std::uint32_t id, const ConnectionConfig& config) {
    plan_.changes.push_back({id, std::nullopt, config.name});
    plan_.difference.connections_removed.push_back({config.name, {}});
    for (const SignalConfig& signal : config.signals) {
      plan_.difference.signals_removed.push_back({signal.path, {}});
    }
  }

  // Nothing is named twice, not by two connections either.
  void check_paths() {
    std::map<std::string_view, std::string_view> owners;
    for (const auto& [id, config] : before_) {
      if (options_.remove_missing || drafts_.contains(config.name)) continue;
      for (const SignalConfig& signal : config.signals) owners[signal.path] = config.name;
    }
    for (const std::string& name : order_) {
      const auto config = final_.find(name);
      if (config == final_.end()) continue;
      for (const SignalConfig& signal : config->second.signals) {
        const auto [owner, is_new] = owners.emplace(signal.path, name);
        if (is_new) continue;
        const auto line = drafts_[name].lines.find(signal.path);
        fail(line == drafts_[name].lines.end() ? drafts_[name].line : line->second, "path",
             "'" + signal.path + "' is a signal of the connection '" + std::string(owner->second) +
                 "' already");
      }
    }
  }

  const std::map<std::uint32_t, ConnectionConfig>& before_;
  const TableOptions options_;
  TablePlan plan_;
  std::map<std::string, std::uint32_t> by_name_;
  std::vector<std::string> head_;
  std::vector<TableRow> rows_;
  std::set<std::string> named_;          // that have a row of their own
  std::map<std::string, Draft> drafts_;  // by name
  std::vector<std::string> order_;       // of the names, as they first come
  std::map<std::string, ConnectionConfig> final_;
};

}  // namespace

TablePlan plan_table(std::string_view text, const std::map<std::uint32_t, ConnectionConfig>& before,
                     const TableOptions& options) {
  return Planner(before, options).plan(text);
}

}  // namespace lineshaft::connect

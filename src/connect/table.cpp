#include "connect/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "connect/connection_json.h"
#include "connect/table_cell.h"
#include "wire/csv/writer.h"

namespace lineshaft::connect {

namespace {

// A cell of one row, by column. Defaults are left out, so that columns without use are.
using Cells = std::map<std::string, std::string>;

void add_cells(const std::vector<FieldSpec>& columns, const std::string& front, const Json& object,
               const Json& defaults, Cells& cells) {
  for (const FieldSpec& column : columns) {
    if (column.kind == FieldSpec::Kind::kSecret || !object.contains(column.name)) continue;
    const Json& value = object[column.name];
    const bool usual =
        !column.required && defaults.contains(column.name) && defaults[column.name] == value;
    if (usual) continue;
    std::string text = write_cell(column, value);
    if (!text.empty()) cells[front + column.name] = std::move(text);
  }
}

Json settings_defaults(Protocol protocol) {
  std::vector<FieldSpec> specs;
  Fields fields(specs);
  const ProtocolKind& kind = kind_of(protocol);
  return kind.settings_json(kind.read_settings(fields), Secrets::kHidden);
}

Cells connection_cells(const ConnectionConfig& config) {
  Json json = config_json(config, Secrets::kHidden);
  Cells cells = {{"row", "connection"}, {"connection", config.name}};
  const Json usual = {{"enabled", true}, {"writes_enabled", false}, {"store", "changes"}};
  add_cells(connection_columns(), "", json, usual, cells);
  add_cells(settings_columns(config.protocol()), "settings.", json["settings"],
            settings_defaults(config.protocol()), cells);
  return cells;
}

Json signal_defaults(const ConnectionConfig& config, const SignalConfig& signal) {
  SignalConfig usual;
  std::vector<FieldSpec> specs;
  Fields fields(specs);
  const ProtocolKind& kind = kind_of(config.protocol());
  usual.point = kind.read_point(fields);
  usual.interpolation =
      kind.is_measured(signal.point) ? Interpolation::kLinear : Interpolation::kStep;
  return signal_json(usual);
}

// The order of columns: as people think of a connection, then of a signal.
std::vector<std::string> column_order(const std::set<Protocol>& protocols) {
  std::vector<std::string> order = {"row", "connection"};
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(order, name) == order.end()) order.push_back(name);
  };
  for (const FieldSpec& column : connection_columns()) add(column.name);
  for (const Protocol protocol : protocols) {
    for (const FieldSpec& column : settings_columns(protocol)) add("settings." + column.name);
  }
  for (const Protocol protocol : protocols) {
    for (const FieldSpec& column : signal_columns(protocol)) add(column.name);
  }
  return order;
}

}  // namespace

std::string write_table(std::span<const ConnectionConfig> connections) {
  std::vector<Cells> rows;
  std::set<Protocol> protocols;
  std::set<std::string> used = {"row", "connection", "protocol", "path"};
  for (const ConnectionConfig& config : connections) {
    protocols.insert(config.protocol());
    rows.push_back(connection_cells(config));
    const std::vector<FieldSpec> columns = signal_columns(config.protocol());
    for (const SignalConfig& signal : config.signals) {
      Cells& cells = rows.emplace_back();
      cells = {{"row", "signal"}, {"connection", config.name}};
      add_cells(columns, "", signal_json(signal), signal_defaults(config, signal), cells);
    }
  }
  for (const Cells& cells : rows) {
    for (const auto& [column, text] : cells) used.insert(column);
  }
  std::vector<std::string> order = column_order(protocols);
  std::erase_if(order, [&](const std::string& column) { return !used.contains(column); });
  std::string text;
  const auto add_row = [&](const auto& cell_of) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::string cell = cell_of(order[i]);
      if (i > 0) text += ',';
      if (!cell.empty()) csv::append_text(text, cell);
    }
    csv::end_row(text);
  };
  add_row([](const std::string& column) { return column; });
  for (const Cells& cells : rows) {
    add_row([&](const std::string& column) {
      const auto found = cells.find(column);
      return found == cells.end() ? std::string() : found->second;
    });
  }
  return text;
}

}  // namespace lineshaft::connect

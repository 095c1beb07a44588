// connect/table.h: connections and their signals as one table of text, for a spreadsheet. The form
// is in docs/reference/connections-csv.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/connection.h"

namespace lineshaft::connect {

// Secrets are left out; so are columns in which everything has its default.
std::string write_table(std::span<const ConnectionConfig> connections);

// What is wrong, where. `field` is the name of the column; "" for the whole row.
struct TableError {
  std::uint64_t line = 0;  // from 1, the header's; 0: of no line
  std::string field;
  std::string what;
};

inline constexpr std::size_t kTableErrorsMax = 100;  // told; the rest is counted by nobody
inline constexpr std::size_t kTableBytesMax = std::size_t{16} * 1024 * 1024;

struct ChangedThing {
  std::string name;                 // of a connection, or path of a signal
  std::vector<std::string> fields;  // "settings.port: 502 -> 5020"; of changed ones
};

// What a table would do. Signals of connections that are added or removed whole are among them.
struct TableDifference {
  std::vector<ChangedThing> connections_added, connections_changed, connections_removed;
  std::vector<ChangedThing> signals_added, signals_changed, signals_removed;
  bool empty() const {
    return connections_added.empty() && connections_changed.empty() &&
           connections_removed.empty() && signals_added.empty() && signals_changed.empty() &&
           signals_removed.empty();
  }
};

struct TableChange {
  std::uint32_t id = 0;                    // of a connection that exists; 0: a new one
  std::optional<ConnectionConfig> config;  // absent: it is removed
  std::string name;                        // of what is removed
};

struct TablePlan {
  std::vector<TableChange> changes;  // what differs only
  TableDifference difference;
  std::vector<TableError> errors;  // not empty: nothing of it may be done
};

struct TableOptions {
  // Connections that the table does not name are removed, and so are signals of those it names.
  bool remove_missing = false;
};

// Compares `text` with what there is (by id). A field whose column is missing stays as it is; an
// empty cell means the default. Pure; nothing is changed.
TablePlan plan_table(std::string_view text, const std::map<std::uint32_t, ConnectionConfig>& before,
                     const TableOptions& options);

}  // namespace lineshaft::connect

// A table of connections: what is taken is a legal connection, and written out and read again it is
// the same. Input: the text of the table.
#include <cstdint>
#include <map>

#include "base/assert.h"
#include "connect/table.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteSpan(data, size));
  const connect::TablePlan plan = connect::plan_table(text, {}, {});
  LS_ASSERT(plan.errors.size() <= connect::kTableErrorsMax);
  LS_ASSERT(plan.errors.empty() || plan.changes.empty());
  std::map<std::uint32_t, connect::ConnectionConfig> made;
  std::vector<connect::ConnectionConfig> list;
  for (const connect::TableChange& change : plan.changes) {
    LS_ASSERT(change.id == 0 && change.config);
    LS_ASSERT(connect::check_connection(*change.config).ok());
    list.push_back(*change.config);
    made[static_cast<std::uint32_t>(list.size())] = *change.config;
  }
  const connect::TablePlan again = connect::plan_table(connect::write_table(list), made, {true});
  LS_ASSERT(again.errors.empty() && again.changes.empty());
  return 0;
}

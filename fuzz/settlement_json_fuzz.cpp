// Royalty terms, balances and runs as JSON: what is read is written and read again to the same.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/assert.h"
#include "model/canonical_json.h"
#include "settlement/run_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lineshaft;
  using namespace lineshaft::settlement;
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  if (const auto terms = terms_from_json(*json); terms.ok()) {
    const auto written = canonical_json(terms_json(*terms));
    LS_ASSERT(written.ok());
    const auto again = terms_from_json(*parse_canonical_json(*written));
    LS_ASSERT(again.ok() && *again == *terms);
  }
  if (const auto balances = balances_from_json(*json); balances.ok()) {
    const auto again = balances_from_json(balances_json(*balances));
    LS_ASSERT(again.ok() && *again == *balances);
  }
  if (const auto run = run_from_json(*json); run.ok()) {
    const Json written = run_json(*run);
    const auto again = run_from_json(written);
    LS_ASSERT(again.ok() && run_json(*again).dump() == written.dump());
    static_cast<void>(check_run(*run));
  }
  return 0;
}

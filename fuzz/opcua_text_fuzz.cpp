// What OPC UA asks us to read ourselves: node ids, URLs and the settings of a connection. What is
// accepted reads back as the same from what is written of it. Input: which of them, then the text.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "base/bytes.h"
#include "connect/connection_json.h"
#include "connect/opcua/node_id.h"
#include "connect/opcua/settings.h"

using namespace lineshaft;
namespace opcua = connect::opcua;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  if (data[0] % 3 == 0) {
    if (const auto name = opcua::parse_node_id(text)) {
      const auto again = opcua::parse_node_id(opcua::node_id_text(*name));
      LS_ASSERT(again.ok() && *again == *name);
    }
  } else if (data[0] % 3 == 1) {
    const auto address = opcua::parse_url(text);
    LS_ASSERT(!address || (address->endpoint.port != 0 && !address->endpoint.host.empty()));
  } else {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return 0;
    const auto settings = connect::settings_from_json(connect::Protocol::kOpcUa, json);
    // What passes the check can be written and read again.
    if (!settings || !opcua::check(std::get<opcua::Settings>(*settings))) return 0;
    const auto& kind = connect::kind_of(connect::Protocol::kOpcUa);
    const auto again = connect::settings_from_json(
        connect::Protocol::kOpcUa, kind.settings_json(*settings, connect::Secrets::kShown));
    LS_ASSERT(again.ok() && *again == *settings);
  }
  return 0;
}

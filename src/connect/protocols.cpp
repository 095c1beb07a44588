// The protocols of this program.
#include <array>
#include <string>

#include "base/assert.h"
#include "base/utf8.h"
#include "connect/iec104/kind.h"
#include "connect/modbus/kind.h"
#include "connect/mqtt/kind.h"
#include "connect/mtconnect/kind.h"
#include "connect/opcua/kind.h"
#include "connect/protocol.h"
#include "connect/s7/kind.h"
#include "connect/shdr/kind.h"
#include "connect/sparkplug/kind.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kHostBytesMax = 253;  // RFC 1035

// In the order of `Protocol`.
const std::array<const ProtocolKind*, kProtocols>& kinds() {
  static const std::array<const ProtocolKind*, kProtocols> all = {
      &modbus_kind(),    &s7_kind(),     &opcua::kind(),    &mqtt_kind(),
      &sparkplug_kind(), &iec104_kind(), &mtconnect_kind(), &shdr_kind()};
  return all;
}

}  // namespace

std::unique_ptr<Task> ProtocolRuntime::browse(BrowseRequest /*request*/, BrowseDone /*done*/) {
  LS_ASSERT(false);  // kNone is refused before
  return nullptr;
}

bool ProtocolKind::is_measured(const SignalPoint& point) const {
  const ValueType type = value_type(point);
  return type == ValueType::kFloat32 || type == ValueType::kFloat64;
}

const ProtocolKind& kind_of(Protocol protocol) {
  return *kinds()[static_cast<std::size_t>(protocol)];
}

std::string_view protocol_name(Protocol protocol) { return kind_of(protocol).name(); }

std::optional<Protocol> parse_protocol(std::string_view name) {
  for (std::size_t i = 0; i < kProtocols; ++i) {
    if (kinds()[i]->name() == name) return static_cast<Protocol>(i);
  }
  return std::nullopt;
}

std::string protocol_names() {
  std::string names;
  for (std::size_t i = 0; i < kProtocols; ++i) {
    if (i > 0) names += i + 1 < kProtocols ? ", " : " or ";
    names += kinds()[i]->name();
  }
  return names;
}

Status check_number(std::string_view field, std::uint64_t value, std::uint64_t low,
                    std::uint64_t high) {
  if (value >= low && value <= high) return {};
  return Error{ErrorId::kInvalidArgument, std::string(field) + ": " + std::to_string(value) +
                                              "; allowed are " + std::to_string(low) + " to " +
                                              std::to_string(high)};
}

Status check_numbers(std::initializer_list<NumberCheck> checks) {
  for (const NumberCheck& check : checks) {
    if (Status ok = check_number(check.field, check.value, check.low, check.high); !ok) return ok;
  }
  return {};
}

bool is_name(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && is_utf8(text) && !has_control(text);
}

Status check_host(std::string_view host) {
  if (is_name(host, kHostBytesMax)) return {};
  return Error{ErrorId::kInvalidArgument,
               "settings.host: a host name or address of 1 to 253 bytes is needed"};
}

}  // namespace lineshaft::connect

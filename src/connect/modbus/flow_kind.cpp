#include "connect/modbus/flow_kind.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connect/flows/served_at.h"
#include "connect/modbus/outlet.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

const ModbusServerFlowSettings& of(const FlowSettings& settings) {
  return std::get<ModbusServerFlowSettings>(settings);
}

class ModbusServerFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "modbus-server"; }

  FlowSettings read_settings(Fields& fields) const override {
    ModbusServerFlowSettings s;
    read_listen(fields, s.listen, s.port);
    fields.integer("unit_id", s.unit_id, 0, 255);
    fields.integer("first_address", s.first_address, 0, 65535);
    fields.word("byte_order", s.byte_order, modbus::parse_byte_order, "ABCD, BADC, CDAB or DCBA");
    fields.boolean("narrow", s.narrow);
    fields.integer("string_registers", s.string_registers, 1, modbus::kReadRegistersMax);
    fields.boolean("tls", s.tls.enabled);
    fields.string("tls_certificate", s.tls.certificate);
    fields.secret("tls_key", s.tls.key);
    fields.string("tls_trusted", s.tls.trusted);
    fields.string("writing_roles", s.writing_roles);
    fields.advanced();
    fields.integer("connections_max", s.connections_max, 1, 1'000);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets secrets) const override {
    const ModbusServerFlowSettings& s = of(settings);
    Json json = {{"listen", s.listen},
                 {"port", s.port},
                 {"unit_id", s.unit_id},
                 {"first_address", s.first_address},
                 {"byte_order", modbus::byte_order_name(s.byte_order)},
                 {"narrow", s.narrow},
                 {"string_registers", s.string_registers},
                 {"connections_max", s.connections_max},
                 {"tls", s.tls.enabled},
                 {"tls_certificate", s.tls.certificate},
                 {"tls_trusted", s.tls.trusted},
                 {"writing_roles", s.writing_roles}};
    if (secrets == Secrets::kShown) json["tls_key"] = s.tls.key;
    return json;
  }
  Status check_settings(const FlowSettings& settings) const override {
    const ModbusServerFlowSettings& s = of(settings);
    if (Status ok = check_listen(s.listen); !ok) return ok;
    if (Status ok = check_tls(s.tls, sys::TlsSide::kServer); !ok) return ok;
    if (s.writing_roles.empty() || (s.tls.enabled && !s.tls.trusted.empty())) return {};
    return Error{ErrorId::kInvalidArgument,
                 "settings.writing_roles: a role stands in the certificate of a client; "
                 "tls and tls_trusted are needed for it"};
  }

  std::uint32_t width(const FlowSettings& settings, const TagSpec& spec) const override {
    return modbus::width(served_format(of(settings), spec.type));
  }
  Addresses addresses(const FlowSettings& settings) const override {
    return {of(settings).first_address, 65535};
  }
  std::string address_text(const FlowSettings& settings, const FlowTag& tag) const override {
    const modbus::PointFormat format = served_format(of(settings), tag.spec.type);
    const std::string type = tag.spec.type == ValueType::kBool
                                 ? "bool, and coil " + std::to_string(tag.address)
                                 : std::string(modbus::data_type_name(format.type));
    return "register " + std::to_string(tag.address) + ": " + type;
  }

  bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const override {
    const auto* client = std::get_if<ModbusSettings>(&config.settings);
    return client != nullptr &&
           is_served_at({of(settings).listen, of(settings).port}, {client->host, client->port});
  }

  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    return make_modbus_outlet(of(settings), means);
  }
};

}  // namespace

modbus::PointFormat served_format(const ModbusServerFlowSettings& settings, ValueType type) {
  modbus::PointFormat format;
  format.order = settings.byte_order;
  switch (type) {
    case ValueType::kBool:
      format.type = modbus::DataType::kUint16;
      break;
    case ValueType::kInt64:
      format.type = settings.narrow ? modbus::DataType::kInt32 : modbus::DataType::kInt64;
      break;
    case ValueType::kFloat32:
      format.type = modbus::DataType::kFloat32;
      break;
    case ValueType::kFloat64:
      format.type = settings.narrow ? modbus::DataType::kFloat32 : modbus::DataType::kFloat64;
      break;
    case ValueType::kString:
      format.type = modbus::DataType::kString;
      format.string_bytes = static_cast<std::uint16_t>(2 * settings.string_registers);
      break;
  }
  return format;
}

std::vector<std::string> writing_roles_of(const ModbusServerFlowSettings& settings) {
  std::vector<std::string> roles;
  std::string_view rest = settings.writing_roles;
  while (!rest.empty()) {
    std::string_view role = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), role.size() + 1));
    while (role.starts_with(' ')) role.remove_prefix(1);
    while (role.ends_with(' ')) role.remove_suffix(1);
    if (!role.empty()) roles.emplace_back(role);
  }
  return roles;
}

const FlowKind& modbus_server_flow_kind() {
  static const ModbusServerFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect

#include "connect/modbus/flow_kind.h"

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
    fields.advanced();
    fields.integer("connections_max", s.connections_max, 1, 1'000);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets /*secrets*/) const override {
    const ModbusServerFlowSettings& s = of(settings);
    return {{"listen", s.listen},
            {"port", s.port},
            {"unit_id", s.unit_id},
            {"first_address", s.first_address},
            {"byte_order", modbus::byte_order_name(s.byte_order)},
            {"narrow", s.narrow},
            {"string_registers", s.string_registers},
            {"connections_max", s.connections_max}};
  }
  Status check_settings(const FlowSettings& settings) const override {
    return check_listen(of(settings).listen);
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

const FlowKind& modbus_server_flow_kind() {
  static const ModbusServerFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect

#include "connect/iec104/flow_kind.h"

#include <nlohmann/json.hpp>

#include "connect/flows/served_at.h"
#include "connect/iec104/outlet.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

const Iec104ServerFlowSettings& of(const FlowSettings& settings) {
  return std::get<Iec104ServerFlowSettings>(settings);
}

class Iec104ServerFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "iec104-server"; }

  FlowSettings read_settings(Fields& fields) const override {
    Iec104ServerFlowSettings s;
    read_listen(fields, s.listen, s.port);
    fields.integer("common_address", s.common_address, 1, 65'534);
    fields.integer("first_address", s.first_address, 1, iec104::kObjectAddressMax);
    fields.boolean("select_required", s.select_required);
    fields.boolean("tls", s.tls.enabled);
    fields.string("tls_certificate", s.tls.certificate);
    fields.secret("tls_key", s.tls.key);
    fields.string("tls_trusted", s.tls.trusted);
    fields.advanced();
    fields.integer("utc_offset_minutes", s.utc_offset_minutes, -840, 840);
    fields.integer("connections_max", s.connections_max, 1, 1'000);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets secrets) const override {
    const Iec104ServerFlowSettings& s = of(settings);
    Json json = {{"listen", s.listen},
                 {"port", s.port},
                 {"common_address", s.common_address},
                 {"first_address", s.first_address},
                 {"select_required", s.select_required},
                 {"utc_offset_minutes", s.utc_offset_minutes},
                 {"connections_max", s.connections_max},
                 {"tls", s.tls.enabled},
                 {"tls_certificate", s.tls.certificate},
                 {"tls_trusted", s.tls.trusted}};
    if (secrets == Secrets::kShown) json["tls_key"] = s.tls.key;
    return json;
  }
  Status check_settings(const FlowSettings& settings) const override {
    const Iec104ServerFlowSettings& s = of(settings);
    if (Status ok = check_listen(s.listen); !ok) return ok;
    return check_tls(s.tls, sys::TlsSide::kServer);
  }
  Status check_tag(const FlowSettings& /*settings*/, const TagSpec& spec) const override {
    if (spec.type != ValueType::kString) return {};
    return Error{ErrorId::kUnsupported, "IEC 60870-5-104 knows no texts"};
  }

  std::uint32_t width(const FlowSettings& /*settings*/, const TagSpec& /*spec*/) const override {
    return 1;
  }
  Addresses addresses(const FlowSettings& settings) const override {
    return {of(settings).first_address, iec104::kObjectAddressMax};
  }
  std::string address_text(const FlowSettings& settings, const FlowTag& tag) const override {
    const bool is_bool = tag.spec.type == ValueType::kBool;
    return std::to_string(of(settings).common_address) + "/" + std::to_string(tag.address) +
           (is_bool ? ": M_SP" : ": M_ME_NC") +
           (tag.spec.writable ? (is_bool ? ", C_SC" : ", C_SE_NC") : "");
  }

  bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const override {
    const auto* client = std::get_if<Iec104Settings>(&config.settings);
    return client != nullptr &&
           is_served_at({of(settings).listen, of(settings).port}, {client->host, client->port});
  }

  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    return make_iec104_outlet(of(settings), means);
  }
};

}  // namespace

const FlowKind& iec104_server_flow_kind() {
  static const Iec104ServerFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect

#include "connect/mtconnect/flow_kind.h"

#include <nlohmann/json.hpp>

#include "connect/flows/served_at.h"
#include "connect/mtconnect/outlet.h"

namespace lineshaft::connect {

namespace {

const MtconnectAgentFlowSettings& of(const FlowSettings& settings) {
  return std::get<MtconnectAgentFlowSettings>(settings);
}

class MtconnectAgentFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "mtconnect-agent"; }

  FlowSettings read_settings(Fields& fields) const override {
    MtconnectAgentFlowSettings s;
    read_listen(fields, s.listen, s.port);
    fields.advanced();
    fields.integer("buffer_size", s.buffer_size, 100, 1'000'000);
    fields.integer("connections_max", s.connections_max, 1, 1'000);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets /*secrets*/) const override {
    const MtconnectAgentFlowSettings& s = of(settings);
    return {{"listen", s.listen},
            {"port", s.port},
            {"buffer_size", s.buffer_size},
            {"connections_max", s.connections_max}};
  }
  Status check_settings(const FlowSettings& settings) const override {
    return check_listen(of(settings).listen);
  }
  bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const override {
    const auto* client = std::get_if<MtconnectSettings>(&config.settings);
    return client != nullptr &&
           is_served_at({of(settings).listen, of(settings).port}, {client->host, client->port});
  }
  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    return make_mtconnect_outlet(of(settings), means);
  }
};

}  // namespace

const FlowKind& mtconnect_agent_flow_kind() {
  static const MtconnectAgentFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect

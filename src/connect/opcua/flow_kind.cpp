#include "connect/opcua/flow_kind.h"

#include <nlohmann/json.hpp>

#include "connect/flows/served_at.h"
#include "connect/opcua/outlet.h"

namespace lineshaft::connect::opcua {

namespace {

const ServerFlowSettings& of(const FlowSettings& settings) {
  return std::get<ServerFlowSettings>(settings);
}

class ServerFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "opcua-server"; }

  FlowSettings read_settings(Fields& fields) const override {
    ServerFlowSettings s;
    read_listen(fields, s.listen, s.port);
    fields.advanced();
    fields.boolean("allow_none", s.allow_none);
    fields.boolean("allow_sign", s.allow_sign);
    fields.boolean("allow_anonymous", s.allow_anonymous);
    fields.boolean("two_step_methods", s.two_step_methods);
    fields.integer("sessions_max", s.sessions_max, 1, 1'000);
    fields.integer("publish_min_ms", s.publish_min_ms, 5, 60'000);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets /*secrets*/) const override {
    const ServerFlowSettings& s = of(settings);
    return {{"listen", s.listen},
            {"port", s.port},
            {"allow_none", s.allow_none},
            {"allow_sign", s.allow_sign},
            {"allow_anonymous", s.allow_anonymous},
            {"two_step_methods", s.two_step_methods},
            {"sessions_max", s.sessions_max},
            {"publish_min_ms", s.publish_min_ms}};
  }
  // Before there was the setting every server let its clients sign only.
  void complete_stored(Json& settings) const override {
    if (!settings.contains("allow_sign")) settings["allow_sign"] = true;
  }
  Status check_settings(const FlowSettings& settings) const override {
    return check_listen(of(settings).listen);
  }

  // The name is the string id of the node, and its levels are the folders.
  Status check_tag(const FlowSettings& /*settings*/, const TagSpec& spec) const override {
    return check_tag_path(spec.path);
  }

  bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const override {
    const auto* client = std::get_if<Settings>(&config.settings);
    if (client == nullptr) return false;
    const auto address = parse_url(client->url);
    return address && is_served_at({of(settings).listen, of(settings).port}, address->endpoint);
  }

  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    return make_outlet(of(settings), means);
  }
};

}  // namespace

const FlowKind& server_flow_kind() {
  static const ServerFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect::opcua

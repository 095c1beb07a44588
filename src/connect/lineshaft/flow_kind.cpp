#include "connect/lineshaft/flow_kind.h"

#include <nlohmann/json.hpp>

#include "connect/forward/queued_outlet.h"
#include "connect/lineshaft/carrier.h"
#include "connect/protocol.h"
#include "sys/reach.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kTokenBytesMax = 500;

const LineshaftFlowSettings& of(const FlowSettings& settings) {
  return std::get<LineshaftFlowSettings>(settings);
}

class LineshaftFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "lineshaft"; }

  FlowSettings read_settings(Fields& fields) const override {
    LineshaftFlowSettings s;
    fields.require("host");
    fields.string("host", s.host);
    fields.integer("port", s.port, 1, 65535);
    fields.secret("token", s.token);
    fields.string("tls_fingerprint", s.fingerprint);
    fields.advanced();
    fields.integer("timeout_ms", s.timeout_ms, 100, 60'000);
    forward::read_queue(fields, s.queue);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets secrets) const override {
    const LineshaftFlowSettings& s = of(settings);
    Json json = {{"host", s.host}, {"port", s.port}};
    if (secrets == Secrets::kShown) json["token"] = s.token;
    json["tls_fingerprint"] = s.fingerprint;
    json["timeout_ms"] = s.timeout_ms;
    forward::add_queue_json(s.queue, json);
    return json;
  }
  Status check_settings(const FlowSettings& settings) const override {
    const LineshaftFlowSettings& s = of(settings);
    if (Status host = check_host(s.host); !host) return host;
    if (!is_name(s.token, kTokenBytesMax)) {
      return Error{ErrorId::kInvalidArgument,
                   "settings.token: must be a token that was made at the other server"};
    }
    TlsSettings tls;
    tls.enabled = true;
    tls.fingerprint = s.fingerprint;
    return check_tls(tls);
  }
  // The name is the path there.
  Status check_tag(const FlowSettings& /*settings*/, const TagSpec& spec) const override {
    return check_tag_path(spec.path);
  }
  bool reads_from(const FlowSettings& /*settings*/,
                  const ConnectionConfig& /*config*/) const override {
    return false;  // no connection reads from a Lineshaft server by that name
  }

  bool keeps_for_later() const override { return true; }

  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    const LineshaftFlowSettings& s = of(settings);
    sys::HttpClientOptions options;
    options.server = {s.host, s.port};
    options.pinned_fingerprint = s.fingerprint;
    options.timeout = std::chrono::milliseconds(s.timeout_ms);
    options.destinations = means.loop.reach().outgoing;
    return std::unique_ptr<Outlet>(std::make_unique<forward::QueuedOutlet>(
        means, forward::queue_options(means, s.queue), [&](forward::CarrierUser& user) {
          return std::make_unique<LineshaftCarrier>(means.loop, means.random, s,
                                                    sys::make_http_client(options), user);
        }));
  }
};

}  // namespace

const FlowKind& lineshaft_flow_kind() {
  static const LineshaftFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect

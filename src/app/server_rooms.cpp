#include "app/server_rooms.h"

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "api/live.h"
#include "api/resources.h"
#include "api/router.h"
#include "app/assets.h"
#include "app/audit_sender.h"
#include "app/backup.h"
#include "app/cli.h"
#include "app/flow_rooms.h"
#include "app/key_house.h"
#include "app/maintenance.h"
#include "app/organisations.h"
#include "app/resident_memory.h"
#include "app/server_stores.h"
#include "base/hex.h"
#include "base/log.h"
#include "connect/manager.h"
#include "connect/opcua/trust.h"
#include "connect/registry.h"
#include "connect/templates.h"
#include "historian/house.h"
#include "identity/authority.h"
#include "identity/identity.h"
#include "intake/import.h"
#include "records/documents.h"
#include "retention/keeper.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/reach.h"
#include "sys/worker_pool.h"
#include "tenancy/meter.h"
#include "tenancy/sample_gate.h"

namespace lineshaft::app {
namespace {

// Requests read files and hash passwords; four wait for the disk while two compute.
constexpr std::size_t kWorkers = 4;
constexpr std::size_t kRequestsQueuedMax = 256;

// Numbers of requests are not those of the start before.
std::string request_prefix() {
  std::array<std::uint8_t, 4> random{};
  sys::real_random().fill(random);
  return hex_text(random);
}

std::string security_txt(const Config& config) {
  if (config.security_contact.empty()) return {};
  const Timestamp expires = sys::real_clock().now() + std::chrono::hours(24 * 180);
  return "Contact: " + config.security_contact + "\nExpires: " + format_rfc3339(expires) +
         "\nPreferred-Languages: en, zh\n";
}

// Joins one room after another.
class Joining {
 public:
  Joining(const Config& config, ServerStores& stores, ServerRooms& rooms)
      : config_(config), stores_(stores), rooms_(rooms) {}

  Status join_all(ServerHooks hooks) {
    rooms_.loop = sys::make_event_loop(reach());
    rooms_.workers = sys::make_worker_pool(kWorkers, kRequestsQueuedMax);
    open_trust();
    if (Status joined = join_machines(); !joined) return joined;
    auto retention =
        retention::Keeper::open(*stores_.historian, *stores_.documents, stores_.tenants);
    if (!retention) return retention.error();
    rooms_.retention = *std::move(retention);
    if (Status joined = join_imports(); !joined) return joined;
    join_services(std::move(hooks));
    join_router();
    return {};
  }

 private:
  sys::Reach reach() const { return {config_.outgoing, config_.plain}; }
  std::string path(std::string_view name) const {
    return sys::join_path(config_.data_directory, name);
  }

  // Everything else works without it.
  void open_trust() {
    auto trust = connect::opcua::TrustStore::open(stores_.key_house->key_files(), sys::real_clock(),
                                                  path("opcua"), own_names(config_));
    if (trust) {
      rooms_.opcua_trust = *std::move(trust);
    } else {
      log_error("app", "no OPC UA connection can be made: " + trust.error().text());
    }
  }

  // And the flows, which stand between them and the history.
  Status join_machines() {
    historian::House& history = *stores_.historian;
    connect::ManagerOptions connecting;
    connecting.opcua_trust = rooms_.opcua_trust.get();
    rooms_.flows = std::make_unique<FlowRooms>(*rooms_.loop, history, stores_.key_house->files());
    rooms_.gate = std::make_unique<tenancy::SampleGate>(
        rooms_.flows->sink(), *stores_.meter,
        [&history](TenantId tenant) { return history.bytes_of(tenant); });
    rooms_.manager = std::make_unique<connect::ConnectionManager>(
        *rooms_.loop, sys::real_clock(), sys::real_random(), *rooms_.gate, connecting);
    const std::vector<TenantId> active = tenants_of(*stores_.identity, true);
    const auto newest = [&history](TenantId tenant, std::span<const TagId> tags) {
      std::vector<std::optional<Sample>> samples;
      for (auto& last : history.last_values(tenant, tags)) {
        samples.push_back(last.exists ? std::optional(std::move(last.sample)) : std::nullopt);
      }
      return samples;
    };
    auto connections = connect::Registry::open(*rooms_.loop, *rooms_.manager, *stores_.documents,
                                               history, sys::real_random(), active, newest);
    if (!connections) return connections.error();
    rooms_.connections = *std::move(connections);
    Status flowing = rooms_.flows->open(*stores_.identity, *rooms_.connections, *stores_.documents,
                                        path("flows"), rooms_.opcua_trust.get(), active);
    if (!flowing) return flowing;
    rooms_.templates = std::make_unique<connect::TemplateStore>(*stores_.documents);
    return {};
  }

  Status join_imports() {
    historian::House& history = *stores_.historian;
    intake::ImportServiceOptions options{
        sys::real_file_system(), sys::real_clock(), *rooms_.gate, history, {}, path("imports")};
    options.type_of_tag = [&history](TenantId tenant,
                                     std::string_view tag_path) -> std::optional<ValueType> {
      const std::optional<Tag> tag = history.find_tag(tenant, tag_path);
      return tag ? std::optional(tag->spec.type) : std::nullopt;
    };
    auto imports = intake::ImportService::open(std::move(options));
    if (!imports) return imports.error();
    rooms_.imports = *std::move(imports);
    return {};
  }

  void join_services(ServerHooks hooks) {
    sys::EventLoop& loop = *rooms_.loop;
    rooms_.services = std::make_unique<api::Services>(
        api::Services{sys::real_file_system(), sys::real_clock(), *stores_.historian,
                      *stores_.identity, *rooms_.connections, *rooms_.imports, kVersion,
                      config_.data_directory, sys::real_clock().now(),
                      [&loop, claimed = std::move(hooks.on_claimed)] { loop.post(claimed); },
                      resident_memory_bytes, std::move(hooks.clock_jump)});
    make_workers();
    api::Services& services = *rooms_.services;
    services.backups = rooms_.backups.get();
    services.vault = rooms_.key_desk.get();
    services.maintenance = rooms_.maintenance.get();
    services.retention = rooms_.retention.get();
    services.ledger = stores_.ledger.get();
    services.rights = stores_.rights.get();
    services.licences = stores_.licences.get();
    services.royalties = stores_.royalties.get();
    services.projects = stores_.projects.get();
    services.agreements = stores_.agreements.get();
    services.keys = stores_.keys.get();
    services.party_links = stores_.party_links.get();
    services.deadlines = stores_.deadlines.get();
    services.opcua_trust = rooms_.opcua_trust.get();
    services.flows = &rooms_.flows->flows();
    services.samples = rooms_.gate.get();
    services.platform = rooms_.organisations.get();
    services.meter = stores_.meter.get();
    services.signups = stores_.signups.get();
    services.templates = rooms_.templates.get();
    services.names = own_names(config_);
    services.authority = stores_.authority.get();
    services.listening = std::move(hooks.listening);
    services.outgoing = config_.outgoing;
    services.plain = config_.plain;
    services.notice = config_.notice;
    services.on_certificates = [&loop, changed = std::move(hooks.on_certificates)] {
      loop.post(changed);
    };
  }

  // Who works for a long time when a request asks for it, or by itself.
  void make_workers() {
    rooms_.backups = std::make_unique<BackupService>(
        BackupSource{sys::real_file_system(), sys::real_random(), *stores_.historian,
                     *stores_.ledger, config_.data_directory},
        sys::real_clock());
    rooms_.maintenance =
        std::make_unique<MaintenanceService>(*stores_.historian, sys::real_clock());
    rooms_.key_desk = std::make_unique<KeyDesk>(*stores_.key_house, *stores_.documents);
    rooms_.organisations = std::make_unique<Organisations>(Organisations::Rooms{
        *stores_.identity, *stores_.historian, *stores_.documents, *rooms_.connections,
        rooms_.flows->flows(), *rooms_.imports, *stores_.meter, *stores_.party_links,
        stores_.key_house->vault(), sys::real_clock()});
    rooms_.audit_sender = std::make_unique<AuditSender>(
        stores_.identity->trail(), sys::real_clock(),
        config_.names.empty() ? "lineshaft" : config_.names.front(), reach());
  }

  void join_router() {
    rooms_.live = std::make_unique<api::Live>(
        *rooms_.loop, sys::real_clock(), *stores_.historian,
        [&identity = *stores_.identity] { return identity.access_changes(); });
    api::RouterOptions options;
    options.assets = console_assets();
    options.new_upload_path = [&rooms = rooms_] { return rooms.imports->new_upload_path(); };
    options.request_prefix = request_prefix();
    options.admit = [&meter = *stores_.meter](TenantId tenant) {
      return meter.admit_request(tenant);
    };
    options.certificate_owner = [&authority = *stores_.authority](const std::string& fingerprint) {
      return authority.token_of(fingerprint);
    };
    options.security_txt = [&config = config_] { return security_txt(config); };
    rooms_.router = std::make_unique<api::Router>(*stores_.identity, *rooms_.workers, *rooms_.live,
                                                  std::move(options));
    rooms_.router->add(api::all_routes(*rooms_.services));
    rooms_.router->add({api::openapi_route(rooms_.router->routes(), kVersion)});
  }

  const Config& config_;
  ServerStores& stores_;
  ServerRooms& rooms_;
};

}  // namespace

ServerRooms::ServerRooms() = default;

ServerRooms::~ServerRooms() {
  if (flows) flows->stop();  // they ask what is destroyed before them
}

Result<std::unique_ptr<ServerRooms>> ServerRooms::join(const Config& config, ServerStores& stores,
                                                       ServerHooks hooks) {
  auto rooms = std::make_unique<ServerRooms>();
  if (Status joined = Joining(config, stores, *rooms).join_all(std::move(hooks)); !joined) {
    return joined.error();
  }
  return rooms;
}

}  // namespace lineshaft::app

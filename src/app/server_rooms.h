// app/server_rooms.h: the rooms that work on the stores of a server, joined: machines, flows,
// imports, the API.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/result.h"

namespace lineshaft::sys {
class EventLoop;
class WorkerPool;
}  // namespace lineshaft::sys

namespace lineshaft::connect {
class ConnectionManager;
class Registry;
class TemplateStore;
namespace opcua {
class TrustStore;
}
}  // namespace lineshaft::connect

namespace lineshaft::retention {
class Keeper;
}

namespace lineshaft::tenancy {
class SampleGate;
}

namespace lineshaft::intake {
class ImportService;
}

namespace lineshaft::api {
class Live;
class Router;
struct Services;
}  // namespace lineshaft::api

namespace lineshaft::app {

class AuditSender;
class BackupService;
class FlowRooms;
class KeyDesk;
class MaintenanceService;
class Organisations;
struct ServerStores;

// What the rooms want of the server around them.
struct ServerHooks {
  std::function<void()> on_claimed;                     // loop thread
  std::function<void()> on_certificates;                // loop thread: those shown have changed
  std::function<std::vector<std::string>()> listening;  // any thread, once the loop runs
  std::function<std::string()> clock_jump;              // any thread
};

struct ServerRooms {
  // Machines are polled once the loop runs. `config` and `stores` must outlive the rooms; what the
  // hooks ask must outlive the loop's run and the workers. Errors: of the disk.
  static Result<std::unique_ptr<ServerRooms>> join(const Config& config, ServerStores& stores,
                                                   ServerHooks hooks);
  ServerRooms();
  ~ServerRooms();

  // In the order of dependence; destroyed from the last to the first. None but the trust store is
  // null when they are joined; who stops the server empties some before.
  std::unique_ptr<sys::EventLoop> loop;
  std::unique_ptr<connect::TemplateStore> templates;
  std::unique_ptr<connect::opcua::TrustStore> opcua_trust;  // null: it could not be opened
  std::unique_ptr<FlowRooms> flows;
  std::unique_ptr<tenancy::SampleGate> gate;
  std::unique_ptr<connect::ConnectionManager> manager;
  std::unique_ptr<connect::Registry> connections;
  std::unique_ptr<retention::Keeper> retention;
  std::unique_ptr<intake::ImportService> imports;
  std::unique_ptr<Organisations> organisations;
  std::unique_ptr<AuditSender> audit_sender;
  std::unique_ptr<BackupService> backups;
  std::unique_ptr<MaintenanceService> maintenance;
  std::unique_ptr<KeyDesk> key_desk;
  std::unique_ptr<api::Services> services;
  std::unique_ptr<api::Live> live;
  std::unique_ptr<sys::WorkerPool> workers;
  std::unique_ptr<api::Router> router;
};

}  // namespace lineshaft::app

#include "app/server.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "api/resources.h"
#include "api/router.h"
#include "app/audit_sender.h"
#include "app/backup.h"
#include "app/clock_watch.h"
#include "app/flow_rooms.h"
#include "app/key_house.h"
#include "app/maintenance.h"
#include "app/organisations.h"
#include "app/provision.h"
#include "app/server_doors.h"
#include "app/server_rooms.h"
#include "app/server_stores.h"
#include "app/status_line.h"
#include "base/log.h"
#include "connect/manager.h"
#include "connect/on_loop.h"
#include "historian/house.h"
#include "identity/authority.h"
#include "identity/identity.h"
#include "identity/operator.h"
#include "ledger/ledger.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/tls.h"
#include "sys/worker_pool.h"

namespace lineshaft::app {
namespace {

constexpr Nanoseconds kMaintenancePeriod = std::chrono::minutes(1);
// A start reads so many journals again in a tenth of a second.
constexpr std::uint64_t kJournalsPerSnapshot = 100'000;
constexpr Nanoseconds kClockLookPeriod = std::chrono::seconds(1);

Day today() {
  const Nanoseconds now(sys::real_clock().now().ns);
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Nanoseconds>(now));
}

class JoinedServer final : public Server {
 public:
  explicit JoinedServer(Config config) : config_(std::move(config)) {}

  Status open() {
    auto stores = ServerStores::open(config_);
    if (!stores) return stores.error();
    stores_ = *std::move(stores);
    auto rooms = ServerRooms::join(config_, *stores_,
                                   {.on_claimed = [this] { doors_->listen_outside(); },
                                    .on_certificates = [this] { doors_->use_certificates(); },
                                    .listening = [this] { return doors_->listening(); },
                                    .clock_jump = [this] { return clock_watch_.last_jump(); }});
    if (!rooms) return rooms.error();
    rooms_ = *std::move(rooms);
    doors_ =
        std::make_unique<ServerDoors>(config_, *stores_->authority, *rooms_->loop, *rooms_->router);
    return open_doors();
  }

  const Started& started() const override { return started_; }

  // Once: a marker in the data directory says that it was done, so that what a person removed later
  // does not come back. Interrupted, it is done again at the next start; that changes nothing.
  void provision(const std::string& folder) override {
    if (sys::real_file_system().exists(provisioned_path())) return;
    rooms_->workers->try_run([this, folder] {
      Status done = provision_all(folder);
      if (done) done = sys::write_file_atomically(sys::real_file_system(), provisioned_path(), {});
      if (!done) log_error("app", done.error().text());
    });
  }

  void show_status_line() override {
    status_line_ =
        std::make_unique<StatusLine>(*rooms_->loop, *rooms_->manager, *stores_->historian);
  }

  void run() override {
    rooms_->loop->on_stop_signal([this] { close(); });
    maintenance_ = rooms_->loop->make_timer();
    schedule_maintenance();
    clock_look_ = rooms_->loop->make_timer();
    look_at_clock();
    rooms_->loop->run();
    closing_.join();
  }

 private:
  Status open_doors() {
    identity::Authority& certificates = *stores_->authority;
    const bool claimed = stores_->identity->claimed();
    if (Status listening = doors_->listen_inside(claimed); !listening) return listening;
    const Result<std::string> fingerprint =
        sys::certificate_fingerprint(certificates.https().certificate.certificate_pem);
    if (!fingerprint) return fingerprint.error();
    started_ = {"https://" + doors_->address(), *fingerprint, "", ""};
    const auto own = certificates.server();
    const auto authority = certificates.info();
    if (own && authority && own->source == identity::CertificateSource::kAuthority) {
      started_.authority = authority->sha256;
    }
    if (!claimed) {
      const Result<std::string> code = stores_->identity->issue_claim_code();
      if (!code) return code.error();
      started_.claim_code = *code;
    }
    return {};
  }

  std::string provisioned_path() const {
    return sys::join_path(config_.data_directory, "provisioned");
  }

  Status provision_all(const std::string& folder) {
    sys::FileSystem& files = sys::real_file_system();
    const TenantId tenant = identity::kOperator;
    Status done;
    if (rooms_->opcua_trust) done = provision_certificates(files, folder, *rooms_->opcua_trust);
    if (done) done = provision_connections(files, folder, tenant, *rooms_->connections);
    if (done) done = provision_flows(files, folder, tenant, rooms_->flows->flows());
    if (done) done = provision_rights(files, folder, tenant, *stores_->rights, today());
    if (done) {
      done = provision_cooperation(files, folder, tenant, *stores_->projects, *stores_->agreements);
    }
    if (done) {
      done = provision_imports(files, folder, tenant, *rooms_->imports,
                               [this] { return stopping_.load(); });
    }
    if (done) {
      done = provision_royalties(files, folder, tenant, *stores_->licences, *stores_->royalties,
                                 today());
    }
    return done;
  }

  // From the doors inwards: no new requests; then the work under way, which may still need the
  // loop; then the machines. The stores close last, with this object. Loop thread.
  void close() {
    if (closing_.joinable()) return;
    log_info("app", "stopping");
    stopping_ = true;
    maintenance_.reset();
    clock_look_.reset();
    status_line_.reset();
    doors_->close();
    closing_ = std::thread([this] {
      rooms_->workers.reset();
      rooms_->imports.reset();
      rooms_->backups.reset();
      rooms_->key_desk.reset();
      rooms_->maintenance.reset();
      save_ledger();
      rooms_->flows->finish_writes();
      rooms_->audit_sender.reset();
      connect::on_loop(*rooms_->loop, [this] { rooms_->manager->stop(); });
      rooms_->flows->end(*rooms_->manager);
      keep_identity();  // the checkpoint of what was entered last
      rooms_->loop->stop();
    });
  }

  void schedule_maintenance() {
    maintenance_->start(kMaintenancePeriod, [this] {
      rooms_->workers->try_run([this] {
        keep_identity();
        rooms_->organisations->maintain();
        look_at_certificates();
        if (stores_->ledger->last().value >= ledger_saved_ + kJournalsPerSnapshot) save_ledger();
      });
      schedule_maintenance();
    });
  }

  void keep_identity() {
    if (Status done = stores_->identity->maintain(); !done) {
      log_warn("identity", done.error().text());
    }
  }

  void look_at_certificates() {
    const Result<bool> renewed = stores_->authority->maintain();
    if (!renewed) return log_error("app", renewed.error().text());
    if (!*renewed) return;
    log_info("app", "the server has a new certificate of its authority");
    rooms_->services->on_certificates();
  }

  // So that the next start need not read all journals. What fails is done by that start.
  void save_ledger() {
    ledger::Ledger& ledger = *stores_->ledger;
    const std::uint64_t last = ledger.last().value;
    if (last == ledger_saved_ || ledger.read_only()) return;
    ledger_saved_ = last;
    if (Status saved = ledger.save_snapshot(); !saved) log_warn("ledger", saved.error().text());
  }

  void look_at_clock() {
    if (const std::string jump = clock_watch_.look(); !jump.empty()) log_warn("app", jump);
    clock_look_->start(kClockLookPeriod, [this] { look_at_clock(); });
  }

  const Config config_;
  Started started_;
  std::atomic<bool> stopping_ = false;
  ClockWatch clock_watch_{sys::real_clock()};
  std::atomic<std::uint64_t> ledger_saved_ = 0;  // journals in its snapshot, as far as we know
  // In the order of dependence; destroyed from the last to the first.
  std::unique_ptr<ServerStores> stores_;
  std::unique_ptr<ServerRooms> rooms_;
  std::unique_ptr<ServerDoors> doors_;
  std::unique_ptr<sys::Timer> maintenance_;
  std::unique_ptr<sys::Timer> clock_look_;
  std::unique_ptr<StatusLine> status_line_;
  std::thread closing_;
};

}  // namespace

std::string certificate_path(const std::string& data_directory) {
  return sys::join_path(data_directory, "tls/certificate.pem");
}

Result<std::unique_ptr<Server>> Server::start(Config config) {
  auto server = std::make_unique<JoinedServer>(std::move(config));
  if (Status opened = server->open(); !opened) return opened.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace lineshaft::app

#include "app/server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>

#include "api/resources.h"
#include "api/router.h"
#include "app/assets.h"
#include "app/audit_sender.h"
#include "app/backup.h"
#include "app/cli.h"
#include "app/clock_watch.h"
#include "app/flow_rooms.h"
#include "app/key_house.h"
#include "app/maintenance.h"
#include "app/organisations.h"
#include "app/provision.h"
#include "app/resident_memory.h"
#include "app/web_fetcher.h"
#include "base/hex.h"
#include "base/log.h"
#include "connect/manager.h"
#include "connect/on_loop.h"
#include "connect/opcua/trust.h"
#include "connect/registry.h"
#include "connect/templates.h"
#include "historian/house.h"
#include "identity/authority.h"
#include "identity/identity.h"
#include "identity/operator.h"
#include "intake/import.h"
#include "ledger/ledger.h"
#include "ledger/note.h"
#include "records/documents.h"
#include "retention/keeper.h"
#include "rights/agreement_book.h"
#include "rights/deadline_book.h"
#include "rights/key_book.h"
#include "rights/licence_book.h"
#include "rights/party_links.h"
#include "rights/project_book.h"
#include "rights/register.h"
#include "rights/royalty_book.h"
#include "sys/http.h"
#include "sys/process.h"
#include "sys/reach.h"
#include "sys/worker_pool.h"
#include "tenancy/meter.h"
#include "tenancy/sample_gate.h"
#include "tenancy/signups.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kCertificateBytesMax = 1024 * 1024;
// Requests read files and hash passwords; four wait for the disk while two compute.
constexpr std::size_t kWorkers = 4;
constexpr std::size_t kRequestsQueuedMax = 256;
// The organisation that claims the server; its data may be collected before. The register of rights
// is its own.
constexpr std::array kRegister{identity::kOperator};
constexpr Nanoseconds kMaintenancePeriod = std::chrono::minutes(1);
// A start reads so many journals again in a tenth of a second.
constexpr std::uint64_t kJournalsPerSnapshot = 100'000;
// Journals are small: a file of the ledger's log holds some 40,000.
constexpr std::size_t kLedgerSegmentBytes = 4 * 1024 * 1024;
constexpr Nanoseconds kClockLookPeriod = std::chrono::seconds(1);

sys::FileSystem& files() { return sys::real_file_system(); }

Day today() {
  const Nanoseconds now(sys::real_clock().now().ns);
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Nanoseconds>(now));
}

Result<sys::Certificate> read_certificate(const std::string& certificate, const std::string& key) {
  const Result<Bytes> certificate_pem = sys::read_file(files(), certificate, kCertificateBytesMax);
  if (!certificate_pem) return certificate_pem.error();
  const Result<Bytes> key_pem = sys::read_file(files(), key, kCertificateBytesMax);
  if (!key_pem) return key_pem.error();
  return sys::Certificate{std::string(as_text(*certificate_pem)), std::string(as_text(*key_pem))};
}

// What the server may be called by.
std::vector<std::string> own_names(const Config& config) {
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  names.insert(names.end(), config.names.begin(), config.names.end());
  return names;
}

class JoinedServer final : public Server {
 public:
  explicit JoinedServer(Config config) : config_(std::move(config)) {}
  ~JoinedServer() override {
    if (flows_) flows_->stop();  // they ask what is destroyed before them
  }

  Status open() {
    if (Status opened = open_stores(); !opened) return opened;
    if (Status joined = join_services(); !joined) return joined;
    return listen_inside();
  }

  const Started& started() const override { return started_; }

  // Once: a marker in the data directory says that it was done, so that what a person removed later
  // does not come back. Interrupted, it is done again at the next start; that changes nothing.
  void provision(const std::string& folder) override {
    if (files().exists(path("provisioned"))) return;
    workers_->try_run([this, folder] {
      Status done;
      if (opcua_trust_) done = provision_certificates(files(), folder, *opcua_trust_);
      if (done) done = provision_connections(files(), folder, identity::kOperator, *connections_);
      if (done) done = provision_flows(files(), folder, identity::kOperator, flows_->flows());
      if (done) done = provision_rights(files(), folder, identity::kOperator, *rights_, today());
      if (done) {
        done =
            provision_cooperation(files(), folder, identity::kOperator, *projects_, *agreements_);
      }
      if (done) {
        done = provision_imports(files(), folder, identity::kOperator, *imports_,
                                 [this] { return stopping_.load(); });
      }
      if (done) {
        done = provision_royalties(files(), folder, identity::kOperator, *licences_, *royalties_,
                                   today());
      }
      if (done) done = sys::write_file_atomically(files(), path("provisioned"), {});
      if (!done) log_error("app", done.error().text());
    });
  }

  void show_status_line() override {
    status_line_ = loop_->make_timer();
    print_status_line();
  }

  void run() override {
    loop_->on_stop_signal([this] { close(); });
    maintenance_ = loop_->make_timer();
    schedule_maintenance();
    clock_look_ = loop_->make_timer();
    look_at_clock();
    loop_->run();
    closing_.join();
  }

 private:
  // From the doors inwards: no new requests; then the work under way, which may still need the
  // loop; then the machines. The stores close last, with this object. Loop thread.
  void close() {
    if (closing_.joinable()) return;
    log_info("app", "stopping");
    stopping_ = true;
    maintenance_.reset();
    clock_look_.reset();
    status_line_.reset();
    http_outside_.reset();
    http_.reset();
    closing_ = std::thread([this] {
      workers_.reset();
      imports_.reset();
      backups_.reset();
      key_desk_.reset();
      maintenance_work_.reset();
      save_ledger();
      flows_->finish_writes();
      audit_sender_.reset();
      connect::on_loop(*loop_, [this] { manager_->stop(); });
      flows_->end(*manager_);
      keep_identity();  // the checkpoint of what was entered last
      loop_->stop();
    });
  }

  std::string path(std::string_view name) const {
    return sys::join_path(config_.data_directory, name);
  }

  Status open_stores() {
    if (Status made = files().create_directories(config_.data_directory); !made) return made;
    auto lock = files().lock_directory(config_.data_directory);
    if (!lock) return lock.error();
    lock_ = *std::move(lock);
    auto keys = KeyHouse::open(config_);
    if (!keys) return keys.error();
    key_house_ = *std::move(keys);

    auto identity_database = records::Database::open(files(), {.path = path("records.db")});
    if (!identity_database) return identity_database.error();
    for (const std::string& damage : (*identity_database)->recovery().damages) {
      log_warn("records", damage);
    }
    auto documents_database =
        records::Database::open(files(), {.path = path("records.db"), .check = false});
    if (!documents_database) return documents_database.error();
    identity::IdentityOptions people;
    people.seal = &key_house_->factor_seal();
    people.audit_files = &key_house_->key_files();
    people.web = &web_;
    auto identity = identity::Identity::open(*std::move(identity_database), sys::real_clock(),
                                             sys::real_random(), people);
    if (!identity) return identity.error();
    identity_ = *std::move(identity);
    key_house_->also_settle([this] { return identity_->seal_stale_factors(); });
    auto documents = records::Documents::open(*std::move(documents_database), &key_house_->seal());
    if (!documents) return documents.error();
    documents_ = *std::move(documents);
    tenants_ = tenants_of(*identity_, false);
    Status metering = open_book(meter_, sys::real_clock());
    if (metering) metering = open_book(signups_, sys::real_clock());
    if (!metering) return metering;
    if (Status opened = open_authority(); !opened) return opened;
    if (Status settled = key_house_->settle(*documents_); !settled) return settled;
    if (Status opened = open_ledger(); !opened) return opened;
    if (Status opened = open_historian(); !opened) return opened;
    return open_rights();
  }

  Status open_authority() {
    identity::AuthorityOptions options;
    options.directory = path("tls");
    options.server_names = own_names(config_);
    if (!config_.tls_certificate_file.empty()) {
      auto configured = read_certificate(config_.tls_certificate_file, config_.tls_key_file);
      if (!configured) return configured.error();
      options.configured = *std::move(configured);
    }
    return open_book(authority_, key_house_->key_files(), sys::real_clock(), std::move(options));
  }

  // The name counts when the ledger is made, and then for ever: others tell ledgers apart by it.
  std::string new_ledger_name() const {
    if (!config_.names.empty() && ledger::is_key_name(config_.names.front())) {
      return config_.names.front() + "/ledger";
    }
    std::array<std::uint8_t, 6> random{};
    sys::real_random().fill(random);
    return "lineshaft-" + hex_text(random) + "/ledger";
  }

  Status open_ledger() {
    ledger::LedgerOptions options;
    options.directory = path("ledger");
    options.origin = new_ledger_name();
    options.segment_bytes = kLedgerSegmentBytes;
    auto ledger = ledger::Ledger::open(key_house_->files(), sys::real_random(), sys::real_clock(),
                                       std::move(options));
    if (!ledger) return ledger.error();
    ledger_ = *std::move(ledger);
    if (const auto damage = ledger_->read_only()) log_error("ledger", damage->text());
    return {};
  }

  // So that the next start need not read all journals. What fails is done by that start.
  void save_ledger() {
    const std::uint64_t last = ledger_->last().value;
    if (last == ledger_saved_ || ledger_->read_only()) return;
    ledger_saved_ = last;
    if (Status saved = ledger_->save_snapshot(); !saved) log_warn("ledger", saved.error().text());
  }

  // Each book has a connection of its own to the records.
  template <typename Book, typename... More>
  Status open_book(std::unique_ptr<Book>& book, More&&... more) {
    auto database = records::Database::open(files(), {.path = path("records.db"), .check = false});
    if (!database) return database.error();
    auto opened = Book::open(*std::move(database), std::forward<More>(more)...);
    if (!opened) return opened.error();
    book = *std::move(opened);
    return {};
  }

  Status open_rights() {
    sys::Clock& clock = sys::real_clock();
    Status opened = open_book(rights_, clock);
    if (opened) opened = open_book(licences_, *rights_, clock);
    if (opened) {
      const rights::RoyaltySources sources{*rights_, *licences_, *historian_};
      opened = open_book(royalties_, sources, *ledger_, clock);
    }
    if (opened) opened = open_book(projects_, *rights_, clock);
    if (opened) opened = open_book(agreements_, *rights_, clock);
    if (opened) opened = open_book(keys_, clock);
    if (opened) opened = open_book(party_links_);
    return opened ? open_deadlines() : opened;
  }

  Status open_deadlines() {
    auto rules = docket::RuleBook::read(docket::shipped_packs());
    if (!rules) return rules.error();
    auto deadlines =
        rights::DeadlineBook::open(*std::move(rules), *rights_, sys::real_clock(), kRegister);
    if (!deadlines) return deadlines.error();
    deadlines_ = *std::move(deadlines);
    return {};
  }

  Status open_historian() {
    historian::HouseOptions house;
    historian::HistorianOptions& history = house.store;
    history.directory = path("history");
    auto rules = retention::stored_rules(*documents_, tenants_);
    if (!rules) return rules.error();
    history.retention = *std::move(rules);
    history.memtable_bytes_max = config_.memtable_mib << 20;
    history.scrub_period = std::chrono::hours(24 * config_.scrub_days);
    history.disk_low = config_.disk_low;
    history.disk_critical = config_.disk_critical;
    house.first = identity::kOperator;
    house.directory_of = [this](TenantId tenant) {
      return history_of(config_.data_directory, tenant);
    };
    house.room = [this](TenantId tenant, std::uint64_t tags) {
      return meter_->check_room(tenant, tenancy::Quota::kTags, tags);
    };
    auto historian = historian::House::open(key_house_->files(), sys::real_clock(),
                                            sys::real_random(), std::move(house), tenants_);
    if (!historian) return historian.error();
    historian_ = *std::move(historian);
    for (const std::string& damage : historian_->recovery().damages) log_warn("historian", damage);
    return {};
  }

  Status join_services() {
    loop_ = sys::make_event_loop(reach());
    workers_ = sys::make_worker_pool(kWorkers, kRequestsQueuedMax);
    // Everything else works without them.
    auto trust = connect::opcua::TrustStore::open(key_house_->key_files(), sys::real_clock(),
                                                  path("opcua"), own_names(config_));
    if (trust) {
      opcua_trust_ = *std::move(trust);
    } else {
      log_error("app", "no OPC UA connection can be made: " + trust.error().text());
    }
    connect::ManagerOptions connecting;
    connecting.opcua_trust = opcua_trust_.get();
    flows_ = std::make_unique<FlowRooms>(*loop_, *historian_, key_house_->files());
    gate_ = std::make_unique<tenancy::SampleGate>(
        flows_->sink(), *meter_, [this](TenantId tenant) { return historian_->bytes_of(tenant); });
    manager_ = std::make_unique<connect::ConnectionManager>(*loop_, sys::real_clock(),
                                                            sys::real_random(), *gate_, connecting);
    const std::vector<TenantId> active = tenants_of(*identity_, true);
    const auto newest = [this](TenantId tenant, std::span<const TagId> tags) {
      std::vector<std::optional<Sample>> samples;
      for (auto& last : historian_->last_values(tenant, tags)) {
        samples.push_back(last.exists ? std::optional(std::move(last.sample)) : std::nullopt);
      }
      return samples;
    };
    auto connections = connect::Registry::open(*loop_, *manager_, *documents_, *historian_,
                                               sys::real_random(), active, newest);
    if (!connections) return connections.error();
    connections_ = *std::move(connections);
    Status flowing = flows_->open(*identity_, *connections_, *documents_, path("flows"),
                                  opcua_trust_.get(), active);
    if (!flowing) return flowing;
    templates_ = std::make_unique<connect::TemplateStore>(*documents_);
    auto retention = retention::Keeper::open(*historian_, *documents_, tenants_);
    if (!retention) return retention.error();
    retention_ = *std::move(retention);
    intake::ImportServiceOptions import_options{files(), sys::real_clock(), *gate_, *historian_,
                                                {},      path("imports")};
    import_options.type_of_tag = [this](TenantId tenant,
                                        std::string_view tag_path) -> std::optional<ValueType> {
      const std::optional<Tag> tag = historian_->find_tag(tenant, tag_path);
      return tag ? std::optional(tag->spec.type) : std::nullopt;
    };
    auto imports = intake::ImportService::open(std::move(import_options));
    if (!imports) return imports.error();
    imports_ = *std::move(imports);

    services_ = std::make_unique<api::Services>(
        api::Services{files(), sys::real_clock(), *historian_, *identity_, *connections_, *imports_,
                      kVersion, config_.data_directory, sys::real_clock().now(),
                      [this] { loop_->post([this] { listen_outside(); }); }, resident_memory_bytes,
                      [this] { return clock_watch_.last_jump(); }});
    backups_ = std::make_unique<BackupService>(
        BackupSource{files(), sys::real_random(), *historian_, *ledger_, config_.data_directory},
        sys::real_clock());
    services_->backups = backups_.get();
    maintenance_work_ = std::make_unique<MaintenanceService>(*historian_, sys::real_clock());
    key_desk_ = std::make_unique<KeyDesk>(*key_house_, *documents_);
    services_->vault = key_desk_.get();
    services_->maintenance = maintenance_work_.get();
    services_->retention = retention_.get();
    services_->ledger = ledger_.get();
    services_->rights = rights_.get();
    services_->licences = licences_.get();
    services_->royalties = royalties_.get();
    services_->projects = projects_.get();
    services_->agreements = agreements_.get();
    services_->keys = keys_.get();
    services_->party_links = party_links_.get();
    services_->deadlines = deadlines_.get();
    services_->opcua_trust = opcua_trust_.get();
    services_->flows = &flows_->flows();
    services_->samples = gate_.get();
    organisations_ = std::make_unique<Organisations>(Organisations::Rooms{
        *identity_, *historian_, *documents_, *connections_, flows_->flows(), *imports_, *meter_,
        *party_links_, key_house_->vault(), sys::real_clock()});
    services_->platform = organisations_.get();
    services_->meter = meter_.get();
    services_->signups = signups_.get();
    services_->templates = templates_.get();
    services_->names = own_names(config_);
    services_->authority = authority_.get();
    services_->listening = [this] { return listening(); };
    services_->outgoing = config_.outgoing;
    services_->plain = config_.plain;
    services_->notice = config_.notice;
    services_->on_certificates = [this] { loop_->post([this] { use_certificates(); }); };
    audit_sender_ = std::make_unique<AuditSender>(
        identity_->trail(), sys::real_clock(),
        config_.names.empty() ? "lineshaft" : config_.names.front(), reach());
    live_ = std::make_unique<api::Live>(*loop_, sys::real_clock(), *historian_,
                                        [this] { return identity_->access_changes(); });
    api::RouterOptions options;
    options.assets = console_assets();
    options.new_upload_path = [this] { return imports_->new_upload_path(); };
    options.request_prefix = request_prefix();
    options.admit = [this](TenantId tenant) { return meter_->admit_request(tenant); };
    options.certificate_owner = [this](const std::string& fingerprint) {
      return authority_->token_of(fingerprint);
    };
    options.security_txt = [this] { return security_txt(); };
    router_ = std::make_unique<api::Router>(*identity_, *workers_, *live_, std::move(options));
    router_->add(api::all_routes(*services_));
    router_->add({api::openapi_route(router_->routes(), kVersion)});
    return {};
  }

  sys::Reach reach() const { return {config_.outgoing, config_.plain}; }

  // Numbers of requests are not those of the start before.
  static std::string request_prefix() {
    std::array<std::uint8_t, 4> random{};
    sys::real_random().fill(random);
    return hex_text(random);
  }

  // Loopback at first; the configured address at once if the server has an owner.
  Status listen_inside() {
    const bool claimed = identity_->claimed();
    sys::Endpoint at = config_.listen;
    if (!claimed && !is_loopback(at.host)) at.host = "127.0.0.1";
    auto http = sys::make_http_server(*loop_, *router_, http_options(at));
    if (!http) return http.error();
    http_ = *std::move(http);
    listening_.push_back(http_->local().text());
    const Result<std::string> fingerprint =
        sys::certificate_fingerprint(authority_->https().certificate.certificate_pem);
    if (!fingerprint) return fingerprint.error();
    started_ = {"https://" + http_->local().text(), *fingerprint, "", ""};
    const auto own = authority_->server();
    const auto authority = authority_->info();
    if (own && authority && own->source == identity::CertificateSource::kAuthority) {
      started_.authority = authority->sha256;
    }
    if (!claimed) {
      const Result<std::string> code = identity_->issue_claim_code();
      if (!code) return code.error();
      started_.claim_code = *code;
    }
    return {};
  }

  // After the claim. Loop thread.
  void listen_outside() {
    if (is_loopback(config_.listen.host)) return;
    auto http = sys::make_http_server(*loop_, *router_, http_options(config_.listen));
    if (!http) {
      log_error("app", http.error().text());
      return;
    }
    http_outside_ = *std::move(http);
    const std::lock_guard lock(listening_mutex_);
    listening_.push_back(http_outside_->local().text());
    log_info("app", "now also listening on https://" + http_outside_->local().text());
  }

  sys::HttpServerOptions http_options(const sys::Endpoint& at) const {
    sys::HttpServerOptions options;
    options.listen = at;
    options.identity = authority_->https();
    return options;
  }

  std::vector<std::string> listening() const {
    const std::lock_guard lock(listening_mutex_);
    return listening_;
  }

  // Loop thread. New connections see the new certificate; nobody is cut for it.
  void use_certificates() {
    const sys::HttpsIdentity identity = authority_->https();
    for (const auto* server : {&http_, &http_outside_}) {
      if (!*server) continue;
      if (Status used = (*server)->use(identity); !used) log_error("app", used.error().text());
    }
  }

  void look_at_certificates() {
    const Result<bool> renewed = authority_->maintain();
    if (!renewed) return log_error("app", renewed.error().text());
    if (!*renewed) return;
    log_info("app", "the server has a new certificate of its authority");
    services_->on_certificates();
  }

  std::string security_txt() const {
    if (config_.security_contact.empty()) return {};
    const Timestamp expires = sys::real_clock().now() + std::chrono::hours(24 * 180);
    return "Contact: " + config_.security_contact + "\nExpires: " + format_rfc3339(expires) +
           "\nPreferred-Languages: en, zh\n";
  }

  void print_status_line() {
    double values_per_second = 0;
    std::size_t connected = 0;
    std::uint64_t good = 0;
    const std::vector<connect::ConnectionView> connections = manager_->list(identity::kOperator);
    for (const auto& connection : connections) {
      const connect::ConnectionStatus& status = connection.status;
      values_per_second += status.values_per_second;
      connected += status.state == connect::ConnectionState::kConnected ? 1 : 0;
      good += status.tags - status.tags_bad;
    }
    char line[160];
    std::snprintf(line, sizeof(line),
                  "%7.0f values/s   %zu of %zu machines connected   %llu tags good   %llu stored",
                  values_per_second, connected, connections.size(),
                  static_cast<unsigned long long>(good),
                  static_cast<unsigned long long>(historian_->counters().samples_appended));
    const bool terminal = stdout_is_terminal();
    std::cout << (terminal ? "\r" : "") << line << (terminal ? "  " : "\n") << std::flush;
    status_line_->start(std::chrono::seconds(1), [this] { print_status_line(); });
  }

  void schedule_maintenance() {
    maintenance_->start(kMaintenancePeriod, [this] {
      workers_->try_run([this] {
        keep_identity();
        organisations_->maintain();
        look_at_certificates();
        if (ledger_->last().value >= ledger_saved_ + kJournalsPerSnapshot) save_ledger();
      });
      schedule_maintenance();
    });
  }

  void keep_identity() {
    if (Status done = identity_->maintain(); !done) log_warn("identity", done.error().text());
  }

  void look_at_clock() {
    if (const std::string jump = clock_watch_.look(); !jump.empty()) log_warn("app", jump);
    clock_look_->start(kClockLookPeriod, [this] { look_at_clock(); });
  }

  Config config_;
  Started started_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex listening_mutex_;
  std::vector<std::string> listening_;  // guarded by listening_mutex_
  ClockWatch clock_watch_{sys::real_clock()};
  // In the order of dependence; destroyed from the last to the first.
  std::unique_ptr<sys::DirectoryLock> lock_;
  std::unique_ptr<KeyHouse> key_house_;
  std::unique_ptr<tenancy::Meter> meter_;
  std::unique_ptr<tenancy::Signups> signups_;
  std::vector<TenantId> tenants_;  // at the start, suspended ones too
  std::unique_ptr<historian::House> historian_;
  HttpsFetcher web_{config_.outgoing};
  std::unique_ptr<identity::Identity> identity_;
  std::unique_ptr<identity::Authority> authority_;
  std::unique_ptr<records::Documents> documents_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::atomic<std::uint64_t> ledger_saved_ = 0;  // journals in its snapshot, as far as we know
  std::unique_ptr<sys::EventLoop> loop_;
  std::unique_ptr<connect::TemplateStore> templates_;
  std::unique_ptr<connect::opcua::TrustStore> opcua_trust_;  // null: it could not be opened
  std::unique_ptr<FlowRooms> flows_;
  std::unique_ptr<tenancy::SampleGate> gate_;
  std::unique_ptr<connect::ConnectionManager> manager_;
  std::unique_ptr<connect::Registry> connections_;
  std::unique_ptr<retention::Keeper> retention_;
  std::unique_ptr<rights::Register> rights_;
  std::unique_ptr<rights::LicenceBook> licences_;
  std::unique_ptr<rights::RoyaltyBook> royalties_;
  std::unique_ptr<rights::ProjectBook> projects_;
  std::unique_ptr<rights::AgreementBook> agreements_;
  std::unique_ptr<rights::KeyBook> keys_;
  std::unique_ptr<rights::PartyLinks> party_links_;
  std::unique_ptr<rights::DeadlineBook> deadlines_;
  std::unique_ptr<intake::ImportService> imports_;
  std::unique_ptr<Organisations> organisations_;
  std::unique_ptr<AuditSender> audit_sender_;
  std::unique_ptr<BackupService> backups_;
  std::unique_ptr<MaintenanceService> maintenance_work_;
  std::unique_ptr<KeyDesk> key_desk_;
  std::unique_ptr<api::Services> services_;
  std::unique_ptr<api::Live> live_;
  std::unique_ptr<sys::WorkerPool> workers_;
  std::unique_ptr<api::Router> router_;
  std::unique_ptr<sys::HttpServer> http_;
  std::unique_ptr<sys::HttpServer> http_outside_;
  std::unique_ptr<sys::Timer> maintenance_;
  std::unique_ptr<sys::Timer> clock_look_;
  std::unique_ptr<sys::Timer> status_line_;
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

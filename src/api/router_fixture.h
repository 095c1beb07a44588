// api/router_fixture.h: the whole API for a test, on real stores in a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "api/maintenance.h"
#include "api/platform.h"
#include "api/resources.h"
#include "api/router.h"
#include "connect/flows/flows.h"
#include "connect/flows/testing.h"
#include "connect/manager.h"
#include "connect/templates.h"
#include "identity/web_fetch.h"
#include "records/documents.h"
#include "rights/party_links.h"
#include "sys/loop.h"
#include "tenancy/meter.h"
#include "tenancy/signups.h"

namespace lineshaft::api {

using identity::Role;

inline constexpr const char* kPassword = "anvil harbour quiet lantern";

struct Folder {
  Folder() : path(testing::TempDir() + "lineshaft-api-XXXXXX") {
    LS_ASSERT(mkdtemp(path.data()) != nullptr);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

class NoBackups final : public Backups {
 public:
  Status start(const std::string& directory) override {
    status_.state = BackupState::kFailed;
    status_.directory = directory;
    status_.error = Error{ErrorId::kDiskFull, "no space"};
    return {};
  }
  BackupStatus status() const override { return status_; }

 private:
  BackupStatus status_;
};

// Works beside the loop, as the server does: what it runs may ask the loop.
class House final : public connect::testing::MapHouse {
 public:
  bool run(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    return workers_ != nullptr && workers_->try_run(std::move(work));
  }
  // Returns when all is done; the loop must still run.
  void end() {
    std::unique_lock lock(mutex_);
    const std::unique_ptr<sys::WorkerPool> last = std::move(workers_);
    lock.unlock();
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<sys::WorkerPool> workers_ = sys::make_worker_pool(1, 1'000);
};

// The door only: what is behind it is joined in app/.
class DoorPlatform final : public Platform {
 public:
  explicit DoorPlatform(identity::Identity& identity) : identity_(identity) {}
  tenancy::Gauges gauges(TenantId tenant) const override {
    const identity::OrganisationSize size = identity_.size_of(tenant);
    return {.people = size.people, .tokens = size.tokens};
  }
  Status suspend(const identity::Principal& actor, TenantId tenant, bool suspended) override {
    return identity_.suspend_organisation(actor, tenant, suspended);
  }
  Status remove(const identity::Principal& actor, TenantId tenant) override {
    return identity_.remove_organisation(actor, tenant);
  }

 private:
  identity::Identity& identity_;
};

class NoVault final : public VaultDesk {
 public:
  Result<VaultView> view() override {
    VaultView view;
    view.master = "file";
    view.keys = {{TenantId{0}, 1, {}, "active"}};
    return view;
  }
  Status rotate() override { return {}; }
};

// What lies outside: nothing, unless a test says so.
class Outside final : public identity::WebFetcher {
 public:
  Result<identity::WebAnswer> fetch(const identity::WebRequest& request) override {
    if (web != nullptr) return web->fetch(request);
    return Error{ErrorId::kConnectFailed, request.address.host};
  }
  identity::WebFetcher* web = nullptr;
};

// The whole API on real stores in a folder of its own; requests run on the test's thread, machines
// on one of theirs.
class NoMaintenance final : public Maintenance {
 public:
  Status start(MaintenanceWork) override { return {}; }
  MaintenanceStatus status(MaintenanceWork) const override { return {}; }
};

class Api : public testing::Test {
 protected:
  Api() {
    auto& files = sys::real_file_system();
    auto& clock = sys::real_clock();
    historian::HistorianOptions history;
    history.directory = folder_.path + "/history";
    historian_ = historian::Historian::open(files, clock, sys::real_random(), history).value();
    const auto database = [&] {
      return records::Database::open(files, {.path = folder_.path + "/records.db"}).value();
    };
    identity::IdentityOptions people;
    people.web = &outside_;
    identity_ = identity::Identity::open(database(), clock, sys::real_random(), people).value();
    documents_ = records::Documents::open(database()).value();
    manager_ = std::make_unique<connect::ConnectionManager>(*loop_, clock, sys::real_random(),
                                                            *historian_);
    const std::array tenants{TenantId{1}};
    registry_ = connect::Registry::open(*loop_, *manager_, *documents_, *historian_,
                                        sys::real_random(), tenants)
                    .value();
    templates_ = std::make_unique<connect::TemplateStore>(*documents_);
    flows_ =
        connect::Flows::open(
            {{*loop_, clock, sys::real_random(), files, folder_.path + "/flows", nullptr, house_},
             tap_,
             *documents_,
             [this](TenantId tenant) { return registry_->configs(tenant); },
             [this] { return registry_->changes(); }},
            tenants)
            .value();
    retention_ = retention::Keeper::open(*historian_, *documents_, tenants).value();
    ledger::LedgerOptions books;
    books.directory = folder_.path + "/ledger";
    books.origin = "example.org/ledger";
    books.segment_bytes = 1024 * 1024;
    ledger_ = ledger::Ledger::open(files, sys::real_random(), clock, books).value();
    rights_ = rights::Register::open(database(), clock).value();
    licences_ = rights::LicenceBook::open(database(), *rights_, clock).value();
    royalties_ =
        rights::RoyaltyBook::open(database(), {*rights_, *licences_, *historian_}, *ledger_, clock)
            .value();
    projects_ = rights::ProjectBook::open(database(), *rights_, clock).value();
    agreements_ = rights::AgreementBook::open(database(), *rights_, clock).value();
    keys_ = rights::KeyBook::open(database(), clock).value();
    deadlines_ = rights::DeadlineBook::open(docket::RuleBook::read(docket::shipped_packs()).value(),
                                            *rights_, clock, tenants)
                     .value();
    imports_ = intake::ImportService::open(
                   {files, clock, *historian_, *historian_, {}, folder_.path + "/imports"})
                   .value();
    services_ = std::make_unique<Services>(
        Services{files, clock, *historian_, *identity_, *registry_, *imports_, "0", folder_.path,
                 clock.now(), [this] { ++claims_; }, [] { return std::uint64_t{1}; }});
    services_->backups = &backups_;
    services_->maintenance = &maintenance_;
    services_->vault = &vault_;
    services_->retention = retention_.get();
    services_->ledger = ledger_.get();
    services_->rights = rights_.get();
    services_->licences = licences_.get();
    services_->royalties = royalties_.get();
    services_->projects = projects_.get();
    services_->agreements = agreements_.get();
    services_->keys = keys_.get();
    services_->deadlines = deadlines_.get();
    services_->templates = templates_.get();
    services_->flows = flows_.get();
    meter_ = tenancy::Meter::open(database(), clock).value();
    signups_ = tenancy::Signups::open(database(), clock).value();
    party_links_ = rights::PartyLinks::open(database()).value();
    platform_ = std::make_unique<DoorPlatform>(*identity_);
    services_->meter = meter_.get();
    services_->signups = signups_.get();
    services_->party_links = party_links_.get();
    services_->platform = platform_.get();
    live_ = std::make_unique<Live>(*loop_, clock, *historian_,
                                   [this] { return identity_->access_changes(); });
    pool_ = sys::make_worker_pool(1, 1);
    RouterOptions options;
    options.new_upload_path = [this] { return imports_->new_upload_path(); };
    options.admit = [this](TenantId tenant) { return meter_->admit_request(tenant); };
    options.assets = {
        {"/index.html", "text/html", "gzip", "\"a\"", "page", false},
        {"/assets/x-1.js", "text/javascript; charset=utf-8", "gzip", "\"b\"", "code", true}};
    options.certificate_owner = [this](const std::string& fingerprint) {
      return certificate_owner_ ? certificate_owner_(fingerprint) : std::nullopt;
    };
    options.security_txt = [] { return std::string("Contact: mailto:a@example.com\n"); };
    router_ = std::make_unique<Router>(*identity_, *pool_, *live_, options);
    router_->add(all_routes(*services_));
    machines_ = std::thread([this] { loop_->run(); });
  }
  ~Api() override {
    pool_.reset();  // a worker may still be on its way back to the router's line
    house_.end();
    loop_->post([this] { loop_->stop(); });
    machines_.join();
  }

  Reply ask(const std::string& method, const std::string& address, const Json& body = {},
            sys::HttpHeaders headers = {}) {
    sys::HttpRequest request;
    request.method = method;
    const std::size_t mark = std::min(address.find('?'), address.size());
    request.path = "/api/v1" + address.substr(0, mark);
    request.query = address.substr(std::min(mark + 1, address.size()));
    request.peer.host = "127.0.0.1";
    request.headers = std::move(headers);
    if (!body.is_null()) {
      request.body = body.dump();
      request.headers.emplace_back("content-type", "application/json");
    }
    return router_->answer(request);
  }

  // Claims the server; the reply carries the administrator's cookie and CSRF token.
  Reply claim() {
    const std::string code = identity_->issue_claim_code().value();
    return ask("POST", "/claim",
               {{"code", code},
                {"organisation", "Northfield Steel"},
                {"email", "ada@example.com"},
                {"name", "Ada"},
                {"password", kPassword}});
  }

  static std::string header(const Reply& reply, std::string_view name) {
    for (const auto& [key, value] : reply.headers) {
      if (key == name) return value;
    }
    return {};
  }
  static std::string cookie_of(const Reply& reply) {
    const std::string header_text = header(reply, "set-cookie");
    return header_text.substr(0, header_text.find(';'));
  }

  std::string token(Role role) {
    const identity::Principal administrator = administrator_principal();
    return "Bearer " + identity_->create_token(administrator, {"test", role, {}}).value().secret;
  }
  identity::Principal administrator_principal() {
    const std::string secret = session_.substr(session_.find('=') + 1);
    return identity_->find_session(secret).value().principal;
  }
  // The headers of a viewer who speaks for `party`; for none if it is "".
  sys::HttpHeaders speaker(const std::string& party) {
    const std::string email = (party.empty() ? "nobody" : party) + "@example.com";
    const auto user = identity_->create_user(administrator_principal(),
                                             {email, "Someone", Role::kViewer, kPassword});
    const std::string path = "/users/" + std::to_string(user->id.value) + "/party";
    const sys::HttpHeaders administrator{{"authorization", token(Role::kAdministrator)}};
    if (!party.empty()) {
      EXPECT_EQ(ask("PUT", path, {{"party", party}}, administrator).status, 204);
    }
    const auto session = identity_->sign_in({email, kPassword, "127.0.0.1", ""});
    return {{"cookie", std::string(kSessionCookie) + "=" + session->cookie},
            {"x-csrf-token", session->session.csrf_token}};
  }
  void claim_and_keep() {
    const Reply claimed = claim();
    ASSERT_EQ(claimed.status, 201) << claimed.body;
    session_ = cookie_of(claimed);
    csrf_ = Json::parse(claimed.body)["csrf"];
  }

  Folder folder_;
  Outside outside_;
  std::unique_ptr<sys::EventLoop> loop_ = sys::make_event_loop();
  std::unique_ptr<historian::Historian> historian_;
  std::unique_ptr<identity::Identity> identity_;
  std::unique_ptr<records::Documents> documents_;
  std::unique_ptr<connect::ConnectionManager> manager_;
  std::unique_ptr<connect::Registry> registry_;
  std::unique_ptr<connect::TemplateStore> templates_;
  House house_;
  connect::testing::MemorySink nowhere_;
  connect::FlowTap tap_{*loop_, nowhere_};
  std::unique_ptr<connect::Flows> flows_;
  std::unique_ptr<retention::Keeper> retention_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<rights::Register> rights_;
  std::unique_ptr<rights::LicenceBook> licences_;
  std::unique_ptr<rights::RoyaltyBook> royalties_;
  std::unique_ptr<rights::ProjectBook> projects_;
  std::unique_ptr<rights::AgreementBook> agreements_;
  std::unique_ptr<rights::KeyBook> keys_;
  std::unique_ptr<rights::DeadlineBook> deadlines_;
  std::unique_ptr<intake::ImportService> imports_;
  NoBackups backups_;
  std::unique_ptr<tenancy::Meter> meter_;
  std::unique_ptr<tenancy::Signups> signups_;
  std::unique_ptr<rights::PartyLinks> party_links_;
  std::unique_ptr<DoorPlatform> platform_;
  NoVault vault_;
  NoMaintenance maintenance_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Live> live_;
  std::unique_ptr<sys::WorkerPool> pool_;
  std::unique_ptr<Router> router_;
  std::function<std::optional<identity::TokenId>(const std::string&)> certificate_owner_;
  int claims_ = 0;
  std::string session_;
  std::string csrf_;
  std::thread machines_;  // runs the loop: connections and flows are made on it, and asked there
};

}  // namespace lineshaft::api

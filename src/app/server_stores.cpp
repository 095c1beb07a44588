#include "app/server_stores.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "app/key_house.h"
#include "app/organisations.h"
#include "app/web_fetcher.h"
#include "base/hex.h"
#include "base/log.h"
#include "docket/rule_book.h"
#include "historian/house.h"
#include "identity/authority.h"
#include "identity/identity.h"
#include "identity/operator.h"
#include "ledger/ledger.h"
#include "ledger/note.h"
#include "records/database.h"
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
#include "sys/clock.h"
#include "sys/file.h"
#include "tenancy/meter.h"
#include "tenancy/signups.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kCertificateBytesMax = 1024 * 1024;
// The organisation that claims the server; its data may be collected before. The register of rights
// is its own.
constexpr std::array kRegister{identity::kOperator};
// Journals are small: a file of the ledger's log holds some 40,000.
constexpr std::size_t kLedgerSegmentBytes = 4 * 1024 * 1024;

sys::FileSystem& files() { return sys::real_file_system(); }

Result<sys::Certificate> read_certificate(const std::string& certificate, const std::string& key) {
  const Result<Bytes> certificate_pem = sys::read_file(files(), certificate, kCertificateBytesMax);
  if (!certificate_pem) return certificate_pem.error();
  const Result<Bytes> key_pem = sys::read_file(files(), key, kCertificateBytesMax);
  if (!key_pem) return key_pem.error();
  return sys::Certificate{std::string(as_text(*certificate_pem)), std::string(as_text(*key_pem))};
}

// The name counts when the ledger is made, and then for ever: others tell ledgers apart by it.
std::string new_ledger_name(const Config& config) {
  if (!config.names.empty() && ledger::is_key_name(config.names.front())) {
    return config.names.front() + "/ledger";
  }
  std::array<std::uint8_t, 6> random{};
  sys::real_random().fill(random);
  return "lineshaft-" + hex_text(random) + "/ledger";
}

// Opens one store after another.
class Opening {
 public:
  Opening(const Config& config, ServerStores& stores) : config_(config), stores_(stores) {}

  Status open_all() {
    if (Status made = files().create_directories(config_.data_directory); !made) return made;
    auto lock = files().lock_directory(config_.data_directory);
    if (!lock) return lock.error();
    stores_.lock = *std::move(lock);
    auto keys = KeyHouse::open(config_);
    if (!keys) return keys.error();
    stores_.key_house = *std::move(keys);

    if (Status opened = open_identity(); !opened) return opened;
    stores_.tenants = tenants_of(*stores_.identity, false);
    Status metering = open_book(stores_.meter, sys::real_clock());
    if (metering) metering = open_book(stores_.signups, sys::real_clock());
    if (!metering) return metering;
    if (Status opened = open_authority(); !opened) return opened;
    if (Status settled = stores_.key_house->settle(*stores_.documents); !settled) return settled;
    if (Status opened = open_ledger(); !opened) return opened;
    if (Status opened = open_historian(); !opened) return opened;
    return open_rights();
  }

 private:
  std::string path(std::string_view name) const {
    return sys::join_path(config_.data_directory, name);
  }

  // And the documents beside it. The first connection to the records checks them.
  Status open_identity() {
    auto identity_database = records::Database::open(files(), {.path = path("records.db")});
    if (!identity_database) return identity_database.error();
    for (const std::string& damage : (*identity_database)->recovery().damages) {
      log_warn("records", damage);
    }
    auto documents_database =
        records::Database::open(files(), {.path = path("records.db"), .check = false});
    if (!documents_database) return documents_database.error();
    KeyHouse& house = *stores_.key_house;
    stores_.web = std::make_unique<HttpsFetcher>(config_.outgoing);
    identity::IdentityOptions people;
    people.seal = &house.factor_seal();
    people.audit_files = &house.key_files();
    people.web = stores_.web.get();
    auto identity = identity::Identity::open(*std::move(identity_database), sys::real_clock(),
                                             sys::real_random(), people);
    if (!identity) return identity.error();
    stores_.identity = *std::move(identity);
    house.also_settle([&stores = stores_] { return stores.identity->seal_stale_factors(); });
    auto documents = records::Documents::open(*std::move(documents_database), &house.seal());
    if (!documents) return documents.error();
    stores_.documents = *std::move(documents);
    return {};
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
    return open_book(stores_.authority, stores_.key_house->key_files(), sys::real_clock(),
                     std::move(options));
  }

  Status open_ledger() {
    ledger::LedgerOptions options;
    options.directory = path("ledger");
    options.origin = new_ledger_name(config_);
    options.segment_bytes = kLedgerSegmentBytes;
    auto ledger = ledger::Ledger::open(stores_.key_house->files(), sys::real_random(),
                                       sys::real_clock(), std::move(options));
    if (!ledger) return ledger.error();
    stores_.ledger = *std::move(ledger);
    if (const auto damage = stores_.ledger->read_only()) log_error("ledger", damage->text());
    return {};
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
    Status opened = open_book(stores_.rights, clock);
    if (opened) opened = open_book(stores_.licences, *stores_.rights, clock);
    if (opened) {
      const rights::RoyaltySources sources{*stores_.rights, *stores_.licences, *stores_.historian};
      opened = open_book(stores_.royalties, sources, *stores_.ledger, clock);
    }
    if (opened) opened = open_book(stores_.projects, *stores_.rights, clock);
    if (opened) opened = open_book(stores_.agreements, *stores_.rights, clock);
    if (opened) opened = open_book(stores_.keys, clock);
    if (opened) opened = open_book(stores_.party_links);
    return opened ? open_deadlines() : opened;
  }

  Status open_deadlines() {
    auto rules = docket::RuleBook::read(docket::shipped_packs());
    if (!rules) return rules.error();
    auto deadlines = rights::DeadlineBook::open(*std::move(rules), *stores_.rights,
                                                sys::real_clock(), kRegister);
    if (!deadlines) return deadlines.error();
    stores_.deadlines = *std::move(deadlines);
    return {};
  }

  Status open_historian() {
    historian::HouseOptions house;
    historian::HistorianOptions& history = house.store;
    history.directory = path("history");
    auto rules = retention::stored_rules(*stores_.documents, stores_.tenants);
    if (!rules) return rules.error();
    history.retention = *std::move(rules);
    history.memtable_bytes_max = config_.memtable_mib << 20;
    history.scrub_period = std::chrono::hours(24 * config_.scrub_days);
    history.disk_low = config_.disk_low;
    history.disk_critical = config_.disk_critical;
    house.first = identity::kOperator;
    house.directory_of = [directory = config_.data_directory](TenantId tenant) {
      return history_of(directory, tenant);
    };
    house.room = [&meter = *stores_.meter](TenantId tenant, std::uint64_t tags) {
      return meter.check_room(tenant, tenancy::Quota::kTags, tags);
    };
    auto historian = historian::House::open(stores_.key_house->files(), sys::real_clock(),
                                            sys::real_random(), std::move(house), stores_.tenants);
    if (!historian) return historian.error();
    stores_.historian = *std::move(historian);
    for (const std::string& damage : stores_.historian->recovery().damages) {
      log_warn("historian", damage);
    }
    return {};
  }

  const Config& config_;
  ServerStores& stores_;
};

}  // namespace

ServerStores::ServerStores() = default;
ServerStores::~ServerStores() = default;

Result<std::unique_ptr<ServerStores>> ServerStores::open(const Config& config) {
  auto stores = std::make_unique<ServerStores>();
  if (Status opened = Opening(config, *stores).open_all(); !opened) return opened.error();
  return stores;
}

}  // namespace lineshaft::app

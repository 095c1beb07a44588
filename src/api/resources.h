// api/resources.h: the groups of routes and the services they call. One file per group.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/backups.h"
#include "api/maintenance.h"
#include "api/route.h"
#include "api/vault_desk.h"
#include "connect/registry.h"
#include "historian/historian.h"
#include "identity/identity.h"
#include "intake/import.h"
#include "ledger/ledger.h"
#include "retention/keeper.h"
#include "rights/agreement_book.h"
#include "rights/deadline_book.h"
#include "rights/key_book.h"
#include "rights/licence_book.h"
#include "rights/project_book.h"
#include "rights/register.h"
#include "rights/royalty_book.h"
#include "sys/clock.h"
#include "sys/destinations.h"
#include "sys/file.h"

namespace lineshaft::identity {
class Authority;
}

namespace lineshaft::connect {
class Flows;
class TemplateStore;
namespace opcua {
class TrustStore;
}
}  // namespace lineshaft::connect

namespace lineshaft::rights {
class PartyLinks;
}

namespace lineshaft::tenancy {
class Meter;
class Signups;
}  // namespace lineshaft::tenancy

namespace lineshaft::api {

class Platform;

// What the routes call. Joined in app/; every reference outlives the router.
struct Services {
  sys::FileSystem& files;
  sys::Clock& clock;
  historian::Historian& historian;
  identity::Identity& identity;
  connect::Registry& connections;
  intake::ImportService& imports;
  std::string version;
  std::string data_directory;
  Timestamp started;
  std::function<void()> on_claimed;             // opens the configured interfaces
  std::function<std::uint64_t()> memory_bytes;  // resident, of this process
  // How the wall clock was set lately, in words; "" if it was not.
  std::function<std::string()> clock_jump = [] { return std::string(); };
  Backups* backups = nullptr;                   // needed by backup_routes
  Maintenance* maintenance = nullptr;           // needed by historian_routes
  retention::Keeper* retention = nullptr;       // needed by retention_routes
  ledger::Ledger* ledger = nullptr;             // needed by ledger_routes, shown by overview_routes
  rights::Register* rights = nullptr;           // needed by rights_routes
  rights::LicenceBook* licences = nullptr;      // needed by licence_routes
  rights::RoyaltyBook* royalties = nullptr;     // needed by royalty_routes, statement_routes
  rights::ProjectBook* projects = nullptr;      // needed by project_routes
  rights::AgreementBook* agreements = nullptr;  // needed by agreement_routes
  rights::KeyBook* keys = nullptr;              // needed by agreement_routes
  // needed by rights_routes, docket_routes, shown by overview_routes
  rights::DeadlineBook* deadlines = nullptr;
  connect::TemplateStore* templates = nullptr;  // needed by template_routes
  // Null if the server could not open it: trust_routes say so.
  connect::opcua::TrustStore* opcua_trust = nullptr;
  connect::Flows* flows = nullptr;            // needed by flow_routes
  rights::PartyLinks* party_links = nullptr;  // needed by speaker_routes
  Platform* platform = nullptr;               // needed by organisation_routes
  tenancy::Meter* meter = nullptr;            // needed by organisation_routes, connection_routes
  tenancy::Signups* signups = nullptr;        // needed by signup_routes
  // Where samples of programs go; null: to the historian.
  SampleSink* samples = nullptr;
  // What the server may be called by: passkeys are bound to one of them.
  std::vector<std::string> names = {"localhost"};
  identity::Authority* authority = nullptr;  // needed by certificate_routes
  // Where the console and the API answer, "127.0.0.1:8443"; shown by exposure_routes.
  std::function<std::vector<std::string>()> listening = [] { return std::vector<std::string>(); };
  // Where the server may connect to; shown by exposure_routes.
  sys::Destinations outgoing = sys::Destinations();
  // Where anything may go without encryption; shown by exposure_routes.
  sys::Destinations plain = sys::Destinations();
  // For whoever is about to sign in; shown by access_routes. "": none.
  std::string notice = std::string();
  std::function<void()> on_certificates = [] {};  // what the server shows or asks has changed
  VaultDesk* vault = nullptr;                     // needed by vault_routes
};

std::vector<Route> access_routes(const Services& services);
std::vector<Route> audit_routes(const Services& services);
std::vector<Route> duty_routes(const Services& services);
std::vector<Route> session_routes(const Services& services);
std::vector<Route> account_routes(const Services& services);
std::vector<Route> invitation_routes(const Services& services);
std::vector<Route> provider_routes(const Services& services);
std::vector<Route> provider_setting_routes(const Services& services);
std::vector<Route> connection_routes(const Services& services);
std::vector<Route> write_routes(const Services& services);
std::vector<Route> table_routes(const Services& services);
std::vector<Route> template_routes(const Services& services);
std::vector<Route> backfill_routes(const Services& services);
std::vector<Route> method_routes(const Services& services);
std::vector<Route> tag_routes(const Services& services);
std::vector<Route> value_routes(const Services& services);
std::vector<Route> aggregate_routes(const Services& services);
std::vector<Route> line_routes(const Services& services);
std::vector<Route> import_routes(const Services& services);
std::vector<Route> overview_routes(const Services& services);
std::vector<Route> backup_routes(const Services& services);
std::vector<Route> historian_routes(const Services& services);
std::vector<Route> retention_routes(const Services& services);
std::vector<Route> erase_routes(const Services& services);
std::vector<Route> rights_routes(const Services& services);
std::vector<Route> licence_routes(const Services& services);
std::vector<Route> ledger_routes(const Services& services);
std::vector<Route> royalty_setting_routes(const Services& services);
std::vector<Route> royalty_routes(const Services& services);
std::vector<Route> statement_routes(const Services& services);
std::vector<Route> division_routes(const Services& services);
std::vector<Route> project_routes(const Services& services);
std::vector<Route> agreement_routes(const Services& services);
std::vector<Route> docket_routes(const Services& services);
std::vector<Route> register_file_routes(const Services& services);
std::vector<Route> trust_routes(const Services& services);
std::vector<Route> certificate_routes(const Services& services);
std::vector<Route> exposure_routes(const Services& services);
std::vector<Route> flow_routes(const Services& services);
std::vector<Route> organisation_routes(const Services& services);
std::vector<Route> own_organisation_routes(const Services& services);
std::vector<Route> signup_routes(const Services& services);
std::vector<Route> speaker_routes(const Services& services);
std::vector<Route> export_routes(const Services& services);
std::vector<Route> vault_routes(const Services& services);

// All of them. Only the description of the routes themselves is missing: openapi_route().
std::vector<Route> all_routes(const Services& services);

// A handler that gets the services; they outlive it.
using ServiceHandler = Result<Reply> (*)(const Services& services, const Request& request);
Handler bind(const Services& services, ServiceHandler function);

// `GET /openapi.json`, generated from `routes` (which outlive it) and the schemas.
Route openapi_route(const std::vector<Route>& routes, std::string version);
// The OpenAPI 3.1 document.
Json openapi_document(const std::vector<Route>& routes, std::string_view version);

// Enters what the requester is about to do. An error means: do not do it.
Status audit(const Services& services, const Request& request, std::string_view action,
             std::string_view object, std::string_view detail = "");

// The same for a change: what is different between the two, without secrets and within bounds.
// Null: it was not there before, or is not there any more.
Status audit_change(const Services& services, const Request& request, std::string_view action,
                    std::string_view object, const Json& before, const Json& after,
                    std::string_view detail = "");

// Appends and blocks until every sample is durable, or none is kept.
Status append_and_wait(SampleSink& sink, SampleBatch batch);
inline SampleSink& sink_of(const Services& services) {
  return services.samples != nullptr ? *services.samples : services.historian;
}

// The query parameter `tags`: 1..max ids joined by commas.
Result<std::vector<TagId>> query_tags(const Request& request, std::size_t max);
// The tag of the query parameter `tag`. Errors: as tag_for of api/scope.h.
Result<Tag> query_tag(const Services& services, const Request& request,
                      identity::Permission what = identity::Permission::kTagRead);
// The tag of the path parameter `id`. Errors: as tag_for of api/scope.h.
Result<Tag> path_tag(const Services& services, const Request& request,
                     identity::Permission what = identity::Permission::kTagRead);

// Samples of a tag in a range, those that are summed up included. Errors: as Historian::aggregate.
Result<std::uint64_t> count_samples(const Services& services, TenantId tenant, TagId tag,
                                    TimeRange range);

}  // namespace lineshaft::api

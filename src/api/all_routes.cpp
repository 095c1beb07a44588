#include <algorithm>
#include <iterator>

#include "api/resources.h"

namespace lineshaft::api {

std::vector<Route> all_routes(const Services& services) {
  std::vector<Route> all;
  for (const auto group :
       {access_routes,          audit_routes,     connection_routes,   tag_routes,
        value_routes,           aggregate_routes, line_routes,         import_routes,
        overview_routes,        backup_routes,    historian_routes,    retention_routes,
        erase_routes,           rights_routes,    licence_routes,      ledger_routes,
        royalty_setting_routes, royalty_routes,   statement_routes,    division_routes,
        project_routes,         agreement_routes, docket_routes,       register_file_routes,
        trust_routes,           flow_routes,      write_routes,        table_routes,
        template_routes,        backfill_routes,  method_routes,       duty_routes,
        session_routes,         account_routes,   invitation_routes,   certificate_routes,
        exposure_routes,        vault_routes,     organisation_routes, own_organisation_routes,
        signup_routes,          speaker_routes,   export_routes,       provider_routes,
        provider_setting_routes}) {
    std::ranges::move(group(services), std::back_inserter(all));
  }
  return all;
}

}  // namespace lineshaft::api

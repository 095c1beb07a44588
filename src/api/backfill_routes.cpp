// Values that machines kept while nobody listened: fetched on demand, with progress.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/scope.h"

namespace lineshaft::api {
namespace {

using connect::BackfillRequest;
using connect::BackfillStatus;

constexpr int kAccepted = 202;

Json status_json(const std::optional<BackfillStatus>& status) {
  if (!status) return {{"state", "none"}};
  return {{"state", connect::backfill_state_name(status->state)},
          {"dry_run", status->dry_run},
          {"after_outage", status->after_outage},
          {"from", format_rfc3339(status->range.from)},
          {"to", format_rfc3339(status->range.to)},
          {"signals", status->signals},
          {"signals_done", status->signals_done},
          {"signals_without", status->signals_without},
          {"values", status->values},
          {"error", status->error ? Json(*status->error) : Json()}};
}

Result<Timestamp> time_of(const Json& body, const char* name) {
  const Result<std::string> text = optional_string(body, name, "");
  if (!text) return text.error();
  if (text->empty()) return Error{ErrorId::kInvalidArgument, std::string(name) + ": is missing"};
  const Result<Timestamp> time = parse_timestamp(*text);
  if (time) return time;
  return Error{ErrorId::kInvalidArgument, std::string(name) + ": " + time.error().what};
}

Result<BackfillRequest> read_request(const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"from", "to", "dry_run"}); !known) return known.error();
  const Result<Timestamp> from = time_of(*body, "from");
  if (!from) return from.error();
  const Result<Timestamp> to = time_of(*body, "to");
  if (!to) return to.error();
  const Result<bool> dry_run = optional_bool(*body, "dry_run", false);
  if (!dry_run) return dry_run.error();
  return BackfillRequest{{*from, *to}, *dry_run};
}

Result<Reply> status(const Services& services, const Request& request) {
  const auto connection = path_connection(services, request);
  if (!connection) return connection.error();
  const auto found = services.connections.backfill_status(request.tenant(), connection->id);
  if (!found) return found.error();
  return Reply::json(status_json(*found));
}

Result<Reply> start(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto connection = services.connections.get(request.tenant(), *id);
  if (!connection) return connection.error();
  const Result<BackfillRequest> wanted = read_request(request);
  if (!wanted) return wanted.error();
  if (!wanted->dry_run) {
    const std::string what =
        "from " + format_rfc3339(wanted->range.from) + " to " + format_rfc3339(wanted->range.to);
    Status noted = audit(services, request, "connection.backfill", connection->config.name, what);
    if (!noted) return noted.error();
  }
  Status begun = services.connections.backfill(request.tenant(), *id, *wanted);
  if (!begun) return begun.error();
  const auto now = services.connections.backfill_status(request.tenant(), *id);
  if (!now) return now.error();
  return Reply::json(status_json(*now), kAccepted);
}

Result<Reply> cancel(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Status done = services.connections.cancel_backfill(request.tenant(), *id);
  if (!done) return done.error();
  return Reply::nothing();
}

}  // namespace

std::vector<Route> backfill_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs_at(Permission::kConnectionRead);
  const Rule manage = Rule::needs(Permission::kConnectionManage);
  return {
      {"GET", "/connections/{id}/backfill", read,
       "How the fetching of past values stands, or how the last one ended", "", "Backfill",
       bind(services, status)},
      {"POST", "/connections/{id}/backfill", manage,
       "Fetch the values that the machine kept of a time; a dry run counts them", "BackfillRequest",
       "Backfill", bind(services, start)},
      {"DELETE", "/connections/{id}/backfill", manage, "Give the fetching up", "", "",
       bind(services, cancel)},
  };
}

}  // namespace lineshaft::api

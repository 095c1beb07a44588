#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/exposure.h"
#include "api/platform.h"
#include "api/resources.h"
#include "api/rights_view.h"
#include "api/scope.h"
#include "connect/flows/flows.h"
#include "identity/authority.h"
#include "tenancy/meter.h"

namespace lineshaft::api {
namespace {

using connect::ConnectionState;
using identity::Permission;

constexpr int kDaysBeforeDeadline = 30;

Json attention_item(std::string_view severity, const std::string& title,
                    const std::string& detail) {
  return {{"severity", severity}, {"title", title}, {"detail", detail}};
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

void add_disk_state(const historian::HistorianCounters& store, Json& items) {
  if (store.disk_full) {
    Json item = attention_item("error", "The disk is full",
                               std::string(error_entry(ErrorId::kDiskFull).remedy));
    item["id"] = error_number(ErrorId::kDiskFull);
    items.push_back(std::move(item));
  } else if (store.disk_state == historian::DiskState::kLow) {
    Json item = attention_item("warning", "The disk is nearly full",
                               mebibytes(store.disk_free_bytes) +
                                   " are free. Make room before no more samples are taken.");
    item["word"] = "disk_low";
    items.push_back(std::move(item));
  }
}

void add_damage(const historian::HistorianCounters& store, Json& items) {
  if (store.damaged_blocks == 0) return;
  Json item = attention_item("warning", "Stored values are damaged",
                             std::to_string(store.damaged_blocks) +
                                 " blocks can be neither read nor repaired; the server's log names "
                                 "them. Restore them from a backup.");
  item["word"] = "blocks_damaged";
  items.push_back(std::move(item));
}

void add_deadlines(std::string_view severity, const std::string& word, const std::string& what,
                   std::size_t count, Json& items) {
  if (count == 0) return;
  const std::string number = std::to_string(count);
  Json item = attention_item(severity, number + (count == 1 ? " deadline " : " deadlines ") + what,
                             "Pay or act, and mark what was done.");
  item["word"] = word;
  item["count"] = count;
  item["link"] = "/portfolio/deadlines";
  items.push_back(std::move(item));
}

// Of the rights that the reader may see; nothing for who sees none.
void add_deadlines(const Services& services, const Request& request, Json& items) {
  if (services.deadlines == nullptr) return;
  if (!identity::authorise(request.principal, identity::Permission::kRightsRead)) return;
  const Result<rights::View> view = rights_view(services, request);
  if (!view) return;
  const auto tasks = services.deadlines->pressing(*view, kDaysBeforeDeadline);
  if (!tasks) return;
  add_deadlines("error", "deadlines_overdue", "overdue", tasks->overdue, items);
  add_deadlines("warning", "deadlines_due",
                "due within " + std::to_string(kDaysBeforeDeadline) + " days", tasks->due, items);
}

// For whoever can do something about it.
void add_certificates(const Services& services, const Request& request, Json& items) {
  if (!identity::authorise(request.principal, identity::Permission::kCertificateManage)) return;
  for (const Finding& finding : ending_certificates(services, request.tenant())) {
    Json item = attention_item(finding.urgency == Urgency::kMend ? "error" : "warning",
                               finding.text, finding.remedy);
    item["link"] = finding.link;
    items.push_back(std::move(item));
  }
}

// A destination that is away long enough costs values: said while there is half of the room left.
void add_queue(const connect::RegisteredFlow& flow, Json& items) {
  const auto& queue = flow.status.outlet.queue;
  if (!queue || queue->level == connect::QueueLevel::kCalm) return;
  const bool full = queue->level == connect::QueueLevel::kFull;
  const std::string waiting =
      std::to_string(queue->samples) + " samples wait, " + mebibytes(queue->bytes);
  Json item = attention_item(
      full ? "error" : "warning",
      flow.config.name + (full ? ": the oldest values are dropped" : ": half of the queue is used"),
      waiting + ". See why the destination is away, or give the queue more room.");
  item["word"] = full ? "queue_full" : "queue_half";
  item["name"] = flow.config.name;
  item["link"] = "/flows";
  items.push_back(std::move(item));
}

void add_flows(const Services& services, const Request& request, Json& items) {
  if (services.flows == nullptr || !has_everywhere(request, Permission::kConnectionRead)) return;
  for (const connect::RegisteredFlow& flow : services.flows->list(request.tenant())) {
    if (!flow.status.running) continue;
    add_queue(flow, items);
    const connect::OutletStatus& outlet = flow.status.outlet;
    if (outlet.state == connect::OutletState::kUp || !outlet.last_error) continue;
    Json item = attention_item("warning", flow.config.name, *outlet.last_error);
    item["link"] = "/flows";
    items.push_back(std::move(item));
  }
}

void add_ledger_damage(const Services& services, Json& items) {
  if (const auto damage = services.ledger ? services.ledger->read_only() : std::nullopt) {
    Json item = attention_item("error", "The ledger takes no journals", damage->what);
    item["id"] = error_number(ErrorId::kLedgerReadOnly);
    items.push_back(std::move(item));
  }
}

// Of the server as a whole.
void add_damages(const Services& services, const historian::HistorianCounters& store, Json& items) {
  add_damage(store, items);
  for (const std::string& damage : services.historian.recovery().damages) {
    items.push_back(attention_item("warning", "Damaged data was set aside at start", damage));
  }
  if (const std::string jump = services.clock_jump(); !jump.empty()) {
    items.push_back(attention_item("warning", "The clock was set", jump));
  }
}

// What a person should look at, the gravest first.
Json attention(const Services& services, const Request& request,
               const historian::HistorianCounters& store) {
  Json items = Json::array();
  if (store.poisoned) {
    Json item = attention_item("error", "The store takes no more writes",
                               std::string(error_entry(ErrorId::kStorePoisoned).remedy));
    item["id"] = error_number(ErrorId::kStorePoisoned);
    items.push_back(std::move(item));
  }
  add_disk_state(store, items);
  const bool of_server = has_everywhere(request, Permission::kMetricsRead);
  if (of_server) add_ledger_damage(services, items);
  add_deadlines(services, request, items);
  add_certificates(services, request, items);
  if (of_server) add_damages(services, store, items);
  for (const auto& connection : connections_of(services, request)) {
    if (connection.status.state != ConnectionState::kRetrying) continue;
    Json item = attention_item("warning", connection.config.name,
                               connection.status.last_error.value_or("not connected"));
    item["link"] = "/machines/" + std::to_string(connection.id);
    items.push_back(std::move(item));
  }
  add_flows(services, request, items);
  return items;
}

std::optional<Timestamp> last_backup(const Services& services) {
  return services.backups != nullptr ? services.backups->status().last_success : std::nullopt;
}

// Of the server as a whole for the operator; for others what is theirs, and what stops all.
historian::HistorianCounters counters_for(const Services& services, const Request& request) {
  const historian::HistorianCounters all = services.historian.counters();
  if (has_everywhere(request, Permission::kMetricsRead)) return all;
  historian::HistorianCounters own;
  own.poisoned = all.poisoned;
  own.disk_full = all.disk_full;
  own.disk_state = all.disk_state;
  own.samples_appended = services.meter->samples_since_start(request.tenant());
  own.file_bytes = services.platform->gauges(request.tenant()).bytes;
  return own;
}

Json storage_json(const Services& services, const historian::HistorianCounters& store) {
  const Result<std::uint64_t> free = services.files.free_bytes(services.data_directory);
  return {{"file_bytes", store.file_bytes},
          {"wal_bytes", store.wal_bytes},
          {"memtable_bytes", store.memtable_bytes},
          {"disk_free_bytes", free ? Json(*free) : Json()},
          {"disk_full", store.disk_full},
          {"disk_low", store.disk_state == historian::DiskState::kLow},
          {"poisoned", store.poisoned},
          {"damaged_blocks", store.damaged_blocks},
          {"repaired_blocks", store.repaired_blocks},
          {"scrub_finished", time_or_null(store.scrub.finished)},
          {"last_backup", time_or_null(last_backup(services).value_or(Timestamp{}))}};
}

Result<Reply> overview(const Services& services, const Request& request) {
  const historian::HistorianCounters store = counters_for(services, request);
  // Figures of the whole server are nobody's business but of who runs it.
  const bool of_server = has_everywhere(request, Permission::kMetricsRead);
  const auto connections = connections_of(services, request);
  double values_per_second = 0;
  std::uint64_t tags_bad = 0;
  std::array<int, 4> in_state{};
  for (const auto& connection : connections) {
    values_per_second += connection.status.values_per_second;
    tags_bad += connection.status.tags_bad;
    ++in_state[static_cast<std::size_t>(connection.status.state)];
  }
  const auto count = [&](ConnectionState state) {
    return in_state[static_cast<std::size_t>(state)];
  };
  const auto of_reader = scoped({}, request, Permission::kTagRead);
  const bool reads_tags =
      identity::authorise_somewhere(request.principal, Permission::kTagRead).ok();
  const std::uint64_t tags =
      reads_tags ? services.historian.list_tags(request.tenant(), of_reader, 0, 0).total : 0;
  return Reply::json(
      {{"time", format_rfc3339(services.clock.now())},
       {"started", format_rfc3339(services.started)},
       {"version", services.version},
       {"values_per_second", values_per_second},
       {"values_stored", of_server ? Json(store.samples_appended) : Json()},
       {"tags", tags},
       {"tags_bad", tags_bad},
       {"connections",
        {{"total", connections.size()},
         {"connected", count(ConnectionState::kConnected)},
         {"retrying", count(ConnectionState::kRetrying) + count(ConnectionState::kConnecting)},
         {"disabled", count(ConnectionState::kDisabled)}}},
       {"storage", of_server ? storage_json(services, store) : Json()},
       {"memory_bytes", of_server ? Json(services.memory_bytes()) : Json()},
       {"attention", attention(services, request, store)}});
}

// One metric of the Prometheus text format 0.0.4.
void metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            const std::string& value) {
  const std::string full = "lineshaft_" + std::string(name);
  out += "# HELP " + full + " " + std::string(help) + "\n# TYPE " + full + " " + std::string(type) +
         "\n" + full + " " + value + "\n";
}

double seconds(Timestamp time) { return static_cast<double>(time.ns) * 1e-9; }

void add_care_metrics(const Services& services, const historian::HistorianCounters& store,
                      std::string& text) {
  metric(text, "merges_total", "counter", "Merges of files since start.",
         std::to_string(store.merges));
  metric(text, "damaged_blocks", "gauge", "Blocks met since start that could not be repaired.",
         std::to_string(store.damaged_blocks));
  metric(text, "repaired_blocks_total", "counter", "Blocks repaired from parity since start.",
         std::to_string(store.repaired_blocks));
  metric(text, "scrub_done_ratio", "gauge", "Part of the files read by the present check.",
         store.scrub.bytes_total == 0
             ? "1"
             : std::to_string(static_cast<double>(store.scrub.bytes_done) /
                              static_cast<double>(store.scrub.bytes_total)));
  const Timestamp now = services.clock.now();
  const auto age = [&](Timestamp then) { return std::to_string(seconds(now) - seconds(then)); };
  if (store.scrub.finished != Timestamp{}) {
    metric(text, "scrub_age_seconds", "gauge", "Time since all files were read and found whole.",
           age(store.scrub.finished));
  }
  if (const std::optional<Timestamp> backup = last_backup(services)) {
    metric(text, "backup_age_seconds", "gauge", "Time since the last successful backup.",
           age(*backup));
  }
  metric(text, "disk_free_bytes", "gauge", "Free space for data.",
         std::to_string(store.disk_free_bytes));
  metric(text, "disk_low", "gauge", "1 while little space is left, 2 while samples are refused.",
         std::to_string(static_cast<int>(store.disk_state)));
}

void add_ledger_metrics(const ledger::Ledger& ledger, std::string& text) {
  metric(text, "ledger_journals", "gauge", "Entries of the ledger.",
         std::to_string(ledger.last().value));
  metric(text, "ledger_read_only", "gauge", "1 while the ledger is damaged and takes no journals.",
         ledger.read_only() ? "1" : "0");
}

Result<Reply> metrics(const Services& services, const Request&) {
  const historian::HistorianCounters store = services.historian.counters();
  std::string text;
  metric(text, "samples_appended_total", "counter", "Samples made durable since start.",
         std::to_string(store.samples_appended));
  metric(text, "samples_refused_total", "counter", "Samples refused since start.",
         std::to_string(store.samples_refused));
  metric(text, "samples_too_late_total", "counter",
         "Samples left out since start, because retention had summed up their time.",
         std::to_string(store.samples_too_late));
  metric(text, "wal_syncs_total", "counter", "Syncs of the log since start.",
         std::to_string(store.wal_syncs));
  metric(text, "wal_bytes", "gauge", "Size of the log on disk.", std::to_string(store.wal_bytes));
  metric(text, "memtable_bytes", "gauge", "Samples held in memory.",
         std::to_string(store.memtable_bytes));
  metric(text, "files", "gauge", "Immutable files.", std::to_string(store.files));
  metric(text, "file_bytes", "gauge", "Size of the immutable files.",
         std::to_string(store.file_bytes));
  metric(text, "tags", "gauge", "Tags of all tenants.", std::to_string(store.tags));
  metric(text, "store_poisoned", "gauge", "1 after a disk error, until the restart.",
         store.poisoned ? "1" : "0");
  metric(text, "disk_full", "gauge", "1 while writes are refused for want of space.",
         store.disk_full ? "1" : "0");
  add_care_metrics(services, store, text);
  if (services.ledger != nullptr) add_ledger_metrics(*services.ledger, text);
  if (const auto own = services.authority ? services.authority->server()
                                          : Result<identity::ServerCertificate>(Error{})) {
    metric(text, "certificate_end_seconds", "gauge", "When the server's certificate ends.",
           std::to_string(own->info.not_after.ns / 1'000'000'000));
  }
  metric(text, "resident_memory_bytes", "gauge", "Resident memory of the server.",
         std::to_string(services.memory_bytes()));
  Reply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = std::move(text);
  return reply;
}

Result<Reply> healthz(const Services& services, const Request&) {
  Reply reply;
  const historian::HistorianCounters store = services.historian.counters();
  const bool well = !store.poisoned;
  const bool has_room = !store.disk_full && store.disk_state == historian::DiskState::kEnough;
  reply.status = well ? 200 : 503;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = well ? "ok\n" : "the store takes no more writes\n";
  if (well && !has_room) {
    reply.body = store.disk_full ? "ok, but the disk is full\n" : "ok, but little space is left\n";
  }
  return reply;
}

}  // namespace

std::vector<Route> overview_routes(const Services& services) {
  return {
      {"GET", "/overview", Rule::needs_at(Permission::kConnectionRead),
       "What arrives, what is stored, what needs attention", "", "Overview",
       bind(services, overview)},
      {"GET", "/metrics", Rule::needs(Permission::kMetricsRead), "Prometheus text", "", "",
       bind(services, metrics)},
      {"GET", "/healthz", Rule::anyone(), "ok, or 503 when the store takes no more writes", "", "",
       bind(services, healthz)},
  };
}

}  // namespace lineshaft::api

// The audit trail: search, export, proof, witnesses, feeds.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/witness_answers.h"

namespace lineshaft::api {
namespace {

using identity::AuditEntry;
using identity::AuditFeed;
using identity::AuditFilter;
using identity::Permission;

constexpr std::size_t kTextBytesMax = 200;
constexpr std::uint64_t kExportedAtOnce = 500;

identity::AuditTrail& trail(const Services& services) { return services.identity.trail(); }

// What stands in an entry as text is JSON of ours; if it was cut, it is shown as it is.
Json change_json(const std::string& text) {
  if (text.empty()) return nullptr;
  Result<Json> read = parse_json(text);
  return read ? *std::move(read) : Json(text);
}

Json entry_json(const AuditEntry& entry) {
  return {{"id", entry.id},
          {"time", format_rfc3339(entry.time)},
          {"actor", entry.actor},
          {"actor_kind", entry.actor_kind},
          {"actor_id", entry.actor_id},
          {"door", entry.door},
          {"address", entry.address},
          {"request", entry.request},
          {"action", entry.action},
          {"object", entry.object},
          {"detail", entry.detail},
          {"before", change_json(entry.before)},
          {"after", change_json(entry.after)},
          {"result", entry.result}};
}

Result<std::optional<Timestamp>> query_time(const Request& request, const char* name) {
  const auto text = request.query(name);
  if (!text || text->empty()) return std::optional<Timestamp>();
  const Result<Timestamp> time = parse_timestamp(*text);
  if (!time) return Error{time.error().id, std::string(name) + ": " + time.error().what};
  return std::optional(*time);
}

Result<AuditFilter> filter_of(const Request& request) {
  AuditFilter filter;
  const auto from = query_time(request, "from");
  if (!from) return from.error();
  const auto to = query_time(request, "to");
  if (!to) return to.error();
  filter.from = *from;
  filter.to = *to;
  for (const auto& [name, field] :
       {std::pair("actor", &AuditFilter::actor), std::pair("action", &AuditFilter::action),
        std::pair("object", &AuditFilter::object), std::pair("result", &AuditFilter::result),
        std::pair("text", &AuditFilter::text)}) {
    filter.*field = request.query(name).value_or("");
    if ((filter.*field).size() > kTextBytesMax) {
      return Error{ErrorId::kInvalidArgument,
                   std::string(name) + ": at most " + std::to_string(kTextBytesMax) + " bytes"};
    }
  }
  return filter;
}

// By number, not by offset: nothing is seen twice or missed while others write.
Result<Reply> search(const Services& services, const Request& request) {
  const Result<AuditFilter> filter = filter_of(request);
  if (!filter) return filter.error();
  const auto before = request.query_number("before", 0, INT64_MAX);
  if (!before) return before.error();
  const auto limit = request.query_number("limit", 100, identity::kAuditPageMax);
  if (!limit) return limit.error();
  const auto entries = trail(services).search(request.principal, *filter, *before, *limit);
  if (!entries) return entries.error();
  Json items = Json::array();
  for (const AuditEntry& entry : *entries) items.push_back(entry_json(entry));
  const bool more = *limit > 0 && entries->size() == *limit;
  Json next = more ? Json(entries->back().id) : Json(nullptr);
  return Reply::json({{"items", std::move(items)}, {"next", std::move(next)}});
}

// --- export ---

// A program that calculates must not take a text for a formula.
std::string csv_cell(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

constexpr std::string_view kCsvHead =
    "id,time,actor,actor_kind,actor_id,door,address,request,action,object,detail,before,after,"
    "result\r\n";

std::string csv_line(const AuditEntry& entry) {
  std::string line = std::to_string(entry.id) + "," + format_rfc3339(entry.time);
  for (const std::string& text :
       {entry.actor, entry.actor_kind, std::to_string(entry.actor_id), entry.door, entry.address,
        entry.request, entry.action, entry.object, entry.detail, entry.before, entry.after,
        entry.result}) {
    line += "," + csv_cell(text);
  }
  return line + "\r\n";
}

identity::AuditPieces plain_pieces(const Services& services, const Request& request,
                                   AuditFilter filter, bool csv) {
  struct State {
    identity::Principal who;
    AuditFilter filter;
    std::uint64_t after = 0;
    bool began = false;
  };
  auto state = std::make_shared<State>(State{request.principal, std::move(filter), 0, false});
  return [&services, csv, state]() -> Result<std::string> {
    std::string piece;
    if (csv && !state->began) piece = kCsvHead;
    state->began = true;
    const auto some =
        trail(services).read_on(state->who, state->filter, state->after, kExportedAtOnce);
    if (!some) return some.error();
    for (const AuditEntry& entry : *some) {
      piece += csv ? csv_line(entry) : dump(entry_json(entry)) + "\n";
      state->after = entry.id;
    }
    return piece;
  };
}

Result<Reply> export_entries(const Services& services, const Request& request) {
  const Result<AuditFilter> filter = filter_of(request);
  if (!filter) return filter.error();
  const std::string form = request.query("form").value_or("signed");
  Reply reply;
  if (form == "signed") {
    auto pieces = trail(services).signed_export(request.principal, *filter);
    if (!pieces) return pieces.error();
    reply.stream = *std::move(pieces);
    reply.content_type = "text/plain; charset=utf-8";
  } else if (form == "csv" || form == "ndjson") {
    reply.stream = plain_pieces(services, request, *filter, form == "csv");
    reply.content_type = form == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
  } else {
    return Error{ErrorId::kInvalidArgument, "form: must be signed, csv or ndjson"};
  }
  const std::string name = "audit." + (form == "signed" ? std::string("export") : form);
  reply.headers.emplace_back("content-disposition", "attachment; filename=\"" + name + "\"");
  return reply;
}

// --- proof ---

Result<Reply> status(const Services& services, const Request& request) {
  const auto status = trail(services).status(request.principal);
  if (!status) return status.error();
  const auto note = trail(services).checkpoint();
  const auto witnesses = trail(services).witnesses().list();
  if (!witnesses) return witnesses.error();
  return Reply::json({{"entries", status->entries},
                      {"verified", status->verified},
                      {"removed_through", status->removed_through},
                      {"keep_months", status->keep_months},
                      {"trouble", status->trouble},
                      {"key", status->key},
                      {"checkpoint", note ? Json(note->encoded()) : Json(nullptr)},
                      {"witnesses", witnesses_json(*witnesses)}});
}

Reply text_reply(std::string text) {
  Reply reply;
  reply.body = std::move(text);
  reply.content_type = "text/plain; charset=utf-8";
  return reply;
}

Result<Reply> checkpoint(const Services& services, const Request&) {
  const auto note = trail(services).checkpoint();
  if (!note) return note.error();
  return text_reply(note->encoded());
}

Result<Reply> public_key(const Services& services, const Request& request) {
  const auto status = trail(services).status(request.principal);
  if (!status) return status.error();
  return text_reply(status->key + "\n");
}

Result<Reply> consistency(const Services& services, const Request& request) {
  const auto from = request.query_number("from", 0, INT64_MAX);
  if (!from) return from.error();
  const auto to = request.query_number("to", 0, INT64_MAX);
  if (!to) return to.error();
  const auto proof = trail(services).consistency(*from, *to);
  if (!proof) return proof.error();
  const auto old_root = trail(services).root_of(*from);
  if (!old_root) return old_root.error();
  const auto root = trail(services).root_of(*to);
  if (!root) return root.error();
  return consistency_reply(*from, *to, *old_root, *root, *proof);
}

// --- witnesses ---

constexpr std::string_view kLog = "audit";

Result<Reply> witness_list(const Services& services, const Request&) {
  return list_witnesses(trail(services).witnesses());
}
Result<Reply> new_witness(const Services& services, const Request& request) {
  return add_witness(services, request, trail(services).witnesses(), kLog);
}
Result<Reply> no_witness(const Services& services, const Request& request) {
  return remove_witness(services, request, trail(services).witnesses(), kLog);
}
Result<Reply> cosigned(const Services& services, const Request& request) {
  return take_cosigned(request,
                       [&](const auto& note) { return trail(services).take_cosigned(note); });
}

// --- settings and feeds ---

Result<Reply> put_settings(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"keep_months"}); !known) return known.error();
  const auto months = optional_integer(*body, "keep_months", 0, 0, 10'000);
  if (!months) return months.error();
  Status kept =
      trail(services).set_keep_months(request.principal, static_cast<std::uint32_t>(*months));
  if (!kept) return kept.error();
  return Reply::json({{"keep_months", *months}});
}

Json feed_json(const AuditFeed& feed) {
  return {{"id", feed.id},
          {"kind", feed.kind},
          {"host", feed.host},
          {"port", feed.port},
          {"path", feed.path},
          {"trusted_pem", feed.trusted_pem},
          {"fingerprint", feed.fingerprint},
          {"position", feed.position}};
}

Result<Reply> list_feeds(const Services& services, const Request& request) {
  const auto feeds = trail(services).list_feeds(request.principal);
  if (!feeds) return feeds.error();
  Json items = Json::array();
  for (const AuditFeed& feed : *feeds) items.push_back(feed_json(feed));
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

Result<Reply> add_feed(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Status known = only_fields(*body, {"kind", "host", "port", "path", "trusted_pem", "fingerprint"});
  if (!known) return known.error();
  AuditFeed feed;
  for (const auto& [name, field] :
       {std::pair("kind", &AuditFeed::kind), std::pair("host", &AuditFeed::host),
        std::pair("path", &AuditFeed::path), std::pair("trusted_pem", &AuditFeed::trusted_pem),
        std::pair("fingerprint", &AuditFeed::fingerprint)}) {
    Result<std::string> text = optional_string(*body, name, "");
    if (!text) return text.error();
    feed.*field = *std::move(text);
  }
  const auto port = optional_integer(*body, "port", 0, 0, 65'535);
  if (!port) return port.error();
  feed.port = static_cast<std::uint16_t>(*port);
  const auto made = trail(services).add_feed(request.principal, std::move(feed));
  if (!made) return made.error();
  return Reply::json(feed_json(*made), 201);
}

Result<Reply> remove_feed(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  if (Status done = trail(services).remove_feed(request.principal, *id); !done) {
    return done.error();
  }
  return Reply::nothing();
}

}  // namespace

std::vector<Route> audit_routes(const Services& services) {
  const Rule read = Rule::needs(Permission::kAuditRead);
  const Rule manage = Rule::needs(Permission::kAuditManage);
  const Rule feed = Rule::needs(Permission::kUserManage);  // of one's own organisation
  return {
      {"GET", "/audit", read, "Search the audit trail, the newest first", "", "AuditPage",
       bind(services, search)},
      {"GET", "/audit/export", read, "Entries as signed export, CSV or lines of JSON", "", "",
       bind(services, export_entries)},
      {"GET", "/audit/status", read, "How far the trail is verified, and by whom witnessed", "",
       "AuditStatus", bind(services, status)},
      {"GET", "/audit/checkpoint", read, "What the trail is now, signed, as text", "", "",
       bind(services, checkpoint)},
      {"GET", "/audit/key", read, "The key that signs the trail, as text", "", "",
       bind(services, public_key)},
      {"GET", "/audit/consistency", read, "That the trail continues an older one", "",
       "ConsistencyProof", bind(services, consistency)},
      {"GET", "/audit/witnesses", read, "Who cosigns the trail, and what each cosigned last", "",
       "WitnessPage", bind(services, witness_list)},
      {"POST", "/audit/witnesses", manage, "Make a witness of the trail known", "NewWitness",
       "NewWitness", bind(services, new_witness)},
      {"DELETE", "/audit/witnesses/{witness}", manage, "Forget a witness of the trail", "", "",
       bind(services, no_witness)},
      {"POST", "/audit/cosignatures", read,
       "Bring a checkpoint of the trail that known witnesses cosigned", "CosignedNote",
       "CosignedBy", bind(services, cosigned)},
      {"PUT", "/audit/settings", manage, "Say how long entries are kept", "AuditSettings",
       "AuditSettings", bind(services, put_settings)},
      {"GET", "/audit/feeds", read, "Where entries are sent", "", "AuditFeedPage",
       bind(services, list_feeds)},
      {"POST", "/audit/feeds", feed, "Send entries somewhere", "NewAuditFeed", "AuditFeed",
       bind(services, add_feed)},
      {"DELETE", "/audit/feeds/{id}", feed, "Send them there no more", "", "",
       bind(services, remove_feed)},
  };
}

}  // namespace lineshaft::api

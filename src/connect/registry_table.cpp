// Importing a table of connections, and undoing it. Stored in one transaction: the connections,
// what they were before (a document each, under the id of its connection) and a note of the import.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hex.h"
#include "connect/registry.h"
#include "connect/registry_store.h"
#include "sys/sha256.h"

namespace lineshaft::connect {

namespace {

constexpr const char* kNoteKind = "connection-import";
constexpr const char* kBeforeKind = "connection-before";

using Changes = std::vector<records::DocumentChange>;

// By which undo sees whether somebody changed a connection after the import.
std::string fingerprint(const ConnectionConfig& config) {
  return hex_text(sys::sha256(as_bytes(document_text(config))));
}

// What there is to forget of the import before.
Status forget(records::Documents& documents, TenantId tenant, Changes& changes) {
  for (const char* kind : {kNoteKind, kBeforeKind}) {
    const auto kept = documents.list(tenant, kind);
    if (!kept) return kept.error();
    for (const records::Document& one : *kept) {
      changes.push_back({kind, one.id, one.version, std::nullopt});
    }
  }
  return {};
}

// A document of the import before that would go is given the new text instead.
void keep_before(std::int64_t id, std::string json, Changes& changes) {
  for (records::DocumentChange& change : changes) {
    if (change.kind == kBeforeKind && change.id == id) {
      change.json = std::move(json);
      return;
    }
  }
  changes.push_back({kBeforeKind, id, 0, std::move(json)});
}

std::vector<std::string> texts(const Json& list) { return list.get<std::vector<std::string>>(); }

LastImport import_in(const Json& note) {
  const auto time = parse_timestamp(note["time"].get<std::string>());
  return {time ? *time : Timestamp{}, note["who"].get<std::string>(), texts(note["added"]),
          texts(note["changed"]), texts(note["removed"])};
}

}  // namespace

std::map<std::uint32_t, ConnectionConfig> Registry::configs_of(TenantId tenant) const {
  std::map<std::uint32_t, ConnectionConfig> found;
  for (const auto& [key, entry] : entries_) {
    if (key.first == tenant) found[key.second] = entry.config;
  }
  return found;
}

std::string Registry::table(TenantId tenant) const { return write_table(configs(tenant)); }

Result<TablePlan> Registry::import_table(TenantId tenant, std::string_view text,
                                         const ImportOptions& options) {
  const std::lock_guard lock(mutex_);
  TablePlan plan = plan_table(text, configs_of(tenant), {options.remove_missing});
  if (options.dry_run || !plan.errors.empty() || plan.changes.empty()) return plan;
  if (Status done = apply(tenant, plan.changes, options); !done) return done.error();
  return plan;
}

Status Registry::apply(TenantId tenant, std::span<const TableChange> changes,
                       const ImportOptions& options) {
  const auto added = static_cast<std::size_t>(
      std::ranges::count_if(changes, [](const TableChange& change) { return change.id == 0; }));
  if (Status room = check_room(tenant, added); !room) return room;
  Changes stored;
  if (Status old = forget(documents_, tenant, stored); !old) return old;
  const std::size_t first = stored.size() + 1;  // behind the note
  stored.insert(stored.begin(), {kNoteKind, 0, 0, import_note(changes, options)});
  std::vector<std::vector<TagId>> tags;
  for (const TableChange& change : changes) {
    std::vector<TagId>& ids = tags.emplace_back();
    std::optional<std::string> json;
    if (change.config) {
      auto made = tags_.ensure_tags(tenant, tag_specs(*change.config));
      if (!made) return made.error();
      ids = *std::move(made);
      json = document_text(*change.config);
    }
    stored.push_back({kConnectionKind, change.id, version_of(tenant, change.id), std::move(json)});
  }
  for (const TableChange& change : changes) {
    if (change.id != 0) {
      keep_before(change.id, document_text(entries_.at(Key{tenant, change.id}).config), stored);
    }
  }
  const auto documents = documents_.change(tenant, stored);
  if (!documents) return documents.error();
  std::vector<Settled> settled;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const records::Document& document = (*documents)[first + i];
    settled.push_back({static_cast<std::uint32_t>(document.id), document.version, changes[i].config,
                       std::move(tags[i])});
  }
  return settle(tenant, std::move(settled));
}

std::string Registry::import_note(std::span<const TableChange> changes,
                                  const ImportOptions& options) const {
  Json note = {{"time", format_rfc3339(options.now)}, {"who", options.who}};
  for (const char* list : {"added", "changed", "removed", "connections"}) {
    note[list] = Json::array();
  }
  for (const TableChange& change : changes) {
    const std::string& name = change.config ? change.config->name : change.name;
    note[change.id == 0 ? "added" : change.config ? "changed" : "removed"].push_back(name);
    note["connections"].push_back(
        {{"id", change.id},
         {"name", name},
         {"after", change.config ? fingerprint(*change.config) : std::string()}});
  }
  return dump(note);
}

std::int64_t Registry::version_of(TenantId tenant, std::uint32_t id) const {
  const auto found = entries_.find(Key{tenant, id});
  return found == entries_.end() ? 0 : found->second.version;
}

// Those that go first: what they had may be a signal of another one now.
Status Registry::settle(TenantId tenant, std::vector<Settled> all) {
  std::stable_partition(all.begin(), all.end(), [](const Settled& one) { return !one.config; });
  Status done;
  for (Settled& one : all) {
    if (Status settled = settle_one(tenant, std::move(one)); !settled && done) done = settled;
  }
  return done;
}

Status Registry::settle_one(TenantId tenant, Settled one) {
  const Key key{tenant, one.id};
  const auto found = entries_.find(key);
  if (!one.config) {
    if (found == entries_.end()) return {};
    const ConnectionId runtime = found->second.runtime;
    entries_.erase(found);
    return on_loop(loop_, [&] { return manager_.remove(runtime); });
  }
  const ConnectionId runtime =
      found == entries_.end() ? ConnectionId{next_runtime_++} : found->second.runtime;
  Entry& entry = entries_[key];
  entry = Entry{runtime, one.version, *std::move(one.config), std::move(one.tags)};
  return put(tenant, entry);
}

Result<std::optional<LastImport>> Registry::last_import(TenantId tenant) const {
  const auto notes = documents_.list(tenant, kNoteKind);
  if (!notes) return notes.error();
  if (notes->empty()) return std::optional<LastImport>();
  const Result<Json> note = parse_json(notes->back().json);
  if (!note) return note.error();
  return std::optional<LastImport>(import_in(*note));
}

// The connection that an import left behind, untouched since; 0: it removed it.
Result<std::uint32_t> Registry::untouched(TenantId tenant, const Json& one) const {
  auto id = one["id"].get<std::uint32_t>();
  const auto name = one["name"].get<std::string>();
  for (const auto& [key, entry] : entries_) {
    if (id == 0 && key.first == tenant && entry.config.name == name) id = key.second;
  }
  const auto entry = entries_.find(Key{tenant, id});
  const std::string now = entry == entries_.end() ? "" : fingerprint(entry->second.config);
  if (now == one["after"].get<std::string>()) return entry == entries_.end() ? 0 : id;
  return Error{ErrorId::kConflict,
               "the connection '" + name + "' has changed since the import; nothing is undone"};
}

Result<std::vector<TableChange>> Registry::changes_back(TenantId tenant, const Json& note) const {
  std::vector<TableChange> changes;
  std::set<std::uint32_t> ids;
  for (const Json& one : note["connections"]) {
    const Result<std::uint32_t> present = untouched(tenant, one);
    if (!present) return present.error();
    const auto before_id = one["id"].get<std::uint32_t>();
    TableChange& change = changes.emplace_back();
    change.id = before_id == 0 ? *present : before_id;
    change.name = one["name"].get<std::string>();
    ids.insert(change.id);
    if (before_id == 0) continue;  // the import made it: it goes
    const auto before = documents_.get(tenant, kBeforeKind, before_id);
    if (!before) return before.error();
    const Result<Json> json = parse_json(before->json);
    if (!json) return json.error();
    Result<ConnectionConfig> config = config_from_json(*json);
    if (!config) return config.error();
    change.config = *std::move(config);
  }
  for (const TableChange& change : changes) {
    if (!change.config) continue;
    if (Status free = check_names(tenant, *change.config, ids); !free) return free.error();
  }
  return changes;
}

Result<LastImport> Registry::undo_import(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  const auto notes = documents_.list(tenant, kNoteKind);
  if (!notes) return notes.error();
  if (notes->empty()) return Error{ErrorId::kNotFound, "there is no import to undo"};
  const Result<Json> note = parse_json(notes->back().json);
  if (!note) return note.error();
  if (!(*note)["connections"].is_array()) {
    return Error{ErrorId::kConflict,
                 "the note of the import is sealed under a key that this server "
                 "does not have; nothing is undone"};
  }
  auto changes = changes_back(tenant, *note);
  if (!changes) return changes.error();

  Changes stored;
  std::vector<Settled> settled;
  for (TableChange& change : *changes) {
    Settled& one = settled.emplace_back();
    one.id = change.id;
    std::optional<std::string> json;
    if (change.config) {
      auto tags = tags_.ensure_tags(tenant, tag_specs(*change.config));
      if (!tags) return tags.error();
      one.tags = *std::move(tags);
      json = document_text(*change.config);
    }
    one.config = std::move(change.config);
    stored.push_back({kConnectionKind, change.id, version_of(tenant, change.id), std::move(json)});
  }
  if (Status old = forget(documents_, tenant, stored); !old) return old.error();
  const auto documents = documents_.change(tenant, stored);
  if (!documents) return documents.error();
  for (std::size_t i = 0; i < settled.size(); ++i) settled[i].version = (*documents)[i].version;
  if (Status running = settle(tenant, std::move(settled)); !running) return running.error();
  return import_in(*note);
}

}  // namespace lineshaft::connect

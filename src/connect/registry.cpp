#include "connect/registry.h"

#include <future>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "connect/connection_json.h"

namespace lineshaft::connect {
namespace {

constexpr std::string_view kKind = "connection";

// Runs `task` on the loop's thread and waits for its result.
template <typename Task>
auto on_loop(sys::EventLoop& loop, Task task) -> decltype(task()) {
  // Shared: the loop may still be inside set_value when the waiter goes on.
  auto promise = std::make_shared<std::promise<decltype(task())>>();
  loop.post([promise, task = std::move(task)]() mutable { promise->set_value(task()); });
  return promise->get_future().get();
}

// Starts something on the loop's thread that answers by a callback, and waits for that.
template <typename Answer, typename Start>
Answer wait_for(sys::EventLoop& loop, Start start) {
  auto promise = std::make_shared<std::promise<Answer>>();
  loop.post([promise, start = std::move(start)]() mutable {
    start([promise](Answer answer) { promise->set_value(std::move(answer)); });
  });
  return promise->get_future().get();
}

std::string document_text(const ConnectionConfig& config) {
  Json json = config_json(config, Secrets::kShown);
  json["signals"] = signals_json(config.signals);
  return dump(json);
}

Error no_connection(std::uint32_t id) {
  return {ErrorId::kNotFound, "connection " + std::to_string(id)};
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::open(sys::EventLoop& loop, ConnectionManager& manager,
                                                 records::Documents& documents, TagDirectory& tags,
                                                 std::span<const TenantId> tenants) {
  std::unique_ptr<Registry> registry(new Registry(loop, manager, documents, tags));
  for (TenantId tenant : tenants) {
    if (Status loaded = registry->load(tenant); !loaded) return loaded.error();
  }
  return registry;
}

Status Registry::load(TenantId tenant) {
  const Result<std::vector<records::Document>> stored = documents_.list(tenant, kKind);
  if (!stored) return stored.error();
  for (const records::Document& document : *stored) {
    const auto id = static_cast<std::uint32_t>(document.id);
    const Result<Json> json = parse_json(document.json);
    Result<ConnectionConfig> config =
        json ? config_from_json(*json) : Result<ConnectionConfig>(json.error());
    if (!config) {
      log_error("connect",
                "connection " + std::to_string(id) + " is left out: " + config.error().what);
      continue;
    }
    const auto tags = tags_.ensure_tags(tenant, tag_specs(*config));
    if (!tags) {
      log_error("connect",
                "connection " + std::to_string(id) + " is left out: " + tags.error().what);
      continue;
    }
    Entry entry{ConnectionId{next_runtime_++}, document.version, *std::move(config), *tags};
    if (Status put = manager_.put(entry.runtime, tenant, entry.config, entry.tags); !put)
      return put;
    entries_.emplace(Key{tenant, id}, std::move(entry));
  }
  return {};
}

RegisteredConnection Registry::view(std::uint32_t id, const Entry& entry,
                                    const std::optional<ConnectionStatus>& status) const {
  return {id, entry.config, entry.tags, status.value_or(ConnectionStatus{})};
}

std::vector<RegisteredConnection> Registry::list(TenantId tenant) const {
  std::vector<std::pair<std::uint32_t, Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : entries_) {
      if (key.first == tenant) entries.emplace_back(key.second, entry);
    }
  }
  const auto statuses = on_loop(loop_, [this, &entries] {
    std::vector<std::optional<ConnectionStatus>> found;
    for (const auto& [id, entry] : entries) found.push_back(manager_.status(entry.runtime));
    return found;
  });
  std::vector<RegisteredConnection> views;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    views.push_back(view(entries[i].first, entries[i].second, statuses[i]));
  }
  return views;
}

std::vector<ConnectionConfig> Registry::configs(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<ConnectionConfig> found;
  for (const auto& [key, entry] : entries_) {
    if (key.first == tenant) found.push_back(entry.config);
  }
  return found;
}

Result<RegisteredConnection> Registry::get(TenantId tenant, std::uint32_t id) const {
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(Key{tenant, id});
    if (found == entries_.end()) return no_connection(id);
    entry = found->second;
  }
  return view(id, entry, on_loop(loop_, [&] { return manager_.status(entry.runtime); }));
}

Result<std::vector<ConnectionEvent>> Registry::events(TenantId tenant, std::uint32_t id) const {
  ConnectionId runtime;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(Key{tenant, id});
    if (found == entries_.end()) return no_connection(id);
    runtime = found->second.runtime;
  }
  return on_loop(loop_, [&] { return manager_.events(runtime); });
}

Status Registry::check_name(TenantId tenant, const std::string& name, std::uint32_t except) const {
  for (const auto& [key, entry] : entries_) {
    if (key.first == tenant && key.second != except && entry.config.name == name) {
      return Error{ErrorId::kConflict, "name: there is a connection '" + name + "' already"};
    }
  }
  return {};
}

Status Registry::put(TenantId tenant, const Entry& entry) {
  return on_loop(loop_,
                 [&] { return manager_.put(entry.runtime, tenant, entry.config, entry.tags); });
}

Result<RegisteredConnection> Registry::add(TenantId tenant, ConnectionConfig config) {
  if (Status checked = check_connection(config); !checked) return checked.error();
  const std::lock_guard lock(mutex_);
  if (Status free = check_name(tenant, config.name, 0); !free) return free.error();
  const auto tags = tags_.ensure_tags(tenant, tag_specs(config));
  if (!tags) return tags.error();
  const auto document = documents_.create(tenant, kKind, document_text(config));
  if (!document) return document.error();
  Entry entry{ConnectionId{next_runtime_++}, document->version, std::move(config), *tags};
  if (Status running = put(tenant, entry); !running) return running.error();
  const auto id = static_cast<std::uint32_t>(document->id);
  const RegisteredConnection made =
      view(id, entry, on_loop(loop_, [&] { return manager_.status(entry.runtime); }));
  entries_.emplace(Key{tenant, id}, std::move(entry));
  changes_ += 1;
  return made;
}

Result<RegisteredConnection> Registry::replace(TenantId tenant, std::uint32_t id,
                                               ConnectionConfig config) {
  if (Status checked = check_connection(config); !checked) return checked.error();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(Key{tenant, id});
  if (found == entries_.end()) return no_connection(id);
  if (Status free = check_name(tenant, config.name, id); !free) return free.error();
  const auto tags = tags_.ensure_tags(tenant, tag_specs(config));
  if (!tags) return tags.error();
  Entry& entry = found->second;
  const auto document = documents_.put(tenant, kKind, id, document_text(config), entry.version);
  if (!document) return document.error();
  entry.version = document->version;
  entry.config = std::move(config);
  entry.tags = *tags;
  changes_ += 1;
  if (Status running = put(tenant, entry); !running) return running.error();
  return view(id, entry, on_loop(loop_, [&] { return manager_.status(entry.runtime); }));
}

Status Registry::remove(TenantId tenant, std::uint32_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(Key{tenant, id});
  if (found == entries_.end()) return no_connection(id);
  if (Status removed = documents_.remove(tenant, kKind, id, found->second.version); !removed) {
    return removed;
  }
  const ConnectionId runtime = found->second.runtime;
  entries_.erase(found);
  changes_ += 1;
  return on_loop(loop_, [&] { return manager_.remove(runtime); });
}

Result<WriteOutcome> Registry::write(TenantId tenant, TagId tag, Value value) {
  return wait_for<Result<WriteOutcome>>(
      loop_, [this, tenant, tag, value = std::move(value)](auto done) mutable {
        manager_.write(tenant, tag, std::move(value), std::move(done));
      });
}

TestReport Registry::test(TestRequest request) {
  return wait_for<TestReport>(loop_, [this, request = std::move(request)](auto done) mutable {
    manager_.test(std::move(request), std::move(done));
  });
}

Result<std::vector<ScanHit>> Registry::scan(ScanRequest request) {
  return wait_for<Result<std::vector<ScanHit>>>(
      loop_, [this, request = std::move(request)](auto done) mutable {
        manager_.scan(std::move(request), std::move(done));
      });
}

}  // namespace lineshaft::connect

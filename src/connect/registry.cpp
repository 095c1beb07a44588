#include "connect/registry.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/log.h"
#include "connect/connection_json.h"
#include "connect/registry_store.h"

namespace lineshaft::connect {
namespace {

Error no_connection(std::uint32_t id) {
  return {ErrorId::kNotFound, "connection " + std::to_string(id)};
}

// What stopped because somebody wanted it to leaves no gap.
std::vector<Standing> standing_of(const std::vector<std::optional<Sample>>& samples) {
  std::vector<Standing> standing;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!samples[i] || samples[i]->quality == quality::kBadOutOfService) continue;
    standing.push_back({i, samples[i]->time, samples[i]->quality.bad()});
  }
  return standing;
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::open(sys::EventLoop& loop, ConnectionManager& manager,
                                                 records::Documents& documents, TagDirectory& tags,
                                                 sys::Random& random,
                                                 std::span<const TenantId> tenants,
                                                 const Newest& newest) {
  std::unique_ptr<Registry> registry(new Registry(loop, manager, documents, tags, random));
  registry->newest_ = newest;
  for (TenantId tenant : tenants) {
    if (Status loaded = registry->load(tenant, Loop::kStandsStill); !loaded) return loaded.error();
  }
  return registry;
}

Status Registry::load(TenantId tenant, Loop loop) {
  const Result<std::vector<records::Document>> stored = documents_.list(tenant, kConnectionKind);
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
    const bool fills = newest_ && entry.config.enabled &&
                       kind_of(entry.config.protocol()).has_history() && !entry.tags.empty();
    const auto begin = [&] {
      if (Status put = manager_.put(entry.runtime, tenant, entry.config, entry.tags); !put)
        return put;
      if (fills) manager_.stands(entry.runtime, standing_of(newest_(tenant, entry.tags)));
      return Status();
    };
    const Status running = loop == Loop::kRuns ? on_loop(loop_, begin) : begin();
    if (!running) return running;
    entries_.emplace(Key{tenant, id}, std::move(entry));
  }
  return {};
}

void Registry::stop(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  std::vector<ConnectionId> runtimes;
  std::erase_if(entries_, [&](const auto& each) {
    if (each.first.first != tenant) return false;
    runtimes.push_back(each.second.runtime);
    return true;
  });
  changes_ += 1;
  static_cast<void>(on_loop(loop_, [&] {
    for (const ConnectionId runtime : runtimes) static_cast<void>(manager_.remove(runtime));
    return true;
  }));
}

Status Registry::start(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  const auto first = entries_.lower_bound(Key{tenant, 0});
  if (first != entries_.end() && first->first.first == tenant) return {};
  changes_ += 1;
  return load(tenant, Loop::kRuns);
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
  const Result<ConnectionId> runtime = runtime_of(tenant, id);
  if (!runtime) return runtime.error();
  return on_loop(loop_, [&] { return manager_.events(*runtime); });
}

Status Registry::check_names(TenantId tenant, const ConnectionConfig& config,
                             const std::set<std::uint32_t>& except) const {
  std::unordered_map<std::string_view, std::size_t> paths;
  for (std::size_t i = 0; i < config.signals.size(); ++i) paths[config.signals[i].path] = i;
  for (const auto& [key, entry] : entries_) {
    if (key.first != tenant || except.contains(key.second)) continue;
    if (entry.config.name == config.name) {
      return Error{ErrorId::kConflict, "name: there is a connection '" + config.name + "' already"};
    }
    for (const SignalConfig& signal : entry.config.signals) {
      const auto taken = paths.find(signal.path);
      if (taken == paths.end()) continue;
      return Error{ErrorId::kConflict, "signals[" + std::to_string(taken->second) + "].path: '" +
                                           signal.path + "' is a signal of the connection '" +
                                           entry.config.name + "' already"};
    }
  }
  return {};
}

Status Registry::check_room(TenantId tenant, std::size_t more) const {
  if (!room_ || more == 0) return {};
  const auto have =
      std::ranges::count_if(entries_, [&](const auto& each) { return each.first.first == tenant; });
  return room_(tenant, static_cast<std::size_t>(have) + more);
}

Status Registry::put(TenantId tenant, const Entry& entry) {
  return on_loop(loop_,
                 [&] { return manager_.put(entry.runtime, tenant, entry.config, entry.tags); });
}

Result<RegisteredConnection> Registry::add(TenantId tenant, ConnectionConfig config) {
  if (Status checked = check_connection(config); !checked) return checked.error();
  const std::lock_guard lock(mutex_);
  if (Status free = check_names(tenant, config, {}); !free) return free.error();
  if (Status room = check_room(tenant, 1); !room) return room.error();
  const auto tags = tags_.ensure_tags(tenant, tag_specs(config));
  if (!tags) return tags.error();
  const auto document = documents_.create(tenant, kConnectionKind, document_text(config));
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
  if (Status free = check_names(tenant, config, {id}); !free) return free.error();
  const auto tags = tags_.ensure_tags(tenant, tag_specs(config));
  if (!tags) return tags.error();
  Entry& entry = found->second;
  const auto document =
      documents_.put(tenant, kConnectionKind, id, document_text(config), entry.version);
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
  if (Status removed = documents_.remove(tenant, kConnectionKind, id, found->second.version);
      !removed) {
    return removed;
  }
  const ConnectionId runtime = found->second.runtime;
  entries_.erase(found);
  changes_ += 1;
  return on_loop(loop_, [&] { return manager_.remove(runtime); });
}

Result<WriteView> Registry::write_view(TenantId tenant, TagId tag, Timestamp now) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : entries_) {
    if (key.first != tenant) continue;
    const auto found = std::ranges::find(entry.tags, tag);
    if (found == entry.tags.end()) continue;
    const SignalConfig& signal =
        entry.config.signals[static_cast<std::size_t>(found - entry.tags.begin())];
    return WriteView{entry.config.name,
                     entry.config.writes_enabled && signal.writable,
                     signal.write.low ? signal.write.low : signal.range_low,
                     signal.write.high ? signal.write.high : signal.range_high,
                     signal.write.interval_ms,
                     signal.write.confirm,
                     desk_.waiting(tenant, tag, now)};
  }
  return Error{ErrorId::kNotFound, "no connection has this tag"};
}

Result<PendingWrite> Registry::ask_write(WriteOrder order) {
  const Result<WriteView> view = write_view(order.tenant, order.tag, order.now);
  if (!view) return view.error();
  if (!view->enabled || view->confirm == Confirm::kNone) {
    return Error{ErrorId::kUnsupported, "this tag is written in a single step"};
  }
  if (Status fits = check_range(order.value, view->low, view->high); !fits) return fits.error();
  PendingWrite ask;
  ask.machine = view->machine;
  ask.value = std::move(order.value);
  ask.asked_by = std::move(order.who);
  ask.second_person = view->confirm == Confirm::kSecondPerson;
  return desk_.ask(order.tenant, order.tag, std::move(ask), order.now);
}

Status Registry::confirm_write(const WriteOrder& order) {
  const auto asked = desk_.confirm(order.tenant, order.tag, order.token, order.value, order.machine,
                                   order.who, order.now);
  return asked ? Status() : asked.error();
}

Result<WriteOutcome> Registry::carry_out(WriteOrder order) {
  const auto step =
      order.token.empty() ? ConnectionManager::Step::kOnly : ConnectionManager::Step::kSecond;
  return wait_for<Result<WriteOutcome>>(
      loop_, [this, step, order = std::move(order)](auto done) mutable {
        manager_.write(order.tenant, order.tag, std::move(order.value), std::move(done), step);
      });
}

Result<Registry::WriteAnswer> Registry::write(WriteOrder order) {
  const Result<WriteView> view = write_view(order.tenant, order.tag, order.now);
  if (!view) return view.error();
  if (view->enabled && view->confirm != Confirm::kNone && order.token.empty()) {
    Result<PendingWrite> waits = ask_write(std::move(order));
    if (!waits) return waits.error();
    return WriteAnswer(*std::move(waits));
  }
  if (!order.token.empty()) {
    if (Status confirmed = confirm_write(order); !confirmed) return confirmed.error();
  }
  const auto outcome = carry_out(std::move(order));
  if (!outcome) return outcome.error();
  return WriteAnswer(*outcome);
}

TestReport Registry::test(TestRequest request) {
  return wait_for<TestReport>(loop_, [this, request = std::move(request)](auto done) mutable {
    manager_.test(std::move(request), std::move(done));
  });
}

Result<BrowseReport> Registry::browse(BrowseRequest request) {
  return wait_for<Result<BrowseReport>>(loop_,
                                        [this, request = std::move(request)](auto done) mutable {
                                          manager_.browse(std::move(request), std::move(done));
                                        });
}

Result<ScanReport> Registry::scan(ScanRequest request) {
  return wait_for<Result<ScanReport>>(loop_,
                                      [this, request = std::move(request)](auto done) mutable {
                                        manager_.scan(std::move(request), std::move(done));
                                      });
}

Result<ConnectionId> Registry::runtime_of(TenantId tenant, std::uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(Key{tenant, id});
  if (found == entries_.end()) return no_connection(id);
  return found->second.runtime;
}

Result<Registry::MethodsView> Registry::methods(TenantId tenant, std::uint32_t id, Timestamp now) {
  const Result<ConnectionId> runtime = runtime_of(tenant, id);
  if (!runtime) return runtime.error();
  const auto connection = get(tenant, id);
  if (!connection) return connection.error();
  const ConnectionConfig& config = connection->config;
  MethodsView view{config.name, config.writes_enabled, {}, {}};
  auto described = wait_for<Result<std::vector<MethodView>>>(
      loop_, [&](auto done) { manager_.methods(*runtime, std::move(done)); });
  if (described) {
    view.methods = *std::move(described);
  } else {
    for (const MethodConfig& known : kind_of(config.protocol()).methods(config.settings)) {
      view.methods.push_back({known.name, known.confirm, {}, {}, described.error()});
    }
  }
  for (const MethodView& method : view.methods) {
    const auto waits = desk_.waiting(tenant, WriteTarget(id, method.name), now);
    if (waits) view.pending.emplace(method.name, *waits);
  }
  return view;
}

Result<Registry::CallAnswer> Registry::call(CallOrder order) {
  const auto connection = get(order.tenant, order.connection);
  if (!connection) return connection.error();
  const ConnectionConfig& config = connection->config;
  const auto methods = kind_of(config.protocol()).methods(config.settings);
  const auto method = std::ranges::find(methods, order.call.name, &MethodConfig::name);
  const bool two_steps =
      method != methods.end() && config.writes_enabled && method->confirm != Confirm::kNone;
  const WriteTarget target(order.connection, order.call.name);
  if (two_steps && order.token.empty()) {
    PendingWrite ask;
    ask.machine = config.name;
    ask.value = arguments_text(order.call);
    ask.asked_by = order.who;
    ask.second_person = method->confirm == Confirm::kSecondPerson;
    Result<PendingWrite> waits = desk_.ask(order.tenant, target, std::move(ask), order.now);
    if (!waits) return waits.error();
    return CallAnswer(*std::move(waits));
  }
  if (!order.token.empty()) {
    const auto asked =
        desk_.confirm(order.tenant, target, order.token, Value(arguments_text(order.call)),
                      order.machine, order.who, order.now);
    if (!asked) return asked.error();
  }
  const Result<ConnectionId> runtime = runtime_of(order.tenant, order.connection);
  if (!runtime) return runtime.error();
  const auto step =
      order.token.empty() ? ConnectionManager::Step::kOnly : ConnectionManager::Step::kSecond;
  auto outcome = wait_for<Result<MethodOutcome>>(loop_, [&](auto done) {
    manager_.call(*runtime, std::move(order.call), std::move(done), step);
  });
  if (!outcome) return outcome.error();
  return CallAnswer(*std::move(outcome));
}

Status Registry::backfill(TenantId tenant, std::uint32_t id, const BackfillRequest& request) {
  const Result<ConnectionId> runtime = runtime_of(tenant, id);
  if (!runtime) return runtime.error();
  return on_loop(loop_, [&] { return manager_.backfill(*runtime, request); });
}

Result<std::optional<BackfillStatus>> Registry::backfill_status(TenantId tenant,
                                                                std::uint32_t id) const {
  const Result<ConnectionId> runtime = runtime_of(tenant, id);
  if (!runtime) return runtime.error();
  return on_loop(loop_, [&] { return manager_.backfill_status(*runtime); });
}

Status Registry::cancel_backfill(TenantId tenant, std::uint32_t id) {
  const Result<ConnectionId> runtime = runtime_of(tenant, id);
  if (!runtime) return runtime.error();
  return on_loop(loop_, [&] { return manager_.cancel_backfill(*runtime); });
}

}  // namespace lineshaft::connect

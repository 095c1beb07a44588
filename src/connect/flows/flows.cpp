#include "connect/flows/flows.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "connect/flow_json.h"
#include "connect/on_loop.h"

namespace lineshaft::connect {

namespace {

constexpr std::string_view kKind = "flow";
constexpr std::string_view kAddressesKind = "flow-addresses";
constexpr Nanoseconds kWatchPeriod = std::chrono::seconds(1);

// Of the folder and of those in it, down to `depth`.
void remove_files(sys::FileSystem& files, const std::string& folder, unsigned depth) {
  const Result<std::vector<std::string>> names = files.list(folder);
  if (!names || depth == 0) return;
  for (const std::string& name : *names) {
    const std::string path = sys::join_path(folder, name);
    if (!files.remove(path)) remove_files(files, path, depth - 1);
  }
}

Error no_flow(std::uint32_t id) { return {ErrorId::kNotFound, "flow " + std::to_string(id)}; }

// The samples of one batch on their way to several flows: its writer hears of the last one, and of
// the first trouble.
class Gather {
 public:
  Gather(std::size_t flows, SampleSink::Durable taken) : left_(flows), taken_(std::move(taken)) {}

  void on_taken(Status status) {
    std::unique_lock lock(mutex_);
    if (!status && result_) result_ = std::move(status);
    if (--left_ > 0) return;
    lock.unlock();
    taken_(std::move(result_));
  }

 private:
  std::mutex mutex_;
  std::size_t left_;
  Status result_;
  SampleSink::Durable taken_;
};

}  // namespace

Flows::Flows(FlowsSetup setup)
    : setup_(std::move(setup)), watch_timer_(setup_.means.loop.make_timer()) {
  setup_.tap.set_take([this](TenantId tenant, std::vector<Sample> samples, auto taken) {
    take(tenant, samples, std::move(taken));
  });
}

Flows::~Flows() { stop(); }

void Flows::stop() {
  stopped_ = true;
  setup_.tap.set_take(nullptr);
  watch_timer_->cancel();
  runners_.clear();
}

Result<std::unique_ptr<Flows>> Flows::open(FlowsSetup setup, std::span<const TenantId> tenants) {
  std::unique_ptr<Flows> flows(new Flows(std::move(setup)));
  flows->seen_version_ = flows->world_version();
  for (TenantId tenant : tenants) {
    if (Status loaded = flows->load(tenant, Loop::kStandsStill); !loaded) return loaded.error();
  }
  flows->watch_timer_->start(kWatchPeriod, [self = flows.get()] { self->watch(); });
  return flows;
}

Status Flows::load(TenantId tenant, Loop loop) {
  const auto stored = setup_.documents.list(tenant, kKind);
  if (!stored) return stored.error();
  const auto connections = setup_.connections(tenant);
  for (const records::Document& document : *stored) {
    const auto id = static_cast<std::uint32_t>(document.id);
    const Result<Json> json = parse_json(document.json);
    Result<FlowConfig> config = json ? flow_from_stored(*json) : Result<FlowConfig>(json.error());
    if (!config) {
      log_error("connect", "flow " + std::to_string(id) + " is left out: " + config.error().what);
      continue;
    }
    Entry entry;
    entry.version = document.version;
    entry.config = *std::move(config);
    load_addresses(tenant, id, entry);
    entry.plan = std::make_shared<const FlowPlan>(
        make_plan(entry.config, tenant, setup_.means.house, connections, entry.addresses));
    if (Status saved = save_addresses(tenant, id, entry); !saved) {
      log_error("connect", "addresses of flow " + std::to_string(id) + ": " + saved.error().text());
    }
    const Key key{tenant, id};
    if (loop == Loop::kRuns) {
      run(key, entry, true);
    } else {
      install(key, entry.config, entry.plan, true);
    }
    entries_.emplace(key, std::move(entry));
  }
  tell_tap(tenant);
  return {};
}

void Flows::load_addresses(TenantId tenant, std::uint32_t id, Entry& entry) {
  const auto document = setup_.documents.get(tenant, kAddressesKind, id);
  if (!document) return;
  entry.addresses_version = document->version;
  auto book = AddressBook::read(document->json);
  if (book) {
    entry.addresses = *std::move(book);
  } else {
    log_error("connect", "flow " + std::to_string(id) + ": " + book.error().what);
  }
}

// Before anything is served under them.
Status Flows::save_addresses(TenantId tenant, std::uint32_t id, Entry& entry) {
  if (entry.addresses.size() == 0) return {};
  const std::string text = entry.addresses.text();
  if (entry.addresses_version > 0) {
    const auto before = setup_.documents.get(tenant, kAddressesKind, id);
    if (before && before->json == text) return {};
  }
  const auto put = setup_.documents.put(tenant, kAddressesKind, id, text, entry.addresses_version);
  if (!put) return put.error();
  entry.addresses_version = put->version;
  return {};
}

std::uint64_t Flows::world_version() const {
  // Each of them only grows, so that their sum changes when one does.
  return setup_.means.house.catalogue_version() + setup_.connections_version() + touched_;
}

// --- running; the loop's thread ---

void Flows::install(Key key, const FlowConfig& config, std::shared_ptr<const FlowPlan> plan,
                    bool anew) {
  if (stopped_) return;
  const auto found = runners_.find(key);
  if (!config.enabled) {
    if (found != runners_.end()) runners_.erase(found);
    return;
  }
  if (found != runners_.end() && !anew) return found->second->set_plan(std::move(plan));
  if (found != runners_.end()) runners_.erase(found);  // first: it may hold the port
  runners_.emplace(
      key, std::make_unique<FlowRunner>(setup_.means, key.first, key.second, std::move(plan)));
}

void Flows::take(TenantId tenant, const std::vector<Sample>& samples, SampleSink::Durable taken) {
  const auto first = runners_.lower_bound({tenant, 0});
  auto last = first;
  std::size_t count = 0;
  for (; last != runners_.end() && last->first.first == tenant; ++last) count += 1;
  if (count == 0) return taken({});
  const auto gather = std::make_shared<Gather>(count, std::move(taken));
  for (auto it = first; it != last; ++it) {
    it->second->take(samples, [gather](Status status) { gather->on_taken(std::move(status)); });
  }
}

FlowStatus Flows::status_of(Key key, const FlowPlan& plan) const {
  if (const auto found = runners_.find(key); found != runners_.end())
    return found->second->status();
  FlowStatus status;
  status.tags = plan.tags.size();
  status.tags_left_out = plan.left_out.size();
  status.loops = plan.loops;
  status.sources = plan.sources;
  return status;
}

void Flows::watch() {
  if (!looking_.exchange(true)) {
    const bool taken = setup_.means.house.run([this] {
      look_again();
      looking_ = false;
    });
    if (!taken) looking_ = false;
  }
  watch_timer_->start(kWatchPeriod, [this] { watch(); });
}

// --- the book; any thread but the loop's ---

void Flows::run(Key key, const Entry& entry, bool anew) {
  on_loop(setup_.means.loop, [&] { install(key, entry.config, entry.plan, anew); });
}

// Which samples are worth a post to the loop.
void Flows::tell_tap(TenantId tenant) {
  std::vector<bool> goes_out;
  for (const auto& [key, entry] : entries_) {
    if (key.first != tenant || !entry.config.enabled) continue;
    for (const PlannedTag& tag : entry.plan->tags) {
      if (tag.tag.id.value >= goes_out.size()) goes_out.resize(tag.tag.id.value + 1);
      goes_out[tag.tag.id.value] = true;
    }
  }
  setup_.tap.set_tags(tenant, std::move(goes_out));
}

void Flows::look_again() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t version = world_version();
  if (version == seen_version_) return;
  seen_version_ = version;
  std::map<TenantId, std::vector<ConnectionConfig>> connections;
  for (auto& [key, entry] : entries_) {
    const auto [of_tenant, is_new] = connections.try_emplace(key.first);
    if (is_new) of_tenant->second = setup_.connections(key.first);
    auto plan = std::make_shared<const FlowPlan>(
        make_plan(entry.config, key.first, setup_.means.house, of_tenant->second, entry.addresses));
    if (Status saved = save_addresses(key.first, key.second, entry); !saved) {
      log_error("connect", "flow '" + entry.config.name + "': " + saved.error().text());
      continue;  // what is served without being kept could move later
    }
    entry.plan = std::move(plan);
    run(key, entry, false);
  }
  for (const auto& [tenant, list] : connections) tell_tap(tenant);
}

void Flows::stop(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& each) { return each.first.first == tenant; });
  tell_tap(tenant);
  on_loop(setup_.means.loop, [&] {
    std::erase_if(runners_, [&](const auto& each) { return each.first.first == tenant; });
  });
}

Status Flows::start(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  const auto first = entries_.lower_bound(Key{tenant, 0});
  if (first != entries_.end() && first->first.first == tenant) return {};
  return load(tenant, Loop::kRuns);
}

RegisteredFlow Flows::view(std::uint32_t id, const Entry& entry, const FlowStatus& status) const {
  return {id, entry.version, entry.config, status};
}

std::vector<RegisteredFlow> Flows::list(TenantId tenant) const {
  std::vector<std::pair<Key, Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : entries_) {
      if (key.first != tenant) continue;
      entries.emplace_back(key, Entry{entry.version, entry.config, entry.plan, {}, 0});
    }
  }
  const auto statuses = on_loop(setup_.means.loop, [&] {
    std::vector<FlowStatus> found;
    for (const auto& [key, entry] : entries) found.push_back(status_of(key, *entry.plan));
    return found;
  });
  std::vector<RegisteredFlow> views;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    views.push_back(view(entries[i].first.second, entries[i].second, statuses[i]));
  }
  return views;
}

Result<RegisteredFlow> Flows::get(TenantId tenant, std::uint32_t id) const {
  for (RegisteredFlow& flow : list(tenant)) {
    if (flow.id == id) return std::move(flow);
  }
  return no_flow(id);
}

Result<std::vector<FlowEvent>> Flows::events(TenantId tenant, std::uint32_t id) const {
  if (const auto known = plan(tenant, id); !known) return known.error();
  return on_loop(setup_.means.loop, [&] {
    const auto found = runners_.find({tenant, id});
    return found == runners_.end() ? std::vector<FlowEvent>() : found->second->events();
  });
}

Result<std::shared_ptr<const FlowPlan>> Flows::plan(TenantId tenant, std::uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({tenant, id});
  if (found == entries_.end()) return no_flow(id);
  return found->second.plan;
}

Result<FlowPlan> Flows::preview(TenantId tenant, const FlowConfig& config, std::uint32_t id) const {
  if (Status checked = check_flow(config); !checked) return checked.error();
  AddressBook addresses;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find({tenant, id}); found != entries_.end()) {
      addresses = found->second.addresses;
    }
  }
  return make_plan(config, tenant, setup_.means.house, setup_.connections(tenant), addresses);
}

Status Flows::check(TenantId tenant, const FlowConfig& config, const FlowPlan& plan,
                    std::uint32_t except) const {
  for (const auto& [key, entry] : entries_) {
    if (key.first == tenant && key.second != except && entry.config.name == config.name) {
      return Error{ErrorId::kConflict, "name: there is a flow '" + config.name + "' already"};
    }
  }
  for (const LeftOutTag& tag : plan.left_out) {
    if (!tag.why.what.starts_with("unit: ")) continue;
    return Error{ErrorId::kInvalidArgument,
                 "rules[" + std::to_string(tag.rule) + "]." + tag.why.what + " (" + tag.path + ")"};
  }
  return {};
}

Status Flows::check_version(const Entry& entry, std::optional<std::int64_t> version) const {
  if (!version || *version == entry.version) return {};
  return Error{ErrorId::kConflict, "the flow '" + entry.config.name + "' has version " +
                                       std::to_string(entry.version) + " by now, not " +
                                       std::to_string(*version)};
}

Result<RegisteredFlow> Flows::add(TenantId tenant, FlowConfig config) {
  if (Status checked = check_flow(config); !checked) return checked.error();
  const std::lock_guard lock(mutex_);
  Entry entry;
  FlowPlan plan =
      make_plan(config, tenant, setup_.means.house, setup_.connections(tenant), entry.addresses);
  if (Status checked = check(tenant, config, plan, 0); !checked) return checked.error();
  const auto document =
      setup_.documents.create(tenant, kKind, dump(flow_json(config, Secrets::kShown)));
  if (!document) return document.error();
  const auto id = static_cast<std::uint32_t>(document->id);
  entry.version = document->version;
  entry.config = std::move(config);
  entry.plan = std::make_shared<const FlowPlan>(std::move(plan));
  if (Status saved = save_addresses(tenant, id, entry); !saved) {
    static_cast<void>(setup_.documents.remove(tenant, kKind, id, entry.version));
    return saved.error();
  }
  const Key key{tenant, id};
  const auto kept = entries_.emplace(key, std::move(entry)).first;
  tell_tap(tenant);
  run(key, kept->second, true);
  const auto status =
      on_loop(setup_.means.loop, [&] { return status_of(key, *kept->second.plan); });
  return view(id, kept->second, status);
}

Result<RegisteredFlow> Flows::replace(TenantId tenant, std::uint32_t id, FlowConfig config,
                                      std::optional<std::int64_t> version) {
  if (Status checked = check_flow(config); !checked) return checked.error();
  const std::lock_guard lock(mutex_);
  const Key key{tenant, id};
  const auto found = entries_.find(key);
  if (found == entries_.end()) return no_flow(id);
  Entry& entry = found->second;
  if (Status same = check_version(entry, version); !same) return same.error();
  Entry next{entry.version, std::move(config), nullptr, entry.addresses, entry.addresses_version};
  FlowPlan plan = make_plan(next.config, tenant, setup_.means.house, setup_.connections(tenant),
                            next.addresses);
  if (Status checked = check(tenant, next.config, plan, id); !checked) return checked.error();
  next.plan = std::make_shared<const FlowPlan>(std::move(plan));
  if (Status saved = save_addresses(tenant, id, next); !saved) return saved.error();
  // Given away are they from now on, whatever becomes of the rest.
  entry.addresses = next.addresses;
  entry.addresses_version = next.addresses_version;
  const auto document = setup_.documents.put(
      tenant, kKind, id, dump(flow_json(next.config, Secrets::kShown)), entry.version);
  if (!document) return document.error();
  next.version = document->version;
  const bool anew = next.config.settings != entry.config.settings;
  entry = std::move(next);
  tell_tap(tenant);
  run(key, entry, anew);
  const auto status = on_loop(setup_.means.loop, [&] { return status_of(key, *entry.plan); });
  return view(id, entry, status);
}

Status Flows::remove(TenantId tenant, std::uint32_t id, std::optional<std::int64_t> version) {
  const std::lock_guard lock(mutex_);
  const Key key{tenant, id};
  const auto found = entries_.find(key);
  if (found == entries_.end()) return no_flow(id);
  if (Status same = check_version(found->second, version); !same) return same;
  if (Status removed = setup_.documents.remove(tenant, kKind, id, found->second.version);
      !removed) {
    return removed;
  }
  if (found->second.addresses_version > 0) {
    static_cast<void>(
        setup_.documents.remove(tenant, kAddressesKind, id, found->second.addresses_version));
  }
  entries_.erase(found);
  tell_tap(tenant);
  on_loop(setup_.means.loop, [&] { runners_.erase(key); });
  // The id is never used again: what a crash leaves here is of no harm.
  const FlowMeans& means = setup_.means;
  remove_files(means.files, folder_of_flow(means, tenant, id), 2);
  return {};
}

}  // namespace lineshaft::connect

#include "connect/manager.h"

#include <algorithm>
#include <array>
#include <map>
#include <type_traits>
#include <utility>

#include "connect/connection_host.h"
#include "connect/outbox.h"
#include "connect/protocol.h"
#include "connect/scanner.h"
#include "connect/turn.h"

namespace lineshaft::connect {

namespace {

constexpr std::uint32_t kListenMsMin = 100;
constexpr std::size_t kNodeBytesMax = 4'096;  // OPC UA, part 3, 8.2.4

Error no_connection(ConnectionId id) {
  return Error{ErrorId::kNotFound, "there is no connection " + std::to_string(id.value)};
}

}  // namespace

class ConnectionManager::Impl {
 public:
  Impl(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random, SampleSink& sink,
       const ManagerOptions& options)
      : loop_(loop), clock_(clock), sink_(sink), options_(options) {
    for (std::size_t i = 0; i < kProtocols; ++i) {
      runtimes_[i] = kind_of(static_cast<Protocol>(i)).make_runtime(loop, clock, random, options);
    }
  }

  Status put(ConnectionId id, TenantId tenant, ConnectionConfig config, std::vector<TagId> tags) {
    if (Status ok = check_connection(config); !ok) return ok;
    if (tags.size() != config.signals.size()) {
      return Error{ErrorId::kInvalidArgument, "tags: one is needed for each signal"};
    }
    auto host = std::make_unique<ConnectionHost>(
        loop_, clock_, tenant, std::move(config), std::move(tags),
        [this](const ConnectionConfig& c, DriverHost& h) {
          return runtime(c.protocol()).make_driver(c, h);
        },
        [this, tenant](Sample sample) { outbox(tenant).add(tenant, std::move(sample)); },
        [this, tenant](DriverHost::Kept then) { outbox(tenant).when_durable(std::move(then)); });
    auto& place = connections_[id];
    const std::unique_ptr<ConnectionHost> before = std::exchange(place, std::move(host));
    if (before) {
      before->stop(std::nullopt);
      forget_tags(id);
      cancel_writes(id);
    }
    for (std::size_t i = 0; i < place->tags().size(); ++i) {
      by_tag_[{tenant, place->tags()[i]}] = {id, i};
    }
    place->start(before.get());
    return {};
  }

  Status remove(ConnectionId id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return no_connection(id);
    found->second->stop(quality::kBadOutOfService);
    forget_tags(id);
    cancel_writes(id);
    connections_.erase(found);
    return {};
  }

  Status set_enabled(ConnectionId id, bool enabled) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return no_connection(id);
    found->second->set_enabled(enabled);
    if (!enabled) cancel_writes(id);
    return {};
  }

  ConnectionView view(ConnectionId id, const ConnectionHost& host) const {
    return {id, host.tenant(), host.config(), host.tags(), host.status()};
  }

  std::vector<ConnectionView> list(TenantId tenant) const {
    std::vector<ConnectionView> views;
    for (const auto& [id, host] : connections_) {
      if (host->tenant() == tenant) views.push_back(view(id, *host));
    }
    return views;
  }

  ManagerCounters counters() const {
    ManagerCounters all;
    for (const auto& [tenant, outbox] : outboxes_) {
      const ManagerCounters one = outbox->counters();
      all.samples_offered += one.samples_offered;
      all.samples_durable += one.samples_durable;
      all.samples_dropped += one.samples_dropped;
      all.samples_waiting += one.samples_waiting;
      if (!all.sink_error) all.sink_error = one.sink_error;
    }
    return all;
  }

  void write(TenantId tenant, TagId tag, Value value, WriteDone done, Step step) {
    const auto place = by_tag_.find({tenant, tag});
    if (place == by_tag_.end()) {
      return answer(std::move(done), Error{ErrorId::kNotFound, "no connection has this tag"});
    }
    const auto [id, signal] = place->second;
    ConnectionHost& host = *connections_.at(id);
    const ConnectionConfig& config = host.config();
    if (!config.writes_enabled || !config.signals[signal].writable) {
      return answer(std::move(done),
                    Error{ErrorId::kWritesDisabled,
                          config.writes_enabled
                              ? "the signal " + config.signals[signal].path + " is not writable"
                              : "the connection " + config.name + " does not allow writes"});
    }
    if (Status ok = check_write(tenant, tag, config.signals[signal], value, step); !ok) {
      return answer(std::move(done), ok.error());
    }
    host.write(signal, std::move(value), under_way(id, std::move(done)));
  }

  void methods(ConnectionId id, MethodsDone done) {
    ConnectionHost* host = find(id);
    if (host == nullptr) return answer(std::move(done), no_connection(id));
    host->methods(under_way(id, std::move(done)));
  }

  void call(ConnectionId id, const MethodCall& call, CallDone done, Step step) {
    ConnectionHost* host = find(id);
    if (host == nullptr) return answer(std::move(done), no_connection(id));
    if (Status ok = check_call(host->config(), call.name, step); !ok) {
      return answer(std::move(done), ok.error());
    }
    host->call(call, under_way(id, std::move(done)));
  }

  ConnectionHost* find(ConnectionId id) const {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
  }

  void test(TestRequest request, TestDone done);
  void scan(ScanRequest request, ScanDone done);
  void browse(BrowseRequest request, BrowseDone done);

  void stop() {
    tasks_.clear();
    for (auto& [id, host] : connections_) host->stop(quality::kBadNotConnected);
    for (const auto& [id, host] : connections_) cancel_writes(id);
    by_tag_.clear();
    connections_.clear();
    for (auto& [tenant, outbox] : outboxes_) outbox->flush();
  }

 private:
  struct Place {
    ConnectionId connection;
    std::size_t signal;
  };
  struct Waiting {
    ConnectionId connection;
    std::function<void(const Error&)> fail;
  };
  ProtocolRuntime& runtime(Protocol protocol) {
    return *runtimes_[static_cast<std::size_t>(protocol)];
  }

  void forget_tags(ConnectionId id) {
    std::erase_if(by_tag_, [&](const auto& entry) { return entry.second.connection == id; });
  }

  void on_dropped(TenantId tenant, TagId tag) {
    const auto place = by_tag_.find({tenant, tag});
    if (place == by_tag_.end()) return;
    connections_.at(place->second.connection)->store_next(place->second.signal);
  }

  // At a turn of its own, and not after the manager's end.
  template <typename Answer>
  void answer(std::function<void(Result<Answer>)> done,
              std::type_identity_t<Result<Answer>> outcome) {
    post([done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
  }

  // What a driver is given to answer through: the driver may end before it does.
  template <typename Answer>
  std::function<void(Result<Answer>)> under_way(ConnectionId id,
                                                std::function<void(Result<Answer>)> done) {
    const std::uint64_t ticket = next_ticket_++;
    writes_[ticket] = {id, [this, done](const Error& why) { answer(done, why); }};
    return [this, ticket, done = std::move(done)](Result<Answer> outcome) {
      if (writes_.erase(ticket) > 0) answer(done, std::move(outcome));
    };
  }

  Status check_call(const ConnectionConfig& config, const std::string& name, Step step) const {
    const auto methods = kind_of(config.protocol()).methods(config.settings);
    const auto method = std::ranges::find(methods, name, &MethodConfig::name);
    if (method == methods.end()) {
      return Error{ErrorId::kNotFound,
                   config.name + " has no method '" + name + "' in its settings"};
    }
    if (!config.writes_enabled) {
      return Error{ErrorId::kWritesDisabled,
                   "the connection " + config.name + " does not allow writes"};
    }
    if (method->confirm != Confirm::kNone && step != Step::kSecond) {
      return Error{ErrorId::kDenied, name + " is called in two steps: ask for it, then confirm"};
    }
    return {};
  }

  template <typename Task>
  void post(Task task) {
    loop_.post([alive = std::weak_ptr<int>(alive_), task = std::move(task)] {
      if (!alive.expired()) task();
    });
  }

  void cancel_writes(ConnectionId id) {
    for (auto it = writes_.begin(); it != writes_.end();) {
      if (it->second.connection != id) {
        ++it;
        continue;
      }
      it->second.fail(Error{ErrorId::kCancelled,
                            "the connection was changed meanwhile; what was sent may or may not "
                            "have arrived"});
      it = writes_.erase(it);
    }
  }

  // The rules of the signal. A write that passes counts as the last one, whatever comes of it.
  Status check_write(TenantId tenant, TagId tag, const SignalConfig& signal, const Value& value,
                     Step step) {
    const WriteRules& rules = signal.write;
    Status ok = check_range(value, rules.low ? rules.low : signal.range_low,
                            rules.high ? rules.high : signal.range_high);
    if (!ok) return ok;
    if (rules.confirm != Confirm::kNone && step != Step::kSecond) {
      return Error{ErrorId::kDenied,
                   signal.path + " is written in two steps: ask for it, then confirm"};
    }
    if (rules.interval_ms == 0) return {};
    const Nanoseconds interval = std::chrono::milliseconds(rules.interval_ms);
    const auto [last, is_first] = last_writes_.try_emplace({tenant, tag}, loop_.now());
    const Nanoseconds left = last->second + interval - loop_.now();
    if (!is_first && left > Nanoseconds(0)) {
      const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      return Error{ErrorId::kWriteQueueFull, signal.path + " takes one write in " +
                                                 std::to_string(rules.interval_ms) + " ms; " +
                                                 std::to_string(left_ms) + " ms are left"};
    }
    last->second = loop_.now();
    return {};
  }

  // Keeps a task until it has answered: `start` gets the callback to answer through.
  template <typename Answer, typename Start>
  void run_task(std::function<void(Answer)> done, Start start) {
    const std::uint64_t id = next_ticket_++;
    tasks_[id] = start([this, id, done = std::move(done)](Answer answer) {
      tasks_.erase(id);
      done(std::move(answer));
    });
  }

  // The driver of a running connection through which it can be asked; null if there is none.
  Driver* way_in(std::optional<TenantId> tenant, const ProtocolSettings& settings) const {
    if (!tenant) return nullptr;
    for (const auto& [id, host] : connections_) {
      if (host->tenant() != *tenant) continue;
      if (Driver* driver = host->way_in(settings)) return driver;
    }
    return nullptr;
  }

  // The running connections that hold the seat of that machine. None where one of them writes: what
  // comes of a write is worth more than a test.
  std::vector<ConnectionId> seated(std::optional<TenantId> tenant,
                                   const ProtocolSettings& settings) const {
    std::vector<ConnectionId> found;
    const auto seat = kind_of(static_cast<Protocol>(settings.index())).seat(settings);
    if (!tenant || !seat) return found;
    for (const auto& [id, host] : connections_) {
      const ConnectionConfig& config = host->config();
      const bool there = host->tenant() == *tenant && host->connected() &&
                         config.settings.index() == settings.index() &&
                         kind_of(config.protocol()).seat(config.settings) == seat;
      if (!there) continue;
      const auto is_of = [id = id](const auto& entry) { return entry.second.connection == id; };
      if (std::ranges::any_of(writes_, is_of)) return {};
      found.push_back(id);
    }
    return found;
  }

  // Asks by a task of its own, and once more in the place of our own connection where that may be
  // why the machine turned it away. `start` makes the task from the callback to answer through.
  template <typename Answer, typename Start>
  void ask(std::optional<TenantId> tenant, const ProtocolSettings& settings,
           std::function<void(Answer)> done, Start start) {
    const auto judge = [this, tenant, settings, done, start](Answer answer) {
      const std::vector<ConnectionId> holders =
          turned_away(answer) ? seated(tenant, settings) : std::vector<ConnectionId>();
      if (holders.empty()) return done(std::move(answer));
      for (const ConnectionId id : holders) connections_.at(id)->stand_back();
      const auto over = [this, holders, done](Answer second) {
        for (const ConnectionId id : holders) {
          if (ConnectionHost* host = find(id)) host->resume();
        }
        done(std::move(second));
      };
      const auto take_turn = [this, over, start](bool) { run_task<Answer>(over, start); };
      run_task<bool>(take_turn, [this](auto then) {
        return std::make_unique<Breath>(loop_, [then = std::move(then)] { then(true); });
      });
    };
    run_task<Answer>(judge, start);
  }

  // One for each organisation: what the sink refuses of one, and the room it takes while it waits,
  // is no concern of the others.
  Outbox& outbox(TenantId tenant) {
    std::unique_ptr<Outbox>& place = outboxes_[tenant];
    if (!place) {
      place = std::make_unique<Outbox>(loop_, clock_, sink_, options_,
                                       [this](TenantId of, TagId tag) { on_dropped(of, tag); });
    }
    return *place;
  }

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  SampleSink& sink_;
  const ManagerOptions options_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // watched by posted answers
  std::map<TenantId, std::unique_ptr<Outbox>> outboxes_;
  std::array<std::unique_ptr<ProtocolRuntime>, kProtocols> runtimes_;
  std::map<ConnectionId, std::unique_ptr<ConnectionHost>> connections_;
  std::map<std::pair<TenantId, TagId>, Place> by_tag_;
  // When a signal with a least interval was written last; survives a change of the connection.
  std::map<std::pair<TenantId, TagId>, Nanoseconds> last_writes_;
  std::uint64_t next_ticket_ = 1;
  std::map<std::uint64_t, Waiting> writes_;  // and calls
  std::map<std::uint64_t, std::unique_ptr<Task>> tasks_;
  bool scanning_ = false;
};

void ConnectionManager::Impl::test(TestRequest request, TestDone done) {
  ConnectionConfig config;  // checked as one that would be kept, less the groups
  config.name = "test";
  config.settings = request.settings;
  config.groups = {{"test", 1000}};
  config.signals = std::move(request.signals);
  if (config.signals.size() > kTestSignalsMax) config.signals.resize(kTestSignalsMax);
  for (SignalConfig& signal : config.signals) signal.group.clear();
  if (const Status ok = check_connection(config); !ok) {
    TestReport report;
    report.error = ok.error();
    return post([done = std::move(done), report = std::move(report)] { done(report); });
  }
  request.settings = config.settings;
  request.signals = std::move(config.signals);
  if (Driver* driver = way_in(request.tenant, request.settings)) {
    return run_task<TestReport>(std::move(done), [&](auto answer) {
      return driver->test(std::move(request), std::move(answer));
    });
  }
  const auto start = [this, request](auto answer) {
    return runtime(static_cast<Protocol>(request.settings.index()))
        .test(request, std::move(answer));
  };
  ask<TestReport>(request.tenant, request.settings, std::move(done), start);
}

void ConnectionManager::Impl::browse(BrowseRequest request, BrowseDone done) {
  const ProtocolKind& kind = kind_of(static_cast<Protocol>(request.settings.index()));
  Status ok = kind.check_settings(request.settings);
  if (ok && kind.browsing() == Browsing::kNone) {
    ok = Error{ErrorId::kUnsupported, "a machine of " + std::string(kind.name()) +
                                          " does not tell what it has; take its signals from the "
                                          "maker's list or from a template"};
  }
  if (ok) ok = check_number("depth", request.depth, 1, kBrowseDepthMax);
  if (ok) ok = check_number("listen_ms", request.listen_ms, kListenMsMin, kListenMsMax);
  if (ok && request.node.size() > kNodeBytesMax) {
    ok = Error{ErrorId::kInvalidArgument, "node: at most 4096 bytes"};
  }
  if (!ok) return post([done = std::move(done), ok] { done(ok.error()); });
  if (Driver* driver = way_in(request.tenant, request.settings)) {
    return run_task<Result<BrowseReport>>(std::move(done), [&](auto answer) {
      return driver->browse(std::move(request), std::move(answer));
    });
  }
  const auto start = [this, request](auto answer) {
    return runtime(static_cast<Protocol>(request.settings.index()))
        .browse(request, std::move(answer));
  };
  ask<Result<BrowseReport>>(request.tenant, request.settings, std::move(done), start);
}

void ConnectionManager::Impl::scan(ScanRequest request, ScanDone done) {
  Status ok = check_scan(request);
  if (ok) ok = Scanner::check(request, loop_.reach());
  if (ok && scanning_) ok = Error{ErrorId::kBusy, "another scan is under way; wait for its end"};
  if (!ok) return post([done = std::move(done), ok] { done(ok.error()); });
  scanning_ = true;
  const std::function<void(ScanReport)> ended = [this, done = std::move(done)](ScanReport report) {
    scanning_ = false;
    done(std::move(report));
  };
  run_task<ScanReport>(ended, [&](auto answer) {
    return std::make_unique<Scanner>(
        loop_, std::move(request),
        [this](Protocol protocol) -> ProtocolRuntime& { return runtime(protocol); },
        std::move(answer));
  });
}

ConnectionManager::ConnectionManager(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                                     SampleSink& sink, ManagerOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, random, sink, options)) {}

ConnectionManager::~ConnectionManager() = default;

Status ConnectionManager::put(ConnectionId id, TenantId tenant, ConnectionConfig config,
                              std::vector<TagId> tags) {
  return impl_->put(id, tenant, std::move(config), std::move(tags));
}

Status ConnectionManager::remove(ConnectionId id) { return impl_->remove(id); }

Status ConnectionManager::set_enabled(ConnectionId id, bool enabled) {
  return impl_->set_enabled(id, enabled);
}

std::vector<ConnectionView> ConnectionManager::list(TenantId tenant) const {
  return impl_->list(tenant);
}

std::optional<ConnectionView> ConnectionManager::find(ConnectionId id) const {
  const ConnectionHost* host = impl_->find(id);
  if (host == nullptr) return std::nullopt;
  return impl_->view(id, *host);
}

std::optional<ConnectionStatus> ConnectionManager::status(ConnectionId id) const {
  const ConnectionHost* host = impl_->find(id);
  if (host == nullptr) return std::nullopt;
  return host->status();
}

std::vector<ConnectionEvent> ConnectionManager::events(ConnectionId id) const {
  const ConnectionHost* host = impl_->find(id);
  return host == nullptr ? std::vector<ConnectionEvent>{} : host->events();
}

ManagerCounters ConnectionManager::counters() const { return impl_->counters(); }

void ConnectionManager::write(TenantId tenant, TagId tag, Value value, WriteDone done, Step step) {
  impl_->write(tenant, tag, std::move(value), std::move(done), step);
}

void ConnectionManager::methods(ConnectionId id, MethodsDone done) {
  impl_->methods(id, std::move(done));
}

void ConnectionManager::call(ConnectionId id, MethodCall call, CallDone done, Step step) {
  impl_->call(id, call, std::move(done), step);
}

Status ConnectionManager::backfill(ConnectionId id, const BackfillRequest& request) {
  ConnectionHost* host = impl_->find(id);
  if (host == nullptr) return no_connection(id);
  if (request.range.empty() || request.range.to - request.range.from > kBackfillSpanMax) {
    return Error{ErrorId::kInvalidArgument, "to: must be after from, by 366 days at most"};
  }
  return host->backfill(request);
}

std::optional<BackfillStatus> ConnectionManager::backfill_status(ConnectionId id) const {
  const ConnectionHost* host = impl_->find(id);
  return host == nullptr ? std::nullopt : host->backfill_status();
}

Status ConnectionManager::cancel_backfill(ConnectionId id) {
  ConnectionHost* host = impl_->find(id);
  return host == nullptr ? no_connection(id) : host->cancel_backfill();
}

void ConnectionManager::stands(ConnectionId id, std::vector<Standing> standing) {
  if (ConnectionHost* host = impl_->find(id)) host->stands(std::move(standing));
}

void ConnectionManager::test(TestRequest request, TestDone done) {
  impl_->test(std::move(request), std::move(done));
}

void ConnectionManager::browse(BrowseRequest request, BrowseDone done) {
  impl_->browse(std::move(request), std::move(done));
}

void ConnectionManager::scan(ScanRequest request, ScanDone done) {
  impl_->scan(std::move(request), std::move(done));
}

void ConnectionManager::stop() { impl_->stop(); }

}  // namespace lineshaft::connect

// bench/opcua_bench.cpp: our OPC UA server as a client of open62541 sees it, and our client as a
// collector of many servers. No security: its cost is that of AES, not ours.
//
//   opcua_bench read [--seconds 10]      values/s that two clients read, 1,000 in each request
//   opcua_bench notify [--seconds 10] [--rate 250000]
//                                        changes/s that a subscriber of 10,000 tags is told, of so
//                                        many that happen; no historian is behind it
//   opcua_bench listen [--seconds 10] --port P
//                                        the same of a server that runs already (notify.py): prints
//                                        the number alone
//   opcua_bench poll [--seconds 20]      10 servers with 10,000 tags each, all polled once a second
//   opcua_bench subscribe [--seconds 20] the same, subscribed, every tag changes once a second
//
// CPU of `poll` and `subscribe` is that of the collecting process, values are counted and dropped.
#include <open62541/client_config_default.h>
#include <open62541/client_highlevel.h>
#include <open62541/client_subscriptions.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "connect/manager.h"
#include "connect/opcua/server.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "two_processes.h"

using namespace lineshaft;
using namespace std::chrono_literals;
namespace opcua = connect::opcua;

namespace {

constexpr std::uint16_t kPort = 18'400;
constexpr std::uint32_t kTags = 10'000;  // of a server
constexpr std::uint32_t kServers = 10;
constexpr std::uint32_t kBatch = 1'000;

std::string path_of(std::uint32_t tag) {
  return "works/line " + std::to_string(tag / 100) + "/signal " + std::to_string(tag % 100);
}

std::unique_ptr<opcua::TrustStore> trust_in(const std::string& folder) {
  return bench::must(
      opcua::TrustStore::open(sys::real_file_system(), sys::real_clock(), folder, {"127.0.0.1"}));
}

// All of its tags change every `change`, each to another value; never if it is 0.
class Machine : public opcua::ServerBacking {
 public:
  Machine(sys::EventLoop& loop, opcua::TrustStore& trust, std::uint16_t port, Nanoseconds change)
      : change_(change), timer_(loop.make_timer()) {
    opcua::ServerOptions options;
    options.listen = {"127.0.0.1", port};
    options.allow_none = true;
    options.allow_anonymous = true;
    options.rights_per_tag = false;
    server_ = bench::must(opcua::make_server(loop, sys::real_clock(), trust, *this, options));
    std::vector<Tag> tags(kTags);
    for (std::uint32_t i = 0; i < kTags; ++i) {
      tags[i].id = {i + 1};
      tags[i].spec.path = path_of(i);
    }
    if (!server_->put(tags)) std::exit(1);
    if (change.count() > 0) timer_->start(change, [this] { tell(); });
  }

  bool admit(const opcua::ServerUser&, std::string_view) override { return true; }
  bool may_read(const opcua::ServerUser&, TagId) override { return true; }
  bool may_write(const opcua::ServerUser&, TagId) override { return false; }
  std::optional<Sample> current(TagId tag) override { return sample(tag.value); }
  Status write(const opcua::ServerUser&, TagId, Value) override {
    return Error{ErrorId::kDenied, ""};
  }
  Result<std::vector<Sample>> history(TagId, TimeRange, bool, std::size_t) override {
    return std::vector<Sample>();
  }

 private:
  Sample sample(std::uint32_t tag) {
    value_ += 1.0 / 64;
    return {{tag}, sys::real_clock().now(), quality::kGood, value_};
  }
  void tell() {
    timer_->start(change_, [this] { tell(); });
    for (std::uint32_t i = 1; i <= kTags; ++i) server_->publish(sample(i));
  }

  const Nanoseconds change_;
  double value_ = 0;
  std::unique_ptr<sys::Timer> timer_;
  std::unique_ptr<opcua::Server> server_;
};

bench::OtherProcess machines(const std::string& folder, std::uint32_t count, Nanoseconds change) {
  return bench::OtherProcess([=](sys::EventLoop& loop) -> std::shared_ptr<void> {
    struct Hall {
      std::unique_ptr<opcua::TrustStore> trust;
      std::vector<std::unique_ptr<Machine>> machines;
    };
    auto hall = std::make_shared<Hall>();
    hall->trust = trust_in(folder + "/machines");
    for (std::uint32_t i = 0; i < count; ++i) {
      hall->machines.push_back(std::make_unique<Machine>(
          loop, *hall->trust, static_cast<std::uint16_t>(kPort + i), change));
    }
    return hall;
  });
}

// --- a client of open62541 ---

UA_Client* connected_client(int port = kPort) {
  static UA_Logger silent{};
  UA_ClientConfig config{};
  config.logging = &silent;
  UA_ClientConfig_setDefault(&config);
  UA_Client* client = UA_Client_newWithConfig(&config);
  const std::string url = "opc.tcp://127.0.0.1:" + std::to_string(port);
  if (UA_Client_connect(client, url.c_str()) != UA_STATUSCODE_GOOD) {
    std::cerr << "the client of open62541 cannot connect\n";
    std::exit(1);
  }
  return client;
}

UA_NodeId node_of(std::uint32_t tag, std::vector<std::string>& names) {
  names.push_back(path_of(tag));
  UA_NodeId id = UA_NODEID_STRING(2, names.back().data());
  return id;
}

double read_for(int seconds) {
  UA_Client* client = connected_client();
  std::vector<std::string> names;
  names.reserve(kBatch);
  std::vector<UA_ReadValueId> ids(kBatch);
  for (std::uint32_t i = 0; i < kBatch; ++i) {
    UA_ReadValueId_init(&ids[i]);
    ids[i].nodeId = node_of(i, names);
    ids[i].attributeId = UA_ATTRIBUTEID_VALUE;
  }
  UA_ReadRequest request;
  UA_ReadRequest_init(&request);
  request.nodesToRead = ids.data();
  request.nodesToReadSize = ids.size();
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_SOURCE;
  std::uint64_t values = 0;
  sys::Clock& clock = sys::real_clock();
  const Nanoseconds began = clock.monotonic();
  while (clock.monotonic() - began < std::chrono::seconds(seconds)) {
    UA_ReadResponse answer = UA_Client_Service_read(client, request);
    for (std::size_t i = 0; i < answer.resultsSize; ++i) values += answer.results[i].hasValue;
    UA_ReadResponse_clear(&answer);
  }
  const double wall = static_cast<double>((clock.monotonic() - began).count()) / 1e9;
  UA_Client_delete(client);
  return static_cast<double>(values) / wall;
}

void measure_read(const std::string& folder, int seconds) {
  const bench::OtherProcess server = machines(folder, 1, 0ns);
  std::atomic<double> sum = 0;
  std::thread other([&] { sum = sum + read_for(seconds); });
  const double mine = read_for(seconds);
  other.join();
  std::printf("read       %9.0f values/s by two clients, 1,000 in a request\n", mine + sum);
}

void on_change(UA_Client*, UA_UInt32, void*, UA_UInt32, void* context, UA_DataValue*) {
  *static_cast<std::uint64_t*>(context) += 1;
}

// Of every change of time or value; no more than 10 wait for a subscriber who is slow.
void monitor(UA_Client* client, UA_UInt32 subscription, std::span<const UA_NodeId> nodes,
             std::uint64_t& changes) {
  UA_DataChangeFilter filter;
  UA_DataChangeFilter_init(&filter);
  filter.trigger = UA_DATACHANGETRIGGER_STATUSVALUETIMESTAMP;
  std::vector<UA_MonitoredItemCreateRequest> items;
  for (const UA_NodeId& node : nodes) {
    items.push_back(UA_MonitoredItemCreateRequest_default(node));
    UA_MonitoringParameters& wish = items.back().requestedParameters;
    wish.samplingInterval = 0;
    wish.queueSize = 10;
    UA_ExtensionObject_setValueNoDelete(&wish.filter, &filter,
                                        &UA_TYPES[UA_TYPES_DATACHANGEFILTER]);
  }
  std::vector<void*> contexts(nodes.size(), &changes);
  std::vector<UA_Client_DataChangeNotificationCallback> callbacks(nodes.size(), &on_change);
  std::vector<UA_Client_DeleteMonitoredItemCallback> deletions(nodes.size(), nullptr);
  UA_CreateMonitoredItemsRequest request;
  UA_CreateMonitoredItemsRequest_init(&request);
  request.subscriptionId = subscription;
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_SOURCE;
  request.itemsToCreate = items.data();
  request.itemsToCreateSize = items.size();
  UA_CreateMonitoredItemsResponse made = UA_Client_MonitoredItems_createDataChanges(
      client, request, contexts.data(), callbacks.data(), deletions.data());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (made.resultsSize != nodes.size() || made.results[i].statusCode != UA_STATUSCODE_GOOD) {
      std::cerr << "the server does not let all be monitored\n";
      std::exit(1);
    }
  }
  UA_CreateMonitoredItemsResponse_clear(&made);
}

// Changes/s that a subscriber of these nodes is told.
double changes_told(UA_Client* client, std::span<const UA_NodeId> nodes, int seconds) {
  UA_CreateSubscriptionRequest wish = UA_CreateSubscriptionRequest_default();
  wish.requestedPublishingInterval = 50;
  wish.maxNotificationsPerPublish = 0;
  const auto made = UA_Client_Subscriptions_create(client, wish, nullptr, nullptr, nullptr);
  std::uint64_t changes = 0;
  for (std::size_t from = 0; from < nodes.size(); from += kBatch) {
    const std::size_t count = std::min<std::size_t>(kBatch, nodes.size() - from);
    monitor(client, made.subscriptionId, nodes.subspan(from, count), changes);
  }
  sys::Clock& clock = sys::real_clock();
  const auto run = [&](Nanoseconds duration) {
    const Nanoseconds end = clock.monotonic() + duration;
    while (clock.monotonic() < end) (void)UA_Client_run_iterate(client, 10);
  };
  run(2s);
  const std::uint64_t before = changes;
  const Nanoseconds began = clock.monotonic();
  run(std::chrono::seconds(seconds));
  const double wall = static_cast<double>((clock.monotonic() - began).count()) / 1e9;
  return static_cast<double>(changes - before) / wall;
}

double changes_told_at(int port, int seconds) {
  UA_Client* client = connected_client(port);
  std::vector<std::string> names;
  names.reserve(kTags);
  std::vector<UA_NodeId> nodes;
  for (std::uint32_t tag = 0; tag < kTags; ++tag) nodes.push_back(node_of(tag, names));
  const double told = changes_told(client, nodes, seconds);
  UA_Client_delete(client);
  return told;
}

void measure_notify(const std::string& folder, int seconds, int rate) {
  const bench::OtherProcess server = machines(folder, 1, Nanoseconds(1s) * kTags / rate);
  std::printf("notify     %9.0f changes/s told to a subscriber of 10,000 tags, %d happen\n",
              changes_told_at(kPort, seconds), rate);
}

// --- our client ---

void measure_collecting(const std::string& folder, int seconds, bool poll) {
  const bench::OtherProcess servers = machines(folder, kServers, poll ? 0ns : 1s);
  const auto trust = trust_in(folder + "/collector");
  const auto loop = sys::make_event_loop();
  bench::CountingSink sink;
  connect::ManagerOptions options;
  options.opcua_trust = trust.get();
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink, options);
  for (std::uint32_t s = 0; s < kServers; ++s) {
    connect::ConnectionConfig config;
    config.name = "server " + std::to_string(s);
    opcua::Settings settings;
    settings.url = "opc.tcp://127.0.0.1:" + std::to_string(kPort + s);
    settings.mode = opcua::Mode::kNone;
    settings.poll = poll;
    settings.timeout_ms = 20'000;
    config.settings = settings;
    config.groups = {{"all", 1000}};
    std::vector<TagId> tags;
    for (std::uint32_t i = 0; i < kTags; ++i) {
      connect::SignalConfig& signal = config.signals.emplace_back();
      signal.path = "server " + std::to_string(s) + "/" + path_of(i);
      signal.point = opcua::Point{"nsu=urn:lineshaft:tags;s=" + path_of(i), ValueType::kFloat64};
      tags.push_back({s * kTags + i + 1});
    }
    if (!manager.put({s + 1}, {1}, std::move(config), std::move(tags))) std::exit(1);
  }
  const auto sum = [&](auto of) {
    std::uint64_t total = 0;
    for (std::uint32_t s = 0; s < kServers; ++s) total += of(*manager.status({s + 1}));
    return total;
  };
  const auto values = [&] { return sum([](const auto& status) { return status.values; }); };
  const auto timer = loop->make_timer();
  timer->start(15s, [&] {  // everything is connected and subscribed
    const bench::Meter meter(*loop);
    const std::uint64_t before = values();
    timer->start(std::chrono::seconds(seconds), [&, meter, before] {
      std::printf(
          "%-10s %9.0f values/s  CPU %5.1f %% of a core  bad %llu  cycles missed %llu  "
          "resident %.0f MB\n",
          poll ? "poll" : "subscribe", static_cast<double>(values() - before) / meter.wall_s(),
          meter.core_percent(),
          static_cast<unsigned long long>(sum([](const auto& status) { return status.tags_bad; })),
          static_cast<unsigned long long>(
              sum([](const auto& status) { return status.cycles_missed; })),
          bench::Meter::peak_mb());
      loop->stop();
    });
  });
  loop->run();
  manager.stop();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const auto folder = std::filesystem::temp_directory_path() /
                      ("lineshaft-opcua-bench-" + std::to_string(getpid()));
  const bool collects = what == "poll" || what == "subscribe";
  const int seconds = bench::option(argc, argv, "--seconds", collects ? 20 : 10);
  if (what == "read") {
    measure_read(folder, seconds);
  } else if (what == "notify") {
    measure_notify(folder, seconds, std::max(1, bench::option(argc, argv, "--rate", 250'000)));
  } else if (what == "listen") {
    std::printf("%.0f\n", changes_told_at(bench::option(argc, argv, "--port", kPort), seconds));
  } else if (collects) {
    measure_collecting(folder, seconds, what == "poll");
  } else {
    std::cerr << "opcua_bench read|notify|listen|poll|subscribe [--seconds N]\n";
    return 2;
  }
  std::filesystem::remove_all(folder);
  return 0;
}

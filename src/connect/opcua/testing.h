// connect/opcua/testing.h: an OPC UA server with a few tags and a manager with connections to it,
// on one simulated loop, for the tests of this folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/manager.h"
#include "connect/opcua/server.h"
#include "connect/testing.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::connect::opcua::testing {

using namespace std::chrono_literals;
using connect::testing::kTenant;
using connect::testing::MemorySink;
using connect::testing::tags_from;

// Values in a map; everybody may do everything unless a test says otherwise.
class MapBacking : public ServerBacking {
 public:
  std::map<std::uint32_t, Sample> values;
  std::map<std::uint32_t, std::vector<Sample>> past;  // in order of time
  std::map<std::string, std::string> passwords;
  std::function<Status(TagId, const Value&)> on_write;
  std::function<bool(const ServerUser&, TagId)> readable;
  std::vector<ServerUser> users;  // admitted, in order
  std::size_t histories = 0;      // how often history() was asked
  std::function<Result<std::vector<Sample>>(TagId, TimeRange, bool, std::size_t)> on_history;

  bool admit(const ServerUser& user, std::string_view password) override {
    const auto found = passwords.find(user.name);
    const bool known =
        user.kind != UserKind::kUserName || (found != passwords.end() && found->second == password);
    if (known) users.push_back(user);
    return known;
  }
  bool may_read(const ServerUser& user, TagId tag) override {
    return readable == nullptr || readable(user, tag);
  }
  bool writers = true;
  bool may_write(const ServerUser&, TagId) override { return writers; }
  std::optional<Sample> current(TagId tag) override {
    const auto found = values.find(tag.value);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  Status write(const ServerUser&, TagId tag, Value value) override {
    if (on_write) return on_write(tag, value);
    values[tag.value].value = std::move(value);
    return {};
  }
  // What was computed last, and what is answered: a value of 2.5 at the start of every interval.
  struct Computed {
    TimeRange range;
    Nanoseconds step{0};
    historian::Aggregate aggregate{};
    historian::AggregateOptions options;
  };
  std::vector<Computed> computed;
  Aggregated aggregates(TagId, TimeRange range, Nanoseconds step, historian::Aggregate aggregate,
                        const historian::AggregateOptions& options) override {
    computed.push_back({range, step, aggregate, options});
    std::vector<historian::AggregateValue> answers;
    for (Timestamp from = range.from; from < range.to; from = from + step) {
      answers.push_back({from, Quality{0x00000401}, 2.5});
    }
    return answers;
  }
  Aggregated interpolated(TagId, std::span<const Timestamp> times,
                          const historian::AggregateOptions&) override {
    std::vector<historian::AggregateValue> answers;
    for (Timestamp time : times) answers.push_back({time, Quality{0x00000402}, 7.0});
    return answers;
  }
  std::vector<Sample> old;  // that others replaced
  Result<std::vector<Sample>> replaced(TagId, TimeRange range) override {
    std::vector<Sample> found;
    for (const Sample& sample : old) {
      if (range.contains(sample.time)) found.push_back(sample);
    }
    return found;
  }
  Result<PendingWrite> ask_write(const ServerUser& user, TagId tag, Value value) override {
    if (value == Value(99.0)) return Error{ErrorId::kInvalidArgument, "value"};
    asked = PendingWrite{"t0k", "press", std::move(value), user.name, Timestamp{0}, false};
    asked_tag = tag;
    return *asked;
  }
  Status confirm_write(const ServerUser& user, TagId tag, Value value, const std::string& token,
                       const std::string& machine) override {
    const bool fits = asked && asked_tag == tag && asked->value == value && asked->token == token &&
                      asked->machine == machine;
    if (!fits) return Error{ErrorId::kConflict, "token"};
    asked.reset();
    return write(user, tag, std::move(value));
  }
  std::optional<PendingWrite> asked;
  TagId asked_tag;
  Result<std::vector<Sample>> history(TagId tag, TimeRange range, bool newest_first,
                                      std::size_t max) override {
    histories += 1;
    if (on_history) return on_history(tag, range, newest_first, max);
    std::vector<Sample> found;
    for (const Sample& sample : past[tag.value]) {
      if (range.contains(sample.time)) found.push_back(sample);
    }
    if (newest_first) std::reverse(found.begin(), found.end());
    if (found.size() > max) found.resize(max);
    return found;
  }
};

// Making a key takes a while, so a process makes two identities and gives every store a copy.
inline std::unique_ptr<TrustStore> make_store(sys::SimDisk& disk, sys::Clock& clock,
                                              const std::string& host) {
  static std::map<std::string, std::pair<Bytes, Bytes>> made;
  const std::string own = "pki/own";
  if (const auto found = made.find(host); found != made.end()) {
    LS_ASSERT(disk.create_directories(own).ok());
    LS_ASSERT(sys::write_file_atomically(disk, own + "/key.der", found->second.second).ok());
    LS_ASSERT(sys::write_file_atomically(disk, own + "/certificate.der", found->second.first).ok());
  }
  auto store = TrustStore::open(disk, clock, "pki", {host});
  LS_ASSERT(store.ok());
  made[host] = {(*store)->own().certificate, (*store)->own().key};
  return std::move(store).value();
}

struct Plant {
  sys::SimLoop loop;
  // Certificates are made at the time of this computer.
  sys::SimClock clock{loop, sys::real_clock().now() + 1h};
  sys::SimRandom random{42};
  sys::SimDisk server_disk;
  sys::SimDisk client_disk;
  std::unique_ptr<TrustStore> server_trust = make_store(server_disk, clock, "plc");
  std::unique_ptr<TrustStore> client_trust = make_store(client_disk, clock, "gateway");
  MapBacking backing;
  std::unique_ptr<Server> server;
  MemorySink sink;
  std::unique_ptr<ConnectionManager> manager;
  ServerOptions options{.listen = {"127.0.0.1", 4840},
                        .allow_none = true,
                        .allow_sign = true,
                        .allow_anonymous = true,
                        .rights_per_tag = false,
                        .publish_min = 10ms};
  const sys::Endpoint at{"127.0.0.1", 4840};

  Plant() {
    ManagerOptions manager_options;
    manager_options.opcua_trust = client_trust.get();
    manager = std::make_unique<ConnectionManager>(loop, clock, random, sink, manager_options);
  }
  ~Plant() {
    manager.reset();
    server.reset();
  }

  // Both certificates of each.
  void trust_each_other() {
    trust(*server_trust, *client_trust);
    trust(*client_trust, *server_trust);
  }
  static void trust(TrustStore& judge, const TrustStore& judged) {
    for (const KeyKind kind : {KeyKind::kRsa, KeyKind::kNistP256}) {
      LS_ASSERT(judge.trust(judged.own(kind)->certificate).ok());
    }
  }

  static Tag tag(std::uint32_t id, std::string path, ValueType type) {
    Tag tag;
    tag.id = {id};
    tag.spec.path = std::move(path);
    tag.spec.type = type;
    return tag;
  }
  // Tag 1 is a float64, 2 an int64, 3 a bool, 4 a string, 5 a float32, 6 a writable float64.
  static std::vector<Tag> tags() {
    std::vector<Tag> list = {tag(1, "acme/hall/press/force", ValueType::kFloat64),
                             tag(2, "acme/hall/press/pieces", ValueType::kInt64),
                             tag(3, "acme/hall/press/running", ValueType::kBool),
                             tag(4, "acme/hall/press/order", ValueType::kString),
                             tag(5, "acme/hall/press/temperature", ValueType::kFloat32),
                             tag(6, "acme/hall/press/setpoint", ValueType::kFloat64)};
    list[5].spec.writable = true;
    return list;
  }
  void set(std::uint32_t id, Value value, Quality quality = quality::kGood,
           std::optional<Timestamp> time = std::nullopt) {
    const Sample sample{{id}, time.value_or(clock.now()), quality, std::move(value)};
    backing.values[id] = sample;
    if (server) server->publish(sample);
  }
  void set_all() {
    set(1, 12.5);
    set(2, std::int64_t{7});
    set(3, true);
    set(4, std::string("A-17"));
    set(5, 20.25f);
    set(6, 3.0);
  }
  void serve() {
    auto made = make_server(loop, clock, *server_trust, backing, options);
    LS_ASSERT(made.ok());
    server = std::move(made).value();
    LS_ASSERT(server->put(tags()).ok());
  }

  static SignalConfig signal(const Tag& tag) {
    SignalConfig signal;
    signal.path = "copy/" + tag.spec.path;
    signal.point = Point{"nsu=urn:lineshaft:tags;s=" + tag.spec.path, tag.spec.type};
    signal.writable = tag.spec.writable;
    return signal;
  }
  // Signals 0.. are tags 1..; the group's interval is 100 ms.
  static ConnectionConfig connection() {
    ConnectionConfig config;
    config.name = "press";
    Settings settings;
    settings.url = "opc.tcp://127.0.0.1:4840";
    settings.mode = Mode::kNone;
    settings.timeout_ms = 2'000;
    config.settings = settings;
    config.groups = {{"fast", 100}};
    config.writes_enabled = true;
    for (const Tag& one : tags()) config.signals.push_back(signal(one));
    return config;
  }
  static Settings& settings(ConnectionConfig& config) {
    return std::get<Settings>(config.settings);
  }
  // As connection 1; its tags are 101, 102...
  void put(const ConnectionConfig& config) {
    const Status put = manager->put({1}, kTenant, config, tags_from(101, config.signals.size()));
    LS_ASSERT(put.ok());
  }
  ConnectionStatus status() { return manager->status({1}).value(); }
  bool run_until(const std::function<bool()>& condition, Nanoseconds limit = 60s) {
    return loop.run_until(condition, limit);
  }
  bool connected() {
    return run_until([this] { return status().state == ConnectionState::kConnected; });
  }
  bool all_good() {
    return run_until([this] { return status().tags_bad == 0; });
  }
  std::optional<Sample> last(std::uint32_t tag) {
    const auto samples = sink.of(tag);
    return samples.empty() ? std::nullopt : std::optional(samples.back());
  }
  std::string last_error() { return status().last_error.value_or(""); }
  bool has_event(std::string_view name) {
    for (const ConnectionEvent& event : manager->events({1})) {
      if (event.event == name) return true;
    }
    return false;
  }
};

}  // namespace lineshaft::connect::opcua::testing

// tests/interop/opcua_peer.cpp: our OPC UA server and client as a program, for tests against other
// implementations. Not part of the product.
//
//   opcua_peer server FOLDER PORT   serves the plan of opcua_interop.py
//   opcua_peer client FOLDER        reads a connection as JSON from the first line, then runs it
//
// Both keep their certificates in FOLDER, print JSON lines, and take commands from further lines:
// "approve" trusts every certificate that was refused, "set TAG VALUE" (server), "write TAG VALUE",
// "backfill FROM TO", "methods", "call METHOD JSON" (client). They end when stdin does.
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "connect/connection_json.h"
#include "connect/manager.h"
#include "connect/opcua/server.h"
#include "connect/opcua/trust.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;
namespace opcua = connect::opcua;

namespace {

void say(const Json& line) { std::cout << line.dump() << std::endl; }

Json json_of(const Value& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

int fail(const Error& error) {
  std::cerr << error.text() << "\n";
  return 1;
}

void approve_all(opcua::TrustStore& trust) {
  Json list = Json::array();
  for (const auto& waiting : trust.rejected()) {
    list.push_back({{"thumbprint", waiting.info.sha1}, {"why", waiting.why}});
    if (!trust.approve(waiting.info.sha1)) std::abort();
  }
  say({{"approved", list}});
}

// Runs each line of stdin as a command on the loop.
void run(sys::EventLoop& loop, const std::function<void(std::istringstream&)>& command) {
  std::thread input([&] {
    for (std::string line; std::getline(std::cin, line);) {
      loop.post([&command, line] {
        std::istringstream words(line);
        command(words);
      });
    }
    loop.stop();
  });
  loop.run();
  input.join();
}

// --- server ---

class PlanBacking : public opcua::ServerBacking {
 public:
  std::vector<Tag> tags;
  std::map<std::uint32_t, Sample> values;

  PlanBacking() {
    add("acme/hall/press/force", ValueType::kFloat64, 12.5);
    add("acme/hall/press/pieces", ValueType::kInt64, std::int64_t{7'000'000'000});
    add("acme/hall/press/running", ValueType::kBool, true);
    add("acme/hall/press/order", ValueType::kString, std::string("A-17 \xc3\xa4"));
    add("acme/hall/press/temperature", ValueType::kFloat32, 20.25f);
    add("acme/hall/press/setpoint", ValueType::kFloat64, 3.0);
    add("acme/hall/press/state", ValueType::kInt64, std::int64_t{2});
    TagSpec& force = tags[0].spec;
    force.unit = "NEW";
    force.range_low = 0;
    force.range_high = 500;
    force.description = "of the ram";
    tags[5].spec.writable = true;
    tags[6].spec.enum_set = {{1, "idle"}, {2, "press"}, {7, "fault"}};
    values[5].quality = quality::kUncertainDataSubNormal;
  }
  void add(std::string path, ValueType type, Value value) {
    Tag tag;
    tag.id = {static_cast<std::uint32_t>(tags.size() + 1)};
    tag.spec.path = std::move(path);
    tag.spec.type = type;
    // 2026-01-01T00:00:00.1234567Z
    values[tag.id.value] = {tag.id, {1'767'225'600'123'456'700}, quality::kGood, std::move(value)};
    tags.push_back(std::move(tag));
  }
  bool admit(const opcua::ServerUser& user, std::string_view password) override {
    say({{"user", user.name}});
    return user.kind != opcua::UserKind::kUserName || (user.name == "otto" && password == "geheim");
  }
  bool may_read(const opcua::ServerUser&, TagId) override { return true; }
  bool may_write(const opcua::ServerUser&, TagId) override { return true; }
  std::optional<Sample> current(TagId tag) override { return values.at(tag.value); }
  Status write(const opcua::ServerUser& user, TagId tag, Value value) override {
    if (std::get<double>(value) > 100) return Error{ErrorId::kInvalidArgument, "too much"};
    say({{"write", tag.value}, {"user", user.name}});
    values[tag.value].value = std::move(value);
    return {};
  }
  std::optional<connect::PendingWrite> asked;
  Result<connect::PendingWrite> ask_write(const opcua::ServerUser& user, TagId,
                                          Value value) override {
    asked = connect::PendingWrite{
        "t0k", "press", std::move(value), user.name, {1'767'225'600'000'000'000}, false};
    return *asked;
  }
  Status confirm_write(const opcua::ServerUser& user, TagId tag, Value value,
                       const std::string& token, const std::string& machine) override {
    if (!asked || asked->value != value || asked->token != token || asked->machine != machine) {
      return Error{ErrorId::kConflict, "nothing waits under that token"};
    }
    asked.reset();
    return write(user, tag, std::move(value));
  }
  // The mean of the samples of each window, whichever aggregate is asked for.
  Aggregated aggregates(TagId tag, TimeRange range, Nanoseconds step, historian::Aggregate,
                        const historian::AggregateOptions&) override {
    std::vector<historian::AggregateValue> answers;
    for (Timestamp from = range.from; from < range.to; from = from + step) {
      const auto samples = history(tag, {from, from + step}, false, 25'000).value();
      double sum = 0;
      for (const Sample& sample : samples) sum += std::get<double>(sample.value);
      answers.push_back({from, Quality{0x401}, sum / static_cast<double>(samples.size())});
    }
    return answers;
  }
  Aggregated interpolated(TagId, std::span<const Timestamp> times,
                          const historian::AggregateOptions&) override {
    std::vector<historian::AggregateValue> answers;
    for (Timestamp time : times) {
      const double seconds =
          static_cast<double>(time.ns - 1'767'225'600'000'000'000) / 1'000'000'000;
      answers.push_back({time, Quality{0x402}, seconds / 2});
    }
    return answers;
  }
  // One value a second from 2026-01-01T00:00:00Z on, 25,000 of them, of tag 1 only.
  Result<std::vector<Sample>> history(TagId tag, TimeRange range, bool newest_first,
                                      std::size_t max) override {
    std::vector<Sample> found;
    for (std::int64_t i = 0; i < 25'000 && tag.value == 1; ++i) {
      const std::int64_t k = newest_first ? 24'999 - i : i;
      const Timestamp time{(1'767'225'600 + k) * 1'000'000'000};
      if (range.contains(time) && found.size() < max) {
        found.push_back({tag, time, quality::kGood, static_cast<double>(k) / 2});
      }
    }
    return found;
  }
};

int serve(const std::string& folder, std::uint16_t port) {
  const auto loop = sys::make_event_loop();
  auto trust = opcua::TrustStore::open(sys::real_file_system(), sys::real_clock(), folder,
                                       {"localhost", "127.0.0.1"});
  if (!trust) return fail(trust.error());
  PlanBacking backing;
  opcua::ServerOptions options;
  options.listen = {"127.0.0.1", port};
  options.allow_none = true;
  options.allow_sign = true;
  options.allow_anonymous = true;
  options.rights_per_tag = false;
  options.two_step_methods = true;
  auto server = opcua::make_server(*loop, sys::real_clock(), **trust, backing, options);
  if (!server) return fail(server.error());
  if (Status put = (*server)->put(backing.tags); !put) return fail(put.error());
  say({{"port", (*server)->local().port}});
  run(*loop, [&](std::istringstream& words) {
    std::string verb;
    words >> verb;
    if (verb == "approve") approve_all(**trust);
    if (verb != "set") return;
    std::uint32_t tag = 0;
    std::string text;
    words >> tag >> text;
    Sample& sample = backing.values.at(tag);
    sample.value = parse_value(backing.tags[tag - 1].spec.type, text).value();
    sample.time = sys::real_clock().now();
    sample.quality = quality::kGood;
    (*server)->publish(sample);
  });
  return 0;
}

// --- client ---

class PrintingSink : public SampleSink {
 public:
  void append(SampleBatch batch, Durable durable) override {
    for (const Sample& sample : batch.samples) {
      say({{"tag", sample.tag.value},
           {"time", format_rfc3339(sample.time)},
           {"quality", sample.quality.code},
           {"value", json_of(sample.value)}});
    }
    durable({});
  }
};

void backfill(connect::ConnectionManager& manager, std::istringstream& words) {
  std::string from;
  std::string to;
  words >> from >> to;
  const connect::BackfillRequest request{
      {parse_timestamp(from).value(), parse_timestamp(to).value()}, false};
  if (Status begun = manager.backfill({1}, request); !begun) {
    say({{"refused", begun.error().text()}});
  }
}

void tell_methods(connect::ConnectionManager& manager) {
  manager.methods({1}, [](const Result<std::vector<connect::MethodView>>& methods) {
    Json list = Json::array();
    for (const auto& one : methods.value()) {
      list.push_back({{"name", one.name},
                      {"inputs", connect::arguments_json(one.inputs)},
                      {"outputs", connect::arguments_json(one.outputs)},
                      {"error", one.error ? Json(one.error->text()) : Json()}});
    }
    say({{"methods", list}});
  });
}

void call(connect::ConnectionManager& manager, std::istringstream& words) {
  connect::MethodCall call;
  words >> call.name;
  std::string text;
  std::getline(words, text);
  const Json arguments = Json::parse(text);  // items() only borrows it
  for (const auto& [name, value] : arguments.items()) {
    Value given = value.is_string()         ? Value(value.get<std::string>())
                  : value.is_boolean()      ? Value(value.get<bool>())
                  : value.is_number_float() ? Value(value.get<double>())
                                            : Value(value.get<std::int64_t>());
    call.arguments.emplace_back(name, std::move(given));
  }
  manager.call({1}, call, [](const Result<connect::MethodOutcome>& outcome) {
    if (!outcome) return say({{"refused", outcome.error().text()}});
    Json results = Json::object();
    for (const auto& one : outcome->results) {
      results[one.name] = one.value ? json_of(*one.value) : Json(one.type);
    }
    say({{"called", results}});
  });
}

int connect_to(const std::string& folder) {
  const auto loop = sys::make_event_loop();
  auto trust = opcua::TrustStore::open(sys::real_file_system(), sys::real_clock(), folder,
                                       {"localhost", "127.0.0.1"});
  if (!trust) return fail(trust.error());
  std::string line;
  std::getline(std::cin, line);
  auto config = connect::config_from_json(Json::parse(line));
  if (!config) return fail(config.error());
  std::vector<TagId> tags;
  for (std::size_t i = 1; i <= config->signals.size(); ++i)
    tags.push_back({static_cast<std::uint32_t>(i)});
  PrintingSink sink;
  connect::ManagerOptions options;
  options.opcua_trust = trust->get();
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink, options);
  if (Status put = manager.put({1}, TenantId{1}, *config, tags); !put) return fail(put.error());
  // The events as they come: they say why a connection does not.
  const auto timer = loop->make_timer();
  std::size_t told = 0;
  const std::function<void()> tell = [&] {
    const auto events = manager.events({1});  // the newest first
    for (std::size_t i = events.size() - std::min(told, events.size()); i > 0; --i) {
      say({{"event", events[i - 1].event}, {"detail", events[i - 1].detail}});
    }
    told = events.size();
    timer->start(50ms, tell);
  };
  timer->start(50ms, tell);
  run(*loop, [&](std::istringstream& words) {
    std::string verb;
    words >> verb;
    if (verb == "approve") approve_all(**trust);
    if (verb == "backfill") backfill(manager, words);
    if (verb == "methods") tell_methods(manager);
    if (verb == "call") call(manager, words);
    if (verb != "write") return;
    std::uint32_t tag = 0;
    std::string text;
    words >> tag >> text;
    auto value = parse_value(connect::value_type(config->signals[tag - 1]), text);
    manager.write(TenantId{1}, {tag}, value.value(),
                  [](const Result<connect::WriteOutcome>& outcome) {
                    if (!outcome) return say({{"refused", outcome.error().text()}});
                    say({{"wrote", json_of(outcome->new_value)},
                         {"old", outcome->old_value ? json_of(*outcome->old_value) : Json()}});
                  });
  });
  manager.stop();
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string verb = count > 2 ? words[1] : "";
  if (verb == "server" && count == 4) {
    return serve(words[2], static_cast<std::uint16_t>(std::atoi(words[3])));
  }
  if (verb == "client" && count == 3) return connect_to(words[2]);
  std::cerr << "usage: opcua_peer server FOLDER PORT | client FOLDER\n";
  return 2;
}

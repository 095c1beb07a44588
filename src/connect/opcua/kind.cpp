#include "connect/opcua/kind.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "connect/opcua/look_around.h"
#include "connect/opcua/probe.h"
#include "connect/opcua/session.h"
#include "connect/opcua/visit.h"

namespace lineshaft::connect::opcua {

namespace {

const Settings& settings_of(const ProtocolSettings& settings) {
  return std::get<Settings>(settings);
}
const Point& point_of(const SignalPoint& point) { return std::get<Point>(point); }

Error no_store() {
  return {ErrorId::kTlsFailed, "this server keeps no certificates, so it cannot speak OPC UA"};
}

// Stands where a session would, when there is no store of certificates.
class NoStore : public Driver {
 public:
  NoStore(sys::EventLoop& loop, DriverHost& host) : timer_(loop.make_timer()) {
    timer_->start(Nanoseconds(0), [&host] { host.on_lost(no_store()); });
  }
  void write(std::size_t, Value, WriteDone done) override { done(no_store()); }
  void fill(ConnectionStatus&) const override {}

 private:
  std::unique_ptr<sys::Timer> timer_;
};

// Answers at a turn of its own.
class Answer : public Task {
 public:
  Answer(sys::EventLoop& loop, std::function<void()> answer) : timer_(loop.make_timer()) {
    timer_->start(Nanoseconds(0), std::move(answer));
  }

 private:
  std::unique_ptr<sys::Timer> timer_;
};

class Runtime : public ProtocolRuntime {
 public:
  Runtime(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random, TrustStore* trust)
      : loop_(loop), clock_(clock), random_(random), trust_(trust) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    if (trust_ == nullptr) return std::make_unique<NoStore>(loop_, host);
    return make_session(loop_, clock_, random_, *trust_, config, host);
  }

  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    if (trust_ != nullptr) {
      return make_test({loop_, clock_, *trust_}, std::move(request), std::move(done));
    }
    return std::make_unique<Answer>(loop_, [done = std::move(done)] {
      TestReport report;
      report.error = no_store();
      done(std::move(report));
    });
  }

  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    if (trust_ != nullptr) {
      return make_knock(loop_, clock_, *trust_, std::move(knock), std::move(done));
    }
    return std::make_unique<Answer>(loop_, [done = std::move(done)] { done({}); });
  }

  std::unique_ptr<Task> browse(BrowseRequest request, BrowseDone done) override {
    if (trust_ != nullptr) {
      return make_look_around({loop_, clock_, *trust_}, std::move(request), std::move(done));
    }
    return std::make_unique<Answer>(loop_, [done = std::move(done)] { done(no_store()); });
  }

 private:
  sys::EventLoop& loop_;
  sys::Clock& clock_;
  sys::Random& random_;
  TrustStore* trust_;
};

void read_methods(Fields& fields, const Json& list, std::vector<MethodConfig>& methods) {
  if (!list.is_array()) return fields.fail_field("methods", "must be a list");
  for (const Json& item : list) {
    MethodConfig method;
    Fields one(item);
    for (const char* name : {"name", "object", "method"}) one.require(name);
    one.string("name", method.name);
    one.string("object", method.object);
    one.string("method", method.method);
    one.word("confirm", method.confirm, parse_confirm, "none, again or second-person");
    if (Status done = one.done(); !done) {
      return fields.fail_field("methods",
                               std::to_string(methods.size()) + ": " + done.error().what);
    }
    methods.push_back(std::move(method));
  }
}

Json methods_json(const std::vector<MethodConfig>& methods) {
  Json list = Json::array();
  for (const MethodConfig& one : methods) {
    list.push_back({{"name", one.name},
                    {"object", one.object},
                    {"method", one.method},
                    {"confirm", confirm_name(one.confirm)}});
  }
  return list;
}

class Kind : public ProtocolKind {
 public:
  std::string_view name() const override { return "opc-ua"; }

  ProtocolSettings read_settings(Fields& fields) const override {
    Settings s;
    fields.require("url");
    fields.string("url", s.url);
    fields.word("mode", s.mode, parse_mode, "best, none, sign or sign-and-encrypt");
    fields.string("policy", s.policy);
    fields.word("user", s.user, parse_user_kind, "anonymous, user-name or certificate");
    fields.string("user_name", s.user_name);
    fields.secret("password", s.password);
    fields.string("user_certificate_pem", s.user_certificate_pem);
    fields.secret("user_key_pem", s.user_key_pem);
    fields.advanced();
    fields.boolean("allow_clear_password", s.allow_clear_password);
    fields.integer("timeout_ms", s.timeout_ms, 500, 60'000);
    fields.integer("session_timeout_ms", s.session_timeout_ms, 10'000, 3'600'000);
    fields.integer("values_kept_per_item", s.values_kept_per_item, 1, 1'000);
    fields.integer("nodes_per_request_max", s.nodes_per_request_max, 0, 10'000);
    fields.boolean("poll", s.poll);
    fields.integer("fill_gaps_h", s.fill_gaps_h, 0, 8'760);
    if (const Json* methods = fields.member("methods")) read_methods(fields, *methods, s.methods);
    return s;
  }

  Json settings_json(const ProtocolSettings& of, Secrets secrets) const override {
    const Settings& s = settings_of(of);
    Json json = {{"url", s.url},
                 {"mode", mode_name(s.mode)},
                 {"policy", s.policy},
                 {"user", user_kind_name(s.user)},
                 {"user_name", s.user_name},
                 {"user_certificate_pem", s.user_certificate_pem},
                 {"allow_clear_password", s.allow_clear_password},
                 {"timeout_ms", s.timeout_ms},
                 {"session_timeout_ms", s.session_timeout_ms},
                 {"values_kept_per_item", s.values_kept_per_item},
                 {"nodes_per_request_max", s.nodes_per_request_max},
                 {"poll", s.poll},
                 {"fill_gaps_h", s.fill_gaps_h},
                 {"methods", methods_json(s.methods)}};
    if (secrets == Secrets::kShown) {
      json["password"] = s.password;
      json["user_key_pem"] = s.user_key_pem;
    }
    return json;
  }

  SignalPoint read_point(Fields& fields) const override {
    Point point;
    for (const char* name : {"node", "type"}) fields.require(name);
    fields.string("node", point.node);
    fields.word("type", point.type, parse_type, "bool, int64, float32, float64 or string");
    fields.advanced();
    fields.string("browse_path", point.browse_path);
    return point;
  }
  void add_point_json(const SignalPoint& of, Json& signal) const override {
    signal["node"] = point_of(of).node;
    if (const std::string& path = point_of(of).browse_path; !path.empty()) {
      signal["browse_path"] = path;
    }
    signal["type"] = type_name(point_of(of).type);
  }

  Status check_settings(const ProtocolSettings& of) const override {
    return check(settings_of(of));
  }
  Status check_point(const SignalConfig& signal, const ProtocolSettings&) const override {
    return check(point_of(signal.point));
  }

  ValueType value_type(const SignalPoint& point) const override { return point_of(point).type; }
  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    const Point& point = point_of(of);
    return "opc-ua:" + config.name + "/" + point.node +
           (point.browse_path.empty() ? "" : "/" + point.browse_path);
  }

  std::vector<Door> doors() const override { return {{4840, false}}; }
  std::optional<sys::Endpoint> seat(const ProtocolSettings& of) const override {
    return parse_url(settings_of(of).url).value().endpoint;
  }
  Browsing browsing() const override { return Browsing::kByNode; }
  bool has_history() const override { return true; }
  bool has_methods() const override { return true; }
  std::span<const MethodConfig> methods(const ProtocolSettings& settings) const override {
    return settings_of(settings).methods;
  }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& clock,
                                                sys::Random& random,
                                                const ManagerOptions& options) const override {
    return std::make_unique<Runtime>(loop, clock, random, options.opcua_trust);
  }
};

}  // namespace

const ProtocolKind& kind() {
  static const Kind kind;
  return kind;
}

}  // namespace lineshaft::connect::opcua

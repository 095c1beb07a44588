#include "connect/opcua/probe.h"

#include <utility>

#include "connect/opcua/visit.h"

namespace lineshaft::connect::opcua {

namespace {

// Who made the server: its BuildInfo, in this order.
constexpr UA_UInt32 kIdentity[] = {
    UA_NS0ID_SERVER_SERVERSTATUS_BUILDINFO_MANUFACTURERNAME,
    UA_NS0ID_SERVER_SERVERSTATUS_BUILDINFO_PRODUCTNAME,
    UA_NS0ID_SERVER_SERVERSTATUS_BUILDINFO_SOFTWAREVERSION,
};

std::string text_in(const UaDataValue& value) {
  const bool text =
      value->hasValue && UA_Variant_hasScalarType(&value->value, &UA_TYPES[UA_TYPES_STRING]);
  return text ? std::string(text_of(*static_cast<const UA_String*>(value->value.data))) : "";
}

class Test : public Task {
 public:
  Test(const Way& way, TestRequest request, ProtocolRuntime::TestDone done)
      : request_(std::move(request)),
        done_(std::move(done)),
        finish_(way.loop.make_timer()),
        visit_(
            way, std::get<Settings>(request_.settings),
            [this](const Status& status) { on_ready(status); },
            [this](const Status& status) { finish(status.error()); }) {}

 private:
  void on_ready(const Status& status) {
    report_.reachable = status.ok() || !visit_.client().offered().empty();
    if (const auto latency = visit_.client().traffic.latency.summary())
      report_.latency_ms = latency->last;
    if (!status) return finish(status.error());
    std::vector<Place> places;
    for (const SignalConfig& signal : request_.signals) {
      places.push_back(place_of(std::get<Point>(signal.point)));
    }
    visit_.find(places, [this](const std::vector<Result<UaNodeId>>& nodes) { read(nodes); });
  }

  void read(const std::vector<Result<UaNodeId>>& nodes) {
    std::vector<UaReadItem> items;
    for (UA_UInt32 id : kIdentity) {
      items.push_back(read_item(UA_NODEID_NUMERIC(0, id), UA_ATTRIBUTEID_VALUE));
    }
    // An unknown namespace, or a path that leads nowhere, reads as an unknown node.
    for (const Result<UaNodeId>& node : nodes) {
      items.push_back(read_item(node ? **node : UA_NODEID_NULL, UA_ATTRIBUTEID_VALUE));
    }
    visit_.read(std::move(items),
                [this](const std::vector<UaDataValue>& values) { on_values(values); });
  }

  void on_values(const std::vector<UaDataValue>& values) {
    report_.identification =
        MachineIdentification{text_in(values[0]), text_in(values[1]), text_in(values[2])};
    for (std::size_t i = 0; i < request_.signals.size(); ++i) {
      report_.values.push_back(describe(request_.signals[i], *values[std::size(kIdentity) + i]));
    }
    finish(std::nullopt);
  }

  static TestValue describe(const SignalConfig& signal, const UA_DataValue& read) {
    TestValue value;
    value.path = signal.path;
    value.quality = Quality{read.hasStatus ? read.status : UA_STATUSCODE_GOOD};
    if (value.quality.bad()) {
      value.error = Error{ErrorId::kNotFound, "the server refuses it: " + status_text(read.status)};
      return value;
    }
    auto converted = to_value(read.value, std::get<Point>(signal.point).type);
    if (converted) {
      value.value = std::move(*converted);
    } else {
      value.quality = quality::kBadTypeMismatch;
      value.error = converted.error();
    }
    return value;
  }

  void finish(std::optional<Error> error) {
    if (std::exchange(finished_, true)) return;
    report_.error = std::move(error);
    finish_->start(Nanoseconds(0), [this] {
      // The callee may destroy this task.
      const auto done = std::move(done_);
      TestReport report = std::move(report_);
      done(std::move(report));
    });
  }

  TestRequest request_;
  ProtocolRuntime::TestDone done_;
  TestReport report_;
  bool finished_ = false;
  std::unique_ptr<sys::Timer> finish_;
  Visit visit_;
};

class KnockTask : public Task, private UaClientListener {
 public:
  KnockTask(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust, Knock knock,
            ProtocolRuntime::KnockDone done)
      : knock_(std::move(knock)),
        done_(std::move(done)),
        settings_(settings_for(knock_)),
        start_(loop.make_timer()),
        client_(loop, clock, trust, settings_, *this) {
    start_->start(Nanoseconds(0), [this] { client_.look(); });
  }

 private:
  static Settings settings_for(const Knock& knock) {
    Settings settings;
    settings.url = "opc.tcp://" + knock.at.text();
    settings.timeout_ms = knock.timeout_ms;
    return settings;
  }
  void on_session(bool /*same*/) override {}
  void on_no_session(const Error& /*why*/) override {
    std::vector<ScanHit> hits;
    if (!client_.offered().empty()) {
      hits.push_back({knock_.at.host, knock_.at.port, 0,
                      MachineIdentification{client_.server_product(), client_.server_name(), ""}});
      Settings found;
      found.url = settings_.url;
      hits.back().settings = std::move(found);
    }
    const auto done = std::move(done_);
    done(std::move(hits));
  }

  Knock knock_;
  ProtocolRuntime::KnockDone done_;
  const Settings settings_;
  std::unique_ptr<sys::Timer> start_;
  UaClient client_;
};

}  // namespace

std::unique_ptr<Task> make_test(const Way& way, TestRequest request,
                                ProtocolRuntime::TestDone done) {
  return std::make_unique<Test>(way, std::move(request), std::move(done));
}

std::unique_ptr<Task> make_knock(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust,
                                 Knock knock, ProtocolRuntime::KnockDone done) {
  return std::make_unique<KnockTask>(loop, clock, trust, std::move(knock), std::move(done));
}

}  // namespace lineshaft::connect::opcua

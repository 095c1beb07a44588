#include "connect/opcua/outlet.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>

#include "connect/on_loop.h"
#include "connect/opcua/server.h"
#include "sys/reach.h"

namespace lineshaft::connect::opcua {

namespace {

// Nodes that are made at one turn of the server's loop, some 10 ms.
constexpr std::size_t kNodesPerTurn = 200;
constexpr Nanoseconds kCountPeriod = std::chrono::seconds(1);

class ServerOutlet : public Outlet, private ServerBacking {
 public:
  explicit ServerOutlet(const OutletMeans& means)
      : host_(means.host),
        loop_(sys::make_event_loop(means.loop.reach())),
        thread_([this] { loop_->run(); }) {}
  ~ServerOutlet() override {
    on_loop(*loop_, [this] {
      timer_.reset();
      server_.reset();
    });
    loop_->stop();
    thread_.join();
  }

  Status listen(const ServerFlowSettings& settings, const OutletMeans& means) {
    ServerOptions options;
    options.listen = {settings.listen, settings.port};
    options.allow_none = settings.allow_none;
    options.allow_sign = settings.allow_sign;
    options.allow_anonymous = settings.allow_anonymous;
    options.rights_per_tag = false;  // a flow is the answer to who may read what
    options.two_step_methods = settings.two_step_methods;
    options.sessions_max = settings.sessions_max;
    options.publish_min = std::chrono::milliseconds(settings.publish_min_ms);
    return on_loop(*loop_, [&]() -> Status {
      auto made = make_server(*loop_, means.clock, *means.opcua_trust, *this, options);
      if (!made) return made.error();
      server_ = std::move(made).value();
      timer_ = loop_->make_timer();
      count();
      return {};
    });
  }

  Status put(std::span<const FlowTag> tags) override {
    for (std::size_t i = 0; i < tags.size(); i += kNodesPerTurn) {
      const auto part = tags.subspan(i, std::min(kNodesPerTurn, tags.size() - i));
      std::vector<Tag> nodes;
      for (const FlowTag& tag : part) nodes.push_back({tag.id, tag.spec});
      loop_->post([this, nodes = std::move(nodes)] { put_nodes(nodes); });
    }
    return {};
  }

  void remove(std::span<const TagId> tags) override {
    loop_->post([this, gone = std::vector(tags.begin(), tags.end())] {
      for (TagId tag : gone) {
        server_->remove(tag);
        served_.erase(tag.value);
      }
    });
  }

  // Clients see the newest value and read the rest from the history.
  void publish(std::vector<FlowSample> samples, Taken taken) override {
    loop_->post([this, samples = std::move(samples), taken = std::move(taken)] {
      for (const FlowSample& sample : samples) {
        if (sample.is_past || !served_.contains(sample.sample.tag.value)) continue;
        server_->publish(sample.sample);
        samples_out_ += 1;
      }
      taken({});
    });
  }

  OutletStatus status() const override {
    const std::lock_guard lock(mutex_);
    OutletStatus status = status_;
    status.samples_out = samples_out_;
    return status;
  }

 private:
  void put_nodes(const std::vector<Tag>& nodes) {
    if (const Status made = server_->put(nodes); !made) {
      const std::lock_guard lock(mutex_);
      status_.last_error = made.error().text();
    }
    for (const Tag& node : nodes) served_.insert(node.id.value);
  }

  void count() {
    const ServerCounters counters = server_->counters();
    {
      const std::lock_guard lock(mutex_);
      status_.state = OutletState::kUp;
      status_.at = "opc.tcp://" + server_->local().text();
      status_.clients = counters.sessions;
    }
    timer_->start(kCountPeriod, [this] { count(); });
  }

  // --- ServerBacking: on the thread of the server ---
  bool admit(const ServerUser& user, std::string_view password) override {
    if (user.kind != UserKind::kUserName) return true;
    return host_.admit(user.name, password, "OPC UA").ok();
  }
  bool may_read(const ServerUser& /*user*/, TagId /*tag*/) override { return true; }
  bool may_write(const ServerUser& user, TagId /*tag*/) override {
    return user.kind == UserKind::kUserName && host_.may_write({user.name, true});
  }
  std::optional<Sample> current(TagId tag) override { return host_.current(tag); }
  Status write(const ServerUser& user, TagId tag, Value value) override {
    return host_.write({user.name, true}, tag, std::move(value));
  }
  Aggregated aggregates(TagId tag, TimeRange range, Nanoseconds step,
                        historian::Aggregate aggregate,
                        const historian::AggregateOptions& options) override {
    return host_.aggregates(tag, range, step, aggregate, options);
  }
  Aggregated interpolated(TagId tag, std::span<const Timestamp> times,
                          const historian::AggregateOptions& options) override {
    return host_.interpolated(tag, times, options);
  }
  Result<std::vector<Sample>> replaced(TagId tag, TimeRange range) override {
    return host_.replaced(tag, range);
  }
  Result<PendingWrite> ask_write(const ServerUser& user, TagId tag, Value value) override {
    return host_.ask_write({user.name, true}, tag, std::move(value));
  }
  Status confirm_write(const ServerUser& user, TagId tag, Value value, const std::string& token,
                       const std::string& machine) override {
    return host_.confirm_write({user.name, true}, tag, std::move(value), token, machine);
  }
  Result<std::vector<Sample>> history(TagId tag, TimeRange range, bool newest_first,
                                      std::size_t max) override {
    return host_.history(tag, range, newest_first, max);
  }

  FlowHost& host_;
  std::unique_ptr<sys::EventLoop> loop_;
  std::atomic<std::uint64_t> samples_out_ = 0;
  mutable std::mutex mutex_;
  OutletStatus status_;  // guarded; as of the last count()
  // Of the server's thread alone.
  std::unique_ptr<Server> server_;
  std::unique_ptr<sys::Timer> timer_;
  std::unordered_set<std::uint32_t> served_;
  std::thread thread_;  // last: it runs with all of the above
};

}  // namespace

Result<std::unique_ptr<Outlet>> make_outlet(const ServerFlowSettings& settings,
                                            const OutletMeans& means) {
  if (means.opcua_trust == nullptr) {
    return Error{ErrorId::kTlsFailed,
                 "this server keeps no certificates, so it cannot serve OPC UA"};
  }
  auto outlet = std::make_unique<ServerOutlet>(means);
  if (Status listening = outlet->listen(settings, means); !listening) return listening.error();
  return std::unique_ptr<Outlet>(std::move(outlet));
}

}  // namespace lineshaft::connect::opcua

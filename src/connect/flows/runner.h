// connect/flows/runner.h: one enabled flow: its outlet, what it sent last of each tag, and what it
// holds back for a while.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "connect/flows/plan.h"
#include "connect/traffic.h"

namespace lineshaft::connect {

struct FlowEvent {
  Timestamp time;
  std::string event;
  std::string detail;
};

struct FlowStatus {
  bool running = false;  // enabled
  Timestamp since;       // of the present state
  OutletStatus outlet;
  std::uint64_t tags = 0;
  std::uint64_t tags_left_out = 0;
  std::uint64_t samples_in = 0;    // of its tags, since it runs
  std::uint64_t samples_sent = 0;  // to the outlet: what rules let through
  double samples_per_second = 0;   // sent, over the last 10 s
  std::vector<std::string> loops;  // this and the next as in FlowPlan
  std::map<std::string, std::uint64_t> sources;
};

// What every flow is made of.
struct FlowMeans {
  sys::EventLoop& loop;
  sys::Clock& clock;
  sys::Random& random;
  sys::FileSystem& files;
  std::string folder;  // of all flows
  opcua::TrustStore* opcua_trust = nullptr;
  FlowHouse& house;
};

// What the flow keeps on disk lies here.
std::string folder_of_flow(const FlowMeans& means, TenantId tenant, std::uint32_t id);

// Threads: the loop's, construction and destruction too; FlowHost any.
class FlowRunner : private FlowHost {
 public:
  FlowRunner(const FlowMeans& means, TenantId tenant, std::uint32_t id,
             std::shared_ptr<const FlowPlan> plan);
  ~FlowRunner() override;
  FlowRunner(const FlowRunner&) = delete;
  FlowRunner& operator=(const FlowRunner&) = delete;

  // Other tags or rules. Requires: settings are as before.
  void set_plan(std::shared_ptr<const FlowPlan> plan);

  // Takes those of `samples` that are of this flow. `taken` is called once, from any thread.
  using Taken = Outlet::Taken;
  void take(std::span<const Sample> samples, Taken taken);

  FlowStatus status() const;
  std::vector<FlowEvent> events() const;  // newest first

 private:
  // Of one tag.
  struct State {
    bool put = false;                  // the outlet knows the tag
    std::optional<Sample> sent;        // the newest that went out
    Timestamp newest = kTimestampMin;  // of what came
    Nanoseconds next_at{0};            // of the loop: no sooner goes the next
    std::optional<FlowSample> held;
  };

  // FlowHost; any thread.
  std::optional<Sample> current(TagId tag) override;
  Result<std::vector<Sample>> history(TagId tag, TimeRange range, bool newest_first,
                                      std::size_t max) override;
  Aggregated aggregates(TagId tag, TimeRange range, Nanoseconds step,
                        historian::Aggregate aggregate,
                        const historian::AggregateOptions& options) override;
  Aggregated interpolated(TagId tag, std::span<const Timestamp> times,
                          const historian::AggregateOptions& options) override;
  Result<std::vector<Sample>> replaced(TagId tag, TimeRange range) override;
  Status write(const FlowUser& user, TagId tag, Value value) override;
  Result<PendingWrite> ask_write(const FlowUser& user, TagId tag, Value value) override;
  Status confirm_write(const FlowUser& user, TagId tag, Value value, const std::string& token,
                       const std::string& machine) override;
  bool may_write(const FlowUser& user) override;
  Result<FlowUser> admit(std::string_view name, std::string_view password,
                         std::string_view peer) override;
  void note(std::string_view event, std::string detail) override;

  // Can numbers that were computed from its history go out? Errors: kNotFound, kUnsupported.
  Status check_computed(TagId tag) const;
  // The value as the machine's connection takes it. Errors: as FlowHost::write.
  Result<Value> check_write(const FlowPlan& now, const FlowUser& user, TagId tag,
                            Value value) const;
  void open();
  void close(const Error& why);
  void queue_all();
  void put_some();
  bool is_past(const State& state, Timestamp time) const;
  bool is_worth(const State& state, const FlowRule& rule, const Sample& sample) const;
  bool take_one(const PlannedTag& tag, State& state, const Sample& sample,
                std::vector<FlowSample>& out);
  void send(std::vector<FlowSample> samples, Taken taken);
  void forget(const std::vector<TagId>& tags);
  void arm();
  void send_held();
  std::shared_ptr<const FlowPlan> plan() const;

  const FlowMeans& means_;
  const TenantId tenant_;
  const std::uint32_t id_;
  mutable std::mutex mutex_;
  std::shared_ptr<const FlowPlan> plan_;  // guarded; changed on the loop
  std::deque<FlowEvent> events_;          // guarded; oldest first

  std::unique_ptr<Outlet> outlet_;  // null: could not be opened
  std::optional<Error> trouble_;    // why not
  Timestamp since_;
  std::unordered_map<std::uint32_t, State> states_;
  std::deque<TagId> to_put_;
  std::set<std::pair<Nanoseconds, TagId>> due_;  // tags with something held
  std::unique_ptr<sys::Timer> put_timer_;
  std::unique_ptr<sys::Timer> retry_timer_;
  std::unique_ptr<sys::Timer> held_timer_;
  std::uint64_t samples_in_ = 0;
  std::uint64_t samples_sent_ = 0;
  RateMeter rate_;
  std::shared_ptr<FlowRunner*> alive_;  // null inside: gone; for what comes back by the loop
};

}  // namespace lineshaft::connect

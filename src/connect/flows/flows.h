// connect/flows/flows.h: the flows of every organisation, kept across restarts: stores them, finds
// out what their rules come to, gives out addresses, and runs those that are enabled.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "connect/flows/runner.h"
#include "connect/flows/tap.h"
#include "records/documents.h"

namespace lineshaft::connect {

struct RegisteredFlow {
  std::uint32_t id = 0;      // unique in its tenant, never used again
  std::int64_t version = 0;  // one more with every change
  FlowConfig config;
  FlowStatus status;
};

struct FlowsSetup {
  FlowMeans means;
  FlowTap& tap;
  records::Documents& documents;
  // The connections of a tenant, for the loops; and a number that changes with them.
  std::function<std::vector<ConnectionConfig>(TenantId)> connections;
  std::function<std::uint64_t()> connections_version;
};

// Threads: any but the loop's, once the loop runs; calls wait for the disk and for the loop.
// Destruction on the loop's thread, or when the loop has ended.
// Errors of every change besides those named: of the store (kDiskFull, kIoError); nothing is
// changed then.
class Flows {
 public:
  // Loads the flows of `tenants` and starts them. Before the loop runs, on its thread. A stored
  // flow that this version cannot read is left out and named in the log, not lost. What is borrowed
  // must outlive the object.
  static Result<std::unique_ptr<Flows>> open(FlowsSetup setup, std::span<const TenantId> tenants);
  ~Flows();

  // Ends every flow; changes are still kept for the next start. Loop's thread.
  void stop();

  // While the loop runs: takes the flows of a tenant out of service, keeping them stored; and loads
  // and starts them again. For a tenant without any neither is needed.
  void stop(TenantId tenant);
  Status start(TenantId tenant);

  // In order of id.
  std::vector<RegisteredFlow> list(TenantId tenant) const;
  // Errors: kNotFound.
  Result<RegisteredFlow> get(TenantId tenant, std::uint32_t id) const;
  Result<std::vector<FlowEvent>> events(TenantId tenant, std::uint32_t id) const;  // newest first
  // What its rules come to now.
  Result<std::shared_ptr<const FlowPlan>> plan(TenantId tenant, std::uint32_t id) const;
  // What they would come to; keeps nothing. `id`: of the flow that would be replaced, whose tags
  // keep their addresses; 0 for a new one. Errors: kInvalidArgument.
  Result<FlowPlan> preview(TenantId tenant, const FlowConfig& config, std::uint32_t id) const;

  // Errors: kInvalidArgument (the config; a unit that a selected tag does not convert to),
  // kConflict (the name is taken).
  Result<RegisteredFlow> add(TenantId tenant, FlowConfig config);
  // Replaces all of it, if it still has that version (nothing: whatever it has). Errors: as add,
  // kNotFound, and kConflict for another version.
  Result<RegisteredFlow> replace(TenantId tenant, std::uint32_t id, FlowConfig config,
                                 std::optional<std::int64_t> version);
  Status remove(TenantId tenant, std::uint32_t id, std::optional<std::int64_t> version);

  // A tag has got another unit or the like. Cheap; any thread.
  void catalogue_changed() { touched_ += 1; }
  // Looks at the catalogue and the connections again if they have changed; done every second by
  // itself, on a thread of FlowHouse::run.
  void look_again();

 private:
  struct Entry {
    std::int64_t version = 0;
    FlowConfig config;
    std::shared_ptr<const FlowPlan> plan;
    AddressBook addresses;
    std::int64_t addresses_version = 0;  // of their document; 0: there is none
  };
  using Key = std::pair<TenantId, std::uint32_t>;

  explicit Flows(FlowsSetup setup);
  enum class Loop : std::uint8_t { kStandsStill, kRuns };
  Status load(TenantId tenant, Loop loop);
  void load_addresses(TenantId tenant, std::uint32_t id, Entry& entry);
  Status save_addresses(TenantId tenant, std::uint32_t id, Entry& entry);
  Status check(TenantId tenant, const FlowConfig& config, const FlowPlan& plan,
               std::uint32_t except) const;
  Status check_version(const Entry& entry, std::optional<std::int64_t> version) const;
  void tell_tap(TenantId tenant);
  void run(Key key, const Entry& entry, bool anew);
  void install(Key key, const FlowConfig& config, std::shared_ptr<const FlowPlan> plan, bool anew);
  void take(TenantId tenant, const std::vector<Sample>& samples, SampleSink::Durable taken);
  RegisteredFlow view(std::uint32_t id, const Entry& entry, const FlowStatus& status) const;
  FlowStatus status_of(Key key, const FlowPlan& plan) const;
  std::uint64_t world_version() const;
  void watch();

  const FlowsSetup setup_;
  mutable std::mutex mutex_;  // guards what follows, and orders changes; never taken by the loop
  std::map<Key, Entry> entries_;
  std::uint64_t seen_version_ = 0;

  std::atomic<std::uint64_t> touched_ = 0;
  std::atomic<bool> looking_ = false;
  // The loop's alone.
  bool stopped_ = false;
  std::map<Key, std::unique_ptr<FlowRunner>> runners_;
  std::unique_ptr<sys::Timer> watch_timer_;
};

}  // namespace lineshaft::connect

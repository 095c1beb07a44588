// connect/manager.h: every connection of the server: sets them up, keeps them going, tells how they
// are, and carries writes to machines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/backfill.h"
#include "connect/browse.h"
#include "connect/connection.h"
#include "connect/method.h"
#include "connect/scan.h"
#include "model/sample.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

namespace opcua {
class TrustStore;
}

struct ManagerOptions {
  // Samples of all connections of a tenant are handed to the sink together, so that a hundred
  // machines make no hundred commits: after this time, or when so many wait.
  Nanoseconds flush_interval = std::chrono::milliseconds(20);
  std::size_t batch_samples_max = 8192;
  // Samples of a tenant that the sink has not confirmed, or has refused for now (full queue, full
  // disk). Beyond it the oldest are dropped, counted, and marked in the history with BadDataLost.
  std::size_t samples_kept_max = 200'000;
  Nanoseconds refused_retry = std::chrono::seconds(1);
  // Our OPC UA certificate and those that we trust; without it OPC UA connections do not come up.
  // Must outlive the manager.
  opcua::TrustStore* opcua_trust = nullptr;
};

struct ManagerCounters {
  std::uint64_t samples_offered = 0;  // handed to the sink, each once
  std::uint64_t samples_durable = 0;
  std::uint64_t samples_dropped = 0;      // for want of room, or refused for good
  std::uint64_t samples_waiting = 0;      // now
  std::optional<std::string> sink_error;  // why the sink refuses now
};

struct ConnectionView {
  ConnectionId id;
  TenantId tenant;
  ConnectionConfig config;
  std::vector<TagId> tags;  // of config.signals, in their order
  ConnectionStatus status;
};

struct WriteOutcome {
  std::optional<Value> old_value;  // absent where a machine cannot be asked for it
  Value new_value;                 // read back from the machine
};

// A try of settings that keeps nothing.
struct TestRequest {
  ProtocolSettings settings;
  std::vector<SignalConfig> signals;  // the first kTestSignalsMax are read
  // Whose connections it may go through, or take the place of; nobody's without.
  std::optional<TenantId> tenant = std::nullopt;
};

struct TestValue {
  std::string path;
  std::optional<Value> value;
  std::vector<std::uint16_t> raw;  // registers as they came; a bit as 0 or 1
  Quality quality;
  std::optional<Error> error;
};

struct TestReport {
  bool reachable = false;
  double latency_ms = 0;  // of the first answer
  std::optional<MachineIdentification> identification;
  std::optional<Error> error;  // of the whole test
  std::vector<TestValue> values;
  bool silent = false;  // connected, and not a byte came; known of machines that speak unasked
};

inline constexpr std::size_t kTestSignalsMax = 1000;

// Threads: the loop's thread only, construction and destruction too; from another thread post to
// the loop (on_loop below waits for the answer). The `done` callbacks run on the loop's thread,
// once, never from inside the call that takes them, and not after the manager is destroyed.
// What is borrowed must outlive the manager; callbacks of the sink may arrive after its end.
class ConnectionManager {
 public:
  ConnectionManager(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random, SampleSink& sink,
                    ManagerOptions options = {});
  ~ConnectionManager();

  // Sets a connection up, or replaces the one with that id; polling starts at once if it is
  // enabled. `tags` are the ids of config.signals, in order. A replaced connection keeps what is
  // known of signals that have the same tag; the others end with BadOutOfService.
  // Errors: kInvalidArgument as check_connection; nothing is changed then.
  Status put(ConnectionId id, TenantId tenant, ConnectionConfig config, std::vector<TagId> tags);

  // Stops it; its tags end with a sample of quality BadOutOfService. Errors: kNotFound.
  Status remove(ConnectionId id);

  // Disabling marks its tags BadOutOfService. Errors: kNotFound.
  Status set_enabled(ConnectionId id, bool enabled);

  std::vector<ConnectionView> list(TenantId tenant) const;
  std::optional<ConnectionView> find(ConnectionId id) const;
  std::optional<ConnectionStatus> status(ConnectionId id) const;
  std::vector<ConnectionEvent> events(ConnectionId id) const;  // newest first
  ManagerCounters counters() const;

  using WriteDone = std::function<void(Result<WriteOutcome>)>;
  // Reads the old value, writes, reads back. Goes before all polling of that machine.
  // Errors: kNotFound (no such tag on a connection), kWritesDisabled, kDenied (the signal is
  // written in two steps only, and this is not the second), kMachineNotConnected, kWriteQueueFull
  // (also: sooner after the last write than the signal allows), kInvalidArgument / kTypeMismatch
  // (the value), kDeviceRefused, kTimeout, kWriteNotConfirmed (the machine holds another value
  // afterwards), kCancelled.
  enum class Step : std::uint8_t { kOnly, kSecond };
  void write(TenantId tenant, TagId tag, Value value, WriteDone done, Step step = Step::kOnly);

  // The methods that the settings name, as the machine describes them. Errors: kNotFound,
  // kMachineNotConnected, kCancelled.
  using MethodsDone = std::function<void(Result<std::vector<MethodView>>)>;
  void methods(ConnectionId id, MethodsDone done);
  // Calls one of them. Errors: as write() has them, and kDeviceRefused with the machine's status.
  using CallDone = std::function<void(Result<MethodOutcome>)>;
  void call(ConnectionId id, MethodCall call, CallDone done, Step step = Step::kOnly);

  // Fetches what the machine kept of a time; goes on by itself, see backfill_status. Errors:
  // kNotFound, kInvalidArgument (the range), kMachineNotConnected (disabled), kUnsupported, kBusy.
  Status backfill(ConnectionId id, const BackfillRequest& request);
  std::optional<BackfillStatus> backfill_status(ConnectionId id) const;
  Status cancel_backfill(ConnectionId id);  // Errors: kNotFound
  // Where its history ends, after put at the start of the server: so the gap in between is filled.
  void stands(ConnectionId id, std::vector<Standing> standing);

  // A machine that lets one client in is asked through the connection that runs there, or in its
  // place: that one stands back for a moment, its tags BadNotConnected meanwhile. Only connections
  // of `request.tenant` do so, none with a write under way.
  using TestDone = std::function<void(TestReport)>;
  void test(TestRequest request, TestDone done);

  // Goes to machines as test() does. Errors: kUnsupported for a protocol that cannot be browsed,
  // kInvalidArgument, kNotFound (the node), kCancelled; and those of connecting.
  void browse(BrowseRequest request, BrowseDone done);

  using ScanDone = std::function<void(Result<ScanReport>)>;
  // Knocks at up to kScanProbesMax doors of the range and tells where to go on. Errors:
  // kInvalidArgument as check_scan, kDestinationRefused (an address of this part), kPlainRefused
  // (nothing of the range may be asked), kBusy while another scan runs.
  void scan(ScanRequest request, ScanDone done);

  // For the end of the server: marks every tag BadNotConnected, hands all that waits to the sink,
  // and closes the connections. Nothing runs afterwards.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lineshaft::connect

// connect/connection_host.h: one connection inside the manager: its driver, its signals, what is
// known about it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/driver.h"
#include "connect/signal_table.h"
#include "connect/traffic.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

class ConnectionHost : private DriverHost {
 public:
  using MakeDriver = std::function<std::unique_ptr<Driver>(const ConnectionConfig&, DriverHost&)>;

  // Runs its argument when all that was emitted is durable, as DriverHost::when_kept.
  using WhenKept = std::function<void(Kept)>;

  // Does not start yet. `emit` gets the samples to store.
  ConnectionHost(sys::EventLoop& loop, sys::Clock& clock, TenantId tenant, ConnectionConfig config,
                 std::vector<TagId> tags, MakeDriver make_driver, SignalTable::Emit emit,
                 WhenKept when_kept);
  ~ConnectionHost() override;

  // Requires: not started. With `before`: carries on from that connection, which must have stopped.
  void start(ConnectionHost* before);
  // Ends the driver; every signal becomes `quality`, unless a successor takes it over.
  void stop(std::optional<Quality> quality);
  void set_enabled(bool enabled);
  // Leaves the machine to somebody else until resume(), which does nothing if it was stopped or
  // disabled meanwhile. Requires: connected.
  void stand_back();
  void resume();

  bool connected() const { return state_ == ConnectionState::kConnected; }
  // The driver as a way in for a test or a browse; null: not now, or not with these settings.
  Driver* way_in(const ProtocolSettings& settings) const;

  const ConnectionConfig& config() const { return config_; }
  TenantId tenant() const { return tenant_; }
  const std::vector<TagId>& tags() const { return tags_; }
  ConnectionStatus status() const;
  std::vector<ConnectionEvent> events() const;

  void write(std::size_t signal, Value value, Driver::WriteDone done);
  void store_next(std::size_t signal) { table_.store_next(signal); }
  // As Driver; kMachineNotConnected if it is disabled.
  void methods(Driver::MethodsDone done);
  void call(const MethodCall& call, Driver::CallDone done);
  // Errors: kMachineNotConnected (it is disabled), and as Driver.
  Status backfill(const BackfillRequest& request);
  std::optional<BackfillStatus> backfill_status() const;
  Status cancel_backfill();
  void stands(std::vector<Standing> standing);

 private:
  Instant now() override;
  void on_value(std::size_t signal, Instant at, Value value, Quality quality) override;
  void on_past(std::size_t signal, Timestamp time, Value value, Quality quality) override;
  void on_bad(std::size_t signal, Instant at, Quality quality) override;
  void on_connected() override;
  void on_lost(const Error& why) override;
  void on_trouble(std::string_view event, const Error& what) override;
  void on_event(std::string_view event, std::string detail) override;
  void when_kept(Kept then) override { when_kept_(std::move(then)); }

  Error not_there() const;
  void make_beat();
  void grade_all(bool is_missing);
  void enter(ConnectionState state);
  // `event` names what failed, until end_error() says that it works again.
  void note_error(std::string_view event, const Error& error);
  void end_error(std::string_view event);
  void add_event(std::string_view event, std::string detail);

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  const TenantId tenant_;
  ConnectionConfig config_;  // the driver refers to it: only `enabled` changes
  const std::vector<TagId> tags_;
  MakeDriver make_driver_;
  WhenKept when_kept_;
  SignalTable table_;
  std::vector<Quality> told_;  // by the driver, of each signal
  std::optional<std::size_t> beat_signal_;
  std::unique_ptr<BeatKeeper> beat_;
  std::unique_ptr<Driver> driver_;  // after all that it calls

  bool stands_back_ = false;
  ConnectionState state_ = ConnectionState::kDisabled;
  Timestamp since_;
  std::optional<std::string> last_error_;
  std::optional<Timestamp> last_error_time_;
  std::optional<Timestamp> last_error_until_;
  std::string last_error_event_;
  std::optional<Timestamp> last_value_time_;
  std::uint64_t values_ = 0;
  RateMeter rate_;
  std::deque<ConnectionEvent> events_;  // oldest first
};

}  // namespace lineshaft::connect

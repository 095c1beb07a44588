// connect/driver.h: what a protocol implements for one connection, and what it may ask of its host.
// The manager and everything above know nothing of protocols beyond this.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/backfill.h"
#include "connect/connection.h"
#include "connect/instant.h"
#include "connect/manager.h"
#include "connect/method.h"
#include "connect/task.h"
#include "model/quality.h"
#include "model/value.h"

namespace lineshaft::connect {

// The host: takes what the driver finds out. Signals are named by their index in the config. All on
// the loop's thread; none of these calls comes back into the driver.
class DriverHost {
 public:
  virtual ~DriverHost() = default;

  // Both clocks, for the values of one answer: they are of one moment.
  virtual Instant now() = 0;
  // A value, of the time `at.wall`: the device's where the protocol carries one, else now().
  // Requires: the type is that of the signal's tag; `quality` is not bad.
  virtual void on_value(std::size_t signal, Instant at, Value value,
                        Quality quality = quality::kGood) = 0;
  // A value from before: what the device kept while it was away. Goes into the history as it is, of
  // any quality, and changes nothing of the present state.
  virtual void on_past(std::size_t signal, Timestamp time, Value value, Quality quality) = 0;
  // No value: the last usable one stands with this quality.
  virtual void on_bad(std::size_t signal, Instant at, Quality quality) = 0;
  // Connected, or lost with the reason.
  virtual void on_connected() = 0;
  virtual void on_lost(const Error& why) = 0;
  // A failure that leaves the connection up (one unit silent, one address refused).
  virtual void on_trouble(std::string_view event, const Error& what) = 0;
  // Something worth a line in the events, no error ("unit-back").
  virtual void on_event(std::string_view event, std::string detail) = 0;

  using Kept = std::function<void(Status)>;
  // Runs `then` when every value told so far is on disk, or need not be (a repetition, a value of
  // the wrong kind): from then on whoever sent it may forget it. An error: some were dropped. May
  // run inside the call, and after the end of the driver. A host that keeps nothing answers at
  // once.
  virtual void when_kept(Kept then) { then({}); }
};

// One live connection. Construction starts it, destruction ends it; then nothing calls back any
// more, and writes under way get no answer (the manager answers them).
class Driver {
 public:
  virtual ~Driver() = default;

  using WriteDone = std::function<void(Result<WriteOutcome>)>;
  // Requires: the signal is writable. `done` is called once, possibly from inside the call, and not
  // after the end of the driver.
  virtual void write(std::size_t signal, Value value, WriteDone done) = 0;

  using MethodsDone = std::function<void(Result<std::vector<MethodView>>)>;
  // The methods of the settings, as the machine describes them. `done` as above.
  virtual void methods(MethodsDone done) { done(std::vector<MethodView>()); }
  using CallDone = std::function<void(Result<MethodOutcome>)>;
  // Requires: the settings have a method of that name. `done` as above.
  virtual void call(const MethodCall& /*call*/, CallDone done) {
    done(Error{ErrorId::kUnsupported, "machines of this protocol have no methods"});
  }

  // Whether a test or a browse with these settings may go through this connection now, beside its
  // own work: the machine may let nobody else in.
  virtual bool lets_look(const ProtocolSettings& /*settings*/) const { return false; }
  // As ProtocolRuntime::test and ::browse. Requires: lets_look(). The task may outlive the driver:
  // its answer is kCancelled then.
  virtual std::unique_ptr<Task> test(TestRequest /*request*/,
                                     ConnectionManager::TestDone /*done*/) {
    return nullptr;
  }
  virtual std::unique_ptr<Task> browse(BrowseRequest /*request*/, BrowseDone /*done*/) {
    return nullptr;
  }

  // Fetches what the machine kept of a time, beside all else: values come as on_past. After an
  // outage a driver whose protocol can do it begins by itself.
  // Errors: kUnsupported, kBusy (one that was asked for runs).
  virtual Status backfill(const BackfillRequest& /*request*/) {
    return Error{ErrorId::kUnsupported, "machines of this protocol are not asked for past values"};
  }
  virtual std::optional<BackfillStatus> backfill_status() const { return std::nullopt; }
  // Errors: kNotFound.
  virtual Status cancel_backfill() { return Error{ErrorId::kNotFound, "nothing is being fetched"}; }
  // Told once, after a start of the server: the gaps begin there.
  virtual void stands(std::vector<Standing> /*standing*/) {}

  // Fills what the driver counts: requests to reconnects, latency, retry_in_ms, cycles_missed.
  virtual void fill(ConnectionStatus& status) const = 0;
};

}  // namespace lineshaft::connect

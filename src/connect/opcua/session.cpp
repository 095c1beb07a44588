#include "connect/opcua/session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "connect/backoff.h"
#include "connect/opcua/access.h"
#include "connect/opcua/caller.h"
#include "connect/opcua/history_reader.h"
#include "connect/opcua/look_around.h"
#include "connect/opcua/poller.h"
#include "connect/opcua/probe.h"
#include "connect/opcua/subscriber.h"
#include "connect/opcua/visit.h"
#include "connect/opcua/writer.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr Nanoseconds kLookAgain = std::chrono::seconds(30);

// What a signal becomes when its machine is away.
Quality away(const Error& why) {
  switch (why.id) {
    case ErrorId::kTimeout:
      return quality::kBadTimeout;
    case ErrorId::kConnectFailed:
    case ErrorId::kDestinationRefused:
    case ErrorId::kPlainRefused:
      return quality::kBadNotConnected;
    default:
      return quality::kBadCommunicationError;
  }
}

Error no_session() {
  return {ErrorId::kMachineNotConnected, "there is no session with the server"};
}

class Session : public Driver, private UaClientListener {
 public:
  Session(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random, TrustStore& trust,
          const ConnectionConfig& config, DriverHost& host)
      : loop_(loop),
        clock_(clock),
        trust_(trust),
        host_(host),
        config_(config),
        retry_(loop.make_timer()),
        look_again_(loop.make_timer()),
        backoff_(random),
        client_(loop, clock, trust, std::get<Settings>(config.settings), *this),
        access_(client_, config, host),
        lent_(client_, access_),
        subscriber_(loop, access_,
                    {.unusable = [this] { poll_instead(); },
                     .silent = [this](const Error& why) { client_.give_up(why); }}),
        poller_(loop, random, access_),
        writer_(access_),
        caller_(access_),
        history_(loop, access_),
        polling_(std::get<Settings>(config.settings).poll) {
    retry_->start(Nanoseconds(0), [this] { client_.connect(); });
  }
  ~Session() override { lent_.end({ErrorId::kCancelled, "the connection was changed meanwhile"}); }

  void write(std::size_t signal, Value value, WriteDone done) override {
    if (!ready_) {
      return done(no_session());
    }
    writer_.write(signal, std::move(value), std::move(done));
  }

  void methods(MethodsDone done) override {
    if (!ready_) return done(no_session());
    caller_.describe(std::move(done));
  }
  void call(const MethodCall& call, CallDone done) override {
    if (!ready_) return done(no_session());
    caller_.call(call, std::move(done));
  }

  // Servers count sessions, and small ones let one client in.
  bool lets_look(const ProtocolSettings& settings) const override {
    return ready_ && std::get<Settings>(settings) == std::get<Settings>(config_.settings);
  }
  std::unique_ptr<Task> test(TestRequest request, ConnectionManager::TestDone done) override {
    return make_test({loop_, clock_, trust_, &lent_}, std::move(request), std::move(done));
  }
  std::unique_ptr<Task> browse(BrowseRequest request, BrowseDone done) override {
    return make_look_around({loop_, clock_, trust_, &lent_}, std::move(request), std::move(done));
  }

  Status backfill(const BackfillRequest& request) override { return history_.ask(request); }
  std::optional<BackfillStatus> backfill_status() const override { return history_.status(); }
  Status cancel_backfill() override { return history_.cancel(); }
  void stands(std::vector<Standing> standing) override {
    history_.stands(std::move(standing));
    if (ready_) history_.start(device_ahead());
  }

  void fill(ConnectionStatus& status) const override {
    client_.traffic.fill(status);
    status.bytes_in = client_.bytes_in();
    status.bytes_out = client_.bytes_out();
    status.reconnects = sessions_ > 0 ? sessions_ - 1 : 0;
    status.cycles_missed = poller_.cycles_missed();
    status.clock_ahead_ms = subscriber_.clock_ahead_ms();
    if (retry_at_) {
      status.retry_in_ms =
          std::max(Nanoseconds(0), *retry_at_ - loop_.now()) / std::chrono::milliseconds(1);
    }
  }

 private:
  void on_session(bool same) override {
    retry_at_.reset();
    if (same && prepared_) return go(true);
    prepared_ = false;
    access_.prepare([this](const Status& ready) {
      if (!ready) return client_.give_up(ready.error());
      prepared_ = true;
      go(false);
    });
  }

  void go(bool same) {
    ready_ = true;
    sessions_ += 1;
    backoff_.reset();
    host_.on_connected();
    if (sessions_ == 1) host_.on_event("secured", client_.chosen_text());
    polling_ ? poller_.start() : subscriber_.start(same);
    history_.start(device_ahead());
    look_again_later();
  }

  void look_again_later() {
    look_again_->start(kLookAgain, [this] {
      access_.find_missing();
      look_again_later();
    });
  }

  // As far as the server has told its time.
  Nanoseconds device_ahead() const {
    return std::chrono::milliseconds(subscriber_.clock_ahead_ms().value_or(0));
  }

  void poll_instead() {
    polling_ = true;
    host_.on_event("polling", "the server has no subscriptions");
    subscriber_.stop();
    poller_.start();
  }

  void on_no_session(const Error& why) override {
    const bool was_ready = std::exchange(ready_, false);
    look_again_->cancel();
    subscriber_.stop();
    poller_.stop();
    history_.stop();
    access_.forget_heard();
    host_.on_lost(why);
    const Instant at = host_.now();
    if (was_ready) history_.lost(at.wall);
    for (std::size_t i = 0; i < config_.signals.size(); ++i) host_.on_bad(i, at, away(why));
    const Nanoseconds delay = backoff_.next();
    retry_at_ = loop_.now() + delay;
    retry_->start(delay, [this] {
      retry_at_.reset();
      client_.connect();
    });
    lent_.end(why);
    caller_.fail_all(why);
    writer_.fail_all(why);
  }

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  TrustStore& trust_;
  DriverHost& host_;
  const ConnectionConfig& config_;
  std::unique_ptr<sys::Timer> retry_;
  std::unique_ptr<sys::Timer> look_again_;  // while a session stands
  Backoff backoff_;
  std::optional<Nanoseconds> retry_at_;
  UaClient client_;
  Access access_;
  Lent lent_;
  Subscriber subscriber_;
  Poller poller_;
  Writer writer_;
  Caller caller_;
  HistoryReader history_;
  bool polling_;
  bool prepared_ = false;  // the present session; it may outlive the connection
  bool ready_ = false;
  std::uint64_t sessions_ = 0;
};

}  // namespace

std::unique_ptr<Driver> make_session(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                                     TrustStore& trust, const ConnectionConfig& config,
                                     DriverHost& host) {
  return std::make_unique<Session>(loop, clock, random, trust, config, host);
}

}  // namespace lineshaft::connect::opcua

#include "connect/opcua/ua_loop.h"

#include <open62541/plugin/eventloop.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/log.h"
#include "connect/opcua/ua_socket.h"
#include "connect/opcua/ua_values.h"

namespace lineshaft::connect::opcua {

namespace {

// 100 ns, open62541's unit of time.
constexpr std::int64_t kTickNs = 100;
constexpr Nanoseconds kRepeatMin = std::chrono::milliseconds(5);

// Everything here is UTC, and on one thread.
UA_Int64 no_offset(UA_EventLoop* /*loop*/) { return 0; }
void no_lock(UA_EventLoop* /*loop*/) {}

}  // namespace

// The timers, delayed callbacks and clocks of the interface; the sockets are UaSockets'.
class UaLoop::Impl {
 public:
  Impl(sys::EventLoop& loop, sys::Clock& clock, UaLoopOptions options)
      : loop_(loop), clock_(clock), wake_(loop.make_timer()), sockets_(loop, options) {
    logger_.log = &Impl::on_log;
    logger_.context = this;
    bridge_.owner = this;
    UA_EventLoop& el = bridge_.loop;
    el.logger = &logger_;
    el.start = [](UA_EventLoop*) -> UA_StatusCode { return UA_STATUSCODE_GOOD; };
    el.stop = [](UA_EventLoop* self) { of(self).set_state(UA_EVENTLOOPSTATE_STOPPED); };
    // A server that owns its loop frees it before itself: what it left for the next turn runs now.
    el.free = [](UA_EventLoop* self) {
      of(self).finish();
      return UA_STATUSCODE_GOOD;
    };
    el.run = [](UA_EventLoop* self, UA_UInt32) { return of(self).run_delayed(); };
    el.cancel = [](UA_EventLoop*) {};
    el.dateTime_now = [](UA_EventLoop* self) -> UA_DateTime {
      return to_datetime(of(self).clock_.now());
    };
    el.dateTime_nowMonotonic = [](UA_EventLoop* self) { return to_ticks(of(self).loop_.now()); };
    el.dateTime_localTimeUtcOffset = no_offset;
    el.nextTimer = [](UA_EventLoop* self) { return of(self).next_timer(); };
    el.addTimer = [](UA_EventLoop* self, UA_Callback callback, void* application, void* data,
                     UA_Double interval_ms, UA_DateTime* base, UA_TimerPolicy policy,
                     UA_UInt64* id) {
      return of(self).add_timer({callback, application, data}, interval_ms, base, policy, id);
    };
    el.modifyTimer = [](UA_EventLoop* self, UA_UInt64 id, UA_Double interval_ms, UA_DateTime* base,
                        UA_TimerPolicy policy) {
      return of(self).modify_timer(id, interval_ms, base, policy);
    };
    el.removeTimer = [](UA_EventLoop* self, UA_UInt64 id) { of(self).remove_timer(id); };
    el.addDelayedCallback = [](UA_EventLoop* self, UA_DelayedCallback* callback) {
      of(self).add_delayed(callback);
    };
    el.removeDelayedCallback = [](UA_EventLoop* self, UA_DelayedCallback* callback) {
      std::erase(of(self).delayed_, callback);
    };
    el.registerEventSource = [](UA_EventLoop*, UA_EventSource*) -> UA_StatusCode {
      return UA_STATUSCODE_BADNOTSUPPORTED;
    };
    el.deregisterEventSource = [](UA_EventLoop*, UA_EventSource*) -> UA_StatusCode {
      return UA_STATUSCODE_BADNOTSUPPORTED;
    };
    el.lock = no_lock;
    el.unlock = no_lock;
    set_state(UA_EVENTLOOPSTATE_STARTED);
    sockets_.attach(el);
  }
  ~Impl() {
    finish();
    UA_KeyValueMap_clear(&bridge_.loop.params);
  }

  UA_EventLoop* get() { return &bridge_.loop; }
  const UA_Logger* logger() const { return &logger_; }
  UaSockets& sockets() { return sockets_; }
  std::string take_complaint() { return std::exchange(complaint_, {}); }

 private:
  struct Bridge {
    UA_EventLoop loop;  // first, so that its address is the bridge's
    Impl* owner;
  };
  struct Call {
    UA_Callback callback;
    void* application;
    void* data;
  };
  struct TimerEntry {
    Call call;
    Nanoseconds interval{0};
    Nanoseconds next{0};
    UA_TimerPolicy policy = UA_TIMERPOLICY_ONCE;
  };

  static Impl& of(UA_EventLoop* loop) { return *reinterpret_cast<Bridge*>(loop)->owner; }
  // The member is const for its readers: the loop itself has to set it.
  void set_state(UA_EventLoopState state) {
    const_cast<UA_EventLoopState&>(bridge_.loop.state) = state;
  }
  static UA_DateTime to_ticks(Nanoseconds at) {
    return at.count() / kTickNs + UA_DATETIME_UNIX_EPOCH;
  }
  static Nanoseconds from_ticks(UA_DateTime at) {
    return Nanoseconds((at - UA_DATETIME_UNIX_EPOCH) * kTickNs);
  }

  static void on_log(void* context, UA_LogLevel level, UA_LogCategory /*category*/,
                     const char* format, va_list arguments) {
    UA_String text = UA_STRING_NULL;
    if (UA_String_vformat(&text, format, arguments) != UA_STATUSCODE_GOOD) return;
    std::string line(reinterpret_cast<const char*>(text.data), text.length);
    UA_String_clear(&text);
    log_debug("opcua", line);
    if (level >= UA_LOGLEVEL_WARNING) static_cast<Impl*>(context)->complaint_ = std::move(line);
  }

  // --- timers ---

  static bool set_times(TimerEntry& entry, UA_Double interval_ms, const UA_DateTime* base,
                        UA_TimerPolicy policy, Nanoseconds now) {
    constexpr UA_Double kIntervalMsMax = 1e12;  // thirty years
    if (!(interval_ms >= 0 && interval_ms <= kIntervalMsMax)) return false;
    entry.interval = Nanoseconds(static_cast<std::int64_t>(interval_ms * 1e6));
    // open62541 asks for no interval at all where a client wants its own clock as fast as can be.
    if (policy != UA_TIMERPOLICY_ONCE) entry.interval = std::max(entry.interval, kRepeatMin);
    entry.policy = policy;
    entry.next = (base != nullptr ? from_ticks(*base) : now) + entry.interval;
    if (policy != UA_TIMERPOLICY_ONCE && entry.next < now) {
      entry.next += ((now - entry.next) / entry.interval + 1) * entry.interval;
    }
    return true;
  }

  UA_StatusCode add_timer(Call call, UA_Double interval_ms, const UA_DateTime* base,
                          UA_TimerPolicy policy, UA_UInt64* id) {
    TimerEntry entry{call};
    if (call.callback == nullptr || !set_times(entry, interval_ms, base, policy, loop_.now())) {
      return UA_STATUSCODE_BADINTERNALERROR;
    }
    last_timer_ += 1;
    timers_[last_timer_] = entry;
    due_.emplace(entry.next, last_timer_);
    if (id != nullptr) *id = last_timer_;
    arm();
    return UA_STATUSCODE_GOOD;
  }

  UA_StatusCode modify_timer(UA_UInt64 id, UA_Double interval_ms, const UA_DateTime* base,
                             UA_TimerPolicy policy) {
    const auto found = timers_.find(id);
    if (found == timers_.end()) return UA_STATUSCODE_BADNOTFOUND;
    TimerEntry changed = found->second;
    if (!set_times(changed, interval_ms, base, policy, loop_.now())) {
      return UA_STATUSCODE_BADINTERNALERROR;
    }
    due_.erase({found->second.next, id});
    found->second = changed;
    due_.emplace(changed.next, id);
    arm();
    return UA_STATUSCODE_GOOD;
  }

  void remove_timer(UA_UInt64 id) {
    const auto found = timers_.find(id);
    if (found == timers_.end()) return;
    due_.erase({found->second.next, id});
    timers_.erase(found);
  }

  UA_DateTime next_timer() const {
    if (!delayed_.empty()) return to_ticks(loop_.now());
    return due_.empty() ? UA_INT64_MAX : to_ticks(due_.begin()->first);
  }

  // Every timer is put in its next place before it runs: it may remove or change itself.
  void run_timers() {
    const Nanoseconds now = loop_.now();
    while (!due_.empty() && due_.begin()->first <= now) {
      const std::uint64_t id = due_.begin()->second;
      due_.erase(due_.begin());
      TimerEntry& entry = timers_.at(id);
      const Call call = entry.call;
      if (entry.policy == UA_TIMERPOLICY_ONCE) {
        timers_.erase(id);
      } else {
        const Nanoseconds from = entry.policy == UA_TIMERPOLICY_BASETIME ? entry.next : now;
        entry.next = from + entry.interval;
        if (entry.next <= now)
          entry.next += ((now - entry.next) / entry.interval + 1) * entry.interval;
        due_.emplace(entry.next, id);
      }
      call.callback(call.application, call.data);
    }
  }

  // --- delayed callbacks: run once, at the loop's next turn ---

  void add_delayed(UA_DelayedCallback* callback) {
    delayed_.push_back(callback);
    arm();
  }

  void finish() {
    while (!delayed_.empty()) (void)run_delayed();
  }

  // Those that are there now; what they add waits for the next turn. A callback may free itself.
  UA_StatusCode run_delayed() {
    for (std::size_t left = delayed_.size(); left > 0 && !delayed_.empty(); --left) {
      const UA_DelayedCallback* next = delayed_.front();
      delayed_.pop_front();
      if (next->callback != nullptr) next->callback(next->application, next->context);
    }
    // Whoever runs the loop from outside waits for an answer, which cannot come: see the header.
    return UA_STATUSCODE_BADINTERNALERROR;
  }

  void arm() {
    Nanoseconds delay{0};
    if (delayed_.empty()) {
      if (due_.empty()) return wake_->cancel();
      delay = std::max(Nanoseconds(0), due_.begin()->first - loop_.now());
    }
    wake_->start(delay, [this] {
      run_timers();
      (void)run_delayed();
      arm();
    });
  }

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  UA_Logger logger_{};
  Bridge bridge_{};
  std::map<std::uint64_t, TimerEntry> timers_;
  std::set<std::pair<Nanoseconds, std::uint64_t>> due_;
  std::uint64_t last_timer_ = 0;
  std::deque<UA_DelayedCallback*> delayed_;
  std::unique_ptr<sys::Timer> wake_;
  std::string complaint_;
  UaSockets sockets_;
};

UaLoop::UaLoop(sys::EventLoop& loop, sys::Clock& clock, UaLoopOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, options)) {}
UaLoop::~UaLoop() = default;

UA_EventLoop* UaLoop::get() { return impl_->get(); }
const UA_Logger* UaLoop::logger() { return impl_->logger(); }
std::uint64_t UaLoop::bytes_in() const { return impl_->sockets().bytes_in(); }
std::uint64_t UaLoop::bytes_out() const { return impl_->sockets().bytes_out(); }
const std::optional<Error>& UaLoop::last_error() const { return impl_->sockets().last_error(); }
std::optional<sys::Endpoint> UaLoop::listening() const { return impl_->sockets().listening(); }
bool UaLoop::idle() const { return impl_->sockets().idle(); }
void UaLoop::set_privacy(sys::Privacy privacy) { impl_->sockets().set_privacy(privacy); }
const sys::TcpStream* UaLoop::speaker() const { return impl_->sockets().speaker(); }
std::string UaLoop::take_complaint() { return impl_->take_complaint(); }

}  // namespace lineshaft::connect::opcua

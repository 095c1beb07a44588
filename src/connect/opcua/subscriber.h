// connect/opcua/subscriber.h: keeps the signals of a session subscribed: one subscription a poll
// group, monitored items in portions that the server takes, publish requests always under way,
// lost notifications asked for again. Includes open62541's headers: for this folder only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "connect/opcua/access.h"

namespace lineshaft::connect::opcua {

// Threads: the loop's.
class Subscriber {
 public:
  // `unusable` runs when the server has no subscriptions at all: it has to be polled. `silent` runs
  // when it has not kept its promise to say at least that it is alive.
  struct Callbacks {
    std::function<void()> unusable;
    std::function<void(const Error&)> silent;
  };
  Subscriber(sys::EventLoop& loop, Access& access, Callbacks callbacks);

  // The session stands. `same`: its subscriptions live on. Otherwise those of the session before
  // are taken over if the server allows it, and made anew if not.
  void start(bool same);
  // The session is away; subscriptions may outlive that.
  void stop();

  std::optional<std::int64_t> clock_ahead_ms() const { return clock_ahead_ms_; }

 private:
  struct Group {
    std::uint32_t interval_ms = 0;
    std::vector<std::size_t> signals;
    UA_UInt32 id = 0;                 // at the server; 0: none
    UA_UInt32 last_sequence = 0;      // of its notifications; 0: none yet
    std::vector<std::size_t> to_add;  // signals to be monitored, from the end
    bool asking_again = false;        // for a lost notification; what comes meanwhile waits
    std::deque<Ua<UA_NotificationMessage, UA_TYPES_NOTIFICATIONMESSAGE>> held;
    Nanoseconds silence_max{0};
    Nanoseconds heard{0};
  };
  // Answers of a session before are not taken for those of this one.
  template <typename F>
  auto only_now(F f) {
    return [this, epoch = epoch_, f = std::move(f)](auto& answer) {
      if (epoch == epoch_) f(answer);
    };
  }

  void transfer();
  void on_transferred(const std::vector<Group*>& groups,
                      const UA_TransferSubscriptionsResponse& answer);
  void refresh();
  void make_missing();
  void make(Group& group);
  void on_made(Group& group, const UA_CreateSubscriptionResponse& answer);
  void add_items(Group& group);
  void on_items(Group& group, const std::vector<std::size_t>& asked,
                const UA_CreateMonitoredItemsResponse& answer);
  void publish();
  void on_published(UA_PublishResponse& answer);
  void take(Group& group, UA_NotificationMessage& message);
  void ask_again(Group& group, UA_UInt32 sequence);
  void drain(Group& group);
  void process(Group& group, const UA_NotificationMessage& message);
  void on_items_changed(const UA_DataChangeNotification& change);
  void lost(Group& group);
  void on_tick();
  Group* find(UA_UInt32 id);

  sys::EventLoop& loop_;
  Access& access_;
  Callbacks callbacks_;
  std::vector<Group> groups_;
  std::vector<bool> monitored_;                                    // by signal
  std::vector<std::pair<UA_UInt32, UA_UInt32>> acknowledgements_;  // subscription, sequence
  std::unique_ptr<sys::Timer> tick_;
  std::uint64_t epoch_ = 0;
  std::size_t publishing_ = 0;  // requests under way
  std::size_t publish_max_ = 0;
  Nanoseconds publish_not_before_{0};
  Nanoseconds retry_items_at_{0};
  std::uint32_t portion_ = 0;
  bool making_ = false;
  std::optional<std::int64_t> clock_ahead_ms_;
  std::optional<Nanoseconds> overflow_told_;
};

}  // namespace lineshaft::connect::opcua

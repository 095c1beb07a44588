// connect/forward/queued_outlet.h: the outlet of every kind that sends: what is published goes to a
// queue on disk, and from there, in order, to a carrier.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "connect/flow.h"
#include "connect/forward/carrier.h"
#include "connect/forward/post_box.h"
#include "connect/forward/queue.h"
#include "connect/forward/settings.h"

namespace lineshaft::connect::forward {

// The queue of a flow, in its folder.
QueueOptions queue_options(const OutletMeans& means, const QueueSettings& settings);

// `taken` of publish() runs when the samples are durable in the queue. What the carrier has
// confirmed is confirmed in the queue. With the destination there and the queue empty, a sample
// waits for nothing but its sync.
//
// Entries that were lost, dropped for want of room or damaged, show at the destination: after the
// last entry before the gap every tag gets a sample of quality BadDataLost, under ids of its own.
//
// Loop's thread, but what publish() says.
class QueuedOutlet : public Outlet, private CarrierUser {
 public:
  using MakeCarrier = std::function<std::unique_ptr<Carrier>(CarrierUser&)>;
  // Opens the queue on a thread of its own, because a long one takes seconds; with start_commit
  // (queue.h) at once.
  QueuedOutlet(const OutletMeans& means, QueueOptions options, const MakeCarrier& make_carrier);
  ~QueuedOutlet() override;

  Status put(std::span<const FlowTag> tags) override;
  void remove(std::span<const TagId> tags) override;
  void publish(std::vector<FlowSample> samples, Taken taken) override;
  OutletStatus status() const override;

 private:
  struct Sent {  // and not confirmed
    EntryNumber number;
    Timestamp received;
    std::size_t bytes = 0;
    std::size_t samples = 0;
  };
  struct Offer {  // that came before the queue was open
    std::vector<FlowSample> samples;
    Taken taken;
  };

  void open();
  void on_open(Result<std::unique_ptr<Queue>> queue);
  void append(const std::vector<FlowSample>& samples, const Taken& taken);

  void on_ready() override { pump(); }
  void on_confirmed(EntryNumber through) override;
  void on_lost() override;
  void on_refused(const Error& why) override;

  void pump();
  bool send_next();
  void fetch();
  void on_fetched(std::uint64_t round, Result<std::vector<Entry>> entries);
  std::vector<ParcelItem> gap_items(const Entry& entry) const;
  bool knows_all(const Entry& entry) const;
  Parcel parcel_of(const Entry& entry) const;
  void pass_over_empty();
  void wait_a_second();
  void on_second();
  void look_at_level(const QueueStatus& status);

  const OutletMeans means_;
  const QueueOptions options_;
  std::shared_ptr<PostBox<QueuedOutlet>> post_box_;  // shared with the thread of the queue
  std::unique_ptr<sys::Timer> timer_;

  std::unordered_map<TagId, TagSpec> tags_;
  std::optional<Nanoseconds> last_put_;
  std::vector<Offer> offers_;
  std::optional<Error> open_error_;
  Nanoseconds reopen_at_{0};

  std::deque<Entry> fetched_;  // to be sent
  EntryNumber fetched_to_;
  EntryNumber sent_to_;  // gone over: sent, or nothing to send
  Timestamp sent_time_;  // when that entry was received
  std::deque<Sent> in_flight_;
  std::size_t in_flight_bytes_ = 0;
  bool fetching_ = false;
  bool fetch_again_ = false;  // something came while a fetch was under way
  bool pumping_ = false;
  std::uint64_t round_ = 0;  // grows when all is sent again: answers of before are void
  std::uint64_t samples_out_ = 0;
  std::optional<std::string> last_refusal_;
  QueueLevel level_ = QueueLevel::kCalm;
  std::uint64_t dropped_seen_ = 0;

  std::unique_ptr<Queue> queue_;  // null until it is open
  std::unique_ptr<Carrier> carrier_;
  std::thread opening_;
};

}  // namespace lineshaft::connect::forward

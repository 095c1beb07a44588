// connect/lineshaft/carrier.h: carries samples to another Lineshaft server, with requests that wait
// on a thread of their own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "connect/backoff.h"
#include "connect/forward/carrier.h"
#include "connect/forward/post_box.h"
#include "connect/lineshaft/flow_settings.h"
#include "connect/lineshaft/remote.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// One request is under way at a time; what comes meanwhile goes together with the next. A parcel is
// confirmed when the other server has it on its disk. What fails is tried again until it succeeds.
class LineshaftCarrier : public forward::Carrier {
 public:
  LineshaftCarrier(sys::EventLoop& loop, sys::Random& random, const LineshaftFlowSettings& settings,
                   std::unique_ptr<sys::HttpClient> http, forward::CarrierUser& user);
  // Waits for a request that is under way, at most the timeout.
  ~LineshaftCarrier() override;

  bool ready() const override { return !last_error_; }
  void send(const forward::Parcel& parcel) override;
  void fill(OutletStatus& status) const override;

 private:
  struct Item {
    std::shared_ptr<const TagSpec> tag;  // shared: the flow may change while a request waits
    Sample sample;
  };
  struct Job {
    forward::EntryNumber through;
    std::vector<Item> items;
  };
  struct Outcome {
    Status status;
    std::vector<Error> refused;
  };

  void start_next();
  void on_done(const Outcome& outcome);
  void run();
  Outcome carry_out(const Job& job);

  forward::CarrierUser& user_;
  const std::string at_;
  std::shared_ptr<forward::PostBox<LineshaftCarrier>> post_box_;
  std::unique_ptr<sys::Timer> retry_;
  Backoff backoff_;
  std::unordered_map<TagId, std::shared_ptr<const TagSpec>> specs_;
  Job gathering_;
  Job under_way_;  // the thread reads it while busy_
  bool busy_ = false;
  bool answered_ = false;  // ever
  std::optional<std::string> last_error_;

  std::unique_ptr<sys::HttpClient> http_;  // the thread's
  RemoteServer remote_;                    // the thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool asked_ = false;   // guarded
  bool ending_ = false;  // guarded
  std::thread thread_;
};

}  // namespace lineshaft::connect

#include "connect/lineshaft/carrier.h"

#include <iterator>
#include <utility>

namespace lineshaft::connect {

LineshaftCarrier::LineshaftCarrier(sys::EventLoop& loop, sys::Random& random,
                                   const LineshaftFlowSettings& settings,
                                   std::unique_ptr<sys::HttpClient> http,
                                   forward::CarrierUser& user)
    : user_(user),
      at_(settings.host + ":" + std::to_string(settings.port)),
      post_box_(std::make_shared<forward::PostBox<LineshaftCarrier>>(loop, *this)),
      retry_(loop.make_timer()),
      backoff_(random),
      http_(std::move(http)),
      remote_(*http_, settings.token),
      thread_([this] { run(); }) {}

LineshaftCarrier::~LineshaftCarrier() {
  post_box_->close();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LineshaftCarrier::send(const forward::Parcel& parcel) {
  gathering_.through = parcel.number;
  for (const forward::ParcelItem& item : parcel.items) {
    std::shared_ptr<const TagSpec>& spec = specs_[item.sample.tag];
    if (spec == nullptr || *spec != *item.tag) spec = std::make_shared<const TagSpec>(*item.tag);
    gathering_.items.push_back({spec, item.sample});
  }
  if (!busy_) start_next();
}

void LineshaftCarrier::start_next() {
  if (under_way_.items.empty()) under_way_ = std::exchange(gathering_, {});
  if (under_way_.items.empty()) return;
  busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  wake_.notify_one();
}

void LineshaftCarrier::on_done(const Outcome& outcome) {
  busy_ = false;
  for (const Error& refused : outcome.refused) user_.on_refused(refused);
  if (!outcome.status) {
    last_error_ = outcome.status.error().text();
    return retry_->start(backoff_.next(), [this] { start_next(); });
  }
  backoff_.reset();
  answered_ = true;
  const forward::EntryNumber through = std::exchange(under_way_, {}).through;
  const bool is_back = std::exchange(last_error_, std::nullopt).has_value();
  start_next();
  user_.on_confirmed(through);
  if (is_back) user_.on_ready();
}

void LineshaftCarrier::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return asked_ || ending_; });
    if (ending_) return;
    asked_ = false;
    lock.unlock();
    auto outcome = std::make_shared<const Outcome>(carry_out(under_way_));
    post_box_->post([outcome](LineshaftCarrier& carrier) { carrier.on_done(*outcome); });
    lock.lock();
  }
}

LineshaftCarrier::Outcome LineshaftCarrier::carry_out(const Job& job) {
  Outcome outcome;
  std::vector<RemoteSample> samples;
  samples.reserve(job.items.size());
  for (const Item& item : job.items) samples.push_back({item.tag.get(), item.sample});
  outcome.status =
      remote_.store(samples, [&outcome](const Error& why) { outcome.refused.push_back(why); });
  return outcome;
}

void LineshaftCarrier::fill(OutletStatus& status) const {
  status.state = last_error_ || !answered_ ? OutletState::kDown : OutletState::kUp;
  status.at = at_;
  status.last_error = last_error_;
}

}  // namespace lineshaft::connect

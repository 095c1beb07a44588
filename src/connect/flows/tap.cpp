#include "connect/flows/tap.h"

#include <utility>

namespace lineshaft::connect {

namespace {

// The sample is kept, but no queue has it: whoever is told that it is acknowledged would rely on
// its delivery. Written again, it is the same sample.
Status nobody_takes() {
  return Error{ErrorId::kCancelled, "the server ends; the samples are kept, but not handed on"};
}

}  // namespace

FlowTap::FlowTap(sys::EventLoop& loop, SampleSink& sink)
    : sink_(sink), shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
}

FlowTap::~FlowTap() {
  const std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->take = nullptr;
}

std::shared_ptr<const FlowTap::Routes> FlowTap::routes_of(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  const auto found = routes_.find(tenant);
  return found == routes_.end() ? nullptr : found->second;
}

void FlowTap::append(SampleBatch batch, Durable durable) {
  if (!any_.load(std::memory_order_acquire))
    return sink_.append(std::move(batch), std::move(durable));
  const TenantId tenant = batch.tenant;
  const auto routes = routes_of(tenant);
  std::vector<Sample> picked;
  if (routes) {
    for (const Sample& sample : batch.samples) {
      if (sample.tag.value < routes->size() && (*routes)[sample.tag.value])
        picked.push_back(sample);
    }
  }
  if (picked.empty()) return sink_.append(std::move(batch), std::move(durable));
  sink_.append(std::move(batch), [shared = shared_, tenant, picked = std::move(picked),
                                  durable = std::move(durable)](Status kept) mutable {
    if (!kept) return durable(std::move(kept));
    std::unique_lock lock(shared->mutex);
    if (shared->loop == nullptr) {
      lock.unlock();
      return durable(nobody_takes());
    }
    shared->loop->post(
        [shared, tenant, picked = std::move(picked), durable = std::move(durable)]() mutable {
          if (!shared->take) return durable(nobody_takes());
          shared->take(tenant, std::move(picked), std::move(durable));
        });
  });
}

void FlowTap::set_tags(TenantId tenant, std::vector<bool> goes_out) {
  const std::lock_guard lock(mutex_);
  if (goes_out.empty()) {
    routes_.erase(tenant);
  } else {
    routes_[tenant] = std::make_shared<const Routes>(std::move(goes_out));
  }
  any_.store(!routes_.empty(), std::memory_order_release);
}

void FlowTap::set_take(Take take) {
  const std::lock_guard lock(shared_->mutex);
  shared_->take = std::move(take);
}

}  // namespace lineshaft::connect

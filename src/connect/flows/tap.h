// connect/flows/tap.h: stands before the historian and hands what it has kept on to the flows.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "model/sample.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// A sample goes to the flows once it is durable here, and its writer is told so when the flows have
// taken it too (Outlet::publish). Then nothing that is refused goes out, and nothing that was
// acknowledged can be missing from a queue. Samples of tags that go nowhere pass by.
//
// Threads: any, except where said otherwise. Costs one atomic look while there is no flow, then one
// look for each sample.
class FlowTap : public SampleSink {
 public:
  // Both must outlive the tap.
  FlowTap(sys::EventLoop& loop, SampleSink& sink);
  // Loop's thread, or when the loop has ended. The writers of samples under way are told
  // kCancelled: they are kept here, but no flow has them.
  ~FlowTap() override;

  void append(SampleBatch batch, Durable durable) override;

  // Which tags of the tenant go to some flow: true at their id. Empty: none.
  void set_tags(TenantId tenant, std::vector<bool> goes_out);

  // Called on the loop's thread with samples of such tags, in the order in which they were kept.
  // `taken` must be called once. Set by the loop's thread; null: nobody takes anything.
  using Take = std::function<void(TenantId tenant, std::vector<Sample> samples, Durable taken)>;
  void set_take(Take take);

 private:
  struct Shared {
    std::mutex mutex;
    sys::EventLoop* loop;  // guarded; null: the tap is gone
    Take take;             // the loop's thread alone
  };
  using Routes = std::vector<bool>;

  std::shared_ptr<const Routes> routes_of(TenantId tenant);

  SampleSink& sink_;
  std::shared_ptr<Shared> shared_;  // the sink's callbacks hold it
  std::atomic<bool> any_ = false;
  std::mutex mutex_;
  std::map<TenantId, std::shared_ptr<const Routes>> routes_;  // guarded
};

}  // namespace lineshaft::connect

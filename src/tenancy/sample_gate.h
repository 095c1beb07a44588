// tenancy/sample_gate.h: stands where samples come in, and holds each organisation to its quota of
// samples a second and of bytes.
#pragma once

#include <functional>

#include "model/sample.h"
#include "tenancy/meter.h"

namespace lineshaft::tenancy {

// Refuses a batch whole, at once (kRateLimited, kQuotaReached): its writer keeps it and comes again
// later, as with any store that is busy. Counts what became durable. Threads: any.
class SampleGate final : public SampleSink {
 public:
  // `bytes_of`: what a tenant has stored; quick. All must outlive the gate and its callbacks.
  SampleGate(SampleSink& sink, Meter& meter, std::function<std::uint64_t(TenantId)> bytes_of)
      : sink_(sink), meter_(meter), bytes_of_(std::move(bytes_of)) {}

  void append(SampleBatch batch, Durable durable) override;

 private:
  SampleSink& sink_;
  Meter& meter_;
  std::function<std::uint64_t(TenantId)> bytes_of_;
};

}  // namespace lineshaft::tenancy

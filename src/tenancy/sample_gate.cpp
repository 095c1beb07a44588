#include "tenancy/sample_gate.h"

#include <utility>

namespace lineshaft::tenancy {

void SampleGate::append(SampleBatch batch, Durable durable) {
  const TenantId tenant = batch.tenant;
  const std::size_t count = batch.samples.size();
  if (meter_.quotas(tenant)[Quota::kBytes] > 0) {
    const Status room = meter_.check_room(tenant, Quota::kBytes, bytes_of_(tenant));
    if (!room) return durable(room);
  }
  if (Status may = meter_.admit_samples(tenant, count); !may) return durable(std::move(may));
  sink_.append(std::move(batch),
               [this, tenant, count, durable = std::move(durable)](Status status) {
                 if (status) meter_.count_samples(tenant, count);
                 durable(std::move(status));
               });
}

}  // namespace lineshaft::tenancy

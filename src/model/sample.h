// model/sample.h: what a machine said: which signal, when, what, how sure; and who keeps it.
#pragma once

#include <functional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "model/quality.h"
#include "model/value.h"

namespace lineshaft {

// An organisation as owner of data. 0 is nobody. Part of every storage key; comes from the session.
using TenantId = StrongId<struct TenantIdName, std::uint32_t>;
// Dense inside a tenant, from 1. 0 is no tag.
using TagId = StrongId<struct TagIdName, std::uint32_t>;

struct Sample {
  TagId tag;
  Timestamp time;  // the device's time if it gives one, else ours at reception
  Quality quality;
  Value value;  // with bad quality: the last usable value if there is one, else a zero of the type
};

struct SampleBatch {
  TenantId tenant;
  Timestamp received;  // when we got it, for the whole batch
  std::vector<Sample> samples;
};

// Where collected samples go. Implemented by the historian; called by connect and intake.
class SampleSink {
 public:
  virtual ~SampleSink() = default;

  using Durable = std::function<void(Status)>;

  // Takes the batch for keeping. `durable` is called exactly once, from any thread, possibly before
  // append returns: with success only when every sample of the batch is on disk (fdatasync), else
  // with the error, and then none of the batch is promised. Last writer wins by (tag, time).
  //
  // Errors (through `durable`): kQueueFull when the bounded queue is full: slow down and retry;
  // kDiskFull: nothing is kept, retry later; kStorePoisoned: no more writes until a restart;
  // kNotFound / kTypeMismatch: a sample's tag does not exist or has another type.
  // Threads: any.
  virtual void append(SampleBatch batch, Durable durable) = 0;
};

}  // namespace lineshaft

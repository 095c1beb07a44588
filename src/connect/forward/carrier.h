// connect/forward/carrier.h: what a protocol implements to carry the entries of a queue to their
// destination. Everything about the queue is queued_outlet.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/flow.h"
#include "connect/forward/entry.h"

namespace lineshaft::connect::forward {

struct ParcelItem {
  SampleId id;
  const TagSpec* tag;  // as it goes out; borrowed for the call
  Sample sample;
};

// What one entry of the queue brings to the destination: at least one sample.
struct Parcel {
  EntryNumber number;
  Timestamp received;
  Age age = Age::kPresent;
  std::vector<ParcelItem> items;
};

// The queue's side. Loop's thread; may call send() of the carrier, but never destroys it.
class CarrierUser {
 public:
  virtual ~CarrierUser() = default;
  // The carrier is ready again.
  virtual void on_ready() = 0;
  // The parcels up to that number are safe at the destination.
  virtual void on_confirmed(EntryNumber through) = 0;
  // What is not confirmed has to be sent again, all of it, when the carrier is ready.
  virtual void on_lost() = 0;
  // The destination does not take a sample, and never will: it counts as delivered.
  virtual void on_refused(const Error& why) = 0;
};

// Construction starts it, destruction ends it without a word. Loop's thread.
class Carrier {
 public:
  virtual ~Carrier() = default;

  virtual Status put(std::span<const FlowTag> /*tags*/) { return {}; }
  virtual void remove(std::span<const TagId> /*tags*/) {}

  virtual bool ready() const = 0;
  // Requires: ready(). Parcels are sent in order of their numbers.
  virtual void send(const Parcel& parcel) = 0;

  // state, at, last_error.
  virtual void fill(OutletStatus& status) const = 0;
};

}  // namespace lineshaft::connect::forward

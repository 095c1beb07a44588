// connect/opcua/server.h: an OPC UA server: tags of ours, served to clients of others.
//
// The address space: an object for each level of the tags' paths below Objects, with the path so
// far as its string id; a variable (AnalogItemType, MultiStateDiscreteType or BaseDataVariableType)
// for each tag, with range, engineering unit and enum strings where the tag has them. All in the
// namespace "urn:lineshaft:tags", so ids do not depend on anything but the path.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/opcua/settings.h"
#include "connect/opcua/trust.h"
#include "connect/write_desk.h"
#include "historian/aggregate.h"
#include "model/sample.h"
#include "model/tag.h"
#include "sys/loop.h"

namespace lineshaft::connect::opcua {

inline constexpr std::string_view kTagNamespace = "urn:lineshaft:tags";

// Who is at the other end, as far as the server knows.
struct ServerUser {
  UserKind kind = UserKind::kAnonymous;
  std::string name;  // user name, or the thumbprint of the certificate
};

// What the server asks of the house. All calls come from the loop's thread and must not block.
class ServerBacking {
 public:
  virtual ~ServerBacking() = default;

  // Is this the password of that user? A certificate was already found in the trust store.
  virtual bool admit(const ServerUser& user, std::string_view password) = 0;
  // Of values and history; the history of a tag is asked for with it whatever rights_per_tag says.
  virtual bool may_read(const ServerUser& user, TagId tag) = 0;
  // Asked only for tags that are writable.
  virtual bool may_write(const ServerUser& user, TagId tag) = 0;

  // The newest sample, nothing if there is none yet.
  virtual std::optional<Sample> current(TagId tag) = 0;
  // Sets out to write the value. Success means that the order was taken, not that the machine has
  // followed: a client sees that in the value. Errors are told to the client as their status code.
  virtual Status write(const ServerUser& user, TagId tag, Value value) = 0;
  // The two steps of a write that takes two, as FlowHost has them. Asked only with
  // ServerOptions::two_step_methods, for tags that are writable and users that may write.
  virtual Result<PendingWrite> ask_write(const ServerUser& /*user*/, TagId /*tag*/,
                                         Value /*value*/) {
    return Error{ErrorId::kUnsupported, "writes in two steps are not taken here"};
  }
  virtual Status confirm_write(const ServerUser& /*user*/, TagId /*tag*/, Value /*value*/,
                               const std::string& /*token*/, const std::string& /*machine*/) {
    return Error{ErrorId::kUnsupported, "writes in two steps are not taken here"};
  }
  // As FlowHost has them.
  using Aggregated = Result<std::vector<historian::AggregateValue>>;
  virtual Aggregated aggregates(TagId /*tag*/, TimeRange /*range*/, Nanoseconds /*step*/,
                                historian::Aggregate /*aggregate*/,
                                const historian::AggregateOptions& /*options*/) {
    return Error{ErrorId::kUnsupported, "aggregates are not served here"};
  }
  virtual Aggregated interpolated(TagId /*tag*/, std::span<const Timestamp> /*times*/,
                                  const historian::AggregateOptions& /*options*/) {
    return Error{ErrorId::kUnsupported, "values between samples are not served here"};
  }
  virtual Result<std::vector<Sample>> replaced(TagId /*tag*/, TimeRange /*range*/) {
    return Error{ErrorId::kUnsupported, "replaced values are not served here"};
  }
  // Samples with from <= time < to, the oldest first (or the newest first), at most `max`.
  virtual Result<std::vector<Sample>> history(TagId tag, TimeRange range, bool newest_first,
                                              std::size_t max) = 0;
};

struct ServerOptions {
  sys::Endpoint listen;          // a numeric address; port 0 takes a free one
  bool allow_none = false;       // endpoints without security
  bool allow_sign = false;       // endpoints that sign and do not encrypt
  bool allow_anonymous = false;  // users without a name
  // Users may read some tags and not others. Then subscribed values are sampled with the rights of
  // whoever subscribed, at the interval that he asks for. Without it everyone admitted may read
  // everything (may_read is not asked), and every change is told when it happens.
  bool rights_per_tag = true;
  // Methods by which a client takes both steps of a write that needs two.
  bool two_step_methods = false;
  std::size_t sessions_max = 100;
  // The fastest publishing and sampling that a client can get.
  Nanoseconds publish_min = std::chrono::milliseconds(50);
};

struct ServerCounters {
  std::uint64_t sessions = 0;       // now
  std::uint64_t sessions_made = 0;  // ever
  std::uint64_t refused = 0;        // sessions and channels refused for security
  std::uint64_t subscriptions = 0;  // now
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

// Threads: those of the loop, construction and destruction too. `loop` may be the one of the
// machines for a hundred clients; give it one of its own for more.
class Server {
 public:
  virtual ~Server() = default;

  virtual sys::Endpoint local() const = 0;
  virtual ServerCounters counters() const = 0;

  // Puts tags into the address space, or updates their unit, range, names. Cost: about 50 us a tag,
  // so call it in portions.
  virtual Status put(std::span<const Tag> tags) = 0;
  virtual void remove(TagId tag) = 0;
  // A new newest sample: what subscribers wait for. Cost: a hash look-up if nobody does.
  virtual void publish(const Sample& sample) = 0;
};

// What the loop lets go without encryption (sys/reach.h) is kept to: where the server has endpoints
// without security by whoever connects, and by whoever opens a session that only signs.
// Errors: kAddressInUse, kPlainRefused, kTlsFailed (our certificate). What is borrowed must outlive
// the server.
Result<std::unique_ptr<Server>> make_server(sys::EventLoop& loop, sys::Clock& clock,
                                            TrustStore& trust, ServerBacking& backing,
                                            ServerOptions options);

}  // namespace lineshaft::connect::opcua

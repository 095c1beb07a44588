// connect/flow.h: data out of the house by rules: what a flow is set to, what a kind of destination
// brings, and what it may ask of the house. Whoever adds a kind adds its settings to FlowSettings,
// a FlowKind, and a line to flows/kinds.cpp. The engine (flows/) knows nothing of kinds beyond
// this.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "connect/connection.h"
#include "connect/fields.h"
#include "connect/iec104/flow_settings.h"
#include "connect/lineshaft/flow_settings.h"
#include "connect/modbus/flow_settings.h"
#include "connect/mqtt/flow_settings.h"
#include "connect/mtconnect/flow_settings.h"
#include "connect/opcua/flow_settings.h"
#include "connect/s7/flow_settings.h"
#include "connect/sparkplug/flow_settings.h"
#include "connect/write_desk.h"
#include "historian/aggregate.h"
#include "model/sample.h"
#include "model/tag.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"

namespace lineshaft::connect {

namespace opcua {
class TrustStore;
}

// --- what people set -----------------------------------------------------------------------------

// One alternative a kind, in the order of flow_kinds().
using FlowSettings =
    std::variant<opcua::ServerFlowSettings, ModbusServerFlowSettings, S7ServerFlowSettings,
                 Iec104ServerFlowSettings, MqttFlowSettings, LineshaftFlowSettings,
                 MtconnectAgentFlowSettings, SparkplugFlowSettings>;

// Which tags go out, and how. Of each tag the first rule that selects it counts.
struct FlowRule {
  // Like a path: `*` is any part of a level, the level `**` is any levels or none.
  std::string select = "**";
  bool leave_out = false;  // what it selects does not go out at all; the rest then has no meaning
  // The name at the destination: text in which {path} is the path, {1} its first level, {-1} its
  // last one, {2-} all from the second on. The default makes the unified namespace of ISA-95.
  std::string name = "{path}";
  std::string unit;  // UNECE Rec 20 code that numbers are converted to; "": as they are
  // Only changes by more than this from the last value that went out (in the unit that goes out).
  // A change of quality always goes out. 0: every value.
  double deadband = 0;
  // After a value went out, the next one goes no sooner; of those between, the newest. 0: at once.
  std::uint32_t min_interval_ms = 0;  // 0..86'400'000
  friend bool operator==(const FlowRule&, const FlowRule&) = default;
};

struct FlowConfig {
  std::string name;  // unique in the organisation
  bool enabled = true;
  FlowSettings settings;
  // Whoever is at the other end may write tags that are writable. Then still the connection of the
  // tag must allow it, and where the protocol knows people, the person needs the permission.
  bool writes_enabled = false;
  std::vector<FlowRule> rules;  // at least one
  friend bool operator==(const FlowConfig&, const FlowConfig&) = default;
};

inline constexpr std::size_t kFlowRulesMax = 100;
inline constexpr std::size_t kFlowNameBytesMax = 512;  // of a name at the destination
inline constexpr std::size_t kFlowTagsMax = 200'000;   // of one flow

// --- what goes out -------------------------------------------------------------------------------

// A tag as the destination knows it.
struct FlowTag {
  TagId id;
  std::string path;  // in this house
  // As it goes out: `path` is its name there, and unit, range, type are those of what is sent (a
  // converted integer becomes a float64). Not writable unless the flow allows it.
  TagSpec spec;
  // Where it lies, for kinds with addresses: from here on FlowKind::width() numbers.
  std::uint32_t address = 0;
  std::optional<Sample> current;  // the newest sample, converted; nothing if there is none
};

// In the type and unit of FlowTag::spec.
struct FlowSample {
  Sample sample;
  // Older than another sample of the tag that came before: history that arrives late, imports.
  // The newest state of the tag is another one.
  bool is_past = false;
};

// --- what a kind brings --------------------------------------------------------------------------

enum class OutletState : std::uint8_t {
  kUp,    // serves, or is connected
  kDown,  // not now; last_error says why
};

// How much of its room a queue uses, by bytes or by age. Half is an alarm: whoever hears of it can
// still do something before values are lost.
enum class QueueLevel : std::uint8_t { kCalm, kHalf, kFull };
std::string_view queue_level_name(QueueLevel level);  // "calm", "half", "full"

// What waits on the disk for a destination that is away.
struct OutletQueue {
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;
  std::optional<Timestamp> oldest;
  std::uint64_t dropped = 0;  // ever, for want of room
  QueueLevel level = QueueLevel::kCalm;
};

struct OutletStatus {
  OutletState state = OutletState::kDown;
  std::string at;             // "127.0.0.1:4840": where it serves, or goes to
  std::uint64_t clients = 0;  // connected now, to a served kind
  // Delivered: confirmed by the destination, or, of a served kind, handed to its memory.
  std::uint64_t samples_out = 0;
  std::optional<std::string> last_error;
  std::optional<OutletQueue> queue;
};

// The running end of one flow. The engine calls it on the loop's thread only; construction starts
// it, destruction ends it, and then nothing calls back any more.
class Outlet {
 public:
  virtual ~Outlet() = default;

  // More tags, or other settings of those that are there. No sample of a tag comes before it, and
  // FlowTag::current counts as gone out with it.
  // Called with at most FlowKind::tags_per_turn() at a time. An error is shown, and put is called
  // again with all tags after a while.
  virtual Status put(std::span<const FlowTag> tags) = 0;
  virtual void remove(std::span<const TagId> tags) = 0;

  // `taken` is called once, from any thread, possibly before publish returns: with success when the
  // samples need not be offered again, which for a queue on disk means that they are durable. The
  // writer of the samples is told that they are kept no sooner than that. An error (kDiskFull,
  // kQueueFull...) goes to the writer, who comes again with the same samples later.
  // Samples of one tag come in the order in which they were appended.
  using Taken = std::function<void(Status)>;
  virtual void publish(std::vector<FlowSample> samples, Taken taken) = 0;

  virtual OutletStatus status() const = 0;
};

// Who writes from outside, as far as the protocol tells.
struct FlowUser {
  std::string name;        // for the audit trail: "ann@example.com", "modbus client"
  bool is_person = false;  // of the house, let in by FlowHost::admit
};

// What an outlet may ask, for its own flow. Outlives the outlet. Threads: any, but those that block
// never on the loop of the machines.
class FlowHost {
 public:
  virtual ~FlowHost() = default;

  // The newest sample of a tag of this flow, converted; nothing if there is none, or no such tag.
  virtual std::optional<Sample> current(TagId tag) = 0;
  // Samples with from <= time < to, converted, the oldest first (or the newest first), at most
  // `max`. Blocks.
  virtual Result<std::vector<Sample>> history(TagId tag, TimeRange range, bool newest_first,
                                              std::size_t max) = 0;
  // What the history says beyond its samples (historian/aggregate.h). Of a tag whose unit is
  // converted on the way out: kUnsupported. Errors: as Historian. Blocks.
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
  // Samples that others of the same time replaced, where they are kept.
  virtual Result<std::vector<Sample>> replaced(TagId /*tag*/, TimeRange /*range*/) {
    return Error{ErrorId::kUnsupported, "replaced values are not served here"};
  }
  // Sets out to write the value, which is in the type and unit of the FlowTag, and enters it into
  // the audit trail. Success means that the order was taken; what comes of it is seen in the value.
  // Errors: kNotFound, kWritesDisabled (flow or tag), kDenied (the user), kTypeMismatch,
  // kInvalidArgument (does not convert back), kBusy.
  virtual Status write(const FlowUser& user, TagId tag, Value value) = 0;
  // The first step of a write that takes two, and its second one, which repeats all of the first.
  // Errors: as write(), kUnsupported (this one takes a single step); of the second step those of
  // WriteDesk::confirm.
  virtual Result<PendingWrite> ask_write(const FlowUser& /*user*/, TagId /*tag*/, Value /*value*/) {
    return Error{ErrorId::kUnsupported, "writes in two steps are not taken here"};
  }
  virtual Status confirm_write(const FlowUser& /*user*/, TagId /*tag*/, Value /*value*/,
                               const std::string& /*token*/, const std::string& /*machine*/) {
    return Error{ErrorId::kUnsupported, "writes in two steps are not taken here"};
  }
  // Would write() listen to that user at this moment? Not if the flow allows no writes, or a person
  // has no permission.
  virtual bool may_write(const FlowUser& user) = 0;
  // Is that the password of that person of the house (an e-mail address)? `peer`: where from, for
  // the limits on attempts. Errors: kSignInFailed, kTooManyAttempts, kSignInBusy. Blocks, some
  // 50 ms.
  virtual Result<FlowUser> admit(std::string_view name, std::string_view password,
                                 std::string_view peer) = 0;
  // A line in the events of the flow: one word ("queue-full"), and what people should know.
  virtual void note(std::string_view event, std::string detail) = 0;
};

// What an outlet is made of.
struct OutletMeans {
  sys::EventLoop& loop;  // of the machines
  sys::Clock& clock;
  sys::Random& random;
  sys::FileSystem& files;
  std::string folder;  // of this flow alone, for what it keeps on disk; made by whoever needs it
  opcua::TrustStore* opcua_trust = nullptr;
  TenantId tenant;
  std::uint32_t flow = 0;  // its id, never used again
  FlowHost& host;
};

// Without state; any thread. Requires everywhere: settings are of this kind.
class FlowKind {
 public:
  virtual ~FlowKind() = default;

  virtual std::string_view name() const = 0;  // as in the JSON: "opcua-server"

  // The members of "settings". What is wrong is told through `fields`.
  virtual FlowSettings read_settings(Fields& fields) const = 0;
  virtual Json settings_json(const FlowSettings& settings, Secrets secrets) const = 0;
  // Gives the settings of a stored flow what they do not say because they are older than it, where
  // that is not the default: what it was served with stays.
  virtual void complete_stored(Json& /*settings*/) const {}
  // Errors: kInvalidArgument, "settings.port: ...".
  virtual Status check_settings(const FlowSettings& settings) const = 0;

  // Can the tag go there (spec as in FlowTag)? Errors: kUnsupported and the like: why not.
  virtual Status check_tag(const FlowSettings& /*settings*/, const TagSpec& /*spec*/) const {
    return {};
  }

  // Kinds with addresses: how many numbers the tag takes, and from which to which they go. Numbers
  // are given out once and stay with the tag for ever. 0: the kind has no addresses.
  virtual std::uint32_t width(const FlowSettings& /*settings*/, const TagSpec& /*spec*/) const {
    return 0;
  }
  struct Addresses {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t align = 1;        // a tag begins at a multiple of this,
    std::uint32_t page = 1U << 31;  // and does not run over a multiple of that
  };
  virtual Addresses addresses(const FlowSettings& /*settings*/) const { return {}; }
  // "DB1.DBD4:REAL", for people who set a client up; "": the name says it all.
  virtual std::string address_text(const FlowSettings& /*settings*/, const FlowTag& /*tag*/) const {
    return "";
  }

  // Does that connection read from where such a flow sends to? What it brings in then never goes
  // back there. `config` is checked.
  virtual bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const = 0;

  // Is the writer of a sample to be told that it is kept only when the outlet has it? Then samples
  // are refused for now while the outlet cannot be opened. False: the newest state is enough.
  virtual bool keeps_for_later() const { return false; }

  // Tags that one call of Outlet::put may take without holding up the loop.
  virtual std::size_t tags_per_turn() const { return 100'000; }

  // Errors: kAddressInUse and the like: tried again later.
  virtual Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                               const OutletMeans& means) const = 0;
};

// Every kind, in the order of FlowSettings. Threads: any.
std::span<const FlowKind* const> flow_kinds();
inline const FlowKind& kind_of(const FlowSettings& settings) {
  return *flow_kinds()[settings.index()];
}
const FlowKind* find_flow_kind(std::string_view name);  // null if there is none
std::string flow_kind_names();                          // "opcua-server or modbus-server"

// Errors: kInvalidArgument naming the field and what is allowed; of a rule with its index:
// "rules[1].select: ...".
Status check_flow(const FlowConfig& config);

}  // namespace lineshaft::connect

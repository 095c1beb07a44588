// connect/opcua/access.h: what the parts of one session share: the nodes of the signals as this
// server numbers them, the server's limits, reading, and the way of a value to the host.
// Includes open62541's headers: for the .cpp files of this folder only.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connect/device_time.h"
#include "connect/driver.h"
#include "connect/opcua/browse_path.h"
#include "connect/opcua/ua_client.h"
#include "connect/opcua/ua_values.h"

namespace lineshaft::connect::opcua {

// The server's OperationLimits; where it names none, what any server can be expected to take.
struct Limits {
  static constexpr std::uint32_t kUnknown = 50;
  std::uint32_t nodes_per_read = kUnknown;
  std::uint32_t items_per_call = kUnknown;
  std::uint32_t nodes_per_browse = kUnknown;
  std::uint32_t paths_per_call = kUnknown;
};

// Where a value lies: at a node, or where a path leads from it.
struct Place {
  NodeName start;
  std::vector<BrowseName> path;
};
// Requires: the point is checked.
Place place_of(const Point& point);

// Threads: the loop's.
class Access {
 public:
  Access(UaClient& client, const ConnectionConfig& config, DriverHost& host);

  UaClient& client;
  const ConnectionConfig& config;
  DriverHost& host;
  const Settings& settings;
  Limits limits;

  // Reads the server's namespaces and limits, then finds the nodes of the signals. `done` gets the
  // error that makes the session useless. Signals of namespaces that the server lacks, and whose
  // path leads nowhere, become bad and are named; the rest goes on.
  void prepare(std::function<void(Status)> done);
  // Looks once more for the nodes that a path did not lead to, if there are any.
  void find_missing();

  // Null: the server has no such namespace.
  const UA_NodeId* node(std::size_t signal) const;
  // The same for any name. Errors: kNotFound.
  Result<UaNodeId> resolve(const NodeName& name) const;
  // The nodes of any number of places, in portions. `done` gets one answer for each.
  // Errors: kNotFound (no such namespace, nothing at the end of the path), kPeerClosed.
  using FindDone = std::function<void(std::vector<Result<UaNodeId>>)>;
  void find(const std::vector<Place>& places, FindDone done);
  std::string namespace_uri(std::uint16_t index) const;

  // Reads values of signals in portions, one request at a time, and hands each to `deliver`. `done`
  // runs after the last. Superseded by the next call, and by cancel().
  void read(std::vector<std::size_t> signals, std::function<void()> done);
  void cancel();

  // A value as the server sent it: quality, source time and value go to the host unchanged (but for
  // the time of a clock that was set back, device_time.h); what the tag cannot hold becomes
  // BadTypeMismatch and is named once.
  void deliver(std::size_t signal, const UA_DataValue& value);
  // The server refuses this node.
  void refuse(std::size_t signal, UA_StatusCode status);

  // Signals that had a value or a refusal since the session stands.
  bool heard(std::size_t signal) const { return heard_[signal]; }
  void forget_heard() { heard_.assign(heard_.size(), false); }

  std::uint32_t read_portion() const;

 private:
  struct Finding;

  void on_basics(const UA_ReadResponse& answer, const std::function<void(Status)>& done);
  Status add_path(UA_BrowsePath& path, const Place& place) const;
  void find_next(const std::shared_ptr<Finding>& finding);
  void take_found(std::size_t signal, Result<UaNodeId> found);
  void read_next();
  void on_read(std::size_t count, const UA_ReadResponse& answer);
  void name_once(std::size_t signal, std::string_view event, const Error& what);

  std::vector<Place> places_;                   // of the signals, as they are set
  std::vector<std::optional<UaNodeId>> nodes_;  // at this server
  std::vector<std::string> namespaces_;
  std::vector<bool> heard_;
  std::vector<DeviceTime> times_;
  std::vector<bool> named_;  // an error of it stands in the events

  std::vector<std::size_t> to_read_;  // from the end
  std::function<void()> read_done_;
  std::uint64_t reading_ = 0;  // which call of read() the answers belong to
  std::uint32_t read_portion_ = 0;
};

}  // namespace lineshaft::connect::opcua

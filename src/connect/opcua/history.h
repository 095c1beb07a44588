// connect/opcua/history.h: HistoryRead from what backs a server: samples as they are, those that
// were replaced, values at instants, aggregates. Includes open62541's headers: for the .cpp files
// of this folder only.
#pragma once

#include <open62541/server.h>

#include <functional>
#include <optional>
#include <span>

#include "connect/opcua/address_space.h"
#include "connect/opcua/server.h"

namespace lineshaft::connect::opcua {

inline constexpr std::size_t kHistoryValuesMax = 10'000;  // of a node in one answer

// Answers come in portions of at most kHistoryValuesMax a node; the continuation point is the time
// where the next begins, so the server keeps nothing and none can be used up.
// Requires: the nodes' contexts are TagNodes. `backing` must outlive the server.
void serve_history(UA_ServerConfig& config, ServerBacking& backing);

// --- between the files of this: what every kind of read needs ---

// The two kinds that compute: into the same database.
void serve_computed_history(UA_HistoryDatabase& database);

// A request of a session for the history of `nodes`.
struct ServedRead {
  UA_Server* server;
  void* session;
  ServerBacking& backing;
  std::span<const UA_HistoryReadValueId> nodes;
};
// Tells of each node what `read` says, by its index in the request; of one that has no history, or
// that the session may not read, why not.
void answer_each(const ServedRead& ask, UA_HistoryReadResponse& response,
                 const std::function<UA_StatusCode(std::size_t index, const Tag& tag)>& read);

// Eight bytes: a time.
UA_ByteString point_at(Timestamp time);
// Nothing for a point that is none of ours.
std::optional<Timestamp> time_of_point(const UA_ByteString& point);

// Requires: nothing was allocated there yet. False: no memory.
bool allocate(UA_HistoryData& data, std::size_t count);

// What a client hears of a failed read.
UA_StatusCode history_status(const Error& error);

}  // namespace lineshaft::connect::opcua

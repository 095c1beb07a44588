#include "connect/opcua/access.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect::opcua {

namespace {

using ReadRequest = Ua<UA_ReadRequest, UA_TYPES_READREQUEST>;

// What is asked of every server first, in this order.
constexpr UA_UInt32 kBasics[] = {
    UA_NS0ID_SERVER_NAMESPACEARRAY,
    UA_NS0ID_SERVER_SERVERCAPABILITIES_OPERATIONLIMITS_MAXNODESPERREAD,
    UA_NS0ID_SERVER_SERVERCAPABILITIES_OPERATIONLIMITS_MAXMONITOREDITEMSPERCALL,
    UA_NS0ID_SERVER_SERVERCAPABILITIES_OPERATIONLIMITS_MAXNODESPERBROWSE,
};
constexpr std::size_t kNamespacesMax = 10'000;
// More would make answers of several megabytes.
constexpr std::uint32_t kPortionMax = 1'000;

ReadRequest read_request(std::size_t count) {
  ReadRequest request;
  request->timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
  request->nodesToRead =
      static_cast<UA_ReadValueId*>(UA_Array_new(count, &UA_TYPES[UA_TYPES_READVALUEID]));
  request->nodesToReadSize = count;
  for (std::size_t i = 0; i < count; ++i) {
    request->nodesToRead[i].attributeId = UA_ATTRIBUTEID_VALUE;
  }
  return request;
}

// 0 means no limit.
std::uint32_t limit_in(const UA_DataValue& value) {
  const bool number =
      value.hasValue && UA_Variant_hasScalarType(&value.value, &UA_TYPES[UA_TYPES_UINT32]);
  if (!number) return Limits::kUnknown;
  const UA_UInt32 limit = *static_cast<const UA_UInt32*>(value.value.data);
  return limit == 0 ? kPortionMax : std::min(limit, kPortionMax);
}

}  // namespace

Access::Access(UaClient& c, const ConnectionConfig& cfg, DriverHost& h)
    : client(c), config(cfg), host(h), settings(std::get<Settings>(cfg.settings)) {
  for (const SignalConfig& signal : config.signals) {
    names_.push_back(parse_node_id(std::get<Point>(signal.point).node).value());
  }
  nodes_.resize(names_.size());
  heard_.resize(names_.size());
  named_.resize(names_.size());
}

std::uint32_t Access::read_portion() const {
  return settings.nodes_per_request_max != 0 ? settings.nodes_per_request_max
                                             : limits.nodes_per_read;
}

void Access::prepare(std::function<void(Status)> done) {
  ReadRequest request = read_request(std::size(kBasics));
  for (std::size_t i = 0; i < std::size(kBasics); ++i) {
    request->nodesToRead[i].nodeId = UA_NODEID_NUMERIC(0, kBasics[i]);
  }
  client.call<UA_TYPES_READREQUEST, UA_TYPES_READRESPONSE, UA_ReadRequest, UA_ReadResponse>(
      *request,
      [this, done = std::move(done)](const UA_ReadResponse& answer) { on_basics(answer, done); });
}

void Access::on_basics(const UA_ReadResponse& answer, const std::function<void(Status)>& done) {
  const UA_StatusCode status = answer.responseHeader.serviceResult;
  if (status != UA_STATUSCODE_GOOD || answer.resultsSize != std::size(kBasics)) {
    return done(Error{ErrorId::kPeerClosed,
                      "the server did not tell its namespaces: " + status_text(status)});
  }
  namespaces_.clear();
  const UA_Variant& names = answer.results[0].value;
  if (UA_Variant_hasArrayType(&names, &UA_TYPES[UA_TYPES_STRING])) {
    const auto* strings = static_cast<const UA_String*>(names.data);
    for (std::size_t i = 0; i < std::min(names.arrayLength, kNamespacesMax); ++i) {
      namespaces_.emplace_back(text_of(strings[i]));
    }
  }
  limits.nodes_per_read = limit_in(answer.results[1]);
  limits.items_per_call = limit_in(answer.results[2]);
  limits.nodes_per_browse = limit_in(answer.results[3]);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    auto found = resolve(names_[i]);
    nodes_[i] = found ? std::optional(std::move(*found)) : std::nullopt;
    if (nodes_[i]) continue;
    host.on_bad(i, host.now(), quality::kBadConfigurationError);
    name_once(i, "refused", found.error());
  }
  done({});
}

const UA_NodeId* Access::node(std::size_t signal) const {
  return nodes_[signal] ? nodes_[signal]->get() : nullptr;
}

std::string Access::namespace_uri(std::uint16_t index) const {
  return index > 0 && index < namespaces_.size() ? namespaces_[index] : std::string();
}

Result<UaNodeId> Access::resolve(const NodeName& name) const {
  if (name.namespace_uri.empty()) return to_ua(name, name.namespace_index);
  const auto found = std::ranges::find(namespaces_, name.namespace_uri);
  if (found == namespaces_.end()) {
    return Error{ErrorId::kNotFound, "the server has no namespace " + name.namespace_uri};
  }
  return to_ua(name, static_cast<std::uint16_t>(found - namespaces_.begin()));
}

void Access::read(std::vector<std::size_t> signals, std::function<void()> done) {
  reading_ += 1;
  to_read_ = std::move(signals);
  std::ranges::reverse(to_read_);
  read_done_ = std::move(done);
  read_portion_ = read_portion();
  read_next();
}

void Access::cancel() {
  reading_ += 1;
  to_read_.clear();
  read_done_ = nullptr;
}

void Access::read_next() {
  std::erase_if(to_read_, [this](std::size_t signal) { return node(signal) == nullptr; });
  if (to_read_.empty()) {
    if (const auto done = std::exchange(read_done_, nullptr)) done();
    return;
  }
  const std::size_t count = std::min<std::size_t>(to_read_.size(), read_portion_);
  ReadRequest request = read_request(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t signal = to_read_[to_read_.size() - 1 - i];
    (void)UA_NodeId_copy(node(signal), &request->nodesToRead[i].nodeId);
  }
  client.call<UA_TYPES_READREQUEST, UA_TYPES_READRESPONSE, UA_ReadRequest, UA_ReadResponse>(
      *request, [this, count, mine = reading_](const UA_ReadResponse& answer) {
        if (mine == reading_) on_read(count, answer);
      });
}

void Access::on_read(std::size_t count, const UA_ReadResponse& answer) {
  const UA_StatusCode status = answer.responseHeader.serviceResult;
  // A server whose limit is lower than it says.
  const bool too_many = status == UA_STATUSCODE_BADTOOMANYOPERATIONS ||
                        status == UA_STATUSCODE_BADRESPONSETOOLARGE ||
                        status == UA_STATUSCODE_BADENCODINGLIMITSEXCEEDED;
  if (too_many && count > 1) {
    read_portion_ = static_cast<std::uint32_t>(count / 2);
    return read_next();
  }
  const std::vector<std::size_t> asked(to_read_.rbegin(),
                                       to_read_.rbegin() + static_cast<std::ptrdiff_t>(count));
  to_read_.resize(to_read_.size() - count);
  const bool usable = status == UA_STATUSCODE_GOOD && answer.resultsSize == count;
  for (std::size_t i = 0; i < count; ++i) {
    if (usable) {
      deliver(asked[i], answer.results[i]);
    } else {
      const UA_StatusCode why =
          status != UA_STATUSCODE_GOOD ? status : UA_STATUSCODE_BADUNKNOWNRESPONSE;
      host.on_bad(asked[i], host.now(), Quality{why});
    }
  }
  read_next();
}

void Access::deliver(std::size_t signal, const UA_DataValue& value) {
  heard_[signal] = true;
  Instant at = host.now();
  if (value.hasSourceTimestamp) {
    at.wall = to_timestamp(value.sourceTimestamp);
  } else if (value.hasServerTimestamp) {
    at.wall = to_timestamp(value.serverTimestamp);
  }
  const Quality quality{value.hasStatus ? value.status : UA_STATUSCODE_GOOD};
  if (quality.bad()) {
    // A node that is gone or forbidden is worth a line; a sensor that failed is the signal's state.
    const bool refused = quality.code == UA_STATUSCODE_BADNODEIDUNKNOWN ||
                         quality.code == UA_STATUSCODE_BADNODEIDINVALID ||
                         quality.code == UA_STATUSCODE_BADUSERACCESSDENIED ||
                         quality.code == UA_STATUSCODE_BADNOTREADABLE;
    return refused ? refuse(signal, quality.code) : host.on_bad(signal, at, quality);
  }
  const ValueType type = std::get<Point>(config.signals[signal].point).type;
  auto converted = value.hasValue
                       ? to_value(value.value, type)
                       : Result<Value>(Error{ErrorId::kTypeMismatch, "the server sent no value"});
  if (!converted) {
    host.on_bad(signal, at, quality::kBadTypeMismatch);
    return name_once(signal, "refused", converted.error());
  }
  named_[signal] = false;
  host.on_value(signal, at, std::move(*converted), quality);
}

void Access::refuse(std::size_t signal, UA_StatusCode status) {
  heard_[signal] = true;
  host.on_bad(signal, host.now(), Quality{status});
  name_once(signal, "refused",
            Error{ErrorId::kNotFound, "the server refuses it: " + status_text(status)});
}

void Access::name_once(std::size_t signal, std::string_view event, const Error& what) {
  if (named_[signal]) return;
  named_[signal] = true;
  const SignalConfig& s = config.signals[signal];
  host.on_trouble(
      event, Error{what.id, s.path + " (" + std::get<Point>(s.point).node + "): " + what.what});
}

}  // namespace lineshaft::connect::opcua

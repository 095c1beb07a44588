#include "connect/opcua/access.h"

#include <algorithm>
#include <memory>
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
    UA_NS0ID_SERVER_SERVERCAPABILITIES_OPERATIONLIMITS_MAXNODESPERTRANSLATEBROWSEPATHSTONODEIDS,
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

// Where a path leads. It may lead to several nodes: the first one counts, as Part 4 says.
Result<UaNodeId> end_of(const UA_BrowsePathResult& result) {
  for (std::size_t i = 0; i < result.targetsSize; ++i) {
    const UA_BrowsePathTarget& target = result.targets[i];
    const bool here =
        target.remainingPathIndex == UA_UINT32_MAX && target.targetId.serverIndex == 0;
    if (!here) continue;  // the rest of it lies at another server
    UaNodeId node;
    (void)UA_NodeId_copy(&target.targetId.nodeId, node.get());
    return node;
  }
  const UA_StatusCode status =
      result.statusCode == UA_STATUSCODE_GOOD ? UA_STATUSCODE_BADNOMATCH : result.statusCode;
  return Error{ErrorId::kNotFound, "the server has nothing there: " + status_text(status)};
}

}  // namespace

Access::Access(UaClient& c, const ConnectionConfig& cfg, DriverHost& h)
    : client(c), config(cfg), host(h), settings(std::get<Settings>(cfg.settings)) {
  for (const SignalConfig& signal : config.signals) {
    places_.push_back(place_of(std::get<Point>(signal.point)));
  }
  nodes_.resize(places_.size());
  heard_.resize(places_.size());
  times_.resize(places_.size());
  named_.resize(places_.size());
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
  limits.paths_per_call = limit_in(answer.results[4]);
  find(places_, [this, done](std::vector<Result<UaNodeId>> found) {
    for (std::size_t i = 0; i < found.size(); ++i) take_found(i, std::move(found[i]));
    done({});
  });
}

void Access::take_found(std::size_t signal, Result<UaNodeId> found) {
  nodes_[signal] = found ? std::optional(std::move(*found)) : std::nullopt;
  if (found) return;
  host.on_bad(signal, host.now(), quality::kBadConfigurationError);
  name_once(signal, "refused", found.error());
}

void Access::find_missing() {
  std::vector<std::size_t> signals;
  std::vector<Place> places;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (nodes_[i] || places_[i].path.empty()) continue;
    signals.push_back(i);
    places.push_back(places_[i]);
  }
  if (signals.empty()) return;
  find(places, [this, signals](std::vector<Result<UaNodeId>> found) {
    for (std::size_t i = 0; i < found.size(); ++i) take_found(signals[i], std::move(found[i]));
  });
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

// --- places ---

struct Access::Finding {
  std::vector<Result<UaNodeId>> found;
  std::vector<std::size_t> asked;  // places with a path, in the order of `paths`
  std::vector<Ua<UA_BrowsePath, UA_TYPES_BROWSEPATH>> paths;
  std::size_t from = 0;  // the first path that is not asked yet
  FindDone done;
};

Place place_of(const Point& point) {
  return {parse_node_id(point.node).value(), parse_browse_path(point.browse_path).value()};
}

void Access::find(const std::vector<Place>& places, FindDone done) {
  auto finding = std::make_shared<Finding>();
  finding->done = std::move(done);
  for (std::size_t i = 0; i < places.size(); ++i) {
    finding->found.push_back(resolve(places[i].start));
    if (!finding->found.back() || places[i].path.empty()) continue;
    Ua<UA_BrowsePath, UA_TYPES_BROWSEPATH> path;
    if (Status whole = add_path(*path, places[i]); !whole) {
      finding->found.back() = whole.error();
      continue;
    }
    std::swap(path->startingNode, **finding->found.back());
    finding->asked.push_back(i);
    finding->paths.push_back(std::move(path));
  }
  find_next(finding);
}

Status Access::add_path(UA_BrowsePath& path, const Place& place) const {
  const std::size_t count = place.path.size();
  path.relativePath.elements = static_cast<UA_RelativePathElement*>(
      UA_Array_new(count, &UA_TYPES[UA_TYPES_RELATIVEPATHELEMENT]));
  path.relativePath.elementsSize = count;
  for (std::size_t i = 0; i < count; ++i) {
    const BrowseName& name = place.path[i];
    const auto space = name.namespace_uri.empty()
                           ? namespaces_.begin()
                           : std::ranges::find(namespaces_, name.namespace_uri);
    if (!name.namespace_uri.empty() && space == namespaces_.end()) {
      return Error{ErrorId::kNotFound, "the server has no namespace " + name.namespace_uri};
    }
    UA_RelativePathElement& element = path.relativePath.elements[i];
    element.referenceTypeId = UA_NODEID_NUMERIC(0, UA_NS0ID_HIERARCHICALREFERENCES);
    element.includeSubtypes = true;
    element.targetName.namespaceIndex = static_cast<UA_UInt16>(space - namespaces_.begin());
    element.targetName.name = copy_of(name.name);
  }
  return {};
}

void Access::find_next(const std::shared_ptr<Finding>& finding) {
  const std::size_t from = finding->from;
  const std::size_t count =
      std::min<std::size_t>(finding->paths.size() - from, limits.paths_per_call);
  if (count == 0) return finding->done(std::move(finding->found));
  finding->from += count;
  std::vector<UA_BrowsePath> borrowed;
  for (std::size_t i = 0; i < count; ++i) borrowed.push_back(*finding->paths[from + i]);
  UA_TranslateBrowsePathsToNodeIdsRequest request;
  UA_TranslateBrowsePathsToNodeIdsRequest_init(&request);
  request.browsePaths = borrowed.data();
  request.browsePathsSize = count;
  client.call<UA_TYPES_TRANSLATEBROWSEPATHSTONODEIDSREQUEST,
              UA_TYPES_TRANSLATEBROWSEPATHSTONODEIDSRESPONSE,
              UA_TranslateBrowsePathsToNodeIdsRequest, UA_TranslateBrowsePathsToNodeIdsResponse>(
      request,
      [this, finding, from, count](const UA_TranslateBrowsePathsToNodeIdsResponse& answer) {
        UA_StatusCode all = answer.responseHeader.serviceResult;
        if (all == UA_STATUSCODE_GOOD && answer.resultsSize != count) {
          all = UA_STATUSCODE_BADUNKNOWNRESPONSE;
        }
        for (std::size_t i = 0; i < count; ++i) {
          Result<UaNodeId>& found = finding->found[finding->asked[from + i]];
          found =
              all == UA_STATUSCODE_GOOD
                  ? end_of(answer.results[i])
                  : Error{ErrorId::kPeerClosed, "the server follows no paths: " + status_text(all)};
        }
        find_next(finding);
      });
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
  if (value.hasSourceTimestamp || value.hasServerTimestamp) {
    const Timestamp told =
        to_timestamp(value.hasSourceTimestamp ? value.sourceTimestamp : value.serverTimestamp);
    // A server tells in the order in which things happened, so that nothing is of before.
    at.wall = times_[signal].of_value(told, at).value_or(told);
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
  const Point& point = std::get<Point>(s.point);
  const std::string where =
      point.browse_path.empty() ? point.node : point.node + " " + point.browse_path;
  host.on_trouble(event, Error{what.id, s.path + " (" + where + "): " + what.what});
}

}  // namespace lineshaft::connect::opcua

#include "connect/opcua/browse.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "connect/opcua/arguments.h"
#include "connect/opcua/visit.h"

namespace lineshaft::connect::opcua {

namespace {

using BrowseRequest = Ua<UA_BrowseRequest, UA_TYPES_BROWSEREQUEST>;

constexpr std::string_view kUnitNamespace = "http://www.opcfoundation.org/UA/units/un/cefact";
constexpr std::size_t kReferencesPerAnswer = 1'000;
constexpr UA_AttributeId kAttributes[] = {UA_ATTRIBUTEID_VALUE, UA_ATTRIBUTEID_DESCRIPTION,
                                          UA_ATTRIBUTEID_USERACCESSLEVEL,
                                          UA_ATTRIBUTEID_HISTORIZING};

// What one node leads to by one kind of reference.
struct Found {
  std::size_t of = 0;  // which of the nodes asked about
  UaNodeId id;
  std::string name;
  std::string display_name;
  UA_NodeClass node_class = UA_NODECLASS_UNSPECIFIED;
};

template <typename T>
const T* scalar_in(const UA_DataValue& value, int type) {
  const bool is = value.hasValue && UA_Variant_hasScalarType(&value.value, &UA_TYPES[type]);
  return is ? static_cast<const T*>(value.value.data) : nullptr;
}

// The letters of a Rec 20 code from its number (Part 8, 5.6.3).
std::string unit_code(UA_Int32 id) {
  std::string code;
  for (int shift = 16; shift >= 0; shift -= 8) {
    const char c = static_cast<char>(static_cast<std::uint32_t>(id) >> shift & 0xff);
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) code += c;
  }
  return code;
}

void take_arguments(BrowseEntry& entry, const std::string& name, const UA_DataValue& value) {
  std::vector<MethodArgument>& list = name == "InputArguments" ? entry.inputs : entry.outputs;
  for (Argument& one : arguments_in(value.value)) list.push_back(std::move(one.described));
}

bool is_wanted(BrowseEntry::Kind kind, const std::string& name) {
  if (kind == BrowseEntry::Kind::kMethod) {
    return name == "InputArguments" || name == "OutputArguments";
  }
  return name == "EURange" || name == "EngineeringUnits" || name == "EnumStrings" ||
         name == "EnumValues";
}

void take_property(BrowseEntry& entry, const std::string& name, const UA_DataValue& value) {
  if (const auto* range = scalar_in<UA_Range>(value, UA_TYPES_RANGE); range && name == "EURange") {
    if (range->low < range->high) {
      entry.range_low = range->low;
      entry.range_high = range->high;
    }
  }
  if (const auto* unit = scalar_in<UA_EUInformation>(value, UA_TYPES_EUINFORMATION)) {
    entry.unit_name = text_of(unit->displayName.text);
    if (text_of(unit->namespaceUri) == kUnitNamespace) entry.unit = unit_code(unit->unitId);
  }
  const UA_Variant& list = value.value;
  if (!value.hasValue || UA_Variant_isScalar(&list)) return;
  const std::size_t count = std::min(list.arrayLength, std::size_t{1'000});
  if (name == "EnumStrings" && list.type == &UA_TYPES[UA_TYPES_LOCALIZEDTEXT]) {
    const auto* texts = static_cast<const UA_LocalizedText*>(list.data);
    for (std::size_t i = 0; i < count; ++i) {
      entry.enum_set.push_back({static_cast<std::int64_t>(i), std::string(text_of(texts[i].text))});
    }
  }
  if (name == "EnumValues" && list.type == &UA_TYPES[UA_TYPES_ENUMVALUETYPE]) {
    const auto* values = static_cast<const UA_EnumValueType*>(list.data);
    for (std::size_t i = 0; i < count; ++i) {
      entry.enum_set.push_back({values[i].value, std::string(text_of(values[i].displayName.text))});
    }
  }
}

class BrowserImpl : public Browser {
 public:
  BrowserImpl(const Way& way, const Settings& settings)
      : visit_(
            way, settings,
            [this](const Status& status) {
              ready_ = true;
              if (!status) failed_ = status.error();
              next();
            },
            [this](const Status& status) {
              failed_ = status.error();
              busy_ = false;
              fail_all();
            }) {}

  void browse(std::string node, Done done) override {
    asked_.push_back({std::move(node), std::move(done)});
    if (ready_ && !busy_) next();
  }

 private:
  struct Asked {
    std::string node;
    Done done;
  };
  using FoundDone = std::function<void(Result<std::vector<Found>>)>;

  void answer(Result<std::vector<BrowseEntry>> result) {
    busy_ = false;
    if (asked_.empty()) return;
    const Done done = std::move(asked_.front().done);
    asked_.pop_front();
    done(std::move(result));
    if (!busy_) next();
  }

  // Whoever is answered may ask again at once, thousands of times: not one inside the other.
  void fail_all() {
    if (std::exchange(failing_, true)) return;
    while (!asked_.empty()) {
      const Done done = std::move(asked_.front().done);
      asked_.pop_front();
      done(*failed_);
    }
    failing_ = false;
  }

  void next() {
    if (asked_.empty() || busy_) return;
    if (failed_) return fail_all();
    busy_ = true;
    UaNodeId start;
    *start = UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER);
    if (!asked_.front().node.empty()) {
      const auto name = parse_node_id(asked_.front().node);
      if (!name) return answer(name.error());
      auto node = visit_.access().resolve(*name);
      if (!node) return answer(node.error());
      start = std::move(*node);
    }
    follow({start}, UA_NS0ID_HIERARCHICALREFERENCES, [this](Result<std::vector<Found>> found) {
      if (!found) return answer(found.error());
      on_children(std::move(*found));
    });
  }

  void on_children(std::vector<Found> found) {
    entries_.clear();
    nodes_.clear();
    variables_.clear();
    described_.clear();
    std::vector<UaReadItem> items;
    for (Found& child : found) {
      BrowseEntry entry;
      entry.node =
          node_id_text(from_ua(*child.id, visit_.access().namespace_uri(child.id->namespaceIndex)));
      entry.name = std::move(child.name);
      entry.display_name = std::move(child.display_name);
      if (child.node_class == UA_NODECLASS_METHOD) {
        entry.kind = BrowseEntry::Kind::kMethod;
        nodes_.push_back(child.id);
        described_.push_back(entries_.size());
      }
      if (child.node_class == UA_NODECLASS_VARIABLE) {
        entry.kind = BrowseEntry::Kind::kVariable;
        for (UA_AttributeId attribute : kAttributes)
          items.push_back(read_item(*child.id, attribute));
        nodes_.push_back(child.id);
        variables_.push_back(entries_.size());
        described_.push_back(entries_.size());
      }
      entries_.push_back(std::move(entry));
    }
    visit_.read(std::move(items),
                [this](const std::vector<UaDataValue>& values) { on_attributes(values); });
  }

  void on_attributes(const std::vector<UaDataValue>& values) {
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      BrowseEntry& entry = entries_[variables_[i]];
      const UaDataValue* own = &values[i * std::size(kAttributes)];
      if (own[0]->hasValue && own[0]->value.type != nullptr) {
        entry.type_name = own[0]->value.type->typeName;
        if (UA_Variant_isScalar(&own[0]->value)) entry.type = tag_type(own[0]->value.type);
      }
      if (const auto* text = scalar_in<UA_LocalizedText>(*own[1], UA_TYPES_LOCALIZEDTEXT)) {
        entry.description = text_of(text->text);
      }
      if (const auto* level = scalar_in<UA_Byte>(*own[2], UA_TYPES_BYTE)) {
        entry.writable = (*level & UA_ACCESSLEVELMASK_WRITE) != 0;
      }
      if (const auto* flag = scalar_in<UA_Boolean>(*own[3], UA_TYPES_BOOLEAN))
        entry.historizing = *flag;
    }
    follow(nodes_, UA_NS0ID_HASPROPERTY, [this](Result<std::vector<Found>> found) {
      on_properties(found ? std::move(*found) : std::vector<Found>());
    });
  }

  void on_properties(std::vector<Found> found) {
    std::erase_if(found, [this](const Found& property) {
      return !is_wanted(entries_[described_[property.of]].kind, property.name);
    });
    std::vector<UaReadItem> items;
    for (const Found& property : found)
      items.push_back(read_item(*property.id, UA_ATTRIBUTEID_VALUE));
    visit_.read(std::move(items),
                [this, found = std::move(found)](const std::vector<UaDataValue>& values) {
                  for (std::size_t i = 0; i < found.size(); ++i) {
                    BrowseEntry& entry = entries_[described_[found[i].of]];
                    const bool method = entry.kind == BrowseEntry::Kind::kMethod;
                    method ? take_arguments(entry, found[i].name, *values[i])
                           : take_property(entry, found[i].name, *values[i]);
                  }
                  variables_.clear();
                  described_.clear();
                  answer(std::move(entries_));
                });
  }

  // --- following references of any number of nodes, in portions ---

  struct Follow {
    std::vector<UaNodeId> nodes;
    UA_UInt32 reference = 0;
    FoundDone done;
    std::vector<Found> found;
    std::size_t from = 0;  // the first node that is not asked about yet
    std::deque<std::pair<std::size_t, Ua<UA_ByteString, UA_TYPES_BYTESTRING>>> unfinished;
  };

  void follow(std::vector<UaNodeId> nodes, UA_UInt32 reference, FoundDone done) {
    auto all = std::make_shared<Follow>();
    all->nodes = std::move(nodes);
    all->reference = reference;
    all->done = std::move(done);
    follow_next(all);
  }

  void follow_next(const std::shared_ptr<Follow>& all) {
    if (all->found.size() >= kBrowseEntriesMax) {
      all->found.resize(kBrowseEntriesMax);
      return all->done(std::move(all->found));
    }
    if (!all->unfinished.empty()) return follow_rest(all);
    const std::size_t count = std::min<std::size_t>(all->nodes.size() - all->from,
                                                    visit_.access().limits.nodes_per_browse);
    if (count == 0) return all->done(std::move(all->found));
    BrowseRequest request;
    request->requestedMaxReferencesPerNode = kReferencesPerAnswer;
    request->nodesToBrowse = static_cast<UA_BrowseDescription*>(
        UA_Array_new(count, &UA_TYPES[UA_TYPES_BROWSEDESCRIPTION]));
    request->nodesToBrowseSize = count;
    for (std::size_t i = 0; i < count; ++i) {
      UA_BrowseDescription& one = request->nodesToBrowse[i];
      (void)UA_NodeId_copy(all->nodes[all->from + i].get(), &one.nodeId);
      one.referenceTypeId = UA_NODEID_NUMERIC(0, all->reference);
      one.includeSubtypes = true;
      one.nodeClassMask = UA_NODECLASS_OBJECT | UA_NODECLASS_VARIABLE | UA_NODECLASS_METHOD;
      one.resultMask = UA_BROWSERESULTMASK_ALL;
    }
    const std::size_t from = std::exchange(all->from, all->from + count);
    visit_
        .call<UA_TYPES_BROWSEREQUEST, UA_TYPES_BROWSERESPONSE, UA_BrowseRequest, UA_BrowseResponse>(
            *request, [this, all, from](const UA_BrowseResponse& answer) {
              on_followed(all, from, answer.responseHeader.serviceResult, answer.results,
                          answer.resultsSize);
            });
  }

  void follow_rest(const std::shared_ptr<Follow>& all) {
    const auto [of, point] = std::move(all->unfinished.front());
    all->unfinished.pop_front();
    UA_ByteString borrowed = *point;
    UA_BrowseNextRequest request;
    UA_BrowseNextRequest_init(&request);
    request.continuationPoints = &borrowed;
    request.continuationPointsSize = 1;
    visit_.call<UA_TYPES_BROWSENEXTREQUEST, UA_TYPES_BROWSENEXTRESPONSE, UA_BrowseNextRequest,
                UA_BrowseNextResponse>(request,
                                       [this, all, from = of](const UA_BrowseNextResponse& answer) {
                                         on_followed(all, from, answer.responseHeader.serviceResult,
                                                     answer.results, answer.resultsSize);
                                       });
  }

  void on_followed(const std::shared_ptr<Follow>& all, std::size_t from, UA_StatusCode status,
                   const UA_BrowseResult* results, std::size_t count) {
    // One node was asked about: its status is the answer's.
    if (status == UA_STATUSCODE_GOOD && all->nodes.size() == 1 && count == 1)
      status = results[0].statusCode;
    if (status != UA_STATUSCODE_GOOD) {
      const bool missing = status == UA_STATUSCODE_BADNODEIDUNKNOWN;
      return all->done(
          Error{missing ? ErrorId::kNotFound : ErrorId::kPeerClosed,
                "the server does not let this node be browsed: " + status_text(status)});
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < results[i].referencesSize; ++k) {
        const UA_ReferenceDescription& reference = results[i].references[k];
        if (reference.nodeId.serverIndex != 0) continue;  // lies at another server
        Found found;
        found.of = from + i;
        (void)UA_NodeId_copy(&reference.nodeId.nodeId, found.id.get());
        found.name = text_of(reference.browseName.name);
        found.display_name = text_of(reference.displayName.text);
        found.node_class = reference.nodeClass;
        all->found.push_back(std::move(found));
      }
      if (results[i].continuationPoint.length == 0) continue;
      all->unfinished.emplace_back(from + i, Ua<UA_ByteString, UA_TYPES_BYTESTRING>());
      (void)UA_ByteString_copy(&results[i].continuationPoint, all->unfinished.back().second.get());
    }
    follow_next(all);
  }

  std::deque<Asked> asked_;  // the first one is under way
  std::optional<Error> failed_;
  bool ready_ = false;
  bool busy_ = false;
  bool failing_ = false;
  std::vector<BrowseEntry> entries_;
  std::vector<std::size_t> variables_;  // among the entries
  std::vector<std::size_t> described_;  // among the entries: those with properties
  std::vector<UaNodeId> nodes_;         // of those
  Visit visit_;
};

}  // namespace

std::unique_ptr<Browser> make_browser(const Way& way, const Settings& settings) {
  return std::make_unique<BrowserImpl>(way, settings);
}

}  // namespace lineshaft::connect::opcua

#include "connect/opcua/address_space.h"

#include <utility>

namespace lineshaft::connect::opcua {

namespace {

// How often the value of a writable tag is looked at for subscribers; others are told at once.
constexpr double kSamplingMs = 100;
constexpr std::string_view kUnitNamespace = "http://www.opcfoundation.org/UA/units/un/cefact";

constexpr UA_UInt32 kDataTypes[] = {UA_NS0ID_BOOLEAN, UA_NS0ID_INT64, UA_NS0ID_FLOAT,
                                    UA_NS0ID_DOUBLE, UA_NS0ID_STRING};

UA_NodeId standard(UA_UInt32 id) { return UA_NODEID_NUMERIC(0, id); }

std::string last_level(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

UA_LocalizedText text(const std::string& value) { return {UA_STRING_NULL, view_of(value)}; }

// Part 8, 5.6.3: the characters of a Rec 20 code, the last one in the lowest byte.
UA_Int32 unit_id(std::string_view code) {
  std::uint32_t id = 0;
  for (char c : code) id = id << 8 | static_cast<std::uint8_t>(c);
  return static_cast<UA_Int32>(id);
}

Error refused(const std::string& path, UA_StatusCode status) {
  return {ErrorId::kInternal,
          path + " could not be put into the address space: " + status_text(status)};
}

bool has_range(const TagSpec& spec) { return spec.range_low && spec.range_high; }
bool is_number(ValueType type) { return type != ValueType::kBool && type != ValueType::kString; }

UA_UInt32 type_definition(const TagSpec& spec) {
  if (!spec.enum_set.empty()) return UA_NS0ID_MULTISTATEVALUEDISCRETETYPE;
  if (is_number(spec.type) && has_range(spec)) return UA_NS0ID_ANALOGITEMTYPE;
  if (is_number(spec.type) && !spec.unit.empty()) return UA_NS0ID_DATAITEMTYPE;
  return UA_NS0ID_BASEDATAVARIABLETYPE;
}

}  // namespace

Ua<UA_DataValue, UA_TYPES_DATAVALUE> data_value(const Sample& sample) {
  Ua<UA_DataValue, UA_TYPES_DATAVALUE> value;
  UaVariant variant = to_variant(sample.value);
  std::swap(value->value, *variant);
  value->hasValue = true;
  value->hasStatus = sample.quality != quality::kGood;
  value->status = sample.quality.code;
  value->hasSourceTimestamp = true;
  value->sourceTimestamp = to_datetime(sample.time);
  return value;
}

AddressSpace::AddressSpace(UA_Server* server, UA_CallbackValueSource written)
    : server_(server),
      written_(written),
      namespace_(UA_Server_addNamespace(server, std::string(kTagNamespace).c_str())) {}

UaNodeId AddressSpace::named(const std::string& path) const {
  return to_ua(NodeName{{}, 0, path}, namespace_);
}

// The object for a path, and those above it.
Result<UaNodeId> AddressSpace::folder(const std::string& path) {
  if (path.empty()) {
    UaNodeId objects;
    *objects = standard(UA_NS0ID_OBJECTSFOLDER);
    return objects;
  }
  UaNodeId id = named(path);
  if (folders_.contains(path)) return id;
  const auto slash = path.rfind('/');
  auto parent = folder(slash == std::string::npos ? std::string() : path.substr(0, slash));
  if (!parent) return parent;
  const std::string name = last_level(path);
  UA_ObjectAttributes attributes = UA_ObjectAttributes_default;
  attributes.displayName = text(name);
  const UA_StatusCode status = UA_Server_addObjectNode(
      server_, *id, **parent, standard(UA_NS0ID_ORGANIZES), {namespace_, view_of(name)},
      standard(UA_NS0ID_FOLDERTYPE), attributes, nullptr, nullptr);
  if (status != UA_STATUSCODE_GOOD) return refused(path, status);
  folders_.insert(path);
  return id;
}

Status AddressSpace::put(const Tag& tag, const std::optional<Sample>& current) {
  remove(tag.id);
  const auto slash = tag.spec.path.rfind('/');
  const auto parent =
      folder(slash == std::string::npos ? std::string() : tag.spec.path.substr(0, slash));
  if (!parent) return parent.error();
  // A level of some paths may be a signal of others: ids of signals are told apart by their end.
  auto node = std::make_unique<TagNode>(TagNode{tag, named(tag.spec.path)});
  if (folders_.contains(tag.spec.path)) node->id = named(tag.spec.path + "#value");
  if (Status added = add_variable(*node, **parent, current); !added) return added;
  nodes_[tag.id.value] = std::move(node);
  return {};
}

Status AddressSpace::add_variable(TagNode& node, const UA_NodeId& parent,
                                  const std::optional<Sample>& current) {
  const TagSpec& spec = node.tag.spec;
  const std::string name = last_level(spec.path);
  UA_VariableAttributes attributes = UA_VariableAttributes_default;
  attributes.displayName = text(name);
  attributes.description = text(spec.description);
  attributes.dataType = standard(kDataTypes[static_cast<std::size_t>(spec.type) - 1]);
  attributes.valueRank = UA_VALUERANK_SCALAR;
  attributes.accessLevel = UA_ACCESSLEVELMASK_READ | UA_ACCESSLEVELMASK_HISTORYREAD;
  attributes.historizing = true;
  if (spec.writable) {
    attributes.accessLevel |= UA_ACCESSLEVELMASK_WRITE;
    attributes.minimumSamplingInterval = kSamplingMs;
  }
  const auto done = [&](UA_StatusCode status) { return status == UA_STATUSCODE_GOOD; };
  UA_StatusCode status = UA_Server_addNode_begin(
      server_, UA_NODECLASS_VARIABLE, *node.id, parent, standard(UA_NS0ID_ORGANIZES),
      {namespace_, view_of(name)}, standard(type_definition(spec)), &attributes,
      &UA_TYPES[UA_TYPES_VARIABLEATTRIBUTES], &node, nullptr);
  if (!done(status)) return refused(spec.path, status);
  if (Status added = add_details(node); !added) return added;
  status = UA_Server_addNode_finish(server_, *node.id);
  if (!done(status)) return refused(spec.path, status);
  if (spec.writable) {
    status = UA_Server_setVariableNode_callbackValueSource(server_, *node.id, written_);
  } else {
    Ua<UA_DataValue, UA_TYPES_DATAVALUE> value;
    if (current) {
      value = data_value(*current);
    } else {
      value->hasStatus = true;
      value->status = UA_STATUSCODE_BADWAITINGFORINITIALDATA;
    }
    status = UA_Server_setVariableNode_internalValueSource(server_, *node.id, value.get(), nullptr);
  }
  return done(status) ? Status() : refused(spec.path, status);
}

// Range, unit and names of values, where the tag has them.
Status AddressSpace::add_details(const TagNode& node) {
  const TagSpec& spec = node.tag.spec;
  UA_Variant value;
  if (has_range(spec) && is_number(spec.type)) {
    UA_Range range{*spec.range_low, *spec.range_high};
    UA_Variant_setScalar(&value, &range, &UA_TYPES[UA_TYPES_RANGE]);
    if (Status added = add_property(node, "EURange", value); !added) return added;
  }
  if (!spec.unit.empty()) {
    const std::string symbol = unit_symbol(spec.unit);
    UA_EUInformation unit{view_of(kUnitNamespace), unit_id(spec.unit), text(symbol),
                          text(spec.unit)};
    UA_Variant_setScalar(&value, &unit, &UA_TYPES[UA_TYPES_EUINFORMATION]);
    if (Status added = add_property(node, "EngineeringUnits", value); !added) return added;
  }
  if (spec.enum_set.empty()) return {};
  std::vector<UA_EnumValueType> names;
  for (const EnumEntry& entry : spec.enum_set) {
    names.push_back({entry.value, text(entry.name), {}});
  }
  UA_Variant_setArray(&value, names.data(), names.size(), &UA_TYPES[UA_TYPES_ENUMVALUETYPE]);
  return add_property(node, "EnumValues", value);
}

Status AddressSpace::add_property(const TagNode& node, const char* name, const UA_Variant& value) {
  const std::string path = node.tag.spec.path + "/" + name;
  UA_VariableAttributes attributes = UA_VariableAttributes_default;
  attributes.displayName = {UA_STRING_NULL, view_of(name)};
  attributes.dataType = value.type->typeId;
  const bool array = !UA_Variant_isScalar(&value);
  UA_UInt32 dimension = 0;
  attributes.valueRank = array ? UA_VALUERANK_ONE_DIMENSION : UA_VALUERANK_SCALAR;
  attributes.arrayDimensions = &dimension;
  attributes.arrayDimensionsSize = array ? 1 : 0;
  attributes.value = value;
  const UA_StatusCode status = UA_Server_addVariableNode(
      server_, *named(path + "#property"), *node.id, standard(UA_NS0ID_HASPROPERTY),
      {0, view_of(name)}, standard(UA_NS0ID_PROPERTYTYPE), attributes, nullptr, nullptr);
  return status == UA_STATUSCODE_GOOD ? Status() : refused(path, status);
}

void AddressSpace::remove(TagId tag) {
  const auto found = nodes_.find(tag.value);
  if (found == nodes_.end()) return;
  (void)UA_Server_deleteNode(server_, *found->second->id, true);
  nodes_.erase(found);
}

void AddressSpace::publish(const Sample& sample) {
  const auto found = nodes_.find(sample.tag.value);
  if (found == nodes_.end() || found->second->tag.spec.writable) return;
  if (type_of(sample.value) != found->second->tag.spec.type) return;
  (void)UA_Server_writeDataValue(server_, *found->second->id, *data_value(sample));
}

}  // namespace lineshaft::connect::opcua

#include "connect/opcua/arguments.h"

#include <open62541/nodeids.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lineshaft::connect::opcua {

namespace {

constexpr double kExactIn64 = 9'007'199'254'740'992.0;  // 2^53: integers up to it are exact

// Types of the standard that are values of another one by a name of their own.
constexpr std::pair<UA_UInt32, int> kAliases[] = {
    {UA_NS0ID_DURATION, UA_TYPES_DOUBLE},   {UA_NS0ID_UTCTIME, UA_TYPES_DATETIME},
    {UA_NS0ID_LOCALEID, UA_TYPES_STRING},   {UA_NS0ID_COUNTER, UA_TYPES_UINT32},
    {UA_NS0ID_ENUMERATION, UA_TYPES_INT32}, {UA_NS0ID_NUMERICRANGE, UA_TYPES_STRING},
    {UA_NS0ID_INTEGERID, UA_TYPES_UINT32},
};

// The data type with that id, as far as our vocabulary has values of it; null for structures.
const UA_DataType* find_argument_type(const UA_NodeId& id) {
  const UA_DataType* type = UA_findDataType(&id);
  if (type == nullptr && id.namespaceIndex == 0 && id.identifierType == UA_NODEIDTYPE_NUMERIC) {
    const auto* const alias =
        std::ranges::find(kAliases, id.identifier.numeric, &std::pair<UA_UInt32, int>::first);
    if (alias != std::end(kAliases)) type = &UA_TYPES[alias->second];
  }
  return tag_type(type) ? type : nullptr;
}

bool is_any(const UA_NodeId& id) {
  return id.namespaceIndex == 0 && id.identifierType == UA_NODEIDTYPE_NUMERIC &&
         id.identifier.numeric == UA_NS0ID_BASEDATATYPE;
}

std::string type_text(const UA_NodeId& id) {
  if (is_any(id)) return "Any";
  const UA_DataType* type = find_argument_type(id);
  return type != nullptr ? type->typeName : node_id_text(from_ua(id, {}));
}

}  // namespace

std::vector<Argument> arguments_in(const UA_Variant& list) {
  std::vector<Argument> arguments;
  if (list.type != &UA_TYPES[UA_TYPES_ARGUMENT] || UA_Variant_isScalar(&list)) return arguments;
  const auto* items = static_cast<const UA_Argument*>(list.data);
  for (std::size_t i = 0; i < std::min(list.arrayLength, kMethodArgumentsMax); ++i) {
    Argument one;
    one.described.name = text_of(items[i].name);
    one.described.type = type_text(items[i].dataType);
    one.described.description = text_of(items[i].description.text);
    const bool scalar = items[i].valueRank == UA_VALUERANK_SCALAR ||
                        items[i].valueRank == UA_VALUERANK_ANY ||
                        items[i].valueRank == UA_VALUERANK_SCALAR_OR_ONE_DIMENSION;
    one.any = is_any(items[i].dataType);
    one.described.usable = scalar && (one.any || find_argument_type(items[i].dataType) != nullptr);
    if (!scalar) one.described.type += "[]";
    (void)UA_NodeId_copy(&items[i].dataType, one.type.get());
    arguments.push_back(std::move(one));
  }
  return arguments;
}

Result<UaVariant> to_argument(const Value& value, const Argument& wanted) {
  if (wanted.any) return to_variant(value);
  const UA_DataType* type = find_argument_type(*wanted.type);
  const auto* whole = std::get_if<std::int64_t>(&value);
  const auto* real = std::get_if<double>(&value);
  const bool number = whole != nullptr || real != nullptr;
  if (type->typeKind == UA_DATATYPEKIND_DOUBLE && whole != nullptr) {
    const auto wide = static_cast<double>(*whole);
    if (std::abs(wide) <= kExactIn64) return to_variant(Value(wide), type);
  }
  if (type->typeKind == UA_DATATYPEKIND_FLOAT && number) {
    // Whoever gives a Float writes its shortest digits: the nearest one is meant.
    const double wide = real != nullptr ? *real : static_cast<double>(*whole);
    if (std::isfinite(wide) && std::abs(wide) > std::numeric_limits<float>::max()) {
      return Error{ErrorId::kInvalidArgument, to_text(value) + " is too large for a Float"};
    }
    return to_variant(Value(static_cast<float>(wide)), type);
  }
  return to_variant(value, type);
}

}  // namespace lineshaft::connect::opcua

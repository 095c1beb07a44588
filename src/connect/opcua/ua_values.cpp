#include "connect/opcua/ua_values.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/hex.h"
#include "base/utf8.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr std::int64_t kTickNs = 100;
constexpr std::int64_t kExactIn64 = std::int64_t{1} << 53;

Error mismatch(std::string_view got, ValueType wanted) {
  return {ErrorId::kTypeMismatch, "the server's value is of type " + std::string(got) +
                                      ", the tag's type is " + std::string(type_name(wanted))};
}

template <typename T>
std::optional<std::int64_t> as_integer(const UA_Variant& variant, int type) {
  if (variant.type != &UA_TYPES[type]) return std::nullopt;
  return static_cast<std::int64_t>(*static_cast<const T*>(variant.data));
}

// Every kind of integer, but not UInt64, which may not fit.
std::optional<std::int64_t> integer_in(const UA_Variant& v) {
  if (v.type->typeKind == UA_DATATYPEKIND_ENUM) {
    return std::int64_t{*static_cast<const UA_Int32*>(v.data)};
  }
  if (auto n = as_integer<UA_SByte>(v, UA_TYPES_SBYTE)) return n;
  if (auto n = as_integer<UA_Byte>(v, UA_TYPES_BYTE)) return n;
  if (auto n = as_integer<UA_Int16>(v, UA_TYPES_INT16)) return n;
  if (auto n = as_integer<UA_UInt16>(v, UA_TYPES_UINT16)) return n;
  if (auto n = as_integer<UA_Int32>(v, UA_TYPES_INT32)) return n;
  if (auto n = as_integer<UA_UInt32>(v, UA_TYPES_UINT32)) return n;
  if (auto n = as_integer<UA_Int64>(v, UA_TYPES_INT64)) return n;
  return as_integer<UA_StatusCode>(v, UA_TYPES_STATUSCODE);
}

std::optional<std::string> text_in(const UA_Variant& v) {
  if (v.type == &UA_TYPES[UA_TYPES_STRING] || v.type == &UA_TYPES[UA_TYPES_XMLELEMENT]) {
    return std::string(text_of(*static_cast<const UA_String*>(v.data)));
  }
  if (v.type == &UA_TYPES[UA_TYPES_LOCALIZEDTEXT]) {
    return std::string(text_of(static_cast<const UA_LocalizedText*>(v.data)->text));
  }
  if (v.type == &UA_TYPES[UA_TYPES_DATETIME]) {
    return format_rfc3339(to_timestamp(*static_cast<const UA_DateTime*>(v.data)));
  }
  if (v.type == &UA_TYPES[UA_TYPES_GUID] || v.type == &UA_TYPES[UA_TYPES_NODEID]) {
    UA_String printed = UA_STRING_NULL;
    (void)UA_print(v.data, v.type, &printed);
    std::string text(text_of(printed));
    UA_String_clear(&printed);
    return text;
  }
  if (v.type == &UA_TYPES[UA_TYPES_BYTESTRING]) {
    const auto& bytes = *static_cast<const UA_ByteString*>(v.data);
    return hex_text({bytes.data, bytes.length});
  }
  return std::nullopt;
}

Result<Value> integer_value(std::int64_t number, ValueType type, std::string_view got) {
  if (type == ValueType::kInt64) return Value(number);
  if (type == ValueType::kFloat64) {
    if (number >= -kExactIn64 && number <= kExactIn64) return Value(static_cast<double>(number));
    return Error{ErrorId::kInvalidArgument, std::to_string(number) + " does not fit into float64"};
  }
  return mismatch(got, type);
}

template <typename T>
Result<UaVariant> scalar(T value, const UA_DataType* type) {
  UaVariant variant;
  if (UA_Variant_setScalarCopy(variant.get(), &value, type) != UA_STATUSCODE_GOOD) {
    return Error{ErrorId::kInternal, "no memory for a value"};
  }
  return variant;
}

template <typename T>
Result<UaVariant> integer_scalar(std::int64_t number, const UA_DataType* type) {
  if (!std::in_range<T>(number)) {
    return Error{
        ErrorId::kInvalidArgument,
        std::to_string(number) + " is outside the range of the server's type " + type->typeName};
  }
  return scalar(static_cast<T>(number), type);
}

Result<UaVariant> integer_variant(std::int64_t number, const UA_DataType* like) {
  switch (like->typeKind) {
    case UA_DATATYPEKIND_SBYTE:
      return integer_scalar<UA_SByte>(number, like);
    case UA_DATATYPEKIND_BYTE:
      return integer_scalar<UA_Byte>(number, like);
    case UA_DATATYPEKIND_INT16:
      return integer_scalar<UA_Int16>(number, like);
    case UA_DATATYPEKIND_UINT16:
      return integer_scalar<UA_UInt16>(number, like);
    case UA_DATATYPEKIND_ENUM:
    case UA_DATATYPEKIND_INT32:
      return integer_scalar<UA_Int32>(number, like);
    case UA_DATATYPEKIND_UINT32:
    case UA_DATATYPEKIND_STATUSCODE:
      return integer_scalar<UA_UInt32>(number, like);
    case UA_DATATYPEKIND_INT64:
      return integer_scalar<UA_Int64>(number, like);
    case UA_DATATYPEKIND_UINT64:
      return integer_scalar<UA_UInt64>(number, like);
    default:
      return mismatch(like->typeName, ValueType::kInt64);
  }
}

Result<UaVariant> text_variant(const std::string& text, const UA_DataType* like) {
  if (like == &UA_TYPES[UA_TYPES_STRING]) return scalar(view_of(text), like);
  if (like == &UA_TYPES[UA_TYPES_LOCALIZEDTEXT]) {
    return scalar(UA_LocalizedText{UA_STRING_NULL, view_of(text)}, like);
  }
  if (like == &UA_TYPES[UA_TYPES_DATETIME]) {
    const auto time = parse_timestamp(text);
    if (!time) return time.error();
    return scalar(to_datetime(*time), like);
  }
  return mismatch(like->typeName, ValueType::kString);
}

}  // namespace

UA_String view_of(std::string_view text) {
  return {text.size(), reinterpret_cast<UA_Byte*>(const_cast<char*>(text.data()))};
}

UA_String copy_of(std::string_view text) {
  UA_String copy = UA_STRING_NULL;
  const UA_String view = view_of(text);
  (void)UA_String_copy(&view, &copy);
  return copy;
}

Timestamp to_timestamp(UA_DateTime time) {
  std::int64_t ns = 0;
  if (__builtin_sub_overflow(time, UA_DATETIME_UNIX_EPOCH, &ns)) return kTimestampMin;
  if (__builtin_mul_overflow(ns, kTickNs, &ns)) return time > 0 ? kTimestampMax : kTimestampMin;
  return {ns};
}

UA_DateTime to_datetime(Timestamp time) {
  // Rounds down, before 1970 too.
  const std::int64_t ticks = time.ns >= 0 ? time.ns / kTickNs : (time.ns - kTickNs + 1) / kTickNs;
  return ticks + UA_DATETIME_UNIX_EPOCH;
}

UaNodeId to_ua(const NodeName& name, std::uint16_t index) {
  UaNodeId id;
  id->namespaceIndex = index;
  if (const auto* number = std::get_if<std::uint32_t>(&name.id)) {
    id->identifierType = UA_NODEIDTYPE_NUMERIC;
    id->identifier.numeric = *number;
  } else if (const auto* text = std::get_if<std::string>(&name.id)) {
    id->identifierType = UA_NODEIDTYPE_STRING;
    id->identifier.string = copy_of(*text);
  } else if (const auto* opaque = std::get_if<Opaque>(&name.id)) {
    id->identifierType = UA_NODEIDTYPE_BYTESTRING;
    id->identifier.byteString = copy_of(opaque->bytes);
  } else {
    const std::uint8_t* b = std::get<Guid>(name.id).bytes;
    UA_Guid& guid = id->identifier.guid;
    id->identifierType = UA_NODEIDTYPE_GUID;
    guid.data1 = static_cast<UA_UInt32>(b[0]) << 24 | static_cast<UA_UInt32>(b[1]) << 16 |
                 static_cast<UA_UInt32>(b[2]) << 8 | b[3];
    guid.data2 = static_cast<UA_UInt16>(b[4] << 8 | b[5]);
    guid.data3 = static_cast<UA_UInt16>(b[6] << 8 | b[7]);
    std::memcpy(guid.data4, b + 8, 8);
  }
  return id;
}

NodeName from_ua(const UA_NodeId& id, std::string_view namespace_uri) {
  NodeName name;
  name.namespace_uri = namespace_uri;
  name.namespace_index = namespace_uri.empty() ? id.namespaceIndex : std::uint16_t{0};
  switch (id.identifierType) {
    case UA_NODEIDTYPE_NUMERIC:
      name.id = id.identifier.numeric;
      break;
    case UA_NODEIDTYPE_STRING:
      name.id = std::string(text_of(id.identifier.string));
      break;
    case UA_NODEIDTYPE_BYTESTRING:
      name.id = Opaque{std::string(text_of(id.identifier.byteString))};
      break;
    case UA_NODEIDTYPE_GUID: {
      const UA_Guid& g = id.identifier.guid;
      Guid guid;
      const std::uint64_t high =
          std::uint64_t{g.data1} << 32 | std::uint64_t{g.data2} << 16 | g.data3;
      for (int i = 0; i < 8; ++i) {
        guid.bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
        guid.bytes[8 + i] = g.data4[i];
      }
      name.id = guid;
      break;
    }
  }
  return name;
}

std::optional<ValueType> tag_type(const UA_DataType* type) {
  if (type == nullptr) return std::nullopt;
  switch (type->typeKind) {
    case UA_DATATYPEKIND_BOOLEAN:
      return ValueType::kBool;
    case UA_DATATYPEKIND_SBYTE:
    case UA_DATATYPEKIND_BYTE:
    case UA_DATATYPEKIND_INT16:
    case UA_DATATYPEKIND_UINT16:
    case UA_DATATYPEKIND_INT32:
    case UA_DATATYPEKIND_UINT32:
    case UA_DATATYPEKIND_INT64:
    case UA_DATATYPEKIND_UINT64:
    case UA_DATATYPEKIND_STATUSCODE:
    case UA_DATATYPEKIND_ENUM:
      return ValueType::kInt64;
    case UA_DATATYPEKIND_FLOAT:
      return ValueType::kFloat32;
    case UA_DATATYPEKIND_DOUBLE:
      return ValueType::kFloat64;
    case UA_DATATYPEKIND_STRING:
    case UA_DATATYPEKIND_DATETIME:
    case UA_DATATYPEKIND_GUID:
    case UA_DATATYPEKIND_BYTESTRING:
    case UA_DATATYPEKIND_XMLELEMENT:
    case UA_DATATYPEKIND_NODEID:
    case UA_DATATYPEKIND_LOCALIZEDTEXT:
      return ValueType::kString;
    default:
      return std::nullopt;
  }
}

Result<Value> to_value(const UA_Variant& variant, ValueType type) {
  if (variant.type == nullptr) return mismatch("null", type);
  if (!UA_Variant_isScalar(&variant)) return mismatch("array", type);
  const std::string_view got = variant.type->typeName;
  if (variant.type == &UA_TYPES[UA_TYPES_BOOLEAN]) {
    const bool flag = *static_cast<const UA_Boolean*>(variant.data);
    if (type == ValueType::kBool) return Value(flag);
    return integer_value(flag ? 1 : 0, type, got);
  }
  if (variant.type == &UA_TYPES[UA_TYPES_UINT64]) {
    const std::uint64_t number = *static_cast<const UA_UInt64*>(variant.data);
    if (!std::in_range<std::int64_t>(number)) {
      return Error{ErrorId::kInvalidArgument, std::to_string(number) + " does not fit into int64"};
    }
    return integer_value(static_cast<std::int64_t>(number), type, got);
  }
  if (const auto number = integer_in(variant)) return integer_value(*number, type, got);
  if (variant.type == &UA_TYPES[UA_TYPES_FLOAT] && type == ValueType::kFloat32) {
    return Value(*static_cast<const UA_Float*>(variant.data));
  }
  if (variant.type == &UA_TYPES[UA_TYPES_DOUBLE] && type == ValueType::kFloat64) {
    return Value(*static_cast<const UA_Double*>(variant.data));
  }
  const auto text = text_in(variant);
  if (!text || type != ValueType::kString) return mismatch(got, type);
  if (text->size() > kStringValueBytesMax || !is_utf8(*text)) {
    return Error{ErrorId::kInvalidArgument, "the text is not UTF-8 or longer than 64 KiB"};
  }
  return Value(*text);
}

Result<UaVariant> to_variant(const Value& value, const UA_DataType* like) {
  if (like == nullptr) return Error{ErrorId::kTypeMismatch, "the server's type is not known"};
  if (const bool* flag = std::get_if<bool>(&value)) {
    if (like->typeKind == UA_DATATYPEKIND_BOOLEAN) return scalar<UA_Boolean>(*flag, like);
    return integer_variant(*flag ? 1 : 0, like);
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (like->typeKind == UA_DATATYPEKIND_BOOLEAN && (*number == 0 || *number == 1)) {
      return scalar<UA_Boolean>(*number == 1, like);
    }
    return integer_variant(*number, like);
  }
  if (const auto* number = std::get_if<float>(&value)) {
    if (like->typeKind == UA_DATATYPEKIND_FLOAT) return scalar<UA_Float>(*number, like);
    return mismatch(like->typeName, ValueType::kFloat32);
  }
  if (const auto* number = std::get_if<double>(&value)) {
    if (like->typeKind == UA_DATATYPEKIND_DOUBLE) return scalar<UA_Double>(*number, like);
    const bool whole =
        std::abs(*number) <= static_cast<double>(kExactIn64) && std::trunc(*number) == *number;
    if (whole) return integer_variant(static_cast<std::int64_t>(*number), like);
    return mismatch(like->typeName, ValueType::kFloat64);
  }
  return text_variant(std::get<std::string>(value), like);
}

UaVariant to_variant(const Value& value) {
  constexpr int kTypes[] = {UA_TYPES_BOOLEAN, UA_TYPES_INT64, UA_TYPES_FLOAT, UA_TYPES_DOUBLE,
                            UA_TYPES_STRING};
  auto variant = to_variant(value, &UA_TYPES[kTypes[value.index()]]);
  LS_ASSERT(variant.ok());
  return std::move(variant).value();
}

std::string status_text(UA_StatusCode status) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text = UA_StatusCode_name(status);
  text += " (0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += kHex[status >> shift & 15];
  return text + ")";
}

}  // namespace lineshaft::connect::opcua

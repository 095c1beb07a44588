#include "connect/opcua/write_methods.h"

#include <string>
#include <utility>
#include <vector>

#include "connect/opcua/address_space.h"
#include "connect/opcua/arguments.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr UA_UInt32 kWritesId = 1;
constexpr UA_UInt32 kRequestId = 2;
constexpr UA_UInt32 kConfirmId = 3;

UA_Argument argument(const char* name, UA_UInt32 type, const char* description) {
  UA_Argument one;
  UA_Argument_init(&one);
  one.name = view_of(name);
  one.description.text = view_of(description);
  one.dataType = UA_NODEID_NUMERIC(0, type);
  one.valueRank = UA_VALUERANK_SCALAR;
  return one;
}

std::string text_in(const UA_Variant& value) {
  const bool is = UA_Variant_hasScalarType(&value, &UA_TYPES[UA_TYPES_STRING]);
  return is ? std::string(text_of(*static_cast<const UA_String*>(value.data))) : std::string();
}

// What both steps begin with.
struct Asked {
  ServerBacking* backing = nullptr;
  const ServerUser* user = nullptr;
  TagId tag;
  Value value;
  UA_StatusCode status = UA_STATUSCODE_GOOD;
};

// A context of their own would be taken for a TagNode when clients browse.
ServerBacking* backing_of(UA_Server* server) {
  return static_cast<ServerBacking*>(UA_Server_getConfig(server)->historyDatabase.context);
}

Asked read_call(UA_Server* server, void* session, const UA_NodeId& method,
                const UA_Variant* input) {
  Asked asked;
  const auto refuse = [&asked](UA_StatusCode status) {
    asked.status = status;
    return asked;
  };
  asked.backing = backing_of(server);
  asked.user = static_cast<const ServerUser*>(session);
  if (asked.user == nullptr) return refuse(UA_STATUSCODE_BADUSERACCESSDENIED);
  const UaNodeId id = to_ua(NodeName{{}, 0, text_in(input[0])}, method.namespaceIndex);
  void* context = nullptr;
  if (UA_Server_getNodeContext(server, *id, &context) != UA_STATUSCODE_GOOD || context == nullptr) {
    return refuse(UA_STATUSCODE_BADNODEIDUNKNOWN);
  }
  const Tag& tag = static_cast<const TagNode*>(context)->tag;
  if (!tag.spec.writable) return refuse(UA_STATUSCODE_BADNOTWRITABLE);
  // The rights of this moment, not those of when the session began.
  if (!asked.backing->may_write(*asked.user, tag.id)) {
    return refuse(UA_STATUSCODE_BADUSERACCESSDENIED);
  }
  auto value = to_value(input[1], tag.spec.type);
  if (!value) return refuse(UA_STATUSCODE_BADTYPEMISMATCH);
  asked.tag = tag.id;
  asked.value = std::move(*value);
  return asked;
}

UA_StatusCode on_request(UA_Server* server, const UA_NodeId*, void* session,
                         const UA_NodeId* method, void*, const UA_NodeId*, void*, size_t,
                         const UA_Variant* input, size_t, UA_Variant* output) {
  Asked asked = read_call(server, session, *method, input);
  if (asked.status != UA_STATUSCODE_GOOD) return asked.status;
  const auto pending = asked.backing->ask_write(*asked.user, asked.tag, std::move(asked.value));
  if (!pending) return refusal(pending.error());
  const UA_String token = view_of(pending->token);
  const UA_String machine = view_of(pending->machine);
  const UA_DateTime expires = to_datetime(pending->expires);
  const UA_Boolean second_person = pending->second_person;
  (void)UA_Variant_setScalarCopy(&output[0], &token, &UA_TYPES[UA_TYPES_STRING]);
  (void)UA_Variant_setScalarCopy(&output[1], &machine, &UA_TYPES[UA_TYPES_STRING]);
  (void)UA_Variant_setScalarCopy(&output[2], &expires, &UA_TYPES[UA_TYPES_DATETIME]);
  (void)UA_Variant_setScalarCopy(&output[3], &second_person, &UA_TYPES[UA_TYPES_BOOLEAN]);
  return UA_STATUSCODE_GOOD;
}

UA_StatusCode on_confirm(UA_Server* server, const UA_NodeId*, void* session,
                         const UA_NodeId* method, void*, const UA_NodeId*, void*, size_t,
                         const UA_Variant* input, size_t, UA_Variant*) {
  Asked asked = read_call(server, session, *method, input);
  if (asked.status != UA_STATUSCODE_GOOD) return asked.status;
  const Status confirmed = asked.backing->confirm_write(
      *asked.user, asked.tag, std::move(asked.value), text_in(input[2]), text_in(input[3]));
  return confirmed ? UA_STATUSCODE_GOOD : refusal(confirmed.error());
}

UA_StatusCode add_method(UA_Server* server, UA_UInt16 tag_namespace, UA_UInt32 id, const char* name,
                         UA_MethodCallback callback, const std::vector<UA_Argument>& inputs,
                         const std::vector<UA_Argument>& outputs) {
  UA_MethodAttributes attributes = UA_MethodAttributes_default;
  attributes.displayName.text = view_of(name);
  attributes.executable = true;
  attributes.userExecutable = true;
  return UA_Server_addMethodNode(
      server, UA_NODEID_NUMERIC(tag_namespace, id), UA_NODEID_NUMERIC(tag_namespace, kWritesId),
      UA_NODEID_NUMERIC(0, UA_NS0ID_HASCOMPONENT), {tag_namespace, view_of(name)}, attributes,
      callback, inputs.size(), inputs.data(), outputs.size(), outputs.data(), nullptr, nullptr);
}

}  // namespace

UA_StatusCode refusal(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kInvalid:
      return error.id == ErrorId::kUnsupported ? UA_STATUSCODE_BADNOTSUPPORTED
                                               : UA_STATUSCODE_BADOUTOFRANGE;
    case ErrorCode::kDenied:
      return UA_STATUSCODE_BADUSERACCESSDENIED;
    case ErrorCode::kConflict:
      return UA_STATUSCODE_BADINVALIDSTATE;
    case ErrorCode::kFull:
      return UA_STATUSCODE_BADRESOURCEUNAVAILABLE;
    case ErrorCode::kTimeout:
      return UA_STATUSCODE_BADTIMEOUT;
    default:
      return UA_STATUSCODE_BADNOTCONNECTED;
  }
}

Status add_write_methods(UA_Server* server, UA_UInt16 tag_namespace) {
  UA_ObjectAttributes attributes = UA_ObjectAttributes_default;
  attributes.displayName.text = view_of("Writes");
  UA_StatusCode status = UA_Server_addObjectNode(
      server, UA_NODEID_NUMERIC(tag_namespace, kWritesId),
      UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER), UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES),
      {tag_namespace, view_of("Writes")}, UA_NODEID_NUMERIC(0, UA_NS0ID_BASEOBJECTTYPE), attributes,
      nullptr, nullptr);
  const UA_Argument signal = argument("Signal", UA_NS0ID_STRING, "Id of the variable");
  const UA_Argument value = argument("Value", UA_NS0ID_BASEDATATYPE, "In the variable's type");
  const UA_Argument token = argument("Token", UA_NS0ID_STRING, "Of the request, to confirm it");
  const UA_Argument machine = argument("Machine", UA_NS0ID_STRING, "Which one will be written to");
  const UA_Argument expires = argument("Expires", UA_NS0ID_UTCTIME, "Until then");
  const UA_Argument person =
      argument("SecondPerson", UA_NS0ID_BOOLEAN, "Somebody else has to confirm it");
  if (status == UA_STATUSCODE_GOOD) {
    status = add_method(server, tag_namespace, kRequestId, "RequestWrite", &on_request,
                        {signal, value}, {token, machine, expires, person});
  }
  if (status == UA_STATUSCODE_GOOD) {
    status = add_method(server, tag_namespace, kConfirmId, "ConfirmWrite", &on_confirm,
                        {signal, value, token, machine}, {});
  }
  if (status == UA_STATUSCODE_GOOD) return {};
  return Error{ErrorId::kInternal, "the methods could not be added: " + status_text(status)};
}

}  // namespace lineshaft::connect::opcua

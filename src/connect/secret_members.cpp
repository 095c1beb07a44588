#include "connect/secret_members.h"

#include <nlohmann/json.hpp>

#include "connect/fields.h"
#include "connect/flow.h"
#include "connect/protocol.h"

namespace lineshaft::connect {
namespace {

std::string word_of(const Json& document, const char* member) {
  const Result<std::string> word = optional_string(document, member, "");
  return word ? *word : "";
}

std::vector<std::string> secrets_of(const std::vector<FieldSpec>& specs) {
  std::vector<std::string> pointers;
  for (const FieldSpec& spec : specs) {
    if (spec.kind == FieldSpec::Kind::kSecret) pointers.push_back("/settings/" + spec.name);
  }
  return pointers;
}

}  // namespace

bool may_hold_secrets(std::string_view kind) {
  return kind == "connection" || kind == "connection-before" || kind == "connection-import" ||
         kind == "flow";
}

std::vector<std::string> secret_members(std::string_view kind, const Json& document) {
  if (!document.is_object()) return {};
  std::vector<FieldSpec> specs;
  Fields fields(specs);
  if (kind == "connection" || kind == "connection-before") {
    const auto protocol = parse_protocol(word_of(document, "protocol"));
    if (!protocol) return {};
    static_cast<void>(kind_of(*protocol).read_settings(fields));
    return secrets_of(specs);
  }
  if (kind == "flow") {
    const FlowKind* const flow = find_flow_kind(word_of(document, "kind"));
    if (flow == nullptr) return {};
    static_cast<void>(flow->read_settings(fields));
    return secrets_of(specs);
  }
  // Its fingerprints are of settings with their secrets: who has one could try passwords on it.
  if (kind == "connection-import") return {"/connections"};
  return {};
}

}  // namespace lineshaft::connect

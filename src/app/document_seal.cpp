#include "app/document_seal.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/log.h"
#include "connect/secret_members.h"
#include "model/json.h"

namespace lineshaft::app {
namespace {

constexpr const char* kSealed = "sealed";

std::string bound_to(std::string_view kind, std::int64_t id, const std::string& pointer) {
  return std::string(kind) + "/" + std::to_string(id) + pointer;
}

// Null: it is not sealed.
const std::string* sealed_text(const Json& value) {
  if (!value.is_object() || value.size() != 1 || !value.contains(kSealed)) return nullptr;
  return value[kSealed].get_ptr<const std::string*>();
}

bool is_nothing(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

// Calls `see` with each secret that is there.
void for_each_secret(std::string_view kind, Json& document,
                     const std::function<void(const std::string& pointer, Json& value)>& see) {
  for (const std::string& pointer : connect::secret_members(kind, document)) {
    const Json::json_pointer at(pointer);
    if (document.contains(at) && !is_nothing(document[at])) see(pointer, document[at]);
  }
}

// Null: not of a kind with secrets, or not JSON, which is others' to say.
std::optional<Json> document_of(std::string_view kind, std::string_view text) {
  if (!connect::may_hold_secrets(kind)) return std::nullopt;
  Result<Json> json = parse_json(text);
  if (!json) return std::nullopt;
  return *std::move(json);
}

}  // namespace

Result<std::string> SealedMembers::seal(TenantId tenant, std::string_view kind, std::int64_t id,
                                        std::string_view json) {
  std::optional<Json> document = document_of(kind, json);
  if (!document) return std::string(json);
  Status done;
  for_each_secret(kind, *document, [&](const std::string& pointer, Json& value) {
    if (!done || sealed_text(value) != nullptr) return;
    Result<std::string> text = vault_.seal(tenant, bound_to(kind, id, pointer), dump(value));
    if (text) {
      value = {{kSealed, *std::move(text)}};
    } else {
      done = text.error();
    }
  });
  if (!done) return done.error();
  return dump(*document);
}

std::string SealedMembers::open(TenantId tenant, std::string_view kind, std::int64_t id,
                                std::string_view stored) {
  std::optional<Json> document = document_of(kind, stored);
  if (!document) return std::string(stored);
  for_each_secret(kind, *document, [&](const std::string& pointer, Json& value) {
    const std::string* const sealed = sealed_text(value);
    if (sealed == nullptr) return;
    const std::string bound = bound_to(kind, id, pointer);
    const Result<std::string> text = vault_.unseal(tenant, bound, *sealed);
    Result<Json> plain = text ? parse_json(*text) : Result<Json>(text.error());
    if (plain) {
      value = *std::move(plain);
    } else {
      log_warn("vault", bound + ": " + plain.error().what);
    }
  });
  return dump(*document);
}

bool SealedMembers::is_stale(TenantId tenant, std::string_view kind, std::int64_t id,
                             std::string_view stored) {
  std::optional<Json> document = document_of(kind, stored);
  if (!document) return false;
  bool stale = false;
  for_each_secret(kind, *document, [&](const std::string& pointer, Json& value) {
    const std::string* const sealed = sealed_text(value);
    // What does not open stays: nothing would be won by trying again.
    stale = stale || sealed == nullptr ||
            (!vault_.is_current(tenant, *sealed) &&
             vault_.unseal(tenant, bound_to(kind, id, pointer), *sealed).ok());
  });
  return stale;
}

}  // namespace lineshaft::app

#include "connect/opcua/ua_config.h"

#include <open62541/plugin/certificategroup.h>
#include <open62541/plugin/securitypolicy_default.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "connect/opcua/ua_values.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr UA_UInt32 kChunkBytes = 64 * 1024;
constexpr UA_UInt32 kMessageBytesMax = 16 * 1024 * 1024;
constexpr UA_UInt32 kChunksMax = 512;

UA_ByteString view_of_bytes(ByteSpan bytes) {
  return {bytes.size(), const_cast<UA_Byte*>(bytes.data())};
}

struct PolicyList {
  UA_SecurityPolicy* list = nullptr;
  std::size_t size = 0;
};

using KeysOf = std::function<std::optional<KeyPair>(const Policy&)>;

bool make_list(PolicyList& out, std::span<const std::string> uris, const KeysOf& keys_of,
               const UA_Logger* logger) {
  std::set<const Policy*> wanted = {&policies().front()};
  for (const std::string& uri : uris) {
    if (const Policy* policy = find_policy(uri)) wanted.insert(policy);
  }
  out.list = static_cast<UA_SecurityPolicy*>(UA_calloc(wanted.size(), sizeof(UA_SecurityPolicy)));
  if (out.list == nullptr) return false;
  for (const Policy* policy : wanted) {
    const auto keys = keys_of(*policy);
    if (!keys) return false;
    if (!make_policy(out.list[out.size], *policy, UA_APPLICATIONTYPE_CLIENT, *keys, logger)) {
      return false;
    }
    out.size += 1;
  }
  return true;
}

void clear_list(UA_SecurityPolicy* list, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) list[i].clear(&list[i]);
  UA_free(list);
}

}  // namespace

void set_own_limits(UA_ConnectionConfig& config) {
  config.protocolVersion = 0;
  config.sendBufferSize = kChunkBytes;
  config.recvBufferSize = kChunkBytes;
  config.localMaxMessageSize = kMessageBytesMax;
  config.remoteMaxMessageSize = kMessageBytesMax;
  config.localMaxChunkCount = kChunksMax;
  config.remoteMaxChunkCount = kChunksMax;
}

bool make_policy(UA_SecurityPolicy& policy, const Policy& which, UA_ApplicationType side,
                 const KeyPair& keys, const UA_Logger* logger) {
  const UA_ByteString c = view_of_bytes(keys.certificate);
  const UA_ByteString k = view_of_bytes(keys.key);
  UA_StatusCode status = UA_STATUSCODE_BADNOTSUPPORTED;
  if (which.name == "None") status = UA_SecurityPolicy_None(&policy, c, logger);
  if (which.name == "Basic256Sha256") {
    status = UA_SecurityPolicy_Basic256Sha256(&policy, c, k, logger);
  }
  if (which.name == "Aes128_Sha256_RsaOaep") {
    status = UA_SecurityPolicy_Aes128Sha256RsaOaep(&policy, c, k, logger);
  }
  if (which.name == "Aes256_Sha256_RsaPss") {
    status = UA_SecurityPolicy_Aes256Sha256RsaPss(&policy, c, k, logger);
  }
  if (which.name == "ECC_nistP256") {
    status = UA_SecurityPolicy_EccNistP256(&policy, side, c, k, logger);
  }
  if (which.name == "ECC_nistP256_AesGcm") {
    status = UA_SecurityPolicy_EccNistP256AesGcm(&policy, side, c, k, logger);
  }
  if (which.name == "ECC_nistP256_ChaChaPoly") {
    status = UA_SecurityPolicy_EccNistP256ChaChaPoly(&policy, side, c, k, logger);
  }
  return status == UA_STATUSCODE_GOOD;
}

bool add_policies(UA_ClientConfig& config, const TrustStore& trust,
                  std::span<const std::string> uris, const UA_Logger* logger) {
  const auto ours = [&trust](const Policy& policy) -> std::optional<KeyPair> {
    const Identity* own = trust.own(policy.key);
    if (own == nullptr) return std::nullopt;
    return KeyPair{own->certificate, own->key};
  };
  PolicyList channel;
  PolicyList users;
  const bool made = make_list(channel, uris, ours, logger) && make_list(users, uris, ours, logger);
  config.securityPolicies = channel.list;
  config.securityPoliciesSize = channel.size;
  config.authSecurityPolicies = users.list;
  config.authSecurityPoliciesSize = users.size;
  return made;
}

Status set_user_certificate(UA_ClientConfig& config, const Settings& settings,
                            const std::string& uri, const UA_Logger* logger) {
  const Error unusable{ErrorId::kInvalidArgument,
                       "settings.user_certificate_pem: this is no certificate in PEM form, or the "
                       "key is not its own"};
  // The certificate travels in DER form: what stands between the two lines, out of base64.
  std::string_view pem = settings.user_certificate_pem;
  pem.remove_prefix(std::min(pem.size(), pem.find('\n')));
  std::string base64;
  for (char c : pem.substr(0, pem.find("-----END"))) {
    if (c != '\n' && c != '\r') base64 += c;
  }
  Ua<UA_ByteString, UA_TYPES_BYTESTRING> certificate;
  Ua<UA_ByteString, UA_TYPES_BYTESTRING> key;
  const UA_String text = view_of(base64);
  if (UA_ByteString_fromBase64(certificate.get(), &text) != UA_STATUSCODE_GOOD) return unusable;
  const UA_ByteString key_pem = view_of(settings.user_key_pem);
  if (UA_CertificateUtils_decryptPrivateKey(key_pem, UA_BYTESTRING_NULL, key.get()) !=
      UA_STATUSCODE_GOOD) {
    return unusable;
  }
  if (UA_CertificateUtils_checkKeyPair(certificate.get(), key.get()) != UA_STATUSCODE_GOOD) {
    return unusable;
  }
  const KeyPair keys{{certificate->data, certificate->length}, {key->data, key->length}};
  const auto theirs = [&keys](const Policy&) { return std::optional(keys); };
  PolicyList users;
  if (!make_list(users, std::span(&uri, 1), theirs, logger)) {
    clear_list(users.list, users.size);
    return Error{ErrorId::kInvalidArgument,
                 "settings.user_certificate_pem: the server protects users by " + uri +
                     ", which needs a certificate with a key of another kind"};
  }
  clear_list(config.authSecurityPolicies, config.authSecurityPoliciesSize);
  config.authSecurityPolicies = users.list;
  config.authSecurityPoliciesSize = users.size;

  UA_X509IdentityToken token;
  UA_X509IdentityToken_init(&token);
  token.certificateData = *certificate;
  if (UA_ExtensionObject_setValueCopy(&config.userIdentityToken, &token,
                                      &UA_TYPES[UA_TYPES_X509IDENTITYTOKEN]) !=
      UA_STATUSCODE_GOOD) {
    return unusable;
  }
  return {};
}

}  // namespace lineshaft::connect::opcua

#include "identity/passkeys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "identity/secrets.h"
#include "identity/text_rules.h"
#include "model/json.h"
#include "sys/signature.h"
#include "wire/webauthn/authenticator_data.h"
#include "wire/webauthn/cose_key.h"

namespace lineshaft::identity {
namespace {

using wire::webauthn::AuthenticatorData;
using wire::webauthn::CoseAlgorithm;

constexpr std::size_t kClientDataBytesMax = 4096;

Error refused(const std::string& why) { return {ErrorId::kPasskeyRefused, why}; }

// A member of the client data that must be this text.
Status expect(const Json& data, const char* member, std::string_view wanted) {
  const auto found = data.find(member);
  if (found != data.end() && found->is_string() &&
      equal_secrets(found->get_ref<const std::string&>(), wanted)) {
    return {};
  }
  return refused(std::string("the browser's ") + member + " is not the one expected");
}

// 7.1 steps 5 to 10, 7.2 steps 8 to 13.
Status check_client_data(const PasskeyExpectation& expected, std::string_view type,
                         const Bytes& bytes) {
  if (bytes.size() > kClientDataBytesMax) return refused("the client data is too large");
  const Result<Json> data = parse_json(as_text(bytes));
  if (!data || !data->is_object()) return refused("the client data is no JSON object");
  for (const auto& [member, wanted] : {std::pair<const char*, std::string_view>{"type", type},
                                       {"challenge", expected.challenge},
                                       {"origin", expected.scope.origin}}) {
    if (Status same = expect(*data, member, wanted); !same) return same;
  }
  // Within a frame of another site nobody sees whom they say yes to.
  const auto across = data->find("crossOrigin");
  if (across != data->end() && *across != false) return refused("asked from another site's frame");
  return {};
}

// 7.1 steps 13 to 15, 7.2 steps 15 to 17.
Status check_flags(const PasskeyExpectation& expected, const AuthenticatorData& data) {
  if (data.rp_id_hash != digest_of(expected.scope.rp_id)) {
    return refused("the passkey is of another host than " + expected.scope.rp_id);
  }
  if (!data.user_present) return refused("nobody touched the authenticator");
  if (expected.must_verify_user && !data.user_verified) {
    return refused("the authenticator did not check who uses it");
  }
  return {};
}

sys::RawPublicKey raw_key(const wire::webauthn::CoseKey& key) {
  sys::SignatureKind kind = sys::SignatureKind::kEcdsaP256Sha256;
  if (key.algorithm == CoseAlgorithm::kEdDsa) kind = sys::SignatureKind::kEd25519;
  if (key.algorithm == CoseAlgorithm::kRs256) kind = sys::SignatureKind::kRsaPkcs1Sha256;
  return {kind, key.first, key.second};
}

bool is_address(std::string_view host) {
  return host.starts_with('[') || host.find_first_not_of("0123456789.") == host.npos;
}

}  // namespace

Result<NewPasskey> verify_registration(const PasskeyExpectation& expected,
                                       const PasskeyAnswer& answer) {
  if (Status good = check_client_data(expected, "webauthn.create", answer.client_data); !good) {
    return std::move(good).error();
  }
  const Result<ByteSpan> bytes = wire::webauthn::authenticator_data_of(answer.attestation);
  if (!bytes) return refused(bytes.error().what);
  const Result<AuthenticatorData> data = wire::webauthn::parse_authenticator_data(*bytes);
  if (!data) return refused(data.error().what);
  if (Status good = check_flags(expected, *data); !good) return std::move(good).error();
  if (!data->credential) return refused("the authenticator made no key");
  const ByteSpan id = data->credential->id;
  const ByteSpan key = data->credential->key;
  return NewPasskey{{id.begin(), id.end()}, {key.begin(), key.end()}, data->sign_count};
}

Result<std::uint32_t> verify_assertion(const PasskeyExpectation& expected,
                                       const PasskeyAnswer& answer, const KnownPasskey& known,
                                       bool& went_back) {
  went_back = false;
  if (Status good = check_client_data(expected, "webauthn.get", answer.client_data); !good) {
    return std::move(good).error();
  }
  const Result<AuthenticatorData> data =
      wire::webauthn::parse_authenticator_data(answer.authenticator_data);
  if (!data) return refused(data.error().what);
  if (Status good = check_flags(expected, *data); !good) return std::move(good).error();
  const auto key = wire::webauthn::parse_cose_key(known.key);
  if (!key) return refused(key.error().what);
  Bytes message = answer.authenticator_data;
  const Digest client = digest_of(as_text(answer.client_data));
  message.insert(message.end(), client.begin(), client.end());
  if (!sys::verify_signature(raw_key(*key), message, answer.signature)) {
    return refused("the signature is wrong");
  }
  // 7.2 step 21: 0 on both sides means that this authenticator does not count.
  const bool counts = data->sign_count != 0 || known.sign_count != 0;
  if (counts && data->sign_count <= known.sign_count) {
    went_back = true;
    return refused("the authenticator's count of signatures went back: it may have been copied");
  }
  return data->sign_count;
}

Result<PasskeyScope> passkey_scope(std::string_view host_header,
                                   const std::vector<std::string>& names) {
  const std::string host = lower(host_header.substr(0, 300));
  const std::string name =
      host.starts_with('[') ? host : host.substr(0, std::min(host.find(':'), host.size()));
  if (name.empty() || is_address(name)) {
    return Error{ErrorId::kPasskeyNoName,
                 "this page was opened at an IP address, which a passkey cannot be bound to"};
  }
  const bool own =
      std::ranges::any_of(names, [&](const std::string& each) { return lower(each) == name; });
  if (!own) {
    return Error{ErrorId::kPasskeyNoName, "'" + name + "' is not among the names of this server"};
  }
  return PasskeyScope{name, "https://" + host};
}

}  // namespace lineshaft::identity

// What identity providers send: signed tokens, their claims, sets of keys, documents, answers.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "identity/id_token.h"
#include "identity/provider_document.h"
#include "identity/web_address.h"

using namespace lineshaft;
using namespace lineshaft::identity;

namespace {

const std::string kIssuer = "https://id.example/plant";

// The rules of the seeds: a few of them fit.
IdTokenRules rules() {
  IdTokenRules rules;
  rules.issuer = kIssuer;
  rules.client_id = "lineshaft";
  rules.nonce = "n-0S6_WzA2Mj";
  rules.groups_claim = "realm_access.roles";
  rules.now = {1'795'000'000'000'000'000};
  rules.asked = rules.now;
  return rules;
}

void look_at(const Jws& jws) {
  const auto claims = read_id_token(jws, rules());
  if (!claims) return;
  LS_ASSERT(!claims->subject.empty() && claims->subject.size() <= kSubjectBytesMax);
  LS_ASSERT(claims->groups.size() <= kGroupsMax);
  for (const std::string& group : claims->groups) LS_ASSERT(group.size() <= kGroupBytesMax);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto jws = parse_jws(text); jws) {
    LS_ASSERT(size <= kJwsBytesMax && text.starts_with(jws->signed_part));
    LS_ASSERT(jws_algorithm(jws_algorithm_name(jws->algorithm)) == jws->algorithm);
    look_at(*jws);
  }
  Jws unsigned_claims;
  unsigned_claims.payload.assign(data, data + size);
  look_at(unsigned_claims);

  if (const auto keys = parse_jwk_set(text); keys) {
    LS_ASSERT(keys->size() <= kJwksMax);
    Jws jws;
    for (const Jwk& key : *keys) {
      LS_ASSERT(!key.first.empty() && key.first.size() <= kRsaModulusBytesMax);
      jws.algorithm = key.algorithm;
      jws.signature.assign(64, 1);
      static_cast<void>(verify_jws(jws, key));  // Whatever the key is, it must not break anything.
    }
  }
  if (const auto document = parse_provider_document(text, kIssuer, true); document) {
    LS_ASSERT(parse_web_address(document->token_endpoint).ok());
    LS_ASSERT(parse_web_address(document->jwks_uri).ok() && !document->algorithms.empty());
  }
  static_cast<void>(parse_token_answer(200, text));
  if (const auto address = parse_web_address(text); address) {
    LS_ASSERT(!address->host.empty() && address->port != 0 && address->target.starts_with('/'));
  }
  const std::string path = own_path(text);
  LS_ASSERT(path.starts_with('/') && !path.starts_with("//"));
  return 0;
}

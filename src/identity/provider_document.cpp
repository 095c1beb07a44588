#include "identity/provider_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "identity/strict_json.h"
#include "identity/web_address.h"

namespace lineshaft::identity {
namespace {

using nlohmann::json;

constexpr std::size_t kListedMax = 100;
constexpr std::size_t kWordBytesMax = 100;

Error unfit(const std::string& why) {
  return {ErrorId::kProviderDown, "the provider's document: " + why};
}

std::vector<std::string> listed(const json& document, const char* name) {
  const auto found = document.find(name);
  if (found == document.end() || !found->is_array()) return {};
  return texts_of(*found, kListedMax, kWordBytesMax);
}

bool lists(const json& document, const char* name, std::string_view word) {
  const auto words = listed(document, name);
  return std::ranges::find(words, word) != words.end();
}

Status take_addresses(const json& document, ProviderDocument& out) {
  const std::pair<const char*, std::string*> members[] = {
      {"authorization_endpoint", &out.authorization_endpoint},
      {"token_endpoint", &out.token_endpoint},
      {"jwks_uri", &out.jwks_uri}};
  for (const auto& [name, address] : members) {
    *address = text_member(document, name);
    if (const auto parsed = parse_web_address(*address); !parsed) {
      return unfit(std::string(name) + ": " + parsed.error().what);
    }
  }
  // Only offered to people: without it they sign out there by themselves.
  out.end_session_endpoint = text_member(document, "end_session_endpoint");
  if (!parse_web_address(out.end_session_endpoint)) out.end_session_endpoint.clear();
  return {};
}

Status take_methods(const json& document, bool assume_s256, ProviderDocument& out) {
  if (!lists(document, "response_types_supported", "code")) return unfit("it gives no codes");
  const char* const pkce = "code_challenge_methods_supported";
  if (!document.contains(pkce) ? !assume_s256 : !lists(document, pkce, "S256")) {
    return unfit("it does not say that it takes S256 code challenges");
  }
  for (const JwsAlgorithm algorithm : kJwsAlgorithms) {
    if (lists(document, "id_token_signing_alg_values_supported", jws_algorithm_name(algorithm))) {
      out.algorithms.push_back(algorithm);
    }
  }
  if (out.algorithms.empty()) return unfit("it signs with none of RS256, ES256 and EdDSA");
  const char* const ways = "token_endpoint_auth_methods_supported";
  // Without a list the way of the standard counts.
  const bool basic = !document.contains(ways) || lists(document, ways, "client_secret_basic");
  out.secret_in_body = !basic;
  if (!basic && !lists(document, ways, "client_secret_post")) {
    return unfit("it takes no client secret");
  }
  return {};
}

}  // namespace

std::string document_address(const std::string& issuer) {
  std::string address = issuer;
  if (address.ends_with('/')) address.pop_back();
  return address + "/.well-known/openid-configuration";
}

Result<ProviderDocument> parse_provider_document(std::string_view text, const std::string& issuer,
                                                 bool assume_s256) {
  if (text.size() > kProviderDocumentBytesMax) return unfit("it is too long");
  const Result<json> document = parse_strict_json(text);
  if (!document) return unfit(document.error().what);
  if (text_member(*document, "issuer") != issuer) {
    return unfit("its issuer is not " + issuer + ", to the last character");
  }
  ProviderDocument out;
  if (Status taken = take_addresses(*document, out); !taken) return std::move(taken).error();
  if (Status fits = take_methods(*document, assume_s256, out); !fits) {
    return std::move(fits).error();
  }
  const auto names = document->find("authorization_response_iss_parameter_supported");
  out.names_itself = names != document->end() && names->is_boolean() && names->get<bool>();
  return out;
}

Result<TokenAnswer> parse_token_answer(int status, std::string_view text) {
  const Error none{ErrorId::kProviderDown,
                   "the provider's answer to a code is none (" + std::to_string(status) + ")"};
  if (text.size() > kTokenAnswerBytesMax) return none;
  const Result<json> answer = parse_strict_json(text);
  if (!answer) return none;
  if (status != 200) {
    const std::string word = error_word(text_member(*answer, "error"));
    if (word == "invalid_grant") {
      return Error{ErrorId::kProviderRefused, "the provider did not take its own code"};
    }
    return Error{ErrorId::kProviderDown, "the provider did not answer for a code: " + word};
  }
  TokenAnswer tokens{text_member(*answer, "id_token"), text_member(*answer, "access_token")};
  if (tokens.id_token.empty()) {
    return Error{ErrorId::kProviderDown, "the provider gave no ID token for its code"};
  }
  return tokens;
}

std::string error_word(std::string_view word) {
  constexpr std::size_t kErrorBytesMax = 40;
  const bool good =
      !word.empty() && word.size() <= kErrorBytesMax &&
      std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return good ? std::string(word) : "something else";
}

}  // namespace lineshaft::identity

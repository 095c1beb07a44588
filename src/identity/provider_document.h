// identity/provider_document.h: what an identity provider says about itself (OpenID Connect
// Discovery 1.0, RFC 8414), and what it answers for a code (RFC 6749, 5). Pure; threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/jose.h"

namespace lineshaft::identity {

inline constexpr std::size_t kProviderDocumentBytesMax = 128 * 1024;
inline constexpr std::size_t kTokenAnswerBytesMax = 128 * 1024;

struct ProviderDocument {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  std::string end_session_endpoint;      // "": it has none
  bool secret_in_body = false;           // client_secret_post, where client_secret_basic is not had
  bool names_itself = false;             // `iss` comes with every answer (RFC 9207)
  std::vector<JwsAlgorithm> algorithms;  // of its ID tokens: those that are known here
};

// Where the document of an issuer stands.
std::string document_address(const std::string& issuer);

// `assume_s256`: the document may keep silent about PKCE; where it lists methods, S256 must be one.
// Errors: kProviderDown saying what does not fit: another issuer, an address that is not HTTPS, no
// code, no S256, no signature that is known here, no way to show the client's secret.
Result<ProviderDocument> parse_provider_document(std::string_view json, const std::string& issuer,
                                                 bool assume_s256);

struct TokenAnswer {
  std::string id_token;
  std::string access_token;
};

// Errors: kProviderRefused: the code was not taken; kProviderDown: the client was not, or it is no
// answer at all.
Result<TokenAnswer> parse_token_answer(int status, std::string_view json);

// The word of an OAuth error, as "access_denied"; for what is none "something else".
std::string error_word(std::string_view word);

}  // namespace lineshaft::identity

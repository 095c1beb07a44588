#include "identity/provider_client.h"

#include <algorithm>

#include "identity/secrets.h"
#include "ledger/note.h"

namespace lineshaft::identity {
namespace {

Error down(const std::string& what) { return {ErrorId::kProviderDown, what}; }

}  // namespace

ProviderClient::Turn::~Turn() {
  if (client_ == nullptr) return;
  const std::lock_guard lock(client_->mutex_);
  --client_->turns_;
}

Result<ProviderClient::Turn> ProviderClient::enter() {
  const std::lock_guard lock(mutex_);
  if (turns_ >= kProviderTurnsMax) {
    return Error{ErrorId::kSignInBusy,
                 std::to_string(turns_) + " others wait for an identity provider"};
  }
  ++turns_;
  return Turn(*this, clock_.monotonic() + kProviderPatience);
}

// What was kept under other settings is dropped.
ProviderClient::Kept& ProviderClient::kept_of(const ProviderSource& source) {
  Kept& kept = kept_[source.id];
  if (kept.revision != source.revision) {
    kept = {};
    kept.revision = source.revision;
  }
  return kept;
}

Result<WebAnswer> ProviderClient::ask(const Turn& turn, WebRequest request) {
  if (web_ == nullptr) return down("this program asks no identity providers");
  request.patience = std::min(kProviderFetchPatience, turn.ends() - clock_.monotonic());
  if (request.patience <= Nanoseconds(0)) return down("the provider takes too long");
  request.headers.emplace_back("accept", "application/json");
  Result<WebAnswer> answer = web_->fetch(request);
  if (answer) return answer;
  if (answer.error().id == ErrorId::kBusy) {
    return Error{ErrorId::kSignInBusy, answer.error().what};
  }
  return down(answer.error().text());
}

Result<std::string> ProviderClient::fetch(const Turn& turn, const ProviderSource& source,
                                          const std::string& address, std::size_t bytes_max) {
  const Result<WebAddress> at = parse_web_address(address);
  if (!at) return down(at.error().what);
  Result<WebAnswer> answer =
      ask(turn, {.address = *at, .trusted_pem = source.trusted_pem, .answer_bytes_max = bytes_max});
  if (!answer) return std::move(answer).error();
  if (answer->status != 200) {
    return down(address + " answers " + std::to_string(answer->status));
  }
  return std::move(answer->body);
}

Result<ProviderDocument> ProviderClient::document(const Turn& turn, const ProviderSource& source) {
  {
    const std::lock_guard lock(mutex_);
    const Kept& kept = kept_of(source);
    const Nanoseconds now = clock_.monotonic();
    if (kept.document && now - kept.document_since < kProviderDocumentLifetime) {
      return *kept.document;
    }
    if (kept.trouble && now - kept.trouble_since < kProviderTroublePause) return *kept.trouble;
  }
  const Result<std::string> text =
      fetch(turn, source, document_address(source.issuer), kProviderDocumentBytesMax);
  Result<ProviderDocument> read =
      text ? parse_provider_document(*text, source.issuer, source.assume_s256)
           : Result<ProviderDocument>(text.error());
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_of(source);
  if (read) {
    kept.document = *read;
    kept.document_since = clock_.monotonic();
    kept.trouble.reset();
  } else if (read.error().id == ErrorId::kProviderDown) {
    kept.trouble = read.error();
    kept.trouble_since = clock_.monotonic();
  }
  return read;
}

Result<std::vector<Jwk>> ProviderClient::keys(const Turn& turn, const ProviderSource& source,
                                              const ProviderDocument& document) {
  const Result<std::string> text = fetch(turn, source, document.jwks_uri, kJwkSetBytesMax);
  if (!text) return text.error();
  Result<std::vector<Jwk>> read = parse_jwk_set(*text);
  if (!read) return down(read.error().what);
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_of(source);
  kept.keys = *read;
  kept.keys_since = clock_.monotonic();
  return read;
}

// Those that are kept, unless they are old, or none of them fits and asking again is due.
Result<std::vector<Jwk>> ProviderClient::keys_with(const Turn& turn, const ProviderSource& source,
                                                   const ProviderDocument& document,
                                                   const Jws& jws) {
  {
    const std::lock_guard lock(mutex_);
    Kept& kept = kept_of(source);
    if (kept.keys_since) {
      const Nanoseconds age = clock_.monotonic() - *kept.keys_since;
      const bool fits = !keys_for(jws, kept.keys).empty();
      if (age < (fits ? kProviderDocumentLifetime : kProviderKeysPause)) return kept.keys;
    }
  }
  return keys(turn, source, document);
}

Status ProviderClient::verify(const Turn& turn, const ProviderSource& source,
                              const ProviderDocument& document, const Jws& jws) {
  if (std::ranges::find(document.algorithms, jws.algorithm) == document.algorithms.end()) {
    return Error{ErrorId::kProviderRefused, "the token is signed by " +
                                                std::string(jws_algorithm_name(jws.algorithm)) +
                                                ", which the provider's document does not name"};
  }
  const Result<std::vector<Jwk>> set = keys_with(turn, source, document, jws);
  if (!set) return set.error();
  const auto keys = keys_for(jws, *set);
  if (keys.empty()) {
    return Error{ErrorId::kProviderRefused, "the token names a key that the provider has not"};
  }
  if (std::ranges::any_of(keys, [&](const Jwk* key) { return verify_jws(jws, *key); })) return {};
  return Error{ErrorId::kProviderRefused, "the signature of the token is wrong"};
}

Result<TokenAnswer> ProviderClient::redeem(const Turn& turn, const ProviderSource& source,
                                           const ProviderDocument& document,
                                           const CodeExchange& exchange) {
  const Result<WebAddress> at = parse_web_address(document.token_endpoint);
  if (!at) return down(at.error().what);
  WebRequest request{.address = *at,
                     .method = "POST",
                     .trusted_pem = source.trusted_pem,
                     .answer_bytes_max = kTokenAnswerBytesMax};
  request.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  request.body = form_text({{"grant_type", "authorization_code"},
                            {"code", exchange.code},
                            {"redirect_uri", exchange.redirect_uri},
                            {"code_verifier", exchange.code_verifier}});
  if (document.secret_in_body) {
    request.body += "&" + form_text({{"client_id", exchange.client_id},
                                     {"client_secret", exchange.client_secret}});
  } else {
    // RFC 6749, 2.3.1: both as in a form, so that a colon in them does not count.
    const std::string pair =
        percent_encoded(exchange.client_id) + ":" + percent_encoded(exchange.client_secret);
    request.headers.emplace_back("authorization", "Basic " + ledger::base64_text(as_bytes(pair)));
  }
  const Result<WebAnswer> answer = ask(turn, std::move(request));
  if (!answer) return answer.error();
  return parse_token_answer(answer->status, answer->body);
}

std::optional<ProviderDocument> ProviderClient::known_document(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(id);
  return found == kept_.end() ? std::nullopt : found->second.document;
}

void ProviderClient::forget(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  kept_.erase(id);
}

}  // namespace lineshaft::identity

#include "connect/tls_settings.h"

#include <nlohmann/json.hpp>

namespace lineshaft::connect {

namespace {

sys::TlsOptions options_of(const TlsSettings& tls) {
  return {tls.certificate, tls.key, tls.trusted, tls.fingerprint};
}

}  // namespace

void read_tls(Fields& fields, TlsSettings& tls) {
  fields.boolean("tls", tls.enabled);
  fields.string("tls_fingerprint", tls.fingerprint);
  fields.string("tls_trusted", tls.trusted);
  fields.string("tls_certificate", tls.certificate);
  fields.secret("tls_key", tls.key);
}

void add_tls_json(const TlsSettings& tls, Secrets secrets, Json& settings) {
  settings["tls"] = tls.enabled;
  settings["tls_fingerprint"] = tls.fingerprint;
  settings["tls_trusted"] = tls.trusted;
  settings["tls_certificate"] = tls.certificate;
  if (secrets == Secrets::kShown) settings["tls_key"] = tls.key;
}

Status check_tls(const TlsSettings& tls, sys::TlsSide side) {
  if (!tls.enabled) return {};
  const auto context = sys::make_tls_context(side, options_of(tls));
  if (context) return {};
  return Error{context.error().id, "settings.tls: " + context.error().what};
}

std::shared_ptr<const sys::TlsContext> tls_context(const TlsSettings& tls, sys::TlsSide side) {
  if (!tls.enabled) return nullptr;
  return sys::make_tls_context(side, options_of(tls)).value();
}

}  // namespace lineshaft::connect

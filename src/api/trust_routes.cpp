// Certificates of OPC UA applications: who we are, whom we trust, and who waits for a decision.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "connect/opcua/trust.h"

namespace lineshaft::api {
namespace {

using connect::opcua::TrustStore;

Json certificate_json(const sys::X509Info& info) {
  return {{"thumbprint", info.sha1},
          {"subject", info.subject},
          {"issuer", info.issuer},
          {"application_uri", info.uris.empty() ? Json() : Json(info.uris.front())},
          {"dns_names", info.dns_names},
          {"addresses", info.addresses},
          {"not_before", format_rfc3339(info.not_before)},
          {"not_after", format_rfc3339(info.not_after)},
          {"key_bits", info.key_bits}};
}

Result<TrustStore*> store_of(const Services& services) {
  if (services.opcua_trust != nullptr) return services.opcua_trust;
  return Error{ErrorId::kTlsFailed,
               "the server could not open its OPC UA certificates at its start"};
}

Result<Reply> list(const Services& services, const Request& /*request*/) {
  const Result<TrustStore*> store = store_of(services);
  if (!store) return store.error();
  const Result<sys::X509Info> own = (*store)->own_info();
  if (!own) return own.error();
  const auto on_curve = (*store)->own_info(connect::opcua::KeyKind::kNistP256);
  Json waiting = Json::array();
  for (const auto& rejected : (*store)->rejected()) {
    Json one = certificate_json(rejected.info);
    one["why"] = rejected.why;
    waiting.push_back(std::move(one));
  }
  Json trusted = Json::array();
  for (const sys::X509Info& info : (*store)->trusted()) trusted.push_back(certificate_json(info));
  return Reply::json({{"own", certificate_json(*own)},
                      {"own_ecc", on_curve ? certificate_json(*on_curve) : Json()},
                      {"waiting", std::move(waiting)},
                      {"trusted", std::move(trusted)}});
}

// Noted first: a certificate that is trusted without a trace would be worse than a trace too much.
Result<Reply> decide(const Services& services, const Request& request, const char* action,
                     Status (TrustStore::*decision)(std::string_view)) {
  const Result<TrustStore*> store = store_of(services);
  if (!store) return store.error();
  const std::string thumbprint = request.name("thumbprint");
  if (Status noted = audit(services, request, action, thumbprint); !noted) return noted.error();
  if (Status done = ((*store)->*decision)(thumbprint); !done) return done.error();
  return list(services, request);
}

Result<Reply> approve(const Services& services, const Request& request) {
  return decide(services, request, "certificate.approve", &TrustStore::approve);
}
Result<Reply> distrust(const Services& services, const Request& request) {
  return decide(services, request, "certificate.distrust", &TrustStore::distrust);
}
Result<Reply> forget(const Services& services, const Request& request) {
  return decide(services, request, "certificate.forget", &TrustStore::forget);
}

}  // namespace

std::vector<Route> trust_routes(const Services& services) {
  using identity::Permission;
  const Rule manage = Rule::needs(Permission::kCertificateManage);
  return {
      {"GET", "/certificates", manage,
       "Certificates of OPC UA: ours, those that wait for a decision, those that are trusted", "",
       "Certificates", bind(services, list)},
      {"POST", "/certificates/{thumbprint}/approve", manage, "Trust one that waits", "",
       "Certificates", bind(services, approve)},
      {"POST", "/certificates/{thumbprint}/distrust", manage, "Trust one no more", "",
       "Certificates", bind(services, distrust)},
      {"DELETE", "/certificates/{thumbprint}", manage, "Forget one that waits", "", "Certificates",
       bind(services, forget)},
  };
}

}  // namespace lineshaft::api

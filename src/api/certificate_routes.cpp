// The server's certificate, the authority, and what it issues to machines, programs and partners.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "identity/authority.h"
#include "ledger/note.h"

namespace lineshaft::api {
namespace {

using identity::Authority;
using identity::CertificateId;
using identity::IssuedCertificate;

constexpr std::size_t kPkcs12PasswordMin = 12;
constexpr std::size_t kPkcs12PasswordMax = 128;

Result<Authority*> authority_of(const Services& services) {
  if (services.authority != nullptr) return services.authority;
  return Error{ErrorId::kTlsFailed, "the server could not open its authority at its start"};
}

Json info_json(const sys::X509Info& info) {
  return {{"subject", info.subject},
          {"issuer", info.issuer},
          {"fingerprint", info.sha256},
          {"serial", info.serial},
          {"dns_names", info.dns_names},
          {"addresses", info.addresses},
          {"not_before", format_rfc3339(info.not_before)},
          {"not_after", format_rfc3339(info.not_after)},
          {"key_bits", info.key_bits}};
}

Json issued_json(const IssuedCertificate& one) {
  Json use = Json::array();
  if (one.server) use.push_back("server");
  if (one.client) use.push_back("client");
  return {{"id", one.id.value},
          {"name", one.name},
          {"use", std::move(use)},
          {"serial", one.serial},
          {"fingerprint", one.fingerprint},
          {"token", one.token ? Json(one.token->value) : Json()},
          {"certificate", one.pem},
          {"issued", format_rfc3339(one.issued)},
          {"not_after", format_rfc3339(one.not_after)},
          {"revoked", one.revoked ? Json(format_rfc3339(*one.revoked)) : Json()}};
}

Result<Reply> show(const Services& services, const Request& /*request*/) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  const Result<sys::X509Info> info = (*authority)->info();
  if (!info) return info.error();
  const Result<identity::ServerCertificate> server = (*authority)->server();
  if (!server) return server.error();
  Json own = info_json(server->info);
  own["source"] = identity::source_name(server->source);
  own["renews"] = server->renews ? Json(format_rfc3339(*server->renews)) : Json();
  Json signer = info_json(*info);
  signer["certificate"] = (*authority)->certificate_pem();
  return Reply::json({{"authority", std::move(signer)}, {"server", std::move(own)}});
}

Result<Reply> authority_pem(const Services& services, const Request& /*request*/) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  Reply reply;
  reply.content_type = "application/x-pem-file";
  reply.body = (*authority)->certificate_pem();
  return reply;
}

Result<Reply> revoked_list(const Services& services, const Request& /*request*/) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  const Result<Bytes> list = (*authority)->revoked_list();
  if (!list) return list.error();
  Reply reply;
  reply.content_type = "application/pkix-crl";
  reply.body = as_text(*list);
  return reply;
}

Result<Reply> list_issued(const Services& services, const Request& request) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  Json items = Json::array();
  for (const auto& one : (*authority)->list(request.tenant())) items.push_back(issued_json(one));
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

Error wrong(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

Result<std::vector<std::string>> texts_of(const Json& body, const std::string& field) {
  std::vector<std::string> texts;
  if (!body.contains(field) || body[field].is_null()) return texts;
  if (!body[field].is_array()) return wrong(field + ": must be a list of texts");
  for (const Json& item : body[field]) {
    if (!item.is_string()) return wrong(field + ": must be a list of texts");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

Result<std::string> text_of(const Json& body, const std::string& field) {
  if (!body.contains(field) || body[field].is_null()) return std::string();
  if (!body[field].is_string()) return wrong(field + ": must be a text");
  return body[field].get<std::string>();
}

Status take_use(const Json& body, identity::IssueRequest& out) {
  const Result<std::vector<std::string>> use = texts_of(body, "use");
  if (!use) return use.error();
  for (const std::string& word : *use) {
    if (word != "server" && word != "client") return wrong("use: each must be server or client");
    (word == "server" ? out.server : out.client) = true;
  }
  return {};
}

Status take_key(const Json& body, identity::IssueRequest& out) {
  const Result<std::string> key = text_of(body, "key");
  if (!key) return key.error();
  if (!key->empty() && *key != "ec" && *key != "rsa") return wrong("key: must be ec or rsa");
  if (*key == "rsa") out.key = sys::KeyKind::kRsa3072;
  if (!body.contains("days") || body["days"].is_null()) return {};
  if (!body["days"].is_number_unsigned() || body["days"] > identity::kIssuedDaysMax) {
    return wrong("days: must be from 1 to " + std::to_string(identity::kIssuedDaysMax));
  }
  out.days = body["days"].get<std::uint32_t>();
  return {};
}

// Names that the request asks for hold where the body names none.
Status take_request(const Json& body, identity::IssueRequest& out) {
  const Result<std::string> pem = text_of(body, "request");
  if (!pem) return pem.error();
  if (pem->empty()) return {};
  out.request_pem = *pem;
  Result<sys::RequestInfo> asked = sys::inspect_request(*pem);
  if (!asked) return asked.error();
  if (out.name.empty()) out.name = asked->common_name;
  if (!body.contains("names")) out.names = std::move(asked->names);
  if (!body.contains("uris")) out.uris = std::move(asked->uris);
  return {};
}

Result<identity::IssueRequest> read_order(const Request& request, const Json& body) {
  identity::IssueRequest order;
  order.tenant = request.tenant();
  Result<std::string> name = text_of(body, "name");
  if (!name) return name.error();
  order.name = *std::move(name);
  Result<std::vector<std::string>> names = texts_of(body, "names");
  if (!names) return names.error();
  order.names = *std::move(names);
  Result<std::vector<std::string>> uris = texts_of(body, "uris");
  if (!uris) return uris.error();
  order.uris = *std::move(uris);
  Status taken = take_use(body, order);
  if (taken) taken = take_key(body, order);
  if (taken) taken = take_request(body, order);
  if (!taken) return taken.error();
  if (order.name.empty()) return wrong("name: is missing");
  return order;
}

// Whoever gets a role on this server gets a token of that role, whose secret nobody learns.
Status bind_token(const Services& services, const Request& request, const Json& body,
                  identity::IssueRequest& order) {
  const Result<std::string> role_text = text_of(body, "role");
  if (!role_text) return role_text.error();
  if (role_text->empty()) return {};
  if (!order.client) return wrong("role: only a client certificate can have one");
  const Result<identity::Role> role = identity::parse_role(*role_text);
  if (!role) return role.error();
  const Timestamp ends = services.clock.now() + std::chrono::hours(24) * order.days;
  const auto token = services.identity.create_token(
      request.principal,
      {order.name, identity::Access({{*role, std::string(identity::kEverywhere)}}), ends});
  if (!token) return token.error();
  order.token = token->token.id;
  return {};
}

Result<std::string> pkcs12_password(const Json& body) {
  Result<std::string> password = text_of(body, "password");
  if (!password || password->empty()) return password;
  if (password->size() < kPkcs12PasswordMin || password->size() > kPkcs12PasswordMax) {
    return wrong("password: must have 12 to 128 characters");
  }
  return password;
}

Result<Reply> issue(const Services& services, const Request& request) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<identity::IssueRequest> order = read_order(request, *body);
  if (!order) return order.error();
  const Result<std::string> password = pkcs12_password(*body);
  if (!password) return password.error();
  if (Status bound = bind_token(services, request, *body, *order); !bound) return bound.error();
  Status noted = audit(services, request, "certificate.issue", order->name,
                       "days " + std::to_string(order->days));
  const auto made =
      noted ? (*authority)->issue(*order) : Result<identity::NewCertificate>(noted.error());
  if (!made) {
    if (order->token) {
      static_cast<void>(services.identity.revoke_token(request.principal, *order->token));
    }
    return made.error();
  }
  services.on_certificates();
  Json json = issued_json(made->issued);
  json["authority"] = (*authority)->certificate_pem();
  if (!made->key_pem.empty()) json["key"] = made->key_pem;
  if (!made->key_pem.empty() && !password->empty()) {
    const auto file = sys::make_pkcs12({made->issued.pem, made->key_pem},
                                       (*authority)->certificate_pem(), *password, order->name);
    if (!file) return file.error();
    json["pkcs12"] = ledger::base64_text(*file);
  }
  return Reply::json(json, 201);
}

Result<Reply> revoke(const Services& services, const Request& request) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  std::optional<identity::TokenId> token;
  std::string name;
  for (const auto& one : (*authority)->list(request.tenant())) {
    if (one.id != CertificateId{*id}) continue;
    token = one.token;
    name = one.name;
  }
  if (Status done = (*authority)->revoke(request.tenant(), CertificateId{*id}); !done) {
    return done.error();
  }
  if (token) {  // it may have been revoked before
    static_cast<void>(services.identity.revoke_token(request.principal, *token));
  }
  Status noted = audit(services, request, "certificate.revoke", name);
  if (!noted) return noted.error();
  return Reply::nothing();
}

Result<Reply> renew(const Services& services, const Request& request) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  if (Status noted = audit(services, request, "certificate.renew", "server"); !noted) {
    return noted.error();
  }
  if (Status done = (*authority)->renew_server(); !done) return done.error();
  services.on_certificates();
  return show(services, request);
}

Result<Reply> import_server(const Services& services, const Request& request) {
  const Result<Authority*> authority = authority_of(services);
  if (!authority) return authority.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> certificate = text_of(*body, "certificate");
  if (!certificate) return certificate.error();
  const Result<std::string> key = text_of(*body, "key");
  if (!key) return key.error();
  if (Status noted = audit(services, request, "certificate.import", "server"); !noted) {
    return noted.error();
  }
  if (Status done = (*authority)->import_server({*certificate, *key}); !done) return done.error();
  services.on_certificates();
  return show(services, request);
}

}  // namespace

std::vector<Route> certificate_routes(const Services& services) {
  using identity::Permission;
  // All who meet this server trust its one authority: only the organisation that runs it issues.
  const Rule manage = Rule::needs(Permission::kCertificateManage);
  return {
      {"GET", "/authority", Rule::needs(Permission::kConnectionRead),
       "The certificate of the server, and the authority that signs for it", "", "Authority",
       bind(services, show)},
      {"GET", "/authority.pem", Rule::anyone(), "The certificate of the authority, to trust it", "",
       "", bind(services, authority_pem)},
      {"GET", "/authority.crl", Rule::anyone(), "The list of revoked certificates (CRL, DER)", "",
       "", bind(services, revoked_list)},
      {"POST", "/server-certificate/renew", manage, "Give the server a new certificate at once", "",
       "Authority", bind(services, renew)},
      {"PUT", "/server-certificate", manage,
       "Give the server a certificate that another authority has signed", "ServerCertificate",
       "Authority", bind(services, import_server)},
      {"GET", "/issued-certificates", manage, "Certificates of machines, programs and partners", "",
       "IssuedPage", bind(services, list_issued)},
      {"POST", "/issued-certificates", manage,
       "Issue one, with a new key that is shown once, or for a request", "NewIssued", "Issued",
       bind(services, issue)},
      {"POST", "/issued-certificates/{id}/revoke", manage,
       "Revoke one at once, and the token whose rights it has", "", "", bind(services, revoke)},
  };
}

}  // namespace lineshaft::api

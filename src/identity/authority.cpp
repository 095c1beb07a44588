#include "identity/authority.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace lineshaft::identity {
namespace {

using std::chrono::hours;

constexpr Nanoseconds kDay = hours(24);
constexpr Nanoseconds kClockSkew = hours(1);  // of who checks it
constexpr int kAuthorityDays = 3652;          // ten years
constexpr Nanoseconds kListLifetime = hours(7 * 24);
constexpr Nanoseconds kListAge = hours(1);
constexpr std::size_t kFileBytesMax = 1024 * 1024;

constexpr std::string_view kServerFile = "certificate.pem";
constexpr std::string_view kServerKeyFile = "key.pem";
constexpr std::string_view kAuthorityFile = "authority.pem";
constexpr std::string_view kAuthorityKeyFile = "authority-key.pem";

constexpr std::array<std::string_view, 1> kSteps{
    // 1: times are nanoseconds since 1970; token: whose rights it has, see TokenId.
    R"(CREATE TABLE issued_certificates (
         id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, name TEXT NOT NULL,
         server INTEGER NOT NULL, client INTEGER NOT NULL,
         serial TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL UNIQUE, token INTEGER,
         pem TEXT NOT NULL, issued INTEGER NOT NULL, not_after INTEGER NOT NULL,
         revoked INTEGER) STRICT;)",
};

IssuedCertificate read_row(records::Statement& row) {
  const auto token = row.optional_int64(7);
  const auto revoked = row.optional_int64(11);
  IssuedCertificate one{.id = CertificateId{static_cast<std::uint64_t>(row.int64(0))},
                        .tenant = TenantId{static_cast<std::uint32_t>(row.int64(1))},
                        .name = std::string(row.text(2)),
                        .server = row.int64(3) != 0,
                        .client = row.int64(4) != 0,
                        .serial = std::string(row.text(5)),
                        .fingerprint = std::string(row.text(6)),
                        .token = std::nullopt,
                        .pem = std::string(row.text(8)),
                        .issued = Timestamp{row.int64(9)},
                        .not_after = Timestamp{row.int64(10)},
                        .revoked = std::nullopt};
  if (token) one.token = TokenId{static_cast<std::uint64_t>(*token)};
  if (revoked) one.revoked = Timestamp{*revoked};
  return one;
}

bool covers(const sys::X509Info& info, const std::string& name) {
  // An IPv6 address is written out in certificates; ours are names and IPv4 but for the loopback.
  return std::ranges::count(info.dns_names, name) + std::ranges::count(info.addresses, name) > 0 ||
         name.find(':') != name.npos;
}

}  // namespace

std::string_view source_name(CertificateSource source) {
  switch (source) {
    case CertificateSource::kAuthority:
      return "authority";
    case CertificateSource::kSelfSigned:
      return "self-signed";
    case CertificateSource::kImported:
      return "imported";
    case CertificateSource::kConfigured:
      break;
  }
  return "configured";
}

Authority::Authority(std::unique_ptr<records::Database> database, sys::FileSystem& files,
                     sys::Clock& clock, AuthorityOptions options)
    : files_(files), clock_(clock), options_(std::move(options)), database_(std::move(database)) {}

Result<std::unique_ptr<Authority>> Authority::open(std::unique_ptr<records::Database> database,
                                                   sys::FileSystem& files, sys::Clock& clock,
                                                   AuthorityOptions options) {
  std::unique_ptr<Authority> made(
      new Authority(std::move(database), files, clock, std::move(options)));
  Status opened = made->database_->migrate("identity.authority", kSteps);
  if (opened) opened = made->load_issued();
  if (opened) opened = files.create_directories(made->options_.directory);
  if (opened) opened = made->load_authority();
  if (opened) opened = made->load_server();
  if (!opened) return opened.error();
  return made;
}

std::string Authority::path(std::string_view name) const {
  return sys::join_path(options_.directory, name);
}

Result<sys::Certificate> Authority::read(std::string_view certificate_name,
                                         std::string_view key_name) const {
  const Result<Bytes> certificate = sys::read_file(files_, path(certificate_name), kFileBytesMax);
  if (!certificate) return certificate.error();
  const Result<Bytes> key = sys::read_file(files_, path(key_name), kFileBytesMax);
  if (!key) return key.error();
  return sys::Certificate{std::string(as_text(*certificate)), std::string(as_text(*key))};
}

// The key first: a certificate without its key would be taken for a complete pair. Files are made
// for the owner only.
Status Authority::keep(std::string_view certificate_name, std::string_view key_name,
                       const sys::Certificate& pair) {
  Status kept = sys::write_file_atomically(files_, path(key_name), as_bytes(pair.key_pem));
  if (!kept) return kept;
  return sys::write_file_atomically(files_, path(certificate_name), as_bytes(pair.certificate_pem));
}

// One that lacks a file is made anew: what the old one signed then ends with its connections.
Status Authority::load_authority() {
  if (files_.exists(path(kAuthorityFile)) && files_.exists(path(kAuthorityKeyFile))) {
    Result<sys::Certificate> found = read(kAuthorityFile, kAuthorityKeyFile);
    if (!found) return found.error();
    authority_ = *std::move(found);
    const Timestamp now = clock_.now();
    const auto info = sys::inspect_pem(authority_.certificate_pem);
    const bool valid = info && info->not_before <= now && now < info->not_after;
    if (valid && sys::make_crl(authority_, {}, 1, now, now + kListLifetime)) return {};
    // Made while the clock stood still in 1970, ten years ago, or damaged.
    log_error("identity", "the authority's certificate or key cannot be used: a new one is made");
  }
  const Timestamp begins = clock_.now() + -kClockSkew;
  const std::string name =
      "Lineshaft authority of " +
      (options_.server_names.empty() ? std::string("this server") : options_.server_names.back());
  auto made = sys::make_authority(name.substr(0, 64), begins, begins + kDay * kAuthorityDays);
  if (!made) return made.error();
  authority_ = *std::move(made);
  return keep(kAuthorityFile, kAuthorityKeyFile, authority_);
}

Status Authority::load_server() {
  const std::lock_guard lock(mutex_);
  if (options_.configured) {
    server_ = *options_.configured;
    return {};
  }
  if (files_.exists(path(kServerFile)) && files_.exists(path(kServerKeyFile))) {
    Result<sys::Certificate> found = read(kServerFile, kServerKeyFile);
    if (!found) return found.error();
    server_ = *std::move(found);
    const auto fits = sys::check_server_certificate(server_, clock_.now());
    if (fits) return {};
    log_warn("identity", "the server's certificate is replaced: " + fits.error().what);
  }
  return make_server();
}

Status Authority::load_issued() {
  auto select = database_->prepare(
      "SELECT id, tenant, name, server, client, serial, fingerprint, token, pem, issued, "
      "not_after, "
      "revoked FROM issued_certificates ORDER BY id");
  if (!select) return select.error();
  for (;;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) return {};
    by_fingerprint_[std::string(select->text(6))] = issued_.size();
    issued_.push_back(read_row(*select));
  }
}

Status Authority::make_server() {
  const Timestamp now = clock_.now();
  sys::CertificateContent content;
  content.common_name = "Lineshaft";
  content.names = options_.server_names;
  content.server = true;
  content.not_before = now + -kClockSkew;
  content.not_after = content.not_before + kDay * kServerCertificateDays;
  auto made = sys::issue_certificate(authority_, content, sys::KeyKind::kEcP256);
  if (!made) return made.error();
  // Whoever trusts the authority, or pins it, checks the server by it.
  made->certificate_pem += authority_.certificate_pem;
  if (Status kept = keep(kServerFile, kServerKeyFile, *made); !kept) return kept;
  server_ = *std::move(made);
  return {};
}

sys::HttpsIdentity Authority::https() const {
  const std::lock_guard lock(mutex_);
  // Browsers may ask their user for a certificate where a server asks for one: only where there is
  // one to show.
  const bool asks = std::ranges::any_of(issued_, [](const auto& one) { return one.client; });
  return {server_, asks ? authority_.certificate_pem : std::string()};
}

Result<ServerCertificate> Authority::server_now() const {
  Result<sys::X509Info> info = sys::inspect_pem(server_.certificate_pem);
  if (!info) return info.error();
  ServerCertificate own{*std::move(info), CertificateSource::kImported, std::nullopt};
  if (options_.configured) {
    own.source = CertificateSource::kConfigured;
    return own;
  }
  if (sys::is_signed_by(server_.certificate_pem, authority_.certificate_pem)) {
    own.source = CertificateSource::kAuthority;
  } else if (own.info.issuer == own.info.subject) {
    own.source = CertificateSource::kSelfSigned;
  } else {
    return own;
  }
  const Nanoseconds life = own.info.not_after - own.info.not_before;
  own.renews = own.info.not_before + life / 3 * 2;
  return own;
}

Result<ServerCertificate> Authority::server() const {
  const std::lock_guard lock(mutex_);
  return server_now();
}

Status Authority::import_server(const sys::Certificate& own) {
  const auto fits = sys::check_server_certificate(own, clock_.now());
  if (!fits) return fits.error();
  const std::lock_guard lock(mutex_);
  if (options_.configured) {
    return Error{ErrorId::kConflict, "the configuration names a certificate: tls.certificate"};
  }
  if (Status kept = keep(kServerFile, kServerKeyFile, own); !kept) return kept;
  server_ = own;
  return {};
}

Status Authority::renew_server() {
  const std::lock_guard lock(mutex_);
  if (options_.configured) {
    return Error{ErrorId::kConflict, "the configuration names a certificate: tls.certificate"};
  }
  return make_server();
}

bool Authority::renewal_is_due(const ServerCertificate& own) const {
  if (!own.renews) return false;
  if (clock_.now() >= *own.renews) return true;
  return own.source == CertificateSource::kAuthority &&
         !std::ranges::all_of(options_.server_names,
                              [&](const auto& name) { return covers(own.info, name); });
}

Result<bool> Authority::maintain() {
  const std::lock_guard lock(mutex_);
  const Result<ServerCertificate> own = server_now();
  if (!own) return own.error();
  if (!renewal_is_due(*own)) return false;
  if (Status made = make_server(); !made) return made.error();
  return true;
}

Result<Bytes> Authority::revoked_list() {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.now();
  if (list_made_ && now - *list_made_ < kListAge && now >= *list_made_) return list_;
  std::vector<sys::RevokedCertificate> revoked;
  for (const IssuedCertificate& one : issued_) {
    if (one.revoked) revoked.push_back({one.serial, *one.revoked});
  }
  const auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ns, 0));
  Result<Bytes> list = sys::make_crl(authority_, revoked, number, now, now + kListLifetime);
  if (!list) return list;
  list_ = *std::move(list);
  list_made_ = now;
  return list_;
}

Result<NewCertificate> Authority::issue(const IssueRequest& request) {
  if (request.days < 1 || request.days > kIssuedDaysMax) {
    return Error{ErrorId::kInvalidArgument,
                 "days: must be from 1 to " + std::to_string(kIssuedDaysMax)};
  }
  if (!request.server && !request.client) {
    return Error{ErrorId::kInvalidArgument, "use: must name server, client or both"};
  }
  const Timestamp now = clock_.now();
  sys::CertificateContent content;
  content.common_name = request.name;
  content.names = request.names;
  content.uris = request.uris;
  content.server = request.server;
  content.client = request.client;
  content.not_before = now + -kClockSkew;
  content.not_after = now + kDay * request.days;
  sys::Certificate made;
  if (request.request_pem.empty()) {
    auto pair = sys::issue_certificate(authority_, content, request.key);
    if (!pair) return pair.error();
    made = *std::move(pair);
  } else {
    auto signed_pem = sys::sign_request(authority_, request.request_pem, content);
    if (!signed_pem) return signed_pem.error();
    made.certificate_pem = *std::move(signed_pem);
  }
  const Result<sys::X509Info> info = sys::inspect_pem(made.certificate_pem);
  if (!info) return info.error();
  IssuedCertificate issued{.id = {},
                           .tenant = request.tenant,
                           .name = request.name,
                           .server = request.server,
                           .client = request.client,
                           .serial = info->serial,
                           .fingerprint = info->sha256,
                           .token = request.token,
                           .pem = made.certificate_pem,
                           .issued = now,
                           .not_after = info->not_after,
                           .revoked = std::nullopt};
  const std::lock_guard lock(mutex_);
  const auto count = std::ranges::count(issued_, request.tenant, &IssuedCertificate::tenant);
  if (static_cast<std::size_t>(count) >= kIssuedPerTenantMax) {
    return Error{ErrorId::kConflict, "the organisation has " + std::to_string(kIssuedPerTenantMax) +
                                         " certificates already"};
  }
  const auto token =
      request.token ? std::optional(static_cast<std::int64_t>(request.token->value)) : std::nullopt;
  Status kept = database_->run(
      "INSERT INTO issued_certificates (tenant, name, server, client, serial, fingerprint, token, "
      "pem, issued, not_after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
      std::int64_t{request.tenant.value}, issued.name, std::int64_t{issued.server},
      std::int64_t{issued.client}, issued.serial, issued.fingerprint, token, issued.pem,
      issued.issued, issued.not_after);
  if (!kept) return kept.error();
  issued.id = CertificateId{static_cast<std::uint64_t>(database_->last_insert_id())};
  by_fingerprint_[issued.fingerprint] = issued_.size();
  issued_.push_back(issued);
  return NewCertificate{std::move(issued), std::move(made.key_pem)};
}

Status Authority::revoke(TenantId tenant, CertificateId id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      issued_, [&](const auto& one) { return one.id == id && one.tenant == tenant; });
  if (found == issued_.end()) {
    return Error{ErrorId::kNotFound, "there is no certificate " + std::to_string(id.value)};
  }
  if (found->revoked) return {};
  const Timestamp now = clock_.now();
  // At once, also when the disk then refuses to note it.
  found->revoked = now;
  list_made_.reset();
  return database_->run("UPDATE issued_certificates SET revoked = ?2 WHERE id = ?1",
                        static_cast<std::int64_t>(id.value), now);
}

std::vector<IssuedCertificate> Authority::list(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<IssuedCertificate> own;
  std::ranges::copy_if(issued_, std::back_inserter(own),
                       [&](const auto& one) { return one.tenant == tenant; });
  return own;
}

std::optional<TokenId> Authority::token_of(const std::string& fingerprint) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_fingerprint_.find(fingerprint);
  if (found == by_fingerprint_.end()) return std::nullopt;
  const IssuedCertificate& one = issued_[found->second];
  if (!one.client || one.revoked || clock_.now() >= one.not_after) return std::nullopt;
  return one.token;
}

}  // namespace lineshaft::identity

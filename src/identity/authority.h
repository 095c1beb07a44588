// identity/authority.h: the server's own certificate, and the authority that signs for it and for
// machines, programs and partners.
//
// A client certificate of the authority is bound to a token and has the token's rights, no more:
// revoking either ends both. Whether one is good is asked at every request, so a revocation works
// at once on connections that are open, and does not wait for a list to be read.
//
// Threads: any. "Quick" and "blocks" as in identity.h.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "identity/identity.h"
#include "records/database.h"
#include "sys/file.h"
#include "sys/tls.h"
#include "sys/x509_issue.h"

namespace lineshaft::identity {

using CertificateId = StrongId<struct CertificateIdName, std::uint64_t>;  // from 1, never reused

inline constexpr std::uint32_t kServerCertificateDays = 397;  // what browsers accept at most
inline constexpr std::uint32_t kIssuedDaysMax = 825;
inline constexpr std::size_t kIssuedPerTenantMax = 10'000;

enum class CertificateSource : std::uint8_t { kAuthority, kSelfSigned, kImported, kConfigured };
std::string_view source_name(CertificateSource source);  // "authority", "self-signed", ...

struct ServerCertificate {
  sys::X509Info info;
  CertificateSource source = CertificateSource::kAuthority;
  std::optional<Timestamp> renews;  // by itself; nothing: somebody has to bring a new one
};

struct IssuedCertificate {
  CertificateId id;
  TenantId tenant;
  std::string name;
  bool server = false;
  bool client = false;
  std::string serial;
  std::string fingerprint;
  std::optional<TokenId> token;  // whose rights it has on this server
  std::string pem;
  Timestamp issued;
  Timestamp not_after;
  std::optional<Timestamp> revoked;
};

struct IssueRequest {
  TenantId tenant;
  std::string name;
  std::vector<std::string> names;
  std::vector<std::string> uris;
  bool server = false;
  bool client = false;
  std::uint32_t days = kServerCertificateDays;  // 1..kIssuedDaysMax
  sys::KeyKind key = sys::KeyKind::kEcP256;
  std::string request_pem;  // PKCS#10: then the key stays with who made it
  std::optional<TokenId> token;
};

// `key_pem` is here once and nowhere else; "" if a request was signed.
struct NewCertificate {
  IssuedCertificate issued;
  std::string key_pem;
};

struct AuthorityOptions {
  std::string directory;                       // "DATA/tls"
  std::vector<std::string> server_names;       // DNS names and addresses of this server
  std::optional<sys::Certificate> configured;  // used instead of any of ours
};

class Authority {
 public:
  // Makes what is missing: the authority, the server's certificate. One that others made and that
  // fits its key is kept. Errors: kIoError, kDiskFull, kTlsFailed, as Database. Blocks.
  static Result<std::unique_ptr<Authority>> open(std::unique_ptr<records::Database> database,
                                                 sys::FileSystem& files, sys::Clock& clock,
                                                 AuthorityOptions options);

  // --- the server's own ---
  sys::HttpsIdentity https() const;  // quick
  Result<ServerCertificate> server() const;
  // A chain and its key from elsewhere. Errors: kInvalidArgument saying what does not fit,
  // kConflict: the configuration names another. Blocks.
  Status import_server(const sys::Certificate& own);
  // A new one of the authority at once, also in place of an imported one. Errors: kConflict.
  // Blocks.
  Status renew_server();
  // Renews what has lived two thirds of its life or lacks a name. True: https() has changed. Call
  // it now and then. Blocks.
  Result<bool> maintain();

  // --- the authority ---
  const std::string& certificate_pem() const { return authority_.certificate_pem; }
  Result<sys::X509Info> info() const { return sys::inspect_pem(authority_.certificate_pem); }
  Result<Bytes> revoked_list();  // DER; made anew after a revocation and once an hour

  // --- what it issues --- Errors of issue: kInvalidArgument naming the field, kConflict
  // (kIssuedPerTenantMax). Of revoke: kNotFound. Both block.
  Result<NewCertificate> issue(const IssueRequest& request);
  Status revoke(TenantId tenant, CertificateId id);
  std::vector<IssuedCertificate> list(TenantId tenant) const;  // in the order of issue
  // The token whose rights the certificate with this SHA-256 fingerprint has; nothing if it is not
  // one of ours, has ended or is revoked. Quick.
  std::optional<TokenId> token_of(const std::string& fingerprint) const;

 private:
  Authority(std::unique_ptr<records::Database> database, sys::FileSystem& files, sys::Clock& clock,
            AuthorityOptions options);
  Status load_authority();
  Status load_server();
  Status load_issued();
  Status make_server();                          // mutex_ held
  Result<ServerCertificate> server_now() const;  // mutex_ held
  bool renewal_is_due(const ServerCertificate& own) const;
  std::string path(std::string_view name) const;
  Status keep(std::string_view certificate_name, std::string_view key_name,
              const sys::Certificate& pair);
  Result<sys::Certificate> read(std::string_view certificate_name, std::string_view key_name) const;

  sys::FileSystem& files_;
  sys::Clock& clock_;
  AuthorityOptions options_;
  sys::Certificate authority_;  // does not change once open

  mutable std::mutex mutex_;
  std::unique_ptr<records::Database> database_;                  // guarded by mutex_
  sys::Certificate server_;                                      // guarded by mutex_
  std::vector<IssuedCertificate> issued_;                        // guarded by mutex_
  std::unordered_map<std::string, std::size_t> by_fingerprint_;  // guarded by mutex_
  Bytes list_;                                                   // guarded by mutex_
  std::optional<Timestamp> list_made_;                           // guarded by mutex_
};

}  // namespace lineshaft::identity

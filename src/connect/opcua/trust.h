// connect/opcua/trust.h: who we are and whom we believe: our own application certificate, a folder
// of trusted ones, and those that were refused and wait for somebody's decision.
//
// Folder, a file in DER form each:
//   own/          certificate.der and key.der; ecc-certificate.der and ecc-key.der
//   trusted/      applications, each by itself: what it signed is not trusted with it, even where
//   its
//                 certificate says that it may sign, as self-made ones of many devices do
//   authorities/  all that they signed is trusted, unless crls/ says otherwise; put here by hand
//   issuers/      links of a chain up to an authority, where a device does not send them
//   crls/         revocation lists of authorities and issuers; each must have one
//   rejected/     refused, waiting for somebody's decision
// Files of ours are named by the thumbprint; others may have any name. All are read at opening.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "connect/opcua/settings.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/x509.h"

namespace lineshaft::connect::opcua {

// Certificates kept for a decision: anybody who can connect adds one, so there is a bound; beyond
// it the one that has waited longest goes.
inline constexpr std::size_t kRejectedMax = 100;

struct Identity {
  std::string application_uri;  // the same as in the certificate: OPC UA insists
  Bytes certificate;            // DER
  Bytes key;                    // DER, secret
};

struct RejectedCertificate {
  sys::X509Info info;
  std::string why;  // what stands against it now, and what to do
};

// Threads: any.
class TrustStore {
 public:
  // Opens the folder, or makes it with fresh certificates for five years (RSA 2048, which every OPC
  // UA device can read, and one on the curve P-256) that name `hosts`, the first of them in the
  // ApplicationUri too. Without one on the curve it goes on: the policies that want it are missing.
  // Requires: at least one host. Errors: kIoError, kDiskFull, kTlsFailed (own/ is unusable).
  static Result<std::unique_ptr<TrustStore>> open(sys::FileSystem& files, sys::Clock& clock,
                                                  std::string folder,
                                                  const std::vector<std::string>& hosts);
  ~TrustStore();

  const Identity& own() const { return own_; }
  // With a key of that kind; null: there is none. RSA there is always.
  const Identity* own(KeyKind kind) const;
  // Errors: kNotFound; kTlsFailed.
  Result<sys::X509Info> own_info(KeyKind kind = KeyKind::kRsa) const;

  // Is the sender of this chain (leaf first) to be believed to be `application_uri`? "": whoever.
  // What is refused but could be approved is kept in rejected/.
  // Errors: kTlsFailed with the reason and the remedy.
  Status verify(ByteSpan chain, std::string_view application_uri);

  std::vector<RejectedCertificate> rejected() const;
  std::vector<sys::X509Info> trusted() const;

  // By thumbprint (sys::X509Info::sha1). Errors: kNotFound; of the disk.
  Status approve(std::string_view thumbprint);   // rejected -> trusted
  Status distrust(std::string_view thumbprint);  // trusted -> rejected
  Status forget(std::string_view thumbprint);    // rejected -> gone
  // Trusts a certificate that came by another way. Errors: kTlsFailed; of the disk.
  Status trust(ByteSpan certificate);

 private:
  struct Chains;  // the authorities, as open62541 holds them

  TrustStore(sys::FileSystem& files, sys::Clock& clock, std::string folder);
  Result<Identity> load_or_make(KeyKind kind, const std::vector<std::string>& hosts,
                                const std::string& application_uri);
  Status load();
  Status judge(ByteSpan chain, std::string_view application_uri) const;
  void keep_rejected(ByteSpan leaf, const std::string& thumbprint);
  Status move(std::string_view thumbprint, bool to_trusted);
  std::string path(std::string_view folder, std::string_view thumbprint) const;

  struct Known {
    Bytes der;
    std::string file;
  };

  sys::FileSystem& files_;
  sys::Clock& clock_;
  const std::string folder_;
  Identity own_;
  std::optional<Identity> own_on_curve_;
  mutable std::mutex mutex_;
  std::map<std::string, Known, std::less<>> trusted_;  // by thumbprint
  std::map<std::string, Known, std::less<>> rejected_;
  std::vector<std::string> rejected_order_;  // the longest waiting first
  std::unique_ptr<Chains> chains_;
};

}  // namespace lineshaft::connect::opcua

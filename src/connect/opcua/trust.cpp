#include "connect/opcua/trust.h"

#include <open62541/plugin/certificategroup_default.h>
#include <open62541/plugin/create_certificate.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/log.h"
#include "connect/opcua/ua_values.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::size_t kFilesMax = 1000;
constexpr UA_UInt16 kKeyBits = 2048;
constexpr UA_UInt16 kValidDays = 5 * 365;
constexpr unsigned kRsaBitsMin = 2048;  // of every current policy
constexpr unsigned kCurveBitsMax = 521;

const UA_Logger kSilent = {};

Error refused(std::string what) { return {ErrorId::kTlsFailed, std::move(what)}; }

UA_ByteString view_of_bytes(ByteSpan bytes) {
  return {bytes.size(), const_cast<UA_Byte*>(bytes.data())};
}

ByteSpan leaf_of(ByteSpan chain) {
  return chain.first(sys::first_certificate_bytes(chain).value_or(chain.size()));
}

Result<Identity> make_identity(KeyKind kind, const std::vector<std::string>& hosts,
                               const std::string& application_uri) {
  Identity made;
  made.application_uri = application_uri;
  std::vector<std::string> names = {"URI:" + made.application_uri};
  for (const std::string& host : hosts) {
    const bool address = host.find_first_not_of("0123456789.:abcdefABCDEF") == std::string::npos &&
                         host.find_first_of(".:") != std::string::npos;
    names.push_back((address ? "IP:" : "DNS:") + host);
  }
  const std::string common_name = "CN=Lineshaft@" + hosts.front();
  UA_String subject[] = {view_of("O=Lineshaft"), view_of(common_name)};
  std::vector<UA_String> alternatives;
  for (const std::string& name : names) alternatives.push_back(view_of(name));

  UA_UInt16 bits = kKeyBits;
  UA_UInt16 days = kValidDays;
  UA_String type = view_of(kind == KeyKind::kRsa ? "RSA" : "EC");
  UA_String curve = view_of("nistp256");  // of no matter for RSA
  UA_KeyValuePair pairs[4];
  pairs[0].key = UA_QUALIFIEDNAME(0, const_cast<char*>("key-size-bits"));
  UA_Variant_setScalar(&pairs[0].value, &bits, &UA_TYPES[UA_TYPES_UINT16]);
  pairs[1].key = UA_QUALIFIEDNAME(0, const_cast<char*>("expires-in-days"));
  UA_Variant_setScalar(&pairs[1].value, &days, &UA_TYPES[UA_TYPES_UINT16]);
  pairs[2].key = UA_QUALIFIEDNAME(0, const_cast<char*>("key-type"));
  UA_Variant_setScalar(&pairs[2].value, &type, &UA_TYPES[UA_TYPES_STRING]);
  pairs[3].key = UA_QUALIFIEDNAME(0, const_cast<char*>("ecc-curve"));
  UA_Variant_setScalar(&pairs[3].value, &curve, &UA_TYPES[UA_TYPES_STRING]);
  UA_KeyValueMap parameters{4, pairs};

  Ua<UA_ByteString, UA_TYPES_BYTESTRING> key;
  Ua<UA_ByteString, UA_TYPES_BYTESTRING> certificate;
  const UA_StatusCode status =
      UA_CreateCertificate(&kSilent, subject, 2, alternatives.data(), alternatives.size(),
                           UA_CERTIFICATEFORMAT_DER, &parameters, key.get(), certificate.get());
  if (status != UA_STATUSCODE_GOOD) {
    return refused("making an application certificate failed: " + status_text(status));
  }
  made.key.assign(key->data, key->data + key->length);
  made.certificate.assign(certificate->data, certificate->data + certificate->length);
  return made;
}

}  // namespace

struct TrustStore::Chains {
  std::vector<Bytes> authorities;
  std::vector<Bytes> issuers;
  std::vector<Bytes> crls;
  UA_CertificateGroup group{};

  ~Chains() {
    if (group.clear != nullptr) group.clear(&group);
  }

  void build() {
    const auto views = [](const std::vector<Bytes>& list) {
      std::vector<UA_ByteString> out;
      for (const Bytes& one : list) out.push_back(view_of_bytes(one));
      return out;
    };
    auto trusted_views = views(authorities);
    auto issuer_views = views(issuers);
    auto crl_views = views(crls);
    UA_TrustListDataType list;
    UA_TrustListDataType_init(&list);
    list.specifiedLists = UA_TRUSTLISTMASKS_ALL;
    list.trustedCertificates = trusted_views.data();
    list.trustedCertificatesSize = trusted_views.size();
    list.issuerCertificates = issuer_views.data();
    list.issuerCertificatesSize = issuer_views.size();
    list.trustedCrls = crl_views.data();
    list.trustedCrlsSize = crl_views.size();
    if (group.clear != nullptr) group.clear(&group);
    group = {};
    UA_NodeId id = UA_NODEID_NULL;
    if (UA_CertificateGroup_Memorystore(&group, &id, &list, nullptr, nullptr) !=
        UA_STATUSCODE_GOOD) {
      group = {};
    }
  }
};

TrustStore::TrustStore(sys::FileSystem& files, sys::Clock& clock, std::string folder)
    : files_(files), clock_(clock), folder_(std::move(folder)) {}
TrustStore::~TrustStore() = default;

Result<std::unique_ptr<TrustStore>> TrustStore::open(sys::FileSystem& files, sys::Clock& clock,
                                                     std::string folder,
                                                     const std::vector<std::string>& hosts) {
  LS_ASSERT(!hosts.empty());
  std::unique_ptr<TrustStore> store(new TrustStore(files, clock, std::move(folder)));
  for (const char* name : {"own", "trusted", "authorities", "issuers", "crls", "rejected"}) {
    if (Status made = files.create_directories(sys::join_path(store->folder_, name)); !made) {
      return made.error();
    }
  }
  auto own = store->load_or_make(KeyKind::kRsa, hosts, "urn:" + hosts.front() + ":lineshaft");
  if (!own) return own.error();
  store->own_ = *std::move(own);
  auto on_curve = store->load_or_make(KeyKind::kNistP256, hosts, store->own_.application_uri);
  if (on_curve) {
    store->own_on_curve_ = *std::move(on_curve);
  } else {
    log_warn("opcua", "policies with elliptic curves are missing: " + on_curve.error().text());
  }
  if (Status loaded = store->load(); !loaded) return loaded.error();
  return store;
}

Result<Identity> TrustStore::load_or_make(KeyKind kind, const std::vector<std::string>& hosts,
                                          const std::string& application_uri) {
  const std::string own = sys::join_path(folder_, "own");
  // The vault knows private keys by how their names end: *key.der.
  const std::string prefix = kind == KeyKind::kRsa ? "" : "ecc-";
  const std::string certificate_file = sys::join_path(own, prefix + "certificate.der");
  const std::string key_file = sys::join_path(own, prefix + "key.der");
  if (!files_.exists(certificate_file)) {
    auto made = make_identity(kind, hosts, application_uri);
    if (!made) return made.error();
    // The key first: a certificate without its key would never be replaced.
    if (Status kept = sys::write_file_atomically(files_, key_file, made->key); !kept) {
      return kept.error();
    }
    Status kept = sys::write_file_atomically(files_, certificate_file, made->certificate);
    if (!kept) return kept.error();
    return made;
  }
  auto certificate = sys::read_file(files_, certificate_file, kFileBytesMax);
  if (!certificate) return certificate.error();
  auto key = sys::read_file(files_, key_file, kFileBytesMax);
  if (!key) return key.error();
  const auto info = sys::inspect_x509(*certificate);
  if (!info || info->uris.empty()) {
    return refused(certificate_file +
                   " is no application certificate (it must name an ApplicationUri); remove it and "
                   "its key to get fresh ones");
  }
  if (kind != KeyKind::kRsa && info->uris.front() != application_uri) {
    return refused(certificate_file + " names " + info->uris.front() + ", certificate.der " +
                   application_uri + "; remove the first and its key to get fresh ones");
  }
  return Identity{info->uris.front(), std::move(*certificate), std::move(*key)};
}

const Identity* TrustStore::own(KeyKind kind) const {
  if (kind == KeyKind::kRsa) return &own_;
  return own_on_curve_ ? &*own_on_curve_ : nullptr;
}

Result<sys::X509Info> TrustStore::own_info(KeyKind kind) const {
  const Identity* identity = own(kind);
  if (identity == nullptr) {
    return Error{ErrorId::kNotFound, "there is no certificate of this kind"};
  }
  return sys::inspect_x509(identity->certificate);
}

Status TrustStore::load() {
  chains_ = std::make_unique<Chains>();
  // A file that is none of ours is left alone and named, so that it cannot stop the others.
  const auto each = [this](const char* name, const std::function<void(Bytes, std::string)>& take) {
    const std::string folder = sys::join_path(folder_, name);
    const auto entries = files_.list(folder);
    if (!entries) return Status(entries.error());
    std::size_t taken = 0;
    for (const std::string& entry : *entries) {
      if (entry.ends_with(".tmp") || ++taken > kFilesMax) continue;
      const std::string file = sys::join_path(folder, entry);
      auto content = sys::read_file(files_, file, kFileBytesMax);
      if (content) take(std::move(*content), file);
    }
    return Status();
  };
  const auto certificates = [&](const char* name, auto take) {
    return each(name, [&](Bytes der, const std::string& file) {
      const auto info = sys::inspect_x509(der);
      if (!info) return log_warn("opcua", file + " is no certificate in DER form; left out");
      take(*info, std::move(der), file);
    });
  };
  Status done = certificates("trusted", [this](const auto& info, Bytes der, std::string file) {
    trusted_[info.sha1] = {std::move(der), std::move(file)};
  });
  if (!done) return done;
  done = certificates("rejected", [this](const auto& info, Bytes der, std::string file) {
    rejected_order_.push_back(info.sha1);
    rejected_[info.sha1] = {std::move(der), std::move(file)};
  });
  if (!done) return done;
  done = certificates("authorities", [this](const auto& /*info*/, Bytes der, std::string /*file*/) {
    chains_->authorities.push_back(std::move(der));
  });
  if (!done) return done;
  done = certificates("issuers", [this](const auto& /*info*/, Bytes der, std::string /*file*/) {
    chains_->issuers.push_back(std::move(der));
  });
  if (!done) return done;
  done = each("crls", [this](Bytes crl, const std::string& /*file*/) {
    chains_->crls.push_back(std::move(crl));
  });
  chains_->build();
  return done;
}

std::string TrustStore::path(std::string_view folder, std::string_view thumbprint) const {
  return sys::join_path(sys::join_path(folder_, folder), std::string(thumbprint) + ".der");
}

Status TrustStore::verify(ByteSpan chain, std::string_view application_uri) {
  const std::lock_guard lock(mutex_);
  Status judged = judge(chain, application_uri);
  if (judged) return judged;
  const ByteSpan leaf = leaf_of(chain);
  if (const auto info = sys::inspect_x509(leaf); info && !trusted_.contains(info->sha1)) {
    keep_rejected(leaf, info->sha1);
  }
  return judged;
}

// The certificate's own faults come before the question of trust: approving would not mend them.
Status TrustStore::judge(ByteSpan chain, std::string_view application_uri) const {
  const auto read = sys::inspect_x509(chain);
  if (!read) return refused("the other side sent no usable certificate");
  const sys::X509Info& info = *read;
  const std::string name = "the certificate " + info.subject + " (thumbprint " + info.sha1 + ") ";
  if (info.key_bits > kCurveBitsMax && info.key_bits < kRsaBitsMin) {
    return refused(name + "has a key of " + std::to_string(info.key_bits) +
                   " bits; 2048 are the least");
  }
  const Timestamp now = clock_.now();
  if (now > info.not_after) {
    return refused(name + "expired on " + format_rfc3339(info.not_after) +
                   ": renew it on the device, or check the clock of this server");
  }
  if (now < info.not_before) {
    return refused(name + "is valid only from " + format_rfc3339(info.not_before) +
                   ": check the clocks of the device and of this server");
  }
  if (!application_uri.empty() && std::ranges::count(info.uris, application_uri) == 0) {
    return refused(name + "names " + (info.uris.empty() ? "no application" : info.uris.front()) +
                   ", but the other side calls itself " + std::string(application_uri) +
                   ": it was renamed after its certificate was made; let it make a new one");
  }
  const ByteSpan leaf = leaf_of(chain);
  const auto pinned = trusted_.find(info.sha1);
  if (pinned != trusted_.end() && std::ranges::equal(pinned->second.der, leaf)) return {};
  if (!chains_->authorities.empty() && chains_->group.verifyCertificate != nullptr) {
    const UA_ByteString bytes = view_of_bytes(chain);
    const UA_StatusCode status = chains_->group.verifyCertificate(&chains_->group, &bytes);
    if (status == UA_STATUSCODE_GOOD) return {};
    if (status != UA_STATUSCODE_BADCERTIFICATEUNTRUSTED &&
        status != UA_STATUSCODE_BADCERTIFICATECHAININCOMPLETE) {
      return refused(name + "was refused by its authority's rules: " + status_text(status));
    }
  }
  return refused(name +
                 "is not trusted: compare the thumbprint with what the device shows, then "
                 "approve it");
}

void TrustStore::keep_rejected(ByteSpan leaf, const std::string& thumbprint) {
  if (rejected_.contains(thumbprint)) return;
  const std::string file = path("rejected", thumbprint);
  if (Status kept = sys::write_file_atomically(files_, file, leaf); !kept) {
    return log_warn("opcua", "a refused certificate could not be kept: " + kept.error().text());
  }
  rejected_[thumbprint] = {Bytes(leaf.begin(), leaf.end()), file};
  rejected_order_.push_back(thumbprint);
  while (rejected_order_.size() > kRejectedMax) {
    const auto oldest = rejected_.find(rejected_order_.front());
    (void)files_.remove(oldest->second.file);
    rejected_.erase(oldest);
    rejected_order_.erase(rejected_order_.begin());
  }
}

std::vector<RejectedCertificate> TrustStore::rejected() const {
  const std::lock_guard lock(mutex_);
  std::vector<RejectedCertificate> list;
  for (const std::string& thumbprint : rejected_order_) {
    const Bytes& der = rejected_.find(thumbprint)->second.der;
    const Status judged = judge(der, {});
    list.push_back({sys::inspect_x509(der).value(),
                    judged ? "it would be accepted now" : judged.error().what});
  }
  return list;
}

std::vector<sys::X509Info> TrustStore::trusted() const {
  const std::lock_guard lock(mutex_);
  std::vector<sys::X509Info> list;
  for (const auto& [thumbprint, known] : trusted_) {
    list.push_back(sys::inspect_x509(known.der).value());
  }
  return list;
}

Status TrustStore::approve(std::string_view thumbprint) { return move(thumbprint, true); }
Status TrustStore::distrust(std::string_view thumbprint) { return move(thumbprint, false); }

Status TrustStore::move(std::string_view thumbprint, bool to_trusted) {
  const std::lock_guard lock(mutex_);
  auto& from = to_trusted ? rejected_ : trusted_;
  const auto found = from.find(thumbprint);
  if (found == from.end()) {
    return Error{ErrorId::kNotFound, "no certificate " + std::string(thumbprint) +
                                         (to_trusted ? " waits for approval" : " is trusted")};
  }
  Known known = found->second;
  const std::string file = path(to_trusted ? "trusted" : "rejected", thumbprint);
  if (Status kept = sys::write_file_atomically(files_, file, known.der); !kept) return kept;
  if (Status gone = files_.remove(known.file); !gone) return gone;
  known.file = file;
  const std::string key(thumbprint);
  from.erase(found);
  std::erase(rejected_order_, key);
  (to_trusted ? trusted_ : rejected_)[key] = std::move(known);
  if (!to_trusted) rejected_order_.push_back(key);
  return {};
}

Status TrustStore::forget(std::string_view thumbprint) {
  const std::lock_guard lock(mutex_);
  const auto found = rejected_.find(thumbprint);
  if (found == rejected_.end()) {
    return Error{ErrorId::kNotFound,
                 "no certificate " + std::string(thumbprint) + " waits for approval"};
  }
  if (Status gone = files_.remove(found->second.file); !gone) return gone;
  std::erase(rejected_order_, found->first);
  rejected_.erase(found);
  return {};
}

Status TrustStore::trust(ByteSpan certificate) {
  const auto info = sys::inspect_x509(certificate);
  if (!info) return info.error();
  {
    const std::lock_guard lock(mutex_);
    if (trusted_.contains(info->sha1)) return {};
    keep_rejected(leaf_of(certificate), info->sha1);
  }
  return approve(info->sha1);
}

}  // namespace lineshaft::connect::opcua

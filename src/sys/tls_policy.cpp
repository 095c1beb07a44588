#include "sys/tls_policy.h"

#include <openssl/ssl.h>

#include <memory>

#include "sys/openssl_ptr.h"

namespace lineshaft::sys {
namespace {

// A stranger's certificates are kept in memory before anybody has looked at them.
constexpr long kChainBytesMax = 32 * 1024;
// TLS 1.3 clients ask for few tickets; two are what browsers use for parallel connections.
constexpr std::size_t kTickets = 2;

using openssl::BioPtr;
using openssl::failed;
using openssl::reader_of;
using openssl::X509Ptr;
using StorePtr = std::unique_ptr<X509_STORE, openssl::Freer<X509_STORE, X509_STORE_free>>;
using StoreContextPtr =
    std::unique_ptr<X509_STORE_CTX, openssl::Freer<X509_STORE_CTX, X509_STORE_CTX_free>>;

Status use_certificate(SSL_CTX* context, const Certificate& own) {
  const BioPtr certificates = reader_of(own.certificate_pem);
  const X509Ptr leaf(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return failed("the certificate cannot be used");
  }
  while (X509Ptr issuer{PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) == 1) static_cast<void>(issuer.release());
  }
  ERR_clear_error();  // the end of the text was found by running into it
  const openssl::KeyPtr key(
      PEM_read_bio_PrivateKey(reader_of(own.key_pem).get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return failed("the key of the certificate cannot be used");
  }
  return {};
}

// Clients may show a certificate of these authorities; one of others ends the handshake.
Status ask_clients(SSL_CTX* context, const std::string& authorities_pem) {
  const BioPtr authorities = reader_of(authorities_pem);
  while (X509Ptr authority{PEM_read_bio_X509(authorities.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return failed("the authority of clients cannot be used");
    }
  }
  ERR_clear_error();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return {};
}

std::string fingerprint_of(X509* certificate) {
  const BioPtr pem(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(pem.get(), certificate) != 1) return {};
  Result<std::string> fingerprint = certificate_fingerprint(openssl::text_of(pem.get()));
  return fingerprint ? *std::move(fingerprint) : std::string();
}

// Has `authority` signed for `leaf`, over the certificates between, and for that host?
Status vouches(X509* authority, X509* leaf, STACK_OF(X509) * chain, const std::string& host) {
  const StorePtr store(X509_STORE_new());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!store || !context || X509_STORE_add_cert(store.get(), authority) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), leaf, chain) != 1) {
    return failed("checking a certificate");
  }
  X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1) {
    X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
  }
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (good) return {};
  return Error{ErrorId::kTlsFailed,
               host + ": its certificate is refused: " +
                   X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))};
}

}  // namespace

void apply_tls_policy(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_ciphersuites(
      context, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_COMPRESSION);
  // Idle connections hold no buffers of 34 KiB each.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kChainBytesMax);
}

void trust_only(ssl_ctx_st* context, const std::string& pem) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const BioPtr trusted = reader_of(pem);
  while (const X509Ptr certificate{PEM_read_bio_X509(trusted.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store, certificate.get());
  }
  ERR_clear_error();  // the end of the text was found by running into it
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
}

Status set_up_https(SSL_CTX* context, const HttpsIdentity& identity) {
  apply_tls_policy(context);
  SSL_CTX_set_num_tickets(context, kTickets);
  constexpr unsigned char kSessionContext[] = "lineshaft";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof(kSessionContext) - 1);
  if (Status used = use_certificate(context, identity.certificate); !used) return used;
  return identity.clients_pem.empty() ? Status() : ask_clients(context, identity.clients_pem);
}

std::string proven_fingerprint(SSL* connection) {
  const X509Ptr certificate(SSL_get1_peer_certificate(connection));
  if (!certificate || SSL_get_verify_result(connection) != X509_V_OK) return {};
  return fingerprint_of(certificate.get());
}

Status check_pin(SSL* connection, const std::string& pin, const std::string& host) {
  const X509Ptr leaf(SSL_get1_peer_certificate(connection));
  if (!leaf) return Error{ErrorId::kTlsFailed, host + " shows no certificate"};
  const std::string shown = fingerprint_of(leaf.get());
  if (shown == pin) return {};
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(connection);  // of the connection
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    X509* const authority = sk_X509_value(chain, i);
    if (fingerprint_of(authority) != pin) continue;
    if (Status vouched = vouches(authority, leaf.get(), chain, host); !vouched) return vouched;
    return {};
  }
  return Error{ErrorId::kTlsFailed, host + " shows another certificate: " + shown};
}

}  // namespace lineshaft::sys

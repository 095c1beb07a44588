#include "sys/tls_stream.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "sys/openssl_ptr.h"
#include "sys/peer_certificate.h"
#include "sys/tls_policy.h"

namespace lineshaft::sys {

namespace {

constexpr std::size_t kRecordBytes = 16384 + 512;  // a record of TLS with all around it

using openssl::reader_of;
using openssl::X509Ptr;
using ContextPtr = std::unique_ptr<SSL_CTX, openssl::Freer<SSL_CTX, SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, openssl::Freer<SSL, SSL_free>>;

X509Ptr next_certificate(BIO* from) {
  return X509Ptr(PEM_read_bio_X509(from, nullptr, nullptr, nullptr));
}

Error unreadable(std::string_view field, std::string_view what) {
  ERR_clear_error();
  return {ErrorId::kInvalidArgument, std::string(field) + ": " + std::string(what)};
}

Status use_own(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate_pem.empty()) return {};
  const auto certificates = reader_of(options.certificate_pem);
  const auto leaf = next_certificate(certificates.get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return unreadable("certificate_pem", "is not a certificate in PEM");
  }
  while (auto issuer = next_certificate(certificates.get())) {
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) == 1) static_cast<void>(issuer.release());
  }
  const openssl::KeyPtr key(
      PEM_read_bio_PrivateKey(reader_of(options.key_pem).get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return unreadable("key_pem", "is not the private key of the certificate in PEM");
  }
  ERR_clear_error();  // the end of the text was found by running into it
  return {};
}

Status trust(SSL_CTX* context, const TlsOptions& options) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const auto trusted = reader_of(options.trusted_pem);
  std::size_t found = 0;
  for (; auto certificate = next_certificate(trusted.get()); ++found) {
    X509_STORE_add_cert(store, certificate.get());
  }
  ERR_clear_error();
  if (found == 0) return unreadable("trusted_pem", "holds no certificate in PEM");
  // A single machine's certificate may be trusted, without the authority that signed it.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

}  // namespace

class TlsContext {
 public:
  static Result<std::shared_ptr<const TlsContext>> make(TlsSide side, const TlsOptions& options) {
    auto context = std::make_shared<TlsContext>();
    context->side = side;
    context->fingerprint = options.fingerprint;
    context->native.reset(
        SSL_CTX_new(side == TlsSide::kClient ? TLS_client_method() : TLS_server_method()));
    SSL_CTX* const native = context->native.get();
    apply_tls_policy(native);
    if (side == TlsSide::kServer && options.certificate_pem.empty()) {
      return Error{ErrorId::kInvalidArgument, "certificate_pem: a server needs one"};
    }
    if (Status own = use_own(native, options); !own) return own.error();
    if (!options.trusted_pem.empty()) {
      if (Status trusted = trust(native, options); !trusted) return trusted.error();
    } else if (side == TlsSide::kClient) {
      SSL_CTX_set_default_verify_paths(native);
    }
    const bool checks =
        options.fingerprint.empty() && (side == TlsSide::kClient || !options.trusted_pem.empty());
    SSL_CTX_set_verify(native,
                       checks ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
                       nullptr);
    return std::shared_ptr<const TlsContext>(std::move(context));
  }

  TlsSide side = TlsSide::kClient;
  std::string fingerprint;
  ContextPtr native;
};

namespace {

// Whether an alert of the peer is about the certificate that we showed, or did not show.
bool is_about_ours(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

// The last words of OpenSSL, for people.
std::string last_error(SSL* ssl) {
  const long verdict = SSL_get_verify_result(ssl);
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  // Of a certificate that a fingerprint vouches for the verdict means nothing.
  if (verdict != X509_V_OK && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
    return std::string("its certificate is refused: ") + X509_verify_cert_error_string(verdict);
  }
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  if (reason == nullptr) return "the peer does not speak TLS";
  if (!is_about_ours(ERR_GET_REASON(code))) return reason;
  const bool has_one = SSL_get_certificate(ssl) != nullptr;
  return std::string(has_one ? "it refuses our certificate: "
                             : "it wants a certificate of ours: ") +
         reason;
}

bool is_numeric(const std::string& host) {
  ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  return address != nullptr;
}

class TlsStream final : public TcpStream {
 public:
  TlsStream(EventLoop& loop, std::unique_ptr<TcpStream> raw,
            std::shared_ptr<const TlsContext> context, const std::string& server_name)
      : loop_(loop), raw_(std::move(raw)), context_(std::move(context)), server_name_(server_name) {
    ssl_.reset(SSL_new(context_->native.get()));
    in_bio_ = BIO_new(BIO_s_mem());
    out_bio_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_bio_, out_bio_);  // takes both
    if (context_->side == TlsSide::kServer) {
      SSL_set_accept_state(ssl_.get());
      return;
    }
    SSL_set_connect_state(ssl_.get());
    if (server_name.empty()) return;
    if (is_numeric(server_name)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), server_name.c_str());
      return;
    }
    SSL_set1_host(ssl_.get(), server_name.c_str());
    // What the macro SSL_set_tlsext_host_name does, without its C casts.
    std::string name = server_name;
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  ~TlsStream() override { TlsStream::close(); }

  // Shakes hands until `done`.
  void handshake(std::function<void(Status)> done) {
    handshaken_ = std::move(done);
    advance();
  }

  void read_some(std::span<std::uint8_t> out, ReadDone done) override {
    LS_ASSERT(!out.empty() && !read_done_);
    read_into_ = out;
    read_done_ = std::move(done);
    // At a turn of its own: what is wanted may be here already.
    loop_.post([this, open = open_] {
      if (*open) advance();
    });
  }

  void write_all(ByteSpan data, WriteDone done) override {
    LS_ASSERT(!write_done_);
    write_done_ = std::move(done);
    std::size_t written = 0;
    const bool ok =
        data.empty() || SSL_write_ex(ssl_.get(), data.data(), data.size(), &written) == 1;
    if (!ok) failed_ = Error{ErrorId::kTlsFailed, peer().text() + ": " + last_error(ssl_.get())};
    loop_.post([this, open = open_] {
      if (*open) flush();
    });
  }

  void close() override {
    *open_ = false;
    if (raw_) raw_->close();
  }

  std::optional<Bytes> peer_certificate() const {
    const X509Ptr certificate(SSL_get1_peer_certificate(ssl_.get()));
    if (!certificate) return std::nullopt;
    Bytes der(static_cast<std::size_t>(std::max(i2d_X509(certificate.get(), nullptr), 0)));
    unsigned char* out = der.data();
    i2d_X509(certificate.get(), &out);
    return der;
  }

  Endpoint peer() const override { return raw_->peer(); }
  Endpoint local() const override { return raw_->local(); }

 private:
  // Does what the bytes that are here allow; asks for more where they do not suffice.
  void advance() {
    const auto open = open_;
    if (handshaken_) {
      const int result = SSL_do_handshake(ssl_.get());
      const bool waits = result != 1 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
      Status outcome = result == 1 ? check_fingerprint() : Status();
      if (result != 1 && !waits) {
        outcome = Error{ErrorId::kTlsFailed, peer().text() + ": " + last_error(ssl_.get())};
      }
      flush();
      if (!*open) return;
      if (waits) return receive();
      if (!outcome && sending_) {
        refusal_ = outcome;  // an alert tells the peer why: it goes out before the end
        return;
      }
      return std::exchange(handshaken_, nullptr)(outcome);
    }
    if (!read_done_) return;
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), read_into_.data(), read_into_.size(), &count);
    const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    flush();
    if (!*open) return;
    if (error == SSL_ERROR_NONE) return answer_read(count);
    if (error == SSL_ERROR_WANT_READ) return receive();
    if (error == SSL_ERROR_ZERO_RETURN) {
      return answer_read(Error{ErrorId::kPeerClosed, peer().text()});
    }
    answer_read(Error{ErrorId::kTlsFailed, peer().text() + ": " + last_error(ssl_.get())});
  }

  void answer_read(Result<std::size_t> outcome) {
    std::exchange(read_done_, nullptr)(std::move(outcome));
  }

  void receive() {
    if (receiving_) return;
    receiving_ = true;
    raw_->read_some(in_, [this](Result<std::size_t> count) {
      receiving_ = false;
      if (count) {
        BIO_write(in_bio_, in_.data(), static_cast<int>(*count));
        return advance();
      }
      if (handshaken_) return std::exchange(handshaken_, nullptr)(count.error());
      if (read_done_) answer_read(count.error());
    });
  }

  // Sends what TLS has made; answers a write when all of its bytes are on their way.
  void flush() {
    if (sending_) return;
    const std::size_t waiting = BIO_ctrl_pending(out_bio_);
    if (waiting == 0 || failed_) {
      if (!write_done_) return;
      return std::exchange(write_done_, nullptr)(failed_ ? Status(*failed_) : Status());
    }
    out_.resize(waiting);
    BIO_read(out_bio_, out_.data(), static_cast<int>(waiting));
    sending_ = true;
    raw_->write_all(out_, [this](const Status& written) {
      sending_ = false;
      if (!written) failed_ = written.error();
      if (refusal_ && handshaken_) return std::exchange(handshaken_, nullptr)(*refusal_);
      flush();
    });
  }

  Status check_fingerprint() const {
    if (context_->fingerprint.empty()) return {};
    // Of an authority that vouches for it, or its own.
    const std::string host = server_name_.empty() ? peer().host : server_name_;
    if (check_pin(ssl_.get(), context_->fingerprint, host)) return {};
    const X509Ptr certificate(SSL_get1_peer_certificate(ssl_.get()));
    const auto found =
        certificate ? fingerprint_of(certificate.get()) : Result<std::string>(std::string("none"));
    return Error{ErrorId::kTlsFailed, peer().text() + ": its certificate has the fingerprint " +
                                          (found ? *found : std::string("of no kind")) +
                                          ", expected is " + context_->fingerprint};
  }

  static Result<std::string> fingerprint_of(X509* certificate) {
    const openssl::BioPtr pem(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(pem.get(), certificate);
    return certificate_fingerprint(openssl::text_of(pem.get()));
  }

  EventLoop& loop_;
  std::unique_ptr<TcpStream> raw_;
  std::shared_ptr<const TlsContext> context_;
  std::string server_name_;
  SslPtr ssl_;
  BIO* in_bio_ = nullptr;                                      // of ssl_
  BIO* out_bio_ = nullptr;                                     // of ssl_
  std::shared_ptr<bool> open_ = std::make_shared<bool>(true);  // watched by what was posted
  std::array<std::uint8_t, kRecordBytes> in_{};
  Bytes out_;
  bool receiving_ = false;
  bool sending_ = false;
  std::optional<Error> failed_;
  std::optional<Status> refusal_;  // why the handshake ends, when that has been sent
  std::function<void(Status)> handshaken_;
  std::span<std::uint8_t> read_into_;
  ReadDone read_done_;
  WriteDone write_done_;
};

class TlsConnecting final : public Connecting {
 public:
  TlsConnecting(EventLoop& loop, std::unique_ptr<TlsStream> stream, Nanoseconds timeout,
                EventLoop::Connected done)
      : stream_(std::move(stream)), timer_(loop.make_timer()), done_(std::move(done)) {
    deadline_ = loop.make_timer();
    deadline_->start(timeout, [this] {
      finish(Error{ErrorId::kTimeout, "no TLS handshake with " + stream_->peer().text()});
    });
    timer_->start(Nanoseconds(0),
                  [this] { stream_->handshake([this](const Status& status) { finish(status); }); });
  }

 private:
  void finish(const Status& status) {
    deadline_->cancel();
    const EventLoop::Connected done = std::move(done_);
    if (!status) return done(status.error());
    done(std::unique_ptr<TcpStream>(std::move(stream_)));
  }

  std::unique_ptr<TlsStream> stream_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> deadline_;
  EventLoop::Connected done_;
};

}  // namespace

std::optional<Bytes> peer_certificate(const TcpStream& stream) {
  const auto* const secure = dynamic_cast<const TlsStream*>(&stream);
  return secure == nullptr ? std::nullopt : secure->peer_certificate();
}

Result<std::shared_ptr<const TlsContext>> make_tls_context(TlsSide side,
                                                           const TlsOptions& options) {
  return TlsContext::make(side, options);
}

std::unique_ptr<Connecting> start_tls(EventLoop& loop, std::unique_ptr<TcpStream> raw,
                                      std::shared_ptr<const TlsContext> context,
                                      const std::string& server_name, Nanoseconds timeout,
                                      EventLoop::Connected done) {
  auto stream = std::make_unique<TlsStream>(loop, std::move(raw), std::move(context), server_name);
  return std::make_unique<TlsConnecting>(loop, std::move(stream), timeout, std::move(done));
}

}  // namespace lineshaft::sys

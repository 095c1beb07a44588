// identity/provider_client.h: asks identity providers: for what they say about themselves, for
// their keys, and for the tokens of a code. Keeps what may be kept.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "identity/provider_document.h"
#include "identity/web_fetch.h"
#include "sys/clock.h"

namespace lineshaft::identity {

// While one waits for a provider a worker of the server waits along: two at a time, so that others
// are to be had for whoever signs in with a password, and not for long.
inline constexpr std::size_t kProviderTurnsMax = 2;
inline constexpr Nanoseconds kProviderPatience = std::chrono::seconds(10);
inline constexpr Nanoseconds kProviderFetchPatience = std::chrono::seconds(5);
inline constexpr Nanoseconds kProviderDocumentLifetime = std::chrono::hours(1);
// A token that names a key which is not known has the keys fetched again, at most so often.
inline constexpr Nanoseconds kProviderKeysPause = std::chrono::seconds(60);
// A provider that does not answer is left alone for so long.
inline constexpr Nanoseconds kProviderTroublePause = std::chrono::seconds(10);

// What it takes to ask one.
struct ProviderSource {
  std::uint64_t id = 0;
  std::uint64_t revision = 0;  // another one: what was kept is not of this any more
  std::string issuer;
  std::string trusted_pem;
  bool assume_s256 = false;
};

struct CodeExchange {
  std::string client_id;
  std::string client_secret;
  std::string code;
  std::string code_verifier;
  std::string redirect_uri;
};

// Threads: any.
class ProviderClient {
 public:
  // `web` null: nobody is asked. Both outlive it.
  ProviderClient(WebFetcher* web, sys::Clock& clock) : web_(web), clock_(clock) {}

  // Leave to ask, for kProviderPatience in all; given back by the destructor.
  class Turn {
   public:
    explicit Turn(ProviderClient& client, Nanoseconds ends) : client_(&client), ends_(ends) {}
    Turn(Turn&& other) noexcept
        : client_(std::exchange(other.client_, nullptr)), ends_(other.ends_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    Nanoseconds ends() const { return ends_; }  // of the monotonic clock

   private:
    ProviderClient* client_;
    Nanoseconds ends_;
  };
  // Errors: kSignInBusy at once when kProviderTurnsMax are taken.
  Result<Turn> enter();

  // Errors of all three: kProviderDown, in words for people.
  Result<ProviderDocument> document(const Turn& turn, const ProviderSource& source);
  // Is it signed by a key of the provider, with an algorithm that its document names? Errors:
  // kProviderRefused.
  Status verify(const Turn& turn, const ProviderSource& source, const ProviderDocument& document,
                const Jws& jws);
  // Errors: kProviderRefused: the code is not taken.
  Result<TokenAnswer> redeem(const Turn& turn, const ProviderSource& source,
                             const ProviderDocument& document, const CodeExchange& exchange);
  // The keys as they are now. For who looks whether a provider can be used.
  Result<std::vector<Jwk>> keys(const Turn& turn, const ProviderSource& source,
                                const ProviderDocument& document);

  // What is kept of its document; nothing if it was not asked for lately.
  std::optional<ProviderDocument> known_document(std::uint64_t id) const;
  // Asks anew next time, also one that was in trouble.
  void forget(std::uint64_t id);

 private:
  struct Kept {
    std::uint64_t revision = 0;
    std::optional<ProviderDocument> document;
    Nanoseconds document_since{};
    std::vector<Jwk> keys;
    std::optional<Nanoseconds> keys_since;
    std::optional<Error> trouble;
    Nanoseconds trouble_since{};
  };

  Result<std::string> fetch(const Turn& turn, const ProviderSource& source,
                            const std::string& address, std::size_t bytes_max);
  Result<WebAnswer> ask(const Turn& turn, WebRequest request);
  Kept& kept_of(const ProviderSource& source);  // mutex_ held
  Result<std::vector<Jwk>> keys_with(const Turn& turn, const ProviderSource& source,
                                     const ProviderDocument& document, const Jws& jws);

  WebFetcher* web_;
  sys::Clock& clock_;
  mutable std::mutex mutex_;            // never held while somebody is asked
  std::map<std::uint64_t, Kept> kept_;  // guarded by mutex_
  std::size_t turns_ = 0;               // guarded by mutex_
};

}  // namespace lineshaft::identity

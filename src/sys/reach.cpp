#include "sys/reach.h"

#include <optional>
#include <string>
#include <utility>

namespace lineshaft::sys {

namespace {

constexpr std::string_view kSetting = "plain.allow";

Error refusal(std::string why, std::string_view what) {
  return {ErrorId::kPlainRefused, std::move(why) + ", and " + std::string(what)};
}

}  // namespace

Reach Reach::anywhere() { return {Destinations::anywhere(), Destinations::anywhere()}; }

Status Reach::check(const Endpoint& to, std::string_view address, Privacy privacy) const {
  Status allowed = outgoing.check(to, address);
  if (!allowed || privacy == Privacy::kEncrypted) return allowed;
  auto why = plain.why_not(to, address, kSetting);
  if (!why) return {};
  return refusal(*std::move(why),
                 "this connection is not encrypted: turn on its TLS, or OPC UA's sign-and-encrypt, "
                 "or name the address there");
}

Status Reach::check_numeric(const Endpoint& to, Privacy privacy) const {
  return is_numeric_host(to.host) ? check(to, to.host, privacy) : Status();
}

Status Reach::check_listen(const Endpoint& at, Privacy privacy) const {
  if (privacy == Privacy::kEncrypted) return {};
  if ((at.host == "0.0.0.0" || at.host == "::") && !plain.empty()) return {};
  auto why = plain.why_not(at, at.host, kSetting);
  if (!why) return {};
  return refusal(*std::move(why),
                 "what would be served is not encrypted: turn on its TLS, listen at another "
                 "address, or name this one there");
}

Status Reach::check_peer(const Endpoint& local, const Endpoint& peer, Privacy privacy) const {
  if (privacy == Privacy::kEncrypted) return {};
  auto why = plain.why_not({peer.host, local.port}, peer.host, kSetting);
  if (!why) return {};
  return refusal(*std::move(why), "what is served at " + local.text() +
                                      " is not encrypted: turn on its TLS, or name the peer there");
}

}  // namespace lineshaft::sys

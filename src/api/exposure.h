// api/exposure.h: who can reach what on this server, and what about it should be mended first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/resources.h"

namespace lineshaft::api {

enum class Urgency : std::uint8_t { kMend, kLook };

// `id` is for ever: the console has words for it, with {name}, {at} and {n}.
struct Finding {
  std::string id;  // "flow.open"
  Urgency urgency = Urgency::kLook;
  std::string text;    // one sentence
  std::string remedy;  // what to do
  std::string name;    // of the thing, "" if there is none
  std::string at;      // address, path or time
  std::uint64_t count = 0;
  std::string link;  // of the console; "" if there is none
};

// What everything that goes through a door has at least: where a door offers several, the weakest.
// Signed: nobody changes on the way what is said, and who listens reads it.
enum class Protection : std::uint8_t { kNone, kSignature, kEncryption };
std::string_view protection_name(Protection protection);  // "none", "signed", "encrypted"

// A socket that waits for others.
struct Listener {
  std::string what;  // "console and API", "flow History for MES (opcua-server)"
  std::string at;
  bool outside = false;  // other machines can reach it
  Protection protection = Protection::kNone;
  std::uint64_t tags = 0;  // served there
};

struct Exposure {
  std::vector<Listener> listeners;
  std::vector<std::string> outgoing;  // where the server may connect to, as configured
  std::vector<std::string> plain;     // where anything may go without encryption, as configured
  std::vector<Finding> findings;      // what to mend first
};

// As the requester's organisation has it. Blocks.
Exposure examine_exposure(const Services& services, const Request& request);

// Certificates that end within 30 days, or have ended; the server's own among them.
std::vector<Finding> ending_certificates(const Services& services, TenantId tenant);

}  // namespace lineshaft::api

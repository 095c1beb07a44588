// connect/opcua/ua_client.h: one session with an OPC UA server: finds the endpoint, opens the
// channel, creates the session, brings it back on a new channel after a loss, and carries requests.
// Includes open62541's headers: for the .cpp files of this folder only.
//
// What the server offers is asked in the clear, and once more over the channel that is secured,
// before a session is created: where the two differ (offer_check.h) it is left.
//
// The endpoint is chosen by us (endpoint.h) and its URL is not followed: behind NAT or with a name
// that only the device knows, it would lead nowhere. Bytes always go to the address of the
// settings.
#pragma once

#include <open62541/client.h>
#include <open62541/client_highlevel_async.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/opcua/endpoint.h"
#include "connect/opcua/settings.h"
#include "connect/opcua/trust.h"
#include "connect/opcua/ua_loop.h"
#include "connect/opcua/ua_values.h"
#include "connect/traffic.h"

namespace lineshaft::connect::opcua {

// Told at turns of the loop of their own, so a listener may start or destroy anything then.
class UaClientListener {
 public:
  virtual ~UaClientListener() = default;
  // `same`: the session of before lives on, with its subscriptions.
  virtual void on_session(bool same) = 0;
  virtual void on_no_session(const Error& why) = 0;
};

// Threads: the loop's. What is borrowed must outlive it.
class UaClient {
 public:
  UaClient(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust, const Settings& settings,
           UaClientListener& listener);
  ~UaClient();  // closes the session as well as may be without waiting

  // Connects, or connects again. One of the listener's calls follows, later perhaps a loss.
  // Requires: no session now, and none under way.
  void connect();
  // Asks only what the server offers, then ends with on_no_session(kCancelled). Requires: as above.
  void look();

  bool up() const { return up_; }
  // What the server offers, of the newest discovery; what was chosen of it.
  const std::vector<OfferedEndpoint>& offered() const { return offered_; }
  const std::string& server_name() const { return server_name_; }        // its ApplicationName
  const std::string& server_product() const { return server_product_; }  // its ProductUri
  std::string chosen_text() const;  // "Basic256Sha256, sign and encrypt"

  // Sends a request; `done` runs once with its answer, whose header tells of failures of the whole
  // request, timeouts and losses too. `answer` lives for that call only. Not called after
  // destruction. What cannot be sent is answered from inside the call.
  // Requires: `done` destroys neither this nor its owner.
  template <typename Response>
  using Done = std::function<void(Response& answer)>;
  template <int request_type, int response_type, typename Request, typename Response>
  void call(const Request& request, Done<Response> done) {
    call_any(&request, &UA_TYPES[request_type], &UA_TYPES[response_type],
             [done = std::move(done)](void* answer) { done(*static_cast<Response*>(answer)); });
  }

  // Ends the session, or the attempt: the listener hears of it as of any loss.
  void give_up(Error why) { fail(std::move(why)); }

  Traffic traffic;  // but for the bytes
  std::uint64_t bytes_in() const { return ua_loop_.bytes_in(); }
  std::uint64_t bytes_out() const { return ua_loop_.bytes_out(); }

 private:
  struct Pending {
    UaClient* owner;
    std::function<void(void*)> done;
    std::optional<Nanoseconds> sent;  // of what is answered at once: not of a publish
  };
  enum class Phase : std::uint8_t { kIdle, kDiscovering, kOpening, kReopening, kUp };

  void call_any(const void* request, const UA_DataType* request_type,
                const UA_DataType* response_type, std::function<void(void*)> done);
  static void on_answer(UA_Client* client, void* pending, UA_UInt32 id, void* answer);
  static void on_state(UA_Client* client, UA_SecureChannelState channel, UA_SessionState session,
                       UA_StatusCode status);
  static UA_StatusCode on_certificate(UA_CertificateGroup* group, const UA_ByteString* certificate);

  void settle();  // looks at the state that on_state noted
  void discover();
  void ask_endpoints();
  void on_endpoints(const UA_GetEndpointsResponse& answer);
  void on_endpoints_again(const UA_GetEndpointsResponse& answer);
  void leave_and_open();
  void open();
  Status configure(UA_ClientConfig& config);
  Status set_user(UA_ClientConfig& config, const std::string& policy_uri);
  void set_basics(UA_ClientConfig& config);
  bool make(UA_ClientConfig& config);
  void drop_client();
  void fail(Error why);
  void tell_failure();
  Error reason(UA_StatusCode status);
  void start_deadline();

  sys::EventLoop& loop_;
  TrustStore& trust_;
  const Settings& settings_;
  UaClientListener& listener_;
  const Address address_;
  UaLoop ua_loop_;
  std::unique_ptr<sys::Timer> settle_;
  std::unique_ptr<sys::Timer> deadline_;
  UA_Client* client_ = nullptr;
  bool destroying_ = false;

  Phase phase_ = Phase::kIdle;
  bool up_ = false;
  bool asked_endpoints_ = false;
  UA_SecureChannelState channel_state_ = UA_SECURECHANNELSTATE_CLOSED;
  UA_SessionState session_state_ = UA_SESSIONSTATE_CLOSED;
  UA_StatusCode status_ = UA_STATUSCODE_GOOD;
  std::vector<OfferedEndpoint> offered_;
  std::string server_name_;
  std::string server_product_;
  bool look_only_ = false;
  std::optional<Choice> choice_;
  Ua<UA_EndpointDescription, UA_TYPES_ENDPOINTDESCRIPTION> endpoint_;  // the chosen one
  std::string server_uri_;  // ApplicationUri of the chosen endpoint
  bool needs_trust_ = false;
  std::optional<Error> trust_error_;
  // For the next settle().
  std::optional<Error> failure_;
  bool keep_session_ = false;
  bool open_next_ = false;
};

}  // namespace lineshaft::connect::opcua

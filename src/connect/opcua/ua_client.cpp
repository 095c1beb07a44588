#include "connect/opcua/ua_client.h"

#include <open62541/client_config_default.h>

#include <algorithm>
#include <utility>

#include "connect/opcua/offer_check.h"
#include "connect/opcua/ua_config.h"

namespace lineshaft::connect::opcua {

namespace {

// Several requests go to and fro until a session stands: this many answers in time are enough.
constexpr std::int64_t kAnswersToConnect = 3;
constexpr Nanoseconds kLeaving = std::chrono::milliseconds(1);  // between two looks
// Renewed at three quarters of it: a channel that nobody renews ends.
constexpr UA_UInt32 kChannelLifetimeMs = 600'000;

OfferedEndpoint describe(const UA_EndpointDescription& endpoint) {
  OfferedEndpoint offered;
  offered.url = text_of(endpoint.endpointUrl);
  offered.policy_uri = text_of(endpoint.securityPolicyUri);
  offered.mode = static_cast<std::uint32_t>(endpoint.securityMode);
  offered.has_certificate = endpoint.serverCertificate.length > 0;
  offered.application_uri = text_of(endpoint.server.applicationUri);
  for (std::size_t i = 0; i < endpoint.userIdentityTokensSize; ++i) {
    const UA_UserTokenPolicy& token = endpoint.userIdentityTokens[i];
    OfferedToken described;
    described.policy_uri = text_of(token.securityPolicyUri);
    described.policy_id = text_of(token.policyId);
    described.known = token.tokenType <= UA_USERTOKENTYPE_CERTIFICATE;
    if (token.tokenType == UA_USERTOKENTYPE_USERNAME) described.kind = UserKind::kUserName;
    if (token.tokenType == UA_USERTOKENTYPE_CERTIFICATE) described.kind = UserKind::kCertificate;
    offered.tokens.push_back(std::move(described));
  }
  return offered;
}

// Endpoints for other transports than ours.
bool is_binary_tcp(const UA_EndpointDescription& endpoint) {
  constexpr std::string_view kProfile =
      "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary";
  const std::string_view profile = text_of(endpoint.transportProfileUri);
  return (profile.empty() || profile == kProfile) &&
         text_of(endpoint.endpointUrl).starts_with("opc.tcp:");
}

}  // namespace

UaClient::UaClient(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust,
                   const Settings& settings, UaClientListener& listener)
    : loop_(loop),
      trust_(trust),
      settings_(settings),
      listener_(listener),
      address_(parse_url(settings.url).value()),
      ua_loop_(loop, clock, {.connect_timeout = std::chrono::milliseconds(settings.timeout_ms)}),
      settle_(loop.make_timer()),
      deadline_(loop.make_timer()) {}

UaClient::~UaClient() {
  destroying_ = true;
  drop_client();
}

void UaClient::drop_client() {
  // Requests under way are answered from inside UA_Client_delete.
  if (client_ != nullptr) UA_Client_delete(std::exchange(client_, nullptr));
  up_ = false;
}

std::string UaClient::chosen_text() const {
  if (!choice_) return {};
  const OfferedEndpoint& endpoint = offered_[choice_->endpoint];
  if (endpoint.mode == 1) return "None";
  return std::string(find_policy(endpoint.policy_uri)->name) +
         (endpoint.mode == 2 ? ", sign" : ", sign and encrypt");
}

void UaClient::start_deadline() {
  deadline_->start(kAnswersToConnect * std::chrono::milliseconds(settings_.timeout_ms), [this] {
    fail(Error{ErrorId::kTimeout, address_.endpoint.text() + " did not bring up a session within " +
                                      std::to_string(kAnswersToConnect * settings_.timeout_ms) +
                                      " ms"});
  });
}

void UaClient::connect() {
  LS_ASSERT(!up_);
  trust_error_.reset();
  (void)ua_loop_.take_complaint();
  start_deadline();
  // A session that was not closed may be taken up again on a new channel.
  if (client_ != nullptr && session_state_ == UA_SESSIONSTATE_CREATED) {
    phase_ = Phase::kReopening;
    status_ = UA_STATUSCODE_GOOD;
    (void)UA_Client_connectAsync(client_, nullptr);
    return;
  }
  discover();
}

void UaClient::look() {
  look_only_ = true;
  connect();
}

bool UaClient::make(UA_ClientConfig& config) {
  drop_client();
  channel_state_ = UA_SECURECHANNELSTATE_CLOSED;
  session_state_ = UA_SESSIONSTATE_CLOSED;
  status_ = UA_STATUSCODE_GOOD;
  client_ = UA_Client_newWithConfig(&config);
  return client_ != nullptr;
}

void UaClient::set_basics(UA_ClientConfig& config) {
  set_own_limits(config.localConnectionConfig);
  config.clientContext = this;
  config.logging = const_cast<UA_Logger*>(ua_loop_.logger());
  config.eventLoop = ua_loop_.get();
  config.externalEventLoop = true;
  config.timeout = settings_.timeout_ms;
  config.secureChannelLifeTime = kChannelLifetimeMs;
  config.requestedSessionTimeout = settings_.session_timeout_ms;
  config.noReconnect = true;   // when to try again is our decision
  config.noNewSession = true;  // a new session is a new client
  // No server has this name: so open62541 leaves alone what FindServers says about other URLs.
  config.applicationUri = copy_of("urn:lineshaft:stay-with-the-configured-url");
  config.endpointUrl = copy_of("opc.tcp://" + address_.endpoint.text() + address_.path);
  config.clientDescription.applicationUri = copy_of(trust_.own().application_uri);
  config.clientDescription.applicationName.text = copy_of("Lineshaft");
  config.clientDescription.applicationType = UA_APPLICATIONTYPE_CLIENT;
  config.sessionName = copy_of("Lineshaft");
  config.stateCallback = &UaClient::on_state;
  config.certificateVerification.context = this;
  config.certificateVerification.verifyCertificate = &UaClient::on_certificate;
  config.privateKeyPasswordCallback = [](UA_ClientConfig*, UA_ByteString*) -> UA_StatusCode {
    return UA_STATUSCODE_BADSECURITYCHECKSFAILED;  // never asks at a terminal
  };
}

// A channel without security and without a session: every server answers GetEndpoints there.
void UaClient::discover() {
  phase_ = Phase::kDiscovering;
  // Where the settings want no encryption, there is no need to ask first.
  const bool will_encrypt =
      settings_.mode == Mode::kBest || settings_.mode == Mode::kSignAndEncrypt;
  ua_loop_.set_privacy(will_encrypt ? sys::Privacy::kEncrypted : sys::Privacy::kPlain);
  asked_endpoints_ = false;
  needs_trust_ = false;
  UA_ClientConfig config{};
  set_basics(config);
  config.endpoint.endpointUrl = copy_of(text_of(config.endpointUrl));
  config.endpoint.securityMode = UA_MESSAGESECURITYMODE_NONE;
  config.endpoint.securityPolicyUri = copy_of(policies().front().uri);
  if (!add_policies(config, trust_, {}, ua_loop_.logger()) || !make(config)) {
    UA_ClientConfig_clear(&config);
    return fail(Error{ErrorId::kInternal, "an OPC UA client could not be made"});
  }
  (void)UA_Client_connectSecureChannelAsync(client_, nullptr);
}

void UaClient::ask_endpoints() {
  asked_endpoints_ = true;
  Ua<UA_GetEndpointsRequest, UA_TYPES_GETENDPOINTSREQUEST> request;
  request->endpointUrl = copy_of("opc.tcp://" + address_.endpoint.text() + address_.path);
  call<UA_TYPES_GETENDPOINTSREQUEST, UA_TYPES_GETENDPOINTSRESPONSE, UA_GetEndpointsRequest,
       UA_GetEndpointsResponse>(*request, [this](UA_GetEndpointsResponse& answer) {
    phase_ == Phase::kDiscovering ? on_endpoints(answer) : on_endpoints_again(answer);
  });
}

// Behind this answer open62541 goes on by itself with what is still to do.
void UaClient::on_endpoints_again(const UA_GetEndpointsResponse& answer) {
  if (phase_ != Phase::kOpening) return;  // it was given up meanwhile
  if (answer.responseHeader.serviceResult != UA_STATUSCODE_GOOD) {
    Error why = reason(answer.responseHeader.serviceResult);
    why.what += " (asked over the secured channel what it offers)";
    return fail(std::move(why));
  }
  std::vector<OfferedEndpoint> secured;
  for (std::size_t i = 0; i < answer.endpointsSize; ++i) {
    if (is_binary_tcp(answer.endpoints[i])) secured.push_back(describe(answer.endpoints[i]));
  }
  if (const Status same = check_offers(offered_, secured); !same) {
    return fail({same.error().id, address_.endpoint.text() + ": " + same.error().what});
  }
  UA_Client_getConfig(client_)->noSession = false;
}

void UaClient::on_endpoints(const UA_GetEndpointsResponse& answer) {
  if (answer.responseHeader.serviceResult != UA_STATUSCODE_GOOD) {
    return fail(reason(answer.responseHeader.serviceResult));
  }
  offered_.clear();
  std::vector<const UA_EndpointDescription*> usable;
  for (std::size_t i = 0; i < answer.endpointsSize; ++i) {
    if (!is_binary_tcp(answer.endpoints[i])) continue;
    usable.push_back(&answer.endpoints[i]);
    offered_.push_back(describe(answer.endpoints[i]));
    server_name_ = text_of(answer.endpoints[i].server.applicationName.text);
    server_product_ = text_of(answer.endpoints[i].server.productUri);
  }
  if (look_only_) return fail(Error{ErrorId::kCancelled, "nothing more was asked for"});
  choice_.reset();
  const auto choice = choose_endpoint(offered_, settings_);
  if (!choice) return fail(choice.error());
  choice_ = *choice;
  endpoint_ = {};
  (void)UA_EndpointDescription_copy(usable[choice_->endpoint], endpoint_.get());
  // The client of the discovery cannot end inside one of its answers.
  open_next_ = true;
  settle_->start(Nanoseconds(0), [this] { settle(); });
}

// A server that lets one client in takes the channel of the discovery for it: that one has to be
// gone before the next comes.
void UaClient::leave_and_open() {
  drop_client();
  if (!ua_loop_.idle()) {
    settle_->start(kLeaving, [this] { settle(); });
    return;
  }
  open_next_ = false;
  open();
}

void UaClient::open() {
  phase_ = Phase::kOpening;
  const bool encrypts = endpoint_->securityMode == UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
  ua_loop_.set_privacy(encrypts ? sys::Privacy::kEncrypted : sys::Privacy::kPlain);
  needs_trust_ = choice_->needs_trust;
  server_uri_ = text_of(endpoint_->server.applicationUri);
  UA_ClientConfig config{};
  set_basics(config);
  if (Status ready = configure(config); !ready) {
    UA_ClientConfig_clear(&config);
    return fail(ready.error());
  }
  if (!make(config)) return fail(Error{ErrorId::kInternal, "an OPC UA client could not be made"});
  // Without security the second answer would be worth no more than the first.
  asked_endpoints_ = endpoint_->securityMode == UA_MESSAGESECURITYMODE_NONE;
  (void)(asked_endpoints_ ? UA_Client_connectAsync(client_, nullptr)
                          : UA_Client_connectSecureChannelAsync(client_, nullptr));
}

Status UaClient::configure(UA_ClientConfig& config) {
  const UA_EndpointDescription& endpoint = *endpoint_;
  const UA_UserTokenPolicy& token = endpoint.userIdentityTokens[choice_->token];
  std::vector<std::string> uris = {std::string(text_of(endpoint.securityPolicyUri))};
  if (token.securityPolicyUri.length > 0) uris.emplace_back(text_of(token.securityPolicyUri));
  (void)UA_EndpointDescription_copy(&endpoint, &config.endpoint);
  (void)UA_UserTokenPolicy_copy(&token, &config.userTokenPolicy);
  config.allowNonePolicyPassword = settings_.allow_clear_password;
  if (!add_policies(config, trust_, uris, ua_loop_.logger())) {
    return Error{ErrorId::kTlsFailed, "our certificate cannot be used for " + uris.front() + ": " +
                                          ua_loop_.take_complaint()};
  }
  return set_user(config, uris.back());
}

Status UaClient::set_user(UA_ClientConfig& config, const std::string& policy_uri) {
  switch (settings_.user) {
    case UserKind::kAnonymous:
      return {};
    case UserKind::kUserName:
      if (UA_ClientConfig_setAuthenticationUsername(&config, settings_.user_name.c_str(),
                                                    settings_.password.c_str()) ==
          UA_STATUSCODE_GOOD) {
        return {};
      }
      return Error{ErrorId::kInternal, "the user name could not be set"};
    case UserKind::kCertificate:
      return set_user_certificate(config, settings_, policy_uri, ua_loop_.logger());
  }
  return {};
}

UA_StatusCode UaClient::on_certificate(UA_CertificateGroup* group,
                                       const UA_ByteString* certificate) {
  auto& self = *static_cast<UaClient*>(group->context);
  if (!self.needs_trust_) return UA_STATUSCODE_GOOD;
  const Status verified =
      self.trust_.verify({certificate->data, certificate->length}, self.server_uri_);
  if (verified) return UA_STATUSCODE_GOOD;
  self.trust_error_ = verified.error();
  return UA_STATUSCODE_BADCERTIFICATEUNTRUSTED;
}

// Called from deep inside open62541: notes only.
void UaClient::on_state(UA_Client* client, UA_SecureChannelState channel, UA_SessionState session,
                        UA_StatusCode status) {
  auto& self = *static_cast<UaClient*>(UA_Client_getContext(client));
  if (self.destroying_ || client != self.client_) return;
  self.channel_state_ = channel;
  self.session_state_ = session;
  if (self.status_ == UA_STATUSCODE_GOOD) self.status_ = status;
  self.settle_->start(Nanoseconds(0), [&self] { self.settle(); });
}

void UaClient::settle() {
  if (failure_) return tell_failure();
  if (open_next_) return leave_and_open();
  if (status_ != UA_STATUSCODE_GOOD) {
    // The session of before is gone: a new one, without waiting.
    if (phase_ == Phase::kReopening && session_state_ == UA_SESSIONSTATE_CLOSED &&
        channel_state_ == UA_SECURECHANNELSTATE_OPEN) {
      return discover();
    }
    if (phase_ != Phase::kIdle) fail(reason(status_));
    return;
  }
  if ((phase_ == Phase::kDiscovering || phase_ == Phase::kOpening) &&
      channel_state_ == UA_SECURECHANNELSTATE_OPEN && !asked_endpoints_) {
    return ask_endpoints();
  }
  const bool opening = phase_ == Phase::kOpening || phase_ == Phase::kReopening;
  if (opening && session_state_ == UA_SESSIONSTATE_ACTIVATED) {
    deadline_->cancel();
    const bool same = phase_ == Phase::kReopening;
    phase_ = Phase::kUp;
    up_ = true;
    listener_.on_session(same);
  }
}

// Ends what was under way. May run inside an answer, so the rest waits for a turn of its own.
void UaClient::fail(Error why) {
  if (phase_ == Phase::kIdle) return;
  keep_session_ = phase_ == Phase::kUp || phase_ == Phase::kReopening;
  phase_ = Phase::kIdle;
  up_ = false;
  open_next_ = false;
  deadline_->cancel();
  failure_ = std::move(why);
  settle_->start(Nanoseconds(0), [this] { settle(); });
}

// A session that is only away may come back; anything else starts from the beginning.
void UaClient::tell_failure() {
  const Error why = *std::exchange(failure_, std::nullopt);
  if (!keep_session_ || session_state_ != UA_SESSIONSTATE_CREATED ||
      channel_state_ != UA_SECURECHANNELSTATE_CLOSED) {
    drop_client();
    session_state_ = UA_SESSIONSTATE_CLOSED;
  }
  listener_.on_no_session(why);
}

Error UaClient::reason(UA_StatusCode status) {
  const std::string who = address_.endpoint.text() + ": ";
  if (trust_error_) return {trust_error_->id, who + trust_error_->what};
  const std::string complaint = ua_loop_.take_complaint();
  switch (status) {
    case UA_STATUSCODE_BADIDENTITYTOKENREJECTED:
    case UA_STATUSCODE_BADIDENTITYTOKENINVALID:
    case UA_STATUSCODE_BADUSERACCESSDENIED:
    case UA_STATUSCODE_BADUSERSIGNATUREINVALID:
      return {ErrorId::kDenied, who + "the server refuses the user (" + status_text(status) +
                                    "): check name, password and rights there"};
    case UA_STATUSCODE_BADSECURITYCHECKSFAILED:
    case UA_STATUSCODE_BADCERTIFICATEUNTRUSTED:
    case UA_STATUSCODE_BADCERTIFICATEURIINVALID:
    case UA_STATUSCODE_BADCERTIFICATETIMEINVALID: {
      const KeyKind key =
          choice_ ? find_policy(offered_[choice_->endpoint].policy_uri)->key : KeyKind::kRsa;
      const auto own = trust_.own_info(key);
      return {ErrorId::kTlsFailed,
              who + "the server refuses our certificate (" + status_text(status) +
                  "): let it trust the one with the thumbprint " + (own ? own->sha1 : "?")};
    }
    case UA_STATUSCODE_BADTOOMANYSESSIONS:
      return {ErrorId::kPeerClosed, who + "the server has no free session"};
    case UA_STATUSCODE_BADTIMEOUT:
      return {ErrorId::kTimeout, who + "no answer in time"};
    case UA_STATUSCODE_BADNOTCONNECTED:
    case UA_STATUSCODE_BADCONNECTIONCLOSED:
    case UA_STATUSCODE_BADCONNECTIONREJECTED:
      if (ua_loop_.last_error()) return *ua_loop_.last_error();
      [[fallthrough]];
    default:
      return {ErrorId::kPeerClosed,
              who + status_text(status) + (complaint.empty() ? "" : ": " + complaint)};
  }
}

void UaClient::call_any(const void* request, const UA_DataType* request_type,
                        const UA_DataType* response_type, std::function<void(void*)> done) {
  auto pending = std::make_unique<Pending>(Pending{this, std::move(done), std::nullopt});
  if (request_type != &UA_TYPES[UA_TYPES_PUBLISHREQUEST]) pending->sent = loop_.now();
  UA_StatusCode status = UA_STATUSCODE_BADSERVERNOTCONNECTED;
  if (client_ != nullptr && !destroying_) {
    status = __UA_Client_AsyncService(client_, request, request_type, &UaClient::on_answer,
                                      response_type, pending.get(), nullptr);
  }
  if (status == UA_STATUSCODE_GOOD) {
    traffic.requests += 1;
    pending.release();  // NOLINT(bugprone-unused-return-value): on_answer takes it back
    return;
  }
  void* answer = UA_new(response_type);  // every answer begins with its header
  static_cast<UA_ResponseHeader*>(answer)->serviceResult = status;
  pending->done(answer);
  UA_delete(answer, response_type);
}

void UaClient::on_answer(UA_Client* /*client*/, void* pending, UA_UInt32 /*id*/, void* answer) {
  const std::unique_ptr<Pending> mine(static_cast<Pending*>(pending));
  UaClient& self = *mine->owner;
  if (self.destroying_) return;
  const UA_StatusCode status = static_cast<UA_ResponseHeader*>(answer)->serviceResult;
  if (status != UA_STATUSCODE_GOOD) self.traffic.errors += 1;
  if (status == UA_STATUSCODE_BADTIMEOUT) self.traffic.timeouts += 1;
  if (status == UA_STATUSCODE_GOOD && mine->sent) {
    self.traffic.latency.add(self.loop_.now() - *mine->sent);
  }
  mine->done(answer);
}

}  // namespace lineshaft::connect::opcua

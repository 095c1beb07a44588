#include "connect/opcua/server.h"

#include <open62541/server_config_default.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "connect/opcua/address_space.h"
#include "connect/opcua/history.h"
#include "connect/opcua/ua_config.h"
#include "connect/opcua/ua_loop.h"
#include "connect/opcua/write_methods.h"
#include "sys/reach.h"

namespace lineshaft::connect::opcua {

namespace {

// Bounds of what a client may ask for or keep here.
constexpr UA_UInt32 kMessageBytesMax = 16 * 1024 * 1024;
constexpr UA_UInt32 kChunksMax = 512;
constexpr UA_UInt32 kNodesPerRequestMax = 10'000;
constexpr UA_UInt32 kWritesPerRequestMax = 1'000;
constexpr UA_UInt32 kItemsPerSubscriptionMax = 100'000;
constexpr UA_UInt32 kItemsMax = 500'000;
constexpr UA_UInt32 kSubscriptionsPerSessionMax = 50;
constexpr UA_UInt32 kPublishRequestsMax = 20;
constexpr UA_UInt32 kNotificationsPerPublishMax = 10'000;  // 0 would mean none at all
constexpr UA_UInt32 kRetransmissionsMax = 100;
constexpr UA_UInt32 kQueueMax = 1'000;
constexpr double kSamplingMsMax = 86'400'000;
constexpr double kSessionTimeoutMsMax = 3'600'000;

class ServerImpl : public Server {
 public:
  ServerImpl(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust, ServerBacking& backing,
             ServerOptions options)
      : loop_(loop),
        trust_(trust),
        backing_(backing),
        options_(std::move(options)),
        ua_loop_(loop, clock) {
    ua_loop_.set_privacy(options_.allow_none ? sys::Privacy::kPlain : sys::Privacy::kEncrypted);
  }
  ~ServerImpl() override {
    if (server_ == nullptr) return;
    // As if the loop were its own: else open62541 would leave the last steps to somebody else.
    UA_Server_getConfig(server_)->externalEventLoop = false;
    (void)UA_Server_run_shutdown(server_);
    (void)UA_Server_delete(server_);
  }

  Status start();

  sys::Endpoint local() const override { return ua_loop_.listening().value_or(sys::Endpoint{}); }
  ServerCounters counters() const override {
    const UA_ServerStatistics statistics = UA_Server_getStatistics(server_);
    ServerCounters counters;
    counters.sessions = statistics.ss.currentSessionCount;
    counters.sessions_made = statistics.ss.cumulatedSessionCount;
    counters.refused = statistics.ss.securityRejectedSessionCount +
                       statistics.ss.rejectedSessionCount + statistics.scs.rejectedChannelCount +
                       refused_certificates_;
    counters.bytes_in = ua_loop_.bytes_in();
    counters.bytes_out = ua_loop_.bytes_out();
    return counters;
  }

  Status put(std::span<const Tag> tags) override {
    for (const Tag& tag : tags) {
      if (Status added = space_->put(tag, backing_.current(tag.id)); !added) return added;
    }
    return {};
  }
  void remove(TagId tag) override { space_->remove(tag); }
  void publish(const Sample& sample) override { space_->publish(sample); }

 private:
  void describe(UA_ServerConfig& config) const;
  void limit(UA_ServerConfig& config) const;
  bool secure(UA_ServerConfig& config);
  void control_access(UA_ServerConfig& config);

  static ServerImpl& of(UA_AccessControl* access) {
    return *static_cast<ServerImpl*>(access->context);
  }
  static ServerImpl& of(UA_Server* server) {
    return *static_cast<ServerImpl*>(UA_Server_getConfig(server)->context);
  }
  static UA_StatusCode on_certificate(UA_CertificateGroup* group, const UA_ByteString* certificate);
  bool may_speak_in(UA_MessageSecurityMode mode) const;
  UA_StatusCode admit(const UA_ExtensionObject& token, void** session);
  UA_Byte access_level(const ServerUser* user, const TagNode* node);
  static UA_StatusCode on_read(UA_Server* server, const UA_NodeId* session, void* session_context,
                               const UA_NodeId* id, void* node, UA_Boolean with_time,
                               const UA_NumericRange* range, UA_DataValue* value);
  static UA_StatusCode on_write(UA_Server* server, const UA_NodeId* session, void* session_context,
                                const UA_NodeId* id, void* node, const UA_NumericRange* range,
                                const UA_DataValue* value);

  sys::EventLoop& loop_;
  TrustStore& trust_;
  ServerBacking& backing_;
  const ServerOptions options_;
  UaLoop ua_loop_;
  UA_Server* server_ = nullptr;
  std::unique_ptr<AddressSpace> space_;
  std::uint64_t refused_certificates_ = 0;
};

void ServerImpl::describe(UA_ServerConfig& config) const {
  UA_BuildInfo_clear(&config.buildInfo);
  config.buildInfo.manufacturerName = copy_of("Lineshaft contributors");
  config.buildInfo.productName = copy_of("Lineshaft");
  config.buildInfo.productUri = copy_of("urn:lineshaft");
  UA_ApplicationDescription_clear(&config.applicationDescription);
  config.applicationDescription.applicationUri = copy_of(trust_.own().application_uri);
  config.applicationDescription.productUri = copy_of("urn:lineshaft");
  config.applicationDescription.applicationName.text = copy_of("Lineshaft");
  config.applicationDescription.applicationType = UA_APPLICATIONTYPE_SERVER;
  UA_Array_delete(config.serverUrls, config.serverUrlsSize, &UA_TYPES[UA_TYPES_STRING]);
  config.serverUrls = static_cast<UA_String*>(UA_Array_new(1, &UA_TYPES[UA_TYPES_STRING]));
  config.serverUrls[0] = copy_of("opc.tcp://" + options_.listen.text());
  config.serverUrlsSize = 1;
}

void ServerImpl::limit(UA_ServerConfig& config) const {
  config.tcpEnabled = true;
  config.tcpMaxMsgSize = kMessageBytesMax;
  config.tcpMaxChunks = kChunksMax;
  config.maxSessions =
      static_cast<UA_UInt16>(std::clamp<std::size_t>(options_.sessions_max, 1, 1'000));
  config.maxSecureChannels = static_cast<UA_UInt16>(config.maxSessions + 20);
  config.maxSessionTimeout = kSessionTimeoutMsMax;
  config.maxNodesPerRead = kNodesPerRequestMax;
  config.maxNodesPerWrite = kWritesPerRequestMax;
  config.maxNodesPerMethodCall = kWritesPerRequestMax;
  config.maxNodesPerBrowse = kNodesPerRequestMax;
  config.maxNodesPerRegisterNodes = kNodesPerRequestMax;
  config.maxNodesPerTranslateBrowsePathsToNodeIds = kNodesPerRequestMax;
  config.maxNodesPerNodeManagement = 1;  // and that one is refused
  config.maxMonitoredItemsPerCall = kNodesPerRequestMax;
  config.maxReferencesPerNode = kNodesPerRequestMax;
  config.maxSubscriptionsPerSession = kSubscriptionsPerSessionMax;
  config.maxSubscriptions = kSubscriptionsPerSessionMax * config.maxSessions;
  config.maxMonitoredItems = kItemsMax;
  config.maxMonitoredItemsPerSubscription = kItemsPerSubscriptionMax;
  config.maxPublishReqPerSession = kPublishRequestsMax;
  config.maxNotificationsPerPublish = kNotificationsPerPublishMax;
  config.maxRetransmissionQueueSize = kRetransmissionsMax;
  config.queueSizeLimits = {1, kQueueMax};
  const double publish_min_ms = static_cast<double>(options_.publish_min.count()) / 1e6;
  config.publishingIntervalLimits.min = std::max(publish_min_ms, 5.0);
  // No interval: every change is told when it happens, and the queue of the item decides what the
  // client gets of them. open62541 reads such values with all rights, so that is only for servers
  // whose users have the same ones.
  config.samplingIntervalLimits = {publish_min_ms, kSamplingMsMax};
  if (!options_.rights_per_tag) config.samplingIntervalLimits = {0.0, 0.0};
  config.allowEmptyVariables = UA_RULEHANDLING_ACCEPT;
  config.verifyRequestTimestamp = UA_RULEHANDLING_ACCEPT;
}

bool ServerImpl::secure(UA_ServerConfig& config) {
  const auto all = policies();
  config.securityPolicies =
      static_cast<UA_SecurityPolicy*>(UA_calloc(all.size(), sizeof(UA_SecurityPolicy)));
  if (config.securityPolicies == nullptr) return false;
  for (const Policy& policy : all) {
    const Identity* own = trust_.own(policy.key);
    if (own == nullptr) continue;
    UA_SecurityPolicy& place = config.securityPolicies[config.securityPoliciesSize];
    if (!make_policy(place, policy, UA_APPLICATIONTYPE_SERVER, {own->certificate, own->key},
                     config.logging)) {
      return false;
    }
    config.securityPoliciesSize += 1;
    const UA_String uri = view_of(policy.uri);
    // The policy None has to be there for GetEndpoints; an endpoint is another matter.
    if (policy.rank == 0) {
      if (options_.allow_none)
        UA_ServerConfig_addEndpoint(&config, uri, UA_MESSAGESECURITYMODE_NONE);
      continue;
    }
    if (options_.allow_sign) {
      UA_ServerConfig_addEndpoint(&config, uri, UA_MESSAGESECURITYMODE_SIGN);
    }
    UA_ServerConfig_addEndpoint(&config, uri, UA_MESSAGESECURITYMODE_SIGNANDENCRYPT);
  }
  config.securityPolicyNoneDiscoveryOnly = !options_.allow_none;
  for (UA_CertificateGroup* group : {&config.secureChannelPKI, &config.sessionPKI}) {
    if (group->clear != nullptr) group->clear(group);
    *group = {};
    group->context = this;
    group->verifyCertificate = &ServerImpl::on_certificate;
  }
  return true;
}

UA_StatusCode ServerImpl::on_certificate(UA_CertificateGroup* group,
                                         const UA_ByteString* certificate) {
  auto& self = *static_cast<ServerImpl*>(group->context);
  if (self.trust_.verify({certificate->data, certificate->length}, {})) return UA_STATUSCODE_GOOD;
  self.refused_certificates_ += 1;
  return UA_STATUSCODE_BADCERTIFICATEUNTRUSTED;
}

void ServerImpl::control_access(UA_ServerConfig& config) {
  UA_AccessControl& access = config.accessControl;
  access.context = this;
  access.clear = [](UA_AccessControl* ac) {
    UA_Array_delete(ac->userTokenPolicies, ac->userTokenPoliciesSize,
                    &UA_TYPES[UA_TYPES_USERTOKENPOLICY]);
    ac->userTokenPoliciesSize = 0;
    ac->userTokenPolicies = nullptr;
  };
  std::vector<std::pair<UA_UserTokenType, std::string_view>> kinds = {
      {UA_USERTOKENTYPE_USERNAME, "user-name"}, {UA_USERTOKENTYPE_CERTIFICATE, "certificate"}};
  if (options_.allow_anonymous) kinds.emplace_back(UA_USERTOKENTYPE_ANONYMOUS, "anonymous");
  access.userTokenPolicies = static_cast<UA_UserTokenPolicy*>(
      UA_Array_new(kinds.size(), &UA_TYPES[UA_TYPES_USERTOKENPOLICY]));
  access.userTokenPoliciesSize = kinds.size();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    access.userTokenPolicies[i].tokenType = kinds[i].first;
    access.userTokenPolicies[i].policyId = copy_of(kinds[i].second);
  }
  access.activateSession = [](UA_Server*, UA_AccessControl* ac,
                              const UA_EndpointDescription* endpoint, const UA_ByteString*,
                              const UA_NodeId*, const UA_ExtensionObject* token, void** session) {
    if (!of(ac).may_speak_in(endpoint->securityMode)) {
      return UA_STATUSCODE_BADSECURITYMODEINSUFFICIENT;
    }
    return of(ac).admit(*token, session);
  };
  access.closeSession = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void* session) {
    delete static_cast<ServerUser*>(session);
  };
  access.getUserRightsMask = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void*,
                                const UA_NodeId*, void*) -> UA_UInt32 { return 0; };
  access.getUserAccessLevel = [](UA_Server*, UA_AccessControl* ac, const UA_NodeId*, void* session,
                                 const UA_NodeId*, void* node) {
    return of(ac).access_level(static_cast<ServerUser*>(session), static_cast<TagNode*>(node));
  };
  access.getUserExecutable = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void*,
                                const UA_NodeId*, void*) -> UA_Boolean { return true; };
  access.getUserExecutableOnObject = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void*,
                                        const UA_NodeId*, void*, const UA_NodeId*,
                                        void*) -> UA_Boolean { return true; };
  access.allowAddNode = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void*,
                           const UA_AddNodesItem*) -> UA_Boolean { return false; };
  access.allowAddReference = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void*,
                                const UA_AddReferencesItem*) -> UA_Boolean { return false; };
  access.allowDeleteNode = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void*,
                              const UA_DeleteNodesItem*) -> UA_Boolean { return false; };
  access.allowDeleteReference = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void*,
                                   const UA_DeleteReferencesItem*) -> UA_Boolean { return false; };
  access.allowBrowseNode = [](UA_Server*, UA_AccessControl* ac, const UA_NodeId*, void* session,
                              const UA_NodeId*, void* node) -> UA_Boolean {
    return node == nullptr ||
           of(ac).access_level(static_cast<ServerUser*>(session), static_cast<TagNode*>(node)) != 0;
  };
  access.allowTransferSubscription = [](UA_Server*, UA_AccessControl*, const UA_NodeId*, void* from,
                                        const UA_NodeId*, void* to) -> UA_Boolean {
    const auto* a = static_cast<const ServerUser*>(from);
    const auto* b = static_cast<const ServerUser*>(to);
    return a != nullptr && b != nullptr && a->kind == b->kind && a->name == b->name;
  };
}

// Signing alone encrypts nothing: it is for those peers that may be served so.
bool ServerImpl::may_speak_in(UA_MessageSecurityMode mode) const {
  if (mode == UA_MESSAGESECURITYMODE_SIGNANDENCRYPT) return true;
  const sys::TcpStream* speaker = ua_loop_.speaker();
  if (speaker == nullptr) return false;
  const Status may =
      loop_.reach().check_peer(speaker->local(), speaker->peer(), sys::Privacy::kPlain);
  if (!may) log_warn("opcua", "refused a session without encryption: " + may.error().text());
  return may.ok();
}

// Called again when a session moves to a new channel: perhaps as somebody else.
UA_StatusCode ServerImpl::admit(const UA_ExtensionObject& token, void** session) {
  auto user = std::make_unique<ServerUser>();
  std::string password;
  const UA_DataType* type =
      token.encoding >= UA_EXTENSIONOBJECT_DECODED ? token.content.decoded.type : nullptr;
  if (type == &UA_TYPES[UA_TYPES_USERNAMEIDENTITYTOKEN]) {
    const auto& named = *static_cast<const UA_UserNameIdentityToken*>(token.content.decoded.data);
    user->kind = UserKind::kUserName;
    user->name = text_of(named.userName);
    password = text_of(named.password);
  } else if (type == &UA_TYPES[UA_TYPES_X509IDENTITYTOKEN]) {
    const auto& shown = *static_cast<const UA_X509IdentityToken*>(token.content.decoded.data);
    const auto info = sys::inspect_x509({shown.certificateData.data, shown.certificateData.length});
    if (!info) return UA_STATUSCODE_BADIDENTITYTOKENINVALID;
    user->kind = UserKind::kCertificate;
    user->name = info->sha1;
  } else if (type == &UA_TYPES[UA_TYPES_ANONYMOUSIDENTITYTOKEN] ||
             token.encoding == UA_EXTENSIONOBJECT_ENCODED_NOBODY) {
    if (!options_.allow_anonymous) return UA_STATUSCODE_BADIDENTITYTOKENREJECTED;
  } else {
    return UA_STATUSCODE_BADIDENTITYTOKENINVALID;
  }
  if (!backing_.admit(*user, password)) return UA_STATUSCODE_BADUSERACCESSDENIED;
  delete static_cast<ServerUser*>(std::exchange(*session, user.release()));
  return UA_STATUSCODE_GOOD;
}

// A subscription without a session goes on with nobody's rights: it is not shown anything new.
UA_Byte ServerImpl::access_level(const ServerUser* user, const TagNode* node) {
  constexpr UA_Byte kRead = UA_ACCESSLEVELMASK_READ | UA_ACCESSLEVELMASK_HISTORYREAD;
  if (node == nullptr) return kRead;  // the standard's own nodes
  if (user == nullptr) return 0;
  UA_Byte level = 0;
  if (!options_.rights_per_tag || backing_.may_read(*user, node->tag.id)) level |= kRead;
  if (node->tag.spec.writable && backing_.may_write(*user, node->tag.id)) {
    level |= UA_ACCESSLEVELMASK_WRITE;
  }
  return level;
}

UA_StatusCode ServerImpl::on_read(UA_Server* server, const UA_NodeId* /*session*/,
                                  void* /*session_context*/, const UA_NodeId* /*id*/, void* context,
                                  UA_Boolean /*with_time*/, const UA_NumericRange* range,
                                  UA_DataValue* value) {
  const auto& node = *static_cast<const TagNode*>(context);
  value->hasStatus = true;
  if (range != nullptr) {
    value->status = UA_STATUSCODE_BADINDEXRANGEINVALID;
    return UA_STATUSCODE_GOOD;
  }
  const auto sample = of(server).backing_.current(node.tag.id);
  if (!sample) {
    value->status = UA_STATUSCODE_BADWAITINGFORINITIALDATA;
    return UA_STATUSCODE_GOOD;
  }
  auto full = data_value(*sample);
  std::swap(*value, *full);
  return UA_STATUSCODE_GOOD;
}

UA_StatusCode ServerImpl::on_write(UA_Server* server, const UA_NodeId* /*session*/,
                                   void* session_context, const UA_NodeId* /*id*/, void* context,
                                   const UA_NumericRange* range, const UA_DataValue* value) {
  const auto& node = *static_cast<const TagNode*>(context);
  const auto* user = static_cast<const ServerUser*>(session_context);
  if (range != nullptr) return UA_STATUSCODE_BADINDEXRANGEINVALID;
  if (user == nullptr) return UA_STATUSCODE_BADUSERACCESSDENIED;
  if (!value->hasValue) return UA_STATUSCODE_BADTYPEMISMATCH;
  auto wanted = to_value(value->value, node.tag.spec.type);
  if (!wanted) return UA_STATUSCODE_BADTYPEMISMATCH;
  const Status written = of(server).backing_.write(*user, node.tag.id, std::move(*wanted));
  return written ? UA_STATUSCODE_GOOD : refusal(written.error());
}

Status ServerImpl::start() {
  UA_ServerConfig config{};
  config.context = this;
  config.logging = const_cast<UA_Logger*>(ua_loop_.logger());
  config.eventLoop = ua_loop_.get();
  config.externalEventLoop = true;
  const auto broken = [&](const std::string& what) {
    const std::string complaint = ua_loop_.take_complaint();
    return Error{ErrorId::kTlsFailed, what + (complaint.empty() ? "" : ": " + complaint)};
  };
  if (UA_ServerConfig_setBasics_withPort(&config, options_.listen.port) != UA_STATUSCODE_GOOD) {
    UA_ServerConfig_clear(&config);
    return broken("the OPC UA server could not be set up");
  }
  describe(config);
  limit(config);
  serve_history(config, backing_);
  if (!secure(config)) {
    UA_ServerConfig_clear(&config);
    return broken("the OPC UA server cannot use its certificate");
  }
  control_access(config);
  server_ = UA_Server_newWithConfig(&config);
  if (server_ == nullptr) return broken("the OPC UA server could not be made");
  UA_CallbackValueSource written;
  written.read = &ServerImpl::on_read;
  written.write = &ServerImpl::on_write;
  space_ = std::make_unique<AddressSpace>(server_, written);
  if (options_.two_step_methods) {
    if (Status added = add_write_methods(server_, space_->namespace_index()); !added) {
      return added;
    }
  }
  (void)UA_Server_run_startup(server_);
  if (ua_loop_.listening()) return {};
  if (ua_loop_.last_error()) return *ua_loop_.last_error();
  return Error{ErrorId::kAddressInUse, options_.listen.text()};
}

}  // namespace

Result<std::unique_ptr<Server>> make_server(sys::EventLoop& loop, sys::Clock& clock,
                                            TrustStore& trust, ServerBacking& backing,
                                            ServerOptions options) {
  auto server = std::make_unique<ServerImpl>(loop, clock, trust, backing, std::move(options));
  if (Status started = server->start(); !started) return started.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace lineshaft::connect::opcua

#include "connect/opcua/subscriber.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

namespace lineshaft::connect::opcua {

namespace {

// A server that has nothing to say tells so this often; it forgets us after three such times, or
// when the session has timed out.
constexpr std::uint32_t kKeepAliveMs = 5'000;
// What is sampled less often is still published this often: a first publish comes at the end of an
// interval (Part 4, 5.14.1), and nobody waits a minute for the first value of a slow group.
constexpr std::uint32_t kPublishMsMax = 1'000;
constexpr std::size_t kPublishRequestsMax = 10;
constexpr Nanoseconds kTick = std::chrono::seconds(1);
// Nodes that were refused are tried again: a machine that restarts may bring them.
constexpr Nanoseconds kItemsRetry = std::chrono::seconds(30);
constexpr Nanoseconds kPublishPause = std::chrono::seconds(1);
constexpr Nanoseconds kOverflowTold = std::chrono::seconds(60);
// A gap of more notifications than this is not asked for one by one: the server has no more either.
constexpr UA_UInt32 kAskAgainMax = 100;
constexpr std::size_t kHeldMax = 1'000;
constexpr UA_StatusCode kOverflow =
    UA_STATUSCODE_INFOTYPE_DATAVALUE | UA_STATUSCODE_INFOBITS_OVERFLOW;

bool is_unsupported(UA_StatusCode status) {
  return status == UA_STATUSCODE_BADSERVICEUNSUPPORTED ||
         status == UA_STATUSCODE_BADNOTIMPLEMENTED || status == UA_STATUSCODE_BADNOTSUPPORTED;
}

// After the largest number comes 1, not 0 (Part 4, 7.25).
UA_UInt32 after(UA_UInt32 sequence) { return sequence == UINT32_MAX ? 1 : sequence + 1; }

}  // namespace

Subscriber::Subscriber(sys::EventLoop& loop, Access& access, Callbacks callbacks)
    : loop_(loop),
      access_(access),
      callbacks_(std::move(callbacks)),
      monitored_(access.config.signals.size()),
      tick_(loop.make_timer()) {
  std::map<std::string_view, std::size_t> by_name = {{"", 0}};
  for (const PollGroup& group : access.config.groups) {
    by_name[group.name] = groups_.size();
    groups_.emplace_back();
    groups_.back().interval_ms = group.interval_ms;
  }
  for (std::size_t i = 0; i < access.config.signals.size(); ++i) {
    groups_[by_name.at(access.config.signals[i].group)].signals.push_back(i);
  }
  std::erase_if(groups_, [](const Group& group) { return group.signals.empty(); });
}

void Subscriber::start(bool same) {
  epoch_ += 1;
  publishing_ = 0;
  publish_max_ = std::clamp(groups_.size() + 1, std::size_t{2}, kPublishRequestsMax);
  publish_not_before_ = {};
  acknowledgements_.clear();
  making_ = false;
  portion_ = access_.settings.nodes_per_request_max != 0 ? access_.settings.nodes_per_request_max
                                                         : access_.limits.items_per_call;
  retry_items_at_ = loop_.now() + kItemsRetry;
  for (Group& group : groups_) {
    group.asking_again = false;
    group.held.clear();
    group.heard = loop_.now();
  }
  tick_->start(kTick, [this] { on_tick(); });
  const bool had = std::ranges::any_of(groups_, [](const Group& group) { return group.id != 0; });
  if (had && !same) return transfer();
  if (had) refresh();
  make_missing();
}

void Subscriber::stop() {
  epoch_ += 1;
  tick_->cancel();
  access_.cancel();
}

void Subscriber::transfer() {
  std::vector<Group*> groups;
  std::vector<UA_UInt32> ids;
  for (Group& group : groups_) {
    if (group.id == 0) continue;
    groups.push_back(&group);
    ids.push_back(group.id);
  }
  UA_TransferSubscriptionsRequest request;
  UA_TransferSubscriptionsRequest_init(&request);
  request.subscriptionIds = ids.data();
  request.subscriptionIdsSize = ids.size();
  request.sendInitialValues = true;
  access_.client.call<UA_TYPES_TRANSFERSUBSCRIPTIONSREQUEST, UA_TYPES_TRANSFERSUBSCRIPTIONSRESPONSE,
                      UA_TransferSubscriptionsRequest, UA_TransferSubscriptionsResponse>(
      request, only_now([this, groups](const UA_TransferSubscriptionsResponse& answer) {
        on_transferred(groups, answer);
      }));
}

void Subscriber::on_transferred(const std::vector<Group*>& groups,
                                const UA_TransferSubscriptionsResponse& answer) {
  const bool usable = answer.responseHeader.serviceResult == UA_STATUSCODE_GOOD &&
                      answer.resultsSize == groups.size();
  std::size_t taken = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (usable && answer.results[i].statusCode == UA_STATUSCODE_GOOD) {
      taken += 1;
    } else {
      lost(*groups[i]);
    }
  }
  if (taken > 0) access_.host.on_event("subscriptions-transferred", std::to_string(taken));
  refresh();
  make_missing();
}

// After a pause an unchanged value is not sent again: it is read once, or it would stay bad.
void Subscriber::refresh() {
  std::vector<std::size_t> silent;
  for (const Group& group : groups_) {
    for (std::size_t signal : group.signals) {
      if (group.id != 0 && monitored_[signal] && !access_.heard(signal)) silent.push_back(signal);
    }
  }
  if (!silent.empty()) access_.read(std::move(silent), [] {});
}

// The subscription and its items are gone; what it had is made anew.
void Subscriber::lost(Group& group) {
  group.id = 0;
  group.last_sequence = 0;
  group.asking_again = false;
  group.held.clear();
  group.to_add.clear();
  for (std::size_t signal : group.signals) monitored_[signal] = false;
}

// One after the other: a server that restarts has enough to do.
void Subscriber::make_missing() {
  publish();
  if (making_) return;
  for (Group& group : groups_) {
    if (group.id == 0) return make(group);
    const auto missing = [this](std::size_t s) {
      return !monitored_[s] && access_.node(s) != nullptr;
    };
    if (group.to_add.empty() && loop_.now() >= retry_items_at_) {
      std::ranges::copy_if(group.signals, std::back_inserter(group.to_add), missing);
    }
    if (!group.to_add.empty()) return add_items(group);
  }
  if (loop_.now() >= retry_items_at_) retry_items_at_ = loop_.now() + kItemsRetry;
}

void Subscriber::make(Group& group) {
  making_ = true;
  const std::uint32_t publish_ms = std::min(group.interval_ms, kPublishMsMax);
  const std::uint32_t keep_alive = kKeepAliveMs / publish_ms;
  UA_CreateSubscriptionRequest request;
  UA_CreateSubscriptionRequest_init(&request);
  request.requestedPublishingInterval = publish_ms;
  request.requestedMaxKeepAliveCount = keep_alive;
  request.requestedLifetimeCount =
      std::max(3 * keep_alive, access_.settings.session_timeout_ms / publish_ms);
  request.publishingEnabled = true;
  access_.client.call<UA_TYPES_CREATESUBSCRIPTIONREQUEST, UA_TYPES_CREATESUBSCRIPTIONRESPONSE,
                      UA_CreateSubscriptionRequest, UA_CreateSubscriptionResponse>(
      request, only_now([this, &group](const UA_CreateSubscriptionResponse& answer) {
        on_made(group, answer);
      }));
}

void Subscriber::on_made(Group& group, const UA_CreateSubscriptionResponse& answer) {
  making_ = false;
  const UA_StatusCode status = answer.responseHeader.serviceResult;
  if (is_unsupported(status)) return callbacks_.unusable();
  if (status != UA_STATUSCODE_GOOD || answer.subscriptionId == 0) {
    access_.host.on_trouble(
        "no-subscription",
        Error{ErrorId::kPeerClosed, "the server makes no subscription: " + status_text(status)});
    return;  // the next tick tries again
  }
  group.id = answer.subscriptionId;
  group.last_sequence = 0;
  group.heard = loop_.now();
  const double revised_ms = std::clamp(answer.revisedPublishingInterval, 1.0, 86'400'000.0);
  const double alive_ms = revised_ms * std::max<UA_UInt32>(answer.revisedMaxKeepAliveCount, 1);
  group.silence_max = std::chrono::milliseconds(std::llround(std::min(2 * alive_ms, 1e9))) +
                      std::chrono::milliseconds(access_.settings.timeout_ms);
  if (revised_ms > 1.5 * group.interval_ms) {
    access_.host.on_event("slower",
                          "the server publishes every " + std::to_string(std::llround(revised_ms)) +
                              " ms instead of " + std::to_string(group.interval_ms) + " ms");
  }
  group.to_add.clear();
  for (std::size_t signal : group.signals) {
    if (access_.node(signal) != nullptr) group.to_add.push_back(signal);
  }
  std::ranges::reverse(group.to_add);
  make_missing();
}

void Subscriber::add_items(Group& group) {
  making_ = true;
  const std::size_t count = std::min<std::size_t>(group.to_add.size(), portion_);
  const std::vector<std::size_t> asked(group.to_add.rbegin(),
                                       group.to_add.rbegin() + static_cast<std::ptrdiff_t>(count));
  std::vector<UA_MonitoredItemCreateRequest> items(count);
  for (std::size_t i = 0; i < count; ++i) {
    UA_MonitoredItemCreateRequest_init(&items[i]);
    items[i].itemToMonitor.nodeId = *access_.node(asked[i]);  // borrowed for this call
    items[i].itemToMonitor.attributeId = UA_ATTRIBUTEID_VALUE;
    items[i].monitoringMode = UA_MONITORINGMODE_REPORTING;
    items[i].requestedParameters.clientHandle = static_cast<UA_UInt32>(asked[i]);
    items[i].requestedParameters.samplingInterval = group.interval_ms;
    items[i].requestedParameters.queueSize = access_.settings.values_kept_per_item;
    items[i].requestedParameters.discardOldest = true;
  }
  UA_CreateMonitoredItemsRequest request;
  UA_CreateMonitoredItemsRequest_init(&request);
  request.subscriptionId = group.id;
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
  request.itemsToCreate = items.data();
  request.itemsToCreateSize = count;
  access_.client.call<UA_TYPES_CREATEMONITOREDITEMSREQUEST, UA_TYPES_CREATEMONITOREDITEMSRESPONSE,
                      UA_CreateMonitoredItemsRequest, UA_CreateMonitoredItemsResponse>(
      request, only_now([this, &group, asked](const UA_CreateMonitoredItemsResponse& answer) {
        on_items(group, asked, answer);
      }));
}

void Subscriber::on_items(Group& group, const std::vector<std::size_t>& asked,
                          const UA_CreateMonitoredItemsResponse& answer) {
  making_ = false;
  const UA_StatusCode status = answer.responseHeader.serviceResult;
  if (group.id == 0 || status == UA_STATUSCODE_BADSUBSCRIPTIONIDINVALID) {
    lost(group);
    return;  // the next tick makes it anew
  }
  const bool too_many = status == UA_STATUSCODE_BADTOOMANYOPERATIONS ||
                        status == UA_STATUSCODE_BADENCODINGLIMITSEXCEEDED ||
                        status == UA_STATUSCODE_BADREQUESTTOOLARGE ||
                        status == UA_STATUSCODE_BADRESPONSETOOLARGE;
  if (too_many && asked.size() > 1) {
    portion_ = static_cast<std::uint32_t>(asked.size() / 2);
    return make_missing();
  }
  group.to_add.resize(group.to_add.size() - asked.size());
  const bool usable = status == UA_STATUSCODE_GOOD && answer.resultsSize == asked.size();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const UA_StatusCode one =
        !usable ? (status != UA_STATUSCODE_GOOD ? status : UA_STATUSCODE_BADUNKNOWNRESPONSE)
                : answer.results[i].statusCode;
    monitored_[asked[i]] = one == UA_STATUSCODE_GOOD;
    if (one != UA_STATUSCODE_GOOD) access_.refuse(asked[i], one);
  }
  make_missing();
}

// Always a few under way: each answer of the server uses one up.
void Subscriber::publish() {
  const bool any = std::ranges::any_of(groups_, [](const Group& group) { return group.id != 0; });
  while (any && publishing_ < publish_max_ && loop_.now() >= publish_not_before_) {
    std::vector<UA_SubscriptionAcknowledgement> acknowledged;
    for (const auto& [subscription, sequence] : acknowledgements_) {
      acknowledged.push_back({subscription, sequence});
    }
    acknowledgements_.clear();
    UA_PublishRequest request;
    UA_PublishRequest_init(&request);
    request.requestHeader.timeoutHint = UINT32_MAX;  // the tick watches over silence
    request.subscriptionAcknowledgements = acknowledged.data();
    request.subscriptionAcknowledgementsSize = acknowledged.size();
    publishing_ += 1;
    access_.client.call<UA_TYPES_PUBLISHREQUEST, UA_TYPES_PUBLISHRESPONSE, UA_PublishRequest,
                        UA_PublishResponse>(request, only_now([this](UA_PublishResponse& answer) {
                                              publishing_ -= 1;
                                              on_published(answer);
                                              publish();
                                            }));
  }
}

void Subscriber::on_published(UA_PublishResponse& answer) {
  const UA_StatusCode status = answer.responseHeader.serviceResult;
  if (status == UA_STATUSCODE_BADTOOMANYPUBLISHREQUESTS) {
    publish_max_ = std::max<std::size_t>(publish_max_ - 1, 1);
    publish_not_before_ = loop_.now() + kPublishPause;
    return;
  }
  if (status == UA_STATUSCODE_BADNOSUBSCRIPTION) {
    // While the first one is being made this is no news.
    if (!making_) std::ranges::for_each(groups_, [this](Group& group) { lost(group); });
    publish_not_before_ = loop_.now() + kPublishPause;
    return;
  }
  if (status != UA_STATUSCODE_GOOD) {
    publish_not_before_ = loop_.now() + kPublishPause;
    return;
  }
  Group* group = find(answer.subscriptionId);
  if (group == nullptr) return;
  group->heard = loop_.now();
  if (answer.notificationMessage.publishTime != 0) {  // some servers leave it out of a keep-alive
    const Timestamp sent = to_timestamp(answer.notificationMessage.publishTime);
    clock_ahead_ms_ = (sent - access_.host.now().wall) / std::chrono::milliseconds(1);
  }
  take(*group, answer.notificationMessage);
}

Subscriber::Group* Subscriber::find(UA_UInt32 id) {
  const auto found = std::ranges::find(groups_, id, &Group::id);
  return id == 0 || found == groups_.end() ? nullptr : &*found;
}

// In the order of their numbers; one that is missing is asked for before later ones are looked at.
void Subscriber::take(Group& group, UA_NotificationMessage& message) {
  if (group.held.size() >= kHeldMax) return lost(group);
  group.held.emplace_back();
  std::swap(*group.held.back(), message);
  if (!group.asking_again) drain(group);
}

void Subscriber::drain(Group& group) {
  while (!group.held.empty() && !group.asking_again) {
    UA_NotificationMessage& next = *group.held.front();
    const UA_UInt32 expected = after(group.last_sequence);
    const UA_UInt32 gap = next.sequenceNumber - expected;
    const bool behind = gap > UINT32_MAX / 2;  // one of before, or a number that came round
    if (group.last_sequence != 0 && gap > 0 && !behind && gap <= kAskAgainMax) {
      return ask_again(group, expected);
    }
    // Without notifications it says only that the server lives; its number is that of the next one.
    if (next.notificationDataSize > 0) {
      group.last_sequence = next.sequenceNumber;
      acknowledgements_.emplace_back(group.id, next.sequenceNumber);
      const auto message = std::move(group.held.front());
      group.held.pop_front();
      process(group, *message);
    } else {
      group.last_sequence = next.sequenceNumber == 1 ? UINT32_MAX : next.sequenceNumber - 1;
      group.held.pop_front();
    }
  }
}

void Subscriber::ask_again(Group& group, UA_UInt32 sequence) {
  group.asking_again = true;
  UA_RepublishRequest request;
  UA_RepublishRequest_init(&request);
  request.subscriptionId = group.id;
  request.retransmitSequenceNumber = sequence;
  access_.client.call<UA_TYPES_REPUBLISHREQUEST, UA_TYPES_REPUBLISHRESPONSE, UA_RepublishRequest,
                      UA_RepublishResponse>(
      request, only_now([this, &group, sequence](const UA_RepublishResponse& answer) {
        group.asking_again = false;
        if (group.id == 0) return;
        group.last_sequence = sequence;
        if (answer.responseHeader.serviceResult == UA_STATUSCODE_GOOD) {
          acknowledgements_.emplace_back(group.id, sequence);
          process(group, answer.notificationMessage);
        } else {
          access_.host.on_trouble("values-lost", Error{ErrorId::kPeerClosed,
                                                       "a notification was lost on the way and the "
                                                       "server no longer has it"});
        }
        drain(group);
      }));
}

void Subscriber::process(Group& group, const UA_NotificationMessage& message) {
  for (std::size_t i = 0; i < message.notificationDataSize; ++i) {
    const UA_ExtensionObject& data = message.notificationData[i];
    if (data.encoding != UA_EXTENSIONOBJECT_DECODED &&
        data.encoding != UA_EXTENSIONOBJECT_DECODED_NODELETE) {
      continue;
    }
    const UA_DataType* type = data.content.decoded.type;
    if (type == &UA_TYPES[UA_TYPES_DATACHANGENOTIFICATION]) {
      on_items_changed(*static_cast<const UA_DataChangeNotification*>(data.content.decoded.data));
    } else if (type == &UA_TYPES[UA_TYPES_STATUSCHANGENOTIFICATION]) {
      const auto& change =
          *static_cast<const UA_StatusChangeNotification*>(data.content.decoded.data);
      access_.host.on_event("subscription-ended", status_text(change.status));
      return lost(group);  // the next tick makes it anew
    }
  }
}

void Subscriber::on_items_changed(const UA_DataChangeNotification& change) {
  for (std::size_t i = 0; i < change.monitoredItemsSize; ++i) {
    const UA_MonitoredItemNotification& item = change.monitoredItems[i];
    if (item.clientHandle >= monitored_.size()) continue;
    access_.deliver(item.clientHandle, item.value);
    const bool overflow = item.value.hasStatus && (item.value.status & kOverflow) == kOverflow;
    if (!overflow || (overflow_told_ && loop_.now() - *overflow_told_ < kOverflowTold)) continue;
    overflow_told_ = loop_.now();
    access_.host.on_trouble("values-lost",
                            Error{ErrorId::kQueueFull,
                                  "the server threw values away because its queue was "
                                  "full: raise values_kept_per_item or poll faster"});
  }
}

void Subscriber::on_tick() {
  tick_->start(kTick, [this] { on_tick(); });
  for (const Group& group : groups_) {
    if (group.id == 0 || loop_.now() - group.heard <= group.silence_max) continue;
    return callbacks_.silent(
        Error{ErrorId::kTimeout, "the server has sent nothing for " +
                                     std::to_string(group.silence_max / std::chrono::seconds(1)) +
                                     " s although it promised to"});
  }
  make_missing();
}

}  // namespace lineshaft::connect::opcua

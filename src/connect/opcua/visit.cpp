#include "connect/opcua/visit.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect::opcua {

namespace {

ConnectionConfig only(const Settings& settings) {
  ConnectionConfig config;
  config.settings = settings;
  return config;
}

}  // namespace

UaReadItem read_item(const UA_NodeId& node, UA_AttributeId attribute) {
  UaReadItem item;
  (void)UA_NodeId_copy(&node, &item->nodeId);
  item->attributeId = static_cast<UA_UInt32>(attribute);
  return item;
}

Visit::Own::Own(const Way& way, const Settings& settings, Visit& visit)
    : config(only(settings)),
      client(way.loop, way.clock, way.trust, std::get<Settings>(config.settings), visit),
      access(client, config, visit) {}

Visit::Visit(const Way& way, const Settings& settings, Ready ready, Ready lost)
    : loop_(way.loop),
      clock_(way.clock),
      ready_(std::move(ready)),
      lost_(std::move(lost)),
      start_(way.loop.make_timer()),
      lent_(way.lent) {
  if (lent_ != nullptr) {
    lent_->visits_.push_back(this);
    client_ = &lent_->client_;
    access_ = &lent_->access_;
    start_->start(Nanoseconds(0), [this] {
      if (const auto tell = std::exchange(ready_, nullptr)) tell({});
    });
    return;
  }
  own_.emplace(way, settings, *this);
  client_ = &own_->client;
  access_ = &own_->access;
  start_->start(Nanoseconds(0), [this] { client_->connect(); });
}

Visit::~Visit() {
  if (lent_ != nullptr) std::erase(lent_->visits_, this);
}

void Lent::end(const Error& why) {
  for (Visit* visit : std::exchange(visits_, {})) visit->end(why);
}

// Nothing of what was asked is answered any more, and nothing more is asked: those who visit are
// told so.
void Visit::end(const Error& why) {
  lent_ = nullptr;
  start_->cancel();
  alive_.reset();
  on_no_session(why);
}

void Visit::find(const std::vector<Place>& places, Access::FindDone done) {
  access_->find(places, [alive = std::weak_ptr<int>(alive_),
                         done = std::move(done)](std::vector<Result<UaNodeId>> found) {
    if (!alive.expired()) done(std::move(found));
  });
}

void Visit::on_session(bool /*same*/) {
  access_->prepare([this](const Status& status) {
    if (!status) return client_->give_up(status.error());
    if (const auto tell = std::exchange(ready_, nullptr)) tell({});
  });
}

void Visit::on_no_session(const Error& why) {
  const auto ready = std::exchange(ready_, nullptr);
  const auto lost = std::exchange(lost_, nullptr);
  if (ready) return ready(why);
  if (lost) lost(why);
}

void Visit::read(std::vector<UaReadItem> items, ReadDone done) {
  read_next(std::make_shared<Reading>(Reading{std::move(items), {}, std::move(done)}));
}

void Visit::read_next(const std::shared_ptr<Reading>& reading) {
  const std::size_t from = reading->values.size();
  const std::size_t count =
      std::min<std::size_t>(reading->items.size() - from, access_->read_portion());
  if (count == 0) return reading->done(std::move(reading->values));
  std::vector<UA_ReadValueId> items;
  for (std::size_t i = 0; i < count; ++i) items.push_back(*reading->items[from + i]);  // borrowed
  UA_ReadRequest request;
  UA_ReadRequest_init(&request);
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
  request.nodesToRead = items.data();
  request.nodesToReadSize = count;
  call<UA_TYPES_READREQUEST, UA_TYPES_READRESPONSE, UA_ReadRequest, UA_ReadResponse>(
      request, [this, reading, count](UA_ReadResponse& answer) {
        UA_StatusCode status = answer.responseHeader.serviceResult;
        if (status == UA_STATUSCODE_GOOD && answer.resultsSize != count) {
          status = UA_STATUSCODE_BADUNKNOWNRESPONSE;
        }
        for (std::size_t i = 0; i < count; ++i) {
          UaDataValue value;
          if (status == UA_STATUSCODE_GOOD) {
            std::swap(*value, answer.results[i]);
          } else {
            value->hasStatus = true;
            value->status = status;
          }
          reading->values.push_back(std::move(value));
        }
        read_next(reading);
      });
}

}  // namespace lineshaft::connect::opcua

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

Visit::Visit(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust, const Settings& settings,
             Ready ready, Ready lost)
    : loop_(loop),
      clock_(clock),
      config_(only(settings)),
      ready_(std::move(ready)),
      lost_(std::move(lost)),
      start_(loop.make_timer()),
      client_(loop, clock, trust, std::get<Settings>(config_.settings), *this),
      access_(client_, config_, *this) {
  start_->start(Nanoseconds(0), [this] { client_.connect(); });
}

Visit::~Visit() = default;

void Visit::on_session(bool /*same*/) {
  access_.prepare([this](const Status& status) {
    if (!status) return client_.give_up(status.error());
    if (const auto ready = std::exchange(ready_, nullptr)) ready({});
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
      std::min<std::size_t>(reading->items.size() - from, access_.read_portion());
  if (count == 0) return reading->done(std::move(reading->values));
  std::vector<UA_ReadValueId> items;
  for (std::size_t i = 0; i < count; ++i) items.push_back(*reading->items[from + i]);  // borrowed
  UA_ReadRequest request;
  UA_ReadRequest_init(&request);
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
  request.nodesToRead = items.data();
  request.nodesToReadSize = count;
  client_.call<UA_TYPES_READREQUEST, UA_TYPES_READRESPONSE, UA_ReadRequest, UA_ReadResponse>(
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

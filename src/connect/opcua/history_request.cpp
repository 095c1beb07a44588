#include "connect/opcua/history_request.h"

#include <utility>

namespace lineshaft::connect::opcua {

namespace {

HistoryPage page_of(UA_HistoryReadResult& result) {
  HistoryPage page;
  page.status = result.statusCode;
  page.point = &result.continuationPoint;
  const UA_ExtensionObject& data = result.historyData;
  const bool decoded = data.encoding == UA_EXTENSIONOBJECT_DECODED ||
                       data.encoding == UA_EXTENSIONOBJECT_DECODED_NODELETE;
  if (decoded && data.content.decoded.type == &UA_TYPES[UA_TYPES_HISTORYDATA]) {
    page.data = static_cast<const UA_HistoryData*>(data.content.decoded.data);
  }
  return page;
}

}  // namespace

void read_history(Access& access, const HistoryRange& range, const std::vector<HistoryAsk>& asks,
                  HistoryDone done) {
  UA_ReadRawModifiedDetails details;
  UA_ReadRawModifiedDetails_init(&details);
  details.startTime = range.start;
  details.endTime = range.end;
  details.numValuesPerNode = range.values_max;
  std::vector<UA_HistoryReadValueId> nodes(asks.size());
  for (std::size_t i = 0; i < asks.size(); ++i) {
    UA_HistoryReadValueId_init(&nodes[i]);
    nodes[i].nodeId = *access.node(asks[i].signal);  // borrowed, as all that follows
    if (asks[i].point != nullptr) nodes[i].continuationPoint = **asks[i].point;
  }
  UA_HistoryReadRequest request;
  UA_HistoryReadRequest_init(&request);
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
  request.nodesToRead = nodes.data();
  request.nodesToReadSize = nodes.size();
  UA_ExtensionObject_setValueNoDelete(&request.historyReadDetails, &details,
                                      &UA_TYPES[UA_TYPES_READRAWMODIFIEDDETAILS]);
  access.client.call<UA_TYPES_HISTORYREADREQUEST, UA_TYPES_HISTORYREADRESPONSE,
                     UA_HistoryReadRequest, UA_HistoryReadResponse>(
      request, [count = asks.size(), done = std::move(done)](UA_HistoryReadResponse& answer) {
        UA_StatusCode whole = answer.responseHeader.serviceResult;
        if (whole == UA_STATUSCODE_GOOD && answer.resultsSize != count) {
          whole = UA_STATUSCODE_BADUNKNOWNRESPONSE;
        }
        std::vector<HistoryPage> pages(count, HistoryPage{whole, nullptr, nullptr});
        for (std::size_t i = 0; whole == UA_STATUSCODE_GOOD && i < count; ++i) {
          pages[i] = page_of(answer.results[i]);
        }
        done(whole, pages);
      });
}

}  // namespace lineshaft::connect::opcua

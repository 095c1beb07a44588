// connect/opcua/visit.h: a session for a look around: opened once, closed with the object. What
// testing and browsing share. Includes open62541's headers: for this folder only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "connect/opcua/access.h"

namespace lineshaft::connect::opcua {

using UaDataValue = Ua<UA_DataValue, UA_TYPES_DATAVALUE>;
using UaReadItem = Ua<UA_ReadValueId, UA_TYPES_READVALUEID>;

UaReadItem read_item(const UA_NodeId& node, UA_AttributeId attribute);

// Threads: the loop's.
class Visit : private UaClientListener, private DriverHost {
 public:
  // `ready` runs once: with success when requests may be made, else with the reason. `lost` runs if
  // the session ends later.
  using Ready = std::function<void(Status)>;
  Visit(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust, const Settings& settings,
        Ready ready, Ready lost);
  ~Visit() override;

  UaClient& client() { return client_; }
  Access& access() { return access_; }

  // Reads any number of attributes in portions. An item that could not be read has its status.
  using ReadDone = std::function<void(std::vector<UaDataValue>)>;
  void read(std::vector<UaReadItem> items, ReadDone done);

 private:
  struct Reading {
    std::vector<UaReadItem> items;
    std::vector<UaDataValue> values;
    ReadDone done;
  };
  void read_next(const std::shared_ptr<Reading>& reading);

  void on_session(bool same) override;
  void on_no_session(const Error& why) override;
  Instant now() override { return {clock_.now(), loop_.now()}; }
  void on_value(std::size_t, Instant, Value, Quality) override {}
  void on_past(std::size_t, Timestamp, Value, Quality) override {}
  void on_bad(std::size_t, Instant, Quality) override {}
  void on_connected() override {}
  void on_lost(const Error&) override {}
  void on_trouble(std::string_view, const Error&) override {}
  void on_event(std::string_view, std::string) override {}

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  ConnectionConfig config_;
  Ready ready_;
  Ready lost_;
  std::unique_ptr<sys::Timer> start_;
  UaClient client_;
  Access access_;
};

}  // namespace lineshaft::connect::opcua

// connect/opcua/visit.h: a session for a look around: one that stands, which goes on beside it, or
// one of its own, closed with the object. What testing and browsing share. Includes open62541's
// headers: for this folder only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "connect/opcua/access.h"

namespace lineshaft::connect::opcua {

using UaDataValue = Ua<UA_DataValue, UA_TYPES_DATAVALUE>;
using UaReadItem = Ua<UA_ReadValueId, UA_TYPES_READVALUEID>;

UaReadItem read_item(const UA_NodeId& node, UA_AttributeId attribute);

class Visit;

// A session that stands, as it is lent to visits. Threads: the loop's.
class Lent {
 public:
  Lent(UaClient& client, Access& access) : client_(client), access_(access) {}
  // Tells all visits that they are over. Before the session ends, or has ended.
  void end(const Error& why);

 private:
  friend class Visit;
  UaClient& client_;
  Access& access_;
  std::vector<Visit*> visits_;
};

// The way to a server. What is borrowed must outlive the visit, but for `lent`, which ends it.
struct Way {
  sys::EventLoop& loop;
  sys::Clock& clock;
  TrustStore& trust;
  Lent* lent = nullptr;  // null: a session of the visit's own
};

// Threads: the loop's.
class Visit : private UaClientListener, private DriverHost {
 public:
  // `ready` runs once: with success when requests may be made, else with the reason. `lost` runs if
  // the session ends later.
  using Ready = std::function<void(Status)>;
  Visit(const Way& way, const Settings& settings, Ready ready, Ready lost);
  ~Visit() override;

  // Requires: not lost.
  UaClient& client() { return *client_; }
  Access& access() { return *access_; }

  // As UaClient::call, and as Access::find. `done` is not called after destruction, nor after
  // `lost`.
  template <int request_type, int response_type, typename Request, typename Response>
  void call(const Request& request, UaClient::Done<Response> done) {
    client_->call<request_type, response_type, Request, Response>(
        request, [alive = std::weak_ptr<int>(alive_), done = std::move(done)](Response& answer) {
          if (!alive.expired()) done(answer);
        });
  }
  void find(const std::vector<Place>& places, Access::FindDone done);

  // Reads any number of attributes in portions. An item that could not be read has its status.
  using ReadDone = std::function<void(std::vector<UaDataValue>)>;
  void read(std::vector<UaReadItem> items, ReadDone done);

 private:
  struct Reading {
    std::vector<UaReadItem> items;
    std::vector<UaDataValue> values;
    ReadDone done;
  };
  friend class Lent;
  // A session of the visit's own.
  struct Own {
    Own(const Way& way, const Settings& settings, Visit& visit);
    ConnectionConfig config;
    UaClient client;
    Access access;
  };
  void read_next(const std::shared_ptr<Reading>& reading);
  void end(const Error& why);

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
  Ready ready_;
  Ready lost_;
  std::unique_ptr<sys::Timer> start_;
  Lent* lent_;                                             // null: its own, or over
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // watched by answers
  std::optional<Own> own_;
  UaClient* client_;
  Access* access_;
};

}  // namespace lineshaft::connect::opcua

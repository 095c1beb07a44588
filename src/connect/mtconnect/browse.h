// connect/mtconnect/browse.h: what an agent has: its devices, their parts and data items, with what
// a person has to know to make signals of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connect/connection.h"
#include "connect/http_get.h"
#include "connect/protocol.h"
#include "wire/mtconnect/document.h"

namespace lineshaft::connect {

// A device, a component, or a data item.
struct MtconnectEntry {
  std::vector<std::string> levels;  // names from the device down: "VMC", "Axes", "X", "Xact"
  std::string description;  // what the agent says: "Position ACTUAL", of a component its own
  // Of data items:
  std::string data_item;  // the id; "" for devices and components
  std::string category;   // "SAMPLE", "EVENT", "CONDITION"
  std::string type;       // "POSITION"
  std::string native_unit;
  SignalConfig signal;  // ready but for its path
};

// In the order of the agent: each part behind what it belongs to. Positions in space give one entry
// a number, sets one for the whole.
std::vector<MtconnectEntry> mtconnect_entries(const std::vector<mtconnect::Component>& devices);

// Asks an agent for its devices (probe). `done` runs once, at a turn of its own, so that it may
// destroy this. Errors: those of connecting; kBadAnswer, kDeviceRefused.
class MtconnectBrowse : public Task {
 public:
  using Done = std::function<void(Result<mtconnect::DevicesDocument>)>;
  // `timeout`: for the whole of it.
  MtconnectBrowse(sys::EventLoop& loop, const MtconnectSettings& settings, Nanoseconds timeout,
                  Done done);

 private:
  void finish(Result<mtconnect::DevicesDocument> result);

  Done done_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<HttpGet> get_;
};

}  // namespace lineshaft::connect

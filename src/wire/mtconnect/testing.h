// wire/mtconnect/testing.h: a small machine for the tests of MTConnect.
#pragma once

#include <string>
#include <vector>

#include "wire/mtconnect/document.h"

namespace lineshaft::mtconnect::testing {

inline DataItem data_item(std::string id, Category category, std::string type,
                          std::string sub_type = "", std::string units = "") {
  DataItem item;
  item.id = std::move(id);
  item.name = item.id + "_name";
  item.category = category;
  item.type = std::move(type);
  item.sub_type = std::move(sub_type);
  item.units = std::move(units);
  return item;
}

// A mill "m1" with an availability, an axis X with a position, a load and a condition, and a path
// with an execution, a position in space, a series, a set and a message.
inline std::vector<Component> mill() {
  Component axis{"Linear", "x", "X", "", "", "", "", "", "", {}, {}};
  axis.data_items = {
      data_item("xpos", Category::kSample, "POSITION", "ACTUAL", "MILLIMETER"),
      data_item("xload", Category::kSample, "LOAD", "", "PERCENT"),
      data_item("xcond", Category::kCondition, "TEMPERATURE"),
  };
  axis.data_items[0].minimum = -500;
  axis.data_items[0].maximum = 500;
  Component axes{"Axes", "axes", "base", "", "", "", "", "", "", {}, {axis}};
  Component path{"Path", "path", "path", "", "", "", "", "", "", {}, {}};
  path.data_items = {
      data_item("exec", Category::kEvent, "EXECUTION"),
      data_item("ppos", Category::kSample, "PATH_POSITION", "ACTUAL", "MILLIMETER_3D"),
      data_item("series", Category::kSample, "AMPERAGE_AC", "", "AMPERE"),
      data_item("vars", Category::kEvent, "VARIABLE"),
      data_item("msg", Category::kEvent, "MESSAGE"),
  };
  path.data_items[0].values = {"READY", "ACTIVE"};
  path.data_items[2].representation = Representation::kTimeSeries;
  path.data_items[2].sample_rate = 100;
  path.data_items[3].representation = Representation::kDataSet;
  Component controller{"Controller", "cont", "cont", "", "", "", "", "", "", {}, {path}};
  Component device{"Device", "m", "m1", "uuid-1", "", "A mill", "Maker", "M-3", "SN1", {}, {}};
  device.data_items = {data_item("avail", Category::kEvent, "AVAILABILITY")};
  device.components = {axes, controller};
  return {device};
}

inline Observation observation(std::string item, Category category, std::uint64_t sequence,
                               std::string text) {
  Observation seen;
  seen.data_item_id = std::move(item);
  seen.category = category;
  seen.sequence = sequence;
  seen.time =
      Timestamp{1'795'000'000'000'000'000 + static_cast<std::int64_t>(sequence) * 1'000'000};
  seen.unavailable = text == kUnavailableText;
  seen.text = std::move(text);
  return seen;
}

inline Observation condition(std::string item, std::uint64_t sequence, Level level,
                             std::string code = "", std::string text = "") {
  Observation seen = observation(std::move(item), Category::kCondition, sequence, std::move(text));
  seen.level = level;
  seen.unavailable = level == Level::kUnavailable;
  seen.native_code = std::move(code);
  return seen;
}

inline Header header() {
  Header header;
  header.sender = "here";
  header.version = kVersion;
  header.instance_id = 42;
  header.creation_time = Timestamp{1'795'000'000'000'000'000};
  header.model_change_time = header.creation_time;
  header.buffer_size = 100;
  header.first_sequence = 1;
  header.last_sequence = 9;
  header.next_sequence = 10;
  header.asset_buffer_size = 8;
  header.asset_count = 1;
  return header;
}

}  // namespace lineshaft::mtconnect::testing

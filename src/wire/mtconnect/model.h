// wire/mtconnect/model.h: what MTConnect documents say, as plain data: devices with their
// components and data items, observations, assets, errors. Names are those of the standard (2.x).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::mtconnect {

inline constexpr std::uint16_t kAgentPort = 5000;
inline constexpr std::string_view kVersion = "2.7";  // of the documents that we write
inline constexpr std::string_view kUnavailableText = "UNAVAILABLE";

enum class Category : std::uint8_t { kSample, kEvent, kCondition };
enum class Representation : std::uint8_t { kValue, kTimeSeries, kDataSet, kTable, kDiscrete };

std::string_view category_name(Category category);  // "SAMPLE"
std::optional<Category> parse_category(std::string_view name);
std::string_view representation_name(Representation representation);  // "TIME_SERIES"

struct DataItem {
  std::string id;
  std::string name;
  std::string type;      // "PATH_FEEDRATE", or "x:OWN"
  std::string sub_type;  // "ACTUAL"
  Category category = Category::kSample;
  Representation representation = Representation::kValue;
  std::string units;         // "MILLIMETER/SECOND"
  std::string native_units;  // of the device before the agent converted
  std::string composition_id;
  double sample_rate = 0;           // Hz; time series
  std::vector<std::string> values;  // that it is constrained to
  std::optional<double> minimum;
  std::optional<double> maximum;
  friend bool operator==(const DataItem&, const DataItem&) = default;

  // Three numbers in one text: "10.5 20 30".
  bool is_three_space() const { return units.ends_with("_3D"); }
};

struct Component {
  std::string element;  // "Device", "Axes", "Linear"
  std::string id;
  std::string name;
  std::string uuid;
  std::string native_name;
  std::string description;
  std::string manufacturer;
  std::string model;
  std::string serial_number;
  std::vector<DataItem> data_items;
  std::vector<Component> components;
  friend bool operator==(const Component&, const Component&) = default;
};

struct Header {
  std::string sender;
  std::string version;
  std::uint64_t instance_id = 0;  // changes when the sequence numbers begin anew
  Timestamp creation_time;
  std::uint64_t buffer_size = 0;
  std::uint64_t first_sequence = 0;  // of streams
  std::uint64_t last_sequence = 0;
  std::uint64_t next_sequence = 0;
  std::uint64_t asset_buffer_size = 0;
  std::uint64_t asset_count = 0;
  Timestamp model_change_time;
  friend bool operator==(const Header&, const Header&) = default;
};

enum class Level : std::uint8_t { kUnavailable, kNormal, kWarning, kFault };
std::string_view level_name(Level level);  // "Normal": the name of its element

struct Entry {  // of a data set; of a table a row of cells
  std::string key;
  std::string value;
  bool removed = false;
  std::vector<std::pair<std::string, std::string>> cells;
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Observation {
  std::string data_item_id;
  Category category = Category::kSample;
  std::uint64_t sequence = 0;
  Timestamp time;    // of the device; of a time series that of its last value
  std::string text;  // "12.5", "ACTIVE", "1 2 3"; of a condition its message
  bool unavailable = false;
  // Conditions. Codes of messages too.
  Level level = Level::kUnavailable;
  std::string native_code;
  std::string native_severity;
  std::string qualifier;
  std::string condition_id;
  double sample_rate = 0;       // Hz; time series
  bool is_set = false;          // a data set or table: `entries` counts
  std::string reset_triggered;  // a data set starts anew
  std::vector<Entry> entries;
  friend bool operator==(const Observation&, const Observation&) = default;
};

struct DevicesDocument {
  Header header;
  std::vector<Component> devices;
};
struct StreamsDocument {
  Header header;
  std::vector<Observation> observations;  // by sequence
};
struct Asset {
  std::string id;
  std::string type;  // the name of its element: "CuttingTool"
  std::string device_uuid;
  Timestamp time;
  bool removed = false;
  std::string xml;  // the whole element
  friend bool operator==(const Asset&, const Asset&) = default;
};
struct AssetsDocument {
  Header header;
  std::vector<Asset> assets;
};

struct DocumentError {
  std::string code;       // "OUT_OF_RANGE"
  std::string message;    // for people
  std::string uri;        // that was asked
  std::string parameter;  // OUT_OF_RANGE, INVALID_PARAMETER_VALUE: its name
  std::string value;      // and what it was; of ASSET_NOT_FOUND the asset
  friend bool operator==(const DocumentError&, const DocumentError&) = default;
};
struct ErrorDocument {
  Header header;
  std::vector<DocumentError> errors;
};

// The element of an observation: {"PATH_FEEDRATE", kValue} -> "PathFeedrate",
// {"VARIABLE", kDataSet} -> "VariableDataSet", "x:OWN_TYPE" -> "x:OwnType".
std::string element_name(std::string_view type, Representation representation);
// UNECE Rec 20 code of units: "CELSIUS" -> "CEL"; "" for those that it has none for.
std::string_view unit_code(std::string_view units);

}  // namespace lineshaft::mtconnect

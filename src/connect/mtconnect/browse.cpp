#include "connect/mtconnect/browse.h"

#include <utility>

#include "base/percent.h"

namespace lineshaft::connect {

namespace {

using mtconnect::Category;
using mtconnect::Component;
using mtconnect::DataItem;
using mtconnect::Representation;

// Events of the standard that are numbers.
bool is_count(const DataItem& item) {
  for (const std::string_view type :
       {"PART_COUNT", "LINE_NUMBER", "ASSET_COUNT", "TOOL_NUMBER_COUNT", "ROTARY_VELOCITY_OVERRIDE",
        "AXIS_FEEDRATE_OVERRIDE", "PATH_FEEDRATE_OVERRIDE", "BLOCK_COUNT", "LOAD_COUNT"}) {
    if (item.type == type) return true;
  }
  return false;
}

ValueType type_of_item(const DataItem& item) {
  if (item.category == Category::kCondition) return ValueType::kInt64;
  const bool set = item.representation == Representation::kDataSet ||
                   item.representation == Representation::kTable;
  if (set) return ValueType::kString;
  if (item.category == Category::kSample) return ValueType::kFloat64;
  return is_count(item) ? ValueType::kFloat64 : ValueType::kString;
}

class Walk {
 public:
  void component(const Component& part, std::vector<std::string> levels) {
    levels.push_back(part.name.empty() ? part.element : part.name);
    MtconnectEntry entry;
    entry.levels = levels;
    entry.description = part.description.empty() ? part.element : part.description;
    entries.push_back(std::move(entry));
    for (const DataItem& item : part.data_items) data_item(item, levels);
    for (const Component& child : part.components) component(child, levels);
  }

  std::vector<MtconnectEntry> entries;

 private:
  void data_item(const DataItem& item, const std::vector<std::string>& above) {
    const std::string name = item.name.empty() ? item.id : item.name;
    if (!item.is_three_space() || item.representation != Representation::kValue) {
      return add(item, above, name, "");
    }
    constexpr std::string_view kAxes[] = {"X", "Y", "Z"};
    for (std::size_t i = 0; i < std::size(kAxes); ++i) {
      add(item, above, name + " " + std::string(kAxes[i]), std::to_string(i));
    }
  }

  void add(const DataItem& item, std::vector<std::string> levels, const std::string& name,
           std::string part) {
    MtconnectEntry entry;
    levels.push_back(name);
    entry.levels = std::move(levels);
    entry.description = item.type + (item.sub_type.empty() ? "" : " " + item.sub_type);
    entry.data_item = item.id;
    entry.category = mtconnect::category_name(item.category);
    entry.type = item.type;
    entry.native_unit = item.units;
    entry.signal.point = MtconnectPoint{item.id, type_of_item(item), std::move(part)};
    entry.signal.unit = mtconnect::unit_code(item.units);
    entry.signal.description = entry.description;
    const bool linear = item.category == Category::kSample;
    entry.signal.interpolation = linear ? Interpolation::kLinear : Interpolation::kStep;
    if (item.category == Category::kCondition) {
      entry.signal.enum_set = {{0, "Normal"}, {1, "Warning"}, {2, "Fault"}};
    }
    entry.signal.range_low = item.minimum;
    entry.signal.range_high = item.maximum;
    entries.push_back(std::move(entry));
  }
};

Result<mtconnect::DevicesDocument> devices_of(http::ResponseReader& reader) {
  auto document = mtconnect::read_document(reader.body());
  if (!document) return document.error();
  if (const auto* errors = std::get_if<mtconnect::ErrorDocument>(&*document)) {
    return Error{ErrorId::kDeviceRefused, "the agent says " + errors->errors.front().code + ": " +
                                              errors->errors.front().message};
  }
  if (auto* devices = std::get_if<mtconnect::DevicesDocument>(&*document)) {
    return std::move(*devices);
  }
  return Error{ErrorId::kBadAnswer, "the agent answers with a document that was not asked for"};
}

}  // namespace

std::vector<MtconnectEntry> mtconnect_entries(const std::vector<Component>& devices) {
  Walk walk;
  for (const Component& device : devices) walk.component(device, {});
  return std::move(walk.entries);
}

MtconnectBrowse::MtconnectBrowse(sys::EventLoop& loop, const MtconnectSettings& settings,
                                 Nanoseconds timeout, Done done)
    : done_(std::move(done)), limit_(loop.make_timer()) {
  limit_->start(timeout, [this] {
    finish(Error{ErrorId::kTimeout, "the agent has not told its devices in time"});
  });
  HttpGetOptions options;
  options.endpoint = {settings.host, settings.port};
  options.tls = tls_context(settings.tls, sys::TlsSide::kClient);
  options.target =
      (settings.device.empty() ? "" : "/" + percent_encode(settings.device)) + "/probe";
  options.connect_timeout = timeout;
  options.answer_timeout = timeout;
  get_ = std::make_unique<HttpGet>(
      loop, std::move(options),
      HttpGet::Callbacks{[](http::ResponseReader&) { return Status(); },
                         [this](const Status& how, http::ResponseReader& reader) {
                           if (!how) return finish(how.error());
                           finish(devices_of(reader));
                         }});
}

void MtconnectBrowse::finish(Result<mtconnect::DevicesDocument> result) {
  limit_->cancel();
  const std::unique_ptr<HttpGet> get = std::move(get_);
  const auto done = std::move(done_);
  done(std::move(result));  // may destroy this
}

}  // namespace lineshaft::connect

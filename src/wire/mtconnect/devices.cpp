#include <algorithm>
#include <charconv>

#include "wire/mtconnect/document.h"

namespace lineshaft::mtconnect {

namespace {

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

std::optional<double> number(const XmlElement* element) {
  if (element == nullptr) return std::nullopt;
  const std::string& text = element->text;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string number_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : std::string();
}

Representation parse_representation(std::string_view name) {
  for (const auto candidate : {Representation::kTimeSeries, Representation::kDataSet,
                               Representation::kTable, Representation::kDiscrete}) {
    if (representation_name(candidate) == name) return candidate;
  }
  return Representation::kValue;
}

Result<DataItem> read_data_item(const XmlElement& element) {
  DataItem item;
  item.id = element.attribute("id");
  item.name = element.attribute("name");
  item.type = element.attribute("type");
  item.sub_type = element.attribute("subType");
  item.units = element.attribute("units");
  item.native_units = element.attribute("nativeUnits");
  item.composition_id = element.attribute("compositionId");
  item.representation = parse_representation(element.attribute("representation"));
  const std::string_view rate = element.attribute("sampleRate");
  std::from_chars(rate.data(), rate.data() + rate.size(), item.sample_rate);
  if (!(item.sample_rate > 0 && item.sample_rate < 1e9)) item.sample_rate = 0;
  const auto category = parse_category(element.attribute("category"));
  if (item.id.empty() || item.id.size() > kIdBytesMax || item.type.empty() || !category) {
    return bad("a DataItem has no id, type or category that is one: '" + item.id.substr(0, 64) +
               "'");
  }
  item.category = *category;
  if (const XmlElement* constraints = element.child("Constraints")) {
    for (const XmlElement& child : constraints->children) {
      if (child.name == "Value") item.values.push_back(child.text);
    }
    item.minimum = number(constraints->child("Minimum"));
    item.maximum = number(constraints->child("Maximum"));
  }
  return item;
}

class DevicesReader {
 public:
  // Depth: that of the XML, which is bounded.
  Result<Component> read(const XmlElement& element) {
    Component component;
    component.element = element.name;
    component.id = element.attribute("id");
    component.name = element.attribute("name");
    component.uuid = element.attribute("uuid");
    component.native_name = element.attribute("nativeName");
    if (const XmlElement* description = element.child("Description")) {
      component.description = description->text;
      component.manufacturer = description->attribute("manufacturer");
      component.model = description->attribute("model");
      component.serial_number = description->attribute("serialNumber");
    }
    if (const XmlElement* items = element.child("DataItems")) {
      for (const XmlElement& child : items->children) {
        if (child.name != "DataItem") continue;
        if (++data_items_ > kDataItemsMax) return bad("there are too many data items");
        auto item = read_data_item(child);
        if (!item) return item.error();
        component.data_items.push_back(*std::move(item));
      }
    }
    if (const XmlElement* parts = element.child("Components")) {
      for (const XmlElement& child : parts->children) {
        auto part = read(child);
        if (!part) return part.error();
        component.components.push_back(*std::move(part));
      }
    }
    return component;
  }

 private:
  std::size_t data_items_ = 0;
};

void write_data_item(const DataItem& item, XmlWriter& out) {
  out.open("DataItem")
      .attribute("id", item.id)
      .optional("name", item.name)
      .attribute("category", category_name(item.category))
      .attribute("type", item.type)
      .optional("subType", item.sub_type)
      .optional("units", item.units)
      .optional("nativeUnits", item.native_units)
      .optional("compositionId", item.composition_id);
  if (item.sample_rate > 0) out.attribute("sampleRate", number_text(item.sample_rate));
  if (item.representation != Representation::kValue) {
    out.attribute("representation", representation_name(item.representation));
  }
  if (!item.values.empty() || item.minimum || item.maximum) {
    out.open("Constraints");
    for (const std::string& value : item.values) out.open("Value").text(value).close();
    // The standard has either a list or a range.
    if (item.values.empty() && item.minimum) {
      out.open("Minimum").text(number_text(*item.minimum)).close();
    }
    if (item.values.empty() && item.maximum) {
      out.open("Maximum").text(number_text(*item.maximum)).close();
    }
    out.close();
  }
  out.close();
}

void write_component(const Component& component, XmlWriter& out) {
  out.open(component.element)
      .attribute("id", component.id)
      .optional("name", component.name)
      .optional("uuid", component.uuid)
      .optional("nativeName", component.native_name);
  const bool described = !component.description.empty() || !component.manufacturer.empty() ||
                         !component.model.empty() || !component.serial_number.empty();
  if (described) {
    out.open("Description")
        .optional("manufacturer", component.manufacturer)
        .optional("model", component.model)
        .optional("serialNumber", component.serial_number);
    if (!component.description.empty()) out.text(component.description);
    out.close();
  }
  if (!component.data_items.empty()) {
    out.open("DataItems");
    for (const DataItem& item : component.data_items) write_data_item(item, out);
    out.close();
  }
  if (!component.components.empty()) {
    out.open("Components");
    for (const Component& part : component.components) write_component(part, out);
    out.close();
  }
  out.close();
}

}  // namespace

namespace detail {

Result<DevicesDocument> read_devices(const XmlElement& root) {
  auto header = read_header(root);
  if (!header) return header.error();
  DevicesDocument document;
  document.header = *std::move(header);
  const XmlElement* devices = root.child("Devices");
  if (devices == nullptr) return bad("the document has no Devices");
  DevicesReader reader;
  for (const XmlElement& child : devices->children) {
    auto device = reader.read(child);
    if (!device) return device.error();
    document.devices.push_back(*std::move(device));
  }
  return document;
}

}  // namespace detail

std::string write_devices(const DevicesDocument& document) {
  XmlWriter out;
  detail::write_header(document.header, "Devices", out);
  out.open("Devices");
  for (const Component& device : document.devices) write_component(device, out);
  out.close().close();
  return out.take();
}

}  // namespace lineshaft::mtconnect

#include "wire/sparkplug/payload.h"

#include <algorithm>
#include <bit>

#include "base/utf8.h"
#include "wire/sparkplug/protobuf.h"

namespace lineshaft::sparkplug {

namespace {

using enum WireType;

// Numbers of the fields of a value; a metric and a property count them from different places.
struct ValueFields {
  std::uint32_t int_value;
  std::uint32_t text_value;
  std::uint32_t bytes_value;  // 0: there is none
  std::uint32_t opaque_first;
  std::uint32_t opaque_last;
};
constexpr ValueFields kMetricValue = {10, 15, 16, 17, 19};  // data set, template, extension
constexpr ValueFields kPropertyValue = {3, 8, 0, 9, 11};    // set, list of sets, extension

Error broken(std::string what) {
  return {ErrorId::kInvalidArgument, "Sparkplug payload: " + std::move(what)};
}

Result<std::string> text_of(const ProtoField& field, const char* what) {
  const std::string_view text = as_text(field.bytes);
  if (!is_utf8(text)) return broken(std::string(what) + " is not UTF-8");
  return std::string(text);
}

Status read_text(const ProtoField& field, const char* what, std::optional<std::string>& into) {
  Result<std::string> text = text_of(field, what);
  if (!text) return text.error();
  into = *std::move(text);
  return {};
}

// Takes the field if it is one of a value.
Status read_value(const ProtoField& field, const ValueFields& fields, WireValue& into) {
  const std::uint32_t place = field.number - fields.int_value;  // int, long, float, double, bool
  if (place == 0 && field.type == kVarint) {
    into = IntBits{static_cast<std::uint32_t>(field.bits)};
  } else if (place == 1 && field.type == kVarint) {
    into = LongBits{field.bits};
  } else if (place == 2 && field.type == kFixed32) {
    into = std::bit_cast<float>(static_cast<std::uint32_t>(field.bits));
  } else if (place == 3 && field.type == kFixed64) {
    into = std::bit_cast<double>(field.bits);
  } else if (place == 4 && field.type == kVarint) {
    into = field.bits != 0;
  } else if (field.is(fields.text_value, kBytes)) {
    Result<std::string> text = text_of(field, "a text");
    if (!text) return text.error();
    into = *std::move(text);
  } else if (fields.bytes_value != 0 && field.is(fields.bytes_value, kBytes)) {
    into = Bytes(field.bytes.begin(), field.bytes.end());
  } else if (field.number >= fields.opaque_first && field.number <= fields.opaque_last &&
             field.type == kBytes) {
    into = Opaque{};
  }
  return {};
}

Status read_property_value(ByteSpan bytes, Property& into) {
  bool is_null = false;
  ProtoReader reader(bytes);
  for (ProtoField field; reader.next(field);) {
    if (field.is(1, kVarint)) {
      into.type = static_cast<DataType>(static_cast<std::uint32_t>(field.bits));
    } else if (field.is(2, kVarint)) {
      is_null = field.bits != 0;
    } else if (Status value = read_value(field, kPropertyValue, into.value); !value) {
      return value;
    }
  }
  if (is_null) into.value = std::monostate();
  if (!reader.ok()) return broken("a property ends early");
  return {};
}

Status read_properties(ByteSpan bytes, std::vector<Property>& into) {
  std::vector<std::string> keys;
  std::vector<Property> values;
  ProtoReader reader(bytes);
  for (ProtoField field; reader.next(field);) {
    if (keys.size() > kPropertiesMax || values.size() > kPropertiesMax) {
      return broken("more than " + std::to_string(kPropertiesMax) + " properties of one metric");
    }
    if (field.is(1, kBytes)) {
      Result<std::string> key = text_of(field, "the key of a property");
      if (!key) return key.error();
      keys.push_back(*std::move(key));
    } else if (field.is(2, kBytes)) {
      if (Status value = read_property_value(field.bytes, values.emplace_back()); !value) {
        return value;
      }
    }
  }
  if (!reader.ok()) return broken("the properties end early");
  if (keys.size() != values.size())
    return broken("keys and values of the properties differ in number");
  for (std::size_t i = 0; i < keys.size(); ++i) values[i].key = std::move(keys[i]);
  into = std::move(values);
  return {};
}

Status read_metric_field(const ProtoField& field, Metric& into) {
  if (field.is(1, kBytes)) return read_text(field, "the name of a metric", into.name);
  if (field.is(9, kBytes)) return read_properties(field.bytes, into.properties);
  if (field.number >= kMetricValue.int_value) return read_value(field, kMetricValue, into.value);
  if (field.type != kVarint) return {};
  switch (field.number) {
    case 2:
      into.alias = field.bits;
      break;
    case 3:
      into.timestamp_ms = field.bits;
      break;
    case 4:
      into.datatype = static_cast<DataType>(static_cast<std::uint32_t>(field.bits));
      break;
    case 5:
      into.is_historical = field.bits != 0;
      break;
    case 6:
      into.is_transient = field.bits != 0;
      break;
    case 7:
      into.is_null = field.bits != 0;
      break;
    default:
      break;
  }
  return {};
}

Status read_metric(ByteSpan bytes, Metric& into) {
  ProtoReader reader(bytes);
  for (ProtoField field; reader.next(field);) {
    if (Status status = read_metric_field(field, into); !status) return status;
  }
  if (into.is_null) into.value = std::monostate();
  if (!reader.ok()) return broken("a metric ends early");
  return {};
}

Status read_payload_field(const ProtoField& field, Payload& into) {
  if (field.is(1, kVarint)) {
    into.timestamp_ms = field.bits;
  } else if (field.is(2, kBytes)) {
    if (into.metrics.size() == kMetricsMax) {
      return broken("more than " + std::to_string(kMetricsMax) + " metrics");
    }
    return read_metric(field.bytes, into.metrics.emplace_back());
  } else if (field.is(3, kVarint)) {
    into.seq = field.bits;
  } else if (field.is(4, kBytes)) {
    return read_text(field, "the uuid", into.uuid);
  } else if (field.is(5, kBytes)) {
    into.body = Bytes(field.bytes.begin(), field.bytes.end());
  }
  return {};
}

// --- writing ---

void write_value(const WireValue& value, const ValueFields& fields, ProtoWriter& out) {
  LS_ASSERT(!std::holds_alternative<Opaque>(value));
  if (const auto* number = std::get_if<IntBits>(&value)) {
    out.varint(fields.int_value, number->bits);
  } else if (const auto* wide = std::get_if<LongBits>(&value)) {
    out.varint(fields.int_value + 1, wide->bits);
  } else if (const auto* single = std::get_if<float>(&value)) {
    out.fixed32(fields.int_value + 2, *single);
  } else if (const auto* real = std::get_if<double>(&value)) {
    out.fixed64(fields.int_value + 3, *real);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    out.varint(fields.int_value + 4, *flag ? 1 : 0);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out.text(fields.text_value, *text);
  } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
    LS_ASSERT(fields.bytes_value != 0);
    out.bytes(fields.bytes_value, *bytes);
  }
}

void write_properties(const std::vector<Property>& properties, ProtoWriter& out) {
  Bytes set;
  ProtoWriter set_writer(set);
  for (const Property& property : properties) set_writer.text(1, property.key);
  for (const Property& property : properties) {
    Bytes value;
    ProtoWriter writer(value);
    writer.varint(1, static_cast<std::uint32_t>(property.type));
    if (std::holds_alternative<std::monostate>(property.value)) writer.varint(2, 1);
    write_value(property.value, kPropertyValue, writer);
    set_writer.bytes(2, value);
  }
  out.bytes(9, set);
}

void write_metric(const Metric& metric, Bytes& into) {
  ProtoWriter out(into);
  if (metric.name) out.text(1, *metric.name);
  if (metric.alias) out.varint(2, *metric.alias);
  if (metric.timestamp_ms) out.varint(3, *metric.timestamp_ms);
  if (metric.datatype) out.varint(4, static_cast<std::uint32_t>(*metric.datatype));
  if (metric.is_historical) out.varint(5, 1);
  if (metric.is_transient) out.varint(6, 1);
  if (metric.is_null) out.varint(7, 1);
  if (!metric.properties.empty()) write_properties(metric.properties, out);
  if (!metric.is_null) write_value(metric.value, kMetricValue, out);
}

}  // namespace

Result<Payload> decode_payload(ByteSpan bytes) {
  Payload payload;
  ProtoReader reader(bytes);
  for (ProtoField field; reader.next(field);) {
    if (Status status = read_payload_field(field, payload); !status) return status.error();
  }
  if (!reader.ok()) return broken("not Protocol Buffers, or cut off");
  return payload;
}

void encode_payload(const Payload& payload, Bytes& out) {
  ProtoWriter writer(out);
  if (payload.timestamp_ms) writer.varint(1, *payload.timestamp_ms);
  Bytes bytes;
  for (const Metric& metric : payload.metrics) {
    bytes.clear();
    write_metric(metric, bytes);
    writer.bytes(2, bytes);
  }
  if (payload.seq) writer.varint(3, *payload.seq);
  if (payload.uuid) writer.text(4, *payload.uuid);
  if (payload.body) writer.bytes(5, *payload.body);
}

std::optional<std::int64_t> quality_property(const Metric& metric) {
  for (const Property& property : metric.properties) {
    if (property.key != "Quality") continue;
    if (const auto* number = std::get_if<IntBits>(&property.value)) {
      return static_cast<std::int32_t>(number->bits);
    }
    if (const auto* number = std::get_if<LongBits>(&property.value)) {
      return static_cast<std::int64_t>(number->bits);
    }
  }
  return std::nullopt;
}

void set_quality_property(Metric& metric, std::int32_t number) {
  std::erase_if(metric.properties, [](const Property& one) { return one.key == "Quality"; });
  metric.properties.push_back(
      {"Quality", DataType::kInt32, IntBits{static_cast<std::uint32_t>(number)}});
}

}  // namespace lineshaft::sparkplug

#include <algorithm>
#include <charconv>

#include "wire/mtconnect/document.h"

namespace lineshaft::mtconnect {

namespace {

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

Timestamp time(std::string_view text) {
  const auto parsed = parse_timestamp(text);
  return parsed ? *parsed : Timestamp();
}

}  // namespace

namespace detail {

Result<Header> read_header(const XmlElement& root) {
  const XmlElement* element = root.child("Header");
  if (element == nullptr) return Error{ErrorId::kBadAnswer, "the document has no Header"};
  Header header;
  header.sender = element->attribute("sender");
  header.version = element->attribute("version");
  header.creation_time = time(element->attribute("creationTime"));
  header.model_change_time = time(element->attribute("deviceModelChangeTime"));
  header.instance_id = number(element->attribute("instanceId"));
  header.buffer_size = number(element->attribute("bufferSize"));
  header.first_sequence = number(element->attribute("firstSequence"));
  header.last_sequence = number(element->attribute("lastSequence"));
  header.next_sequence = number(element->attribute("nextSequence"));
  header.asset_buffer_size = number(element->attribute("assetBufferSize"));
  header.asset_count = number(element->attribute("assetCount"));
  return header;
}

void write_header(const Header& header, std::string_view document, XmlWriter& out) {
  const std::string space =
      "urn:mtconnect.org:MTConnect" + std::string(document) + ":" + std::string(kVersion);
  out.open("MTConnect" + std::string(document)).attribute("xmlns", space);
  out.open("Header")
      .attribute("creationTime", format_rfc3339(header.creation_time))
      .attribute("sender", header.sender)
      .attribute("instanceId", header.instance_id)
      .attribute("version", header.version)
      .attribute("deviceModelChangeTime", format_rfc3339(header.model_change_time));
  if (document != "Assets") out.attribute("bufferSize", header.buffer_size);
  if (document == "Assets" || document == "Devices") {
    out.attribute("assetBufferSize", header.asset_buffer_size)
        .attribute("assetCount", header.asset_count);
  }
  if (document == "Streams") {
    out.attribute("firstSequence", header.first_sequence)
        .attribute("lastSequence", header.last_sequence)
        .attribute("nextSequence", header.next_sequence);
  }
  out.close();
}

bool is_xml_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !name.empty() && letter(name[0]) && std::ranges::all_of(name, [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
  });
}

}  // namespace detail

Result<Document> read_document(std::string_view bytes, const XmlLimits& limits) {
  const auto root = read_xml(bytes, limits);
  if (!root) return root.error();
  const auto as_document = [](auto read) -> Result<Document> {
    if (!read) return read.error();
    return Document(*std::move(read));
  };
  if (root->name == "MTConnectDevices") return as_document(detail::read_devices(*root));
  if (root->name == "MTConnectStreams") return as_document(detail::read_streams(*root));
  if (root->name == "MTConnectAssets") return as_document(detail::read_assets(*root));
  if (root->name == "MTConnectError") return as_document(detail::read_errors(*root));
  return Error{ErrorId::kBadAnswer,
               "the document is a '" + root->name.substr(0, 64) + "', none of MTConnect"};
}

}  // namespace lineshaft::mtconnect

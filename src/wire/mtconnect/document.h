// wire/mtconnect/document.h: MTConnect documents (XML) to plain data and back. Reads what agents of
// the versions 1.0 to 2.x say, whatever the namespace; writes 2.7.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "wire/mtconnect/model.h"
#include "wire/mtconnect/xml.h"

namespace lineshaft::mtconnect {

inline constexpr std::size_t kDataItemsMax = 100'000;     // of a document
inline constexpr std::size_t kObservationsMax = 250'000;  // of a document
inline constexpr std::size_t kIdBytesMax = 256;

using Document = std::variant<DevicesDocument, StreamsDocument, AssetsDocument, ErrorDocument>;

// Errors: kBadAnswer: no XML, no MTConnect, what must be there is missing, or more than the bounds.
Result<Document> read_document(std::string_view bytes, const XmlLimits& limits = {});

// One asset alone: the element as it stands in a document or comes from an adapter. What it lacks
// of id, time and device is taken from the arguments. Errors: kInvalidArgument.
Result<Asset> read_asset(std::string_view xml, std::string_view id, Timestamp time,
                         std::string_view device_uuid);

std::string write_devices(const DevicesDocument& document);
std::string write_assets(const AssetsDocument& document);
std::string write_errors(const ErrorDocument& document);
// Of the observations those of `devices`; each is put below its component.
std::string write_streams(const StreamsDocument& document, const std::vector<Component>& devices);

namespace detail {
Result<Header> read_header(const XmlElement& root);
void write_header(const Header& header, std::string_view document, XmlWriter& out);
// "" for a name that is none in XML, else the name.
bool is_xml_name(std::string_view name);
Result<DevicesDocument> read_devices(const XmlElement& root);
Result<StreamsDocument> read_streams(const XmlElement& root);
Result<AssetsDocument> read_assets(const XmlElement& root);
Result<ErrorDocument> read_errors(const XmlElement& root);
}  // namespace detail

}  // namespace lineshaft::mtconnect

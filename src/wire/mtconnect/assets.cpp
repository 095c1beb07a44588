#include <algorithm>

#include "wire/mtconnect/document.h"

namespace lineshaft::mtconnect {

namespace {

void set(XmlElement& element, std::string_view name, std::string_view value) {
  for (auto& [known, old] : element.attributes) {
    if (known == name) {
      old = value;
      return;
    }
  }
  element.attributes.emplace_back(name, value);
}

Asset asset_of(const XmlElement& element) {
  Asset asset;
  asset.id = element.attribute("assetId");
  asset.type = element.name;
  asset.device_uuid = element.attribute("deviceUuid");
  const auto time = parse_timestamp(element.attribute("timestamp"));
  if (time) asset.time = *time;
  asset.removed = element.attribute("removed") == "true";
  asset.xml = to_xml(element);
  return asset;
}

}  // namespace

Result<Asset> read_asset(std::string_view xml, std::string_view id, Timestamp time,
                         std::string_view device_uuid) {
  XmlLimits limits;
  limits.bytes_max = 1024 * 1024;
  auto element = read_xml(xml, limits);
  if (!element) return Error{ErrorId::kInvalidArgument, "the asset: " + element.error().what};
  if (!id.empty()) set(*element, "assetId", id);
  if (element->attribute("timestamp").empty()) set(*element, "timestamp", format_rfc3339(time));
  if (element->attribute("deviceUuid").empty()) set(*element, "deviceUuid", device_uuid);
  Asset asset = asset_of(*element);
  if (asset.id.empty() || asset.id.size() > kIdBytesMax) {
    return Error{ErrorId::kInvalidArgument, "the asset has no assetId"};
  }
  return asset;
}

namespace detail {

Result<AssetsDocument> read_assets(const XmlElement& root) {
  auto header = read_header(root);
  if (!header) return header.error();
  AssetsDocument document;
  document.header = *std::move(header);
  const XmlElement* assets = root.child("Assets");
  if (assets == nullptr) return Error{ErrorId::kBadAnswer, "the document has no Assets"};
  for (const XmlElement& element : assets->children) {
    document.assets.push_back(asset_of(element));
    if (document.assets.back().id.empty()) {
      return Error{ErrorId::kBadAnswer, "an asset of the document has no assetId"};
    }
  }
  return document;
}

}  // namespace detail

std::string write_assets(const AssetsDocument& document) {
  XmlWriter out;
  detail::write_header(document.header, "Assets", out);
  out.open("Assets");
  for (const Asset& asset : document.assets) out.raw(asset.xml);
  out.close().close();
  return out.take();
}

}  // namespace lineshaft::mtconnect

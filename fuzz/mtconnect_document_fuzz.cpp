// Both sides: any bytes are a document or are refused; devices and errors that are read say the
// same after another trip through XML. Input: a document.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "wire/mtconnect/document.h"

using namespace lineshaft;

namespace {

bool writable(const mtconnect::Component& component) {
  // Names with a prefix need the declaration of their own vocabulary.
  return mtconnect::detail::is_xml_name(component.element) &&
         std::ranges::all_of(component.components, writable);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  mtconnect::XmlLimits limits;
  limits.elements_max = 5000;
  const auto document = mtconnect::read_document(bytes, limits);
  if (!document) {
    LS_ASSERT(document.error().id == ErrorId::kBadAnswer);
    return 0;
  }
  if (const auto* devices = std::get_if<mtconnect::DevicesDocument>(&*document)) {
    if (!std::ranges::all_of(devices->devices, writable)) return 0;
    const auto again = mtconnect::read_document(mtconnect::write_devices(*devices));
    LS_ASSERT(again.ok());
    LS_ASSERT(std::get<mtconnect::DevicesDocument>(*again).devices.size() ==
              devices->devices.size());
  }
  if (const auto* streams = std::get_if<mtconnect::StreamsDocument>(&*document)) {
    LS_ASSERT(std::ranges::is_sorted(streams->observations, {}, &mtconnect::Observation::sequence));
  }
  if (const auto* assets = std::get_if<mtconnect::AssetsDocument>(&*document)) {
    for (const mtconnect::Asset& asset : assets->assets) {
      const auto again = mtconnect::read_asset(asset.xml, "", {}, "");
      LS_ASSERT(!again.ok() || again->id == asset.id);
    }
  }
  if (const auto* errors = std::get_if<mtconnect::ErrorDocument>(&*document)) {
    LS_ASSERT(!errors->errors.empty());
    LS_ASSERT(mtconnect::read_document(mtconnect::write_errors(*errors)).ok());
  }
  return 0;
}

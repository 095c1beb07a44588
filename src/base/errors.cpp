#include "base/errors.h"

#include "base/assert.h"

namespace lineshaft {
namespace {

constexpr ErrorEntry kCatalogue[] = {
#define LS_ERROR(number, name, code, title, remedy) \
  {ErrorId::name, std::string_view(#name).substr(1), ErrorCode::code, title, remedy},
#include "base/errors.def"
#undef LS_ERROR
};

}  // namespace

std::span<const ErrorEntry> error_catalogue() { return kCatalogue; }

const ErrorEntry& error_entry(ErrorId id) {
  for (const ErrorEntry& entry : kCatalogue) {
    if (entry.id == id) return entry;
  }
  assert_failed("error id outside the catalogue", __FILE__, __LINE__);
}

std::string error_number(ErrorId id) {
  return "LS-" + std::to_string(static_cast<std::uint16_t>(id));
}

}  // namespace lineshaft

// base/ids.h: integers that cannot be mixed up: a TagId is not a TenantId.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace lineshaft {

// `Name` is an incomplete struct that only names the kind. Zero-initialised; ordered; hashable.
template <typename Name, typename Rep = std::uint32_t>
struct StrongId {
  Rep value{};
  friend auto operator<=>(const StrongId&, const StrongId&) = default;
};

}  // namespace lineshaft

template <typename Name, typename Rep>
struct std::hash<lineshaft::StrongId<Name, Rep>> {
  std::size_t operator()(const lineshaft::StrongId<Name, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};

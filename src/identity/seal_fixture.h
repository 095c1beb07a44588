// identity/seal_fixture.h: sealing for tests.
#pragma once

#include <string>
#include <string_view>

#include "identity/factors.h"

namespace lineshaft::identity {

// Sealing that everybody can undo, but that names key, owner and purpose.
class NamedSeal final : public SecretSeal {
 public:
  Result<std::string> seal(TenantId owner, std::string_view bound,
                           std::string_view plain) override {
    return head(owner, bound, key) + std::string(plain.rbegin(), plain.rend());
  }
  Result<std::string> open(TenantId owner, std::string_view bound,
                           std::string_view sealed) const override {
    for (int each = 1; each <= key; ++each) {
      const std::string expected = head(owner, bound, each);
      if (!sealed.starts_with(expected)) continue;
      sealed.remove_prefix(expected.size());
      return std::string(sealed.rbegin(), sealed.rend());
    }
    return Error{ErrorId::kCorrupt, "of another"};
  }
  bool is_current(TenantId, std::string_view sealed) const override {
    return sealed.starts_with("sealed under " + std::to_string(key) + " ");
  }
  int key = 1;

 private:
  static std::string head(TenantId owner, std::string_view bound, int number) {
    return "sealed under " + std::to_string(number) + " of " + std::to_string(owner.value) + " " +
           std::string(bound) + ":";
  }
};

}  // namespace lineshaft::identity

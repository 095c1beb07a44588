// app/factor_seal.h: the secrets of one-time codes, sealed under the keys of their organisation.
#pragma once

#include <string>
#include <string_view>

#include "identity/factors.h"
#include "vault/vault.h"

namespace lineshaft::app {

class FactorSeal final : public identity::SecretSeal {
 public:
  // It must outlive the object.
  explicit FactorSeal(vault::Vault& vault) : vault_(vault) {}

  Result<std::string> seal(TenantId owner, std::string_view bound,
                           std::string_view plain) override {
    return vault_.seal(owner, bound, plain);
  }
  Result<std::string> open(TenantId owner, std::string_view bound,
                           std::string_view sealed) const override {
    return vault_.unseal(owner, bound, sealed);
  }
  bool is_current(TenantId owner, std::string_view sealed) const override {
    return vault_.is_current(owner, sealed);
  }

 private:
  vault::Vault& vault_;
};

}  // namespace lineshaft::app

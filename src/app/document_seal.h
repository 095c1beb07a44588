// app/document_seal.h: keeps the secrets of connections and flows sealed in the records.
#pragma once

#include "records/documents.h"
#include "vault/vault.h"

namespace lineshaft::app {

// In the place of a secret stands {"sealed": "..."}, bound to organisation, document and member, so
// that it opens nowhere else.
class SealedMembers final : public records::DocumentSeal {
 public:
  // It must outlive the object.
  explicit SealedMembers(vault::Vault& vault) : vault_(vault) {}

  Result<std::string> seal(TenantId tenant, std::string_view kind, std::int64_t id,
                           std::string_view json) override;
  std::string open(TenantId tenant, std::string_view kind, std::int64_t id,
                   std::string_view stored) override;
  bool is_stale(TenantId tenant, std::string_view kind, std::int64_t id,
                std::string_view stored) override;

 private:
  vault::Vault& vault_;
};

}  // namespace lineshaft::app

// app/organisations.h: the rooms together, as far as they are divided among organisations: who is
// served at the start, suspended, removed, and how much there is of each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/platform.h"
#include "connect/flows/flows.h"
#include "connect/registry.h"
#include "historian/house.h"
#include "identity/identity.h"
#include "intake/import.h"
#include "records/documents.h"
#include "rights/party_links.h"
#include "tenancy/meter.h"
#include "vault/vault.h"

namespace lineshaft::app {

// Those that are not removed; of a server that nobody has claimed yet the one that will, whose data
// may be collected before. `active`: without those that are suspended.
std::vector<TenantId> tenants_of(const identity::Identity& identity, bool active);
// Where the history of an organisation other than the first stands.
std::string history_of(const std::string& data_directory, TenantId tenant);

class Organisations final : public api::Platform {
 public:
  struct Rooms {
    identity::Identity& identity;
    historian::House& history;
    records::Documents& documents;
    connect::Registry& connections;
    connect::Flows& flows;
    intake::ImportService& imports;
    tenancy::Meter& meter;
    rights::PartyLinks& links;
    vault::Vault& vault;
    sys::Clock& clock;
  };
  // All must outlive it. Makes the rooms ask the meter for room.
  explicit Organisations(Rooms rooms);

  tenancy::Gauges gauges(TenantId tenant) const override;
  Status suspend(const identity::Principal& actor, TenantId tenant, bool suspended) override;
  Status remove(const identity::Principal& actor, TenantId tenant) override;

  // Once a minute: writes what was used, and removes those whose time has come. Blocks.
  void maintain();

 private:
  Status empty(TenantId tenant);

  Rooms rooms_;
};

}  // namespace lineshaft::app

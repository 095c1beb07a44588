// app/server_stores.h: what stands in the data directory of a server, opened.
#pragma once

#include <memory>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "model/sample.h"

namespace lineshaft::sys {
class DirectoryLock;
}

namespace lineshaft::historian {
class House;
}

namespace lineshaft::identity {
class Authority;
class Identity;
}  // namespace lineshaft::identity

namespace lineshaft::ledger {
class Ledger;
}

namespace lineshaft::records {
class Documents;
}

namespace lineshaft::rights {
class AgreementBook;
class DeadlineBook;
class KeyBook;
class LicenceBook;
class PartyLinks;
class ProjectBook;
class Register;
class RoyaltyBook;
}  // namespace lineshaft::rights

namespace lineshaft::tenancy {
class Meter;
class Signups;
}  // namespace lineshaft::tenancy

namespace lineshaft::app {

class HttpsFetcher;
class KeyHouse;

struct ServerStores {
  // Makes the data directory if need be and locks it. None of the pointers is null then.
  // Errors: as Server::start. Damage is no error: it goes to the log.
  static Result<std::unique_ptr<ServerStores>> open(const Config& config);
  ServerStores();
  ~ServerStores();

  // In the order of dependence; destroyed from the last to the first.
  std::unique_ptr<sys::DirectoryLock> lock;
  std::unique_ptr<KeyHouse> key_house;
  std::unique_ptr<tenancy::Meter> meter;
  std::unique_ptr<tenancy::Signups> signups;
  std::vector<TenantId> tenants;  // at the start, suspended ones too
  std::unique_ptr<historian::House> historian;
  std::unique_ptr<HttpsFetcher> web;  // asked by identity
  std::unique_ptr<identity::Identity> identity;
  std::unique_ptr<identity::Authority> authority;
  std::unique_ptr<records::Documents> documents;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<rights::Register> rights;
  std::unique_ptr<rights::LicenceBook> licences;
  std::unique_ptr<rights::RoyaltyBook> royalties;
  std::unique_ptr<rights::ProjectBook> projects;
  std::unique_ptr<rights::AgreementBook> agreements;
  std::unique_ptr<rights::KeyBook> keys;
  std::unique_ptr<rights::PartyLinks> party_links;
  std::unique_ptr<rights::DeadlineBook> deadlines;
};

}  // namespace lineshaft::app

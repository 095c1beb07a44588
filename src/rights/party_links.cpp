#include "rights/party_links.h"

#include <array>
#include <utility>

namespace lineshaft::rights {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    // 1
    R"(CREATE TABLE party_links (party TEXT PRIMARY KEY, tenant INTEGER NOT NULL) STRICT;)",
};

}  // namespace

Result<std::unique_ptr<PartyLinks>> PartyLinks::open(std::unique_ptr<records::Database> database) {
  if (Status ready = database->migrate("rights.party_links", kSteps); !ready) return ready.error();
  return std::unique_ptr<PartyLinks>(new PartyLinks(std::move(database)));
}

Status PartyLinks::set(const std::string& party, TenantId tenant) {
  const std::lock_guard lock(mutex_);
  if (tenant == TenantId{}) {
    return database_->run("DELETE FROM party_links WHERE party = ?1", party);
  }
  return database_->run(
      "INSERT INTO party_links (party, tenant) VALUES (?1, ?2) "
      "ON CONFLICT (party) DO UPDATE SET tenant = excluded.tenant",
      party, std::int64_t{tenant.value});
}

Result<std::map<std::string, TenantId>> PartyLinks::all() {
  const std::lock_guard lock(mutex_);
  auto select = database_->prepare("SELECT party, tenant FROM party_links");
  if (!select) return std::move(select).error();
  std::map<std::string, TenantId> links;
  for (;;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) return links;
    links[std::string(select->text(0))] = TenantId{static_cast<std::uint32_t>(select->int64(1))};
  }
}

Status PartyLinks::forget(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  return database_->run("DELETE FROM party_links WHERE tenant = ?1", std::int64_t{tenant.value});
}

}  // namespace lineshaft::rights

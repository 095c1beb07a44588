#include "app/organisations.h"

#include <utility>

#include "base/log.h"
#include "identity/operator.h"

namespace lineshaft::app {

std::vector<TenantId> tenants_of(const identity::Identity& identity, bool active) {
  std::vector<TenantId> tenants;
  for (const identity::Organisation& one : identity.organisations()) {
    if (!active || one.state == identity::OrganisationState::kActive) tenants.push_back(one.id);
  }
  if (tenants.empty()) tenants.push_back(identity::kOperator);
  return tenants;
}

std::string history_of(const std::string& data_directory, TenantId tenant) {
  return sys::join_path(data_directory, "tenants/" + std::to_string(tenant.value) + "/history");
}

Organisations::Organisations(Rooms rooms) : rooms_(rooms) {
  tenancy::Meter& meter = rooms_.meter;
  rooms_.identity.ask_for_room(
      [&meter](TenantId tenant, identity::Identity::Kind kind, std::size_t have) {
        const bool is_person = kind == identity::Identity::Kind::kPerson;
        return meter.check_room(
            tenant, is_person ? tenancy::Quota::kPeople : tenancy::Quota::kTokens, have + 1);
      });
  rooms_.connections.ask_for_room([&meter](TenantId tenant, std::size_t connections) {
    return meter.check_room(tenant, tenancy::Quota::kConnections, connections);
  });
}

tenancy::Gauges Organisations::gauges(TenantId tenant) const {
  tenancy::Gauges gauges;
  gauges.tags = rooms_.history.list_tags(tenant, {}, 0, 0).total;
  gauges.bytes = rooms_.history.bytes_of(tenant);
  gauges.connections = rooms_.connections.configs(tenant).size();
  const identity::OrganisationSize size = rooms_.identity.size_of(tenant);
  gauges.people = size.people;
  gauges.tokens = size.tokens;
  return gauges;
}

Status Organisations::suspend(const identity::Principal& actor, TenantId tenant, bool suspended) {
  if (Status shut = rooms_.identity.suspend_organisation(actor, tenant, suspended); !shut) {
    return shut;
  }
  if (suspended) {
    rooms_.flows.stop(tenant);
    rooms_.connections.stop(tenant);
    return {};
  }
  Status started = rooms_.connections.start(tenant);
  return started ? rooms_.flows.start(tenant) : started;
}

// Everything but the people. Again is of no harm.
Status Organisations::empty(TenantId tenant) {
  rooms_.flows.stop(tenant);
  rooms_.connections.stop(tenant);
  for (const intake::Import& import : rooms_.imports.list(tenant)) {
    if (Status gone = rooms_.imports.forget(tenant, import.id); !gone) return gone;
  }
  Status done = rooms_.history.remove(tenant);
  if (done) done = rooms_.documents.remove_all(tenant);
  if (done) done = rooms_.links.forget(tenant);
  return done ? rooms_.meter.forget(tenant) : done;
}

// Its keys at the very end: whatever copy there is of what they sealed opens here no more.
// The people before: should the server stop in between, the organisation is still there, leaving,
// and is removed again. Then once more, for what somebody made meanwhile.
Status Organisations::remove(const identity::Principal& actor, TenantId tenant) {
  if (actor.kind != identity::PrincipalKind::kNobody) {
    Status may = identity::authorise(actor, identity::Permission::kPlatformManage);
    if (!may) return may;
  }
  if (tenant == identity::kOperator) {
    return Error{ErrorId::kConflict, "this organisation runs the server: it cannot be removed"};
  }
  Status done = empty(tenant);
  if (done) done = rooms_.identity.remove_organisation(actor, tenant);
  if (done) done = empty(tenant);
  return done ? rooms_.vault.destroy(tenant) : done;
}

void Organisations::maintain() {
  std::vector<std::pair<TenantId, tenancy::Gauges>> all;
  for (const identity::Organisation& one : rooms_.identity.organisations()) {
    if (one.id != identity::kOperator && one.leaves && *one.leaves <= rooms_.clock.now()) {
      if (Status done = remove({}, one.id); !done) log_error("app", done.error().text());
      continue;
    }
    all.emplace_back(one.id, gauges(one.id));
  }
  if (Status kept = rooms_.meter.write(all); !kept) log_warn("tenancy", kept.error().text());
}

}  // namespace lineshaft::app

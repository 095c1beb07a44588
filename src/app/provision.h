// app/provision.h: fills a server from a folder at its start; docs/decisions/0004-provision.md.
#pragma once

#include <functional>
#include <string>

#include "base/date.h"
#include "base/result.h"
#include "connect/flows/flows.h"
#include "connect/opcua/trust.h"
#include "connect/registry.h"
#include "intake/import.h"
#include "rights/agreement_book.h"
#include "rights/licence_book.h"
#include "rights/project_book.h"
#include "rights/register.h"
#include "rights/royalty_book.h"
#include "sys/file.h"

namespace lineshaft::app {

// Adds the connections of `folder`/connections.json that do not exist by name to `tenant`.
// Errors: kBadConfig naming the file and what is wrong in it; what was added before stays.
Status provision_connections(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                             connect::Registry& connections);

// Adds the flows of `folder`/flows.json, a list of objects of the API, that do not exist by name.
// Errors: as above.
Status provision_flows(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                       connect::Flows& flows);

// Trusts the OPC UA certificates in `folder`, *.der. Errors: kBadConfig naming the file; of the
// disk; what was trusted before stays.
Status provision_certificates(sys::FileSystem& files, const std::string& folder,
                              connect::opcua::TrustStore& trust);

// Adds what `folder`/rights.json lists and the register of `tenant` lacks: {"parties",
// "memberships", "assets"}, the objects of the API; each asset with its "events" and "ownership".
// Errors: kBadConfig naming the file and what is wrong in it; what was added before stays.
Status provision_rights(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                        rights::Register& rights, Day today);

// Adds what `folder`/royalties.json lists and is not there: {"licences" (signed for every side),
// "plans", "meters", "settle"}, the objects of the API. "settle" is a currency: a run of the last
// whole month is made, for people to look at. Requires: the tags of the meters exist.
// Errors: kBadConfig naming the file and what is wrong in it; what was added before stays.
Status provision_royalties(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                           rights::LicenceBook& licences, rights::RoyaltyBook& royalties,
                           Day today);

// Adds the projects and drafts of agreements of `folder`/cooperation.json that are not there:
// {"projects","agreements"}, the objects of the API; each project with the parties that have
// "accepted" and its "entries". Errors: as provision_rights.
Status provision_cooperation(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                             rights::ProjectBook& projects, rights::AgreementBook& agreements);

// Imports every *.csv of `folder`, one after another; waits for each, and asks `stopping` before
// it. Errors: kCancelled; those of the import of a file. What was imported before stays.
Status provision_imports(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                         intake::ImportService& imports, const std::function<bool()>& stopping);

}  // namespace lineshaft::app

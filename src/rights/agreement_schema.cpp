#include "rights/agreement_schema.h"

#include <array>

namespace lineshaft::rights {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    // 1: days are numbers of days since 1970-01-01. An entry of a project is never changed; one
    // that was withdrawn has the time. The text of a version is the exact text that is signed;
    // `in_force` is when its last signature came, and the highest such version counts.
    R"(CREATE TABLE rights_projects (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, lead TEXT NOT NULL,
         from_day INTEGER NOT NULL, to_day INTEGER, version INTEGER NOT NULL,
         PRIMARY KEY (tenant, id)) STRICT;
       CREATE TABLE rights_project_parties (
         tenant INTEGER NOT NULL, project TEXT NOT NULL, party TEXT NOT NULL,
         answer INTEGER NOT NULL, answered INTEGER, answered_by TEXT NOT NULL,
         PRIMARY KEY (tenant, project, party)) STRICT, WITHOUT ROWID;
       CREATE INDEX rights_projects_of ON rights_project_parties (tenant, party);
       CREATE TABLE rights_project_entries (
         tenant INTEGER NOT NULL, project TEXT NOT NULL, sequence INTEGER NOT NULL,
         kind INTEGER NOT NULL, party TEXT NOT NULL, asset TEXT NOT NULL, json TEXT NOT NULL,
         recorded INTEGER NOT NULL, recorded_by TEXT NOT NULL, withdrawn INTEGER,
         withdrawn_by TEXT NOT NULL, PRIMARY KEY (tenant, project, sequence)) STRICT;
       CREATE INDEX rights_project_assets ON rights_project_entries (tenant, asset);
       CREATE TABLE rights_agreement_versions (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
         project TEXT NOT NULL, text TEXT NOT NULL, digest TEXT NOT NULL,
         made INTEGER NOT NULL, made_by TEXT NOT NULL, in_force INTEGER,
         PRIMARY KEY (tenant, id, version)) STRICT;
       CREATE INDEX rights_agreements_of ON rights_agreement_versions (tenant, project);
       CREATE TABLE rights_agreement_approvals (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
         party TEXT NOT NULL, time INTEGER NOT NULL, approved_by TEXT NOT NULL,
         PRIMARY KEY (tenant, id, version, party)) STRICT;
       CREATE TABLE rights_agreement_signatures (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
         party TEXT NOT NULL, time INTEGER NOT NULL, signed_by TEXT NOT NULL,
         key BLOB NOT NULL, signature BLOB NOT NULL,
         PRIMARY KEY (tenant, id, version, party)) STRICT;
       CREATE TABLE rights_keys (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, key BLOB NOT NULL, user INTEGER NOT NULL,
         owner TEXT NOT NULL, label TEXT NOT NULL, registered INTEGER NOT NULL, revoked INTEGER,
         PRIMARY KEY (tenant, id)) STRICT;
       CREATE TABLE rights_share_changes (
         tenant INTEGER NOT NULL, agreement TEXT NOT NULL, sequence INTEGER NOT NULL,
         asset TEXT NOT NULL, text TEXT NOT NULL, digest TEXT NOT NULL,
         proposed INTEGER NOT NULL, proposed_by TEXT NOT NULL,
         PRIMARY KEY (tenant, agreement, sequence)) STRICT;
       CREATE UNIQUE INDEX rights_share_changes_text
         ON rights_share_changes (tenant, agreement, digest);
       CREATE TABLE rights_share_consents (
         tenant INTEGER NOT NULL, agreement TEXT NOT NULL, sequence INTEGER NOT NULL,
         party TEXT NOT NULL, time INTEGER NOT NULL, consented_by TEXT NOT NULL,
         PRIMARY KEY (tenant, agreement, sequence, party)) STRICT;)",
};

}  // namespace

std::span<const std::string_view> agreement_steps() { return kSteps; }

}  // namespace lineshaft::rights

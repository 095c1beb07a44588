#include "rights/schema.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace lineshaft::rights {
namespace {

constexpr std::array<std::string_view, 3> kSteps{
    // 1: days are numbers of days since 1970-01-01. `status` repeats what the events say, for
    // searching. An ownership entry that was corrected stays; `corrected` is 1 then, and nobody is
    // party to the asset by it.
    R"(CREATE TABLE rights_parties (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,
         country TEXT NOT NULL, region TEXT NOT NULL, field TEXT NOT NULL,
         version INTEGER NOT NULL, PRIMARY KEY (tenant, id)) STRICT;
       CREATE TABLE rights_memberships (
         tenant INTEGER NOT NULL, centre TEXT NOT NULL, member TEXT NOT NULL,
         tier TEXT NOT NULL, from_day INTEGER NOT NULL, to_day INTEGER,
         PRIMARY KEY (tenant, centre, member, from_day)) STRICT;
       CREATE TABLE rights_speakers (
         tenant INTEGER NOT NULL, user INTEGER NOT NULL, party TEXT NOT NULL,
         PRIMARY KEY (tenant, user)) STRICT;
       CREATE TABLE rights_assets (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL, title TEXT NOT NULL,
         family TEXT NOT NULL, parent TEXT NOT NULL, office TEXT NOT NULL, number TEXT NOT NULL,
         status INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (tenant, id)) STRICT;
       CREATE INDEX rights_assets_family ON rights_assets (tenant, family);
       CREATE TABLE rights_events (
         tenant INTEGER NOT NULL, asset TEXT NOT NULL, sequence INTEGER NOT NULL,
         kind INTEGER NOT NULL, day INTEGER NOT NULL, note TEXT NOT NULL, document TEXT NOT NULL,
         recorded INTEGER NOT NULL, recorded_by TEXT NOT NULL,
         PRIMARY KEY (tenant, asset, sequence)) STRICT;
       CREATE TABLE rights_ownership (
         tenant INTEGER NOT NULL, asset TEXT NOT NULL, sequence INTEGER NOT NULL,
         from_day INTEGER NOT NULL, basis TEXT NOT NULL, document TEXT NOT NULL,
         corrects INTEGER NOT NULL, corrected INTEGER NOT NULL, recorded INTEGER NOT NULL,
         recorded_by TEXT NOT NULL, PRIMARY KEY (tenant, asset, sequence)) STRICT;
       CREATE UNIQUE INDEX rights_ownership_day ON rights_ownership (tenant, asset, from_day)
         WHERE corrected = 0;
       CREATE TABLE rights_shares (
         tenant INTEGER NOT NULL, asset TEXT NOT NULL, sequence INTEGER NOT NULL,
         party TEXT NOT NULL, weight INTEGER NOT NULL,
         PRIMARY KEY (tenant, asset, sequence, party)) STRICT;
       CREATE INDEX rights_shares_party ON rights_shares (tenant, party, asset);
       CREATE VIEW rights_standing_shares AS
         SELECT s.tenant, s.asset, s.sequence, s.party, s.weight
         FROM rights_shares AS s JOIN rights_ownership AS o USING (tenant, asset, sequence)
         WHERE o.corrected = 0;)",
    // 2: the licence is kept as JSON; what it is searched by is repeated in columns.
    R"(CREATE TABLE rights_licences (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, status INTEGER NOT NULL,
         version INTEGER NOT NULL, json TEXT NOT NULL, ended_on INTEGER,
         PRIMARY KEY (tenant, id)) STRICT;
       CREATE TABLE rights_licence_assets (
         tenant INTEGER NOT NULL, licence TEXT NOT NULL, asset TEXT NOT NULL,
         PRIMARY KEY (tenant, licence, asset)) STRICT, WITHOUT ROWID;
       CREATE INDEX rights_licences_of ON rights_licence_assets (tenant, asset);
       CREATE TABLE rights_licence_parties (
         tenant INTEGER NOT NULL, licence TEXT NOT NULL, party TEXT NOT NULL,
         PRIMARY KEY (tenant, licence, party)) STRICT, WITHOUT ROWID;
       CREATE TABLE rights_approvals (
         tenant INTEGER NOT NULL, licence TEXT NOT NULL, digest TEXT NOT NULL,
         party TEXT NOT NULL, time INTEGER NOT NULL, approved_by TEXT NOT NULL,
         PRIMARY KEY (tenant, licence, digest, party)) STRICT;)",
    // 3: what deadlines and fees need. Counts are "claims=12 classes=3", reductions
    // "one-small-applicant open-licence".
    R"(ALTER TABLE rights_events ADD COLUMN act TEXT NOT NULL DEFAULT '';
       ALTER TABLE rights_events ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
       ALTER TABLE rights_assets ADD COLUMN counts TEXT NOT NULL DEFAULT '';
       ALTER TABLE rights_assets ADD COLUMN reductions TEXT NOT NULL DEFAULT '';
       CREATE INDEX rights_assets_parent ON rights_assets (tenant, parent) WHERE parent <> '';)",
};

Error refuse(std::string_view field, const std::string& why) {
  return {ErrorId::kInvalidArgument, std::string(field) + ": " + why};
}

}  // namespace

std::span<const std::string_view> register_steps() { return kSteps; }

Status check_text(std::string_view field, std::string_view text, std::size_t characters_max,
                  bool required) {
  if (required && text.empty()) return refuse(field, "is missing");
  if (!is_utf8(text)) return refuse(field, "is not UTF-8");
  if (utf8_length(text) > characters_max) {
    return refuse(field, "has more than " + std::to_string(characters_max) + " characters");
  }
  if (has_control(text)) return refuse(field, "contains a control character");
  return {};
}

Status check_document(std::string_view field, std::string_view sha256) {
  const bool digits = std::ranges::all_of(
      sha256, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (sha256.empty() || (sha256.size() == 64 && digits)) return {};
  return refuse(field, "is no SHA-256 in 64 hexadecimal digits of lower case");
}

}  // namespace lineshaft::rights

// rights/agreement_fixture.h: a register with a centre, two firms and a project, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "records/test_directory.h"
#include "rights/agreement_book.h"
#include "rights/key_book.h"
#include "rights/project_book.h"

namespace lineshaft::rights {

class AgreementFixture : public testing::Test {
 protected:
  static constexpr TenantId kOurs{1};
  const View kAll{kOurs, {}};

  AgreementFixture() {
    reopen();
    for (const char* id : {"hub", "firm", "mill", "stranger"}) {
      const auto kind = id == std::string("hub") ? PartyKind::kCentre : PartyKind::kOrganisation;
      register_->put_party(kOurs, {id, kind, std::string("The ") + id, "", "", "", 0}).value();
      keys_.emplace(id, PrivateKey::make(sys::real_random()));
    }
    asset("p-1");
  }

  void reopen() {
    agreements_.reset();
    projects_.reset();
    register_.reset();
    register_ = Register::open(database(), sys::real_clock()).value();
    projects_ = ProjectBook::open(database(), *register_, sys::real_clock()).value();
    agreements_ = AgreementBook::open(database(), *register_, sys::real_clock()).value();
    key_book_ = KeyBook::open(database(), sys::real_clock()).value();
  }
  std::unique_ptr<records::Database> database() {
    return records::Database::open(sys::real_file_system(), {.path = directory_.file("records.db")})
        .value();
  }
  static Day day(std::string_view text) { return parse_day(text).value(); }

  void asset(const std::string& id) {
    Asset asset;
    asset.id = id;
    asset.title = "Nozzle";
    register_->put_asset(kOurs, asset).value();
  }
  Result<Ownership> own(std::string_view asset, std::string_view from, std::vector<Share> shares,
                        std::int64_t corrects = 0) {
    Ownership entry;
    entry.from = day(from);
    entry.shares = std::move(shares);
    entry.basis = "agreement";
    entry.corrects = corrects;
    return register_->add_ownership(kOurs, asset, entry, "ann");
  }
  static Project project() {
    Project project;
    project.id = "casting";
    project.title = "Casting without cracks";
    project.lead = "hub";
    project.from = day("2026-01-01");
    project.parties = {"hub", "firm", "mill"};
    return project;
  }
  // Made by the hub, accepted by both firms.
  void start_project() {
    projects_->put({kOurs, "hub"}, project(), "hub@example.com").value();
    for (const char* id : {"firm", "mill"})
      projects_->answer(kOurs, "casting", id, true, id).value();
  }
  void name_result(const std::string& id) {
    ProjectEntry entry;
    entry.kind = EntryKind::kResult;
    entry.party = "hub";
    entry.asset = id;
    projects_->add_entry(kAll, "casting", entry, "ann").value();
  }
  // Jointly owned 60 : 25 : 15, and changed by a majority of two thirds of the weights.
  static Agreement draft(std::int64_t version = 0) {
    Agreement agreement;
    agreement.id = "a-1";
    agreement.version = version;
    agreement.project = "casting";
    agreement.title = "Joint results";
    agreement.sides = {{"firm", "", 25}, {"hub", "", 60}, {"mill", "", 15}};
    agreement.from = day("2026-01-01");
    agreement.terms.owner = ResultsOwner::kJoint;
    agreement.terms.consent = ConsentRule::kMajority;
    agreement.terms.more_than = Ratio::make(2, 3).value();
    return agreement;
  }
  Result<KeptAgreement> approve(std::string_view party) {
    const KeptAgreement newest = agreements_->get(kAll, "a-1", 0).value();
    return agreements_->approve(kOurs, "a-1", party, newest.digest, party);
  }
  Result<KeptAgreement> sign(std::string_view party) {
    const KeptAgreement newest = agreements_->get(kAll, "a-1", 0).value();
    const PrivateKey& key = keys_.at(std::string(party));
    return agreements_->sign(kOurs, "a-1", party, key.public_key(),
                             key.sign(signed_message(party, newest.text)), party);
  }
  void bring_into_force() {
    const auto signers = agreements_->get(kAll, "a-1", 0)->signers;
    for (const std::string& party : signers) approve(party).value();
    for (const std::string& party : signers) sign(party).value();
  }

  records::TestDirectory directory_;
  std::unique_ptr<Register> register_;
  std::unique_ptr<ProjectBook> projects_;
  std::unique_ptr<AgreementBook> agreements_;
  std::unique_ptr<KeyBook> key_book_;
  std::map<std::string, PrivateKey> keys_;
};

}  // namespace lineshaft::rights

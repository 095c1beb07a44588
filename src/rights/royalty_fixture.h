// rights/royalty_fixture.h: a register, licences, a historian and a ledger around a royalty book,
// for tests.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "records/test_directory.h"
#include "rights/licence_json.h"
#include "rights/royalty_book.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::rights {

// Steel of a furnace is licensed to a firm at 2.00 for each tonne, tiers in tenths of a tonne.
class RoyaltyFixture : public testing::Test {
 protected:
  static constexpr TenantId kOurs{1};

  RoyaltyFixture() {
    open();
    for (const char* id : {"centre", "partner", "university", "firm", "wang", "li"}) {
      register_->put_party(kOurs, {id, PartyKind::kOrganisation, id, "", "", "", 0}).value();
    }
    asset("alloy", {{"centre", 2}, {"partner", 1}});
    asset("furnace", {{"university", 1}});
  }

  static Timestamp at(std::string_view text) { return parse_timestamp(text).value(); }
  static Day day(std::string_view text) { return parse_day(text).value(); }

  // What a start of the program does; again, if it is open.
  void open() {
    book_.reset();
    licences_.reset();
    register_.reset();
    historian_.reset();
    ledger_.reset();
    historian_ = historian::Historian::open(disk_, clock_, random_,
                                            {.directory = "/data/history", .background = false})
                     .value();
    ledger_ = ledger::Ledger::open(disk_, random_, clock_,
                                   {.directory = "/data/ledger", .segment_bytes = 1 << 16})
                  .value();
    register_ = Register::open(database(), clock_).value();
    licences_ = LicenceBook::open(database(), *register_, clock_).value();
    book_ = RoyaltyBook::open(database(), {*register_, *licences_, *historian_}, *ledger_, clock_)
                .value();
  }
  std::unique_ptr<records::Database> database() {
    return records::Database::open(sys::real_file_system(), {.path = directory_.file("records.db")})
        .value();
  }

  void asset(const std::string& id, std::vector<Share> owners) {
    Asset made;
    made.id = id;
    made.title = id;
    register_->put_asset(kOurs, made).value();
    own(id, "2020-01-01", std::move(owners));
  }
  void own(const std::string& id, std::string_view from, std::vector<Share> owners) {
    Ownership entry;
    entry.from = day(from);
    entry.shares = std::move(owners);
    entry.basis = "agreement";
    register_->add_ownership(kOurs, id, entry, "ann").value();
  }
  // Of the alloy, to the firm. Signed by both sides.
  void license(const std::string& id, const std::string& terms) {
    Licence licence;
    licence.id = id;
    licence.licensors = {"centre", "partner"};
    licence.assets = {"alloy"};
    license(licence, terms);
  }
  // To the firm and from this year on, if it says nothing else.
  void license(Licence licence, const std::string& terms) {
    if (licence.licensees.empty()) licence.licensees = {"firm"};
    if (licence.from == Day()) licence.from = day("2026-01-01");
    licence.terms = terms;
    const KeptLicence draft = licences_->put(kOurs, licence).value();
    for (const std::string& side : sides_of(licence)) {
      licences_->approve(kOurs, licence.id, side, draft.digest, side).value();
    }
  }
  static std::string tonnes(const std::string& licence, const std::string& gaps = "hold") {
    return R"({"licence":")" + licence + R"(","version":"1","asset":"alloy","payer":"firm",)" +
           R"("currency":"CNY","usage":"quantity","quantity_digits":1,)" +
           R"("tiers":[{"from":"0","rate":"2"}],"gaps":")" + gaps + R"("})";
  }
  void meter(const std::string& licence) {
    TagSpec spec;
    spec.path = "plant/furnace/steel";
    tag_ = historian_->ensure_tags(kOurs, {spec}).value()[0];
    book_->put_meter(kOurs, {licence, "plant/furnace/steel", MeterKind::kCounter, 0, 0}).value();
  }
  void say(std::string_view time, double value, Quality quality = quality::kGood) {
    std::promise<Status> durable;
    historian_->append({kOurs, clock_.now(), {{tag_, at(time), quality, value}}},
                       [&](Status status) { durable.set_value(std::move(status)); });
    ASSERT_TRUE(durable.get_future().get().ok());
  }
  void report(const std::string& id, std::string_view from, std::string_view to,
              const std::string& quantity, const std::string& gap = "",
              const std::string& licence = "steel") {
    const auto added = book_->add_report(
        kOurs, {id, licence, day(from), day(to), quantity, gap, "", {}, ""}, "firm");
    ASSERT_TRUE(added.ok()) << added.error().text();
  }

  static RunRequest month(const std::string& id, std::string_view from, std::string_view to) {
    RunRequest request;
    request.id = id;
    request.from = day(from);
    request.to = day(to);
    return request;
  }
  static RunRequest january(const std::string& id) { return month(id, "2026-01-01", "2026-02-01"); }
  static RunRequest february(const std::string& id) {
    return month(id, "2026-02-01", "2026-03-01");
  }
  Result<WholeRun> make(const RunRequest& request) {
    return book_->make_run(kOurs, request, {"1", "Ann"});
  }
  Result<RoyaltyRun> approve(const std::string& id, const std::string& user) {
    const Result<WholeRun> whole = book_->get_run(kOurs, id);
    if (!whole) return whole.error();
    return book_->approve(kOurs, id, whole->run.digest, {user, "Name " + user});
  }
  RoyaltyRun pass(const RunRequest& request) {
    make(request).value();
    approve(request.id, "1").value();
    approve(request.id, "2").value();
    return book_->post(kOurs, request.id).value();
  }
  // Credits are below zero; 0 if there is no such account.
  Int128 posted(const std::string& account) {
    const auto id = ledger_->find_account(account);
    return id ? ledger_->account(*id).value().balance.posted() : Int128{0};
  }

  sys::SimDisk disk_;
  sys::SimRandom random_{1};
  sys::SimLoop loop_;
  sys::SimClock clock_{loop_, at("2026-03-01T09:00:00Z")};
  records::TestDirectory directory_;
  std::unique_ptr<historian::Historian> historian_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<Register> register_;
  std::unique_ptr<LicenceBook> licences_;
  std::unique_ptr<RoyaltyBook> book_;
  TagId tag_;
};

}  // namespace lineshaft::rights

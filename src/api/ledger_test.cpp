// The ledger, as the API has it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"
#include "base/hex.h"
#include "ledger/verify.h"

namespace lineshaft::api {
namespace {

using ledger::Sha256;

class LedgerApi : public Api {
 protected:
  LedgerApi() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
    for (const char* id : {"acme", "bolt", "crow"}) {
      EXPECT_EQ(ask("PUT", "/rights/parties", {{"id", id}, {"kind", "organisation"}, {"name", id}},
                    administrator_)
                    .status,
                201);
      speakers_[id] = speaker(id);
    }
    open_account("acme/receivable", "acme", "asset");   // 1
    open_account("bolt/payable", "bolt", "liability");  // 2
    open_account("crow/payable", "crow", "liability");  // 3
  }

  void open_account(const char* name, const char* owner, const char* kind) {
    post({{"kind", "open_account"},
          {"key", std::string("open ") + name},
          {"effective", "2026-01-01"},
          {"account", {{"name", name}, {"owner", owner}, {"currency", "CNY"}, {"kind", kind}}}});
  }
  // Its number.
  std::uint64_t post(const Json& body) {
    const Reply reply = ask("POST", "/ledger/journals", body, administrator_);
    EXPECT_EQ(reply.status, 201) << reply.body;
    return Json::parse(reply.body).value("sequence", std::uint64_t{0});
  }
  static Json royalty(const std::string& key) {
    return {{"kind", "post"},
            {"key", key},
            {"effective", "2026-02-28"},
            {"memo", "Royalty of February"},
            {"legs",
             {{{"account", "acme/receivable"}, {"amount", "100.00"}},
              {{"account", "bolt/payable"}, {"amount", "-60.00"}},
              {{"account", 3}, {"amount", "-40.00"}}}}};
  }
  Reply read(const std::string& address, const std::string& who = "") {
    return ask("GET", address, {}, who.empty() ? administrator_ : speakers_[who]);
  }
  Json json(const std::string& address, const std::string& who = "") {
    const Reply reply = read(address, who);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  }
  std::string refusal(const Json& body) {
    const Reply reply = ask("POST", "/ledger/journals", body, administrator_);
    EXPECT_GE(reply.status, 400);
    return Json::parse(reply.body)["detail"];
  }
  static Bytes bytes_of(const std::string& hex) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return bytes;
  }
  static Sha256 hash_of(const Json& hex) {
    const Bytes bytes = bytes_of(hex);
    Sha256 hash{};
    EXPECT_EQ(bytes.size(), hash.size());
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    return hash;
  }
  static ledger::Proof proof_of(const Json& hashes) {
    ledger::Proof proof;
    for (const Json& one : hashes) proof.push_back(hash_of(one));
    return proof;
  }
  static std::string whole(const Reply& reply) {
    std::string text;
    for (;;) {
      const Result<std::string> piece = reply.stream();
      EXPECT_TRUE(piece.ok());
      if (!piece || piece->empty()) return text;
      text += *piece;
    }
  }

  sys::HttpHeaders administrator_;
  std::map<std::string, sys::HttpHeaders> speakers_;
};

TEST_F(LedgerApi, AJournalIsPostedOnceAndProvedByItsBytesAlone) {
  EXPECT_EQ(post(royalty("r-1")), 4u);
  const Reply again = ask("POST", "/ledger/journals", royalty("r-1"), administrator_);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(Json::parse(again.body), (Json{{"sequence", 4}, {"repeat", true}}));
  Json other = royalty("r-1");
  other["memo"] = "another";
  EXPECT_EQ(ask("POST", "/ledger/journals", other, administrator_).status, 409);
  for (int i = 2; i < 9; ++i) post(royalty("r-" + std::to_string(i)));

  const Json journal = json("/ledger/journals/4");
  EXPECT_EQ(journal["legs"][1], (Json{{"account", 2},
                                      {"name", "bolt/payable"},
                                      {"owner", "bolt"},
                                      {"currency", "CNY"},
                                      {"amount", "-60.00"}}));
  const Sha256 leaf = ledger::leaf_hash(bytes_of(journal["entry"]));
  EXPECT_EQ(hex_text(leaf), journal["leaf"]);
  const std::string note = read("/ledger/checkpoint").body;
  std::string key = read("/ledger/key").body;
  key.pop_back();
  const auto checkpoint =
      ledger::open_checkpoint(ledger::parse_note(note).value(), ledger::NoteKey::parse(key).value())
          .value();
  EXPECT_EQ(checkpoint.size, 11u);
  const Json proof = json("/ledger/journals/4/proof");
  EXPECT_TRUE(ledger::verify_inclusion(leaf, 3, 11, proof_of(proof["proof"]), checkpoint.root));
  EXPECT_EQ(hash_of(proof["root"]), checkpoint.root);
  const Json older = json("/ledger/journals/4/proof?size=6");
  const Json continued = json("/ledger/consistency?from=6");
  EXPECT_EQ(older["root"], continued["from_root"]);
  EXPECT_TRUE(ledger::verify_consistency(6, 11, proof_of(continued["proof"]),
                                         hash_of(older["root"]), checkpoint.root));
  EXPECT_EQ(read("/ledger/journals/7/proof?size=6").status, 404);
  EXPECT_EQ(json("/ledger")["size"], 11);
  EXPECT_EQ(json("/ledger")["root"], hex_text(checkpoint.root));
}

TEST_F(LedgerApi, APartySeesItsOwnBooksOnly) {
  post(royalty("all"));
  Json two = royalty("two");
  two["legs"] = {{{"account", 1}, {"amount", "5"}}, {{"account", 3}, {"amount", "-5"}}};
  post(two);
  EXPECT_EQ(json("/ledger/accounts")["total"], 3);
  EXPECT_EQ(json("/ledger/accounts?party=bolt")["items"][0]["balance"], "-60.00");
  const Json own = json("/ledger/accounts", "bolt");
  ASSERT_EQ(own["total"], 1);
  EXPECT_EQ(own["items"][0]["name"], "bolt/payable");
  EXPECT_EQ(own["totals"], Json::array({{{"currency", "CNY"},
                                         {"debits", "0.00"},
                                         {"credits", "60.00"},
                                         {"balance", "-60.00"}}}));
  EXPECT_EQ(json("/ledger/accounts?party=acme", "bolt")["total"], 0);
  EXPECT_EQ(read("/ledger/accounts/1", "bolt").status, 404);
  EXPECT_EQ(read("/ledger/accounts/1/statement", "bolt").status, 404);
  EXPECT_EQ(json("/ledger/trial-balance", "bolt")["total"], 1);

  const Json shared = json("/ledger/journals/4", "bolt");
  ASSERT_EQ(shared["legs"].size(), 1u);
  EXPECT_EQ(shared["legs"][0]["amount"], "-60.00");
  EXPECT_EQ(shared["legs_hidden"], 2);
  EXPECT_FALSE(shared.contains("entry")) << "its bytes would tell the others' amounts";
  EXPECT_EQ(json("/ledger/journals/4/proof", "bolt")["leaf"], shared["leaf"]);
  EXPECT_EQ(read("/ledger/journals/5", "bolt").status, 404);
  EXPECT_EQ(read("/ledger/journals/5/proof", "bolt").status, 404);
  const Json page = json("/ledger/journals", "bolt");
  ASSERT_EQ(page["items"].size(), 2u);
  EXPECT_EQ(page["items"][0]["sequence"], 4);
  EXPECT_EQ(page["items"][1]["kind"], "open_account");
  EXPECT_EQ(read("/ledger/export", "bolt").status, 403);
  EXPECT_EQ(ask("POST", "/ledger/journals", royalty("x"), speakers_["bolt"]).status, 403);
}

TEST_F(LedgerApi, WhoSpeaksForNobodySeesNoBooksAtAll) {
  post(royalty("r"));
  speakers_["nobody"] = speaker("");
  EXPECT_EQ(json("/ledger/accounts", "nobody")["total"], 0);
  EXPECT_EQ(json("/ledger/trial-balance", "nobody")["total"], 0);
  EXPECT_TRUE(json("/ledger/journals", "nobody")["items"].empty());
  EXPECT_EQ(read("/ledger/journals/4", "nobody").status, 404);
  EXPECT_EQ(read("/ledger/accounts/1", "nobody").status, 404);
  EXPECT_EQ(read("/ledger/checkpoint", "nobody").status, 200) << "it tells nothing of the books";
}

TEST_F(LedgerApi, StatementsAndJournalsComeInPages) {
  for (int i = 0; i < 5; ++i) post(royalty("r-" + std::to_string(i)));  // 4 to 8
  const Json first = json("/ledger/accounts/2/statement?limit=3", "bolt");
  EXPECT_EQ(first["opening"], "0.00");
  ASSERT_EQ(first["lines"].size(), 3u);
  EXPECT_EQ(first["lines"][2]["balance"], "-180.00");
  const std::string next = std::to_string(first["next"].get<int>());
  const Json second = json("/ledger/accounts/2/statement?limit=3&after=" + next, "bolt");
  EXPECT_EQ(second["opening"], first["closing"]);
  ASSERT_EQ(second["lines"].size(), 2u);
  EXPECT_EQ(second["lines"][0]["sequence"], 7);
  EXPECT_EQ(second["closing"], "-300.00");
  EXPECT_TRUE(second["next"].is_null());

  const Json newest = json("/ledger/journals?limit=2");
  EXPECT_EQ(newest["items"][0]["sequence"], 8);
  EXPECT_EQ(newest["next"], 7);
  const Json rest = json("/ledger/journals?before=7&limit=200");
  EXPECT_EQ(rest["items"].size(), 6u);
  EXPECT_TRUE(rest["next"].is_null());

  const Json then = json("/ledger/trial-balance?at=5");
  EXPECT_EQ(then["items"][0]["balance"], "200.00");
  EXPECT_EQ(then["totals"][0]["balance"], "0.00") << "a ledger balances at any moment";
  EXPECT_EQ(read("/ledger/trial-balance?at=9").status, 404);
}

TEST_F(LedgerApi, AReversalNeedsNoLegsAndClosedPeriodsStayClosed) {
  const std::uint64_t sequence = post(royalty("r"));
  post(
      {{"kind", "reverse"}, {"key", "undo"}, {"effective", "2026-03-01"}, {"reference", sequence}});
  EXPECT_EQ(json("/ledger/accounts/2")["balance"], "0.00");
  post({{"kind", "close_period"}, {"key", "2026-02"}, {"effective", "2026-02-28"}, {"owner", ""}});
  EXPECT_NE(refusal(royalty("late")).find("2026-02-28"), std::string::npos);
}

TEST_F(LedgerApi, WhatIsWrongIsNamed) {
  Json body = royalty("r");
  body["legs"][2]["amount"] = "-39.99";
  EXPECT_NE(refusal(body).find("0.01"), std::string::npos) << refusal(body);
  body["legs"][2]["amount"] = "-40.001";
  EXPECT_EQ(refusal(body).substr(0, 15), "legs[2].amount:");
  body["legs"][2] = {{"account", "nobody/cash"}, {"amount", "1"}};
  EXPECT_EQ(refusal(body), "legs[2].account: there is no account 'nobody/cash'");
  EXPECT_EQ(
      refusal(
          {{"kind", "open_account"},
           {"key", "open"},
           {"effective", "2026-01-01"},
           {"account",
            {{"name", "acne/bank"}, {"owner", "acne"}, {"currency", "CNY"}, {"kind", "asset"}}}}),
      "account.owner: there is no party 'acne'");
  body = royalty("r");
  body["kind"] = "gift";
  EXPECT_EQ(refusal(body).substr(0, 5), "kind:");
  body = royalty("r");
  body["effective"] = "2026-02-30";
  EXPECT_EQ(refusal(body).substr(0, 10), "effective:");
  body = royalty("r");
  body["evidence"] = {"abc"};
  EXPECT_EQ(refusal(body).substr(0, 9), "evidence:");
  body = royalty("r");
  body["amout"] = 1;
  EXPECT_NE(refusal(body).find("amout"), std::string::npos);
  EXPECT_EQ(json("/ledger")["size"], 3) << "nothing of it was taken";
}

TEST_F(LedgerApi, AnExportVerifiesWithoutTheServer) {
  for (int i = 0; i < 300; ++i) post(royalty("r-" + std::to_string(i)));
  const std::string file = folder_.path + "/export";
  const std::string bytes = whole(read("/ledger/export"));
  ASSERT_TRUE(sys::write_file_atomically(sys::real_file_system(), file, as_bytes(bytes)).ok());
  ledger::VerifyOptions options;
  std::string key = read("/ledger/key").body;
  options.key = ledger::NoteKey::parse(key.substr(0, key.size() - 1)).value();
  const auto found = ledger::verify_export(sys::real_file_system(), file, options);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->entries, 303u);
  const std::string text = whole(read("/ledger/export?form=hledger"));
  EXPECT_EQ(text.substr(0, text.find("\n\n")),
            "2026-02-28 (4) r-0\n"
            "    acme:1:acme/receivable  100.00 CNY\n"
            "    bolt:2:bolt/payable  -60.00 CNY\n"
            "    crow:3:crow/payable  -40.00 CNY");
  EXPECT_EQ(read("/ledger/export?form=pdf").status, 400);
  EXPECT_EQ(read("/ledger/export?of=cosigned").status, 404) << "nobody has cosigned anything";
}

TEST_F(LedgerApi, AWitnessCosignsAndEverybodySeesIt) {
  ledger::NoteSigner::Seed seed{};
  const ledger::NoteSigner witness("witness.example", ledger::SignatureKind::kCosignature, seed);
  const auto key = ledger_->key().value();
  ledger::SignedNote note = ledger::parse_note(read("/ledger/checkpoint", "bolt").body).value();
  note.signatures.push_back(
      ledger::witness_checkpoint(note, key, {}, {}, witness, {1'764'158'400'000'000'000}).value());
  const Json cosigned = {{"note", note.encoded()}};
  EXPECT_EQ(ask("POST", "/ledger/cosignatures", cosigned, speakers_["bolt"]).status, 400)
      << "it is no known witness";
  const Json known = {{"key", witness.key().text()}};
  EXPECT_EQ(ask("POST", "/ledger/witnesses", known, speakers_["bolt"]).status, 403);
  EXPECT_EQ(ask("POST", "/ledger/witnesses", known, administrator_).status, 201);
  const Reply taken = ask("POST", "/ledger/cosignatures", cosigned, speakers_["bolt"]);
  EXPECT_EQ(Json::parse(taken.body)["witnesses"], Json::array({"witness.example"}));
  const Json item = json("/ledger/witnesses", "crow")["items"][0];
  EXPECT_EQ(item["size"], 3);
  EXPECT_EQ(item["time"], "2025-11-26T12:00:00Z");
  EXPECT_EQ(item["note"], note.encoded());
  EXPECT_EQ(read("/ledger/checkpoint").body, note.encoded()) << "nothing was posted since";
  EXPECT_EQ(read("/ledger/export?of=cosigned").status, 200);
  EXPECT_EQ(ask("DELETE", "/ledger/witnesses/witness.example", {}, administrator_).status, 204);
  EXPECT_EQ(json("/ledger/witnesses")["total"], 0);
}

}  // namespace
}  // namespace lineshaft::api

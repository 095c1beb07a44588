// Witnesses: what other organisations cosigned is kept, shown and can be demanded by an auditor.
#include "ledger/witnesses.h"

#include <gtest/gtest.h>

#include "ledger/ledger_fixture.h"
#include "ledger/verify.h"

namespace lineshaft::ledger {
namespace {

constexpr Timestamp kNoon{1'764'158'400'000'000'000};  // 2025-11-26 12:00:00 UTC

class WitnessesTest : public testing::Test {
 protected:
  WitnessesTest() {
    store_.options().origin = "example.org/ledger";
    EXPECT_TRUE(store_.open().ok());
    store_.open_accounts();
  }
  static NoteSigner::Seed seed(std::uint8_t byte) {
    NoteSigner::Seed seed{};
    seed.fill(byte);
    return seed;
  }
  // As a witness does who meets the ledger for the first time.
  SignedNote cosigned(SignedNote note, const NoteSigner& witness) {
    const auto signature = witness_checkpoint(note, *store_->key(), {}, {}, witness, kNoon);
    EXPECT_TRUE(signature.ok());
    note.signatures.push_back(*signature);
    return note;
  }
  std::string audited(const std::string& path, const std::vector<NoteKey>& witnesses) {
    VerifyOptions options;
    options.witnesses = witnesses;
    const Result<Verified> found = verify_export(disk_, path, options);
    return found ? std::to_string(found->entries) : found.error().what;
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
  const NoteSigner anna_{"anna.example", SignatureKind::kCosignature, seed(1)};
  const NoteSigner ben_{"ben.example", SignatureKind::kCosignature, seed(2)};
};

TEST_F(WitnessesTest, KeepsWhatKnownWitnessesCosignedLast) {
  ASSERT_TRUE(store_->witnesses().add(anna_.key()).ok());
  EXPECT_EQ(store_->witnesses().add(anna_.key()).error().id, ErrorId::kConflict);
  EXPECT_EQ(store_->witnesses().add(*store_->key()).error().id, ErrorId::kInvalidArgument);
  const SignedNote older = store_->checkpoint().value();
  EXPECT_EQ(store_->take_cosigned(cosigned(older, ben_)).error().id, ErrorId::kVerificationFailed)
      << "nobody said that ben is a witness";
  ASSERT_TRUE(store_->witnesses().add(ben_.key()).ok());
  ASSERT_EQ(store_.refusal(post_of("a", {{1, 5}, {2, -5}})), "");
  const SignedNote newer = store_->checkpoint().value();
  EXPECT_EQ(store_->take_cosigned(cosigned(cosigned(newer, anna_), ben_)).value(),
            (std::vector<std::string>{"anna.example", "ben.example"}));
  EXPECT_TRUE(store_->take_cosigned(cosigned(older, ben_)).ok());
  ASSERT_TRUE(store_.open().ok());
  const std::vector<Witness> known = store_->witnesses().list().value();
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[1].key, ben_.key());
  EXPECT_EQ(known[1].last->checkpoint.size, 3u) << "the newer one stays";
  EXPECT_EQ(known[1].last->time, kNoon);
  EXPECT_EQ(known[1].last->note.signatures.size(), 2u) << "the ledger's and its own";
  ASSERT_TRUE(store_->witnesses().remove("anna.example").ok());
  EXPECT_EQ(store_->witnesses().remove("anna.example").error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->witnesses().list()->size(), 1u);
}

TEST_F(WitnessesTest, TakesNoCheckpointThatIsNotTheLedgers) {
  ASSERT_TRUE(store_->witnesses().add(anna_.key()).ok());
  const NoteSigner other("example.org/ledger", SignatureKind::kNote, seed(9));
  const SignedNote forged = sign_checkpoint({"example.org/ledger", 2, store_->root()}, other);
  EXPECT_EQ(store_->take_cosigned(forged).error().id, ErrorId::kVerificationFailed);
  SignedNote good = cosigned(store_->checkpoint().value(), anna_);
  good.signatures.back().signature[20] ^= 1;
  EXPECT_EQ(store_->take_cosigned(good).error().id, ErrorId::kVerificationFailed);
}

TEST_F(WitnessesTest, AnAuditorCanDemandThem) {
  ASSERT_TRUE(store_->witnesses().add(anna_.key()).ok());
  ASSERT_TRUE(store_->witnesses().add(ben_.key()).ok());
  EXPECT_EQ(store_->export_to("/e", ExportOf::kCosigned).error().id, ErrorId::kNotFound);
  ASSERT_TRUE(store_->take_cosigned(cosigned(store_->checkpoint().value(), anna_)).ok());
  EXPECT_EQ(store_->checkpoint()->signatures.size(), 2u) << "it is still the same";
  ASSERT_EQ(store_.refusal(post_of("a", {{1, 5}, {2, -5}})), "");
  EXPECT_EQ(store_->checkpoint()->signatures.size(), 1u);
  ASSERT_TRUE(store_->export_to("/e", ExportOf::kCosigned).ok());
  EXPECT_EQ(audited("/e", {anna_.key()}), "2") << "up to what she cosigned";
  EXPECT_EQ(audited("/e", {anna_.key(), ben_.key()}),
            "the checkpoint is not cosigned by the witness " + ben_.key().text());
  ASSERT_TRUE(store_->export_to("/e").ok());
  EXPECT_EQ(audited("/e", {}), "3");
  EXPECT_EQ(audited("/e", {anna_.key()}),
            "the checkpoint is not cosigned by the witness " + anna_.key().text());
}

TEST_F(WitnessesTest, AreInTheBackup) {
  ASSERT_TRUE(store_->witnesses().add(anna_.key()).ok());
  ASSERT_TRUE(store_->witnesses().add(ben_.key()).ok());
  sys::SimRandom random(3);
  const auto back_up = [&] { return store_->back_up("/copy", random, [] { return true; }); };
  ASSERT_TRUE(back_up().ok());
  EXPECT_EQ(Witnesses(disk_, "/copy/witnesses").list()->size(), 2u);
  ASSERT_TRUE(store_->witnesses().remove("ben.example").ok());
  ASSERT_TRUE(store_->take_cosigned(cosigned(store_->checkpoint().value(), anna_)).ok());
  ASSERT_TRUE(back_up().ok());
  const auto kept = Witnesses(disk_, "/copy/witnesses").list().value();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].last->checkpoint.size, 2u);
}

}  // namespace
}  // namespace lineshaft::ledger

#include "ledger/checkpoint.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace lineshaft::ledger {
namespace {

// The example of the format's first implementation (golang.org/x/mod/sumdb/note), by its author.
constexpr const char* kKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

NoteSigner::Seed seed_of(std::uint8_t value) {
  NoteSigner::Seed seed{};
  seed.fill(value);
  return seed;
}

TEST(Note, OfAnotherImplementationIsVerified) {
  const NoteKey key = NoteKey::parse(kKey).value();
  EXPECT_EQ(key.text(), kKey);
  const SignedNote note = parse_note(kNote).value();
  EXPECT_EQ(note.encoded(), kNote);
  EXPECT_TRUE(verify_note(note, key));
  SignedNote changed = note;
  changed.text[0] = 'i';
  EXPECT_FALSE(verify_note(changed, key));
  EXPECT_FALSE(
      verify_note(note, NoteSigner("PeterNeumann", SignatureKind::kNote, seed_of(1)).key()));
}

TEST(Note, OfAnotherImplementationIsMadeAlike) {
  // Its secret key, as its documentation prints it: PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALV...
  const Bytes secret = base64_bytes("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").value();
  NoteSigner::Seed seed{};
  std::copy(secret.begin() + 1, secret.end(), seed.begin());
  const NoteSigner signer("PeterNeumann", SignatureKind::kNote, seed);
  EXPECT_EQ(signer.key().text(), kKey);
  SignedNote note;
  note.text = parse_note(kNote)->text;
  note.signatures.push_back(signer.sign(note.text, {}));
  EXPECT_EQ(note.encoded(), kNote);
}

TEST(Note, RefusesWhatIsNoNote) {
  EXPECT_FALSE(parse_note("").ok());
  EXPECT_FALSE(parse_note("text\n").ok());
  EXPECT_FALSE(parse_note("text\n\n").ok());
  EXPECT_FALSE(parse_note("text\n\nsigned by me\n").ok());
  EXPECT_FALSE(parse_note("text\n\n\xe2\x80\x94 me AAAAAAA=").ok());
  EXPECT_FALSE(parse_note("text\n\n\xe2\x80\x94 me AAAA\n").ok());  // no more than an id
  EXPECT_FALSE(parse_note("te\txt\n\n\xe2\x80\x94 me AAAAAAA=\n").ok());
  EXPECT_TRUE(parse_note("text\n\n\xe2\x80\x94 me AAAAAAA=\n").ok());
  EXPECT_FALSE(NoteKey::parse("me").ok());
  EXPECT_FALSE(
      NoteKey::parse("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").ok());
  EXPECT_FALSE(is_key_name("two words"));
}

Checkpoint checkpoint_of(std::uint64_t size, const Sha256& root) {
  return {"example.org/ledger", size, root};
}

TEST(CheckpointTest, HasTheFormOfTheSpecification) {
  // The example of C2SP tlog-checkpoint.
  const char* text =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const Checkpoint checkpoint = Checkpoint::parse(text).value();
  EXPECT_EQ(checkpoint.origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint.size, 20852163u);
  EXPECT_EQ(checkpoint.text(), text);
  EXPECT_EQ(Checkpoint::parse(std::string(text) + "an extension\n").value(), checkpoint);
  for (const char* bad :
       {"", "a\n", "a\n1\n", "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", "a\n1\nAAAA\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"}) {
    EXPECT_FALSE(Checkpoint::parse(bad).ok()) << bad;
  }
}

TEST(CheckpointTest, IsOpenedOnlyWithTheKeyOfItsLedger) {
  const NoteSigner ledger("example.org/ledger", SignatureKind::kNote, seed_of(1));
  const NoteSigner other("example.net/ledger", SignatureKind::kNote, seed_of(2));
  const Checkpoint checkpoint = checkpoint_of(5, leaf_hash({}));
  const SignedNote note = sign_checkpoint(checkpoint, ledger);
  EXPECT_EQ(open_checkpoint(note, ledger.key()).value(), checkpoint);
  EXPECT_EQ(open_checkpoint(note, other.key()).error().id, ErrorId::kVerificationFailed);
  // Signed well, but for somebody else's ledger.
  EXPECT_EQ(open_checkpoint(sign_checkpoint(checkpoint, other), other.key()).error().id,
            ErrorId::kVerificationFailed);
}

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() {
    for (int i = 0; i < 40; ++i) {
      peaks_.append(leaf_hash(as_bytes(std::to_string(i))), made_);
      roots_.push_back(peaks_.root());
    }
  }
  Checkpoint at(std::uint64_t size) const { return checkpoint_of(size, roots_[size - 1]); }
  Proof proof(std::uint64_t old_size, std::uint64_t size) const {
    return consistency_proof(
               old_size, size,
               [this](std::uint64_t position) -> Result<Sha256> { return made_[position]; })
        .value();
  }
  Result<NoteSignature> witness(const Checkpoint& checkpoint,
                                const std::optional<Checkpoint>& known, const Proof& proof) const {
    return witness_checkpoint(sign_checkpoint(checkpoint, ledger_), ledger_.key(), known, proof,
                              witness_, now_);
  }
  ErrorId refusal(const Checkpoint& checkpoint, const Checkpoint& known, const Proof& proof) const {
    const auto answer = witness(checkpoint, known, proof);
    return answer ? ErrorId::kInternal : answer.error().id;
  }

  NoteSigner ledger_{"example.org/ledger", SignatureKind::kNote, seed_of(1)};
  NoteSigner witness_{"witness.example/w1", SignatureKind::kCosignature, seed_of(3)};
  Timestamp now_{1'795'651'200'000'000'000};
  Peaks peaks_;
  std::vector<Sha256> made_;
  std::vector<Sha256> roots_;
};

TEST_F(WitnessTest, CosignsWhatContinuesTheKnownOne) {
  SignedNote note = sign_checkpoint(at(7), ledger_);
  note.signatures.push_back(witness(at(7), std::nullopt, {}).value());
  const SignedNote read = parse_note(note.encoded()).value();
  EXPECT_EQ(verify_note(read, witness_.key()), now_);
  EXPECT_TRUE(open_checkpoint(read, ledger_.key()).ok());
  EXPECT_TRUE(witness(at(40), at(7), proof(7, 40)).ok());
  EXPECT_TRUE(witness(at(7), at(7), {}).ok());
}

TEST_F(WitnessTest, RefusesAnotherHistory) {
  Checkpoint rewritten = at(40);
  rewritten.root[0] ^= 1;
  EXPECT_EQ(refusal(rewritten, at(7), proof(7, 40)), ErrorId::kCheckpointRefused);
  EXPECT_EQ(refusal(at(40), at(7), {}), ErrorId::kCheckpointRefused);
  EXPECT_EQ(refusal(at(6), at(7), {}), ErrorId::kCheckpointRefused);
  Checkpoint same_size = at(7);
  same_size.root[0] ^= 1;
  EXPECT_EQ(refusal(same_size, at(7), {}), ErrorId::kCheckpointRefused);
  Checkpoint renamed = at(40);
  renamed.origin = "example.org/other";
  EXPECT_EQ(refusal(renamed, at(7), proof(7, 40)), ErrorId::kVerificationFailed);
}

TEST_F(WitnessTest, SignsTheTimeToo) {
  SignedNote note = sign_checkpoint(at(7), ledger_);
  note.signatures.push_back(witness(at(7), std::nullopt, {}).value());
  note.signatures.back().signature[7] ^= 1;
  EXPECT_FALSE(verify_note(note, witness_.key()));
}

}  // namespace
}  // namespace lineshaft::ledger

// A hundred and more kinds of tampering with an export, each by its name, and what the command says
// of each: exit code 7, and the first bad entry where there is one. The export itself passes.
#include "app/tamper_fixture.h"

namespace lineshaft::app {
namespace {

constexpr const char* kAnother = "entries 1 to 17 is another than the one that was signed";

class Tamper : public TamperTest {
 protected:
  void add_of_the_file();
  void add_of_the_hashes();
  void add_of_whole_entries();
  void add_of_fields_that_break_the_rules();
  void add_of_fields_that_keep_the_rules();
  void add_of_the_form_of_entries();
  void add_of_the_checkpoint();
  void add_of_the_key();
  void add_by_the_owner();
  void add_of_witnesses();
};

void Tamper::add_of_the_file() {
  const std::size_t third = begin_of(parts_, 3);
  const std::size_t end = begin_of(parts_, 18);
  const auto bytes_of_third = [this](int more) {
    return static_cast<std::uint8_t>(static_cast<int>(parts_.entries[2].size()) + more);
  };
  add("the file is empty", Bytes{}, "is no export of a ledger");
  add("the mark at its beginning is another", with_byte(3, 'X'), "is no export of a ledger");
  add("its version is 0", with_byte(8, 0), "has version 0");
  add("its version is of the future", with_byte(8, 2), "has version 2");
  add("it ends in its head", cut(9), "is no export of a ledger");
  add("it ends before the first entry", cut(12), "entry 1: the file ends before it");
  add("it ends in the length of an entry", cut(third + 2), "entry 3: the file ends before it");
  add("it ends in the hash of an entry", cut(third + 20), "entry 3: the file ends inside it");
  add("it ends in the bytes of an entry", cut(third + 40), "entry 3: the file ends inside it");
  add("it ends behind the last entry", cut(end), "entry 18: the file ends before it");
  add("it ends behind the mark of the end", cut(end + 4), "the key at the end of the file");
  add("it ends in the key", cut(end + 20), "the key at the end of the file");
  add("it ends before the checkpoint", cut(end + 8 + parts_.key.size()),
      "the checkpoint at the end");
  add("it ends in the checkpoint", cut(bytes_.size() - 1), "the checkpoint at the end");
  Bytes longer = bytes_;
  longer.push_back(0);
  add("a byte follows", longer, "bytes behind the end");
  longer.pop_back();
  longer.insert(longer.end(), bytes_.begin(), bytes_.end());
  add("the export follows once more", longer, "bytes behind the end");
  Bytes without_mark = bytes_;
  without_mark.erase(without_mark.begin() + static_cast<std::ptrdiff_t>(end),
                     without_mark.begin() + static_cast<std::ptrdiff_t>(end + 4));
  add("the mark of the end is taken out", without_mark, "entry 18");
  add("an entry is said to be shorter", with_byte(third, bytes_of_third(-1)),
      "entry 3 is not what the hash beside it says");
  add("an entry is said to be longer", with_byte(third, bytes_of_third(1)),
      "entry 3 is not what the hash beside it says");
  add("an entry is said to be longer than any", with_byte(third + 3, 0x7f),
      "entry 3: its length is not that of an entry");
  add("an entry is said to reach behind the file", with_byte(third + 2, 1),
      "entry 3: the file ends inside it");
  add("an entry is said to be the end", with_byte(third, 0), "at the end of the file is not there");
}

void Tamper::add_of_the_hashes() {
  const auto flipped = [&](std::size_t entry, std::size_t byte) {
    Parts parts = parts_;
    parts.hashes[entry - 1][byte] ^= 1;
    return parts;
  };
  add("a bit of the first hash", flipped(1, 0), "entry 1 is not what the hash");
  add("a bit of the last hash", flipped(17, 31), "entry 17 is not what the hash");
  Parts parts = parts_;
  parts.hashes[8] = {};
  add("a hash of zeros", parts, "entry 9 is not what the hash");
  parts = parts_;
  std::swap(parts.hashes[5], parts.hashes[6]);
  add("two hashes exchanged", parts, "entry 6 is not what the hash");
  parts = parts_;
  parts.hashes[5] = sys::sha256(parts.entries[5]);
  add("a hash without the mark of a leaf", parts, "entry 6 is not what the hash");
  parts = changed(7, [](Journal& j) { j.memo = "!"; });
  parts.hashes[6] = parts_.hashes[6];
  add("an entry changed, its hash left", parts, "entry 7 is not what the hash");
}

void Tamper::add_of_whole_entries() {
  const auto with = [this](const std::function<void(Parts&)>& change) {
    Parts parts = parts_;
    change(parts);
    return parts;
  };
  // Without the first account the others have other numbers: account 3 is of another currency.
  add("the first entry is gone", with([](Parts& p) { remove(p, 1); }), "entry 5:");
  // The money that the royalty takes was never put in.
  add("an entry in the middle is gone", with([](Parts& p) { remove(p, 6); }), "entry 6:");
  add("a reservation is gone", with([](Parts& p) { remove(p, 8); }), "entry 8:");
  add("the last entry is gone", with([](Parts& p) { remove(p, 17); }),
      "entry 17 is missing: the checkpoint counts 17");
  add("the last three are gone", with([](Parts& p) {
        for (int i = 0; i < 3; ++i) remove(p, p.entries.size());
      }),
      "entry 15 is missing");
  add("all are gone", with([](Parts& p) {
        p.entries.clear();
        p.hashes.clear();
      }),
      "entry 1 is missing");
  add("an entry is there twice", with([this](Parts& p) { insert(p, 7, parts_.entries[5]); }),
      "entry 7 repeats entry 6");
  add("an entry is there again at the end",
      with([this](Parts& p) { insert(p, 18, parts_.entries[16]); }), "entry 18 repeats entry 17");
  add("an account is opened twice", with([this](Parts& p) { insert(p, 2, parts_.entries[0]); }),
      "entry 2 repeats entry 1");
  add("two entries exchanged", with([](Parts& p) { exchange(p, 6, 7); }), "entry 6:");
  // Then account 1 is the one that nothing may be taken from.
  add("two accounts exchanged", with([](Parts& p) { exchange(p, 1, 2); }), "entry 6:");
  add("a reservation after its posting", with([](Parts& p) { exchange(p, 8, 9); }), "entry 8:");
  add("the end of a year exchanged with what follows", with([](Parts& p) { exchange(p, 16, 17); }),
      kAnother);
  add("the last comes first", with([this](Parts& p) {
        remove(p, 17);
        insert(p, 1, parts_.entries[16]);
      }),
      "entry 1:");
  add("all in the other order", with([](Parts& p) {
        std::reverse(p.entries.begin(), p.entries.end());
        std::reverse(p.hashes.begin(), p.hashes.end());
      }),
      "entry 1:");
  add("an entry is added", with([this](Parts& p) { insert(p, 18, forged("mine")); }),
      "entry 18 is not covered by the checkpoint");
  add("an entry is slipped in", with([this](Parts& p) { insert(p, 17, forged("mine")); }),
      "entry 18 is not covered by the checkpoint");
  add("the last is replaced", with([this](Parts& p) {
        remove(p, 17);
        insert(p, 17, forged("mine"));
      }),
      kAnother);
  add("an entry of the middle comes from elsewhere", with([this](Parts& p) {
        remove(p, 14);
        insert(p, 14, parts_.entries[14]);
      }),
      "entry 14:");
}

void Tamper::add_of_fields_that_break_the_rules() {
  const auto kind = [this](const std::string& name, std::size_t entry, const std::string& names,
                           const std::function<void(Journal&)>& change) {
    add(name, changed(entry, change), names);
  };
  kind("one amount raised", 6, "entry 6:", [](Journal& j) { j.legs[0].amount += 1; });
  kind("one amount with the other sign", 6,
       "entry 6:", [](Journal& j) { j.legs[0].amount = -j.legs[0].amount; });
  kind("less put in than is taken", 6, "entry 7:", [](Journal& j) {
    j.legs = legs_of({{1, 399}, {3, -399}});
  });
  kind("a leg to no account", 6, "entry 6:", [](Journal& j) { j.legs[0].account = {99}; });
  kind("a leg of another currency", 6, "entry 6:", [](Journal& j) { j.legs[0].account = {4}; });
  kind("the key of another entry", 7, "entry 7:", [](Journal& j) { j.key = "sale"; });
  kind("recorded before the entry before", 7, "entry 7:", [](Journal& j) { j.recorded = {1}; });
  kind("posts what is no reservation", 9, "entry 9:", [](Journal& j) { j.reference = {7}; });
  kind("posts a reservation of the future", 9, "entry 9:", [](Journal& j) { j.reference = {10}; });
  kind("gives up what was posted", 11, "entry 11:", [](Journal& j) { j.reference = {8}; });
  kind("a reservation that has expired", 8, "entry 8:", [](Journal& j) { j.expiry = j.recorded; });
  kind("undoes another amount", 12, "entry 12:", [](Journal& j) { j.legs[0].amount += 1; });
  kind("undoes another entry", 12, "entry 12:", [](Journal& j) { j.reference = {6}; });
  kind("closes an account with money in it", 15, "entry 15:", [](Journal& j) { j.closed = {1}; });
  kind("opens a name that is taken", 2, "entry 2:", [](Journal& j) { j.account->name = "cash"; });
  kind("closes the books of nobody", 16, "entry 16:", [](Journal& j) { j.owner = "nobody"; });
  kind("closes the day of the next entry", 16,
       "entry 17:", [](Journal& j) { j.effective_day = 20'000; });
  kind("an account of another currency", 5,
       "entry 13:", [](Journal& j) { j.account->currency = ledger::currency("EUR"); });
  kind("a stricter account", 3, "entry 6:", [](Journal& j) {
    j.account->constraint = ledger::Constraint::kCreditsWithinDebits;
  });
}

void Tamper::add_of_fields_that_keep_the_rules() {
  const auto kind = [this](const std::string& name, std::size_t entry,
                           const std::function<void(Journal&)>& change) {
    add(name, changed(entry, change), kAnother);
  };
  kind("a key in another case", 6, [](Journal& j) { j.key = "Sale"; });
  kind("a later effective day", 6, [](Journal& j) { j.effective_day += 1; });
  kind("a later time", 17, [](Journal& j) { j.recorded = j.recorded + std::chrono::seconds(1); });
  kind("all amounts raised", 6, [](Journal& j) { j.legs = legs_of({{1, 1001}, {3, -1001}}); });
  kind("a cent more on both sides", 17, [](Journal& j) { j.legs = legs_of({{1, 6}, {3, -6}}); });
  kind("another account", 17, [](Journal& j) { j.legs = legs_of({{1, 5}, {2, -5}}); });
  kind("a leg split", 17, [](Journal& j) { j.legs = legs_of({{1, 5}, {3, -4}, {3, -1}}); });
  kind("legs exchanged", 7, [](Journal& j) { std::swap(j.legs[0], j.legs[1]); });
  kind("an expiry later", 8, [](Journal& j) { j.expiry = *j.expiry + std::chrono::hours(1); });
  kind("an expiry taken out", 8, [](Journal& j) { j.expiry.reset(); });
  kind("another rate", 13, [](Journal& j) { j.exchange->rate = Ratio::make(8, 100).value(); });
  kind("another source of the rate", 13, [](Journal& j) { j.exchange->source = "ECB"; });
  kind("another time of the rate", 13, [](Journal& j) { j.exchange->instant = {6}; });
  kind("the rate taken out", 13, [](Journal& j) { j.exchange.reset(); });
  kind("the memo taken out", 13, [](Journal& j) { j.memo = ""; });
  kind("a memo added", 6, [](Journal& j) { j.memo = "as agreed"; });
  kind("a bit of the evidence", 13, [](Journal& j) { j.evidence[0][5] ^= 1; });
  kind("the evidence taken out", 13, [](Journal& j) { j.evidence.clear(); });
  kind("evidence added", 13, [](Journal& j) { j.evidence.push_back({}); });
  kind("another name of an account", 1, [](Journal& j) { j.account->name = "Cash"; });
  kind("another owner of an account", 1, [](Journal& j) { j.account->owner = "bolt"; });
  kind("another kind of account", 3,
       [](Journal& j) { j.account->kind = ledger::AccountKind::kExpense; });
  kind("a limit taken from an account", 1,
       [](Journal& j) { j.account->constraint = ledger::Constraint::kNone; });
  kind("the year of others closed", 16, [](Journal& j) { j.owner = "bolt"; });
  kind("the year of all closed", 16, [](Journal& j) { j.owner = ""; });
  kind("less of the year closed", 16, [](Journal& j) { j.effective_day = 18'000; });
}

void Tamper::add_of_the_form_of_entries() {
  // Offsets as docs/formats/ledger.md has them: version, kind, recorded (8), effective day (4),
  // key.
  constexpr std::size_t kDay = 10;
  constexpr std::size_t kKey = 14;
  add("an entry of a newer version", raw(6, [](Bytes& b) { b[0] = 2; }), "entry 6:");
  add("an entry of no kind", raw(6, [](Bytes& b) { b[1] = 99; }), "entry 6:");
  add("a posting made a closing", raw(6, [](Bytes& b) { b[1] = 8; }), "entry 6:");
  add("a day that no calendar has", raw(6, [](Bytes& b) { b[kDay + 3] = 0x7f; }), "entry 6:");
  add("a key without letters", raw(6, [](Bytes& b) { b[kKey] = 0; }), "entry 6:");
  add("a key with a control character", raw(6, [](Bytes& b) { b[kKey + 1] = 7; }), "entry 6:");
  add("a key that is no UTF-8", raw(6, [](Bytes& b) { b[kKey + 1] = 0xff; }), "entry 6:");
  // Key "sale": the number of legs stands at 19, the account of the first at 20, its amount behind.
  add("a longer form of a number",
      raw(6,
          [](Bytes& b) {
            b[kKey + 5] = 0x82;
            b.insert(b.begin() + kKey + 6, 0);
          }),
      "entry 6:");
  add("one leg only", raw(6, [](Bytes& b) { b[kKey + 5] = 1; }), "entry 6:");
  add("more legs than there are", raw(6, [](Bytes& b) { b[kKey + 5] = 9; }), "entry 6:");
  add("a byte behind an entry", raw(6, [](Bytes& b) { b.push_back(0); }), "entry 6:");
  add("an entry without its last byte", raw(6, [](Bytes& b) { b.pop_back(); }), "entry 6:");
  add("an entry of one byte", raw(6, [](Bytes& b) { b.resize(1); }), "entry 6:");
  // Entry 1 ends with kind, constraint, memo and evidence, a byte each; the currency before.
  add("a currency that there is not", raw(1, [](Bytes& b) { b[b.size() - 5] = 'Q'; }), "entry 1:");
  add("no kind of account", raw(1, [](Bytes& b) { b[b.size() - 4] = 9; }), "entry 1:");
  add("no kind of limit", raw(1, [](Bytes& b) { b[b.size() - 3] = 9; }), "entry 1:");
  add("more evidence than may be", raw(1, [](Bytes& b) { b.back() = 9; }), "entry 1:");
}

void Tamper::add_of_the_checkpoint() {
  const std::string& note = parts_.note;
  const std::string unsigned_note = "the checkpoint: the checkpoint is not signed by";
  add("another count", with_note(replaced(note, "\n17\n", "\n18\n")), unsigned_note);
  add("a count with a zero before", with_note(replaced(note, "\n17\n", "\n017\n")), unsigned_note);
  const std::string root = ledger::base64_text(store_->root());
  add("another root", with_note(replaced(note, root, ledger::base64_text(ledger::Sha256{}))),
      unsigned_note);
  add("another name", with_note(replaced(note, "example.org", "example.net")), unsigned_note);
  add("a line added", with_note(replaced(note, root + "\n", root + "\nmore\n")), unsigned_note);
  add("a carriage return", with_note(replaced(note, "17\n", "17\r\n")), "the checkpoint:");
  add("a bit of the signature",
      with_signatures([](SignedNote& n) { n.signatures[0].signature[9] ^= 1; }), unsigned_note);
  add("a shorter signature",
      with_signatures([](SignedNote& n) { n.signatures[0].signature.pop_back(); }), unsigned_note);
  add("the signature of another key's number",
      with_signatures([](SignedNote& n) { n.signatures[0].key_id ^= 1; }), unsigned_note);
  add("the signature of another name",
      with_signatures([](SignedNote& n) { n.signatures[0].name = "example.net"; }), unsigned_note);
  add("no signature", with_note(note.substr(0, note.find("\n\n") + 2)), "has no signatures");
  add("a checkpoint of nothing", with_note("x"), "the checkpoint:");
  add("the checkpoint twice", with_note(note + note), "the checkpoint:");
  add("signed by a stranger under the same name",
      with_note(sign_checkpoint({key_.name, 17, store_->root()}, stranger()).encoded()),
      unsigned_note);
  add("a checkpoint of another ledger",
      with_note(sign_checkpoint({"other.example", 17, store_->root()}, stranger("other.example"))
                    .encoded()),
      unsigned_note);
}

void Tamper::add_of_the_key() {
  const auto with_key = [this](const std::string& key) {
    Parts parts = parts_;
    parts.key = key;
    return parts;
  };
  add("no key", with_key("nonsense"), "the ledger's key:");
  add("a key whose number is another's",
      with_key(replaced(parts_.key, "+", "+0").substr(0, parts_.key.size())), "the ledger's key:");
  add("the key of a stranger", with_key(stranger().key().text()), "the ledger names the key");
  add("the key of a witness", with_key(witness().key().text()), "the ledger names the key");
  Parts parts = changed(6, [](Journal& j) { j.legs = legs_of({{1, 2000}, {3, -2000}}); });
  sign_again(parts, "example.org/ledger");
  add("all written anew and signed by a stranger", parts, "the ledger names the key");
  sign_again(parts, "example.net/ledger");
  add("all written anew under another name", parts, "the ledger names the key");
  parts = parts_;
  sign_again(parts, "example.org/ledger");
  add("nothing changed but the key", parts, "the ledger names the key");
  Reader trusting;
  trusting.has_key = false;
  add("the key of a stranger, for one who knows none", with_key(stranger().key().text()),
      "the checkpoint is not signed by", trusting);
}

// Who has the key can sign what he likes: the entries must be those that he signed, and what he
// signed before must still be there.
void Tamper::add_by_the_owner() {
  const ledger::Sha256 root = store_->root();
  add("he signs another root", with_note(owner_note(17, ledger::Sha256{})), kAnother);
  add("he signs an older count", with_note(owner_note(16, root)),
      "entry 17 is not covered by the checkpoint");
  add("he signs a larger count", with_note(owner_note(18, root)), "entry 18 is missing");
  add("he signs no entries", with_note(owner_note(0, ledger::empty_root())), "entry 1 is not");
  add("he signs for another ledger", with_note([&] {
        SignedNote note{Checkpoint{"other.example", 17, root}.text(), {}};
        note.signatures.push_back(owner().sign(note.text, {}));
        return note.encoded();
      }()),
      "the checkpoint is of other.example");
  add("he signs what is no checkpoint", with_note([&] {
        SignedNote note{"I owe you nothing\n", {}};
        note.signatures.push_back(owner().sign(note.text, {}));
        return note.encoded();
      }()),
      "no checkpoint");
  // A tree without the marks of leaves and nodes.
  add("he signs the hash of the last entry", with_note(owner_note(17, parts_.hashes[16])),
      kAnother);
  Reader keeper;
  keeper.kept = parts_.note;
  const Parts cooked = signed_by_owner(changed(6, [](Journal& j) {
    j.legs = legs_of({{1, 2000}, {3, -2000}});
  }));
  add("he changes an entry that he signed", cooked, kAnother, keeper);
  Parts parts = parts_;
  remove(parts, 17);
  add("he takes the last away", signed_by_owner(parts),
      "entry 17 is missing: a checkpoint counts 17", keeper);
  insert(parts, 17, forged("mine"));
  add("he replaces the last", signed_by_owner(parts), kAnother, keeper);
  insert(parts, 18, forged("more"));
  add("he replaces the last and goes on", signed_by_owner(parts), kAnother, keeper);
  Reader misled;
  misled.kept = sign_checkpoint({key_.name, 17, root}, stranger()).encoded();
  add("a kept checkpoint that a stranger signed", bytes_, "is not signed by", misled);
  misled.kept = owner_note(18, root);
  add("an export older than what was kept", bytes_, "entry 18 is missing: a checkpoint counts 18",
      misled);
}

void Tamper::add_of_witnesses() {
  Reader demanding;
  demanding.witnesses = {witness().key().text()};
  const std::string missing = "is not cosigned by the witness witness.example";
  const auto cosigned = [this](const NoteSigner& by, std::string_view text) {
    return with_signatures([&](SignedNote& n) { n.signatures.push_back(by.sign(text, kNoon)); });
  };
  const std::string text = ledger::parse_note(parts_.note)->text;
  const Parts good = cosigned(witness(), text);
  EXPECT_EQ(verified(put_together(good), demanding).exit, kExitOk) << "as it should be";
  add("the witness is taken out", parts_, missing, demanding);
  add("a witness of the same name with another key", cosigned(witness(2), text), missing,
      demanding);
  add("the witness cosigned something older",
      cosigned(witness(), Checkpoint{key_.name, 16, {}}.text()), missing, demanding);
  const auto spoilt = [&](const std::function<void(ledger::NoteSignature&)>& change) {
    SignedNote note = ledger::parse_note(good.note).value();
    change(note.signatures[1]);
    return with_note(note.encoded());
  };
  add("a bit of the witness's signature",
      spoilt([](ledger::NoteSignature& s) { s.signature[30] ^= 1; }), missing, demanding);
  add("another time of the witness", spoilt([](ledger::NoteSignature& s) { s.signature[7] ^= 1; }),
      missing, demanding);
  add("the witness's signature under another name",
      spoilt([](ledger::NoteSignature& s) { s.name = "other.example"; }), missing, demanding);
  demanding.witnesses.push_back(witness(3).key().text());
  add("one of two witnesses is missing", good, missing, demanding);
}

TEST_F(Tamper, AHundredKindsAreFoundAndNamed) {
  add_of_the_file();
  add_of_the_hashes();
  add_of_whole_entries();
  add_of_fields_that_break_the_rules();
  add_of_fields_that_keep_the_rules();
  add_of_the_form_of_entries();
  add_of_the_checkpoint();
  add_of_the_key();
  add_by_the_owner();
  add_of_witnesses();
  check();
  EXPECT_GE(total_, 100u);
}

}  // namespace
}  // namespace lineshaft::app

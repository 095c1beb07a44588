"""The ledger of a running server from the command line: posted, proved, witnessed, exported, backed up; and what is said when it was tampered with."""
import json
import subprocess
import unittest

from harness import BINARY, Scenario


class Ledger(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.token = self.server.ok("POST", "/tokens", {"name": "books", "role": "administrator"})["token"]
        self.server.environment["LINESHAFT_TOKEN"] = self.server.token
        for party in ("centre", "firm"):
            self.server.ok("PUT", "/rights/parties", {"id": party, "kind": "organisation", "name": party})
        for owner, kind in (("centre", "receivable"), ("firm", "payable")):
            self.post(f"open {owner}", kind="open_account", account={
                "name": f"{owner}/{kind}", "owner": owner, "currency": "CNY", "kind": "asset" if kind == "receivable" else "liability"})

    def post(self, key, server=None, **fields):
        body = {"kind": "post", "key": key, "effective": "2026-03-31", **fields}
        return json.loads((server or self.server).cli("ledger", "journal", "post", "-", "-o", "json", stdin=json.dumps(body)))

    def royalty(self, key, amount="12.50", server=None):
        legs = [{"account": "centre/receivable", "amount": amount}, {"account": "firm/payable", "amount": f"-{amount}"}]
        return self.post(key, server, legs=legs, memo=f"Royalty {key}")

    def run_cli(self, *arguments, stdin=None, server=None):
        return subprocess.run([BINARY, *arguments], env=(server or self.server).environment, input=stdin, capture_output=True,
                              text=True, timeout=120)

    def rows(self, *arguments):
        return json.loads(self.server.cli(*arguments, "-o", "json"))

    def test_what_is_posted_is_read_proved_and_outlives_a_kill(self):
        self.assertEqual(self.royalty("march"), {"sequence": 3, "repeat": False})
        self.assertEqual(self.royalty("march"), {"sequence": 3, "repeat": True})
        self.post("undo", kind="reverse", reference=3)
        self.royalty("april", "0.01")
        self.server.kill()
        self.server.start()
        self.assertEqual([(row["name"], row["balance"]) for row in self.rows("ledger", "accounts")],
                         [("centre/receivable", "0.01"), ("firm/payable", "-0.01")])
        self.assertEqual([row["balance"] for row in self.rows("ledger", "statement", "2")], ["-12.50", "0.00", "-0.01"])
        self.assertEqual([row["key"] for row in self.rows("ledger", "journal", "ls", "--limit", "2")], ["april", "undo"])
        self.assertIn("firm/payable", self.server.cli("ledger", "journal", "show", "3"))
        key = self.server.cli("ledger", "key").strip()
        self.assertEqual(self.rows("ledger", "proof", "3", "--key", key)["size"], 5)
        wrong = self.run_cli("ledger", "proof", "3", "--key", "example.org/ledger+0cdbfb8b+AZk0hVHiQqJmoxVUXaOHoV9qtylCFcAM4VwNj1CzA1lp")
        self.assertEqual(wrong.returncode, 7, "signed by another key than the reader has")
        refused = self.run_cli("ledger", "journal", "post", "-", stdin=json.dumps(
            {"kind": "post", "key": "x", "effective": "2026-03-31", "legs": [{"account": 1, "amount": "1"}, {"account": 2, "amount": "-2"}]}))
        self.assertEqual((refused.returncode, refused.stdout), (1, ""), refused.stderr)

    def test_an_export_is_verified_against_key_kept_checkpoint_and_witness(self):
        for n in range(40):
            self.royalty(f"run {n}")
        key = self.server.cli("ledger", "key").strip()
        kept = self.folder / "kept.checkpoint"
        kept.write_text(self.server.cli("ledger", "checkpoint"))
        witness = self.folder / "witness"
        stranger = self.run_cli("ledger", "witness", "sign", str(witness), "--name", "witness.example")
        self.assertNotEqual(stranger.returncode, 0)
        witness_key = next(word for word in stranger.stderr.split() if word.startswith("witness.example+"))
        self.server.cli("ledger", "witness", "add", witness_key)
        self.server.cli("ledger", "witness", "sign", str(witness), "--name", "witness.example", "--key", key)
        self.assertEqual([row["size"] for row in self.rows("ledger", "witness", "ls")], [42])
        self.royalty("later")
        whole, cosigned = self.folder / "whole.export", self.folder / "cosigned.export"
        self.server.cli("ledger", "export", "--file", str(whole))
        self.server.cli("ledger", "export", "--file", str(cosigned), "--of", "cosigned")
        verify = ("ledger", "verify", "-o", "json", "--key", key, "--checkpoint", str(kept))
        self.assertEqual(json.loads(self.server.cli(*verify, str(whole)))["entries"], 43)
        self.assertEqual(json.loads(self.server.cli(*verify, str(cosigned), "--witness", witness_key))["entries"], 42)
        self.assertIn("not cosigned", self.run_cli(*verify, str(whole), "--witness", witness_key).stderr)
        self.server.cli("ledger", "witness", "sign", str(witness), "--name", "witness.example", "--key", key)
        self.assertEqual([row["size"] for row in self.rows("ledger", "witness", "ls")], [43], "it continues what was cosigned before")
        content = bytearray(whole.read_bytes())
        content[content.index(b"run 7")] ^= 32
        whole.write_bytes(content)
        told = self.run_cli(*verify, str(whole))
        self.assertEqual(told.returncode, 7)
        self.assertIn("entry 10 is not what the hash beside it says", told.stderr)

    def test_a_backup_holds_the_ledger_and_a_tampered_one_is_named_and_takes_no_journals(self):
        self.royalty("march")
        copy = self.folder / "copy"
        self.server.cli("backup", str(copy))
        self.royalty("april")
        self.server.cli("backup", str(copy))
        self.assertEqual(json.loads(self.server.cli("ledger", "verify", "-o", "json", str(copy / "ledger")))["signed_entries"], 4)
        key = self.server.cli("ledger", "key")
        self.server.stop()
        done = self.run_cli("restore", str(copy), "--data", str(self.folder / "new"), "--master-key",
                            str(self.server.directory / "master.key"))
        self.assertEqual(done.returncode, 0, done.stderr)
        new = self.serve(name="new")
        new.environment["LINESHAFT_TOKEN"] = self.server.token
        self.assertEqual(new.cli("ledger", "key"), key)
        self.assertEqual(self.royalty("april", server=new), {"sequence": 4, "repeat": True})
        self.assertEqual(self.royalty("may", server=new)["sequence"], 5)
        new.stop()

        segment = next((copy / "ledger/log").glob("*.wal"))
        content = bytearray(segment.read_bytes())
        content[content.index(b"Royalty march")] ^= 1
        segment.write_bytes(content)
        named = self.run_cli("restore", str(copy), "--data", str(self.folder / "bad"), "--master-key",
                             str(self.server.directory / "master.key"))
        self.assertEqual(named.returncode, 7)
        self.assertIn("entry 3", named.stderr)
        bad = self.serve(name="bad")
        bad.token = self.server.token
        bad.environment["LINESHAFT_TOKEN"] = self.server.token
        attention = [item["id"] for item in bad.get("/overview")["attention"] if "id" in item]
        self.assertIn("LS-1810", attention)
        self.assertIn("lineshaft_ledger_read_only 1", bad.request("GET", "/metrics").body.decode())
        refused = self.run_cli("ledger", "journal", "post", "-", server=bad, stdin=json.dumps(
            {"kind": "close_period", "key": "x", "effective": "2026-03-31"}))
        self.assertEqual(refused.returncode, 7, refused.stderr)


if __name__ == "__main__":
    unittest.main()

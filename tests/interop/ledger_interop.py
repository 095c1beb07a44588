#!/usr/bin/env python3
"""ledger_interop.py LEDGER_PEER LINESHAFT: programs of others, and our command line, look at a ledger.

openssl and a page of Python check the signed root of an export; hledger adds up every journal again.
"""
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEER = LINESHAFT = None
JOURNALS = 2_000


class Ledger(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = Path(cls.folder.name)
        made = subprocess.run([PEER, cls.path, str(JOURNALS)], check=True, capture_output=True, text=True)
        cls.told = json.loads(made.stdout)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, content, *key):
        file = self.path / "changed"
        file.write_bytes(content)
        return subprocess.run([ROOT / "tools/verify-checkpoint", file, *key], capture_output=True, text=True)

    def test_openssl_and_a_page_of_python_accept_the_export(self):
        export = (self.path / "export").read_bytes()
        done = self.check(export, self.told["key"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.told["key"], done.stdout)
        self.assertEqual(self.check(export).returncode, 0)

    def test_openssl_and_a_page_of_python_refuse_a_changed_one(self):
        export = (self.path / "export").read_bytes()
        places = [12, 20, 60, len(export) // 2, len(export) - 300, len(export) - 120, len(export) - 20]
        for place in places:
            changed = bytearray(export)
            changed[place] ^= 1
            self.assertNotEqual(self.check(bytes(changed), self.told["key"]).returncode, 0, place)
        self.assertNotEqual(self.check(export[:-1]).returncode, 0)
        self.assertNotEqual(self.check(export + b"\0").returncode, 0)
        other = "example.org/ledger+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        self.assertNotEqual(self.check(export, other).returncode, 0)

    def test_hledger_adds_up_to_the_same_balances(self):
        if not shutil.which("hledger"):
            self.skipTest("hledger is not installed: tools/setup test")
        self.assertGreater(self.told["taken"], JOURNALS // 2)
        done = subprocess.run(["hledger", "-f", self.path / "journal.hledger", "balance", "--flat", "--no-total", "--empty", "-O", "csv"],
                              check=True, capture_output=True, text=True, env={**os.environ, "LANG": "C.UTF-8"})
        found = {name: balance for name, balance in csv.reader(io.StringIO(done.stdout)) if name != "account"}
        self.assertEqual(found.keys(), self.told["balances"].keys())
        for name, balance in self.told["balances"].items():
            amount, currency = balance.split(" ")
            theirs = found[name].replace(",", "").split(" ")
            self.assertEqual(Decimal(theirs[0]), Decimal(amount), name)
            if Decimal(amount) != 0:
                self.assertEqual(theirs[1], currency, name)

    def lineshaft(self, *arguments):
        return subprocess.run([LINESHAFT, "ledger", *arguments], capture_output=True, text=True)

    def test_the_command_line_verifies_the_export_and_the_directory(self):
        export = self.path / "export"
        for path in (export, self.path / "ledger"):
            done = self.lineshaft("verify", path, "--key", self.told["key"], "-o", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            found = json.loads(done.stdout)
            self.assertEqual(found["signed_entries"], found["entries"])
            self.assertEqual(found["key"], self.told["key"])
        kept = self.lineshaft("verify", export, "--key", self.told["key"], "--checkpoint", self.path / "ledger/checkpoint")
        self.assertEqual(kept.returncode, 0, kept.stderr)

    def test_the_command_line_names_the_first_bad_entry(self):
        changed = bytearray((self.path / "export").read_bytes())
        first_entry = 12 + 4 + 32
        changed[first_entry + 20] ^= 1
        file = self.path / "bad"
        file.write_bytes(changed)
        done = self.lineshaft("verify", file)
        self.assertEqual(done.returncode, 7)
        self.assertIn("entry 1 is not what the hash beside it says", done.stderr)
        file.write_bytes(changed[:-1])
        self.assertEqual(self.lineshaft("verify", file).returncode, 7)
        self.assertEqual(self.lineshaft("verify", self.path / "export", "--key", "nonsense").returncode, 1)

    def test_the_command_line_tells_the_balances_and_exports_alike(self):
        done = self.lineshaft("trial-balance", self.path / "ledger", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {row["id"]: f'{row["balance"]} {row["currency"]}' for row in json.loads(done.stdout)}
        wanted = {int(name.split(":")[1]): balance for name, balance in self.told["balances"].items()}
        self.assertEqual(rows, wanted)
        at_twelve = self.lineshaft("trial-balance", self.path / "ledger", "--at", "12", "--owner", "acme", "-o", "json")
        self.assertEqual([row["balance"] for row in json.loads(at_twelve.stdout)], ["0.00", "0", "0.00", "0"][:4])
        again = self.lineshaft("export", self.path / "ledger", "--file", self.path / "again")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual((self.path / "again").read_bytes(), (self.path / "export").read_bytes())


if __name__ == "__main__":
    PEER, LINESHAFT = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main()

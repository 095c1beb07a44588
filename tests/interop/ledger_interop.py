#!/usr/bin/env python3
"""ledger_interop.py LEDGER_PEER: programs of others look at a ledger.

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
PEER = None
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


if __name__ == "__main__":
    PEER = sys.argv.pop(1)
    unittest.main()

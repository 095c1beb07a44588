#!/usr/bin/env python3
"""tools/advisories against stand-ins of apt-cache and npm that say what the real ones say: what is found, and what is
said when nobody could be asked.

Run: tests/house/advisories_test.py (from anywhere). Needs Python and dpkg; no network."""
import json
import os
import subprocess
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKED = {line.split()[1]: line.split()[2] for line in (ROOT / "tools/debian.lock").read_text().splitlines() if not line.startswith("#")}
QUIET = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 7}}}


def policy(newer):
    """What apt-cache prints of the locked packages: each in the main suite, some of them newer in a security suite."""
    text = ""
    for package, version in LOCKED.items():
        text += f"{package}:\n  Installed: (none)\n  Candidate: {newer.get(package, version)}\n  Version table:\n"
        if package in newer:
            text += f"     {newer[package]} 500\n        500 http://mirror.example/debian-security bookworm-security/main amd64 Packages\n"
        text += f" *** {version} 500\n        500 http://mirror.example/debian bookworm/main amd64 Packages\n        100 /var/lib/dpkg/status\n"
    return text


class Advisories(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.programs, self.lists = Path(self.folder.name) / "bin", Path(self.folder.name) / "lists"
        self.programs.mkdir()
        self.lists.mkdir()
        self.say("apt-cache", policy({}))
        self.say("npm", json.dumps(QUIET))
        self.say("pip-audit", json.dumps({"dependencies": []}))
        self.good_for(timedelta(days=2))

    def say(self, program, text):
        file = self.programs / program
        (self.programs / f"{program}.txt").write_text(text)
        file.write_text(f"#!/bin/sh\ncat '{self.programs}/{program}.txt'\n")
        file.chmod(0o755)

    def good_for(self, time):
        (self.lists / "mirror_dists_bookworm-security_InRelease").write_text(
            f"Suite: oldstable-security\nValid-Until: {format_datetime(datetime.now(timezone.utc) + time)}\n")

    def run_it(self):
        environment = {**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}", "APT_LISTS": str(self.lists)}
        done = subprocess.run([ROOT / "tools/advisories"], capture_output=True, text=True, env=environment)
        return done.returncode, done.stdout + done.stderr

    def test_what_has_no_advisory_is_not_named_and_who_was_not_asked_is(self):
        code, said = self.run_it()
        self.assertEqual(code, 3, said)
        self.assertIn(f"asked      Debian: {len(LOCKED)} packages, 0 with advisories", said)
        self.assertIn("NOT ASKED  open62541: no package tool has advisories of it", said)
        self.assertNotIn("MEND", said)

    def test_a_newer_version_in_a_security_suite_is_to_be_taken(self):
        self.say("apt-cache", policy({"libssl-dev": LOCKED["libssl-dev"] + "+deb12u99", "shellcheck": "99.0-1", "libexpat1-dev": "0.1-1"}))
        code, said = self.run_it()
        self.assertEqual(code, 1, said)
        mend = [line for line in said.splitlines() if line.startswith("MEND")]
        self.assertEqual(len(mend), 2, "what is in the program first; an older version is no finding")
        self.assertIn(f"libssl-dev (in the program): locked is {LOCKED['libssl-dev']}, a security suite has", mend[0])
        self.assertIn("shellcheck (builds or tests)", mend[1])

    def test_lists_that_are_too_old_or_none_are_no_answer(self):
        self.good_for(timedelta(days=-1))
        code, said = self.run_it()
        self.assertEqual(code, 3)
        self.assertRegex(said, r"NOT ASKED  Debian: apt's lists were good until \d{4}-\d\d-\d\d; run apt-get update")
        next(self.lists.iterdir()).unlink()
        self.assertIn("NOT ASKED  Debian: apt knows no security suite", self.run_it()[1])

    def test_advisories_of_npm_name_their_severity(self):
        svelte = {"severity": "high", "range": "<5.99.0", "via": [{"title": "Text is not escaped"}, "acorn"]}
        self.say("npm", json.dumps({**QUIET, "vulnerabilities": {"svelte": svelte}}))
        code, said = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("MEND       svelte (in the program): high, <5.99.0: Text is not escaped", said)

    def test_a_registry_that_answers_no_audits_is_said(self):
        self.say("npm", json.dumps({"message": "405 Method Not Allowed - POST https://x.example/audits", "error": {"summary": ""}}))
        code, said = self.run_it()
        self.assertEqual(code, 3)
        self.assertIn("NOT ASKED  npm, console: the registry does not answer audits: 405 Method Not Allowed - POST ...", said)

    def test_advisories_of_what_only_tests_are_findings_too(self):
        self.say("pip-audit", json.dumps({"dependencies": [{"name": "cryptography", "version": "1.0", "vulns": [{"id": "PYSEC-1"}]}]}))
        code, said = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("MEND       cryptography (builds or tests): 1.0: PYSEC-1", said)


if __name__ == "__main__":
    unittest.main()

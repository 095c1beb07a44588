"""The long programme of faults, for some seconds."""
import json
import subprocess
import sys
import unittest

from harness import BINARY, ROOT


class Torture(unittest.TestCase):
    def counts(self, program, count):
        done = subprocess.run([sys.executable, ROOT / "tests/torture" / program, BINARY, str(count)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout)
        return next(json.loads(line)["torture"] for line in done.stdout.splitlines() if line.startswith('{"torture"'))

    def test_a_server_killed_at_full_load_has_all_it_acknowledged(self):
        counts = self.counts("kills.py", 5)
        self.assertEqual(counts["kills"], 5)
        self.assertGreater(counts["samples_read_back"], 0)

    def test_fresh_installations_share_no_secret_and_listen_for_this_machine_alone(self):
        counts = self.counts("installs.py", 5)
        self.assertEqual(counts["fresh_installs"], 5)
        self.assertGreaterEqual(counts["secrets_compared"], 5 * 20)


if __name__ == "__main__":
    unittest.main()

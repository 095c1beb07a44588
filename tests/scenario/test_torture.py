"""The long programme of faults, for some seconds."""
import json
import subprocess
import sys
import unittest

from harness import BINARY, ROOT


class Kills(unittest.TestCase):
    def test_a_server_killed_at_full_load_has_all_it_acknowledged(self):
        done = subprocess.run([sys.executable, ROOT / "tests/torture/kills.py", BINARY, "5"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout)
        counts = next(json.loads(line)["torture"] for line in done.stdout.splitlines() if line.startswith('{"torture"'))
        self.assertEqual(counts["kills"], 5)
        self.assertGreater(counts["samples_read_back"], 0)


if __name__ == "__main__":
    unittest.main()

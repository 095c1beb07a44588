"""A running server is copied again and again; what was acknowledged before comes back from the copy, also after a kill half way."""
import subprocess
import unittest

from harness import BINARY, DEADLINE_S, Scenario, until
from test_durability import START_NS, Writer


class Backup(Scenario):
    def start(self):
        server = self.serve()
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "nightly", "role": "administrator"})["token"]
        server.environment["LINESHAFT_TOKEN"] = server.token
        return server

    def stored(self, server, tag):
        items = server.get(f"/values/raw?tag={tag}&from=2023-01-01T00:00:00Z&to=2024-12-31T00:00:00Z&limit=100000")["items"]
        return {item["value"] for item in items}

    def restored(self, copy, name, token):
        # Secrets of the copy open with the master key of the server that was copied.
        done = subprocess.run([BINARY, "restore", str(copy), "--data", str(self.folder / name),
                               "--master-key", str(self.folder / "server/master.key")],
                              capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        server = self.serve(name=name)
        server.token = token  # a token of the old server is one of the new
        return server

    def test_a_server_under_load_is_copied_and_a_kill_leaves_a_copy_that_restores(self):
        server, copy = self.start(), self.folder / "copy"
        tag = server.ok("POST", "/tags", {"path": "org/site/t", "type": "int64"})["id"]
        writer = Writer(server, tag, 0)
        writer.start()
        until(lambda: writer.acknowledged, "the first acknowledgement")
        for _ in range(3):
            before = set(writer.acknowledged)
            server.cli("backup", str(copy))
        server.ok("POST", "/backup", {"directory": str(copy)})
        server.kill()
        writer.join()
        new = self.restored(copy, "new", server.token)
        found = self.stored(new, tag)
        self.assertLessEqual(before, found, "acknowledged before the last backup that was made")
        self.assertLessEqual(found, set(range(writer.next + 7)), "nothing was invented")
        # Whether the kill came before or after the records were copied is chance.
        entries = [entry["action"] for entry in new.get("/audit")["items"]]
        self.assertIn(entries.count("backup.run"), (3, 4))

    def test_verify_tells_a_flipped_bit_and_where_by_its_exit_code(self):
        server, copy = self.start(), self.folder / "copy"
        samples = [{"path": "org/site/t", "time": str(START_NS + n), "value": n} for n in range(100)]
        server.ok("POST", "/tags", {"path": "org/site/t", "type": "int64"})
        server.ok("POST", "/values", {"samples": samples})
        server.cli("backup", str(copy))
        refused = subprocess.run([BINARY, "historian", "verify", "--data", str(server.directory)], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 4, "a server uses the directory")
        server.stop()
        server.cli("historian", "verify", "--data", str(server.directory))
        file = next((copy / "history").glob("*.lsh"))
        content = bytearray(file.read_bytes())
        content[60] ^= 1
        file.write_bytes(content)
        told = server.cli("historian", "verify", "--data", str(copy), expect=7)
        self.assertIn("damaged", next(line for line in told.splitlines() if file.name in line))
        self.assertEqual(told.count("damaged"), 1)

    def test_damage_of_a_sealed_file_is_repaired_on_the_running_server_and_by_repair(self):
        server = self.start()
        samples = [{"path": "org/site/t", "time": str(START_NS + n), "value": n * n % 9973} for n in range(5000)]
        server.ok("POST", "/tags", {"path": "org/site/t", "type": "int64"})
        server.ok("POST", "/values", {"samples": samples})
        server.cli("historian", "compact")
        stats = server.get("/historian/stats")
        self.assertEqual((stats["files"], stats["sealed"]["samples"], stats["fresh"]["samples"]), (1, 5000, 0))
        self.assertEqual(server.get("/historian/compact")["state"], "done")
        history = server.directory / "history"

        def damage():
            file = next(history.glob("*.lsh"))
            content = bytearray(file.read_bytes())
            content[60:160] = bytes(100)
            file.write_bytes(content)

        damage()
        server.ok("POST", "/historian/verify")
        until(lambda: server.get("/historian/verify")["state"] == "done", "the check to end")
        report = server.get("/historian/verify")
        # The look in the background of a new server may have come first: then nothing was left to repair.
        self.assertEqual((report["damaged_blocks"], report["damages"]), (0, []))
        storage = server.get("/overview")["storage"]
        self.assertEqual((storage["damaged_blocks"], storage["repaired_blocks"]), (0, 1))
        self.assertIsNotNone(storage["scrub_finished"])
        self.assertIsNone(storage["last_backup"])
        server.cli("backup", str(self.folder / "copy"))
        self.assertIsNotNone(server.get("/overview")["storage"]["last_backup"])

        server.stop()
        server.cli("historian", "verify", "--data", str(server.directory))
        damage()
        server.cli("historian", "verify", "--data", str(server.directory), expect=7)
        repaired = server.cli("historian", "repair", "--data", str(server.directory), "-o", "json")
        self.assertIn('"repaired"', repaired)
        server.cli("historian", "verify", "--data", str(server.directory))
        next(history.glob("*.parity")).unlink()
        damage()
        server.cli("historian", "repair", "--data", str(server.directory), expect=7)

    def test_only_an_administrator_copies_the_server(self):
        server = self.start()
        engineer = server.ok("POST", "/tokens", {"name": "e", "role": "engineer"})["token"]
        server.cli("backup", str(self.folder / "copy"), expect=5, environment={"LINESHAFT_TOKEN": engineer})
        self.assertFalse((self.folder / "copy").exists())
        server.cli("backup", str(server.directory / "history" / "copy"), expect=1)


if __name__ == "__main__":
    unittest.main()

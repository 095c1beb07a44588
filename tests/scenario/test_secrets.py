"""Marked secrets are put wherever a secret can be put; then they are looked for wherever they must not be."""
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from harness import BINARY, DEADLINE_S, Scenario, until

CANARY = "canary-4f1d-{}-in-the-clear"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


def canary(place):
    return CANARY.format(place)


class Secrets(Scenario):
    def start(self, *arguments, **more):
        server = self.serve(*arguments, **more)
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "test", "role": "administrator"})["token"]
        server.environment["LINESHAFT_TOKEN"] = server.token
        return server

    def mqtt(self, name, password):
        return {"name": name, "protocol": "mqtt", "enabled": False,
                "settings": {"host": "127.0.0.1", "port": 1, "user_name": "u", "password": password}}

    def plant_canaries(self, server):
        connection = server.ok("POST", "/connections", self.mqtt("broker", canary("connection")))
        server.ok("PUT", f"/connections/{connection['id']}", self.mqtt("broker", canary("changed")))
        server.ok("POST", "/flows", {"name": "to the hub", "kind": "lineshaft", "enabled": False, "settings": {
            "host": "127.0.0.1", "port": 1, "token": canary("token")}})
        server.ok("POST", "/flows", {"name": "to a broker", "kind": "mqtt", "enabled": False, "settings": {
            "host": "127.0.0.1", "port": 1, "user_name": "u", "password": canary("flow")}})
        # Of people, in a session: no token sets who gets in.
        token, server.token = server.token, None
        server.ok("POST", "/identity-providers", {"name": "Northern ID", "issuer": "https://127.0.0.1:1", "client_id": "lineshaft",
                                                  "secret": canary("client")})
        server.token = token
        # Refused: what is wrong is said without what was sent.
        refused = server.request("POST", "/connections", {**self.mqtt("broker", canary("refused")), "protocol": "none"})
        self.assertEqual(refused.status, 400)
        tried = server.request("POST", "/connections/test", {"protocol": "mqtt", "signals": [], "settings": {
            "host": "127.0.0.1", "port": 1, "user_name": "u", "password": canary("tried")}})
        return [refused.body, tried.body]

    def found_in(self, folder):
        return [str(path) for path in Path(folder).rglob("*") if path.is_file() and b"canary-4f1d" in path.read_bytes()]

    def answers(self, server):
        for path in ("/connections", "/connections/1", "/connections/1/events", "/flows", "/flows/1", "/flows/2",
                     "/audit", "/overview", "/vault", "/backup", "/templates", "/identity-providers"):
            yield path, server.request("GET", path).body

    def assert_nowhere(self, server):
        for path, body in self.answers(server):
            self.assertNotIn(b"canary-4f1d", body, path)
        self.assertNotIn("canary-4f1d", server.output())
        self.assertNotIn(b"canary-4f1d", Path(f"/proc/{server.process.pid}/cmdline").read_bytes())
        self.assertEqual(self.found_in(server.directory), [])

    def private_keys_in(self, folder):
        return [str(path) for path in Path(folder).rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]

    def test_no_secret_lies_or_travels_in_the_clear(self):
        server, copy = self.start(), self.folder / "copy"
        for body in self.plant_canaries(server):
            self.assertNotIn(b"canary-4f1d", body)
        self.assert_nowhere(server)
        server.cli("backup", str(copy))
        server.ok("POST", "/vault/rotate", {})
        until(lambda: not server.get("/vault")["rotating"], "the end of the rotation")
        self.assertEqual(server.get("/vault")["trouble"], "")
        server.kill()
        self.assertEqual(self.found_in(server.directory), [])
        server.start()
        self.assert_nowhere(server)
        self.assertEqual(self.found_in(copy), [])
        for folder in (server.directory, copy):
            self.assertEqual(self.private_keys_in(folder), [])
            self.assertTrue((folder / "keys.json").exists())
        self.assertFalse((copy / "master.key").exists())
        self.assertEqual(list(self.folder.rglob("core*")), [])

        # What was sealed is still known: a change that leaves it out keeps it.
        config = server.get("/connections/1")
        self.assertNotIn("password", config["settings"])
        server.stop()
        shutil.move(server.directory / "master.key", self.folder / "apart")
        refused = subprocess.run([BINARY, "serve", "--data", str(server.directory), "--listen", "127.0.0.1:0"],
                                 capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("master.key", refused.stderr)
        self.assertFalse((server.directory / "master.key").exists(), "another key would hide the loss")

        # A copy on another machine wants the master key, and says so.
        told = subprocess.run([BINARY, "restore", str(copy), "--data", str(self.folder / "without")],
                              capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("master key", told.stderr)
        done = subprocess.run([BINARY, "restore", str(copy), "--data", str(self.folder / "new"),
                               "--master-key", str(self.folder / "apart")],
                              capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        restored = self.serve(name="new")
        restored.token = server.token
        self.assertEqual([c["name"] for c in restored.get("/connections")["items"]], ["broker"])
        self.assert_nowhere(restored)

    def test_encryption_at_rest_hides_what_was_there_before(self):
        server = self.start()
        tag = server.ok("POST", "/tags", {"path": "org/site/canary-4f1d-tag", "type": "string"})["id"]
        server.ok("POST", "/values", {"samples": [
            {"path": "org/site/canary-4f1d-tag", "time": "2026-01-01T00:00:00Z", "value": canary("sample")}]})
        server.stop()
        self.assertNotEqual(self.found_in(server.directory / "history"), [], "the test looks in the wrong place")
        config = self.folder / "lineshaft.toml"
        config.write_text("[vault]\nencryption = true\n")
        server.arguments = ("--config", str(config))
        server.start()
        self.assertEqual(self.found_in(server.directory / "history"), [])
        items = server.get(f"/values/raw?tag={tag}&from=2025-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&limit=10")["items"]
        self.assertEqual([item["value"] for item in items], [canary("sample")])
        self.assertEqual(server.get("/vault")["files_clear"], 0)
        copy = self.folder / "copy"
        server.cli("backup", str(copy))
        self.assertEqual(self.found_in(copy / "history"), [])
        refused = subprocess.run([BINARY, "restore", str(copy), "--data", str(self.folder / "without")],
                                 capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("is enciphered", refused.stderr)
        self.assertIn("master.key", refused.stderr)
        server.kill()
        server.start()
        items = server.get(f"/values/raw?tag={tag}&from=2025-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&limit=10")["items"]
        self.assertEqual(len(items), 1)

    @unittest.skipUnless(Path(SOFTHSM).exists() and shutil.which("softhsm2-util"), "softhsm2 is not installed")
    def test_the_master_key_moves_into_a_token(self):
        tokens = self.folder / "tokens"
        tokens.mkdir()
        (self.folder / "softhsm.conf").write_text(f"directories.tokendir = {tokens}\n")
        environment = {"SOFTHSM2_CONF": str(self.folder / "softhsm.conf"), "LINESHAFT_PIN": "271828"}
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "plant", "--pin", "271828", "--so-pin", "314159"],
                       env={**os.environ, **environment}, check=True, capture_output=True)
        config = self.folder / "token.toml"
        config.write_text(f'[vault]\nmaster = "pkcs11"\npkcs11_module = "{SOFTHSM}"\npkcs11_token = "plant"\n')
        server = self.start(environment=environment)
        self.plant_canaries(server)
        server.stop()
        server.cli("vault", "change-master", "--data", str(server.directory), "--to", str(config))
        server.arguments = ("--config", str(config))
        server.start()
        self.assertEqual(server.get("/vault")["master"], "pkcs11")
        self.assertEqual([c["name"] for c in server.get("/connections")["items"]], ["broker"])
        server.stop()
        wrong = subprocess.run([BINARY, "serve", "--data", str(server.directory), "--config", str(config)],
                               env={**server.environment, "LINESHAFT_PIN": "000000"}, capture_output=True, text=True,
                               timeout=DEADLINE_S)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("PIN", wrong.stderr)


if __name__ == "__main__":
    unittest.main()

"""What was acknowledged is there, whatever happens to the process, the disk or the files."""
import contextlib
import http.client
import json
import os
import random
import shutil
import ssl
import subprocess
import threading
import unittest

from harness import BINARY, Scenario, until

START_NS = 1_700_000_000_000_000_000
KILLS = 20


class Writer(threading.Thread):
    """Stores numbered samples one request after another until the server is gone; remembers what was acknowledged."""

    def __init__(self, server, tag, first):
        super().__init__()
        self.server, self.tag, self.next = server, tag, first
        self.acknowledged = []

    def run(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, context=context, timeout=30)
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.server.token}"}
        while True:
            numbers = list(range(self.next, self.next + 7))
            samples = [{"tag": self.tag, "time": str(START_NS + n), "value": n} for n in numbers]
            try:
                connection.request("POST", "/api/v1/values", json.dumps({"samples": samples}), headers)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                return
            if response.status != 200:
                return
            self.acknowledged += numbers
            self.next += len(numbers)


class Kill(Scenario):
    def test_sigkill_under_load_loses_nothing_acknowledged_and_invents_nothing(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        print(f"seed {seed}")
        chance = random.Random(seed)
        server = self.serve()
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "writer", "role": "engineer"})["token"]
        tags = [server.ok("POST", "/tags", {"path": f"org/site/t{i}", "type": "int64"})["id"] for i in range(4)]
        acknowledged = {tag: set() for tag in tags}
        attempted = {tag: 0 for tag in tags}
        for _ in range(KILLS):
            writers = [Writer(server, tag, attempted[tag]) for tag in tags]
            for writer in writers:
                writer.start()
            moment = chance.randrange(400)
            until(lambda: len(writers[0].acknowledged) > moment, "a moment to kill")
            server.kill()
            for writer in writers:
                writer.join()
                acknowledged[writer.tag].update(writer.acknowledged)
                attempted[writer.tag] = writer.next + 7
            server.start()
            for tag in tags:
                found = self.numbers(server, tag)
                self.assertEqual(acknowledged[tag] - found, set(), "acknowledged samples are lost")
                self.assertLessEqual(max(found, default=0), attempted[tag], "samples that nobody sent")
        self.assertGreater(sum(map(len, acknowledged.values())), 1000)

    def numbers(self, server, tag):
        found, begin = set(), START_NS
        while True:
            answer = server.get(f"/values/raw?tag={tag}&from={begin}&to={START_NS + 10**9}&limit=100000")
            found.update(item["value"] for item in answer["items"])
            if not answer["more"]:
                return found
            begin = START_NS + max(found) + 1


class KilledImport(Scenario):
    ROWS = 150_000

    def test_an_import_that_was_killed_is_taken_up_again_and_complete(self):
        server = self.serve()
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "writer", "role": "engineer"})["token"]
        text = "time,number\n" + "".join(f"{1_700_000_000 + n},{n}\n" for n in range(self.ROWS))
        made = server.ok("POST", "/imports?name=numbers.csv&prefix=org/site", raw=text.encode(),
                         headers={"content-type": "text/csv"})
        path = f"/imports/{made['id']}"
        server.ok("POST", path + "/commit", {})
        until(lambda: (server.get(path)["progress"] or {}).get("samples", 0) > 0, "the first samples")
        server.kill()
        server.start()
        self.assertIn(server.get(path)["state"], ("interrupted", "done"))
        if server.get(path)["state"] == "interrupted":
            server.ok("POST", path + "/commit", {})
        done = until(lambda: (lambda i: i if i["state"] != "running" else None)(server.get(path)), "the import")
        self.assertEqual(done["state"], "done", done["error"])
        exported = server.request("GET", f"/export?tags={server.tag('org/site/numbers/number')['id']}"
                                         "&from=2020-01-01&to=2100-01-01").body.decode().splitlines()[1:]
        self.assertEqual([int(line.split(",")[2]) for line in exported], list(range(self.ROWS)))


class Damage(Scenario):
    def test_whatever_file_is_damaged_the_server_starts_and_serves_the_rest(self):
        server = self.serve()
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "writer", "role": "engineer"})["token"]
        tag = server.ok("POST", "/tags", {"path": "org/site/t", "type": "int64"})["id"]
        for block in range(20):
            server.ok("POST", "/values", {"samples": [
                {"tag": tag, "time": str(START_NS + n), "value": n} for n in range(block * 100, block * 100 + 100)]})
        server.stop()
        pristine = self.folder / "pristine"
        shutil.copytree(server.directory, pristine)
        files = [path.relative_to(pristine) for path in sorted(pristine.rglob("*"))
                 if path.is_file() and path.relative_to(pristine).parts[0] == "history" and path.stat().st_size]
        self.assertGreater(len(files), 0)
        for relative in files:
            for damage in (self.flip_a_bit, self.truncate, self.empty, self.zero, os.remove):
                with self.subTest(file=str(relative), damage=damage.__name__):
                    shutil.rmtree(server.directory)
                    shutil.copytree(pristine, server.directory)
                    damage(server.directory / relative)
                    server.start()
                    answer = server.request("GET", f"/values/raw?tag={tag}&from={START_NS}&to={START_NS + 10**6}")
                    if answer.status == 200:  # 404 when the tag itself was lost with the file
                        for item in answer.json["items"]:
                            fraction = item["time"].removesuffix("Z").partition(".")[2]
                            self.assertEqual(int(fraction.ljust(9, "0")), item["value"])
                    else:
                        self.assertEqual(answer.status, 404)
                    server.stop()

    @staticmethod
    def flip_a_bit(path):
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 0x10
        path.write_bytes(data)

    @staticmethod
    def truncate(path):
        os.truncate(path, path.stat().st_size // 2)

    @staticmethod
    def empty(path):
        os.truncate(path, 0)

    @staticmethod
    def zero(path):
        path.write_bytes(bytes(path.stat().st_size))


class FullDisk(Scenario):
    def small_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("a small disk cannot be mounted here (needs root): " + mounted.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)])
        return disk

    @staticmethod
    def fill(disk):
        """Takes all that is left; the file to remove again."""
        ballast = disk / "ballast"
        with open(ballast, "wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        return ballast

    def test_an_import_on_a_full_disk_says_so_keeps_nothing_and_works_later(self):
        disk = self.small_disk()
        server = self.serve(name="disk/server")
        server.claim()
        server.cli_login()
        table = self.folder / "table.csv"
        table.write_text("time,number\n" + "".join(f"{1_700_000_000 + n},{n}\n" for n in range(1000)))
        ballast = self.fill(disk)
        refused = subprocess.run([BINARY, "import", "csv", str(table), "--prefix", "org/site"],
                                 env=server.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("LS-1102", refused.stderr)
        self.assertIn("Free space", refused.stderr)
        self.assertEqual(server.get("/imports")["total"], 0)
        self.assertEqual(server.get("/tags")["total"], 0)
        ballast.unlink()
        until(lambda: not server.get("/overview")["storage"]["disk_full"], "space to be seen")
        server.cli("import", "csv", str(table), "--prefix", "org/site")
        self.assertEqual(server.tag("org/site/table/number")["last"]["value"], 999)

    def test_with_little_space_left_samples_are_refused_and_everything_else_goes_on(self):
        disk = self.small_disk()
        server = self.serve(name="disk/server")
        server.claim()
        tag = server.ok("POST", "/tags", {"path": "org/site/t", "type": "int64"})["id"]
        samples = {"samples": [{"tag": tag, "time": str(START_NS), "value": 1}]}
        server.ok("POST", "/values", samples)
        ballast = disk / "ballast"
        state = lambda: server.get("/overview")["storage"]

        def leave(mebibytes):
            """Of 200 MiB; a tenth is little, a fiftieth is kept for everything but samples."""
            ballast.unlink(missing_ok=True)
            free = shutil.disk_usage(disk).free - mebibytes * 2**20
            with open(ballast, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, free)

        leave(15)
        until(lambda: state()["disk_low"], "the warning")
        self.assertIn("disk_low", [item.get("word") for item in server.get("/overview")["attention"]])
        server.ok("POST", "/values", samples)
        leave(2)
        until(lambda: state()["disk_full"], "the refusal")
        answer = server.request("POST", "/values", samples)
        self.assertEqual((answer.status, answer.json["id"]), (503, "LS-1102"))
        server.ok("POST", "/tokens", {"name": "another", "role": "engineer"})
        server.ok("POST", "/tags", {"path": "org/site/u", "type": "int64"})
        ballast.unlink()
        until(lambda: not state()["disk_full"], "space to be seen")
        server.ok("POST", "/values", samples)

    def test_a_full_disk_refuses_writes_goes_on_reading_and_recovers_by_itself(self):
        disk = self.small_disk()
        settings = self.folder / "lineshaft.toml"
        settings.write_text('[history]\ndisk_critical = "0%"\n')  # so that the disk itself refuses
        server = self.serve("--config", str(settings), name="disk/server")
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "writer", "role": "engineer"})["token"]
        tag = server.ok("POST", "/tags", {"path": "org/site/t", "type": "string"})["id"]
        ballast = self.fill(disk)
        stored = 0

        def store():
            nonlocal stored
            answer = server.request("POST", "/values", {"samples": [
                {"tag": tag, "time": str(START_NS + stored + n), "value": os.urandom(30_000).hex()} for n in range(10)]})
            if answer.status == 200:
                stored += 10
            return answer

        answer = until(lambda: (lambda a: a if a.status != 200 else None)(store()), "the refusal of a write", 120)
        self.assertEqual((answer.status, answer.json["id"]), (503, "LS-1102"))
        self.assertTrue(server.get("/overview")["storage"]["disk_full"])
        read = server.get(f"/values/raw?tag={tag}&from={START_NS}&to={START_NS + 10**6}&limit=1")
        self.assertEqual(len(read["items"]), 1)
        ballast.unlink()
        until(lambda: store().status == 200, "the first write after space was made")
        until(lambda: not server.get("/overview")["storage"]["disk_full"], "the overview to say so")

    def test_what_finds_no_room_in_the_audit_trail_is_not_done(self):
        disk = self.small_disk()
        server = self.serve(name="disk/server")
        server.claim()
        reader = server.ok("POST", "/tokens", {"name": "reader", "role": "viewer"})["token"]
        ballast = self.fill(disk)
        made = 0

        def make():
            nonlocal made
            answer = server.request("POST", "/tags", {"path": f"org/site/t{made}", "description": "x" * 500})
            made += answer.status == 201
            return answer

        # Room that the records had before is used up first.
        answer = until(lambda: (lambda a: a if a.status != 201 else None)(make()), "the refusal of a tag", 120)
        self.assertEqual((answer.status, answer.json["id"]), (503, "LS-1102"))
        self.assertEqual(server.get("/tags")["total"], made)
        server.sign_in()
        server.token = reader
        self.assertEqual(server.request("POST", "/tags", {"path": "org/site/no"}).status, 403)
        server.token = None
        ballast.unlink()
        until(lambda: make().status == 201, "the first tag after space was made")
        server.stop()
        server.start()
        entries = server.get("/audit?limit=1000")["items"]
        failed = {entry["request"] for entry in entries if entry["result"] == "failed"}  # entered before it was tried
        done = [entry for entry in entries if entry["action"] == "tag.create" and entry["request"] not in failed]
        self.assertEqual(len(done), made, "each that was made, and no other")
        self.assertIn("access.denied", [entry["action"] for entry in entries])
        server.stop()
        server.cli("audit", "verify", str(server.directory))


class Syscalls(Scenario):
    def test_after_a_failed_sync_nothing_more_is_acknowledged_until_a_restart(self):
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        server = self.serve()
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "writer", "role": "engineer"})["token"]
        tag = server.ok("POST", "/tags", {"path": "org/site/t", "type": "int64"})["id"]
        store = lambda n: server.request("POST", "/values", {"samples": [
            {"tag": tag, "time": str(START_NS + n), "value": n}]})
        self.assertEqual(store(1).status, 200)
        tracer = self.run_process("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
                                  "-e", "inject=fdatasync,fsync:error=EIO:when=1", "-p", str(server.process.pid))
        until(lambda: f"TracerPid:\t{tracer.pid}" in open(f"/proc/{server.process.pid}/status").read(),
              "strace to attach")
        refused = until(lambda: (lambda a: a if a.status != 200 else None)(store(2)), "the failed sync")
        self.assertEqual(refused.status, 500)
        tracer.terminate()
        tracer.wait()
        self.assertEqual(store(3).json["id"], "LS-1202")  # the disk is well again; the store stays shut
        self.assertEqual(server.request("GET", "/healthz").status, 503)
        server.kill()
        server.start()
        self.assertEqual(store(4).status, 200)
        found = {i["value"] for i in
                 server.get(f"/values/raw?tag={tag}&from={START_NS}&to={START_NS + 10**6}")["items"]}
        self.assertLessEqual({1, 4}, found)
        self.assertNotIn(3, found)


if __name__ == "__main__":
    unittest.main()

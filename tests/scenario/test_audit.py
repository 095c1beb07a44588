"""The audit trail: what it says, that nobody changes it unseen, and that it arrives elsewhere whole."""
import http.server
import json
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from harness import Scenario, free_port, until

TOOL = Path(__file__).resolve().parents[2] / "tools/verify-audit"


class Collector:
    """Takes what a feed sends, over TLS: frames of syslog with octet counting, or bodies of POST."""

    def __init__(self, folder, kind):
        self.port = free_port()
        self.certificate, self.key = folder / f"{kind}.pem", folder / f"{kind}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(self.key), "-out",
                        str(self.certificate)], check=True, capture_output=True)
        printed = subprocess.run(["openssl", "x509", "-in", str(self.certificate), "-noout", "-fingerprint", "-sha256"], check=True,
                                 capture_output=True, text=True).stdout
        self.fingerprint = printed.strip().split("=")[1]
        self.entries, self.frames, self.refuse = [], [], False
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, self.key)
        self.kind = kind

    def start(self):
        serve = self.serve_https if self.kind == "https" else self.serve_syslog
        threading.Thread(target=serve, daemon=True).start()
        return self

    def serve_syslog(self):
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            while True:
                raw, _ = listener.accept()
                threading.Thread(target=self.read_syslog, args=(raw,), daemon=True).start()

    def read_syslog(self, raw):
        try:
            stream = self.context.wrap_socket(raw, server_side=True).makefile("rb")
        except (ssl.SSLError, OSError):
            return
        while True:
            digits = b""
            while (byte := stream.read(1)) not in (b"", b" "):
                digits += byte
            if not digits:
                return
            frame = stream.read(int(digits)).decode("utf-8")
            self.frames.append(frame)
            self.entries.append(json.loads(frame.split("\ufeff", 1)[1]))

    def serve_https(self):
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                if not collector.refuse:
                    collector.entries.extend(json.loads(line) for line in body.splitlines())
                self.send_response(503 if collector.refuse else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        server.socket = self.context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()


class AuditTrail(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()

    def change_tag(self, name):
        self.server.ok("POST", "/tags", {"path": f"mill/{name}", "type": "float64"})

    def newest(self, query=""):
        return self.server.get(f"/audit?limit=1{query}")["items"][0]

    def test_says_who_by_which_door_from_where_and_before_and_after(self):
        self.change_tag("speed")
        tag = self.server.tag("mill/speed")
        self.server.ok("PUT", f"/tags/{tag['id']}", {"path": "mill/speed", "type": "float64", "description": "of the mill"})
        entry = self.newest()
        self.assertEqual((entry["actor"], entry["door"], entry["address"], entry["result"]), ("ann@example.com", "console", "127.0.0.1", "done"))
        self.assertEqual((entry["before"], entry["after"]), ({"description": ""}, {"description": "of the mill"}))
        answer = self.server.request("GET", "/session")
        self.assertRegex(answer.headers["x-request-id"], r"^[0-9a-f]{8}-\d+$")
        self.server.cli("audit", "keep", "18")
        self.assertEqual(self.newest()["door"], "cli")

    def test_an_export_is_verified_without_the_server_by_us_and_by_a_page_of_python(self):
        for name in "abcde":
            self.change_tag(name)
        key = self.server.cli("audit", "key").strip()
        file = self.folder / "audit.export"
        self.server.cli("audit", "export", "--file", str(file), "--object", "mill/c")
        self.assertIn('"shown":1', self.server.cli("audit", "verify", str(file), "--key", key, "-o", "json").replace(" ", ""))
        told = subprocess.run([sys.executable, TOOL, file, key], capture_output=True, text=True)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("1 of them shown", told.stdout)
        self.server.cli("audit", "verify", "--key", key)  # asks the server
        file.write_text(file.read_text().replace("mill/c", "mill/d"))
        self.server.cli("audit", "verify", str(file), "--key", key, expect=7)
        self.assertNotEqual(subprocess.run([sys.executable, TOOL, file, key], capture_output=True).returncode, 0)

    def test_an_edited_row_is_named_by_the_files_alone_and_by_the_running_server(self):
        for name in "abcde":
            self.change_tag(name)
        number = self.newest("&object=mill/c")["id"]
        self.server.stop()
        self.server.cli("audit", "verify", str(self.server.directory))
        with sqlite3.connect(self.server.directory / "records.db") as records:
            records.execute("UPDATE audit SET object = 'mill/x' WHERE id = ?", (number,))
        records.close()
        done = subprocess.run([self.server.process.args[0], "audit", "verify", str(self.server.directory)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn(f"entry {number} is another", done.stderr)

    def test_a_backup_that_was_kept_names_what_was_written_anew_or_cut_off(self):
        for name in "abc":
            self.change_tag(name)
        backup = self.folder / "backup"
        self.server.ok("POST", "/backup", {"directory": str(backup)})
        until(lambda: self.server.get("/backup")["state"] == "done", "the backup")
        self.change_tag("d")
        self.server.stop()
        self.server.cli("audit", "verify", str(self.server.directory), "--checkpoint", str(backup))
        with sqlite3.connect(self.server.directory / "records.db") as records:
            records.execute("DELETE FROM audit WHERE id >= 3")
            records.execute("DELETE FROM audit_seals WHERE id >= 3")
        records.close()
        (self.server.directory / "audit/checkpoint").unlink(missing_ok=True)
        self.server.cli("audit", "verify", str(self.server.directory))
        done = subprocess.run([self.server.process.args[0], "audit", "verify", str(self.server.directory), "--checkpoint", str(backup)],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("entry 3 is missing", done.stderr)

    def test_a_witness_cosigns_and_refuses_a_restored_old_copy(self):
        witness = self.folder / "witness"
        key = subprocess.run([self.server.process.args[0], "audit", "witness", "sign", str(witness), "--name", "witness.example"],
                             env=self.server.environment, capture_output=True, text=True).stderr
        self.server.cli("audit", "witness", "add", next(word for word in key.split() if word.startswith("witness.example+")))
        self.server.stop()
        old = self.folder / "old"
        shutil.copytree(self.server.directory, old)
        self.server.start()
        self.change_tag("a")
        self.server.cli("audit", "witness", "sign", str(witness), "--name", "witness.example")
        self.assertEqual(self.server.get("/audit/witnesses")["items"][0]["size"], self.server.get("/audit/status")["entries"])
        self.server.stop()
        shutil.rmtree(self.server.directory)
        shutil.copytree(old, self.server.directory)
        self.server.start()
        self.server.cli("audit", "witness", "sign", str(witness), "--name", "witness.example", expect=4)

    def feed(self, collector):
        kind = "https" if collector.kind == "https" else "syslog-tls"
        path = ["--path", "/collect"] if kind == "https" else []
        self.server.cli("audit", "feed", "add", kind, "127.0.0.1", str(collector.port), "--fingerprint", collector.fingerprint, *path)

    def numbers(self, collector):
        return sorted({entry["id"] for entry in collector.entries})

    def arrives_whole(self, collector):
        self.feed(collector)
        first = self.newest()["id"]
        self.change_tag("while nobody listens")
        self.server.kill()
        self.server.start()
        collector.start()
        self.change_tag("while somebody listens")
        last = self.newest()["id"]
        until(lambda: self.numbers(collector) and self.numbers(collector)[-1] >= last, "the entries", 60)
        self.assertEqual(self.numbers(collector), list(range(first, self.numbers(collector)[-1] + 1)), "none is missing")

    def test_arrives_by_syslog_over_tls_whole_over_a_killed_server(self):
        collector = Collector(self.folder, "syslog")
        self.arrives_whole(collector)
        self.assertRegex(collector.frames[0], r"^<110>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z \S+ lineshaft - audit\.feed\.add - \ufeff\{")

    def test_arrives_by_https_whole_over_a_killed_server(self):
        collector = Collector(self.folder, "https")
        self.arrives_whole(collector)
        collector.refuse = True
        self.change_tag("while it is refused")
        collector.refuse = False
        last = self.newest()["id"]
        until(lambda: last in self.numbers(collector), "what was refused", 60)

    def test_is_not_for_operators_and_keeps_at_least_six_months(self):
        token = self.server.ok("POST", "/tokens", {"name": "x", "role": "engineer"})["token"]
        self.server.cli("audit", "keep", "5", expect=1)
        self.server.token = token
        for path in ("/audit", "/audit/export", "/audit/status", "/audit/feeds", "/audit/checkpoint", "/audit/key"):
            self.assertEqual(self.server.request("GET", path).status, 403, path)
        self.server.token = None
        self.assertEqual(self.newest("&action=access.denied")["result"], "refused")


if __name__ == "__main__":
    unittest.main()

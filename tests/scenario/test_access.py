"""A new server and its owner; who may do what; what a stranger gets."""
import getpass
import json
import socket
import ssl
import subprocess
import unittest

from harness import BINARY, PASSWORD, Scenario, free_port


class FirstStart(Scenario):
    def test_a_server_is_claimed_once_with_the_printed_code(self):
        server = self.serve()
        self.assertEqual(server.get("/status")["claimed"], False)
        claim = {"organisation": "A", "email": "a@example.com", "name": "A", "password": PASSWORD}
        wrong = server.request("POST", "/claim", {**claim, "code": "AAAA-AAAA-AAAA"})
        self.assertEqual((wrong.status, wrong.json["id"]), (403, "LS-1504"))
        server.claim()
        self.assertEqual(server.get("/status"), {**server.get("/status"), "claimed": True, "name": "Northfield Steel"})
        again = server.request("POST", "/claim", {**claim, "code": server.claim_code})
        self.assertEqual((again.status, again.json["id"]), (409, "LS-1505"))

    def test_a_notice_is_read_before_one_signs_in(self):
        notice = "For staff of Northfield Steel only.\nUse of this system is logged."
        config = self.folder / "lineshaft.toml"
        config.write_text(f"[security]\nnotice = {json.dumps(notice)}\n")
        server = self.serve("--config", str(config))
        self.assertEqual(server.get("/status")["notice"], notice)
        server.claim()
        done = subprocess.run([BINARY, "login", "--email", "ann@example.com"], env={**server.environment, "LINESHAFT_PASSWORD": PASSWORD},
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(done.stderr.index(notice), done.stderr.index("signed in to"))

    def test_before_the_claim_only_loopback_is_listened_on(self):
        port = free_port()
        server = self.serve("--listen", f"0.0.0.0:{port}", "--user", getpass.getuser())  # the later option wins
        addresses = subprocess.run(["ss", "-ltn"], capture_output=True, text=True, check=True).stdout
        self.assertIn(f"127.0.0.1:{port}", addresses)
        self.assertNotIn(f"0.0.0.0:{port}", addresses)

    def test_the_session_survives_a_restart_and_ends_with_sign_out(self):
        server = self.serve()
        server.claim()
        server.stop()
        server.start()
        self.assertEqual(server.get("/session")["user"]["email"], "ann@example.com")
        server.ok("DELETE", "/session")
        self.assertEqual(server.request("GET", "/session").status, 401)


class Rights(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()

    def token(self, role):
        return self.server.ok("POST", "/tokens", {"name": role, "role": role})["token"]

    def test_every_route_refuses_who_is_not_signed_in(self):
        document = self.server.get("/openapi.json")
        self.server.cookie = None
        checked = 0
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if operation.get("security") == []:
                    continue
                answer = self.server.request(method.upper(), path.replace("{id}", "1"), {})
                self.assertEqual(answer.status, 401, f"{method} {path}: {answer.body[:200]}")
                checked += 1
        self.assertGreater(checked, 25)

    def test_a_viewer_reads_and_changes_nothing(self):
        document = self.server.get("/openapi.json")
        self.server.token = self.token("viewer")
        may = {"Needs tag.read.", "Needs connection.read.", "Needs metrics.read.", "Needs rights.read.", "Needs ledger.read."}
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                needs = operation.get("description")
                if needs is None or needs in may:
                    continue
                answer = self.server.request(method.upper(), path.replace("{id}", "1"), {})
                self.assertEqual((answer.status, answer.json["id"]), (403, "LS-1004"), f"{method} {path}")

    def test_a_cookie_acts_only_with_its_csrf_token_and_from_its_own_page(self):
        bare = self.server.request("POST", "/tokens", {"name": "x", "role": "viewer"}, headers={"x-csrf-token": ""})
        self.assertEqual((bare.status, bare.json["id"]), (403, "LS-1508"))
        foreign = self.server.request("POST", "/tokens", {"name": "x", "role": "viewer"},
                                      headers={"sec-fetch-site": "cross-site"})
        self.assertEqual(foreign.status, 403)

    def test_a_revoked_token_stops_at_once(self):
        made = self.server.ok("POST", "/tokens", {"name": "feed", "role": "viewer"})
        self.server.token = made["token"]
        self.assertEqual(self.server.request("GET", "/tags").status, 200)
        self.server.token = None
        self.server.ok("DELETE", f"/tokens/{made['id']}")
        self.server.token = made["token"]
        self.assertEqual(self.server.request("GET", "/tags").status, 401)

    def test_wrong_passwords_are_slowed_down(self):
        self.server.cookie = None
        for _ in range(40):
            answer = self.server.request("POST", "/session", {"email": "ann@example.com", "password": "x" * 12})
            if answer.status == 429:
                break
            self.assertEqual((answer.status, answer.json["id"]), (401, "LS-1501"))
        self.assertEqual(answer.status, 429)
        self.assertGreater(int(answer.headers["retry-after"]), 0)

    def test_the_audit_trail_tells_who_did_what(self):
        self.server.ok("POST", "/tags", {"path": "org/site/x"})
        actions = [entry["action"] for entry in self.server.get("/audit")["items"]]
        self.assertIn("tag.create", actions)
        self.server.token = self.token("operator")
        self.server.request("POST", "/tags", {"path": "org/site/y"})
        self.server.token = None
        newest = self.server.get("/audit?limit=1")["items"][0]
        self.assertEqual((newest["action"], newest["detail"]), ("access.denied", "POST: tag.manage"))

    def test_answers_carry_the_headers_that_protect_a_browser(self):
        headers = self.server.request("GET", "/status").headers
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
        self.assertIn("max-age=31536000", headers["strict-transport-security"])
        self.assertEqual(headers["cache-control"], "no-store")


class Strangers(Scenario):
    def test_a_peer_that_speaks_no_tls_disturbs_nobody(self):
        server = self.serve()
        stuck = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
        for peer in stuck[:25]:
            peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(server.get("/status")["claimed"], False)
        for peer in stuck:
            peer.close()

    def test_old_tls_is_refused(self):
        server = self.serve()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, OSError)):
            context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)))

    def test_a_request_with_two_lengths_is_refused_because_it_hides_a_second_one(self):
        server = self.serve()
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as peer:
            peer.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while piece := peer.recv(65536):
                answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer[:100])
        self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)

    def test_nonsense_is_refused_in_words(self):
        server = self.serve()
        server.claim()
        for raw in (b"", b"{", b"[]", b"\xff\xfe", b"[" * 5000):
            answer = server.request("POST", "/tags", raw=raw)
            self.assertEqual((answer.status, answer.json["id"]), (400, "LS-1601"), raw[:10])
        misspelt = server.request("POST", "/tags", {"path": "a/b", "untis": "CEL"})
        self.assertEqual(misspelt.status, 400)
        self.assertIn("untis", misspelt.json["detail"])
        self.assertEqual(server.request("GET", "/nothing").json["id"], "LS-1602")
        self.assertEqual(server.request("DELETE", "/overview").status, 405)


class Doctor(Scenario):
    def test_the_doctor_says_what_is_wrong(self):
        server = self.serve()
        output = server.cli("doctor", "--data", str(server.directory), "--listen", f"127.0.0.1:{server.port}")
        self.assertIn(f"the server answers at https://127.0.0.1:{server.port}", output)
        self.assertNotIn("BAD", output)


if __name__ == "__main__":
    unittest.main()

"""The page about certificates, typed by a reader with openssl and curl; TLS as an outsider sees it."""
import http.client
import shutil
import ssl
import subprocess
import unittest

from harness import BINARY, ROOT, Scenario, until
from pages import Reader


class Certificates(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.token = self.server.ok("POST", "/tokens", {"name": "reader", "role": "administrator"})["token"]

    @unittest.skipUnless(shutil.which("openssl") and shutil.which("curl"), "openssl or curl is missing")
    def test_the_page_works_as_it_says(self):
        folder = self.folder / "reader"
        folder.mkdir()
        (folder / "lineshaft").symlink_to(BINARY)
        environment = {**self.server.environment, "LINESHAFT_TOKEN": self.token}
        environment["PATH"] = f"{folder}:{environment['PATH']}"
        reader = Reader(folder, environment)
        reader.replacements = {"127.0.0.1:8443": f"127.0.0.1:{self.server.port}"}
        reader.read(ROOT / "docs/how-to/certificates.md")
        self.assertEqual((folder / "press4-key.pem").stat().st_mode & 0o777, 0o600)

    def test_a_certificate_works_until_its_revocation_on_a_connection_that_stays_open(self):
        server = self.server
        made = server.ok("POST", "/issued-certificates", {"name": "press", "use": ["client"], "role": "viewer"})
        for name in ("certificate", "key"):
            (self.folder / f"press-{name}.pem").write_text(made[name])
        context = ssl.create_default_context(cadata=made["authority"])
        context.load_cert_chain(self.folder / "press-certificate.pem", self.folder / "press-key.pem")

        connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=30)
        self.addCleanup(connection.close)

        def ask():
            connection.request("GET", "/api/v1/tags")
            answer = connection.getresponse()
            answer.read()
            return answer.status

        self.assertEqual(ask(), 200)
        stream = connection.sock
        server.ok("POST", f"/issued-certificates/{made['id']}/revoke")
        self.assertEqual(ask(), 401)
        self.assertIs(connection.sock, stream, "the same connection")

    def test_a_renewal_is_seen_by_new_connections_and_cuts_nobody(self):
        server = self.server
        old = server.fingerprint
        server.ok("POST", "/server-certificate/renew")
        seen = until(lambda: self.shown() != old and self.shown(), "the new certificate")
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(server.fingerprint, seen, "the same after a restart")

    def shown(self):
        pem = ssl.get_server_certificate(("127.0.0.1", self.server.port))
        run = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=pem, text=True,
                             capture_output=True, check=True)
        return run.stdout.strip().split("=")[1]

    def test_only_sound_versions_and_suites_are_spoken(self):
        """An outsider tries every suite of this OpenSSL, strong or not, one at a time."""
        names = subprocess.run(["openssl", "ciphers", "-tls1_2", "-s", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], text=True,
                               capture_output=True, check=True).stdout.strip().split(":")
        self.assertGreater(len(names), 50)
        taken = {name for name in names if not name.startswith("TLS_") and self.speaks("-tls1_2", "-cipher", f"{name}:@SECLEVEL=0")}
        self.assertEqual(taken, {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
                                 "ECDHE-ECDSA-CHACHA20-POLY1305"})
        for old in ("-tls1", "-tls1_1"):
            self.assertFalse(self.speaks(old, "-cipher", "ALL:@SECLEVEL=0"), old)
        self.assertTrue(self.speaks("-tls1_3"))
        self.assertFalse(self.speaks("-tls1_3", "-curves", "secp521r1"))

    def speaks(self, *arguments):
        run = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", *arguments],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        return run.returncode == 0 and "Cipher is (NONE)" not in run.stdout


if __name__ == "__main__":
    unittest.main()

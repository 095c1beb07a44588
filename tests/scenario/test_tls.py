"""What openssl, and bytes put together by hand, find at the door: versions, suites, groups and what else TLS may not do there; and that no
other door is open than `lineshaft doctor --exposure` says. The expectations are those of docs/reference/security.md."""
import re
import socket
import struct
import subprocess
import unittest

from harness import Scenario, free_port, until

# Of a server whose certificate is ECDSA (RFC 5289, RFC 7905), under their names in openssl.
SUITES_12 = {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"}
SUITES_13 = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}  # RFC 8446, B.4
ALL_13 = SUITES_13 | {"TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"}
GROUPS = {"X25519": True, "P-256": True, "P-384": True, "P-521": False, "X448": False, "ffdhe2048": False}
ALERT, HANDSHAKE = 21, 22  # RFC 5246, 6.2.1
# RFC 5246, 7.2: protocol_version; RFC 6101, 5.4: SSL 3.0 has no such alert, and says handshake_failure.
REFUSALS = {0x0300: 40, 0x0301: 70, 0x0302: 70}  # SSL 3.0, TLS 1.0, TLS 1.1


def s_client(port, *arguments, typed="Q\n"):
    """What openssl says of a connection; the exit code is 0 if there was one."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *arguments], input=typed, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def chosen(told):
    """The suite of a connection that was made, or None."""
    suite = re.search(r"^New, \S+, Cipher is (\S+)$", told, re.M)
    return suite[1] if suite and suite[1] != "(NONE)" else None


def hello_by_hand(version, compressions=b"\0"):
    """A ClientHello (RFC 5246, 7.4.1.2) of a client that knows nothing newer than `version`, with the suite that every server of ours has
    and, for older versions, one that every server of then had."""
    suites = struct.pack(">HH", 0xC02B, 0x002F)  # ECDHE-ECDSA-AES128-GCM-SHA256, RSA-AES128-SHA
    groups = struct.pack(">HHHH", 10, 4, 2, 23)  # supported_groups: secp256r1
    formats = struct.pack(">HHBB", 11, 2, 1, 0)  # ec_point_formats: uncompressed
    signatures = struct.pack(">HHHHH", 13, 6, 4, 0x0403, 0x0401)  # ecdsa_secp256r1_sha256, rsa_pkcs1_sha256
    extensions = groups + formats + signatures
    body = struct.pack(">H", version) + bytes(range(32)) + b"\0" + struct.pack(">H", len(suites)) + suites + bytes([len(compressions)]) \
        + compressions + struct.pack(">H", len(extensions)) + extensions
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return struct.pack(">BHH", HANDSHAKE, 0x0301, len(message)) + message


def first_answer(port, hello):
    """Type and content of the first record that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        stream = s.makefile("rb")
        s.sendall(hello)
        kind, _, size = struct.unpack(">BHH", stream.read(5))
        return kind, stream.read(size)


class Tls(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()

    def client(self, *arguments, **more):
        return s_client(self.server.port, *arguments, **more)

    def accepted(self, protocol, option, offered):
        """All suites that the server takes: offered without those already taken, until it takes none. That last one shows that it takes
        none of all the others."""
        found = set()
        while True:
            rest = [suite for suite in offered if suite not in found]
            if not rest:
                return found
            _, told = self.client(protocol, option, ":".join(rest) + ("" if option == "-ciphersuites" else ":@SECLEVEL=0"))
            if chosen(told) is None:
                return found
            self.assertNotIn(chosen(told), found)
            found.add(chosen(told))

    def test_versions_and_suites_are_those_of_the_page_and_no_others(self):
        everything = subprocess.run(["openssl", "ciphers", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], check=True, capture_output=True,
                                    text=True).stdout.strip().split(":")
        older = [suite for suite in everything if not suite.startswith("TLS_")]
        self.assertGreater(len(older), 100)
        self.assertEqual(self.accepted("-tls1_2", "-cipher", older), SUITES_12)
        self.assertEqual(self.accepted("-tls1_3", "-ciphersuites", sorted(ALL_13)), SUITES_13)

    def test_versions_before_1_2_are_refused(self):
        for version, refusal in REFUSALS.items():
            kind, content = first_answer(self.server.port, hello_by_hand(version))
            self.assertEqual((kind, content[1]), (ALERT, refusal), hex(version))
        kind, content = first_answer(self.server.port, hello_by_hand(0x0303))
        self.assertEqual((kind, content[0]), (HANDSHAKE, 2), "1.2 is answered with a ServerHello")

    def test_nothing_is_compressed_although_a_client_offers_it(self):
        kind, content = first_answer(self.server.port, hello_by_hand(0x0303, b"\1\0"))  # DEFLATE (RFC 3749), null
        self.assertEqual(kind, HANDSHAKE)
        session = content[38]  # type 1, length 3, version 2, random 32
        self.assertEqual(content[39 + session:42 + session], struct.pack(">HB", 0xC02B, 0), "the suite, then no compression")

    def test_groups_are_those_of_the_page(self):
        for group, good in GROUPS.items():  # in 1.2 the list is also that of the curves of certificates, so P-256 alone would do
            _, told = self.client("-tls1_3", "-groups", group)
            self.assertEqual(chosen(told) is not None, good, f"{group}: {told[-600:]}")
        self.assertIsNotNone(chosen(self.client("-tls1_2", "-groups", "P-256")[1]))
        self.assertIsNone(chosen(self.client("-tls1_2", "-groups", "P-521:X448")[1]))

    def test_nobody_negotiates_anew_or_falls_back_or_sends_early(self):
        _, told = self.client("-tls1_2", typed="R\nQ\n")
        self.assertIn("Secure Renegotiation IS supported", told)
        self.assertRegex(told, r"RENEGOTIATING[\s\S]*no renegotiation")
        rc, told = self.client("-tls1_2", "-fallback_scsv")
        self.assertNotEqual(rc, 0)
        self.assertIn("inappropriate fallback", told, "somebody between made the client try an older version")
        _, told = self.client("-tls1_3", "-ign_eof", typed="GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        self.assertIn("HTTP/1.1 ", told)
        self.assertIn("Max Early Data: 0", told)
        _, told = self.client("-tls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "ALL:@SECLEVEL=0")
        self.assertIsNone(chosen(told), "no signature over SHA-1")

    def test_the_chain_is_whole_and_names_the_host(self):
        authority = str(self.server.directory / "tls/authority.pem")
        for protocol in ("-tls1_2", "-tls1_3"):
            rc, told = self.client(protocol, "-CAfile", authority, "-verify_return_error", "-verify_hostname", "localhost", "-x509_strict")
            self.assertEqual(rc, 0, told)
            self.assertIn("Verification: OK", told)
        rc, told = self.client("-CAfile", authority, "-verify_return_error", "-verify_hostname", "elsewhere.example")
        self.assertNotEqual(rc, 0, told)

    def test_no_other_door_is_open_than_doctor_says(self):
        self.server.claim()
        self.server.cli_login()
        self.server.ok("POST", "/flows", {"name": "Registers", "kind": "modbus-server", "settings": {"port": free_port()}})
        told = until(lambda: (out := self.exposure()) and "Registers" in out and out, "the flow among what is open")
        said = {f"{host}:{port}" for host, port in re.findall(r" at (?:\w[\w+.-]*://)?(\S+?):(\d+), for ", told)}
        self.assertEqual(len(said), 2, told)
        lines = subprocess.run(["ss", "-Hltunp"], check=True, capture_output=True, text=True).stdout.splitlines()
        own = {line.split()[4] for line in lines if f"pid={self.server.process.pid}," in line}
        if not own:
            self.skipTest("the system does not tell whose sockets are whose")
        self.assertEqual(own, said, told)

    def exposure(self):
        done = subprocess.run([self.server.process.args[0], "doctor", "--exposure"], env=self.server.environment, capture_output=True, text=True,
                              timeout=60, check=False)
        return done.stdout


if __name__ == "__main__":
    unittest.main()

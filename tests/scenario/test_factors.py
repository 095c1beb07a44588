"""Second factors, recovery, sessions and invitations, as people and programs meet them."""
import base64
import hashlib
import hmac
import struct
import time
import unittest

from harness import PASSWORD, Scenario

STEP_S = 30


def totp(secret, at=None):
    """RFC 6238, from the secret as the console shows it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int((time.time() if at is None else at) // STEP_S)
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7fffffff) % 1_000_000:06d}"


class Factors(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()

    def enrol(self):
        """The secret and the recovery codes. The code of the step before is used up, that of now is not.

        The server takes us for a phone whose clock is as far behind as that code was late: see code_of()."""
        while time.time() % STEP_S > STEP_S - 2:  # so that the step does not end under way
            time.sleep(0.1)
        begun = self.server.ok("POST", "/account/totp", {})
        self.assertTrue(begun["uri"].startswith("otpauth://totp/Northfield%20Steel:ann%40example.com?secret=" + begun["secret"]))
        added = self.server.ok("POST", "/account/totp/confirm",
                               {"enrolment": begun["enrolment"], "name": "Phone", "code": totp(begun["secret"], time.time() - STEP_S)})
        self.late_s = max(3, time.time() % STEP_S)  # kTotpTyping, or what that code needed
        return begun["secret"], added["recovery_codes"]

    def code_of(self, secret):
        """The code of this moment, as soon as its thirty seconds have begun for such a phone."""
        while time.time() % STEP_S <= self.late_s:
            time.sleep(0.1)
        return totp(secret)

    def begin(self):
        self.server.cookie = None
        answer = self.server.request("POST", "/session", {"email": "ann@example.com", "password": PASSWORD})
        self.assertEqual((answer.status, answer.json["second_factor_required"]), (202, True))
        self.assertIsNone(answer.headers["set-cookie"], "nobody is signed in yet")
        return answer.json

    def test_the_second_step_takes_the_code_of_the_app_and_no_code_twice(self):
        secret, codes = self.enrol()
        self.assertEqual(len(set(codes)), 10)
        step = self.begin()
        self.assertEqual((step["totp"], step["recovery_codes"], step["passkey"]), (True, True, None))
        wrong = self.server.request("POST", "/session/factor", {"pending": step["pending"], "code": "000000"})
        self.assertEqual((wrong.status, wrong.json["id"]), (403, "LS-1533"))
        code = self.code_of(secret)
        answer = self.server.request("POST", "/session/factor", {"pending": step["pending"], "code": code})
        self.assertEqual(answer.status, 200, answer.body)
        self.server.keep_session(answer)
        self.assertEqual(self.server.get("/session")["strength"], "password-totp")
        again = self.server.request("POST", "/session/factor", {"pending": self.begin()["pending"], "code": code})
        self.assertEqual(again.json["id"], "LS-1533")

    def test_a_recovery_code_works_once(self):
        _, codes = self.enrol()
        for status in (200, 403):
            answer = self.server.request("POST", "/session/factor",
                                         {"pending": self.begin()["pending"], "recovery_code": codes[0].lower().replace("-", " ")})
            self.assertEqual(answer.status, status, answer.body)

    def test_the_command_line_asks_for_the_code(self):
        secret, _ = self.enrol()
        self.server.cli("login", "--email", "ann@example.com",
                        environment={"LINESHAFT_PASSWORD": PASSWORD, "LINESHAFT_CODE": self.code_of(secret)})
        self.assertIn("password-totp", self.server.cli("session", "ls"))

    def test_a_fresh_server_says_until_when_its_owner_has_time(self):
        state = self.server.get("/session")["second_factor"]
        self.assertEqual((state["demanded"], state["missing"], state["enrolled"]), (True, False, 0))
        self.assertIsNotNone(state["due"])
        self.enrol()
        self.assertIsNone(self.server.get("/session")["second_factor"]["due"])

    def test_sessions_are_listed_and_ended(self):
        first = self.server.cookie, self.server.csrf
        self.server.sign_in()
        items = self.server.get("/account/sessions")["items"]
        self.assertEqual(sorted(one["own"] for one in items), [False, True])
        self.server.ok("DELETE", "/account/sessions")
        self.server.cookie, self.server.csrf = first
        self.assertEqual(self.server.request("GET", "/session").status, 401)

    def test_passkeys_are_not_for_addresses(self):
        account = self.server.get("/account")
        self.assertFalse(account["passkeys_possible"])
        self.assertIn("IP address", account["passkeys_why_not"])
        refused = self.server.request("POST", "/account/passkeys/challenge", {})
        self.assertEqual(refused.json["id"], "LS-1535")
        named = self.server.request("POST", "/session/passkey/challenge", {}, headers={"host": f"localhost:{self.server.port}"})
        self.assertEqual((named.status, named.json["rp_id"]), (200, "localhost"))

    def test_an_invited_administrator_may_do_nothing_before_a_second_factor(self):
        made = self.server.ok("POST", "/invitations", {"email": "bob@example.com", "name": "Bob", "role": "administrator"})
        secret = made["link"].split("#")[1]
        self.server.cookie = None
        seen = self.server.ok("POST", "/invitations/look", {"secret": secret})
        self.assertEqual((seen["organisation"], seen["email"]), ("Northfield Steel", "bob@example.com"))
        accept = {"secret": secret, "password": "granite bolt evening tram"}
        answer = self.server.request("POST", "/invitations/accept", accept)
        self.assertEqual(answer.status, 201, answer.body)
        self.server.keep_session(answer)
        self.assertEqual(answer.json["permissions"], [])
        refused = self.server.request("GET", "/users")
        self.assertEqual((refused.status, refused.json["id"]), (403, "LS-1532"))
        self.enrol_bob()
        self.assertEqual(self.server.request("GET", "/users").status, 200)
        again = self.server.request("POST", "/invitations/accept", accept)
        self.assertEqual(again.json["id"], "LS-1538")

    def enrol_bob(self):
        begun = self.server.ok("POST", "/account/totp", {})
        self.server.ok("POST", "/account/totp/confirm", {"enrolment": begun["enrolment"], "name": "Phone", "code": totp(begun["secret"])})

    def test_who_lost_everything_gets_back_in_by_the_terminal(self):
        self.enrol()
        data = ("--data", str(self.server.directory), "--email", "ann@example.com")
        self.server.cli("recover", *data, expect=4)  # the server runs
        self.server.stop()
        code = self.server.cli("recover", *data).split()[2]
        self.server.start()
        self.server.cookie = None
        wrong = self.server.request("POST", "/recovery", {"email": "ann@example.com", "code": "AAAA-BBBB-CCCC", "password": "quiet river lantern nine"})
        self.assertEqual((wrong.status, wrong.json["id"]), (403, "LS-1539"))
        answer = self.server.request("POST", "/recovery", {"email": "ann@example.com", "code": code, "password": "quiet river lantern nine"})
        self.assertEqual(answer.status, 200, answer.body)
        self.server.keep_session(answer)
        self.assertTrue(self.server.get("/session")["second_factor"]["missing"])
        self.enrol_bob()
        actions = [entry["action"] for entry in self.server.get("/audit")["items"]]
        self.assertIn("recovery.issue", actions)


if __name__ == "__main__":
    unittest.main()

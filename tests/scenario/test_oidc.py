"""Signing in by identity providers: with oidc-provider as others run it, and with one that lies."""
import hashlib
import hmac
import json
import socket
import subprocess
import threading
import time
import unittest

from harness import DEADLINE_S, PASSWORD, ROOT, Scenario, free_port
from providers import Authority, Browser, Provider, SigningKey, text64
from test_factors import totp

NODE = ROOT / "console/node_modules/.bin/node"
SECRET = "a secret: 100 % = :-)"
# A worker of the server waits for a provider no longer than this, and a second of the test.
PATIENCE_S = 10 + 1


class SignIn(Scenario):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder)
        self.server = self.serve()
        self.server.claim()
        self.ann = self.server.cookie, self.server.csrf

    def as_ann(self):
        self.server.cookie, self.server.csrf = self.ann

    def add(self, issuer, **more):
        self.as_ann()
        settings = {"name": "Northern ID", "issuer": issuer, "client_id": "lineshaft", "secret": SECRET, "scopes": ["email", "profile", "groups"],
                    "groups_claim": "groups", "makes_people": True, "unmapped": "refused", "trusted_pem": self.authority.pem,
                    "groups": [{"group": "melters", "role": "operator", "place": "Northfield/Melt shop"},
                               {"group": "admins", "role": "administrator"}]}
        made = self.server.ok("POST", "/identity-providers", {**settings, **more})
        self.settings = {**settings, **more}
        del self.settings["secret"]
        return made

    def begin(self, provider, **more):
        """As a stranger: where the browser is sent, and the cookie that it was given."""
        self.server.cookie = None
        answer = self.server.request("POST", "/session/provider/begin", {"provider": provider["handle"], "return_to": "/trends", **more})
        self.assertEqual(answer.status, 200, answer.body)
        cookie = answer.headers["set-cookie"]
        for word in ("__Host-provider=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"):
            self.assertIn(word, cookie)
        return answer.json["address"], cookie.split(";")[0]

    def finish(self, back, cookie, *more):
        self.server.cookie = None
        return self.server.request("POST", "/session/provider", back, headers={"cookie": "; ".join([cookie, *more])})

    def refused(self, answer, number):
        self.assertGreaterEqual(answer.status, 400, answer.body)
        self.assertEqual(answer.json["id"], number, answer.body)
        cookies = answer.headers.get_all("set-cookie") or []
        self.assertFalse(any(cookie.startswith("__Host-session") for cookie in cookies))
        return answer.json["detail"]

    def audited(self, action):
        self.as_ann()
        return [entry for entry in self.server.get(f"/audit?action={action}")["items"] if entry["action"] == action]


@unittest.skipUnless(NODE.exists() and (ROOT / "tests/peers/node_modules/oidc-provider").exists(),
                     "oidc-provider is missing (tools/setup test)")
class RealProvider(SignIn):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.peer = self.run_process(
            NODE, ROOT / "tests/peers/oidc.mjs", self.authority.serve("idp"), str(self.port),
            f"https://127.0.0.1:{self.server.port}/sign-in/provider", text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.issuer = json.loads(self.peer.stdout.readline())["issuer"]
        self.carl(["melters"])

    def tell(self, **line):
        self.peer.stdin.write(json.dumps(line) + "\n")
        self.peer.stdin.flush()
        return json.loads(self.peer.stdout.readline())

    def carl(self, groups, amr=("pwd",), **claims):
        self.tell(person="carl", amr=list(amr), claims={"sub": "carl", "email": "carl@example.com", "email_verified": True, "name": "Carl",
                                                        "groups": groups, **claims})

    def come_in(self, provider, browser=None, login="carl", **more):
        address, cookie = self.begin(provider, **more)
        back = (browser or Browser(self.authority)).go(address, login)
        return self.finish(back, cookie)

    def test_people_come_in_with_the_roles_of_their_groups(self):
        provider = self.add(self.issuer)
        self.as_ann()
        check = self.server.ok("POST", f"/identity-providers/{provider['id']}/check", {})
        self.assertEqual((check["algorithms"], check["keys"]), (["RS256", "ES256", "EdDSA"], 3))
        browser = Browser(self.authority)
        answer = self.come_in(provider, browser)
        self.assertEqual(answer.status, 200, answer.body)
        session = answer.json
        self.assertEqual((session["user"]["email"], session["user"]["name"]), ("carl@example.com", "Carl"))
        self.assertEqual(session["user"]["grants"], [{"role": "operator", "place": "Northfield/Melt shop"}])
        self.assertEqual((session["strength"], session["return_to"]), ("provider", "/trends"))
        self.assertEqual(session["provider"]["sign_out"], f"{self.issuer}/session/end?client_id=lineshaft")
        self.server.keep_session(answer)
        self.assertEqual(self.server.get("/session")["user"]["id"], session["user"]["id"])
        self.assertEqual(self.server.request("GET", "/users").status, 403)

        # Each way of signing; the provider knows the browser and asks for nothing more.
        for algorithm in ("ES256", "EdDSA"):
            self.tell(algorithm=algorithm)
            again = self.come_in(provider, browser)
            self.assertEqual(again.status, 200, again.body)
            self.assertEqual(again.json["user"]["id"], session["user"]["id"])

        # Other groups, other roles, at the next sign-in and in every session; none: out.
        self.carl(["melters", "admins"])
        self.assertEqual({one["role"] for one in self.come_in(provider, browser).json["user"]["grants"]}, {"operator", "administrator"})
        self.carl([])
        self.refused(self.come_in(provider, browser), "LS-1542")
        self.server.keep_session(answer)
        self.assertEqual(self.server.get("/session")["user"]["grants"], [])
        self.assertEqual(len(self.audited("user.create")), 1)
        self.assertIn("in no group", self.audited("session.refuse")[0]["detail"])
        self.assertGreaterEqual(len(self.audited("user.grants")), 2)

    def test_our_second_step_is_asked_for_where_the_provider_asked_for_none(self):
        provider = self.add(self.issuer)
        self.carl(["admins"])
        weak = self.come_in(provider)
        self.server.keep_session(weak)
        self.assertTrue(weak.json["second_factor"]["missing"])
        self.refused(self.server.request("GET", "/users"), "LS-1532")
        self.carl(["admins"], amr=("pwd", "otp"))
        strong = self.come_in(provider)
        self.server.keep_session(strong)
        self.assertEqual((strong.json["strength"], strong.json["second_factor"]["missing"]), ("provider-mfa", False))
        self.assertEqual(self.server.request("GET", "/users").status, 200)

        begun = self.server.ok("POST", "/account/totp", {})
        self.server.ok("POST", "/account/totp/confirm", {"enrolment": begun["enrolment"], "name": "Phone",
                                                         "code": totp(begun["secret"], time.time() - 30)})
        self.carl(["admins"])
        half = self.come_in(provider)
        self.assertEqual((half.status, half.json["second_factor_required"], half.json["return_to"]), (202, True, "/trends"))
        self.server.cookie = None
        whole = self.server.request("POST", "/session/factor", {"pending": half.json["pending"], "code": totp(begun["secret"])})
        self.assertEqual((whole.status, whole.json["strength"]), (200, "provider-totp"), whole.body)

    def test_who_was_removed_stays_out_until_invited_again(self):
        provider = self.add(self.issuer)
        user = self.come_in(provider).json["user"]["id"]
        self.as_ann()
        self.server.ok("DELETE", f"/users/{user}")
        self.refused(self.come_in(provider), "LS-1542")
        self.as_ann()
        link = self.server.ok("POST", "/invitations", {"email": "carl@example.com", "name": "Carl", "role": "viewer"})["link"]
        secret = link.split("#")[1]
        self.server.cookie = None
        self.assertEqual(self.server.ok("POST", "/invitations/look", {"secret": secret})["providers"][0]["name"], "Northern ID")
        answer = self.come_in(provider, invitation=secret)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual({one["role"] for one in answer.json["user"]["grants"]}, {"viewer", "operator"})
        self.refused(self.server.request("POST", "/session/provider/begin", {"provider": provider["handle"], "invitation": secret}), "LS-1538")

    def test_a_signed_in_person_links_an_account_and_comes_in_by_it(self):
        provider = self.add(self.issuer, unmapped="own", makes_people=False)
        self.refused(self.come_in(provider), "LS-1542")
        self.as_ann()
        begun = self.server.request("POST", "/account/provider/begin", {"provider": provider["handle"], "purpose": "link", "return_to": "/account"})
        self.assertEqual(begun.status, 200, begun.body)
        back = Browser(self.authority).go(begun.json["address"], "carl")
        done = self.finish(back, begun.headers["set-cookie"].split(";")[0], self.ann[0])
        self.assertEqual((done.status, done.json), (200, {"done": "link", "return_to": "/account"}))
        answer = self.come_in(provider)
        self.assertEqual(answer.json["user"]["email"], "ann@example.com")
        self.as_ann()
        self.assertEqual(self.server.get("/account/providers")["links"][0]["issuer"], self.issuer)
        self.server.ok("POST", "/account/provider/remove", {"issuer": self.issuer})
        self.refused(self.come_in(provider), "LS-1542")

    def test_who_says_no_at_the_provider_is_told_so(self):
        provider = self.add(self.issuer)
        detail = self.refused(self.come_in(provider, login="eve"), "LS-1541")
        self.assertIn("access_denied", detail)

    def test_a_provider_that_is_gone_is_said_so_and_passwords_work(self):
        provider = self.add(self.issuer)
        address, cookie = self.begin(provider)
        back = Browser(self.authority).go(address, "carl")
        self.peer.kill()
        self.peer.wait()
        self.refused(self.finish(back, cookie), "LS-1540")
        self.server.sign_in()

    def test_the_command_line_sets_providers(self):
        self.server.cli_login()
        file = self.folder / "provider.json"
        file.write_text(json.dumps({"name": "Northern ID", "issuer": self.issuer, "client_id": "lineshaft", "trusted_pem": self.authority.pem}))
        environment = {"LINESHAFT_CLIENT_SECRET": SECRET}
        self.server.cli("provider", "add", str(file), environment=environment)
        self.assertIn("Northern ID", self.server.cli("provider", "ls"))
        self.assertIn("RS256, ES256, EdDSA", self.server.cli("provider", "check", "1"))
        file.write_text(json.dumps({"name": "Renamed", "issuer": self.issuer, "client_id": "lineshaft", "trusted_pem": self.authority.pem}))
        self.assertIn("Renamed", self.server.cli("provider", "set", "1", str(file)))
        self.server.cli("provider", "rm", "1")
        self.server.cli("provider", "rm", "1", expect=3)


class LyingProvider(SignIn):
    def setUp(self):
        super().setUp()
        self.idp = Provider(self.authority.serve("idp"))
        self.addCleanup(self.idp.stop)
        self.provider = self.add(self.idp.issuer)

    def come_in(self, **who):
        address, cookie = self.begin(self.provider)
        return self.finish(self.idp.signed_in(address, **who), cookie)

    def forget(self):
        """What the server keeps of the provider is of its settings of before."""
        self.as_ann()
        self.server.ok("PUT", f"/identity-providers/{self.provider['id']}", self.settings)

    def test_a_token_of_something_else_lets_nobody_in(self):
        now = int(time.time())
        wrong = {"nonce": "another", "aud": "another", "iss": "https://127.0.0.1:1", "exp": now - 61, "iat": now + 120, "azp": "another",
                 "at_hash": "AAAA", "auth_time": now - 13 * 3600}
        for claim, value in wrong.items():
            detail = self.refused(self.come_in(**{claim: value}), "LS-1541")
            self.assertIn(claim, detail)
            self.assertEqual(self.come_in().status, 200, "an honest one is taken, and the failure forgotten")
        self.assertEqual(self.come_in(aud=["lineshaft"], exp=now + 1000).status, 200)

    def test_a_token_that_the_provider_has_not_signed_lets_nobody_in(self):
        self.assertEqual(self.come_in().status, 200)
        thief = SigningKey("first")
        secret = json.dumps(self.idp.key.jwk())
        forgeries = {
            "another key": lambda claims: thief.token(claims),
            "a key of another name": lambda claims: thief.token(claims, kid="second"),
            "nobody": lambda claims: text64('{"alg":"none"}') + "." + text64(json.dumps(claims)) + ".",
            "nobody, in capitals": lambda claims: text64('{"alg":"NONE"}') + "." + text64(json.dumps(claims)) + ".",
            "everybody": lambda claims: hmac_token(claims, secret),
            "its own key": lambda claims: thief.token(claims, kid="x", jwk=thief.jwk()),
            "a changed one": lambda claims: changed(self.idp.key.token(claims), {**claims, "groups": ["admins"]}),
        }
        for name, forged in forgeries.items():
            with self.subTest(signed_by=name):
                self.idp.sign = forged
                self.refused(self.come_in(), "LS-1541")
                self.idp.sign = lambda claims: self.idp.key.token(claims)
                self.assertEqual(self.come_in().status, 200)

    def test_an_answer_is_good_once_for_the_browser_that_was_sent(self):
        address, cookie = self.begin(self.provider)
        back = self.idp.signed_in(address)
        self.assertEqual(self.finish(back, cookie).status, 200)
        self.refused(self.finish(back, cookie), "LS-1536")  # the state, and the code, once more

        address, cookie = self.begin(self.provider)
        back = self.idp.signed_in(address)
        self.refused(self.finish({**back, "state": "A" * 43}, cookie), "LS-1536")
        _, other = self.begin(self.provider)
        self.refused(self.finish(back, other), "LS-1541")
        self.refused(self.finish(back, cookie), "LS-1536")  # the attempt used it up

        # A code that belongs to another sign-in: PKCE finds it out.
        theirs, _ = self.begin(self.provider)
        stolen = self.idp.signed_in(theirs)
        ours, cookie = self.begin(self.provider)
        self.refused(self.finish({**self.idp.signed_in(ours), "code": stolen["code"]}, cookie), "LS-1541")

    def test_two_providers_are_not_mixed_up(self):
        evil = Provider(self.authority.serve("evil"))
        self.addCleanup(evil.stop)
        other = self.add(evil.issuer, name="Other")
        address, cookie = self.begin(self.provider)
        back = self.idp.signed_in(address)
        before = len(self.idp.asked)
        self.refused(self.finish({**back, "iss": evil.issuer}, cookie), "LS-1541")
        self.assertEqual(len(self.idp.asked), before, "the code went nowhere")
        # The other one sends the browser to the good one and brings its code: it goes to the other one's own address.
        address, cookie = self.begin(other)
        self.refused(self.finish(self.idp.signed_in(address), cookie), "LS-1541")
        self.assertNotIn("POST /token", self.idp.asked)
        # Who says who they are says it always.
        self.idp.more["authorization_response_iss_parameter_supported"] = True
        self.settings["issuer"], self.settings["name"] = self.idp.issuer, "Northern ID"
        self.forget()
        address, cookie = self.begin(self.provider)
        self.refused(self.finish(self.idp.signed_in(address), cookie), "LS-1541")
        address, cookie = self.begin(self.provider)
        self.assertEqual(self.finish({**self.idp.signed_in(address), "iss": self.idp.issuer}, cookie).status, 200)

    def test_a_document_that_does_not_fit_is_refused(self):
        for more in ({"issuer": self.idp.issuer + "/"}, {"token_endpoint": "http://127.0.0.1/token"}, {"jwks_uri": "file:///etc/passwd"},
                     {"response_types_supported": ["id_token"]}, {"code_challenge_methods_supported": ["plain"]},
                     {"id_token_signing_alg_values_supported": ["HS256", "none"]}, {"padding": "x" * 200_000}):
            with self.subTest(more=str(more)[:60]):
                self.idp.more = more
                self.forget()
                self.server.cookie = None
                self.refused(self.server.request("POST", "/session/provider/begin", {"provider": self.provider["handle"]}), "LS-1540")
        self.idp.more = {}
        self.forget()
        self.assertEqual(self.come_in().status, 200)

    def test_an_answer_that_is_none_is_refused_and_no_redirect_is_followed(self):
        self.assertEqual(self.come_in().status, 200)
        answers = {"a redirect": (302, [("location", self.idp.issuer + "/elsewhere")], {}), "no JSON": (200, (), b"<html>"),
                   "no token": (200, (), {"access_token": "a"}), "too much": (200, (), b" " * 300_000), "trouble": (500, (), b"oops")}
        for name, answer in answers.items():
            with self.subTest(answer=name):
                self.idp.answer = answer
                self.refused(self.come_in(), "LS-1540")
        self.assertNotIn("POST /elsewhere", self.idp.asked)
        self.assertNotIn("GET /elsewhere", self.idp.asked)

    def test_a_web_server_that_the_authority_does_not_know_is_asked_nothing(self):
        (self.folder / "other").mkdir()
        stranger = Provider(Authority(self.folder / "other").serve("stranger"))
        self.addCleanup(stranger.stop)
        wrong_name = Provider(self.authority.serve("wrong", "127.0.0.2"))
        self.addCleanup(wrong_name.stop)
        for provider, name in ((stranger, "Stranger"), (wrong_name, "Wrong name")):
            made = self.add(provider.issuer, name=name)
            self.server.cookie = None
            detail = self.refused(self.server.request("POST", "/session/provider/begin", {"provider": made["handle"]}), "LS-1540")
            self.assertIn("LS-1108", detail)
            self.assertEqual(provider.asked, [])

    def test_a_silent_provider_holds_nobody_up(self):
        """It takes connections and says nothing: whoever waits for it is told so in time, and passwords go on meanwhile."""
        silent = socket.create_server(("127.0.0.1", free_port()))
        self.addCleanup(silent.close)
        made = self.add(f"https://127.0.0.1:{silent.getsockname()[1]}", name="Silent")
        answers = []

        def wait():
            began = time.monotonic()
            answer = self.server.request("POST", "/session/provider/begin", {"provider": made["handle"]}, headers={"cookie": "a=b"})
            answers.append((answer.json["id"], time.monotonic() - began))

        crowd = [threading.Thread(target=wait) for _ in range(12)]
        for one in crowd:
            one.start()
        began = time.monotonic()
        self.server.sign_in()
        self.assertLess(time.monotonic() - began, PATIENCE_S / 2)
        for one in crowd:
            one.join(DEADLINE_S)
        self.assertEqual({number for number, _ in answers} - {"LS-1540", "LS-1509"}, set())
        self.assertLess(max(took for _, took in answers), 2 * PATIENCE_S)

    def test_tokens_and_secrets_stay_in_the_server(self):
        answer = self.come_in()
        self.assertEqual(answer.status, 200)
        self.as_ann()
        bodies = [answer.body] + [self.server.request("GET", path).body for path in ("/identity-providers", "/audit", "/account/providers", "/users")]
        for body in bodies:
            for word in ("access-canary", "id_token", SECRET):
                self.assertNotIn(word.encode(), body)
        self.server.stop()
        for path in self.server.directory.rglob("*"):
            if path.is_file():
                for word in ("access-canary", SECRET):
                    self.assertNotIn(word.encode(), path.read_bytes(), path)
        self.assertNotIn(SECRET, self.server.output())
        self.server.start()
        self.assertEqual(self.come_in().status, 200, "after a restart the sealed secret opens again")

    def test_a_provider_is_changed_in_a_new_session_by_who_manages_people(self):
        for method, path in (("POST", "/identity-providers"), ("PUT", "/identity-providers/1"), ("POST", "/identity-providers/1/remove")):
            self.server.cookie = None
            self.assertEqual(self.server.request(method, path, {}).status, 401)
        self.as_ann()
        token = self.server.ok("POST", "/tokens", {"name": "t", "role": "administrator"})["token"]
        refused = self.server.request("POST", "/identity-providers/1/remove", {}, headers={"authorization": f"Bearer {token}"})
        self.assertEqual(refused.status, 403)
        self.assertEqual(len(self.audited("provider.create")), 1)
        self.as_ann()
        self.server.ok("POST", f"/identity-providers/{self.provider['id']}/remove", {"password": PASSWORD})
        self.assertEqual(len(self.audited("provider.remove")), 1)
        self.server.cookie = None
        self.assertEqual(self.server.get("/session/providers")["items"], [])


def hmac_token(claims, secret):
    text = text64('{"alg":"HS256","kid":"first"}') + "." + text64(json.dumps(claims))
    return text + "." + text64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def changed(token, claims):
    head, _, signature = token.split(".")
    return f"{head}.{text64(json.dumps(claims))}.{signature}"


if __name__ == "__main__":
    unittest.main()

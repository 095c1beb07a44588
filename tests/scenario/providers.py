"""Identity providers for the tests of signing in by one: an authority of their web servers, a provider that lies as a
test wants it to, and the part of a browser that goes to a provider and back."""
import base64
import datetime
import hashlib
import http.client
import http.cookies
import ipaddress
import json
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from harness import DEADLINE_S, free_port

PEM = serialization.Encoding.PEM


def text64(data):
    """base64url without padding."""
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


class Authority:
    """A company's own authority, and what it signs for web servers at 127.0.0.1."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company CA")])
        self.certificate = self.sign(self.name, self.key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)])
        self.pem = self.certificate.public_bytes(PEM).decode()

    def sign(self, subject, key, extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number(),
                                          now - datetime.timedelta(hours=1), now + datetime.timedelta(days=1))
        extensions = [*extensions, (x509.SubjectKeyIdentifier.from_public_key(key), False),
                      (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def serve(self, name, address="127.0.0.1"):
        """certificate.pem and key.pem in a folder of that name."""
        folder = self.folder / name
        folder.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self.sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key(), [
            (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True)])
        (folder / "certificate.pem").write_bytes(leaf.public_bytes(PEM))
        (folder / "key.pem").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return folder


class SigningKey:
    """RS256, by the cryptography package."""

    def __init__(self, name):
        self.name = name
        self.key = rsa.generate_private_key(65537, 2048)

    def jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name,
                "n": text64(numbers.n.to_bytes(256, "big")), "e": text64(numbers.e.to_bytes(3, "big"))}

    def token(self, claims, **header):
        head = {"alg": "RS256", "kid": self.name, **header}
        text = text64(json.dumps(head)) + "." + text64(json.dumps(claims))
        return text + "." + text64(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Who does not trust the certificate hangs up: that is what some tests want."""


class Provider:
    """Answers as `document`, `keys` and `sign` say; a test changes them. It believes whom the test sends."""

    def __init__(self, folder):
        self.port = free_port()
        self.issuer = f"https://127.0.0.1:{self.port}"
        self.key = SigningKey("first")
        self.keys = [self.key]
        self.more = {}           # of the document
        self.sign = lambda claims: self.key.token(claims)
        self.answer = None       # in place of an answer to a code: (status, headers, body)
        self.codes, self.asked = {}, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        self.server = Quiet(("127.0.0.1", self.port), self.handler())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(DEADLINE_S)

    def document(self):
        return {"issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize", "token_endpoint": self.issuer + "/token",
                "jwks_uri": self.issuer + "/keys", "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
                "id_token_signing_alg_values_supported": ["RS256"], **self.more}

    def handler(provider):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def say(self, status, body, headers=()):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                provider.asked.append("GET " + self.path)
                if self.path == "/.well-known/openid-configuration":
                    return self.say(200, provider.document())
                if self.path == "/keys":
                    return self.say(200, {"keys": [key.jwk() for key in provider.keys]})
                self.say(404, {})

            def do_POST(self):
                provider.asked.append("POST " + self.path)
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
                if provider.answer:
                    status, headers, body = provider.answer
                    return self.say(status, body, headers)
                known = provider.codes.pop(form.get("code"), None)
                fits = known and text64(hashlib.sha256(form["code_verifier"].encode()).digest()) == known["code_challenge"] \
                    and form["redirect_uri"] == known["redirect_uri"]
                if not fits:
                    return self.say(400, {"error": "invalid_grant"})
                self.say(200, {"access_token": "access-canary", "token_type": "Bearer", "id_token": provider.sign(known["claims"])})
        return Handler

    def claims(self, asked, **who):
        now = int(time.time())
        return {"iss": self.issuer, "aud": asked["client_id"], "nonce": asked["nonce"], "iat": now, "exp": now + 300, "sub": "u-1",
                "email": "carl@example.com", "email_verified": True, "name": "Carl", "groups": ["melters"], **who}

    def signed_in(self, address, **who):
        """What the browser brings back that was sent to `address`, where somebody has signed in."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        code = f"code-{len(self.asked)}-{time.monotonic_ns()}"
        self.codes[code] = {**asked, "claims": self.claims(asked, **who)}
        return {"state": asked["state"], "code": code}


class Browser:
    """Goes to a provider's page, signs in there, and stops where it is sent back to us."""

    def __init__(self, authority):
        self.context = ssl.create_default_context(cadata=authority.pem)
        self.cookies = {}

    def request(self, method, address, body=None):
        parts = urllib.parse.urlsplit(address)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=self.context, timeout=DEADLINE_S)
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        if body is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers)
        response = connection.getresponse()
        response.read()
        for line in response.headers.get_all("set-cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        connection.close()
        return response

    def go(self, address, login):
        """The parameters with which the provider sends the browser back."""
        home = urllib.parse.urlsplit(address).netloc
        for _ in range(10):
            answer = self.request("GET", address)
            if answer.status == 200:  # its page asks for a name
                answer = self.request("POST", address, urllib.parse.urlencode({"login": login}))
            assert answer.status in (302, 303), f"{address}: {answer.status}"
            address = urllib.parse.urljoin(address, answer.headers["location"])
            if urllib.parse.urlsplit(address).netloc != home:
                return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        raise AssertionError("the provider sends the browser around in circles")

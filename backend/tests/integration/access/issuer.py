"""An OpenID provider of the tests' own, as a process: it signs what it is asked to, rotates its keys, stops and lies.

`python -m tests.integration.access.issuer PORT`. POST /sign {claims, head, kind} is a token; POST /behave {…} changes
what it does from then on; GET /asked says how often its keys were fetched.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

KINDS: dict[str, tuple[str, Any, Any]] = {
    "RSA": ("RS256", lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
    "EC": ("ES256", lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "OKP": ("EdDSA", ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
}
ODD = ({"kty": "unknown", "kid": "odd"}, {"kty": "RSA", "kid": "encrypts", "use": "enc", "n": "AQAB", "e": "AQAB"}, 7)


class Provider:
    """Its keys by kind, and how it behaves."""

    def __init__(self, url: str) -> None:
        self.url, self.asked, self.number = url, 0, 0
        self.behaviour: dict[str, Any] = {}
        self.rotate(list(KINDS))

    def rotate(self, kinds: list[str]) -> None:
        """New keys of these kinds, and no others."""
        self.number += 1
        self.keys = {kind: (f"{kind}-{self.number}", KINDS[kind][1]()) for kind in kinds}

    def sign(self, claims: dict[str, Any], head: dict[str, Any], kind: str) -> str:
        kid, key = self.keys[kind]
        now = int(time.time())
        standard = {"iss": self.url, "aud": "api", "sub": "auth0|anna", "exp": now + 600, "iat": now}
        algorithm = head.get("alg", KINDS[kind][0])
        merged = {name: value for name, value in (standard | claims).items() if value is not None}
        heads = {name: value for name, value in ({"kid": kid} | head).items() if name != "alg" and value is not None}
        return jwt.PyJWS().encode(json.dumps(merged).encode(), key, algorithm, heads)  # whatever they are

    def public(self) -> dict[str, Any]:
        keys = [self._public(kind, kid, key) for kind, (kid, key) in self.keys.items()]
        return {"keys": [*([] if self.behaviour.get("plain") else ODD), *keys]}

    def _public(self, kind: str, kid: str, key: Any) -> dict[str, Any]:
        algorithm, _, form = KINDS[kind]
        told = {"alg": algorithm} if self.behaviour.get("alg", True) else {}
        return {**json.loads(form.to_jwk(key.public_key())), "kid": kid, **told}


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        answers = {"/asked": self.count, "/.well-known/openid-configuration": self.describe, "/keys": self.keys}
        answers.get(self.path, self.nothing)()

    def count(self) -> None:
        self.answer({"asked": self.provider.asked})

    def nothing(self) -> None:
        self.answer({}, 404)

    def describe(self) -> None:
        told = {"issuer": self.provider.url, "jwks_uri": f"{self.provider.url}/keys"}
        self.answer(told | {name: text for name, text in self.provider.behaviour.items() if name in told})

    def keys(self) -> None:
        self.provider.asked += 1
        behaviour = self.provider.behaviour
        if "drip" in behaviour:
            self.drip()
        if "endless" in behaviour:
            self.endless()
        self.answer(behaviour.get("text", self.provider.public()), behaviour.get("status", 200))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/sign":
            return self.answer({"token": self.provider.sign(asked["claims"], asked["head"], asked["kind"])})
        if rotated := asked.pop("rotate", None):
            self.provider.rotate(rotated)
        self.provider.behaviour = asked
        self.answer({})

    def answer(self, body: Any, status: int = 200) -> None:
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Location", f"{self.provider.url}/elsewhere")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def drip(self) -> None:
        """A head that never ends, a byte now and then."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            self.wfile.write(b"x")
            time.sleep(0.2)

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b" " * 65536)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    port = int(sys.argv[1])
    Handler.provider = Provider(f"http://127.0.0.1:{port}")
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()

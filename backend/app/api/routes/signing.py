"""/login and /logout, as frontends made with json-server-auth call them; /register says whom to ask."""

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import body
from app.api.access import token_of
from app.api.conditional import CACHE_CONTROL
from app.api.thin import ThinRoute
from app.errors import Invalid, NoRegistration
from app.people.people import PREFIX, People

_LIMIT = 8 * 1024  # bytes of a body
_FIELDS = ("email", "password")


def router(people: People) -> APIRouter:
    routes = APIRouter(route_class=ThinRoute, include_in_schema=False)

    async def login(request: Request) -> Response:
        email, password = await _sent(request)
        token, user = await people.sign_in(email, password, request.client.host if request.client else "")
        return _json({"accessToken": token, "user": user})

    async def logout(request: Request) -> Response:
        """What is no session has nothing to end."""
        token = token_of(request.scope)
        if token.startswith(PREFIX):
            await people.sign_out(token)
        return _json({})

    async def register(_: Request) -> Response:
        raise NoRegistration

    for path, endpoint in (("/login", login), ("/signin", login), ("/logout", logout)):
        routes.add_api_route(path, endpoint, methods=["POST"])
    for path in ("/register", "/signup"):
        routes.add_api_route(path, register, methods=["POST"])
    return routes


async def _sent(request: Request) -> tuple[str, str]:
    """Raises `Invalid`, which repeats nothing of either."""
    sent = await body.json_object(request, _LIMIT)
    texts = {name: sent.get(name) for name in _FIELDS}
    if wrong := {name: "must be text" for name, text in texts.items() if not isinstance(text, str) or not text}:
        raise Invalid(wrong)
    return str(texts["email"]), str(texts["password"])


def _json(answer: object) -> Response:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return Response(text, 200, {"Cache-Control": CACHE_CONTROL}, "application/json")

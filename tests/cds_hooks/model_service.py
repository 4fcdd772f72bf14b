"""A small CDS service that meets every requirement, and can be broken in one place at a time."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.blackbox.tokens import header_of

BASE = "https://model.test"
ORIGIN = "https://pages.model.test"
ISSUER = "https://client.model.test"
KEY = ECKey.generate_key("P-384", parameters={"kid": "model", "alg": "ES384"})
_INSTANCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "observations": "Observation?patient={{context.patientId}}&code=44261-6&date=ge2020-01-01&_sort=-date&_count=50",
    "conditions": "Condition?patient={{context.patientId}}",
}


class ModelService:
    """What it answers; `lenient` names the faults of a request that it overlooks."""

    def __init__(
        self,
        *,
        offer: Callable[[Json], Any] | None = None,
        answer: Callable[[Json], Any] | None = None,
        lenient: str = "",
        needs_tokens: bool = True,
    ) -> None:
        """`offer` and `answer` change the discovery and the answer to a call, in place or by what they return."""
        self._offer = offer
        self._answer = answer
        self._lenient = lenient
        self._needs_tokens = needs_tokens

    @property
    def app(self) -> ASGIApp:
        """The service as an application."""
        routes = [
            Route("/cds-services", self._discovery, methods=["GET"]),
            Route("/cds-services/{id}", self._call, methods=["POST"]),
            Route("/cds-services/{id}/feedback", self._feedback, methods=["POST"]),
            Route("/icon.png", lambda _: Response(_icon(), media_type="image/png")),
        ]
        app = Starlette(routes=routes)
        if self._lenient == "no cors":
            return app
        open_to_all = self._lenient == "any origin"
        return CORSMiddleware(
            app,
            allow_origins=["*"] if open_to_all else [ORIGIN],
            allow_credentials=open_to_all,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )

    async def _discovery(self, request: Request) -> Response:
        if not self._believes(request):
            return Response(status_code=401)
        service = {
            "title": "A model",
            "description": "It shows what is right.",
            "id": "model",
            "prefetch": _TEMPLATES,
            "usageRequirements": "None.",
            "extension": {"com.example.model": {"since": 2026}},
        }
        hooks = ("patient-view", "encounter-start")
        document: Any = json.loads(json.dumps({"services": [{"hook": hook, **service} for hook in hooks]}))
        return _response(document, self._offer)

    async def _call(self, request: Request) -> Response:
        if not self._believes(request):
            return Response(status_code=401)
        if request.path_params["id"] != "model" and self._lenient != "unknown service":
            return Response(status_code=404)
        try:
            body = await request.json()
            status = self._status(body)
        except (ValueError, TypeError, KeyError, AttributeError):
            return JSONResponse({"cards": []}, 200 if self._lenient == "status 400" else 400)
        if status != 200 and self._lenient != f"status {status}":
            return JSONResponse({"resourceType": "OperationOutcome"}, status)
        return _response(_cards(body), self._answer)

    def _status(self, body: Json) -> int:
        """How a request is judged; raises where it is of another shape."""
        faults = {
            "hook": body["hook"] not in ("patient-view", "encounter-start"),
            "instance": _INSTANCE.fullmatch(str(body.get("hookInstance"))) is None,
            "patient id": _ID.fullmatch(body["context"]["patientId"]) is None,
            "token without server": "fhirAuthorization" in body and "fhirServer" not in body,
            "unknown members": self._lenient == "no unknown members" and "vendorMember" in body,
        }
        if any(is_faulty and name != self._lenient for name, is_faulty in faults.items()):
            return 400
        prefetch = body.get("prefetch", {})
        if not prefetch.get("patient"):
            return 412
        if self._lenient != "outcome" and any(_is_outcome(one) for one in prefetch.values()):
            return 412
        return 400 if self._lenient != "other patient" and _is_mixed(prefetch, body["context"]["patientId"]) else 200

    def _believes(self, request: Request) -> bool:
        if not self._needs_tokens:
            return True
        authorization = request.headers.get("authorization", "")
        if not authorization:
            return self._lenient == "no token"
        token = authorization.removeprefix("Bearer ")
        header = header_of(token)
        if header["alg"].lower() == "none":
            return self._lenient == "unsigned"
        if header["alg"] == "HS256":
            return self._lenient == "shared secret"
        if request.method == "POST" and "jku" not in header and self._lenient == "jku alone":
            return False
        if "jku" in header:
            return self._lenient == "any key"
        try:
            claims = json.loads(jws.deserialize_compact(token, KEY, algorithms=["ES384"]).payload)
        except JoseError:
            return self._lenient == "changed"
        return bool(claims["iss"] == ISSUER or self._lenient == "any issuer")

    async def _feedback(self, request: Request) -> Response:
        (item,) = (await request.json())["feedback"]
        if self._lenient == "no feedback":
            return Response(status_code=404)
        is_known = UUID(item["card"]).int > 1 << 100
        return Response(status_code=500 if self._lenient == ("known" if is_known else "unknown") + " card" else 200)


def _response(document: Any, change: Callable[[Json], Any] | None) -> Response:
    changed = change(document) if change else None
    if isinstance(changed, Response):
        return changed
    return JSONResponse(document if changed is None else changed)


def _is_outcome(value: Any) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "OperationOutcome"


def _resources(prefetch: Json) -> list[Json]:
    bundles = [value for value in prefetch.values() if value and value["resourceType"] == "Bundle"]
    return [entry["resource"] for bundle in bundles for entry in bundle.get("entry", [])]


def _is_mixed(prefetch: Json, patient: str) -> bool:
    subjects = {one["subject"]["reference"] for one in _resources(prefetch)}
    return not subjects <= {f"Patient/{patient}"}


def _cards(body: Json) -> Json:
    """Two cards where anything is recorded."""
    found = _resources(body.get("prefetch", {}))
    if not found:
        return {"cards": []}
    known = next(one for one in found if one["resourceType"] == "Condition")
    return {"cards": [_card(known), _card(known)]}


def _card(known: Json) -> Json:
    coding = {"system": "https://model.test/codes", "code": "model", "display": "A model"}
    flag = {"resourceType": "Flag", "id": str(uuid4()), "subject": known["subject"]}
    plan = {
        "resourceType": "CarePlan",
        "id": str(uuid4()),
        "contained": [{"resourceType": "Goal", "id": "goal"}],
        "goal": [{"reference": "#goal"}],
        "supportingInfo": [{"reference": f"Flag/{flag['id']}"}, {"reference": f"urn:uuid:{flag['id']}"}],
        "author": {"reference": "https://elsewhere.test/fhir/Practitioner/1"},
    }
    actions = [
        {"type": "create", "description": "Add a flag", "resource": flag},
        {"type": "create", "description": "Add a plan", "resource": plan},
        {"type": "update", "description": "Change the condition", "resource": known | {"note": [{"text": "Seen."}]}},
        {"type": "delete", "description": "Take it away", "resourceId": f"Condition/{known['id']}"},
    ]
    return {
        "uuid": str(uuid4()),
        "summary": "Something is to be seen",
        "detail": "It is **this**.",
        "indicator": "warning",
        "source": {
            "label": "Model",
            "url": f"{BASE}/about",
            "icon": f"{BASE}/icon.png",
            "topic": dict(coding),
        },
        "suggestions": [
            {"label": "Do it", "uuid": str(uuid4()), "isRecommended": True, "actions": actions},
            {"label": "Leave it", "uuid": str(uuid4()), "isRecommended": False},
        ],
        "selectionBehavior": "at-most-one",
        "overrideReasons": [coding],
        "links": [
            {"label": "Read", "url": f"{BASE}/read", "type": "absolute"},
            {"label": "Open", "url": f"{BASE}/launch", "type": "smart", "appContext": "model"},
        ],
        "extension": {"com.example.model": {"weight": 1}},
    }


def _icon(width: int = 100, height: int = 100) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")

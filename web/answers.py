"""Answers to a press, as JSON."""

from typing import Any

import msgspec
from flask import Response
from flask_babel import gettext as _

from gateway.messages import Response as Answer


def as_json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")


def told(answers: list[Answer], **more: Any) -> Response:
    """What gateways answered: 200 with the first one's result, or 409 with the words of those that refused."""
    refused = "; ".join(a.error or _("the gateway refused") for a in answers if not a.ok)
    if refused:
        return as_json({"error": refused}, 409)
    return as_json({"result": answers[0].result, **more})

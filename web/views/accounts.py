"""The accounts: how they are, connect and disconnect, and what the settings say of them."""

from typing import Literal

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from msgspec import Struct

from gateway.errors import BusError
from gateway.messages import AccountOrder, Id, decode
from gateway.settings.models import Account
from web.answers import as_json
from web.configs import Configs, Standing
from web.forms import block
from web.parts import Parts
from web.people.present import may, presser
from web.people.roles import Role
from web.trials import Busy, Trials, TrialState

AGAIN_S = 2


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    do: Literal["connect", "disconnect"]
    account: Id


class Test(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    account: Id


def blueprint(parts: Parts, configs: Configs, trials: Trials) -> Blueprint:
    views = Blueprint("accounts", __name__)

    @views.get("/accounts")
    def index() -> str:
        """Parameter: gateway."""
        try:
            s = configs.standing(request.args.get("gateway", "")) if may(Role.ADMIN) else Standing()
        except BusError as e:
            s = Standing(away=str(e))
        form = block(s.data, ["accounts"])
        known = {each.name: {f.name: f.value for f in each.fields} for each in form.entries}
        if not s.text:
            known = {name: _said(a) for name, a in parts.settings.accounts.items()}
        return render_template(
            "accounts.html",
            script="accounts.js",
            s=s,
            form=form,
            entries={e.name: e for e in form.entries},
            known=known,
        )

    @views.post("/api/accounts/order")
    def order() -> Response:
        """202: sent. The account's own state says when it is done."""
        asked: Order = decode(request.get_data(), Order)
        parts.source.order(lambda t: t.account_command(asked.account, asked.do), AccountOrder(by=presser()))
        return as_json({}, 202)

    @views.post("/api/accounts/test")
    def begin() -> Response:
        """202 and its state; 409 while another one runs."""
        asked: Test = decode(request.get_data(), Test)
        try:
            return as_json(trials.begin(asked.account), 202)
        except Busy:
            answer = as_json(
                {"error": _("Another connection is being tested: wait for its end, or cancel it.")}, 409
            )
            answer.headers["Retry-After"] = str(AGAIN_S)
            return answer

    @views.get("/api/accounts/test/<name>")
    def state(name: str) -> Response:
        """Parameter ``since``: the number of the first line that is wanted."""
        return _known(trials.state(name, request.args.get("since", 0, type=int)))

    @views.post("/api/accounts/test/<name>/cancel")
    def cancel(name: str) -> Response:
        return _known(trials.cancel(name, _("Cancelled.")), 202)

    return views


def _said(account: Account) -> dict[str, str]:
    return {"username": account.username, "title": account.title or "", "source": account.source,
            "enabled": str(account.enabled).lower()}  # fmt: skip


def _known(state: TrialState | None, status: int = 200) -> Response:
    if state is None:
        abort(404, _("There is no such test, or not any more."))
    return as_json(state, status)

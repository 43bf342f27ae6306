"""A rule in one sentence, as a person would say it. Of a rule that is not finished yet, as far as it goes."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext, ngettext

from web.building.writing import flow

ELLIPSIS = "…"


def _(text: str, /, **values: object) -> str:
    return str(gettext(text, **values))


def sentence(rule: dict[str, Any]) -> str:
    """With a full stop."""
    said = [_("When %(what)s", what=_when(rule.get("when")))]
    if isinstance(combo := rule.get("combo"), dict):
        said.append(_combo(combo))
    if isinstance(who := rule.get("if"), dict):
        said.append(_("if %(so)s", so=_who(who)))
    if isinstance(who := rule.get("unless"), dict):
        said.append(_("unless %(so)s", so=_who(who)))
    said.append(_steps(rule.get("then")))
    said += _limits(rule)
    text = ", ".join(said)
    if rule.get("else"):
        text += _("; otherwise %(steps)s", steps=_steps(rule["else"]))
    if rule.get("enabled") is False:
        text = _("Switched off: %(text)s", text=text[0].lower() + text[1:])
    return text + "."


def _when(when: Any) -> str:
    name, on = next(iter(when.items()), ("", None)) if isinstance(when, dict) else ("", None)
    if not isinstance(on, dict):
        return ELLIPSIS
    get = {key: _shown(value) for key, value in on.items()}.get
    match name:
        case "gift":
            return _gift(on)
        case "comment" | "question":
            return _comment(on, question=name == "question")
        case "like" if on.get("per_minute"):
            return _("likes come at %(n)s a minute", n=get("per_minute"))
        case "like":
            return _("the LIVE gets another %(n)s likes", n=get("every", ELLIPSIS))
        case "follow":
            return _("a viewer follows")
        case "share":
            return _("a viewer shares the LIVE")
        case "subscribe":
            return _("a viewer subscribes")
        case "join":
            return _("a viewer joins")
        case "first":
            return _("a viewer does something for the first time in this LIVE")
        case "viewers" if on.get("below"):
            return _("fewer than %(n)s are watching", n=get("below"))
        case "viewers":
            return _("more than %(n)s are watching", n=get("above", ELLIPSIS))
        case "envelope":
            return _("there is a treasure chest")
        case "battle":
            return _("a battle ends") if on.get("phase") == "ended" else _("a battle begins")
        case "live":
            return _("a LIVE ends") if on.get("phase") == "ended" else _("a LIVE begins")
        case "gap":
            return _("TikTok is heard again after a gap")
        case "milestone" if on.get("every"):
            return _("this LIVE has another %(n)s %(what)s", n=get("every"), what=get("of", ELLIPSIS))
        case "milestone":
            return _("this LIVE comes to %(n)s %(what)s", n=get("at", ELLIPSIS), what=get("of", ELLIPSIS))
        case "input":
            where = f"{get('station', ELLIPSIS)}/{get('channel', ELLIPSIS)}"
            if isinstance(on.get("count"), int) and on["count"] > 1:
                return _("%(input)s is triggered %(n)s times", input=where, n=get("count"))
            return (
                _("%(input)s is let go", input=where)
                if on.get("level") is False
                else _("%(input)s is triggered", input=where)
            )
        case "time" if on.get("cron"):
            return _("the clock says %(cron)s", cron=get("cron"))
        case "time":
            return _("another %(time)s have passed", time=_time(on.get("every")))
        case "topic":
            return _("MQTT says something on %(topic)s", topic=get("topic", ELLIPSIS))
        case "button":
            return _("the button %(name)s is pressed", name=get("name", ELLIPSIS))
        case "timer":
            return _("the timer %(name)s runs out", name=get("name", ELLIPSIS))
        case "counter":
            return _("the counter %(name)s comes to its mark", name=get("name", ELLIPSIS))
        case "stage":
            return _(
                "the stage %(name)s comes to %(level)s", name=get("name", ELLIPSIS), level=get("level", ELLIPSIS)
            )
        case "sequence":
            steps = on.get("steps")
            whats = map(_when, steps if isinstance(steps, list) else [])
            return _(
                "%(events)s within %(time)s", events=_(", and then ").join(whats), time=_time(on.get("within"))
            )
        case _:
            return f"{name} {flow(on)}"


def _gift(on: dict[str, Any]) -> str:
    what = on.get("name") or (on.get("id") and _("gift %(id)s", id=_shown(on["id"]))) or _("any gift")
    said = [_("a viewer gives %(gift)s", gift=_shown(what))]
    if on.get("min_coins") and on.get("max_coins"):
        said.append(_("of %(least)s to %(most)s coins", least=on["min_coins"], most=on["max_coins"]))
    elif on.get("min_coins"):
        said.append(_("of at least %(least)s coins", least=on["min_coins"]))
    elif on.get("max_coins"):
        said.append(_("of at most %(most)s coins", most=on["max_coins"]))
    said += [f"({_shown(on[key])})" for key in ("category", "tier") if on.get(key)]
    if on.get("streak"):
        said.append(_("%(n)s times in a row", n=on["streak"]))
    match on.get("pay"):
        case "start":
            said.append(_("as its streak begins"))
        case "end":
            said.append(_("as its streak ends"))
        case _:
            pass
    return " ".join(said)


def _comment(on: dict[str, Any], *, question: bool) -> str:
    who = _("a viewer asks") if question else _("a viewer writes")
    match on:
        case {"exact": text}:
            return _("%(who)s “%(text)s” and nothing else", who=who, text=text)
        case {"command": text}:
            return _("%(who)s the command “%(text)s”", who=who, text=text)
        case {"regex": text}:
            return _("%(who)s what fits the pattern “%(text)s”", who=who, text=text)
        case {"contains": text}:
            return _("%(who)s something with “%(text)s”", who=who, text=text)
        case _:
            return f"{who} {ELLIPSIS}"


def _who(who: dict[str, Any]) -> str:
    parts = [_one_of_who(key, value) for key, value in who.items()]
    if len(parts) > 1:  # "a and b or c" would leave it open what belongs together
        parts = [f"({part})" if key == "any" else part for key, part in zip(who, parts, strict=True)]
    return _(" and ").join(parts) or ELLIPSIS


def _one_of_who(key: str, value: Any) -> str:
    match key, value:
        case "follower" | "moderator" | "subscriber", bool():
            named = {"follower": _("a follower"), "moderator": _("a moderator"), "subscriber": _("a subscriber")}[
                key
            ]
            return _("it is %(who)s", who=named) if value else _("it is not %(who)s", who=named)
        case "top", _:
            return _("the viewer is among the top %(n)s", n=_shown(value))
        case "users", list():
            return _("it is %(who)s", who=_(" or ").join(map(_shown, value)))
        case "chance", _:
            return _("by a chance of %(n)s %%", n=_shown(value))
        case "stage" | "station", dict():
            return _(" and ").join(_("%(name)s is %(state)s", name=k, state=_shown(v)) for k, v in value.items())
        case "hours", dict():
            begin, end = value.get("from", "00:00"), value.get("to", "24:00")
            return _("it is between %(from_)s and %(to)s", from_=begin, to=end)
        case "all" | "any", list():
            each = [_who(part) for part in value if isinstance(part, dict)]
            return (_(" and ") if key == "all" else _(" or ")).join(each) or ELLIPSIS
        case "not", dict():
            return _("not (%(so)s)", so=_who(value))
        case "so", _:
            return _shown(value)
        case _:
            return f"{key.replace('_', ' ')} {_shown(value)}"


def _steps(steps: Any) -> str:
    said = [_step(step) for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    return _(", then ").join(said) or ELLIPSIS


def _step(step: dict[str, Any]) -> str:
    match step:
        case {"station": station}:
            return _station(_shown(station), step)
        case {"wait": "done"}:
            return _("wait until all that has ended")
        case {"wait": time}:
            return _("wait %(time)s", time=_time(time))
        case {"parallel": list(lists)}:
            return _("together: %(lists)s", lists=_(" and ").join(map(_steps, lists)))
        case {"repeat": dict(repeat)}:
            times, inside = _shown(repeat.get("times", ELLIPSIS)), _steps(repeat.get("steps"))
            return _("%(n)s times: %(steps)s", n=times, steps=inside)
        case {"choose": list(choices)}:
            each = (
                _steps(c.get("steps")) if c.get("steps") else _("nothing") for c in choices if isinstance(c, dict)
            )
            return _("one of these by lot: %(choices)s", choices=_(" or ").join(each))
        case {"fork": dict(fork)}:
            return _("if %(so)s: %(steps)s", so=_shown(fork.get("so", ELLIPSIS)), steps=_steps(fork.get("steps")))
        case {"counter": {"name": name, "set": value}}:
            return _("set %(name)s to %(value)s", name=_shown(name), value=_shown(value))
        case {"counter": {"name": name, "add": value}}:
            return _("add %(value)s to %(name)s", name=_shown(name), value=_shown(value))
        case {"timer": {"name": name, "stop": True}}:
            return _("stop the timer %(name)s", name=_shown(name))
        case {"timer": {"name": name, **how}}:
            time = how.get("start", how.get("extend", ELLIPSIS))
            return _("run the timer %(name)s for %(time)s", name=_shown(name), time=_time(time))
        case {"note": {"name": name}}:
            return _("keep the note %(name)s", name=_shown(name))
        case {"announce": text}:
            return _("announce “%(text)s”", text=_shown(text))
        case {"sound": name}:
            return _("play %(sound)s", sound=_shown(name))
        case {"publish": {"topic": topic}}:
            return _("say something on %(topic)s", topic=_shown(topic))
        case {"webhook": {"name": name}}:
            return _("call %(webhook)s", webhook=_shown(name))
        case _:
            return next(iter(step), ELLIPSIS)


def _station(station: str, step: dict[str, Any]) -> str:
    said = _("%(action)s %(station)s", action=_shown(step.get("action") or ELLIPSIS), station=station or ELLIPSIS)
    params = step.get("params")
    if not isinstance(params, dict):
        return said
    rest = [f"{key} {_shown(value)}" for key, value in params.items() if key != "ms"]
    if "ms" in params:
        said += " " + _("for %(ms)s ms", ms=_shown(params["ms"]))
    return f"{said} ({', '.join(rest)})" if rest else said


def _combo(combo: dict[str, Any]) -> str:
    time = _time(combo.get("within"))
    users, count = combo.get("users", 1), combo.get("count", 1)
    if isinstance(users, int) and users > 1:
        return _("by %(n)s different viewers within %(time)s", n=users, time=time)
    n = count if isinstance(count, int) else 1
    return str(ngettext("%(num)d time within %(time)s", "%(num)d times within %(time)s", n, time=time))


def _limits(rule: dict[str, Any]) -> Iterable[str]:
    if rule.get("user_cooldown"):
        yield _("at most every %(time)s for each viewer", time=_time(rule["user_cooldown"]))
    if rule.get("cooldown"):
        yield _("at most every %(time)s", time=_time(rule["cooldown"]))
    if rule.get("user_per_minute"):
        yield _("at most %(n)s times a minute for each viewer", n=rule["user_per_minute"])


def _time(value: Any) -> str:
    """``300ms`` as 300 ms."""
    text = _shown(value) if value else ELLIPSIS
    digits = text.rstrip("msh")
    number = digits.replace(".", "", 1).isdigit()
    return f"{digits} {text[len(digits) :]}" if number and digits != text else text


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, str):
        return value or ELLIPSIS
    return flow(value)

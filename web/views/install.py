"""What makes the page an app on a phone: its manifest, its service worker, and what is seen without a network."""

from flask import Blueprint, Response, render_template
from msgspec.json import encode

from web.answers import as_json
from web.assets import Assets

SHELL = ("page.css", "dock.css", "dark.css", "screens.css", "icon.svg")
"""Of the offline screen, beside its scripts."""


def blueprint(assets: Assets, venue: str) -> Blueprint:
    views = Blueprint("install", __name__)

    @views.get("/manifest.webmanifest")
    def manifest() -> Response:
        def icon(size: int, purpose: str) -> dict[str, str]:
            name = f"/static/{assets.version}/icon-{size}.png"
            return {"src": name, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}

        answer = as_json(
            {
                "id": "/",
                "name": f"{venue} · Stagewire",
                "short_name": venue,
                "start_url": "/",
                "scope": "/",
                "display": "standalone",
                "background_color": "#101214",
                "theme_color": "#101214",
                "icons": [
                    {"src": f"/static/{assets.version}/icon.svg", "sizes": "any", "type": "image/svg+xml"},
                    *(icon(size, purpose) for size in (192, 512) for purpose in ("any", "maskable")),
                ],
            }
        )
        answer.content_type = "application/manifest+json"
        return answer

    @views.get("/sw.js")
    def worker() -> Response:
        """The worker, told which files are this version's: a new version is a new worker."""
        names = [*SHELL, *assets.modules("offline.js")]
        told = {"version": assets.version, "files": [f"/static/{assets.version}/{name}" for name in names]}
        answer = Response(content_type="text/javascript; charset=utf-8")
        answer.set_data(b"const told = " + encode(told) + b";\n" + assets.plain("worker.js"))
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @views.get("/offline")
    def offline() -> str:
        """Kept by the worker, for when nothing else can be had. It knows nothing of the venue but its name."""
        return render_template("offline.html", script="offline.js")

    return views

"""The page's server: a file, its script and its style, and a way to turn a run's facts into HTML.

It knows nothing and reads nothing. The script in the browser asks Airflow's REST API, as the user who is signed in and
with that user's rights, and hands the answers to `/render`, so that the page looks like every other report of Sluice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles

from sluice.errors import SpecError
from sluice.evidence.report import STYLE
from sluice.ui.run_facts import read_facts
from sluice.ui.run_page import run_page

STATIC: Final = Path(__file__).parent / "static"
MAX_BODY: Final = 4 << 20
"""Bytes. A run's results are small JSON; a run with some dozen candidates has less than a tenth of this."""
POLICY: Final = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'self'"


def build_app() -> FastAPI:
    """The app, to be mounted below a prefix of its own."""
    app = FastAPI(title="Sluice", openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.get("/run")(_page)
    app.get("/report.css")(_style)
    app.post("/render")(_render)
    return app


def _page() -> FileResponse:
    return FileResponse(STATIC / "run.html", headers={"Content-Security-Policy": POLICY})


def _style() -> Response:
    return Response(STYLE, media_type="text/css")


async def _render(request: Request) -> Response:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            return PlainTextResponse(f"a run's results may be {MAX_BODY} bytes in all", status_code=413)
    try:
        return HTMLResponse(run_page(read_facts(bytes(body))))
    except SpecError as error:
        return PlainTextResponse(str(error), status_code=422)

"""Answers of the Spark ML container: which form is asked for, and the output column in it. PURE.

Numbers look as Java prints them; texts and forms are those of aws/sagemaker-sparkml-serving-container.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from include.sagemaker_local.serving.sparkml_schema import RequestError, Struct

CSV, JSONLINES, JSONLINES_TEXT = "text/csv", "application/jsonlines", "application/jsonlines;data=text"
_ANY_TYPE = "*/*"
# Double.toString: plain from 10^-3 to below 10^7, otherwise scientific.
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7


def accepted(header: str, environment: str | None) -> str:
    """The form to answer in, of the header or else of SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT. Raises RequestError."""
    accept = (environment or "") if header.strip() in ("", _ANY_TYPE) else header
    if accept not in ("", CSV, JSONLINES, JSONLINES_TEXT):
        raise RequestError("Accept value passed via request or environment variable is not valid")
    return accept or CSV


def encode(values: Sequence[Any], struct: Struct, accept: str, *, listed: bool) -> tuple[str, str]:
    """The body and its content type, which never says `data=text`. `listed`: for JSON lines, Java's list of lists."""
    rows = [_row(value, struct, accept) for value in values]
    body = f"[{', '.join(f'[{row}]' for row in rows)}]" if listed else rows[0]
    return body, CSV if accept == CSV else JSONLINES


def java_text(value: Any) -> str:
    """`value` as Java's toString writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return _double(value) if isinstance(value, float) else "null" if value is None else str(value)


def _row(value: Any, struct: Struct, accept: str) -> str:
    if struct is Struct.BASIC:
        return java_text(value)
    if accept == CSV:
        return ",".join(map(java_text, value))
    if accept == JSONLINES:
        return f'{{"features":[{",".join(map(_json, value))}]}}'
    return f'{{"source":{json.dumps(" ".join(map(java_text, value)), ensure_ascii=False)}}}'


def _json(value: Any) -> str:
    if isinstance(value, str) or (isinstance(value, float) and not math.isfinite(value)):
        return json.dumps(java_text(value), ensure_ascii=False)
    return java_text(value)


def _double(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else f"{text}.0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    scale = int(exponent) + len(rest)
    return f"{'-' if sign else ''}{first}.{''.join(rest) or '0'}E{scale}"

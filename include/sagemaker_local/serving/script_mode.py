"""Script mode of the scikit-learn and XGBoost containers: the user's module through AWS's sagemaker-inference toolkit.

The toolkit finds and calls model_fn, input_fn, predict_fn, output_fn and transform_fn. Where AWS's framework containers
differ from the toolkit's own defaults, they are followed: content types match exactly, text/csv and application/json
become float32, a missing Content-Type means application/json, text answers carry their charset.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from sagemaker_inference import content_types, decoder, encoder
from sagemaker_inference.transformer import Transformer

from include.sagemaker_local.http1.messages import Headers, Response
from include.sagemaker_local.serving.contract import SpokenResponse, header_text, text_response, with_charset
from include.sagemaker_local.serving.launch import ServingEnvironment

logger = logging.getLogger(__name__)

_PROVIDED = Path(__file__).parent / "provided"


class UnsupportedFormatError(Exception):
    """A content type that the defaults cannot read or write, in the words of AWS's framework containers."""

    def __init__(self, content_type: str) -> None:
        super().__init__(f"Content type {content_type} is not supported.")


def load(environment: ServingEnvironment, defaults: FrameworkDefaults | None = None) -> ScriptMode:
    """Import the user's module from its directory and load the model. Raises whatever user code raises.

    `defaults` serve for the functions that the module lacks; without any they are the scikit-learn container's.
    """
    sys.path.insert(0, str(environment.code_dir))
    sys.path.append(str(_PROVIDED))
    program = environment.program or "inference.py"
    if importlib.util.find_spec(program.removesuffix(".py")) is None:
        raise ModuleNotFoundError(
            f"SAGEMAKER_PROGRAM is {program!r}, but {environment.code_dir} holds no such module; pack it into the "
            "model archive as code/inference.py, name the module in SAGEMAKER_PROGRAM, or the archive that holds it in "
            "SAGEMAKER_SUBMIT_DIRECTORY"
        )
    context = InvocationContext(str(environment.model_dir))
    transformer = _Transformer(default_inference_handler=defaults or FrameworkDefaults())
    transformer.validate_and_initialize(model_dir=str(environment.model_dir), context=context)
    return ScriptMode(transformer, context)


class ScriptMode:
    """The user's module with its model loaded."""

    def __init__(self, transformer: Any, context: InvocationContext) -> None:
        self._transformer = transformer
        self._context = context

    def invoke(self, headers: Headers, body: bytes) -> Response | SpokenResponse:
        """The user's answer; an error in user code is a 500 whose body is the message and the traceback.

        An iterator, as generator functions return it, is an answer in pieces.
        """
        self._context.begin(headers)
        (result,) = self._transformer.transform([{"body": body}], self._context)
        if self._context.status != 200:
            logger.error("%s", result)
            return text_response(self._context.status, str(result))
        if hasattr(result, "get_data") and hasattr(result, "status_code"):
            return _responded(result)
        if isinstance(result, Iterator):
            return SpokenResponse(self._context.response_headers(), result)
        if not isinstance(result, bytes | bytearray | str):
            message = f"output_fn or transform_fn has to return bytes or str, not {type(result).__name__}"
            logger.error("%s", message)
            return text_response(500, message)
        content = result.encode() if isinstance(result, str) else bytes(result)
        return Response(200, self._context.response_headers(), content)


class _Transformer(Transformer):  # type: ignore[misc]  # the toolkit has no types
    """AWS's, which looks up how many parameters a function has in each call of it, for most of a request's time."""

    def __init__(self, default_inference_handler: Any) -> None:
        super().__init__(default_inference_handler)
        # By identity, since user code may call objects that have no hash; the transformer holds all of them.
        self._parameters: dict[int, int] = {}

    def _run_handler_function(self, func: Callable[..., Any], *argv: Any) -> Any:
        parameters = self._parameters.get(id(func))
        if parameters is None:
            parameters = self._parameters[id(func)] = len(signature(func).parameters)
        if parameters == len(argv):
            return func(*argv)
        if parameters == len(argv) + 1:
            return func(*argv, self._context)
        return super()._run_handler_function(func, *argv)  # raises, in AWS's words


def _responded(result: Any) -> Response:
    """A Response object, as Flask and AWS's sagemaker-containers have it."""
    media_type = [(b"content-type", _clean(with_charset(result.mimetype)))]
    return Response(result.status_code, media_type, bytes(result.get_data()))


class FrameworkDefaults:
    """The functions that serve when the user's module lacks them, as in AWS's scikit-learn container."""

    def default_model_fn(self, model_dir: str) -> Any:
        """There is no default: AWS's framework containers require model_fn."""
        raise NotImplementedError("Please provide a model_fn implementation: the framework container has no default.")

    def default_input_fn(self, input_data: Any, content_type: str) -> Any:
        """Decode JSON, CSV (both to float32) or NPY by the exact content type."""
        if content_type not in (content_types.JSON, content_types.CSV, content_types.NPY):
            raise UnsupportedFormatError(content_type)
        array = decoder.decode(input_data, content_type)
        return array if content_type == content_types.NPY else array.astype(np.float32)

    def default_predict_fn(self, data: Any, model: Any) -> Any:
        """The model's own prediction."""
        return model.predict(data)

    def default_output_fn(self, prediction: Any, accept: str) -> tuple[Any, str]:
        """Encode as JSON, CSV or NPY by the exact accepted type."""
        if accept not in encoder.SUPPORTED_CONTENT_TYPES:
            raise UnsupportedFormatError(accept)
        return encoder.encode(prediction, accept), accept


class InvocationContext:
    """What the toolkit and user functions see of a request: the part of the model server's context that they use.

    The toolkit keeps the context that it was initialised with, so one object serves all requests of a worker.
    """

    def __init__(self, model_dir: str) -> None:
        self.system_properties = {"model_dir": model_dir}
        self.request_processor = [self]
        self.status = 200
        self._request: dict[str, str] = {}
        self._response: dict[str, str] = {}

    def begin(self, headers: Headers) -> None:
        """Start over with a request."""
        self.status = 200
        self._response = {}
        self._request = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in headers}
        self._request["Content-Type"] = header_text(headers, b"content-type") or content_types.JSON

    def get_request_properties(self) -> dict[str, str]:
        """The request's headers, names in Title-Case."""
        return self._request

    def get_all_request_header(self, idx: int) -> dict[str, str]:
        """The request's headers, names in Title-Case."""
        return self._request

    def get_request_header(self, idx: int, key: str) -> str | None:
        """One header of the request."""
        return self._request.get(key.title())

    def set_response_header(self, idx: int, key: str, value: str) -> None:
        """Add a header to the response."""
        self._response[key.title()] = value

    def set_response_content_type(self, idx: int, value: str) -> None:
        """The response's Content-Type."""
        self._response["Content-Type"] = value

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        """The response's status; HTTP/1.1 peers ignore the phrase."""
        self.status = code

    def response_headers(self) -> Headers:
        """The response's headers as they go over the wire."""
        headers = {**self._response, "Content-Type": with_charset(self._response.get("Content-Type", ""))}
        return [(_clean(name).lower(), _clean(value)) for name, value in headers.items()]


def _clean(text: str) -> bytes:
    """User code chooses these; a line break in a header would be a header of its own."""
    return text.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace")

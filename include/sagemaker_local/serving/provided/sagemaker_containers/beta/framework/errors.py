"""What encoders raise."""


class ClientError(Exception):
    """The request cannot be served."""


class UnsupportedFormatError(Exception):
    """A content type that is neither read nor written."""

    def __init__(self, content_type: str) -> None:
        super().__init__(f"Content type {content_type} is not supported.")

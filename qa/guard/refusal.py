"""Why a request is refused: a status, one line that says what to do, and what goes with it."""


class RefusedError(Exception):
    """A request that the guard answers itself."""

    def __init__(self, status: int, line: str, **headers: str) -> None:
        super().__init__(line)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

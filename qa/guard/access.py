"""Who may use the application: people with a password, and programs and links with a token."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

from index.errors import UserError

# OWASP's second setting of scrypt: 32 MB and a few tenths of a second for a try.
_COST, _BLOCK, _PARALLEL = 2**15, 8, 3
_MEMORY = 2**27
_SALT, _KEY = 16, 32
_LEAST_PASSWORD, _LEAST_TOKEN = 8, 16


def hash_password(password: str) -> str:
    """A password's salted hash, in letters that no shell reads as anything else: scrypt.COST.BLOCK.PARALLEL.SALT.KEY."""
    if len(password) < _LEAST_PASSWORD:
        raise UserError(
            f"the password has {len(password)} characters, expected at least {_LEAST_PASSWORD}: choose a longer one"
        )
    salt = secrets.token_bytes(_SALT)
    key = _key(password, salt, _COST, _BLOCK, _PARALLEL)
    return f"scrypt.{_COST}.{_BLOCK}.{_PARALLEL}.{_encoded(salt)}.{_encoded(key)}"


def verify_password(password: str, hashed: str) -> bool:
    """Whether a password is the one that was hashed. Takes as long for a wrong one."""
    cost, block, parallel, salt, key = _read_hash(hashed)
    return hmac.compare_digest(_key(password, salt, cost, block, parallel), key)


class Access:
    """The accounts, user names to password hashes, and the token that open the application; with neither it is open."""

    def __init__(self, accounts: Mapping[str, str] | None = None, token: str | None = None) -> None:
        self._accounts, self._token = dict(accounts or {}), token
        for hashed in self._accounts.values():
            _read_hash(hashed)
        if token is not None and len(token) < _LEAST_TOKEN:
            raise UserError(f"the token has {len(token)} characters, expected at least {_LEAST_TOKEN}: choose a longer one")
        # What a cookie holds tells nothing of the token, and is the same after a restart.
        self._cookie = hmac.digest(token.encode(), b"cookie", "sha256").hex() if token else None
        # Of another token, another name: cookies are shared by all ports of a machine.
        self.cookie_name = f"qa-{hashlib.sha256((self._cookie or '').encode()).hexdigest()[:8]}"
        self._secret = secrets.token_bytes(32)
        self._proven: set[bytes] = set()
        # Each try takes 32 MB: one after the other.
        self._trying = asyncio.Lock()

    @classmethod
    def of(cls, accounts: Sequence[str], token: str | None = None) -> "Access":
        """The access of accounts as they are written: user:HASH. Raises UserError."""
        parted = [account.partition(":") for account in accounts]
        for user, _, hashed in parted:
            if not user or not hashed:
                raise UserError("--auth expects user:HASH, with the hash that qa hash-password prints")
        return cls({user: hashed for user, _, hashed in parted}, token)

    @property
    def is_open(self) -> bool:
        return not self._accounts and self._token is None

    @property
    def challenge(self) -> str:
        """What a browser is told to ask for."""
        return 'Basic realm="qa", charset="UTF-8"' if self._accounts else 'Bearer realm="qa"'

    @property
    def remedy(self) -> str:
        """What a person, or whoever writes a program, is told to do."""
        ways = ["sign in"] if self._accounts else []
        if self._token is not None:
            ways += ["open the link that ends in ?token=TOKEN", "send the header Authorization: Bearer TOKEN"]
        return f"this page is closed: {', or '.join(ways)}"

    @property
    def cookie(self) -> str:
        """The header that lets in whoever showed the token. Scripts cannot read it, other sites do not send it."""
        return f"{self.cookie_name}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"

    def knows(self, authorization: str, cookies: str) -> bool:
        """Whether this is known already, so that nothing is tried: a cookie, or a password that was right before."""
        if self._fingerprint(authorization) in self._proven:
            return True
        return self._cookie is not None and hmac.compare_digest(
            _cookie(cookies, self.cookie_name).encode(), self._cookie.encode()
        )

    def is_token(self, token: str) -> bool:
        return self._token is not None and hmac.compare_digest(_digest(token), _digest(self._token))

    async def admits(self, authorization: str) -> bool:
        """Whether an Authorization header is right."""
        scheme, _, rest = authorization.strip().partition(" ")
        if scheme.lower() == "bearer":
            return self.is_token(rest.strip())
        if scheme.lower() != "basic" or not self._accounts:
            return False
        try:
            user, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except ValueError:
            return False
        # A user who is not there takes as long as a wrong password.
        hashed = self._accounts.get(user, next(iter(self._accounts.values())))
        async with self._trying:
            right = await asyncio.to_thread(verify_password, password, hashed)
        if not right or user not in self._accounts:
            return False
        # There are as many right headers as accounts, but for their spelling.
        if len(self._proven) >= 2 * len(self._accounts):
            self._proven.clear()
        self._proven.add(self._fingerprint(authorization))
        return True

    def _fingerprint(self, authorization: str) -> bytes:
        return hmac.digest(self._secret, authorization.encode(), "sha256")


def _read_hash(hashed: str) -> tuple[int, int, int, bytes, bytes]:
    try:
        name, cost, block, parallel, salt, key = hashed.split(".")
        read = int(cost), int(block), int(parallel), _decoded(salt), _decoded(key)
        if name != "scrypt" or read[:3] != (_COST, _BLOCK, _PARALLEL) or (len(read[3]), len(read[4])) != (_SALT, _KEY):
            raise ValueError
    except ValueError:
        raise UserError("--auth has no hash of a password after user: make one with qa hash-password") from None
    return read


def _key(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=2 * _MEMORY, dklen=_KEY)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _cookie(header: str, name: str) -> str:
    parted = (cookie.strip().partition("=") for cookie in header.split(";"))
    return next((value for found, _, value in parted if found == name), "")

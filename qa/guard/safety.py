"""How an application is guarded, as the command line says it."""

from collections.abc import Iterable
from dataclasses import dataclass

from index.errors import UserError
from qa.guard.access import Access
from qa.guard.buckets import Buckets, Crowd
from qa.guard.doors import Door, Doors
from qa.guard.guard import Guard
from qa.guard.hosts import Hosts, is_host, is_loopback
from qa.guard.policy import Policy
from qa.guard.wire import Application

# A page with its scripts aside, someone who reads sends a few a second; a program, or files that are sent, many more.
RATE = 50.0
_SECONDS_AT_ONCE = 10
# A browser opens six connections; answers that wait for news hold theirs.
_AT_THE_SAME_TIME = 64


@dataclass(frozen=True, slots=True)
class Safety:
    """Who may use the application, and how much.

    `accounts`, each user:HASH, and a `token` open it. Without either it is open to this machine, and to others only if
    `anyone` may use it. `names` are further hosts that it is reached by, as behind a proxy. Each address may send `rate`
    requests a second, ten times as many at once, and 64 at the same time; 0 is no limit.
    """

    accounts: tuple[str, ...] = ()
    token: str | None = None
    anyone: bool = False
    names: tuple[str, ...] = ()
    rate: float = RATE

    def is_local(self, host: str) -> bool:
        """Whether only this machine is served by an application listening on a host. Whoever signs in may be elsewhere."""
        return is_loopback(host) and not self.names and not self.accounts and self.token is None

    def access(self, host: str) -> Access:
        """Who may use an application that listens on a host. Raises UserError if that is anyone and nobody said so."""
        for name in self.names:
            if not is_host(name):
                raise UserError(f"--name {name} is no host: expected one as qa.example.org, without a port or a path")
        access = Access.of(self.accounts, self.token)
        if access.is_open and not self.anyone and (self.names or not is_loopback(host)):
            raise UserError(
                f"others could reach {', '.join((host, *self.names))}: give --auth user:HASH (qa hash-password makes one) "
                "or QA_TOKEN, or let anyone ask with --allow-anyone"
            )
        return access

    def guard(self, application: Application, host: str, doors: Iterable[Door], template: str, title: str) -> Guard:
        """An application behind its guard; its pages are made from a template, and have a title. Raises UserError."""
        return Guard(
            application,
            Hosts(host, self.names),
            Doors(doors),
            self.access(host),
            Policy(template),
            title,
            Buckets(self.rate, self.rate * _SECONDS_AT_ONCE),
            Crowd(_AT_THE_SAME_TIME if self.rate else 0),
        )

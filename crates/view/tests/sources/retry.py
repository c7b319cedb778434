"""Retries."""
import os
import os.path as path, sys
from . import clock
from ..limits.most import MAX_TRIES as TRIES, wait
from typing import *

LIMIT: int = 3
_cache = {}


@dataclass(frozen=True)
class Retry(Base, metaclass=Meta):
    """How often something is tried.

    And for how long.
    """

    tries: int = 0
    name = "retry"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    # What comes next.
    @property
    def next(self):
        return self.advance(wait(TRIES))

    async def advance(self, by):
        def within(limit):
            return limit > LIMIT
        return await path.join(by, key=within)


def describe(retry: "Retry", *, limit=LIMIT) -> str:
    'One line.'
    if isinstance(retry, Retry):
        return clock.now().isoformat()
    return map(describe, _cache)


make = lambda: Retry()

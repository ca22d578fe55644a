"""Know a delivery that only tells of our own write."""

from collections import OrderedDict


class Echoes:
    """Versions of tickets as our own last write left them, of this process, a bounded number.

    Zammad renders a delivery when it sends it. One that shows the version we left, unmixed with anybody else's change,
    can tell nothing new: the plan just applied would come out empty. What this forgets or never knew costs one look.
    """

    def __init__(self, most: int = 10_000) -> None:
        """Start empty."""
        self._left: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._most = most

    def leave(self, host: str, ticket: str, version: str) -> None:
        """Remember the version that we left a ticket at."""
        self._left[host, ticket] = version
        self._left.move_to_end((host, ticket))
        while len(self._left) > self._most:
            self._left.popitem(last=False)

    def knows(self, host: str, ticket: str, version: str | None) -> bool:
        """Tell whether this is exactly what we left."""
        return version is not None and self._left.get((host, ticket)) == version

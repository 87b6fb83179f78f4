"""One transaction over all repositories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from recsys.domain.errors import Unavailable
from recsys.storage.audit import AuditRepository
from recsys.storage.drafts import DraftRepository
from recsys.storage.engine import LIMITS, Limits, make_engine, reading, writing
from recsys.storage.events import EventRepository
from recsys.storage.items import ItemRepository
from recsys.storage.keys import KeyRepository
from recsys.storage.partitions import drop_past, make_ahead
from recsys.storage.people import PersonRepository
from recsys.storage.presence import PresenceRepository
from recsys.storage.proposals import ProposalRepository
from recsys.storage.releases import ReleaseRepository
from recsys.storage.rule_counts import RuleCountRepository
from recsys.storage.runs import RunRepository
from recsys.storage.shoppers import ShopperRepository
from recsys.storage.state import StateRepository
from recsys.storage.takedowns import TakedownRepository


class UnitOfWork:
    """The repositories of one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def state(self) -> StateRepository:
        """What is live."""
        return StateRepository(self.session)

    @cached_property
    def items(self) -> ItemRepository:
        """The catalog."""
        return ItemRepository(self.session)

    @cached_property
    def releases(self) -> ReleaseRepository:
        """The line of releases."""
        return ReleaseRepository(self.session)

    @cached_property
    def draft(self) -> DraftRepository:
        """The draft's changes."""
        return DraftRepository(self.session)

    @cached_property
    def runs(self) -> RunRepository:
        """Training runs."""
        return RunRepository(self.session)

    @cached_property
    def takedowns(self) -> TakedownRepository:
        """Takedowns."""
        return TakedownRepository(self.session)

    @cached_property
    def shoppers(self) -> ShopperRepository:
        """Segments, dislikes and what shoppers lately did."""
        return ShopperRepository(self.session, self.events.advance)

    @cached_property
    def events(self) -> EventRepository:
        """Events."""
        return EventRepository(self.session)

    @cached_property
    def rule_counts(self) -> RuleCountRepository:
        """What came after answers, by rule."""
        return RuleCountRepository(self.session)

    @cached_property
    def people(self) -> PersonRepository:
        """Who may sign in."""
        return PersonRepository(self.session)

    @cached_property
    def proposals(self) -> ProposalRepository:
        """Publications proposed and scheduled."""
        return ProposalRepository(self.session)

    @cached_property
    def presence(self) -> PresenceRepository:
        """Who is at the desk."""
        return PresenceRepository(self.session)

    @cached_property
    def keys(self) -> KeyRepository:
        """API keys."""
        return KeyRepository(self.session)

    @cached_property
    def audit(self) -> AuditRepository:
        """Audit entries."""
        return AuditRepository(self.session)


class Database:
    """A shop's database, SQLite or PostgreSQL, by its SQLAlchemy URL.

    Raises Unavailable, in one sentence, when it is away, locked for too long, or not upgraded.
    """

    def __init__(self, url: str, limits: Limits = LIMITS) -> None:
        self.engine: Engine = make_engine(url, limits)
        self._reading = reading(self.engine)
        self._writing = writing(self.engine)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A unit of work that sees one state of the database and changes nothing."""
        with _plain_errors(), Session(self._reading, autoflush=False) as session:
            yield UnitOfWork(session)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """A unit of work that commits at a clean end and otherwise leaves no trace.

        Writers take turns from their beginning, so that what one reads nobody changes before it commits.
        """
        with _plain_errors(), Session(self._writing, autoflush=False, expire_on_commit=False) as session:
            unit = UnitOfWork(session)
            unit.state.lock()
            yield unit
            session.commit()

    @contextmanager
    def write_events(self) -> Iterator[UnitOfWork]:
        """The same for events, which come by the thousand: they queue for their own line, not with the desk.

        The first thing to be asked of it is `events.advance()`.
        """
        with _plain_errors(), Session(self._writing, autoflush=False, expire_on_commit=False) as session:
            yield UnitOfWork(session)
            session.commit()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A reading connection for `storage.live`: all it reads is of one state of the database."""
        with _plain_errors(), self._reading.connect() as connection:
            yield connection

    def drop_events(self, before: datetime) -> None:
        """Drop the partitions of events that ended by a moment (see `storage.partitions.drop_past`)."""
        with _plain_errors():
            drop_past(self.engine, before)

    def make_room_for_events(self, now: datetime) -> None:
        """Make the partitions of events of today and the days to come, where it can be done at once."""
        with _plain_errors():
            make_ahead(self.engine, now)

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self.engine.dispose()


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("All connections to the database are busy; try again.") from error
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        said = str(error.orig).lower()
        if isinstance(error, ProgrammingError) and "does not exist" not in said:
            raise  # a fault of ours, which no operator can mend
        raise _unavailable(said) from error
    except IntegrityError as error:
        if "no partition of relation" not in str(error.orig):
            raise
        raise Unavailable("Events of that day were being dropped; try again.") from error


def _unavailable(said: str) -> Unavailable:
    if "no such table" in said or "no such column" in said or "does not exist" in said:
        return Unavailable("The database lacks tables of this version; run “recsys db upgrade” first.")
    if "locked" in said or "lock timeout" in said:
        return Unavailable("The database was busy for too long; try again.")
    return Unavailable(f"The database does not answer ({_first_line(said)}); try again.")


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0] if lines else "no reason given"

"""`POST /v1/events`: what shoppers did, each event with a fate of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import msgspec

from recsys.domain.errors import Invalid
from recsys.domain.events import UNTIED, Event, EventType, Fate, Followed
from recsys.domain.ids import ItemId, UserId, check_id
from recsys.services.events import record_events
from recsys.services.rule_counts import RuleNames
from recsys.services.shop import Shop
from recsys.serving.bodies import read_body
from recsys.serving.event_schema import EventFate, EventFates, EventRow, RawRows
from recsys.serving.following import followed
from recsys.serving.http import HttpRequest, HttpResponse, json_response
from recsys.serving.keys import NAMES_NOBODY
from recsys.serving.meter import FATES, Meter
from recsys.serving.problems import FieldError, bad_field
from recsys.serving.query import shortened
from recsys.serving.recommendation_id import decode_recommendation_id
from recsys.serving.signing import Damaged
from recsys.serving.values import EPOCH
from recsys.slates.overlays import LiveKey

FASTEST_CLOCK = timedelta(days=1)
"""A time that lies further ahead is refused; one that lies less ahead becomes the arrival."""

_ROWS = msgspec.json.Decoder(RawRows)
_ROW = msgspec.json.Decoder(EventRow)
_NAMED = msgspec.json.Decoder(dict[str, msgspec.Raw])
_AT = re.compile(r"^(?P<said>.*?) - at `\$\.(?P<field>\w+)")
_FIELD = re.compile(r"field `(?P<field>[^`]*)`")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FELT_AT_ONCE = frozenset({EventType.DISLIKE, EventType.UNDISLIKE, EventType.LIKE, EventType.PURCHASE})


@dataclass(frozen=True, slots=True)
class EventsRoute:
    """Stores events; `catch_up` makes this process feel at once what concerns its own answers."""

    shop: Shop
    catch_up: Callable[[], object]
    id_key: bytes
    meter: Meter
    names: RuleNames

    @classmethod
    def of(cls, shop: Shop, catch_up: Callable[[], object], meter: Meter) -> EventsRoute:
        """The route of one installation."""
        return cls(shop, catch_up, shop.settings.derived_key("recommendation"), meter, RuleNames(shop))

    def post(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """202 with each event's fate, once those accepted are durable."""
        rows, arrival = _read(http), self.shop.clock()
        read = [self._event(raw, key, arrival) for raw in rows]
        good = [each for each in read if isinstance(each, Event)]
        stored = iter(zip(good, record_events(self.shop, good, arrival), strict=True))
        fates = [_fate(*next(stored)) if isinstance(each, Event) else each for each in read]
        if any(each.type in _FELT_AT_ONCE for each in good):
            self.catch_up()
        answer = _answer(fates)
        self.meter.told((each, getattr(answer, each)) for each in FATES)
        return json_response(HTTPStatus.ACCEPTED, answer)

    def _event(self, raw: msgspec.Raw, key: LiveKey, arrival: datetime) -> Event | EventFate:
        row = _decoded(raw)
        if isinstance(row, FieldError):
            return _refused(_name_of(raw), [row])
        wrong, tie = _wrong(row, key, arrival), self._followed(row)
        if isinstance(tie, FieldError):
            wrong.append(tie)
            tie = UNTIED
        return _refused(row.event_id, wrong) if wrong else _as_event(row, key, arrival, tie)

    def _followed(self, row: EventRow) -> Followed | FieldError:
        """Which rules had part in the answer that the event follows."""
        if row.recommendation_id is None:
            return UNTIED
        try:
            answer = decode_recommendation_id(row.recommendation_id, self.id_key)
        except Damaged:
            message = "is none of ours; send it as the answer gave it, or leave it out"
            return FieldError("recommendation_id", message)
        return followed(answer.part, row.position, self.names.of(answer.release))


def _read(http: HttpRequest) -> list[msgspec.Raw]:
    """The events of the body, not looked into yet. Raises `Problem` when there are none or too many."""
    try:
        return _ROWS.decode(read_body(http)).events
    except msgspec.ValidationError as error:
        raise bad_field("events", f"give a list of 1 to 1,000 events ({error})") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_field("body", f"is not JSON ({error})") from None


def _decoded(raw: msgspec.Raw) -> EventRow | FieldError:
    """The event, or what the schema has against it."""
    try:
        return _ROW.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _explained(str(error))


def _refused(event_id: str | None, errors: list[FieldError]) -> EventFate:
    return EventFate(event_id=event_id, fate="refused", errors=errors)


def _explained(said: str) -> FieldError:
    """What the schema says is wrong, by field."""
    at, named = _AT.match(said), _FIELD.search(said)
    if at is not None:
        return FieldError(at["field"], f"{at['said']}; see docs/api.md for what it may hold")
    field = shortened(named["field"]) if named else "event"
    return FieldError(field, f"{said.replace('Object', 'the event')}; see docs/api.md for the fields")


def _name_of(raw: msgspec.Raw) -> str | None:
    """The id of an event that cannot be used, if it says one."""
    try:
        event_id = msgspec.json.decode(_NAMED.decode(raw)["event_id"], type=str)
        return check_id(event_id, "event_id")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, Invalid):
        return None


def _wrong(row: EventRow, key: LiveKey, arrival: datetime) -> list[FieldError]:
    """What no schema says of the fields."""
    wrong = []
    for name in ("event_id", "item_id", "user_id", "session_id"):
        value = getattr(row, name)
        try:
            if value is not None:
                check_id(value, name)
        except Invalid as error:
            wrong.append(FieldError(name, error.message))
    if row.timestamp is not None and not EPOCH <= _utc(row.timestamp) <= arrival + FASTEST_CLOCK:
        wrong.append(FieldError("timestamp", "give a time from 1970 on that is not still to come"))
    if row.reason is not None and _CONTROL.search(row.reason):
        wrong.append(FieldError("reason", "holds a control character; remove it"))
    if row.user_id is None and row.session_id is None:
        wrong.append(FieldError("user_id", "give user_id or session_id"))
    if row.user_id is not None and not key.may_name(row.user_id):
        wrong.append(FieldError("user_id", NAMES_NOBODY))
    return wrong


def _as_event(row: EventRow, key: LiveKey, arrival: datetime, tie: Followed) -> Event:
    user = None if row.user_id is None else UserId(row.user_id)
    return Event(
        event_id=row.event_id,
        type=EventType(row.type),
        item_id=ItemId(row.item_id),
        at=arrival if row.timestamp is None else min(_utc(row.timestamp), arrival),
        namespace=_namespace(key, user, row.session_id),
        user=user,
        session=row.session_id,
        recommendation_id=row.recommendation_id,
        position=row.position,
        quantity=row.quantity,
        value=row.value,
        reason=row.reason,
        followed=tie,
    )


def _namespace(key: LiveKey, user: UserId | None, session: str | None) -> str:
    """Whose event ids these are: a page must neither use up nor find out the ids of others."""
    if not key.publishable:
        return ""
    return f"user {user}" if user is not None else f"session {session}"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _fate(event: Event, fate: Fate) -> EventFate:
    return EventFate(event_id=event.event_id, fate=fate.value)


def _answer(fates: list[EventFate]) -> EventFates:
    count = Counter(each.fate for each in fates)
    return EventFates(
        accepted=count["accepted"], repeated=count["repeated"], refused=count["refused"], events=fates
    )

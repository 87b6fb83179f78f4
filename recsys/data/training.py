"""What models are trained on: who did what to which item, as arrays and as weighted matrices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.id_map import IdMap
from recsys.data.kinds import KIND_CODE, KINDS
from recsys.data.weighting import UNKNOWN_TIME, Weighting
from recsys.domain.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MARKETS = int(np.iinfo(np.int16).max)


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """One entry per interaction, in the order of the table they were read from; all arrays have that length.

    `user`, `item`: int32 rows and columns of the id maps. `kind`: int8 index into `KINDS`.
    `timestamp`: int64 microseconds since 1970 UTC, `UNKNOWN_TIME` where unknown.
    `order`: int32, equal for interactions of one order, -1 without one. `market`: int16 index, -1 without one.
    `quantity`, `weight`: float32, 1 where not given.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    kind: NDArray[np.int8]
    timestamp: NDArray[np.int64]
    order: NDArray[np.int32]
    market: NDArray[np.int16]
    quantity: NDArray[np.float32]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.user)

    def where(self, mask: NDArray[np.bool_]) -> Events:
        """The events at which `mask` (bool, one per event) is true."""
        return Events(
            self.user[mask],
            self.item[mask],
            self.kind[mask],
            self.timestamp[mask],
            self.order[mask],
            self.market[mask],
            self.quantity[mask],
            self.weight[mask],
        )


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Everything that a model may learn from.

    `users`, `items`: id maps; the items are those of the catalog and those of any interaction, sorted by id.
    `weights`: float32 [n_users, n_items], > 0 where stored; see `recsys.data.weighting`.
    `owned`: bool [n_users, n_items], true where the shopper bought the item at least once.
    `last_bought`: int64, beside `owned.data`: microseconds of the latest purchase, `UNKNOWN_TIME` where none has a time.
    `times_bought`: int32, beside `owned.data`: in how many orders (without order ids: at how many times) it was bought.
    `markets`: known markets, sorted. `user_market`: int16 [n_users], the latest given, -1 unknown.
    `cutoff`: the moment at which ages are measured, by default that of the newest interaction; None without any time.
    """

    users: IdMap
    items: IdMap
    weights: csr_matrix
    owned: csr_matrix
    last_bought: NDArray[np.int64]
    times_bought: NDArray[np.int32]
    markets: tuple[str, ...]
    user_market: NDArray[np.int16]
    cutoff: datetime | None
    events: Events
    weighting: Weighting


def build_training_data(
    table: pa.Table,
    catalog_item_ids: Iterable[str],
    *,
    cutoff: datetime | None = None,
    weighting: Weighting | None = None,
) -> TrainingData:
    """Training data of `table` (interactions, as `InteractionStore.read` gives them).

    `cutoff`: the moment at which ages are measured; by default that of the newest interaction.
    Raises `Invalid` when there are more than 32,767 markets.
    """
    users, user = _coded(table["user_id"])
    items, item = _coded(table["item_id"], catalog_item_ids)
    markets, market = _coded(table["market"])
    if len(markets) > _MOST_MARKETS:
        raise Invalid("market", f"has {len(markets):,} different values; give at most {_MOST_MARKETS:,}")
    events = Events(
        user=user,
        item=item,
        kind=kind_codes(table["kind"]),
        timestamp=microseconds(table["timestamp"]),
        order=_codes(table["order_id"])[0],
        market=market.astype(np.int16),
        quantity=_floats(table["quantity"]),
        weight=_floats(table["weight"]),
    )
    return _assemble(users, items, markets.ids, events, cutoff, weighting or Weighting())


def restrict(data: TrainingData, mask: NDArray[np.bool_], *, cutoff: datetime | None = None) -> TrainingData:
    """`data` as if only the events where `mask` is true had happened, with the same id maps and markets.

    `mask`: bool, one per event. `cutoff`: by default the time of the newest event kept.
    """
    return _assemble(data.users, data.items, data.markets, data.events.where(mask), cutoff, data.weighting)


def latest_dislikes(table: pa.Table) -> list[tuple[str, str]]:
    """Pairs (user id, item id) whose latest like or dislike is the dislike, sorted.

    At equal times the dislike counts as the later, for what was disliked must not come back by an accident of order.
    """
    opinions = table.filter(pc.is_in(table["kind"].cast(pa.string()), pa.array(["like", "dislike"])))
    users, user = _coded(opinions["user_id"])
    items, item = _coded(opinions["item_id"])
    kind, time = kind_codes(opinions["kind"]), microseconds(opinions["timestamp"])
    pairs = _disliked_pairs(user, item, kind, time, len(items))
    return [(users[pair // len(items)], items[pair % len(items)]) for pair in pairs.tolist()]


def kind_codes(column: pa.ChunkedArray) -> NDArray[np.int8]:
    """Kinds as indices into `KINDS`: int8, one per row."""
    codes, kinds = _codes(column)
    lookup = np.array([KIND_CODE[kind] for kind in kinds.to_pylist()] or [0], np.int8)
    return np.asarray(lookup[codes], np.int8)


def microseconds(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Times as microseconds since 1970 UTC: int64, `UNKNOWN_TIME` where null."""
    whole = pc.fill_null(column.cast(pa.int64()), UNKNOWN_TIME)
    return np.asarray(whole.to_numpy(), np.int64)


def to_datetime(micros: int) -> datetime | None:
    """Aware UTC time of a number of microseconds since 1970; None for `UNKNOWN_TIME`."""
    return None if micros == UNKNOWN_TIME else _EPOCH + timedelta(microseconds=micros)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware time."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], pa.Array]:
    """Index of each row's text in an array of distinct texts, -1 where null; some texts may stand in no row."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    whole = encoded.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # without rows there is no chunk to combine
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], encoded.type)
    return np.asarray(pc.fill_null(whole.indices, -1), np.int32), whole.dictionary


def _coded(column: pa.ChunkedArray, more: Iterable[str] = ()) -> tuple[IdMap, NDArray[np.int32]]:
    """Id map of the texts of `column` and `more`, and each row's index in it (-1 where null)."""
    codes, distinct = _codes(column)
    # The extra place at the end is where -1 points to. A filtered table keeps texts of rows that are gone.
    used = np.zeros(len(distinct) + 1, np.bool_)
    used[codes] = True
    places = np.flatnonzero(used[:-1])
    texts = distinct.take(pa.array(places)).to_pylist()
    ids = IdMap.of([*texts, *more])
    lookup = np.full(len(distinct) + 1, -1, np.int32)
    lookup[places] = ids.to_index(texts)
    return ids, lookup[codes]


def _floats(column: pa.ChunkedArray) -> NDArray[np.float32]:
    return np.asarray(pc.fill_null(column.cast(pa.float64()), 1.0).to_numpy(), np.float32)


def _assemble(
    users: IdMap,
    items: IdMap,
    markets: tuple[str, ...],
    events: Events,
    cutoff: datetime | None,
    weighting: Weighting,
) -> TrainingData:
    newest = int(events.timestamp.max(initial=UNKNOWN_TIME))
    moment = cutoff if cutoff is not None else to_datetime(newest)
    shape = (len(users), len(items))
    owned, last_bought, times_bought = _purchases(events, shape)
    return TrainingData(
        users=users,
        items=items,
        weights=_weights(events, shape, weighting, None if moment is None else to_microseconds(moment)),
        owned=owned,
        last_bought=last_bought,
        times_bought=times_bought,
        markets=markets,
        user_market=_latest_market(events, len(users)),
        cutoff=moment,
        events=events,
        weighting=weighting,
    )


def _weights(events: Events, shape: tuple[int, int], weighting: Weighting, cutoff: int | None) -> csr_matrix:
    base = weighting.base()
    counts = events.weight * weighting.decay(events.timestamp, cutoff)
    pair = _pairs(events.user, events.item, shape[1])
    keys = pair * len(KINDS) + events.kind
    distinct, position = np.unique(keys, return_inverse=True)
    total = np.bincount(position, counts, len(distinct))
    weight = base[distinct % len(KINDS)] * np.log2(1 + total)
    pairs, position = np.unique(distinct // len(KINDS), return_inverse=True)
    summed = np.bincount(position, weight, len(pairs)).astype(np.float32)
    disliked = _disliked_pairs(events.user, events.item, events.kind, events.timestamp, shape[1])
    keep = (summed > 0) & ~np.isin(pairs, disliked)
    return _matrix(pairs[keep], summed[keep], shape)


def _purchases(
    events: Events, shape: tuple[int, int]
) -> tuple[csr_matrix, NDArray[np.int64], NDArray[np.int32]]:
    bought = events.kind == KIND_CODE["purchase"]
    pair = _pairs(events.user[bought], events.item[bought], shape[1])
    time, order = events.timestamp[bought], events.order[bought]
    # Without an order id the moment stands for the order: negative, so that it never meets an order's number.
    occasion = np.where(order >= 0, order.astype(np.int64), -np.abs(time // 2) - 2)
    by = np.lexsort((occasion, pair))
    pair, occasion = pair[by], occasion[by]
    first = np.ones(len(pair), bool)
    first[1:] = pair[1:] != pair[:-1]
    fresh = first.copy()
    fresh[1:] |= occasion[1:] != occasion[:-1]
    starts = np.flatnonzero(first)
    if not len(starts):
        return _matrix(pair, np.zeros(0, np.bool_), shape), np.zeros(0, np.int64), np.zeros(0, np.int32)
    last = np.maximum.reduceat(time[by], starts)
    times = np.add.reduceat(fresh, starts, dtype=np.int32)
    return _matrix(pair[starts], np.ones(len(starts), np.bool_), shape), last, times


def _disliked_pairs(
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    kind: NDArray[np.int8],
    time: NDArray[np.int64],
    n_items: int,
) -> NDArray[np.int64]:
    """Pairs whose latest like or dislike is the dislike, sorted; at equal times the dislike is the later."""
    opinion = (kind == KIND_CODE["like"]) | (kind == KIND_CODE["dislike"])
    pair = _pairs(user[opinion], item[opinion], n_items)
    dislike = kind[opinion] == KIND_CODE["dislike"]
    by = np.lexsort((dislike, time[opinion], pair))
    pair, dislike = pair[by], dislike[by]
    last = np.ones(len(pair), bool)
    last[:-1] = pair[1:] != pair[:-1]
    return np.asarray(pair[last & dislike], np.int64)


def _latest_market(events: Events, n_users: int) -> NDArray[np.int16]:
    given = np.flatnonzero(events.market >= 0)
    by = given[np.argsort(events.timestamp[given], kind="stable")]
    latest = np.full(n_users, -1, np.int16)
    latest[events.user[by]] = events.market[by]  # of equal indices the last one stays
    return latest


def _pairs(user: NDArray[np.int32], item: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    return user.astype(np.int64) * n_items + item


def _matrix(pairs: NDArray[np.int64], values: NDArray[Any], shape: tuple[int, int]) -> csr_matrix:
    """Matrix of `values` at `pairs`, which are unique and sorted."""
    rows, columns = np.divmod(pairs, max(shape[1], 1))
    starts = np.searchsorted(rows, np.arange(shape[0] + 1))
    return csr_matrix((values, columns.astype(np.int32), starts.astype(np.int32)), shape=shape)

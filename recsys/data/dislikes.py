"""What shoppers told us to keep away."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from recsys.data.kinds import KIND_CODE
from recsys.data.training import TrainingData


def disliked(data: TrainingData) -> csr_matrix:
    """Pairs whose latest like or dislike is the dislike (of equal times the dislike is the later): bool [n_users, n_items]."""
    events = data.events
    opinions = np.flatnonzero((events.kind == KIND_CODE["like"]) | (events.kind == KIND_CODE["dislike"]))
    dislike = events.kind[opinions] == KIND_CODE["dislike"]
    pair = events.user[opinions].astype(np.int64) * max(1, len(data.items)) + events.item[opinions]
    order = np.lexsort((dislike, events.timestamp[opinions], pair))
    last = np.append(np.diff(pair[order]) != 0, np.ones(min(1, len(order)), bool))
    chosen = order[last & dislike[order]]
    where = (events.user[opinions[chosen]], events.item[opinions[chosen]])
    return csr_matrix((np.ones(len(chosen), bool), where), shape=data.weights.shape)

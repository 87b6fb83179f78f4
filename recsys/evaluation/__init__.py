"""How good a ranking is, and how to split data so that the answer is honest; numpy only."""

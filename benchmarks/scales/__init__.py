"""What grows with a shop, and what an approximate search would cost."""

"""What tests share: plain views of catalog and candidates, strategies, and the laws said a second time."""

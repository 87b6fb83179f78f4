"""What the compiled loop writes is the text that is put together in Python, byte for byte."""

from __future__ import annotations

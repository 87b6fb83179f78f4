"""A small shop front that calls the endpoint over HTTP, as any shop would. `python -m recsys.demo.storefront` serves it."""

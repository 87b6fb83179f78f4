"""`python -m recsys` is the same as `recsys`."""

from recsys.cli.main import main

if __name__ == "__main__":
    main()

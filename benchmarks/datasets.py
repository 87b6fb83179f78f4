"""The public data sets that benchmarks read: where they come from, what may be done with them, and whether they are here.

The folder is the one that RECSYS_DATASETS names. Nothing is fetched: take a set from its origin, put its files where
the table says, and run this to see whether they are the published ones.

    python benchmarks/datasets.py
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.data.bundled import interactions_path
from recsys.data.kinds import DEFAULT_KIND
from recsys.data.schema import TIMESTAMP, as_interactions
from recsys.settings import Settings


@dataclass(frozen=True, slots=True)
class Dataset:
    """A public data set.

    Attributes:
        name, title: as the command line and as people call it.
        files: path below the folder of data sets, and the SHA-256 of its bytes; empty for what the package carries.
        origin, licence: where it comes from, and what its makers allow.

    """

    name: str
    title: str
    files: Mapping[str, str]
    origin: str
    licence: str

    def find(self, folder: Path | None) -> tuple[Path, ...] | None:
        """Give the paths of the files, or None where one is missing."""
        if not self.files:
            return ()
        if folder is None or not all((folder / name).is_file() for name in self.files):
            return None
        return tuple(folder / name for name in self.files)

    def damaged(self, folder: Path) -> list[str]:
        """Name the files whose bytes are not the published ones."""
        return [name for name, digest in self.files.items() if _sha256(folder / name) != digest]


ONLINE_RETAIL: Final = Dataset(
    "online-retail",
    "Online Retail (gifts, cleaned, bundled)",
    {},
    "Chen, D. (2015). Online Retail. UCI Machine Learning Repository, https://doi.org/10.24432/C5BW33",
    "CC BY 4.0; what was changed stands in recsys/data/bundled/ATTRIBUTION.md",
)
COMPLETE_JOURNEY: Final = Dataset(
    "complete-journey",
    "The Complete Journey (groceries, sample)",
    {
        "complete-journey/transactions_sample.csv.gz": "169d0d4ba9a79bca6a334720a2be8f1b4c1f777a6e2a5a0e734bc404f3f57445",
    },
    "84.51°, The Complete Journey; the sample of the R package completejourney, "
    "https://cran.r-project.org/package=completejourney",
    "the package says CC0, 84.51° publishes its source under its own terms; not shipped",
)
GOWALLA: Final = Dataset(
    "gowalla",
    "Gowalla (check-ins, the fixed split of NGCF and LightGCN)",
    {
        "gowalla/train.tsv.gz": "fec4e62671b8f946fc4f1a42a08b18b42b35479835dab370fd782ccd940fb1c7",
        "gowalla/test.tsv.gz": "be1ea7a3789f8143ba4abda186ac36eb35a4362cc83daf9ec9a9d5f6849cf28c",
    },
    "Cho, Myers and Leskovec (2011), https://snap.stanford.edu/data/loc-gowalla.html; "
    "split: https://github.com/gusye1234/LightGCN-PyTorch, rewritten as one pair a line",
    "none stated; research use, not shipped",
)
DATASETS: Final = {each.name: each for each in (ONLINE_RETAIL, COMPLETE_JOURNEY, GOWALLA)}


def datasets_folder() -> Path | None:
    """Give the folder that RECSYS_DATASETS names, if it names one."""
    return Settings.from_environment(os.environ).datasets


def online_retail() -> pa.Table:
    """Read the bundled shop's purchases, as `recsys.data.training.build_training_data` takes them."""
    table = as_interactions(pq.read_table(interactions_path()))
    kind = table.schema.get_field_index("kind")
    return table.set_column(kind, "kind", table["kind"].fill_null(DEFAULT_KIND))


def complete_journey(transactions: Path) -> pa.Table:
    """Read the grocer's purchases; a household is a shopper, a basket an order, and times are taken as UTC.

    All products stay, petrol and the like among them; lines without a quantity (coupons) are dropped.
    """
    text = {name: pa.string() for name in ("household_id", "product_id", "basket_id")}
    lines = pacsv.read_csv(transactions, convert_options=pacsv.ConvertOptions(column_types=text))
    lines = lines.filter(pc.greater(lines["quantity"], 0))
    return as_interactions(
        pa.table(
            {
                "user_id": lines["household_id"],
                "item_id": lines["product_id"],
                "kind": pa.array([DEFAULT_KIND] * lines.num_rows),
                "timestamp": lines["transaction_timestamp"].cast(pa.timestamp("us")).cast(TIMESTAMP),
                "order_id": lines["basket_id"],
                "quantity": lines["quantity"].cast(pa.float64()),
                "value": lines["sales_value"].cast(pa.float64()),
            }
        )
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    """Say of every set whether it is here and whether it is the published one."""
    folder = datasets_folder()
    print(f"RECSYS_DATASETS is {'not set' if folder is None else 'set'}.")
    for each in DATASETS.values():
        found = each.find(folder)
        state = "missing" if found is None else "here"
        if found and folder is not None and (wrong := each.damaged(folder)):
            state = f"here, but not the published bytes: {', '.join(wrong)}"
        print(f"{each.name}: {state}\n  {each.title}\n  from {each.origin}\n  licence: {each.licence}")
        print("".join(f"  {name}  sha256 {digest}\n" for name, digest in each.files.items()), end="")


if __name__ == "__main__":
    main()

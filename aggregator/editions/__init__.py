"""What we publish as readers get it, over HTTP or as files: found, rendered, compressed.

The server and the publisher of files hand out the same bytes because both get them here.
"""

from aggregator.editions.catalogue import Address, Catalogue, Document, read_address
from aggregator.editions.edition import FOR_EVER, Edition, make_edition
from aggregator.editions.packing import Packed, pack
from aggregator.editions.pages import STYLE_SOURCE, addresses, feeds_page, listed, open_sources
from aggregator.editions.rhythm import LONGEST, SHORTEST, fresh_for

__all__ = [
    "FOR_EVER",
    "LONGEST",
    "SHORTEST",
    "STYLE_SOURCE",
    "Address",
    "Catalogue",
    "Document",
    "Edition",
    "Packed",
    "addresses",
    "feeds_page",
    "fresh_for",
    "listed",
    "make_edition",
    "open_sources",
    "pack",
    "read_address",
]

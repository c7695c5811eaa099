"""Subscribes to one feed with reader, updates twice, and lists what it keeps."""

import json
import sys
from datetime import timedelta

from reader import make_reader  # type: ignore[import-not-found]  # in an environment of its own

url = sys.argv[1]
with make_reader(":memory:") as reader:
    reader.add_feed(url)
    for _ in range(2):
        for result in reader.update_feeds_iter():
            if isinstance(result.value, Exception):
                raise result.value
        # It would wait for an hour before it asks again.
        reader.set_tag(url, ".reader.update", {"interval": 1, "jitter": 0})
        now = reader._now  # noqa: SLF001 - its clock has no public name
        reader._now = lambda now=now: now() + timedelta(hours=2)  # noqa: SLF001 - as above
    sys.stdout.write(
        json.dumps(
            [
                {"id": entry.id, "title": entry.title, "link": entry.link}
                for entry in reader.get_entries()
            ]
        )
    )

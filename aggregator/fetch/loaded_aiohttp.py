"""aiohttp, loaded without the authorities that it reads twice for contexts which nobody here uses.

Reading them takes 20 ms of a command's start, each time; ours are read when TLS is spoken first. A
request that forgot its own context would find that aiohttp's trusts nobody.
"""

from __future__ import annotations

import os

_PLACES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

_before = {name: os.environ.get(name) for name in _PLACES}
try:
    os.environ.update(dict.fromkeys(_PLACES, os.devnull))
    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult
finally:
    for _name, _value in _before.items():
        if _value is None:
            os.environ.pop(_name, None)
        else:
            os.environ[_name] = _value

__all__ = ["AbstractResolver", "ResolveResult", "aiohttp"]

"""What publishers do: write, edit, take back, and change everything by which they are known."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks.laws.articles import Signs, Telling

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.laws.publishers import Publisher
    from benchmarks.laws.world import World

    Operation = Callable[[World, random.Random], Awaitable[str | None]]

COPYING = ("planet", "twin")


def own(world: World, dice: random.Random) -> Publisher:
    """Return some publisher of articles of its own."""
    return dice.choice([one for key, one in world.publishers.items() if key not in COPYING])


def _some(world: World, one: Publisher, dice: random.Random) -> Telling | None:
    """Return some article that it lists, of which the program's knowledge is certain."""
    listed = [
        telling
        for telling in one.tellings[: one.style.length]
        if telling.article not in one.hidden
        and telling.mark not in world.judge.memory.uncertain
        and telling.article not in world.judge.lost
    ]
    return dice.choice(listed) if listed else None


def _try(world: World, one: Publisher, telling: Telling, changed: Telling) -> bool:
    """Change an article, unless nobody could know it again."""
    before = world.judge.memory.seen.get(telling.mark)
    if before is not None and not one.may_become(before, changed.signs):
        return False
    one.change(telling.article, lambda _: changed)
    return True


async def _polled(world: World, one: Publisher, dice: random.Random, told: str) -> str:
    if dice.random() < 0.6:
        told += f"; {await world.poll(one.key)}"
    return told


async def publish(world: World, dice: random.Random) -> str | None:
    """Publish one or a few articles."""
    one = own(world, dice)
    new = [one.tell(world.number(), world.time, dice) for _ in range(dice.choice((1, 1, 2, 3)))]
    told = f"{one.key} publishes {', '.join(map(_named, new))}"
    return await _polled(world, one, dice, told)


async def publish_many(world: World, dice: random.Random) -> str | None:
    """Publish as many as the document lists."""
    one = own(world, dice)
    new = [one.tell(world.number(), world.time, dice) for _ in range(one.style.length)]
    told = f"{one.key} publishes {len(new)} at once, {_named(new[0])} to {_named(new[-1])}"
    return await _polled(world, one, dice, told)


async def edit(world: World, dice: random.Random) -> str | None:
    """Edit title, text or both of an article."""
    one = own(world, dice)
    telling = _some(world, one, dice)
    if telling is None:
        return None
    number, what = telling.edits + 1, dice.choice(("title", "text", "title and text"))
    signs = telling.signs
    changed = telling.with_signs(
        title=f"{signs.title} v{number}" if "title" in what else signs.title,
        text=f"{signs.text} Correction {number}." if "text" in what else signs.text,
    )
    changed = Telling(changed.publisher, changed.article, changed.signs, number)
    if not _try(world, one, telling, changed):
        return None
    return await _polled(world, one, dice, f"{one.key} edits the {what} of {_named(telling)}")


async def change_date(world: World, dice: random.Random) -> str | None:
    """Give an article another date."""
    one = own(world, dice)
    telling = _some(world, one, dice)
    if telling is None or telling.signs.date is None:
        return None
    date = telling.signs.date + timedelta(minutes=dice.randrange(1, 300))
    if not _try(world, one, telling, telling.with_signs(date=date)):
        return None
    return await _polled(world, one, dice, f"{one.key} dates {_named(telling)} {date:%d %H:%M:%S}")


async def change_guid(world: World, dice: random.Random) -> str | None:
    """Give an article another id."""
    one = own(world, dice)
    telling = _some(world, one, dice)
    if telling is None or not one.has_fixed_ids or telling.signs.guid == telling.signs.link:
        return None
    guid = f"https://{one.site}/?other={telling.article}.{dice.randrange(1000)}"
    if not _try(world, one, telling, telling.with_signs(guid=guid)):
        return None
    return await _polled(world, one, dice, f"{one.key} gives {_named(telling)} another id")


async def change_link(world: World, dice: random.Random) -> str | None:
    """Give an article another address."""
    one = own(world, dice)
    telling = _some(world, one, dice)
    if telling is None or telling.signs.link is None:
        return None
    link = f"https://www.{one.site}/moved/{telling.article}-{dice.randrange(1000)}.html"
    if not _try(world, one, telling, telling.with_signs(link=link)):
        return None
    return await _polled(world, one, dice, f"{one.key} links {_named(telling)} to {link}")


async def delete(world: World, dice: random.Random) -> str | None:
    """Take an article out of the list, or put one back."""
    one = own(world, dice)
    if one.hidden and dice.random() < 0.5:
        article = dice.choice(sorted(one.hidden))
        one.hidden.discard(article)
        return await _polled(world, one, dice, f"{one.key} lists article {article} again")
    telling = _some(world, one, dice)
    if telling is None:
        return None
    one.hidden.add(telling.article)
    return await _polled(world, one, dice, f"{one.key} deletes {_named(telling)}")


async def reorder(world: World, dice: random.Random) -> str | None:
    """List in another order."""
    one = own(world, dice)
    one.shuffled = dice.choice((None, dice.randrange(1000)))
    order = "newest first" if one.shuffled is None else "in no order"
    return await _polled(world, one, dice, f"{one.key} lists {order}")


async def list_all(world: World, dice: random.Random) -> str | None:
    """List the whole archive, once."""
    one = own(world, dice)
    if one.signed and not one.has_fixed_ids and not (one.style.long or _is_dated(one)):
        return None  # of what was forgotten nothing is left to know it by
    return f"{one.key} lists all it ever had: {await world.poll(one.key, 'archive')}"


async def copy(world: World, dice: random.Random) -> str | None:
    """Let another source carry some of the articles."""
    key = dice.choice([key for key in COPYING if key in world.publishers])
    one = own(world, dice) if key == "planet" else world.publishers["s0"]
    copying, memory = world.publishers[key], world.judge.memory
    there = {telling.article for telling in copying.tellings}
    copied = []
    for telling in one.tellings[: dice.choice((1, 3, 6))]:
        signs, seen = telling.signs, memory.seen.get(telling.mark)
        is_certain = telling.mark not in memory.uncertain
        is_known = seen is not None and seen.link == signs.link and is_certain
        if signs.link is None or one.signed or telling.article in there | world.judge.lost:
            continue
        if not is_known and (key == "twin" or seen is not None or not is_certain):
            continue  # nobody could know that it is the same
        guid = f"tag:{copying.site},2021:{copying.key}/{telling.article}"
        copying.add(telling.article, Signs(guid, signs.link, signs.title, signs.text, signs.date))
        copied.append(_named(telling))
    if not copied:
        return None
    told = f"{key} carries {', '.join(copied)} of {one.key}"
    return await _polled(world, copying, dice, told)


# --- changes of everything ----------------------------------------------------------------------


def _ready(world: World, one: Publisher) -> bool:
    """Tell whether the program knows all that is listed as it is, and enough of it.

    What is not listed is never listed again: nobody could know it then.
    """
    memory, listed = world.judge.memory, one.listed()
    for telling in listed:
        seen = memory.seen.get(telling.mark)
        if seen is None or telling.mark in memory.uncertain:
            return False
        if one.lasting(seen) != one.lasting(telling.signs):
            return False
    if len(listed) < 3 or world.specs[one.key].removed or one.key in memory.unpolled:
        return False
    kept = {telling.article for telling in listed}
    one.tellings = [telling for telling in one.tellings if telling.article in kept]
    one.hidden.clear()
    return True


async def _at_once(world: World, one: Publisher, dice: random.Random, told: str) -> str:
    """Poll right after a change of everything, with perhaps an article that is new."""
    if dice.random() < 0.4:
        new = one.tell(world.number(), world.time, dice)
        told += f", and publishes {_named(new)}"
    return f"{told}; {await world.poll(one.key)}"


def _respell(one: Publisher, *, guids: bool = False, links: bool = False) -> None:
    def again(telling: Telling) -> Telling:
        link = one.link(telling.article) if links and one.style.links else telling.signs.link
        guid = telling.signs.guid
        if guids or (links and one.style.guids == "permalink" and one.style.links):
            guid = one.guid(telling.article, link)
        return telling.with_signs(guid=guid, link=link)

    one.tellings = [again(telling) for telling in one.tellings]


async def change_guids(world: World, dice: random.Random) -> str | None:
    """Change the ids of all."""
    one = own(world, dice)
    if not one.has_fixed_ids or one.style.guids == "permalink" or not _ready(world, one):
        return None
    one.era += 1
    _respell(one, guids=True)
    return await _at_once(world, one, dice, f"{one.key} changes all its ids")


async def change_links(world: World, dice: random.Random) -> str | None:
    """Change the addresses of all."""
    one = own(world, dice)
    if not one.style.links or one.style.guids == "place" or not _ready(world, one):
        return None
    one.paths += 1
    _respell(one, links=True)
    return await _at_once(world, one, dice, f"{one.key} changes all its links")


async def change_both(world: World, dice: random.Random) -> str | None:
    """Change ids and addresses of all; the texts stay."""
    one = own(world, dice)
    if not one.style.links or not one.has_fixed_ids or not _ready(world, one):
        return None
    one.paths += 1
    one.era += 1
    _respell(one, guids=True, links=True)
    return await _at_once(world, one, dice, f"{one.key} changes all its ids and links")


async def move(world: World, dice: random.Random) -> str | None:
    """Move to a new system: host, paths, ids and markup are new, titles and exact dates stay."""
    one = own(world, dice)
    if one.style.dating not in ("dated", "future") or not one.style.links or one.signed:
        return None
    if one.style.guids == "place" or not _ready(world, one):
        return None
    before = one.url
    one.paths += 1
    one.era += 1
    one.site = f"{one.key}-{one.era}.example"
    one.markup = "div" if one.markup == "p" else "p"
    _respell(one, guids=True, links=True)
    one.tellings = [
        telling.with_signs(text=f"{telling.signs.text} Read on in our new home {one.era}.")
        for telling in one.tellings
    ]
    told = f"{one.key} moves to {one.site}: hosts, paths, ids and texts are new"
    if dice.random() < 0.5:
        one.former_urls = (*one.former_urls, before)
        one.url = f"https://{one.site}/feed"
        told += f", {before} leads to {one.url} for good"
    return await _at_once(world, one, dice, told)


async def redirect(world: World, dice: random.Random) -> str | None:
    """Move the document alone to another address of the same host."""
    one = own(world, dice)
    one.former_urls = (*one.former_urls, one.url)
    one.url = f"{one.url}.{len(one.former_urls)}"
    told = f"{one.key}'s document moves to {one.url}"
    return await _polled(world, one, dice, told)


async def sign(world: World, dice: random.Random) -> str | None:
    """Sign all links from now on, anew in each answer."""
    one = own(world, dice)
    if not one.style.links or one.signed or one.random_ids or one.style.guids == "place":
        return None
    if one.style.guids == "permalink" or not _ready(world, one):
        return None
    one.signed = True
    return await _at_once(world, one, dice, f"{one.key} signs its links, anew in each answer")


async def randomise(world: World, dice: random.Random) -> str | None:
    """Give all articles other ids in each answer from now on."""
    one = own(world, dice)
    if not one.has_fixed_ids or one.signed or not one.style.links or not _ready(world, one):
        return None
    one.random_ids = True
    return await _at_once(world, one, dice, f"{one.key} gives other ids in each answer")


async def date_all(world: World, dice: random.Random) -> str | None:
    """Give all articles the date of now, as some generators do."""
    one = own(world, dice)
    has_signs = one.style.links or one.style.guids != "none"
    if not _is_dated(one) or not has_signs or not _ready(world, one):
        return None
    one.tellings = [
        telling.with_signs(date=world.time - timedelta(seconds=10 * place))
        for place, telling in enumerate(one.tellings)
    ]
    return await _at_once(world, one, dice, f"{one.key} dates all its articles now")


def _is_dated(one: Publisher) -> bool:
    return one.style.dating in ("dated", "future")


def _named(telling: Telling) -> str:
    date = telling.signs.date
    when = "undated" if date is None else f"{date:%Y-%m-%d %H:%M:%S}"
    return (
        f"article {telling.article} (id {telling.signs.guid}, link {telling.signs.link}, "
        f"{telling.signs.title!r}, {when})"
    )


OPERATIONS: dict[str, tuple[int, Operation]] = {
    "publish": (22, publish),
    "publish many": (4, publish_many),
    "edit": (8, edit),
    "change a date": (4, change_date),
    "change an id": (4, change_guid),
    "change a link": (4, change_link),
    "delete": (4, delete),
    "reorder": (2, reorder),
    "list all": (5, list_all),
    "copy": (8, copy),
    "change all ids": (2, change_guids),
    "change all links": (3, change_links),
    "change ids and links": (3, change_both),
    "move": (3, move),
    "redirect": (2, redirect),
    "sign": (2, sign),
    "random ids": (2, randomise),
    "date all": (2, date_all),
}

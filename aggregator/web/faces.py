"""Which pictures are the face of an account: a feed gives them to what an author has done."""

from __future__ import annotations

import re

from aggregator.web.addresses import hosts_above

#: Hosts, and below which paths they hold faces and nothing else.
_HOSTS = {
    "gravatar.com": ("/avatar/",),
    "libravatar.org": ("/avatar/",),
    "avatars.githubusercontent.com": ("/",),
    "avatars0.githubusercontent.com": ("/",),
    "avatars1.githubusercontent.com": ("/",),
    "avatars2.githubusercontent.com": ("/",),
    "avatars3.githubusercontent.com": ("/",),
    "portrait.gitee.com": ("/",),
    "pbs.twimg.com": ("/profile_images/",),
    "cdn.bsky.app": ("/img/avatar/",),
}
#: Where programs that anybody installs keep them: GitLab, GitHub Enterprise, Gitea and Forgejo,
#: Bitbucket, Mastodon.
_PATHS = re.compile(
    r"/uploads/-/system/user/avatar/|/avatars/u/\d|/avatars/[0-9a-f]{32,64}(?:$|[?/])"
    r"|/user/avatar/[^/?]{1,60}/-?\d|/account/[^/?]{1,60}/avatar/\d|/accounts/avatars/"
    r"|/assets/(?:img/avatar_default|no_avatar)[\w-]{0,80}\.",
    re.IGNORECASE,
)


def is_face(url: str) -> bool:
    """Tell whether a picture's address is known to be that of an account's face."""
    _, _, rest = url.partition("://")
    path = f"/{rest.partition('/')[2]}"
    if _PATHS.search(path):
        return True
    return any(path.startswith(_HOSTS.get(name, ())) for name in hosts_above(url))

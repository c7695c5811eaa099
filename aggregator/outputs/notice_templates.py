"""The messages of well-known receivers, as templates; `notice_bodies` says what they are given.

A new receiver is a new row: its media type, and a template whose values pass `tojson`.
"""

from __future__ import annotations

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_FORM = "application/x-www-form-urlencoded"

_TITLE = '{{ ("aggregator: " ~ title)|tojson }}'
_TYPE = '{{ ("success" if all_well else "warning")|tojson }}'
_BODY = "{{ text|cut(20000)|tojson }}"


def _words(most_bytes: int, escaped: str = "tojson") -> str:
    """Return who it is, what happened and the words of it; bots that want a keyword find one."""
    return f'{{{{ ("aggregator: " ~ title ~ "\\n" ~ text)|cut({most_bytes})|{escaped} }}}}'


#: By name: the media type and the template. Sizes are what each takes, with room to spare.
TEMPLATES = {
    "json": (
        _JSON,
        f'{{"title": {{{{ title|tojson }}}}, "text": {_BODY}, "events": {{{{ events|tojson }}}}}}',
    ),
    "text": (_TEXT, "{{ title }}\n\n{{ text|cut(20000) }}\n"),
    # https://docs.ntfy.sh/publish/: a longer body becomes an attachment.
    "ntfy": (_TEXT, "{{ title }}\n{{ text|cut(3500) }}\n"),
    # https://gotify.net/api-docs#/message/createMessage
    "gotify": (
        _JSON,
        f'{{"title": {_TITLE}, "message": {_BODY}, "priority": {{{{ 3 if all_well else 6 }}}}}}',
    ),
    # https://github.com/caronc/apprise-api
    "apprise": (
        _JSON,
        f'{{"title": {_TITLE}, "body": {_BODY}, "type": {_TYPE}}}',
    ),
    # https://api.slack.com/messaging/webhooks; Mattermost and Rocket.Chat read the same.
    "slack": (_JSON, f'{{"text": {_words(10_000)}}}'),
    # https://discord.com/developers/docs/resources/webhook#execute-webhook
    "discord": (_JSON, f'{{"content": {_words(1900)}}}'),
    # https://core.telegram.org/bots/api#sendmessage; chat_id is in the address.
    "telegram": (_FORM, f"text={_words(4000, 'urlencode')}"),
    # https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    "feishu": (_JSON, f'{{"msg_type": "text", "content": {{"text": {_words(10_000)}}}}}'),
    # https://open.dingtalk.com/document/robots/custom-robot-access
    "dingtalk": (_JSON, f'{{"msgtype": "text", "text": {{"content": {_words(10_000)}}}}}'),
    # https://developer.work.weixin.qq.com/document/path/91770
    "wecom": (_JSON, f'{{"msgtype": "text", "text": {{"content": {_words(2000)}}}}}'),
}

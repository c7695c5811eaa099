"""What people read when they are not answered with a document, in English and Chinese."""

from __future__ import annotations

NOT_FOUND = (
    "Nothing is published here. The list of feeds is at /feeds ; their addresses end in .atom, "
    ".rss or .json.\n此处没有内容。订阅列表见 /feeds ，地址以 .atom、.rss 或 .json 结尾。"
)
GONE = (
    "This feed is no longer published; please unsubscribe. The list of feeds is at /feeds .\n"
    "此订阅已停止发布，请取消订阅。订阅列表见 /feeds 。"
)
WITHHELD = (
    "This feed is no longer open to everybody. If it should be open to you, ask whoever runs this "
    "server for the new address. The list of feeds is at /feeds .\n"
    "此订阅不再公开。如需继续阅读，请向站点管理员索取新地址。订阅列表见 /feeds 。"
)
MOVED = (
    "The source of this feed has another name; the feed is at the address in Location.\n"
    "来源已改名，新地址见 Location 响应头。"
)
SOURCES_ARE_LOCAL = (
    "Only callers on this machine may see this, behind a proxy at [server] operator_listen; "
    "[server] public_opml = true shows it to all.\n"
    "仅限本机访问（使用反向代理时经 [server] 的 operator_listen）；"
    "在 [server] 中设置 public_opml = true 可对外公开。"
)
OPERATIONS_ARE_LOCAL = (
    "Only callers on this machine may see this, behind a proxy at [server] operator_listen; "
    "others need [publish] status_token in its address.\n"
    "仅限本机访问（使用反向代理时经 [server] 的 operator_listen）；"
    "远程访问须在地址中带上 [publish] 的 status_token。"
)
HEALTH_IS_LOCAL = (
    "Only callers on this machine may see how sources fare, behind a proxy at [server] "
    "operator_listen; from elsewhere after a log-in (`aggregator passwd`).\n"
    "仅限本机查看来源状况（使用反向代理时经 [server] 的 operator_listen）；"
    "其他地方须先登录（aggregator passwd）。"
)
NO_LOG_IN = (
    "Nobody can log in here: there is no password yet. `aggregator passwd` sets one.\n"
    "尚未设置密码，无法登录。请用 aggregator passwd 设置。"
)
NOT_FROM_HERE = (
    "This was not sent by a page of this server; nothing was done. Load the page again, and try "
    "once more.\n该请求并非来自本站页面，未做任何操作。请刷新页面后重试。"
)
NO_REQUEST = (
    "This is no HTTP request that can be read, or its header is too long.\n"
    "无法解析该 HTTP 请求，或请求头过长。"
)
METHODS = "Only GET and HEAD are answered here.\n此处仅支持 GET 与 HEAD。"
UNAVAILABLE = (
    "This cannot be served just now; please come back in half a minute.\n"
    "暂时无法提供，请半分钟后再试。"
)
BROKEN = (
    "Something is broken here; the log of the server says what.\n服务器出错，详情见服务器日志。"
)

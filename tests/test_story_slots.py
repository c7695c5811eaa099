"""What tells a thing from others of its kind, where two titles share every other word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.bare_titles import readable
from aggregator.stories.likeness import likeness, most_alike, score
from aggregator.stories.signatures import MOST_SLOTS
from aggregator.stories.slots import Against, Slot, slots_of
from aggregator.stories.ties import THRESHOLDS
from tests.story_texts import TITLES, signed

#: Two things each, or two events.
OTHERS = [
    ("特斯拉 Model 3 焕新版国内开启交付", "特斯拉 Model Y 焕新版国内开启交付"),
    ("Tesla recalls Model 3 over steering fault", "Tesla recalls Model Y over steering fault"),
    ("北湖地铁3号线延长线今日开通", "北湖地铁5号线延长线今日开通"),
    ("北湖地铁三号线延长线今日开通", "北湖地铁五号线延长线今日开通"),
    ("三星 Galaxy S25 Ultra 手机价格曝光", "三星 Galaxy S25 FE 手机价格曝光"),
    (
        "Samsung Galaxy S25 Ultra price leaks ahead of launch",
        "Samsung Galaxy S25 FE price leaks ahead of launch",
    ),
    ("长征二号丙运载火箭成功发射", "长征三号乙运载火箭成功发射"),
    ("长征二号丙运载火箭成功发射", "长征二号丁运载火箭成功发射"),
    ("神舟二十号载人飞船发射成功", "神舟二十一号载人飞船发射成功"),
    ("四川发生5.1级地震", "云南发生5.1级地震"),
    ("四川泸定县发生4.8级地震 震源深度10千米", "云南漾濞县发生4.8级地震 震源深度10千米"),
    ("成都今日迎来高温天气", "武汉今日迎来高温天气"),
    ("日本发生6.1级地震", "印尼发生6.1级地震"),
    (
        "Strong earthquake strikes Chile, no damage reported",
        "Strong earthquake strikes Peru, no damage reported",
    ),
    ("苹果发布新款 MacBook Air", "苹果发布新款 MacBook Pro"),
    ("苹果 iPhone 17 Pro 手机开售", "苹果 iPhone 17 Air 手机开售"),
    ("谷歌发布 Gemini 3 Pro 模型", "谷歌发布 Gemini 3 Flash 模型"),
    ("OpenAI releases gpt-5-mini for developers", "OpenAI releases gpt-5-nano for developers"),
    ("奥比斯完成 A 轮融资，金额未披露", "奥比斯完成 B 轮融资，金额未披露"),
    ("第三届北湖电影节开幕", "第四届北湖电影节开幕"),
    ("奥比斯公布一季度财报：营收增长", "奥比斯公布三季度财报：营收增长"),
    ("嫦娥六号任务圆满成功", "嫦娥七号任务圆满成功"),
    (
        "Orbis opens office in Northlake for engineers",
        "Orbis opens office in Harbourtown for engineers",
    ),
    ("杭州发布住房公积金新政策", "苏州发布住房公积金新政策"),
    ("iPhone 17e 手机外观曝光", "iPhone 17 Pro 手机外观曝光"),
    ("英伟达 RTX 5070 Ti 显卡跌价", "英伟达 RTX 5070 Super 显卡跌价"),
    (
        "Vitamin D may lower risk of heart disease, study finds",
        "Vitamin C may lower risk of heart disease, study finds",
    ),
    ("小米15 Pro 手机首批评测解禁", "小米15 Ultra 手机首批评测解禁"),
    ("华为 Mate 70 RS 非凡大师开售", "华为 Mate 70 Pro 今日开售"),
    ("歼-20 战机亮相珠海航展", "歼-35 战机亮相珠海航展"),
    ("Windows 11 24H2 update breaks printers", "Windows 11 25H2 update breaks printers"),
    ("比亚迪发布新款电动轿车", "吉利发布新款电动轿车"),
    ("Meta 推出 Llama 4 Scout 模型", "Meta 推出 Llama 4 Maverick 模型"),
    ("美联储宣布降息25个基点", "英国央行宣布降息25个基点"),
    ("东京发生4.2级地震", "大阪发生4.2级地震"),
    (
        "Senate confirms Smith as secretary of state",
        "Senate confirms Jones as secretary of defense",
    ),
    ("索尼 A7 V 相机发布", "索尼 A7 R 相机发布"),
    ("小鹏 P7 开启交付", "小鹏 G6 开启交付"),
    ("天问二号发射成功", "天问三号发射成功"),
    ("国产大飞机C919首飞香港", "国产大飞机C909首飞香港"),
    ("Kindle Paperwhite gets a price cut", "Kindle Scribe gets a price cut"),
    ("上海地铁14号线故障停运", "上海地铁18号线故障停运"),
    ("贵州茅台公布半年报：净利润增长", "五粮液公布半年报：净利润增长"),
]
#: One event each, though one of the reports says more of the thing, or writes it otherwise.
SAME = [
    ("特斯拉 Model Y L 六座版上市，33.9 万元", "特斯拉 Model Y L 正式上市：六座，售 33.9 万元"),
    ("特斯拉 Model Y 新款 L 版上市", "特斯拉 Model Y L 新款上市"),
    ("iPhone 17 Pro 与 iPhone 17 Air 今日开售", "iPhone 17 Air、iPhone 17 Pro 今日正式开售"),
    ("苹果 iPhone 17 Pro Max 电池容量曝光", "苹果 iPhone 17 Pro 系列电池容量曝光"),
    ("北湖地铁3号线延长线今日开通", "北湖地铁三号线延长线今天正式开通"),
    ("长征2号丙火箭成功发射遥感卫星", "长征二号丙火箭发射遥感卫星成功"),
    ("四川泸定发生5.1级地震", "泸定发生5.1级地震，成都有震感"),
    ("四川甘孜发生5.1级地震", "甘孜州发生5.1级地震，成都震感明显"),
    (
        "Tesla unveils Model Y refresh with new lights",
        "Tesla reveals refreshed Model Y with new lights",
    ),
    ("三星 Galaxy S25 Ultra 今日开售", "三星 S25 Ultra 今天正式开售"),
    ("奥比斯完成 A 轮融资，金额 2 亿元", "奥比斯获 2 亿元 A 轮融资"),
    ("神舟二十号发射成功", "神舟20号载人飞船发射成功"),
    (
        "Strong earthquake strikes Chile, no damage reported",
        "Chile struck by strong earthquake, no damage reported",
    ),
    ("第三届北湖电影节今晚开幕", "第3届北湖电影节开幕"),
    ("奥比斯公布三季度财报：营收增长", "奥比斯第三季度营收增长 财报公布"),
    ("日本首相访问美国", "美国总统会见到访的日本首相"),
    ("广东深圳一建筑工地坍塌", "深圳一工地发生坍塌，广州消防支援"),
    ("小米 17 Pro Max 发布 5999 元起", "小米 17 系列发布：Pro Max 5999 元起"),
    ("特斯拉 Model Y L 亮相", "特斯拉六座 Model Y 亮相"),
    ("Orbis buys Harbour for $2 billion", "Chipmaker Orbis acquires Harbour in $2 billion deal"),
    ("President Biden meets Zelensky in Kyiv", "Biden meets Ukraine leader Zelensky in Kyiv"),
    ("北京时间5号晚神舟二十号返回", "神舟二十号5日晚返回地球"),
    ("OpenAI 发布 GPT-5 mini 与 nano", "OpenAI 推出 GPT-5 系列：mini、nano 两款"),
    ("英伟达发布 RTX 5070 Ti 与 5070", "英伟达 RTX 5070 Ti、RTX 5070 发布"),
    ("第28届联合国气候大会闭幕", "联合国气候大会COP28闭幕"),
    ("三星 S25 Edge 发布", "三星 Galaxy S25 Edge 手机正式发布"),
    ("长征五号B遥十火箭发射成功", "长征五号B火箭成功发射卫星"),
    (
        "Vitamin D lowers heart risk, study finds",
        "Study: vitamin D may lower risk of heart disease",
    ),
    ("蔚来 ES8 降价 3 万元", "蔚来全新 ES8 宣布降价3万"),
    ("河南郑州暴雨致地铁停运", "郑州暴雨 地铁全线停运"),
    ("中国空间站迎来新乘组", "神舟二十号与中国空间站对接 新乘组入驻"),
    ("Apple MacBook Air M5 announced", "Apple announces MacBook Air and MacBook Pro with M5"),
    ("京东二季度营收增长", "京东第二季度财报：营收增长20%"),
]


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_another_thing_of_its_kind_is_not_surely_the_same(one: str, other: str) -> None:
    a, b = signed(one), signed(other)
    assert score(a, b) < THRESHOLDS["strict"], likeness(a, b)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_thing_is_the_same_however_it_is_written(one: str, other: str) -> None:
    a, b = signed(one), signed(other)
    assert score(a, b) >= THRESHOLDS["strict"], likeness(a, b)


@pytest.mark.parametrize(
    ("title", "slots"),
    [
        ("地铁三号线开通", {Slot("#3e0", "号线", Against.THING)}),
        ("地铁 13 号线开通", {Slot("#13e0", "号线", Against.THING)}),
        ("第二十一届开幕", {Slot("#21e0", "届", Against.DETAIL)}),
        ("第一百零五期", {Slot("#105e0", "期", Against.DETAIL)}),
        ("长征二号丙", {Slot("长征号2e0", "长征号", Against.THING),
                      Slot("长征号2e0丙", "长征号2e0", Against.THING)}),
        ("6月5号开幕", set()),
        ("将于5号开幕", set()),
        ("新一轮谈判", set()),
        ("iPhone 17 Pro Max", {Slot("iphone ~ pro", "iphone ~", Against.THING),
                               Slot("iphone ~ max", "iphone ~", Against.THING)}),
        ("Galaxy S25+", {Slot("s ~ plus", "s ~", Against.THING)}),
        ("The new air was a plus", set()),
        ("获 A+ 轮融资", {Slot("A轮", "*轮", Against.THING)}),
        ("Llama 4 Scout 模型", {Slot("llama scout", "llama +", Against.DETAIL)}),
        ("小鹏 P7 交付", {Slot("P7", "小鹏 +", Against.DETAIL)}),
        ("谷歌发布新款", {Slot("!google", "!发布新款", Against.DETAIL)}),
        ("绵阳与四川", {Slot("^四川", "^province", Against.PLACE),
                      Slot("^^绵阳", "^town", Against.PLACE)}),
        ("印度尼西亚发生地震", {Slot("^印尼", "^发生", Against.PLACE)}),
    ],
)  # fmt: skip
def test_values_and_their_slots(title: str, slots: set[Slot]) -> None:
    assert set(slots_of(title)) == slots


def test_what_differs_in_two_slots_is_as_alike_as_the_graver_one_lets_it_be() -> None:
    one, other = signed("四川地铁3号线今日开通"), signed("云南地铁5号线今日开通")
    assert most_alike(one, other) < THRESHOLDS["wide"]
    assert most_alike(one, signed("云南地铁3号线今日开通")) < THRESHOLDS["story"]


@given(st.one_of(TITLES, st.text(alphabet="第三百零十二号线Pro+ S25四川", max_size=200)))
def test_any_title_has_a_bounded_number_of_slots(title: str) -> None:
    assert len(list(slots_of(readable(title)))) <= 3 * len(title)
    assert len(signed(title).slots) <= MOST_SLOTS

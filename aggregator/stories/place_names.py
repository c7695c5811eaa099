"""Provinces and towns of China, countries, and towns abroad, as Chinese titles name them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Provinces, a line each, with those of their towns whose names are no other words.
_TOWNS = """
北京
上海
天津
重庆
河北 石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 雄安
山西 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁
内蒙古 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布
辽宁 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 葫芦岛
吉林 长春 四平 辽源 通化 白山 松原 延边
黑龙江 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化
江苏 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 昆山
浙江 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌
安徽 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城
福建 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德
江西 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶
山东 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽
河南 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口
  驻马店
湖北 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施
湖南 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西
广东 广州 深圳 珠海 汕头 佛山 韶关 湛江 肇庆 江门 茂名 惠州 梅州 汕尾 河源 阳江 清远 东莞
  中山 潮州 揭阳
广西 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左
海南 海口 三亚 三沙 儋州
四川 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中
  阿坝 甘孜 凉山
贵州 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔东南 黔南
云南 昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆
西藏 拉萨 日喀则 昌都 林芝 山南 那曲 阿里地区
陕西 西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛
甘肃 兰州 嘉峪关 金昌 白银市 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南
青海 西宁 海东 海北 黄南 果洛 玉树 海西
宁夏 银川 石嘴山 吴忠 固原 中卫
新疆 乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 喀什 和田 伊犁 塔城 阿勒泰
香港
澳门
台湾 台北 新北 桃园 台中 台南 高雄 花莲 台东 宜兰
"""
#: Countries, and towns abroad.
_ABROAD = """
美国 英国 法国 德国 意大利 西班牙 葡萄牙 荷兰 比利时 瑞士 奥地利 瑞典 挪威 丹麦 芬兰 冰岛
波兰 捷克 匈牙利 希腊 罗马尼亚 保加利亚 塞尔维亚 乌克兰 俄罗斯 白俄罗斯 土耳其 爱尔兰 加拿大
墨西哥 巴西 阿根廷 智利 秘鲁 哥伦比亚 委内瑞拉 厄瓜多尔 古巴 日本 韩国 朝鲜 蒙古国
印度尼西亚 印尼 印度 巴基斯坦 孟加拉国 尼泊尔 斯里兰卡 缅甸 泰国 越南 老挝 柬埔寨 马来西亚
新加坡 菲律宾 澳大利亚 新西兰 斐济 汤加 伊朗 伊拉克 以色列 沙特 阿联酋 卡塔尔 科威特 约旦
黎巴嫩 叙利亚 也门 阿富汗 哈萨克斯坦 乌兹别克斯坦 埃及 利比亚 摩洛哥 阿尔及利亚 南非
尼日利亚 肯尼亚 埃塞俄比亚 苏丹 坦桑尼亚
东京 大阪 京都 北海道 首尔 釜山 平壤 曼谷 河内 马尼拉 雅加达 新德里 孟买 迪拜 德黑兰 耶路撒冷 开罗
纽约 洛杉矶 旧金山 芝加哥 波士顿 西雅图 休斯敦 多伦多 温哥华 伦敦 巴黎 柏林 慕尼黑 马德里 巴塞罗那
罗马 米兰 维也纳 莫斯科 基辅 悉尼 墨尔本
"""
_ONE_NAME = {"印度尼西亚": "印尼"}


@cache
def _table() -> tuple[re.Pattern[str], dict[str, str], frozenset[str]]:
    province_of: dict[str, str] = {}
    for line in re.sub(r"\n +", " ", _TOWNS.strip()).split("\n"):
        province, *towns = line.split()
        province_of |= dict.fromkeys((province, *towns), province)
    abroad = frozenset(_ABROAD.split())
    longest_first = sorted({*province_of, *abroad}, key=lambda name: (-len(name), name))
    return re.compile("|".join(longest_first)), province_of, abroad


def places_in(title: str) -> Iterator[tuple[str, str]]:
    """Yield each place that a title names, and the slot that it stands in.

    Provinces are one slot, and so are towns; a town stands for its province, too. Abroad, the slot
    is what stands behind a place: reports of one event name those countries that they care for.
    """
    pattern, province_of, abroad = _table()
    for found in pattern.finditer(title):
        name = found[0]
        if name in abroad:
            if behind := title[found.end() :].lstrip()[:2]:
                yield f"^{_ONE_NAME.get(name, name)}", f"^{behind}"
            continue
        province = province_of[name]
        yield f"^{province}", "^province"
        if name != province:
            yield f"^^{name}", "^town"

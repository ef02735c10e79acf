//! The fixed archives of both systems: shops, warehouses and goods of 旺店通, and the codes that T+ knows.
//!
//! T+ knows the seed's placeholders ([`TESTCUST`], [`TEST_CK01`], [`INVENTORY_2121`]) and, for every number of
//! 旺店通, the code that [`tplus_code`] makes of it: the letter `T` in front. A look-up table for a mapping is
//! therefore `SHOP01,TSHOP01` and so on. All names are invented.

/// Customer of the seed's mapping.
pub const TESTCUST: &str = "TESTCUST";
/// Warehouse of the seed's mapping.
pub const TEST_CK01: &str = "TEST_CK01";
/// Inventory of the seed's mapping.
pub const INVENTORY_2121: &str = "2121";

/// A shop of the simulated 旺店通.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shop {
    /// 店铺编号, such as `SHOP01`.
    pub no: &'static str,
    /// 店铺名称.
    pub name: &'static str,
    /// 平台id (`docs/reference/systems/wdt.md §6`).
    pub platform_id: u32,
}

/// A warehouse of the simulated 旺店通.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warehouse {
    /// 仓库编号, such as `WH01`.
    pub no: &'static str,
    /// 仓库名称.
    pub name: &'static str,
}

/// A single article (单品) of the simulated 旺店通.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// 商家编码, such as `LM-1001-R`.
    pub no: &'static str,
    /// 货品编号.
    pub goods_no: &'static str,
    /// 货品名称.
    pub goods_name: &'static str,
    /// 规格名称.
    pub name: &'static str,
    /// 基本单位.
    pub unit: &'static str,
    /// 销售价 in cents.
    pub price_cents: i64,
    /// Weight of one unit in grams.
    pub grams: i64,
}

const fn shop(no: &'static str, name: &'static str, platform_id: u32) -> Shop {
    Shop { no, name, platform_id }
}

const fn spec(
    no: &'static str,
    goods_no: &'static str,
    goods_name: &'static str,
    name: &'static str,
    unit: &'static str,
    price_cents: i64,
    grams: i64,
) -> Spec {
    Spec {
        no,
        goods_no,
        goods_name,
        name,
        unit,
        price_cents,
        grams,
    }
}

/// All shops.
pub const SHOPS: [Shop; 6] = [
    shop("SHOP01", "青禾家居旗舰店", 1),
    shop("SHOP02", "青禾家居专营店", 3),
    shop("SHOP03", "山月茶坊", 1),
    shop("SHOP04", "山月茶坊小程序", 127),
    shop("SHOP05", "禾木母婴", 127),
    shop("SHOP06", "青禾批发有限公司", 127),
];

/// All warehouses.
pub const WAREHOUSES: [Warehouse; 3] = [
    Warehouse {
        no: "WH01",
        name: "华东一仓",
    },
    Warehouse {
        no: "WH02",
        name: "华南仓",
    },
    Warehouse {
        no: "WH03",
        name: "西北云仓",
    },
];

/// All articles.
pub const SPECS: [Spec; 24] = [
    spec("LM-1001-R", "LM-1001", "长绒棉毛巾", "绯红 34×76cm", "条", 1990, 110),
    spec("LM-1001-B", "LM-1001", "长绒棉毛巾", "雾蓝 34×76cm", "条", 1990, 110),
    spec("LM-1002-S", "LM-1002", "竹纤维浴巾", "浅灰 70×140cm", "条", 5900, 420),
    spec("LM-1003-2", "LM-1003", "硅胶锅铲套装", "两件套", "套", 3980, 260),
    spec("LM-1003-4", "LM-1003", "硅胶锅铲套装", "四件套", "套", 6980, 510),
    spec("LM-1004-M", "LM-1004", "真空保温杯", "墨绿 500ml", "个", 8900, 330),
    spec("LM-1004-W", "LM-1004", "真空保温杯", "米白 500ml", "个", 8900, 330),
    spec("LM-1005-L", "LM-1005", "藤编收纳篮", "大号", "个", 4550, 780),
    spec("LM-1006-1", "LM-1006", "香薰蜡烛", "白茶 180g", "个", 6650, 350),
    spec("LM-1007-6", "LM-1007", "加厚垃圾袋", "6卷装", "包", 1290, 540),
    spec("SY-2001-A", "SY-2001", "明前龙井", "250g 罐装", "罐", 26800, 310),
    spec("SY-2001-B", "SY-2001", "明前龙井", "500g 礼盒", "盒", 52800, 820),
    spec("SY-2002-A", "SY-2002", "老白茶饼", "350g 饼", "饼", 13800, 380),
    spec("SY-2003-S", "SY-2003", "桂花乌龙", "散装", "千克", 18600, 1000),
    spec("SY-2004-1", "SY-2004", "手绘盖碗", "青花 150ml", "套", 9900, 460),
    spec("SY-2005-1", "SY-2005", "便携旅行茶具", "一壶三杯", "套", 12900, 690),
    spec("HM-3001-80", "HM-3001", "婴儿连体衣", "杏色 80cm", "件", 7900, 160),
    spec("HM-3001-90", "HM-3001", "婴儿连体衣", "杏色 90cm", "件", 7900, 170),
    spec("HM-3002-M", "HM-3002", "纸尿裤", "M 48片", "包", 9950, 1650),
    spec("HM-3002-L", "HM-3002", "纸尿裤", "L 42片", "包", 9950, 1700),
    spec("HM-3003-1", "HM-3003", "玻璃奶瓶", "240ml", "个", 6800, 240),
    spec("HM-3004-1", "HM-3004", "棉柔巾", "80抽×6包", "提", 3590, 900),
    spec("ZP-9001", "ZP-9001", "赠品试用装", "随机", "份", 500, 50),
    spec("ZP-9002", "ZP-9002", "品牌帆布袋", "本白", "个", 1500, 120),
];

/// The T+ code of a number of 旺店通: `T` in front of it.
pub fn tplus_code(wdt_no: &str) -> String {
    format!("T{wdt_no}")
}

/// Whether T+ has a customer of this code.
pub(crate) fn knows_customer(code: &str) -> bool {
    code == TESTCUST || known(code, SHOPS.iter().map(|shop| shop.no))
}

/// Whether T+ has a warehouse of this code.
pub(crate) fn knows_warehouse(code: &str) -> bool {
    code == TEST_CK01 || known(code, WAREHOUSES.iter().map(|warehouse| warehouse.no))
}

/// Whether T+ has an inventory of this code.
pub(crate) fn knows_inventory(code: &str) -> bool {
    code == INVENTORY_2121 || known(code, SPECS.iter().map(|spec| spec.no))
}

/// The name of a T+ inventory, empty for the seed's placeholder.
pub(crate) fn inventory_name(code: &str) -> &'static str {
    code.strip_prefix('T')
        .and_then(|no| SPECS.iter().find(|spec| spec.no == no))
        .map_or("", |spec| spec.goods_name)
}

/// The unit of a T+ inventory.
pub(crate) fn inventory_unit(code: &str) -> &'static str {
    code.strip_prefix('T')
        .and_then(|no| SPECS.iter().find(|spec| spec.no == no))
        .map_or("件", |spec| spec.unit)
}

fn known<'a>(code: &str, mut numbers: impl Iterator<Item = &'a str>) -> bool {
    code.strip_prefix('T')
        .is_some_and(|no| numbers.any(|known| known == no))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tplus_knows_the_seed_and_the_prefixed_numbers_only() {
        assert!(knows_customer(TESTCUST) && knows_customer(&tplus_code("SHOP03")));
        assert!(knows_warehouse(TEST_CK01) && knows_warehouse(&tplus_code("WH02")));
        assert!(knows_inventory(INVENTORY_2121) && knows_inventory(&tplus_code("SY-2001-A")));
        for stranger in ["SHOP03", "WH02", "SY-2001-A", "T", "", "TSHOP99", "testcust"] {
            assert!(!knows_customer(stranger), "{stranger}");
            assert!(!knows_warehouse(stranger), "{stranger}");
            assert!(!knows_inventory(stranger), "{stranger}");
        }
    }
}

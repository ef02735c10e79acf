//! What an order says: shop, goods, amounts and times, drawn from the seed and the order's index.
//!
//! Amounts are integers of a ten-thousandth (`_e4`), so that they add up exactly: a line's `share_amount` is price
//! times quantity, and the lines' `share_amount` sum to `receivable`.

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Map, Value};

use super::judge::text_at;
use super::write::{Style, Writer};
use crate::archive::{SHOPS, SPECS, Shop, Spec, WAREHOUSES, Warehouse};
use crate::chance::{Dice, hits, roll};

/// `2026-11-01 09:30:00`, as every time of 旺店通 is written.
pub(crate) fn time_text(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A carrier: 物流公司.
pub(crate) struct Carrier {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: i64,
    pub(crate) prefix: &'static str,
}

const CARRIERS: [Carrier; 3] = [
    Carrier {
        code: "SD",
        name: "示例速递",
        kind: 5,
        prefix: "SD7",
    },
    Carrier {
        code: "YF",
        name: "云帆快运",
        kind: 8,
        prefix: "YF31",
    },
    Carrier {
        code: "ZT",
        name: "自提",
        kind: 1,
        prefix: "ZT0",
    },
];

/// Where an order went.
pub(crate) struct Place {
    pub(crate) province: &'static str,
    pub(crate) province_code: &'static str,
    pub(crate) city: &'static str,
    pub(crate) city_code: &'static str,
    pub(crate) district: &'static str,
    pub(crate) district_code: &'static str,
    pub(crate) street: &'static str,
    pub(crate) zip: &'static str,
}

const fn place(names: [&'static str; 3], codes: [&'static str; 3], street: &'static str, zip: &'static str) -> Place {
    Place {
        province: names[0],
        province_code: codes[0],
        city: names[1],
        city_code: codes[1],
        district: names[2],
        district_code: codes[2],
        street,
        zip,
    }
}

const PLACES: [Place; 6] = [
    place(
        ["浙江省", "杭州市", "西湖区"],
        ["330000", "330100", "330106"],
        "示例路88号山月里3幢",
        "310000",
    ),
    place(
        ["北京", "北京市", "海淀区"],
        ["110000", "110100", "110108"],
        "样例大街1号院7号楼",
        "100080",
    ),
    place(
        ["广东省", "广州市", "天河区"],
        ["440000", "440100", "440106"],
        "虚构东路200号A座",
        "510000",
    ),
    place(
        ["四川省", "成都市", "武侯区"],
        ["510000", "510100", "510107"],
        "测试巷16号附2号",
        "610000",
    ),
    place(
        ["湖北省", "武汉市", "洪山区"],
        ["420000", "420100", "420111"],
        "模拟大道9号#B-1203",
        "430000",
    ),
    place(
        ["陕西省", "西安市", "雁塔区"],
        ["610000", "610100", "610113"],
        "假设路 5 号 \"云栖\" 小区",
        "710000",
    ),
];

const NAMES: [&str; 8] = [
    "甲先生",
    "乙女士",
    "丙先生",
    "丁女士",
    "戊先生",
    "己女士",
    "庚先生",
    "辛女士",
];
const MESSAGES: [&str; 5] = [
    "",
    "",
    "请放门卫室,谢谢",
    "工作日送\n周末不在家",
    "发\"顺手\"的快递就行 😀",
];

/// Why the seed's mapping cannot deliver an order that was made so on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    ZeroConsignTime,
    NoLines,
    WordyQuantity,
    WordyPrice,
}

impl Flaw {
    /// What the judge says of it.
    fn word(self) -> &'static str {
        match self {
            Self::ZeroConsignTime => "consign-time",
            Self::NoLines => "lines",
            Self::WordyQuantity => "goods-count",
            Self::WordyPrice => "price",
        }
    }
}

/// How the bins of a line are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positions {
    /// With all their fields.
    Full,
    /// `[]`.
    EmptyArray,
    /// `null`.
    Null,
    /// `""`.
    EmptyText,
}

/// One line of an order.
pub(crate) struct Line {
    pub(crate) rec_id: u64,
    pub(crate) spec: &'static Spec,
    pub(crate) spec_index: u64,
    pub(crate) gift: bool,
    pub(crate) quantity_e4: i64,
    pub(crate) sell_e4: i64,
    /// Unit price after discount.
    pub(crate) price_e4: i64,
    /// Whether `price` is null all the same.
    pub(crate) price_missing: bool,
    pub(crate) cost_e4: i64,
    pub(crate) tid: usize,
    pub(crate) batch: Option<String>,
    pub(crate) bins: Vec<i64>,
    pub(crate) positions: Positions,
}

/// Price times quantity, both in ten-thousandths. Exact for prices in cents and quantities in tenths.
fn times(price_e4: i64, quantity_e4: i64) -> i64 {
    price_e4 * quantity_e4 / 10_000
}

impl Line {
    pub(crate) fn total_e4(&self) -> i64 {
        times(self.sell_e4, self.quantity_e4)
    }

    pub(crate) fn share_e4(&self) -> i64 {
        times(self.price_e4, self.quantity_e4)
    }

    pub(crate) fn cost_total_e4(&self) -> i64 {
        times(self.cost_e4, self.quantity_e4)
    }

    pub(crate) fn weight_e4(&self) -> i64 {
        // grams × 10 = kilograms in ten-thousandths.
        times(self.spec.grams * 10, self.quantity_e4)
    }
}

/// One order.
pub(crate) struct Plan {
    pub(crate) order_no: String,
    pub(crate) src_order_no: String,
    pub(crate) tids: Vec<String>,
    pub(crate) stockout_id: u64,
    pub(crate) trade_id: String,
    pub(crate) status: i64,
    pub(crate) consigned: NaiveDateTime,
    pub(crate) shop: &'static Shop,
    pub(crate) shop_id: u64,
    pub(crate) warehouse: &'static Warehouse,
    pub(crate) warehouse_id: u64,
    pub(crate) carrier: &'static Carrier,
    pub(crate) logistics_no: String,
    pub(crate) place: &'static Place,
    pub(crate) buyer: &'static str,
    pub(crate) buyer_no: u64,
    pub(crate) message: &'static str,
    pub(crate) digest: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) flaw: Option<Flaw>,
}

impl Plan {
    pub(crate) fn sum(&self, of: impl Fn(&Line) -> i64) -> i64 {
        self.lines.iter().map(of).sum()
    }

    pub(crate) fn created(&self) -> NaiveDateTime {
        self.consigned - TimeDelta::seconds(430)
    }

    pub(crate) fn checked(&self) -> NaiveDateTime {
        self.consigned - TimeDelta::seconds(365)
    }

    pub(crate) fn traded(&self) -> NaiveDateTime {
        self.consigned - TimeDelta::seconds(i64::try_from(1_500 + self.stockout_id % 5_000).unwrap_or(1_500))
    }

    pub(crate) fn paid(&self) -> NaiveDateTime {
        self.traded() + TimeDelta::seconds(19)
    }
}

/// Draws the orders of one seed.
pub(crate) struct Planner {
    /// The seed of everything.
    pub(crate) seed: u64,
    /// First `consign_time`, Asia/Shanghai.
    pub(crate) from: NaiveDateTime,
    /// Length of the span over which the orders are spread.
    pub(crate) days: u32,
    /// How many orders the span holds.
    pub(crate) orders: usize,
    /// Share of flawed ones.
    pub(crate) flawed_per_mille: u32,
}

/// What an order is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) order_no: String,
    pub(crate) stockout_no: String,
    pub(crate) src_order_no: String,
    /// Comma-separated.
    pub(crate) tids: String,
    pub(crate) shop_no: String,
    pub(crate) warehouse_no: String,
    pub(crate) status: i64,
}

impl Facts {
    /// Reads them from a body.
    pub(crate) fn of(body: &Map<String, Value>) -> Self {
        Self {
            order_no: text_at(body, "order_no"),
            stockout_no: text_at(body, "stockout_no"),
            src_order_no: text_at(body, "src_order_no"),
            tids: text_at(body, "src_tids"),
            shop_no: text_at(body, "shop_no"),
            warehouse_no: text_at(body, "warehouse_no"),
            // An order whose status is no number counts as shipped, so that it is seen at all.
            status: text_at(body, "status").parse().unwrap_or(95),
        }
    }
}

/// One generated order: its text, and what its row says without reading the text again.
pub(crate) struct Made {
    pub(crate) text: String,
    pub(crate) facts: Facts,
    pub(crate) consigned: NaiveDateTime,
    /// What was spoilt on purpose, in the words of the judge.
    pub(crate) flaw: Option<&'static str>,
}

impl Planner {
    /// The order of this index, counted from 0.
    pub(crate) fn make(&self, index: usize) -> Made {
        let (plan, style, dice) = self.plan(index);
        let text = Writer::new(style, dice).order(&plan);
        let facts = Facts {
            stockout_no: plan.order_no.clone(),
            order_no: plan.order_no,
            src_order_no: plan.src_order_no,
            tids: plan.tids.join(","),
            shop_no: plan.shop.no.to_owned(),
            warehouse_no: plan.warehouse.no.to_owned(),
            status: plan.status,
        };
        let flaw = plan.flaw.map(Flaw::word);
        Made {
            text,
            facts,
            consigned: plan.consigned,
            flaw,
        }
    }

    fn plan(&self, index: usize) -> (Plan, Style, Dice) {
        let number = index as u64 + 1;
        let mut dice = Dice::new(roll(self.seed, "order", "", number));
        let consigned = self.consigned(index);
        let day = consigned.format("%Y%m%d");
        let order_no = format!("CK{day}{number:06}");
        let tids: Vec<String> = (0..1 + u64::from(dice.one_in(5)))
            .map(|n| format!("P{day}-{}-{}", 100_000 + number, n + 1))
            .collect();
        let shop_index = dice.below(SHOPS.len() as u64);
        let warehouse_index = dice.below(WAREHOUSES.len() as u64);
        let carrier = dice.one_of(&CARRIERS);
        let stockout_id = 812_000 + number;
        let flaw = self.flaw(&order_no);
        let style = Style::draw(&mut dice);
        let plan = Plan {
            src_order_no: format!("JY{day}{number:06}"),
            trade_id: format!(
                "{}",
                6_900_000_000_000_000_000_u64 + dice.below(99_999_999_999) * 10 + number % 10
            ),
            status: [95, 95, 95, 95, 95, 95, 95, 110, 105, 113][usize::try_from(dice.below(10)).unwrap_or(0)],
            consigned,
            shop: &SHOPS[usize::try_from(shop_index).unwrap_or(0)],
            shop_id: 31 + shop_index,
            warehouse: &WAREHOUSES[usize::try_from(warehouse_index).unwrap_or(0)],
            warehouse_id: 6 + warehouse_index,
            carrier,
            logistics_no: format!("{}{:010}", carrier.prefix, dice.below(10_000_000_000)),
            place: dice.one_of(&PLACES),
            buyer: dice.one_of::<&'static str>(&NAMES),
            buyer_no: dice.below(90_000) + 10_000,
            message: dice.one_of::<&'static str>(&MESSAGES),
            digest: format!("{:016x}{:016x}", dice.next(), dice.next()),
            lines: lines(&mut dice, stockout_id, tids.len()),
            stockout_id,
            order_no,
            tids,
            flaw,
        };
        (plan, style, dice)
    }

    /// Shipping times rise evenly over the span.
    fn consigned(&self, index: usize) -> NaiveDateTime {
        let span_s = u64::from(self.days.max(1)) * 86_400;
        let offset_s = span_s.saturating_mul(index as u64) / self.orders.max(1) as u64;
        self.from + TimeDelta::seconds(i64::try_from(offset_s).unwrap_or(0))
    }

    fn flaw(&self, order_no: &str) -> Option<Flaw> {
        let roll = roll(self.seed, "flawed", order_no, 0);
        if !hits(self.flawed_per_mille, roll) {
            return None;
        }
        Some(match (roll >> 32) % 4 {
            0 => Flaw::ZeroConsignTime,
            1 => Flaw::NoLines,
            2 => Flaw::WordyQuantity,
            _ => Flaw::WordyPrice,
        })
    }
}

fn lines(dice: &mut Dice, stockout_id: u64, tids: usize) -> Vec<Line> {
    let count = match dice.below(100) {
        0..35 => 1,
        35..65 => 2,
        65..83 => 3,
        83..94 => 4,
        _ => 5,
    };
    (0..count).map(|n| line(dice, stockout_id, n, tids)).collect()
}

fn line(dice: &mut Dice, stockout_id: u64, n: u64, tids: usize) -> Line {
    let gift = n > 0 && dice.one_in(6);
    let spec_index = if gift { 22 + dice.below(2) } else { dice.below(22) };
    let spec = &SPECS[usize::try_from(spec_index).unwrap_or(0)];
    let quantity_e4 = if spec.unit == "千克" {
        5_000 * i64::try_from(1 + dice.below(6)).unwrap_or(1)
    } else {
        let pieces = match dice.below(20) {
            0..12 => 1,
            12..16 => 2,
            16 => 3,
            17 => 6,
            18 => 10,
            _ => 20,
        };
        pieces * 10_000
    };
    let list_e4 = spec.price_cents * 100;
    let (sell_e4, price_e4) = if gift {
        (0, 0)
    } else {
        // A discount of up to 15 %, in whole cents.
        let off_cents = i64::try_from(dice.below(16)).unwrap_or(0) * spec.price_cents / 100;
        (list_e4, list_e4 - off_cents * 100)
    };
    let positions = if n == 0 {
        Positions::Full
    } else {
        match dice.below(8) {
            0 => Positions::EmptyArray,
            1 => Positions::Null,
            2 => Positions::EmptyText,
            _ => Positions::Full,
        }
    };
    let bins = if quantity_e4 >= 20_000 && dice.one_in(4) {
        vec![10_000, quantity_e4 - 10_000]
    } else {
        vec![quantity_e4]
    };
    Line {
        rec_id: stockout_id * 10 + n,
        spec,
        spec_index,
        gift,
        quantity_e4,
        sell_e4,
        price_e4,
        price_missing: dice.one_in(200),
        cost_e4: spec.price_cents * 55,
        tid: usize::try_from(dice.below(tids as u64)).unwrap_or(0),
        batch: dice.one_in(3).then(|| format!("B26{:04}", dice.below(10_000))),
        bins,
        positions,
    }
}

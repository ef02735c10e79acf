//! `cargo xtask fleet DIR --tenants 60`: a project of many tenants over one base, each with differences of its own, that
//! runs against `dukou sandbox`. The same number makes the same files. Also says which differences it made, so that a
//! test can look for every one of them.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// A project of many tenants.
pub(crate) struct Fleet {
    /// Path below the folder, and text.
    pub(crate) files: Vec<(String, String)>,
    /// What differs from the base.
    pub(crate) differences: Vec<Difference>,
}

/// One value that differs from the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// TENANT/NAME.
    pub(crate) scheme: String,
    /// The value's path in the definition.
    pub(crate) path: String,
    /// The file that says it.
    pub(crate) file: String,
    /// The line.
    pub(crate) line: usize,
}

const SCHEME: &str = "sales-out";

/// Customers, as an implementer's list has them.
const COMPANIES: [(&str, &str); 60] = [
    ("lanmao", "蓝猫童装"),
    ("qingsong", "青松食品"),
    ("hengtong", "恒通日化"),
    ("yunxi", "云溪茶业"),
    ("baixiang", "白象文具"),
    ("jinhui", "锦辉家纺"),
    ("nanfeng", "南风户外"),
    ("xingyue", "星悦美妆"),
    ("dongli", "东篱酒业"),
    ("ruifeng", "瑞丰农资"),
    ("tianma", "天马鞋业"),
    ("haitang", "海棠母婴"),
    ("zhuyin", "竹音乐器"),
    ("anran", "安然医疗器械"),
    ("huangshan", "黄山土特产"),
    ("meijia", "美佳厨具"),
    ("chengxin", "诚信五金"),
    ("lvzhou", "绿洲园艺"),
    ("feiyan", "飞燕箱包"),
    ("dade", "大德中药饮片"),
    ("yibai", "亦白服饰"),
    ("xiaoxiong", "小熊零食"),
    ("jiahe", "嘉禾粮油"),
    ("wanlong", "万隆汽配"),
    ("pingan-deng", "平安灯饰"),
    ("sanhe", "三禾宠物"),
    ("yulin", "玉林陶瓷"),
    ("guangming-wj", "光明眼镜"),
    ("hongda", "宏达包装"),
    ("kangle", "康乐体育"),
    ("mingyue", "明月家居"),
    ("boya", "博雅图书"),
    ("jiangnan", "江南丝绸"),
    ("taihe", "泰和保健品"),
    ("zhongxing-dz", "中兴电子配件"),
    ("fulai", "福莱玻璃"),
    ("shuanglong", "双龙玩具"),
    ("xinyuan", "新源水产"),
    ("changhong-sp", "长虹食品配料"),
    ("beidou", "北斗数码"),
    ("jinsha", "金沙珠宝"),
    ("ouya", "欧亚进出口"),
    ("youjia", "优家电器"),
    ("shanghe", "山禾有机"),
    ("liuxing", "流星饰品"),
    ("haocheng", "浩诚办公"),
    ("gushi", "古识文创"),
    ("shunda", "顺达物流耗材"),
    ("yuanfang", "远方露营"),
    ("tiangong", "天工工具"),
    ("baihe", "百合婚品"),
    ("chunfeng", "春风花卉"),
    ("kaixuan", "凯旋卫浴"),
    ("longyin", "龙吟渔具"),
    ("mofang", "魔方教育用品"),
    ("nongfu", "农夫生鲜"),
    ("qishun", "齐顺轮胎"),
    ("songhe", "松鹤糕点"),
    ("weiye", "伟业建材"),
    ("zhenpin", "臻品咖啡"),
];

const OWNERS: [&str; 4] = ["李敏", "王强", "赵颖", "周涛"];

const PROJECT: &str = r#"# 60 家客户共用一个基础方案, 连着沙箱: dukou sandbox
# Many customers over one base, against `dukou sandbox`.

auto_deploy = true

[store]
url = "sqlite:dukou.db"

# 各客户共用的旺店通接口; T+ 账号写在各自的 tenant.toml 里, 令牌在各自的 secrets/ 里
[connections.wdt]
kind = "wdt-qimen"
url = "http://127.0.0.1:8781/router/qm"
app_key = "12345678"
app_secret = { secret = "wdt-app-secret" }
target_app_key = "21363512"
sid = "apidevtest2"
limits = { per_second = 0 }
"#;

const BASE: &str = r#"title = "旺店通销售出库单 → T+ 销售出库单"

[source]
connection = "wdt"
api = "wdt.stockout.order.query.trade"
key = "order_no"
schedule = { cron = "*/5 * * * *", time_zone = "Asia/Shanghai" }
window = { from = "2026-11-01 00:00:00", span = "1d", overlap = "15m", lag = "120s" }
[source.request]
start_time = "{{LAST_SYNC_TIME|datetime}}"
end_time = "{{CURRENT_TIME|datetime}}"
page_size = "{{PAGINATION_PAGE_SIZE}}"
page_no = "{{PAGINATION_START_PAGE}}"

[show]
amount = "sum(details_list.share_amount)"
quantity = "sum(details_list.goods_count)"
date = "consign_time"
columns = ["shop_name", "warehouse_name"]

[mapping]
plugin = "table"
[mapping.settings.fields]
ExternalCode = "{{order_no}}"
Code = "{{order_no}}"
VoucherType = "ST1021"
Customer = "TESTCUST"
Partner = "TESTCUST"
VoucherDate = "{{consign_time|date}}"
BusiType = "15"
Warehouse = "TEST_CK01"
DispatchAddress = "{{receiver_address}}"
TransDocNo = "{{logistics_no}}"
DeliveryCode = "{{logistics_no}}"
Memo = "来自旺店通"
RDRecordDetails = "details_list"
"RDRecordDetails.Inventory" = "2121"
"RDRecordDetails.BaseQuantity" = "{{details_list.goods_count}}"
"RDRecordDetails.Batch" = ""
"RDRecordDetails.origTaxSalePrice" = "{{details_list.price}}"
"RDRecordDetails.DetailMemo" = "来自旺店通{{details_list.stockout_id}}"
"RDRecordDetails.Price" = ""
"RDRecordDetails.Amount" = ""

[[validation]]
plugin = "voucher-checks"

[target]
connection = "tplus"
api = "/tplus/api/v2/saleDispatch/Create"
key = "dto.ExternalCode"
schedule = { cron = "* * * * *" }
"#;

const README: &str = "# 多客户项目\n\n`base/schemes/sales-out.toml` 是共用的基础方案; `tenants/*/` 里只写各客户不同之处。\n\n\
```\ndukou sandbox                                   # 另一个终端\ndukou check\ndukou tenant ls\ndukou scheme ls --tag vip\n\
dukou scheme show lanmao/sales-out --resolved   # 每个值来自哪个文件的哪一行\n```\n";

/// What the sandbox expects of all.
const SECRETS: [(&str, &str); 2] = [
    ("wdt-app-secret", "sandbox-wdt-secret"),
    ("tplus-app-secret", "sandbox-tplus-secret"),
];
/// What it expects of one: followed by a name it is the token of an account with books of its own.
const OPEN_TOKEN: &str = "sandbox-open-token";

/// One scheme's file being written, which knows the line of everything that differs.
struct Sheet {
    scheme: String,
    file: String,
    text: String,
    header: &'static str,
    differences: Vec<Difference>,
}

impl Sheet {
    fn line(&mut self, text: &str) -> usize {
        self.text.push_str(text);
        self.text.push('\n');
        self.text.lines().count()
    }

    /// A key below a header; `path` is where it stands in the definition.
    fn put(&mut self, header: &'static str, key: &str, value: &str) {
        if header != self.header {
            self.line(&format!("\n[{header}]"));
            self.header = header;
        }
        let line = self.line(&format!("{key} = {value}"));
        let path = if header.is_empty() {
            key.to_owned()
        } else {
            format!("{header}.{key}")
        };
        self.differs(path, line);
    }

    fn differs(&mut self, path: String, line: usize) {
        self.differences.push(Difference {
            scheme: self.scheme.clone(),
            path,
            file: self.file.clone(),
            line,
        });
    }
}

/// Makes the project; more tenants than companies are branches of them.
pub(crate) fn fleet(tenants: usize) -> Fleet {
    let mut files = vec![
        ("README.md".to_owned(), README.to_owned()),
        (
            ".gitignore".to_owned(),
            "/secrets/\n/tenants/*/secrets/\n/.dukou/\n*.db*\n".to_owned(),
        ),
        ("dukou.toml".to_owned(), PROJECT.to_owned()),
        (format!("base/schemes/{SCHEME}.toml"), BASE.to_owned()),
        (
            "tables/客户对照.csv".to_owned(),
            "店铺编号,T+客户编码\nSHOP01,TSHOP01\nSHOP02,TSHOP02\n".to_owned(),
        ),
    ];
    for (name, value) in SECRETS {
        files.push((format!("secrets/{name}"), format!("{value}\n")));
    }
    let mut differences = Vec::new();
    for index in 0..tenants {
        let (slug, title) = COMPANIES[index % COMPANIES.len()];
        let branch = index / COMPANIES.len();
        let (name, title) = match branch {
            0 => (slug.to_owned(), title.to_owned()),
            _ => (format!("{slug}-{}", branch + 1), format!("{title}{}店", branch + 1)),
        };
        files.push((format!("tenants/{name}/tenant.toml"), tenant(index, &name, &title)));
        let token = format!("{OPEN_TOKEN}-{name}\n");
        files.push((format!("tenants/{name}/secrets/tplus-open-token"), token));
        let sheet = scheme(index, &name, &title, &mut files);
        files.push((sheet.file, sheet.text));
        differences.extend(sheet.differences);
    }
    let mut listed = "方案,路径,文件,行\n".to_owned();
    for one in &differences {
        let path = one.path.replace('"', "\"\"");
        listed.push_str(&format!("{},\"{path}\",{},{}\n", one.scheme, one.file, one.line));
    }
    files.push(("DIFFERENCES.csv".to_owned(), listed));
    Fleet { files, differences }
}

fn tenant(index: usize, name: &str, title: &str) -> String {
    let mut tags = vec![if index.is_multiple_of(3) { "local" } else { "cloud" }];
    if index.is_multiple_of(5) {
        tags.push("vip");
    }
    if index % 11 == 4 {
        tags.push("trial");
    }
    tags.push(["华东", "华南", "华北"][index % 3]);
    let tags: Vec<String> = tags.iter().map(|tag| format!("{tag:?}")).collect();
    format!(
        "title = \"{title}有限公司\"\ntags = [{}]\nowner = \"{}\"\n\n[connections.tplus]\nkind = \"tplus-cloud\"\n\
         url = \"http://127.0.0.1:8782\"\napp_key = \"sandbox-tplus\"\napp_secret = {{ secret = \"tplus-app-secret\" }}\n\
         auth = {{ kind = \"open-token\", token = {{ secret = \"tplus-open-token\" }} }}\n\
         account = \"{name}\"                       # 单据键在这个账套内唯一\n\
         deadline = \"5s\"\nquarantine = \"15s\"\nlimits = {{ per_second = 0, in_flight = {} }}\n",
        tags.join(", "),
        OWNERS[index % OWNERS.len()],
        1 + index % 4,
    )
}

/// The differences of a tenant: by its number, so that every kind occurs and no two neighbours are alike.
fn scheme(index: usize, name: &str, title: &str, files: &mut Vec<(String, String)>) -> Sheet {
    const FIELDS: &str = "mapping.settings.fields";
    let mut sheet = Sheet {
        scheme: format!("{name}/{SCHEME}"),
        file: format!("tenants/{name}/schemes/{SCHEME}.toml"),
        text: String::new(),
        header: "",
        differences: Vec::new(),
    };
    let every = |step: usize, at: usize| index % step == at;
    sheet.line(&format!("base = \"{SCHEME}\""));
    sheet.line(&format!("# {title}: 只写与基础方案不同的键"));
    sheet.put("", "title", &format!("\"{title} 销售出库\""));
    if every(6, 1) {
        sheet.put("", "validation", "[]");
    }
    if every(4, 2) {
        sheet.put("source.schedule", "cron", "\"*/15 * * * *\"");
    }
    if every(7, 3) {
        sheet.put("source.window", "span", "\"6h\"");
        sheet.put("source.window", "lag", "\"10m\"");
    }
    if every(9, 5) {
        sheet.put("source", "page_size", "50");
    }
    if every(5, 4) {
        sheet.put("show", "columns", "[\"shop_name\", \"logistics_name\"]");
    }
    if every(8, 6) {
        sheet.put(
            "mapping.settings",
            "skip",
            "[{ when = \"order_type != 1\", reason = \"非销售出库\" }]",
        );
    }
    if every(10, 7) {
        sheet.put(
            "mapping.settings.lines.RDRecordDetails",
            "drop",
            "[{ when = \"details_list.gift_type != 0\", reason = \"赠品\" }]",
        );
    }
    if every(3, 0) {
        let own = every(6, 0);
        let table = if own { "店铺客户" } else { "客户对照" };
        if own {
            let rows = format!("店铺编号,客户编码,备注\nSHOP01,TSHOP02,{title}\nSHOP02,TSHOP01,\n");
            files.push((format!("tenants/{name}/tables/{table}.csv"), rows));
        }
        let value = format!("\"{{{{shop_no|lookup({table})|or('TESTCUST')}}}}\"");
        sheet.put(FIELDS, "Customer", &value);
        sheet.put(FIELDS, "Partner", &value);
    }
    if every(2, 1) {
        sheet.put(FIELDS, "Warehouse", &format!("\"TWH0{}\"", 1 + index % 3));
    }
    if every(5, 0) {
        sheet.put(FIELDS, "DispatchAddress", "false");
    }
    if every(5, 1) {
        sheet.put(FIELDS, "TransDocNo", "false");
        sheet.put(FIELDS, "DeliveryCode", "false");
    }
    if every(4, 3) {
        sheet.put(FIELDS, "Memo", &format!("\"{title} {{{{shop_name}}}}\""));
    }
    if every(6, 2) {
        sheet.put(
            FIELDS,
            "\"RDRecordDetails.DetailMemo\"",
            "\"{{details_list.goods_name}}\"",
        );
    }
    if every(7, 5) {
        sheet.put(
            FIELDS,
            "\"RDRecordDetails.origTaxSalePrice\"",
            "\"{{details_list.share_amount/details_list.goods_count|round(6)}}\"",
        );
    }
    if every(6, 4) {
        // The base's check, and one more with limits of the tenant's own: a list is replaced as a whole.
        sheet.line("\n[[validation]]");
        let line = sheet.text.lines().count();
        sheet.line("plugin = \"voucher-checks\"");
        sheet.line("[[validation]]");
        sheet.line("plugin = \"voucher-checks\"");
        sheet.line("settings = { not_before = \"2026-01-01\", max_text = 200 }");
        sheet.header = "validation";
        sheet.differs("validation".to_owned(), line);
    }
    if every(9, 8) {
        sheet.put("target.schedule", "cron", "\"*/2 * * * *\"");
    }
    sheet
}

/// Writes the project to a folder that is empty or absent.
///
/// # Errors
/// When the folder is not empty, or a file cannot be written.
pub(crate) fn write(dir: &Path, fleet: &Fleet) -> Result<()> {
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty", dir.display());
    }
    for (path, text) in &fleet.files {
        let file = dir.join(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        #[cfg(unix)]
        if path.starts_with("secrets/") || path.contains("/secrets/") {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

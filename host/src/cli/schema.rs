//! `dukou schema`: JSON Schema of the definition files, for editors (Taplo checks and completes with it). Draft 04 and a
//! small part of it; kept in step with the parser by a test. The parser knows more: cross-references, fields, times.

use serde_json::{Value, json};

use super::Context;
use crate::author::schemas;
use crate::exit::Exit;

/// JSON Schema of the definition files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which file's
    #[arg(value_enum)]
    of: Of,
}

/// The kinds of definition files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Of {
    /// schemes/NAME.toml, whole
    Scheme,
    /// base/schemes/NAME.toml, and schemes with `base = …`: any part of a scheme
    SchemePart,
    /// tenants/NAME/tenant.toml
    Tenant,
    /// dukou.toml
    Project,
    /// catalogues/NAME.toml
    Catalogue,
    /// cases/NAME.json of a plugin's folder
    Case,
    /// plugin.json of a plugin's folder
    Plugin,
}

/// Runs the command. A schema is an object of its own, without `"schema": 1`.
///
/// # Errors
/// Never.
pub fn run(_context: &Context, args: Args) -> anyhow::Result<Exit> {
    super::output::say(&serde_json::to_string_pretty(&of(args.of))?);
    Ok(Exit::Done)
}

fn of(kind: Of) -> Value {
    match kind {
        Of::Scheme => scheme(),
        Of::SchemePart => loosened(scheme()),
        Of::Tenant => tenant(),
        Of::Project => project(),
        Of::Catalogue => catalogue(),
        Of::Case => schemas::case(),
        Of::Plugin => schemas::plugin(),
    }
}

const DRAFT: &str = "http://json-schema.org/draft-04/schema#";

/// A text.
fn text(title: &str, description: &str) -> Value {
    json!({ "type": "string", "title": title, "description": description })
}

/// A text that is not empty.
fn filled(title: &str, description: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "title": title, "description": description })
}

/// A whole number.
fn integer(title: &str, description: &str, low: u32, high: u32) -> Value {
    json!({ "type": "integer", "minimum": low, "maximum": high, "title": title, "description": description })
}

/// One of some words.
fn choice(title: &str, description: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words, "title": title, "description": description })
}

/// A list of texts.
fn texts(title: &str, description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "title": title, "description": description })
}

/// A table with known keys only.
fn table(title: &str, description: &str, required: &[&str], properties: Value) -> Value {
    let mut out = json!({
        "type": "object",
        "title": title,
        "description": description,
        "properties": properties,
        "additionalProperties": false,
    });
    // Draft 04 wants at least one name in `required`.
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    out
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn duration() -> Value {
    json!({
        "type": "string",
        "pattern": "^[0-9]+(ms|s|m|h|d)$",
        "title": "时长 duration",
        "description": "500ms, 30s, 15m, 2h, 1d",
    })
}

fn root(title: &str, description: &str, required: &[&str], properties: Value, definitions: Value) -> Value {
    let mut out = json!({ "$schema": DRAFT });
    let body = table(title, description, required, properties);
    if let (Value::Object(out), Value::Object(body)) = (&mut out, body) {
        out.extend(body);
    }
    out["definitions"] = definitions;
    out
}

fn scheme() -> Value {
    let schedule = table(
        "节奏 schedule",
        "cron 及其时区 / a cron with its time zone",
        &["cron"],
        json!({
            "cron": filled("cron", "分 时 日 月 周, 例如 */5 * * * * / minute hour day month weekday"),
            "time_zone": filled("时区 time zone", "IANA 名称, 默认 Asia/Shanghai; 目标默认随来源 / IANA name"),
        }),
    );
    let plugin = table(
        "组件 plugin",
        "一个组件和它的设置 / a plugin with its settings",
        &["plugin"],
        json!({
            "plugin": filled("组件 plugin", "名称, 或项目内 .wasm 文件的路径 / a name, or the path of a .wasm file in the project"),
            "settings": {
                "type": "object",
                "title": "设置 settings",
                "description": "按文件顺序以 JSON 交给组件 / handed to the plugin as JSON, in file order",
            },
        }),
    );
    let source = table(
        "来源 source",
        "源单从哪里来 / where records come from",
        &["connection", "api", "key", "schedule", "window"],
        json!({
            "connection": filled("连接 connection", "dukou.toml 里的连接名 / a connection of dukou.toml"),
            "api": filled("接口 API", "例如 wdt.stockout.order.query.trade"),
            "key": filled("键 key", "标识一张源单的字段 / the field that identifies a record"),
            "schedule": reference("schedule"),
            "window": table(
                "时间窗 window",
                "从何时起、每次多长、往回重叠、离现在多远 / from when, how long, how much overlap, how far behind now",
                &["from"],
                json!({
                    "from": filled("起点 from", "2026-11-01 00:00:00, 方案时区 / in the scheme's zone"),
                    "span": reference("duration"),
                    "overlap": reference("duration"),
                    "lag": reference("duration"),
                }),
            ),
            "page_size": integer("分页大小 page size", "默认 100 / 100 by default", 1, 100),
            "request": {
                "type": "object",
                "title": "请求参数 request parameters",
                "description": "常量或一个变量, 例如 {{LAST_SYNC_TIME|datetime}} / a constant or one variable",
                "additionalProperties": { "type": "string" },
            },
        }),
    );
    let show = table(
        "展示 show",
        "给人看和汇总的内容 / what people see and sum",
        &[],
        json!({
            "amount": text("金额 amount", "例如 sum(details_list.share_amount)"),
            "quantity": text("数量 quantity", "例如 sum(details_list.goods_count)"),
            "date": text("日期 date", "例如 consign_time"),
            "columns": texts("列 columns", "列表里显示的来源字段 / source fields shown in lists"),
        }),
    );
    let group = table(
        "合并组 group",
        "哪些源单一起成为单据; 这个版本尚不生效 / which records become documents together; not in force in this version",
        &["by"],
        json!({
            "by": texts("依据 by", "来源字段, 可加 |date / source fields, perhaps with |date"),
            "close": text("封组时间 close", "HH:MM"),
            "max_lines": integer("最多行数 most lines", "超出则拆单 / documents are split beyond", 1, 10_000),
        }),
    );
    let reaction = |title: &str| choice(title, "flag: 成为问题单 / becomes a problem", &["flag"]);
    let after_delivery = table(
        "写入之后 after delivery",
        "写入后源单又变了怎么办 / what may happen when a record changes after its delivery",
        &[],
        json!({
            "cancelled": reaction("取消 cancelled"),
            "changed": reaction("变更 changed"),
            "reissued": reaction("单号重开 reissued"),
        }),
    );
    let target = table(
        "目标 target",
        "单据写到哪里 / where documents go",
        &["connection", "api", "key", "schedule"],
        json!({
            "connection": filled("连接 connection", "dukou.toml 里的连接名 / a connection of dukou.toml"),
            "api": filled("接口 API", "例如 /tplus/api/v2/saleDispatch/Create"),
            "key": filled("单据键 key", "写入键在单据里的位置, 例如 dto.ExternalCode / where the delivery key stands"),
            "schedule": reference("schedule"),
        }),
    );
    let plugins = |title: &str, description: &str| json!({ "type": "array", "title": title, "description": description, "items": reference("plugin") });
    root(
        "dukou 方案 scheme",
        "schemes/NAME.toml",
        &["source", "mapping", "target"],
        json!({
            "base": filled("基础方案 base", "base/schemes/ 下的方案名; 这里只写不同之处 / a scheme of base/schemes/; only what differs stands here"),
            "title": text("名称 title", "给人看的名称 / for people"),
            "source": source,
            "show": show,
            "group": group,
            "mapping": reference("plugin"),
            "adjustment": plugins("调整 adjustments", "按顺序修改单据 / change documents, in order"),
            "validation": plugins("校验 validations", "按顺序判断单据 / judge documents, in order"),
            "target": target,
            "after_delivery": after_delivery,
        }),
        json!({ "schedule": schedule, "plugin": plugin, "duration": duration() }),
    )
}

/// The same where nothing must be there: over a base anything may be left to it.
fn loosened(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            fields.remove("required");
            for (_, inner) in fields.iter_mut() {
                *inner = loosened(inner.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = loosened(item.take())),
        _ => {}
    }
    schema
}

fn tenant() -> Value {
    root(
        "dukou 企业 tenant",
        "tenants/NAME/tenant.toml",
        &[],
        json!({
            "title": text("名称 title", "给人看的名称 / for people"),
            "tags": texts("标签 tags", "用来挑选企业, 例如 vip / what it is picked by"),
            "owner": text("负责人 owner", "谁照看它 / who looks after it"),
            "connections": connections("先于 dukou.toml 的同名连接 / before those of dukou.toml"),
        }),
        connection_kinds(),
    )
}

fn connections(description: &str) -> Value {
    json!({
        "type": "object",
        "title": "连接 connections",
        "description": description,
        "additionalProperties": { "oneOf": [reference("wdt-qimen"), reference("tplus-cloud")] },
    })
}

/// The definitions that connections are made of.
fn connection_kinds() -> Value {
    let secret = table(
        "密钥引用 secret reference",
        "恰好一个: env 环境变量, secret 为 secrets/ 下的文件, file 文件路径 / exactly one of them",
        &[],
        json!({
            "env": filled("环境变量 variable", "例如 WDT_APP_SECRET"),
            "secret": filled("名称 name", "secrets/ 下的文件名 / a file in secrets/"),
            "file": filled("文件 file", "项目内的路径 / a path in the project"),
        }),
    );
    let url = json!({
        "type": "string",
        "pattern": "^https?://",
        "title": "地址 address",
        "description": "http:// 或 https:// / http or https",
    });
    let wdt_limits = table(
        "限速 limits",
        "每秒请求数, 0 不限 / requests a second, 0 for no limit",
        &[],
        json!({ "per_second": integer("每秒 a second", "默认 1, 0 不限 / 1 by default, 0 for no limit", 0, 100_000) }),
    );
    let tplus_limits = table(
        "限速 limits",
        "每秒请求数与同时请求数 / requests a second and at once",
        &[],
        json!({
            "per_second": integer("每秒 a second", "默认 1, 0 不限 / 1 by default, 0 for no limit", 0, 100_000),
            "in_flight": integer("同时 at once", "默认 1 / 1 by default", 1, 256),
        }),
    );
    let wdt = table(
        "旺店通·企业奇门",
        "kind = \"wdt-qimen\"",
        &["kind", "url", "app_key", "app_secret", "sid"],
        json!({
            "kind": choice("类型 kind", "旺店通·企业奇门", &["wdt-qimen"]),
            "url": url,
            "app_key": filled("应用 app key", "调用方的 app_key / the caller's key"),
            "app_secret": reference("secret"),
            "target_app_key": filled("目标应用 target app key", "默认 21363512"),
            "sid": filled("卖家账号 seller", "旺店通的 sid"),
            "sign_method": choice("签名 signature", "默认 hmac-sha256", &["hmac-sha256", "md5", "hmac"]),
            "deadline": reference("duration"),
            "limits": wdt_limits,
        }),
    );
    let patterns = table(
        "识别 patterns",
        "按返回的文字归类; 给出的列表替换默认的 / how the vendor's words are understood; a list replaces the default",
        &[],
        json!({
            "duplicate": texts("重复 duplicate", "目标已有此键 / the target holds the key"),
            "reference": texts("档案 reference", "档案不存在 / an archive entry is missing"),
            "configuration": texts("配置 configuration", "请求或连接有误 / request or connection is wrong"),
            "unknown": texts("未知 unknown", "不知道是否写入 / nobody knows whether it was written"),
            "throttled": texts("限流 throttled", "要求放慢 / asks for patience"),
            "refusal": texts("拒绝 refusal", "普通的拒绝 / plain refusals"),
            "key_means_duplicate": {
                "type": "boolean",
                "title": "键即重复 key means duplicate",
                "description": "只提到键的消息视为重复 / a message that only names the key means a duplicate",
            },
        }),
    );
    let auth = table(
        "认证 auth",
        "怎样证明身份 / how the connection proves who it is",
        &["kind", "token"],
        json!({
            "kind": choice("方式 kind", "open-token: 已取得的 openToken", &["open-token"]),
            "token": reference("secret"),
        }),
    );
    let tplus = table(
        "畅捷通T+",
        "kind = \"tplus-cloud\"",
        &["kind", "url", "app_key", "app_secret", "auth"],
        json!({
            "kind": choice("类型 kind", "畅捷通开放平台", &["tplus-cloud"]),
            "url": url,
            "app_key": filled("应用 app key", "appKey"),
            "app_secret": reference("secret"),
            "auth": auth,
            "unique_key": choice(
                "键的唯一性 unique key",
                "目标是否拒绝重复的单据键, 默认 lookup-only / whether the target refuses a second document with one key",
                &["enforced", "lookup-only", "none"],
            ),
            "deadline": reference("duration"),
            "quarantine": reference("duration"),
            "limits": tplus_limits,
            "max_attempts": integer("最多尝试 most attempts", "默认 5 / 5 by default", 1, 100),
            "account": text("账号 account", "单据键在哪个账号内唯一 / the account that keys are unique in"),
            "patterns": patterns,
        }),
    );
    json!({ "secret": secret, "duration": duration(), "wdt-qimen": wdt, "tplus-cloud": tplus })
}

fn project() -> Value {
    root(
        "dukou 项目 project",
        "dukou.toml",
        &[],
        json!({
            "auto_deploy": {
                "type": "boolean",
                "title": "自动发布 auto deploy",
                "description": "run 先发布改过的文件, 默认 true / `run` deploys changed files first",
            },
            "store": table(
                "存储 store",
                "状态存在哪里 / where state is kept",
                &[],
                json!({ "url": filled("地址 address", "sqlite:dukou.db") }),
            ),
            "connections": connections("名称: a-z 0-9 - / accounts at remote systems, by name"),
        }),
        connection_kinds(),
    )
}

fn catalogue() -> Value {
    let types = [
        "text",
        "integer",
        "decimal",
        "date",
        "datetime",
        "boolean",
        "reference",
        "array",
        "array-of-text",
        "object",
    ];
    let flag =
        |title: &str, description: &str| json!({ "type": "boolean", "title": title, "description": description });
    let field = table(
        "字段 field",
        "一个字段 / one field",
        &["label", "type"],
        json!({
            "label": text("名称 label", "中文名称 / the Chinese label"),
            "type": choice("类型 type", "值的含义 / what the value means", &types),
            "by": text("引用 by", "reference 的包装: Code 或 Name / how a reference is wrapped"),
            "required": flag("必填 required", "单据里必须有 / must be in a document"),
            "personal": flag("个人信息 personal", "展示时遮盖 / masked wherever people look"),
            "added": flag("补充 added", "不在原始字段表里 / not in the original table"),
        }),
    );
    let fields = |title: &str, description: &str| {
        json!({
            "type": "object",
            "title": title,
            "description": description,
            "additionalProperties": reference("field"),
        })
    };
    root(
        "dukou 字段目录 catalogue",
        "catalogues/NAME.toml",
        &["system", "api", "title"],
        json!({
            "system": filled("系统 system", "wdt 或 tplus"),
            "api": filled("接口 API", "补充哪个接口 / the API that this extends"),
            "title": text("名称 title", "接口的中文名 / the API's Chinese name"),
            "method": text("方法 method", "POST"),
            "wrapper": text("包装 wrapper", "包住单据的键, 例如 dto / the key that wraps the document"),
            "request": fields("请求参数 request", "来源的请求参数 / request parameters of a source"),
            "fields": fields("字段 fields", "键是字段路径, 含点要加引号 / keys are field paths"),
        }),
        json!({ "field": field }),
    )
}

#[cfg(test)]
mod tests;

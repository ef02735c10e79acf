//! JSON Schemas of an author's files, for editors: `cases/*.json`, `plugin.json`, `mapping.toml`. Draft 04 and a small
//! part of it, as those of the definition files (`cli/schema.rs`). The readers know more and are the authority.

use dukou_plugin::Kind;
use serde_json::{Map, Value, json};

use super::cases::stock_catalogue;
use super::error::AuthorError;
use super::folder::Language;
use super::toolchain::table::stock_schema;

const DRAFT: &str = "http://json-schema.org/draft-04/schema#";

/// The target whose fields an editor completes in a new mapping table.
const TARGET: &str = "/tplus/api/v2/saleDispatch/Create";

/// The schema files of a new folder: file name and schema.
pub(super) fn of(language: Language, _kind: Kind) -> Result<Vec<(&'static str, Value)>, AuthorError> {
    let mut schemas = vec![("case.schema.json", case()), ("plugin.schema.json", plugin())];
    if language == Language::Table {
        schemas.push(("mapping.schema.json", mapping()?));
    }
    Ok(schemas)
}

fn object(title: &str, required: &[&str], properties: Value) -> Value {
    let mut schema =
        json!({ "type": "object", "title": title, "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn open(title: &str, description: &str) -> Value {
    json!({ "type": "object", "title": title, "description": description })
}

fn text(title: &str, description: &str) -> Value {
    json!({ "type": "string", "title": title, "description": description })
}

fn rooted(schema: Value, definitions: Value) -> Value {
    let mut out = Map::new();
    out.insert("$schema".to_owned(), DRAFT.into());
    if let Value::Object(schema) = schema {
        out.extend(schema);
    }
    if definitions.as_object().is_some_and(|all| !all.is_empty()) {
        out.insert("definitions".to_owned(), definitions);
    }
    Value::Object(out)
}

/// `cases/NAME.json`; `defaults.json` has the first three of its keys.
pub fn case() -> Value {
    let catalogue = json!({
        "title": "字段目录 catalogue",
        "description": "内置目录的接口名, 整份目录, 或 null / the API of a stock catalogue, a whole one, or null",
        "anyOf": [{ "type": "string" }, { "type": "object" }, { "type": "null" }],
    });
    let environment = object(
        "环境 environment",
        &["time_zone"],
        json!({
            "time_zone": text("时区 time zone", "IANA 名称 / IANA name"),
            "source": { "$ref": "#/definitions/catalogue" },
            "target": { "$ref": "#/definitions/catalogue" },
        }),
    );
    let record = object(
        "源单 record",
        &["key", "received_at", "body"],
        json!({
            "key": text("键 key", "标识这张源单 / identifies the record"),
            "received_at": text("收到时间 received at", "RFC 3339, 带时区 / with an offset"),
            "body": { "title": "内容 body", "description": "来源给的 JSON, 数字按原样 / as the source gave it, numbers digit by digit" },
            "extra": open("附加 extra", ""),
        }),
    );
    let group = object(
        "合并组 group",
        &["key", "records"],
        json!({
            "key": text("键 key", "写入键由它而来 / the delivery key is made from it"),
            "records": { "type": "array", "minItems": 1, "items": record },
            "extra": open("附加 extra", ""),
        }),
    );
    let documents = json!({
        "type": "array",
        "title": "单据 documents",
        "items": object("单据 document", &["body"], json!({
            "suffix": text("后缀 suffix", "拆成多张时区分, 例如 -p2 / tells several apart"),
            "body": { "title": "内容 body" },
            "extra": open("附加 extra", ""),
        })),
    });
    let omitted = json!({
        "type": "array",
        "title": "省略 omissions",
        "items": object("省略 omission", &["member", "path", "reason"], json!({
            "member": { "type": "integer", "minimum": 0, "title": "第几张 member", "description": "从 0 数 / counted from 0" },
            "path": text("路径 path", "例如 details_list[2]"),
            "reason": text("原因 reason", "给人看 / for people"),
        })),
    });
    let made = object(
        "转换结果 outcome",
        &["documents"],
        json!({ "documents": documents, "omitted": omitted }),
    );
    let violation = object(
        "问题 violation",
        &["code"],
        json!({
            "code": text("代码 code", "例如 required, type, lookup.miss"),
            "source_path": text("来源路径 source path", "details_list[0].price"),
            "target_path": text("目标路径 target path", "RDRecordDetails[0].BaseQuantity"),
            "message": text("说明 message", "不写就不比较 / not compared if it is left out"),
            "extra": open("附加 extra", ""),
        }),
    );
    let expect = json!({
        "title": "期望 expected",
        "description": "不写就等待 dukou plugin review / without it the case waits for a review",
        "oneOf": [
            object("映射 mapped", &["mapped"], json!({ "mapped": { "$ref": "#/definitions/made" } })),
            object("跳过 skipped", &["skipped"], json!({ "skipped": text("原因 reason", "") })),
            object("拒绝 rejected", &["rejected"], json!({ "rejected": { "type": "array", "minItems": 1, "items": violation } })),
            object("通过 passed", &["passed"], json!({ "passed": { "enum": [true] } })),
            object("停止 failed", &["failed"], json!({ "failed": text("代码 code", "plugin.fuel") })),
        ],
    });
    let mut properties = defaults_properties();
    if let (Value::Object(all), Value::Object(own)) = (
        &mut properties,
        json!({
            "title": text("名称 title", "给人看 / for people"),
            "group": group,
            "before": { "$ref": "#/definitions/made" },
            "expect": expect,
        }),
    ) {
        all.extend(own);
    }
    rooted(
        object("dukou 用例 case", &["group"], properties),
        json!({ "catalogue": catalogue, "environment": environment, "made": made }),
    )
}

fn defaults_properties() -> Value {
    json!({
        "settings": open("设置 settings", "整个替换默认的 / replaces the default as a whole"),
        "environment": { "$ref": "#/definitions/environment" },
        "tables": {
            "type": "object",
            "title": "对照表 tables",
            "description": "表名 → 键 → 一行 / table → key → row",
            "additionalProperties": { "type": "object", "additionalProperties": { "type": "object" } },
        },
    })
}

/// `plugin.json`.
pub fn plugin() -> Value {
    rooted(
        object(
            "dukou 组件说明 manifest",
            &["name", "version", "kind", "title"],
            json!({
                "name": { "type": "string", "pattern": "^[a-z0-9-]{1,63}$", "title": "名称 name" },
                "version": text("版本 version", "组件自己的版本 / the plugin's own"),
                "kind": { "enum": ["mapping", "adjustment", "validation"], "title": "类别 kind" },
                "title": { "type": "string", "minLength": 1, "title": "中文标题 title" },
                "title_en": text("英文标题 English title", ""),
                "list": text("明细 list", "预算随其长度外推, 例如 details_list / the list whose length budgets are told for"),
                "settings": open("设置的 JSON Schema", "方案里的设置按它检查 / the settings of a scheme are checked against it"),
                "preset": open("预设 preset", "组件自带的设置, 方案的逐键覆盖 / settings of its own; a scheme's are laid over them"),
            }),
        ),
        json!({}),
    )
}

/// `mapping.toml` of a table plugin: the stock mapper's settings, with the fields of the target to choose from.
fn mapping() -> Result<Value, AuthorError> {
    let mut schema = stock_schema()?;
    plain(&mut schema);
    let row = schema["properties"]["fields"]["additionalProperties"].clone();
    let catalogue: Value = stock_catalogue(TARGET)
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let fields: Map<String, Value> = catalogue["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|field| {
            let mut row = row.clone();
            row["title"] = field["label"].clone();
            Some((field["path"].as_str()?.to_owned(), row))
        })
        .collect();
    schema["properties"]["fields"]["properties"] = Value::Object(fields);
    schema["title"] = "dukou 映射表 mapping table".into();
    Ok(rooted(schema, json!({})))
}

/// `const` is younger than draft 04.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(only) = object.shift_remove("const") {
                object.insert("enum".to_owned(), json!([only]));
            }
            object.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

//! How T+'s words are understood (`docs/reference/systems/tplus.md` §3.3). Settings, because the vendor documents neither
//! codes nor texts for the common refusals.

/// How the vendor's words are understood; matched as parts of the message, whatever the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// The target already holds the key.
    pub duplicate: Vec<String>,
    /// An archive entry is missing or not visible.
    pub reference: Vec<String>,
    /// The request's shape or the connection is wrong, not the data.
    pub configuration: Vec<String>,
    /// Nobody knows whether it was written.
    pub unknown: Vec<String>,
    /// The target asks for patience.
    pub throttled: Vec<String>,
    /// The token was not accepted.
    pub auth: Vec<String>,
    /// Plain refusals: a message with these that happens to name the key speaks of the document, not of a duplicate.
    pub refusal: Vec<String>,
    /// Whether a message that names the key, and matches nothing else, means a duplicate.
    pub key_means_duplicate: bool,
}

impl Default for Patterns {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            duplicate: list(&["重复", "已存在", "已经存在", "唯一", "already exist", "duplicate"]),
            reference: list(&[
                "在位置 0 处没有任何行",
                "NoAuthOrData",
                "不存在",
                "未找到",
                "找不到",
                "停用",
            ]),
            configuration: list(&[
                "索引超出范围",
                "未将对象引用设置到对象的实例",
                "Object reference not set",
                "服务名不正确",
            ]),
            unknown: list(&["网络异常"]),
            throttled: list(&["过于频繁", "请求频繁", "too many requests", "限流"]),
            auth: list(&[
                "openToken",
                "token已",
                "token无效",
                "token失效",
                "token过期",
                "无效的token",
            ]),
            refusal: list(&[
                "不足",
                "不能",
                "不允许",
                "不可",
                "必填",
                "为空",
                "必须",
                "无权",
                "没有权限",
                "已结账",
                "超出",
                "格式",
            ]),
            key_means_duplicate: true,
        }
    }
}

pub(super) fn says(message: &str, words: &[String]) -> bool {
    let lower = message.to_lowercase();
    words
        .iter()
        .any(|word| !word.is_empty() && lower.contains(&word.to_lowercase()))
}

/// Shortest key that is looked for in messages: shorter ones stand in any sentence.
const SHORTEST_KEY: usize = 3;

/// Whether the message names the key as a word of its own: `CK1` is not in `CK10`.
pub(super) fn names_key(message: &str, key: &str) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    key.chars().count() >= SHORTEST_KEY
        && message.match_indices(key).any(|(at, _)| {
            !message[..at].chars().next_back().is_some_and(joins)
                && !message[at + key.len()..].chars().next().is_some_and(joins)
        })
}

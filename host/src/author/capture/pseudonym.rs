//! Stable pseudonyms: the same value always becomes the same other value of the same shape. Digits stay digits, a name
//! stays a name of as many Han characters, an address keeps its 省市区路号; punctuation, blanks and lengths stay. Made
//! from a digest of the project's salt and the value, so nothing is stored and nothing can be looked up without the salt.

use dukou_core::digest::Digest;

/// How many different pseudonyms a value can have; the first is the usual one.
pub(super) const ATTEMPTS: u32 = 9;
/// From this attempt on the first character stays, for rules that look at it.
const KEEPS_FIRST: u32 = 6;

const SURNAMES: [char; 32] = [
    '王', '李', '张', '刘', '陈', '杨', '黄', '赵', '吴', '周', '徐', '孙', '马', '朱', '胡', '郭', '何', '高', '林',
    '罗', '郑', '梁', '谢', '宋', '唐', '许', '韩', '冯', '邓', '曹', '彭', '曾',
];
const GIVEN: [char; 64] = [
    '安', '白', '冰', '采', '晨', '川', '丹', '冬', '帆', '枫', '刚', '光', '海', '涵', '禾', '恒', '华', '辉', '佳',
    '江', '静', '菊', '可', '岚', '乐', '莲', '琳', '柳', '露', '梅', '敏', '宁', '鹏', '萍', '琪', '青', '晴', '然',
    '蓉', '瑞', '森', '珊', '诗', '松', '涛', '桐', '婉', '薇', '文', '溪', '夏', '湘', '晓', '欣', '雪', '雅', '叶',
    '怡', '音', '莹', '雨', '泽', '哲', '竹',
];
/// Characters of an address that say what stands before them.
const STAYING: &str = "省市区县镇乡村路街道巷弄号楼栋幢座单元层室苑园广场大厦小东南西北中上下州旗盟组队院门店";

/// Makes pseudonyms with one salt.
#[derive(Debug, Clone)]
pub struct Pseudonyms {
    salt: Vec<u8>,
}

impl Pseudonyms {
    /// Pseudonyms of a project.
    pub fn new(salt: &[u8]) -> Self {
        Self { salt: salt.to_vec() }
    }

    /// A value's pseudonym. What is empty or masked already stays as it is. Another `attempt` gives another one.
    pub fn of(&self, value: &str, attempt: u32) -> String {
        if is_hidden(value) {
            return value.to_owned();
        }
        // A digest may come out as the value itself, above all for short ones: then the next one counts.
        (0..64)
            .map(|round| self.made(value, attempt, round))
            .find(|made| made != value)
            .unwrap_or_else(|| value.to_owned())
    }

    fn made(&self, value: &str, attempt: u32, round: u32) -> String {
        let mut bytes = Stream {
            salt: &self.salt,
            value,
            attempt,
            round,
            block: 0,
            left: Vec::new(),
        };
        let is_name = (2..=4).contains(&value.chars().count()) && value.chars().all(is_han);
        let is_phone = value.len() == 11 && value.starts_with('1') && value.bytes().all(|byte| byte.is_ascii_digit());
        value
            .chars()
            .enumerate()
            .map(|(at, c)| {
                let keeps = at == 0 && (attempt >= KEEPS_FIRST || is_phone);
                match c {
                    c if keeps => c,
                    // A first digit that is no 0 does not become one: the number keeps its length.
                    '1'..='9' if at == 0 => char::from(b'1' + bytes.below(9)),
                    '0'..='9' => char::from(b'0' + bytes.below(10)),
                    'a'..='z' => char::from(b'a' + bytes.below(26)),
                    'A'..='Z' => char::from(b'A' + bytes.below(26)),
                    c if is_han(c) && is_name && at == 0 => bytes.one_of(&SURNAMES),
                    c if is_han(c) && is_name => bytes.one_of(&GIVEN),
                    c if is_han(c) && STAYING.contains(c) => c,
                    c if is_han(c) => bytes.one_of(&GIVEN),
                    c if c.is_alphabetic() => shifted(c, bytes.below(16)),
                    c => c,
                }
            })
            .collect()
    }
}

/// Whether a value says nothing of a person: empty, or masked by the source.
pub(super) fn is_hidden(value: &str) -> bool {
    value.trim().is_empty() || value.contains("***")
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{2ffff}')
}

/// Another letter near it in the alphabet's block, as long in UTF-8.
fn shifted(c: char, by: u8) -> char {
    let moved = (1 + u32::from(by)..64).find_map(|step| {
        let other = char::from_u32(u32::from(c) + step)?;
        (other.is_alphabetic() && other.len_utf8() == c.len_utf8()).then_some(other)
    });
    moved.unwrap_or('x')
}

/// Bytes without end, decided by salt and value.
struct Stream<'a> {
    salt: &'a [u8],
    value: &'a str,
    attempt: u32,
    round: u32,
    block: u32,
    left: Vec<u8>,
}

impl Stream<'_> {
    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.left.pop() {
                return byte;
            }
            let numbers = [self.attempt, self.round, self.block].map(u32::to_le_bytes);
            let parts = [self.salt, self.value.as_bytes(), numbers.as_flattened()];
            self.left = Digest::of_parts(parts).as_bytes().to_vec();
            self.block += 1;
        }
    }

    fn below(&mut self, limit: u8) -> u8 {
        self.byte() % limit
    }

    fn one_of(&mut self, choice: &[char]) -> char {
        let at = usize::from(self.byte()) % choice.len().max(1);
        choice.get(at).copied().unwrap_or('某')
    }
}

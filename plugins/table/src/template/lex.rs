//! Tokens of expressions and conditions, with the position of each. It gives no token a meaning.

use super::TemplateError;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A dotted name: `details_list.goods_count`.
    Name(String),
    /// Digits, with a point perhaps.
    Number(String),
    /// Text between single or double quotes.
    Quoted(String),
    /// A sign: one of `| + - * / ( ) ,` or a comparison.
    Sign(&'static str),
    /// Nothing is left.
    End,
}

impl Token {
    /// The token as a message shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Token::Name(text) | Token::Number(text) | Token::Quoted(text) => text.clone(),
            Token::Sign(sign) => (*sign).to_owned(),
            Token::End => "the end".to_owned(),
        }
    }
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [&str; 15] = [
    "==", "!=", "<=", ">=", "|", "+", "-", "*", "/", "(", ")", ",", "=", "<", ">",
];

/// Characters of Chinese input methods and what should stand there.
const FULL_WIDTH: [(char, &str); 12] = [
    ('（', "("),
    ('）', ")"),
    ('｜', "|"),
    ('，', ","),
    ('＋', "+"),
    ('－', "-"),
    ('＊', "*"),
    ('／', "/"),
    ('“', "\""),
    ('”', "\""),
    ('‘', "'"),
    ('’', "'"),
];

/// Reads tokens from a text, one at a time.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    /// Starts at the beginning of `text`.
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the next token starts, in characters counted from 1.
    pub(crate) fn position(&self) -> usize {
        let skipped = self.rest().len() - self.rest().trim_start().len();
        self.text[..self.at + skipped].chars().count() + 1
    }

    /// An error at the next token.
    pub(crate) fn error(&self, code: &'static str, message: impl Into<String>) -> TemplateError {
        self.error_at(self.position(), code, message)
    }

    /// An error at a position that was noted before.
    pub(crate) fn error_at(&self, position: usize, code: &'static str, message: impl Into<String>) -> TemplateError {
        TemplateError {
            code,
            position,
            message: message.into(),
            quoted: self.text.to_owned(),
        }
    }

    /// The next token without taking it.
    pub(crate) fn peek(&self) -> Result<Token, TemplateError> {
        self.clone().take()
    }

    /// The next token.
    pub(crate) fn take(&mut self) -> Result<Token, TemplateError> {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else {
            return Ok(Token::End);
        };
        if first == '\'' || first == '"' {
            return self.quoted(trimmed, first);
        }
        if let Some(sign) = SIGNS.iter().find(|sign| trimmed.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        if !starts_word(first) {
            let advice = FULL_WIDTH.iter().find(|(wide, _)| *wide == first).map_or_else(
                || "no expression may contain it; put text between quotes".to_owned(),
                |(_, narrow)| format!("write the half-width {narrow}"),
            );
            return Err(self.error("template.character", format!("unexpected {first}; {advice}")));
        }
        let end = trimmed
            .find(|character| !continues_word(character))
            .unwrap_or(trimmed.len());
        let word = &trimmed[..end];
        if word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            self.at += end;
            return Ok(Token::Number(word.to_owned()));
        }
        if word.split('.').any(str::is_empty) {
            return Err(self.error("template.path", format!("{word} has an empty part between its dots")));
        }
        self.at += end;
        Ok(Token::Name(word.to_owned()))
    }

    /// Takes the next token if it is this sign.
    pub(crate) fn accept(&mut self, sign: &str) -> Result<bool, TemplateError> {
        let found = matches!(self.peek()?, Token::Sign(next) if next == sign);
        if found {
            self.take()?;
        }
        Ok(found)
    }

    /// Takes this sign or fails.
    pub(crate) fn expect(&mut self, sign: &str, code: &'static str) -> Result<(), TemplateError> {
        if self.accept(sign)? {
            return Ok(());
        }
        let found = self.peek()?.shown();
        Err(self.error(code, format!("expected {sign} and found {found}")))
    }

    /// What stands between `(` (taken already) and its `)`, split at commas, blanks trimmed, quotes removed. Names of
    /// tables may hold signs: `in(T+存货)`.
    pub(crate) fn raw_arguments(&mut self) -> Result<Vec<String>, TemplateError> {
        let mut arguments = vec![String::new()];
        let mut was_quoted = vec![false];
        let mut quote = None;
        let start = self.at;
        for (offset, character) in self.text[start..].char_indices() {
            let index = arguments.len() - 1;
            match (quote, character) {
                (Some(open), _) if open == character => quote = None,
                (None, '\'' | '"') if arguments[index].trim().is_empty() => {
                    arguments[index].clear();
                    was_quoted[index] = true;
                    quote = Some(character);
                }
                (None, ',') => {
                    arguments.push(String::new());
                    was_quoted.push(false);
                }
                (None, ')') => {
                    self.at = start + offset + 1;
                    for (argument, quoted) in arguments.iter_mut().zip(&was_quoted) {
                        if !quoted {
                            *argument = argument.trim().to_owned();
                        }
                    }
                    return Ok(arguments);
                }
                (None, blank) if was_quoted[index] && blank.is_whitespace() => {}
                (_, character) => arguments[index].push(character),
            }
        }
        Err(self.error("template.argument", "( without ) after it"))
    }

    /// The rest up to a blank, comma or closing parenthesis: a bare value of a condition.
    pub(crate) fn bare_word(&mut self) -> Option<String> {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        let ends = |character: char| character.is_whitespace() || matches!(character, ',' | '(' | ')' | '\'' | '"');
        let end = trimmed.find(ends).unwrap_or(trimmed.len());
        if end == 0 {
            return None;
        }
        self.at += rest.len() - trimmed.len() + end;
        Some(trimmed[..end].to_owned())
    }

    fn quoted(&mut self, trimmed: &str, quote: char) -> Result<Token, TemplateError> {
        let Some(length) = trimmed[1..].find(quote) else {
            return Err(self.error("template.quote", format!("{quote} without another {quote} after it")));
        };
        self.at += length + 2;
        Ok(Token::Quoted(trimmed[1..=length].to_owned()))
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }
}

fn starts_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn continues_word(character: char) -> bool {
    starts_word(character) || character == '.'
}

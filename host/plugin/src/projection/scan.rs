//! A scanner over JSON text that checks the grammar and converts nothing: strings and numbers stay slices.
//! It accepts what RFC 8259 accepts, to a nesting depth of [`MAX_DEPTH`].

use std::fmt;

/// Containers within containers; also the number of bits in the stack of [`Scanner::skip_value`].
pub(crate) const MAX_DEPTH: u32 = 64;

/// The text is not JSON, or nested too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedJson {
    /// What was expected.
    pub reason: &'static str,
    /// Where, in bytes.
    pub offset: usize,
}

impl fmt::Display for MalformedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for MalformedJson {}

/// Checks that `text` is one JSON value and nothing else.
pub(crate) fn check(text: &str) -> Result<(), MalformedJson> {
    let mut scanner = Scanner::new(text);
    scanner.skip_value(0)?;
    scanner.end()
}

/// A place in a JSON text.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// A string token: the bytes between its quotes.
#[derive(Clone, Copy)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether it holds escapes.
    pub(crate) escaped: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The text from `start` to here. Both are at token borders, which are ASCII.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(crate) fn slice(&self, token: Token) -> &'a [u8] {
        self.bytes.get(token.start..token.end).unwrap_or_default()
    }

    pub(crate) fn text(&self, token: Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The byte here, or 0 at the end: 0 begins no token.
    #[inline(always)]
    pub(crate) fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline(always)]
    pub(crate) fn step(&mut self) {
        self.at += 1;
    }

    #[cold]
    pub(crate) fn error(&self, reason: &'static str) -> MalformedJson {
        MalformedJson {
            reason,
            offset: self.at,
        }
    }

    #[inline(always)]
    pub(crate) fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    #[inline(always)]
    pub(crate) fn expect(&mut self, byte: u8, reason: &'static str) -> Result<(), MalformedJson> {
        if self.peek() == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error(reason))
        }
    }

    /// Checks that only white space is left.
    pub(crate) fn end(&mut self) -> Result<(), MalformedJson> {
        self.space();
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.error("unexpected text after the value"))
        }
    }

    /// A key and its colon; stands at the opening quote before, at the value after.
    #[inline(always)]
    pub(crate) fn key(&mut self) -> Result<Token, MalformedJson> {
        if self.peek() != b'"' {
            return Err(self.error("expected a key"));
        }
        let token = self.string()?;
        self.space();
        self.expect(b':', "expected `:`")?;
        self.space();
        Ok(token)
    }

    /// A string; stands at the opening quote before, after the closing quote after.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> Result<Token, MalformedJson> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.plain();
            match self.peek() {
                b'"' => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(Token { start, end, escaped });
                }
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ if self.at >= self.bytes.len() => return Err(self.error("unterminated string")),
                _ => return Err(self.error("control character in a string")),
            }
        }
    }

    /// Moves over bytes that mean nothing inside a string, eight at a time.
    #[inline(always)]
    fn plain(&mut self) {
        const LOW: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        while let Some(chunk) = self.bytes.get(self.at..self.at + 8) {
            let word = chunk
                .iter()
                .rev()
                .fold(0u64, |word, byte| (word << 8) | u64::from(*byte));
            let quote = word ^ (LOW * u64::from(b'"'));
            let slash = word ^ (LOW * u64::from(b'\\'));
            // A byte below 0x20, a quote or a backslash sets its high bit; the lowest set bit is exact.
            let hits = (word.wrapping_sub(LOW * 0x20) & !word
                | quote.wrapping_sub(LOW) & !quote
                | slash.wrapping_sub(LOW) & !slash)
                & HIGH;
            if hits != 0 {
                self.at += (hits.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.bytes.get(self.at) {
            if *byte < 0x20 || *byte == b'"' || *byte == b'\\' {
                return;
            }
            self.at += 1;
        }
    }

    #[cold]
    fn escape(&mut self) -> Result<(), MalformedJson> {
        self.at += 1;
        let byte = self.peek();
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.hex()? {
                0xD800..=0xDBFF => {
                    self.expect(b'\\', "lone surrogate")?;
                    self.expect(b'u', "lone surrogate")?;
                    match self.hex()? {
                        0xDC00..=0xDFFF => Ok(()),
                        _ => Err(self.error("lone surrogate")),
                    }
                }
                0xDC00..=0xDFFF => Err(self.error("lone surrogate")),
                _ => Ok(()),
            },
            _ => Err(self.error("unknown escape")),
        }
    }

    fn hex(&mut self) -> Result<u32, MalformedJson> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                byte @ b'0'..=b'9' => byte - b'0',
                byte @ b'a'..=b'f' => byte - b'a' + 10,
                byte @ b'A'..=b'F' => byte - b'A' + 10,
                _ => return Err(self.error("expected four hex digits")),
            };
            value = value * 16 + u32::from(digit);
            self.at += 1;
        }
        Ok(value)
    }

    #[inline(always)]
    fn digits(&mut self) -> Result<(), MalformedJson> {
        if !self.peek().is_ascii_digit() {
            return Err(self.error("expected a digit"));
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn number(&mut self) -> Result<(), MalformedJson> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), MalformedJson> {
        if self.bytes.get(self.at..self.at + word.len()) == Some(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.error("expected a value"))
        }
    }

    /// Moves over anything but a container.
    #[inline(always)]
    pub(crate) fn skip_scalar(&mut self) -> Result<(), MalformedJson> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => Err(self.error("expected a value")),
        }
    }

    /// Moves over one value that lies `outer` containers deep, checking all of it. Needs no recursion.
    pub(crate) fn skip_value(&mut self, outer: u32) -> Result<(), MalformedJson> {
        // One bit per open container, 1 for an object; the youngest is the lowest.
        let mut objects = 0u64;
        let mut depth = 0u32;
        'value: loop {
            self.space();
            let open = self.peek();
            if open == b'{' || open == b'[' {
                if outer + depth >= MAX_DEPTH {
                    return Err(self.error("nested too deeply"));
                }
                self.at += 1;
                self.space();
                let object = open == b'{';
                // `{` and `}`, `[` and `]` lie two apart in ASCII.
                if self.peek() == open + 2 {
                    self.at += 1;
                } else {
                    objects = objects << 1 | u64::from(object);
                    depth += 1;
                    if object {
                        self.key()?;
                    }
                    continue 'value;
                }
            } else {
                self.skip_scalar()?;
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                self.space();
                let object = objects & 1 == 1;
                match self.peek() {
                    b',' => {
                        self.at += 1;
                        if object {
                            self.space();
                            self.key()?;
                        }
                        continue 'value;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(self.error("expected `,` or the end of the container")),
                }
                self.at += 1;
                objects >>= 1;
                depth -= 1;
            }
        }
    }
}

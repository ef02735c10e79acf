//! Which time window is pulled next (DESIGN §5, `reliability.md` §2.4). Windows are closed intervals of whole seconds;
//! they overlap, hold back behind now, and the mark moves only when a window is complete.

use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// A scheme's `window` setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRule {
    /// Where the first window starts.
    pub from: DateTime<Utc>,
    /// The longest window.
    pub span: Duration,
    /// How far a window reaches back behind the mark.
    pub overlap: Duration,
    /// How far the end is held back behind now.
    pub lag: Duration,
}

/// A window, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowRange {
    /// First second.
    pub start: DateTime<Utc>,
    /// Last second.
    pub end: DateTime<Utc>,
}

/// The next window, or `None` while there is nothing new to read. With its overlap it is never longer than `span`: that is
/// the most that a source answers for. `span` must exceed `overlap`, else windows do not move on.
pub fn next(rule: &WindowRule, mark: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<WindowRange> {
    let begin = mark.unwrap_or(rule.from);
    let start = mark.map_or(rule.from, |mark| (mark - delta(rule.overlap)).max(rule.from));
    let limit = whole_second(now - delta(rule.lag));
    let end = limit.min(start + delta(rule.span));
    (end > begin).then_some(WindowRange { start, end })
}

/// Splits an explicit range (`--from`, `--to`) into windows of at most `span`, bounded to `most`.
pub fn split(range: WindowRange, span: Duration, most: usize) -> Vec<WindowRange> {
    let mut windows = Vec::new();
    let mut start = range.start;
    while start < range.end && windows.len() < most {
        let end = range.end.min(start + delta(span));
        windows.push(WindowRange { start, end });
        start = end;
    }
    windows
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn whole_second(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::seconds(1)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn rule() -> WindowRule {
        WindowRule {
            from: at("2026-11-01T00:00:00Z"),
            span: Duration::from_secs(86_400),
            overlap: Duration::from_secs(900),
            lag: Duration::from_secs(120),
        }
    }

    #[test]
    fn windows_follow_the_mark_and_hold_back() {
        let now = at("2026-11-03T00:00:00.7Z");
        let first = next(&rule(), None, now).unwrap();
        assert_eq!(
            (first.start, first.end),
            (at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z"))
        );
        let second = next(&rule(), Some(first.end), now).unwrap();
        assert_eq!(
            (second.start, second.end),
            (at("2026-11-01T23:45:00Z"), at("2026-11-02T23:45:00Z"))
        );
        let third = next(&rule(), Some(second.end), now).unwrap();
        assert_eq!(
            (third.start, third.end),
            (at("2026-11-02T23:30:00Z"), at("2026-11-02T23:58:00Z"))
        );
        assert_eq!(next(&rule(), Some(third.end), now), None);
        assert_eq!(next(&rule(), None, at("2026-10-01T00:00:00Z")), None);
    }

    #[test]
    fn no_window_is_longer_than_the_span_overlap_included() {
        let mut mark = None;
        while let Some(window) = next(&rule(), mark, at("2027-02-01T00:00:00Z")) {
            assert!((window.end - window.start).to_std().unwrap() <= rule().span);
            mark = Some(window.end);
        }
        assert_eq!(mark, Some(at("2027-01-31T23:58:00Z")));
    }

    #[test]
    fn a_clock_set_back_never_moves_a_window_backwards() {
        let mark = at("2026-11-03T00:00:00Z");
        assert_eq!(next(&rule(), Some(mark), at("2026-11-02T00:00:00Z")), None);
    }

    #[test]
    fn an_explicit_range_is_split_without_gaps() {
        let range = WindowRange {
            start: at("2026-11-01T00:00:00Z"),
            end: at("2026-11-03T12:00:00Z"),
        };
        let parts = split(range, Duration::from_secs(86_400), 100);
        assert_eq!(parts.len(), 3);
        assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(parts[2].end, range.end);
    }
}

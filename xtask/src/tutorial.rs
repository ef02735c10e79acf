//! Executes a tutorial word for word: every chapter's commands as one shell script in one folder, in the order of the
//! page, with the shown edits applied and the shown output demanded. Knows Markdown fences, not what they are about.
//!
//! - ` ```sh ` is run line by line; ` ```sh exit=5 ` says that its last command ends so.
//! - ` ```text ` right after it: each line must appear in what the block printed, in that order. `…` stands for anything.
//! - ` ```diff ` is an edit that the reader makes by hand; it is applied as a patch.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tools;

/// One `## ` chapter.
struct Chapter {
    title: String,
    steps: Vec<Step>,
}

enum Step {
    Run {
        line: usize,
        commands: String,
        exit: u8,
        expected: Vec<String>,
    },
    Edit {
        patch: String,
    },
}

/// Runs every chapter of `page` in `folder`, which is made anew, with `program_dir` in front of the path.
pub(crate) fn follow(page: &Path, folder: &Path, program_dir: &Path) -> Result<()> {
    let text = std::fs::read_to_string(page).with_context(|| format!("reading {}", page.display()))?;
    let chapters = parse(&text)?;
    if !chapters.iter().any(|chapter| !chapter.steps.is_empty()) {
        bail!("{} has no commands", page.display());
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    let shown = folder.join(".shown");
    std::fs::create_dir_all(&shown)?;
    for chapter in chapters.iter().filter(|chapter| !chapter.steps.is_empty()) {
        tools::say(&format!("── {}", chapter.title));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(program_dir.to_owned()).chain(std::env::split_paths(&path));
        let status = Command::new("bash")
            .args(["-c", &script(chapter, &shown)])
            .current_dir(folder)
            .env("PATH", std::env::join_paths(paths)?)
            .env("LANG", "en_US.UTF-8")
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            // The reader's machine is no CI: `review` may write there.
            .env_remove("CI")
            .status()
            .context("starting bash")?;
        if !status.success() {
            bail!("{}: chapter {:?} ended with {status}", page.display(), chapter.title);
        }
        for step in &chapter.steps {
            if let Step::Run { line, expected, .. } = step {
                let printed = std::fs::read_to_string(shown.join(line.to_string()))?;
                demand(&printed, expected)
                    .with_context(|| format!("{}:{line}: the page shows other output", page.display()))?;
            }
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Vec<Chapter>> {
    let mut chapters = vec![Chapter {
        title: "beginning".to_owned(),
        steps: Vec::new(),
    }];
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            chapters.push(Chapter {
                title: title.to_owned(),
                steps: Vec::new(),
            });
        }
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let mut body = String::new();
        for (_, line) in lines.by_ref() {
            if line.starts_with("```") {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        let steps = &mut chapters.last_mut().context("there is always one")?.steps;
        let mut words = info.split_whitespace();
        match words.next() {
            Some("sh") => {
                let exit = match words.next().and_then(|word| word.strip_prefix("exit=")) {
                    Some(code) => code.parse().with_context(|| format!("line {}: {info}", number + 1))?,
                    None => 0,
                };
                steps.push(Step::Run {
                    line: number + 1,
                    commands: body,
                    exit,
                    expected: Vec::new(),
                });
            }
            Some("text") => match steps.last_mut() {
                Some(Step::Run { expected, .. }) if expected.is_empty() => {
                    expected.extend(body.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()));
                }
                _ => bail!("line {}: output that no command printed", number + 1),
            },
            Some("diff") => steps.push(Step::Edit { patch: body }),
            _ => {}
        }
    }
    Ok(chapters)
}

/// One script per chapter, so that `cd` and background processes last for the chapter and no longer. Every command must
/// end as the page says; the output of the one that does not is shown.
fn script(chapter: &Chapter, shown: &Path) -> String {
    let mut script = String::from(
        "exec 3>&1\nshown=/dev/null\n\
         ended() { code=$?; for job in $(jobs -p); do kill \"$job\"; done; [ $code = 0 ] || cat \"$shown\" >&3; exit $code; }\n\
         trap ended EXIT\n\
         must() { [ \"$1\" = \"$2\" ] || { echo \"exit code $1, expected $2: $3\"; exit 1; }; }\n",
    );
    for step in &chapter.steps {
        match step {
            Step::Edit { patch } => {
                script.push_str(&format!(
                    "patch -p1 --no-backup-if-mismatch <<'EDIT' || exit 1\n{patch}EDIT\n"
                ));
            }
            Step::Run {
                line, commands, exit, ..
            } => {
                let commands = logical_lines(commands);
                script.push_str(&format!("shown='{}'\n{{\n", shown.join(line.to_string()).display()));
                for (index, command) in commands.iter().enumerate() {
                    let exit = if index + 1 == commands.len() { *exit } else { 0 };
                    // On lines of their own, because a command may end with a comment or with `&`.
                    script.push_str(&format!("{command}\nmust $? {exit} {}\n", quoted(command)));
                }
                script.push_str("} > \"$shown\" 2>&1 < /dev/null\n");
            }
        }
    }
    script
}

/// Commands, with lines that end in a backslash joined to the next.
fn logical_lines(commands: &str) -> Vec<String> {
    let joined = commands.replace("\\\n", " ");
    joined
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Each expected line is in the output, in order.
fn demand(printed: &str, expected: &[String]) -> Result<()> {
    let mut rest = printed.lines();
    for wanted in expected {
        if !rest.any(|line| matches(line.trim(), wanted.trim())) {
            bail!("expected {wanted:?} (in order) in:\n{printed}");
        }
    }
    Ok(())
}

/// Whether a line is as shown, `…` standing for anything.
fn matches(line: &str, shown: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_lines_match_with_gaps() {
        assert!(matches("8 cases passed in 3 ms", "8 cases passed…"));
        assert!(matches("sha256 abc 12 KB", "sha256 … KB"));
        assert!(!matches("7 cases passed", "8 cases passed"));
        assert!(!matches("7 cases passed", "7 cases"));
        assert!(demand("a\nb\nc", &["a".into(), "c".into()]).is_ok());
        assert!(demand("a\nb\nc", &["c".into(), "a".into()]).is_err());
    }

    #[test]
    fn a_page_becomes_chapters() {
        let page =
            "# T\n## One\n```sh exit=5\nfalse\n```\n```text\nx\n```\n```diff\n--- a\n```\n## Two\n```toml\nk\n```\n";
        let chapters = parse(page).unwrap_or_default();
        assert_eq!(chapters.len(), 3);
        assert_eq!(chapters[1].steps.len(), 2);
        assert!(matches!(&chapters[1].steps[0], Step::Run { exit: 5, expected, .. } if expected == &["x"]));
        assert!(chapters[2].steps.is_empty());
        assert!(parse("```text\nx\n```\n").is_err());
    }
}

//! Columns and paragraphs in plain text, by the width that a terminal gives each character.

use anstyle::Style;
use textwrap::{Options, WordSplitter};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Blanks between two columns.
const GAP: &str = "  ";

/// What the text is written for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) color: bool,
    pub(super) width: usize,
}

impl Page {
    /// `text` in that style, where the page has colours.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.color && !style.is_plain() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A paragraph: `head` on its first line, and under the end of it the rest of the lines.
    pub(super) fn paragraph(&self, head: &str, text: &str) -> String {
        let indent = " ".repeat(head.width());
        // An id is not broken at its hyphens, so that it can be copied.
        let options = Options::new(self.width).initial_indent(head).subsequent_indent(&indent);
        let options = options.word_splitter(WordSplitter::NoHyphenation);
        textwrap::fill(&visible(text), options) + "\n"
    }

    /// A command that can be copied: broken only before an option, with a backslash.
    pub(super) fn command(&self, head: &str, command: &str) -> String {
        let indent = head.width() + 2;
        let mut lines = vec![head.to_owned()];
        let mut used = head.width();
        for (at, word) in visible(command).split(" --").enumerate() {
            let word = if at == 0 { word.to_owned() } else { format!("--{word}") };
            // Two columns stay free for a blank and the backslash.
            if at > 0 && used + 1 + word.width() + 2 > self.width {
                used = indent + word.width();
                lines.push(format!("{}{word}", " ".repeat(indent)));
            } else if let Some(line) = lines.last_mut() {
                let blank = if at == 0 { "" } else { " " };
                used += blank.len() + word.width();
                line.push_str(blank);
                line.push_str(&word);
            }
        }
        lines.join(" \\\n") + "\n"
    }
}

/// Where a cell's text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
    Center,
}

/// A text and how it is painted.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) style: Style,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), style: Style::new() }
    }
}

/// Rows under a head. Columns are as wide as their widest cell; the last one is cut where the page ends.
pub(super) fn table(page: Page, indent: &str, aligns: &[Align], rows: &[Vec<Cell>]) -> String {
    let widths: Vec<usize> = (0..aligns.len())
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max().unwrap_or(0))
        .collect();
    let before_last: usize = indent.width() + widths.iter().rev().skip(1).map(|width| width + GAP.len()).sum::<usize>();
    let last = widths.last().copied().unwrap_or(0).min(page.width.saturating_sub(before_last));
    let mut text = String::new();
    for row in rows {
        let mut line = indent.to_owned();
        for (column, cell) in row.iter().enumerate() {
            let width = if column + 1 == aligns.len() { last } else { widths[column] };
            let shown = shortened(&visible(&cell.text), width);
            let space = width.saturating_sub(shown.width());
            let left = match aligns[column] {
                Align::Left => 0,
                Align::Right => space,
                Align::Center => space / 2,
            };
            let gap = if column == 0 { "" } else { GAP };
            let painted = if shown.is_empty() { shown } else { page.paint(cell.style, &shown) };
            let right = if column + 1 == row.len() { 0 } else { space - left };
            line += &format!("{gap}{}{painted}{}", " ".repeat(left), " ".repeat(right));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `text` in at most `width` columns, with an ellipsis where something was cut.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    text.chars().take_while(fits).collect::<String>().trim_end().to_owned() + "…"
}

/// `text` without what would move the cursor, change colours or turn the direction of writing: it may come from a target.
fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: Page = Page { color: false, width: 40 };

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_page(text in "([a-zA-Z]{1,9} |[ぁ-ん漢字]{1,30}|\\PC){0,20}") {
            let cells = vec![Cell::plain("FAQ-01"), Cell::plain(text.clone())];
            let all = PAGE.paragraph("  observed  ", &text) + &table(PAGE, "  ", &[Align::Left, Align::Left], &[cells]);
            for line in all.lines() {
                prop_assert!(line.width() <= 40, "{} columns: {line}", line.width());
            }
        }
    }

    #[test]
    fn japanese_is_measured_in_columns() {
        let row = |text: &str| vec![Cell::plain(text), Cell::plain("|")];
        let text = table(PAGE, "", &[Align::Left, Align::Left], &[row("窓口"), row("abcd"), row("é")]);
        assert_eq!(text, "窓口  |\nabcd  |\né     |\n");
        assert_eq!(shortened("求職者マイページ", 9), "求職者マ…");
    }

    #[test]
    fn a_command_breaks_only_where_it_can_be_copied() {
        let text = PAGE.command("  ", "sekisho check --only 'a long name' --level baseline --seed 1");
        assert_eq!(text, "  sekisho check --only 'a long name' \\\n    --level baseline --seed 1\n");
    }

    #[test]
    fn a_target_cannot_steer_the_terminal() {
        assert_eq!(PAGE.paragraph("", "a\u{1b}[31mb\u{202e}c\nd"), "a\u{fffd}[31mb\u{fffd}c d\n");
    }
}

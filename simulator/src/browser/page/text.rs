//! Text with its white space collapsed, as a person reads it.

/// Collects text; runs of ASCII white space become one space, and there is none at either end.
#[derive(Debug, Clone, Default)]
pub(super) struct Collapsed {
    text: String,
    gap: bool,
}

impl Collapsed {
    pub(super) fn push(&mut self, piece: &str) {
        self.gap |= piece.starts_with(|first: char| first.is_ascii_whitespace());
        for word in piece.split_ascii_whitespace() {
            if self.gap && !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(word);
            self.gap = true;
        }
        if !piece.is_empty() {
            self.gap =
                piece.ends_with(|last: char| last.is_ascii_whitespace()) || self.gap && piece.trim_ascii().is_empty();
        }
    }

    /// What follows is a word of its own.
    pub(super) fn separate(&mut self) {
        self.gap = true;
    }

    /// Bytes collected so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_string(self) -> String {
        self.text
    }
}

/// One piece of text, collapsed.
pub(super) fn collapse<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    let mut collapsed = Collapsed::default();
    for piece in pieces {
        collapsed.push(piece);
    }
    collapsed.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_collapsed_across_pieces_and_words_are_not_torn() {
        for (pieces, expected) in [
            (vec!["  a\n\tb  "], "a b"),
            (vec!["6", "桁", "の数字"], "6桁の数字"),
            (vec!["a ", " b"], "a b"),
            (vec!["a", " ", "b"], "a b"),
            (vec!["a", "", "b"], "ab"),
            (vec![" ", "a"], "a"),
            (vec!["全角\u{3000}空白"], "全角\u{3000}空白"),
        ] {
            assert_eq!(collapse(pieces.iter().copied()), expected, "{pieces:?}");
        }
    }
}

//! Tables on stdout: for a terminal, or as Markdown for documents.

use comfy_table::{ContentArrangement, Table, presets};

use crate::cli::Format;

/// An empty table of this form, `columns` characters wide where a person reads it.
pub(crate) fn table(format: Format, columns: u16) -> Table {
    let mut table = Table::new();
    match format {
        Format::Markdown => table.load_style(presets::ASCII_MARKDOWN),
        Format::Table | Format::Json => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(columns)
            .load_style(presets::UTF8_HORIZONTAL_ONLY),
    };
    table
}

/// What stands between the entries of one cell.
pub(crate) const fn separator(format: Format) -> &'static str {
    match format {
        Format::Markdown => "<br>",
        Format::Table | Format::Json => "\n",
    }
}

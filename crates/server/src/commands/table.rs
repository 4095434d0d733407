//! Lists for people.

/// Columns as wide as their longest text, the last one open; without a line feed at the end.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.into_iter().map(|row| row.map(|text| plain(&text))));
    let mut widths = [0; N];
    for line in &lines {
        for (width, text) in widths.iter_mut().zip(line) {
            *width = text.chars().count().max(*width);
        }
    }
    let lines = lines.iter().map(|line| {
        let cells = line.iter().zip(widths).map(|(text, width)| format!("{text:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What people have written, without what would command the terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_control_characters_harmless() {
        let rows = [["ü".to_owned(), "x".to_owned()], ["long".to_owned(), "\u{1b}[2J".to_owned()]];
        let expected = "A     B\nü     x\nlong  \u{fffd}[2J";
        assert_eq!(table(["A", "B"], rows), expected);
        assert_eq!(table(["A", "B"], []), "A  B");
    }
}

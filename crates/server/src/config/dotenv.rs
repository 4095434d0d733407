//! Reads `.env` files.
//!
//! Values are taken as they are: nothing is substituted, so that a `$` in a password stays one.
//! The process environment is neither read nor changed. (The usual crate for this replaces
//! unquoted `$name` from the environment, and quotes whole lines in its errors.)

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The variable.
    pub(crate) name: String,
    /// Its value, without quotes.
    pub(crate) value: String,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Whether a comment was taken off behind it, which may have been meant as a part of it.
    pub(crate) is_cut: bool,
}

/// The assignments of a file, or what is wrong in which line. Errors quote nothing.
///
/// A line is `NAME=value`, perhaps after `export`. A value in single quotes is literal; in
/// double quotes `\n`, `\"` and `\\` are known; without quotes it ends at white space followed
/// by `#`, or at the end of the line. A `#` right behind the `=` is a part of the value.
pub(crate) fn parse(text: &str) -> Result<Vec<Assignment>, (usize, &'static str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut assignments = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, rest) = line.split_once('=').ok_or((number, "expected NAME=value"))?;
        let name = name.trim();
        let first_is_letter = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !first_is_letter || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err((number, "the name may have letters, digits and _ only"));
        }
        let (value, is_cut) = value(rest).map_err(|problem| (number, problem))?;
        assignments.push(Assignment { name: name.to_owned(), value, line: number, is_cut });
    }
    Ok(assignments)
}

/// The value, and whether it was cut at a comment that may have been meant as a part of it.
fn value(rest: &str) -> Result<(String, bool), &'static str> {
    let text = rest.trim();
    let (value, rest) = match text.chars().next() {
        Some('\'') => {
            let body = text.get(1..).unwrap_or_default();
            let (value, rest) = body.split_once('\'').ok_or("the single quote is not closed")?;
            (value.to_owned(), rest)
        }
        Some('"') => double_quoted(text.get(1..).unwrap_or_default())?,
        _ => {
            let comment = rest.match_indices('#').map(|(at, _)| at).find(|at| {
                rest.get(..*at).is_some_and(|before| before.ends_with(char::is_whitespace))
            });
            let value = comment.and_then(|at| rest.get(..at)).unwrap_or(rest).trim();
            refuse_reference(value)?;
            return Ok((value.to_owned(), comment.is_some() && !value.is_empty()));
        }
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok((value, false))
    } else {
        Err("there is text after the closing quote")
    }
}

fn double_quoted(body: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                refuse_reference(body.get(..at).unwrap_or_default())?;
                return Ok((value, body.get(at + 1..).unwrap_or_default()));
            }
            '\\' => match chars.next().map(|(_, escaped)| escaped) {
                Some('n') => value.push('\n'),
                Some(escaped @ ('"' | '\\' | '$')) => value.push(escaped),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            _ => value.push(c),
        }
    }
    Err("the double quote is not closed")
}

/// Other readers would replace `${NAME}`; to take it literally without a word would surprise.
fn refuse_reference(value: &str) -> Result<(), &'static str> {
    if value.replace("\\$", "").contains("${") {
        return Err(
            "${…} is not replaced here; put the value in single quotes to mean it as it is",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(line: &str) -> Result<String, &'static str> {
        parse(line).map(|all| all[0].value.clone()).map_err(|(_, problem)| problem)
    }

    #[test]
    fn values_are_taken_as_they_are() {
        let cases = [
            ("A=b", "b"),
            ("  export A = b  ", "b"),
            ("A=", ""),
            ("A= # comment", ""),
            ("A=#no comment", "#no comment"),
            ("A=\t# comment", ""),
            ("A=b # comment", "b"),
            ("A=b#no comment", "b#no comment"),
            ("A=two words", "two words"),
            ("A=p@ss:w/rd#%?", "p@ss:w/rd#%?"),
            ("A=pa$word\\n", "pa$word\\n"),
            ("A=a=b=c", "a=b=c"),
            ("A='p@ss $HOME ${HOME} # \\n'", "p@ss $HOME ${HOME} # \\n"),
            ("A='b' # comment", "b"),
            (r#"A="b # \" \\ \n $HOME" # comment"#, "b # \" \\ \n $HOME"),
            (r#"A="\${HOME}""#, "${HOME}"),
            (r#"A=it"s"#, "it\"s"),
            ("\u{feff}A=b\r\n", "b"),
        ];
        for (line, expected) in cases {
            assert_eq!(one(line).as_deref(), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn what_is_unclear_is_refused_without_quoting_it() {
        let cases = ["secret", "=secret", "A B=secret", "1A=x", "A='secret", "A=\"secret"];
        for line in cases.into_iter().chain(["A='x'secret", "A=${SECRET}", "A=\"${SECRET}\""]) {
            let problem = one(line).unwrap_err();
            assert!(!problem.to_lowercase().contains("secret"), "{line}: {problem}");
        }
        assert_eq!(parse("# one\n\nA=b\noops").unwrap_err().0, 4);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(?s).*") {
            let _ = parse(&text);
        }

        #[test]
        fn any_value_can_be_written_in_double_quotes(value in "[^\r\0]*") {
            let escaped: String = value
                .chars()
                .map(|c| match c {
                    '\n' => "\\n".to_owned(),
                    '"' | '\\' | '$' => format!("\\{c}"),
                    _ => c.to_string(),
                })
                .collect();
            // Other line breaks than \n are no breaks to `str::lines`.
            prop_assert_eq!(one(&format!("A=\"{escaped}\"")), Ok(value));
        }
    }
}

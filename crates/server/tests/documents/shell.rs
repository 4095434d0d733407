//! As much of a shell as the documents use: words, quotes, pipes, assignments and `$( … )`.

/// A command: its words without quotes, assignments and redirections.
pub(crate) type Command = Vec<String>;

/// The commands of a script in their order, those within `$( … )` before the one around them.
pub(crate) fn commands(script: &str) -> Result<Vec<Command>, String> {
    let mut reader = Reader { rest: script.chars().collect(), at: 0, found: Vec::new() };
    reader.list(None)?;
    let found = reader.found.into_iter().map(plain);
    Ok(found.filter(|command| !command.is_empty()).collect())
}

/// A command without the assignments before it and the braces around a function's body.
fn plain(words: Command) -> Command {
    let is_around = |word: &String| {
        let name = word.split_once('=').map(|(name, _)| name);
        let assigns = name.is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        assigns || word == "{" || word == "}" || word.ends_with("()")
    };
    words.into_iter().skip_while(is_around).collect()
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    found: Vec<Command>,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    /// Commands up to `end`, or to the end of the script.
    fn list(&mut self, end: Option<char>) -> Result<(), String> {
        let mut command = Command::new();
        loop {
            match self.peek() {
                None if end.is_none() => break,
                None => return Err("$( is not closed".to_owned()),
                found if found == end => {
                    self.next();
                    break;
                }
                Some(' ' | '\t') => self.at += 1,
                // The line goes on.
                Some('\\') if self.rest.get(self.at + 1) == Some(&'\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                Some('\n' | ';' | '|' | '&') => {
                    self.at += 1;
                    self.found.push(std::mem::take(&mut command));
                }
                Some(')') => return Err(") closes nothing".to_owned()),
                Some('>' | '<') => {
                    while self.take('>') || self.take('<') || self.take('&') || self.take(' ') {}
                    self.word()?;
                }
                Some(_) => command.push(self.word()?),
            }
        }
        self.found.push(command);
        Ok(())
    }

    fn word(&mut self) -> Result<String, String> {
        let mut word = String::new();
        while let Some(next) = self.peek() {
            match next {
                ' ' | '\t' | '\n' | ';' | '|' | '&' | '>' | '<' | ')' if !word.ends_with('(') => {
                    break;
                }
                '\'' => {
                    self.at += 1;
                    self.until('\'', &mut word, false)?;
                }
                '"' => {
                    self.at += 1;
                    self.until('"', &mut word, true)?;
                }
                '\\' => {
                    self.at += 1;
                    word.extend(self.next().filter(|c| *c != '\n'));
                }
                '$' => self.variable(&mut word)?,
                other => {
                    self.at += 1;
                    word.push(other);
                }
            }
        }
        Ok(word)
    }

    fn until(&mut self, quote: char, word: &mut String, expands: bool) -> Result<(), String> {
        loop {
            match self.peek() {
                None => return Err(format!("{quote} is not closed")),
                Some(next) if next == quote => {
                    self.at += 1;
                    return Ok(());
                }
                Some('$') if expands => self.variable(word)?,
                Some('\\') if expands => {
                    self.at += 1;
                    word.extend(self.next());
                }
                Some(other) => {
                    self.at += 1;
                    word.push(other);
                }
            }
        }
    }

    /// `$NAME` and `${…}` stay as they are; `$( … )` is read for its own commands.
    fn variable(&mut self, word: &mut String) -> Result<(), String> {
        self.at += 1;
        word.push('$');
        if self.take('(') {
            word.push_str("()");
            return self.list(Some(')'));
        }
        if self.take('{') {
            word.push('{');
            while let Some(next) = self.next() {
                word.push(next);
                if next == '}' {
                    return Ok(());
                }
            }
            return Err("${ is not closed".to_owned());
        }
        Ok(())
    }
}

#[test]
fn scripts_are_read_as_a_shell_reads_them() {
    let script = "A=$(curl -s $B/x -d '{\"a\": \"'$C'\"}' \\\n | json \"['t']\")  # why\n\
                  x \\\n  --y 'z w' > file && OLD='m' chatapp import - 2>&1\nf() { p \"q r\"; }\n";
    let expected: [&[&str]; 5] = [
        &["curl", "-s", "$B/x", "-d", "{\"a\": \"$C\"}"],
        &["json", "['t']"],
        &["x", "--y", "z w"],
        &["chatapp", "import", "-", "2"],
        &["p", "q r"],
    ];
    let found = commands(script).unwrap();
    assert_eq!(found, expected);
    assert!(commands("a 'b").is_err() && commands("a $(b").is_err());
}

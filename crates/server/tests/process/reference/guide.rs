//! The text of `docs/API.md`, taken apart and put together again.
//!
//! A section begins with `### METHOD /path`. A block of `sh` in it is an example. `Reply: 200`
//! below it says the status, the block after that what came; `` Keep `id` as `$NAME`. `` keeps a
//! value of the reply for later examples.

use std::collections::BTreeSet;
use std::fmt;

/// A method and a path template.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    path: String,
    method: String,
}

impl Route {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_uppercase(), path: path.to_owned() }
    }

    /// Whether a request can be one of this route.
    pub(crate) fn fits(&self, method: &str, path: &str) -> bool {
        let (ours, theirs): (Vec<&str>, Vec<&str>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let mut segments = ours.iter().zip(&theirs);
        self.method == method
            && ours.len() == theirs.len()
            && segments.all(|(ours, theirs)| ours.starts_with('{') || ours == theirs)
    }

    /// How many segments of its path are parameters.
    pub(crate) fn parameters(&self) -> usize {
        self.path.matches('{').count()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The reply that an example is said to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) status: u16,
    /// Named for everything but JSON.
    pub(crate) media_type: Option<String>,
    /// What the block holds, without its fences; empty where there is none.
    pub(crate) body: String,
}

/// An example, and the text around it.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) route: Route,
    pub(crate) script: String,
    pub(crate) shown: Option<Shown>,
    /// Names of variables, and where in the reply their values are.
    pub(crate) kept: Vec<(String, String)>,
    /// Everything between the previous example's reply and this one's.
    before: String,
}

/// The whole text.
#[derive(Debug)]
pub(crate) struct Guide {
    pub(crate) examples: Vec<Example>,
    sections: BTreeSet<Route>,
    after: String,
}

impl Guide {
    pub(crate) fn read(text: &str) -> Self {
        let mut guide =
            Self { examples: Vec::new(), sections: BTreeSet::new(), after: String::new() };
        let mut route = Route::default();
        let mut lines = text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            if let Some(heading) = line.strip_prefix("### ") {
                let (method, path) = heading.trim().split_once(' ').unwrap_or(("", ""));
                route = Route::new(method, path);
                assert!(guide.sections.insert(route.clone()), "{route} has two sections");
            } else if let (Some(kept), Some(last)) =
                (line.strip_prefix("Keep "), guide.examples.last_mut())
            {
                last.kept.extend(kept_values(kept));
            }
            guide.after.push_str(line);
            if line != "```sh\n" {
                continue;
            }
            let script: String = lines.by_ref().take_while(|line| *line != "```\n").collect();
            guide.after.push_str(&script);
            guide.after.push_str("```\n");
            let before = std::mem::take(&mut guide.after);
            let shown = reply(&mut lines);
            let route = route.clone();
            guide.examples.push(Example { route, script, shown, kept: Vec::new(), before });
        }
        guide
    }

    /// The routes that have a section with an example.
    pub(crate) fn routes(&self) -> BTreeSet<Route> {
        let shown: BTreeSet<Route> =
            self.examples.iter().map(|example| example.route.clone()).collect();
        let bare: Vec<&Route> = self.sections.difference(&shown).collect();
        assert!(bare.is_empty(), "sections of docs/API.md without an example: {bare:?}");
        shown
    }

    /// The text again.
    pub(crate) fn write(&self) -> String {
        let mut text = String::new();
        for example in &self.examples {
            text.push_str(&example.before);
            let Some(Shown { status, media_type, body }) = &example.shown else { continue };
            text.extend(["\nReply: ", &status.to_string()]);
            if let Some(media_type) = media_type {
                text.extend([", `", media_type, "`"]);
            }
            text.push('\n');
            if !body.is_empty() {
                let language = if media_type.is_some() { "text" } else { "json" };
                text.extend(["\n```", language, "\n", body, "```\n"]);
            }
        }
        text + &self.after
    }
}

/// `` `id` as `$NAME`, `a.b` as `$OTHER`. ``
fn kept_values(text: &str) -> Vec<(String, String)> {
    let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let pairs = quoted.chunks_exact(2).map(|pair| {
        let name = pair[1].strip_prefix('$').expect("`place` as `$NAME`");
        (name.to_owned(), pair[0].to_owned())
    });
    pairs.collect()
}

/// The reply that follows an example, if one does: its line and its block.
fn reply<'a>(
    lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str> + Clone>,
) -> Option<Shown> {
    let mut ahead = lines.clone();
    let line = ahead.find(|line| *line != "\n")?.strip_prefix("Reply: ")?.trim_end();
    let (status, media_type) = match line.split_once(", ") {
        Some((status, media_type)) => (status, Some(media_type.trim_matches('`').to_owned())),
        None => (line, None),
    };
    let status = status.parse().expect("a status");
    *lines = ahead.clone();
    let mut shown = Shown { status, media_type, body: String::new() };
    let fence = ahead.find(|line| *line != "\n");
    if matches!(fence, Some("```json\n" | "```text\n")) {
        shown.body = ahead.by_ref().take_while(|line| *line != "```\n").collect();
        *lines = ahead;
    }
    Some(shown)
}

//! A `curl` of a document, held against the description of the API.

use serde_json::Value;
use testkit::schema::{breach, resolved};

/// Options that take a value.
const VALUED: [&str; 13] = [
    "-H",
    "--header",
    "-d",
    "--data",
    "--data-binary",
    "-o",
    "--output",
    "-X",
    "--request",
    "-T",
    "-u",
    "--max-time",
    "-w",
];
/// Options that take none.
const FLAGS: [&str; 8] = ["-s", "-S", "-N", "-f", "-i", "-L", "--silent", "--no-buffer"];

/// What a command asks for.
#[derive(Debug, Default)]
struct Asked {
    url: Option<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// What is wrong with a `curl`; its words without the program.
pub(crate) fn check(document: &Value, words: &[String]) -> Result<(), String> {
    let asked = read(words)?;
    let url = asked.url.as_deref().ok_or("it has no URL")?;
    let (path, query) = place(url)?;
    let method = asked.method.clone().unwrap_or_else(|| {
        let method = if asked.body.is_some() { "post" } else { "get" };
        method.to_owned()
    });
    let operation = operation(document, &method, path)
        .ok_or_else(|| format!("there is no {} {path}", method.to_uppercase()))?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let is_named = |parameter: &Value| parameter["in"] == "query" && parameter["name"] == name;
        if !operation["parameters"].as_array().is_some_and(|all| all.iter().any(is_named)) {
            return Err(format!("{path} takes no {name}"));
        }
    }
    let header = |wanted: &str| asked.headers.iter().find(|(name, _)| name == wanted);
    if operation.get("security").is_some() && header("authorization").is_none() {
        return Err("it needs a token".to_owned());
    }
    body(document, operation, header("content-type").map(|(_, value)| value), asked.body.as_deref())
}

fn read(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            if asked.url.replace(word.clone()).is_some() {
                return Err(format!("{word} is one URL too many"));
            }
            continue;
        }
        // `-sH …` is `-s -H …`.
        let several = !word.starts_with("--") && word.len() > 2;
        let parts = if several {
            word.chars().skip(1).map(|letter| format!("-{letter}")).collect()
        } else {
            vec![word.clone()]
        };
        for option in parts {
            if FLAGS.contains(&option.as_str()) {
                continue;
            }
            if !VALUED.contains(&option.as_str()) {
                return Err(format!("what is {option}? If curl knows it, say so here"));
            }
            let value = words.next().ok_or_else(|| format!("{option} needs a value"))?.clone();
            match option.as_str() {
                "-X" | "--request" => asked.method = Some(value.to_lowercase()),
                "-d" | "--data" | "--data-binary" | "-T" => asked.body = Some(value),
                "-H" | "--header" => {
                    let (name, value) = value.split_once(':').ok_or("a header needs a colon")?;
                    asked.headers.push((name.to_lowercase(), value.trim().to_owned()));
                }
                _ => {}
            }
        }
    }
    Ok(asked)
}

/// Path and query of a URL that begins with a server or a variable that names one.
fn place(url: &str) -> Result<(&str, &str), String> {
    let after_scheme = url.split_once("://").map(|(_, rest)| rest);
    let rest = after_scheme.or_else(|| url.strip_prefix('$'));
    let rest = rest.ok_or_else(|| format!("{url} names no server"))?;
    let from = rest.find('/').ok_or_else(|| format!("{url} has no path"))?;
    let path = rest.get(from..).unwrap_or_default();
    Ok(path.split_once('?').unwrap_or((path, "")))
}

/// The operation that answers; a variable stands for an id.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    let fits = |template: &str| {
        let (ours, theirs): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        let mut segments = ours.iter().zip(&theirs);
        ours.len() == theirs.len()
            && segments.all(|(ours, theirs)| {
                let is_id = theirs.starts_with('$') || theirs.contains('_');
                ours == theirs || (ours.starts_with('{') && is_id)
            })
    };
    let paths = document["paths"].as_object()?;
    let found = paths.iter().find(|(template, item)| fits(template) && item[method].is_object());
    found.map(|(_, item)| &item[method])
}

fn body(
    document: &Value,
    operation: &Value,
    media: Option<&String>,
    sent: Option<&str>,
) -> Result<(), String> {
    let taken = operation.get("requestBody");
    let (taken, sent) = match (taken, sent) {
        (None, Some(_)) => return Err("it takes no body".to_owned()),
        (Some(taken), None) if taken["required"] == true => {
            return Err("it needs a body".to_owned());
        }
        (_, None) => return Ok(()),
        (Some(taken), Some(sent)) => (taken, sent),
    };
    let media = media.ok_or("curl calls the body a form; name its content-type")?;
    let content = &resolved(document, taken)["content"];
    let schema = content.get(media).ok_or_else(|| format!("it takes no {media}"))?;
    if sent.starts_with('@') || media != "application/json" {
        return Ok(());
    }
    let sent: Value = serde_json::from_str(sent).map_err(|error| format!("{error}: {sent}"))?;
    match breach(document, &schema["schema"], &sent) {
        Some(why) => Err(format!("the body is not what it takes: {why}")),
        None => Ok(()),
    }
}

//! From files to the table that the library includes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("substitute.html");
const STYLE: &str = include_str!("substitute.css");

/// The table of a built client.
pub(crate) fn folder(folder: &Path) -> Result<String, String> {
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let index = fs::read_to_string(folder.join("index.html"))
        .map_err(|error| format!("{} has no index.html: {error}", folder.display()))?;
    let mut files = Vec::new();
    collect(&folder, &mut files).map_err(|error| format!("{}: {error}", folder.display()))?;
    files.sort();
    let mut table = String::new();
    for file in &files {
        let relative = file.strip_prefix(&folder).map_err(|error| error.to_string())?;
        let relative = relative.to_string_lossy().replace('\\', "/");
        if file.extension().is_some_and(|extension| extension == "gz") {
            continue;
        }
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let compressed = PathBuf::from(format!("{}.gz", file.display()));
        let gzip = if compressed.is_file() {
            format!("Some({})", include(&compressed))
        } else {
            "None".to_owned()
        };
        add(&mut table, &relative, &include(file), &gzip, &bytes);
    }
    Ok(code(&table, build_of(&index)))
}

/// The table of the page that says why there is no client.
pub(crate) fn substitute(reason: &str) -> String {
    let escaped = reason.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let page = PAGE.replace("{reason}", &escaped);
    let mut table = String::new();
    for (path, text) in [("index.html", page.as_str()), ("substitute.css", STYLE)] {
        add(&mut table, path, &format!("{text:?}.as_bytes()"), "None", text.as_bytes());
    }
    code(&table, None)
}

/// The expression that includes a file. Cargo's own paths are text.
fn include(file: &Path) -> String {
    format!("include_bytes!({:?})", file.to_string_lossy())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn add(table: &mut String, path: &str, bytes: &str, gzip: &str, content: &[u8]) {
    let digest = digest(content);
    // Writing into a string cannot fail.
    let _ = writeln!(
        table,
        "    File {{ path: Cow::Borrowed({path:?}), bytes: Cow::Borrowed({bytes}), gzip: {gzip}, \
         digest: Cow::Borrowed(\"{digest:016x}\") }},"
    );
}

fn code(table: &str, build: Option<&str>) -> String {
    format!(
        "pub(crate) static FILES: &[File] = &[\n{table}];\n\
         pub(crate) static BUILD: Option<&str> = {build:?};\n"
    )
}

/// What the page says it is: the content of its `<meta name="build">`.
fn build_of(index: &str) -> Option<&str> {
    let (_, rest) = index.split_once("<meta name=\"build\" content=\"")?;
    rest.split_once('"').map(|(build, _)| build)
}

/// FNV-1a: tells versions of one file apart.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

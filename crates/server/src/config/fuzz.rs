//! A way into the reader of `.env`, for the fuzz targets (`fuzz/`). Not part of the program.

use super::dotenv;

/// An assignment of `.env`: its variable, its value and its line.
pub type Assignment = (String, String, usize);

/// Reads `.env`; the error is the line and what is wrong in it.
pub fn dot_env(text: &str) -> Result<Vec<Assignment>, (usize, &'static str)> {
    let assignments = dotenv::parse(text)?;
    Ok(assignments.into_iter().map(|found| (found.name, found.value, found.line)).collect())
}

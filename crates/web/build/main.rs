//! Builds the web client, when Node is here, and embeds it.
//!
//! `CHATAPP_BUILD_WEB` decides: not set, the client is built if that is possible, and otherwise a
//! page says what was missing; `required` makes that an error; `off` leaves the client out; anything
//! else is the folder of a client that was built before.
#![expect(clippy::print_stdout, reason = "that is how a build script talks to cargo")]

mod embed;
mod npm;

use std::path::PathBuf;
use std::process::ExitCode;

const VARIABLE: &str = "CHATAPP_BUILD_WEB";

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    println!("cargo::rerun-if-changed=build");
    let choice = std::env::var(VARIABLE).unwrap_or_default();
    match built(&choice).and_then(|folder| embed::folder(&folder)) {
        Ok(code) => write(&code),
        Err(reason) if choice == "required" => {
            println!("cargo::error=the web client cannot be built: {reason}");
            ExitCode::FAILURE
        }
        Err(reason) => {
            if choice != "off" {
                println!("cargo::warning=built without the web client: {reason}");
                println!("cargo::warning=to try again: cargo clean -p web && cargo build");
            }
            write(&embed::substitute(&reason))
        }
    }
}

/// The folder of the built client.
fn built(choice: &str) -> Result<PathBuf, String> {
    match choice {
        "off" => Err(format!("the build was told to leave it out ({VARIABLE}=off)")),
        "" | "auto" | "required" => {
            let sources = own_dir().join("../../frontend");
            npm::build(&sources, &out_dir().join("frontend"))
        }
        folder => {
            println!("cargo::rerun-if-changed={folder}");
            Ok(PathBuf::from(folder))
        }
    }
}

fn write(code: &str) -> ExitCode {
    let target = out_dir().join("site.rs");
    match std::fs::write(&target, code) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=cannot write {}: {error}", target.display());
            ExitCode::FAILURE
        }
    }
}

/// The folder of this crate, asked for anew each time: checkouts may share a compiled script.
fn own_dir() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default())
}

/// The script's own place; cargo always says where it is.
fn out_dir() -> PathBuf {
    PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default())
}

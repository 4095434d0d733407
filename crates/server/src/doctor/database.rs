//! The database: is it there, whole, ours, and up to date.

use std::path::Path;

use crud::ConnectError;
use crud::backup::FileError;
use crud::examine::Examined;
use crud::transport::{Tls, Transport};
use models::Context;

use super::clock;
use super::report::Report;
use crate::config::{Config, Synchronous};
use crate::secrets::{OTHER_SECRET, SAME_SECRET, Secrets};
use crate::{app, packet};

/// A write-ahead log of this size means that a reader keeps it from being emptied, in MiB.
const LONG_LOG_MIB: u64 = 512;

pub(super) async fn check(report: &mut Report, config: &Config, context: &Context) {
    let place = config.database.to_string();
    if let Some(file) = config.database.sqlite_path().filter(|file| file.exists())
        && let Err(error) = std::fs::File::options().append(true).open(file)
    {
        return report.fail(
            "database",
            format!("{} cannot be written: {error}.", file.display()),
            "Give the file to the account of the server, or run this as that account. If its disk \
             is read-only, look into the system's log for errors of the disk, and mount it again.",
        );
    }
    if let Some(file) = config.database.sqlite_path().filter(|file| file.exists())
        && let Err(error) = crud::backup::check_live(file).await
    {
        return damaged(report, &error);
    }
    match crud::examine::examine(&app::database(config)).await {
        Ok(None) => report.ok("database", format!("{place} does not exist yet; the first start makes it.")),
        Ok(Some(found)) => examined(report, config, &place, found, context),
        // These say what to do.
        Err(error @ (ConnectError::Unprotected { .. } | ConnectError::Unsuitable { .. })) => report
            .fail(
                "database",
                format!("{error}."),
                "Nothing else was looked at in it. docs/OPERATING.md says more about TLS.",
            ),
        Err(error) => report.fail(
            "database",
            format!("{}.", with_causes(&error)),
            "Check the address, the account and whether the database server runs (DB_HOST, DB_USER, \
             DB_PASSWORD, DB_NAME or DATABASE_URL).",
        ),
    }
}

fn damaged(report: &mut Report, error: &FileError) {
    report.fail(
        "database",
        format!("{error}."),
        "Stop the server, keep a copy of the file, and put the newest backup back: chatapp restore \
         FILE --yes. Check the disk.",
    );
}

fn examined(report: &mut Report, config: &Config, place: &str, found: Examined, context: &Context) {
    let Examined { version, schema, secret, views, time, packet: largest, transport, orphans } =
        found;
    let is_current = matches!(&schema, Ok(pending) if pending.is_empty());
    report.ok("database", format!("{place} answers ({version})."));
    if let Some(transport) = transport {
        spoken(report, &transport);
    }
    match schema {
        Ok(pending) if pending.is_empty() => report.ok("schema", "It is up to date."),
        Ok(pending) if config.storage.migrate => report.warn(
            "schema",
            format!("{} steps are not applied yet.", pending.len()),
            "The next start applies them; make a backup before: chatapp backup",
        ),
        Ok(pending) => report.fail(
            "schema",
            format!("{} steps are not applied, and a start may not do it.", pending.len()),
            "Run: chatapp migrate",
        ),
        Err(error) => report.fail("schema", format!("{error}."), "No server can start on it."),
    }
    if is_current && !views.is_empty() {
        report.warn(
            "schema",
            format!("The views {} are missing or made by another account.", views.join(", ")),
            "The next start makes them again, if its account may create views. Only people with a \
             SQL tool need them.",
        );
    }
    if let (Some(noted), Ok(own)) = (secret, Secrets::existing(config))
        && own.iter().all(|secret| secret.fingerprint() != noted)
    {
        report.fail("secret", OTHER_SECRET, SAME_SECRET);
    }
    if orphans > 0 {
        report.warn(
            "database",
            format!("{orphans} rows refer to rows that were deleted without PRAGMA foreign_keys = ON."),
            "List them with PRAGMA foreign_key_check, and delete them; docs/DATABASE.md says how to \
             delete by SQL.",
        );
    }
    if let Some(sentence) = largest.and_then(|packet| packet::too_small(config, packet)) {
        report.warn("database", sentence, packet::ADVICE);
    }
    if let Some(time) = time {
        clock::compare(report, "the database server", time, context);
    }
    if let Some(file) = config.database.sqlite_path() {
        long_log(report, file);
        if config.storage.synchronous == Synchronous::Normal {
            report.warn(
                "database",
                "storage.synchronous is normal: a power loss may cost what was acknowledged last.",
                "Set it to full, unless that is what you want.",
            );
        }
    }
}

/// How a database server is spoken to.
fn spoken(report: &mut Report, transport: &Transport) {
    let Transport { tls, is_verified, is_here } = transport;
    match tls {
        Some(Tls { version, cipher }) => {
            let verified = if *is_verified {
                "its certificate is verified"
            } else {
                "its certificate is not verified (DB_TLS_CA, or DB_TLS=verify_identity)"
            };
            report.ok("database", format!("TLS is spoken ({version}, {cipher}); {verified}."));
        }
        None if *is_here => report.ok("database", "Plain text is spoken, on this machine."),
        None => report.warn(
            "database",
            "Plain text is spoken, and not on this machine: anybody in between can read along.",
            "Turn TLS on at the server, and set DB_TLS=required, or DB_TLS_CA to the CA that signed \
             its certificate. docs/OPERATING.md says more.",
        ),
    }
}

fn long_log(report: &mut Report, file: &Path) {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let mib = std::fs::metadata(log).map_or(0, |metadata| metadata.len() / (1024 * 1024));
    if mib > LONG_LOG_MIB {
        report.warn(
            "database",
            format!(
                "Its write-ahead log is {mib} MiB long: some program has kept it open for long."
            ),
            "Look for a shell or a backup that reads the database, and end it.",
        );
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

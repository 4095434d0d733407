//! What the operating system knows of the process and its disk.

use std::io;
use std::path::Path;

use metrics::gauge;

/// Shows it as metrics; what this system does not tell is left out.
pub(super) fn measure(data_dir: &Path, database: Option<&Path>) {
    if let Ok(bytes) = free_bytes(data_dir) {
        set("chatapp_data_disk_free_bytes", bytes);
    }
    if let Some(bytes) = database.and_then(length) {
        gauge!("chatapp_database_file_bytes", "file" => "database").set(approximate(bytes));
    }
    let log = database.map(|file| {
        let mut name = file.as_os_str().to_owned();
        name.push("-wal");
        name
    });
    if let Some(bytes) = log.and_then(|log| length(Path::new(&log))) {
        gauge!("chatapp_database_file_bytes", "file" => "log").set(approximate(bytes));
    }
    if let Some(bytes) = resident_bytes() {
        set("process_resident_memory_bytes", bytes);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        set("process_open_fds", files.count() as u64);
    }
}

fn set(name: &'static str, value: u64) {
    gauge!(name).set(approximate(value));
}

/// Gauges are floating-point numbers: exact up to 8 PiB.
#[expect(clippy::cast_precision_loss, reason = "so large a number needs no last digit")]
fn approximate(value: u64) -> f64 {
    value as f64
}

fn length(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|metadata| metadata.len())
}

/// The memory that is not swapped out (Linux).
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// How much may be written where a folder is.
#[cfg(unix)]
pub(crate) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// How much may be written where a folder is.
#[cfg(not(unix))]
pub(crate) fn free_bytes(_folder: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

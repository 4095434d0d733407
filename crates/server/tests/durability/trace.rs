//! Reads what `strace -f -y` wrote.

use std::collections::HashMap;

/// The system calls that are traced.
pub(crate) const CALLS: &str = "trace=fdatasync,fsync,pwrite64,pwritev,write,writev,sendto,sendmsg";

/// One line for each call, or two when another thread's call came between its begin and its end.
#[derive(Debug)]
pub(crate) struct Trace<'a> {
    lines: Vec<&'a str>,
    /// Line of the begin and of the end of each finished sync of the write-ahead log.
    syncs: Vec<(usize, usize)>,
}

impl<'a> Trace<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let mut begun = HashMap::new();
        let mut syncs = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let Some((thread, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            if (call.starts_with("fdatasync(") || call.starts_with("fsync("))
                && call.contains("-wal>")
            {
                if call.ends_with("<unfinished ...>") {
                    begun.insert(thread, number);
                } else if call.ends_with(" = 0") {
                    syncs.push((number, number));
                }
            } else if call.contains("sync resumed>")
                && let Some(begin) = begun.remove(thread)
                && call.ends_with(" = 0")
            {
                syncs.push((begin, number));
            }
        }
        Self { lines, syncs }
    }

    fn find(&self, what: &str, is: impl Fn(&str) -> bool, skip: usize) -> usize {
        let mut found = self.lines.iter().enumerate().filter(|(_, line)| is(line));
        found.nth(skip).unwrap_or_else(|| panic!("not in the trace: {what}")).0
    }

    /// Whether the transaction that wrote `text` was on disk when the reply with this status,
    /// the one after `earlier` others, was written: a sync of the log began after the one and
    /// ended before the other.
    pub(crate) fn is_synced_before_reply(&self, text: &str, status: u16, earlier: usize) -> bool {
        let is_log =
            |line: &str| line.contains(" pwrite") && line.contains("-wal>") && line.contains(text);
        let written = self.find(text, is_log, 0);
        let head = format!("\"HTTP/1.1 {status} ");
        let replied = self.find(&head, |line| line.contains(&head), earlier);
        assert!(written < replied, "{text} was acknowledged before it was written at all");
        self.syncs.iter().any(|(begin, end)| written < *begin && *end < replied)
    }
}

//! Ports of servers that are started by number, and started again at the same number; the address
//! by which others know this machine.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{TcpListener, UdpSocket};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that the kernel gives to listeners and connections that ask for any (Linux: from
/// 32,768, others from 49,152). One of those can be gone while its server is down: to another
/// test's listener, or to a client of that very server, since TCP connects a port to itself when
/// both ends happen to be the same.
const RANGE: Range<u16> = 10_000..32_000;

/// Processes begin at different places, so that two at once seldom meet.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let place = RandomState::new().hash_one(std::process::id()) % RANGE.len() as u64;
    AtomicU16::new(u16::try_from(place).expect("less than the range is long"))
});

/// A port of 127.0.0.1 that was free a moment ago, and that this process did not get lately.
pub fn free_port() -> Result<u16, String> {
    let length = RANGE.end - RANGE.start;
    for _ in RANGE {
        let port = RANGE.start + NEXT.fetch_add(1, Ordering::Relaxed) % length;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(format!("none of the ports {RANGE:?} is free"))
}

/// What others call this machine: its address in a network, or else its name. It is none of those
/// that are known to be of this machine, such as `localhost`.
pub fn outer_address() -> String {
    // Nothing is sent; the system only chooses from which address it would be.
    let chosen = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    match chosen {
        Ok(address) if !address.ip().is_loopback() => address.ip().to_string(),
        _ => std::fs::read_to_string("/proc/sys/kernel/hostname")
            .expect("a machine has an address or a name")
            .trim()
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_connection_is_given_the_port_of_a_server_that_is_down() {
        // Only Linux says which it gives to connections.
        let Ok(given) = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range") else {
            return;
        };
        let first: u16 = given.split_whitespace().next().unwrap().parse().unwrap();
        let ports: Vec<_> = (0..100).map(|_| free_port().unwrap()).collect();
        assert!(ports.iter().all(|port| *port < first), "{ports:?} below {first}");
        let different: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(different.len(), ports.len(), "{ports:?}");
    }
}

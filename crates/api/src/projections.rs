//! Pure functions from the log of a response to the wire: same events, same bytes.

pub mod responses;

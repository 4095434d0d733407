//! Random bytes from the operating system, through `aws-lc-rs`.

use aws_lc_rs::rand;

/// `N` random bytes, fit for secrets.
#[expect(
    clippy::expect_used,
    reason = "aws-lc ends the process itself when the system has no entropy; there is no weaker way on"
)]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system's random source works");
    bytes
}

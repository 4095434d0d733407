use tokio::time::advance;

use super::*;

fn call(breaker: &Breaker, failed: bool) {
    breaker.admit().unwrap().report(failed);
}

fn fail_until_open(breaker: &Breaker) -> u32 {
    for count in 0..100 {
        match breaker.admit() {
            Ok(mut permit) => permit.report(true),
            Err(Open) => return count,
        }
    }
    panic!("never opened");
}

#[tokio::test(start_paused = true)]
async fn opens_after_many_failures_and_closes_by_itself() {
    let breaker = Breaker::default();
    assert_eq!(fail_until_open(&breaker), FEWEST_CALLS);
    advance(PAUSE).await;
    let mut probe = breaker.admit().unwrap();
    assert_eq!(breaker.admit().unwrap_err(), Open, "one probe at a time");
    probe.report(true);
    assert!(breaker.admit().is_err());
    advance(PAUSE).await;
    drop(breaker.admit().unwrap());
    breaker.admit().expect("an abandoned probe makes room for another").report(false);
    for _ in 0..FEWEST_CALLS - 1 {
        call(&breaker, true);
    }
    assert!(breaker.admit().is_ok(), "counting began anew");
}

#[tokio::test(start_paused = true)]
async fn stays_closed_when_half_succeed_or_failures_are_old() {
    let breaker = Breaker::default();
    for n in 0..300 {
        call(&breaker, n % 3 == 0);
    }
    let breaker = Breaker::default();
    for _ in 0..100 {
        call(&breaker, true);
        advance(Duration::from_millis(700)).await;
    }
    assert!(breaker.admit().is_ok(), "fewer than {FEWEST_CALLS} in the window");
    assert!(lock(&breaker.0).slices.len() <= 11);
}

use chrono::DateTime;
use proptest::prelude::*;

use super::*;

const LIMITS: ThrottleLimits =
    ThrottleLimits { attempts: 5, attempts_per_address: 20, longest: Duration::from_mins(1) };

fn at(seconds: i64) -> Time {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A wrong guess that was checked at once.
#[track_caller]
fn wrong(throttle: &Throttle, guess: Guess, now: Time) {
    assert_eq!(throttle.admit(guess, now), Ok(()));
}

#[test]
fn the_wait_doubles_up_to_its_bound_and_no_further() {
    let throttle = Throttle::new(LIMITS);
    let guess = throttle.guess("ada", "192.0.2.1");
    let mut now = 0;
    for _ in 0..5 {
        wrong(&throttle, guess, at(now));
    }
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(throttle.admit(guess, at(now)), Err(secs(expected)));
        // Asking in vain does not make it longer.
        assert_eq!(throttle.wait(guess, at(now)), Some(secs(expected)));
        now += i64::try_from(expected).unwrap();
        wrong(&throttle, guess, at(now));
    }
}

#[test]
fn of_many_at_the_end_of_a_wait_one_is_checked() {
    let throttle = Throttle::new(LIMITS);
    let guess = throttle.guess("ada", "192.0.2.1");
    for _ in 0..5 {
        wrong(&throttle, guess, at(0));
    }
    assert_eq!(throttle.admit(guess, at(1)), Ok(()));
    let other = throttle.guess("ada", "192.0.2.2");
    assert_eq!(throttle.admit(other, at(1)), Err(secs(2)));
    throttle.right(guess, at(1));
    assert_eq!(throttle.admit(other, at(1)), Ok(()), "the owner is in, and it is forgotten");
}

#[test]
fn an_account_is_counted_from_everywhere_and_an_address_for_everybody() {
    let throttle = Throttle::new(LIMITS);
    for n in 0..5 {
        wrong(&throttle, throttle.guess("ada", &format!("192.0.2.{n}")), at(0));
    }
    let fresh = throttle.guess("ada", "198.51.100.1");
    assert!(throttle.is_account_waiting(fresh, at(0)));
    assert_eq!(throttle.wait(fresh, at(0)), Some(secs(1)));
    assert_eq!(throttle.wait(Throttle::of_address_only(fresh), at(0)), None);

    for n in 0..20 {
        wrong(&throttle, throttle.guess(&format!("user{n}"), "203.0.113.9"), at(0));
    }
    let spray = throttle.guess("somebody else", "203.0.113.9");
    assert!(!throttle.is_account_waiting(spray, at(0)));
    assert_eq!(throttle.wait(spray, at(0)), Some(secs(1)));
    assert_eq!(throttle.wait(throttle.guess("somebody else", "203.0.113.8"), at(0)), None);
}

#[test]
fn one_network_is_one_address() {
    let throttle = Throttle::new(LIMITS);
    let address = |text| throttle.guess("", text).address;
    assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:0:1"));
    assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
    assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    assert_eq!(address(""), None);
}

#[test]
fn whoever_has_an_account_does_not_guess_faster_for_it() {
    let throttle = Throttle::new(LIMITS);
    let mut guesses = 0;
    for now in 0..10_000 {
        let own = throttle.guess("mallory", "192.0.2.1");
        if throttle.admit(own, at(now)).is_ok() {
            throttle.right(own, at(now));
        }
        let victim = throttle.guess(&format!("user{now}"), "192.0.2.1");
        if throttle.admit(victim, at(now)).is_ok() {
            guesses += 1;
        }
    }
    assert!((20..=20 + 6 + 10_000 / 60).contains(&guesses), "{guesses}");
}

#[test]
fn what_happened_long_ago_is_forgotten() {
    let throttle = Throttle::new(LIMITS);
    let guess = throttle.guess("ada", "192.0.2.1");
    for _ in 0..5 {
        wrong(&throttle, guess, at(0));
    }
    let later = 15 * 60;
    for _ in 0..5 {
        wrong(&throttle, guess, at(later));
    }
    assert_eq!(throttle.admit(guess, at(later)), Err(secs(1)), "counted anew from the start");
}

#[test]
fn memory_is_bounded_and_the_latest_are_remembered() {
    let mut table = Table::default();
    for key in 0..200_000u64 {
        table.add(key, 1, secs(60), at(i64::try_from(key / 1000).unwrap()));
        assert!(table.0.len() <= MOST);
    }
    assert!(table.wait(199_999, 1, at(199)).is_some());
    assert!(table.wait(0, 1, at(199)).is_none());
}

proptest! {
    #[test]
    fn the_owner_gets_in_when_the_bound_has_passed(
        attack in proptest::collection::vec((0i64..120, 0u8..4), 0..200),
    ) {
        let throttle = Throttle::new(LIMITS);
        let mut now = 0;
        for (pause, place) in attack {
            now += pause;
            let guess = throttle.guess("ada", &format!("192.0.2.{place}"));
            let _ = throttle.admit(guess, at(now));
        }
        for place in 0..4 {
            let owner = throttle.guess("ada", &format!("192.0.2.{place}"));
            prop_assert!(throttle.wait(owner, at(now + 60)).is_none());
        }
    }
}

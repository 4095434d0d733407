use chrono::DateTime;
use proptest::prelude::*;

use super::*;

const LONGEST: Duration = Duration::from_mins(1);
const RIGHT: u64 = u64::MAX;

fn at(millis: i64) -> Time {
    DateTime::from_timestamp_millis(1_800_000_000_000 + millis).unwrap()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The counts and the rows beneath them.
#[derive(Default)]
struct Door {
    counts: Counts,
    rows: HashMap<Subject, login_failure::Model>,
}

/// An account at an address, and the address: 5 and 20 are free.
fn counted(account: &str, address: &str) -> Vec<Counted> {
    let one = |text: String, free| Counted { subject: text.into_bytes(), free: Some(free) };
    vec![one(format!("{account} {address}"), 5), one(address.to_owned(), 20)]
}

impl Door {
    fn enter(&mut self, counted: &[Counted]) {
        self.counts.enter(counted);
        let rows = counted.iter().filter_map(|one| self.rows.get(&one.subject).cloned());
        self.counts.note(rows.collect());
    }

    fn wrong(&mut self, counted: &[Counted], guess: u64, now: Time) {
        self.counts.void(guess, now);
        for Counted { subject, .. } in counted {
            let row = self.rows.entry(subject.clone()).or_insert_with(|| login_failure::Model {
                subject: subject.clone(),
                wrong: 0,
                last_at: now,
            });
            row.wrong = if now >= row.last_at + REMEMBERED { 1 } else { row.wrong + 1 };
            row.last_at = now;
        }
    }

    /// Tries `guess`; whether it is right, or how long it has to wait.
    fn attempt(&mut self, place: (&str, &str), guess: u64, now: Time) -> Result<bool, Duration> {
        let counted = counted(place.0, place.1);
        self.enter(&counted);
        let begun = self.counts.begin(&counted, Some(guess), LONGEST, now);
        if begun.is_ok() {
            if guess == RIGHT {
                let own = &counted[0].subject;
                self.counts.clear(own);
                self.rows.remove(own);
            } else {
                self.wrong(&counted, guess, now);
            }
        }
        if begun.is_ok() {
            self.counts.end_check(&counted);
        }
        self.counts.leave(&counted);
        assert!(self.counts.subjects.is_empty(), "nothing is kept of what has ended");
        begun.map(|()| guess == RIGHT)
    }
}

const HERE: (&str, &str) = ("ada", "192.0.2.1");

#[test]
fn the_wait_doubles_up_to_its_bound_and_no_further() {
    let mut door = Door::default();
    let mut now = 0;
    let mut guesses = 0..;
    let mut guess = || guesses.next().unwrap();
    for _ in 0..5 {
        assert_eq!(door.attempt(HERE, guess(), at(now)), Ok(false));
    }
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
        // Asking in vain does not make it longer.
        for _ in 0..3 {
            assert_eq!(door.attempt(HERE, guess(), at(now)), Err(secs(expected)));
        }
        now += i64::try_from(expected).unwrap() * 1000;
        assert_eq!(door.attempt(HERE, guess(), at(now)), Ok(false));
    }
}

#[test]
fn of_many_at_the_end_of_a_wait_one_is_checked() {
    let mut door = Door::default();
    for guess in 0..5 {
        assert_eq!(door.attempt(HERE, guess, at(0)), Ok(false));
    }
    let counted = counted(HERE.0, HERE.1);
    door.enter(&counted);
    door.enter(&counted);
    assert_eq!(door.counts.begin(&counted, Some(5), LONGEST, at(1000)), Ok(()));
    assert_eq!(door.counts.begin(&counted, Some(6), LONGEST, at(1000)), Err(secs(2)));
}

#[test]
fn what_the_database_said_before_counts_for_nothing_when_it_comes_later() {
    let mut door = Door::default();
    let counted = counted(HERE.0, HERE.1);
    door.enter(&counted);
    for guess in 0..3 {
        door.wrong(&counted, guess, at(0));
    }
    let before: Vec<_> = door.rows.values().cloned().collect();
    door.wrong(&counted, 3, at(0));
    let after = door.rows.values().cloned().collect();
    door.counts.note(after);
    door.counts.note(before);
    assert_eq!(door.counts.wrong(&counted[0].subject), 4);
}

#[test]
fn s6_whoever_guesses_at_one_place_makes_nobody_wait_at_another() {
    let mut door = Door::default();
    for guess in 0..1000 {
        let _ = door.attempt(HERE, guess, at(i64::try_from(guess).unwrap() * 100));
    }
    assert_eq!(door.attempt(("ada", "198.51.100.1"), RIGHT, at(100_000)), Ok(true));
    // Nor for another account, unless the address guesses at all of them.
    assert_eq!(door.attempt(("bob", HERE.1), RIGHT, at(100_000)), Ok(true));
    for guess in 0..20 {
        let account = format!("user{guess}");
        let _ = door.attempt((&account, HERE.1), guess, at(100_000));
    }
    assert!(door.attempt(("bob", HERE.1), RIGHT, at(100_000)).is_err());
    assert_eq!(door.attempt(("bob", "192.0.2.2"), RIGHT, at(100_000)), Ok(true));
}

#[test]
fn a_promised_turn_is_one_and_makes_guessing_no_faster() {
    let mut door = Door::default();
    let mut now = 0;
    let mut checked = 0;
    // Ten a second, each again and again until it is checked: for an hour.
    let mut guesses: Vec<u64> = (0..600).collect();
    for round in 0..36_000 {
        let place = round % guesses.len();
        if door.attempt(HERE, guesses[place], at(now)).is_ok() {
            checked += 1;
            guesses[place] = 1000 + u64::try_from(round).unwrap();
        }
        now += 100;
    }
    assert!((60..=2 * 60 + 20).contains(&checked), "{checked}");
}

#[test]
fn whoever_has_an_account_does_not_guess_faster_for_it() {
    let mut door = Door::default();
    let mut guesses = 0;
    for round in 0..10_000u64 {
        let now = at(i64::try_from(round).unwrap() * 1000);
        let _ = door.attempt(("mallory", HERE.1), RIGHT, now);
        let victim = format!("user{round}");
        if door.attempt((&victim, HERE.1), round, now).is_ok() {
            guesses += 1;
        }
    }
    assert!((20..=20 + 6 + 10_000 / 60).contains(&guesses), "{guesses}");
}

#[test]
fn what_happened_long_ago_is_forgotten() {
    let mut door = Door::default();
    for guess in 0..5 {
        assert_eq!(door.attempt(HERE, guess, at(0)), Ok(false));
    }
    let later = 15 * 60 * 1000;
    for guess in 5..10 {
        assert_eq!(door.attempt(HERE, guess, at(later)), Ok(false));
    }
    assert_eq!(door.attempt(HERE, 10, at(later)), Err(secs(1)), "counted anew from the start");
}

proptest! {
    #[test]
    fn s6_the_owner_gets_in_where_somebody_else_guesses(
        attack in proptest::collection::vec((1i64..3000, any::<bool>()), 1..800),
        after in 0usize..800,
    ) {
        let mut door = Door::default();
        let mut now = 0;
        let mut waited = 0;
        let mut until = 0;
        for (round, (pause, is_new)) in attack.into_iter().enumerate() {
            now += pause;
            let guess = if is_new { u64::try_from(round).unwrap() } else { 0 };
            let _ = door.attempt(HERE, guess, at(now));
            if round < after || now < until {
                continue;
            }
            match door.attempt(HERE, RIGHT, at(now)) {
                Ok(right) => {
                    prop_assert!(right);
                    break;
                }
                Err(wait) => {
                    waited += 1;
                    prop_assert!(waited <= 2 && wait <= LONGEST, "{waited} times, now {wait:?}");
                    until = now + i64::try_from(wait.as_millis()).unwrap() + 1;
                }
            }
        }
    }
}

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
struct Door {
    counts: Counts,
    rows: HashMap<Subject, login_failure::Model>,
}

/// An account at an address, and the address: 5 and 20 are free.
fn counted(account: &str, address: &str) -> Vec<Counted> {
    let one = |text: String, free| Counted { subject: text.into_bytes(), free: Some(free) };
    vec![one(format!("{account} {address}"), 5), one(address.to_owned(), 20)]
}

impl Default for Door {
    fn default() -> Self {
        Self { counts: Counts::new(LONGEST), rows: HashMap::new() }
    }
}

impl Door {
    fn enter(&mut self, counted: &[Counted], now: Time) {
        self.counts.enter(counted);
        let asked = self.counts.asked();
        self.counts.note(self.rows(counted), asked, now);
    }

    /// What the database says of these.
    fn rows(&self, counted: &[Counted]) -> Vec<login_failure::Model> {
        counted.iter().filter_map(|one| self.rows.get(&one.subject).cloned()).collect()
    }

    fn wrong(&mut self, counted: &[Counted], guess: u64, now: Time) {
        self.counts.void(guess, now);
        for Counted { subject, .. } in counted {
            let row = self.rows.entry(subject.clone()).or_insert_with(|| login_failure::Model {
                subject: subject.clone(),
                wrong: 0,
                last_at: now,
            });
            // As the statement does.
            let remembered = remembered(self.counts.longest);
            row.wrong = if row.last_at <= now - remembered { 1 } else { row.wrong + 1 };
            let is_ahead = row.last_at >= now + remembered;
            row.last_at = if is_ahead { now } else { row.last_at.max(now) };
        }
    }

    /// Tries `guess`; whether it is right, or how long it has to wait.
    fn attempt(&mut self, place: (&str, &str), guess: u64, now: Time) -> Result<bool, Duration> {
        let counted = counted(place.0, place.1);
        self.enter(&counted, now);
        let begun = self.counts.begin(&counted, Some(guess), now);
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
    door.enter(&counted, at(1000));
    door.enter(&counted, at(1000));
    assert_eq!(door.counts.begin(&counted, Some(5), at(1000)), Ok(()));
    assert_eq!(door.counts.begin(&counted, Some(6), at(1000)), Err(secs(2)));
}

#[test]
fn what_the_database_said_before_counts_for_nothing_when_it_comes_later() {
    let mut door = Door::default();
    let counted = counted(HERE.0, HERE.1);
    door.enter(&counted, at(0));
    let asked = door.counts.asked();
    for guess in 0..3 {
        door.wrong(&counted, guess, at(0));
    }
    let before = door.rows(&counted);
    door.wrong(&counted, 3, at(0));
    let after = door.rows(&counted);
    door.counts.note(after, asked, at(0));
    door.counts.note(before, asked, at(0));
    assert_eq!(door.counts.wrong(&counted[0].subject, at(0)), 4);
}

#[test]
fn what_the_database_said_before_a_right_password_does_not_bring_the_count_back() {
    let mut door = Door::default();
    let counted = counted(HERE.0, HERE.1);
    door.enter(&counted, at(0));
    for guess in 0..5 {
        door.wrong(&counted, guess, at(0));
    }
    let (before, asked) = (door.rows(&counted), door.counts.asked());
    door.counts.clear(&counted[0].subject);
    door.counts.note(before, asked, at(0));
    assert_eq!(door.counts.ask(&counted, Some(RIGHT), at(0)), Ok(vec![]));
}

#[test]
fn a_wait_longer_than_counts_are_kept_at_least_doubles_up_to_its_bound_too() {
    let mut door = Door { counts: Counts::new(Duration::from_hours(1)), rows: HashMap::new() };
    let (mut now, mut guess) = (0, 0..);
    for _ in 0..5 {
        assert_eq!(door.attempt(HERE, guess.next().unwrap(), at(now)), Ok(false));
    }
    for expected in (0..12).map(|doublings| 1 << doublings).chain([3600, 3600]) {
        let guess = guess.next().unwrap();
        assert_eq!(door.attempt(HERE, guess, at(now)), Err(secs(expected)));
        now += i64::try_from(expected).unwrap() * 1000;
        assert_eq!(door.attempt(HERE, guess, at(now)), Ok(false));
    }
}

#[test]
fn no_clock_that_is_set_back_makes_anybody_wait_longer_than_the_bound() {
    for back in [1, 30, 14 * 60, 15 * 60, 3600, 86_400] {
        let mut door = Door::default();
        let mut now = 100_000_000;
        for guess in 0..8 {
            let _ = door.attempt(HERE, guess, at(now));
        }
        // The owner was promised a turn, which by the new clock is far ahead.
        let _ = door.attempt(HERE, RIGHT, at(now));
        now -= back * 1000;
        let mut waits = 0;
        while let Err(wait) = door.attempt(HERE, RIGHT, at(now)) {
            waits += 1;
            assert!(wait <= LONGEST && waits <= 2, "{back} s back: {waits} times, now {wait:?}");
            now += i64::try_from(wait.as_millis()).unwrap() + 1;
        }
    }
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

    /// What attempts at the same moment do, in any order: read, count a wrong one, take note of
    /// either later, get in; on this server or on another one, whose clocks differ.
    #[test]
    fn no_order_lowers_a_count_or_brings_one_back(
        steps in proptest::collection::vec((0usize..5, 0usize..8, -400i64..600), 1..60),
    ) {
        let counted = vec![Counted { subject: b"ada".to_vec(), free: Some(5) }];
        let subject = &counted[0].subject;
        let mut door = Door::default();
        door.counts.enter(&counted);
        let mut now = 0;
        // What was read, and is not taken note of yet; what of it is the newest.
        let (mut read, mut writes) = (Vec::new(), 0);
        let mut newest = (0, 0);
        for (step, which, passed) in steps {
            now += passed;
            let time = at(now);
            match step {
                0 | 1 => {
                    let asked = door.counts.asked();
                    if step == 1 {
                        door.wrong(&counted, 0, time);
                        writes += 1;
                    }
                    read.push((door.rows(&counted), writes, asked));
                }
                2 | 3 if !read.is_empty() => {
                    let (rows, at_write, asked) = read.swap_remove(which % read.len());
                    let wrong = rows.first().map_or(0, |row| u32::try_from(row.wrong).unwrap());
                    if asked.clears == door.counts.clears && !rows.is_empty() {
                        newest = newest.max((at_write, wrong));
                    }
                    door.counts.note(rows, asked, time);
                }
                4 if which == 0 => {
                    door.rows.clear();
                    door.counts.clear(subject);
                    newest = (writes, 0);
                }
                _ => {}
            }
            prop_assert_eq!(door.counts.wrong(subject, time), newest.1);
        }
    }
}

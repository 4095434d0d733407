use reqwest::header::HeaderValue;

use super::*;

fn wait(fields: &[(&'static str, &str)]) -> Option<Duration> {
    let headers = fields
        .iter()
        .map(|(name, value)| {
            (reqwest::header::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        })
        .collect();
    asked_wait(&headers)
}

#[test]
fn the_wait_a_provider_asks_for() {
    let ms = Duration::from_millis;
    assert_eq!(wait(&[]), None);
    assert_eq!(wait(&[("retry-after", "2")]), Some(ms(2000)));
    assert_eq!(wait(&[("retry-after", " 0.5 ")]), Some(ms(500)));
    assert_eq!(wait(&[("retry-after", "9"), ("retry-after-ms", "20")]), Some(ms(20)));
    assert_eq!(wait(&[("retry-after", "-1")]), None);
    assert_eq!(wait(&[("retry-after", "nan")]), None);
    assert_eq!(wait(&[("retry-after", "1e300")]), None);
    let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
    let later = ("retry-after", "Wed, 21 Oct 2026 07:28:05 GMT");
    assert_eq!(wait(&[date, later]), Some(ms(5000)));
    assert_eq!(wait(&[later]), None, "a date means nothing without the sender's clock");
    let earlier = ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT");
    assert_eq!(wait(&[date, earlier]), Some(Duration::ZERO));
}

#[test]
fn pauses_grow_and_are_capped() {
    let longest: Vec<_> = (1..=8).map(|n| pause(n, None, 1.0).unwrap().as_millis()).collect();
    assert_eq!(longest, [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
    assert_eq!(pause(3, None, 0.0), Some(Duration::from_secs(1)));
    assert_eq!(pause(u32::MAX, None, 0.5), Some(Duration::from_secs(6)));
    assert_eq!(pause(1, Some(LONGEST_WAIT), 0.3), Some(LONGEST_WAIT));
    assert_eq!(pause(1, Some(LONGEST_WAIT + Duration::from_millis(1)), 0.3), None);
}

#[test]
fn the_budget_allows_a_tenth() {
    let budget = Budget::new();
    let mut retries = 0;
    for _ in 0..1000 {
        budget.earn();
        retries += u32::from(budget.spend());
    }
    assert!((100..=111).contains(&retries), "{retries}");
}

#[test]
fn jitter_spreads() {
    let jitter = Jitter::new();
    let numbers: Vec<_> = (0..1000).map(|_| jitter.next()).collect();
    assert!(numbers.iter().all(|n| (0.0..1.0).contains(n)));
    let mean = numbers.iter().sum::<f64>() / 1000.0;
    assert!((0.4..0.6).contains(&mean), "{mean}");
}

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
    let long_ago = ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT");
    assert_eq!(wait(&[long_ago]), Some(Duration::ZERO), "without the sender's clock ours counts");
    assert!(wait(&[("retry-after", "Fri, 21 Oct 2095 07:28:00 GMT")]) > Some(LONGEST_WAIT));
    assert_eq!(wait(&[("retry-after", "2m")]), Some(ms(120_000)));
    assert_eq!(wait(&[("retry-after", "90s")]), Some(ms(90_000)));
    assert_eq!(wait(&[date, ("retry-after", "2026-10-21T07:28:05Z")]), Some(ms(5000)));
    assert_eq!(wait(&[date, ("retry-after", "1792567685")]), Some(ms(5000)));
    assert_eq!(wait(&[("retry-after", "soon")]), None);
    let earlier = ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT");
    assert_eq!(wait(&[date, earlier]), Some(Duration::ZERO));
}

#[test]
fn p8_limits_that_are_used_up_are_a_wait() {
    let seconds = |n| Some(Duration::from_secs(n));
    let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
    let (none, some) = ("0", "12");
    for (fields, expected) in [
        (
            vec![("x-ratelimit-reset-requests", "90s"), ("x-ratelimit-remaining-requests", none)],
            seconds(90),
        ),
        (
            vec![
                ("x-ratelimit-reset-requests", "1s"),
                ("x-ratelimit-remaining-requests", none),
                ("x-ratelimit-reset-tokens", "6m0s"),
                ("x-ratelimit-remaining-tokens", none),
            ],
            seconds(360),
        ),
        (
            vec![
                ("x-ratelimit-reset-requests", "1s"),
                ("x-ratelimit-remaining-requests", none),
                ("x-ratelimit-reset-tokens", "6m0s"),
                ("x-ratelimit-remaining-tokens", some),
            ],
            seconds(1),
        ),
        (
            vec![("x-ratelimit-reset", "1792567690"), ("x-ratelimit-remaining", none), date],
            seconds(10),
        ),
        (
            vec![("x-ratelimit-reset", "1792567690000"), ("x-ratelimit-remaining", none), date],
            seconds(10),
        ),
        (vec![("ratelimit-reset", "50"), ("ratelimit-remaining", none)], seconds(50)),
        (
            vec![
                ("anthropic-ratelimit-requests-reset", "2026-10-21T07:28:30Z"),
                ("anthropic-ratelimit-requests-remaining", none),
                date,
            ],
            seconds(30),
        ),
        (vec![("x-ratelimit-reset", "90")], None),
        (vec![("x-ratelimit-reset", "90"), ("x-ratelimit-remaining", some)], None),
        (
            vec![
                ("x-ratelimit-reset", "90"),
                ("x-ratelimit-remaining", none),
                ("retry-after", "2"),
            ],
            seconds(2),
        ),
    ] {
        assert_eq!(wait(&fields), expected, "{fields:?}");
    }
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

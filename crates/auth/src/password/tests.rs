use std::sync::mpsc;
use std::task::Poll;

use proptest::prelude::*;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

use super::*;

/// The smallest parameters Argon2 accepts.
const TINY: PasswordParameters =
    PasswordParameters { memory_kib: 8, iterations: 1, parallelism: 1 };

fn passwords(concurrency: usize, queue: usize) -> Passwords {
    Passwords::new(TINY, concurrency, queue).unwrap()
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[tokio::test]
async fn a_hash_names_its_algorithm_and_parameters() {
    let hash = passwords(1, 0).hash(secret("correct horse")).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
    assert!(hash.len() < 128);
    let again = passwords(1, 0).hash(secret("correct horse")).await.unwrap();
    assert_ne!(hash, again, "every hash has its own salt");
}

#[test]
fn the_default_is_what_asvs_asks_for() {
    let default = PasswordParameters::default();
    assert_eq!((default.memory_kib, default.iterations, default.parallelism), (19_456, 2, 1));
    assert_eq!(Params::default().m_cost(), default.memory_kib);
}

#[tokio::test]
async fn nothing_of_a_long_password_is_ignored() {
    let passwords = passwords(1, 0);
    // bcrypt would stop at 72 bytes, and at U+0000.
    let long = "x".repeat(1023) + "y";
    let nul = "before\0after";
    for text in [long.as_str(), nul, "👩‍👩‍👧‍👦🔑", " spaces count "] {
        let stored = passwords.hash(secret(text)).await.unwrap();
        let right = verify(&passwords, secret(text), Some(stored.clone())).await.unwrap();
        assert_eq!(right, Verified::Yes { rehash: false }, "{text:?}");
        let mut cut = text.to_owned();
        cut.pop();
        for wrong in [cut.as_str(), text.trim_matches(' '), "before", ""] {
            if wrong != text {
                let got = verify(&passwords, secret(wrong), Some(stored.clone())).await.unwrap();
                assert_eq!(got, Verified::No, "{wrong:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_user_is_a_wrong_password_with_the_same_work() {
    let passwords = passwords(1, 0);
    assert_eq!(verify(&passwords, secret("anything"), None).await.unwrap(), Verified::No);
    assert_eq!(passwords.hasher.dummy.params.to_string(), "m=8,t=1,p=1");
}

#[tokio::test]
async fn other_parameters_ask_for_a_rehash() {
    let passwords = passwords(1, 0);
    let others = [
        PasswordParameters { memory_kib: 16, ..TINY },
        PasswordParameters { iterations: 2, ..TINY },
        PasswordParameters { memory_kib: 16, parallelism: 2, ..TINY },
    ];
    for other in others {
        let stored = Passwords::new(other, 1, 0).unwrap().hash(secret("pw pw pw")).await.unwrap();
        let got = verify(&passwords, secret("pw pw pw"), Some(stored.clone())).await.unwrap();
        assert_eq!(got, Verified::Yes { rehash: true }, "{other:?}");
        let wrong = verify(&passwords, secret("other"), Some(stored)).await.unwrap();
        assert_eq!(wrong, Verified::No);
    }
    let argon2i =
        Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let stored = argon2i.hash_password_with_salt(b"pw pw pw", &[7; 16]).unwrap().to_string();
    let got = verify(&passwords, secret("pw pw pw"), Some(stored)).await.unwrap();
    assert_eq!(got, Verified::Yes { rehash: true });
}

#[tokio::test]
async fn a_hash_of_bcrypt_is_checked_and_asks_for_a_rehash() {
    let passwords = passwords(1, 0);
    let stored = bcrypt::hash("pw pw pw", 4).unwrap();
    let got = verify(&passwords, secret("pw pw pw"), Some(stored.clone())).await.unwrap();
    assert_eq!(got, Verified::Yes { rehash: true });
    let wrong = verify(&passwords, secret("other"), Some(stored)).await.unwrap();
    assert_eq!(wrong, Verified::No);
}

#[tokio::test]
async fn the_hash_is_the_one_that_argon2_itself_makes_and_checks() {
    let ours = passwords(1, 0).hash(secret("pw pw pw")).await.unwrap();
    let parsed = PasswordHash::new(&ours).unwrap();
    assert_eq!(Argon2::default().verify_password(b"pw pw pw", &parsed), Ok(()));
    assert!(Argon2::default().verify_password(b"other", &parsed).is_err());
}

#[tokio::test]
async fn a_broken_stored_hash_is_our_fault_and_never_a_match() {
    let passwords = passwords(1, 0);
    for stored in ["", "plain", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8"]
    {
        let got = verify(&passwords, secret(stored), Some(stored.to_owned())).await;
        assert!(matches!(got, Err(AuthError::Internal(_))), "{stored:?}: {got:?}");
    }
}

#[test]
fn impossible_parameters_are_refused() {
    let cases = [
        PasswordParameters { memory_kib: 7, ..TINY },
        PasswordParameters { iterations: 0, ..TINY },
        PasswordParameters { parallelism: 0, ..TINY },
    ];
    for parameters in cases {
        assert!(Passwords::new(parameters, 1, 0).is_err(), "{parameters:?}");
    }
}

/// Checks a password.
async fn verify(
    passwords: &Passwords,
    password: SecretString,
    stored: Option<String>,
) -> Result<Verified, AuthError> {
    passwords.turn(Purpose::Check, 0).await?.verify(password, stored).await
}

/// Does something else in place of a hash.
async fn run<T: Send + 'static>(
    passwords: &Passwords,
    work: impl FnOnce(&Hasher) -> Result<T, AuthError> + Send + 'static,
) -> Result<T, AuthError> {
    passwords.turn(Purpose::Check, 0).await?.run(work).await
}

#[test]
fn a_full_queue_refuses_at_once_and_frees_itself() {
    block_on(async {
        let passwords = passwords(1, 1);
        let (release, gate) = mpsc::channel::<()>();
        let mut first = Box::pin(run(&passwords, move |_| {
            gate.recv().unwrap();
            Ok(())
        }));
        assert!(futures_poll(first.as_mut()).await.is_pending());
        let mut second = Box::pin(passwords.hash(secret("waits")));
        assert!(futures_poll(second.as_mut()).await.is_pending());
        assert!(matches!(passwords.hash(secret("refused")).await, Err(AuthError::TooMany)));
        let stranger = passwords.turn(Purpose::Store, 1).await;
        assert!(matches!(stranger, Err(AuthError::Busy)));
        release.send(()).unwrap();
        first.await.unwrap();
        second.await.unwrap();
        passwords.hash(secret("fine again")).await.unwrap();
    });
}

#[test]
fn neither_a_panic_nor_a_caller_who_leaves_loses_a_permit() {
    block_on(async {
        let passwords = passwords(1, 1);
        for _ in 0..5 {
            let got: Result<(), _> = run(&passwords, |_| panic!("on purpose")).await;
            assert!(matches!(got, Err(AuthError::Internal(_))));
        }
        // One leaves while hashing, one while waiting.
        let (release, gate) = mpsc::channel::<()>();
        let mut hashing = Box::pin(run(&passwords, move |_| {
            gate.recv().unwrap();
            Ok(())
        }));
        assert!(futures_poll(hashing.as_mut()).await.is_pending());
        let mut waiting = Box::pin(passwords.hash(secret("waits")));
        assert!(futures_poll(waiting.as_mut()).await.is_pending());
        drop(waiting);
        drop(hashing);
        // The work itself goes on and keeps its permit, which is what bounds the memory.
        assert_eq!(passwords.queue.free(), 0);
        release.send(()).unwrap();
        passwords.hash(secret("works")).await.unwrap();
        passwords.hash(secret("and again")).await.unwrap();
        assert_eq!(passwords.queue.free(), 1);
    });
}

/// Polls once, without waiting.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_password_verifies_against_its_own_hash_only(text in ".{0,200}", other in ".{0,20}") {
        block_on(async {
            let passwords = passwords(1, 0);
            let stored = passwords.hash(secret(&text)).await.unwrap();
            let right = verify(&passwords, secret(&text), Some(stored.clone())).await.unwrap();
            assert_eq!(right, Verified::Yes { rehash: false });
            if other != text {
                let wrong = verify(&passwords, secret(&other), Some(stored)).await.unwrap();
                assert_eq!(wrong, Verified::No);
            }
        });
    }
}

//! Accounts: one address, one administrator, one live refresh token.

use std::time::Duration;

use crud::accounts::{Claim, SignUp, SignedUp};
use crud::keys::{Added, Maker};
use crud::sessions::{Exchange, Exchanged, Login};
use crud::users::{NewPassword, administration};
use crud::users::{Ruled, removal};
use futures_util::future::join_all;
use models::user::UserRole;
use models::{Context, Time, api_key, refresh_token, session};
use testkit::{World, rows};

fn now() -> Time {
    chrono::DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap()
}

fn new_account(email: &str, claim: Claim, token: u8) -> SignUp {
    let context = Context::system();
    let user = rows::user(context.new_id(), email, now());
    let session = session::Model {
        id: context.new_id(),
        user_id: user.id,
        user_agent: String::new(),
        address: String::new(),
        created_at: now(),
        last_used_at: now(),
        expires_at: now() + Duration::from_secs(1000),
        revoked_at: None,
    };
    let refresh = refresh_token::Model {
        hash: vec![token; 32],
        session_id: session.id,
        used_at: None,
        successor: None,
        expires_at: session.expires_at,
        created_at: now(),
    };
    SignUp { user, session, refresh, claim }
}

#[testkit::test]
async fn of_fifty_sign_ups_with_one_address_one_succeeds(world: World) {
    let db = super::open(&world).await;
    let attempts =
        (0..50).map(|n| crud::accounts::sign_up(&db, new_account("ada@x.org", Claim::None, n)));
    let outcomes = join_all(attempts).await;
    let created = outcomes.iter().filter(|o| matches!(o, Ok(SignedUp::Created(_)))).count();
    let taken = outcomes.iter().filter(|o| matches!(o, Ok(SignedUp::EmailTaken))).count();
    assert_eq!((created, taken), (1, 49), "{outcomes:?}");
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM users").await, "1");
}

/// Claims the administrator's place with the code that was made from this seed.
fn setup(seed: &str) -> Claim {
    Claim::Setup(seed.to_owned())
}

#[testkit::test]
async fn of_fifty_sign_ups_with_the_set_up_code_one_is_administrator(world: World) {
    let db = super::open(&world).await;
    crud::accounts::keep_setup_seed(&db, "seed".to_owned()).await.unwrap();
    let attempts = (0..50).map(|n| {
        crud::accounts::sign_up(&db, new_account(&format!("u{n}@x.org"), setup("seed"), n))
    });
    let outcomes = join_all(attempts).await;
    let made = outcomes.iter().filter(|o| matches!(o, Ok(SignedUp::Created(_)))).count();
    let used = outcomes.iter().filter(|o| matches!(o, Ok(SignedUp::SetupUsed))).count();
    assert_eq!((made, used), (1, 49), "{outcomes:?}");
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM users").await, "1");
    assert_eq!(sql.value("SELECT COUNT(*) FROM users WHERE role = 'admin'").await, "1");
}

#[testkit::test]
async fn a_set_up_code_works_once(world: World) {
    let db = super::open(&world).await;
    let sign_up = async |email: &str, seed: &str, n: u8| {
        crud::accounts::sign_up(&db, new_account(email, setup(seed), n)).await.unwrap()
    };
    assert_eq!(crud::accounts::find_setup_seed(&db).await.unwrap(), None);
    assert_eq!(sign_up("a@x.org", "good", 1).await, SignedUp::SetupUsed, "there is none yet");
    let keep =
        async |fresh: &str| crud::accounts::keep_setup_seed(&db, fresh.to_owned()).await.unwrap();
    assert_eq!(keep("good").await.as_deref(), Some("good"));
    assert_eq!(keep("other").await.as_deref(), Some("good"), "what was printed stays good");
    assert_eq!(sign_up("a@x.org", "other", 1).await, SignedUp::SetupUsed);
    let SignedUp::Created(admin) = sign_up("a@x.org", "good", 1).await else {
        panic!("not created")
    };
    assert_eq!(admin.role, UserRole::Admin);
    assert!(crud::accounts::has_first_administrator(&db).await.unwrap());
    assert_eq!(sign_up("b@x.org", "good", 2).await, SignedUp::SetupUsed);
    assert_eq!(
        (keep("more").await, crud::accounts::find_setup_seed(&db).await.unwrap()),
        (None, None)
    );
}

#[testkit::test]
async fn servers_that_start_at_once_share_a_set_up_seed(world: World) {
    let db = super::open(&world).await;
    let starts = (0..10).map(|n| crud::accounts::keep_setup_seed(&db, format!("seed {n}")));
    let seeds: Vec<_> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
    let first = seeds.first().unwrap();
    assert!(first.is_some() && seeds.iter().all(|seed| seed == first), "{seeds:?}");
}

#[testkit::test]
async fn s15_what_ends_all_sessions_ends_logins_under_way(world: World) {
    let db = super::open(&world).await;
    let SignUp { user, session, refresh, claim } = new_account("a@x.org", Claim::None, 1);
    let id = user.id;
    let new = SignUp { user, session: session.clone(), refresh: refresh.clone(), claim };
    crud::accounts::sign_up(&db, new).await.unwrap();
    let context = Context::system();
    let log_in = async |hash: &str, token: u8| {
        let session = session::Model { id: context.new_id(), ..session.clone() };
        let hash_of_token = vec![token; 32];
        let refresh =
            refresh_token::Model { hash: hash_of_token, session_id: session.id, ..refresh.clone() };
        let login = Login { password_hash: hash.to_owned(), session, refresh };
        crud::sessions::log_in(&db, login).await.unwrap()
    };
    assert!(log_in("hash", 2).await);
    let new = NewPassword {
        user: id,
        old_hash: None,
        hash: "new".to_owned(),
        keep: None,
        end_keys: None,
        now: now(),
    };
    assert!(crud::users::change_password(&db, new).await.unwrap());
    assert!(!log_in("hash", 3).await, "its password was checked before");
    assert!(log_in("new", 3).await);
    let disable = async |disabled| {
        administration::set_disabled(&db, id, disabled, now()).await.unwrap();
    };
    disable(true).await;
    assert!(!log_in("new", 4).await);
    disable(false).await;
    assert!(log_in("new", 4).await);
    assert_eq!(removal::hide(&db, id, now()).await.unwrap(), Ruled::Done);
    assert!(!log_in("new", 5).await && !log_in("", 5).await);
    let count = world.sql().await.value("SELECT COUNT(*) FROM sessions").await;
    assert_eq!(count, "4", "what was refused left nothing");
}

#[testkit::test]
async fn s15_what_ends_all_keys_ends_those_being_made(world: World) {
    let db = super::open(&world).await;
    let new = new_account("a@x.org", Claim::None, 1);
    let (owner, session) = (new.user.id, new.session.id);
    crud::accounts::sign_up(&db, new).await.unwrap();
    let context = Context::system();
    let add = async |token: u8, maker| {
        let key = api_key::Model {
            id: context.new_id(),
            user_id: owner,
            name: "x".to_owned(),
            hash: vec![token; 32],
            prefix: "sk-x".to_owned(),
            scopes: "read".to_owned(),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
            created_at: now(),
        };
        let id = key.id;
        (id, crud::keys::add(&db, key, maker, 100).await.unwrap())
    };
    let (first, added) = add(1, Maker::Session(session)).await;
    assert_eq!(added, Added::Stored);
    assert_eq!(add(2, Maker::Key(first)).await.1, Added::Stored);
    let new = NewPassword {
        user: owner,
        old_hash: None,
        hash: "new".to_owned(),
        keep: None,
        end_keys: Some(None),
        now: now(),
    };
    assert!(crud::users::change_password(&db, new).await.unwrap());
    for (token, maker) in [(3, Maker::Session(session)), (4, Maker::Key(first))] {
        assert_eq!(add(token, maker).await.1, Added::NoOwner, "{maker:?}");
    }
    assert_eq!(add(5, Maker::Operator).await.1, Added::Stored);
}

async fn exchange(db: &crud::Db, chain: &[u8], after: u64) -> Exchanged {
    let exchange = Exchange {
        chain: chain.iter().map(|token| vec![*token; 32]).collect(),
        new_expires_at: now() + Duration::from_mins(15),
        now: now() + Duration::from_secs(after),
        grace: Duration::from_secs(20),
    };
    crud::sessions::exchange(db, exchange).await.unwrap()
}

#[testkit::test]
async fn a_used_refresh_token_ends_the_session(world: World) {
    let db = super::open(&world).await;
    crud::accounts::sign_up(&db, new_account("a@x.org", Claim::None, 1)).await.unwrap();
    assert!(matches!(exchange(&db, &[1, 2, 3], 1).await, Exchanged::Renewed(1, _)));
    assert!(matches!(exchange(&db, &[2, 3, 4], 2).await, Exchanged::Renewed(1, _)));
    assert!(matches!(exchange(&db, &[1, 2, 3], 21).await, Exchanged::Renewed(2, _)), "the newest");
    assert!(matches!(exchange(&db, &[1, 2, 3], 22).await, Exchanged::Reused(_)), "too late");
    assert_eq!(exchange(&db, &[3, 4, 5], 23).await, Exchanged::Invalid, "the session has ended");
}

#[testkit::test]
async fn a_lost_answer_is_forgiven_within_the_grace(world: World) {
    let db = super::open(&world).await;
    crud::accounts::sign_up(&db, new_account("a@x.org", Claim::None, 1)).await.unwrap();
    assert!(matches!(exchange(&db, &[1, 2, 3], 0).await, Exchanged::Renewed(1, _)));
    assert!(matches!(exchange(&db, &[1, 2, 3], 19).await, Exchanged::Renewed(1, _)), "the same");
    assert!(matches!(exchange(&db, &[1, 8, 9], 20).await, Exchanged::Renewed(1, _)), "a sibling");
    assert!(matches!(exchange(&db, &[2, 3, 4], 50).await, Exchanged::Renewed(1, _)));
    assert!(matches!(exchange(&db, &[8, 9, 10], 50).await, Exchanged::Renewed(1, _)), "no theft");
    assert!(matches!(exchange(&db, &[2, 3], 51).await, Exchanged::Renewed(1, _)));
    assert_eq!(exchange(&db, &[99, 6], 51).await, Exchanged::Invalid, "unknown");
    assert!(matches!(exchange(&db, &[3, 4], 52).await, Exchanged::Renewed(1, _)));
    assert_eq!(exchange(&db, &[2, 3], 53).await, Exchanged::Invalid, "further than was looked");
    assert!(matches!(exchange(&db, &[8, 9], 71).await, Exchanged::Reused(_)), "used too long ago");
}

#[testkit::test]
async fn of_twenty_parallel_refreshes_one_token_lives(world: World) {
    let db = super::open(&world).await;
    crud::accounts::sign_up(&db, new_account("a@x.org", Claim::None, 1)).await.unwrap();
    let outcomes = join_all((0..20).map(|_| exchange(&db, &[1, 2], 1))).await;
    assert!(outcomes.iter().all(|o| matches!(o, Exchanged::Renewed(1, _))), "{outcomes:?}");
    let live = "SELECT COUNT(*) FROM refresh_tokens WHERE used_at IS NULL";
    let live = world.sql().await.value(live).await;
    assert_eq!(live, "1", "one pair lives, whoever got it");
}

//! Section `auth`.

use std::time::Duration;

use auth::SecretKey;

use super::section::section;
use super::setting::choice;

choice! {
    /// Who may make an account.
    Signup: "`auto`, `open`, `invite` or `closed`";
    /// Open to this machine; elsewhere by invitation.
    Auto = "auto";
    /// Anybody who reaches the server.
    Open = "open";
    /// People who were invited.
    Invite = "invite";
    /// Nobody.
    Closed = "closed";
}

section! {
    /// Accounts, passwords and tokens.
    AuthConfig = "auth";

    /// Signs access tokens; at least 32 bytes. Make one with `openssl rand -hex 32`. Without it
    /// one is generated into the file `secret_key` of the data folder.
    secret_key: Option<SecretKey>, env "SECRET_KEY";
    /// The secret used before: its tokens are accepted until they expire, so that a change logs
    /// nobody out.
    secret_key_previous: Option<SecretKey>, env "SECRET_KEY_PREVIOUS";
    /// How long an access token lives.
    access_token_ttl: Duration = "10m", range "1s" to "1d";
    /// How long a login lives at the most.
    session_ttl: Duration = "30d", range "1m" to "3650d";
    /// How long a refresh token waits for its use: an idle login ends after this.
    refresh_idle: Duration = "14d", range "1m" to "3650d";
    /// How long after its use a refresh token may be presented again, by other tabs of a browser or
    /// because the answer was lost; all get the same next one. Later it counts as stolen and ends
    /// the login.
    refresh_grace: Duration = "20s", range "0s" to "5m";
    /// Who may make an account: `open` anybody, `invite` people whom an administrator has
    /// invited, `closed` nobody. `auto` decides for each request: one that is made on this machine (the
    /// other end and the host it names are loopback, and no proxy says that it passed it on) is
    /// `open`, any other `invite`. The first administrator needs the set-up code in every case.
    signup: Signup = "auto";
    /// How many sign-ups and wrong codes from one address (of IPv6: one /64 network) cost nothing.
    /// After each further one the next is looked at later, as with wrong passwords.
    signups_per_address: u32 = "20", range "1" to "1000000";
    /// How many wrong passwords for one account from one address (of IPv6: one /64 network) cost
    /// nothing. After each further one the next is checked later: 1 s, then twice as long each
    /// time. Counted in the database, and forgotten 15 minutes after the last, or after twice
    /// `login_delay_max` where that is longer.
    login_attempts: u32 = "5", range "1" to "1000000";
    /// The same for all accounts together, from one address.
    login_attempts_per_address: u32 = "20", range "1" to "1000000";
    /// The longest wait after a wrong password. A password that was told to wait is checked when
    /// that time is over, whatever others try meanwhile.
    login_delay_max: Duration = "1m", range "1s" to "1d";
    /// Memory one password hash takes, in KiB.
    argon2_memory_kib: u32 = "19456", range "8" to "4194304";
    /// Passes of one password hash over its memory.
    argon2_iterations: u32 = "2", range "1" to "1000";
    /// How many passwords are hashed at once. Each takes a processor and the memory above.
    password_concurrency: usize = "2", range "1" to "1024";
    /// How many more may wait to be checked, and how many new ones to be stored. Addresses take
    /// turns; when there are more, the longest line is asked to come back.
    password_queue: usize = "64", range "0" to "100000";
}

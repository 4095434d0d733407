//! Commands about accounts and API keys.

use clap::{Args, Subcommand};
use models::api_key::Scope;

/// What `chatapp user` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum UserCommand {
    /// List all accounts, oldest first.
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Make an account, and print its id.
    ///
    /// It works wherever sign-up is closed. The password is asked for at the terminal, without
    /// being shown, or read from standard input.
    Add(UserAddArgs),
    /// Give an account a new password, and end its sessions.
    ///
    /// The password is asked for at the terminal, without being shown, or read from standard
    /// input. API keys go on working; `chatapp key revoke` ends them.
    Password {
        /// The account: its e-mail address or its id
        account: String,
        /// Where the new password comes from.
        #[command(flatten)]
        source: PasswordArgs,
    },
    /// Keep everybody out of an account, and end its sessions.
    ///
    /// Its password and API keys are refused until it is enabled again. Nothing in it is removed,
    /// and an answer that is being made is finished.
    Disable {
        /// The account: its e-mail address or its id
        account: String,
    },
    /// Let the owner of a disabled account in again.
    ///
    /// Its password and API keys work as before; sessions that were ended stay so.
    Enable {
        /// The account: its e-mail address or its id
        account: String,
    },
    /// Make an account an administrator's, or an ordinary one.
    ///
    /// The last administrator stays one: make another one first.
    Role {
        /// The account: its e-mail address or its id
        account: String,
        /// What its owner may do
        #[arg(value_enum)]
        role: Role,
    },
    /// Invite a person: print a link with which an account can be made.
    ///
    /// It is printed this once, and works where sign-up takes invitations (`auth.signup`). Its
    /// beginning is `server.public_url`.
    Invite(UserInviteArgs),
    /// Print a link with which the owner of an account gives it a new password.
    ///
    /// It works once, and replaces an earlier one. When it is used, all sessions of the account
    /// end; API keys go on working.
    ResetLink {
        /// The account: its e-mail address or its id
        account: String,
        /// After how many hours it stops working
        #[arg(
            long, value_name = "HOURS", default_value = "24",
            value_parser = clap::value_parser!(u32).range(1..=8760)
        )]
        hours: u32,
    },
    /// Delete an account with everything in it. It cannot be undone.
    ///
    /// Asks before it does. Answers that are being made stop within a second or two. Should this
    /// be interrupted, the account is gone all the same, and the server removes what is left of
    /// it at its next start.
    Delete {
        /// The account: its e-mail address or its id
        account: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// What `user role` can make of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Only its own data
    User,
    /// Also the administration of the server
    Admin,
}

/// Options of `user invite`.
#[derive(Debug, Clone, Args)]
pub struct UserInviteArgs {
    /// The one e-mail address that it is for; any, if not given
    #[arg(long, value_name = "EMAIL")]
    pub email: Option<String>,
    /// The account will be an administrator's
    #[arg(long)]
    pub admin: bool,
    /// After how many days it stops working
    #[arg(
        long, value_name = "DAYS", default_value = "7",
        value_parser = clap::value_parser!(u32).range(1..=365)
    )]
    pub days: u32,
    /// How many accounts can be made with it
    #[arg(
        long, value_name = "NUMBER", default_value = "1",
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub uses: u32,
}

/// Options of `user add`.
#[derive(Debug, Clone, Args)]
pub struct UserAddArgs {
    /// Its e-mail address
    pub email: String,
    /// What to call its owner
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Make it an administrator
    #[arg(long)]
    pub admin: bool,
    /// Where its password comes from.
    #[command(flatten)]
    pub source: PasswordArgs,
}

/// Where a password comes from. It is never an argument, which other people on the machine and
/// the shell's history would show.
#[derive(Debug, Clone, Copy, Args)]
pub struct PasswordArgs {
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
}

/// What `chatapp key` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum KeyCommand {
    /// List the keys of an account that are not revoked, newest first.
    List {
        /// The account: its e-mail address or its id
        account: String,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Make a key for an account, and print it this once.
    ///
    /// The server keeps a hash of it only: make another one when you have lost it.
    Create(KeyCreateArgs),
    /// Revoke a key: its next request is refused.
    Revoke {
        /// The account: its e-mail address or its id
        account: String,
        /// The key's id, as `chatapp key list` shows it
        key: String,
    },
}

/// Options of `key create`.
#[derive(Debug, Clone, Args)]
pub struct KeyCreateArgs {
    /// The account: its e-mail address or its id
    pub account: String,
    /// What to call the key: where it is used, for example
    pub name: String,
    /// What it may be used for: read, write, account, admin; more than one with commas
    #[arg(
        long, value_name = "SCOPES", value_delimiter = ',', default_value = "read,write",
        value_parser = |text: &str| text.parse::<Scope>()
    )]
    pub scopes: Vec<Scope>,
    /// After how many days it stops working; never, if not given
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub days: Option<u32>,
}

//! `chatapp user` and `chatapp key`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use chatapp::cli::{KeyCommand, KeyCreateArgs, Role, UserAddArgs, UserCommand, UserInviteArgs};
use chatapp::config::Config;
use chatapp::operator::Operator;
use models::api_key::Scopes;
use models::user::{self, UserRole};
use models::{Context, Time};
use schemas::admin::{InvitationCreate, ResetLinkCreate};
use schemas::key::{KeyCreate, KeyOut};
use serde_json::{Value, json};
use services::NewUser;

use super::{USAGE, print, table, terminal};

/// Does what was asked to accounts.
pub(crate) async fn user(config: Config, command: UserCommand) -> anyhow::Result<ExitCode> {
    let operator = Operator::open(config, Context::system()).await?;
    let done = user_with(&operator, command).await;
    operator.close().await;
    done
}

fn user_role(admin: bool) -> UserRole {
    if admin { UserRole::Admin } else { UserRole::User }
}

/// Prints a link that is to be given away.
fn print_link(operator: &Operator, link: &str) -> anyhow::Result<ExitCode> {
    if !operator.has_public_url() {
        tracing::warn!(
            "server.public_url is not set: the link begins as on this machine; put the address \
             there that people use"
        );
    }
    print(link)
}

/// Does what was asked to API keys.
pub(crate) async fn key(config: Config, command: KeyCommand) -> anyhow::Result<ExitCode> {
    let operator = Operator::open(config, Context::system()).await?;
    let done = key_with(&operator, command).await;
    operator.close().await;
    done
}

async fn user_with(operator: &Operator, command: UserCommand) -> anyhow::Result<ExitCode> {
    match command {
        UserCommand::List { json } => list_users(&operator.list_users().await?, json),
        UserCommand::Add(UserAddArgs { email, name, admin, source }) => {
            let name = name.unwrap_or_default();
            let role = user_role(admin);
            let password = terminal::new_password(source.password_stdin).await?;
            let id = operator.add_user(NewUser { email, name, role, password }).await?;
            print(&id.to_string())
        }
        UserCommand::Password { account, source } => {
            // An operator who mistypes the address need not type a password.
            let user = operator.find_user(&account).await?;
            let password = terminal::new_password(source.password_stdin).await?;
            operator.set_password(&user, password).await?;
            Ok(ExitCode::SUCCESS)
        }
        UserCommand::Disable { account } => {
            operator.set_disabled(&account, true).await?;
            Ok(ExitCode::SUCCESS)
        }
        UserCommand::Enable { account } => {
            operator.set_disabled(&account, false).await?;
            Ok(ExitCode::SUCCESS)
        }
        UserCommand::Role { account, role } => {
            operator.set_role(&account, user_role(role == Role::Admin)).await?;
            Ok(ExitCode::SUCCESS)
        }
        UserCommand::Invite(UserInviteArgs { email, admin, days, uses }) => {
            let expires_at = Some(operator.now() + Duration::from_hours(u64::from(days) * 24));
            let role = user_role(admin);
            let invitation =
                InvitationCreate { email, role, uses, expires_at, current_password: None };
            print_link(operator, &operator.invite(invitation).await?.link)
        }
        UserCommand::ResetLink { account, hours } => {
            let expires_at = Some(operator.now() + Duration::from_hours(hours.into()));
            let link = ResetLinkCreate { expires_at, current_password: None };
            print_link(operator, &operator.reset_link(&account, link).await?.link)
        }
        UserCommand::Delete { account, yes } => {
            let user = operator.find_user(&account).await?;
            let question = format!("Delete {} with everything in it?", table::plain(&user.email));
            if !yes && !terminal::confirm(&question).await? {
                tracing::warn!("nothing was changed; answer y, or add --yes, to delete it");
                return Ok(ExitCode::from(USAGE));
            }
            operator.delete_user(user.id).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn key_with(operator: &Operator, command: KeyCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeyCommand::List { account, json } => list_keys(&operator.list_keys(&account).await?, json),
        KeyCommand::Create(KeyCreateArgs { account, name, scopes, days }) => {
            let expires_at = days.map(|days| operator.now() + Duration::from_hours(24) * days);
            let new = KeyCreate { name, scopes, expires_at, current_password: None };
            print(&operator.create_key(&account, new).await?.key)
        }
        KeyCommand::Revoke { account, key } => {
            operator.revoke_key(&account, &key).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list_users(users: &[user::Model], as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        let one = |user: &user::Model| {
            json!({
                "id": user.id,
                "email": user.email,
                "name": user.name,
                "role": user.role,
                "created_at": user.created_at,
                "disabled_at": user.disabled_at,
            })
        };
        return print_json(users.iter().map(one));
    }
    let rows = users.iter().map(|user| {
        let role = if user.role == UserRole::Admin { "admin" } else { "user" };
        let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
        [
            user.id.to_string(),
            user.email.clone(),
            role.to_owned(),
            state.to_owned(),
            time(Some(user.created_at)),
            user.name.clone(),
        ]
    });
    print(&table::table(["ID", "E-MAIL", "ROLE", "STATE", "MADE", "NAME"], rows))
}

fn list_keys(keys: &[KeyOut], as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        let one = |key: &KeyOut| {
            json!({
                "id": key.id,
                "name": key.name,
                "prefix": key.prefix,
                "scopes": key.scopes,
                "created_at": key.created_at,
                "last_used_at": key.last_used_at,
                "expires_at": key.expires_at,
            })
        };
        return print_json(keys.iter().map(one));
    }
    let rows = keys.iter().map(|key| {
        [
            key.id.to_string(),
            key.prefix.clone(),
            key.scopes.iter().copied().collect::<Scopes>().to_string(),
            time(Some(key.created_at)),
            time(key.last_used_at),
            time(key.expires_at),
            key.name.clone(),
        ]
    });
    print(&table::table(["ID", "BEGINS", "SCOPES", "MADE", "LAST USED", "EXPIRES", "NAME"], rows))
}

fn print_json(list: impl Iterator<Item = Value>) -> anyhow::Result<ExitCode> {
    print(&serde_json::to_string_pretty(&list.collect::<Vec<_>>()).context("the list")?)
}

/// A time for people, to the second.
fn time(time: Option<Time>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

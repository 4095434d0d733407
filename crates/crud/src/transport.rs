//! How a database server is spoken to, as it is and not as it was asked for.

mod tls;

use sea_orm::{DatabaseConnection, DbErr};

use crate::connect::{ConnectError, MySqlOptions};
use crate::{dialect, mysql};

pub use self::tls::Tls;

/// How a database server is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// Version and cipher of TLS, as the server calls them; none in plain text.
    pub tls: Option<Tls>,
    /// Whether the server's certificate was looked at.
    pub is_verified: bool,
    /// Whether what is sent stays on this machine.
    pub is_here: bool,
}

impl Transport {
    /// How `connection`, made with these options, is spoken.
    pub(crate) async fn of(
        options: &MySqlOptions,
        connection: &DatabaseConnection,
    ) -> Result<Self, DbErr> {
        let failed = |error: ConnectError| DbErr::Custom(error.to_string());
        let mysql::Protection { is_here, is_verified } =
            mysql::protection(options).map_err(failed)?;
        let tls = dialect::tls(connection).await?;
        Ok(Self { is_verified: is_verified && tls.is_some(), tls, is_here })
    }
}

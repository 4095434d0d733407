//! All that is stored of one account, as a zip file of readable JSON.

use auth::Actor;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use models::response;
use serde_json::json;
use transfer::archive::{Archive, SCHEMA, VERSION};

use super::{ExportFormat, Exports, PAGE};
use crate::accounts::Accounts;
use crate::error::{Error, Result};
use crate::keys::Keys;

/// The use case of exporting everything about an account.
#[derive(Debug, Clone)]
pub struct DataExports {
    exports: Exports,
    accounts: Accounts,
    keys: Keys,
}

impl DataExports {
    pub(crate) fn new(exports: Exports, accounts: Accounts, keys: Keys) -> Self {
        Self { exports, accounts, keys }
    }

    /// Everything of the caller, without secrets. What changes while it is written may be in it
    /// as it was before or after. A session takes the password; a key took it when it was made.
    pub async fn archive(
        &self,
        actor: &Actor,
        password: Option<String>,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + use<>> {
        if password.is_some() || actor.key_id().is_none() {
            self.accounts.confirm_own(actor, password, "The export of everything").await?;
        }
        let account = self.accounts.me(actor).await?;
        let sessions = self.accounts.list_sessions(actor).await?.data;
        let keys = self.keys.list(actor).await?.data;
        let (core, owner) = (self.exports.core.clone(), actor.user_id);
        let reads = self.exports.reads.clone();
        let reading = reads.export(actor)?;
        let conversations = self.exports.whole(owner, ExportFormat::JsonLines);
        let about = json!({
            "format": "chatapp-data", "version": VERSION, "exported_at": core.context.now(),
        });
        Ok(reading.pace(async_stream::try_stream! {
            let mut archive = Archive::default();
            archive.json("export.json", &about).map_err(Error::internal)?;
            archive.begin("schema.json").map_err(Error::internal)?;
            archive.write(SCHEMA.as_bytes()).map_err(Error::internal)?;
            archive.json("account.json", &account).map_err(Error::internal)?;
            archive.json("sessions.json", &sessions).map_err(Error::internal)?;
            archive.json("keys.json", &keys).map_err(Error::internal)?;
            yield Bytes::from(archive.take());

            archive.begin("conversations.jsonl").map_err(Error::internal)?;
            let mut conversations = std::pin::pin!(conversations);
            while let Some(piece) = conversations.next().await {
                archive.write(&piece?).map_err(Error::internal)?;
                let piece = archive.take();
                if !piece.is_empty() {
                    yield Bytes::from(piece);
                }
            }

            archive.begin("usage.jsonl").map_err(Error::internal)?;
            let mut last = None;
            loop {
                let turn = reads.step().await?;
                let page =
                    crud::responses::list_of_user(&core.db, owner, last, PAGE).await?;
                drop(turn);
                let Some(newest) = page.last() else { break };
                last = Some((newest.created_at, newest.id));
                for row in &page {
                    archive.write(usage(row).as_bytes()).map_err(Error::internal)?;
                }
                yield Bytes::from(archive.take());
            }
            yield Bytes::from(archive.finish().map_err(Error::internal)?);
        }))
    }
}

/// What a response used, as a line.
fn usage(row: &response::Model) -> String {
    let line = json!({
        "id": row.id,
        "conversation_id": row.conversation_id,
        "purpose": row.purpose,
        "status": row.status,
        "model": row.model,
        "provider": row.provider,
        "usage": {
            "input_tokens": row.input_tokens,
            "output_tokens": row.output_tokens,
            "cached_tokens": row.cached_tokens,
            "reasoning_tokens": row.reasoning_tokens,
            "estimated": row.usage_estimated,
        },
        "created_at": row.created_at,
        "completed_at": row.completed_at,
    });
    format!("{line}\n")
}

//! One conversation from elsewhere: planned, and stored unless it is there.

use std::sync::Arc;

use models::{ConversationId, UserId};
use schemas::import::{ImportEntry, ImportOutcome};
use transfer::{Conversation, Source};

use super::rows::{self, Planned};
use super::{entry, notes};
use crate::core::Core;
use crate::error::{Error, Result};

/// Stores conversations of one account.
pub(super) struct Store {
    pub(super) core: Arc<Core>,
    pub(super) owner: UserId,
    /// Whether to store nothing, and say what would happen.
    pub(super) dry_run: bool,
}

impl Store {
    /// Stores a conversation, and says what became of it.
    pub(super) async fn conversation(&self, conversation: Conversation) -> ImportEntry {
        let (mut entry, planned) = self.plan(conversation);
        let Some(mut planned) = planned else { return entry };
        match self.store(&mut planned).await {
            Ok((outcome, id)) => {
                entry.outcome = outcome;
                entry.conversation_id = id;
            }
            Err(Error::QuotaReached { limit }) => {
                entry.outcome = ImportOutcome::Failed;
                entry.reason = Some(format!("you may store {limit} bytes, and it does not fit"));
            }
            Err(error) => {
                let error = crate::chain(&error);
                tracing::warn!(user = %self.owner, error, "importing a conversation failed");
                entry.outcome = ImportOutcome::Failed;
                entry.reason = Some("it could not be stored; import the same file again".into());
            }
        }
        entry
    }

    /// What a conversation becomes and the report of it, or only the report if nothing of it is to
    /// be stored.
    pub(super) fn plan(&self, conversation: Conversation) -> (ImportEntry, Option<Planned>) {
        let mut entry = entry(ImportOutcome::Failed, None);
        entry.source = Some(conversation.source.name().to_owned());
        entry.source_id.clone_from(&conversation.source_id);
        entry.messages = conversation.messages.len() as u64;
        // Ours may be empty: what was exported comes back as it was.
        let is_empty = conversation.messages.is_empty() && conversation.source != Source::Chatapp;
        let too_large = rows::too_large(&conversation);
        let planned = Planned::new(&self.core, self.owner, conversation);
        entry.title = planned.title();
        entry.notes = notes(&planned.notes);
        if is_empty {
            entry.outcome = ImportOutcome::Empty;
            return (entry, None);
        }
        if too_large.is_some() {
            entry.reason = too_large;
            return (entry, None);
        }
        (entry, Some(planned))
    }

    /// Whether its user has deleted what was planned; it can still be restored.
    pub(super) async fn is_deleted(&self, planned: &Planned) -> Result<bool> {
        let import = &planned.import;
        let db = &self.core.db;
        Ok(crud::imports::is_deleted(db, self.owner, &import.source, &import.source_id).await?)
    }

    /// Stores what was planned unless it is there.
    pub(super) async fn store(
        &self,
        planned: &mut Planned,
    ) -> Result<(ImportOutcome, Option<ConversationId>)> {
        let db = &self.core.db;
        let (source, source_id) = (planned.import.source.clone(), planned.import.source_id.clone());
        if let Some(id) = crud::imports::find(db, self.owner, &source, &source_id).await? {
            return Ok((ImportOutcome::AlreadyThere, Some(id)));
        }
        if let Some(id) = planned.exported_id
            && crud::conversations::find(db, self.owner, id).await?.is_some()
        {
            return Ok((ImportOutcome::AlreadyThere, Some(id)));
        }
        if self.dry_run {
            return Ok((ImportOutcome::WouldImport, None));
        }
        self.core.quota.take(db, self.owner, planned.bytes()).await?;
        if planned.keeps_ids() && planned.is_any_id_taken(db).await? {
            planned.renew_ids(&self.core);
        }
        let id = planned.conversation.id;
        crud::imports::open(db, planned.conversation.clone(), self.core.context.now()).await?;
        let stored = async {
            while let Some(rows) = planned.step() {
                crud::imports::add(db, self.owner, id, rows).await?;
            }
            crud::imports::publish(db, planned.import.clone()).await
        };
        match stored.await {
            Ok(true) => Ok((ImportOutcome::Imported, Some(id))),
            Ok(false) => {
                crud::conversations::trash::remove(db, id).await?;
                let found = crud::imports::find(db, self.owner, &source, &source_id).await?;
                Ok((ImportOutcome::AlreadyThere, found))
            }
            Err(error) => {
                // It stays hidden if this fails, too, and the next start removes it.
                if let Err(error) = crud::conversations::trash::remove(db, id).await {
                    tracing::warn!(conversation = %id, %error, "removing a part of an import failed");
                }
                Err(error.into())
            }
        }
    }
}

//! What a move says: a line a row, the counts, and how far it is.

use schemas::moving::{ConversationOutcome, MoveLine, MovedConversation, MovedUser, UserOutcome};
use tokio::time::Instant;

use super::{Move, TELL_EVERY};

impl Move {
    /// Counts a line and hands it on.
    pub(super) async fn say(&mut self, line: MoveLine) {
        match &line {
            MoveLine::User(user) => self.count_user(user),
            MoveLine::Conversation(conversation) => self.count_conversation(conversation),
            MoveLine::Strays(_) | MoveLine::Summary(_) => {}
        }
        self.tell();
        // The work goes on without a reader.
        let _ = self.report.send(line).await;
    }

    fn count_user(&mut self, user: &MovedUser) {
        let summary = &mut self.summary;
        match user.outcome {
            UserOutcome::Moved | UserOutcome::WouldMove => summary.users_moved += 1,
            UserOutcome::AlreadyThere => summary.users_already_there += 1,
            UserOutcome::LeftOut => summary.users_left_out += 1,
        }
        let is_new = matches!(user.outcome, UserOutcome::Moved | UserOutcome::WouldMove);
        if user.must_reset.is_some() && is_new {
            summary.users_to_reset += 1;
        }
    }

    fn count_conversation(&mut self, conversation: &MovedConversation) {
        let summary = &mut self.summary;
        let count = match conversation.outcome {
            ConversationOutcome::Moved | ConversationOutcome::WouldMove => {
                &mut summary.conversations_moved
            }
            ConversationOutcome::Extended | ConversationOutcome::WouldExtend => {
                &mut summary.conversations_extended
            }
            ConversationOutcome::AlreadyThere => &mut summary.conversations_already_there,
            ConversationOutcome::Empty => &mut summary.conversations_empty,
            ConversationOutcome::LeftOut => &mut summary.conversations_left_out,
        };
        *count += 1;
        summary.messages_moved += conversation.messages;
        summary.messages_left_out += conversation.messages_left_out;
    }

    /// Says now and then how far it is.
    fn tell(&mut self) {
        if self.options.quiet || self.told.elapsed() < TELL_EVERY {
            return;
        }
        self.told = Instant::now();
        let (done, total) = (&self.summary, &self.total);
        let users = done.users_moved + done.users_already_there + done.users_left_out;
        let conversations = done.conversations_moved
            + done.conversations_extended
            + done.conversations_already_there
            + done.conversations_empty
            + done.conversations_left_out;
        tracing::info!(
            users,
            of_users = total.users,
            conversations,
            of_conversations = total.conversations,
            messages = done.messages_moved,
            "moving in"
        );
    }
}

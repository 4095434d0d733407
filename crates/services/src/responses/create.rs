//! A response as the `OpenAI` API asks for one: to several items, in a conversation, behind another
//! response, or in a chain of its own.

use auth::Actor;
use crud::Owned;
use crud::turns::{NewItem, NewItems, Parent, Question};
use engine::branch::Branch;
use engine::{Follower, Unstored, call_of};
use models::conversation::ConversationKind;
use models::message::{MessageType, Role};
use models::response::Purpose;
use models::{Content, ConversationId, MessageId, Parameters, ResponseId, conversation};
use schemas::Invalid;
use schemas::conversation::ConversationCreate;
use schemas::v1::{ConversationParam, InputItem, ResponseCreate};
use schemas::validate::Rule;

use super::accept::{Request, TargetConversation};
use super::{Responses, Started};
use crate::error::{Error, Result};
use crate::{conversations, items, titles};

/// How many rows are read together on the way up a branch.
const STEP: u64 = 50;

impl Responses {
    /// Accepts items and begins to answer them. When this returns, all of it is on disk, and the
    /// answer is made whether or not anybody follows. The same request with the same key leads to
    /// the same response, running or ended.
    ///
    /// Without a conversation the items begin a chain, a conversation that is in no list; behind a
    /// response they go on in its conversation, so that two requests behind one response are two
    /// branches.
    pub async fn create(
        &self,
        actor: &Actor,
        body: ResponseCreate,
        idempotency_key: Option<String>,
    ) -> Result<Started> {
        let wanted = Wanted::read(body)?;
        if wanted.parameters.unstored {
            let follower = self.run(actor, wanted).await?;
            return Ok(Started { follower, repeated: false });
        }
        let key = self.key(idempotency_key, || {
            let Wanted { place, model, items, parameters } = &wanted;
            let place = match place {
                TurnPlace::Chain => serde_json::Value::Null,
                TurnPlace::Conversation(id) => serde_json::json!(id),
                TurnPlace::Behind(id) => serde_json::json!(id),
            };
            serde_json::json!(["v1 response", place, model, items, parameters])
        });
        let begun = async {
            let (request, _) = self.wanted(actor, wanted).await?;
            self.start(request, key.clone()).await
        };
        self.once(actor, key.as_ref(), begun).await
    }

    /// Makes a response of which nothing is kept. It ends with the follower.
    async fn run(&self, actor: &Actor, wanted: Wanted) -> Result<Follower> {
        let (core, engine) = (&self.core, &self.engine);
        let admission = engine.admit()?;
        let (request, found) = self.wanted(actor, wanted).await?;
        let (conversation, behind) = match (&request.place, found.from) {
            (TargetConversation::New(row), _) => (row.as_ref().clone(), None),
            (TargetConversation::Stored(_), from) => {
                let row = found.row.ok_or(Error::PreviousResponseNotFound)?.into_inner();
                let from = from.ok_or(Error::PreviousResponseNotFound)?;
                let behind = crud::messages::find(&core.db, actor.user_id, from).await?;
                (row, Some(behind.ok_or(Error::PreviousResponseNotFound)?))
            }
        };
        let name = request.model.as_ref().or(conversation.model.as_ref());
        let model = core.catalog.choose(name.map(String::as_str)).await?;
        let parameters = request.asked_in(&conversation);
        let instructions = parameters.instructions.as_deref();
        engine.check_fits(&model, instructions, &request.said()).await?;
        // A place of its own: any number of them may go on with one stored response.
        let slot = engine.reserve(admission, actor.user_id, core.context.new_id())?;
        let response = self.new_response(&request, conversation.id, &model, parameters);
        let Question::New { items, .. } = request.question else {
            return Err(Error::NotFound("input"));
        };
        Ok(engine.run(Unstored { response, items, behind }, model, slot))
    }

    /// How many tokens the model would read, were a response made of this now.
    pub async fn count_input(&self, actor: &Actor, body: ResponseCreate) -> Result<u32> {
        let Wanted { place, model, items, parameters } = Wanted::read(body)?;
        let core = &self.core;
        let told = items::told(core, actor.user_id, "input", items).await?;
        let found = self.found(actor, &place).await?;
        let (instructions, named) = found.row.as_ref().map_or((None, None), |row| {
            (row.instructions.clone(), found.model.clone().or_else(|| row.model.clone()))
        });
        let model = core.catalog.choose(model.or(named).as_deref()).await?;
        let instructions = parameters.instructions.or(instructions).map(Content::from);
        let tools = (!parameters.tools.is_empty())
            .then(|| Content::from(serde_json::to_string(&parameters.tools).unwrap_or_default()));
        let mut said: Vec<Content> = instructions.into_iter().chain(tools).collect();
        if let (Some(row), Some(from)) = (&found.row, found.from) {
            let mut branch = Branch::new(&core.db, row.owned_id(), Some(from), i64::MAX, STEP);
            while let Some(row) = branch.next().await? {
                said.push(Content::read(row.content, row.data.as_deref()));
            }
        }
        said.extend(told.iter().map(|item| item.content().clone()));
        Ok(self.engine.count(&model, &said).await?)
    }

    /// The request for what is wanted, if it can be.
    async fn wanted(&self, actor: &Actor, wanted: Wanted) -> Result<(Request, Found)> {
        let Wanted { place, model, items, parameters } = wanted;
        let core = &self.core;
        let told = items::told(core, actor.user_id, "input", items).await?;
        let found = self.found(actor, &place).await?;
        self.check_results(&found, &told).await?;
        let title = titles::first_line(first_said(&told).as_deref().unwrap_or_default());
        let needed = || Invalid::new("input", "input must have at least one item");
        let items = NewItems::new(told).ok_or_else(needed)?;
        let parent = match (&place, found.from) {
            (TurnPlace::Behind(_), Some(id)) => Parent::Message(id),
            (TurnPlace::Chain, _) => Parent::Root,
            (TurnPlace::Conversation(_) | TurnPlace::Behind(_), _) => Parent::Head,
        };
        let place = if let Some(row) = &found.row {
            TargetConversation::Stored(row.id)
        } else {
            let new = ConversationCreate::default();
            let row = conversations::new_row(&core.context, actor.user_id, new);
            let kind = ConversationKind::Chain;
            TargetConversation::New(Box::new(conversation::Model { kind, ..row }))
        };
        let request = Request {
            actor: *actor,
            place,
            model: model.or_else(|| found.model.clone()),
            question_id: items.last().id(),
            question: Question::New { parent, title, items },
            stored: None,
            going_on: None,
            parameters,
        };
        Ok((request, found))
    }

    /// Where the items go.
    async fn found(&self, actor: &Actor, place: &TurnPlace) -> Result<Found> {
        let find = |id| crud::conversations::find(&self.core.db, actor.user_id, id);
        match place {
            TurnPlace::Chain => Ok(Found::default()),
            TurnPlace::Conversation(id) => {
                let row = find(*id).await?.ok_or(Error::NotFound("conversation"))?;
                Ok(Found { from: row.head_id, model: None, row: Some(row) })
            }
            TurnPlace::Behind(id) => {
                let previous = crud::responses::find(&self.core.db, actor.user_id, *id).await?;
                let is_answer =
                    |row: &Owned<models::response::Model>| row.purpose.is(Purpose::Answer);
                let previous = previous.filter(is_answer).ok_or(Error::PreviousResponseNotFound)?;
                if !previous.status.is_final() {
                    return Err(Error::ConversationLocked(*id));
                }
                let row = find(previous.conversation_id).await?;
                Ok(Found {
                    from: Some(previous.message_id),
                    model: Some(previous.model.clone()),
                    row: Some(row.ok_or(Error::PreviousResponseNotFound)?),
                })
            }
        }
    }

    /// Refuses a result whose call is neither among the new items nor in the history.
    async fn check_results(&self, found: &Found, told: &[NewItem]) -> Result<()> {
        let mut open = without_call(told);
        if open.is_empty() {
            return Ok(());
        }
        if let (Some(conversation), Some(from)) = (&found.row, found.from) {
            let id = conversation.owned_id();
            let mut branch = Branch::new(&self.core.db, id, Some(from), i64::MAX, STEP);
            while let Some(row) = branch.next().await? {
                let beside = match (row.kind, row.response_id) {
                    (MessageType::FunctionCall, _) => vec![row],
                    (MessageType::Message, Some(response)) => {
                        crud::messages::list_beside(&self.core.db, id, &[response]).await?
                    }
                    _ => Vec::new(),
                };
                for row in beside.iter().filter(|row| row.kind == MessageType::FunctionCall) {
                    let call = call_of(row).call_id;
                    open.retain(|id| **id != call);
                }
                if open.is_empty() {
                    return Ok(());
                }
            }
        }
        let Some(id) = open.first() else { return Ok(()) };
        let message = format!("No tool call found for function call output with call_id {id}.");
        Err(Invalid::new("input", message).into())
    }
}

/// Where new items go.
#[derive(Debug)]
enum TurnPlace {
    /// In a new chain.
    Chain,
    /// Below the newest message of the conversation's selected branch.
    Conversation(ConversationId),
    /// Below the answer of this response.
    Behind(ResponseId),
}

/// The conversation that items go into.
#[derive(Debug, Default)]
struct Found {
    /// Its row; none if it is to be made.
    row: Option<Owned<conversation::Model>>,
    /// The item that they hang below.
    from: Option<MessageId>,
    /// The model of the response they go behind.
    model: Option<String>,
}

/// What a request asks for.
#[derive(Debug)]
struct Wanted {
    place: TurnPlace,
    model: Option<String>,
    items: Vec<InputItem>,
    parameters: Parameters,
}

impl Wanted {
    fn read(mut body: ResponseCreate) -> Result<Self> {
        body.validate()?;
        let is_unstored = body.store == Some(false);
        if is_unstored && (body.conversation.is_some() || body.background == Some(true)) {
            let message = "a response in a conversation, or in the background, is always kept: \
                           leave out store";
            return Err(Invalid::new("store", message).of(Rule::Unsupported).into());
        }
        let input = body.input.take();
        let needed = || Invalid::new("input", "input is needed").of(Rule::Required);
        let items = input.ok_or_else(needed)?.items("input")?;
        let place = match (body.conversation.take(), body.previous_response_id.take()) {
            (Some(_), Some(_)) => {
                let message = "send either conversation or previous_response_id";
                let invalid = Invalid::new("previous_response_id", message);
                return Err(invalid.of(Rule::Exclusive).into());
            }
            (Some(ConversationParam(id)), None) => {
                TurnPlace::Conversation(id.parse().map_err(|_| Error::NotFound("conversation"))?)
            }
            (None, Some(id)) => {
                TurnPlace::Behind(id.parse().map_err(|_| Error::PreviousResponseNotFound)?)
            }
            (None, None) => TurnPlace::Chain,
        };
        let model = body.model.take();
        let previous = match place {
            TurnPlace::Behind(id) => Some(id),
            TurnPlace::Chain | TurnPlace::Conversation(_) => None,
        };
        let parameters = Parameters { previous, ..body.into_parameters() };
        Ok(Self { place, model, items, parameters })
    }
}

/// What the user says first, for a title.
fn first_said(told: &[NewItem]) -> Option<String> {
    told.iter().find_map(|item| match item {
        NewItem::Message { role: Role::User, content, .. } => Some(content.text().into_owned()),
        _ => None,
    })
}

/// The ids of the calls whose results are told without the calls before them.
fn without_call(told: &[NewItem]) -> Vec<&str> {
    let mut called = Vec::new();
    let mut open = Vec::new();
    for item in told {
        match item {
            NewItem::Call { call_id, .. } => called.push(call_id.as_str()),
            NewItem::Result { call_id, .. } if !called.contains(&call_id.as_str()) => {
                open.push(call_id.as_str());
            }
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_without_its_call_before_it_is_found() {
        let id = MessageId(uuid::Uuid::nil());
        let content = Content::default;
        let call = |call_id: &str| {
            let (call_id, name) = (call_id.to_owned(), "f".to_owned());
            NewItem::Call { id, call_id, name, arguments: content() }
        };
        let result =
            |call_id: &str| NewItem::Result { id, call_id: call_id.to_owned(), output: content() };
        assert_eq!(without_call(&[call("1"), result("1")]), [""; 0]);
        assert_eq!(without_call(&[result("1"), call("1"), result("2")]), ["1", "2"]);
    }
}

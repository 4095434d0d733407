//! Turns: new items in their order, all of them or none, once; and turns whose commit nobody has
//! heard of.

use crud::idempotency::IdempotencyKey;
use crud::messages::list_up;
use crud::turns::{NewItem, NewItems, NewTurn, Parent, Question, Turn, TurnOutcome, start};
use crud::{CrudError, Db};
use models::conversation::{self, ConversationKind};
use models::message::{MessageType, Model, ResultData, Role};
use models::response::{self, Purpose};
use models::{Content, Context, ConversationId, MessageId, Parameters, ServerId, UserId};
use testkit::World;

/// A user with a conversation.
struct Kit {
    db: Db,
    context: Context,
    owner: UserId,
    conversation: ConversationId,
}

impl Kit {
    async fn new(world: &World) -> Self {
        let (db, context) = (super::open(world).await, Context::system());
        let conversation: ConversationId = context.new_id();
        super::store_conversation(world, &format!("x'{}'", conversation.0.simple())).await;
        Self { db, context, owner: UserId(conversation.0), conversation }
    }

    fn message(&self, text: &str) -> NewItem {
        let content = Content::from(text.to_owned());
        NewItem::Message { id: self.context.new_id(), role: Role::User, content }
    }

    fn result(&self, call_id: &str, output: &str) -> NewItem {
        let output = Content::from(output.to_owned());
        NewItem::Result { id: self.context.new_id(), call_id: call_id.to_owned(), output }
    }

    fn turn(&self, parent: Parent, items: Vec<NewItem>) -> NewTurn {
        let (context, now) = (&self.context, self.context.now());
        let items = NewItems::new(items).unwrap();
        let server: ServerId = context.new_id();
        let response = response::Model::accepted(response::Accepted {
            id: context.new_id(),
            user_id: self.owner,
            conversation_id: self.conversation,
            user_message_id: items.last().id(),
            message_id: context.new_id(),
            purpose: Purpose::Answer,
            model: "m".to_owned(),
            provider: "p".to_owned(),
            parameters: Parameters::default(),
            server_id: server,
            epoch: 1,
            at: now,
        });
        NewTurn {
            owner: self.owner,
            conversation_id: self.conversation,
            opening: None,
            question: Question::New { parent, items, title: "a title".to_owned() },
            response,
            idempotency: None,
            now,
        }
    }

    async fn accept(&self, world: &World, turn: NewTurn) -> Turn {
        let outcome = start(&self.db, turn).await.unwrap();
        let TurnOutcome::Accepted(turn) = outcome else { panic!("{outcome:?}") };
        // It counts as ended, so that the next turn may come.
        world.sql().await.execute("UPDATE conversations SET active_response_id = NULL").await;
        turn
    }

    async fn rows(&self) -> Vec<Model> {
        let conversation = super::owned(&self.db, self.owner, self.conversation).await;
        list_up(&self.db, conversation, 0, 1_000).await.unwrap()
    }
}

/// What of a row says where it stands and what it is.
fn place(row: &Model) -> (i64, MessageId, Option<MessageId>, i32, MessageType) {
    (row.seq, row.id, row.parent_id, row.depth, row.kind)
}

#[testkit::test]
async fn new_items_hang_below_each_other_in_their_order(world: World) {
    let kit = Kit::new(&world).await;
    let mut dice = super::places::Dice(11);
    let (mut expected, mut above, mut found) = (Vec::new(), None, 0);
    for _ in 0..12 {
        let count = 1 + dice.below(6);
        let items: Vec<NewItem> = (0..count)
            .map(|n| match dice.below(5) {
                0 => kit.result(&format!("call_{n}"), "22 degrees"),
                1 => NewItem::Call {
                    id: kit.context.new_id(),
                    call_id: format!("call_{n}"),
                    name: "get_weather".to_owned(),
                    arguments: Content::from("{}".to_owned()),
                },
                2 => {
                    let text = Content::from("They ask.".to_owned());
                    NewItem::Reasoning { id: kit.context.new_id(), text }
                }
                _ => kit.message("words"),
            })
            .collect();
        found += items.iter().filter(|item| matches!(item, NewItem::Message { .. })).count();
        let new = kit.turn(Parent::Head, items.clone());
        let turn = kit.accept(&world, new.clone()).await;
        for item in &items {
            let (seq, depth) =
                (expected.len().try_into().unwrap(), expected.len().try_into().unwrap());
            let kind = match item {
                NewItem::Message { .. } => MessageType::Message,
                NewItem::Call { .. } => MessageType::FunctionCall,
                NewItem::Reasoning { .. } => MessageType::Reasoning,
                NewItem::Result { .. } => MessageType::FunctionCallOutput,
            };
            expected.push((seq, item.id(), above.replace(item.id()), depth, kind));
        }
        let (id, last) = (turn.message.id, items.last().unwrap().id());
        let (seq, depth) = (expected.len().try_into().unwrap(), expected.len().try_into().unwrap());
        expected.push((seq, id, above.replace(id), depth, MessageType::Message));
        assert_eq!((turn.user_message.id, turn.response.user_message_id), (last, last));
        assert_eq!(turn.response.input_to_seq, turn.user_message.seq);

        let rows = kit.rows().await;
        assert_eq!(rows.iter().map(place).collect::<Vec<_>>(), expected);
        let (rest, answer) = rows.split_at(rows.len() - 1);
        assert_eq!(answer, [turn.message]);
        for (row, item) in rest.iter().rev().zip(items.iter().rev()) {
            assert_eq!(row.content, item.content().text());
            let (is_user, role, call) = match item {
                NewItem::Message { .. } => (true, Some(Role::User), None),
                NewItem::Call { call_id, .. } | NewItem::Result { call_id, .. } => {
                    (false, None, Some(call_id.clone()))
                }
                NewItem::Reasoning { .. } => (false, None, None),
            };
            assert_eq!((row.is_user, row.role, row.response_id), (is_user, role, None));
            assert_eq!(ResultData::read(row.data.as_deref()).map(|data| data.call_id), call);
        }
        let times: Vec<_> = rows.iter().map(|row| row.created_at).collect();
        assert!(times.is_sorted(), "{times:?}");
    }
    let mut sql = world.sql().await;
    let head = sql.value("SELECT HEX(head_id) FROM conversations").await.to_lowercase();
    assert_eq!(Some(head), above.map(|id| id.0.simple().to_string()));
    let indexed = sql.value("SELECT COUNT(*) FROM search_docs WHERE NOT is_title").await;
    assert_eq!(indexed, found.to_string(), "every message can be found, no result can");
}

#[testkit::test]
async fn the_same_items_again_lead_to_the_same_response(world: World) {
    let kit = Kit::new(&world).await;
    let items = vec![kit.message("one"), kit.result("call_1", "two"), kit.message("three")];
    let first = kit.turn(Parent::Head, items);
    let idempotency = Some(IdempotencyKey {
        key: "k".to_owned(),
        request_hash: vec![1; 32],
        expires_at: first.now + std::time::Duration::from_hours(1),
    });
    let first = NewTurn { idempotency: idempotency.clone(), ..first };
    let id = first.response.id;
    kit.accept(&world, first).await;
    let rows = kit.rows().await;
    assert_eq!(rows.len(), 4);
    // A client that repeats a request names no ids, so these are others.
    let items = vec![kit.message("one"), kit.result("call_1", "two"), kit.message("three")];
    let again = NewTurn { idempotency, ..kit.turn(Parent::Head, items) };
    assert_eq!(start(&kit.db, again).await.unwrap(), TurnOutcome::Repeated(id));
    assert_eq!(kit.rows().await, rows);
}

#[testkit::test]
async fn a_turn_that_fails_at_its_end_leaves_none_of_its_items(world: World) {
    let kit = Kit::new(&world).await;
    let first = kit.accept(&world, kit.turn(Parent::Head, vec![kit.message("one")])).await;
    let rows = kit.rows().await;
    let state = "SELECT next_seq, version, HEX(head_id), active_response_id IS NULL \
                 FROM conversations";
    let before = world.sql().await.rows(state).await;
    let items = vec![kit.message("two"), kit.result("call_1", "three"), kit.message("four")];
    let mut new = kit.turn(Parent::Head, items);
    // The response comes last, and there is one with this id.
    new.response.id = first.response.id;
    let refused = start(&kit.db, new).await.unwrap_err();
    assert!(matches!(refused, CrudError::Conflict(_)), "{refused:?}");
    assert_eq!(kit.rows().await, rows);
    assert_eq!(world.sql().await.rows(state).await, before);
    let indexed = world.sql().await.value("SELECT COUNT(*) FROM search_docs").await;
    assert_eq!(indexed, "2", "the first message and its title");
}

#[testkit::test]
async fn a_result_is_an_item_that_others_hang_below(world: World) {
    let kit = Kit::new(&world).await;
    let first = kit.accept(&world, kit.turn(Parent::Head, vec![kit.message("one")])).await;
    let result = kit.result("call_1", "22 degrees");
    let id = result.id();
    kit.accept(&world, kit.turn(Parent::Head, vec![result])).await;
    let below = kit.turn(Parent::Message(id), vec![kit.message("two")]);
    let turn = kit.accept(&world, below).await;
    let rows = kit.rows().await;
    let parents: Vec<_> = rows.iter().map(|row| row.parent_id).collect();
    let answer = rows.get(3).unwrap().id;
    let expected = [None, Some(first.user_message.id), Some(first.message.id), Some(id), Some(id)];
    assert_eq!(parents.get(..5).unwrap(), expected);
    assert_eq!(turn.user_message.depth, 3);
    // Its answer and what was sent below it later are siblings.
    let conversation = super::owned(&kit.db, kit.owner, kit.conversation).await;
    let places = crud::messages::list_places(&kit.db, conversation, &rows).await.unwrap();
    let sent = places.iter().find(|place| place.id == turn.user_message.id).unwrap();
    assert_eq!((sent.place, sent.siblings, sent.previous), (2, 2, Some(answer)));
    let own = places.iter().find(|place| place.id == id).unwrap();
    assert_eq!((own.place, own.siblings), (1, 1));
}

/// The largest statement that the database takes in the test below.
const PACKET: usize = 2 << 20;

#[testkit::test(servers)]
async fn more_items_than_one_statement_takes_are_one_turn(world: World) {
    let database = world.own_server().await;
    let world = database.world().clone();
    world.database().administer(&format!("SET GLOBAL max_allowed_packet = {PACKET}")).await;
    let kit = Kit::new(&world).await;
    let text = "word ".repeat(100 << 10);
    let items: Vec<NewItem> = (0..5).map(|_| kit.message(&text)).collect();
    assert!(items.len() * text.len() > PACKET);
    kit.accept(&world, kit.turn(Parent::Head, items)).await;
    assert_eq!(kit.rows().await.len(), 6);
}

#[testkit::test(servers)]
async fn a_turn_that_is_still_open_is_known_of(world: World) {
    let db = super::open(&world).await;
    let id: ConversationId = Context::system().new_id();
    super::store_conversation(&world, &format!("x'{}'", id.0.simple())).await;
    let mut other = world.sql().await;
    crud::turns::check_none_open(&db, id).await.unwrap();
    for end in ["ROLLBACK", "COMMIT"] {
        other.execute("BEGIN").await;
        other.execute("UPDATE conversations SET next_seq = next_seq + 2").await;
        let refused = crud::turns::check_none_open(&db, id).await.unwrap_err();
        assert!(matches!(refused, CrudError::Serialization(_)), "{refused:?}");
        other.execute(end).await;
        crud::turns::check_none_open(&db, id).await.unwrap();
    }
}

#[testkit::test]
async fn nothing_of_a_chain_is_found_and_its_owner_finds_it(world: World) {
    let kit = Kit::new(&world).await;
    for (kind, found) in [(ConversationKind::Chain, "0"), (ConversationKind::Chat, "2")] {
        let mut new = kit.turn(Parent::Root, vec![kit.message("quicksilver")]);
        let id: ConversationId = kit.context.new_id();
        let row = testkit::rows::conversation(id, kit.owner, kit.context.now());
        new.opening = Some(conversation::Model { kind, ..row });
        new.conversation_id = id;
        new.response.conversation_id = id;
        kit.accept(&world, new).await;
        let mut sql = world.sql().await;
        assert_eq!(sql.value("SELECT COUNT(*) FROM search_docs").await, found, "{kind:?}");
        let row = crud::conversations::find(&kit.db, kit.owner, id).await.unwrap().unwrap();
        assert_eq!(row.kind, kind);
        let filter = crud::conversations::Filter::default();
        let list = crud::conversations::list(&kit.db, kit.owner, filter, None, 100).await.unwrap();
        assert_eq!(list.iter().any(|row| row.id == id), kind == ConversationKind::Chat);
        let all = crud::conversations::list_by_id(&kit.db, kit.owner, None, 100).await.unwrap();
        assert!(all.iter().any(|row| row.id == id), "an export has it");
    }
}

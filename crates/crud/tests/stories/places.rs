//! Where messages stand among their siblings: any tree, any page, as a plain model says.

use crud::messages::{SiblingPosition, list_places, list_up};
use models::message::{MessageType, Model};
use models::{Context, ConversationId, MessageId, UserId};
use testkit::World;

/// Random numbers that are the same at every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// The places of `page` by looking through all rows.
fn plain(all: &[Model], page: &[Model]) -> Vec<SiblingPosition> {
    // What a response brought beside its answer stands in no family; what a client told does.
    let is_proper = |row: &&Model| {
        matches!(row.kind, MessageType::Message | MessageType::FunctionCallOutput)
            || row.response_id.is_none()
    };
    let place_of = |row: &Model| {
        let family: Vec<MessageId> = all
            .iter()
            .filter(is_proper)
            .filter(|other| other.parent_id == row.parent_id)
            .map(|other| other.id)
            .collect();
        let at = family.iter().position(|id| *id == row.id).unwrap();
        SiblingPosition {
            id: row.id,
            place: i64::try_from(at).unwrap() + 1,
            siblings: family.len().try_into().unwrap(),
            previous: at.checked_sub(1).and_then(|at| family.get(at).copied()),
            next: family.get(at + 1).copied(),
        }
    };
    page.iter().filter(is_proper).map(place_of).collect()
}

/// Stores a conversation of `size` rows; `parent` says below which earlier row one hangs.
pub(crate) async fn plant(
    world: &World,
    size: usize,
    mut parent: impl FnMut(usize) -> Option<usize>,
    beside: usize,
) -> ConversationId {
    let context = Context::system();
    let conversation: ConversationId = context.new_id();
    let binary = |id: MessageId| format!("x'{}'", id.0.simple());
    let id = format!("x'{}'", conversation.0.simple());
    let mut sql = world.sql().await;
    sql.execute(&format!(
        "INSERT INTO conversations (id, user_id, kind, title, title_source, pinned, next_seq, \
         version, created_at, updated_at) SELECT {id}, id, 'chat', '', 'none', 0, {size}, 1, \
         created_at, created_at FROM users"
    ))
    .await;
    let ids: Vec<MessageId> = (0..size).map(|_| context.new_id()).collect();
    let rows: Vec<String> = (0..size)
        .map(|seq| {
            let above = parent(seq).and_then(|above| ids.get(above)).map(|id| binary(*id));
            let above = above.unwrap_or_else(|| "NULL".to_owned());
            let (kind, response) = match seq % beside {
                1 => ("reasoning", None),
                2 => ("function_call", None),
                3 => ("function_call_output", None),
                last if last == beside - 1 => ("reasoning", ids.get(seq)),
                _ => ("message", None),
            };
            let response = response.map_or_else(|| "NULL".to_owned(), |id| binary(*id));
            let role = if kind == "message" { "'assistant'" } else { "NULL" };
            let at = super::AT;
            format!(
                "({id}, {seq}, {}, {above}, 0, {response}, '{kind}', {role}, 0, 'completed', '', {at}, {at})",
                binary(*ids.get(seq).unwrap())
            )
        })
        .collect();
    for some in rows.chunks(200) {
        sql.execute(&format!(
            "INSERT INTO messages (conversation_id, seq, id, parent_id, depth, response_id, type, role, is_user, \
             status, content, created_at, updated_at) VALUES {}",
            some.join(", ")
        ))
        .await;
    }
    conversation
}

#[testkit::test]
async fn places_among_siblings_are_those_of_a_plain_model(world: World) {
    let db = super::open(&world).await;
    let first: ConversationId = Context::system().new_id();
    super::store_conversation(&world, &format!("x'{}'", first.0.simple())).await;
    let mut dice = Dice(7);
    for round in 0..24 {
        let mut choice = Dice(round);
        // Wide, deep and in between, with some roots; and families that no page can hold.
        let (size, reach) = match round {
            22 => (1_500, 1),
            23 => (2_600, 2),
            _ => (1 + dice.below(60), 1 + dice.below(8)),
        };
        let parent = |seq: usize| match choice.below(10) {
            0 if size < 100 => None,
            // Among the first few, or close above.
            _ if reach < 4 => seq.checked_sub(1).map(|last| choice.below(reach).min(last)),
            _ => seq.checked_sub(1 + choice.below(reach)),
        };
        let conversation = plant(&world, size, parent, 5 + dice.below(5)).await;
        let conversation = super::owned(&db, UserId(first.0), conversation).await;
        let all = list_up(&db, conversation, 0, 10_000).await.unwrap();
        assert_eq!(all.len(), size);
        for _ in 0..6 {
            let (from, length) = (dice.below(size), 1 + dice.below(100));
            let page: Vec<Model> = all.iter().skip(from).take(length).cloned().collect();
            let mut found = list_places(&db, conversation, &page).await.unwrap();
            let mut expected = plain(&all, &page);
            found.sort_by_key(|place| place.id);
            expected.sort_by_key(|place| place.id);
            assert!(found == expected, "round {round}, {size} rows, {length} from {from}");
        }
    }
    let first = super::owned(&db, UserId(first.0), first).await;
    assert!(list_places(&db, first, &[]).await.unwrap().is_empty());
}

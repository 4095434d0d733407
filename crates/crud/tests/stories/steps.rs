//! Steps of rows end by the bytes of their texts, whatever the limit.

use crud::messages::{STEP_BYTES, list_down, list_up};
use models::{Context, ConversationId, UserId};
use testkit::World;

use super::places::{Dice, plant};

/// What a row says, and what stands beside it.
type Texts = (String, Option<String>);

fn bytes((content, data): &Texts) -> usize {
    content.len() + data.as_ref().map_or(0, String::len)
}

/// How many rows of these lengths a step has: all before and with the one that brings it to its
/// bytes, and the one behind that.
fn plain(lengths: &[usize], limit: usize) -> usize {
    let mut sum = 0;
    let brings = lengths.iter().position(|length| {
        sum += length;
        sum >= STEP_BYTES
    });
    brings.map_or(lengths.len(), |at| lengths.len().min(at + 2)).min(limit)
}

#[testkit::test]
async fn s2_steps_of_messages_end_by_bytes(world: World) {
    let db = super::open(&world).await;
    let first: ConversationId = Context::system().new_id();
    super::store_conversation(&world, &format!("x'{}'", first.0.simple())).await;
    let mut dice = Dice(11);
    for _ in 0..6 {
        let size = 1 + dice.below(9);
        let conversation = plant(&world, size, |seq| seq.checked_sub(1), 20).await;
        let mut texts = Vec::new();
        let mut sql = world.sql().await;
        for seq in 0..size {
            let lengths = [0, 10, 16_383, 16_384, 16_386, 700_000, STEP_BYTES];
            let length = *lengths.get(dice.below(lengths.len())).unwrap();
            // Characters of two bytes: bytes are counted, not characters.
            let text = "ä".repeat(length / 2) + &"b".repeat(length % 2);
            let id = conversation.0.simple();
            // What stands beside a text counts as much as the text.
            let (content, data) = match dice.below(3) {
                0 => (text.clone(), None),
                1 => ("c".to_owned(), Some(text.clone())),
                _ => (text.clone(), Some("{}".to_owned())),
            };
            let written = data.as_ref().map_or("NULL".to_owned(), |data| format!("'{data}'"));
            sql.execute(&format!(
                "UPDATE messages SET content = '{content}', data = {written} \
                 WHERE conversation_id = x'{id}' AND seq = {seq}"
            ))
            .await;
            texts.push((content, data));
        }
        let conversation = super::owned(&db, UserId(first.0), conversation).await;
        for limit in [1, 2, 3, 100] {
            let lengths: Vec<usize> = texts.iter().map(bytes).collect();
            let rows = list_up(&db, conversation, 0, limit as u64).await.unwrap();
            let found: Vec<Texts> = rows.into_iter().map(|row| (row.content, row.data)).collect();
            let expected: Vec<Texts> = texts.iter().take(plain(&lengths, limit)).cloned().collect();
            assert!(found == expected, "up, {limit} of {lengths:?}: {} rows", found.len());

            let lengths: Vec<usize> = lengths.into_iter().rev().collect();
            let rows = list_down(&db, conversation, i64::MAX, limit as u64).await.unwrap();
            let found: Vec<Texts> = rows.into_iter().map(|row| (row.content, row.data)).collect();
            let expected: Vec<Texts> =
                texts.iter().rev().take(plain(&lengths, limit)).cloned().collect();
            assert!(found == expected, "down, {limit} of {lengths:?}: {} rows", found.len());
        }
    }
}

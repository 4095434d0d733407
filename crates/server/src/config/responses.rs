//! Section `responses`.

use super::section::section;
use super::setting::choice;

choice! {
    /// What becomes of an answer whose server has died or stopped.
    OnInterruption: "`mark` or `continue`";
    /// It ends as interrupted.
    Mark = "mark";
    /// The model is asked to go on with it.
    Continue = "continue";
}

section! {
    /// How answers are made.
    ResponsesConfig = "responses";

    /// What becomes of an answer that the end of the server interrupts, by a crash or because it
    /// was told to stop: `mark` keeps its text and ends it as `interrupted`; `continue` asks the
    /// model to go on from its text, in the same message, once the server is back or another one
    /// has taken over. How well models do that: `docs/STREAMING.md`.
    on_interruption: OnInterruption = "mark";
    /// How often one answer is continued. At the next interruption it ends as `interrupted`.
    continue_attempts: u32 = "3", range "1" to "100";
    /// How many tokens the attempts to continue one answer may read together, by the server's
    /// estimate: each attempt sends the conversation and the text so far again.
    continue_tokens: u32 = "200000", range "1" to "1000000000";
    /// What a model that continues its answer is told, as a last message of the user after its
    /// own text so far; also when a person asks for it (`POST /api/responses/{id}/continue`). Leave
    /// it empty for providers that complete a last message of the assistant by themselves.
    continue_instruction: String =
        "Go on exactly where your answer stops. Repeat nothing, and say nothing about this.",
        keep_empty true;
    /// Who names a conversation after its first answer, unless its owner has: `same` asks the model
    /// that gave the answer once more, with that question and answer only; the name of another
    /// model (a small one will do) asks that; `off` asks none, and the first line of the question
    /// stays the title.
    titles: String = "same";
}

//! What the demo model says when left to itself.

const LONGEST_QUOTE: usize = 80;

/// A Markdown answer to `message`, always the same for the same message.
pub(super) fn answer(message: &str) -> String {
    let hash = hash(message);
    let pick = |shift: u32, options: &[&'static str]| {
        let index = usize::try_from((hash >> shift) & 0xFFFF).unwrap_or(0) % options.len().max(1);
        options.get(index).copied().unwrap_or_default()
    };
    let quote = quote(message);
    let opening = if quote.is_empty() {
        "You sent an empty message, and here is an answer all the same.".to_owned()
    } else {
        pick(0, &OPENINGS).replace("{}", &quote)
    };
    format!(
        "## {heading}\n\n{opening}\n\n\
         I am the **built-in demo model**: no language model is connected, and this text is made \
         up by the server itself. Still, everything around it is real. It is streamed, stored and \
         can be resumed like any other answer.\n\n\
         {list}\n\n\
         | Command | What it shows |\n|---|---|\n\
         | `/slow` | an answer with long pauses |\n\
         | `/long` | an answer of many paragraphs |\n\
         | `/tool` | an answer that calls a tool first |\n\
         | `/error` | a provider that fails halfway |\n\
         | `/stall` | a provider that falls silent |\n\n\
         To talk to a real model, set these and start the server again:\n\n\
         {code}\n\n{closing}\n",
        heading = pick(16, &HEADINGS),
        list = pick(24, &LISTS),
        code = pick(32, &CODE),
        closing = pick(40, &CLOSINGS),
    )
}

const HEADINGS: [&str; 4] =
    ["Hello from the demo model", "It works", "A streamed answer", "Nice to meet you"];

const OPENINGS: [&str; 4] = [
    "You wrote “{}”, and I am happy to answer.",
    "Thank you for “{}”. Let me show what an answer looks like.",
    "About “{}”: a real model would know more than I do.",
    "“{}” – a fine way to begin a conversation.",
];

const LISTS: [&str; 3] = [
    "Things to try while I write:\n\n\
     - reload the page: the answer goes on where it was\n\
     - open the conversation in a second window: both follow it\n\
     - press *stop*: the text so far is kept",
    "What happens behind this text:\n\n\
     1. your message was stored before I was asked\n\
     2. every piece of my answer has a number\n\
     3. a client that loses the connection continues after the last number it saw",
    "Three things that differ from a real model:\n\n\
     - the same question always gets the same answer\n\
     - nothing you write leaves this machine\n\
     - it costs nothing",
];

const CODE: [&str; 3] = [
    "```sh\n\
     export OPENAI_API_KEY=\"your key\"\n\
     export OPENAI_BASE_URL=\"https://api.openai.com/v1\"  # or any compatible server\n\
     export OPENAI_MODEL=\"the model's name\"\n\
     ```",
    "```ini\n\
     # .env\n\
     OPENAI_API_KEY=your key\n\
     OPENAI_BASE_URL=https://api.openai.com/v1\n\
     OPENAI_MODEL=the model's name\n\
     ```",
    "```sh\n\
     # A local server such as Ollama needs no OPENAI_API_KEY.\n\
     export OPENAI_BASE_URL=\"http://localhost:11434/v1\"\n\
     export OPENAI_MODEL=\"the model's name\"\n\
     ```",
];

const CLOSINGS: [&str; 3] = [
    "Ask me anything; I will answer with *something*.",
    "Every message gets its own variation of this answer, so feel free to try a few.",
    "Until then I am here, deterministic as ever. ✨",
];

/// The beginning of the message on one line, with what Markdown would act on escaped.
fn quote(message: &str) -> String {
    let mut chars = message.split_whitespace().flat_map(|word| word.chars().chain([' ']));
    let line: String = chars.by_ref().take(LONGEST_QUOTE).filter(|c| !c.is_control()).collect();
    let cut = if chars.next().is_some() { "…" } else { "" };
    let mut quote = String::with_capacity(line.len());
    for c in line.trim_end().chars() {
        if matches!(c, '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '\\' | '#' | '~' | '$') {
            quote.push('\\');
        }
        quote.push(c);
    }
    quote + cut
}

/// FNV-1a: the same on every machine and in every release.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

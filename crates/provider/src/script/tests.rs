use proptest::prelude::*;

use super::*;
use crate::ToolChoice;

fn prompt(message: &str) -> Prompt {
    Prompt::new([("user", message.into())], None)
}

fn steps(name: &str, message: &str) -> Vec<Timed> {
    Script::parse(name).unwrap().play(&prompt(message)).collect()
}

fn text(steps: &[Timed]) -> String {
    let text = |timed: &Timed| match &timed.step {
        Step::Text(text) => Some(text.clone()),
        _ => None,
    };
    steps.iter().filter_map(text).collect()
}

#[test]
fn ticks_keep_their_rate() {
    let steps = steps("demo:ticks=200,rate=100,first=500ms", "");
    assert!(text(&steps).starts_with("tick 0 \ntick 1 \n"));
    let last = steps.iter().rfind(|timed| matches!(timed.step, Step::Text(_))).unwrap();
    assert_eq!(last.step, Step::Text("tick 199 \n".to_owned()));
    assert_eq!(last.at, Duration::from_millis(500 + 199 * 10));
    let tail: Vec<_> = steps.iter().skip(200).map(|timed| timed.step.clone()).collect();
    let usage = TokenUsage { input: 4, output: 200, cached: 0, reasoning: 0 };
    assert_eq!(tail, [Step::Finish(Ending::Stop), Step::Usage(Some(usage)), Step::Done]);
}

#[test]
fn faults_come_after_their_token() {
    let kinds = |name: &str| {
        let steps = steps(name, "");
        (text(&steps), steps.last().map(|timed| timed.step.clone()))
    };
    let three = "tick 0 \ntick 1 \ntick 2 \n".to_owned();
    for (fault, step) in [
        ("stall", Step::Stall),
        ("truncate", Step::Truncate),
        ("reset", Step::Reset),
        ("error", Step::Error),
        ("garbage", Step::Garbage),
        ("huge", Step::Huge),
    ] {
        assert_eq!(kinds(&format!("mock:ticks=9,fault={fault}@3")), (three.clone(), Some(step)));
    }
    let (said, last) = kinds("mock:ticks=9,fault=nodone@3");
    assert_eq!((said, last), (three, Some(Step::Text("tick 2 \n".to_owned()))));
    assert_eq!(kinds("mock:fault=silent"), (String::new(), Some(Step::Silent)));
    let refusal = Step::Status { code: 503, retry_after: Some(1.5) };
    for name in ["mock:status=503,retry-after=1.5", "mock:retry-after=1.5,fault=status=503"] {
        assert_eq!(kinds(name), (String::new(), Some(refusal.clone())), "{name}");
    }
    let json = steps("mock:ticks=2,reasoning=1,finish=length,fault=json", "");
    let Step::Json { text, reasoning, usage, ending, calls } = &json[0].step else {
        panic!("{json:?}")
    };
    assert!(calls.is_empty());
    assert_eq!((text.as_str(), reasoning.as_str()), ("tick 0 \ntick 1 \n", "The"));
    assert_eq!(usage.unwrap(), TokenUsage { input: 4, output: 3, cached: 0, reasoning: 1 });
    assert_eq!(*ending, Ending::Length);
}

#[test]
fn names_that_are_no_scripts() {
    use ScriptError::{BadValue, OtherModel, UnknownSetting};
    assert_eq!(Script::parse("gpt-5"), Err(OtherModel));
    assert_eq!(Script::parse("llama3:8b"), Err(OtherModel));
    assert_eq!(Script::parse("demo:tics=3"), Err(UnknownSetting("tics=3".to_owned())));
    assert_eq!(Script::parse("demo:echo=1"), Err(UnknownSetting("echo=1".to_owned())));
    for (name, key, value) in [
        ("demo:ticks=", "ticks", ""),
        ("demo:ticks=1000001", "ticks", "1000001"),
        ("demo:calls=x", "calls", "x"),
        ("demo:rate=-1", "rate", "-1"),
        ("demo:delay=5", "delay", "5"),
        ("demo:delay=99999m", "delay", "99999m"),
        ("demo:finish=x", "finish", "x"),
        ("demo:status=200", "status", "200"),
        ("demo:fault=silent@3", "fault", "silent@3"),
        ("demo:fault=x", "fault", "x"),
        ("demo:usage=some", "usage", "some"),
    ] {
        assert_eq!(Script::parse(name), Err(BadValue(key, value.to_owned())), "{name}");
    }
}

#[test]
fn the_grammar_is_true() {
    let mut checked = 0;
    for line in GRAMMAR.lines().filter(|line| line.starts_with("  ")) {
        let word = line.split_whitespace().next().unwrap();
        let word =
            word.replace("DURATION", "1.5s").replace("SECONDS", "0.5").replace("CODE", "503");
        let word =
            word.replace("REASON", "length").replace("KIND", "stall").replace(['N', 'K'], "3");
        let name = match line.starts_with("    ") {
            true => format!("demo:fault={word}@3"),
            false if word.starts_with("demo") => word,
            false => format!("demo:{word}"),
        };
        assert!(Script::parse(&name).is_ok(), "{name}");
        checked += 1;
    }
    assert_eq!(checked, 40);
}

#[test]
fn times_limits_failures() {
    let tally = Tally::default();
    let name = "mock:status=503,times=2";
    let failed: Vec<_> =
        (0..4).map(|_| tally.apply(name, Script::parse(name).unwrap()).fault.is_some()).collect();
    assert_eq!(failed, [true, true, false, false]);
    for n in 0..5000 {
        tally.apply(&format!("{n}"), Script::parse(name).unwrap());
    }
    assert!(crate::lock(&tally.0).len() <= 1024);
}

#[test]
fn the_tour_has_everything_and_varies() {
    let message = "What is *this*?\nTell me more";
    let tour = text(&steps("demo", message));
    for part in [
        "## ",
        "“What is \\*this\\*? Tell me more”",
        "built-in demo model",
        "| `/slow` |",
        "| `/tool` |",
        "```",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
    ] {
        assert!(tour.contains(part), "{part}:\n{tour}");
    }
    assert_eq!(tour, text(&steps("demo", message)));
    let others: std::collections::HashSet<_> = (0..40)
        .map(|n| text(&steps("demo", &format!("q{n}"))).replace(&format!("q{n}"), ""))
        .collect();
    assert!(others.len() > 20, "{}", others.len());
    for n in 0..40 {
        let tour = text(&steps("demo", &format!("q{n}")));
        assert!(tour.contains("\n- ") || tour.contains("\n1. "));
        assert_eq!(tour.matches("```").count(), 2);
    }
    let long = text(&steps("demo", &"ä".repeat(5000)));
    assert!(long.contains(&format!("{}…", "ä".repeat(80))));
}

#[test]
fn the_callers_limit_counts_for_the_tour_only() {
    let prompt = Prompt { max_output_tokens: Some(5), ..prompt("hi") };
    let play = |name: &str| {
        let steps: Vec<_> = Script::parse(name).unwrap().play(&prompt).collect();
        let texts = steps.iter().filter(|timed| matches!(timed.step, Step::Text(_))).count();
        (texts, steps.into_iter().find(|timed| matches!(timed.step, Step::Finish(_))).unwrap().step)
    };
    assert_eq!(play("demo"), (5, Step::Finish(Ending::Length)));
    assert_eq!(play("demo:ticks=9"), (9, Step::Finish(Ending::Stop)));
}

#[test]
fn commands() {
    let last = |message: &str| steps("demo", message).pop().unwrap();
    assert_eq!(last("/stall please").step, Step::Stall);
    assert_eq!(last(" /error").step, Step::Error);
    assert!(last("/slow").at > last("hi").at * 5);
    assert!(steps("demo", "/long").len() > 1_500);
    assert_eq!(last("no /error").step, Step::Done);
    let calls = |message: &str| {
        let steps = steps("demo", message);
        steps.iter().filter(|timed| matches!(timed.step, Step::Call { .. })).count()
    };
    assert_eq!((calls("/tool"), calls("hi")), (1, 0));
    assert_eq!(text(&steps("demo:echo", "/error")), "/error");
}

#[test]
fn calls_come_before_what_is_said_and_count_as_tokens_of_it() {
    let all = steps("mock:calls=2,ticks=1,reasoning=1", "");
    let kind = |timed: &Timed| match &timed.step {
        Step::Reasoning(_) => 'r',
        Step::Call { .. } => 'c',
        Step::Arguments(_) => 'a',
        Step::Text(_) => 't',
        _ => '.',
    };
    assert_eq!(all.iter().map(kind).collect::<String>(), "rcaaaaaaaacaaaaaaaat...");
    let arguments: String = all
        .iter()
        .take(10)
        .filter_map(|timed| match &timed.step {
            Step::Arguments(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(arguments, r#"{"city":"Lisbon","days":3}"#);
    let usage = TokenUsage { input: 4, output: 20, cached: 0, reasoning: 1 };
    assert!(all.iter().any(|timed| timed.step == Step::Usage(Some(usage))));
    let cut = steps("mock:calls=1,ticks=1,fault=stall@3", "");
    assert_eq!(cut.iter().map(kind).collect::<String>(), "caa.");
}

#[test]
fn prose_is_markdown() {
    let prose: Vec<_> = steps("mock:words=400", "");
    assert_eq!(prose.iter().filter(|timed| matches!(timed.step, Step::Text(_))).count(), 400);
    let prose = text(&prose);
    for part in ["## ", "\n\n- ", "\n- ", "\n\n> ", "**", "\n\n```text\n", "\n```\n\n## "] {
        assert!(prose.contains(part), "{part:?}:\n{prose}");
    }
    assert_eq!(prose.matches("```").count() % 2, 0);
    assert_eq!(text(&steps("mock:words=0", "")), "");
    let reasoning: String = prose::reasoning(26).collect();
    assert!(reasoning.starts_with("The user wrote to me, so") && reasoning.ends_with(". The user"));
}

proptest! {
    #[test]
    fn tokens_lose_nothing(text in "[a-zA-Z0-9 .,!\n\t`ä😀-]{0,200}") {
        let tokens: Vec<_> = tokens(&text).collect();
        prop_assert_eq!(tokens.concat(), text.as_str());
        prop_assert!(tokens.iter().all(|token| !token.is_empty()));
        prop_assert_eq!(super::tests::text(&steps("mock:echo", &text)), text);
    }

    #[test]
    fn parsing_never_panics(name in "(demo|mock):[a-z0-9=,@.-]{0,40}") {
        drop(Script::parse(&name));
    }
}

/// Names and arguments of the calls, and what is said, of a script for a context with tools.
fn with_tools(
    name: &str,
    options: &RequestOptions,
    results: &[&str],
) -> (Vec<(String, String)>, String, Ending) {
    let results = results.iter().map(|result| ("tool", (*result).into()));
    let mut prompt = Prompt::new([("user", "Go".into())].into_iter().chain(results), None);
    prompt.options = options.clone();
    let steps: Vec<Timed> = Script::parse(name).unwrap().play(&prompt).collect();
    let (mut calls, mut ending) = (Vec::<(String, String)>::new(), None);
    for timed in &steps {
        match &timed.step {
            Step::Call { name, .. } => calls.push((name.clone(), String::new())),
            Step::Arguments(text) => calls.last_mut().unwrap().1.push_str(text),
            Step::Finish(how) => ending = Some(*how),
            _ => {}
        }
    }
    (calls, text(&steps), ending.unwrap())
}

#[test]
fn offered_tools_are_called_and_their_results_quoted() {
    let body = serde_json::json!({"tools": [
        {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object",
            "properties": {"location": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["location"]}}},
        {"type": "function", "function": {"name": "clock"}},
    ]});
    let offered = asked(&body);
    let named = |names: &[&str]| {
        let arguments =
            |name: &str| if name == "clock" { "{}" } else { "{\"location\":\"Lisbon\"}" };
        names
            .iter()
            .map(|name| ((*name).to_owned(), arguments(name).to_owned()))
            .collect::<Vec<_>>()
    };
    for script in ["demo", "mock", "mock:tools,ticks=2"] {
        let (calls, said, ending) = with_tools(script, &offered, &[]);
        assert_eq!((calls, said.as_str()), (named(&["get_weather"]), ""), "{script}");
        assert_eq!(ending, Ending::ToolCalls);
    }
    let (calls, said, ending) = with_tools("demo", &offered, &["18 degrees", "noon"]);
    assert_eq!((calls, ending), (Vec::new(), Ending::Stop));
    assert!(
        said.contains("> 18 degrees") && said.contains("> noon") && said.contains("demo model")
    );
    let (calls, said, _) = with_tools("mock:tools,ticks=2", &offered, &["noon"]);
    assert_eq!((calls.len(), said.as_str()), (0, "tick 0 \ntick 1 \n"));

    let choose = |choice, parallel, script| {
        let options = RequestOptions {
            tool_choice: choice,
            parallel_tool_calls: parallel,
            ..offered.clone()
        };
        with_tools(script, &options, &[]).0
    };
    let clock = || ToolChoice::Function("clock".to_owned());
    assert_eq!(choose(clock(), None, "demo"), named(&["clock"]));
    assert_eq!(choose(ToolChoice::None, None, "demo"), []);
    let three = named(&["get_weather", "clock", "get_weather"]);
    assert_eq!(choose(ToolChoice::Required, None, "demo:calls=3"), three);
    assert_eq!(choose(ToolChoice::Auto, Some(false), "demo:calls=3"), three[..1]);
    assert_eq!(choose(ToolChoice::Auto, None, "mock:ticks=1"), [], "it says what it is told to");
    let forced =
        serde_json::json!({"tool_choice": {"type": "function", "function": {"name": "clock"}}});
    assert_eq!(asked(&forced).tool_choice, clock());
    // At once, and cut off.
    let mut prompt = prompt("Go");
    prompt.options = offered.clone();
    let play = |name: &str| Script::parse(name).unwrap().play(&prompt).collect::<Vec<_>>();
    let whole = play("mock:tools,fault=json");
    let Step::Json { calls, text, ending, .. } = &whole[0].step else { panic!("{whole:?}") };
    assert_eq!(
        (calls[0].1.as_str(), text.as_str(), *ending),
        ("get_weather", "", Ending::ToolCalls)
    );
    assert_eq!(calls[0].2, "{\"location\":\"Lisbon\"}");
    let cut = play("mock:tools,reasoning=0,fault=reset@2");
    assert!(matches!(&cut[0].step, Step::Call { .. }) && cut[2].step == Step::Reset, "{cut:?}");
}

#[test]
fn json_is_said_where_it_is_asked_for() {
    let format = |format: serde_json::Value| asked(&serde_json::json!({"response_format": format}));
    let schema = format(serde_json::json!({"type": "json_schema", "json_schema": {"name": "n",
        "schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}}));
    assert_eq!(with_tools("demo", &schema, &[]).1, "{\"n\":1}");
    let object = format(serde_json::json!({"type": "json_object"}));
    let said: serde_json::Value =
        serde_json::from_str(&with_tools("demo", &object, &["noon"]).1).unwrap();
    assert_eq!(said["results"], serde_json::json!(["noon"]));
    assert_eq!(with_tools("mock:ticks=1", &schema, &[]).1, "tick 0 \n");
}

use std::time::Duration;

use provider::{CallStyle, OpenAiConfig, ReasoningField, ReasoningTags, SystemRole, TokenLimit};
use secrecy::ExposeSecret as _;

use super::super::Providers;
use super::super::tests::Bench;

fn file(text: &str) -> Bench {
    Bench::new().file("chatapp.toml", text)
}

fn load(bench: &Bench) -> Providers {
    bench.load().unwrap_or_else(|error| panic!("{error}")).providers
}

fn one<'a>(providers: &'a Providers, name: &str) -> &'a OpenAiConfig {
    providers.list.iter().find(|config| config.name == name).unwrap()
}

fn key(config: &OpenAiConfig) -> Option<&str> {
    config.api_key.as_ref().map(secrecy::ExposeSecret::expose_secret)
}

#[test]
fn a_key_or_an_address_is_a_provider_called_openai() {
    let load = |variables: &[(&str, &str)]| {
        let bench =
            variables.iter().fold(Bench::new(), |bench, (name, value)| bench.env(name, value));
        load(&bench)
    };
    let address = |variables: &[(&str, &str)]| {
        let providers = load(variables);
        assert_eq!(providers.default.as_deref(), providers.list.first().map(|p| p.name.as_str()));
        providers.list.first().map(|config| (config.name.clone(), config.base_url.clone()))
    };
    let openai = |url: &str| Some(("openai".to_owned(), url.to_owned()));
    assert_eq!(address(&[]), None);
    assert_eq!(address(&[("OPENAI_API_KEY", "")]), None);
    assert_eq!(address(&[("OPENAI_MODEL", "m")]), None, "a model alone is no provider");
    let key = ("OPENAI_API_KEY", "sk-proj-abc");
    assert_eq!(address(&[key]), openai("https://api.openai.com/v1"));
    let ollama = ("OPENAI_BASE_URL", "http://localhost:11434/v1/");
    assert_eq!(address(&[ollama]), openai("http://localhost:11434/v1"));
    assert_eq!(address(&[key, ollama]), openai("http://localhost:11434/v1"));
    let model = ("OPENAI_MODEL", "llama3");
    assert_eq!(load(&[key, model]).list[0].default_model.as_deref(), Some("llama3"));
}

#[test]
fn further_providers_have_sections_and_variables() {
    let bench = file(
        "[models]
         default_provider = 'my-ollama'
         demo = true
         [provider]
         idle_timeout = '7s'
         output_reserve_tokens = 1000
         include_usage = false
         [providers.my-ollama]
         base_url = 'http://localhost:11434/v1'
         models = ['llama3.1:8b', 'qwen3']
         stream = false
         total_timeout = '9s'
         headers = { X-Title = 'Chat: yes', X-Other = 'b' }
         [providers.my-ollama.model.'llama3.1:8b']
         context_tokens = 4096
         system_role = 'user'
         reasoning_tags = 'implied'
         images = false
         tool_calls = 'mistral'
         reasoning_field = 'reasoning'
         token_limit_field = 'max_completion_tokens'
         temperature = 0.5",
    )
    .env("OPENAI_API_KEY", "sk-openai")
    .env("CHATAPP_PROVIDERS__MY_OLLAMA__MAX_RETRIES", "5")
    .env("CHATAPP_PROVIDERS__GROQ__BASE_URL", "https://groq.example/openai/v1")
    .env("CHATAPP_PROVIDERS__GROQ__API_KEY", "sk-groq")
    .env("CHATAPP_PROVIDERS__UNUSED__API_KEY", "");
    let providers = load(&bench);
    let names: Vec<&str> = providers.list.iter().map(|config| config.name.as_str()).collect();
    assert_eq!(names, ["groq", "my-ollama", "openai"]);
    assert_eq!(providers.default.as_deref(), Some("my-ollama"));
    assert!(providers.demo);
    let [groq, ollama, openai] = ["groq", "my-ollama", "openai"].map(|name| one(&providers, name));
    assert_eq!((key(groq), key(ollama), key(openai)), (Some("sk-groq"), None, Some("sk-openai")));
    assert_eq!(groq.default_model, None);
    assert_eq!(ollama.default_model.as_deref(), Some("llama3.1:8b"), "the first of its list");
    assert_eq!(ollama.max_retries, 5);
    for config in [groq, ollama, openai] {
        assert_eq!(config.timeouts.idle, Duration::from_secs(7), "timeouts are common");
        assert_eq!(config.options.output_reserve_tokens, Some(1000));
    }
    assert_eq!(ollama.timeouts.total, Duration::from_secs(9));
    assert!(groq.include_usage && !openai.include_usage, "switches are each provider's own");
    let headers: Vec<_> = ollama
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose_secret().to_owned()))
        .collect();
    assert_eq!(headers, [("X-Other", "b".to_owned()), ("X-Title", "Chat: yes".to_owned())]);
    let llama = ollama.model_options["llama3.1:8b"].clone();
    assert_eq!(llama.context_tokens, Some(4096));
    assert_eq!(llama.system_role, Some(SystemRole::User));
    assert_eq!(llama.reasoning_tags, Some(ReasoningTags::Implied));
    assert_eq!(llama.token_limit, Some(TokenLimit::MaxCompletionTokens));
    assert_eq!(llama.temperature, Some(0.5));
    assert_eq!((llama.images, llama.files), (Some(false), None));
    assert_eq!(llama.tool_calls, Some(CallStyle::Mistral));
    assert_eq!(llama.reasoning_field, Some(ReasoningField::Reasoning));
    assert_eq!(llama.or(ollama.options.clone()).stream, Some(false));
}

#[test]
fn a_section_with_the_single_providers_name_adds_to_it() {
    let bench = file(
        "[provider]
         context_tokens = 64000
         [providers.openai]
         temperature = 0.2
         [providers.other]
         base_url = 'http://localhost:1/v1'",
    )
    .env("OPENAI_API_KEY", "sk-openai")
    .env("OPENAI_MODEL", "gpt-x");
    let providers = load(&bench);
    let openai = one(&providers, "openai");
    assert_eq!(key(openai), Some("sk-openai"));
    assert_eq!(openai.default_model.as_deref(), Some("gpt-x"));
    assert_eq!(openai.options.temperature, Some(0.2));
    assert_eq!(openai.options.context_tokens, Some(64_000));
    let other = one(&providers, "other");
    assert_eq!((key(other), other.options.context_tokens), (None, None), "nothing leaks");
    assert_eq!(providers.default.as_deref(), Some("openai"), "the single provider is the default");
}

#[test]
fn f15_every_switch_has_a_key_for_one_provider() {
    let bench = file("")
        .env("OPENAI_BASE_URL", "http://localhost:1/v1")
        .env("OPENAI_API_KEY", "sk-openai")
        .env("CHATAPP_PROVIDER__STREAM", "false")
        .env("CHATAPP_PROVIDER__SYSTEM_ROLE", "user")
        .env("CHATAPP_PROVIDER__REASONING_TAGS", "<reason>,</reason>")
        .env("CHATAPP_PROVIDER__TOKEN_LIMIT_FIELD", "max_tokens")
        .env("CHATAPP_PROVIDER__INCLUDE_USAGE", "false")
        .env("CHATAPP_PROVIDER__KEY_HEADER", "X-Api-Key")
        .env("CHATAPP_PROVIDERS__OPENAI__HEADERS", "X-Title: Chat")
        .env("CHATAPP_PROVIDER__TOKENIZER", "o200k_base")
        .env("CHATAPP_PROVIDER__TEMPERATURE", "0.5")
        .env("CHATAPP_PROVIDER__CONTEXT_TOKENS", "9000")
        .env("CHATAPP_PROVIDERS__OTHER__BASE_URL", "http://localhost:2/v1");
    let providers = load(&bench);
    let openai = one(&providers, "openai");
    let options = &openai.options;
    assert_eq!((options.stream, options.temperature), (Some(false), Some(0.5)));
    assert_eq!(options.system_role, Some(SystemRole::User));
    assert_eq!(options.token_limit, Some(TokenLimit::MaxTokens));
    assert_eq!(options.tokenizer.map(provider::Tokenizer::name), Some("o200k_base"));
    let Some(ReasoningTags::Pairs(pairs)) = &options.reasoning_tags else { panic!("{options:?}") };
    assert_eq!((&*pairs[0].open, &*pairs[0].close), ("<reason>", "</reason>"));
    assert!(!openai.include_usage);
    assert_eq!(openai.key_header.as_deref(), Some("X-Api-Key"));
    assert_eq!(openai.headers.len(), 1);
    let other = one(&providers, "other");
    assert_eq!(other.options.stream, None, "switches are each provider's own");
    assert!(other.key_header.is_none() && other.headers.is_empty());
}

#[test]
fn p14_tags_are_words_or_pairs() {
    let tags = |text: &str| {
        let x = "[providers.x]\nbase_url = 'http://h/v1'\ndefault_model = 'm'\n";
        let bench = file(&format!("{x}reasoning_tags = {text}"));
        match &one(&load(&bench), "x").options.reasoning_tags {
            Some(ReasoningTags::Pairs(pairs)) => {
                pairs.iter().map(|pair| format!("{} {}", pair.open, pair.close)).collect()
            }
            other => vec![format!("{other:?}")],
        }
    };
    assert_eq!(tags("'off'"), ["Some(Off)"]);
    assert_eq!(tags("'<a>,</a>'"), ["<a> </a>"]);
    assert_eq!(tags("['<a>,</a>', '<b>, </b>']"), ["<a> </a>", "<b> </b>"]);
    assert_eq!(tags("['<a>', '</a>']"), ["<a> </a>"]);
}

#[test]
fn a_key_may_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "sk-in-a-file\n").unwrap();
    let bench = file("[providers.x]\ndefault_model = 'm'")
        .env("CHATAPP_PROVIDERS__X__API_KEY_FILE", path.to_str().unwrap());
    let providers = load(&bench);
    assert_eq!(key(one(&providers, "x")), Some("sk-in-a-file"));
    assert_eq!(one(&providers, "x").base_url, "https://api.openai.com/v1");
}

#[test]
fn what_cannot_be_is_one_line_that_names_the_place() {
    let x = "[providers.x]\nbase_url = 'http://h/v1'\ndefault_model = 'm'\n";
    let with = |text: &str| file(&format!("{x}{text}"));
    let cases: Vec<(Bench, &str, &str)> = vec![
        (file("[providers.x]\ndefault_model = 'm'"), "providers.x.base_url is missing", "expected"),
        (
            file("[providers.x]\nbase_url = 'http://h/v1'"),
            "providers.x.default_model is missing",
            "x is the default provider",
        ),
        (
            with("[providers.y]\nbase_url = 'http://h/v1'"),
            "models.default_provider is missing",
            "x, y",
        ),
        (
            with("[models]\ndefault_provider = 'z'"),
            "models.default_provider: \"z\" is not allowed",
            "one of the providers, x",
        ),
        (
            Bench::new().env("CHATAPP_MODELS__DEFAULT_PROVIDER", "z"),
            "models.default_provider: \"z\" is not allowed",
            "there is none",
        ),
        (with("bese_url = 'x'"), "providers.x.bese_url in ", "did you mean base_url?"),
        (
            Bench::new().env("CHATAPP_PROVIDERS__X__APIKEY", "sk-canary"),
            "CHATAPP_PROVIDERS__X__APIKEY in the environment is not known",
            "did you mean CHATAPP_PROVIDERS__X__API_KEY?",
        ),
        (file("[provider.x]\nbase_url = 'x'"), "provider.x in ", "is not known"),
        (file("[providers.Groq]"), "[providers.Groq] in ", "small letters"),
        (file("[providers.demo]"), "[providers.demo] in ", "built-in demo model"),
        (file("[providers]\nx = 1"), "providers.x in ", "must be a section"),
        (
            with("[providers.x.models.a]\nstream = true"),
            "providers.x.models in ",
            "[providers.x.model.\"ID\"]",
        ),
        (with("models = ['a b']"), "providers.x.models: ", "\"a b\" cannot be"),
        (with("models = ['a']"), "providers.x.default_model: \"m\" is not allowed", "models, a"),
        (
            with("models = ['m', 'llama3']\n[providers.x.model.llama]"),
            "[providers.x.model.llama] is not among providers.x.models",
            "did you mean llama3?",
        ),
        (
            with("[providers.x.model.'a:b']\ntemprature = 1"),
            "providers.x.model.\"a:b\".temprature in ",
            "did you mean temperature?",
        ),
        (
            with("[providers.x.model.a]\ncontext_tokens = 4096"),
            "providers.x.model.a.output_reserve_tokens: 4096 is not allowed",
            "expected less than context_tokens",
        ),
        (
            with("context_tokens = 4096"),
            "providers.x.output_reserve_tokens: 4096 is not allowed",
            "expected less than context_tokens",
        ),
        (with("temperature = 3"), "providers.x.temperature: \"3\" is not allowed", "from 0 to 2"),
        (with("temperature = 'nan'"), "providers.x.temperature: ", "a number"),
        (with("system_role = 'root'"), "providers.x.system_role: ", "`developer`"),
        (with("headers = 'canary'"), "providers.x.headers in ", "must be a table"),
        (with("headers = { 'X Y' = 'canary' }"), "providers.x.headers: ", "name of a field"),
        (
            with("headers = { Host = 'canary' }"),
            "providers.x: the provider is misconfigured",
            "docs/PROVIDERS.md",
        ),
        (with("api_key = 'your-key-here'"), "providers.x.api_key: ", "placeholder"),
        (
            file(
                "[providers.a-b]\nbase_url='http://h/v1'\n[providers.a_b]\nbase_url='http://h/v1'\n\
                  [models]\ndefault_provider='a-b'\n[provider]\nname='c'",
            )
            .env("CHATAPP_PROVIDERS__A_B__DEFAULT_MODEL", "m"),
            "[providers.a-b] and [providers.a_b] cannot be told apart",
            "rename one",
        ),
    ];
    for (bench, begins, contains) in cases {
        let error = bench.load().unwrap_err();
        let problem = &error.problems()[0];
        assert!(problem.starts_with(begins), "{begins}: {error}");
        assert!(problem.contains(contains), "{contains}: {error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn debug_shows_no_secret_of_any_provider() {
    let bench = file(
        "[providers.x]
         base_url = 'http://h:81/v1?key=a@canary'
         api_key = 'sk-canary'
         default_model = 'm'
         headers = { X-Key = 'canary' }",
    );
    let text = format!("{:?}", bench.load().unwrap());
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("http://h:81/v1\""), "{text}");
}

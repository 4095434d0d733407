use proptest::prelude::*;
use provider::{OpenAiConfig, Provider};
use tokio::runtime::Runtime;

use super::*;

/// A provider that nobody can reach; without `models` it knows no more than its default.
fn provider(name: &str, default: Option<&str>, models: Option<&[&str]>) -> Provider {
    let mut config = OpenAiConfig::new("http://127.0.0.1:1/v1", "");
    config.name = name.to_owned();
    config.default_model = default.map(str::to_owned);
    config.models = models.map(|models| models.iter().map(|id| (*id).to_owned()).collect());
    Provider::open_ai(config).unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// `PROVIDER: ID as NAME` of what a name leads to.
async fn chosen(catalog: &Catalog, name: Option<&str>) -> String {
    match catalog.choose(name).await {
        Ok(Chosen { provider, id, name, .. }) => format!("{}: {id} as {name}", provider.name()),
        Err(Error::ModelNotFound { model, suggestions }) => {
            format!("no {model}; {}", suggestions.join(", "))
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_name_means_one_model() {
    run(async {
        // As `OPENAI_BASE_URL=https://openrouter.ai/api/v1` with a model of that service.
        let router = provider("openai", Some("openai/gpt-4o"), None);
        let groq = provider("groq", None, Some(&["llama-3", "gpt-4o", "groq/own"]));
        let ollama = provider("ollama", None, Some(&["llama-3", "qwen"]));
        let catalog = Catalog::new(router, vec![ollama, groq, Provider::demo()]);
        for (name, expected) in [
            (None, "openai: openai/gpt-4o as openai/gpt-4o"),
            (Some("openai/gpt-4o"), "openai: openai/gpt-4o as openai/gpt-4o"),
            (Some("openai/openai/gpt-4o"), "openai: openai/gpt-4o as openai/gpt-4o"),
            // Explicit, slashes in the id included.
            (Some("openai/x/y"), "openai: x/y as x/y"),
            (Some("groq/gpt-4o"), "groq: gpt-4o as groq/gpt-4o"),
            (Some("openai/groq/own"), "openai: groq/own as openai/groq/own"),
            // A provider whose own model has its name in front.
            (Some("groq/own"), "groq: groq/own as groq/groq/own"),
            (Some("groq/groq/own"), "groq: groq/own as groq/groq/own"),
            // Without a provider: whoever has it, by name; else the default may.
            (Some("llama-3"), "groq: llama-3 as groq/llama-3"),
            (Some("qwen"), "ollama: qwen as ollama/qwen"),
            (Some("demo:slow"), "demo: demo:slow as demo/demo:slow"),
            (Some("anything"), "openai: anything as anything"),
            (Some("meta/llama"), "openai: meta/llama as meta/llama"),
            // Certainly nowhere.
            (Some("groq/lama-3"), "no groq/lama-3; groq/llama-3, ollama/llama-3"),
            (Some("demo/gpt"), "no demo/gpt; openai/gpt-4o, groq/gpt-4o, demo/demo"),
            (Some("groq/"), "openai: groq/ as groq/"),
        ] {
            assert_eq!(chosen(&catalog, name).await, expected, "{name:?}");
        }
    });
}

#[test]
fn a_default_with_a_list_has_no_other_models() {
    run(async {
        let default = provider("a", Some("gpt-4o"), Some(&["gpt-4o", "gpt-4o-mini"]));
        let catalog = Catalog::new(default, vec![provider("b", None, Some(&["gpt-4o", "z"]))]);
        assert_eq!(chosen(&catalog, Some("gpt-4o")).await, "a: gpt-4o as gpt-4o");
        assert_eq!(chosen(&catalog, Some("z")).await, "b: z as b/z");
        let unknown = chosen(&catalog, Some("gpt-4-mini")).await;
        assert_eq!(unknown, "no gpt-4-mini; gpt-4o-mini, gpt-4o, b/gpt-4o");
        assert!(catalog.check("z").await.is_ok() && catalog.check("b/z").await.is_ok());
        assert!(catalog.check("b/y").await.is_err() && catalog.check("y").await.is_err());
    });
}

#[test]
fn a_provider_that_is_down_is_marked_and_listed_as_far_as_it_is_configured() {
    run(async {
        let catalog = Catalog::new(Provider::demo(), vec![provider("a", Some("m"), None)]);
        let list = catalog.list().await;
        let models: Vec<_> =
            list.data.iter().map(|m| (m.id.as_str(), m.default, m.available)).collect();
        assert_eq!(
            models,
            [
                ("demo", true, true),
                ("demo:slow", false, true),
                ("demo:long", false, true),
                ("a/m", false, false),
            ]
        );
        let problems: Vec<_> = list.providers.iter().map(|p| p.problem.as_deref()).collect();
        assert_eq!(problems, [None, Some("upstream_unavailable")]);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the providers are called and have, every listed name leads back to its model.
    #[test]
    fn listed_names_lead_back(
        ids in proptest::collection::vec("(a|b|c|a/|b/|x){1,3}[a-c]", 1..5),
        others in proptest::collection::vec(proptest::collection::vec("(a/|b/|c/){0,2}[a-c]", 1..4), 0..3),
        is_open in any::<bool>(),
    ) {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let owned: Vec<&str> = ids.iter().map(String::as_str).collect();
            let default = provider("a", Some(owned[0]), (!is_open).then_some(&owned));
            let others = others.iter().zip(["b", "c"]).map(|(ids, name)| {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                provider(name, None, Some(&ids))
            });
            let catalog = Catalog::new(default, others.collect());
            let mut seen = std::collections::HashSet::new();
            for model in catalog.list().await.data {
                let chosen = catalog.choose(Some(&model.id)).await.unwrap();
                prop_assert_eq!(chosen.provider.name(), &model.provider);
                prop_assert_eq!(&chosen.name, &model.id);
                prop_assert!(seen.insert(model.id), "listed twice");
            }
            Ok(())
        })?;
    }
}

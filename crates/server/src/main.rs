//! Starts what the command line asks for and turns the outcome into an exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use chatapp::cli::{Cli, Command, MockArgs};
use chatapp::config::{Config, ConfigError};
use chatapp::secrets::{Secrets, SecretsError};
use chatapp::version::VERSION;
use chatapp::{App, banner, telemetry};
use commands::print;
use crud::ConnectError;
use models::Context;
use signals::{Signal, Signals};

mod commands;
mod signals;

/// Gives memory back to the system soon after it was freed (`docs/adr/0002-memory-goes-back.md`).
/// It is `malloc` too, so for SQLite as well.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Something failed.
const FAILED: u8 = 1;
/// The configuration cannot be used (`EX_CONFIG` of `sysexits.h`).
const BAD_CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    // One for all who speak TLS: providers, Redis, the database. Fails only where there is one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = match Cli::parse_from(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output, a mistake to standard error; either may be closed.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED));
        }
    };
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            let code = exit_code(&error);
            // Nobody is left to tell if this fails.
            let _ = writeln!(io::stderr(), "{}", explain(&error, &cli));
            ExitCode::from(code)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match cli.requested() {
        Command::Version { json } => {
            print(&if json { format!("{:#}", VERSION.json()) } else { VERSION.to_string() })
        }
        Command::Openapi => {
            print(&serde_json::to_string_pretty(&api::openapi()).context("the document")?)
        }
        Command::Serve(_) => {
            in_runtime(cli, async |config, signals| serve(config, signals, cli.quiet()).await)
        }
        Command::Migrate => in_runtime(cli, async |config, signals| {
            // A database without a secret beside it would be refused at the next start.
            if config.database.sqlite_path().is_some_and(|path| !path.exists()) {
                Secrets::load(&config)?;
            }
            until(signals, async {
                Box::pin(chatapp::migrate(config)).await.map(|()| ExitCode::SUCCESS)
            })
            .await
        }),
        Command::Backup(arguments) => in_runtime(cli, async |config, signals| {
            until(signals, commands::backup::write(&config, &arguments, cli.quiet())).await
        }),
        Command::Restore(arguments) => in_runtime(cli, async |config, signals| {
            until(signals, commands::backup::restore(&config, &arguments, cli.quiet())).await
        }),
        Command::User(command) => in_runtime(cli, async |config, signals| {
            until(signals, Box::pin(commands::accounts::user(config, command))).await
        }),
        Command::Key(command) => in_runtime(cli, async |config, signals| {
            until(signals, Box::pin(commands::accounts::key(config, command))).await
        }),
        Command::Export(arguments) => in_runtime(cli, async |config, signals| {
            until(signals, Box::pin(commands::transfer::export(config, arguments))).await
        }),
        Command::Import(arguments) => in_runtime(cli, async |config, signals| {
            until(signals, Box::pin(commands::transfer::import(config, arguments, cli.quiet())))
                .await
        }),
        Command::Config(command) => commands::configuration::config(&cli.sources(), command),
        Command::Provider(command) => in_runtime(cli, async |config, signals| {
            until(signals, Box::pin(commands::providers::provider(config, command))).await
        }),
        Command::Doctor(arguments) => {
            // Without the log: what it would say is in the report.
            runtime()?.block_on(commands::doctor::examine(&cli.sources(), &arguments))
        }
        Command::Healthcheck(arguments) => in_runtime(cli, async |config, signals| {
            until(signals, commands::health::check(&config, &arguments)).await
        }),
        Command::Completions { shell } => commands::manual::completions(shell),
        Command::Man { out } => commands::manual::pages(out.as_deref()),
        Command::MockProvider(mock) => {
            in_runtime(cli, async |_, signals| mock_provider(mock, signals).await)
        }
    }
}

/// Reads the configuration, installs the log and runs `work`.
fn in_runtime(
    cli: &Cli,
    work: impl AsyncFnOnce(Config, &mut Signals) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let config = Config::load(&cli.sources())?;
    telemetry::install_log(&config.log)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    runtime()?.block_on(async {
        let mut signals = Signals::listen().context("signals cannot be received")?;
        work(config, &mut signals).await
    })
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the async runtime could not be started")
}

/// Does `work` unless a signal ends the program first.
async fn until(
    signals: &mut Signals,
    work: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    tokio::select! {
        done = work => done,
        signal = signals.next() => Ok(signal.exit_code()),
    }
}

async fn serve(config: Config, signals: &mut Signals, quiet: bool) -> anyhow::Result<ExitCode> {
    // A start may wait a minute for its database; it can be given up at any moment.
    let app = tokio::select! {
        started = Box::pin(App::start(config, Context::system())) => started?,
        signal = signals.next() => return Ok(signal.exit_code()),
    };
    banner::show(app.facts(), quiet);
    let first = signals.next().await;
    tracing::info!(signal = first.name(), "asked to stop; asked again, running answers are cut");
    let mut stop = std::pin::pin!(app.stop());
    tokio::select! {
        () = &mut stop => {
            let done = if first == Signal::Interrupt { first.exit_code() } else { ExitCode::SUCCESS };
            return Ok(done);
        }
        second = signals.next() => {
            tracing::info!(signal = second.name(), "stopping at once");
        }
    }
    tokio::select! {
        // What began to stop goes on; the other only takes the grace period away.
        _ = async { tokio::join!(stop, app.stop_now()) } => Ok(first.exit_code()),
        third = signals.next() => Ok(third.exit_code()),
    }
}

async fn mock_provider(mock: MockArgs, signals: &mut Signals) -> anyhow::Result<ExitCode> {
    let address = mock.socket();
    let server = mock::MockServer::start(address)
        .await
        .with_context(|| format!("the mock provider cannot listen on {address}"))?;
    tracing::info!(base_url = server.base_url(), "the mock provider is ready");
    let mut code = ExitCode::SUCCESS;
    server.run_until(async { code = signals.next().await.exit_code() }).await;
    Ok(code)
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let bad = error.chain().any(|e| {
        e.is::<ConfigError>()
            || e.is::<SecretsError>()
            || matches!(e.downcast_ref(), Some(ConnectError::Url(_)))
    });
    if bad { BAD_CONFIGURATION } else { FAILED }
}

/// What happened, why, and what to type next, as far as it is known.
fn explain(error: &anyhow::Error, cli: &Cli) -> String {
    let in_use = error
        .chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::AddrInUse);
    match cli.requested() {
        Command::MockProvider(mock) if in_use => {
            let port = mock.socket().port();
            format!("port {port} is in use; try --port {}", port.checked_add(1).unwrap_or(8080))
        }
        _ => with_causes(error),
    }
}

/// An error and its causes on one line. Some of them repeat the text of their own cause, which is
/// said once.
fn with_causes(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.ends_with(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

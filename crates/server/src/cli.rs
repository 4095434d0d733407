//! The command line: commands, options and their help.
//!
//! Options only say which keys they set; precedence, checks and defaults belong to
//! [`crate::config`], and so do the texts that explain an option.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{LogFormat, LogLevel, SECTIONS, Sources};

mod accounts;
mod configuration;
mod providers;
mod reference;
mod transfer;

pub use self::accounts::{
    KeyCommand, KeyCreateArgs, PasswordArgs, Role, UserAddArgs, UserCommand, UserInviteArgs,
};
pub use self::configuration::{ConfigCommand, ConfigInitArgs, ConfigShowArgs};
pub use self::providers::{ProviderCommand, ProviderTestArgs};
pub use self::reference::reference;
pub use self::transfer::{ExportArgs, FileFormat, ImportArgs, MoveArgs};

const EXAMPLES: &str = "\
Examples:
  chatapp                             start on http://127.0.0.1:8000 with the demo model
  OPENAI_API_KEY=… chatapp            start with OpenAI
  chatapp serve --port 8001           start on another port
  DATABASE_URL=mysql://… chatapp migrate
                                      bring the schema up to date and exit";

const AFTER: &str = "\
Every option has a key in chatapp.toml and a variable in the environment or in .env; secrets are
set there only. docs/CONFIGURATION.md lists all of them.";

const COMPLETIONS: &str = "\
Where the script goes:
  bash  chatapp completions bash > /etc/bash_completion.d/chatapp
  zsh   chatapp completions zsh > \"${fpath[1]}/_chatapp\"
  fish  chatapp completions fish > ~/.config/fish/completions/chatapp.fish";

const AFTER_SHORT: &str = "chatapp COMMAND -h explains a command, chatapp --help all options.";

/// Without the empty line below the purpose, `-h` fits on a terminal of 24 lines.
const TEMPLATE: &str =
    "{before-help}{about-with-newline}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The headings under which the help groups options.
mod heading {
    pub(super) const NETWORK: &str = "Network";
    pub(super) const STORAGE: &str = "Storage";
    pub(super) const GENERAL: &str = "General";
}

/// A conversation server for OpenAI-compatible language models.
#[derive(Debug, Parser)]
#[command(
    name = "chatapp",
    version,
    before_long_help = EXAMPLES,
    after_help = AFTER_SHORT,
    after_long_help = AFTER,
    help_template = TEMPLATE,
    disable_version_flag = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do; `serve` if nothing is said.
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    global: GlobalArgs,
}

/// What the program can do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Start the server (the default).
    Serve(ServeArgs),
    /// Bring the database's schema up to date and exit.
    Migrate,
    /// Copy the SQLite database into one file, also while the server runs.
    ///
    /// The copy is read back and checked before it appears under its name, and that name is
    /// printed. The file is an SQLite database with a manifest behind its last page. The secret
    /// that signs tokens is not in it. The folder of backups is the key `storage.backup_dir`.
    Backup(BackupArgs),
    /// Make a backup the database; the server must be stopped.
    ///
    /// The whole backup is checked first. A database that is there stays beside it, renamed. What
    /// was changed after the backup is undone, ended sessions and changed passwords included.
    Restore(RestoreArgs),
    /// Manage accounts: list, add, password, disable, enable, delete.
    ///
    /// Works on the configured database itself, also while servers use it, and changes count at
    /// the next request. Run it where the server runs, with its configuration and best as its
    /// account.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage API keys of accounts: list, create, revoke.
    ///
    /// Works on the configured database itself, also while servers use it, and changes count at
    /// the next request.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Look at the configuration, or begin one: check, show, init.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at the model providers: list, test.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Write the conversations of an account into a file.
    ///
    /// JSON Lines hold every branch and can be imported again, here or elsewhere; Markdown is for
    /// reading. Works on the configured database itself, also while servers use it.
    Export(ExportArgs),
    /// Read conversations into an account: from an export of this server, of ChatGPT, Claude,
    /// Open WebUI or LibreChat.
    ///
    /// The format is recognised. What was imported before is left as it is, so the same file can
    /// be read again. Prints what became of each conversation. The exit code is 0, or 1 if one
    /// of them could not be read or stored. Works on the configured database itself, also while
    /// servers use it.
    ///
    /// With --from-database it moves everybody in from the database of the FastAPI service that
    /// this server replaces, and prints what was left out and why.
    Import(ImportArgs),
    /// Look for what is wrong with this installation, and say what to do.
    ///
    /// Looks at configuration, data folder, database, backups, port, exposure, provider and clock,
    /// and changes nothing. It may run beside the server, best as the server's account. The exit
    /// code is 0 if all is well, 1 if something should be looked at, 2 if something does not work.
    Doctor(DoctorArgs),
    /// Print the OpenAPI document of the API.
    Openapi,
    /// Run a scripted OpenAI-compatible server, for tests and benchmarks.
    ///
    /// It answers as its messages and model names ask it to: slowly, at length, or with a fault.
    /// Every finished call is one line of the log.
    #[command(after_long_help = provider::script::GRAMMAR)]
    MockProvider(MockArgs),
    /// Ask a running server whether it takes requests; exit code 0 or 1.
    ///
    /// Made for containers, which often have no other program that could ask. A server that is
    /// starting, stopping or without its database says no and why.
    Healthcheck(HealthArgs),
    /// Print the completion script of a shell.
    #[command(after_long_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a folder.
    Man {
        /// The folder, such as /usr/local/share/man/man1
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Print the version.
    Version {
        /// As a JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Options of `serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    #[arg(long, value_name = "ADDRESS", help_heading = heading::NETWORK)]
    host: Option<String>,
    #[arg(long, value_name = "PORT", help_heading = heading::NETWORK)]
    port: Option<u16>,
    #[arg(long, value_name = "FOLDER", help_heading = heading::NETWORK)]
    web_dir: Option<PathBuf>,
    #[arg(long, help_heading = heading::STORAGE)]
    no_migrate: bool,
}

/// Options of `backup`.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// The new file, or a folder; without it, a file in the folder of backups
    pub file: Option<PathBuf>,
    /// Check this backup instead of making one, and print its manifest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "keep"])]
    pub check: Option<PathBuf>,
    /// Afterwards remove the oldest in the folder of backups, so that this many are left
    #[arg(long, value_name = "COUNT", conflicts_with = "file",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub keep: Option<u32>,
}

/// Options of `restore`.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// The backup
    pub file: PathBuf,
    /// Replace the database; without this nothing is changed
    #[arg(long)]
    pub yes: bool,
    /// Log everybody out: sessions that were ended after the backup would come back
    #[arg(long)]
    pub end_sessions: bool,
}

/// Options of `doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// How people reach the server through a proxy: test what it lets through
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Print the report as a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `healthcheck`.
#[derive(Debug, Clone, Args)]
pub struct HealthArgs {
    /// The server; without it the one that this configuration would start
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Ask only whether the process is alive
    #[arg(long)]
    pub live: bool,
}

/// Options of every command.
#[derive(Debug, Args)]
struct GlobalArgs {
    #[arg(long, global = true, value_name = "FOLDER", help_heading = heading::STORAGE)]
    data_dir: Option<PathBuf>,
    #[arg(
        long, global = true, value_name = "FILE", help_heading = heading::GENERAL,
        help = "Read this file instead of chatapp.toml [env: CHATAPP_CONFIG]"
    )]
    config: Option<PathBuf>,
    #[arg(
        long, global = true, value_name = "FORMAT", help_heading = heading::GENERAL,
        hide_possible_values = true, value_parser = PossibleValuesParser::new(LogFormat::WORDS)
    )]
    log_format: Option<String>,
    #[arg(
        long, global = true, value_name = "LEVEL", help_heading = heading::GENERAL,
        hide_possible_values = true, value_parser = PossibleValuesParser::new(LogLevel::WORDS)
    )]
    log_level: Option<String>,
    /// Print no banner and no progress
    #[arg(long, short, global = true, help_heading = heading::GENERAL)]
    quiet: bool,
    /// Print help; --help says more than -h
    #[arg(
        long, short, global = true, action = ArgAction::Help, help_heading = heading::GENERAL
    )]
    help: Option<bool>,
}

/// Options of `mock-provider`.
#[derive(Debug, Clone, Copy, Args)]
pub struct MockArgs {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    addr: IpAddr,
    /// TCP port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
}

impl MockArgs {
    /// Where to listen.
    pub fn socket(self) -> SocketAddr {
        SocketAddr::new(self.addr, self.port)
    }
}

/// What other programs take is taken here, too: `--version`, `-V`, `help` and `help COMMAND`.
fn as_elsewhere(mut arguments: Vec<OsString>) -> Vec<OsString> {
    match arguments.get(1).and_then(|first| first.to_str()) {
        Some("--version" | "-V") if arguments.len() == 2 => {
            arguments.truncate(1);
            arguments.push("version".into());
        }
        Some("help") => {
            arguments.remove(1);
            arguments.push("--help".into());
        }
        _ => {}
    }
    arguments
}

impl Cli {
    /// Reads the arguments, the program's name first. Help and mistakes are errors that know how
    /// to print themselves.
    pub fn parse_from(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let matches = command().try_get_matches_from(as_elsewhere(arguments))?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command()))
    }

    /// What to do.
    pub fn requested(&self) -> Command {
        match &self.command {
            Some(Command::Serve(_)) | None => Command::Serve(self.serve_args()),
            Some(command) => command.clone(),
        }
    }

    /// Whether to print no banner.
    pub fn quiet(&self) -> bool {
        self.global.quiet
    }

    /// The configuration's sources: these options and the process's environment.
    pub fn sources(&self) -> Sources {
        Sources::of_process(self.flags(), self.global.config.clone())
    }

    /// The keys that options set.
    fn flags(&self) -> Vec<(&'static str, String)> {
        let ServeArgs { host, port, web_dir, no_migrate } = self.serve_args();
        let GlobalArgs { data_dir, log_format, log_level, config: _, quiet: _, help: _ } =
            &self.global;
        // A path that is not UTF-8 cannot be a value; the loss shows in the error.
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let given = [
            ("server.host", host),
            ("server.port", port.map(|port| port.to_string())),
            ("server.web_dir", web_dir.as_ref().map(path)),
            ("storage.migrate", no_migrate.then(|| false.to_string())),
            ("storage.data_dir", data_dir.as_ref().map(path)),
            ("log.format", log_format.clone()),
            ("log.level", log_level.clone()),
        ];
        given.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// Options of `serve` may stand before or after the command, or without it.
    fn serve_args(&self) -> ServeArgs {
        let before = self.serve.clone();
        match &self.command {
            Some(Command::Serve(after)) => ServeArgs {
                host: after.host.clone().or(before.host),
                port: after.port.or(before.port),
                web_dir: after.web_dir.clone().or(before.web_dir),
                no_migrate: after.no_migrate || before.no_migrate,
            },
            _ => before,
        }
    }
}

/// The command line with the texts of the configuration's keys in it.
///
/// `-h` lists the commands, so that it fits on a terminal of 24 lines; `-h` of a command its own
/// options; `--help` everything.
pub fn command() -> clap::Command {
    let explained = explain(Cli::command());
    explained.mut_args(|argument| argument.hide_short_help(true)).mut_subcommand("serve", explain)
}

/// Gives each option that sets a key the key's text, default and variables.
fn explain(mut command: clap::Command) -> clap::Command {
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let Some(flag) = key.flag.and_then(|flag| flag.strip_prefix("--")) else { continue };
        if !command.get_arguments().any(|argument| argument.get_long() == Some(flag)) {
            continue;
        }
        let text = match flag {
            "no-migrate" => "Leave the schema as it is; fail if it is old".to_owned(),
            _ => key.text().replace('`', "").trim_end_matches('.').to_owned(),
        };
        let default = match key.default {
            Some(default) if flag != "no-migrate" => format!(" [default: {default}]"),
            _ => String::new(),
        };
        let variables: Vec<_> =
            [Some(key.variable()), key.env.map(str::to_owned)].into_iter().flatten().collect();
        let first_words = text.split(['.', ';', ':']).next().unwrap_or_default();
        let short = match flag {
            "log-format" => format!("Format of the log: {}{default}", LogFormat::WORDS.join(", ")),
            "log-level" => format!("Least level logged: {}{default}", LogLevel::WORDS.join(", ")),
            _ => format!("{first_words}{default}"),
        };
        let long = format!("{text}{default} [env: {}]", variables.join(", "));
        command = command
            .mut_arg(flag.replace('-', "_"), |argument| argument.help(short).long_help(long));
    }
    command
}

#[cfg(test)]
mod tests;

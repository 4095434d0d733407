//! Commands about model providers.

use clap::{Args, Subcommand};

/// What `chatapp provider` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum ProviderCommand {
    /// List the configured providers: address, key, models. Nobody is asked anything.
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Ask a provider for its models and for a short answer, and say how that went.
    ///
    /// Costs a few tokens. Nothing is tried twice. The exit code is 0 if all is well, 1 if
    /// something should be looked at, 2 if something does not work.
    Test(ProviderTestArgs),
}

/// Options of `provider test`.
#[derive(Debug, Clone, Args)]
pub struct ProviderTestArgs {
    /// The provider by its name; without it all of them
    pub name: Option<String>,
    /// Which model is to answer; without it the provider's default, or the first that it lists
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Print the report as a JSON object
    #[arg(long)]
    pub json: bool,
}

//! Which build this is.

use std::fmt;

/// Facts about the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The version of the package.
    pub version: &'static str,
    /// The commit it was built from, where the build set `CHATAPP_COMMIT`.
    pub commit: Option<&'static str>,
    /// Processor and system it was built for.
    pub target: (&'static str, &'static str),
}

/// This build.
pub const VERSION: Version = Version {
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("CHATAPP_COMMIT"),
    target: (std::env::consts::ARCH, std::env::consts::OS),
};

impl Version {
    /// The facts as a JSON object.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": "chatapp",
            "version": self.version,
            "commit": self.commit,
            "target": format!("{}-{}", self.target.0, self.target.1),
            // The last step of the schema: what a database has after a start of this build.
            "schema": migration::steps().last(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chatapp {}", self.version)?;
        if let Some(commit) = self.commit {
            write!(f, " ({commit})")?;
        }
        write!(f, " {}-{}", self.target.0, self.target.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_says_the_same() {
        let json = VERSION.json();
        assert_eq!(json["version"], VERSION.version);
        assert!(VERSION.to_string().starts_with(&format!("chatapp {}", VERSION.version)));
        assert!(VERSION.to_string().ends_with(json["target"].as_str().unwrap()));
    }
}

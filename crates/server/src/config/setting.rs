//! What a value may look like: from text to type.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use api::AllowedHost;
use auth::SecretKey;
use ipnet::IpNet;
use secrecy::SecretString;

use super::key::Privacy;

/// A type that a configuration key may have.
pub(crate) trait Setting: Sized {
    /// What values look like, as a phrase that follows "expected".
    const EXPECTS: &'static str;
    /// Who may see a value.
    const PRIVACY: Privacy = Privacy::Public;
    /// Whether TOML wants quotes around it.
    const QUOTED: bool = true;

    /// Reads a value. The error says what is wrong, or is empty when [`Self::EXPECTS`] says it
    /// all; it never contains the value of a secret.
    fn parse(text: &str) -> Result<Self, String>;

    /// Whether the value lies between two others, given as text.
    fn is_within(&self, _low: &str, _high: &str) -> bool {
        true
    }

    /// What it means that there is no value; none if there must be one.
    fn unset() -> Option<Self> {
        None
    }
}

impl<T: Setting> Setting for Option<T> {
    const EXPECTS: &'static str = T::EXPECTS;
    const PRIVACY: Privacy = T::PRIVACY;
    const QUOTED: bool = T::QUOTED;

    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn is_within(&self, low: &str, high: &str) -> bool {
        self.as_ref().is_none_or(|value| value.is_within(low, high))
    }

    fn unset() -> Option<Self> {
        Some(None)
    }
}

impl Setting for String {
    const EXPECTS: &'static str = "text";

    fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("control characters are not allowed".to_owned());
        }
        Ok(text.to_owned())
    }
}

impl Setting for PathBuf {
    const EXPECTS: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.contains('\0') { Err(String::new()) } else { Ok(Self::from(text)) }
    }
}

impl Setting for SecretString {
    const EXPECTS: &'static str = "a secret";
    const PRIVACY: Privacy = Privacy::Secret;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
}

impl Setting for SecretKey {
    const EXPECTS: &'static str = "a secret of at least 32 bytes";
    const PRIVACY: Privacy = Privacy::Secret;

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(SecretString::from(text)).map_err(|weak| weak.to_string())
    }
}

impl Setting for bool {
    const EXPECTS: &'static str = "`true` or `false`";
    const QUOTED: bool = false;

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(String::new()),
        }
    }
}

macro_rules! whole_numbers {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            const EXPECTS: &'static str = "a whole number";
            const QUOTED: bool = false;

            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| String::new())
            }

            fn is_within(&self, low: &str, high: &str) -> bool {
                within(self, low, high)
            }
        }
    )+};
}
whole_numbers!(u16, u32, u64, usize);

impl Setting for f64 {
    const EXPECTS: &'static str = "a number";
    const QUOTED: bool = false;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().ok().filter(|number: &Self| number.is_finite()).ok_or_else(String::new)
    }

    fn is_within(&self, low: &str, high: &str) -> bool {
        within(self, low, high)
    }
}

impl Setting for Duration {
    const EXPECTS: &'static str = "a duration such as `250ms`, `15s`, `10m`, `2h` or `30d`";

    fn parse(text: &str) -> Result<Self, String> {
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(unit_at);
        let number: u64 = number.parse().map_err(|_| String::new())?;
        let seconds = match unit.trim_start() {
            "ms" => return Ok(Self::from_millis(number)),
            "s" => Some(number),
            "m" | "min" => number.checked_mul(60),
            "h" => number.checked_mul(60 * 60),
            "d" => number.checked_mul(24 * 60 * 60),
            "" => return Err("the unit is missing".to_owned()),
            _ => return Err("the unit is not known".to_owned()),
        };
        seconds.map(Self::from_secs).ok_or_else(String::new)
    }

    fn is_within(&self, low: &str, high: &str) -> bool {
        within(self, low, high)
    }
}

fn within<T: Setting + PartialOrd>(value: &T, low: &str, high: &str) -> bool {
    let (low, high) = (T::parse(low), T::parse(high));
    low.is_ok_and(|low| *value >= low) && high.is_ok_and(|high| *value <= high)
}

impl Setting for IpAddr {
    const EXPECTS: &'static str = "an IP address such as `127.0.0.1`, `0.0.0.0` or `::`";

    fn parse(text: &str) -> Result<Self, String> {
        if text == "localhost" {
            return Ok(Self::V4(Ipv4Addr::LOCALHOST));
        }
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        bare.parse().map_err(|_| String::new())
    }
}

/// Scheme, host and perhaps port of a web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(pub String);

impl Setting for WebOrigin {
    const EXPECTS: &'static str = "an address such as `https://chat.example.org`";

    fn parse(text: &str) -> Result<Self, String> {
        origin(text.trim_end_matches('/')).map(Self)
    }
}

/// A list of web origins.
impl Setting for Vec<String> {
    const EXPECTS: &'static str =
        "web origins such as `https://chat.example.org`, separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(origin).collect()
    }

    fn unset() -> Option<Self> {
        Some(Self::new())
    }
}

/// A list of names of hosts.
impl Setting for Vec<AllowedHost> {
    const EXPECTS: &'static str =
        "names such as `chat.example.org` or `*.example.org`, separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| item.parse().map_err(|()| String::new())).collect()
    }

    fn unset() -> Option<Self> {
        Some(Self::new())
    }
}

/// A list of networks; a single address is one, too.
impl Setting for Vec<IpNet> {
    const EXPECTS: &'static str =
        "addresses or networks such as `10.0.0.0/8` or `fd00::/8`, separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items
            .map(|item| {
                let single = |_| item.parse::<IpAddr>().map(IpNet::from);
                item.parse::<IpNet>().or_else(single).map_err(|_| String::new())
            })
            .collect()
    }
}

fn origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Err("`*` is not supported: name every origin".to_owned());
    }
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
    match host {
        Some(host) if !host.is_empty() && host.bytes().all(allowed) => {
            Ok(text.to_ascii_lowercase())
        }
        _ => Err("an origin is a scheme, a host and perhaps a port, without a path".to_owned()),
    }
}

/// Declares an enum whose values are written as words.
macro_rules! choice {
    (
        $(#[$doc:meta])+
        $name:ident: $expects:literal;
        $($(#[$variant_doc:meta])+ $variant:ident = $text:literal;)+
    ) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])+ $variant,)+
        }

        impl $name {
            /// The words, as they are written.
            pub const WORDS: &[&str] = &[$($text),+];

            /// Its word.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        $crate::config::setting::words! {
            $name: $expects;
            $($variant = $text,)+
        }
    };
}
pub(crate) use choice;

/// Lets a key have an enum as its type, each of whose values is written as a word.
macro_rules! words {
    ($name:ty: $expects:literal; $($variant:ident = $text:literal,)+) => {
        impl $crate::config::setting::Setting for $name {
            const EXPECTS: &'static str = $expects;

            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(String::new()),
                }
            }
        }
    };
}
pub(crate) use words;

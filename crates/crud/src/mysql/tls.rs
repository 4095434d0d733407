//! How the connection to a database server is protected: what was asked for, what holds where
//! nothing was, and what it means when it fails.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, RootCertStore};
use sea_orm::sqlx;
use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use url::Url;

use super::account::number;
use crate::connect::ConnectError;

/// Whether TLS is spoken with a database server, and what its certificate has to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// What suits the address. With a CA: [`Self::VerifyIdentity`]. Without one: on this machine
    /// [`Self::Preferred`], elsewhere [`Self::Required`]. A socket is of this machine.
    #[default]
    Auto,
    /// Plain text.
    Off,
    /// TLS where the server offers it.
    Preferred,
    /// TLS with any certificate: nobody can read along, but a program in between can pose as the
    /// server.
    Required,
    /// TLS with a certificate that the CA or an authority of the system has signed.
    VerifyCa,
    /// The same, and the certificate is for the host that was asked for.
    VerifyIdentity,
}

/// How to protect the connection to a database server.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Whether TLS is spoken.
    pub mode: TlsMode,
    /// A file of certificates (PEM) of authorities that are trusted beside the system's.
    pub ca: Option<PathBuf>,
}

impl Tls {
    /// These settings with what a URL says itself in their place.
    #[must_use]
    pub fn or(&self, asked: Self) -> Self {
        let mode = if asked.mode == TlsMode::Auto { self.mode } else { asked.mode };
        Self { mode, ca: asked.ca.or_else(|| self.ca.clone()) }
    }
}

/// What a `mysql://` URL says itself about TLS, in words of several clients.
pub(super) fn asked(url: &Url) -> Result<Tls, &'static str> {
    let mut asked = Tls::default();
    for (key, value) in url.query_pairs() {
        match &*key.replace('_', "-") {
            "sslmode" | "ssl-mode" => asked.mode = mode(&value).ok_or(UNKNOWN_MODE)?,
            "sslca" | "ssl-ca" => asked.ca = Some(PathBuf::from(&*value)),
            // Those that read them know no other spelling, and would go on without.
            "ssl-cert" | "ssl-key" if key.contains('_') => {
                return Err("ssl-cert and ssl-key are written with a hyphen");
            }
            _ => {}
        }
    }
    Ok(asked)
}

/// What to say about the name of a mode that there is not.
const UNKNOWN_MODE: &str = "its ssl-mode is not known; expected DISABLED, PREFERRED, REQUIRED, VERIFY_CA or \
     VERIFY_IDENTITY";

fn mode(name: &str) -> Option<TlsMode> {
    Some(match name.parse().ok()? {
        MySqlSslMode::Disabled => TlsMode::Off,
        MySqlSslMode::Preferred => TlsMode::Preferred,
        MySqlSslMode::Required => TlsMode::Required,
        MySqlSslMode::VerifyCa => TlsMode::VerifyCa,
        MySqlSslMode::VerifyIdentity => TlsMode::VerifyIdentity,
    })
}

/// Makes a connection as protected as it has to be.
pub(crate) fn protect(
    options: MySqlConnectOptions,
    tls: &Tls,
) -> Result<MySqlConnectOptions, ConnectError> {
    let mode = match tls.mode {
        TlsMode::Auto => suitable(&options, tls.ca.is_some()),
        TlsMode::Off => MySqlSslMode::Disabled,
        TlsMode::Preferred => MySqlSslMode::Preferred,
        TlsMode::Required => MySqlSslMode::Required,
        TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
        TlsMode::VerifyIdentity => MySqlSslMode::VerifyIdentity,
    };
    let options = options.ssl_mode(mode);
    match &tls.ca {
        Some(ca) if verifies(&options) => {
            check_authorities(ca)?;
            Ok(options.ssl_ca(ca))
        }
        _ => Ok(options),
    }
}

/// What suits an address.
fn suitable(options: &MySqlConnectOptions, has_ca: bool) -> MySqlSslMode {
    let is_socket = options.get_socket().is_some();
    match (has_ca && !is_socket, is_here(options)) {
        // Who names a CA wants it looked at.
        (true, _) => MySqlSslMode::VerifyIdentity,
        (false, true) => MySqlSslMode::Preferred,
        (false, false) => MySqlSslMode::Required,
    }
}

/// Whether the server's certificate is looked at.
pub(super) fn verifies(options: &MySqlConnectOptions) -> bool {
    matches!(options.get_ssl_mode(), MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity)
}

/// Whether what is sent stays on this machine, as far as the address tells: it is a socket, a
/// loopback address, or `localhost`.
pub(super) fn is_here(options: &MySqlConnectOptions) -> bool {
    if options.get_socket().is_some() {
        return true;
    }
    let name = options.get_host().trim_end_matches('.').to_ascii_lowercase();
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(is_loopback)
}

/// Checks that a file holds certificates (PEM) of authorities.
pub fn check_authorities(path: &Path) -> Result<(), ConnectError> {
    let failed = |source| ConnectError::File { path: path.to_owned(), source };
    let text = std::fs::read(path).map_err(failed)?;
    let wrong = |what: String| failed(io::Error::new(io::ErrorKind::InvalidData, what));
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| store.add(certificate).map_err(|error| error.to_string()));
        added.map_err(|why| wrong(format!("a certificate in it cannot be read: {why}")))?;
    }
    if store.is_empty() {
        return Err(wrong("it holds no certificate (PEM, -----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(())
}

/// How to allow plain text.
const ALLOW_PLAIN: &str =
    "allow plain text, where nobody can read along: DB_TLS=off (ssl-mode=DISABLED in a URL)";

/// What may be the reason when an account is refused: MariaDB says nothing else to plain text where
/// it asks for TLS.
pub(super) fn hint(options: &MySqlConnectOptions) -> &'static str {
    if matches!(options.get_ssl_mode(), MySqlSslMode::Disabled) {
        "; if they are right, it may ask for TLS, which DB_TLS=off (ssl-mode=DISABLED) turns off"
    } else {
        ""
    }
}

/// What MySQL with `require_secure_transport` says to plain text, as a number.
const SECURE_TRANSPORT_REQUIRED: u16 = 3159;

/// Why a connection cannot be protected as it has to be, and what to do; `None` if it failed for
/// another reason. What follows is said of the server: it …
pub(crate) fn refusal(error: &sqlx::Error, options: &MySqlConnectOptions) -> Option<String> {
    if number(error) == Some(SECURE_TRANSPORT_REQUIRED) {
        return Some(
            "takes no connection in plain text. Remove DB_TLS=off (ssl-mode=DISABLED in a URL)"
                .to_owned(),
        );
    }
    let error = match error {
        sqlx::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        sqlx::Error::Tls(error) if error.to_string() == "server does not support TLS" => {
            return Some(format!(
                "offers no TLS, and what is sent to it must not be read on the way. Turn TLS on \
                 there, or {ALLOW_PLAIN}"
            ));
        }
        sqlx::Error::Tls(error) => return Some(format!("cannot be spoken to with TLS: {error}")),
        _ => return None,
    };
    match error {
        rustls::Error::InvalidCertificate(error) => Some(certificate(error, options)),
        rustls::Error::AlertReceived(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::PeerIncompatible(_)
        | rustls::Error::PeerMisbehaved(_) => Some(format!(
            "speaks no TLS that this program understands ({error}); it needs version 1.2 or 1.3. \
             Correct it there, or {ALLOW_PLAIN}"
        )),
        // Bytes that are no TLS may come from what stands in for a server that starts.
        _ => None,
    }
}

fn certificate(error: &CertificateError, options: &MySqlConnectOptions) -> String {
    let host = options.get_host();
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "shows a certificate that nobody who is trusted here has signed. Name the file of the \
             CA that signed it: DB_TLS_CA (ssl-ca in a URL)"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "shows a certificate that has expired. Renew it there; if it has not, compare the \
             clocks of both machines"
                .to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "shows a certificate that is not valid yet. Compare the clocks of both machines"
                .to_owned()
        }
        CertificateError::NotValidForName => wrong_name(&[], host),
        CertificateError::NotValidForNameContext { presented, .. } => wrong_name(presented, host),
        error => {
            let error = error.to_string();
            if error.contains("CaUsedAsEndEntity") {
                "shows the certificate of a CA as its own. Sign one of its own for it".to_owned()
            } else {
                format!(
                    "shows a certificate that cannot be used ({error}). Make another for it: of \
                     version 3, for servers, with its names as subjectAltName"
                )
            }
        }
    }
}

fn wrong_name(names: &[String], host: &str) -> String {
    let names = match names {
        [] => "no name (it has no subjectAltName)".to_owned(),
        names => names.join(", "),
    };
    format!(
        "shows a certificate for {names}, and not for {host}. Use a name of the certificate as \
         DB_HOST, or let any name pass: DB_TLS=verify_ca (ssl-mode=VERIFY_CA in a URL)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str) -> MySqlConnectOptions {
        MySqlConnectOptions::new().host(host)
    }

    fn protected(options: MySqlConnectOptions, mode: TlsMode) -> String {
        format!("{:?}", protect(options, &Tls { mode, ca: None }).unwrap().get_ssl_mode())
    }

    #[test]
    fn s11_tls_is_required_off_this_machine_unless_it_is_turned_off() {
        for host in [
            "localhost",
            "LocalHost.",
            "db.localhost",
            "127.0.0.1",
            "127.8.9.1",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert_eq!(protected(at(host), TlsMode::Auto), "Preferred", "{host}");
        }
        for host in [
            "db",
            "db.example.org",
            "10.0.0.7",
            "0.0.0.0",
            "fd00::1",
            "::",
            "localhost.example.org",
            "notlocalhost",
            "127.0.0.1.example.org",
        ] {
            assert_eq!(protected(at(host), TlsMode::Auto), "Required", "{host}");
            assert_eq!(protected(at(host), TlsMode::Off), "Disabled", "{host}");
        }
        assert_eq!(protected(at("db").socket("/run/db.sock"), TlsMode::Auto), "Preferred");
    }

    #[test]
    fn s11_a_url_says_what_it_wants_in_the_words_of_several_clients() {
        let asked = |query: &str| {
            let asked = asked(&format!("mysql://u:p@h/n?{query}").parse().unwrap());
            asked.map(|asked| (asked.mode, asked.ca.map(|ca| ca.display().to_string())))
        };
        let ca = Some("/etc/ca.pem".to_owned());
        assert_eq!(asked("charset=utf8"), Ok((TlsMode::Auto, None)));
        assert_eq!(asked("ssl-mode=disabled"), Ok((TlsMode::Off, None)));
        assert_eq!(asked("sslmode=PREFERRED"), Ok((TlsMode::Preferred, None)));
        assert_eq!(
            asked("ssl-mode=Required&ssl-ca=%2Fetc%2Fca.pem"),
            Ok((TlsMode::Required, ca.clone()))
        );
        assert_eq!(asked("ssl_mode=VERIFY_CA&ssl_ca=/etc/ca.pem"), Ok((TlsMode::VerifyCa, ca)));
        assert_eq!(asked("ssl-mode=verify_identity"), Ok((TlsMode::VerifyIdentity, None)));
        assert_eq!(asked("ssl-mode=bogus"), Err(UNKNOWN_MODE));
        assert!(asked("ssl-cert=a.pem&ssl-key=b.pem").is_ok());
        assert!(asked("ssl_cert=a.pem").is_err() && asked("ssl_key=b.pem").is_err());
    }

    #[test]
    fn s11_what_a_url_says_goes_before_what_is_configured() {
        let configured = Tls { mode: TlsMode::VerifyCa, ca: Some("own.pem".into()) };
        let both = configured.or(Tls { mode: TlsMode::Off, ca: Some("its.pem".into()) });
        assert_eq!((both.mode, both.ca), (TlsMode::Off, Some("its.pem".into())));
        let none = configured.or(Tls::default());
        assert_eq!((none.mode, none.ca), (TlsMode::VerifyCa, Some("own.pem".into())));
    }

    #[test]
    fn s11_a_file_that_holds_no_certificate_is_no_ca() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let said = |text: Option<&str>| {
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            check_authorities(&path).unwrap_err().to_string()
        };
        assert!(said(None).contains("ca.pem: No such file"), "{}", said(None));
        assert!(said(Some("")).contains("no certificate"), "{}", said(Some("")));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(said(Some(broken)).contains("cannot be read"), "{}", said(Some(broken)));
    }
}

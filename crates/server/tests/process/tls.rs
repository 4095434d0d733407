//! TLS to a database server: with a private CA, with certificates that do not hold, without.

use std::path::PathBuf;

use mock::MockServer;
use tempfile::TempDir;
use testkit::certificates::{Authority, Certified, Validity};
use testkit::{OwnServer, Settings, World, outer_address};

use super::doctor::Said;
use super::start::{CONFIGURATION, FAILED, start};
use super::working_directory::{WorkingDirectory, run};
use super::{PROMPT, settings, ticks, upstream};

/// A database server that listens on every address of this machine.
struct Remote {
    /// How others reach it.
    host: String,
    server: OwnServer,
    upstream: MockServer,
    /// Where its certificate and key are.
    folder: TempDir,
}

impl Remote {
    /// One that shows a certificate.
    async fn with(world: &World, certified: &Certified) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder, certified);
        let [certificate, key] = ["server.pem", "server-key.pem"]
            .map(|name| folder.path().join(name).display().to_string());
        let options = [format!("--ssl-cert={certificate}"), format!("--ssl-key={key}")];
        Self::start(world, &options, folder).await
    }

    /// One that offers no TLS.
    async fn plain(world: &World) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start(world, &["--skip-ssl".to_owned()], folder).await
    }

    async fn start(world: &World, options: &[String], folder: TempDir) -> Self {
        let options = [options, &["--bind-address=0.0.0.0".to_owned()]].concat();
        let server = world.own_server_with(&options).await;
        Self { host: outer_address(), server, upstream: upstream().await, folder }
    }

    /// Shows another certificate from now on.
    async fn shows(&self, certified: &Certified) {
        write(&self.folder, certified);
        self.server.world().database().administer("FLUSH SSL").await;
    }

    /// A file with a CA.
    fn ca(&self, authority: &Authority) -> String {
        let path = self.folder.path().join("ca.pem");
        std::fs::write(&path, authority.pem()).expect("it can be written");
        path.display().to_string()
    }

    /// A server of ours on another machine.
    fn settings(&self) -> Settings {
        self.settings_at(&self.host)
    }

    fn settings_at(&self, host: &str) -> Settings {
        settings(self.server.world(), &self.upstream).set("DB_HOST", host)
    }

    /// The same as a URL.
    fn url(&self, query: &str) -> String {
        let server = self.server.world().database().server().expect("a server");
        let (host, user, port) = (&self.host, &server.user, server.port);
        format!("mysql://{user}:p%40ss%3Aw%2Frd%23%25%3F@{host}:{port}/{}?{query}", server.name)
    }

    fn settings_by_url(&self, query: &str) -> Settings {
        let names = ["DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME"];
        let settings = names.iter().fold(self.settings(), |settings, name| settings.unset(name));
        settings.set("DATABASE_URL", self.url(query))
    }
}

fn write(folder: &TempDir, certified: &Certified) {
    let files = [("server.pem", &certified.certificate), ("server-key.pem", &certified.key)];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    }
}

/// A server works, from its start to an answer.
async fn works(remote: &Remote, settings: &Settings) {
    let place = WorkingDirectory::new();
    let server = place.program().settings(settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    remote.upstream.push(ticks(3, 0));
    let conversation = user.create_conversation().await;
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "{turn}");
}

/// A start fails, and says this; the doctor says the same. It does not wait: a command that takes
/// as long as a database that is away is waited for fails the test.
async fn fails(settings: &Settings, says: &[&str]) {
    let place = WorkingDirectory::new();
    let (code, said) = start(place.program().settings(settings)).await;
    let [line] = said.as_slice() else { panic!("one line: {said:?}") };
    assert_eq!(code, Some(FAILED), "{line}");
    assert!(says.iter().all(|words| line.contains(words)), "{says:?}: {line}");
    assert!(!line.contains("panic"), "{line}");
    let doctor = Said::by(&place, settings, &[]).await;
    for words in says {
        doctor.finds("fail", "database", words);
    }
}

#[testkit::test(mariadb)]
async fn s11_a_private_ca_is_trusted_where_it_is_named(world: World) {
    let authority = Authority::new("Our CA");
    let host = outer_address();
    let remote = Remote::with(&world, &authority.sign(&[&host], Validity::Always)).await;
    let place = WorkingDirectory::new();

    // Nobody has configured anything: nobody can read along.
    works(&remote, &remote.settings()).await;
    let doctor = Said::by(&place, &remote.settings(), &[]).await;
    doctor.finds("ok", "database", "TLS is spoken (TLSv1.3, TLS_");
    doctor.finds("ok", "database", "its certificate is not verified");

    let trusting = remote.settings().set("DB_TLS_CA", remote.ca(&authority));
    let server = place.program().settings(&trusting).serve().await;
    server.anonymous().login("ada@example.org").await;
    server.terminate().await;
    let doctor = Said::by(&place, &trusting, &[]).await;
    doctor.finds("ok", "database", "its certificate is verified");
    for words in [&["migrate"][..], &["user", "list"], &["config", "check"]] {
        let (code, _, err) = run(place.program().settings(&trusting).args(words)).await;
        assert_eq!(code, Some(0), "{words:?}: {err}");
    }

    // On this machine, too, a CA that is named is looked at.
    let local = remote.settings_at("127.0.0.1").set("DB_TLS_CA", remote.ca(&authority));
    fails(&local, &["127.0.0.1", "DB_TLS=verify_ca"]).await;
    let any_name = local.set("DB_TLS", "verify_ca");
    Said::by(&place, &any_name, &[]).await.finds("ok", "database", "its certificate is verified");

    // Nobody's system trusts the CA; one that does needs no file.
    let strict = remote.settings().set("DB_TLS", "verify_identity");
    fails(&strict, &["nobody who is trusted here has signed", "DB_TLS_CA"]).await;
    let system = strict.set("SSL_CERT_FILE", remote.ca(&authority));
    Said::by(&place, &system, &[]).await.finds("ok", "database", "its certificate is verified");
}

#[testkit::test(mariadb)]
async fn s11_a_certificate_that_does_not_hold_ends_the_start(world: World) {
    let authority = Authority::new("Our CA");
    let host = outer_address();
    let remote = Remote::with(&world, &authority.sign(&[&host], Validity::Always)).await;
    let trusting = remote.settings().set("DB_TLS_CA", remote.ca(&authority));

    // Of the same name, with another key; of another name.
    for name in ["Our CA", "Their CA"] {
        remote.shows(&Authority::new(name).sign(&[&host], Validity::Always)).await;
        fails(&trusting, &["nobody who is trusted here has signed", "DB_TLS_CA"]).await;
    }
    let name = "db.example.org";
    remote.shows(&authority.sign(&[name], Validity::Always)).await;
    fails(&trusting, &[name, &host, "DB_HOST", "DB_TLS=verify_ca"]).await;
    remote.shows(&authority.sign(&[], Validity::Always)).await;
    fails(&trusting, &["subjectAltName", &host]).await;
    remote.shows(&authority.sign(&[&host], Validity::Over)).await;
    fails(&trusting, &["has expired", "Renew"]).await;
    fails(&trusting.clone().set("DB_TLS", "verify_ca"), &["has expired"]).await;
    remote.shows(&authority.sign(&[&host], Validity::Ahead)).await;
    fails(&trusting, &["not valid yet", "clocks"]).await;
    remote.shows(&authority.itself()).await;
    fails(&trusting, &["the certificate of a CA"]).await;

    // The other database that a command can read.
    let place = WorkingDirectory::new();
    run(place.program().settings(&Settings::quick()).arg("migrate")).await;
    let import = async |query: &str| {
        let command = place.program().settings(&Settings::quick());
        let url = remote.url(query);
        let command = command.env("OLD", url).args(["import", "--from-database", "env:OLD"]);
        let (code, _, err) = run(command).await;
        assert_eq!(code, Some(FAILED), "{err}");
        err
    };
    let ca = remote.ca(&authority);
    let err = import(&format!("ssl-ca={ca}")).await;
    assert!(err.contains("its server shows the certificate of a CA"), "{err}");
    remote.shows(&authority.sign(&[&host], Validity::Always)).await;
    let err = import(&format!("ssl-ca={ca}")).await;
    assert!(err.contains("table"), "it was opened: {err}");
    let err = import("ssl-mode=verify_identity").await;
    assert!(err.contains("nobody who is trusted here"), "{err}");
    works(&remote, &trusting).await;
}

#[testkit::test(mariadb)]
async fn s11_plain_text_leaves_this_machine_only_when_told_to(world: World) {
    let remote = Remote::plain(&world).await;
    let (settings, place) = (remote.settings(), WorkingDirectory::new());
    fails(&settings, &["offers no TLS", "DB_TLS=off", "ssl-mode=DISABLED"]).await;
    fails(&remote.settings_by_url(""), &["offers no TLS"]).await;
    for words in [&["migrate"][..], &["user", "list"], &["key", "list", "ada@example.org"]] {
        let (code, _, err) = run(place.program().settings(&settings).args(words)).await;
        assert_eq!(code, Some(FAILED), "{words:?}");
        assert!(err.contains("offers no TLS"), "{words:?}: {err}");
    }
    run(place.program().settings(&Settings::quick()).arg("migrate")).await;
    let command = place.program().settings(&Settings::quick()).env("OLD", remote.url(""));
    let (code, _, err) = run(command.args(["import", "--from-database", "env:OLD"])).await;
    assert_eq!(code, Some(FAILED));
    assert!(err.contains("its server offers no TLS"), "{err}");

    let allowed = settings.set("DB_TLS", "off");
    works(&remote, &allowed).await;
    let doctor = Said::by(&place, &allowed, &[]).await;
    let advice = doctor.finds("warn", "database", "Plain text is spoken, and not on this machine");
    assert!(advice.contains("DB_TLS"), "{advice}");
    let server = place.program().settings(&allowed).serve().await;
    assert!(server.stderr().contains("plain text"), "{}", server.stderr());
    for query in ["ssl-mode=DISABLED", "ssl-mode=PREFERRED", "sslmode=disabled"] {
        let doctor = Said::by(&place, &remote.settings_by_url(query), &[]).await;
        doctor.finds("warn", "database", "Plain text is spoken");
    }

    // On this machine nobody is in between.
    let local = remote.settings_at("127.0.0.1");
    let doctor = Said::by(&place, &local, &[]).await;
    doctor.finds("ok", "database", "Plain text is spoken, on this machine");
    let server = place.program().settings(&local).serve().await;
    assert!(!server.stderr().contains("plain text"), "{}", server.stderr());
    fails(&local.set("DB_TLS", "required"), &["offers no TLS"]).await;
}

#[testkit::test(mariadb)]
async fn o4_no_ssl_mode_of_a_url_panics(world: World) {
    let authority = Authority::new("Our CA");
    let host = outer_address();
    let remote = Remote::with(&world, &authority.sign(&[&host], Validity::Always)).await;
    let (place, ca) = (WorkingDirectory::new(), remote.ca(&authority));
    for (query, says) in [
        ("ssl-mode=DISABLED", "Plain text is spoken"),
        ("ssl-mode=PREFERRED", "its certificate is not verified"),
        ("ssl-mode=required", "its certificate is not verified"),
        ("", "its certificate is not verified"),
        (&format!("ssl-mode=VERIFY_CA&ssl-ca={ca}"), "its certificate is verified"),
        (&format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"), "its certificate is verified"),
        (&format!("ssl-ca={ca}"), "its certificate is verified"),
    ] {
        let settings = remote.settings_by_url(query);
        let verdict = if says.starts_with("Plain") { "warn" } else { "ok" };
        Said::by(&place, &settings, &[]).await.finds(verdict, "database", says);
        place.program().settings(&settings).serve().await;
    }
    for query in ["ssl-mode=VERIFY_CA", "ssl-mode=VERIFY_IDENTITY"] {
        fails(&remote.settings_by_url(query), &["nobody who is trusted here", "ssl-ca"]).await;
    }
    remote.server.world().database().administer("SET GLOBAL require_secure_transport = ON").await;
    let plain = remote.settings_by_url("ssl-mode=DISABLED");
    fails(&plain, &["may ask for TLS", "ssl-mode=DISABLED"]).await;
}

#[testkit::test]
async fn s11_what_is_wrong_with_the_keys_of_tls_is_said_at_once() {
    let place = WorkingDirectory::new();
    let check = async |variables: &[(&str, &str)]| {
        let command = place.program().settings(&Settings::quick());
        let command =
            variables.iter().fold(command, |command, (name, value)| command.env(name, value));
        run(command.args(["config", "check"])).await
    };
    let folder: PathBuf = place.path().to_owned();
    place.write("empty.pem", "");
    place.write("ca.pem", &Authority::new("Our CA").pem());
    let url = "mysql://ada:canary@db.example.org/chat";
    for (variables, says) in [
        (&[("DB_TLS", "on")][..], &["DB_TLS", "verify_identity"][..]),
        (&[("DB_TLS_CA", "missing.pem")], &["storage.db_tls_ca", "missing.pem", "No such file"]),
        (&[("DB_TLS_CA", "empty.pem")], &["storage.db_tls_ca", "empty.pem", "no certificate"]),
        (&[("DATABASE_URL", &format!("{url}?ssl-mode=on"))], &["DATABASE_URL", "VERIFY_IDENTITY"]),
        (&[("DATABASE_URL", &format!("{url}?ssl-ca=empty.pem"))], &["DATABASE_URL", "ssl-ca"]),
        (
            &[("DATABASE_URL", &format!("{url}?ssl-mode=DISABLED")), ("DB_TLS", "required")],
            &["storage.db_tls", "ssl-mode", "different"],
        ),
    ] {
        let (code, _, err) = check(variables).await;
        assert_eq!(code, Some(CONFIGURATION), "{variables:?}: {err}");
        assert!(says.iter().all(|words| err.contains(words)), "{says:?}: {err}");
    }
    let ca = folder.join("ca.pem").display().to_string();
    let same = format!("{url}?ssl-mode=REQUIRED");
    let (code, _, err) = check(&[("DATABASE_URL", &same), ("DB_TLS", "required")]).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let (code, _, err) = check(&[("DATABASE_URL", url), ("DB_TLS_CA", &ca)]).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let by_url = format!("{same}&ssl-ca={ca}");
    let ca_by_url = format!("{url}?ssl-ca={ca}");
    for variables in [
        &[("DB_TLS_CA", ca.as_str()), ("DB_TLS", "required")][..],
        &[("DATABASE_URL", &by_url)],
        &[("DATABASE_URL", &same), ("DB_TLS_CA", &ca)],
        &[("DATABASE_URL", &ca_by_url), ("DB_TLS", "required")],
    ] {
        let (code, out, err) = check(variables).await;
        assert_eq!((code, err.as_str()), (Some(0), ""), "{variables:?}");
        assert!(out.contains("Warning: storage.db_tls_ca"), "{variables:?} {out}");
        assert!(out.contains("is not looked at"), "{variables:?} {out}");
    }
}

#[testkit::test(mariadb)]
async fn an_account_of_a_kind_that_is_not_spoken_is_not_waited_for(world: World) {
    let own = world.own_server().await;
    let database = own.world().database();
    database.administer("INSTALL SONAME 'auth_ed25519'").await;
    for host in ["localhost", "%"] {
        let user = format!("'ada'@'{host}'");
        let made = format!("CREATE USER {user} IDENTIFIED VIA ed25519 USING PASSWORD('p@ss')");
        database.administer(&made).await;
    }
    let upstream = upstream().await;
    let settings =
        settings(own.world(), &upstream).set("DB_USER", "ada").set("DB_PASSWORD", "p@ss");
    fails(&settings, &["ada", "client_ed25519", "mysql_native_password"]).await;

    database.administer("ALTER USER 'ada'@'localhost' ACCOUNT LOCK").await;
    let name = &database.server().expect("a server").user;
    database.administer(&format!("ALTER USER '{name}'@'localhost' ACCOUNT LOCK")).await;
    let settings = super::settings(own.world(), &upstream);
    fails(&settings, &["locked"]).await;
}

use secrecy::ExposeSecret as _;

use super::super::*;
use super::Bench;

/// Field case F12: the template of the predecessor, with nothing filled in.
#[test]
fn f12_a_template_that_is_not_filled_in_counts_as_not_set() {
    let template = "DB_USER=\nDB_PASSWORD=\nDB_HOST=\nDB_NAME=\nSECRET_KEY=\nOPENAI_API_KEY=\n";
    let quoted = "DB_USER=''\nDB_PASSWORD=\"\"\nDB_HOST=\nDB_PORT=3306\nDB_NAME= # the name\n";
    for text in [template, quoted, "DB_PASSWORD=\n", "DB_PORT=3306\n"] {
        let config = Bench::new().file(".env", text).load().unwrap();
        assert!(config.database.sqlite_path().is_some(), "{text}");
        assert_eq!(config.warnings, [""; 0], "{text}");
    }
}

/// Field case F11: a service called `db`, or one whose name ends the name of ours.
#[test]
fn f11_what_kubernetes_sets_for_a_service_is_ignored_with_a_warning() {
    for name in ["PORT", "DB_PORT", "DB_HOST", "REDIS_URL"] {
        let config = Bench::new().env(name, "tcp://10.0.0.5:3306").load().unwrap();
        assert_eq!(config.server.port, 8000);
        assert!(config.database.sqlite_path().is_some() && config.redis.url.is_none());
        let [warning] = config.warnings.as_slice() else { panic!("{:?}", config.warnings) };
        assert!(warning.starts_with(name) && warning.contains("Kubernetes"), "{warning}");
    }
}

/// Operator case O7.
#[test]
fn o7_a_secret_that_ends_at_a_comment_is_told_by_its_line() {
    let all = |password: &str| {
        format!("DB_HOST=h\nDB_USER=u\nDB_NAME=n\nDB_PASSWORD={password}\nPORT=9 # a comment\n")
    };
    let password = |config: &Config| match &config.database {
        Database::MySql(options) => options.password.expose_secret().to_owned(),
        other => panic!("{other}"),
    };
    let cut = Bench::new().file(".env", &all("canary #def")).load().unwrap();
    assert_eq!(password(&cut), "canary");
    let [warning] = cut.warnings.as_slice() else { panic!("{:?}", cut.warnings) };
    assert!(warning.starts_with("DB_PASSWORD in .env, line 4 ends before the #"), "{warning}");
    assert!(!warning.contains("canary"), "{warning}");
    for (written, read) in [("#abc", "#abc"), ("a#bc", "a#bc"), ("'abc #def'", "abc #def")] {
        let config = Bench::new().file(".env", &all(written)).load().unwrap();
        assert_eq!((password(&config).as_str(), config.warnings.len()), (read, 0), "{written}");
    }
    let bench = Bench::new().file(".env", &all("canary #def"));
    let used = Config::explain(&bench.sources).unwrap();
    let shown = used.iter().find(|one| one.key == "storage.db_password").unwrap();
    assert_eq!(shown.value, "(6 characters, not shown)");
}

/// Operator case O9.
#[test]
fn o9_a_slip_in_a_well_known_name_is_told() {
    let slips = [
        ("OPENAI_KEY", "OPENAI_API_KEY"),
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("OPEN_AI_API_KEY", "OPENAI_API_KEY"),
        ("OPENAI_URL", "OPENAI_BASE_URL"),
        ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
        ("DB_HOTS", "DB_HOST"),
        ("DB_USERNAME", "DB_USER"),
        ("DB_PASSWD", "DB_PASSWORD"),
        ("DB_PASS", "DB_PASSWORD"),
        ("DB_DATABASE", "DB_NAME"),
        ("SECRET_KEYS", "SECRET_KEY"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("REDIS_URI", "REDIS_URL"),
    ];
    for (slip, meant) in slips {
        let config = Bench::new().file(".env", &format!("\n{slip}=canary")).load().unwrap();
        let expected =
            format!("{slip} in .env, line 2 is not known and is ignored; did you mean {meant}?");
        assert_eq!(config.warnings, [expected]);
        assert_eq!(Bench::new().env(slip, "x").load().unwrap().warnings.len(), 1, "{slip}");
    }
    let others = "DB_CHARSET=x\nDB_ECHO=x\nDB_POOL_SIZE=5\nOPENAI_ORG_ID=x\nOPENAI_PROJECT_ID=x\n\
                  OPENAI_ORGANIZATION=x\nPATH=x\nHOST=x\nLOG_LEVEL=x\nAPI_KEY=x\nJWT_SECRET_KEY=x\n\
                  DEBUG=1\nMYSQL_HOST=x\nPORTS=x\nALGORITHM=HS256\nACCESS_TOKEN_EXPIRE_MINUTES=30\n\
                  POSTGRES_PASSWORD=x\nREDIS_HOST=x\nREDIS_PORT=1\nDB_TYPE=x\nDB_DRIVER=x\n";
    assert_eq!(Bench::new().file(".env", others).load().unwrap().warnings, [""; 0]);
}

/// Operator case O10: what a start would refuse, the check refuses, without quoting it.
#[test]
fn o10_a_database_that_no_start_could_use_is_refused() {
    let urls = [
        "mysql://canary",
        "mysql://u:canary@h",
        "mysql://u:canary@h/",
        "mysql://u:canary@h:70000/n",
        "mysql://u:canary@h:port/n",
        "mysql://u:canary?x@db/chat",
        "mysql://u:canary@h/n?ssl-mode=bogus",
    ];
    for url in urls {
        let problem = Bench::new().env("DATABASE_URL", url).problem();
        assert!(problem.starts_with("storage.database_url: the value is not allowed"), "{problem}");
        assert!(!problem.contains("canary"), "{problem}");
    }
    let hosts = [
        ("h:3306", "DB_PORT"),
        ("10.0.0.1:3306", "DB_PORT"),
        ("mysql://h", "DATABASE_URL"),
        ("u@h", "DATABASE_URL"),
        ("h/n", "DATABASE_URL"),
        ("h h", "white space"),
    ];
    for (host, hint) in hosts {
        let bench = Bench::new().env("DB_HOST", host);
        let bench = bench.env("DB_USER", "u").env("DB_PASSWORD", "").env("DB_NAME", "n");
        let problem = bench.problem();
        assert!(problem.starts_with("storage.db_host: ") && problem.contains(hint), "{problem}");
    }
    for host in ["h", "db.example.org", "10.0.0.1", "::1", "[::1]", "fd00::1", "/run/my sql.sock"] {
        let bench = Bench::new().env("DB_HOST", host);
        bench.env("DB_USER", "u").env("DB_PASSWORD", "").env("DB_NAME", "n").load().unwrap();
    }
}

/// Operator case O8: a start can say what was read.
#[test]
fn o8_the_files_that_were_read_are_known() {
    let names = |bench: &Bench| -> Vec<String> {
        let files = bench.load().unwrap().files;
        files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&Bench::new()), [""; 0]);
    let bench = Bench::new().file(".env", "PORT=1");
    assert_eq!(names(&bench), [".env"]);
    assert_eq!(names(&bench.file("chatapp.toml", "")), [".env", "chatapp.toml"]);
}

#[test]
fn bad_toml_is_explained_without_quoting_it() {
    let cases = [
        ("[auth]\nsecret_key = canary", 2),
        ("[auth]\nsecret_key = \"canary", 2),
        ("[auth\nsecret_key = \"canary\"", 1),
        ("[auth]\nsecret_key = 'canary' 'canary'", 2),
        ("[auth]\nsecret_key = 'canary'\nsecret_key = 'canary'", 3),
        ("[auth]\nsecret_key canary", 2),
    ];
    for (text, line) in cases {
        let problem = Bench::new().file("chatapp.toml", text).problem();
        let (place, reason) = problem.split_once(": this is not valid TOML: ").unwrap();
        assert!(place.ends_with(&format!("line {line}")), "{problem}");
        assert!(!reason.is_empty() && !problem.contains("canary"), "{problem}");
    }
}

//! The dump that `docs/OPERATING.md` prints, restored for another account.

use testkit::World;

use super::tour::blocks;
use super::working_directory::{WorkingDirectory, run};
use super::{PROMPT, settings, upstream};

const OPERATING: &str = include_str!("../../../../docs/OPERATING.md");

/// The lines of the document that dump and that restore, in a block of their own.
fn documented() -> [&'static str; 2] {
    let found = blocks(OPERATING, "<!-- dump -->", "sh");
    let [block] = found.as_slice() else { panic!("{} blocks", found.len()) };
    let lines: Vec<&str> = block.lines().collect();
    lines.try_into().unwrap_or_else(|lines: Vec<_>| panic!("{} lines", lines.len()))
}

#[testkit::test(mariadb)]
async fn o5_another_account_serves_what_the_documented_dump_holds(world: World) {
    let upstream = upstream().await;
    let ours = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&ours).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    let trashed = user.create_conversation().await;
    user.send_and_wait(&trashed, PROMPT).await;
    user.delete(&format!("/api/conversations/{trashed}")).await.expect(200);

    let address = world.database().server().expect("a server").clone();
    let new = format!("{}moved", address.name);
    world.database().administer(&format!("CREATE DATABASE {new}")).await;
    for host in ["localhost", "%"] {
        let account = format!("'{new}'@'{host}'");
        let create = format!("CREATE USER {account} IDENTIFIED BY '{}'", address.password);
        world.database().administer(&create).await;
        world.database().administer(&format!("GRANT ALL ON {new}.* TO {account}")).await;
    }

    let [dump, restore] = documented();
    // The server may run while it is dumped, as the document says; not while it is restored.
    shell(&world, &place, dump, &address.name).await;
    server.terminate().await;
    for host in ["localhost", "%"] {
        let drop = format!("DROP USER '{}'@'{host}'", address.name);
        world.database().administer(&drop).await;
    }
    shell(&world, &place, restore, &new).await;

    let theirs = ours.set("DB_USER", &new).set("DB_NAME", &new);
    let server = place.program().settings(&theirs).serve().await;
    let again = server.anonymous().login(&user.email).await;
    assert_eq!(again.id, user.id);
    let messages = again.list_messages(&conversation).await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["content"], PROMPT);
    assert_eq!(messages[1]["content"], turn["message"]["content"]);

    // Read by nobody but the new account, as its shell would.
    let views = [
        ("users_view", "1"),
        ("conversations_view", "1"),
        ("messages_view WHERE type = \"message\"", "2"),
    ];
    for (view, rows) in views {
        let query =
            format!("mariadb --host=HOST --user=USER NAME -Ne 'SELECT COUNT(*) FROM {view}'");
        assert_eq!(shell(&world, &place, &query, &new).await.trim(), rows, "{view}");
    }

    let doctor = place.program().settings(&theirs).args(["doctor", "--json"]);
    let (_, out, _) = run(doctor).await;
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    // Of the quick settings of tests: a folder beside the database's, weak hashes, the mock's names.
    let of_tests = ["data folder", "passwords", "provider"];
    let findings = report["findings"].as_array().expect("a list").iter();
    let others: Vec<_> = findings
        .filter(|finding| !of_tests.iter().any(|check| finding["check"] == *check))
        .collect();
    assert!(others.iter().any(|finding| finding["check"] == "schema"), "{report:#}");
    assert!(others.iter().all(|finding| finding["verdict"] == "ok"), "{others:#?}");
}

/// Runs a documented line for the database and account `name`, and returns what it prints.
async fn shell(world: &World, place: &WorkingDirectory, line: &str, name: &str) -> String {
    let address = world.database().server().expect("a server");
    let line = line
        .replace("HOST", &address.host)
        .replace("USER", name)
        .replace("NAME", name)
        // Read from the environment here instead of from a terminal.
        .replace(" --password", "")
        .replace("FILE", "dump.sql");
    let mut shell = tokio::process::Command::new("sh");
    shell
        .args(["-c", &line])
        .current_dir(place.path())
        .env("MYSQL_PWD", &address.password)
        .env("MYSQL_TCP_PORT", address.port.to_string());
    let output = shell.output().await.expect("a shell");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
